"""Zeros of the slopes of who is free: whether there are any in a region, and how many at most."""

from collections.abc import Sequence

from flint import arb

from glasshouse.certificates import intervals as iv
from glasshouse.certificates.count.joint import BOTH, Joint
from glasshouse.certificates.covers import Region
from glasshouse.certificates.intervals import Interval


def is_regular(joint: Joint, held: Sequence[int], region: Region) -> bool:
    """Whether the slopes of who is free are different at any two points of a region."""
    free = [player for player in BOTH if not held[player]]
    if not free:
        return True
    rest = _rest(free, _jacobian(joint, free, region))
    return rest is not None and all(_size(row) < 1 for row in rest[1])


def has_zero(joint: Joint, held: Sequence[int], inside: Region) -> bool:
    """Whether the slopes of who is free are zero somewhere in a region, by Krawczyk's operator."""
    free = [player for player in BOTH if not held[player]]
    if not free:
        return True
    found = _rest(free, _jacobian(joint, free, inside))
    if found is None:
        return False
    inverse, rest = found
    widths, slopes = _from_middle(joint, free, inside)
    for row, factors, (low, high) in zip(rest, inverse, widths, strict=True):
        image = iv.negative(_combined(factors, slopes))
        for entry, width in zip(row, widths, strict=True):
            image = iv.add(image, iv.multiply(entry, width))
        if not (low < image[0] and image[1] < high):
            return False
    return True


def has_no_zero(joint: Joint, free: Sequence[int], region: Region) -> bool:
    """Whether the slopes of who is free are for sure zero nowhere in a region.

    By the mean-value theorem for combinations of them, those that an inverse of the middle of
    their Jacobian makes: each of them changes along one coordinate only, nearly.
    """
    jacobian = _jacobian(joint, free, region)
    found = _rest(free, jacobian)
    if found is None:
        return False
    widths, slopes = _from_middle(joint, free, region)
    for factors in found[0]:
        total = _combined(factors, slopes)
        for k, width in enumerate(widths):
            entry = _combined(factors, [line[k] for line in jacobian])
            total = iv.add(total, iv.multiply(entry, width))
        if total[0] > 0 or total[1] < 0:
            return True
    return False


def _from_middle(
    joint: Joint, free: Sequence[int], region: Region
) -> tuple[list[Interval], list[Interval]]:
    """How far a region reaches from its middle, and the slopes there, of who is free."""
    x, y = (low + (high - low) / 2 for low, high in region)
    slopes = joint.slopes(((x, x), (y, y)))
    middle = (arb(x), arb(y))
    widths = [(arb(region[k][0]) - middle[k], arb(region[k][1]) - middle[k]) for k in free]
    return widths, [slopes[k][k] for k in free]


def _combined(factors: Sequence[arb], terms: Sequence[Interval]) -> Interval:
    total = iv.NOTHING
    for factor, term in zip(factors, terms, strict=True):
        total = iv.add(total, iv.scale(factor, term))
    return total


def _jacobian(joint: Joint, free: Sequence[int], region: Region) -> list[list[Interval]]:
    bends = joint.curves(region)
    return [[bends[player][k] for k in free] for player in free]


def _rest(
    free: Sequence[int], jacobian: list[list[Interval]]
) -> tuple[list[list[arb]], list[list[Interval]]] | None:
    """An inverse of the middle of a Jacobian, and what their product misses of the identity."""
    middle = [[(entry[0].mid() + entry[1].mid()) / 2 for entry in row] for row in jacobian]
    if len(free) == 1:
        inverse = [[1 / middle[0][0]]]
    else:
        (a, b), (c, d) = middle
        determinant = a * d - b * c
        inverse = [[d / determinant, -b / determinant], [-c / determinant, a / determinant]]
    inverse = [[entry.mid() for entry in row] for row in inverse]
    if not all(entry.is_finite() for row in inverse for entry in row):
        return None
    rest = []
    for i, row in enumerate(inverse):
        entries = []
        for k in range(len(free)):
            product = _combined(row, [line[k] for line in jacobian])
            entries.append(iv.subtract(iv.UNIT if i == k else iv.NOTHING, product))
        rest.append(entries)
    return inverse, rest


def _size(row: Sequence[Interval]) -> arb:
    return sum((abs(low).max(abs(high)) for low, high in row), start=iv.ZERO)
