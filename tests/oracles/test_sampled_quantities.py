"""First movements of what is asked about, in the Coin Game and at random starts, by enumeration."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq
from tests.oracles.test_sampling import SEEN_BY_OTHER, STAGE, drawn, followed

import glasshouse as gh
from glasshouse import analysis
from glasshouse.errors import InputError
from glasshouse.games.stochastic import CoinGame, IteratedMatrix, transitions
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

    found = gh.first_movement(coins, START, quantity="other's coin", key=KEY, bracket=(0.0, 1.0))
    assert found.value is not None
    assert abs(found.value - brentq(margin, 0.0, 1.0)) < 4 * found.settings["standard_error"] < 0.2
    assert found.holds == "below"  # stealing rises where nobody reads
    assert found.settings["quantity"] == "other's coin"
