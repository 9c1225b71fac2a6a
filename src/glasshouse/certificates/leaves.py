"""The pieces of a cover: what is known of each in doubles, and what follows for all deviations."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from flint import arb

from glasshouse.certificates.covers import Region
from glasshouse.certificates.gain import Bound


class Leaf(NamedTuple):
    """A piece of a cover: a bound on the gain there, and what is known of where it is reached.

    **Arguments:** `upper`, a double; `compact`, whether the piece is bounded and the gain
    continuous on it, so that it has a maximum there; `endless`, whether the gain rises strictly
    towards an infinite end; `improper`, the players whose probabilities are not known to be such.
    """

    upper: float
    compact: bool
    endless: bool
    improper: tuple[int, ...] = ()


def is_attained(leaves: Iterable[Leaf], finite: float, lower: float) -> bool | None:
    """Whether a finite deviation gains as much as any, or None where that is not known.

    **Arguments:** `leaves`, of a cover of all deviations; `finite` and `lower`, what some finite
    deviation and what some limit of them gain at least.
    """
    leaves = list(leaves)
    if all(leaf.upper <= finite for leaf in leaves if not leaf.compact):
        return True
    if all(leaf.upper < lower or leaf.endless for leaf in leaves):
        return False
    return None


def leaf_of(region: Region, bound: Bound) -> Leaf:
    """What a bound says of its region, in doubles."""
    bounded = all(math.isfinite(end) for values in region for end in values)
    compact = bounded and bound.proper and bound.continuous
    return Leaf(up(bound.upper), compact, bound.endless, bound.improper)


def improper_players(leaves: Iterable[Leaf]) -> tuple[int, ...]:
    """The players whose outputs are not known to be probabilities on all of a cover."""
    return tuple(sorted({player for leaf in leaves for player in leaf.improper}))


def up(number: arb) -> float:
    """The number as a double, rounded up."""
    found = float(number.upper())
    return found if arb(found) >= number else math.nextafter(found, math.inf)


def down(number: arb) -> float:
    """The number as a double, rounded down; -∞ where it is not known."""
    if number.is_nan():
        return -math.inf
    found = float(number.lower())
    return found if arb(found) <= number else math.nextafter(found, -math.inf)
