"""Who talks to the pages of a widget, and answers what they ask."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from glasshouse._foundation.numbers import Whole, whole
from glasshouse.errors import InputError
from glasshouse.explorer.desk import Desk, First, Newest
from glasshouse.explorer.protocol import Scene

MOST_WIDGET_FRAMES = 16
"""Places in which one widget is shown; more of them are not answered."""

LEAST_HEIGHT, USUAL_HEIGHT, MOST_HEIGHT = 200, 760, 10_000
"""Of the frame, in pixels."""

USUAL_GAME = "prisoners_dilemma"


def explore(game: Any = USUAL_GAME, *, height: Whole = USUAL_HEIGHT) -> Any:
    """The explorer as a widget, for Jupyter and whatever else shows widgets.

    All that it shows is computed by the kernel, in threads of its own; what is asked while a cell
    runs is answered after it. `link` of the widget is the scene as it stands in the page's address.

    **Arguments:** `game`, whatever `load_game` takes, of two players with two actions each, or the
    path of a study of one; `height` of the frame in pixels.
    **Raises:** `InputError` where anywidget is not installed, and for other games and heights.

        from glasshouse.explorer.notebook import explore

        widget = explore("stag_hunt", height=600)
        print(widget.height)  # 600
    """
    height = whole(height, "height", least=LEAST_HEIGHT, most=MOST_HEIGHT)
    scene = _scene_of(game)
    try:
        from glasshouse.explorer.notebook.widget import ExplorerWidget
    except ImportError as error:
        raise InputError(
            "the explorer in a notebook needs anywidget: pip install 'glasshouse[notebook]'"
        ) from error
    from glasshouse.explorer.exported import framed_page

    widget = ExplorerWidget(page=framed_page(), height=height)
    talk = Talk(lambda: scene, lambda content, frame: widget.send(content, [frame]))
    widget.on_msg(lambda _, content, buffers: talk.hear(content))
    return widget


def _scene_of(game: Any) -> Scene:
    from glasshouse.explorer.building import scene_of_game, scene_of_study
    from glasshouse.interop.load import load_game

    if isinstance(game, str | Path) and str(game).lower().endswith(".toml"):
        return scene_of_study(str(game))
    return scene_of_game(load_game(game))


class Talk:
    """The conversations with the places in which a widget is shown, in a thread of their own.

    **Arguments:** `send(content, frame)`, which goes to all of them: the content says to whom.
    """

    def __init__(self, first: First, send: Callable[[dict[str, Any], bytes], None]):
        self._first, self._send, self._desk = first, send, Desk()
        self._views: dict[str, tuple[Newest, asyncio.Task]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def hear(self, content: Any) -> None:
        """What one of them says: that it is there, what it asks, or that it goes."""
        if self._loop is None:  # nothing is computed before anybody looks
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._run, args=(self._loop,), daemon=True)
            self._thread.start()
            self._desk.warm(self._first)
        self._loop.call_soon_threadsafe(self._heard, content, self._loop)

    def stop(self) -> None:
        """Answer nobody any more."""
        self._desk.close()
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        """Until it is stopped, and then until every conversation has ended."""
        loop.run_forever()
        tasks = [task for _, task in self._views.values()]
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.close()

    def _heard(self, content: Any, loop: asyncio.AbstractEventLoop) -> None:
        said = content if isinstance(content, dict) else {}
        view, kind, question = (said.get(key) for key in ("view", "kind", "question"))
        if not isinstance(view, str):
            return
        if kind == "open" and view not in self._views and len(self._views) < MOST_WIDGET_FRAMES:
            newest = Newest()
            task = loop.create_task(self._desk.converse(self._first, newest, self._to(view)))
            self._views[view] = (newest, task)
        elif kind == "ask" and view in self._views and isinstance(question, str):
            self._views[view][0].put(question)
        elif kind == "close" and view in self._views:
            self._views.pop(view)[1].cancel()

    def _to(self, view: str) -> Any:
        async def send(frame: bytes) -> None:
            self._send({"view": view}, frame)

        return send
