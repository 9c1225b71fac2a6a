"""Bounds on the gain of deviating: never below what mpmath finds at any point of a box."""

import itertools
import math

import numpy as np
import pytest
from flint import arb, ctx
from tests.certificates.exact import (
    DIGITS,
    FUNCTIONS,
    INF,
    PRECISION,
    Case,
    ball,
    entry,
    holds,
    mp,
    points_of,
    random_case,
    random_program,
    random_table,
    two_by_two,
)

from glasshouse.certificates import intervals as iv
from glasshouse.certificates.gain import Gain
from glasshouse.certificates.program import Instruction, Program
from glasshouse.errors import InputError

PD = (5.0, 3.0, 1.0, 0.0)
ERROR = arb("1e-44")
"""By which mpmath's gains may be wrong, relative to payoffs of about 1."""

FAMILIES = {
    "two": ("logistic", (2, 2)),
    "three actions": ("logistic", (3, 3)),
    "more and fewer actions": ("logistic", (2, 3)),
    "one action": ("logistic", (3, 1)),
    "three players": ("logistic", (2, 2, 2)),
    "affine": ("affine", (2, 2)),
    "affine, three players": ("affine", (2, 2, 2)),
}

each_family = pytest.mark.parametrize("family", FAMILIES)
whether_swept = pytest.mark.parametrize("swept", [False, True], ids=["", "swept"])


@pytest.fixture(autouse=True)
def precise():
    with ctx.workprec(PRECISION), mp.workdps(DIGITS):
        yield


def random_region(rng, case, unbounded=True):
    """A box of deviations: anywhere, around the profile, of faces or points, without ends."""
    region = []
    bounded = case.semantics["kind"] == "affine" or not unbounded
    kinds = ["point", "stay", "tiny", "around", "wide"] + ["infinite"] * 2 * (not bounded)
    near = rng.random() < 0.3  # the profile lies inside
    for x in case.profile:
        kind = str(rng.choice(["stay", "around"] if near else kinds))
        if kind == "infinite":
            low, high = [(-INF, x), (x + 1.0, INF), (-INF, INF), (INF, INF)][rng.integers(4)]
        else:
            centre = x if kind in ("stay", "around") else x + float(rng.normal(scale=2.0))
            radius = {"tiny": 1e-7, "around": float(rng.exponential(1.0)), "wide": 3.0}
            low, high = centre - radius.get(kind, 0.0), centre + radius.get(kind, 0.0)
        if case.semantics["kind"] == "affine":
            low, high = (min(max(end, 0.0), 1.0) for end in (low, high))
        region.append((low, high))
    if case.swept:
        low = float(rng.uniform(-0.5, 1.0)) if rng.random() < 0.8 else 0.0
        region.append((low, low + float(rng.choice([0.0, 1e-9, 0.1, 1.0]))))
    return tuple(region)


def cases(family, seed, count, swept=False):
    rng = np.random.default_rng([seed, *family.encode(), swept])
    for _ in range(count):
        kind, actions = FAMILIES[family]
        case = random_case(rng, kind, actions, swept=swept)
        while not case.profile:
            case = random_case(rng, kind, actions, swept=swept)
        yield rng, case


def exceeds(gain, upper):
    """Whether a gain is surely above a bound."""
    return upper < ball(gain) - ERROR * (1 + abs(ball(gain)))


@whether_swept
@each_family
def test_no_point_of_a_box_gains_more_than_the_bound(family, swept):
    for rng, case in cases(family, 1, 15, swept):
        gain, region = case.bounds(), random_region(rng, case)
        upper = gain.bound(region).upper
        assert upper.is_finite()
        for point in points_of(rng, region, 50):
            found = case.gain(point)
            assert mp.isnan(found) or not exceeds(found, upper), (case, region, point)


@whether_swept
@each_family
def test_candidates_lie_in_the_box_and_their_gain_is_enclosed(family, swept):
    for rng, case in cases(family, 2, 12, swept):
        region = random_region(rng, case)
        bound = case.bounds().bound(region)
        assert len(bound.candidate) == len(region)
        for x, (low, high) in zip(bound.candidate, region, strict=True):
            assert low <= x <= high
        found = case.gain(bound.candidate)
        low, high = bound.gain
        assert mp.isnan(found) or holds((low - ERROR, high + ERROR), found), (case, region)
        assert not bound.upper < low
        if bound.axis is not None:
            assert region[bound.axis][0] < region[bound.axis][1]


