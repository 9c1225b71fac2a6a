"""What a player could gain by changing its parameters alone."""

import dataclasses
import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, PyTree

from glasshouse._foundation.arrays import RealArray, as_floats
from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import (
    Numbers,
    Whole,
    number,
    number_array,
    player_number,
    whole,
)
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.random import Seed
from glasshouse.analysis.equilibrium.ascent import search
from glasshouse.analysis.equilibrium.reduction import reduction
from glasshouse.analysis.movement.first_order import cooperation
from glasshouse.channels.box import Box
from glasshouse.dynamics.batch import batch_map, repeat, stack
from glasshouse.dynamics.doors import MOST_STEPS, check_params
from glasshouse.errors import InputError
from glasshouse.games.base import Product
from glasshouse.parametric import Params, require_exact
from glasshouse.parametric.capabilities import listed, require_smooth
from glasshouse.parametric.dense import DenseGame
from glasshouse.rules.residual import relative_gradient

GRID = 1025
"""Points at which a one-parameter deviation's derivative is evaluated before refinement."""

ADAPTATIONS = 4
"""How often the grid is moved to where behaviour changes; each time it resolves 1000 times more."""

PEAKS = 16
"""Of that grid's cells in which the payoff peaks, so many with the highest ends are refined."""

RESOLUTION = (
    f"payoff and derivative at {GRID} points, denser where behaviour changes; "
    "maxima refined by bisection"
)

TOO_SATURATED = (
    "behaviour saturates so far at the upper bounds that gradients vanish in rounding, and the "
    "slope there cannot be told: lower the bound"
)
NO_GAINS = "the payoffs of some deviations are not finite: check the semantics for NaN"

NEEDED = ("dense", "scales", "observables")
"""What the boundary test needs of a game."""

GAIN_ROUNDING = 1e-13
"""Gains and slopes below this share of their scale count as zero: they are rounding."""


@dataclasses.dataclass(frozen=True, repr=False)
class Deviation(Evidenced):
    """The best deviation found for one player, everybody else staying put.

    **Arguments:** `player`, counted from 0; `gain`, payoff at `best` minus payoff now, at least 0;
    `best`, the deviating parameters; `method`, "numerical": with one parameter local maxima seen on
    a grid, refined to rounding, with more a search and so a lower bound; `detail`, resolution or
    starts.
    """

    player: int
    gain: float
    best: PyTree
    method: str
    detail: str


@dataclasses.dataclass(frozen=True, repr=False)
class BoundaryTest(Evidenced):
    """Whether the cooperative corner, all parameters at their upper bounds, is an equilibrium.

    **Arguments:** `passes`: the corner is cooperative, no gain above `tolerance` of a player's
    payoff range was found, and no gradient points into the box; `cooperative`: every player
    cooperates more there than where all parameters are at their lower bounds; `deviations`, one
    per player; `slopes`, each player's gradient at the corner relative to what it could be, in
    [-1, 1]; `method`, `detail` as in `Deviation`. `passes` is None where it cannot be told, for the
    `reason` given.
    """

    passes: bool | None
    cooperative: bool
    deviations: tuple[Deviation, ...]
    slopes: tuple[float, ...]
    tolerance: float
    method: str
    detail: str
    reason: str = ""


