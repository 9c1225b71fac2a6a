"""The checker: whether a certificate proves what it claims.

It believes nothing in the file. It rebuilds the programs of built-in semantics from the exact
numbers of payoffs and couplings, walks through the covers, bounds every piece anew in Arb
arithmetic, and draws the verdict itself. What it relies on is in this folder: `document` (the
file), `builtin` (the programs), `covers`, `charts` and `leaves` (the pieces), `gain` (their
bounds) with `payoff`, `shares`, `probabilities`, `totals`, `polynomials`, `program`, `primitives`,
`tails` and `intervals`, for mixtures the folder `mixture`, and for counts of equilibria the folder
`count`. Neither the search that found a proof nor JAX is among them.
"""

import math
from collections.abc import Callable
from pathlib import Path

from glasshouse._foundation.files import read_bytes, reason
from glasshouse.certificates import intervals as iv
from glasshouse.certificates.builtin import program_of
from glasshouse.certificates.certificate import certificate_of, verdict_of
from glasshouse.certificates.count.checker import check_count
from glasshouse.certificates.count.document import COUNT_FORMAT, read_count
from glasshouse.certificates.covers import Region, folded_pieces
from glasshouse.certificates.document import (
    FORMAT,
    WITHOUT_LAST,
    Document,
    FloatsDiffer,
    GainClaim,
    read_document,
)
from glasshouse.certificates.files import parsed
from glasshouse.certificates.gain import Gain
from glasshouse.certificates.leaves import down, improper_players, is_attained, leaf_of
from glasshouse.certificates.mixture.checker import check_mixture
from glasshouse.certificates.mixture.document import MIXTURE_FORMAT, read_mixture
from glasshouse.certificates.program import Machine
from glasshouse.certificates.verification import Verification
from glasshouse.errors import InputError

MOST_CERTIFICATE_BYTES = 100_000_000
"""Of a certificate file."""

NOT_READ = (
    "a file of version 1 leaves out every player's last probability: it was taken to be what the "
    "others leave of 1, and not read"
)


def verify(path: str | Path) -> Verification:
    """Check a certificate file.

    **Raises:** `InputError` when it cannot be read, is no certificate, of another schema, or not
    as it was written.

        import tempfile
        from pathlib import Path

        import glasshouse as gh

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "corner.json"
            gh.certify(family(0.9), (3.0, 3.0), epsilon=0.0).write(file)
            print(gh.verify(file).accepted)  # True
    """
    return verified(content_of(path), str(path))


def content_of(path: str | Path) -> bytes:
    """What a file holds, whether or not it is a certificate.

    **Raises:** `InputError` when it cannot be read.
    """
    try:
        return read_bytes(path, MOST_CERTIFICATE_BYTES, "certificates are smaller")
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        why = "it is a folder: give the files in it" if Path(path).is_dir() else reason(error)
        raise InputError(f"cannot read {path}: {why}") from error


def verified(content: bytes, name: str) -> Verification:
    """Check what a file holds; `name` is what the file is called.

    **Raises:** `InputError` when it is no certificate, of another schema, or not as it was written.
    """
    try:
        text = content.decode("utf-8-sig")
    except ValueError as error:
        raise InputError(f"{name} is no certificate, which is text: {error}") from error
    kind = parsed(text, name).get("format")
    checker = CHECKERS.get(kind if isinstance(kind, str) else "", _check_points)
    return checker(text, name)


def _check_points(text: str, name: str) -> Verification:
    return check(read_document(text, name))


def _check_mixtures(text: str, name: str) -> Verification:
    return check_mixture(read_mixture(text, name))


def _check_counts(text: str, name: str) -> Verification:
    return check_count(read_count(text, name))


CHECKERS: dict[str, Callable[[str, str], Verification]] = {
    FORMAT: _check_points,
    MIXTURE_FORMAT: _check_mixtures,
    COUNT_FORMAT: _check_counts,
}
"""Of every kind of certificate, by the format that its file names."""


def check(document: Document) -> Verification:
    """Check a certificate that has been read, whatever its digest."""
    certificate = certificate_of(document)
    try:
        for player in range(len(document.proofs)):
            _check_player(document, player)
        claim = document.claim
        if claim.floats is not None:
            _check_floats(document, claim.floats)
        if claim.verdict != verdict_of(claim.gains, claim.epsilon, claim.floats):
            raise InputError(f"the bounds do not make the profile {claim.verdict}")
    except InputError as error:
        return Verification(False, document.is_complete, str(error), certificate)
    reason = "" if document.is_complete else NOT_READ
    return Verification(True, document.is_complete, reason, certificate)


def _check_player(document: Document, player: int) -> None:
    """Whether one player's bounds hold, or an `InputError`."""
    problem, claim, proof = document.problem, document.claim.gains[player], document.proofs[player]
    program, region = problem.programs[player].program(), problem.region(player)
    who = f"player {player + 1}"
    if problem.is_builtin:
        built = program_of(problem, player)
        old = document.schema_version == WITHOUT_LAST
        if program != (built.leading() if old else built):
            raise InputError(f"{who}: the program is not that of this semantics")
    for point in (claim.best, claim.witness):
        if not _contains(region, point):
            raise InputError(f"{who}: the deviation {point} is outside the box")
    with iv.precision(proof.precision):
        gain = Gain(program, problem.payoffs[player], problem.params[player], problem.is_builtin)
        gain.lenient = True  # what is no probability proves nothing, and is claimed to be none
        _check_lower(who, gain, claim)
        cover = folded_pieces(region, proof.cover.split())
        leaves = [leaf_of(x.region, gain.seen_from(x.chart).bound(x.region)) for x in cover]
    if claim.improper != improper_players(leaves):
        raise InputError(f"{who}: it is not so whose probabilities are not shown to be such")
    # Staying gains nothing, so no upper bound is below zero.
    if not claim.upper >= max(0.0, *(leaf.upper for leaf in leaves)):
        raise InputError(f"{who}: the cover does not prove that no gain is above {claim.upper!r}")
    attained = is_attained(leaves, claim.finite, claim.lower)
    if claim.attained not in (None, attained):
        raise InputError(f"{who}: it is not proved whether the best gain is attained")


def _check_floats(document: Document, found: FloatsDiffer) -> None:
    """Whether the program gives another number there than floats are said to."""
    problem = document.problem
    fits = max(found.player, found.owner) < len(problem.actions)
    fits = fits and found.action < problem.actions[found.owner]
    if not fits or not _contains(problem.region(found.player), found.at):
        raise InputError("floats are said to differ where there is nothing")
    with iv.precision(document.proofs[found.player].precision):
        machine = Machine(problem.programs[found.player].program())
        low, high = machine.values([iv.point(x) for x in found.at])[found.owner][found.action]
        if found.computed is not None and low <= found.computed <= high:
            raise InputError("floats are said to differ where they do not")


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
