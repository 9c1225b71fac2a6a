"""`glasshouse explore`: a page in the browser with a living phase portrait."""

import contextlib
import functools
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from glasshouse.cli.options import CooperateOption, TrustOption, named_game, say
from glasshouse.cli.subject import is_study
from glasshouse.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glasshouse.explorer.protocol import Scene

SWITCH = 5e-4
"""Seconds after which a thread lets another one on, in place of five thousandths: the one that
talks to pages waits for those that compute."""

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
    export: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Open nothing: write one page (.html) that needs no server, with portraits "
            "computed beforehand at 25 couplings.",
            show_default=False,
        ),
    ] = None,
    words: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="A folder with translations of the pages, texts.xx.json and story.xx.json, xx "
            "being a language: fr, pt-BR, ….",
            show_default=False,
        ),
    ] = None,
    cooperate: CooperateOption = None,
    trust: TrustOption = False,
) -> None:
    """Open a page on which couplings and payoffs move a living phase portrait.

    It listens on this machine alone and fetches nothing; Ctrl-C ends it. It writes nothing but
    what --export names.
    """
    if export is not None:
        _check_export(export, port, words)
    if is_study(game) and cooperate:
        raise InputError("--cooperate belongs to a game: a study says it itself")

    first = functools.cache(functools.partial(_first_scene, game, cooperate, trust))
    if export is not None:
        _write_page(first(), export)
        return
    if not _is_sure(game, cooperate):
        first()  # what is wrong with it is said before the page is there
    _serve(first, port, words, opens=not no_browser)


def _first_scene(game: str, cooperate: "list[str] | None", trust: bool) -> "Scene":
    from glasshouse.explorer.building import scene_of_game, scene_of_study

    if is_study(game):
        return scene_of_study(game, trust=trust)
    return scene_of_game(named_game(game, cooperate))


def _is_sure(game: str, cooperate: "Sequence[str] | None") -> bool:
    """Whether a game can be shown for certain, known without the library that takes seconds."""
    from glasshouse.games.registry import CATALOGUE

    if cooperate or game not in CATALOGUE.own:
        return False
    entry = CATALOGUE.own[game]
    return entry.function(**entry.defaults).tensor.shape == (2, 2, 2)


def _serve(
    first: "Callable[[], Scene]", port: int | None, words: Path | None, *, opens: bool
) -> None:
    """Until somebody ends it."""
    from glasshouse.explorer.server import Running

    running = Running(first, port, words)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    story = f"{running.address}story.html"
    say(f"The explorer is at {running.address}, its story at {story} (Ctrl-C ends it).")
    sys.stdout.flush()
    sys.setswitchinterval(SWITCH)
    running.desk.warm(first)
    if opens:
        import webbrowser

        with contextlib.suppress(webbrowser.Error):
            webbrowser.open_new_tab(running.address)
    running.wait()


def _check_export(file: Path, port: int | None, words: Path | None) -> None:
    """Refuse what could not be written before anything is computed."""
    for name, given in (("--port", port), ("--words", words)):
        if given is not None:
            raise InputError(f"{name} belongs to a server, and --export starts none: leave it out")
    if file.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"--export {file}: a page is written as .html, by the end of its name")
    folder = file.absolute().parent
    if not folder.is_dir():
        raise InputError(f"--export {file} cannot be written: there is no folder {folder}")
    if file.is_dir() or not os.access(file if file.exists() else folder, os.W_OK):
        raise InputError(f"--export {file} cannot be written: choose another name")


def _write_page(scene: "Scene", file: Path) -> None:
    from glasshouse._foundation.files import write_file
    from glasshouse.explorer.exported import exported_page, precomputed
    from glasshouse.explorer.frames import checked_scene

    held = precomputed(checked_scene(scene))
    content = exported_page(scene, held).encode()
    write_file(file, content)
    size = f"{len(content) / 2**20:.1f} MiB"
    say(f"{file}: {size}, portraits at {len(held.couplings)} couplings; it needs no server.")


def _leave(number: int, frame: object) -> NoReturn:
    """At once: nothing is being written, and compiling in another thread may take seconds."""
    with contextlib.suppress(OSError, ValueError, AttributeError):  # nobody may be listening
        os.write(sys.stderr.fileno(), b"\nglasshouse: the explorer has ended\n")
    os._exit(0)
