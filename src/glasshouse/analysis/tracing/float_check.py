"""Whether a semantics computed in floats is the program that was traced from it in real numbers."""

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flint import arb
from jax.extend.core import ClosedJaxpr, Jaxpr

from glasshouse.certificates import intervals as iv
from glasshouse.certificates.certificate import Verdict
from glasshouse.certificates.covers import Region
from glasshouse.certificates.document import FloatsDiffer, GainClaim, Problem
from glasshouse.certificates.payoff import Table, half_range
from glasshouse.certificates.program import Machine, Program
from glasshouse.parametric import Params
from glasshouse.parametric.dense import DenseGame

Point = tuple[float, ...]

POINTS_COMPARED = 32
"""Deviations of each player at which a certified program is compared, spread over the box."""

MOST_CORNERS_COMPARED = 16
"""Of boxes with more corners, none is compared."""

EAGER = 2
"""As many points, the profile first, are computed one by one as well, without a transformation."""

SMALL_BATCH, LARGE_BATCH = 4, 64
"""Points are compared in batches of so many."""

TRIED_BEYOND = 20.0
"""How far beyond the profile deviations are tried where the box has no end."""

PRECISION = 192
"""Bits with which programs are evaluated: more than rounding in floats can hide."""

HALF_OF_THE_DIGITS = {64: 2.0**-26, 32: 2.0**-12, 16: 2.0**-4, 8: 2.0**-4}
"""What floats of that many bits may differ by: who loses more has lost more than rounding."""

PROBABILITY_ROUNDING = 2.0**-36
"""Probabilities that differ by no more than this are the same, whatever ε is."""


def where_floats_differ(
    game: DenseGame,
    params: Params,
    problem: Problem,
    gains: Sequence[GainClaim],
    verdict: Verdict,
    epsilon: float,
) -> FloatsDiffer | None:
    """A deviation where floats give another probability than the program, if one is met.

    They may differ by half the digits of the shortest floats computed with, and by no more than
    what changes a payoff by ε.

    A refutation is compared at the profile and the witnesses that refute; where nothing is
    refuted, at the profile, the best deviations, the corners, and points all over the box.
    """
    for player, gain in enumerate(gains):
        region, profile = problem.region(player), problem.params[player]
        points = [profile]
        if verdict == "refuted":
            points += [gain.witness]
        else:
            points += [gain.best, gain.witness, *_all_over(region, profile)]
        points = list(dict.fromkeys(x for x in points if all(map(math.isfinite, x))))
        scale = 2.0 * len(problem.params) * max(map(_largest, problem.payoffs))
        matters = max(PROBABILITY_ROUNDING, epsilon / scale) if scale > 0 else math.inf
        program = problem.programs[player].program()
        found = _difference(game, params, player, program, points, matters)
        if found is not None:
            return found
    return None


def where_all_differ(game: DenseGame, program: Program, region: Region) -> Point | None:
    """Parameters of everybody at which floats give another probability than a program of them all,
    if some are met at corners and all over the region."""
    params = tuple(jax.tree.map(jnp.zeros_like, box.lower) for box in game.spaces)
    middle = tuple(low + (high - low) / 2 for low, high in region)
    points = [middle, *_all_over(region, middle)]
    found = _compared(game, params, tuple, program, points, PROBABILITY_ROUNDING)
    return None if found is None else found[0]


def _difference(
    game: DenseGame,
    params: Params,
    player: int,
    program: Program,
    points: Sequence[Point],
    matters: float,
) -> FloatsDiffer | None:
    def placed(moved: Any) -> Params:
        return (*params[:player], moved, *params[player + 1 :])

    found = _compared(game, params[player], placed, program, points, matters)
    if found is None:
        return None
    at, owner, action, value = found
    return FloatsDiffer(player=player, at=at, owner=owner, action=action, computed=value)


