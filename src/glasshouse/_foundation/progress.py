"""Progress bars for whatever takes more than a second, on a terminal only."""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

DELAY = 1.0
"""Seconds before anything is shown."""

_shown: "Progress | None" = None


@contextlib.contextmanager
def progress(description: str, total: int | None = None) -> Iterator[Callable[[], None]]:
    """A bar while the block runs; the function it gives is called after each of `total` pieces.

    Nothing is shown within the first second, nor where standard error is no terminal. Bars begun
    inside the block appear below this one.

    **Arguments:** `total`, number of pieces, or None where it is not known.
    """
    if not _is_watched():
        yield lambda: None
        return
    with _display() as display:
        task = display.add_task(description, total=total)
        try:
            yield lambda: display.advance(task)
        finally:
            display.remove_task(task)


def _is_watched() -> bool:
    """Whether standard error is a terminal; it may be closed altogether."""
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):
        return False


@contextlib.contextmanager
def _display() -> "Iterator[Progress]":
    """The display of the outermost bar, which begins to show after the delay."""
    global _shown
    if _shown is not None:
        yield _shown
        return
    from rich.console import Console
    from rich.progress import Progress

    display = Progress(console=Console(stderr=True), transient=True)

    def start() -> None:
        with contextlib.suppress(OSError):  # the terminal may go, and the work goes on
            display.start()

    timer = threading.Timer(DELAY, start)
    timer.daemon = True
    _shown = display
    timer.start()
    try:
        yield display
    finally:
        _shown = None
        timer.cancel()
        timer.join()
        with contextlib.suppress(OSError):
            display.stop()
