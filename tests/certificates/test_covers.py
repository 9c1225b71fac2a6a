"""Covers: pieces tile the box exactly, and what is no cover of it is refused."""

import itertools
import math
from fractions import Fraction

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, example, given
from tests.certificates.exact import INF, points_of
from tests.reference import examples

from glasshouse.certificates.covers import (
    FOLD,
    LEAF,
    Piece,
    both_parts,
    can_split,
    folded_pieces,
    halves,
    middle_of,
    pieces,
    towards,
)
from glasshouse.errors import InputError

BOXES = {
    "interval": ((-3.0, 3.0),),
    "square": ((-1.0, 2.0), (0.1, 0.3)),
    "cube": ((0.0, 1.0), (-1e-3, 1e300), (5e-324, 1.0)),
    "line": ((-INF, INF),),
    "half plane": ((-INF, INF), (-1.5, INF)),
    "quarter": ((-INF, -0.25), (7.0, INF)),
    "flat": ((2.0, 2.0), (-1.0, 1.0)),
}

each_box = pytest.mark.parametrize("name", BOXES)

ends = st.floats(allow_nan=False)


def random_cover(rng, region, splits):
    """A cover written by an own recursion, with about so many splits, and its pieces."""
    axes = [k for k, values in enumerate(region) if can_split(values)]
    if splits < 1 or not axes:
        return [LEAF], [region]
    axis = int(rng.choice(axes))
    parts = [
        random_cover(rng, part, share)
        for part, share in zip(
            halves(region, axis), rng.multinomial(splits - 1, [0.5, 0.5]), strict=True
        )
    ]
    (first, one), (second, other) = parts
    return [str(axis), *first, *second], [*one, *other]


def measure(region):
    """The exact volume of a finite box."""
    return math.prod(Fraction(high) - Fraction(low) for low, high in region)


def contains(region, point):
    return all(low <= x <= high for x, (low, high) in zip(point, region, strict=True))


def is_inside(region, point):
    return all(low < x < high for x, (low, high) in zip(point, region, strict=True))


@each_box
def test_pieces_are_those_that_the_tree_describes(name):
    rng = np.random.default_rng(1)
    for splits in (0, 1, 5, 60):
        cover, expected = random_cover(rng, BOXES[name], splits)
        assert list(pieces(BOXES[name], cover)) == expected
        assert list(pieces(BOXES[name], "".join(cover))) == expected


@pytest.mark.parametrize("name", ["interval", "square", "cube"])
def test_measures_of_the_pieces_add_up(name):
    rng = np.random.default_rng(2)
    for _ in range(20):
        cover, _ = random_cover(rng, BOXES[name], 80)
        assert sum(map(measure, pieces(BOXES[name], cover))) == measure(BOXES[name])


@each_box
def test_every_point_lies_in_a_piece_and_inside_of_one_at_most(name):
    rng = np.random.default_rng(3)
    for _ in range(5):
        cover, _ = random_cover(rng, BOXES[name], 40)
        parts = list(pieces(BOXES[name], cover))
        corners = itertools.product(*BOXES[name])
        for point in itertools.chain(points_of(rng, BOXES[name], 100), corners):
            assert any(contains(part, point) for part in parts), point
            assert sum(is_inside(part, point) for part in parts) <= 1, point


@each_box
def test_no_piece_reaches_out_of_the_box(name):
    rng = np.random.default_rng(4)
    cover, _ = random_cover(rng, BOXES[name], 60)
    for part in pieces(BOXES[name], cover):
        for (low, high), (lowest, highest) in zip(part, BOXES[name], strict=True):
            assert lowest <= low <= high <= highest


