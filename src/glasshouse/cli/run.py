"""`glasshouse run`: compute a study and write its folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from glasshouse.cli.computing import COMPUTED_BEFORE, USUAL, say_end
from glasshouse.cli.options import (
    JsonOption,
    StudiesArgument,
    TrustOption,
    complain,
    print_json,
    say,
    study_folders,
)
from glasshouse.errors import InputError

MOST_NAMED = 3
"""Studies whose notes are announced by name, in one line; of more it is said how many."""


def command(
    studies: StudiesArgument,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder to make for the results; with several studies, each gets DIR/NAME. "
            "Without it: results/NAME.",
        ),
    ] = None,
    details: Annotated[
        bool,
        typer.Option(
            "--details", help="With several studies: say all of each, as of a single one."
        ),
    ] = False,
    trust: TrustOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compute studies; write a report, tables, figures, a summary and the provenance of each.

    With several studies each is told in one line, and index.html shows all of them. A run that was
    interrupted goes on where it stopped when the same command is given again; of a complete one it
    is said again what was found. To check a study is to run the Python file it names.
    """
    from glasshouse.study.folder import check_out, finished
    from glasshouse.study.recipe import recipe_of
    from glasshouse.study.setting import check_study
    from glasshouse.study.store import write_study
    from glasshouse.study.words.titles import told_apart

    several = len(studies) > 1
    where = study_folders(studies, out, USUAL)
    prepared = {folder: check_study(path, trust=trust) for path, folder in where.items()}
    known = {folder: finished(folder, recipe_of(study)) for folder, study in prepared.items()}
    for folder, study in prepared.items():  # all are checked before the first is computed
        if known[folder] is None:
            check_out(folder, recipe_of(study))
    found = {}
    for folder, study in told_apart(prepared).items():
        summary, again = known[folder], known[folder] is not None
        if summary is None:
            summary = write_study(study, folder, warn=complain).to_dict()
        found[str(folder)] = summary
        if not as_json:
            _tell(summary, folder, whole=details or not several, again=again)
    if several:
        noted = [Path(at).name for at, summary in found.items() if summary["notes"]]
        _index(out or USUAL, [] if details else noted, quiet=as_json)
    if as_json:
        print_json(found)


def _tell(summary: Mapping[str, Any], folder: Path, whole: bool, again: bool) -> None:
    """A study in one line, and of one that is told whole its claims, notes and report.

    **Arguments:** `again`, whether it was computed before.
    """
    before = COMPUTED_BEFORE if again else ""
    if not whole:
        say(f"{folder.name}{before}: {summary['title']}: {summary['headline']}", "", "  ")
        return
    say(f"{summary['title']}{before}: {summary['headline']}", "", "  ")
    for sentence in summary["claims"]:
        say(sentence, "  ", "    ")
    say_end(summary, folder)
    say()


def _index(folder: Path, noted: list[str], quiet: bool) -> None:
    """Write the page of all studies there, and say where it is and what else is to be read."""
    from glasshouse.study.report.index import write_index

    try:
        page = write_index(folder)
    except InputError as error:  # the studies are finished all the same
        complain(str(error))
        return
    if quiet:
        return
    if noted:
        named = ", ".join(noted) if len(noted) <= MOST_NAMED else f"{len(noted)} studies"
        say(f"Notes on {named}: in their reports, or by --details", "", "  ")
    say(f"Reports: {folder / 'NAME' / 'report.html'}; all on one page: {page}", "", "  ")
