"""`glasshouse explore`: a page in the browser with a living phase portrait."""

import contextlib
import os
import signal
import sys
from typing import Annotated, NoReturn

import typer

from glasshouse.cli.options import CooperateOption, TrustOption, named_game, say
from glasshouse.cli.subject import is_study
from glasshouse.errors import InputError

FIRST_GAME = "prisoners_dilemma"


def command(
    game: Annotated[
        str,
        typer.Argument(
            metavar="[GAME|STUDY]",
            help="A game of two players with two actions each: a catalogue name, a name with "
            "parameters (donation:b=4,c=1), a table (.csv, .tsv, .xlsx), a .nfg file, or a study "
            "(.toml) of one.",
            show_default=FIRST_GAME,
        ),
    ] = FIRST_GAME,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="P",
            min=1,
            max=65535,
            help="Where to listen on this machine; usually 8471, else a free one.",
            show_default=False,
        ),
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Open no browser; print the address only.")
    ] = False,
    cooperate: CooperateOption = None,
    trust: TrustOption = False,
) -> None:
    """Open a page on which couplings and payoffs move a living phase portrait.

    It listens on this machine alone, fetches nothing and writes nothing; Ctrl-C ends it.
    """
    from glasshouse.explorer.building import scene_of_game, scene_of_study
    from glasshouse.explorer.server import Running

    if is_study(game):
        if cooperate:
            raise InputError("--cooperate belongs to a game: a study says it itself")
        scene = scene_of_study(game, trust=trust)
    else:
        scene = scene_of_game(named_game(game, cooperate))
    running = Running(scene, port)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    running.desk.warm(scene)
    say(f"The explorer is at {running.address} (Ctrl-C ends it).")
    sys.stdout.flush()
    if not no_browser:
        import webbrowser

        with contextlib.suppress(webbrowser.Error):
            webbrowser.open_new_tab(running.address)
    running.wait()


def _leave(number: int, frame: object) -> NoReturn:
    """At once: nothing is being written, and compiling in another thread may take seconds."""
    with contextlib.suppress(OSError, ValueError, AttributeError):  # nobody may be listening
        os.write(sys.stderr.fileno(), b"\nglasshouse: the explorer has ended\n")
    os._exit(0)
