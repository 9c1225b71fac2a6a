"""Brackets of the best gain against dense grids, theory's numbers, and games that are the same."""

import itertools
import math
from fractions import Fraction

import hypothesis.strategies as st
import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given
from scipy.optimize import minimize_scalar
from tests.certificates.exact import (
    DIGITS,
    INF,
    Case,
    fraction,
    mp,
    random_case,
    random_table,
    two_by_two,
)
from tests.reference import CHICKEN, DEADLOCK, DONATION, PD, STAG_HUNT

from glasshouse.certificates.covers import pieces
from glasshouse.certificates.leaves import down, up
from glasshouse.certificates.program import Instruction, Program
from glasshouse.certificates.search import best_gain

ERROR = mp.mpf("1e-40")


@pytest.fixture(autouse=True)
def precise():
    with mp.workdps(DIGITS):
        yield


def box(case, bound):
    return [(-float(bound), float(bound))] * len(case.profile)


def check(case, region, bracket, replay=True):
    """What every bracket says: its witnesses gain so much, and its cover proves so much."""
    assert bracket.lower <= bracket.upper
    own = len(case.profile)
    for deviation, least in ((bracket.best, bracket.lower), (bracket.witness, bracket.finite)):
        assert all(low <= x <= high for x, (low, high) in zip(deviation, region, strict=True))
        if tuple(deviation[:own]) == case.profile:
            assert least == 0
        else:
            gain = case.gain(deviation)
            assert mp.isnan(gain) or gain >= mp.mpf(least) - ERROR
    assert all(map(math.isfinite, bracket.witness))
    assert bracket.finite <= bracket.lower
    if not replay:
        return
    with ctx.workprec(bracket.precision):
        bounds = case.bounds()
        parts = [bounds.bound(part).upper for part in pieces(tuple(region), bracket.cover)]
        assert not any(part > bracket.upper for part in parts)


# Against dense grids


def numpy_gain(case, deviations):
    """The gain of many deviations of a two-player game, in double precision."""
    coupling, own = (np.array(case.semantics[key]) for key in ("coupling", "own_weight"))
    weights = coupling + np.diag(own)
    theta = [np.broadcast_to(np.array(x), (len(deviations), len(x))) for x in case.params]
    theta[case.player] = deviations
    mixes = []
    for i, count in enumerate(case.actions):
        logits = np.zeros((len(deviations), count))
        for j, other in enumerate(theta):
            shared = min(count - 1, other.shape[1])
            logits[:, :shared] += weights[i, j] * other[:, :shared]
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        mixes.append(shares / shares.sum(axis=1, keepdims=True))
    table = np.array(case.tables[case.player])
    return np.einsum("na,nb,ab->n", *mixes, table)


def grid_best(case, region, points):
    """The best of a dense grid, made better by a search around it, with its gain by mpmath."""
    axes = [np.linspace(low, high, points) for low, high in region]
    grid = np.stack([x.ravel() for x in np.meshgrid(*axes)], axis=1)
    best = grid[np.argmax(numpy_gain(case, grid))]
    for _ in range(2 if len(region) > 1 else 1):
        for k, (low, high) in enumerate(region):
            step = (high - low) / (points - 1)
            around = (max(low, best[k] - step), min(high, best[k] + step))

            def loss(x, k=k):
                moved = best.copy()
                moved[k] = x
                return -numpy_gain(case, moved[None])[0]

            refined = minimize_scalar(
                loss, bounds=around, method="bounded", options={"xatol": 1e-9}
            )
            if -refined.fun > -loss(best[k]):
                best[k] = refined.x
    return max(case.gain(tuple(map(float, best))), mp.mpf(0))


