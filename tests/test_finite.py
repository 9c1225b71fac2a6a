"""What is true of finite games: facts from closed forms, other solvers and brute force."""

import itertools
import math

import numpy as np
import pytest

import glasshouse as gh
from glasshouse.analysis.finite import (
    DeviationPolytope,
    ReadableWelfare,
    SecuredWelfare,
    actions_needed,
    announced,
    correlated_equilibrium,
    game_of_parameters,
    needs_to_know,
    preference_game,
    preferences,
    risk_averse_equilibria,
    shapley,
    sinks,
)
from glasshouse.dynamics import Learning, Starts
from glasshouse.errors import InputError
from glasshouse.games import NormalFormGame, ordinal_games
from glasshouse.semantics import Linear

ROCK = gh.load_game("rock_paper_scissors")
PD = gh.load_game("prisoners_dilemma")
STAG = gh.load_game("stag_hunt")
CHICKEN = gh.load_game("chicken")
AUMANN = gh.load_game("chicken:T=7,R=6,P=0,S=2")


def random_game(actions, seed):
    rng = np.random.default_rng(seed)
    return NormalFormGame(
        rng.integers(-4, 5, (len(actions), *actions)).astype(float), player_axis=0
    )


def largest(gains):
    """Of all players, each of whom has some deviation."""
    assert None not in gains
    return max(gains)


# Correlated equilibria


def test_the_best_correlated_equilibria_of_known_games():
    found = correlated_equilibrium(AUMANN)
    assert (found.value, found.method) == (10.5, "certified")
    assert found.distribution.tolist() == [[0.5, 0.25], [0.25, 0.0]]
    assert found.bound == 10.5
    assert {price.deviation for price in found.prices}
    assert correlated_equilibrium(CHICKEN).value == 6.0
    assert correlated_equilibrium(PD).value == 2.0
    assert correlated_equilibrium(PD, "none").value == 6.0


def test_all_may_tie_in_rock_paper_scissors_if_nobody_listens():
    """The only correlated equilibrium plays each profile alike; a coarse one always ties."""
    diagonal = np.eye(3)
    found = correlated_equilibrium(ROCK, objective=diagonal)
    assert found.value == pytest.approx(1 / 3, abs=1e-15)
    assert found.distribution == pytest.approx(np.full((3, 3), 1 / 9), abs=1e-15)
    assert correlated_equilibrium(ROCK, objective=diagonal, largest=False).value == found.value
    coarse = correlated_equilibrium(ROCK, "external", objective=diagonal)
    assert (coarse.value, coarse.method) == (1.0, "certified")


@pytest.mark.parametrize("unit", [2.0**-40, 2.0**30])
def test_the_unit_of_payoffs_changes_nothing(unit):
    game = NormalFormGame(np.asarray(AUMANN.tensor) * unit, player_axis=0)
    found = correlated_equilibrium(game)
    assert (found.value, found.method) == (10.5 * unit, "certified")
    assert found.prices[0].price == correlated_equilibrium(AUMANN).prices[0].price


@pytest.mark.parametrize(("unit", "level"), [(2.0**-60, 0.0), (2.0**60, 0.0), (1.0, 2.0**30)])
def test_nor_does_it_of_what_is_secured_announced_or_allowed(unit, level):
    """Multipliers and values stand beside probabilities in linear programs, which know no units."""
    A = np.array([[2.0, -1.0, 5.0], [-1.0, 1.0, 5.0]])
    game = NormalFormGame(np.stack([A, -A]) * unit + level, player_axis=0)
    assert SecuredWelfare(game)(frozenset({0})) == pytest.approx(0.2 * unit + level, rel=1e-15)
    found = announced(game)
    assert found.announced == pytest.approx((0.4, 0.6), abs=1e-15)
    assert found.method == "certified"
    aumann = NormalFormGame(np.asarray(AUMANN.tensor) * unit + level, player_axis=0)
    free = [DeviationPolytope(np.zeros((1, 2, 2)), [1.0])] * 2
    allowed = correlated_equilibrium(aumann, free)
    assert (allowed.value, allowed.method) == (10.5 * unit + 2 * level, "certified")