@examples(300)
@example(-1.7e308, 1.7e308)
@example(-1.7e308, 0.5e308)
@given(ends, ends)
def test_ranges_are_split_strictly_inside_or_not_at_all(one, other):
    low, high = sorted((one, other))
    middle = middle_of((low, high))
    if can_split((low, high)):
        assert low < middle < high
        lower, upper = halves(((low, high),), 0)
        assert (lower, upper) == (((low, middle),), ((middle, high),))
    else:
        assert math.isinf(low) or math.isinf(high) or math.nextafter(low, INF) >= high
        with pytest.raises(InputError, match="too narrow to split"):
            halves(((low, high),), 0)


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300))
def test_finite_ranges_are_split_in_the_middle(one, other):
    low, high = sorted((one, other))
    assume(low < high)
    exact = (Fraction(low) + Fraction(high)) / 2
    # high - low is rounded, and so is the sum: two roundings relative to the larger end.
    error = Fraction(max(abs(low), abs(high))) * Fraction(2) ** -51 + Fraction(2) ** -1074
    assert abs(Fraction(middle_of((low, high))) - exact) <= error


@pytest.mark.parametrize("end", [0.0, 1.0, -5.0, 0.3, 1e10, -1e10])
def test_unbounded_ranges_are_cut_off_farther_and_farther_out(end):
    for direction in (1, -1):
        values, steps = (end, INF) if direction > 0 else (-INF, end), []
        for _ in range(60):
            middle = middle_of(values)
            values = (middle, INF) if direction > 0 else (-INF, middle)
            steps.append(middle)
        assert all(direction * (b - a) > 0 for a, b in itertools.pairwise(steps))
        assert direction * steps[-1] > 1e17
    assert middle_of((-INF, INF)) == 0.0


MALFORMED = [
    ("ends before its last piece", []),
    ("ends before its last piece", ["0"]),
    ("ends before its last piece", ["0", "."]),
    ("ends before its last piece", ["0", "1", ".", "."]),
    ("goes on after its last piece", [".", "."]),
    ("goes on after its last piece", ["0", ".", ".", "0"]),
    ("is no coordinate", ["2", ".", "."]),
    ("is no coordinate", ["-1", ".", "."]),
    ("is no coordinate", ["0.0", ".", "."]),
    ("is no coordinate", ["", ".", "."]),
    ("is no coordinate", [".."]),
    ("is no coordinate", ["²", ".", "."]),
    ("is no coordinate", ["1" * 5000, ".", "."]),
]


@pytest.mark.parametrize(("message", "cover"), MALFORMED)
def test_what_is_no_tree_is_refused(message, cover):
    with pytest.raises(InputError, match=message):
        list(pieces(((0.0, 1.0), (0.0, 1.0)), cover))


@pytest.mark.parametrize(
    "values",
    [
        (1.0, 1.0),
        (1.0, math.nextafter(1.0, 2.0)),
        (0.0, 5e-324),
        (-5e-324, 0.0),
        (1.7e308, INF),
        (-INF, -1.7e308),
    ],
)
def test_what_is_too_narrow_is_not_split(values):
    assert not can_split(values)
    with pytest.raises(InputError, match="too narrow"):
        list(pieces(((0.0, 1.0), values), ["1", ".", "."]))


def test_a_cover_cannot_split_forever():
    with pytest.raises(InputError, match="too narrow"):
        list(pieces(((1.0, 2.0),), ["0"] * 60 + ["."] * 61))


def test_deep_covers_need_no_recursion():
    depth = 1000
    parts = list(pieces(((0.0, INF),), [*["0", "."] * depth, "."]))
    assert len(parts) == depth + 1
    assert parts[-1] == ((2.0 ** (depth - 1), INF),)


# Corners at infinity

CORNERS = {
    "up and up": ((1.0, INF), (0.0, INF)),
    "down and down": ((-INF, -0.5), (-INF, 2.0)),
    "up and down": ((0.25, INF), (-INF, -8.0)),
    "three": ((0.0, INF), (-INF, 0.0), (-2.0, INF)),
    "with a bounded one": ((0.0, INF), (-1.0, 1.0), (4.0, INF)),
}