@pytest.mark.parametrize("count", [60, pytest.param(200, marks=pytest.mark.slow)])
def test_brackets_of_two_by_two_games_hold_the_best_of_a_grid(count):
    rng = np.random.default_rng(1)
    for k in range(count):
        case = random_case(rng, "logistic", (2, 2), spread=4.0)
        region = box(case, max(rng.choice([0.5, 3.0, 5.0, 12.0]), abs(case.profile[0])))
        bracket = case.bracket(region, epsilon=1e-6, width=1e-6)
        check(case, region, bracket, replay=k % 10 == 0)
        assert bracket.upper - bracket.lower <= 1e-6
        best = grid_best(case, region, 801)
        assert best - ERROR <= bracket.upper
        assert bracket.lower <= best + mp.mpf("1e-9")


@pytest.mark.parametrize("actions", [(3, 3), (3, 2), (2, 3)], ids=str)
def test_brackets_of_three_actions_hold_the_best_of_a_grid(actions):
    rng = np.random.default_rng([2, *actions])
    for _ in range(10):
        case = random_case(rng, "logistic", actions)
        region = box(case, 3.0)
        bracket = case.bracket(region, epsilon=1e-2, width=1e-2)
        check(case, region, bracket, replay=False)
        assert bracket.upper - bracket.lower <= 1e-2
        best = grid_best(case, region, 101)
        assert best - ERROR <= bracket.upper
        assert bracket.lower <= best + mp.mpf("2e-3")


def test_brackets_of_affine_games_hold_the_exact_best():
    # The payoff is quadratic in one parameter: its best is at an end or where it is flat.
    rng = np.random.default_rng(3)
    for actions in ((2, 2), (2, 2, 2)):
        for _ in range(20):
            case, region = random_case(rng, "affine", actions), [(0.0, 1.0)]
            bracket = case.bracket(region, epsilon=1e-9, width=1e-9)
            check(case, region, bracket)
            grid = [case.gain((k / 16,)) for k in range(17)]
            assert max(grid) - ERROR <= bracket.upper
            if actions == (2, 2):
                at_0, at_half, at_1 = grid[0], grid[8], grid[16]
                curvature = 2 * (at_0 - 2 * at_half + at_1)
                slope = at_1 - at_0 - curvature
                flat = -slope / (2 * curvature) if curvature else mp.mpf(0)
                best = max(at_0, at_1, 0)
                if 0 < flat < 1:
                    best = max(best, at_0 + slope * flat + curvature * flat**2)
                assert bracket.lower - ERROR <= best <= bracket.upper + ERROR


def test_brackets_of_three_players_hold_every_sample():
    rng = np.random.default_rng(4)
    for _ in range(8):
        case = random_case(rng, "logistic", (2, 2, 2))
        region = box(case, 3.0)
        bracket = case.bracket(region, epsilon=1e-6, width=1e-6)
        check(case, region, bracket)
        assert bracket.upper - bracket.lower <= 1e-6
        for x in np.linspace(-3, 3, 61):
            assert case.gain((float(x),)) - ERROR <= bracket.upper


def test_brackets_over_couplings_hold_every_sample():
    rng = np.random.default_rng(5)
    for kind in ("logistic", "affine"):
        for _ in range(8):
            case = random_case(rng, kind, (2, 2), swept=True)
            low = float(rng.uniform(0.0, 0.5))
            own = (0.0, 1.0) if kind == "affine" else (-3.0, 3.0)
            region = [own, (low, low + float(rng.choice([0.0, 0.1, 0.4])))]
            bracket = case.bracket(region, epsilon=1e-3, width=1e-3)
            check(case, region, bracket)
            assert bracket.upper - bracket.lower <= 1e-3
            axes = (np.linspace(*ends, 9) for ends in region)
            for x, coupling in itertools.product(*axes):
                assert case.gain((float(x), float(coupling))) - ERROR <= bracket.upper


# Theory


GAINS = [
    (3.0, 0.25, 1.46050006050, 5e-12, -3.0),
    (3.0, 0.50, 0.950157922262, 5e-13, -2.95235418363),
    (3.0, 0.80, 0.134310712263, 5e-13, -2.00650482228),
    (5.0, 0.90, 0.0957745036269, 5e-14, -3.67727230477),
    (3.0, 0.90, 0.0, 0.0, 3.0),
]
"""From (M, M) in the prisoner's dilemma: M, κ, gain to the digits printed, best deviation."""


