"""What a page asks, checked; and answers as bytes.

A question is JSON text of at most `LONGEST_QUESTION` bytes. An answer is binary: the length of its
header (4 bytes, little-endian), the header as JSON in UTF-8, filled up with spaces to a multiple of
8 bytes with the length, and the arrays that `arrays` in the header lists, each filled up likewise.
"""

import json
import re
import struct
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
import pydantic
from pydantic import Field

from glasshouse._foundation.results import plain
from glasshouse.errors import InputError

LONGEST_QUESTION = 64 * 1024
"""Bytes; the longest honest one has two thousand."""

ALIGNED = 8
"""Arrays begin at multiples of this."""

RANGES: dict[str, tuple[float, float]] = {
    "payoffs": (-1000.0, 1000.0),
    "coupling": (-5.0, 5.0),
    "bound": (0.05, 20.0),
    "step_size": (1e-4, 20.0),
    "look_ahead": (0.0, 20.0),
    "probability": (0.0, 1.0),
    "scale": (0.0, 10.0),
    "start": (0.0, 1.0),
    "near": (-20.0, 20.0),
    "discount": (0.0, 0.99),
}
"""Least and largest of each number; starts are in units of the box, `near` in those of θ."""

MOST_OWN_STARTS = 12
"""Trajectories that a reader starts."""

STATES = ("start", "CC", "CD", "DC", "DD")
"""What a player of a repeated game remembers: the last round, its own action first."""

LAST_NUMBER = 2**53
"""Questions are numbered up to what JavaScript counts exactly."""


def _within(name: str) -> Any:
    least, most = RANGES[name]
    return Field(ge=least, le=most)


Payoff = Annotated[float, _within("payoffs")]
PayoffRow = Annotated[tuple[Payoff, ...], Field(min_length=2, max_length=2)]
PayoffMatrix = Annotated[tuple[PayoffRow, ...], Field(min_length=2, max_length=2)]
Coupling = Annotated[float, _within("coupling")]
Unit = Annotated[float, _within("start")]
Parameter = Annotated[float, _within("near")]


class _Strict(pydantic.BaseModel):
    """Unknown keys, other types, NaN and infinities are refused."""

    model_config = pydantic.ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False
    )


class AskedAccess(_Strict):
    """Who sees what; the numbers belong to the kinds of their channels."""

    kind: Literal["full", "one_sided", "probabilistic", "noisy"] = "full"
    readers: tuple[Annotated[int, Field(ge=0, le=1)], ...] = (0,)
    probability: Annotated[float, _within("probability")] = 0.5
    scale: Annotated[float, _within("scale")] = 1.0


Coordinate = tuple[
    Annotated[int, Field(ge=0, le=1)], Annotated[int, Field(ge=0, le=len(STATES) - 1)]
]
HeldNumbers = Annotated[
    tuple[Parameter, ...], Field(min_length=len(STATES), max_length=len(STATES))
]
AT_NEUTRAL = (0.0,) * len(STATES)


class AskedRepetition(_Strict):
    """How a game is repeated, and which plane of its ten parameters is looked at.

    **Arguments:** `discount` γ; `axes`, of which player and which of `STATES` each axis is the
    parameter; `held`, the parameters of each player, of which those on the axes do not matter.
    """

    discount: Annotated[float, _within("discount")] = 0.9
    axes: tuple[Coordinate, Coordinate] = ((0, 1), (1, 1))
    held: tuple[HeldNumbers, HeldNumbers] = (AT_NEUTRAL, AT_NEUTRAL)

    @pydantic.field_validator("axes")
    @classmethod
    def _two(cls, axes: tuple) -> tuple:
        if axes[0] == axes[1]:
            raise ValueError("two different parameters")
        return axes


