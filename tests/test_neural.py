"""Semantics that are neural networks: what they read, how they are set up, what they refuse."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.reference import PD, flat, normal_form, random_tensor, sigmoid

from glasshouse import ParametricGame, critical_coupling, first_order_margin, run
from glasshouse.analysis import first_movement_switch, mean_cooperation
from glasshouse.channels import Box
from glasshouse.dynamics import Learning, batch_map, stack
from glasshouse.errors import InputError
from glasshouse.families import GainFamily
from glasshouse.games import NormalFormGame
from glasshouse.rules import Gradient
from glasshouse.semantics import Custom, Interpreter, Logistic, Policies

GAME = normal_form(PD)
KEY = jax.random.key(5)


def layers(network):
    return [(np.asarray(x.weight), np.asarray(x.bias)) for x in network.layers]


def through(matrices, x):
    """A tanh network in NumPy."""
    for weight, bias in matrices[:-1]:
        x = np.tanh(weight @ x + bias)
    weight, bias = matrices[-1]
    return weight @ x + bias


def with_reference(logits):
    powers = np.exp(np.append(logits, 0.0))
    return powers / powers.sum()


@pytest.mark.parametrize("actions", [(2, 2), (3, 3), (2, 2, 2), (2,) * 5, (3,) * 4], ids=str)
def test_the_interpreter_reads_own_parameters_first_and_the_others_in_turn(actions):
    semantics = Interpreter.random(KEY, actions, gain=0.7, size=3, width=5, depth=2)
    game = ParametricGame(NormalFormGame(random_tensor(actions, 0)), semantics)
    theta = semantics.initial(jax.random.key(1))
    product, players = game.behaviours(theta), len(actions)
    for i in range(players):
        others = [0.7 * theta[(i + k) % players] for k in range(1, players)]
        logits = through(layers(semantics.network), np.concatenate([theta[i], *others]))
        assert np.allclose(product[i], with_reference(logits), rtol=0, atol=1e-14)


@pytest.mark.parametrize("actions", [(2, 2), (3, 3), (2, 2, 2), (2,) * 5], ids=str)
def test_policies_read_a_projection_of_the_mean_of_the_others_weights(actions):
    semantics = Policies.random(KEY, actions, gain=-0.6, features=3, width=4, depth=2)
    game = ParametricGame(NormalFormGame(random_tensor(actions, 0)), semantics)
    weights = semantics.initial(jax.random.key(1))
    rows = [np.concatenate([np.ravel(x) for pair in layers(own) for x in pair]) for own in weights]
    assert (
        {len(row) for row in rows}
        == {semantics.weights}
        == {3 * 4 + 4 + 16 + 4 + 5 * (actions[0] - 1)}
    )
    product = game.behaviours(weights)
    for i, own in enumerate(weights):
        mean = np.mean([row for j, row in enumerate(rows) if j != i], axis=0)
        logits = through(layers(own), -0.6 * np.asarray(semantics.projection) @ mean)
        assert np.allclose(product[i], with_reference(logits), rtol=0, atol=1e-14)


def test_what_policies_read_has_variance_one_where_they_start():
    semantics = Policies.random(KEY, gain=1.0, features=50, width=40)
    (first, _) = semantics.initial(jax.random.key(2))
    read = np.asarray(semantics.projection) @ flat(first)
    assert np.sqrt(np.mean(read**2)) == pytest.approx(1.0, rel=0.3)


def test_networks_that_nobody_trained_have_units_of_variance_one_third_or_so():
    """Weights of variance 1/n make sums over n inputs of variance 1 as large as one input."""
    network = Interpreter.random(KEY, gain=0.0, size=50, width=100).network
    for weight, _ in layers(network):
        assert np.var(weight) * weight.shape[1] == pytest.approx(1.0, rel=0.2)


@pytest.mark.parametrize("kind", [Interpreter, Policies])
def test_at_gain_zero_nobody_reads(kind):
    semantics = kind.random(KEY, gain=0.0)
    game, start = ParametricGame(GAME, semantics), semantics.initial(KEY)
    jacobian = jax.jacobian(lambda p: game.cooperation(p)[0])(start)
    assert np.any(flat(jacobian[0]))
    assert not np.any(flat(jacobian[1]))


@pytest.mark.parametrize("kind", [Interpreter, Policies])
def test_a_key_gives_the_same_networks_in_any_precision(kind):
    def numbers():
        semantics = kind.random(KEY, gain=0.5)
        return flat((eqx.filter(semantics, eqx.is_array), semantics.initial(KEY)))

    with jax.enable_x64(False):
        single = numbers()
    assert np.array_equal(single, numbers())
    assert single.dtype == np.float64
    semantics = kind.random(KEY, gain=0.5)
    for same in (False, True):
        first, second = semantics.initial(KEY, same=same)
        assert np.array_equal(flat(first), flat(second)) == same


@pytest.mark.parametrize("x64", [True, False])
def test_networks_built_in_32_bits_compute_in_the_precision_in_use(x64):
    network = eqx.nn.MLP(4, 1, 3, 1, activation=jnp.tanh, dtype=jnp.float32, key=KEY)
    with jax.enable_x64(x64):
        wanted = jnp.float64 if x64 else jnp.float32
        for semantics in (
            Interpreter((2, 2), network, 0.5, size=2),
            Policies((2, 2), network, np.ones((4, 19)), 0.5),
        ):
            game = ParametricGame(GAME, semantics)
            learn = jax.jit(  # programs that may raise are compiled in every process
                lambda start, game=game: run(
                    game, params=start, steps=3, step_size=0.1, throw=False
                )
            )
            end = learn(semantics.initial(KEY)).params
            assert {x.dtype for x in jax.tree.leaves(end)} == {jnp.dtype(wanted)}
            assert game.payoffs(end).dtype == np.float64  # outside of jit, always


@pytest.mark.parametrize("kind", [Interpreter, Policies])
def test_random_networks_and_gains_are_one_batch_compiled_once(kind):
    gains = [0.2, 0.4, 0.6, 0.9, 1.2]
    families = [GainFamily(GAME, kind.random(jax.random.key(k), gain=0.0)) for k in range(3)]
    starts = [family.semantics.initial(KEY) for family in families for _ in gains]
    games = [family(gain) for family in families for gain in gains]
    traced = []

    def margin(member):
        traced.append(1)
        game, start = member
        velocity = game.selfish_gradients(start)
        return jax.jvp(lambda p: mean_cooperation(game, p), (start,), (velocity,))[1]

    found = batch_map(margin, (stack(games), stack(starts)))
    assert len(traced) == 1
    singles = [first_order_margin(g, s) for g, s in zip(games, starts, strict=True)]
    assert np.allclose(found, singles, rtol=0, atol=1e-14)
    assert len(set(np.round(found, 9))) == 15


def test_gains_are_swept_for_switches_like_couplings():
    """An interpreter that adds up what it is given is the logistic semantics."""
    family = GainFamily(GAME, Interpreter((2, 2), _Sum(), 0.0, size=1, bound=5.0))
    assert first_movement_switch(family).value == pytest.approx(3 / 7, abs=1e-8)
    assert critical_coupling(
        family, learning=Learning(steps=50, step_size=None)
    ).value == pytest.approx(3 / 7, abs=1e-5)
    start = (np.array([0.4]), np.array([-0.1]))
    logistic = ParametricGame(GAME, Logistic((2, 2), 0.8))
    assert first_order_margin(family(0.8), start) == pytest.approx(
        first_order_margin(logistic, (0.4, -0.1)), abs=1e-15
    )


class _Sum(eqx.Module):
    def __call__(self, x):
        return x.sum(keepdims=True)


def test_two_networks_as_one_custom_function():
    """The two players' networks differ, each is given its own parameters and what it reads."""
    networks = [eqx.nn.MLP(2, 1, 4, 1, activation=jnp.tanh, key=jax.random.key(k)) for k in (0, 1)]
    function = _TwoNetworks(networks[0], networks[1], np.array(0.7))
    game = ParametricGame(GAME, Custom(function, [Box([-2.0], [2.0])] * 2))
    theta = (np.array([0.3]), np.array([-0.8]))
    for i, network in enumerate(networks):
        logit = through(layers(network), np.array([theta[i][0], 0.7 * theta[1 - i][0]]))[0]
        assert float(game.behaviours(theta)[i][0]) == pytest.approx(float(sigmoid(logit)), abs=1e-7)
    assert run(game, Gradient(), theta, steps=5, step_size=0.1).path is None