@pytest.mark.parametrize(("bound", "coupling", "gain", "printed", "best"), GAINS)
def test_gains_in_the_table_lie_in_narrow_brackets(bound, coupling, gain, printed, best):
    case = two_by_two(PD, coupling, (bound, bound))
    bracket = case.bracket(box(case, bound), epsilon=1e-9, width=1e-9)
    assert bracket.upper - bracket.lower <= 1e-9
    assert bracket.lower <= gain + printed
    assert bracket.upper >= gain - printed
    assert bracket.best[0] == pytest.approx(best, abs=1e-4)
    check(case, box(case, bound), bracket)


THRESHOLDS = {
    "pd": (PD, (0.60496511036, 0.780488696205, 0.870467371354, 0.936357190659)),
    "donation": (DONATION, (0.389344050702, 0.542210924465, 0.694207256032, 0.839940629303)),
    "stag hunt": (STAG_HUNT, (-0.051386102, -0.151454843, -0.200089668, -0.237632851)),
    "chicken": (CHICKEN, (0.448924327, 0.919096230, 0.989856393, 0.999818260)),
}
"""Smallest coupling at which (M, M) is an equilibrium, for M = 1, 2, 3, 5."""


@pytest.mark.parametrize("name", THRESHOLDS)
def test_cooperation_is_an_equilibrium_from_the_threshold_on(name):
    payoffs, thresholds = THRESHOLDS[name]
    for bound, threshold in zip((1.0, 2.0, 3.0, 5.0), thresholds, strict=True):
        for coupling, stays in ((threshold + 1e-4, True), (threshold - 1e-4, False)):
            case = two_by_two(payoffs, coupling, (bound, bound))
            bracket = case.bracket(box(case, bound), epsilon=0.0)
            assert (bracket.upper == 0) is stays
            assert (bracket.finite > 0) is not stays


def test_limits_of_far_corners():
    for coupling, stays in ((1.0, True), (0.97, False)):
        case = two_by_two(PD, coupling, (40.0, 40.0))
        bracket = case.bracket(box(case, 40.0), epsilon=1e-6)
        assert (bracket.upper <= 1e-6) is stays
        assert (bracket.finite > 1e-6) is not stays


def test_saturated_defection_gains_less_than_any_usual_tolerance_and_more_than_nothing():
    case = two_by_two(PD, 0.5, (-20.0, -20.0))
    bracket = case.bracket(box(case, 20.0), epsilon=1e-12)
    assert case.gain((-19.0,)) > 0
    assert bracket.upper <= 1e-12
    narrow = case.bracket(box(case, 20.0), epsilon=0.0, width=1e-15)
    assert narrow.finite > 0
    # A grid finds 9.4e-14.
    best = max(case.gain((float(x),)) for x in np.linspace(-20, -15, 201))
    assert float(best) == pytest.approx(9.4e-14, rel=0.01)
    assert best <= narrow.upper <= best + mp.mpf("2e-15")


def test_a_rest_point_is_left_by_a_jump_on_bounded_and_unbounded_boxes():
    rest = math.log((2 / 13) / (11 / 13)) / 1.3
    case = two_by_two(PD, 0.3, (rest, rest))
    stay = case.payoff(case.params)
    assert float(stay) == pytest.approx(1.4379, abs=1e-4)
    bounded = case.bracket([(-20.0, 20.0)], epsilon=1e-6, width=1e-9)
    assert float(stay) + bounded.finite == pytest.approx(2.97265, abs=1e-5)
    unbounded = case.bracket([(-INF, INF)], epsilon=1e-6, width=1e-9)
    assert unbounded.finite > 1
    assert unbounded.lower == pytest.approx(3 - float(stay), abs=1e-8)
    assert unbounded.best == (INF,)
    assert unbounded.attained is False
    check(case, [(-INF, INF)], unbounded)


