"""Every primitive of the registry against mpmath: values, derivatives, ends, refusals."""

import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from flint import arb, ctx
from tests.certificates.exact import (
    DIGITS,
    FUNCTIONS,
    INF,
    PRECISION,
    ball,
    holds,
    interval,
    is_close,
    mp,
    outputs_of,
    points_of,
    random_program,
    share,
)

from glasshouse.certificates import intervals as iv
from glasshouse.certificates.primitives import PRIMITIVES
from glasshouse.certificates.program import LARGEST_POWER, Instruction, Machine, Program
from glasshouse.errors import InputError

NAN = arb("nan")
HUGE = 1e3
SIZES = {"affine": (0, 1, 3), "softmax": (1, 2, 3, 5)}
"""How many registers to try where a primitive takes any number."""


each_primitive = pytest.mark.parametrize("name", sorted(PRIMITIVES))


class Draw(NamedTuple):
    """A box of registers, the same as intervals, and the numbers of the instruction."""

    region: tuple[tuple[float, float], ...]
    xs: list[tuple[arb, arb]]
    numbers: list[float]


@pytest.fixture(autouse=True)
def precise():
    with ctx.workprec(PRECISION), mp.workdps(DIGITS):
        yield


def value(name, draw):
    return PRIMITIVES[name].value(draw.xs, list(map(arb, draw.numbers)))


def partials(name, draw):
    numbers = list(map(arb, draw.numbers))
    primitive = PRIMITIVES[name]
    return primitive.partials(draw.xs, numbers, primitive.value(draw.xs, numbers))


def random_range(rng, kind, positive):
    centre = float(rng.choice([0.0, 1.0, rng.normal(scale=3.0)]))
    radius = {
        "point": 0.0,
        "tiny": 2.0**-40,
        "wide": float(rng.uniform(0, 10)),
        "huge": float(rng.uniform(0, HUGE)),
    }
    if kind in radius:
        low, high = centre - radius[kind], centre + radius[kind]
    elif kind == "far":
        low = float(rng.uniform(-HUGE, HUGE))
        high = low + float(rng.choice([0.0, 1e-6, 1.0]))
    elif kind == "touching zero":
        low, high = sorted((0.0, float(rng.normal(scale=3.0))))
    else:
        low, high = [(-INF, centre), (centre, INF), (-INF, INF)][rng.integers(3)]
    if positive:
        # Where the function is defined.
        low, high = (max(low, 0.0) + 1e-3, max(high, 0.0) + 1e-3)
    return low, high


KINDS = ("point", "tiny", "wide", "huge", "far", "touching zero", "infinite")


def draws(name, seed, count, kinds=KINDS):
    rng = np.random.default_rng([seed, *name.encode()])
    for _ in range(count):
        size = PRIMITIVES[name].registers
        size = int(rng.choice(SIZES[name])) if size is None else size
        region = []
        for k in range(size):
            # A divisor on either side of zero, what a logarithm or a root is taken of above it.
            positive = name in ("log", "root", "xlogx") or (name == "divide" and k == 1)
            low, high = random_range(rng, rng.choice(kinds), positive)
            mirrored = name == "divide" and k == 1 and rng.random() < 0.5
            region.append((-high, -low) if mirrored else (low, high))
        numbers = {
            "constant": [float(rng.normal())],
            "affine": [float(x) for x in rng.choice([0.0, 1.0, -1.0, 0.3, -7.1], size=size + 1)],
            "power": [float(rng.integers(1, 8))],
            "root": [float(rng.choice([0.5, 1.0, 1.5, 1 / 3, 7.25, 1e-3]))],
        }.get(name, [])
        yield Draw(tuple(region), list(map(interval, region)), numbers)


def precision_for(point):
    """Digits with which mpmath can take differences of functions that saturate."""
    return DIGITS + 10 + int(max((0.0, *point)) - min((0.0, *point)))


