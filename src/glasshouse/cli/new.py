"""`glasshouse new`: a commented study to start from."""

from pathlib import Path
from typing import Annotated

import typer

NAME = "new"


def command(
    study: Annotated[
        Path, typer.Argument(metavar="STUDY.toml", help="The file to write.", show_default=False)
    ],
    game: Annotated[
        str,
        typer.Option(
            metavar="GAME",
            help="A catalogue name, a name with parameters (donation:b=4,c=1), or a .nfg file.",
        ),
    ] = "prisoners_dilemma",
    payoffs: Annotated[
        str | None,
        typer.Option(
            metavar="ROWS",
            help="Your own payoffs instead: the row player's table of a symmetric game, "
            "as in '3 0; 5 1'.",
        ),
    ] = None,
) -> None:
    """Write a commented study file to start from."""
    from glasshouse.study.template import game_table, payoff_rows, template, write_template

    table = {"payoffs": payoff_rows(payoffs)} if payoffs else game_table(game, study.parent)
    write_template(study, template(table, study.name))
    typer.echo(f"Written to {study}. Change what you like, then: glasshouse run {study}")
