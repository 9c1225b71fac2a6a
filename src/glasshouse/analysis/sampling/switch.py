"""From which coupling on a first movement turns, where payoffs are drawn: x ± y, or unknown."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float
from numpy.polynomial import polynomial

from glasshouse._foundation.numbers import Pair, Whole, pair, whole
from glasshouse._foundation.precision import in_float64
from glasshouse.analysis.movement.switch import Switch
from glasshouse.analysis.sampling.counted import EachStep, quantity_called
from glasshouse.analysis.sampling.estimates import TOLD_APART, jackknifed
from glasshouse.analysis.sampling.margins import margin_of
from glasshouse.analysis.sampling.parts import PARTED, ask
from glasshouse.parametric import AbstractParametricGame, Params
from glasshouse.parametric.measure import COOPERATION
from glasshouse.parametric.protocol import RandomKey

Family = Callable[[float], AbstractParametricGame]

SAMPLED_BRACKET = 0.0, 2.0
"""Couplings to search, of games played in episodes."""

SAMPLED_POINTS = 17
"""Couplings tried at once: each takes all episodes."""


FITTED_POINTS = 5
"""Couplings that a parabola and a cubic are put through, at least."""

SAMPLED_ROUNDS = 4
"""With new episodes, where margins bend more than a parabola does or turn outside."""


class Tried(NamedTuple):
    """Margins at several couplings with the same chance, and what they are without each group."""

    couplings: Float[np.ndarray, "points"]
    values: Float[np.ndarray, "points"]
    without: Float[np.ndarray, "points groups"]

    @property
    def signs(self) -> Float[np.ndarray, "points"]:
        """1 where what is asked about clearly rises, -1 where it falls, 0 where that is open."""
        reach = TOLD_APART * jackknifed(self.without)
        return np.where(np.abs(self.values) > reach, np.sign(self.values), 0.0)


class Zero(NamedTuple):
    """Where margins turn, the standard error of that, and how far a cubic would move it."""

    value: float
    error: float
    bias: float

    @property
    def is_settled(self) -> bool:
        """Whether a cubic would move it by no more than what is not known of it."""
        return self.bias <= self.error


@in_float64
def sampled_switch(
    family: Family,
    start: Params | None,
    quantity: str | EachStep,
    key: RandomKey,
    episodes: Whole | None,
    bracket: Pair,
    points: Whole,
) -> Switch:
    """`first_movement` where payoffs are drawn.

    Couplings are tried in rounds, all of a round with the same chance: over the whole bracket, then
    between the last clear no and the first clear yes, with new episodes. There a parabola through
    the margins says where they turn. Where a cubic says something else, by more than the standard
    error, or it turns outside, there is another round.
    """
    low, high = pair(bracket, "the bracket of couplings")
    count = whole(points, "points", least=3)
    asked = ask(family(low), "a first movement", quantity, key, episodes)
    keys = jax.random.split(key, 1 + SAMPLED_ROUNDS)  # pyright: ignore[reportArgumentType]

    def tried(low: float, high: float, count: int, key: RandomKey) -> Tried:
        couplings, found = np.linspace(low, high, count), []
        for coupling in couplings:
            game = family(float(coupling))
            params = game.neutral() if start is None else start
            each = ask(game, "a first movement", quantity, key, episodes).groups(params, key)
            found.append(margin_of(each))
        values, without = (np.stack(x) for x in zip(*found, strict=True))
        return Tried(couplings, values, without)

    first = tried(low, high, count, keys[0])
    settings = {
        "episodes": PARTED * asked.size,
        "multiple": TOLD_APART,
        "points": count,
        "searched": (low, high),
    }
    if quantity != COOPERATION:
        settings["quantity"] = quantity_called(quantity)
    about = {"method": "numerical", "searched": (low, high), "settings": settings}
    ends = clear_ends(first)
    if ends is None:
        return Switch(None, None, *_without_one(first), detail=asked.how, **about)
    where = "above" if first.signs[first.couplings == ends[1]][0] > 0 else "below"
    ends, zero = _narrowed(tried, ends, max(count, FITTED_POINTS), keys[1:])
    if zero is None:
        detail = f"between {ends[0]:.4g} and {ends[1]:.4g} margins turn, but bend too much or are "
        detail += f"too noisy to say where: take more episodes; {asked.how}"
        return Switch(None, None, "not settled", (ends,), where, detail=detail, **about)
    settings["standard_error"] = zero.error
    detail = f"{zero.value:.4g} ± {zero.error:.2g} (standard error) by a parabola through margins; "
    detail += f"at one end of the bracket it clearly falls, at the other it rises; {asked.how}"
    return Switch(zero.value, ends, "found", (ends,), where, detail=detail, **about)


def _narrowed(
    tried: Callable[[float, float, int, RandomKey], Tried],
    ends: tuple[float, float],
    count: int,
    keys: RandomKey,
) -> tuple[tuple[float, float], Zero | None]:
    """The narrowest bracket with clear ends, and where margins turn in it; None if that is open."""
    for key in keys:  # pyright: ignore[reportOptionalIterable]
        found = tried(*ends, count, key)
        zero, narrower = zero_of(found), clear_ends(found) or ends
        if zero is not None and zero.is_settled and narrower[0] <= zero.value <= narrower[1]:
            return narrower, zero
        ends = narrower
    return ends, None


def clear_ends(found: Tried) -> tuple[float, float] | None:
    """The couplings next to each other with clear and different signs; None unless there are two.

    Between them signs may be open. None where clear signs change several times or never.
    """
    clear = np.flatnonzero(found.signs)
    signs = found.signs[clear]
    changes = np.flatnonzero(signs[1:] != signs[:-1])
    if len(changes) != 1:
        return None
    k = int(changes[0])
    return float(found.couplings[clear[k]]), float(found.couplings[clear[k + 1]])


def zero_of(found: Tried) -> Zero | None:
    """Where the parabola through the margins is zero; None unless that is at one place among them.

    The error is that of the margin there over its slope, by leaving out each group in turn.
    """
    low, high = found.couplings[0], found.couplings[-1]
    middle, half = (low + high) / 2, (high - low) / 2
    places = (found.couplings - middle) / half
    rows = np.column_stack([found.values, found.without])
    parabolas, cubics = (polynomial.polyfit(places, rows, degree) for degree in (2, 3))
    zeros = polynomial.polyroots(parabolas[:, 0])
    zeros = zeros[np.isreal(zeros) & (np.abs(zeros) <= 1)].real
    if len(zeros) != 1:
        return None
    at = float(zeros[0])
    slope = abs(float(polynomial.polyval(at, polynomial.polyder(parabolas[:, 0]))))
    if slope == 0:
        return None
    error = float(jackknifed(polynomial.polyval(at, parabolas[:, 1:])))
    bias = abs(float(polynomial.polyval(at, cubics[:, 0])))
    unit = float(half) / slope
    return Zero(float(middle + half * at), unit * error, unit * bias)


def _without_one(found: Tried) -> tuple:
    """What is said where there is not one clear change: result, brackets, where it holds."""
    clear = found.signs[found.signs != 0]
    if len(clear) == len(found.signs) and np.all(clear == clear[0]):
        return "not bracketed", (), "everywhere" if clear[0] > 0 else "nowhere"
    changes = int(np.sum(clear[1:] != clear[:-1]))
    return "several switches" if changes > 1 else "not settled", (), "unclear"
