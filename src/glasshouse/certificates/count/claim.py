"""What a certificate of all equilibria says, for people and programs."""

import dataclasses
from pathlib import Path
from typing import Literal

from glasshouse._foundation.evidence import Evidenced
from glasshouse.certificates.certificate import write_certificate
from glasshouse.certificates.count.document import CountClaim, CountDocument
from glasshouse.certificates.count.tree import LEFT, leaves_of
from glasshouse.certificates.covers import Region

Number = Literal["exactly", "at least", "unknown"]


@dataclasses.dataclass(frozen=True, repr=False)
class EquilibriumCount(Evidenced):
    """How many equilibria a game of two players with one parameter each has, proved.

    "exactly": `number` of them, one in each enclosure; "at least": so many, and pieces of the box
    in which nothing is known; "unknown": such pieces, and none known.

    **Arguments:** `count`; `number`; `enclosures`, for each equilibrium an interval of each
    player's parameter in which it lies, a bound where it is one exactly; `left`, the pieces of the
    box in which nothing is known; `about`, "the game", or "this program" where the semantics is
    a function, whose traced program is what the proof is about; `method`, `detail`.
    """

    count: Number
    number: int
    enclosures: tuple[Region, ...]
    left: tuple[Region, ...]
    about: str
    method: str
    detail: str
    document: CountDocument = dataclasses.field(repr=False)

    @property
    def verdict(self) -> Literal["certified", "unknown"]:
        """Whether it is proved how many there are."""
        return "certified" if self.count == "exactly" else "unknown"

    def write(self, path: str | Path) -> None:
        """Write the certificate with its proof to a JSON file, which `verify` checks.

        **Raises:** `InputError` when the file cannot be written; `OutputError` when the disk has no
        room.
        """
        write_certificate(path, self.document.text())


def claimed(isolated: int, left: int) -> CountClaim:
    """What follows from so many equilibria, and so many pieces in which nothing is known."""
    count: Number = "exactly" if not left else "at least" if isolated else "unknown"
    return CountClaim(count=count, number=isolated, left=left)


def count_of(document: CountDocument) -> EquilibriumCount:
    """What the file of a certificate says."""
    claim, proof = document.claim, document.proof
    leaves = list(leaves_of(document.boxes, proof.tree.split()))
    return EquilibriumCount(
        count=claim.count,
        number=claim.number,
        enclosures=tuple(x.inside for x in proof.isolations),
        left=tuple(piece for piece, token in leaves if token == LEFT),
        about="the game" if document.is_builtin else "this program",
        method="interval exclusion in Arb arithmetic",
        detail=f"{len(leaves)} pieces, {proof.precision} bits",
        document=document,
    )
