"""What following rest points finds: points in a row, and special ones."""

import dataclasses
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.results import Result
from glasshouse.parametric import Params

Where: TypeAlias = Literal["interior", "edge", "corner"]
Attracts: TypeAlias = Literal["stable", "saddle", "unstable", "undecided"]
Kind: TypeAlias = Literal[
    "fold",
    "pitchfork",
    "transcritical",
    "branch point",
    "Hopf",
    "stability change",
    "collision",
]

MOST_SPECIALS = 24
"""Special points that `print` shows."""

SAME_NUMBER = 1e-8
"""Mirror images are found apart, each by its own steps: what differs by less is the same."""

AND_IMAGE = " and its mirror image"


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class FollowedPoint(Result):
    """A rest point on a branch.

    **Arguments:** `arm`, the number of the arm it lies on, on which points are in order; `value` of
    the axis; `params`; `cooperation`, everyone's probability of action 0 (none where the game
    has no actions); `payoffs`; `place`: "interior"; "edge", some parameters held against a bound;
    "corner", all of them; `stability` under the projected flow of selfish gradients: "stable"
    (attracts), "saddle", "unstable" (repels in every direction) or "undecided"; `eigenvalues` of
    the Jacobian of the joint selfish gradient in the free directions, per unit time.
    """

    arm: int
    value: float
    params: Params
    cooperation: tuple[float, ...]
    payoffs: tuple[float, ...]
    place: Where
    stability: Attracts
    eigenvalues: tuple[complex, ...]

    HEADINGS: ClassVar = {
        "arm": "arm",
        "value": "value of the axis",
        "params": "θ",
        "cooperation": "cooperation of player",
        "payoffs": "payoff of player",
        "place": "place",
        "stability": "stability",
    }


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class SpecialPoint(Result):
    """A rest point at which branches turn, meet, hit a bound or change their stability.

    **Arguments:** `kind`: "fold", two rest points meet and vanish; "pitchfork", "transcritical" or
    (neither, or not told) "branch point", branches cross; "Hopf", two complex rates change their
    sign; "stability change", a rate does and no more is known; "collision", a branch meets a bound
    or leaves it; `value` of the axis and `tolerance`, how far it may be off; `params`, and
    `params_tolerance` in the same structure; `cooperation`, `payoffs`, `place` as of
    `FollowedPoint`; `arms` that pass or meet there; `detail`.
    """

    kind: Kind
    value: float
    tolerance: float
    params: Params
    params_tolerance: Params
    cooperation: tuple[float, ...]
    payoffs: tuple[float, ...]
    place: Where
    arms: tuple[int, ...]
    detail: str


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Branches(Evidenced):
    """Rest points along an axis of a family; `print` it for a table of the special ones.

    **Arguments:** `points`, arm by arm and in order along each; `specials`, by rising value;
    `axis` and between which values it was followed; `notes`, what the reader should know;
    `method`, `detail`.
    """

    points: tuple[FollowedPoint, ...]
    specials: tuple[SpecialPoint, ...]
    axis: str
    between: tuple[float, float]
    notes: tuple[str, ...]
    method: str
    detail: str

    ROWS = "points"
    HEADINGS: ClassVar = FollowedPoint.HEADINGS

    @property
    def arms(self) -> tuple[tuple[FollowedPoint, ...], ...]:
        """The points of each arm, by its number."""
        found: dict[int, list[FollowedPoint]] = {}
        for point in self.points:
            found.setdefault(point.arm, []).append(point)
        return tuple(tuple(points) for _, points in sorted(found.items()))

    def of_kind(self, *kinds: Kind) -> tuple[SpecialPoint, ...]:
        """The special points of some kinds, by rising value."""
        return tuple(special for special in self.specials if special.kind in kinds)

    @property
    def folded(self) -> tuple[tuple[SpecialPoint, bool], ...]:
        """The special points, the first only of two that are each other's mirror image, and whether
        there is such an image: both players' parameters and payoffs exchanged."""
        found: list[tuple[SpecialPoint, bool]] = []
        for special in self.specials:
            for k, (other, has_image) in enumerate(found):
                if not has_image and _are_mirrored(special, other):
                    found[k] = (other, True)
                    break
            else:
                found.append((special, False))
        return tuple(found)

    def to_columns(self) -> dict[str, list[Any]]:
        """The points as columns of a table: one number or word for each point in every column."""
        columns: dict[str, list[Any]] = {"arm": [], self.axis: []}
        for point in self.points:
            columns["arm"].append(point.arm)
            columns[self.axis].append(point.value)
            for name, numbers in (
                ("theta", _row(point.params)),
                ("cooperation", point.cooperation),
                ("payoff", point.payoffs),
            ):
                for k, number in enumerate(numbers):
                    columns.setdefault(f"{name}_{k + 1}", []).append(number)
            columns.setdefault("place", []).append(point.place)
            columns.setdefault("stability", []).append(point.stability)
        return columns

    def __str__(self) -> str:
        low, high = self.between
        count = len(self.arms)
        lines = [
            f"Branches: rest points along {self.axis} from {low:g} to {high:g}, "
            f"{count} {'arm' if count == 1 else 'arms'}"
        ]
        if self.specials:
            lines.append(f"{self.axis:>20}  {'±':>8}  {'what':<17} place     parameters")
        folded = self.folded
        for special, has_image in folded[:MOST_SPECIALS]:
            params = ", ".join(f"{x:.6g}" for x in _row(special.params)[:4])
            more = ", …" if len(_row(special.params)) > 4 else ""
            lines.append(
                f"{special.value:>20.12g}  {special.tolerance:>8.1g}  {special.kind:<17} "
                f"{special.place:<9} ({params}{more}){AND_IMAGE * has_image}"
            )
        if len(folded) > MOST_SPECIALS:
            lines.append(f"… {len(folded) - MOST_SPECIALS} more")
        return "\n".join([*lines, *(f"Note: {note}" for note in self.notes)])


def _are_mirrored(one: SpecialPoint, other: SpecialPoint) -> bool:
    """Whether two players have changed places, to within tolerances, and not stayed the same."""
    if one.kind != other.kind or one.place != other.place or len(one.params) != 2:
        return False
    if abs(one.value - other.value) > one.tolerance + other.tolerance + SAME_NUMBER:
        return False
    own, image, back = (_row(x) for x in (one.params, other.params, other.params[::-1]))
    slack = np.array(_row(one.params_tolerance)) + SAME_NUMBER
    if len(own) != len(back) or (np.abs(np.subtract(own, image)) <= slack).all():
        return False
    paid = np.subtract(one.payoffs, other.payoffs[::-1])
    return bool(
        (np.abs(np.subtract(own, back)) <= 2 * slack).all()
        and np.allclose(paid, 0.0, atol=SAME_NUMBER)
    )


def _row(params: Params) -> list[float]:
    import jax

    return [float(x) for leaf in jax.tree.leaves(params) for x in np.ravel(leaf)]