class _TwoNetworks(eqx.Module):
    first: eqx.nn.MLP
    second: eqx.nn.MLP
    gain: jax.Array | np.ndarray

    def __call__(self, params, seen):
        def play(network, own, read):
            logit = network(jnp.concatenate([own, self.gain * read]))[0]
            return jax.nn.softmax(jnp.stack([logit, 0.0]))

        return play(self.first, params[0], seen[0][1]), play(self.second, params[1], seen[1][0])


def test_dead_networks_at_the_neutral_profile_move_only_by_their_output_bias():
    game = ParametricGame(GAME, Policies.random(KEY, gain=2.0))
    gradient = game.selfish_gradients(game.neutral())[0]
    *hidden, output = gradient.layers
    assert float(output.bias[0]) != 0
    assert not np.any(flat((hidden, output.weight)))


TWICE: Any = lambda x: (x, x)  # noqa: E731


def mlp(inputs, outputs, activation=jnp.tanh):
    return eqx.nn.MLP(inputs, outputs, 3, 1, activation=activation, key=KEY)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Interpreter((2, 3), mlp(4, 1), 0.5, 2), "same number of actions"),
        (lambda: Interpreter((2,), mlp(4, 1), 0.5, 2), "at least two players"),
        (lambda: Interpreter((3, 3), mlp(4, 3), 0.5, 2), r"returns \(3,\).*\(2,\)"),
        (lambda: Interpreter((2, 2), TWICE, 0.5, 2), "returns tuple"),
        (lambda: Interpreter((2, 2), lambda x: jnp.log(x[:1]), 0.5, 2), r"logits \[-inf\] where"),
        (lambda: Interpreter((2, 2), mlp(4, 1), np.nan, 2), "gain must be finite"),
        (lambda: Interpreter((2, 2), mlp(4, 1), np.ones(2), 2), "gain has shape"),
        (lambda: Interpreter((2, 2), mlp(4, 1), 0.5, 0), "size=0"),
        (lambda: Interpreter((2, 2), mlp(4, 1), 0.5, 2, bound=0.0), "bound"),
        (lambda: Interpreter((2, 2), mlp(4, 1), 0.5, True), "size=True"),
        (lambda: Interpreter.random(KEY, gain=0.5, width=0), "width=0"),
        (lambda: Interpreter.example((2, 2)).with_gain(np.inf), "gain must be finite"),
        (lambda: Policies((2, 2), mlp(4, 2), np.ones((4, 19)), 0.5), r"has shape.*23 weights"),
        (lambda: Policies((2, 2), mlp(4, 2), np.ones((4, 23)), 0.5), r"returns \(2,\)"),
        (lambda: Policies((2, 2), mlp(4, 1), np.full((4, 19), np.nan), 0.5), "not finite"),
        (lambda: Policies((2, 2), mlp(4, 1), [[1.0], [1.0, 2.0]], 0.5), "rectangular"),
        (
            lambda: Policies((2, 2), mlp(4, 1, jnp.log), np.ones((4, 19)), 0.5),
            r"\[nan\] for random",
        ),
        (lambda: Policies((2, 2), mlp(4, 1), np.ones((4, 19)), np.inf), "gain must be finite"),
        (lambda: Policies.random(KEY, gain=0.5, features=0), "features=0"),
        (lambda: Policies.random(KEY, (2, 3), gain=0.5), "same number of actions"),
        (
            lambda: Policies((2, 2), mlp(4, 1), np.ones((4, 19)), 0.5, bound=np.array("a")),
            "bound must be a number",
        ),
        (
            lambda: Policies((2, 2), mlp(4, 1), np.ones((4, 19)), 0.5, bound=-1.0),
            "bound must be positive",
        ),
        (lambda: GainFamily(GAME, Policies.example((2, 2)), searched=(1.0, 1.0)), "increasing"),
        (lambda: GainFamily(GAME, Policies.example((2, 2))).closed_form(), "no closed form"),
    ],
)
def test_networks_that_cannot_be_are_refused(make, message):
    with pytest.raises(InputError, match=message) as refused:
        make()
    assert "\n" not in str(refused.value)


def test_sizes_may_be_whole_numbers_of_numpy():
    two = np.int64(2)
    found = Interpreter.random(KEY, gain=0.5, size=two, width=two, depth=two)
    assert type(found.size) is int
    assert eqx.tree_equal(found, Interpreter.random(KEY, gain=0.5, size=2, width=2, depth=2))
    assert Policies.random(KEY, gain=0.5, features=two, width=two).projection.shape[0] == 2


def test_families_of_gains_need_a_semantics_with_a_gain():
    """Asked afterwards: while tests run, types are checked before."""
    family = GainFamily(GAME, Policies.example((2, 2)))
    object.__setattr__(family, "semantics", Logistic((2, 2), 0.5))
    with pytest.raises(InputError, match="neural semantics, not Logistic: use LogisticFamily"):
        family.__post_init__()