@pytest.mark.parametrize(
    ("payoffs", "coupling", "limit"),
    [
        # max(R, S, T), max(R, T), max(R, T, P), max_p u(p, p) and max(R, S, P), less R.
        (PD, -0.5, 2.0),
        (PD, 0.0, 2.0),
        (PD, 0.5, 2.0),
        (PD, 1.0, 0.0),
        (PD, 1.5, 0.0),
        (CHICKEN, -0.5, 1.0),
        (CHICKEN, 0.5, 1.0),
        (CHICKEN, 1.5, 0.0),
        (STAG_HUNT, 0.5, 0.0),
        (STAG_HUNT, 1.5, 0.0),
        (DEADLOCK, 0.5, 2.0),
        (DEADLOCK, 1.0, 1.0),
        (DEADLOCK, 1.5, 1.0),
    ],
)
def test_gains_from_ever_farther_corners_have_the_limits_of_theory(payoffs, coupling, limit):
    case = two_by_two(payoffs, coupling, (60.0, 60.0))
    bracket = case.bracket([(-INF, INF)], epsilon=1e-9, width=1e-8)
    check(case, [(-INF, INF)], bracket)
    assert bracket.upper - bracket.lower <= 1e-8
    assert bracket.lower == pytest.approx(limit, abs=1e-6)


def test_a_limit_that_pays_is_refuted_by_a_finite_witness():
    # With no coupling the best answer is never to cooperate: t = -∞, and any t far down.
    for coupling, profile in ((0.0, 3.0), (0.0, -3.0), (1.0, 3.0), (0.3, -0.7)):
        case = two_by_two(PD, coupling, (profile, profile))
        bracket = case.bracket([(-INF, INF)], epsilon=1e-6)
        check(case, [(-INF, INF)], bracket)
        assert bracket.lower > 1e-6
        assert bracket.finite > 1e-6
        assert bracket.attained is False


def test_whether_some_deviation_attains_the_best_is_told_rightly():
    rng = np.random.default_rng(11)
    told = {True: 0, False: 0, None: 0}
    for _ in range(40):
        case = random_case(rng, "logistic", (2, 2))
        bracket = case.bracket([(-INF, INF)], epsilon=1e-9)
        assert verdict(bracket, 1e-9) != "unknown"
        told[bracket.attained] += 1
        limit = max(case.gain((-INF,)), case.gain((INF,)))
        finite = max(case.gain((x,)) for x in (*np.linspace(-30, 30, 41), bracket.witness[0]))
        if bracket.attained is not None:
            assert (max(finite, 0) >= limit) is bracket.attained
    assert min(told[True], told[False]) > 5


def test_the_best_of_an_unbounded_box_may_be_attained():
    case = two_by_two(PD, 0.5, (3.0, 3.0))
    bracket = case.bracket([(-INF, INF)], epsilon=1e-6, width=1e-9)
    assert bracket.attained is True
    assert bracket.best[0] == pytest.approx(-2.95235418363, abs=1e-4)
    staying = two_by_two(STAG_HUNT, 0.5, (60.0, 60.0))
    assert staying.bracket([(-60.0, 60.0)], epsilon=1e-6).attained is True


# Needles


@pytest.mark.parametrize("place", [-1.7, 0.123456, 2.5])
@pytest.mark.parametrize("width", [1e-2, 1e-4, 1e-6])
def test_a_needle_in_which_a_deviation_pays_is_found(place, width):
    # p = s(x + 1) - s(x - 1) with x = (t - place) / width, a bump of height tanh(1/2), pays 1.
    scale = 1 / width
    program = Program(
        1,
        (
            Instruction("affine", (0,), (-scale * place + 1.0, scale)),
            Instruction("logistic", (1,)),
            Instruction("affine", (0,), (-scale * place - 1.0, scale)),
            Instruction("logistic", (3,)),
            Instruction("affine", (2, 4), (0.0, 1.0, -1.0)),
        ),
        ((5,), ()),
    )
    region = ((-3.0, 3.0),)
    bracket = best_gain(program, [[1.0], [0.0]], (0.9,), region, epsilon=0.1, budget=5000)
    assert bracket.finite > 0.1
    assert abs(bracket.witness[0] - place) < 10 * width
    without = best_gain(program, [[-1.0], [0.0]], (0.9,), region, epsilon=0.1, budget=5000)
    assert without.upper <= 0.1


