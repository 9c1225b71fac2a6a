"""Mirrored policies: networks by hand, and sensitivities whose ratio is the coupling."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import glasshouse as gh
from glasshouse.analysis import sensitivity
from glasshouse.games import RepeatedGame, random_game
from glasshouse.parametric import ParametricGame
from glasshouse.semantics import Mirrored

PD = gh.load_game("prisoners_dilemma")
AGAIN = RepeatedGame(PD, 0.9)


def logit(weights, state):
    first, last = (layer.weight for layer in weights.layers)
    return (last @ np.tanh(first @ state)).item()


@pytest.mark.parametrize(
    ("game", "reading", "seen"),
    [
        (PD, None, [0]),
        (AGAIN, "situation", [0, 1, 2, 3, 4]),
        (AGAIN, "state", [0, 1, 3, 2, 4]),
    ],
)
def test_every_state_goes_through_both_networks(game, reading, seen):
    semantics = Mirrored.tanh(0.3, game, reading=reading)
    params = semantics.initial(3)
    behaviours = ParametricGame(game, semantics).behaviours(params)
    tables = [np.array([logit(w, s) for s in np.eye(len(seen))]) for w in params]
    for i in range(2):
        right = 1 / (1 + np.exp(-(tables[i] + 0.3 * tables[1 - i][seen])))
        found = np.reshape(behaviours[i], (len(seen), 2))[:, 0]
        np.testing.assert_allclose(found, right, rtol=0, atol=1e-14)


def test_what_moves_the_other_is_kappa_times_what_moves_oneself_also_after_learning():
    semantics = Mirrored.tanh(0.3)
    game, start = ParametricGame(PD, semantics), semantics.initial(1, same=True)
    learned = gh.run(game, params=start, steps=40, step_size=0.1).params
    for params in (start, learned):
        found = sensitivity(game, params)
        np.testing.assert_allclose(found.ratio, 0.3, rtol=0, atol=1e-12)
        np.testing.assert_allclose(found.alignment, 1.0, rtol=0, atol=1e-12)


def test_logits_move_by_kappa_from_whatever_start():
    semantics = Mirrored.tanh(0.3)
    game, params = ParametricGame(PD, semantics), semantics.initial(3)

    def logits(x):
        p = game.cooperation(x)
        return jnp.log(p) - jnp.log1p(-p)

    with jax.enable_x64(True):
        slopes = jax.jacrev(logits)(jax.tree.map(jnp.asarray, params))
    for one, other in zip(*(jax.tree.leaves(slopes[i]) for i in range(2)), strict=True):
        np.testing.assert_allclose(one[1], 0.3 * one[0], rtol=0, atol=1e-12)
        np.testing.assert_allclose(other[0], 0.3 * other[1], rtol=0, atol=1e-12)


def test_learning_alike_it_switches_at_the_threshold_of_the_game():
    """p = s((1+κ) n), so that all that learning does along the diagonal is that of one number."""
    rises = []
    for coupling in (0.42, 0.44):
        semantics = Mirrored.tanh(coupling)
        game, start = ParametricGame(PD, semantics), semantics.initial(5, same=True)
        start = jax.tree.map(lambda x: 1e-3 * x, start)  # near cooperating half of the time
        end = gh.run(game, params=start, steps=50, step_size=0.1).params
        before, after = (float(game.cooperation(x)[0]) for x in (start, end))
        rises.append(after > before)
    assert rises == [False, True]


def test_three_actions_and_three_players():
    for actions in ((3, 3), (2, 2, 2)):
        semantics = Mirrored.tanh(-0.5, actions, width=4)
        game = ParametricGame(random_game(2, actions), semantics)
        params = semantics.initial(2)
        mixes = game.behaviours(params)
        for i, count in enumerate(actions):
            assert np.asarray(mixes[i]).shape == (count,)
            assert float(np.asarray(mixes[i]).sum()) == pytest.approx(1.0, abs=1e-15)
        assert gh.run(game, params=params, steps=3, step_size=0.1).steps == 3


def test_what_does_not_fit_is_said():
    shape = Mirrored.tanh(0.5).network
    for wrong, said in (
        (lambda: Mirrored(shape, 0.5, (2, 3)), "same number of actions"),
        (lambda: Mirrored(shape, float("nan")), "coupling"),
        (lambda: Mirrored(lambda x: x, 0.5, (2, 2)), "no weights"),
        (lambda: Mirrored(shape, 0.5, (3, 3)), r"one vector of shape \(2,\)"),
        (lambda: Mirrored(shape, 0.5, reading="state"), "is about the states of a repeated game"),
        (lambda: Mirrored.tanh(0.5, width=0), "width"),
    ):
        with pytest.raises(gh.InputError, match=said):
            wrong()
