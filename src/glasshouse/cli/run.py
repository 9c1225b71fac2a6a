"""`glasshouse run`: compute a study and write its folder."""

from pathlib import Path
from typing import Annotated

import typer

from glasshouse.cli.options import (
    JsonOption,
    TrustOption,
    complain,
    print_json,
    say,
    study_folders,
)


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
    trust: TrustOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compute studies; write a report, tables, figures, a summary and the provenance of each.

    A run that was interrupted goes on where it stopped when the same command is given again.
    To check a study is to run the Python file it names.
    """
    from glasshouse.study.folder import check_out
    from glasshouse.study.setting import check_study
    from glasshouse.study.store import write_study
    from glasshouse.study.words.sentences import brief, claims

    where = study_folders(studies, out, Path("results"))
    prepared = {folder: check_study(path, trust=trust) for path, folder in where.items()}
    for folder, study in prepared.items():  # all are checked before the first is computed
        check_out(folder, study)
    found = {}
    for folder, study in prepared.items():
        result = write_study(study, folder, warn=complain)
        found[str(folder)] = result.to_dict()
        if not as_json:
            say(brief(result), "", "  ")
            for sentence in claims(result):
                say(sentence, "  ", "    ")
            for note in result.notes:
                say(f"Note: {note}.", "  ", "    ")
            say(f"Report: {folder / 'report.html'}", "  ", "    ")
            say()
    if as_json:
        print_json(found)
