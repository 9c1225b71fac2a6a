"""Who answers questions: the newest of each page wins, and what is slow keeps nobody waiting."""

import asyncio
import functools
import threading
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from glasshouse._foundation.progress import silently
from glasshouse.errors import InputError
from glasshouse.explorer.protocol import Question, Scene, Told, answer, read_question

First = Callable[[], Scene]
"""What makes the first scene, once and again."""

Send = Callable[[bytes], Awaitable[None]]
"""How an answer goes to a page."""


def first_scene(given: Scene | First) -> First:
    """What makes the scene that is given, or is made so."""
    return (lambda: given) if isinstance(given, Scene) else functools.cache(given)


class Newest:
    """Holds the last message that came, until somebody takes it."""

    def __init__(self) -> None:
        self._held: str | bytes | None = None
        self._came = asyncio.Event()

    @property
    def waits(self) -> bool:
        """Whether there is one that nobody has taken."""
        return self._came.is_set()

    def put(self, message: str | bytes) -> None:
        """In place of what was there."""
        self._held = message
        self._came.set()

    async def take(self) -> str | bytes:
        """The newest, when there is one."""
        await self._came.wait()
        self._came.clear()
        assert self._held is not None  # it came
        return self._held

    async def wait(self) -> None:
        """Until there is one, without taking it."""
        await self._came.wait()


class _Step(NamedTuple):
    """One frame to compute: by whom, and whether it is given up when a newer question comes."""

    compute: Callable[[], bytes]
    slow: bool


class _Answered(NamedTuple):
    """A frame, and whether it says that there is none."""

    data: bytes
    failed: bool


