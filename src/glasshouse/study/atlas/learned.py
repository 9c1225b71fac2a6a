"""Where learning ends in many ordinal games at many couplings, computed together."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from glasshouse._foundation.arrays import RealArray
from glasshouse.analysis.equilibrium.deviations import GAIN_ROUNDING, corner_deviations
from glasshouse.analysis.movement.first_order import cooperation
from glasshouse.analysis.outcomes.generic import AT_REST
from glasshouse.dynamics.games import Games
from glasshouse.dynamics.learning import Learning, learn
from glasshouse.families import LogisticFamily
from glasshouse.families.along import games_over
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.games.ordinal import OrdinalGame
from glasshouse.parametric import ParametricGame
from glasshouse.rules import Lola
from glasshouse.study.atlas.settings import BOUND, LOOK_AHEADS, AtlasSettings

CELL_HALVINGS = 16
"""Of the cell of couplings in which a corner begins or ceases to be an equilibrium."""

PURE = 0.95
"""Who plays an action at least so often is taken to play it."""

CORNERS = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
"""Signs of both parameters: profiles in the order (first, first), (first, second), …"""

REFLECTED = (0, 2, 1, 3)
"""The same with the players in each other's place."""

PAYOFF_RANGE = 3.0
"""Between the ranks 1 and 4."""


class LearnedShares(NamedTuple):
    """How many runs end nearest to each profile, and how many of these have settled there."""

    ended: Int[np.ndarray, "*points profiles"]
    settled: Int[np.ndarray, "*points profiles"]


def learned_shares(
    games: Sequence[OrdinalGame], couplings: Float[np.ndarray, "couplings"], learning: Learning
) -> LearnedShares:
    """Where runs end in each game at each coupling, from the same starts.

    A run ends nearest to the profile of the actions that are played with probability above ½. It
    has settled if it is at rest, or both players play one action with probability `PURE` or more:
    at a bound, behaviour hardly changes long before gradients vanish.
    """
    each = len(couplings)
    batch = games_at(np.repeat(_payoffs(games), each, axis=0), np.tile(couplings, len(games)))
    ends = learn(batch, learning, cooperation)
    first, second = (ends.observed[..., i] > 0.5 for i in (0, 1))
    pure = np.all(np.abs(ends.observed - 0.5) >= PURE - 0.5, axis=-1)
    settled = pure | (ends.residuals <= AT_REST)
    nearest = [first & second, first & ~second, ~first & second, ~first & ~second]
    shape = (len(games), each, len(nearest))

    def counted(masks: list[np.ndarray]) -> np.ndarray:
        return np.stack([mask.sum(axis=1) for mask in masks], axis=1).reshape(shape)

    return LearnedShares(counted(nearest), counted([mask & settled for mask in nearest]))


def shaping_shares(games: Sequence[OrdinalGame], settings: AtlasSettings) -> LearnedShares:
    """The same of learners by LOLA, over look-ahead and coupling: `(games, look-aheads, …)`."""
    found = [
        learned_shares(games, settings.shaping_grid, settings.learning(Lola(look_ahead)))
        for look_ahead in LOOK_AHEADS
    ]
    ended, settled = (np.stack(counts, axis=1) for counts in zip(*found, strict=True))
    return LearnedShares(ended, settled)


def corner_ranges(
    games: Sequence[OrdinalGame], couplings: Float[np.ndarray, "couplings"]
) -> list[list[list[tuple[float, float]]]]:
    """For each game and corner, the couplings at which nobody gains by leaving it alone.

    The grid of couplings says where that begins and ends, and halving its cells says it to six
    digits. What begins and ends within one cell is not seen. Of two games that are each other's
    reflection one is looked at.
    """
    one_of_two = list(dict.fromkeys(min(game, game.reflected) for game in games))
    found = dict(zip(one_of_two, _corner_ranges(one_of_two, couplings), strict=True))
    return [
        found[game] if game in found else [found[game.reflected][k] for k in REFLECTED]
        for game in games
    ]


def _corner_ranges(
    games: Sequence[OrdinalGame], couplings: Float[np.ndarray, "couplings"]
) -> list[list[list[tuple[float, float]]]]:
    payoffs, count = _payoffs(games), len(games) * len(CORNERS)
    whose = np.repeat(np.arange(len(games)), len(CORNERS))
    corners = np.tile(CORNERS, (len(games), 1))

    def holds(rows: np.ndarray, at: np.ndarray) -> np.ndarray:
        return _are_equilibria(payoffs[whose[rows]], at, corners[rows])

    each = np.repeat(np.arange(count), len(couplings))
    seen = holds(each, np.tile(couplings, count)).reshape(count, len(couplings))
    rows, cells = np.nonzero(seen[:, 1:] != seen[:, :-1])
    low, high = couplings[cells], couplings[cells + 1]
    rising = seen[rows, cells + 1]
    for _ in range(CELL_HALVINGS if len(rows) else 0):
        middle = (low + high) / 2
        beyond = holds(rows, middle) == rising
        low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
    edges = np.round((low + high) / 2, 6)
    found = []
    for k in range(count):
        own = edges[rows == k].tolist()
        begun = [couplings[0]] if seen[k, 0] else []
        ends = [*begun, *own, *([couplings[-1]] if seen[k, -1] else [])]
        found.append([(float(a), float(b)) for a, b in zip(ends[::2], ends[1::2], strict=True)])
    return [found[k : k + len(CORNERS)] for k in range(0, count, len(CORNERS))]


def games_at(
    payoffs: Float[np.ndarray, "games 2 2 2"], couplings: Float[np.ndarray, "games"]
) -> Games:
    """Games with these payoffs under the logistic semantics, each at its coupling, as arrays."""
    return Games(games_over(_built, [(payoffs,), couplings]), len(payoffs))


def _built(payoffs: tuple[RealArray], coupling: RealArray | float) -> ParametricGame:
    return LogisticFamily(NormalFormGame(payoffs[0], player_axis=0), BOUND)(coupling)


def _payoffs(games: Sequence[OrdinalGame]) -> Float[np.ndarray, "games 2 2 2"]:
    return np.stack([game.payoffs for game in games]).astype(float)


def _are_equilibria(
    payoffs: np.ndarray, couplings: np.ndarray, corners: Int[np.ndarray, "games 2"]
) -> np.ndarray:
    """Whether no single player gains by leaving a corner, and no slope points into the box."""
    games = games_at(payoffs, couplings)
    params = tuple(BOUND * corners[:, i].astype(float) for i in (0, 1))
    gains, _, slopes, _ = corner_deviations((games.tree, params), len(games))
    stays = gains <= GAIN_ROUNDING * PAYOFF_RANGE
    return np.all(stays & (slopes * corners >= -GAIN_ROUNDING), axis=1)
