"""Every catalogue game keeps its promises; games from anywhere are checked on the way in."""

import math

import jax
import numpy as np
import pytest

from glasshouse.errors import InputError
from glasshouse.games import Labels, NormalFormGame, random_game
from glasshouse.games.registry import CATALOGUE, from_catalogue

BROKEN = {
    "battle_of_the_sexes": [{"a": 2.0}, {"a": 1.0}, {"b": 0.0}, {"d": 2.5}],
    "chicken": [{"T": 3.0}, {"R": 2.0}, {"S": 1.0}, {"P": 5.0}],
    "coordination": [{"a": 0.5}, {"b": 0.0}, {"b": 3.0}, {"d": 1.0}],
    "deadlock": [{"T": 3.0}, {"P": 2.0}, {"R": 1.0}, {"S": 9.0}],
    "donation": [{"b": 1.0}, {"c": 0.0}, {"c": -1.0}, {"c": 4.0}],
    "harmony": [{"T": 4.0}, {"R": 2.0}, {"P": 2.0}, {"S": 1.0}, {"S": 4.0}],
    "hawk_dove": [{"V": 0.0}, {"V": 4.0}, {"V": -1.0}, {"C": 2.0}],
    "matching_pennies": [{"win": -1.0}, {"lose": 1.0}, {"lose": 2.0}],
    "minimum_effort": [
        {"a": 0.1},
        {"b": 0.0},
        {"b": 0.2},
        {"levels": 1},
        {"levels": 2.5},
        {"levels": 157},
        {"levels": 10**15},
        {"n": 1},
        {"n": 6},
        {"n": 13, "levels": 2},
    ],
    "ordinal": [{"layer": 0}, {"layer": 5}, {"row": 7}, {"column": 0}, {"row": 1.5}],
    "preference_cycle": [{"p12": 0.5}, {"p23": 0.3}, {"p31": 1.1}],
    "prisoners_dilemma": [{"T": 3.0}, {"R": 1.0}, {"P": 0.0}, {"S": 4.0}],
    "public_goods": [
        {"r": 1.0},
        {"r": 4.0},
        {"c": 0.0},
        {"n": 1},
        {"n": 2.5},
        {"n": 17},
        {"n": 2},
    ],
    "rock_paper_scissors": [{"win": 0.0}, {"tie": 1.0}, {"tie": -1.0}, {"lose": 0.0}],
    "snowdrift": [{"b": 2.0}, {"c": 3.0}, {"c": 0.0}, {"c": -1.0}],
    "stag_hunt": [{"R": 3.0}, {"T": 1.0}, {"S": 2.0}],
    "threshold_public_goods": [
        {"b": 1.0},
        {"c": 0.0},
        {"c": 2.0},
        {"k": 0},
        {"k": 5},
        {"k": 1.5},
        {"n": 1, "k": 1},
        {"n": 13},
    ],
    "travellers_dilemma": [
        {"reward": 1.0},
        {"low": 10},
        {"low": -1},
        {"low": 2.5},
        {"high": 2},
        {"high": 158},
        {"high": 10**15},
    ],
    "volunteers_dilemma": [{"b": 1.0}, {"c": 0.0}, {"c": 2.0}, {"n": 1}, {"n": 13}],
}

DEFAULT_ROWS = {
    "chicken": [[3, 2], [4, 1]],
    "deadlock": [[2, 1], [4, 3]],
    "donation": [[2, -1], [3, 0]],
    "prisoners_dilemma": [[3, 0], [5, 1]],
    "stag_hunt": [[4, 0], [3, 2]],
    "battle_of_the_sexes": [[3, 0], [0, 2]],
    "matching_pennies": [[1, -1], [-1, 1]],
    "coordination": [[2, 0], [0, 1]],
    "harmony": [[4, 2], [3, 1]],
    "hawk_dove": [[1, 0], [2, -1]],  # V/2, 0, V, (V - C)/2
    "snowdrift": [[2, 1], [3, 0]],  # b - c/2, b - c, b, 0
    "rock_paper_scissors": [[0, -1, 1], [1, 0, -1], [-1, 1, 0]],
}

SYMMETRIC = sorted(set(CATALOGUE) - {"battle_of_the_sexes", "matching_pennies"})

BREAKING = [(name, parameters) for name, rows in BROKEN.items() for parameters in rows]

each_game = pytest.mark.parametrize("name", sorted(CATALOGUE))


def test_the_table_of_broken_conditions_covers_the_catalogue():
    assert set(BROKEN) == set(CATALOGUE)