@in_float64
def best_deviation(
    game: DenseGame,
    params: Params,
    player: Whole,
    *,
    starts: Whole = 64,
    steps: Whole = 1000,
    key: Seed | None = None,
) -> Deviation:
    """The best deviation of one player from `params`.

    With one parameter: the zeros of ∂U_i/∂θ_i from + to - between neighbouring points of a grid
    over the box are refined by bisection and compared with the grid; payoffs are then exact to
    rounding (1e-12 of the payoff range), unless a maximum rises and falls between two points. The
    points are denser where behaviour changes.
    With more parameters: projected gradient ascent from random starts, a lower bound on the best
    gain.

    **Arguments:** `player`, counted from 0; for the search only: `starts`, `steps` and `key`, a
    whole-number seed (0 unless given) or a JAX key, whose words are the seed.
    **Raises:** `InputError` when the player's box is unbounded, there is no such player, or
    `params` do not fit the boxes.

        import glasshouse as gh

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        found = gh.best_deviation(family(0.6), (3.0, 3.0), player=0)
        print(round(found.gain, 6))  # 0.684419
    """
    player = _checked_player(game, player)
    starts, steps = whole(starts, "starts"), whole(steps, "steps", most=MOST_STEPS)
    params = check_params(game, params)
    if _parameters(game.spaces[player]) == 1:
        gains, best = batch_map(_one_dimensional, stack([(game, params, np.asarray(player))]))
        found = _as_parameter(best[0], params[player])
        return Deviation(player, float(gains[0]), found, "numerical", RESOLUTION)
    if _parameters(game.spaces[player]) == 0:
        return Deviation(
            player, 0.0, params[player], "closed form", "there is no parameter to change"
        )
    require_exact(game, "a search for deviations", "scales", "checks")
    gain, best = search(game, params, player, starts, steps, 0 if key is None else key)
    if not math.isfinite(gain):
        raise InputError(
            f"the gain of player {player + 1} is {gain}: the payoff has no value at some deviation "
            "searched, so check the semantics"
        )
    detail = f"gradient ascent from {starts} random starts, {steps} steps"
    return Deviation(player, gain, best, "numerical", detail)


@in_float64
def deviation_curve(
    game: DenseGame, params: Params, player: Whole, deviations: Numbers
) -> Float[np.ndarray, "points"]:
    """Payoff of `player` at each of its own one-parameter `deviations`, the others staying put.

    **Arguments:** `deviations`, shape `(points,)`, inside the box.
    **Raises:** `InputError` for other deviations, or a player with other than one parameter.
    """
    player = _checked_player(game, player)
    params = check_params(game, params)
    box = game.spaces[player]
    if _parameters(box) != 1:
        raise InputError(
            f"player {player + 1} has {_parameters(box)} parameters; a curve needs one"
        )
    points = np.asarray(number_array(deviations, "deviations", shapes=None))
    low, high = (jax.tree.leaves(bound)[0] for bound in (box.lower, box.upper))
    if points.ndim != 1 or not points.size or not np.all((points >= low) & (points <= high)):
        raise InputError(f"deviations must be a list of numbers in the box [{low:g}, {high:g}]")
    return batch_map(_payoff_at, points, game, params, np.asarray(player))


@in_float64
def boundary_test(game: DenseGame, tolerance: Numbers = GAIN_ROUNDING) -> BoundaryTest:
    """The one-dimensional boundary test of the cooperative corner.

    Definition: with all parameters at their upper bounds M, max over t in the box of U_i(t, M)
    equals U_i(M, M) for every player i. Gains near a saturated corner can be positive and below
    any tolerance, so the slope at the corner is tested too, relative to its scale.

    Of several parameters it is the corner where w·θ is largest, under the linear semantics and full
    access: there only that number matters, which `detail` then says.

    **Arguments:** `game`, whose players have one bounded parameter each; `tolerance`, relative
    to the payoff range.
    **Raises:** `InputError` when a player has several parameters that are not proved to matter
    through one number, or an unbounded box, or behaviour saturates so far that slopes vanish in
    rounding.
    **Source:** the boundary test of Todorov, ten Napel & Müller 2026, arXiv:2606.27068, without
    its restriction to two players.

        import glasshouse as gh

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        print([gh.boundary_test(family(k)).passes for k in (0.8, 0.9)])  # [False, True]
    """
    (found,) = boundary_tests([game], tolerance)
    if found.passes is None:
        raise InputError(found.reason)
    return found