@each_primitive
def test_every_primitive_has_an_oracle(name):
    assert name in FUNCTIONS, "write what this primitive computes with mpmath"
    assert PRIMITIVES[name].meaning


@each_primitive
def test_values_hold_those_at_points(name):
    rng = np.random.default_rng(1)
    for draw in draws(name, 1, 100):
        found = value(name, draw)
        for point in points_of(rng, draw.region, 8):
            expected = FUNCTIONS[name](list(map(mp.mpf, point)), draw.numbers)
            assert holds(found, expected), (draw, point)


@each_primitive
def test_partials_hold_derivatives_at_points(name):
    rng = np.random.default_rng(2)
    for draw in draws(name, 2, 60):
        found = partials(name, draw)
        assert len(found) == len(draw.region)
        for point in points_of(rng, draw.region, 2):
            if has_no_slope(name, point):
                continue
            with mp.workdps(precision_for(point)):
                for k, partial in enumerate(found):
                    expected = mp.diff(
                        lambda *xs, draw=draw: FUNCTIONS[name](list(xs), draw.numbers),
                        point,
                        tuple(int(j == k) for j in range(len(point))),
                    )
                    assert holds(widened(partial), expected), (draw, point, k)


def has_no_slope(name, point):
    kink = name == "maximum" and point[0] == point[1]
    return kink or (name == "choice" and point[0] == 0)


def widened(interval):
    """By what mpmath's differences may be wrong."""
    (low, high), wrong = interval, arb("1e-40")
    return low - wrong * (1 + abs(low)), high + wrong * (1 + abs(high))


@each_primitive
def test_intervals_with_rounded_ends_hold_as_much(name):
    rng = np.random.default_rng(3)
    for draw in draws(name, 3, 60, ("tiny", "wide", "far")):
        rounded = [
            tuple(arb(end, abs(end) * float(rng.choice([1e-20, 1e-2]))) for end in values)
            for values in draw.region
        ]
        exact, wider = value(name, draw), value(name, draw._replace(xs=rounded))
        assert not wider[0] > exact[0]
        assert not wider[1] < exact[1]
        for narrow, wide in zip(
            partials(name, draw), partials(name, draw._replace(xs=rounded)), strict=True
        ):
            assert not wide[0] > narrow[0]
            assert not wide[1] < narrow[1]


@each_primitive
def test_values_are_attained(name):
    # Most are monotone in each register; those that turn do so at known points.
    for draw in draws(name, 4, 60, ("point", "tiny", "wide", "huge", "far", "touching zero")):
        points = [list(map(mp.mpf, corner)) for corner in itertools.product(*draw.region)]
        if name == "power" and draw.region[0][0] < 0 < draw.region[0][1]:
            points.append([mp.mpf(0)])
        points += [[x] for x in turns(name, draw) if draw.region[0][0] < x < draw.region[0][1]]
        expected = [FUNCTIONS[name](point, draw.numbers) for point in points]
        scale = max((abs(x) for values in draw.region for x in values), default=0.0)
        scale = 10 * (scale + 1) if name == "affine" else 0.0  # terms may cancel
        low, high = value(name, draw)
        assert is_close(low, min(expected), scale), draw
        assert is_close(high, max(expected), scale), draw


def turns(name, draw):
    """Where a function of one register turns, in a region that is not too wide."""
    low, high = (math.floor(x / math.pi) for x in draw.region[0]) if draw.region else (0, 0)
    if name in ("sin", "cos"):
        phase = mp.mpf(0.5) if name == "sin" else mp.mpf(0)
        return [(k + phase) * mp.pi for k in range(low - 1, high + 2)]
    if name == "gelu":
        return [mp.mpf("-0.53159688514939322272619131234604477")]
    return [mp.exp(-1)] if name == "xlogx" else []


SLOPES: dict[str, Callable[[Any], Any]] = {
    "exp": mp.exp,
    "log": lambda x: 1 / x,
    "logistic": lambda x: 1 / (2 * mp.cosh(x / 2)) ** 2,
    "tanh": lambda x: mp.sech(x) ** 2,
    "erf": lambda x: 2 * mp.exp(-x * x) / mp.sqrt(mp.pi),
}