@each_game
def test_defaults_build_a_labelled_finite_game(name):
    game = CATALOGUE[name]()
    assert game.title == CATALOGUE[name].title
    assert np.all(np.isfinite(game.tensor))
    assert game.tensor.shape == (game.players, *game.actions)
    assert game.labels is not None
    assert tuple(map(len, game.labels.actions)) == game.actions


@each_game
def test_a_game_names_its_title_condition_and_source(name):
    entry = CATALOGUE[name]
    assert entry.name == name
    for text in (entry.title, entry.condition, entry.source):
        assert text.strip()
    assert any(parameter in entry.condition for parameter in entry.defaults)
    assert any(character.isdigit() for character in entry.source), "a source has a year"


@pytest.mark.parametrize(("name", "parameters"), BREAKING)
def test_values_that_break_the_condition_are_refused(name, parameters):
    with pytest.raises(InputError, match=name):
        CATALOGUE[name](**parameters)


@each_game
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "three", True, None])
def test_parameters_that_are_no_finite_numbers_are_refused(name, value):
    for parameter in CATALOGUE[name].defaults:
        with pytest.raises(InputError, match=rf"{name}: {parameter}="):
            CATALOGUE[name](**{parameter: value})


@each_game
def test_unknown_parameters_are_refused_by_name(name):
    with pytest.raises(InputError, match="zeta"):
        CATALOGUE[name](zeta=1.0)


def test_an_unknown_game_is_refused_with_the_nearest_name():
    with pytest.raises(InputError, match="prisoners_dilemma"):
        from_catalogue("prisoner_dilemma")


@pytest.mark.parametrize("name", sorted(DEFAULT_ROWS))
def test_default_payoffs_of_player_one(name):
    assert np.array_equal(CATALOGUE[name]().tensor[0], DEFAULT_ROWS[name])


@pytest.mark.parametrize("name", SYMMETRIC)
def test_who_plays_what_is_all_that_matters_in_symmetric_games(name):
    """Whoever plays `own` against the same multiset of others gets the same."""
    game = CATALOGUE[name](n=3) if "n" in CATALOGUE[name].defaults else CATALOGUE[name]()
    seen = {}
    for profile in np.ndindex(*game.actions):
        for i, own in enumerate(profile):
            others = tuple(sorted(profile[:i] + profile[i + 1 :]))
            paid = float(game.tensor[(i, *profile)])
            assert seen.setdefault((own, others), paid) == pytest.approx(paid, abs=1e-12)


@pytest.mark.parametrize("name", ["chicken", "deadlock", "prisoners_dilemma", "stag_hunt"])
def test_player_two_sees_the_transposed_table_in_symmetric_games(name):
    tensor = (
        np.asarray(CATALOGUE[name](T=11.0, R=10.5, P=10.2, S=10.1).tensor)
        if (name == "prisoners_dilemma")
        else np.asarray(CATALOGUE[name]().tensor)
    )
    assert np.array_equal(tensor[1], tensor[0].T)


def test_player_two_of_the_asymmetric_games():
    sexes = np.asarray(CATALOGUE["battle_of_the_sexes"]().tensor)
    assert np.array_equal(sexes[1], [[2, 0], [0, 3]])
    pennies = np.asarray(CATALOGUE["matching_pennies"](win=2.0, lose=-1.0).tensor)
    assert np.array_equal(pennies.sum(axis=0), [[1, 1], [1, 1]])
    assert np.array_equal(pennies[1], [[-1, 2], [2, -1]])


@pytest.mark.parametrize(("n", "r", "c"), [(2, 1.5, 1.0), (4, 2.0, 1.0), (5, 3.0, 2.0)])
def test_public_goods_share_the_multiplied_contributions(n, r, c):
    tensor = np.asarray(CATALOGUE["public_goods"](n=n, r=r, c=c).tensor)
    for profile in np.ndindex(*(2,) * n):
        contributors = profile.count(0)
        for i in range(n):
            pays = c if profile[i] == 0 else 0.0
            assert tensor[(i, *profile)] == pytest.approx(r * c * contributors / n - pays)


def stable_profiles(game):
    """Profiles from which nobody gains more than rounding by changing its action alone."""
    tensor = np.asarray(game.tensor)
    return {
        profile
        for profile in np.ndindex(*game.actions)
        if all(
            tensor[(i, *profile)] >= tensor[(i, *profile[:i], a, *profile[i + 1 :])] - 1e-9
            for i in range(game.players)
            for a in range(game.actions[i])
        )
    }