@in_float64
def boundary_tests(
    games: Sequence[DenseGame], tolerance: Numbers = GAIN_ROUNDING
) -> list[BoundaryTest]:
    """The boundary test of each of several games alike in structure, computed together.

    **Arguments and Raises:** as in `boundary_test`, except that a game whose test cannot be
    decided does not keep the others from theirs: its `passes` is None, and `reason` says why.
    """
    games = listed(games, "the boundary test")
    tolerance = number(tolerance, "tolerance", least=0.0)
    only = [reduction(games[0])]
    if only[0].direction is not None:
        only += [reduction(game) for game in games[1:]]
        games = [one.game for one in only]
    detail = RESOLUTION + only[0].detail
    batch = stack(list(zip(games, map(upper_corner, games), strict=True)))
    gains, best, slopes, cooperates = corner_deviations(batch, len(games))
    ranges = np.stack([np.asarray(game.game.payoff_ranges) for game in games])
    no_gain = np.all(gains <= tolerance * ranges, axis=1)
    saturated = no_gain & ~np.all(np.isfinite(slopes), axis=1)
    unknown = np.where(
        saturated, TOO_SATURATED, np.where(np.isfinite(gains).all(axis=1), "", NO_GAINS)
    )
    passes = no_gain & np.all(slopes >= -tolerance, axis=1)
    cooperative = np.all(cooperates > 0, axis=1)

    def restored(k: int, t: float) -> PyTree:
        return only[k if only[0].direction is not None else 0].restored(float(t))

    def named(k: int) -> BoundaryTest:
        deviations = tuple(
            Deviation(i, float(gains[k, i]), restored(k, best[k, i]), "numerical", detail)
            for i in range(gains.shape[1])
        )
        return BoundaryTest(
            passes=None if unknown[k] else bool(passes[k] and cooperative[k]),
            cooperative=bool(cooperative[k]),
            deviations=deviations,
            slopes=tuple(map(float, slopes[k])),
            tolerance=tolerance,
            method="numerical",
            detail=detail,
            reason=str(unknown[k]),
        )

    return [named(k) for k in range(len(games))]


def upper_corner(game: DenseGame) -> Params:
    """All parameters at their upper bounds: the cooperative corner of two-action games."""
    spaces = require_exact(game, "the boundary test", *NEEDED).spaces
    require_smooth(game, "the boundary test")
    for i, box in enumerate(spaces):
        _check_bounded(i, box)
        if _parameters(box) != 1:
            raise InputError(
                f"player {i + 1} has {_parameters(box)} parameters: the boundary test needs one "
                "each, or the linear semantics under full access; of several parameters points are "
                "judged one by one"
            )
    return tuple(box.upper for box in spaces)