class Scene(_Strict):
    """What is looked at: a game of two actions for each of two players, and how they learn.

    **Arguments:** `payoffs[i][a][b]` of player i, player 1 doing a and player 2 doing b;
    `coupling`, with what weight player 1 reads player 2, and the other way round; `starts`, of
    trajectories, in units of the box; `leaver`, who may change its parameter alone, from the rest
    point nearest to the parameters `near`, or from the cooperative corner; `repeated`, None where
    it is played once.
    """

    title: Annotated[str, Field(max_length=200)] = ""
    payoffs: Annotated[tuple[PayoffMatrix, ...], Field(min_length=2, max_length=2)]
    coupling: tuple[Coupling, Coupling] = (0.5, 0.5)
    bound: Annotated[float, _within("bound")] = 3.0
    step_size: Annotated[float, _within("step_size")] = 0.1
    rule: Annotated[str, Field(max_length=40)] = "gradient"
    look_ahead: Annotated[float, _within("look_ahead")] = 1.0
    access: AskedAccess = AskedAccess()
    repeated: AskedRepetition | None = None
    starts: Annotated[tuple[tuple[Unit, Unit], ...], Field(max_length=MOST_OWN_STARTS)] = ()
    leaver: Annotated[int, Field(ge=0, le=1)] = 0
    near: tuple[Parameter, Parameter] | None = None


Part = Literal[
    "portrait", "basins", "switches", "deviation", "proof", "equilibria", "study", "script"
]


class Question(_Strict):
    """One question: its number, what is looked at, and what of it is wanted."""

    number: Annotated[int, Field(ge=0, le=LAST_NUMBER)]
    scene: Scene
    parts: Annotated[tuple[Part, ...], Field(min_length=1, max_length=8)] = ("portrait",)


class Told(_Strict):
    """One card of the story or an exercise, by its name, or "contents": which ones there are.

    **Arguments:** `scene`, a reader's own, for the cards that take one.
    """

    number: Annotated[int, Field(ge=0, le=LAST_NUMBER)]
    card: Annotated[str, Field(max_length=40)]
    scene: Scene | None = None


NAMES_A_CARD = re.compile(r'"card"\s*:')
"""A key of JSON: no value is followed by a colon, and quotes inside one are escaped."""


def read_question(text: str | bytes) -> Question | Told:
    """The question in a message.

    **Raises:** `InputError`, in one line, for what is no question.
    """
    if len(text) > LONGEST_QUESTION:
        raise InputError(f"a question has at most {LONGEST_QUESTION} bytes, and not {len(text)}")
    if isinstance(text, bytes):
        raise InputError("a question is text in JSON, not bytes")
    try:
        return (Told if NAMES_A_CARD.search(text) else Question).model_validate_json(text)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        rule = first["msg"].removeprefix("Input should be ").rstrip(".")
        if first["type"] == "extra_forbidden":
            raise InputError(f"unknown key '{key:.80}'") from error
        if first["type"] == "json_invalid":
            raise InputError(f"not valid JSON: {rule:.120}") from error
        said = f"key '{key:.80}' " if key else "a question "
        raise InputError(f"{said}must be {rule:.120}: found {first['input']!r:.60}") from error


def answer(kind: str, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """The bytes of an answer; NaN become null in the header, and stay in arrays."""
    listed, parts, place = [], [], 0
    for name, array in arrays.items():
        data = np.ascontiguousarray(array)
        data = data.astype(data.dtype.newbyteorder("<"), copy=False)
        listed.append(
            {"name": name, "type": data.dtype.name, "shape": list(data.shape), "place": place}
        )
        parts.append(_filled_up(data.tobytes(), b"\0"))
        place += len(parts[-1])
    text = _written({"kind": kind, **header, "arrays": listed}).encode()
    text += b" " * (-(len(text) + 4) % ALIGNED)
    return b"".join([struct.pack("<I", len(text)), text, *parts])


def _written(said: dict[str, Any]) -> str:
    """As JSON; few headers hold a NaN, and taking all others apart would take a millisecond."""
    how: Any = {"ensure_ascii": False, "allow_nan": False, "separators": (",", ":")}
    try:
        return json.dumps(said, default=plain, **how)
    except (TypeError, ValueError):
        return json.dumps(plain(said), **how)


def read_answer(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header and the arrays of an answer, for tests and scripts."""
    (length,) = struct.unpack_from("<I", data)
    header = json.loads(data[4 : 4 + length])
    arrays = {}
    for said in header["arrays"]:
        kind, place = np.dtype(said["type"]).newbyteorder("<"), 4 + length + said["place"]
        count = int(np.prod(said["shape"], dtype=int))
        arrays[said["name"]] = np.frombuffer(data, kind, count, place).reshape(said["shape"])
    return header, arrays


def _filled_up(data: bytes, by: bytes) -> bytes:
    return data + by * (-len(data) % ALIGNED)