# Games that are the same


def same(first, second, scale=1.0):
    """Whether two brackets say the same, gains being in different units."""
    slack = 1e-12 * scale
    return (
        second.lower <= scale * first.upper + slack and scale * first.lower <= second.upper + slack
    )


def verdict(bracket, epsilon):
    if bracket.upper <= epsilon:
        return "certified"
    return "refuted" if bracket.finite > epsilon else "unknown"


def swapped(case):
    """The same game with the players in the other order."""
    semantics = {
        "kind": "logistic",
        "coupling": np.array(case.semantics["coupling"])[::-1, ::-1].tolist(),
        "own_weight": case.semantics["own_weight"][::-1],
    }
    tables = [np.array(table).T.tolist() for table in case.tables[::-1]]
    return Case(semantics, case.actions[::-1], tables, case.params[::-1], 1 - case.player)


EPSILONS = (1e-9, 1e-2, 0.5)


def test_verdicts_do_not_depend_on_the_order_of_players():
    rng = np.random.default_rng(6)
    for _ in range(10):
        case = random_case(rng, "logistic", (2, 2))
        for epsilon in EPSILONS:
            one = case.bracket(box(case, 5.0), epsilon=epsilon)
            other = swapped(case).bracket(box(case, 5.0), epsilon=epsilon)
            assert same(one, other)
            assert verdict(one, epsilon) == verdict(other, epsilon) != "unknown"


def test_verdicts_do_not_depend_on_the_names_of_actions():
    # The other action first: θ' = -θ.
    rng = np.random.default_rng(12)
    for bound in (5.0, 25.0, INF):
        for _ in range(6):
            case = random_case(rng, "logistic", (2, 2))
            other = case._replace(
                tables=[np.array(table)[::-1, ::-1].tolist() for table in case.tables],
                params=[[-x for x in own] for own in case.params],
            )
            one = case.bracket(box(case, bound), epsilon=1e-6)
            two = other.bracket(box(case, bound), epsilon=1e-6)
            assert same(one, two)
            assert verdict(one, 1e-6) == verdict(two, 1e-6) != "unknown"
            assert one.attained is two.attained
            assert one.boxes == pytest.approx(two.boxes, abs=10)


def test_verdicts_do_not_depend_on_the_unit_and_origin_of_payoffs():
    rng = np.random.default_rng(7)
    for _ in range(5):
        case = random_case(rng, "logistic", (2, 2))
        table = rng.integers(-5, 6, size=(2, 2)).astype(float)
        case = case._replace(tables=[table.tolist()] * 2)
        for epsilon in EPSILONS:
            plain = case.bracket(box(case, 5.0), epsilon=epsilon)
            for scale, origin in ((0.125, 0.0), (4.0, 7.0), (1.0, 1e15)):
                other = case._replace(tables=[(scale * table + origin).tolist()] * 2)
                found = other.bracket(box(case, 5.0), epsilon=scale * epsilon)
                # Powers of two: not even the rounding differs, where the precision is the same.
                assert found.cover == plain.cover
                assert found.witness == plain.witness
                assert found.upper == pytest.approx(scale * plain.upper, rel=1e-14)
                assert found.lower == pytest.approx(scale * plain.lower, rel=1e-14)
            other = case._replace(tables=[(0.3 * table - 11.7).tolist()] * 2)
            found = other.bracket(box(case, 5.0), epsilon=0.3 * epsilon)
            assert same(plain, found, 0.3)
            assert verdict(plain, epsilon) == verdict(found, 0.3 * epsilon) != "unknown"


