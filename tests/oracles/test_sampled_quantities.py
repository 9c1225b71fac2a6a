"""First movements of what is asked about, in the Coin Game and at random starts, by enumeration."""

import functools
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq
from tests.oracles.test_sampling import drawn, exact, sampled

import glasshouse as gh
from glasshouse import analysis
from glasshouse.analysis.sampling.switch import Tried, zero_of
from glasshouse.errors import InputError
from glasshouse.games.stochastic import CoinGame, transitions
from glasshouse.semantics.policies import MirroredWeights, TablePolicy

COINS = CoinGame(grid=2, horizon=3)
POLICY = TablePolicy(COINS)
SHARES = 0.96 ** np.arange(3) / np.sum(0.96 ** np.arange(3))
START = tuple(POLICY.initials(7, 2))
KEY = jax.random.key(0)


def coins(coupling):
    return gh.SampledParametricGame(COINS, POLICY, MirroredWeights(coupling))


@functools.cache
def enumerated():
    """All states of two cells a side: where they lead, and who then takes what, by hand."""
    every = transitions(COINS)
    first, second, coin, colour = np.indices((4, 4, 4, 2)).reshape(4, -1)
    moves = np.array([1, 1, 2, 2])  # left and right change the column, up and down the row
    a, b = np.indices((4, 4)).reshape(2, -1)
    on = np.stack([first[:, None] ^ moves[a], second[:, None] ^ moves[b]]) == coin[:, None]
    mine = np.stack([colour == 0, colour == 1])[:, :, None]
    taken = {"own coin": on & mine, "other's coin": on & ~mine}
    paid = (on.astype(float) - 2 * taken["other's coin"][::-1]).reshape(2, -1).T
    left = np.stack([a == 0, b == 0])[:, None, :] & np.ones_like(on)
    asked = {
        "other's coin": taken["other's coin"].mean(axis=0).ravel(),
        "welfare": paid.sum(axis=1),
        "payoff of 2": paid[:, 1],
        "probability of left by 1": left[0].ravel().astype(float),
    }
    situations = np.asarray(every.seen.situations).T
    return every.start, every.moves.toarray(), paid, asked, situations


def exact_parts(params, coupling, quantity):
    """The first movement by owner and reader, and the quantity itself."""
    start, moves, paid, asked, situations = enumerated()
    with jax.enable_x64(True):
        own = [jnp.asarray(x) for x in params]
        tables = (own[0] + coupling * own[1], own[1] + coupling * own[0])

        def means(tables):
            one, other = (jax.nn.softmax(x[at]) for x, at in zip(tables, situations, strict=True))
            joint = (one[:, :, None] * other[:, None, :]).reshape(len(one), -1)
            reached, found = jnp.asarray(start), jnp.zeros(3)
            for share in SHARES:
                done = (reached[:, None] * joint).ravel()
                each = [*(done @ paid), done @ asked[quantity]]
                found = found + share * jnp.stack(each)
                reached = done @ moves
            return found

        slopes = jax.jacrev(means)(tables)
        weigh = np.array([[1, coupling], [coupling, 1]])
        rises = [sum(weigh[i, j] * slopes[j][2] for j in range(2)) for i in range(2)]
        parts = [
            [weigh[i, j] * jnp.sum(rises[i] * slopes[j][i]) for j in range(2)] for i in range(2)
        ]
        return np.array(parts), float(means(tables)[2])


@pytest.mark.parametrize(
    "quantity", ["other's coin", "welfare", "payoff of 2", "probability of left by 1"]
)
def test_in_the_coin_game_parts_of_what_is_asked_are_within_four_standard_errors(quantity):
    margins, mean = exact_parts(START, 0.5, quantity)
    found = analysis.sensitivity(coins(0.5), START, quantity=quantity, key=KEY)
    assert np.all(np.abs(found.margins - margins) < 4 * found.margin_errors)
    assert abs(found.margin.value - margins.sum()) < 4 * found.margin.standard_error
    assert abs(found.frequency - mean) < 4 * found.frequency_error
    assert f"{quantity} " in str(found)
    alone = gh.first_order_margin(coins(0.5), START, quantity, key=KEY)
    assert abs(alone.value - margins.sum()) < 4 * alone.standard_error


