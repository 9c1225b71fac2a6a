"""`glasshouse run`: compute a study and write its folder."""

from pathlib import Path
from typing import Annotated

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
    trust: TrustOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compute studies; write a report, tables, figures, a summary and the provenance of each.

    A run that was interrupted goes on where it stopped when the same command is given again.
    Of a complete one it says again what was found, and computes nothing.
    To check a study is to run the Python file it names.
    """
    from glasshouse.study.folder import check_out, finished
    from glasshouse.study.setting import check_study
    from glasshouse.study.store import write_study
    from glasshouse.study.words.sentences import brief

    where = study_folders(studies, out, Path("results"))
    prepared = {folder: check_study(path, trust=trust) for path, folder in where.items()}
    known = {folder: finished(folder, study) for folder, study in prepared.items()}
    for folder, study in prepared.items():  # all are checked before the first is computed
        if known[folder] is None:
            check_out(folder, study)
    found = {}
    for folder, study in prepared.items():
        summary, head = known[folder], f"{study.base.title}: computed before, and complete"
        if summary is None:
            result = write_study(study, folder, warn=complain)
            summary, head = result.to_dict(), brief(result)
        found[str(folder)] = summary
        if not as_json:
            say(head, "", "  ")
            for sentence in summary["claims"]:
                say(sentence, "  ", "    ")
            for note in summary["notes"]:
                say(f"Note: {note}.", "  ", "    ")
            say(f"Report: {folder / 'report.html'}", "  ", "    ")
            say()
    if as_json:
        print_json(found)
