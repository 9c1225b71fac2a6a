"""Random semantics that try to get a false certificate, and what is true of them at 60 digits.

Each is written once, over JAX or over mpmath: the library sees the first, the judge the second. The
judge knows where a needle was hidden.
"""

import dataclasses
import itertools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from tests.certificates.exact import mp

NEGATIVE, MISSING = mp.mpf("1e-9"), mp.mpf("1e-5")
"""What certificates let rounding do to probabilities."""


class OverJax:
    """The functions that semantics are written with, on arrays."""

    s, exp, log, tanh = jax.nn.sigmoid, jnp.exp, jnp.log, jnp.tanh
    sqrt, largest = jnp.sqrt, jnp.maximum
    size = jnp.abs


class OverMpmath:
    """The same on numbers of many digits; without a value, they raise."""

    exp, tanh, size = mp.exp, mp.tanh, abs

    @staticmethod
    def s(x: Any) -> Any:
        return 1 / (1 + mp.exp(-x))

    @staticmethod
    def log(x: Any) -> Any:
        if x <= 0:
            raise ValueError
        return mp.log(x)

    @staticmethod
    def sqrt(x: Any) -> Any:
        if x < 0:
            raise ValueError
        return mp.sqrt(x)

    @staticmethod
    def largest(x: Any, y: Any) -> Any:
        return max(mp.mpf(x), mp.mpf(y))


def normed(parts: list) -> list:
    total = sum(parts[1:], start=parts[0])
    return [part / total for part in parts]


def softmax(o: Any, logits: list) -> list:
    return normed([o.exp(x) for x in logits])


def roots(o: Any, x: Any) -> list:
    return normed([o.sqrt(x * x), o.sqrt(1 + x * x)])


def averaged(o: Any, x: Any) -> list:
    p, q = o.s(x), o.s(0.5 - 2 * x)
    return [0.3 * p + 0.7 * q, 0.3 * o.s(-x) + 0.7 * (1 - q)]


def clipped(o: Any, x: Any) -> list:
    p = -o.largest(-o.largest(0.5 + 0.2 * x, 0.05), -0.9)
    return [p, 1 - p]


TWO: dict[str, Callable[[Any, Any], list]] = {
    "rest": lambda o, x: [o.s(x), 1 - o.s(x)],
    "pair": lambda o, x: [o.s(x), o.s(-x)],
    "tanh": lambda o, x: [0.5 + 0.4 * o.tanh(x), 0.5 - 0.4 * o.tanh(x)],
    "normed": lambda o, x: normed([1.1 + o.tanh(x), 1.3 - o.tanh(x) * o.tanh(x)]),
    "roots": roots,
    "averaged": averaged,
    "clipped": clipped,
    "nearly": lambda o, x: [o.s(x), o.s(-x) * (1 + 3e-6 * o.s(2 * x))],
    "softplus": lambda o, x: normed([0.1 + o.log(1 + o.exp(x)), 0.2 + o.log(1 + o.exp(-x))]),
}
THREE: dict[str, Callable[[Any, Any], list]] = {
    "softmax": lambda o, x: softmax(o, [x, -x, 0.3 * x]),
    "tree": lambda o, x: [o.s(x) * o.s(2 * x), o.s(x) * (1 - o.s(2 * x)), 1 - o.s(x)],
    "normed of three": lambda o, x: normed([1.1 + o.tanh(x), 0.2 + x * x, 1.5 - o.tanh(2 * x)]),
}


def needle(o: Any, t: Any, place: float, width: float) -> Any:
    return o.largest(0 * t, 1 - o.size(t - place) / width)


def spoil(mix: list, action: int, factor: Any) -> list:
    """The same with one entry multiplied: nothing makes up for it."""
    return [p * factor if a == action else p for a, p in enumerate(mix)]


FAULTS = ("mass", "shift", "hole", "pole", "moved")
"""One entry is another in a needle; two are, and make up for each other, one being negative or
not; a logarithm or a quotient has no value at a point; and none, but a needle in the logit, in
which much may be gained."""