@pytest.mark.parametrize("name", SLOPES)
def test_slopes_are_attained(name):
    for draw in draws(name, 5, 60, ("point", "tiny", "wide", "huge", "far", "touching zero")):
        low, high = draw.region[0]
        with mp.workdps(DIGITS + 2000):
            values = [SLOPES[name](mp.mpf(x)) for x in (low, min(max(low, 0.0), high), high)]
        (partial,) = partials(name, draw)
        assert is_close(partial[0], min(values)), draw
        assert is_close(partial[1], max(values)), draw


def test_partials_of_the_larger_are_known_away_from_the_kink():
    apart = [(arb(1), arb(2)), (arb(-1), arb(1))]
    larger, smaller = iv.point(1.0), iv.point(0.0)
    found = PRIMITIVES["maximum"]
    assert found.partials(apart, [], apart[0]) == [larger, smaller]
    assert found.partials(apart[::-1], [], apart[0]) == [smaller, larger]
    for partial in found.partials([(arb(0), arb(2)), (arb(1), arb(3))], [], (arb(1), arb(3))):
        assert partial == (0, 1)


def test_partials_of_a_share_are_as_sharp_as_its_value():
    xs = [iv.point(0.3), iv.point(-1.2), iv.point(2.0)]
    found = PRIMITIVES["softmax"]
    p, q, r = (share(a, [mp.mpf(0.3), mp.mpf(-1.2), mp.mpf(2.0)]) for a in range(3))
    expected = [p * (1 - p), -p * q, -p * r]
    for partial, slope in zip(found.partials(xs, [], found.value(xs, [])), expected, strict=True):
        assert is_close(partial[0], slope)
        assert is_close(partial[1], slope)


LIMITS = [
    ("exp", [(-INF, 0.0)], [], (0.0, 1.0)),
    ("exp", [(0.0, INF)], [], (1.0, INF)),
    ("logistic", [(-INF, INF)], [], (0.0, 1.0)),
    ("logistic", [(INF, INF)], [], (1.0, 1.0)),
    ("logistic", [(-INF, -INF)], [], (0.0, 0.0)),
    ("tanh", [(-INF, 0.0)], [], (-1.0, 0.0)),
    ("tanh", [(INF, INF)], [], (1.0, 1.0)),
    ("multiply", [(0.0, INF), (1.0, 2.0)], [], (0.0, INF)),
    ("multiply", [(INF, INF), (-2.0, -1.0)], [], (-INF, -INF)),
    ("divide", [(1.0, 2.0), (1.0, INF)], [], (0.0, 2.0)),
    ("divide", [(1.0, 2.0), (INF, INF)], [], (0.0, 0.0)),
    ("affine", [(-INF, 1.0)], [2.0, -3.0], (-1.0, INF)),
    ("affine", [(INF, INF), (0.0, 1.0)], [2.0, 0.0, 1.0], (2.0, 3.0)),
    ("softmax", [(INF, INF), (-1.0, 1.0)], [], (1.0, 1.0)),
    ("softmax", [(-1.0, 1.0), (-INF, -INF)], [], (1.0, 1.0)),
    ("softmax", [(-1.0, 1.0), (0.0, INF), (0.0, 0.0)], [], (0.0, 1 / (1 + 2 / math.e))),
    ("softmax", [(0.0, 0.0), (-INF, -INF), (0.0, 0.0)], [], (0.5, 0.5)),
    ("maximum", [(-INF, 0.0), (-1.0, INF)], [], (-1.0, INF)),
    ("choice", [(-INF, INF), (-1.0, 2.0), (3.0, INF)], [], (-1.0, INF)),
    ("choice", [(-INF, 0.0), (-1.0, 2.0), (3.0, 4.0)], [], (3.0, 4.0)),
    ("choice", [(5e-324, INF), (-1.0, 2.0), (3.0, 4.0)], [], (-1.0, 2.0)),
    ("erf", [(-INF, INF)], [], (-1.0, 1.0)),
    ("erf", [(INF, INF)], [], (1.0, 1.0)),
    ("sin", [(0.0, INF)], [], (-1.0, 1.0)),
    ("cos", [(INF, INF)], [], (-1.0, 1.0)),
    ("xlogx", [(0.0, INF)], [], (-math.exp(-1), INF)),
    ("xlogx", [(0.0, 0.0)], [], (0.0, 0.0)),
    ("gelu", [(-INF, -1.0)], [], (-math.erfc(1.0) / 2, 0.0)),
    ("gelu", [(-INF, INF)], [], (-0.12018779341550551, INF)),
    ("gelu", [(INF, INF)], [], (INF, INF)),
    ("log", [(1.0, INF)], [], (0.0, INF)),
    ("root", [(0.0, INF)], [0.5], (0.0, INF)),
    ("root", [(INF, INF)], [2.5], (INF, INF)),
    ("root", [(0.0, 0.0)], [0.25], (0.0, 0.0)),
    ("root", [(0.0, 4.0)], [0.5], (0.0, 2.0)),
]


