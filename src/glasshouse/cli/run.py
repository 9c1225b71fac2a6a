"""`glasshouse run`: compute a study and write its folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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

if TYPE_CHECKING:
    from glasshouse.study.result import StudyResult


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
    interrupted goes on where it stopped when the same command is given again. To check a study is
    to run the Python file it names.
    """
    from glasshouse.study.folder import check_out
    from glasshouse.study.setting import check_study
    from glasshouse.study.store import write_study
    from glasshouse.study.words.titles import told_apart

    usual, several = Path("results"), len(studies) > 1
    where = study_folders(studies, out, usual)
    prepared = {folder: check_study(path, trust=trust) for path, folder in where.items()}
    for folder, study in prepared.items():  # all are checked before the first is computed
        check_out(folder, study)
    found, noted = {}, []
    for folder, study in told_apart(prepared).items():
        result = write_study(study, folder, warn=complain)
        found[str(folder)] = result.to_dict()
        noted += [folder.name] if result.notes else []
        if not as_json:
            _tell(result, folder, whole=details or not several)
    if several:
        _index(out or usual, [] if details else noted, quiet=as_json)
    if as_json:
        print_json(found)


def _tell(result: "StudyResult", folder: Path, whole: bool) -> None:
    """A study in one line, and of one that is told whole its claims, notes and report."""
    from glasshouse.study.words.headlines import brief
    from glasshouse.study.words.sentences import claims

    if not whole:
        say(f"{folder.name}: {brief(result)}", "", "  ")
        return
    say(brief(result), "", "  ")
    for sentence in claims(result):
        say(sentence, "  ", "    ")
    for note in result.notes:
        say(f"Note: {note}.", "  ", "    ")
    say(f"Report: {folder / 'report.html'}", "  ", "    ")
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
        say(f"Notes on {', '.join(noted)}: in their reports, or by --details", "", "  ")
    say(f"Reports: {folder / 'NAME' / 'report.html'}; all on one page: {page}", "", "  ")