def expected_payoffs(tensor, others_mix):
    """Player 1's expected payoff of each action when all others mix alike, term by term."""
    expected = np.zeros(tensor.shape[1])
    for own, *others in np.ndindex(*tensor.shape[1:]):
        weight = math.prod(others_mix[a] for a in others)
        expected[own] += weight * tensor[(0, own, *others)]
    return expected


@pytest.mark.parametrize(("b", "c"), [(3.0, 2.0), (2.0, 0.5), (10.0, 9.0)])
def test_snowdrift_is_ordered_as_chicken(b, c):
    (R, S), (T, P) = CATALOGUE["snowdrift"](b=b, c=c).tensor[0]
    assert T > R > S > P
    CATALOGUE["chicken"](T=T, R=R, P=P, S=S)  # which checks the same ordering
    # Hauert & Doebeli: cooperators are 1 - c/(2b - c) of the mixed equilibrium.
    share = 1 - c / (2 * b - c)
    cooperate, defect = expected_payoffs(
        CATALOGUE["snowdrift"](b=b, c=c).tensor, [share, 1 - share]
    )
    assert cooperate == pytest.approx(defect, abs=1e-12)


@pytest.mark.parametrize(("V", "C"), [(2.0, 4.0), (1.0, 10.0), (3.0, 3.5)])
def test_hawks_are_the_share_v_over_c_of_the_mixed_equilibrium(V, C):
    game = CATALOGUE["hawk_dove"](V=V, C=C)
    dove, hawk = expected_payoffs(game.tensor, [1 - V / C, V / C])
    assert dove == pytest.approx(hawk, abs=1e-12)
    assert dove == pytest.approx(V / 2 * (1 - V / C))
    assert game.labels is not None
    assert game.labels.actions[0] == ("dove", "hawk")


@pytest.mark.parametrize(("n", "b", "c"), [(2, 2.0, 1.0), (4, 2.0, 1.0), (6, 5.0, 0.5)])
def test_volunteers_abstain_with_diekmanns_probability(n, b, c):
    game = CATALOGUE["volunteers_dilemma"](n=n, b=b, c=c)
    abstain = (c / b) ** (1 / (n - 1))
    volunteers, abstains = expected_payoffs(game.tensor, [1 - abstain, abstain])
    assert volunteers == pytest.approx(abstains)
    assert volunteers == pytest.approx(b - c)
    assert stable_profiles(game) == {p for p in np.ndindex(*(2,) * n) if p.count(0) == 1}


def test_minimum_effort_pays_what_the_experiment_paid():
    """Dollars of Van Huyck, Battalio & Beil's first treatment, by own and lowest effort."""
    row = np.asarray(CATALOGUE["minimum_effort"]().tensor[0])
    table = {(7, 7): 1.30, (6, 6): 1.20, (4, 4): 1.00, (1, 1): 0.70, (7, 1): 0.10, (5, 3): 0.70}
    for (own, lowest), paid in table.items():
        assert row[7 - own, 7 - lowest] == pytest.approx(paid)
    assert row[7 - 1, 7 - 7] == pytest.approx(0.70), "who is lowest is paid by its own effort"


@pytest.mark.parametrize(("n", "levels"), [(2, 7), (3, 4), (4, 3)])
def test_every_common_effort_is_an_equilibrium_and_nothing_else(n, levels):
    game = CATALOGUE["minimum_effort"](n=n, levels=levels)
    assert stable_profiles(game) == {(e,) * n for e in range(levels)}
    common = [game.tensor[(0, *(e,) * n)] for e in range(levels)]
    assert common == sorted(common, reverse=True), "action 0 is the highest effort"


@pytest.mark.parametrize(("low", "high", "reward"), [(2, 10, 2.0), (2, 100, 2.0), (0, 1, 1.5)])
def test_only_the_lowest_claim_is_an_equilibrium(low, high, reward):
    game = CATALOGUE["travellers_dilemma"](low=low, high=high, reward=reward)
    last = high - low
    assert stable_profiles(game) == {(last, last)}
    assert game.tensor[0, 0, 0] == high
    assert game.tensor[0, last, last] == low
    assert game.tensor[0, 0, last] == low - reward
    assert game.tensor[1, 0, last] == low + reward