def leaving_gains(game, z, matrices):
    """The most that any of these deviations of each player gains, by sums over profiles."""
    tensor = np.asarray(game.tensor)
    gains = []
    for i, own in enumerate(matrices):
        for phi in own:
            total = 0.0
            for profile in itertools.product(*map(range, game.actions)):
                for b in range(game.actions[i]):
                    other = (*profile[:i], b, *profile[i + 1 :])
                    total += z[profile] * phi[profile[i]][b] * tensor[(i, *other)]
                total -= z[profile] * tensor[(i, *profile)]
            gains.append(total)
    return gains


@pytest.mark.parametrize(("actions", "seed"), [((3, 3), 0), ((2, 3), 1), ((2, 2, 2), 2)])
def test_no_deviation_gains_and_equilibria_are_among_them(actions, seed):
    game = random_game(actions, seed)
    internal = [
        [
            np.insert(np.delete(np.eye(n), a, 0), a, np.eye(n)[b], 0)
            for a in range(n)
            for b in range(n)
        ]
        for n in actions
    ]
    found = correlated_equilibrium(game)
    assert found.method == "certified"
    assert max(leaving_gains(game, found.distribution, internal)) <= 1e-12
    assert found.distribution.sum() == pytest.approx(1, abs=1e-14)
    coarse = correlated_equilibrium(game, "external")
    assert coarse.value >= found.value - 1e-12
    facts = gh.analysis.base_game(game)
    payoffs = [sum(one) for one in facts.pure_equilibrium_payoffs]
    payoffs += [sum(one.payoffs) for one in facts.mixed or ()]
    assert all(found.value >= x - 1e-9 for x in payoffs)


def test_explicit_deviations_and_polytopes_agree_with_what_they_stand_for():
    """The polytope of all stochastic matrices has the internal deviations' convex hull as its
    gains; one that allows nothing but identity allows everything."""
    game = random_game((3, 3), 5)
    free = [DeviationPolytope(np.zeros((1, 3, 3)), [1.0])] * 2
    internal = correlated_equilibrium(game)
    dual = correlated_equilibrium(game, free)
    assert dual.method == "certified"
    assert dual.value == pytest.approx(internal.value, abs=1e-10)
    assert largest(dual.gains) <= 1e-9
    stay = [DeviationPolytope([1 - np.eye(3)], [0.0])] * 2
    assert correlated_equilibrium(game, stay).value == pytest.approx(
        np.asarray(game.tensor).sum(axis=0).max(), abs=1e-10
    )
    identity = [[np.eye(3)]] * 2
    assert correlated_equilibrium(game, identity).value == pytest.approx(
        correlated_equilibrium(game, stay).value, abs=1e-10
    )
    constant = [[np.tile(np.eye(3)[b], (3, 1)) for b in range(3)]] * 2
    assert (
        correlated_equilibrium(game, constant).value
        == correlated_equilibrium(game, "external").value
    )


def test_leaving_half_of_the_time_needs_the_value_of_leaving_at_all():
    """Gains are linear in φ, and identity is allowed: half of a gain is one if the whole is."""
    half = [DeviationPolytope([1 - np.eye(2)], [0.5])] * 2
    assert correlated_equilibrium(AUMANN, half).value == pytest.approx(10.5, abs=1e-10)


def test_constraints_hold():
    """With a = z_CD = z_DC: z_CC <= 2a and z_DD <= a/2, so 2a >= 4/9; 21 · 0.45 at 2a = 0.45."""
    apart = np.array([[0.0, 1.0], [1.0, 0.0]])
    found = correlated_equilibrium(AUMANN, constraints=[(apart, 0.45)])
    assert found.value == pytest.approx(9.45, abs=1e-12)
    assert found.distribution[0, 1] + found.distribution[1, 0] <= 0.45 + 1e-12
    with pytest.raises(InputError, match="no distribution meets all constraints"):
        correlated_equilibrium(AUMANN, constraints=[(apart, 0.44)])
    with pytest.raises(InputError, match="no distribution meets all constraints"):
        correlated_equilibrium(PD, constraints=[(np.array([[0, 0], [0, 1.0]]), 0.5)])


def test_large_programs_are_numerical_and_say_so():
    game = gh.games.random_game(1, (14, 14))
    found = correlated_equilibrium(game)
    assert found.method == "numerical"
    assert largest(found.gains) <= 1e-9
    assert found.bound == pytest.approx(found.value, abs=1e-9)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"deviations": "inner"}, "must be one of 'internal'"),
        ({"deviations": [[np.eye(2) * 2], []]}, "sum to 1"),
        ({"deviations": [[np.eye(3)], []]}, "shape"),
        ({"deviations": [DeviationPolytope(np.zeros((1, 2, 2)), [1.0]), []]}, "give one for each"),
        ({"deviations": [DeviationPolytope([np.ones((2, 2))], [1.0])] * 2}, "no deviation of play"),
        ({"objective": "harm"}, "must be 'welfare'"),
        ({"objective": 3}, "there is no player 3"),
        ({"objective": np.eye(3)}, "shape"),
    ],
)
def test_what_is_no_question_is_refused(settings, message):
    with pytest.raises(InputError, match=message):
        correlated_equilibrium(PD, **settings)


