"""The entry point: commands, and errors in one line."""

import importlib.metadata
import os
import sys
from typing import Annotated, NoReturn

import typer

from glasshouse.cli import check, games, run, thresholds
from glasshouse.errors import InputError

INTERRUPTED = 130
"""The exit code Typer gives to Ctrl-C, as shells do."""

app = typer.Typer(
    name="glasshouse",
    help="Games between agents who can read each other's parameters.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (thresholds, check, games, run):
    app.command(module.NAME)(module.command)


def _print_version(wanted: bool) -> bool:
    if wanted:
        typer.echo(f"glasshouse {importlib.metadata.version('glasshouse')}")
        raise typer.Exit
    return wanted


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None: ...


def main() -> None:
    """Run the command line: exit code 0, 2 for input to correct, 130 when interrupted."""
    try:
        code = app(standalone_mode=False)
    except InputError as error:
        _fail(str(error))
    except typer.TyperException as error:
        _fail(f"{error.format_message()} (see glasshouse --help)")
    if code == INTERRUPTED:
        typer.echo("glasshouse: interrupted; the study in progress wrote nothing", err=True)
        sys.stderr.flush()
        os._exit(INTERRUPTED)  # without waiting for computations under way in other threads
    sys.exit(code or 0)


def _fail(message: str) -> NoReturn:
    typer.echo(f"glasshouse: {' '.join(message.split())}", err=True)
    sys.exit(2)