class Desk:
    """Computes answers, in one thread what is quick and in another what takes long.

    The library is loaded in these threads: a page is there before it.
    """

    def __init__(self) -> None:
        self._quick = ThreadPoolExecutor(1, "glasshouse-quick")
        self._slow = ThreadPoolExecutor(1, "glasshouse-slow")
        self._compiled: set[tuple] = set()
        self._is_closed = False

    def close(self) -> None:
        """Begin nothing more; what is under way ends by itself, and nobody hears of it."""
        self._is_closed = True
        for pool in (self._quick, self._slow):
            pool.shutdown(wait=False, cancel_futures=True)

    def warm(self, first: First) -> None:
        """Begin to load and to compile what the first page will ask for."""

        def begin() -> None:
            scene = first()
            self._computed(lambda: _hello(scene))
            self._computed(lambda: _frames().field_frame(scene, 0))
            self._slow.submit(self._computed, lambda: self._portrait(scene, 0))

        self._quick.submit(begin)

    async def converse(self, first: First, newest: Newest, send: Send) -> None:
        """With one page: what it has to know before it asks, and answers as long as it asks."""
        await send(await self.hello(first))
        while True:
            message = await newest.take()
            async for frame in self.answers(message, newest):
                await send(frame)

    async def hello(self, first: First) -> bytes:
        """What a page has to know before it asks: scene, presets, rules, ranges."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._quick, self._computed, lambda: _hello(first()))
        return found.data

    async def answers(self, message: str | bytes, newest: Newest) -> AsyncIterator[bytes]:
        """The frames that answer a message, as long as no newer one has come."""
        loop = asyncio.get_running_loop()
        try:
            question = read_question(message)
        except InputError as error:
            yield _refusal(str(error), None)
            return
        for step in self._steps(question):
            pool = self._slow if step.slow else self._quick
            waiting = loop.run_in_executor(pool, self._computed, step.compute, question.number)
            newer = asyncio.ensure_future(newest.wait())
            try:
                if step.slow:
                    await asyncio.wait({waiting, newer}, return_when=asyncio.FIRST_COMPLETED)
                    if not waiting.done():
                        waiting.cancel()  # in vain where it is under way
                        return
                found = await waiting
                yield found.data
            finally:
                newer.cancel()
            if newest.waits or found.failed:
                return

    def _steps(self, question: Question | Told) -> Iterator[_Step]:
        """What to compute, the quickest first."""
        if isinstance(question, Told):
            yield _Step(lambda: _told(question), True)
            return
        scene, number = question.scene, question.number
        if "portrait" in question.parts:
            compiled = _structure(scene) in self._compiled
            if not compiled:
                yield _Step(lambda: _frames().field_frame(_checked(scene), number), False)
            yield _Step(lambda: self._portrait(_checked(scene), number), not compiled)
        yield from _further(question)

    def _portrait(self, scene: Scene, number: int) -> bytes:
        found = _frames().portrait_frame(scene, number)
        self._compiled.add(_structure(scene))
        return found

    def _computed(self, compute: Callable[[], bytes], number: int | None = None) -> _Answered:
        """An answer whatever happens: what is wrong with a scene is one, too."""
        try:
            with silently():
                return _Answered(compute(), failed=False)
        except InputError as error:
            said = " ".join(str(error).split())
        except Exception as error:  # a defect, which ends neither the server nor other pages
            if not self._is_closed:
                traceback.print_exc()
            said = f"the server failed: {type(error).__name__}; its terminal says more"
        return _Answered(_refusal(said, number), failed=True)


def _refusal(said: str, number: int | None) -> bytes:
    """What is wrong with a question, by its number where it could be read."""
    return answer("error", {"number": number, "message": said}, {})


def _further(question: Question) -> Iterator[_Step]:
    """What takes longer than a portrait."""
    scene, number = question.scene, question.number
    if "study" in question.parts:
        yield _Step(lambda: _frames().study_frame(_checked(scene), number), False)
    if "script" in question.parts:
        yield _Step(lambda: _frames().script_frame(_checked(scene), number), False)
    if "deviation" in question.parts:
        yield _Step(lambda: _evidence().deviation_frame(_checked(scene), number), True)
    if "switches" in question.parts:
        yield _Step(lambda: _along().first_switch_frame(_checked(scene), number), True)
    if "proof" in question.parts:
        yield _Step(lambda: _evidence().proof_frame(_checked(scene), number), True)
    basins = _Step(lambda: _frames().basins_frame(_checked(scene), number), True)
    waits = scene.repeated is not None  # half a minute under rules that look ahead
    if "basins" in question.parts and not waits:
        yield basins
    if "equilibria" in question.parts:
        yield _Step(lambda: _evidence().equilibria_frame(_checked(scene), number), True)
    if "switches" in question.parts:
        yield _Step(lambda: _along().switches_frame(_checked(scene), number), True)
    if "basins" in question.parts and waits:
        yield basins


_loading = threading.Lock()


def _frames() -> Any:
    """What computes, loaded by one thread at a time; it takes a second, and the page is there."""
    with _loading:
        from glasshouse.explorer import frames

    return frames


def _evidence() -> Any:
    """What computes deviations, certificates and equilibria, loaded likewise."""
    with _loading:
        from glasshouse.explorer import evidence

    return evidence


def _told(question: Told) -> bytes:
    """A card of the story, an exercise, or which there are."""
    with _loading:
        from glasshouse.explorer.bets import CARDS
        from glasshouse.explorer.exercises import EXERCISES
        from glasshouse.explorer.told import contents_frame, told_frame

    if question.card == "contents":
        return contents_frame({"story": CARDS, "exercises": EXERCISES}, question.number)
    return told_frame(CARDS | EXERCISES, question.card, question.scene, question.number)


def _along() -> Any:
    """What computes switches along the coupling, loaded likewise."""
    with _loading:
        from glasshouse.explorer import along

    return along


def _checked(scene: Scene) -> Scene:
    return _frames().checked_scene(scene)


def _structure(scene: Scene) -> tuple:
    readers = scene.access.readers if scene.access.kind == "one_sided" else ()
    return scene.rule, scene.access.kind, tuple(sorted(set(readers))), scene.repeated is None


def _hello(scene: Scene) -> bytes:
    from glasshouse.explorer.building import offered_rules, presets
    from glasshouse.explorer.protocol import MOST_OWN_STARTS, RANGES

    header = {
        "scene": scene.model_dump(),
        "presets": [preset._asdict() for preset in presets()],
        "rules": [rule._asdict() for rule in offered_rules().values()],
        "ranges": RANGES,
        "most_starts": MOST_OWN_STARTS,
    }
    return answer("hello", header, {})
