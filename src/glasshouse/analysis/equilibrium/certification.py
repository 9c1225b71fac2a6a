"""Proofs that a profile is an ε-equilibrium in the parameters, or that it is none."""

import importlib.metadata
import math
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree

from glasshouse._foundation.numbers import Numbers, Pair, Whole, number, pair, whole
from glasshouse._foundation.precision import in_float64
from glasshouse.analysis.tracing.float_check import where_floats_differ
from glasshouse.analysis.tracing.program import trace
from glasshouse.certificates.builtin import builtin_program
from glasshouse.certificates.certificate import Certificate, Verdict, certificate_of, verdict_of
from glasshouse.certificates.document import (
    AffineNumbers,
    Claim,
    Document,
    GainClaim,
    LogisticNumbers,
    Problem,
    ProgramOnly,
    ProgramText,
    Proof,
    Semantics,
)
from glasshouse.certificates.program import Program
from glasshouse.certificates.search import Bracket, best_gain
from glasshouse.channels.full import Full
from glasshouse.dynamics.doors import check_params
from glasshouse.errors import InputError
from glasshouse.games.normal_form import NormalFormGame, is_normal_form
from glasshouse.parametric import ParametricGame, Params, require_exact
from glasshouse.parametric.capabilities import lacks
from glasshouse.parametric.dense import DenseGame, check_current
from glasshouse.semantics.affine import Affine
from glasshouse.semantics.base import AbstractSemantics
from glasshouse.semantics.logistic import Logistic

BOX_BUDGET = 100_000
"""Boxes looked at for each player before the verdict is "unknown": seconds to a minute."""


@in_float64
def certify(
    game: DenseGame,
    params: Params,
    epsilon: Numbers,
    *,
    width: Numbers | None = None,
    couplings: Pair | None = None,
    budget: Whole = BOX_BUDGET,
    deviations: Params | None = None,
) -> Certificate:
    """Prove that no player can gain more than ε by changing its parameters alone, or refute it.

    Definition: `params` are an ε-equilibrium in the parameters (ε-PPNE) iff for every player i
    sup over θ_i' in its whole box, limits included, of U_i(θ_i', θ_-i) - U_i(θ) is at most ε.

    Found by branch and bound in Arb arithmetic; what is proved, and when a verdict is "unknown", is
    on the page about certificates.

    **Arguments:** `params`, one pytree per player, finite, inside the boxes; `epsilon`, in units of
    payoff; `width`, also narrow each best gain to a bracket of this width; `couplings`, make the
    claim about every factor in this interval by which all couplings (or the weight) are multiplied;
    `budget`, boxes looked at for each player at most; `deviations`, to look at first.
    **Returns:** a `Certificate`; its `write` makes a file for `verify`.
    **Raises:** `InputError` for params outside the boxes, an ε that is negative or not finite, a
    semantics that cannot be bounded (it names the first JAX operation), or couplings for a
    semantics other than logistic or affine.
    **Cost:** milliseconds with one parameter per player; it grows exponentially with how many
    parameters a player has, and with log(1/ε).

        import glasshouse as gh

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        print(gh.certify(family(0.9), (3.0, 3.0), epsilon=0.0).verdict)  # certified
    """
    epsilon, budget = checked_epsilon(epsilon), whole(budget, "budget")
    width = None if width is None else number(width, "width", above=0.0)
    problem, params = posed(game, params, couplings)
    tried = _tried(game, deviations, couplings)
    gains, proofs = [], []
    for player in range(len(params)):
        found = _best_gain(
            problem, player, epsilon=epsilon, width=width, budget=budget, tried=tried[player]
        )
        gains.append(_claimed(found))
        proofs.append(Proof(precision=found.precision, cover=" ".join(found.cover)))
    claim = _claim(game, params, problem, gains, epsilon)
    document = Document(
        glasshouse=importlib.metadata.version("glasshouse"),
        problem=problem,
        claim=claim,
        proofs=tuple(proofs),
    )
    return certificate_of(document.sealed())


@in_float64
def quick_verdict(
    game: DenseGame, params: Params, epsilon: float, couplings: tuple[float, float], budget: int
) -> Verdict:
    """The verdict of `certify`, without a proof: no more is looked at than it takes.

    Players are looked at in turn up to the first who gains, and none beyond what decides.
    """
    problem, params = posed(game, params, couplings)
    certified = True
    for player in range(len(params)):
        found = _best_gain(problem, player, epsilon=epsilon, budget=budget, settle=False)
        if found.finite > epsilon:
            return "refuted"
        certified &= found.upper <= epsilon
    return "certified" if certified else "unknown"


def _tried(
    game: DenseGame, deviations: Params | None, couplings: Pair | None
) -> list[list[tuple[float, ...]]]:
    """Of each player the deviations to look at first."""
    if deviations is None:
        return [[] for _ in game.spaces]
    if couplings is not None:
        raise InputError("deviations are of one game: leave them out where couplings are given")
    return [[_flat(own)] for own in check_params(game, deviations)]


def _best_gain(problem: Problem, player: int, **settings: Any) -> Bracket:
    return best_gain(
        problem.programs[player].program(),
        problem.payoffs[player],
        problem.params[player],
        problem.region(player),
        proper=problem.is_builtin,
        **settings,
    )