@whether_swept
@each_family
def test_single_deviations_are_enclosed_and_sharply(family, swept):
    for rng, case in cases(family, 3, 6, swept):
        gain, region = case.bounds(), random_region(rng, case, unbounded=False)
        for point in points_of(rng, region, 3):
            low, high = gain.at(point)
            assert holds((low - ERROR, high + ERROR), case.gain(point)), (case, point)
            assert high - low < arb("1e-30")
            # A bound on one point is its gain.
            alone = gain.bound(tuple((x, x) for x in point))
            assert alone.axis is None
            assert abs(alone.upper - high) < arb("1e-30")


@whether_swept
@each_family
def test_staying_gains_exactly_nothing(family, swept):
    for rng, case in cases(family, 4, 5, swept):
        gain = case.bounds()
        for coupling in (-0.5, 0.0, 1.7):
            stay = (*case.profile, coupling) if swept else case.profile
            assert gain.at(stay) == (0, 0)
        couplings = [(float(rng.normal()), 3.0)] if swept else []
        bound = gain.bound((*((x, x) for x in case.profile), *couplings))
        assert bound.upper == 0
        assert bound.gain == (0, 0)
        assert bound.axis is None


@pytest.mark.parametrize("profile", [(-20.0, -20.0), (30.0, 30.0), (25.0, -25.0), (3.0, 40.0)])
def test_saturated_probabilities_are_bounded_as_well(profile):
    rng = np.random.default_rng(5)
    with ctx.workprec(400), mp.workdps(90):
        for payoffs, coupling in itertools.product(
            (PD, (4.0, 3.0, 1.0, 2.0)), (-0.4, 0.5, 1.0, 1.5)
        ):
            case = two_by_two(payoffs, coupling, profile)
            gain = case.bounds()
            for _ in range(4):
                low, high = sorted(rng.uniform(-45, 45, size=2))
                region = ((float(low), float(high)),)
                upper = gain.bound(region).upper
                for point in points_of(rng, region, 12):
                    found = ball(case.gain(point))
                    assert not upper < found - abs(found) * arb("1e-6") - arb("1e-85"), (
                        case,
                        point,
                    )


def test_bounds_get_sharp_as_boxes_get_small():
    # The mean-value bound is off by the square of the width, a range by the width.
    rng = np.random.default_rng(6)
    for _ in range(15):
        case = random_case(rng, "logistic", (2, 2))
        gain, centre = case.bounds(), case.profile[0] + 1.0
        size = max(
            abs(entry(case.tables[case.player], p)) for p in itertools.product((0, 1), repeat=2)
        )
        for width in (1e-2, 1e-4, 1e-6):
            region = ((centre - width, centre + width),)
            best = max(case.gain((x,)) for x in (centre - width, centre, centre + width))
            assert gain.bound(region).upper - ball(best) < 40 * size * width**2


STATIONARY = -2.9523541836
"""The best deviation of theory's table in the prisoner's dilemma, κ = 0.5, from (3, 3)."""


@pytest.mark.parametrize("profile", [3.0, STATIONARY])
def test_bounds_are_sharp_where_the_gain_is_stationary(profile):
    # Neither a face nor the range of the payoff says more than the first power of the width.
    case = two_by_two(PD, 0.5, (profile, 3.0))
    gain, best = case.bounds(), ball(case.gain((STATIONARY,)))
    for width in (1e-1, 1e-3, 1e-5):
        upper = gain.bound(((STATIONARY - width, STATIONARY + 2 * width),)).upper
        assert not upper < best
        assert upper < best + 10 * width**2 + arb("1e-9") * width


