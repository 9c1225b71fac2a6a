"""Signs of life of whatever takes long: bars on a terminal, a line now and then elsewhere."""

import contextlib
import contextvars
import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress

DELAY = 1.0
"""Seconds before bars are shown."""

SILENCE = 30.0
"""Seconds before the first line where nobody watches; each pause is twice the last one."""

LONGEST_SILENCE = 300.0
"""Seconds between two lines at most."""

_shown: "Progress | _Lines | None" = None

_silent = contextvars.ContextVar("no signs of life", default=False)


@contextlib.contextmanager
def silently() -> Iterator[None]:
    """Inside, and in this thread, no signs of life: somebody else shows them, as a page does."""
    before = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(before)


@contextlib.contextmanager
def progress(description: str, total: int | None = None) -> Iterator[Callable[[], None]]:
    """A sign of life while the block runs; the function it gives is called after each of `total`
    pieces.

    On a terminal a bar with the time that passed and the time that is left, after the first second;
    where standard error is no terminal, a line with both after half a minute, and then ever more
    rarely. What begins inside the block appears below this one.

    **Arguments:** `total`, number of pieces, or None where it is not known.
    """
    if sys.stderr is None or _silent.get():
        yield lambda: None
        return
    with _display() as display:
        task: Any = display.add_task(description, total=total)
        try:
            yield lambda: display.advance(task)
        finally:
            display.remove_task(task)


def duration(seconds: float) -> str:
    """A time in words: "5 s", "2 min 30 s", "1 h 05 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _is_watched() -> bool:
    """Whether standard error is a terminal; it may be closed altogether."""
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):
        return False


class _Lines:
    """Tells in lines what a bar would show."""

    def __init__(self) -> None:
        self._tasks: dict[int, tuple[str, int | None, float, list[int]]] = {}
        self._numbers = itertools.count()
        self._ended = threading.Event()

    def add_task(self, description: str, total: int | None = None) -> int:
        number = next(self._numbers)
        self._tasks[number] = (description, total, time.monotonic(), [0])
        return number

    def advance(self, task: int) -> None:
        self._tasks[task][3][0] += 1

    def remove_task(self, task: int) -> None:
        self._tasks.pop(task, None)

    def start(self) -> None:
        """Tell, wait, and tell again, until the end; called after the first silence."""
        pause = SILENCE
        while not self._ended.is_set():
            self._tell()
            pause = min(2 * pause, LONGEST_SILENCE)
            self._ended.wait(pause)

    def stop(self) -> None:
        self._ended.set()

    def _tell(self) -> None:
        tasks = list(self._tasks.values())
        if not tasks:
            return
        now = time.monotonic()
        said = ", ".join(
            _counted(description, total, done[0]) for description, total, _, done in tasks
        )
        times = [f"{duration(now - tasks[0][2])} so far"]
        counted = [task for task in tasks if task[1] and task[3][0]]
        if counted:
            _, total, begun, (done,) = counted[0]
            left = (now - begun) / done * ((total or done) - done)
            times.append(f"about {duration(left)} left of {counted[0][0]}")
        with contextlib.suppress(OSError, ValueError):  # nobody may be listening any more
            print(f"glasshouse: {said}: {', '.join(times)}", file=sys.stderr, flush=True)


def _counted(description: str, total: int | None, done: int) -> str:
    return description if total is None else f"{description} ({done} of {total})"


def _bars() -> "Progress":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("so far,"),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=Console(stderr=True),
        transient=True,
    )


@contextlib.contextmanager
def _display() -> "Iterator[Progress | _Lines]":
    """The display of the outermost block, which begins to show after the delay."""
    global _shown
    if _shown is not None:
        yield _shown
        return
    watched = _is_watched()
    display = _bars() if watched else _Lines()

    def start() -> None:
        with contextlib.suppress(OSError):  # the terminal may go, and the work goes on
            display.start()

    timer = threading.Timer(DELAY if watched else SILENCE, start)
    timer.daemon = True
    _shown = display
    timer.start()
    try:
        yield display
    finally:
        _shown = None
        timer.cancel()
        if not watched:
            display.stop()
        timer.join()
        with contextlib.suppress(OSError):
            display.stop()