def random_folds(rng, piece, count):
    """A cover that splits and folds, and its pieces, by an own recursion."""
    ends = [k for k, values in enumerate(piece.region) if towards(values)]
    axes = [(k,) for k, values in enumerate(piece.region) if can_split(values)]
    pairs = list(itertools.permutations(ends, 2))
    if count < 1 or not axes:
        return [LEAF], [piece]
    chosen = pairs if pairs and rng.random() < 0.6 else axes
    axis = chosen[rng.integers(len(chosen))]
    (first, one), (second, other) = (
        random_folds(rng, part, share)
        for part, share in zip(
            both_parts(piece, axis), rng.multinomial(count - 1, [0.5, 0.5]), strict=True
        )
    )
    return [FOLD.join(map(str, axis)), *first, *second], [*one, *other]


def coordinates(piece, point):
    """Where a point lies in the coordinates of a piece, exactly."""
    size = len(point)
    chart = piece.chart or [[int(a == b) for b in range(size)] for a in range(size)]
    rows = [[Fraction(x) for x in (*row, p)] for row, p in zip(chart, point, strict=True)]
    for k in range(size):
        pivot = next(r for r in range(k, size) if rows[r][k])
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for r in range(size):
            if r != k:
                rows[r] = [x - rows[r][k] * y for x, y in zip(rows[r], rows[k], strict=True)]
    return [row[-1] for row in rows]


@pytest.mark.parametrize("name", CORNERS)
def test_every_point_lies_in_a_folded_piece_and_inside_of_one_at_most(name):
    rng = np.random.default_rng(6)
    met = set()
    for _ in range(5):
        cover, expected = random_folds(rng, Piece(CORNERS[name]), 20)
        found = list(folded_pieces(CORNERS[name], cover))
        assert found == expected
        met |= {piece.chart for piece in found}
        for point in points_of(rng, CORNERS[name], 20):
            at = [coordinates(piece, point) for piece in found]
            assert any(contains(x.region, y) for x, y in zip(found, at, strict=True)), point
            inside = sum(is_inside(x.region, y) for x, y in zip(found, at, strict=True))
            assert inside <= 1, point
    assert len(met) > 4


@pytest.mark.parametrize("name", CORNERS)
def test_no_folded_piece_reaches_out_of_the_corner(name):
    rng = np.random.default_rng(7)
    for _ in range(10):
        cover, _ = random_folds(rng, Piece(CORNERS[name]), 20)
        for region, chart in folded_pieces(CORNERS[name], cover):
            for at in points_of(rng, region, 10):
                exact = [Fraction(x) for x in at]
                rows = chart or [[int(a == b) for b in range(len(at))] for a in range(len(at))]
                point = [sum(c * x for c, x in zip(row, exact, strict=True)) for row in rows]
                assert contains(CORNERS[name], point)


BAD_FOLDS = [
    ("do not meet", ((0.0, INF), (0.0, 1.0)), ["0&1", ".", "."]),
    ("do not meet", ((0.0, INF), (-INF, INF)), ["0&1", ".", "."]),
    ("do not meet", ((0.0, INF), (0.0, INF)), ["0&0", ".", "."]),
    ("no double", ((0.1, INF), (1e17, INF)), ["0&1", ".", "."]),
    ("no double", ((1.7e308, INF), (-1.7e308, INF)), ["0&1", ".", "."]),
    ("no coordinate", ((0.0, INF), (0.0, INF)), ["0&2", ".", "."]),
    ("no coordinate", ((0.0, INF), (0.0, INF)), ["0&1&0", ".", "."]),
    ("no coordinate", ((0.0, INF), (0.0, INF)), ["&", ".", "."]),
    ("no coordinate", ((0.0, INF), (0.0, INF)), ["0&", ".", "."]),
    ("ends before", ((0.0, INF), (0.0, INF)), ["0&1", "."]),
    ("more often", ((0.0, INF), (0.0, INF)), [*["0&1", ".", "1&0", "."] * 40, "."]),
]


@pytest.mark.parametrize(("message", "region", "cover"), BAD_FOLDS)
def test_folds_that_are_none_are_refused(message, region, cover):
    with pytest.raises(InputError, match=message):
        list(folded_pieces(region, cover))


def test_covers_of_splits_alone_do_not_fold():
    with pytest.raises(InputError, match="only splits"):
        list(pieces(((0.0, INF), (0.0, INF)), ["0&1", ".", "."]))
