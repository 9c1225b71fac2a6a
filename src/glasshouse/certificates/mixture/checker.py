"""The checker of mixtures' certificates, which believes nothing in them.

It rebuilds the programs of built-in semantics from the exact numbers, walks through the covers,
bounds every piece anew in Arb arithmetic, and draws the verdict itself. Neither the search that
found the mixture nor the one that found the proof is used, nor JAX.
"""

from glasshouse.certificates import intervals as iv
from glasshouse.certificates.covers import pieces
from glasshouse.certificates.leaves import down, improper_players, leaf_of, up
from glasshouse.certificates.mixture.certificate import mixture_certificate, mixture_verdict
from glasshouse.certificates.mixture.document import MixtureDocument, MixtureFloats, is_inside
from glasshouse.certificates.mixture.facing import gain_against
from glasshouse.certificates.program import Machine
from glasshouse.certificates.verification import Verification
from glasshouse.errors import InputError


def check_mixture(document: MixtureDocument) -> Verification:
    """Check a certificate of a mixture that has been read, whatever its digest."""
    certificate = mixture_certificate(document)
    try:
        for player in range(len(document.proofs)):
            _check_gain(document, player)
        claim = document.claim
        if claim.floats is not None:
            _check_difference(document, claim.floats)
        if claim.verdict != mixture_verdict(claim.gains, claim.epsilon, claim.floats):
            raise InputError(f"the bounds do not make the mixture {claim.verdict}")
    except InputError as error:
        return Verification(False, True, str(error), certificate)
    return Verification(True, True, "", certificate)


def _check_gain(document: MixtureDocument, player: int) -> None:
    """Whether one player's bounds hold, or an `InputError`."""
    problem, proof = document.problem, document.proofs[player]
    claim, who = document.claim.gains[player], f"player {player + 1}"
    with iv.precision(proof.precision):
        gain = gain_against(problem, player)
        low, high = gain.payoff
        if not claim.payoff[0] <= down(low) or not up(high) <= claim.payoff[1]:
            raise InputError(f"{who}: it is not proved that the mixture pays {claim.payoff}")
        # Some atom gains nothing or more: no best gain is below zero, and zero needs no witness.
        if claim.lower > 0:
            if not down(gain.at(claim.best)[0]) >= claim.lower:
                raise InputError(f"{who}: the deviation {claim.best} does not gain {claim.lower!r}")
        elif claim.best != problem.atoms[player][0]:
            raise InputError(f"{who}: where nothing gains, the first atom stands for a deviation")
        cover = pieces(problem.region(player), proof.cover.split())
        leaves = [leaf_of(piece, gain.bound(piece)) for piece in cover]
    if claim.improper != improper_players(leaves):
        raise InputError(f"{who}: it is not so whose probabilities are not shown to be such")
    if not claim.upper >= max(0.0, *(leaf.upper for leaf in leaves)):
        raise InputError(f"{who}: the cover does not prove that no gain is above {claim.upper!r}")


def _check_difference(document: MixtureDocument, found: MixtureFloats) -> None:
    """Whether the program gives another number there than floats are said to."""
    problem, point = document.problem, found.point
    fits = not problem.is_builtin and max(point.player, point.owner) < len(problem.actions)
    fits = fits and point.action < problem.actions[point.owner]
    fits = fits and found.against < problem.profiles(point.player)
    if not fits or not is_inside(point.at, problem.region(point.player)):
        raise InputError("floats are said to differ where there is nothing")
    with iv.precision(document.proofs[point.player].precision):
        machine = Machine(problem.programs_of(point.player)[found.against])
        low, high = machine.values([iv.point(x) for x in point.at])[point.owner][point.action]
        if point.computed is not None and low <= point.computed <= high:
            raise InputError("floats are said to differ where they do not")
