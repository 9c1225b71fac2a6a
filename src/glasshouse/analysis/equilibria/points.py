"""What a search for all equilibria finds."""

import dataclasses
import math
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.results import Result
from glasshouse.analysis.equilibria.attraction import Attraction
from glasshouse.analysis.equilibrium.judging import pays
from glasshouse.analysis.outcomes.isolation import bounds, in_a_row
from glasshouse.certificates.certificate import Certificate
from glasshouse.certificates.count.claim import EquilibriumCount
from glasshouse.certificates.covers import Region
from glasshouse.errors import InputError
from glasshouse.parametric import Params
from glasshouse.parametric.dense import DenseGame

Placing = Literal["corner", "edge", "interior"]

POINT_EPSILON = 1e-9
"""In units of the payoffs' range: what nobody gains more than at a point rounded to doubles."""

SAME_PARAMETER = 1e-9
"""Parameters of two players that differ by no more are the same."""


@dataclasses.dataclass(frozen=True, repr=False)
class EquilibriumPoint(Result):
    """An equilibrium in the parameters.

    **Arguments:** `params`, rounded to doubles; `kind`, "corner" where all parameters are at
    bounds, "edge" where some are, "interior" where none is; `symmetric`, whether all players have
    the same parameters; `payoffs`, one per player, and `welfare`, their sum; `certificate`, that
    nobody gains more than its ε at `params`; `enclosure`, for each parameter an interval, proved
    to hold that of exactly one equilibrium (None where that is not proved); `stable`, whether a
    rule leads there from nearby, None where that is not decided, and `attraction`, more of that,
    None where the rule does not rest there.
    """

    params: Params
    kind: Placing
    symmetric: bool
    payoffs: tuple[float, ...]
    welfare: float
    certificate: Certificate
    enclosure: Region | None
    stable: bool | None = None
    attraction: Attraction | None = None

    HEADINGS: ClassVar = {
        "params": "θ",
        "kind": "kind",
        "symmetric": "symmetric",
        "payoffs": "payoff of player",
        "welfare": "welfare (payoff)",
        "stable": "attracts",
        "certificate_epsilon": "ε proved (payoff)",
    }


@dataclasses.dataclass(frozen=True, repr=False)
class Equilibria(Evidenced):
    """The equilibria of a game in parameters, and what is known of how many there are.

    "exactly": `number` is how many there are, which is proved; "at least": so many are proved, and
    there may be others in what is `left` or, where no complete search is possible, anywhere;
    "unknown": nothing is proved of how many. Then corners at which nobody gains are listed, too.

    **Arguments:** `points`; `count`; `number`; `continuum`, some certified points of what seems
    to be a set of equilibria that are not alone: there the Jacobian of the own slopes is singular
    to 1e-12, which is numerical; `left`,
    boxes in which nothing is known; `method`, `detail`; `proof`, the certificate of the count,
    None where none was tried; `reasons` why equilibria are not alone, such as players who are paid
    the same whatever they do.
    """

    points: tuple[EquilibriumPoint, ...]
    count: Literal["exactly", "at least", "unknown"]
    number: int
    continuum: tuple[EquilibriumPoint, ...]
    left: tuple[Region, ...]
    method: str
    detail: str
    proof: EquilibriumCount | None = dataclasses.field(repr=False)
    reasons: tuple[str, ...] = ()

    ROWS = "points"
    HEADINGS: ClassVar = EquilibriumPoint.HEADINGS

    @property
    def _proved(self) -> str:
        return "certified" if self.count == "exactly" else ""

    def write(self, path: str | Path) -> None:
        """Write the certificate of the count with its proof to a JSON file, which `verify` checks.

        **Raises:** `InputError` where nothing was proved, or the file cannot be written;
        `OutputError` when the disk has no room.
        """
        if self.proof is None:
            raise InputError(
                "how many equilibria there are is not proved: write the certificates of points, as "
                "points[0].certificate.write(path)"
            )
        self.proof.write(path)


def point_at(
    game: DenseGame, params: Params, proof: Certificate, enclosure: Region | None
) -> EquilibriumPoint:
    """What there is to say of an equilibrium."""
    flat, (lower, upper) = in_a_row(params), bounds(game)
    held = (flat <= lower) | (flat >= upper)
    payoffs = pays(game, params)
    return EquilibriumPoint(
        params=params,
        kind="corner" if held.all() else "edge" if held.any() else "interior",
        symmetric=_alike(params),
        payoffs=payoffs,
        welfare=math.fsum(payoffs),
        certificate=proof,
        enclosure=enclosure,
    )


def _alike(params: Params) -> bool:
    """Whether all players have the same parameters, to 1e-9."""
    rows = [in_a_row((own,)) for own in params]
    same_size = len({len(row) for row in rows}) == 1
    return same_size and all(np.allclose(row, rows[0], rtol=0, atol=SAME_PARAMETER) for row in rows)
