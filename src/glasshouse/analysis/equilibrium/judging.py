"""Whether a profile is an equilibrium, by the best evidence there is: a proof, else a search."""

import itertools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from glasshouse._foundation.arrays import RealArray, as_floats
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.programs import program
from glasshouse.analysis.equilibrium.certification import certify
from glasshouse.analysis.equilibrium.deviations import Deviation, best_deviation
from glasshouse.analysis.movement.first_order import cooperation
from glasshouse.certificates.certificate import Certificate
from glasshouse.errors import InputError
from glasshouse.parametric import AbstractParametricGame, Params
from glasshouse.parametric.dense import DenseGame

SEARCHES, SEARCH_STEPS = 32, 500
"""Of a search over several parameters: from how many starts it ascends, and for how long."""

AT_ONCE = 10
"""Boxes looked at for a refutation whose deviation is known."""


class Judgement(NamedTuple):
    """What is known of a profile.

    **Arguments:** `certificate`, None where the semantics cannot be bounded; `deviations`, the
    best that a search finds for each player where nothing is proved, which proves nothing; `why`
    there is no certificate.
    """

    certificate: Certificate | None
    deviations: tuple[Deviation, ...] = ()
    why: str = ""


def judge(game: DenseGame, params: Params, epsilon: float, budget: int) -> Judgement:
    """Prove or refute that a profile is an ε-equilibrium, or else search for deviations.

    What a search finds is a refutation once its gain is bounded in intervals.

    **Arguments:** `budget`, boxes looked at for each player at most.
    """
    proof, why = None, ""
    try:
        proof = certify(game, params, epsilon, budget=budget)
    except InputError as error:
        why = str(error)
    if proof is not None and proof.verdict != "unknown":
        return Judgement(proof)
    try:
        players = range(len(params))
        found = tuple(
            best_deviation(game, params, i, starts=SEARCHES, steps=SEARCH_STEPS) for i in players
        )
    except InputError as error:
        return Judgement(proof, (), why or str(error))
    if proof is not None and any(deviation.gain > epsilon for deviation in found):
        tried = tuple(deviation.best for deviation in found)
        again = certify(game, params, epsilon, budget=AT_ONCE, deviations=tried)
        if again.verdict == "refuted":
            return Judgement(again)
    return Judgement(proof, found, why)


def cooperative_corner(game: DenseGame) -> Params | None:
    """The corner of the boxes towards which everybody's own cooperation rises from neutral.

    Of one parameter that does not matter where neutral it is the upper bound. None where a box has
    no bounds, where cooperation does not change with some of several parameters, or where somebody
    does not cooperate more at the corner than at the opposite one.
    """
    boxes = [jax.tree.leaves((box.lower, box.upper)) for box in game.spaces]
    ends = itertools.chain.from_iterable(boxes)
    if not all(np.isfinite(np.asarray(x)).all() for x in ends):
        return None
    rises = _rises(game)
    each = [np.concatenate([np.ravel(x) for x in jax.tree.leaves(own)]) for own in rises]
    # With one parameter there are two corners only, which are compared whatever the slope.
    if not all(len(x) == 1 or (np.isfinite(x).all() and (x != 0).all()) for x in each):
        return None

    def towards(sign: float) -> Params:
        return tuple(
            jax.tree.map(
                lambda x, low, high: np.where((np.asarray(x) < 0) == (sign < 0), high, low),
                own,
                box.lower,
                box.upper,
            )
            for own, box in zip(rises, game.spaces, strict=True)
        )

    corner = towards(1.0)
    more = np.subtract(cooperates(game, corner), cooperates(game, towards(-1.0)))
    return corner if bool(np.all(more > 0)) else None


@in_float64
@program
def _rises(game: DenseGame) -> Params:
    """The derivative of everybody's cooperation in its own parameters where all are neutral."""
    start = jax.tree.map(jnp.asarray, game.neutral())

    def own(i: int) -> PyTree:
        def probability(params: PyTree) -> RealArray:
            return cooperation(game, (*start[:i], params, *start[i + 1 :]))[i]

        return jax.grad(probability)(start[i])

    return tuple(own(i) for i in range(len(start)))


@in_float64
def cooperates(game: DenseGame, params: Params) -> tuple[float, ...]:
    """Everybody's probability of action 0."""
    return tuple(map(float, np.asarray(_cooperation(game, as_floats(params)))))


@in_float64
def pays(game: AbstractParametricGame, params: Params) -> tuple[float, ...]:
    """What everybody is paid, by one program for each structure of game."""
    return tuple(map(float, np.asarray(_payoffs(game, as_floats(params)))))


_cooperation = program(cooperation)


@program
def _payoffs(game: AbstractParametricGame, params: Params) -> RealArray:
    return game.payoffs(params)


def gains_more(found: tuple[Deviation, ...], epsilon: float) -> Deviation | None:
    """The deviation that a search finds to gain most, where that is more than ε."""
    most = max(found, key=lambda deviation: deviation.gain, default=None)
    return None if most is None or not most.gain > epsilon else most
