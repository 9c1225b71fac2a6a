"""What a certificate of a mixture says, for people and programs."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import wadler_lindig as wl

from glasshouse._foundation.digits import gain_ends
from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.results import call
from glasshouse.certificates.certificate import GainBounds, Verdict, write_certificate
from glasshouse.certificates.covers import LEAF
from glasshouse.certificates.exact import flattened
from glasshouse.certificates.mixture.document import (
    MixtureClaim,
    MixtureDocument,
    MixtureFloats,
    MixtureGainClaim,
)


@dataclasses.dataclass(frozen=True, repr=False)
class MixtureCertificate(Evidenced):
    """Whether a profile of mixtures over parameters is an ε-equilibrium, proved.

    Definition: every player draws one of its atoms, independently; an ε-equilibrium is where no
    single deviation t of any player i, anywhere in its box, is paid more than ε above what its
    mixture is paid: sup_t Σ_k w_k U_i(t, θ_-i^k) - U_i(mixture) <= ε.

    "certified": no deviation of any player gains more than ε; "refuted": the deviation `best` of
    some player does; "unknown": neither was shown, and the bounds are what is known.

    **Arguments:** `verdict`; `epsilon`, in units of payoff; `relative_epsilon`, the same over the
    smallest payoff range of a player; `gains`, one per player; `payoffs`, for every player two
    numbers between which lies what the mixture pays; `atoms`, for every player its parameters at
    each atom, in order; `weights`, an atom's probability being its weight over their sum; `about`,
    "the game", or "this program" where the semantics is a function, whose traced programs the
    proof is about; `method`, `detail`; `advice`, what would help where the verdict is unknown.
    """

    verdict: Verdict
    epsilon: float
    relative_epsilon: float
    gains: tuple[GainBounds, ...]
    payoffs: tuple[tuple[float, float], ...]
    atoms: tuple[tuple[tuple[float, ...], ...], ...]
    weights: tuple[tuple[float, ...], ...]
    about: str
    method: str
    detail: str
    advice: str
    document: MixtureDocument = dataclasses.field(repr=False)

    @property
    def worst(self) -> GainBounds:
        """The player who is known to gain most or, where none is, for whom least is excluded."""
        return max(self.gains, key=lambda gain: (gain.lower, gain.upper))

    def __pdoc__(self, *, depth: int = 0, **settings) -> wl.AbstractDoc:
        if not depth:
            return super().__pdoc__(**settings)
        said = [("verdict", self.verdict), ("epsilon", self.epsilon)]
        return call("MixtureCertificate", said, depth=depth, **settings)

    def write(self, path: str | Path) -> None:
        """Write the certificate with its proof to a JSON file, which `verify` checks.

        **Raises:** `InputError` when the file cannot be written; `OutputError` when the disk has no
        room.
        """
        write_certificate(path, self.document.text())


def mixture_verdict(
    gains: Sequence[MixtureGainClaim], epsilon: float, floats: MixtureFloats | None = None
) -> Verdict:
    """What follows from bounds on everyone's gains: nothing where floats are another function."""
    if floats is not None:
        return "unknown"
    if all(gain.upper <= epsilon for gain in gains):
        return "certified"
    return "refuted" if any(gain.lower > epsilon for gain in gains) else "unknown"


def mixture_certificate(document: MixtureDocument) -> MixtureCertificate:
    """What the file of a mixture's certificate says."""
    claim, problem = document.claim, document.problem
    # On a bounded box a continuous gain has a maximum; where branches are chosen it may jump.
    programs = (text for own in problem.programs for text in own)
    jumps = any(name == "choice" for text in programs for name, *_ in text.instructions)
    attained = [None if x.improper or jumps else True for x in claim.gains]
    gains = tuple(
        GainBounds(i, x.lower, x.upper, x.best, attained[i], x.best, x.lower)
        for i, x in enumerate(claim.gains)
    )
    payoffs = [list(flattened(own)) for own in problem.payoffs]
    smallest = min(max(own) - min(own) for own in payoffs)
    pieces = sum(proof.cover.count(LEAF) for proof in document.proofs)
    bits = max(proof.precision for proof in document.proofs)
    return MixtureCertificate(
        verdict=claim.verdict,
        epsilon=claim.epsilon,
        relative_epsilon=claim.epsilon / smallest if smallest else math.inf,
        gains=gains,
        payoffs=tuple(x.payoff for x in claim.gains),
        atoms=problem.atoms,
        weights=problem.weights,
        about="the game" if problem.is_builtin else "this program",
        method="branch and bound in Arb arithmetic",
        detail=f"{pieces} pieces, {bits} bits",
        advice=_help(gains, claim) if claim.verdict == "unknown" else "",
        document=document,
    )


def _help(gains: tuple[GainBounds, ...], claim: MixtureClaim) -> str:
    if claim.floats is not None:
        who = f"player {claim.floats.point.player + 1}"
        return (
            "the bounds are about the programs in real numbers, and floats give others for a "
            f"deviation of {who}: write the semantics so that floats lose no more than rounding"
        )
    worst = max(gains, key=lambda gain: gain.upper)
    if math.isinf(worst.upper):
        return (
            "the semantics was not shown to give probabilities everywhere in the box: make it "
            "return some for all parameters, or raise the budget"
        )
    low, high = gain_ends(worst.lower, worst.upper)
    return (
        f"player {worst.player + 1} may gain up to {high} and surely gains {low}: a larger budget "
        f"narrows this, and an epsilon of at least {high} is certified at once"
    )
