"""Expected payoffs against exact sums over all profiles, and their bounds against samples."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from tests.certificates.exact import PRECISION, ball, entry, fraction, random_table

from glasshouse.certificates import intervals as iv
from glasshouse.certificates.payoff import ExpectedPayoff

SIZES = [
    (1,),
    (2,),
    (4,),
    (2, 2),
    (1, 3),
    (3, 1),
    (3, 2),
    (4, 4),
    (2, 2, 2),
    (3, 1, 2),
    (2, 3, 2, 2),
]

each_size = pytest.mark.parametrize("actions", SIZES, ids=str)


@pytest.fixture(autouse=True)
def precise():
    with ctx.workprec(PRECISION):
        yield


def random_mixes(rng, actions):
    """A probability for every action of every player, exact in few bits."""
    mixes = []
    for count in actions:
        cuts = sorted(int(x) for x in rng.integers(0, 65, size=count - 1))
        mixes.append([Fraction(b - a, 64) for a, b in itertools.pairwise([0, *cuts, 64])])
    return mixes


def all_but_last(mixes):
    return [[iv.point(ball(p)) for p in mix[:-1]] for mix in mixes]


def expected(table, actions, mixes):
    """Σ payoff · Π probability over all profiles, exactly."""
    return sum(
        Fraction(entry(table, profile)) * math.prod(map(lambda mix, a: mix[a], mixes, profile))
        for profile in itertools.product(*map(range, actions))
    )


def dropped(table, actions):
    return Fraction(entry(table, [count - 1 for count in actions]))


def is_exactly(interval, number):
    """Whether an interval holds a fraction and hardly anything else."""
    low, high = fraction(interval[0].lower()), fraction(interval[1].upper())
    return low <= number <= high and high - low <= Fraction(2) ** -100 * (1 + abs(number))


def moved(mixes, player, action, step):
    """The same probabilities with some of the last action's moved to another."""
    changed = [list(mix) for mix in mixes]
    changed[player][action] += step
    changed[player][-1] -= step
    return changed


@each_size
def test_payoffs_are_sums_over_all_profiles_but_for_the_constant(actions):
    rng = np.random.default_rng([1, *actions])
    for _ in range(20):
        table, mixes = random_table(rng, actions), random_mixes(rng, actions)
        found = ExpectedPayoff(table).value(all_but_last(mixes))
        assert is_exactly(found, expected(table, actions, mixes) - dropped(table, actions))


@each_size
def test_effects_are_what_moving_probability_changes(actions):
    # The payoff is linear in each probability: a difference is a derivative exactly.
    rng = np.random.default_rng([2, *actions])
    for _ in range(10):
        table, mixes = random_table(rng, actions), random_mixes(rng, actions)
        found = ExpectedPayoff(table).effects(all_but_last(mixes))
        assert [len(effects) for effects in found] == [count - 1 for count in actions]
        for player, effects in enumerate(found):
            for action, effect in enumerate(effects):
                more = expected(table, actions, moved(mixes, player, action, Fraction(1, 4)))
                assert is_exactly(effect, 4 * (more - expected(table, actions, mixes)))


def random_box(rng, actions, is_mix):
    """Ranges of probabilities, some of them points, and a draw from them (and from their ends).

    Where `is_mix`, all that is drawn adds up to one at most.
    """
    ranges = []
    for count in actions:
        most = 64 // max(count - 1, 1) if is_mix else 64
        drawn = [
            sorted(int(x) for x in rng.integers(0, most + 1, size=2)) for _ in range(count - 1)
        ]
        ranges.append([(low, low if rng.random() < 0.2 else high) for low, high in drawn])

    def draw():
        for own in ranges:
            numbers = [(low, high, int(rng.integers(low, high + 1))) for low, high in own]
            first = [Fraction(int(rng.choice(some)), 64) for some in numbers]
            yield [*first, 1 - sum(first)]

    return [[(arb(low) / 64, arb(high) / 64) for low, high in own] for own in ranges], draw


