"""What the challenge fixes in advance, and what it files before anybody learns."""

import dataclasses
import functools
import hashlib
import itertools
import json
import re
from typing import Any

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.numbers import HeldFloat, HeldInt, number, whole
from glasshouse._foundation.results import Result
from glasshouse.errors import InputError

KINDS = ("mirrored", "interpreter", "policies")
GAMES = ("once", "repeated")
STARTS = ("independent", "equal")
SAMPLED = "sampled"
"""The game of parts in which payoffs are drawn: repeated, played in episodes."""

RANDOM = "random"
RATES = (0.2, 0.05, 0.01)
"""How often players who were trained cooperate when the glass is opened."""

TIED_START = "tied"
"""The start of players who share all weights, so that rounding cannot tell them apart either."""

KIND_WORDS = {r"one[- ]network( reads both)?": "interpreter", r"two[- ]networks": "policies"}
"""What tables call kinds of networks, as patterns, and their names."""

RATE_WORDS = {f"{rate:g}": f"p{rate:g}" for rate in RATES}
"""The words in names of parts for rates alone."""

STANDARD = "standard"
"""The last word of parts in which all play the prisoner's dilemma (5, 3, 1, 0)."""


@dataclasses.dataclass(frozen=True)
class Part:
    """A combination of the challenge's factors.

    **Arguments:** `kind` of networks; `game`, played "once", "repeated" or "sampled", repeated in
    episodes; `start`, "independent" networks, "equal" ones or "tied", shared weights; `rate` of
    cooperation to which they were trained, None where they are random; `standard`, whether all
    play the prisoner's dilemma (5, 3, 1, 0).
    """

    kind: str
    game: str
    start: str
    rate: float | None
    standard: bool = False

    @property
    def name(self) -> str:
        """Its factors joined by hyphens, also the name of its file."""
        trained = RANDOM if self.rate is None else f"p{self.rate:g}"
        words = (self.kind, self.game, self.start, trained)
        return "-".join((*words, STANDARD) if self.standard else words)


@functools.cache
def all_parts() -> dict[str, Part]:
    """Every part by its name: 48 with payoffs that vary, and 9 of the standard game."""
    drawn = itertools.product(KINDS, GAMES, STARTS, (None, *RATES))
    standard = itertools.product((*STARTS, TIED_START), RATES)
    parts = [Part(*factors) for factors in drawn]
    parts += [Part("mirrored", "once", start, rate, True) for start, rate in standard]
    return {part.name: part for part in parts}


@functools.cache
def sampled_parts() -> dict[str, Part]:
    """The parts in which payoffs are drawn, by name; asked for by the word "sampled" alone."""
    parts = [Part("mirrored", SAMPLED, "independent", rate) for rate in (None, *RATES)]
    return {part.name: part for part in parts}


def part_of(name: str) -> Part:
    """The part of that name."""
    return {**all_parts(), **sampled_parts()}[name]


def parts_with(words: str) -> tuple[str, ...]:
    """The names of all parts that have each of these words, joined by hyphens.

    What tables call them is known too: "two networks, once, 0.2".

    **Raises:** `InputError` where there is none.
    """
    said = words.lower()
    for name, kind in KIND_WORDS.items():
        said = re.sub(name, kind, said)
    wanted = {RATE_WORDS.get(word, word) for word in re.split(r"[-,\s]+", said.strip())}
    among = sampled_parts() if SAMPLED in wanted else all_parts()
    found = tuple(name for name in among if wanted <= set(name.split("-")))
    if not found:
        games, starts = (*GAMES, SAMPLED), (*STARTS, TIED_START, RANDOM)
        known = (*KINDS, *games, *starts, *(f"p{r:g}" for r in RATES), STANDARD)
        raise InputError(
            f"no part of the challenge has all of {words!r:.60}: join some of "
            f"{', '.join(known)} by hyphens"
        )
    return found


@dataclasses.dataclass(frozen=True, repr=False)
class Challenge(Result):
    """What the challenge fixes in advance.

    **Arguments:** `seeds`, how many pairs of networks there are in each part, each with payoffs of
    its own; `seed`: pair k has seed + k, and every other one has an asymmetric game; `parts`, their
    names, all by default; `windows`, after how many steps of `step_size` is measured; `highest`,
    the gain up to which switches are searched, at `points` values from 0; `discount` of repeated
    games, whose payoffs are per round.
    **Raises:** `InputError` for numbers that cannot be, and parts that there are not.
    """

    seeds: HeldInt = 24
    seed: HeldInt = 1000
    parts: tuple[str, ...] = dataclasses.field(default_factory=lambda: tuple(all_parts()))
    windows: tuple[HeldInt, ...] = (5, 50, 500, 3000, 20_000)
    step_size: HeldFloat = 0.05
    highest: HeldFloat = 4.0
    points: HeldInt = 81
    discount: HeldFloat = 0.96

    def __post_init__(self):
        windows = tuple(whole(steps, "each of windows") for steps in self.windows)
        discount = number(self.discount, "discount", least=0.0)
        checked = {
            "seeds": whole(self.seeds, "seeds", most=10_000),
            "seed": whole(self.seed, "seed", least=0, most=2**31 - 1),
            "parts": tuple(self.parts),
            "windows": windows,
            "step_size": number(self.step_size, "step_size", above=0.0),
            "highest": number(self.highest, "highest", above=0.0),
            "points": whole(self.points, "points", least=3),
            "discount": discount,
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        if not windows or list(windows) != sorted(set(windows)):
            raise InputError(f"windows={windows} must be numbers of steps that rise")
        if discount >= 1:
            raise InputError(f"discount={discount:g} must lie below 1: networks learn in the game")
        unknown = [name for name in self.parts if name not in {**all_parts(), **sampled_parts()}]
        if unknown or not self.parts:
            which = repr(unknown[0])[:60] if unknown else "nothing"
            raise InputError(f"parts has {which}: take names from parts_with('mirrored-once')")

    @property
    def gains(self) -> Float[np.ndarray, "points"]:
        """The gains at which networks learn."""
        return np.linspace(0.0, self.highest, self.points)


@dataclasses.dataclass(frozen=True, repr=False)
class Forecast(Result):
    """What is predicted of one pair of networks before it learns with the glass open.

    **Arguments:** `part` and `seed`; `symmetric`, whether the game is; `threshold` κ_½, from which
    on cooperation would rise at the neutral start under the logistic semantics; `rates`, how often
    each cooperates at the start, nobody reading; `trained`, whether these are what was asked for
    (True for random networks); `predicted`, the lowest gain from which on the derivative of mean
    cooperation at the start is positive, None where there is none; `roots`, how often along the
    gains it becomes positive or ceases to be, less than 1e-12 of the payoff range counting as none.
    """

    part: str
    seed: int
    symmetric: bool
    threshold: float
    rates: tuple[float, float]
    trained: bool
    predicted: float | None
    roots: int


@dataclasses.dataclass(frozen=True, repr=False)
class Forecasts(Result):
    """All predictions of a challenge, filed before anybody learns.

    **Arguments:** `settings`, a `Challenge`; `forecasts`, one per part and seed.
    """

    settings: Challenge
    forecasts: tuple[Forecast, ...]

    @functools.cached_property
    def sha256(self) -> str:
        """Of settings and forecasts as JSON with sorted keys and without spaces."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def of(self, part: str) -> tuple[Forecast, ...]:
        """Those of one part, by seed."""
        return tuple(x for x in self.forecasts if x.part == part)

    def filed(self) -> dict[str, Any]:
        """As plain data with the hash."""
        return {"sha256": self.sha256, **self.to_dict()}
