"""The entry point: commands, and errors in one line."""

import importlib.metadata
import os
import signal
import sys
import warnings
from typing import Annotated, NoReturn

import typer

from glasshouse.cli import certify, check, games, new, run, sceptic, schema, thresholds, verify
from glasshouse.cli.options import complain
from glasshouse.errors import InputError

INTERRUPTED = 130
"""The exit code of an interrupted command, as shells have it."""

SHOW_CURSOR = "\x1b[?25h"

ENDING = (signal.SIGINT, signal.SIGTERM)
"""What ends a command early."""

app = typer.Typer(
    name="glasshouse",
    help="Games between agents who can read each other's parameters.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (new, run, thresholds, check, certify, verify, sceptic, games, schema):
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
    """Run the command line: exit code 0, 1 for a certificate that is rejected, 2 for input to
    correct, 130 when interrupted."""
    shown, warnings.showwarning = warnings.showwarning, _warn
    before = {number: signal.signal(number, _interrupted) for number in ENDING}
    try:
        code = app(standalone_mode=False)
    except InputError as error:
        _fail(str(error))
    except typer.TyperException as error:
        _fail(f"{error.format_message()} (see glasshouse --help)")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        warnings.showwarning = shown
    sys.exit(code or 0)


def _interrupted(number: int, frame: object) -> NoReturn:
    """Leave at once: what is on disk is complete at any moment, and compiled code, which may be
    running in other threads or below this one, does not survive an exception."""
    said = "interrupted; given again, a study goes on where it stopped"
    shown = SHOW_CURSOR if sys.stderr.isatty() else ""  # a progress bar hides it
    os.write(sys.stderr.fileno(), f"{shown}\nglasshouse: {said}\n".encode())
    os._exit(INTERRUPTED)


def _warn(message: Warning | str, *place: object) -> None:
    """A warning as the command says things, without the place in the code."""
    complain(f"warning: {message}")


def _fail(message: str) -> NoReturn:
    complain(message)
    sys.exit(2)
