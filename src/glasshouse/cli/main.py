"""The entry point: commands, and errors in one line."""

import contextlib
import gc
import importlib.metadata
import os
import signal
import sys
import warnings
from typing import Annotated, NoReturn

import typer

from glasshouse._foundation.files import MACHINE, reason
from glasshouse._foundation.processes import usable_cores
from glasshouse.cli import (
    animate,
    atlas,
    certify,
    challenge,
    check,
    collect,
    explore,
    figure,
    finite,
    games,
    index,
    league,
    new,
    programs,
    query,
    rate,
    rules,
    run,
    sceptic,
    schema,
    thresholds,
    train,
    verify,
)
from glasshouse.cli.cache import keep_programs
from glasshouse.cli.encoding import prepare_streams
from glasshouse.cli.options import complain
from glasshouse.cli.usage import usage_words
from glasshouse.errors import InputError, OutputError

FAILED, WRONG_INPUT = 1, 2
"""Exit codes."""

COLLECTED_AFTER = 100_000
"""New objects between two searches for garbage: a command ends soon, and at Python's usual 700 one
second in twenty went into searching."""

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
for module in (
    new,
    run,
    explore,
    collect,
    query,
    index,
    figure,
    animate,
    atlas,
    thresholds,
    check,
    certify,
    verify,
    sceptic,
    challenge,
    league,
    train,
    rate,
    games,
    programs,
    finite,
    rules,
    schema,
):
    app.command(module.__name__.rpartition(".")[2])(module.command)


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
    no_cache: Annotated[
        bool,
        typer.Option("--no-cache", help="Keep no compiled programs for later runs, nor use any."),
    ] = False,
) -> None:
    keep_programs(wanted=not no_cache)


def main() -> None:
    """Run the command line: exit code 0, 1 for a certificate that is rejected, what the machine
    does not let be written, and an interrupt, 2 for input to correct."""
    _open_descriptors()
    prepare_streams()
    gc.set_threshold(COLLECTED_AFTER)
    os.environ.setdefault("NPROC", str(usable_cores()))  # XLA's threads, by its one knob
    shown, warnings.showwarning = warnings.showwarning, _warn
    before = {number: signal.signal(number, _interrupted) for number in ENDING}
    try:
        code = app(standalone_mode=False)
        _flush()
    except InputError as error:
        _fail(str(error), WRONG_INPUT)
    except typer.TyperException as error:
        _fail(usage_words(error), WRONG_INPUT)
    except OutputError as error:
        _fail(str(error), FAILED)
    except OSError as error:
        _fail_to_print(error)
    except MemoryError as error:
        _fail(f"there is not enough memory for what was asked: {error}", FAILED)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        warnings.showwarning = shown
    sys.exit(code or 0)


def _open_descriptors() -> None:
    """Give what is closed (as by `>&-`) a place, which the next file would otherwise take: what
    any library prints would end in that file."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


def _interrupted(number: int, frame: object) -> NoReturn:
    """Leave at once: what is on disk is complete at any moment, and compiled code, which may be
    running in other threads or below this one, does not survive an exception."""
    again = (
        "given again, run, train and league go on where they stopped, challenge after its last "
        "finished part"
    )
    said = f"interrupted; {again}"
    with contextlib.suppress(OSError, ValueError, AttributeError):  # nobody may be listening
        shown = SHOW_CURSOR if sys.stderr.isatty() else ""  # a progress bar hides it
        os.write(sys.stderr.fileno(), f"{shown}\nglasshouse: {said}\n".encode())
    os._exit(FAILED)


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _fail_to_print(error: OSError) -> NoReturn:
    """End where standard output takes no more; any other error is a defect."""
    is_closed = isinstance(error, BrokenPipeError)
    if error.errno not in MACHINE and not is_closed:
        raise error
    with contextlib.suppress(OSError, ValueError, AttributeError):
        # Python flushes once more when it ends, and would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if is_closed:  # whoever reads has seen enough
        sys.exit(FAILED)
    _fail(f"output cannot be written: {reason(error)}", FAILED)


def _warn(message: Warning | str, *place: object) -> None:
    """A warning as the command says things, without the place in the code."""
    complain(f"warning: {message}")


def _fail(message: str, code: int) -> NoReturn:
    with contextlib.suppress(OSError):
        complain(message)
    sys.exit(code)