def test_verdicts_do_not_depend_on_the_unit_of_parameters():
    # θ' = 2 θ with all weights halved is the same game on a box twice as wide.
    rng = np.random.default_rng(8)
    for _ in range(10):
        case = random_case(rng, "logistic", (2, 2))
        halved = {
            key: (np.array(case.semantics[key]) / 2).tolist() for key in ("coupling", "own_weight")
        }
        other = case._replace(
            semantics={"kind": "logistic", **halved},
            params=[[2 * x for x in own] for own in case.params],
        )
        for epsilon in EPSILONS:
            one = case.bracket(box(case, 4.0), epsilon=epsilon)
            two = other.bracket(box(case, 8.0), epsilon=epsilon)
            assert one.cover == two.cover
            assert verdict(one, epsilon) == verdict(two, epsilon) != "unknown"
            assert same(one, two)


def test_a_larger_epsilon_never_refutes_what_a_smaller_one_certifies():
    rng = np.random.default_rng(9)
    for _ in range(15):
        case = random_case(rng, "logistic", (2, 2))
        found = [
            verdict(case.bracket(box(case, 5.0), epsilon=epsilon), epsilon)
            for epsilon in (1e-9, 1e-4, 1e-2, 0.1, 1.0, 100.0)
        ]
        assert "unknown" not in found
        assert found == sorted(found, reverse=True)
        assert found[-1] == "certified"


# Ends of the search


def test_a_small_budget_leaves_honest_bounds():
    case = two_by_two(PD, 0.8, (3.0, 3.0))
    exact = 0.134310712263
    for budget in (1, 3, 9, 33):
        bracket = case.bracket(box(case, 3.0), epsilon=0.13, width=1e-9, budget=budget)
        assert bracket.boxes <= budget + 1
        assert bracket.boxes == len(bracket.cover)
        assert bracket.lower <= exact <= bracket.upper
        check(case, box(case, 3.0), bracket)


def test_the_corners_are_tried_whatever_the_budget():
    rng = np.random.default_rng(13)
    for actions in ((2, 2), (3, 3)):
        for _ in range(5):
            case = random_case(rng, "logistic", actions)
            region = box(case, 4.0)
            bracket = case.bracket(region, epsilon=1e-9, budget=1)
            best = max(case.gain(corner) for corner in itertools.product(*region))
            assert bracket.finite >= best - mp.mpf("1e-12")


def test_a_pole_ends_the_search():
    # U = -1 / (t - 1): next to the pole nothing can be split any more, and nothing is bounded.
    program = Program(
        1,
        (
            Instruction("affine", (0,), (-1.0, 1.0)),
            Instruction("constant", (), (1.0,)),
            Instruction("divide", (2, 1)),
        ),
        ((3,), ()),
    )
    found = best_gain(program, [[-1.0], [0.0]], (3.0,), ((0.5, 4.0),), epsilon=1e300, budget=2000)
    assert found.upper == INF
    assert found.boxes < 300


def test_a_supremum_at_a_pole_is_not_said_to_be_attained():
    # p = s(1 / t) tends to 1 as t falls to 0, where it has no value.
    program = Program(
        1,
        (
            Instruction("constant", (), (1.0,)),
            Instruction("divide", (1, 0)),
            Instruction("logistic", (2,)),
        ),
        ((3,), ()),
    )
    region = ((-1.0, 1.0),)
    for budget in (1, 9, 99):
        found = best_gain(
            program, [[1.0], [0.0]], (1.0,), region, epsilon=0.1, budget=budget, proper=False
        )
        assert found.attained is not True
        assert found.upper > 0.268