def posed(game: DenseGame, params: Params, couplings: Pair | None) -> tuple[Problem, Params]:
    """What is to be proved, and the profile as arrays."""
    base = base_of(game)
    interval = None if couplings is None else _checked_couplings(game, couplings)
    params = check_params(game, params)
    flat = tuple(map(_flat, params))
    if not all(map(math.isfinite, (x for own in flat for x in own))):
        raise InputError("params must be finite: only deviations may go to infinity")
    return _problem(game, base, params, flat, interval), params


def base_of(game: DenseGame) -> NormalFormGame:
    """The payoffs that a certificate is about.

    Exactly of this class and in normal form: of others nothing says that they pay what their
    behaviours say in that table.
    """
    require_exact(game, "a certificate", "dense")
    if type(game) is not ParametricGame:
        raise lacks(game, "dense", "a certificate")
    if not is_normal_form(game.game):
        raise InputError(
            f"a certificate needs a game given by its payoffs, and {type(game.game).__name__} is "
            "not: make a NormalFormGame"
        )
    return game.game


def _logistic_numbers(semantics: Any) -> LogisticNumbers:
    players = len(semantics.actions)
    coupling = _broadcast(semantics.coupling, (players, players)) * (1 - np.eye(players))
    return LogisticNumbers(
        coupling=tuple(map(_floats, coupling)),
        own_weight=_floats(_broadcast(semantics.own_weight, (players,))),
    )


def _affine_numbers(semantics: Any) -> AffineNumbers:
    return AffineNumbers(weight=float(np.asarray(semantics.weight)))


# Looked up by exact class, and closed: whoever checks a certificate rebuilds the program from
# these numbers, and knows no others.
NUMBERS = {Logistic: _logistic_numbers, Affine: _affine_numbers}


def exact_numbers(semantics: AbstractSemantics) -> Semantics:
    """What a certificate says of a semantics: the numbers of a built-in one, else nothing."""
    numbers = NUMBERS.get(type(semantics))
    return ProgramOnly() if numbers is None else numbers(semantics)


def semantics_numbers(game: DenseGame) -> Semantics:
    """The numbers of the semantics where they say all: where everybody sees everything."""
    return exact_numbers(game.semantics) if type(game.channel) is Full else ProgramOnly()


def _problem(
    game: DenseGame,
    base: NormalFormGame,
    params: Params,
    flat: tuple[tuple[float, ...], ...],
    couplings: tuple[float, float] | None,
) -> Problem:
    """What is to be proved, in exact numbers."""
    semantics = semantics_numbers(game)
    check_current(game)

    def program(player: int) -> Program:
        if isinstance(semantics, ProgramOnly):
            return trace(game, params, player)
        return builtin_program(semantics, base.actions, flat, player, couplings is not None)

    return Problem(
        payoffs=np.asarray(base.tensor, dtype=np.float64).tolist(),
        semantics=semantics,
        boxes=tuple(
            tuple(zip(_flat(box.lower), _flat(box.upper), strict=True)) for box in game.spaces
        ),
        params=flat,
        couplings=couplings,
        programs=tuple(ProgramText.of(program(player)) for player in range(len(flat))),
    )


def _claim(
    game: DenseGame,
    params: Params,
    problem: Problem,
    gains: list[GainClaim],
    epsilon: float,
) -> Claim:
    """What follows from everyone's gains, where floats are what the program is."""
    verdict, floats = verdict_of(gains, epsilon), None
    if not problem.is_builtin:
        floats = where_floats_differ(game, params, problem, gains, verdict, epsilon)
    verdict = verdict_of(gains, epsilon, floats)
    return Claim(verdict=verdict, epsilon=epsilon, gains=tuple(gains), floats=floats)


def _claimed(found: Bracket) -> GainClaim:
    return GainClaim(
        lower=found.lower,
        upper=found.upper,
        best=found.best,
        finite=found.finite,
        witness=found.witness,
        attained=found.attained,
        improper=found.improper,
    )


def checked_epsilon(epsilon: Numbers) -> float:
    """An ε as a number, or an `InputError`."""
    try:
        return number(epsilon, "epsilon", least=0.0)
    except InputError as error:
        raise InputError(f"{error}, in units of payoff; 0 asks for an exact equilibrium") from error


def _checked_couplings(game: DenseGame, couplings: Pair) -> tuple[float, float]:
    numbers = semantics_numbers(game)
    if isinstance(numbers, ProgramOnly):
        raise InputError(
            "couplings need the logistic or the affine semantics and full access, not "
            f"{type(game.semantics).__name__} with {type(game.channel).__name__}: certify one game "
            "at a time"
        )
    low, high = pair(couplings, "couplings", equal=True)
    weight = numbers.weight if isinstance(numbers, AffineNumbers) else 0.0
    if not 0 <= low * weight <= high * weight <= 1:
        raise InputError(f"couplings={(low, high)} times the weight {weight:g} must be in [0, 1]")
    return low, high


def _flat(params: PyTree) -> tuple[float, ...]:
    """All numbers of a pytree in order, exactly."""
    leaves = jax.tree.leaves(params)
    return tuple(float(x) for leaf in leaves for x in np.ravel(np.asarray(leaf, np.float64)))


def _broadcast(numbers: object, shape: tuple[int, ...]) -> np.ndarray:
    return np.broadcast_to(np.asarray(numbers, np.float64), shape)


def _floats(numbers: np.ndarray) -> tuple[float, ...]:
    return tuple(map(float, numbers))