@pytest.mark.parametrize(("name", "region", "numbers", "expected"), LIMITS)
def test_infinite_ends_are_limits(name, region, numbers, expected):
    draw = Draw(tuple(region), list(map(interval, region)), numbers)
    low, high = value(name, draw)
    assert float(low) == pytest.approx(expected[0], rel=1e-15)
    assert float(high) == pytest.approx(expected[1], rel=1e-15)


@each_primitive
def test_unknown_ends_are_unknown(name):
    rng = np.random.default_rng(6)
    for draw in draws(name, 6, 40, ("point", "wide", "far", "touching zero")):
        xs, region = list(draw.xs), list(draw.region)
        for k, (low, high) in enumerate(region):
            unknown_low, unknown_high = rng.random(2) < 0.5
            lowest = 1e-3 if name in ("log", "root", "divide", "xlogx") else -INF
            region[k] = (lowest if unknown_low else low, INF if unknown_high else high)
            xs[k] = (NAN if unknown_low else arb(low), NAN if unknown_high else arb(high))
            if name == "divide" and k == 1 and low < 0:
                region[k] = (-INF if unknown_low else low, -1e-3 if unknown_high else high)
        found = value(name, draw._replace(xs=xs))
        slopes = partials(name, draw._replace(xs=xs))
        for point in points_of(rng, region, 4):
            expected = FUNCTIONS[name](list(map(mp.mpf, point)), draw.numbers)
            assert holds(found, expected), (draw, xs, point)
            for k, partial in enumerate(slopes):
                if has_no_slope(name, point):
                    continue
                with mp.workdps(precision_for(point)):
                    slope = mp.diff(
                        lambda *at, draw=draw: FUNCTIONS[name](list(at), draw.numbers),
                        point,
                        tuple(int(j == k) for j in range(len(point))),
                    )
                assert holds(widened(partial), slope), (draw, xs, point)


def test_logarithms_and_quotients_say_nothing_where_they_are_not_defined():
    low, high = PRIMITIVES["log"].value([(arb(0), arb(2))], [])
    assert low == -INF
    assert is_close(high, mp.log(2))
    for found in (
        PRIMITIVES["log"].value([(arb(-1), arb(2))], []),
        PRIMITIVES["log"].value([(NAN, arb(2))], []),
        PRIMITIVES["divide"].value([iv.point(1.0), (arb(-1), arb(1))], []),
        PRIMITIVES["root"].value([(arb(-1), arb(2))], [arb(0.5)]),
        *PRIMITIVES["root"].partials([(arb(-1), arb(2))], [arb(0.5)], iv.EVERYTHING),
        *PRIMITIVES["log"].partials([(arb(-1), arb(2))], [], iv.EVERYTHING),
        *PRIMITIVES["divide"].partials([iv.point(1.0), (arb(0), arb(1))], [], iv.EVERYTHING),
    ):
        assert not found[0] > -INF
        assert not found[1] < INF