def test_rock_paper_scissors_is_a_cycle_without_a_pure_equilibrium():
    game = CATALOGUE["rock_paper_scissors"]()
    assert game.labels is not None
    assert game.labels.actions[0] == ("rock", "paper", "scissors")
    assert np.array_equal(game.tensor.sum(axis=0), np.zeros((3, 3)))
    assert not stable_profiles(game)
    assert not stable_profiles(CATALOGUE["rock_paper_scissors"](win=2.0, lose=-1.0, tie=0.5))
    for winner, loser in ((1, 0), (2, 1), (0, 2)):
        assert game.tensor[0, winner, loser] == 1
        assert game.tensor[1, winner, loser] == -1
    general = CATALOGUE["rock_paper_scissors"](win=2.0, lose=-1.0, tie=0.5).tensor
    assert np.array_equal(general.sum(axis=0), np.ones((3, 3)))


@pytest.mark.parametrize(("n", "k"), [(2, 1), (2, 2), (4, 1), (4, 2), (4, 4), (5, 3)])
def test_exactly_the_threshold_contributes_or_nobody(n, k):
    game = CATALOGUE["threshold_public_goods"](n=n, k=k)
    counts = {k} if k == 1 else {0, k}
    expected = {p for p in np.ndindex(*(2,) * n) if p.count(0) in counts}
    assert stable_profiles(game) == expected


def test_a_threshold_of_one_is_the_volunteers_dilemma():
    threshold = CATALOGUE["threshold_public_goods"](n=5, k=1, b=3.0, c=2.0)
    assert np.array_equal(
        threshold.tensor, CATALOGUE["volunteers_dilemma"](n=5, b=3.0, c=2.0).tensor
    )


def test_cooperation_dominates_in_harmony_and_both_agree_in_coordination():
    assert stable_profiles(CATALOGUE["harmony"]()) == {(0, 0)}
    assert stable_profiles(CATALOGUE["harmony"](P=-5.0, T=-6.0)) == {(0, 0)}
    assert stable_profiles(CATALOGUE["coordination"]()) == {(0, 0), (1, 1)}
    assert stable_profiles(CATALOGUE["coordination"](a=1.0)) == {(0, 0), (1, 1)}


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        ([[[1, 2], [3]], [[1, 2], [3, 4]]], "ragged"),
        ([[["a", 2], [3, 4]], [[1, 2], [3, 4]]], "not all numbers"),
        ([[1, 2], [3, 4]], "shape"),
        ([[[1, 2], [3, 4]]], "shape"),
        (np.zeros((2, 2, 2, 2)), "shape"),
        (np.zeros((2, 0, 2)), "shape"),
        ([[[1, 2], [math.nan, 4]], [[1, 2], [3, 4]]], r"player 1 at actions \(1, 0\)"),
        ([[[1, 2], [3, 4]], [[1, 2], [3, -math.inf]]], r"player 2 at actions \(1, 1\)"),
    ],
)
def test_payoffs_that_are_no_game_are_refused(tensor, message):
    with pytest.raises(InputError, match=message):
        NormalFormGame(tensor)


def test_labels_of_other_sizes_are_refused():
    labels = Labels(("a", "b"), (("x", "y"), ("x", "y", "z")))
    with pytest.raises(InputError, match="labels"):
        NormalFormGame(np.zeros((2, 2, 2)), labels)


def test_cooperating_moves_the_action_to_the_front_for_everybody():
    tensor = np.arange(18.0).reshape(2, 3, 3)
    labels = Labels(("a", "b"), (("x", "y", "z"),) * 2)
    moved = NormalFormGame(tensor, labels).cooperating("z")
    order = [2, 0, 1]
    assert np.array_equal(moved.tensor, tensor[:, order][:, :, order])
    assert moved.labels is not None
    assert moved.labels.actions == (("z", "x", "y"),) * 2


@pytest.mark.parametrize("action", ["w", 3, -1])
def test_cooperating_with_an_action_nobody_has_is_refused(action):
    with pytest.raises(InputError, match="no action"):
        NormalFormGame(np.zeros((2, 3, 3))).cooperating(action)


def test_a_random_game_is_a_function_of_its_key():
    first, again = (random_game(jax.random.key(3), (2, 3)).tensor for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, random_game(jax.random.key(4), (2, 3)).tensor)
    assert first.shape == (2, 2, 3)


def test_a_symmetric_random_game_is_symmetric():
    tensor = np.asarray(random_game(jax.random.key(0), (3, 3), symmetric=True).tensor)
    assert np.array_equal(tensor[1], tensor[0].T)
    with pytest.raises(InputError, match="symmetric"):
        random_game(jax.random.key(0), (2, 3), symmetric=True)
