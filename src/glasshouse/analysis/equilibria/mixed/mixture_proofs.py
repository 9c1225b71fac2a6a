"""Proofs that a mixture over parameters is an ε-equilibrium, or that it is none."""

import importlib.metadata
import itertools
import math
from collections.abc import Sequence

from glasshouse._foundation.numbers import Numbers, Whole, number_array, whole
from glasshouse._foundation.precision import in_float64
from glasshouse.analysis.equilibrium.certification import (
    BOX_BUDGET,
    checked_epsilon,
    posed,
)
from glasshouse.analysis.tracing.float_check import where_floats_differ
from glasshouse.certificates.document import GainClaim, Problem, ProgramText, Proof
from glasshouse.certificates.mixture.certificate import (
    MixtureCertificate,
    mixture_certificate,
    mixture_verdict,
)
from glasshouse.certificates.mixture.document import (
    MOST_PROFILES,
    WEIGHTS_ADD_UP,
    MixtureClaim,
    MixtureDocument,
    MixtureFloats,
    MixtureGainClaim,
    MixtureProblem,
)
from glasshouse.certificates.mixture.search import MixtureBracket, best_mixture_gain
from glasshouse.errors import InputError
from glasshouse.parametric import Params
from glasshouse.parametric.dense import DenseGame


@in_float64
def certify_mixture(
    game: DenseGame,
    atoms: Sequence[Sequence],
    weights: Sequence[Numbers],
    epsilon: Numbers,
    *,
    budget: Whole = BOX_BUDGET,
) -> MixtureCertificate:
    """Prove that no player can gain more than ε by deviating from a mixture, or refute it.

    Definition: all draw one of their atoms, independently; an ε-equilibrium is where for every
    player i the sup over t in its box of Σ_k w_k U_i(t, θ_-i^k), θ_-i^k the profiles of the others'
    atoms and w_k their probabilities, is at most ε above what the mixture pays i.

    Found by branch and bound in Arb arithmetic, as by `certify`; `verify` checks the file.

    **Arguments:** `atoms`, for every player its atoms, each a pytree of parameters inside its
    bounded box; `weights`, one above zero for each atom, adding up to 1 to 1e-9: the probability is
    the weight over their sum, exactly; `epsilon`, in units of payoff; `budget`, boxes for each
    player at most.
    **Returns:** a `MixtureCertificate`; its `write` makes a file for `verify`.
    **Raises:** `InputError` for atoms outside the boxes or equal ones, weights that do not fit, an
    unbounded box, or a semantics that cannot be bounded.
    **Cost:** that of `certify` times the number of profiles of the others' atoms.

        import glasshouse as gh
        from glasshouse.analysis.equilibria import certify_mixture

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        own, shares = (3.0, -2.396600676), (0.5688008725, 0.4311991275)
        print(certify_mixture(family(0.7), (own, own), (shares, shares), 1e-6).verdict)  # certified
    """
    epsilon, budget = checked_epsilon(epsilon), whole(budget, "budget")
    players = len(game.spaces)
    shares = _checked_weights(atoms, weights, players)
    profiles = list(itertools.product(*atoms))
    posed_at = [posed(game, tuple(profile), None) for profile in profiles]
    problem = _mixed(posed_at, [len(own) for own in atoms], shares)
    found = [best_mixture_gain(problem, i, epsilon=epsilon, budget=budget) for i in range(players)]
    claims = tuple(map(_claimed, found))
    verdict, floats = mixture_verdict(claims, epsilon), None
    if not problem.is_builtin:
        floats = _where_floats_differ(game, posed_at, problem, claims, epsilon)
    verdict = mixture_verdict(claims, epsilon, floats)
    document = MixtureDocument(
        glasshouse=importlib.metadata.version("glasshouse"),
        problem=problem,
        claim=MixtureClaim(verdict=verdict, epsilon=epsilon, gains=claims, floats=floats),
        proofs=tuple(Proof(precision=x.precision, cover=" ".join(x.cover)) for x in found),
    )
    return mixture_certificate(document.sealed())