# Programs


def test_programs_hold_values_and_derivatives_at_points():
    rng = np.random.default_rng(7)
    told = 0
    for _ in range(120):
        program, functions = random_program(rng, 2, int(rng.integers(1, 9)))
        machine = Machine(program)
        region = tuple(random_range(rng, rng.choice(("tiny", "wide")), False) for _ in range(2))
        box = list(map(interval, region))
        ((enclosed,), *_), ((slopes,), *_) = outputs_of(machine, box)
        ((alone,), *_) = machine.values(box)
        assert all(map(arb.overlaps, alone, enclosed))
        for point in points_of(rng, region, 3):

            def function(*inputs, functions=functions):
                return functions(inputs)[0]

            with mp.workdps(DIGITS + 30):
                assert holds(widened(enclosed), function(*map(mp.mpf, point)))
                for k in (0, 1):
                    step = mp.mpf("1e-30")
                    at = list(map(mp.mpf, point))
                    at[k] += step
                    right = (function(*at) - function(*map(mp.mpf, point))) / step
                    # Just beyond the box's end, the derivative may be a little different.
                    if point[k] < region[k][1]:
                        told += 1
                        slope = slopes.get(k, iv.point(0.0))
                        tolerance = arb("1e-20") * (1 + abs(ball(right)))
                        assert not slope[0] - tolerance > ball(right)
                        assert not slope[1] + tolerance < ball(right)
    assert told > 300


def test_derivatives_left_out_are_exactly_zero():
    program = Program(2, (Instruction("exp", (0,)), Instruction("constant", (), (3.0,))), ((2, 3),))
    _, ((first, second),) = outputs_of(Machine(program), [iv.point(0.0), iv.point(1.0)])
    assert set(first) == {0}
    assert second == {}


SHARES = [
    (((0, 1, 2), (1, 0, 2)), True),
    (((0, 1, 2), (1, 2, 0), (2, 0, 1)), True),
    (((0, 1, 2), (0, 1, 2)), False),
    (((0, 0, 1), (0, 0, 1)), True),
    (((0, 1, 2), (1, 0, 0)), False),
    (((0, 1), (1, 0, 2)), False),
    (((0, 1, 2),), True),
    ((), True),
]
"""What softmax instructions of one player read, and whether their values add up to one at most."""


@pytest.mark.parametrize(("wholes", "expected"), SHARES)
def test_shares_of_one_whole_are_told_from_others(wholes, expected):
    instructions = tuple(Instruction("softmax", whole) for whole in wholes)
    program = Program(3, instructions, (tuple(range(3, 3 + len(wholes))), ()))
    assert program.shares_one(0) is expected
    for inputs in ((9.0, -9.0, -9.0), (-9.0, 9.0, -9.0), (5.0, 5.0, 5.0), (9.0, 9.0, -9.0)):
        total = sum(share(0, [mp.mpf(inputs[r]) for r in whole]) for whole in wholes)
        assert total <= 1 + mp.mpf("1e-40") or not expected


def test_other_instructions_and_inputs_are_no_shares():
    logistic = Program(1, (Instruction("logistic", (0,)),), ((1,), (0,)))
    assert not logistic.shares_one(0)
    assert not logistic.shares_one(1)