# Sinks


def test_the_144_games_have_one_sink_two_or_a_cycle():
    counted: dict[tuple[int, ...], int] = {}
    for number in ordinal_games():
        game = NormalFormGame(number.payoffs.astype(float), player_axis=0)
        sizes = tuple(sorted(len(sink.profiles) for sink in sinks(game).sinks))
        counted[sizes] = counted.get(sizes, 0) + 1
        if sizes != (4,):
            assert len(sizes) == len(gh.analysis.pure_equilibria(game))
    assert counted == {(1,): 108, (1, 1): 18, (4,): 18}


def test_where_better_replies_end():
    (only,) = sinks(PD).sinks
    assert only.profiles == ("defect, defect",)
    assert only.probability == pytest.approx(1, abs=1e-15)
    (cycle,) = sinks(gh.load_game("matching_pennies")).sinks
    assert len(cycle.profiles) == 4
    both = sinks(gh.load_game("coordination"))
    assert [one.probability for one in both.sinks] == pytest.approx([0.5, 0.5], abs=1e-15)


def test_no_probability_is_above_one():
    """Nine ninths are 1.0000000000000002 in floating point."""
    ann, bob = [[4, 0, 3], [2, 3, 0], [5, 1, 2]], [[2, 5, 1], [3, 3, 4], [0, 1, 6]]
    (cycle,) = sinks(NormalFormGame(np.array([ann, bob], dtype=float), player_axis=0)).sinks
    assert (len(cycle.profiles), cycle.probability) == (8, 1.0)


def test_the_law_changes_where_one_ends_and_not_the_sinks():
    """From (defect, cooperate) and its mirror in the stag hunt, two steps improve: 1 and 2."""
    uniform, gain = (sinks(STAG, law=law) for law in ("uniform", "gain"))
    assert {one.profiles for one in uniform.sinks} == {one.profiles for one in gain.sinks}
    by_name = {one.profiles[0]: one.probability for one in uniform.sinks}
    assert sorted(by_name.values()) == pytest.approx([0.5, 0.5], abs=1e-15)
    likely = {one.profiles[0]: one.probability for one in gain.sinks}
    hare = next(
        name for name in likely if name == ", ".join(names[1] for names in STAG.action_names)
    )
    assert likely[hare] == pytest.approx(1 / 4 + 1 / 2 * 2 / 3, abs=1e-14)
    prior = np.array([[0.0, 1.0], [0.0, 0.0]])
    there = {one.profiles[0]: one.probability for one in sinks(STAG, law="gain", prior=prior).sinks}
    assert there[hare] == pytest.approx(2 / 3, abs=1e-14)


def test_sinks_of_three_players_are_those_of_walks():
    """Hitting probabilities against powers of the matrix of steps."""
    game = random_game((2, 3, 2), 3)
    tensor = np.asarray(game.tensor)
    count = tensor[0].size
    shape = game.actions
    steps = np.zeros((count, count))
    for k, profile in enumerate(itertools.product(*map(range, shape))):
        better = [
            np.ravel_multi_index((*profile[:i], b, *profile[i + 1 :]), shape)
            for i in range(3)
            for b in range(shape[i])
            if tensor[(i, *profile[:i], b, *profile[i + 1 :])] > tensor[(i, *profile)]
        ]
        steps[k, better] = 1 / len(better) if better else 0
        steps[k, k] = 0 if better else 1
    walked = np.linalg.matrix_power((steps + np.eye(count)) / 2, 4096)
    found = sinks(game)
    names = [", ".join(x) for x in itertools.product(*game.action_names)]
    for j, sink in enumerate(found.sinks):
        members = [names.index(name) for name in sink.profiles]
        assert found.hitting[..., j].ravel() == pytest.approx(
            walked[:, members].sum(axis=1), abs=1e-9
        )