@each_size
def test_bounds_hold_at_every_point_of_a_box(actions):
    rng, compared = np.random.default_rng([3, *actions]), 0
    for _ in range(15):
        table = random_table(rng, actions)
        payoff, (vectors, draw) = ExpectedPayoff(table), random_box(rng, actions, is_mix=False)
        value, effects = payoff.value(vectors), payoff.effects(vectors)
        highest = payoff.highest(vectors, effects)
        for _ in range(12):
            mixes = list(draw())
            found = ball_of(expected(table, actions, mixes) - dropped(table, actions))
            # The highest payoff need be no bound where the last action has less than nothing.
            if all(mix[-1] >= 0 for mix in mixes):
                compared += 1
                assert not highest < found
            assert not value[0] > found
            assert not value[1] < found
            for player, own in enumerate(effects):
                for action, effect in enumerate(own):
                    slope = expected(table, actions, moved(mixes, player, action, Fraction(1)))
                    slope = ball_of(slope - expected(table, actions, mixes))
                    assert not effect[0] > slope
                    assert not effect[1] < slope
    assert compared >= 3


def ball_of(number):
    return arb(number.numerator) / number.denominator


@each_size
def test_the_highest_payoff_is_attained_where_effects_have_one_sign(actions):
    # Payoffs that add up what each player's actions bring: every effect has one sign.
    rng = np.random.default_rng([4, *actions])
    for _ in range(10):
        worth = [rng.integers(-4, 5, size=count).tolist() for count in actions]
        table = np.array(
            [
                sum(own[a] for own, a in zip(worth, profile, strict=True))
                for profile in itertools.product(*map(range, actions))
            ],
            dtype=float,
        ).reshape(actions)
        payoff = ExpectedPayoff(table.tolist())
        vectors, _ = random_box(rng, actions, is_mix=True)
        best = Fraction(0)
        for own, ranges in zip(worth, vectors, strict=True):
            for gain, (low, high) in zip([x - own[-1] for x in own], ranges, strict=False):
                best += gain * fraction(high if gain > 0 else low)
        found = payoff.highest(vectors, payoff.effects(vectors))
        assert fraction(found) == best


def test_the_highest_payoff_is_at_a_corner_where_both_effects_have_one_sign():
    # Intervals alone would take a probability at its low end in one term and high in another.
    rng, told = np.random.default_rng(6), 0
    for _ in range(150):
        table = rng.integers(-4, 5, size=(2, 2)).astype(float).tolist()
        vectors, _ = random_box(rng, (2, 2), is_mix=True)
        payoff = ExpectedPayoff(table)
        ends = [[fraction(end) for end in own[0]] for own in vectors]
        corners = {
            (p, q): expected(table, (2, 2), [[p, 1 - p], [q, 1 - q]])
            for p, q in itertools.product(*ends)
        }
        (a, b), (c, d) = ends
        along = ([corners[b, q] - corners[a, q] for q in (c, d)],)
        along += ([corners[p, d] - corners[p, c] for p in (a, b)],)
        if a < b and c < d and all(min(x) > 0 or max(x) < 0 for x in along):
            told += 1
            highest = fraction(payoff.highest(vectors, payoff.effects(vectors)))
            assert highest == max(corners.values()) - dropped(table, (2, 2))
    assert told > 20


@pytest.mark.parametrize("actions", [(3,), (3, 2), (3, 3), (4, 2), (3, 1, 3)], ids=str)
def test_shares_of_one_whole_are_bounded_together(actions):
    rng, told = np.random.default_rng([7, *actions]), 0
    for _ in range(20):
        table = random_table(rng, actions)
        vectors, _ = random_box(rng, actions, is_mix=False)
        alone, together = ExpectedPayoff(table), ExpectedPayoff(table, [True] * len(actions))
        effects = alone.effects(vectors)
        highest = together.highest(vectors, effects)
        assert not highest > alone.highest(vectors, effects)
        told += bool(highest < alone.highest(vectors, effects))
        for _ in range(30):
            mixes = [mix_in(rng, own) for own in vectors]
            if all(mix is not None for mix in mixes):
                found = expected(table, actions, mixes) - dropped(table, actions)
                assert not highest < ball_of(found)
    assert told


def mix_in(rng, ranges):
    """Probabilities inside ranges that are a mix, most of them as high as can be, or None."""
    left, mix = Fraction(1) - sum(fraction(low) for low, _ in ranges), []
    if left < 0:
        return None
    found = [fraction(low) for low, _ in ranges]
    for k in rng.permutation(len(ranges)):
        low, high = map(fraction, ranges[k])
        more = min(left, high - low) * Fraction(int(rng.choice([8, 8, 4, 0])), 8)
        found[k], left = low + more, left - more
    mix = [*found, 1 - sum(found)]
    assert mix[-1] >= 0
    return mix


