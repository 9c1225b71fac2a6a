"""The checker: whether a certificate proves what it claims.

It believes nothing in the file. It rebuilds the programs of built-in semantics from the exact
numbers of payoffs and couplings, walks through the covers, bounds every piece anew in Arb
arithmetic, and draws the verdict itself. What it relies on is in this folder: `document` (the
file), `builtin` (the programs), `covers` and `leaves` (the pieces), `gain` (their bounds) with
`payoff`, `program`, `primitives`, `tails` and `intervals`. Neither the search that found a proof
nor JAX is among them.
"""

import dataclasses
import math
from pathlib import Path

from flint import ctx

from glasshouse._files import read_bytes
from glasshouse._results import Result
from glasshouse.certificates.builtin import program_of
from glasshouse.certificates.certificate import Certificate, certificate_of, verdict_of
from glasshouse.certificates.covers import Region, pieces
from glasshouse.certificates.document import Document, GainClaim, read_document
from glasshouse.certificates.gain import Gain
from glasshouse.certificates.leaves import down, is_attained, leaf_of
from glasshouse.errors import InputError

MOST_BYTES = 100_000_000
"""Of a certificate file."""


@dataclasses.dataclass(frozen=True, repr=False)
class Verification(Result):
    """What the checker found.

    **Arguments:** `accepted`, whether the file proves everything it claims; `reason`, where it
    does not, the first thing it does not prove; `certificate`, what it claims.
    """

    accepted: bool
    reason: str
    certificate: Certificate


def verify(path: str | Path) -> Verification:
    """Check a certificate file.

    **Raises:** `InputError` when it cannot be read, is no certificate, of another schema, or not
    as it was written.
    """
    try:
        text = read_bytes(path, MOST_BYTES, "certificates are smaller").decode("utf-8-sig")
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    return check(read_document(text, str(path)))


def check(document: Document) -> Verification:
    """Check a certificate that has been read, whatever its digest."""
    certificate = certificate_of(document)
    try:
        for player in range(len(document.proofs)):
            _check_player(document, player)
        claim = document.claim
        if claim.verdict != verdict_of(claim.gains, claim.epsilon):
            raise InputError(f"the bounds do not make the profile {claim.verdict}")
    except InputError as error:
        return Verification(False, str(error), certificate)
    return Verification(True, "", certificate)


def _check_player(document: Document, player: int) -> None:
    """Whether one player's bounds hold, or an `InputError`."""
    problem, claim, proof = document.problem, document.claim.gains[player], document.proofs[player]
    program, region = problem.programs[player].program(), problem.region(player)
    who = f"player {player + 1}"
    if problem.is_builtin and program != program_of(problem, player):
        raise InputError(f"{who}: the program is not that of this semantics")
    for point in (claim.best, claim.witness):
        if not _contains(region, point):
            raise InputError(f"{who}: the deviation {point} is outside the box")
    with ctx.workprec(proof.precision):
        gain = Gain(program, problem.payoffs[player], problem.params[player], problem.is_builtin)
        _check_lower(who, gain, claim)
        leaves = [
            leaf_of(piece, gain.bound(piece)) for piece in pieces(region, proof.cover.split())
        ]
    # Staying gains nothing, so no upper bound is below zero.
    if not claim.upper >= max(0.0, *(leaf.upper for leaf in leaves)):
        raise InputError(f"{who}: the cover does not prove that no gain is above {claim.upper!r}")
    attained = is_attained(leaves, claim.finite, claim.lower)
    if claim.attained not in (None, attained):
        raise InputError(f"{who}: it is not proved whether the best gain is attained")


def _check_lower(who: str, gain: Gain, claim: GainClaim) -> None:
    for point, least in ((claim.best, claim.lower), (claim.witness, claim.finite)):
        if not down(gain.at(point)[0]) >= least:
            raise InputError(f"{who}: the deviation {point} does not gain {least!r}")
        if least < 0:
            raise InputError(f"{who}: a best gain is never below zero, but is said to be {least!r}")
    if not all(map(math.isfinite, claim.witness)):
        raise InputError(f"{who}: the witness {claim.witness} is not finite")


def _contains(region: Region, point: tuple[float, ...]) -> bool:
    return len(point) == len(region) and all(
        low <= x <= high for x, (low, high) in zip(point, region, strict=True)
    )
