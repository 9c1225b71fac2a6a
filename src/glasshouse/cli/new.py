"""`glasshouse new`: a commented study to start from."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from glasshouse.cli.options import say
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
            help="A catalogue name, a name with parameters (donation:b=4,c=1), a table "
            "(.csv, .tsv, .xlsx), or a .nfg file.",
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
    file: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Your own payoffs from a table (.csv, .tsv, .xlsx) or a .nfg file, which the "
            "study names.",
        ),
    ] = None,
    cooperate: Annotated[
        str | None,
        typer.Option(
            metavar="ACTION",
            help="The cooperating action: a label, else an index from 0; or one for each player, "
            "as in share,trust.",
        ),
    ] = None,
) -> None:
    """Write a commented study file to start from."""
    from glasshouse.study.template import (
        cooperating,
        game_table,
        how_read,
        payoff_rows,
        template,
        write_template,
    )

    if sum(given is not None for given in (game, payoffs, file)) > 1:
        raise InputError("give --game, --payoffs or --from, not both")
    named = file or (USUAL if game is None else game)
    given = payoffs is not None
    table = {"payoffs": payoff_rows(payoffs)} if given else game_table(named, study.parent)
    if cooperate is not None:
        table["cooperate"] = cooperating(cooperate, None if given else named)
    write_template(study, template(table, study.name, study.parent))
    command = f"glasshouse run {shlex.quote(str(study))}"
    if file is not None and (said := how_read(file, table.get("cooperate"))):
        say(said)
    typer.echo(f"Written to {study}. Change what you like, then: {command}")
