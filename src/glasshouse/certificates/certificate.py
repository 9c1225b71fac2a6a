"""What a certificate says, for people and programs."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import wadler_lindig as wl

from glasshouse._foundation.digits import gain_ends
from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.files import MACHINE
from glasshouse._foundation.results import Result, call
from glasshouse.certificates.covers import LEAF
from glasshouse.certificates.document import Claim, Document, FloatsDiffer, GainClaim
from glasshouse.certificates.exact import flattened
from glasshouse.errors import InputError, OutputError

Verdict = Literal["certified", "refuted", "unknown"]


@dataclasses.dataclass(frozen=True, repr=False)
class GainBounds(Result):
    """Rigorous bounds on what one player gains by its best deviation, the others staying put.

    A deviation lists the player's own parameters in order, then the coupling where the claim is
    about an interval of them.

    **Arguments:** `player`, counted from 0; `lower` and `upper`: the best gain lies between, in
    units of payoff; `best`, the deviation that gains at least `lower`, in the limit where it is
    infinite; `attained`, whether some finite deviation gains as much as any, None where that is not
    proved; `witness`, a finite deviation that gains at least `witness_gain` (the profile itself
    and 0 where none is known to gain).
    """

    player: int
    lower: float
    upper: float
    best: tuple[float, ...]
    attained: bool | None
    witness: tuple[float, ...]
    witness_gain: float

    def to_dict(self) -> dict[str, Any]:
        """All fields as plain data; infinite parameters are "inf" and "-inf", as in files."""
        best = [x if math.isfinite(x) else f"{x:g}" for x in self.best]
        return {**super().to_dict(), "best": best}


@dataclasses.dataclass(frozen=True, repr=False)
class Certificate(Evidenced):
    """Whether a profile is an ε-equilibrium in the parameters, proved.

    "certified": no deviation of any player gains more than ε; "refuted": the witness of some
    player does; "unknown": neither was shown, and the bounds are what is known (or they are about
    a program that the semantics, computed in floats, is not: `advice` says so).

    **Arguments:** `verdict`; `epsilon`, in units of payoff; `relative_epsilon`, the same over the
    smallest payoff range of a player; `gains`, one per player; `params`, the profile, for every
    player its parameters in order; `couplings`, None, or the interval for all of which the claim
    holds ("refuted": for some of which it fails); `about`, "the game", or "this program" where
    the semantics is a function, whose traced program is what the proof is about; `method`,
    `detail`; `advice`, what would help where the verdict is unknown.
    """

    verdict: Verdict
    epsilon: float
    relative_epsilon: float
    gains: tuple[GainBounds, ...]
    params: tuple[tuple[float, ...], ...]
    couplings: tuple[float, float] | None
    about: str
    method: str
    detail: str
    advice: str
    document: Document = dataclasses.field(repr=False)

    @property
    def worst(self) -> GainBounds:
        """The player who is known to gain most or, where none is, for whom least is excluded."""
        return max(self.gains, key=lambda gain: (gain.witness_gain, gain.upper))

    def __pdoc__(self, *, depth: int = 0, **settings: Any) -> wl.AbstractDoc:
        if not depth:
            return super().__pdoc__(**settings)
        # Inside other results, what it says; its numbers are a step away.
        said = [("verdict", self.verdict), ("epsilon", self.epsilon), ("couplings", self.couplings)]
        return call("Certificate", said, depth=depth, **settings)

    def write(self, path: str | Path) -> None:
        """Write the certificate with its proof to a JSON file, which `verify` checks.

        **Raises:** `InputError` when the file cannot be written; `OutputError` when the disk has no
        room.
        """
        write_certificate(path, self.document.text())


def write_certificate(path: str | Path, text: str) -> None:
    """Write a certificate's text to a file."""
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        kind = OutputError if error.errno in MACHINE else InputError
        raise kind(f"cannot write {path}: {error}") from error


def verdict_of(
    gains: Sequence[GainClaim], epsilon: float, floats: FloatsDiffer | None = None
) -> Verdict:
    """What follows from bounds on everyone's gains: nothing where floats are another function."""
    if floats is not None:
        return "unknown"
    if all(gain.upper <= epsilon for gain in gains):
        return "certified"
    return "refuted" if any(gain.finite > epsilon for gain in gains) else "unknown"


def certificate_of(document: Document) -> Certificate:
    """What a certificate's file says."""
    claim = document.claim
    gains = tuple(
        GainBounds(i, x.lower, x.upper, x.best, x.attained, x.witness, x.finite)
        for i, x in enumerate(claim.gains)
    )
    payoffs = [list(flattened(own)) for own in document.problem.payoffs]
    smallest = min(max(own) - min(own) for own in payoffs)
    pieces = sum(proof.cover.count(LEAF) for proof in document.proofs)
    bits = max(proof.precision for proof in document.proofs)
    return Certificate(
        verdict=claim.verdict,
        epsilon=claim.epsilon,
        relative_epsilon=claim.epsilon / smallest if smallest else math.inf,
        gains=gains,
        params=document.problem.params,
        couplings=document.problem.couplings,
        about="the game" if document.problem.is_builtin else "this program",
        method="branch and bound in Arb arithmetic",
        detail=f"{pieces} pieces, {bits} bits",
        advice=_advice(gains, claim) if claim.verdict == "unknown" else "",
        document=document,
    )


def _advice(gains: tuple[GainBounds, ...], claim: Claim) -> str:
    worst = max(gains, key=lambda gain: gain.upper)
    if claim.floats is not None:
        return _about_floats(claim.floats)
    improper = sorted({player for gain in claim.gains for player in gain.improper})
    if improper:
        who = " and of ".join(f"player {player + 1}" for player in improper)
        return (
            f"the probabilities of {who} were not shown to be such everywhere in the box, none "
            "negative and all together 1: make the semantics return probabilities for all "
            "parameters, or raise the budget"
        )
    if math.isinf(worst.upper):
        return (
            "the program was not shown to have values everywhere in the box: make the semantics "
            "return probabilities for all parameters, or raise the budget"
        )
    low, high = gain_ends(worst.lower, worst.upper)
    return (
        f"player {worst.player + 1} may gain up to {high} and surely gains {low}: a larger budget "
        f"narrows this, and an epsilon of at least {high} is certified at once"
    )


def _about_floats(found: FloatsDiffer) -> str:
    at = ", ".join(f"{x:g}" for x in found.at)
    value = "NaN" if found.computed is None else f"{found.computed:g}"
    return (
        f"the bounds are about the program in real numbers, and where player {found.player + 1} "
        f"moves to {at} floats are not: they give player {found.owner + 1} the probability {value} "
        f"of action {found.action}. Write the semantics so that floats lose no more than rounding"
    )