GUARDED = {
    "log": (("log", (0,)), [((0.5, 2.0), True), ((0.0, 1.0), False), ((-1.0, 1.0), False)]),
    "log of a square": (
        ("log", (1,)),
        [((-2.0, -1.0), True), ((0.0, 0.0), False), ((-1.0, 1.0), False)],
    ),
    "divide": (
        ("divide", (0, 0)),
        [((0.5, 2.0), True), ((-2.0, -0.5), True), ((0.0, 1.0), False), ((-1.0, 1.0), False)],
    ),
    "root": (("root", (0,), (0.5,)), [((0.0, 2.0), True), ((-1e-9, 1.0), False)]),
    "log of what is positive": (("log", (2,)), [((-INF, INF), True)]),
    "log of a sum of such": (("log", (3,)), [((-INF, INF), True)]),
    "log of a difference": (("log", (4,)), [((-1.0, 1.0), False)]),
}
"""An instruction that no output reads, and where the program has a value."""


@pytest.mark.parametrize("what", GUARDED)
def test_a_program_has_a_value_only_where_every_instruction_has(what):
    instruction, boxes = GUARDED[what]
    instructions = (
        Instruction("power", (0,), (2.0,)),
        Instruction("logistic", (0,)),
        Instruction("affine", (2, 2), (0.0, 1.0, 0.5)),
        Instruction("affine", (2,), (0.3, -1.0)),
        Instruction(*instruction),
    )
    for program in (
        Program(1, instructions, ((2, 4),)),
        Program(1, instructions, ((2, 4),)).leading(),
    ):
        machine = Machine(program)
        for box, expected in boxes:
            assert machine.is_defined(machine.held([interval(box)])) is expected, (what, box)


def test_programs_may_have_no_instructions():
    program = Program(2, (), ((0,), (1,)))
    assert not program.shares_one(0)
    box = [(arb(0), arb(1)), (arb(2), arb(3))]
    machine = Machine(program)
    assert machine.values(box) == [[box[0]], [box[1]]]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_programs_take_as_many_inputs_as_they_have(count):
    program = Program(2, (Instruction("logistic", (0,)),), ((2,),))
    with pytest.raises(InputError, match=f"has 2 inputs, but {count}"):
        Machine(program).values([iv.point(0.0)] * count)


BAD = [
    (Instruction("sine", (0,)), "no primitive 'sine'"),
    (Instruction("exp", (1,)), "not all before it"),
    (Instruction("exp", (-1,)), "not all before it"),
    (Instruction("exp", (0, 0)), "exp does not take 2 registers"),
    (Instruction("exp", (0,), (1.0,)), "exp does not take"),
    (Instruction("constant", (), (INF,)), "must be finite"),
    (Instruction("constant", (), (math.nan,)), "must be finite"),
    (Instruction("affine", (0,), (1.0,)), "affine does not take"),
    (Instruction("softmax"), "softmax does not take"),
    (Instruction("power", (0,), (0.0,)), "power does not take"),
    (Instruction("power", (0,), (2.5,)), "power does not take"),
    (Instruction("power", (0,), (-1.0,)), "power does not take"),
    (Instruction("power", (0,), (LARGEST_POWER + 1.0,)), "power does not take"),
    (Instruction("root", (0,), (0.0,)), "root does not take"),
    (Instruction("root", (0,), (-0.5,)), "root does not take"),
    (Instruction("root", (0,), (LARGEST_POWER + 0.5,)), "root does not take"),
]


@pytest.mark.parametrize(("instruction", "message"), BAD)
def test_instructions_that_make_no_sense_are_refused(instruction, message):
    with pytest.raises(InputError, match=message):
        Program(1, (instruction,), ((0,),))


def test_outputs_must_be_registers():
    for register in (-1, 2):
        with pytest.raises(InputError, match="registers that it does not have"):
            Program(1, (Instruction("exp", (0,)),), ((register,),))


def test_the_largest_number_is_found_in_any_register():
    program = Program(1, (Instruction("affine", (0,), (0.0, -7.0)), Instruction("tanh", (1,))), ())
    assert Machine(program).largest([(arb(-1), arb(3))]) == 21.0
    assert Machine(program).largest([(arb(0, 3), arb(0, 3))]) == pytest.approx(21.0)
    logarithm = Program(1, (Instruction("log", (0,)),), ())
    assert Machine(logarithm).largest([(arb(-1), arb(3))]) == INF