def test_more_sinks_than_can_be_followed_are_refused():
    flat = NormalFormGame(np.ones((2, 70, 70)), player_axis=0)
    with pytest.raises(InputError, match="4900 sinks of 4900 profiles"):
        sinks(flat)
    few = sinks(NormalFormGame(np.ones((2, 3, 3)), player_axis=0))
    assert [one.probability for one in few.sinks] == pytest.approx([1 / 9] * 9)


# Shapley values


def airport(coalition):
    return max((cost for i, cost in enumerate((1, 2, 3)) if i in coalition), default=0)


KNOWN_VALUES = {
    "gloves": (lambda s: float(0 in s and len(s) > 1), [2 / 3, 1 / 6, 1 / 6]),
    "airport": (airport, [1 / 3, 5 / 6, 11 / 6]),
    "votes": (lambda s: float(sum((2, 1, 1)[i] for i in s) >= 3), [2 / 3, 1 / 6, 1 / 6]),
}


@pytest.mark.parametrize("name", KNOWN_VALUES)
def test_shapley_values_of_known_games(name):
    value, expected = KNOWN_VALUES[name]
    found = shapley(value, 3, characteristic=name)
    assert [one.value for one in found.values] == pytest.approx(expected, abs=1e-15)
    assert (found.method, found.characteristic) == ("closed form", name)


def test_shapley_values_are_efficient_symmetric_linear_and_spare_dummies():
    rng = np.random.default_rng(0)
    count = 5
    every = [
        frozenset(s) for k in range(count + 1) for s in itertools.combinations(range(count), k)
    ]
    one, other = (dict(zip(every, rng.normal(size=32).tolist(), strict=True)) for _ in "ab")
    values = {
        name: np.array([x.value for x in shapley(v, count, characteristic=name).values])
        for name, v in {
            "one": one.__getitem__,
            "other": other.__getitem__,
            "sum": lambda s: one[s] + 2 * other[s],
            "dummy": lambda s: one[s - {4}],
            "alike": lambda s: one[frozenset(range(len(s)))],
        }.items()
    }
    assert values["one"].sum() == pytest.approx(one[every[-1]] - one[every[0]], abs=1e-12)
    assert values["sum"] == pytest.approx(values["one"] + 2 * values["other"], abs=1e-12)
    assert values["dummy"][4] == pytest.approx(0, abs=1e-14)
    assert np.ptp(values["alike"]) == pytest.approx(0, abs=1e-12)


def test_sampled_orders_come_within_their_intervals_and_add_up():
    weights = np.arange(1.0, 15.0)
    found = shapley(
        lambda s: float(sum(weights[list(s)]) ** 2), 14, characteristic="a square", orders=400
    )
    exact = weights * weights.sum()  # x_i² + x_i Σ of the others
    assert found.method == "numerical"
    each = zip(exact, found.values, strict=True)
    inside = [one.interval[0] <= x <= one.interval[1] for x, one in each]
    assert sum(inside) >= 12
    assert sum(v.value for v in found.values) == pytest.approx(weights.sum() ** 2, rel=1e-12)


def test_a_characteristic_function_must_have_a_name_and_values():
    with pytest.raises(InputError, match="characteristic must say in words"):
        shapley(lambda s: 0.0, 2)
    with pytest.raises(InputError, match="player 2 together are worth nan"):
        shapley(lambda s: math.nan if s == {1} else 0.0, 2, characteristic="a hole")


def test_who_contributes_the_transparency_in_a_symmetric_dilemma():
    """Both alike, and together what mutual cooperation pays beyond mutual defection."""
    game = gh.LogisticFamily(PD, 3.0)(0.95)
    learning = Learning(
        steps=1500, step_size=0.2, starts=Starts(profiles=((0.5, 0.5), (-0.5, -0.5)))
    )
    welfare = ReadableWelfare(game, learning)
    found = shapley(welfare, 2)
    first, second = (one.value for one in found.values)
    assert first == pytest.approx(second, abs=1e-9)
    blind = gh.LogisticFamily(PD, 3.0)(0.0)
    end = gh.run(blind, params=(0.5, 0.5), steps=1500, step_size=0.2).params
    assert found.nothing == pytest.approx(float(blind.payoffs(end).sum()), abs=1e-3)
    open_end = gh.run(game, params=(0.5, 0.5), steps=1500, step_size=0.2).params
    assert found.total == pytest.approx(float(game.payoffs(open_end).sum()), abs=1e-3)
    assert "only its members can be read" in found.characteristic


