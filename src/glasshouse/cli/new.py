"""`glasshouse new`: a commented study to start from."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from glasshouse.errors import InputError

USUAL = "prisoners_dilemma"


def command(
    study: Annotated[
        Path, typer.Argument(metavar="STUDY.toml", help="The file to write.", show_default=False)
    ],
    game: Annotated[
        str | None,
        typer.Option(
            metavar="GAME",
            show_default=USUAL,
            help="A catalogue name, a name with parameters (donation:b=4,c=1), or a .nfg file.",
        ),
    ] = None,
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

    if payoffs is None:
        table = game_table(USUAL if game is None else game, study.parent)
    elif game is None:
        table = {"payoffs": payoff_rows(payoffs)}
    else:
        raise InputError("give --game or --payoffs, not both")
    write_template(study, template(table, study.name, study.parent))
    command = f"glasshouse run {shlex.quote(str(study))}"
    typer.echo(f"Written to {study}. Change what you like, then: {command}")