def test_bounds_around_the_profile_are_sharp_at_all_couplings():
    # From the profile one moves along the parameters only: the gain there is zero at every κ.
    case = two_by_two(PD, 1.0, (STATIONARY, 3.0), swept=True)
    gain = case.bounds()
    for width in (1e-1, 1e-3, 1e-6):
        upper = gain.bound(((STATIONARY - width, STATIONARY + 2 * width), (0.2, 1.2))).upper
        assert upper < 10 * width


def test_derivatives_of_one_sign_leave_a_face():
    # With no one reading the player, defecting more always pays.
    case = two_by_two(PD, (0.7, 0.0), (1.0, 0.5))
    bound = case.bounds().bound(((-3.0, 2.0),))
    assert bound.axis is None
    assert bound.candidate == (-3.0,)
    assert holds((bound.upper - ERROR, bound.upper + ERROR), case.gain((-3.0,)))


def test_the_profile_at_the_end_of_a_falling_gain_bounds_it_by_zero():
    # κ = 1, deep in cooperation: to defect a little loses more than it gains.
    case = two_by_two(PD, 1.0, (3.0, 3.0))
    bound = case.bounds().bound(((2.9, 3.0),))
    assert bound.upper == 0
    assert bound.candidate == (3.0,)


def test_infinite_deviations_gain_what_far_ones_tend_to():
    case = two_by_two(PD, 0.3, (-0.7, -0.7))
    gain = case.bounds()
    for end in (-INF, INF):
        low, high = gain.at((end,))
        with mp.workdps(200):
            far = case.gain((math.copysign(400.0, end),))
            assert abs(low - ball(far)) < arb("1e-30")
            assert abs(high - ball(far)) < arb("1e-30")
    assert not gain.bound(((-INF, INF),)).upper < gain.at((INF,))[0]


def test_unread_parameters_may_be_infinite():
    # κ = 0: nobody's mix depends on an infinite parameter but the player's own.
    case = two_by_two(PD, 0.0, (3.0, 3.0))
    low, high = case.bounds().at((-INF,))
    expected = case.gain((-INF,))
    assert holds((low - ERROR, high + ERROR), expected)
    assert high - low < arb("1e-30")


def test_where_a_limit_depends_on_the_way_all_ways_are_bounded():
    # Two of three logits tend to infinity: any mix of both actions is a limit.
    rng = np.random.default_rng(8)
    for _ in range(5):
        case = random_case(rng, "logistic", (3, 3))
        upper = case.bounds().bound(((INF, INF), (INF, INF))).upper
        low, high = case.bounds().at((INF, INF))
        for offset in rng.normal(scale=2.0, size=8):
            found = case.gain((400.0, 400.0 + float(offset)))
            assert not exceeds(found, upper)
            assert holds((low - ERROR, high + ERROR), found)


def test_what_intervals_cannot_tell_is_not_bounded():
    # p = t · 1/(1 + t) tends to 1, but ∞ · 0 may be anything; 2 t - t tends to infinity.
    product = (
        Instruction("affine", (0,), (1.0, 1.0)),
        Instruction("constant", (), (1.0,)),
        Instruction("divide", (2, 1)),
        Instruction("multiply", (0, 3)),
    )
    difference = (
        Instruction("affine", (0,), (0.0, 2.0)),
        Instruction("affine", (1, 0), (0.0, 1.0, -1.0)),
        Instruction("logistic", (2,)),
    )
    for instructions, output in ((product, 4), (difference, 3)):
        gain = Gain(Program(1, instructions, ((output,), ())), [[1.0], [0.0]], (1.0,))
        for region in (((INF, INF),), ((1.0, INF),)):
            assert gain.bound(region).upper >= (0.5 if output == 4 else 0.25)
        low, high = gain.at((INF,))
        assert not low > (0.5 if output == 4 else 0.25)
        assert not high < (0.5 if output == 4 else 0.25)


def test_the_gain_may_fall_along_couplings_along_which_the_payoff_rises():
    # p = s(t + κ): from 4.9 to 5 it gains s(5 + κ) - s(4.9 + κ), most at the smallest κ.
    program = Program(
        2,
        (Instruction("affine", (0, 1), (0.0, 1.0, 1.0)), Instruction("logistic", (2,))),
        ((3,), ()),
    )
    gain = Gain(program, [[1.0], [0.0]], (4.9,))
    upper = gain.bound(((5.0, 5.0), (3.0, 13.0))).upper
    assert not upper < ball(1 / (1 + mp.exp(-8)) - 1 / (1 + mp.exp(-mp.mpf(4.9) - 3)))