# Who needs to know


def test_a_coordinate_that_moves_nothing_need_not_be_seen():
    semantics = Linear((2, 2), coupling=1.0, direction=[1.0, 0.0, 0.5], bound=2.0)
    game = gh.ParametricGame(STAG, semantics)
    met = [[2.0, 1.0, 1.0], [-2.0, -1.0, -2.0]]
    found = needs_to_know(game, 0, met)
    losses = {one.seen: one.loss for one in found.losses}
    assert losses[(0, 2)] == 0.0
    assert losses[(0,)] == losses[(0, 1)]
    assert losses[()] > 0.1
    assert set(found.needed) <= {0, 2}


def test_seeing_nothing_is_the_hidden_game():
    """Against one other, its best reply is that of the game in which nobody reads."""
    semantics = Linear((2, 2), coupling=1.0, direction=[1.0, 0.5], bound=2.0)
    game = gh.ParametricGame(STAG, semantics)
    hidden = gh.ParametricGame(STAG, semantics, gh.channels.OneSided((1,)))
    other = np.array([2.0, 1.0])
    found = needs_to_know(game, 0, [other])
    grid = np.linspace(-2, 2, 401)
    best = max(float(hidden.payoffs((np.array([x, x]), other))[0]) for x in grid[::40])
    assert found.value - found.hidden_loss >= best - 1e-9
    end = gh.best_deviation(hidden, (np.zeros(2), other), 0)
    now = float(hidden.payoffs((np.zeros(2), other))[0])
    assert found.value - found.hidden_loss == pytest.approx(now + end.gain, abs=1e-7)


def most_certain(best, unseen):
    """Whether some reply is best at all profiles that agree on what is seen, by a loop."""
    groups: dict[tuple[int, ...], set[int]] = {}
    replies = set(range(len(best)))
    for profile in itertools.product(*map(range, best.shape[1:])):
        seen = tuple(a for k, a in enumerate(profile) if k not in unseen)
        good = {a for a in replies if best[(a, *profile)]}
        groups[seen] = groups.get(seen, replies) & good
    return all(groups.values())


def test_whom_one_must_see_to_reply_as_well_as_to_all():
    """Against every group of the others, by a loop; what blindness costs, by every blind choice."""
    sizes = set()
    for seed in range(30):
        game = random_game((2, 2, 3), seed)
        paid = np.sign(np.asarray(game.tensor)) if seed % 2 else np.asarray(game.tensor)
        if seed % 3 == 0:
            paid = paid * (np.arange(3) == 1)[None, None, None, :]  # the third one's choice decides
        for one in actions_needed(NormalFormGame(paid, player_axis=0)):
            own = np.moveaxis(paid[one.player], one.player, 0)
            best = own == own.max(axis=0)
            others = [k for k in range(3) if k != one.player]
            enough = [
                group
                for size in range(3)
                for group in itertools.combinations(range(2), size)
                if most_certain(best, set(range(2)) - set(group))
            ]
            assert one.needed == tuple(others[k] for k in enough[0])
            regrets = [(own.max(axis=0) - row).max() for row in own]
            assert one.loss == min(regrets)
            sizes.add(len(one.needed))
    assert sizes == {0, 1, 2}


def test_what_groups_secure_divides_the_welfare():
    """The dilemma: alone 1, together 6. A majority of three votes shares 3: one alone draws lots,
    and is among all three half of the time; two draw them together, and are all or all but."""
    alone = SecuredWelfare(PD)
    assert [alone(frozenset(x)) for x in ((), (0,), (1,), (0, 1))] == [0, 1, 1, 6]
    assert SecuredWelfare(gh.load_game("matching_pennies"))(frozenset({0})) == 0
    votes = np.zeros((3, 2, 2, 2))
    for profile in itertools.product(range(2), repeat=3):
        winners = [i for i in range(3) if profile.count(profile[i]) >= 2]
        votes[(winners, *profile)] = 3 / len(winners)
    game = NormalFormGame(votes, player_axis=0)
    worth = SecuredWelfare(game)
    assert [worth(frozenset(x)) for x in ((0,), (0, 1), (0, 1, 2))] == pytest.approx([0.5, 2.5, 3])
    assert [one.value for one in shapley(worth, 3).values] == pytest.approx([1, 1, 1], abs=1e-12)


# Preferences


CYCLE = [[0.5, 0.9, 0.2], [0.1, 0.5, 0.6], [0.8, 0.4, 0.5]]


