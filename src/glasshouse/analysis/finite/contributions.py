"""Shapley values: what each player contributes, averaged over the orders in which they come."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Whole, shown, whole
from glasshouse._foundation.random import Purpose, uniforms
from glasshouse._foundation.results import Result
from glasshouse.analysis.outcomes.comparison import student_reach
from glasshouse.errors import InputError

MOST_COALITIONS = 12
"""Players of whom every coalition is asked for: 4096 of them."""

MOST_CONTRIBUTORS = 1000

Coalition = frozenset[int]


@dataclasses.dataclass(frozen=True, repr=False)
class ShapleyValue(Result):
    """What one player contributes.

    **Arguments:** `name`; `value`; `interval`, 95 % where orders were sampled, else the value
    twice.
    """

    name: str
    value: float
    interval: tuple[float, float]


@dataclasses.dataclass(frozen=True, repr=False)
class Shapley(Evidenced):
    """What each player contributes to what all have together.

    **Arguments:** `characteristic`, what a coalition is worth, in words: another one gives other
    values; `values`, one for each player, whose sum is `total` less `nothing`, what all are worth
    together and nobody; `method`: "closed form" where all coalitions were asked, "numerical" where
    orders were sampled; `detail`.
    """

    ROWS: ClassVar[str] = "values"
    HEADINGS: ClassVar = {
        "name": "player",
        "value": "contributes",
        "interval": "95 % interval",
    }

    characteristic: str
    values: tuple[ShapleyValue, ...]
    total: float
    nothing: float
    method: str
    detail: str


def shapley(
    value: Callable[[Coalition], Any],
    players: Whole | Sequence[str],
    *,
    characteristic: str = "",
    orders: Whole = 1000,
    seed: Whole = 0,
) -> Shapley:
    """The Shapley value of each player: its mean contribution over all orders.

    Definition: φ_i = Σ_S |S|! (n - |S| - 1)! / n! (v(S with i) - v(S)), S without i.

    **Arguments:** `value(S)`, what a frozenset of players, counted from 0, is worth; where it has
    `of_all`, that is asked for many at once, and where it has `words` these name it; `players`, how
    many, or their names; `characteristic`, what a coalition is worth, in words, which the result
    says; `orders` sampled of more than 12 players, by `seed`.
    **Raises:** `InputError` for a worth that is not finite, or a characteristic that is not named.
    **Cost:** 2^n coalitions up to 12 players, and at most orders × n beyond.
    **Source:** Shapley 1953; sampling as in Castro, Gómez & Tejada 2009.

        from glasshouse.analysis.finite import shapley

        found = shapley(lambda S: float(0 in S and len(S) > 1), ["left", "right", "right too"],
                        characteristic="a pair of gloves")
        print([round(one.value, 4) for one in found.values])  # [0.6667, 0.1667, 0.1667]
    """
    names = _names(players)
    words = characteristic or getattr(value, "words", "")
    if not words:
        raise InputError(
            "characteristic must say in words what a coalition is worth, such as 'welfare when "
            "they are readable': the values depend on it"
        )
    count = len(names)
    worth = _Worth(value, names)
    everybody = frozenset(range(count))
    if count <= MOST_COALITIONS:
        found, half = _exact(worth, count), np.zeros(count)
        method, detail = "closed form", f"all {2**count} coalitions of {count} players"
    else:
        sampled = whole(orders, "orders", least=2)
        found, half = _sampled(worth, count, sampled, seed)
        method, detail = "numerical", f"{sampled} orders of {count} players sampled, seed {seed}"
    each = zip(names, found.tolist(), half.tolist(), strict=True)
    return Shapley(
        characteristic=str(words),
        values=tuple(ShapleyValue(name, x, (x - h, x + h)) for name, x, h in each),
        total=worth.of([everybody])[0],
        nothing=worth.of([frozenset()])[0],
        method=method,
        detail=detail,
    )


class _Worth:
    """What coalitions are worth, each asked for once."""

    def __init__(self, value: Callable[[Coalition], Any], names: Sequence[str]):
        self.value, self.names = value, names
        self.known: dict[Coalition, float] = {}

    def of(self, coalitions: Sequence[Coalition]) -> list[float]:
        new = [one for one in dict.fromkeys(coalitions) if one not in self.known]
        if new:
            many = getattr(self.value, "of_all", None)
            found = many(new) if many else [self.value(one) for one in new]
            for coalition, worth in zip(new, found, strict=True):
                self.known[coalition] = self._checked(coalition, worth)
        return [self.known[one] for one in coalitions]

    def _checked(self, coalition: Coalition, worth: Any) -> float:
        number = float(worth)
        if not math.isfinite(number):
            who = ", ".join(self.names[i] for i in sorted(coalition)) or "nobody"
            raise InputError(f"{who} together are worth {number}, which must be finite")
        return number


def _exact(worth: _Worth, count: int) -> Float[np.ndarray, "players"]:
    every = [frozenset(i for i in range(count) if k >> i & 1) for k in range(2**count)]
    values = np.array(worth.of(every))
    sizes = np.array([len(one) for one in every])
    weights = np.array([1 / (count * math.comb(count - 1, size)) for size in range(count)])
    found = np.empty(count)
    for i in range(count):
        without = np.flatnonzero([i not in one for one in every])
        found[i] = weights[sizes[without]] @ (values[without + 2**i] - values[without])
    return found


def _sampled(
    worth: _Worth, count: int, orders: int, seed: Any
) -> tuple[Float[np.ndarray, "players"], Float[np.ndarray, "players"]]:
    """The mean contribution over sampled orders, and half of its 95 % interval."""
    drawn = np.argsort(uniforms(seed, Purpose.ORDERS, orders, count), axis=1)
    gained = np.empty((orders, count))
    for k, order in enumerate(drawn.tolist()):
        chain = [frozenset(order[:size]) for size in range(count + 1)]
        gained[k, order] = np.diff(worth.of(chain))
    error = gained.std(axis=0, ddof=1) / math.sqrt(orders)
    return gained.mean(axis=0), student_reach(orders) * error


def _names(players: Any) -> tuple[str, ...]:
    if isinstance(players, Sequence) and not isinstance(players, str):
        names = tuple(map(str, players))
        if len(set(names)) < len(names) or not 1 <= len(names) <= MOST_CONTRIBUTORS:
            raise InputError(
                f"players={shown(players)} must be up to {MOST_CONTRIBUTORS} different names"
            )
        return names
    count = whole(players, "players", most=MOST_CONTRIBUTORS)
    return tuple(f"player {i + 1}" for i in range(count))