def _checked_weights(
    atoms: Sequence[Sequence], weights: Sequence[Numbers], players: int
) -> tuple[tuple[float, ...], ...]:
    if len(atoms) != players or len(weights) != players:
        raise InputError(
            f"atoms and weights must have an entry for each of {players} players, but have "
            f"{len(atoms)} and {len(weights)}"
        )
    shares = []
    for i, (own, given) in enumerate(zip(atoms, weights, strict=True)):
        found = tuple(map(float, number_array(given, f"weights of player {i + 1}", shapes=None)))
        if not found or len(found) != len(own) or not all(0 < x < math.inf for x in found):
            raise InputError(
                f"weights of player {i + 1} must be one above zero for each of its "
                f"{len(own)} atoms, but are {found}"
            )
        if abs(math.fsum(found) - 1) > WEIGHTS_ADD_UP:
            raise InputError(
                f"weights of player {i + 1} add up to {math.fsum(found):.12g}: divide them by it"
            )
        shares.append(found)
    if math.prod(map(len, atoms)) > MOST_PROFILES:
        raise InputError(
            f"these atoms make {math.prod(map(len, atoms))} profiles: at most {MOST_PROFILES} are "
            "taken"
        )
    return tuple(shares)


def _mixed(
    posed_at: list[tuple[Problem, Params]],
    counts: list[int],
    weights: tuple[tuple[float, ...], ...],
) -> MixtureProblem:
    """What is to be proved of a mixture, from what would be of each profile of atoms."""
    first = posed_at[0][0]
    places = {k: p for p, k in enumerate(itertools.product(*map(range, counts)))}
    atoms = []
    for i, count in enumerate(counts):
        at = [places[tuple(k if j == i else 0 for j in range(len(counts)))] for k in range(count)]
        atoms.append(tuple(posed_at[p][0].params[i] for p in at))
        if len(set(atoms[i])) < count:
            raise InputError(f"the atoms of player {i + 1} must differ, but are {atoms[i]}")
    for i, box in enumerate(first.boxes):
        if not all(math.isfinite(end) for pair in box for end in pair):
            raise InputError(
                f"player {i + 1} has an unbounded box: mixtures need finite bounds; set the "
                "semantics' bound"
            )
    programs: tuple[tuple[ProgramText, ...], ...] = ()
    if not first.is_builtin:
        programs = tuple(
            tuple(posed_at[p][0].programs[i] for k, p in places.items() if k[i] == 0)
            for i in range(len(counts))
        )
    return MixtureProblem(
        payoffs=first.payoffs,
        semantics=first.semantics,
        boxes=first.boxes,
        atoms=tuple(atoms),
        weights=weights,
        programs=programs,
    )


def _claimed(found: MixtureBracket) -> MixtureGainClaim:
    if not all(map(math.isfinite, found.payoff)):
        raise InputError(
            "the semantics was not shown to give probabilities at every profile of atoms: make it "
            "return some for all parameters"
        )
    return MixtureGainClaim(
        payoff=found.payoff,
        lower=found.lower,
        upper=found.upper,
        best=found.best,
        improper=found.improper,
    )


def _where_floats_differ(
    game: DenseGame,
    posed_at: list[tuple[Problem, Params]],
    problem: MixtureProblem,
    claims: Sequence[MixtureGainClaim],
    epsilon: float,
) -> MixtureFloats | None:
    """A deviation where floats give another probability than the program, if one is met."""
    gains = [
        GainClaim(
            lower=x.lower, upper=x.upper, best=x.best, finite=x.lower, witness=x.best, attained=None
        )
        for x in claims
    ]
    verdict = mixture_verdict(claims, epsilon)
    counts = [len(own) for own in problem.atoms]
    chosen = itertools.product(*map(range, counts))
    for numbers, (at, params) in zip(chosen, posed_at, strict=True):
        found = where_floats_differ(game, params, at, gains, verdict, epsilon)
        if found is not None:
            others = tuple(0 if j == found.player else k for j, k in enumerate(numbers))
            return MixtureFloats(
                against=list(problem.others(found.player)).index(others), point=found
            )
    return None