def test_a_cycle_of_preferences_has_winners_by_how_one_counts():
    found = preferences(CYCLE)
    assert [x.minimax for x in found.scores] == pytest.approx([0.125, 0.375, 0.5], abs=1e-12)
    assert (found.only_one, found.condorcet) == (True, None)
    assert found.winners["borda"] == ("option 3",)
    assert found.winners["copeland"] == ("option 1", "option 2", "option 3")
    p12, p23, p31 = 0.7, 0.85, 0.55
    table = [[0.5, p12, 1 - p31], [1 - p12, 0.5, p23], [p31, 1 - p23, 0.5]]
    weights = np.array([p23 - 0.5, p31 - 0.5, p12 - 0.5])
    assert [x.minimax for x in preferences(table).scores] == pytest.approx(
        weights / weights.sum(), abs=1e-12
    )


def test_preferences_with_entropy_have_the_known_fixed_point():
    found = preferences([[0.5, 0.8], [0.2, 0.5]], temperature=0.2)
    assert found.scores[0].regularised == pytest.approx(0.8175744762, abs=1e-10)
    assert found.condorcet == "option 1"
    pulled = preferences(CYCLE, temperature=0.1, reference=[0.2, 0.3, 0.5])
    mixed = np.array([x.regularised for x in pulled.scores])
    powers = np.array([0.2, 0.3, 0.5]) * np.exp(np.array(CYCLE) @ mixed / 0.1)
    assert mixed == pytest.approx(powers / powers.sum(), abs=1e-11)


def test_a_preference_game_is_zero_sum_and_its_value_is_nothing():
    game = preference_game(CYCLE, ["a", "b", "c"])
    assert np.asarray(game.tensor).sum() == pytest.approx(0, abs=1e-15)
    assert np.asarray(gh.load_game("preference_cycle").tensor) == pytest.approx(
        np.asarray(game.tensor), abs=1e-15
    )
    again = preferences(game)
    assert [x.option for x in again.scores] == ["a", "b", "c"]
    assert [x.minimax for x in again.scores] == pytest.approx([0.125, 0.375, 0.5], abs=1e-12)
    with pytest.raises(InputError, match="sum to 1"):
        preferences([[0.5, 0.9], [0.2, 0.5]])


# Risk


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("stag_hunt", {0.0: 2 / 3, 0.1: 0.781, 0.5: 0.9259, 1.0: 0.9606, 2.0: 0.9797}),
        ("chicken", {0.0: 0.5, 0.1: 0.5883, 0.5: 0.7647, 1.0: 0.8444, 2.0: 0.9058}),
    ],
)
def test_risk_averse_equilibria_of_symmetric_games(name, expected):
    """Inside, (Ay)_0 - (Ay)_1 = 2γ p (1-p) (s_1 + kp) k with spreads s_0, s_1 of rows, k their
    difference; strict pure equilibria stay."""
    game = gh.load_game(name)
    A = np.asarray(game.tensor)[0]
    s0, s1 = A[0, 0] - A[0, 1], A[1, 0] - A[1, 1]
    for gamma, at in expected.items():
        found = risk_averse_equilibria(game, gamma, starts=3)
        alike = [p.weights[0][0] for p in found.points if np.allclose(*p.weights, atol=1e-7)]
        inside = [p for p in alike if 1e-6 < p < 1 - 1e-6]
        assert min(abs(p - at) for p in inside) < 6e-5
        for p in inside:
            edge = (A @ [p, 1 - p])[0] - (A @ [p, 1 - p])[1]
            k = s0 - s1
            assert edge == pytest.approx(2 * gamma * p * (1 - p) * (s1 + k * p) * k, abs=1e-8)
        pure = {tuple(map(tuple, p.weights)) for p in found.points if max(p.weights[0]) > 1 - 1e-12}
        for profile in gh.analysis.pure_equilibria(game):
            assert tuple(tuple(np.eye(2)[a]) for a in profile) in pure


def test_without_aversion_they_are_nash_and_own_mixing_is_no_risk():
    game = random_game((3, 3), 11)
    found = {
        tuple(np.round(np.concatenate(p.weights), 6))
        for p in risk_averse_equilibria(game, 0.0).points
    }
    facts = gh.analysis.base_game(game)
    for profile in facts.mixed or ():
        assert tuple(np.round(np.concatenate(profile.weights), 6)) in found
    for profile in facts.pure_equilibria:
        assert tuple(np.concatenate([np.eye(3)[a] for a in profile])) in found
    (point,) = risk_averse_equilibria(gh.load_game("matching_pennies"), 0.7).points
    assert point.weights == ((0.5, 0.5), (0.5, 0.5))
    assert point.variances == pytest.approx((0.0, 0.0), abs=1e-15)  # uniform rows: nothing varies


