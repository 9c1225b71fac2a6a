"""`glasshouse atlas`: all strict ordinal games of two players with two actions each."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from glasshouse.cli.options import JsonOption, print_json, print_table, say


def command(
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder to make for atlas.json and its page.")
    ] = Path("results/atlas"),
    couplings: Annotated[
        int,
        typer.Option(
            metavar="N", help="Couplings from 0 to below 1 at which all games are learned."
        ),
    ] = 50,
    runs: Annotated[
        int, typer.Option(metavar="N", help="Runs of each game at each coupling.")
    ] = 200,
    steps: Annotated[int, typer.Option(metavar="N", help="Steps of each run.")] = 6000,
    shaping: Annotated[
        int,
        typer.Option(metavar="N", help="Couplings of the maps of LOLA; 0 draws none."),
    ] = 10,
    corners: Annotated[
        int,
        typer.Option(
            metavar="N", help="Couplings at which corners are tested for being equilibria."
        ),
    ] = 26,
    seed: Annotated[int, typer.Option(metavar="S", help="The seed by which starts are drawn.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Draw the atlas: the 144 strict ordinal 2 × 2 games as a periodic table, under transparency.

    For each game: its equilibria, where learning first goes and where it ends as players read each
    other more, and which corners are equilibria then. It takes a minute or two on two cores; given
    again after an interrupt it begins again, and writes the same.
    """
    from glasshouse.study.atlas.folder import write_atlas
    from glasshouse.study.atlas.settings import AtlasSettings

    settings = AtlasSettings(couplings, runs, steps, shaping, corners, seed)
    content = write_atlas(out, settings)
    if as_json:
        told = {key: content[key] for key in ("title", "headline", "counts", "settings")}
        print_json({**told, "atlas": str(out / "atlas.json"), "page": str(out / "index.html")})
        return
    say(f"{content['headline'][:1].upper()}{content['headline'][1:]}.", "", "  ")
    say()
    print_table(list(_symmetric(content)), ("SYMMETRIC GAME", "INDEX", "ASKED ABOUT", "NEUTRAL"))
    say()
    say(f"All games on one page: {out / 'index.html'}", "", "  ")


def _symmetric(content: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The symmetric games with the threshold at the neutral start."""
    for entry in content["games"]:
        if entry["symmetric"]:
            thresholds = entry["first_movement"]["thresholds"]
            neutral = None if thresholds is None else thresholds["neutral"]
            if neutral is None:
                said = ""
            elif neutral["value"] is None:
                said = f"none: {neutral['reason']}"
            else:
                said = f"{neutral['value']:.6g}"
            yield entry["name"], entry["index"], entry["quantity"], said