def corner_deviations(
    batch: tuple[DenseGame, Params], count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Gains, best deviations, slopes, and how much more all cooperate; `(games, players)` each: of
    so many games and a corner of each, stacked."""
    players = len(batch[1])
    # Who deviates is a number in the batch, so that one compilation serves all players.
    each = (*repeat(batch, players), np.tile(np.arange(players), count))
    found = batch_map(_one_dimensional, each)
    gains, best = (values.reshape(count, players) for values in found)
    return gains, best, *batch_map(_at_corner, batch)


def _behaviours_at(
    t: RealArray, game: DenseGame, params: Params, player: int | RealArray
) -> Product:
    return game.behaviours(tuple(_moved(own, t, player == i) for i, own in enumerate(params)))


def _moved(own: PyTree, t: RealArray, deviates: bool | RealArray) -> PyTree:
    """A player's parameters, `t` in place of its only one where this is who deviates."""
    if sum(jnp.size(x) for x in jax.tree.leaves(own)) != 1:
        return own
    return jax.tree.map(lambda new, old: jnp.where(deviates, new, old), _as_parameter(t, own), own)


def _payoff_at(t: RealArray, game: DenseGame, params: Params, player: int | RealArray) -> RealArray:
    return _centred_at(t, game, params, player) + jnp.asarray(game.midpoints)[player]


def _centred_at(
    t: RealArray, game: DenseGame, params: Params, player: int | RealArray
) -> RealArray:
    """The payoff without what all of the player's have in common, which would cost digits."""
    return game.centred.payoff(player, _behaviours_at(t, game, params, player))


def _as_parameter(t: ArrayLike, own: PyTree) -> PyTree:
    """The number `t` in the structure of a player's only parameter."""
    return jax.tree.map(lambda x: jnp.reshape(t, jnp.shape(x)), own)


def _one_dimensional(member: tuple[DenseGame, Params, Array]) -> tuple[Array, Array]:
    """The best gain and the parameter that brings it, for a player with one parameter."""
    game, params, player = member
    lowest, highest = (tuple(getattr(b, end) for b in game.spaces) for end in ("lower", "upper"))
    now, low, high = (_first_numbers(profile)[player] for profile in (params, lowest, highest))
    payoff = jax.vmap(lambda t: _centred_at(t, game, params, player))
    slope = jax.vmap(jax.grad(lambda t: _centred_at(t, game, params, player)))

    grid = low + (high - low) * jnp.linspace(0.0, 1.0, GRID)
    grid = jax.lax.fori_loop(
        0,
        ADAPTATIONS,
        lambda _, points: _denser_where_behaviour_changes(points, game, params, player),
        grid,
    )
    slopes, payoffs = slope(grid), payoff(grid)
    peaks = (slopes[:-1] > 0) & (slopes[1:] <= 0)

    def halve(_, bracket):
        left, right = bracket
        middle = 0.5 * (left + right)
        rising = slope(middle) > 0
        return jnp.where(rising, middle, left), jnp.where(rising, right, middle)

    heights = jnp.where(peaks, jnp.maximum(payoffs[:-1], payoffs[1:]), -jnp.inf)
    heights, peaks_at = jax.lax.top_k(heights, PEAKS)
    left, right = jax.lax.fori_loop(0, 60, halve, (grid[peaks_at], grid[peaks_at + 1]))
    refined = jnp.where(jnp.isfinite(heights), 0.5 * (left + right), low)

    candidates = jnp.concatenate([jnp.stack([now, low, high, grid[jnp.argmax(payoffs)]]), refined])
    values = payoff(candidates)
    best = jnp.argmax(values)
    return values[best] - values[0], candidates[best]


def _first_numbers(profile: Params) -> Array:
    """Each player's first number, which is its only one where it has one parameter."""
    return jnp.stack([jnp.ravel(jax.tree.leaves(own)[0])[0] for own in profile])


def _denser_where_behaviour_changes(
    grid: Array, game: DenseGame, params: Params, player: Array
) -> Array:
    """As many points, half of them spread by how much everyone's behaviour changes between them."""

    def all_probabilities(t: Array) -> Array:
        behaviours = _behaviours_at(t, game, params, player)
        return jnp.concatenate([behaviours[i] for i in range(len(params))])

    change = jnp.abs(jnp.diff(jax.vmap(all_probabilities)(grid), axis=0)).sum(axis=1)
    even = jnp.diff(grid) / (grid[-1] - grid[0])
    weights = even + jnp.where(change.sum() > 0, change / change.sum(), even)
    reached = jnp.concatenate([jnp.zeros(1), jnp.cumsum(weights)])
    return jnp.interp(jnp.linspace(0.0, reached[-1], len(grid)), reached, grid)


def _at_corner(
    member: tuple[DenseGame, Params],
) -> tuple[Float[RealArray, "players"], Float[RealArray, "players"]]:
    """Relative slopes at `params`, and by how much all cooperate more than at the lower bounds."""
    game, params = member
    slopes = jax.tree.map(
        relative_gradient, game.selfish_gradients(params), game.gradient_scales(params)
    )
    lowest = as_floats(tuple(box.lower for box in game.spaces))
    more = cooperation(game, params) - cooperation(game, lowest)
    return jnp.stack([jnp.reshape(x, ()) for x in jax.tree.leaves(slopes)]), more


def _parameters(box: Box) -> int:
    return sum(np.size(x) for x in jax.tree.leaves(box.lower))


def _checked_player(game: DenseGame, player: Whole) -> int:
    spaces = require_exact(game, "a deviation", "dense").spaces
    number = player_number(player, len(spaces))
    _check_bounded(number, spaces[number])
    return number


def _check_bounded(player: int, box: Box) -> None:
    bounds = jax.tree.leaves((box.lower, box.upper))
    if not all(np.all(np.isfinite(x)) for x in bounds):
        raise InputError(
            f"player {player + 1} has an unbounded box: deviations need finite bounds; "
            "set the semantics' bound; certificates bound deviations to infinity, too"
        )