def test_a_small_budget_tells_nothing_wrong_of_what_is_attained():
    attained, limit = two_by_two(PD, 0.5, (3.0, 3.0)), two_by_two(PD, 0.3, (-0.7, -0.7))
    for budget in (1, 3, 5, 9, 17):
        assert attained.bracket([(-INF, INF)], epsilon=0.0, budget=budget).attained is not False
        assert limit.bracket([(-INF, INF)], epsilon=0.0, budget=budget).attained is not True


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_precision_is_enough_for_saturated_probabilities(sign):
    # Where both defect at (-100, -100), and under the other names of actions at (100, 100), the
    # best gain is below 1e-40, and above zero.
    table = np.array([[3.0, 0.0], [5.0, 1.0]])[:: int(sign), :: int(sign)]
    case = two_by_two(PD, 0.5, (-100.0 * sign,) * 2)
    case = case._replace(tables=[table.tolist(), table.T.tolist()])
    bracket = case.bracket(box(case, 100.0), epsilon=0.0)
    assert 0 < bracket.finite < 1e-40
    with mp.workdps(200):
        check(case, box(case, 100.0), bracket)
        assert case.gain(bracket.witness) >= mp.mpf(bracket.finite)


def test_precision_is_enough_for_the_smallest_epsilon():
    # κ = 1 and payoffs p - q: both play the same, and every deviation gains nothing.
    case = two_by_two((-1.0, 0.0, 0.0, 1.0), 1.0, (1.0, 1.0))
    assert case.bracket([(0.3, 0.3)], epsilon=1e-60).upper <= 1e-60


def test_a_box_of_one_point_has_nothing_to_gain():
    case = two_by_two(PD, 0.3, (1.0, 1.0))
    bracket = case.bracket([(1.0, 1.0)], epsilon=0.0, width=0.0)
    assert (bracket.lower, bracket.upper, bracket.cover) == (0.0, 0.0, (".",))
    assert bracket.witness == (1.0,)


def test_a_narrow_box_of_two_points_is_settled():
    case = two_by_two(PD, 0.3, (1.0, 1.0))
    bracket = case.bracket([(1.0, math.nextafter(1.0, 2.0))], epsilon=0.0)
    assert verdict(bracket, 0.0) != "unknown"


def test_unbounded_boxes_of_three_actions_are_bracketed():
    # Actions 1 and 2 pay the same and action 3 nothing: what counts is p_1 + p_2, at most 1.
    rng = np.random.default_rng(10)
    case = random_case(rng, "logistic", (3, 3))._replace(
        tables=[[[1.0] * 3, [1.0] * 3, [0.0] * 3], random_table(rng, (3, 3))], player=0
    )
    bracket = case.bracket([(-INF, INF)] * 2, epsilon=1e-3, width=1e-3, budget=500)
    assert bracket.upper - bracket.lower <= 1e-3
    assert bracket.upper >= 1 - float(case.payoff(case.params))


# Doubles


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(-1200, 1100), st.booleans())
def test_doubles_are_rounded_outward_and_no_farther(number, exponent, is_tiny):
    with ctx.workprec(300):
        exact = arb(number) * (1 + arb(2) ** -200)
        exact = exact * arb(2) ** exponent if is_tiny else exact
        above, below, value = up(exact), down(exact), fraction(exact)
    assert above >= 0 or Fraction(above) >= value if math.isfinite(above) else above == INF
    if math.isfinite(above):
        assert Fraction(above) >= value
        previous = math.nextafter(above, -INF)
        assert math.isinf(previous) or Fraction(previous) < value
    else:
        assert above == INF
        assert value > Fraction(1.7976931348623157e308)
    if math.isfinite(below):
        assert Fraction(below) <= value
        following = math.nextafter(below, INF)
        assert math.isinf(following) or Fraction(following) > value
    else:
        assert below == -INF
        assert value < Fraction(-1.7976931348623157e308)


def test_doubles_bound_whole_balls():
    for radius in (1e-30, 1e-3, 5.0):
        wide = arb(0.1, radius)
        assert Fraction(up(wide)) >= Fraction(0.1) + Fraction(radius)
        assert Fraction(down(wide)) <= Fraction(0.1) - Fraction(radius)
    assert up(arb("inf")) == INF
    assert down(arb("inf")) == INF
    assert down(arb("nan")) == -INF
    assert down(arb(0, INF)) == -INF
    assert up(arb(0, INF)) == INF
    assert (up(arb(0.25)), down(arb(0.25))) == (0.25, 0.25)
