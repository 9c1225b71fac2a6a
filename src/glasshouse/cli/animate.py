"""`glasshouse animate`: the phase portrait while a number of a study grows."""

from pathlib import Path
from typing import Annotated

import typer

from glasshouse.cli.figure import AtOption, SourceArgument, held_values, say_cooperation
from glasshouse.cli.options import CooperateOption, JsonOption, TrustOption, print_json, say

SHOWN_MARKS = 12
"""More thresholds than this are left to the file."""


def command(
    study: SourceArgument,
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="The file to write: .html (with a slider), .gif, or .mp4 (needs ffmpeg).",
        ),
    ],
    along: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            help="The number that grows, by its key or the key's last part; usually the first "
            "swept.",
        ),
    ] = None,
    between: Annotated[
        tuple[float, float] | None,
        typer.Option(metavar="A B", help="From where to where; usually as it is swept."),
    ] = None,
    frames: Annotated[int, typer.Option(metavar="N", help="Values, evenly spaced.")] = 41,
    at: AtOption = None,
    cooperate: CooperateOption = None,
    trust: TrustOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show how the phase portrait moves while a number grows, usually the coupling.

    For two players with one bounded parameter each. The page holds every frame and loads nothing.
    """
    held = held_values(at)
    from glasshouse.study.drawing.film import check_film, save_animation
    from glasshouse.study.drawing.motion import animate
    from glasshouse.study.drawing.source import study_source

    check_film(out)
    source = study_source(study, trust=trust, cooperate=cooperate)
    options = {"at": held, "along": along, "between": between, "frames": frames, "trust": trust}
    saved = save_animation(animate(source.study, folder=source.folder, **options), out)
    if as_json:
        print_json(saved.to_dict())
        return
    say(f"{out}: {len(saved.values)} frames, {saved.size / 1e6:.2f} MB. {saved.title}.")
    say_cooperation(source)
    marks = [f"{name} at {value:.4g}" for name, value in saved.marks.items()][:SHOWN_MARKS]
    say(f"Marked: {', '.join(marks) or 'no threshold lies between'}.", "", "  ")
    say(f"Caption: {saved.caption}", "", "  ")