def test_in_the_coin_game_the_coupling_at_which_stealing_turns_is_the_exact_one():
    def margin(coupling):
        return exact_parts(START, coupling, "other's coin")[0].sum()

    wanted = cast(float, brentq(margin, 0.0, 1.0))
    found = gh.first_movement(coins, START, quantity="other's coin", key=KEY, bracket=(0.0, 1.0))
    assert found.value is not None
    assert abs(found.value - wanted) < 4 * found.settings["standard_error"] < 0.2
    assert found.holds == "below"  # stealing rises where nobody reads
    assert found.settings["quantity"] == "other's coin"


def test_where_margins_bend_the_parabola_says_where_they_turn_and_a_line_would_not():
    """e^{2κ} - e^{.8} turns at .4; ten groups, each of which shifts it by as much as it says."""
    shifts = 0.1 * np.random.default_rng(0).normal(size=10)
    without = np.stack([np.delete(shifts, k).mean() - shifts.mean() for k in range(10)])

    def zero(couplings):
        curve = np.exp(2 * couplings) - np.exp(0.8)
        found = zero_of(Tried(couplings, curve, curve[:, None] + without))
        assert found is not None
        return found, np.polynomial.Polynomial.fit(couplings, curve, 1).roots()[0]

    wide, line = zero(np.linspace(0.0, 1.0, 17))
    assert abs(wide.value - 0.4) < 0.02 < 0.05 < abs(line - 0.4)
    assert wide.bias > wide.error  # which asks for a narrower bracket
    narrow, _ = zero(np.linspace(0.25, 0.5, 17))
    error = shifts.std(ddof=1) / np.sqrt(10)  # of the margin, over its slope
    assert narrow.error == pytest.approx(error / (2 * np.exp(0.8)), rel=0.02)
    assert max(abs(narrow.value - 0.4), narrow.bias) < narrow.error / 10


@pytest.mark.parametrize("curve", [lambda x: x + 0.1, lambda x: (x - 0.3) * (x - 0.7)])
def test_margins_that_turn_nowhere_among_the_couplings_or_twice_are_not_settled(curve):
    couplings = np.linspace(0.0, 1.0, 5)
    values = curve(couplings)
    assert zero_of(Tried(couplings, values, np.stack([values] * 4, axis=1))) is None


def exact_switch(seed):
    return cast(float, brentq(lambda coupling: exact(seed, coupling)[1].sum(), 0.0, 2.0))


@pytest.mark.parametrize("seed", [0, 3])
def test_from_random_starts_switches_are_the_exact_ones_as_often_as_errors_say(seed):
    wanted, found = exact_switch(seed), []
    for k in range(40):
        at = gh.first_movement(
            lambda coupling: sampled(MirroredWeights(coupling)),
            drawn(seed),
            key=jax.random.key(k),
            episodes=1024,
        )
        if at.value is None:
            assert at.result == "not settled"
            continue
        assert at.lower is not None
        assert at.upper is not None
        assert at.lower <= at.value <= at.upper
        found.append([at.value, at.settings["standard_error"]])
    values, errors = np.array(found).T
    assert len(values) >= 38
    hits = np.sum(np.abs(values - wanted) < 2 * errors)
    assert hits >= len(values) - 6  # 2 are expected outside, and more than 6 in one of 100
    assert abs(values.mean() - wanted) < 3 * values.std() / np.sqrt(len(values))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: analysis.sensitivity(coins(0.5), START, key=KEY), "payoff of PLAYER"),
        (
            lambda: gh.first_order_margin(coins(0.5), START, "payoff of 3", key=KEY),
            "there is no player '3'",
        ),
        (
            lambda: gh.first_order_margin(coins(0.5), START, "probability of wait", key=KEY),
            "there is no such action",
        ),
        (
            lambda: gh.first_movement(
                gh.LogisticFamily(gh.load_game("chicken"), 3.0), quantity="welfare"
            ),
            "give a function of game and parameters",
        ),
    ],
)
def test_what_cannot_be_asked_of_is_refused_in_one_line(wrong, said):
    with pytest.raises(InputError, match=said) as error:
        wrong()
    assert "\n" not in str(error.value)


def test_first_movements_of_exact_games_take_a_quantity_too():
    """In the prisoner's dilemma welfare rises where cooperation does, from 3/7 on."""
    family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
    found = gh.first_movement(family, quantity=welfare)
    assert found.value == pytest.approx(3 / 7, abs=1e-6)
    assert found.holds == "above"
    assert gh.first_movement(family, quantity=loss).holds == "below"


def welfare(game, params):
    return game.payoffs(params).sum()


def loss(game, params):
    return -game.payoffs(params).sum()
