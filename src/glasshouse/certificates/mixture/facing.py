"""What a player faces: the gain against the mixture of all others, from the problem's numbers."""

from flint import arb

from glasshouse.certificates.mixture.document import MixtureProblem
from glasshouse.certificates.mixture.gain import MixtureGain


def gain_against(problem: MixtureProblem, player: int) -> MixtureGain:
    """One player's gain against the mixture of the others, at the working precision."""
    weights = [[arb(x) for x in own] for own in problem.weights]
    shares = [[x / sum(own, start=arb(0)) for x in own] for own in weights]
    against = []
    for chosen in problem.others(player):
        share = arb(1)
        for j, k in enumerate(chosen):
            share *= 1 if j == player else shares[j][k]
        against.append(share)
    return MixtureGain(
        problem.programs_of(player),
        against,
        problem.payoffs[player],
        problem.atoms[player],
        shares[player],
        problem.is_builtin,
    )