@dataclasses.dataclass(frozen=True)
class Attack:
    """A game, a semantics, a profile, and what is hidden."""

    tables: Any
    kind: str
    weights: tuple[tuple[float, float, float], ...]
    bound: float
    fault: str | None
    owner: int
    action: int
    place: float
    width: float
    size: float
    reader: int

    def mixes(self, o: Any, params: Any) -> list[list]:
        """Everyone's entries at these parameters."""
        found = []
        for i, (own, read, by) in enumerate(self.weights):
            hit, t = i == self.owner and self.fault is not None, params[self.reader]
            x = own * params[i] + read * params[1 - i] + by
            if hit and self.fault == "moved":
                x = x + self.size * 4 * needle(o, t, self.place, self.width)
            mix = {**TWO, **THREE}[self.kind](o, x)
            if hit and self.fault == "mass":
                factor = 1 + self.size * needle(o, t, self.place, self.width)
                mix = spoil(mix, self.action, factor)
            if hit and self.fault == "shift":
                more = self.size * needle(o, t, self.place, self.width)
                other = (self.action + 1) % len(mix)
                mix = [p + more * ((a == self.action) - (a == other)) for a, p in enumerate(mix)]
            if hit and self.fault == "hole":
                mix = [p + 0 * o.log((t - self.place) * (t - self.place)) for p in mix]
            if hit and self.fault == "pole":
                mix = [p + 0 / (t - self.place) for p in mix]
            found.append(mix)
        return found

    def function(self, params: Any, seen: Any) -> tuple:
        """The semantics."""
        return tuple(jnp.stack(mix) for mix in self.mixes(OverJax, params))

    def at(self, params: Any) -> list[list] | None:
        """The same at many digits, None where there is no value."""
        try:
            return self.mixes(OverMpmath, [mp.mpf(float(x)) for x in params])
        except (ValueError, ZeroDivisionError):
            return None

    def is_proper(self, params: Any) -> bool:
        """Whether these are probabilities, but for rounding."""
        mixes = self.at(params)
        return mixes is not None and all(
            min(mix) >= -NEGATIVE and abs(mp.fsum(mix) - 1) <= MISSING for mix in mixes
        )

    def payoff(self, player: int, params: Any) -> Any:
        """The expected payoff, counted from the middle of its range."""
        table, mixes = np.asarray(self.tables)[player], self.at(params)
        assert mixes is not None
        middle = (mp.mpf(float(table.max())) + mp.mpf(float(table.min()))) / 2
        return mp.fsum(
            (mp.mpf(float(table[a, b])) - middle) * mixes[0][a] * mixes[1][b]
            for a, b in itertools.product(*map(range, table.shape))
        )

    def moved(self, profile: Any, player: int, t: float) -> tuple[float, ...]:
        return tuple(t if j == player else x for j, x in enumerate(profile))

    def deviations(self, profile: Any, player: int, count: int) -> list[float]:
        """Where to look: all over the box, its ends, and in and around what is hidden."""
        found = [*np.linspace(-self.bound, self.bound, count), profile[player]]
        if self.fault is not None and self.reader == player:
            steps = (0, 0.5, -0.5, 0.9, -0.9, 1e-3, 1 / 3)
            found += [self.place + k * self.width for k in steps]
        return [float(x) for x in found if -self.bound <= x <= self.bound]


def random_attack(rng: np.random.Generator) -> Attack:
    """One in two hides something."""
    kinds = {**TWO, **THREE} if rng.random() < 0.5 else TWO
    kind = str(rng.choice(list(kinds)))
    actions = 3 if kind in THREE else 2
    shape = (2, actions, actions)
    tables = rng.integers(-3, 6, size=shape) if rng.random() < 0.5 else rng.normal(size=shape) * 3
    bound = float(rng.choice([1.0, 3.0]))
    place = float(rng.choice([-bound, bound, *rng.uniform(-bound, bound, size=6)]))
    weights = [
        (
            float(rng.choice([1.0, -0.7, 2.0])),
            float(rng.uniform(-0.5, 1.2)),
            float(rng.normal() / 2),
        )
        for _ in range(2)
    ]
    return Attack(
        tables=tables.astype(float),
        kind=kind,
        weights=tuple(weights),
        bound=bound,
        fault=str(rng.choice(FAULTS)) if rng.random() < 0.5 else None,
        owner=int(rng.integers(2)),
        action=int(rng.integers(actions)),
        place=place,
        width=float(rng.choice([0.5, 0.1, 0.03])),
        size=float(rng.choice([-0.9, 0.9, -1.9, 1e-3, -1e-4, 2e-6])),
        reader=int(rng.integers(2)),
    )


def random_profile(rng: np.random.Generator, attack: Attack) -> tuple[float, float]:
    """Anywhere, at a corner, or where the players answer each other as well as a grid tells."""
    bound = attack.bound
    if rng.random() < 0.3:
        return (float(rng.uniform(-bound, bound)), float(rng.uniform(-bound, bound)))
    found = (float(rng.choice([-bound, bound])), float(rng.choice([-bound, bound])))
    if rng.random() < 0.5:
        return found
    for player in (0, 1, 0, 1):
        grid = [
            t
            for t in np.linspace(-bound, bound, 21)
            if attack.is_proper(attack.moved(found, player, t))
        ]
        if grid:
            best = max(grid, key=lambda t, p=player: attack.payoff(p, attack.moved(found, p, t)))
            found = attack.moved(found, player, float(best))
    return (found[0], found[1])


def best_known(attack: Attack, profile: Any, player: int, count: int = 41) -> Any:
    """The largest gain of a proper deviation that is looked at; minus infinity without any."""
    points = [attack.moved(profile, player, t) for t in attack.deviations(profile, player, count)]
    if not attack.is_proper(profile):
        return -math.inf
    stay = attack.payoff(player, profile)
    return max(
        (attack.payoff(player, p) - stay for p in points if attack.is_proper(p)), default=-math.inf
    )
