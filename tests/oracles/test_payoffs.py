"""Expected payoffs against sums over action profiles, on both ways of computing them."""

import equinox as eqx
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from tests.reference import expected_payoffs, flat, random_params, random_tensor

import glasshouse.games.base
from glasshouse.games import NormalFormGame, Product
from glasshouse.parametric import ParametricGame
from glasshouse.semantics import Logistic

SIZES = [(2, 3), (2, 3, 3), (2, 3, 4), (4, 5, 4)]
"""The first two are small enough to be unrolled, the others are contracted."""

PAYOFF = st.floats(-10, 10, allow_subnormal=False)
WEIGHT = st.floats(0, 1, allow_subnormal=False)


@st.composite
def mixes(draw, actions):
    """One probability vector per player, pure actions included."""
    weights = [draw(hnp.arrays(float, m, elements=WEIGHT)) for m in actions]
    return [(w + 1e-9) / (w + 1e-9).sum() for w in weights]


@eqx.filter_jit
def computed(game, distributions):
    return game.payoffs(Product(distributions))


@pytest.mark.parametrize("actions", SIZES, ids=str)
@given(data=st.data())
def test_payoffs_are_sums_over_profiles(actions, data):
    tensor = data.draw(hnp.arrays(float, (len(actions), *actions), elements=PAYOFF))
    played = data.draw(mixes(actions))
    found = computed(NormalFormGame(tensor), tuple(map(np.asarray, played)))
    assert np.allclose(found, expected_payoffs(tensor, played), rtol=0, atol=1e-13)


@eqx.filter_jit
def effects(game, distributions):
    found = game.effects(Product(distributions))
    return [[of[j] for j in range(len(distributions))] for of in found]


@pytest.mark.parametrize("actions", SIZES, ids=str)
def test_effects_are_payoffs_against_pure_actions(actions):
    """∂u_i/∂σ_j(a) is what i is paid when j plays a and all others mix as they do."""
    tensor = random_tensor(actions, 1)
    rng = np.random.default_rng(2)
    played = [rng.dirichlet(np.ones(m)) for m in actions]
    found = effects(NormalFormGame(tensor), tuple(played))
    for j, m in enumerate(actions):
        for a in range(m):
            pure = [*played[:j], np.eye(m)[a], *played[j + 1 :]]
            paid = expected_payoffs(tensor, pure)
            for i in range(len(actions)):
                assert float(found[i][j][a]) == pytest.approx(paid[i], abs=1e-13)


@eqx.filter_jit
def advantages(game, distributions):
    found = game.advantages(Product(distributions), game.differences())
    return [[of[j] for j in range(len(distributions))] for of in found]


@pytest.mark.parametrize("unrolled", [True, False])
@pytest.mark.parametrize("actions", [(2, 2), (1, 3), (2, 2, 2), (3, 2, 3)], ids=str)
def test_advantages_are_payoffs_against_pure_actions_less_those_against_the_last(actions, unrolled):
    """Whether a distribution is an array or a tuple of scalars; of the last action they are 0."""
    tensor, rng = random_tensor(actions, 5), np.random.default_rng(6)
    played = [rng.dirichlet(np.ones(m)) for m in actions]
    given = tuple(tuple(map(np.asarray, x)) if unrolled else x for x in played)
    found = advantages(NormalFormGame(tensor), given)
    for j, m in enumerate(actions):
        paid = [
            expected_payoffs(tensor, [*played[:j], np.eye(m)[a], *played[j + 1 :]])
            for a in range(m)
        ]
        for i in range(len(actions)):
            wanted = [paid[a][i] - paid[m - 1][i] for a in range(m)]
            assert np.allclose(found[i][j], wanted, rtol=0, atol=1e-13)
            assert float(found[i][j][-1]) == 0.0


@pytest.mark.parametrize("actions", SIZES, ids=str)
def test_pure_profiles_pay_their_entry(actions):
    tensor = random_tensor(actions, 0)
    game = NormalFormGame(tensor)
    for profile in [tuple(0 for _ in actions), tuple(m - 1 for m in actions)]:
        pure = tuple(np.eye(m)[a] for m, a in zip(actions, profile, strict=True))
        assert np.allclose(computed(game, pure), tensor[(slice(None), *profile)], rtol=0, atol=0)


@pytest.mark.parametrize("actions", [(2, 2), (2, 3), (2, 2, 2), (3, 2, 3), (2, 3, 4)], ids=str)
def test_unrolled_and_contracted_payoffs_and_gradients_agree(actions, monkeypatch):
    game = ParametricGame(NormalFormGame(random_tensor(actions, 3)), Logistic(actions, 0.6, 5.0))
    params = random_params(game, 4)
    answers = []
    for limit in (0, 10_000):
        monkeypatch.setattr(glasshouse.games.base, "UNROLL_LIMIT", limit)
        unrolled = isinstance(game.behaviours(params).distributions[0], tuple)
        assert unrolled == (limit > 0)

        def everything(game, params):
            return (
                game.payoffs(params),
                game.selfish_gradients(params),
                game.gradient_scales(params),
            )

        answers.append(flat(eqx.filter_jit(everything)(game, params)))
    assert np.allclose(answers[0], answers[1], rtol=0, atol=1e-13)


@given(tensor=hnp.arrays(float, (3, 2, 2, 2), elements=PAYOFF))
def test_payoff_ranges_are_largest_minus_smallest(tensor):
    ranges = NormalFormGame(tensor).payoff_ranges
    assert np.array_equal(ranges, [table.max() - table.min() for table in tensor])