def _compared(
    game: DenseGame,
    like: Any,
    placed: Callable[[Any], Params],
    program: Program,
    points: Sequence[Point],
    matters: float,
) -> tuple[Point, int, int, float | None] | None:
    """The first point at which floats differ, whose probability of which action, and what floats
    gave; `placed` makes everybody's parameters from the inputs, which are `like` a pytree."""
    leaves, structure = jax.tree.flatten(like)
    ends = np.cumsum([leaf.size for leaf in leaves])[:-1]

    def behaviours(own: jax.Array) -> list[jax.Array]:
        parts = jnp.split(own, ends)
        shaped = [part.reshape(leaf.shape) for part, leaf in zip(parts, leaves, strict=True)]
        product = game.behaviours(placed(jax.tree.unflatten(structure, shaped)))
        return [jnp.asarray(product[j]) for j in range(len(game.spaces))]

    # Of two sizes only, so that JAX compiles each operation no more than twice.
    size = (
        SMALL_BATCH if len(points) <= SMALL_BATCH else -(-len(points) // LARGE_BATCH) * LARGE_BATCH
    )
    padded = [*points, *[points[0]] * (size - len(points))]
    at = jnp.asarray(np.reshape(padded, (size, -1)), jnp.float64)
    computed = [np.array(x, np.float64) for x in jax.vmap(behaviours)(at)]
    for k in range(min(len(points), EAGER)):  # and as it plays where nobody traces it
        for owner, own in enumerate(behaviours(at[k])):
            computed[owner][k] = np.asarray(own, np.float64)
    allowed = arb(min(_allowed(behaviours, at[0]), matters))
    with iv.precision(PRECISION):
        machine = Machine(program)
        for k, point in enumerate(points):
            values = machine.held([iv.point(x) for x in point])
            if not machine.is_defined(values):
                continue  # which the bounds say
            for owner, own in enumerate(machine.outputs(values)):
                for action, (low, high) in enumerate(own):
                    number = float(computed[owner][k, action])
                    if not low - allowed <= number <= high + allowed:
                        value = None if math.isnan(number) else number
                        return point, owner, action, value
    return None


def _allowed(function: Callable, at: jax.Array) -> float:
    """What the shortest floats in a computation may differ by."""
    bits = {jnp.finfo(dtype).bits for dtype in _dtypes(jax.make_jaxpr(function)(at))}
    return HALF_OF_THE_DIGITS[min(bits, default=64)]


def _largest(payoffs: Table) -> float:
    """The size of the largest payoff, counted from the middle of them all."""
    return float(half_range(payoffs))


def _dtypes(computation: Any) -> Iterator[Any]:
    """Of all floats that a computation computes, in functions inside as well."""
    if isinstance(computation, ClosedJaxpr):
        computation = computation.jaxpr
    if isinstance(computation, tuple | list):
        for inner in computation:
            yield from _dtypes(inner)
    if not isinstance(computation, Jaxpr):
        return
    for equation in computation.eqns:
        for variable in equation.outvars:
            dtype = getattr(variable.aval, "dtype", None)
            if dtype is not None and jnp.issubdtype(dtype, jnp.floating):
                yield dtype
        yield from _dtypes(list(equation.params.values()))


def _all_over(region: Region, profile: Sequence[float]) -> Iterator[tuple[float, ...]]:
    """Corners of a region, and points spread over it evenly: fractions of irrational numbers."""
    ends = [
        (
            low if math.isfinite(low) else min(x, high) - TRIED_BEYOND,
            high if math.isfinite(high) else max(x, low) + TRIED_BEYOND,
        )
        for (low, high), x in zip(region, profile, strict=True)
    ]
    if 2 ** len(ends) <= MOST_CORNERS_COMPARED:
        yield from itertools.product(*ends)
    # The root of x^(d + 1) = x + 1, by whose powers points of d numbers are spread most evenly.
    root = functools.reduce(lambda x, _: (1 + x) ** (1 / (len(ends) + 1)), range(64), 2.0)
    for k in range(1, POINTS_COMPARED + 1):
        shares = (math.modf(0.5 + k * root ** -(d + 1))[0] for d in range(len(ends)))
        yield tuple(
            min(max(low + (high - low) * share, low), high)
            for share, (low, high) in zip(shares, ends, strict=True)
        )
