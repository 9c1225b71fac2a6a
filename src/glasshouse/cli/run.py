"""`glasshouse run`: compute a study and write its folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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

if TYPE_CHECKING:
    from glasshouse.study.setting import Prepared

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
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N",
            help="Of a study with a map, compute only the pieces that fall to process I of N, "
            "counted from 0, into shards; glasshouse run without it then goes on from these.",
        ),
    ] = None,
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
    if shard is not None:
        _share(prepared, shard, quiet=as_json)
        return
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


def _share(prepared: Mapping[Path, "Prepared"], shard: str, quiet: bool) -> None:
    """Compute this process's share of each map, and say how many pieces that were."""
    from glasshouse.study.folder import RunFolder
    from glasshouse.study.maps.shards import ShardStore
    from glasshouse.study.maps.store import map_share, map_work
    from glasshouse.study.recipe import recipe_of

    index, of = _which(shard)
    for folder, study in prepared.items():
        if study.field is None:
            raise InputError(
                f"--shard {shard} is of studies with [map], and {folder.name} has none: run it "
                "without --shard"
            )
    found = {}
    for folder, study in prepared.items():
        recipe = recipe_of(study)
        RunFolder(folder, recipe, complain).join()
        work = map_work(study, ShardStore(folder, recipe, complain))
        own, pieces = map_share(work, index, of)
        found[str(folder)] = {"shard": index, "of": of, "pieces": own, "pieces_of_all": pieces}
        if not quiet:
            say(
                f"{folder.name}: {own} of {pieces} pieces of the map are in {folder / 'shards'}; "
                "when all processes are done, glasshouse run without --shard goes on from there",
                "",
                "  ",
            )
    if quiet:
        print_json(found)


def _which(shard: str) -> tuple[int, int]:
    """The number of a process and how many there are."""
    index, slash, of = shard.partition("/")
    if not (slash and index.strip().isdecimal() and of.strip().isdecimal()):
        raise InputError(f"--shard {shard!r:.40} must be as 0/8: which process, of how many")
    found = int(index), int(of)
    if not found[0] < found[1]:
        raise InputError(
            f"--shard {shard} counts processes from 0: of {found[1]} the last is "
            f"{found[1] - 1}/{found[1]}"
            if found[1]
            else f"--shard {shard} is of no process: give at least 1, as 0/1"
        )
    return found


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