def test_risk_is_the_same_at_any_level_and_nothing_where_all_is_equal():
    raised = NormalFormGame(np.asarray(STAG.tensor) + 1e6, player_axis=0)
    points = risk_averse_equilibria(raised, 0.5).points
    found = [point.weights[0][0] for point in points]
    assert found == pytest.approx([0.0, 0.9258879369, 1.0], abs=1e-9)
    assert points[0].payoffs == pytest.approx((1e6 + 2, 1e6 + 2), rel=1e-15)
    flat = NormalFormGame(np.full((2, 2, 2), 0.1), player_axis=0)
    assert {point.gain for point in risk_averse_equilibria(flat, 0.5).points} == {0.0}


# Announced policies


def test_announcing_a_policy_leaves_equilibria_that_are_none():
    found = announced(gh.load_game("matching_pennies"))
    assert found.announced == (0.5, 0.5)
    assert found.replies == ((1.0, 0.0), (0.0, 1.0))
    assert found.exploitability == (1.0, 1.0)
    assert found.method == "certified"
    A = np.array([[2.0, -1.0, 5.0], [-1.0, 1.0, 5.0]])  # value 1/5; nobody replies with the third
    found = announced(NormalFormGame(np.stack([A, -A]), player_axis=0))
    assert found.announced == pytest.approx((0.4, 0.6), abs=1e-15)
    assert found.exploitability == pytest.approx((2 - 0.2, 1 - 0.2), abs=1e-15)
    with pytest.raises(InputError, match="sum to a constant"):
        announced(PD)


def test_payoffs_that_sum_to_no_constant_are_refused_in_any_unit():
    with pytest.raises(InputError, match="sum to a constant"):
        announced(NormalFormGame(np.asarray(PD.tensor) * 2.0**-60, player_axis=0))


QUANTAL = {
    1.0: (0.38602209, 0.44028214, 0.17369577),
    0.2: (0.25025848, 0.58361114, 0.16613038),
}


@pytest.mark.parametrize("temperature", QUANTAL)
def test_with_entropy_announcing_changes_nothing(temperature):
    """The quantal response equilibrium, and the leader's optimum by brute force, are one."""
    A = np.array([[0.0, -1, 3], [1, 0, -1], [-3, 1, 0]])
    game = NormalFormGame(np.stack([A, -A]), player_axis=0)
    found = announced(game, temperature=temperature)
    assert found.announced == pytest.approx(QUANTAL[temperature], abs=1e-8)
    assert found.replies[0] == pytest.approx(QUANTAL[temperature], abs=1e-8)

    def worth(x):
        paid = -(x @ A) / temperature
        return -temperature * (np.log(np.exp(paid).sum()) + x @ np.log(x))

    here = np.array(found.announced)
    rng = np.random.default_rng(0)
    for _ in range(200):
        other = here * np.exp(0.3 * rng.normal(size=3))
        assert worth(other / other.sum()) <= worth(here) + 1e-12
    nash = announced(game).announced
    assert np.abs(np.array(announced(game, temperature=0.01).announced) - nash).max() < 0.02


# Parameters as actions


def test_the_game_of_parameters_pays_what_they_pay():
    game = gh.LogisticFamily(PD, 3.0)(0.95)
    finite = game_of_parameters(game, [[-3.0, 0.0, 3.0], [-3.0, 3.0]])
    assert finite.actions == (3, 2)
    assert finite.action_names[1] == ("-3", "3")
    for i, j in itertools.product(range(3), range(2)):
        expected = game.payoffs(([-3.0, 0.0, 3.0][i], [-3.0, 3.0][j]))
        assert np.asarray(finite.tensor)[:, i, j] == pytest.approx(np.asarray(expected), abs=1e-14)
    drawn = game_of_parameters(game, Starts(4, seed=1))
    assert drawn.actions == (4, 4)
    assert largest(correlated_equilibrium(drawn).gains) <= 1e-12
    with pytest.raises(InputError, match="outside"):
        game_of_parameters(game, [[4.0], [0.0]])
