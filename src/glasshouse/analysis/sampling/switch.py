"""From which coupling on a first movement turns, where payoffs are drawn: x ± y, or unknown."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float

from glasshouse._foundation.numbers import Pair, Whole, pair, whole
from glasshouse._foundation.precision import in_float64
from glasshouse.analysis.movement.switch import Switch
from glasshouse.analysis.sampling.estimates import TOLD_APART, jackknifed
from glasshouse.analysis.sampling.margins import how, margin_of
from glasshouse.analysis.sampling.parts import (
    PARTED,
    EachStep,
    each_step_of,
    grouped,
    groups_of,
    plays_episodes,
)
from glasshouse.dynamics.doors import check_params
from glasshouse.parametric import AbstractParametricGame, Params
from glasshouse.parametric.protocol import RandomKey

Family = Callable[[float], AbstractParametricGame]

SAMPLED_BRACKET = 0.0, 2.0
"""Couplings to search, of games played in episodes."""

SAMPLED_POINTS = 17
"""Couplings tried at once: each takes all episodes."""


class Tried(NamedTuple):
    """Margins at several couplings with the same chance, and what they are without each group."""

    couplings: Float[np.ndarray, "points"]
    values: Float[np.ndarray, "points"]
    without: Float[np.ndarray, "points groups"]

    @property
    def signs(self) -> Float[np.ndarray, "points"]:
        """1 where cooperation clearly rises, -1 where it clearly falls, 0 where that is open."""
        reach = TOLD_APART * jackknifed(self.without)
        return np.where(np.abs(self.values) > reach, np.sign(self.values), 0.0)


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

    Couplings are tried twice, all of a round with the same chance: over the whole bracket, then
    between the last clear no and the first clear yes, with new episodes. There a straight line
    through the margins says where they turn, and the same lines without each group how sure that
    is.
    """
    low, high = pair(bracket, "the bracket of couplings")
    plays_episodes(family(low), "a first movement", key)
    size, count = groups_of(episodes), whole(points, "points", least=3)
    counted = each_step_of(quantity)
    keys = jax.random.split(key)  # pyright: ignore[reportArgumentType]

    def tried(couplings: np.ndarray, key: RandomKey) -> Tried:
        found = []
        for coupling in couplings:
            game = plays_episodes(family(float(coupling)), "a first movement", key)
            params = game.neutral() if start is None else check_params(game, start)
            each = grouped(game, params, key, size, counted)
            found.append(margin_of(each))
        values, without = (np.stack(x) for x in zip(*found, strict=True))
        return Tried(couplings, values, without)

    first = tried(np.linspace(low, high, count), keys[0])
    settings = {
        "episodes": PARTED * size,
        "multiple": TOLD_APART,
        "points": count,
        "searched": (low, high),
    }
    about = {"method": "numerical", "searched": (low, high)}
    ends = clear_ends(first)
    if ends is None:
        return Switch(
            None, None, *_without_one(first), detail=how(size), settings=settings, **about
        )
    second = tried(np.linspace(*ends, count), keys[1])
    narrower = clear_ends(second) or ends
    value, error = zero_of_line(second)
    return Switch(
        value,
        narrower,
        "found",
        (narrower,),
        "above" if first.signs[first.couplings == ends[1]][0] > 0 else "below",
        detail=f"{value:.4g} ± {error:.2g} (standard error) by a line through {count} margins; at "
        f"one end of the bracket it clearly falls, at the other it rises; {how(size)}",
        settings={**settings, "standard_error": error},
        **about,
    )


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


def zero_of_line(found: Tried) -> tuple[float, float]:
    """Where the line through the margins is zero, and the standard error of that."""
    design = np.stack([np.ones_like(found.couplings), found.couplings], axis=1)
    lines = np.linalg.lstsq(design, np.column_stack([found.values, found.without]), rcond=None)[0]
    zeros = -lines[0] / lines[1]
    return float(zeros[0]), float(jackknifed(zeros[1:]))


def _without_one(found: Tried) -> tuple:
    """What is said where there is not one clear change: result, brackets, where it holds."""
    clear = found.signs[found.signs != 0]
    if len(clear) == len(found.signs) and np.all(clear == clear[0]):
        return "not bracketed", (), "everywhere" if clear[0] > 0 else "nowhere"
    changes = int(np.sum(clear[1:] != clear[:-1]))
    return "several switches" if changes > 1 else "not settled", (), "unclear"
