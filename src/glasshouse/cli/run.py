"""`glasshouse run`: compute a study and write its folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

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
from glasshouse.cli.sharing import AddressOption, EngineOption, ShardOption, compute_share
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
    shard: ShardOption = None,
    engine: EngineOption = "threads",
    address: AddressOption = None,
    trust: TrustOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compute studies; write a report, tables, figures, a summary and the provenance of each.

    With several studies each is told in one line, and index.html shows all of them. A run that was
    interrupted goes on where it stopped when the same command is given again; of a complete one it
    is said again what was found. To check a study is to run the Python file it names.
    """
    from glasshouse.study.engines import check_engine, employed
    from glasshouse.study.folder import check_out, finished
    from glasshouse.study.recipe import recipe_of
    from glasshouse.study.setting import check_study
    from glasshouse.study.store import write_study
    from glasshouse.study.words.titles import told_apart

    usual, several = Path("results"), len(studies) > 1
    where = study_folders(studies, out, usual)
    prepared = {folder: check_study(path, trust=trust) for path, folder in where.items()}
    check_engine(engine, address, prepared)
    if shard is not None:
        compute_share(prepared, shard, engine, quiet=as_json)
        return
    known = {folder: finished(folder, recipe_of(study)) for folder, study in prepared.items()}
    for folder, study in prepared.items():  # all are checked before the first is computed
        if known[folder] is None:
            check_out(folder, recipe_of(study))
    found = {}
    with employed(engine if None in known.values() else "threads", address, complain) as workers:
        for folder, study in told_apart(prepared).items():
            summary, again = known[folder], known[folder] is not None
            if summary is None:
                summary = write_study(study, folder, complain, workers).to_dict()
            found[str(folder)] = summary
            if not as_json:
                _tell(summary, folder, whole=details or not several, again=again)
    if several:
        noted = [Path(at).name for at, summary in found.items() if summary["notes"]]
        _index(out or usual, [] if details else noted, quiet=as_json)
    if as_json:
        print_json(found)


def _tell(summary: Mapping[str, Any], folder: Path, whole: bool, again: bool) -> None:
    """A study in one line, and of one that is told whole its claims, notes and report.

    **Arguments:** `again`, whether it was computed before.
    """
    before = " (computed before, and complete)" if again else ""
    if not whole:
        say(f"{folder.name}{before}: {summary['title']}: {summary['headline']}", "", "  ")
        return
    say(f"{summary['title']}{before}: {summary['headline']}", "", "  ")
    for sentence in summary["claims"]:
        say(sentence, "  ", "    ")
    for note in summary["notes"]:
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
        named = ", ".join(noted) if len(noted) <= MOST_NAMED else f"{len(noted)} studies"
        say(f"Notes on {named}: in their reports, or by --details", "", "  ")
    say(f"Reports: {folder / 'NAME' / 'report.html'}; all on one page: {page}", "", "  ")