def test_of_all_mixes_the_best_action_pays_most():
    # U = Σ worth · p over the whole simplex, of which intervals see the cube.
    rng = np.random.default_rng(8)
    for _ in range(20):
        worth = rng.integers(-5, 6, size=4).astype(float)
        vectors = [[(iv.ZERO, iv.ONE)] * 3]
        payoff = ExpectedPayoff(worth.tolist(), [True])
        highest = payoff.highest(vectors, payoff.effects(vectors))
        assert highest == max(worth) - worth[-1]


def test_large_offsets_lose_no_digit():
    rng = np.random.default_rng(5)
    for actions in ((2, 2), (3, 3), (2, 2, 2)):
        # Payoffs that are whole numbers stay so after 1e15 is added to all of them.
        table = rng.integers(-5, 6, size=actions).astype(float)
        mixes = random_mixes(rng, actions)
        plain = ExpectedPayoff(table.tolist()).value(all_but_last(mixes))
        for offset in (1e15, -1e15):
            found = ExpectedPayoff((table + offset).tolist()).value(all_but_last(mixes))
            assert [fraction(end) for end in found] == [fraction(end) for end in plain]


def test_scales_far_apart_are_kept_apart():
    table = [[1e15, 1e15 + 1.0], [1e15 - 2.0, 1e15]]
    value = ExpectedPayoff(table).value([[iv.point(0.5)], [iv.point(0.25)]])
    assert is_exactly(value, Fraction(1, 2) * Fraction(3, 4) - 2 * Fraction(1, 2) * Fraction(1, 4))


def test_tuples_and_whole_numbers_are_tables_too():
    mixes = [[iv.point(0.25)], [iv.point(0.5)]]
    found = ExpectedPayoff(((3, 0), (5, 1))).value(mixes)
    assert found == ExpectedPayoff([[3.0, 0.0], [5.0, 1.0]]).value(mixes)


def test_unknown_probabilities_bound_nothing_where_they_matter():
    payoff = ExpectedPayoff([[3.0, 0.0], [5.0, 1.0]])
    vectors = [[(arb("nan"), arb("nan"))], [iv.point(0.5)]]
    assert not payoff.highest(vectors, payoff.effects(vectors)) < math.inf


# Shares


def random_shares(rng, actions, width):
    """Ranges of everyone's probabilities, the last one's too, around a mix that they hold."""
    mixes = random_mixes(rng, actions)
    boxes = [
        [
            (
                max(p - Fraction(int(rng.integers(0, width)), 64), Fraction(0)),
                min(p + Fraction(int(rng.integers(0, width)), 64), Fraction(1)),
            )
            for p in mix
        ]
        for mix in mixes
    ]
    return mixes, boxes


def vertices(box):
    """Mixes in a box of probabilities of which all but one are at an end."""
    for k in range(len(box)):
        others = [*box[:k], *box[k + 1 :]]
        for ends in itertools.product(*others):
            rest = 1 - sum(ends)
            if box[k][0] <= rest <= box[k][1]:
                yield [*ends[:k], rest, *ends[k:]]


@each_size
def test_no_mix_pays_more_than_the_bound_from_all_shares(actions):
    rng = np.random.default_rng(11)
    for width in (1, 8, 65):
        for _ in range(4):
            table = random_table(rng, actions)
            _, boxes = random_shares(rng, actions, width)
            shares = [[(ball(a), ball(b)) for a, b in box] for box in boxes]
            bound = ExpectedPayoff(table).highest_of_shares(shares) + ball(dropped(table, actions))
            found = [list(itertools.islice(vertices(box), 30)) for box in boxes]
            picked = itertools.islice(itertools.product(*found), 100)
            best = max(expected(table, actions, mixes) for mixes in picked)
            assert not bound < ball(best)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_that_bound_is_the_best_mix_of_one_player(count):
    rng = np.random.default_rng(12)
    for width in (1, 8, 65):
        for _ in range(30):
            table = random_table(rng, (count,))
            _, (box,) = random_shares(rng, (count,), width)
            shares = [[(ball(a), ball(b)) for a, b in box]]
            bound = ExpectedPayoff(table).highest_of_shares(shares) + ball(dropped(table, (count,)))
            best = max(expected(table, (count,), [mix]) for mix in vertices(box))
            assert abs(bound - ball(best)) < 1e-12


def test_a_share_that_the_others_leave_is_known():
    """All of p_1 + p_2 is 1 where p_3 is next to nothing, whatever p_1 is."""
    shares = [[(arb(0), arb(1)), (arb(0), arb(1)), (arb(0), arb(2) ** -60)]]
    payoff = ExpectedPayoff([2.0, 2.0, 5.0])
    assert payoff.highest_of_shares(shares) < -3 + 1e-15
