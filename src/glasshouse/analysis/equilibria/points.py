"""What a search for all equilibria finds."""

import dataclasses
from pathlib import Path
from typing import Any, Literal

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.results import UNLESS_NONE, Result
from glasshouse.certificates.certificate import Certificate
from glasshouse.certificates.count.claim import EquilibriumCount
from glasshouse.certificates.covers import Region
from glasshouse.errors import InputError
from glasshouse.parametric import Params

Kind = Literal["corner", "edge", "interior"]


@dataclasses.dataclass(frozen=True, repr=False)
class EquilibriumPoint(Result):
    """An equilibrium in the parameters.

    **Arguments:** `params`, rounded to doubles; `kind`, "corner" where all parameters are at
    bounds, "edge" where some are, "interior" where none is; `symmetric`, whether all players have
    the same parameters; `payoffs`, one per player, and `welfare`, their sum; `certificate`, that
    nobody gains more than its ε at `params`; `enclosure`, for each parameter an interval, proved
    to hold that of exactly one equilibrium (None where that is not proved); `stable`, what is
    known of its stability, None where nobody asked.
    """

    params: Params
    kind: Kind
    symmetric: bool
    payoffs: tuple[float, ...]
    welfare: float
    certificate: Certificate
    enclosure: Region | None
    stable: Any = dataclasses.field(default=None, metadata={UNLESS_NONE: True})


@dataclasses.dataclass(frozen=True, repr=False)
class Equilibria(Evidenced):
    """The equilibria of a game in parameters, and what is known of how many there are.

    "exactly": `number` is how many there are, which is proved; "at least": so many are proved, and
    there may be others in what is `left`; "unknown": nothing is proved.

    **Arguments:** `points`; `count`; `number`; `continuum`, some certified points of a set of
    equilibria that are not alone, along which the Jacobian of the own slopes is singular; `left`,
    boxes in which nothing is known; `method`, `detail`; `proof`, the certificate of the count,
    None where none was tried.
    """

    points: tuple[EquilibriumPoint, ...]
    count: Literal["exactly", "at least", "unknown"]
    number: int
    continuum: tuple[EquilibriumPoint, ...]
    left: tuple[Region, ...]
    method: str
    detail: str
    proof: EquilibriumCount | None = dataclasses.field(repr=False)

    @property
    def _proved(self) -> str:
        return "certified" if self.count == "exactly" else ""

    def write(self, path: str | Path) -> None:
        """Write the certificate of the count with its proof to a JSON file, which `verify` checks.

        **Raises:** `InputError` where nothing was proved, or the file cannot be written;
        `OutputError` when the disk has no room.
        """
        if self.proof is None:
            raise InputError("nothing is proved about how many equilibria there are")
        self.proof.write(path)