def test_rising_towards_infinity_is_told():
    # The deviator plays 1 / (1 + e^-t), which pays ever more and never all.
    rising = Case(
        {"kind": "logistic", "coupling": [[0.0, 0.5], [0.5, 0.0]], "own_weight": [1.0, 1.0]},
        (2, 2),
        [[[1.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]],
        [[0.0], [0.0]],
    )
    assert rising.bounds().bound(((-1.0, 4.0),)).endless is False
    flat = rising._replace(tables=[[[1.0, 1.0], [1.0, 1.0]], rising.tables[1]])
    assert flat.bounds().bound(((-1.0, INF),)).endless is False


# Programs of any kind


@whether_swept
def test_no_deviation_of_any_program_gains_more_than_the_bound(swept):
    rng, told = np.random.default_rng([7, swept]), 0
    for _ in range(40):
        program, function = random_program(rng, 2, int(rng.integers(2, 10)), players=2)
        table = random_table(rng, (2, 2))
        profile = tuple(rng.normal(size=1 if swept else 2).tolist())
        gain = Gain(program, table, profile)

        def payoff(point, function=function, table=table):
            p, q = function(point)
            (a, b), (c, d) = table
            return p * q * a + p * (1 - q) * b + (1 - p) * q * c + (1 - p) * (1 - q) * d

        centre = rng.normal(size=2)
        region = [
            (float(x - r), float(x + s))
            for x, (r, s) in zip(
                centre, rng.choice([0.0, 1e-5, 0.2, 2.0], size=(2, 2)), strict=True
            )
        ]
        bound = gain.bound(tuple(region))
        told += bound.upper.is_finite()
        assert all(low <= x <= high for x, (low, high) in zip(bound.candidate, region, strict=True))
        for point in (*points_of(rng, region, 15), bound.candidate):
            stay = (*profile, point[1]) if swept else profile
            found = payoff(point) - payoff(stay)
            wrong = ERROR * ball(1 + abs(payoff(point)) + abs(payoff(stay)))
            assert not bound.upper < ball(found) - wrong, (program, table, region, point)
            if point == bound.candidate:
                assert holds((bound.gain[0] - wrong, bound.gain[1] + wrong), found)
    assert told == 40


@whether_swept
def test_saturated_programs_are_bounded_whatever_their_logits(swept):
    # Of logits that are affine in the inputs derivatives are compared far out; of others not.
    rng = np.random.default_rng([9, swept])
    for _ in range(150):
        slopes, offsets = rng.normal(scale=2.0, size=(2, 2)), rng.normal(scale=8.0, size=2)
        inner = [
            ("multiply", (0, 1)),
            ("power", (0,), (2.0,)),
            ("maximum", (0, 1)),
            ("tanh", (0,)),
            ("affine", (0, 1), (1.0, 1.0, -1.0)),
        ]
        instructions = [Instruction(*inner[rng.integers(len(inner))])]
        for slope, offset in zip(slopes, offsets, strict=True):
            read = (0, int(rng.integers(1, 3)))
            instructions.append(Instruction("affine", read, (float(offset), *map(float, slope))))
        instructions += [Instruction("logistic", (3,)), Instruction("logistic", (4,))]
        program = Program(2, tuple(instructions), ((5,), (6,)))
        table = random_table(rng, (2, 2))
        gain = Gain(program, table, rng.normal(size=1 if swept else 2).tolist())
        low = rng.normal(scale=8.0, size=2)
        width = rng.choice([0.0, 0.1, 3.0, 10.0], size=2)
        region = tuple((float(x), float(x + w)) for x, w in zip(low, width, strict=True))
        upper = gain.bound(region).upper

        def payoff(point, instructions=instructions, table=table):
            found = list(map(mp.mpf, point))
            for name, registers, numbers in instructions:
                found.append(FUNCTIONS[name]([found[r] for r in registers], numbers))
            p, q = found[-2:]
            return sum(
                mp.mpf(table[i][j]) * (p, 1 - p)[i] * (q, 1 - q)[j] for i in (0, 1) for j in (0, 1)
            )

        for point in (*points_of(rng, region, 8), *itertools.product(*region)):
            stay = (*gain.profile, *point[len(gain.profile) :])
            assert not exceeds(payoff(point) - payoff(stay), upper), (program, table, region, point)


def test_what_may_be_no_probability_is_not_bounded():
    # p = t pays 1, whatever the other's q = 1 - t.
    payoffs = [[1.0, 1.0], [0.0, 0.0]]
    line = (Instruction("affine", (0,), (0.0, 1.0)), Instruction("affine", (0,), (1.0, -1.0)))
    gain = Gain(Program(1, line, ((1,), (2,))), payoffs, (0.25,), proper=False)
    assert abs(gain.bound(((0.0, 1.0),)).upper - 0.75) < ERROR
    for region in (((0.0, 1.5),), ((-0.5, 0.5),), ((0.0, INF),)):
        found = gain.bound(region)
        assert found.upper == INF
        assert found.axis == 0
    for deviation in (1.5, -1e-3):
        with pytest.raises(InputError, match="player 1 the probabilities"):
            gain.at((deviation,))


def test_bounds_of_programs_are_for_probabilities_only():
    rng, told = np.random.default_rng(14), 0
    for _ in range(150):
        program, function = random_program(rng, 2, int(rng.integers(2, 10)), players=2)
        gain = Gain(program, random_table(rng, (2, 2)), (0.0, 0.0), proper=False)
        region = tuple((float(x), float(x) + 0.1) for x in rng.normal(size=2))
        try:
            bound = gain.bound(region)
        except InputError:
            continue
        points = [function(point) for point in points_of(rng, region, 8)]
        if bound.upper.is_finite():
            told += 1
            assert all(-1e-9 <= p <= 1 + 1e-9 for point in points for p in point)
    assert told > 15


def test_kinks_are_bounded_on_both_sides():
    # p = max(t, -t) = |t|, which pays 1: the gain from 0 is |t|, least at the profile itself.
    program = Program(
        1, (Instruction("affine", (0,), (0.0, -1.0)), Instruction("maximum", (0, 1))), ((2,), ())
    )
    gain = Gain(program, [[1.0], [0.0]], (0.0,))
    for low, high in ((-1.0, 0.5), (-0.25, 0.75), (0.0, 0.5), (-2.0, 0.0), (-1e-9, 1e-9)):
        bound = gain.bound(((low, high),))
        assert not bound.upper < max(-low, high)
        assert bound.upper <= max(-low, high) * (1 + arb("1e-30"))


def test_where_a_quotient_has_a_pole_there_is_no_bound():
    program = Program(
        1, (Instruction("constant", (), (1.0,)), Instruction("divide", (1, 0))), ((2,), ())
    )
    gain = Gain(program, [[1.0], [0.0]], (3.0,))
    assert gain.bound(((-1.0, 1.0),)).upper == iv.EVERYTHING[1]
    assert gain.bound(((0.0, 1.0),)).upper == iv.EVERYTHING[1]
    assert gain.bound(((1.0, 2.0),)).upper <= arb(2) / 3 + arb("1e-30")


def test_what_is_not_known_bounds_nothing():
    """0 e^t + s(t) over the whole line is 0 · ∞ to intervals: no bound follows, and not zero."""
    instructions = (
        Instruction("constant", (), (0.0,)),
        Instruction("exp", (0,)),
        Instruction("multiply", (1, 2)),
        Instruction("logistic", (0,)),
        Instruction("affine", (3, 4), (0.0, 1.0, 1.0)),
    )
    gain = Gain(Program(1, instructions, ((5,),)), [1.0, 0.0], (-5.0,))
    best = 1 - 1 / (1 + math.exp(5))
    assert gain.bound(((-math.inf, math.inf),)).upper >= best
    assert gain.bound(((-3.0, 3.0),)).upper >= 0.9458812758
