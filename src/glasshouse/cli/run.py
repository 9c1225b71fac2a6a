"""`glasshouse run`: compute a study and write its folder."""

from pathlib import Path
from typing import Annotated

import typer

from glasshouse.cli.options import JsonOption, print_json
from glasshouse.errors import InputError

NAME = "run"


def command(
    studies: Annotated[
        list[Path],
        typer.Argument(metavar="STUDY.toml", help="Study files.", show_default=False),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder to make for the results; with several studies, each gets DIR/NAME. "
            "Without it: results/NAME.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compute studies; write tables, figures, a summary and the provenance of each."""
    from glasshouse.study.store import run_study, summary

    folders = _folders(studies, out)
    found = {}
    for path, folder in folders.items():
        result = run_study(path, folder)
        found[str(folder)] = summary(result)
        if not as_json:
            typer.echo(f"{result.family.game.title} ({path})")
            for claim in result.claims():
                typer.echo(f"  {claim}")
            for note in dict.fromkeys(n for a in result.assessments for n in a.notes):
                typer.echo(f"  Note: {note}.")
            typer.echo(f"  Written to {folder}\n")
    if as_json:
        print_json(found)


def _folders(studies: list[Path], out: Path | None) -> dict[Path, Path]:
    """Where each study goes; all of them are checked before the first is computed."""
    from glasshouse.study.store import check_out, check_study

    if len(studies) == 1:  # which run_study checks itself
        return {studies[0]: out or Path("results") / studies[0].stem}
    folders = {path: (out or Path("results")) / path.stem for path in studies}
    if len(set(folders.values())) < len(studies):
        raise InputError("two studies have the same name and would share a folder: run them apart")
    for path, folder in folders.items():
        check_study(path)
        check_out(folder)
    return folders
