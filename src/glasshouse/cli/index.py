"""`glasshouse index`: one page over a folder of results."""

from pathlib import Path
from typing import Annotated

import typer

from glasshouse.cli.options import say


def command(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="A folder in which each study has a folder of its own.",
            show_default=False,
        ),
    ],
) -> None:
    """Write index.html of a folder of results: each study with its figure and what it found.

    `glasshouse run` with several studies writes it, too.
    """
    from glasshouse.study.report.index import write_index

    say(f"All studies on one page: {write_index(folder)}", "", "  ")
