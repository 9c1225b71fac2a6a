"""All equilibria in words: how many, which, mixed ones, and where rest points come and go."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import jax
import numpy as np

from glasshouse._foundation.digits import exactly
from glasshouse.analysis.continuation import Branches, SpecialPoint
from glasshouse.analysis.equilibria.survey import Survey
from glasshouse.games.labels import player_word
from glasshouse.parametric import Params
from glasshouse.study.words.names import axis_name, in_words_and
from glasshouse.study.words.verdicts import equilibrium, point_words

if TYPE_CHECKING:
    from glasshouse.analysis.equilibria.existence import Existence
    from glasshouse.analysis.equilibria.mixed.mixtures import Mixture
    from glasshouse.analysis.equilibria.points import Equilibria, EquilibriumPoint

MOST_EQUILIBRIA_NAMED = 6
"""Equilibria listed in a sentence."""

TURNING = ("fold", "pitchfork", "transcritical", "branch point", "Hopf")
"""Special points worth a sentence; branches meet bounds in every second game."""

HOLDS = {True: "holds", False: "fails", None: "undecided"}


def survey_claims(survey: Survey | None, at: str, names: Sequence[str] = ()) -> list[str]:
    """A sentence on how many equilibria there are, and one on a mixed one.

    **Arguments:** `at`, where; `names`, what players are called.
    """
    if survey is None:
        return []
    found = []
    if survey.equilibria is not None:
        said = f"{count_words(survey.equilibria)}{at}"
        follows = "" if survey.existence is None else f"; {existence_words(survey.existence)}"
        found.append(f"Equilibrium, all of them{_how(survey.equilibria)}: {said}{follows}.")
    if survey.mixture is not None:
        found.append(f"Equilibrium, mixed: {mixture_words(survey.mixture, names)}{at}.")
    return found


def _how(found: "Equilibria") -> str:
    if found.count == "exactly":
        return ", proved"
    if found.proof is None:
        return " (numerical in number)"
    return ", not decided"


def count_words(found: "Equilibria") -> str:
    """How many equilibria there are, and which."""
    listed = [f"{params_words(point.params)} ({_kind(point)})" for point in found.points]
    shown = in_words_and([*listed[:MOST_EQUILIBRIA_NAMED], *_more(listed)]) if listed else ""
    if found.count == "exactly":
        if not found.number:
            return "no equilibrium in parameters"
        many = "one equilibrium" if found.number == 1 else f"{found.number} equilibria"
        about = found.proof is not None and found.proof.about != "the game"
        return f"exactly {many} in parameters{' of its program' * about}, {shown}"
    told = "".join(f"; {reason}" for reason in found.reasons)
    if found.continuum:
        few = in_words_and([params_words(x.params) for x in found.continuum[:2]])
        also = f"; beside them {shown}" if shown else ""
        return f"what seems to be a continuum of equilibria, of which {few} are two{also}{told}"
    if not listed and found.proof is not None:
        return f"none was found, and {len(found.left)} pieces of the box are left undecided{told}"
    if not listed:
        return "none was found, which proves nothing"
    if found.proof is not None:
        of_them = f", {found.number} of them alone," if found.number else ""
        return f"{len(listed)} found{of_them} and proved: {shown}; others may exist{told}"
    proved = f", {found.number} of them proved exactly" if found.count == "at least" else ""
    return f"{len(listed)} found{proved}: {shown}; others may have been missed"


def _kind(point: "EquilibriumPoint") -> str:
    attracts = {True: ", attracts", False: ", repels", None: ""}[point.stable]
    return f"{point.kind}{attracts}"


def _more(listed: Sequence[str]) -> list[str]:
    more = len(listed) - MOST_EQUILIBRIA_NAMED
    return [f"{more} more"] if more > 0 else []


def params_words(params: Params, digits: int = 4) -> str:
    """A profile: "(3, -2.737)", everyone's parameters in parentheses where there are several."""
    each = [np.concatenate([np.ravel(x) for x in jax.tree.leaves(own)]) for own in params]
    return f"({', '.join(point_words(own.tolist(), digits) for own in each)})"


def existence_words(found: "Existence") -> str:
    """What theorems say."""
    if found.pure:
        return "a theorem says that one exists, since payoffs are quasi-concave"
    if found.mixed:
        return "a theorem says that one in mixtures exists, none that one in parameters does"
    reasons = {"continuous": "payoffs jump", "compact": "a box is not bounded"}
    failing = [why for name, why in reasons.items() if found[name].holds is False]
    since = f", since {in_words_and(failing)}" if failing else ""
    return f"no theorem says that one exists{since}"


def mixture_words(found: "Mixture", names: Sequence[str] = ()) -> str:
    """What is mixed, and what is proved of it; `names` are what players are called."""
    who = (
        [f"each draws {_drawn(found, 0)}"]
        if found.symmetric
        else [f"{player_word(i, names)} draws {_drawn(found, i)}" for i in range(len(found.atoms))]
    )
    verdict = {
        "certified": f"which is an {equilibrium(found.epsilon)}, proved",
        "refuted": f"which is no {equilibrium(found.epsilon)}",
        "unknown": f"of which it is not decided whether it is an {equilibrium(found.epsilon)}",
    }[found.verdict]
    if all(len(own) == 1 for own in found.weights):
        pure = params_words(tuple(own[0] for own in found.atoms))
        return f"the search ends at one that is not mixed, {pure}, {verdict}; others may exist"
    paid = point_words(found.payoffs, 6)
    return f"{in_words_and(who)}, pays {paid}, {verdict}; others may exist"


def _drawn(found: "Mixture", player: int) -> str:
    atoms, weights = found.atoms[player], found.weights[player]
    return in_words_and(
        [
            f"{params_words((atom,))[1:-1]} with probability {weight:.4g}"
            for atom, weight in zip(atoms, weights, strict=True)
        ]
    )


def branch_claims(followed: Sequence[Branches]) -> list[str]:
    """Where rest points come, go, cross and change along an axis."""
    claims = []
    for found in followed:
        turning = [special for special in found.specials if special.kind in TURNING]
        said = list(dict.fromkeys(map(special_words, turning)))  # mirror images have one value
        named = [*said[:MOST_EQUILIBRIA_NAMED], *_more(said)]
        low, high = found.between
        where = f"{axis_name(found.axis)} {low:g} to {high:g}"
        followed_words = f"{len(found.arms)} arms of rest points were followed along {where}"
        changes = f"; {in_words_and(named)}" if named else "; none folds, crosses or bifurcates"
        if not found.arms:
            followed_words, changes = f"none was found along {where}", ""
        claims.append(f"Rest points (numerical): {followed_words}{changes}.")
    return claims


def special_words(special: SpecialPoint) -> str:
    """ "a fold at 0.593541 ± 1e-10"."""
    return f"a {special.kind} at {special.value:.6g} ± {special.tolerance:.1g}"


def point_epsilon(point: "EquilibriumPoint") -> str:
    """What nobody gains more than at a listed equilibrium, proved."""
    proof = point.certificate
    if proof.verdict != "certified":
        return proof.verdict
    return "proved, ε = 0" if proof.epsilon == 0 else f"proved, ε = {exactly(proof.epsilon)}"
