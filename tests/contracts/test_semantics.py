"""Every semantics gives probabilities and the gradients of what it gives."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from tests.reference import expected_payoffs, flat, random_params, random_tensor, supports

from glasshouse.channels import Box
from glasshouse.dynamics import run
from glasshouse.errors import InputError
from glasshouse.games import NormalFormGame
from glasshouse.parametric import ParametricGame
from glasshouse.rules import Gradient
from glasshouse.semantics import Affine, Custom, Linear, Logistic
from glasshouse.semantics.registry import SEMANTICS

SIZES = [(2, 2), (3, 3), (2, 3), (2, 2, 2), (3, 2, 3), (4, 5, 4)]


def sizes():
    """By day every semantics of two players with two actions, the logistic and those of a function
    also of three players and different actions; nightly every semantics of every size."""
    for kind in sorted(SEMANTICS):
        own = [size for size in SIZES if supports(kind, size)]
        usual = {(2, 2), (2, 3), (3, 2, 3)} if kind in ("logistic", "custom") else {(2, 2)}
        for size in own:
            yield pytest.param(kind, size, marks=() if size in usual else pytest.mark.slow)


each_example = pytest.mark.parametrize(("kind", "actions"), list(sizes()), ids=str)


@pytest.mark.parametrize("kind", sorted(SEMANTICS))
def test_every_semantics_supports_two_players_with_two_actions(kind):
    assert supports(kind, (2, 2))


@functools.cache
def example(kind, actions):
    tensor = random_tensor(actions, 1)
    return ParametricGame(NormalFormGame(tensor), SEMANTICS[kind].example(actions)), tensor


@functools.cache
def compiled(kind, actions):
    """Behaviours, payoffs, gradients and their scales of the example, compiled once for all."""
    game, _ = example(kind, actions)
    return jax.jit(
        lambda p: (
            game.behaviours(p),
            game.payoffs(p),
            game.selfish_gradients(p),
            game.gradient_scales(p),
        )
    )


@each_example
def test_behaviours_are_probabilities(kind, actions):
    game, _ = example(kind, actions)
    corners = [
        tuple(box.lower for box in game.spaces),
        tuple(box.upper for box in game.spaces),
    ]
    for params in [random_params(game, 0), random_params(game, 1, spread=3.0), *corners]:
        product = compiled(kind, actions)(params)[0]
        for i, count in enumerate(actions):
            mix = np.asarray(product[i])
            assert mix.shape == (count,)
            assert np.all(mix >= 0)
            assert mix.sum() == pytest.approx(1.0, abs=1e-14)
            assert np.array_equal(mix, np.stack(product.entries(i)))


@each_example
def test_payoffs_are_expectations_over_independent_mixing(kind, actions):
    game, tensor = example(kind, actions)
    product, payoffs, *_ = compiled(kind, actions)(random_params(game, 2))
    mixes = [np.asarray(product[i]) for i in range(len(actions))]
    assert np.allclose(payoffs, expected_payoffs(tensor, mixes), rtol=0, atol=1e-13)


@pytest.mark.parametrize("kind_of_number", [float, np.asarray], ids=["float", "numpy"])
def test_parameters_may_be_plain_numbers(kind_of_number):
    game, _ = example("logistic", (2, 2))
    params = (kind_of_number(0.3), kind_of_number(-0.4))
    expected = game.payoffs(tuple(map(jnp.asarray, params)))
    assert np.array_equal(game.payoffs(params), expected)
    for gradient in game.selfish_gradients(params):
        assert np.isfinite(gradient)


@each_example
def test_selfish_gradients_are_finite_differences_of_own_payoffs(kind, actions):
    game, _ = example(kind, actions)
    params = random_params(game, 3)
    found = compiled(kind, actions)
    gradients = found(params)[2]
    h = 1e-5
    for i, own in enumerate(params):
        numbers, put_together = ravel_pytree(own)
        gradient = flat(gradients[i])
        for k in range(len(numbers)):
            up, down = (
                found((*params[:i], put_together(numbers.at[k].add(step)), *params[i + 1 :]))[1][i]
                for step in (h, -h)
            )
            assert gradient[k] == pytest.approx(float(up - down) / (2 * h), rel=1e-7, abs=1e-9)


@each_example
def test_gradient_scales_bound_the_gradients(kind, actions):
    game, _ = example(kind, actions)
    for seed in range(5):
        found = compiled(kind, actions)(random_params(game, seed, spread=3.0))
        gradients, scales = map(flat, found[2:])
        assert np.all(np.abs(gradients) <= scales * (1 + 1e-12))
        assert np.all(scales > 0)


COUPLING = np.array([[0.0, 0.7, -0.4], [0.2, 0.0, 1.3], [-0.9, 0.5, 0.0]])
OWN_WEIGHT = np.array([1.0, 0.5, -2.0])


def softmax_with_reference(logits):
    powers = np.exp(np.append(logits, 0.0))
    return powers / powers.sum()


@pytest.mark.parametrize("actions", [(2, 2, 2), (2, 3, 2), (3, 2, 4), (4, 5, 4)], ids=str)
def test_logistic_reads_by_reader_then_owner(actions):
    """logits_i = ω_i θ_i + Σ_j κ_ij θ_j, index by index, missing coordinates counting as 0."""
    semantics = Logistic(actions, COUPLING, own_weight=OWN_WEIGHT)
    game = ParametricGame(NormalFormGame(random_tensor(actions, 0)), semantics)
    params = random_params(game, 4)
    product = game.behaviours(params)
    vectors = [np.ravel(x) for x in params]
    for i, count in enumerate(actions):
        logits = OWN_WEIGHT[i] * vectors[i]
        for j, a in itertools.product(range(3), range(count - 1)):
            if j != i and a < len(vectors[j]):
                logits[a] += COUPLING[i, j] * vectors[j][a]
        assert np.allclose(product[i], softmax_with_reference(logits), rtol=1e-13, atol=0)


@pytest.mark.parametrize("players", [2, 3, 5])  # five players are not unrolled
@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_affine_players_mix_their_own_parameter_with_the_mean_of_the_others(players, weight):
    game = ParametricGame(
        NormalFormGame(random_tensor((2,) * players, 0)), Affine((2,) * players, weight)
    )
    params = random_params(game, 9)
    theta = np.array(params)
    mean = (theta.sum() - theta) / (players - 1)
    expected = (1 - weight) * theta + weight * mean
    product = game.behaviours(params)
    for i in range(players):
        assert np.allclose(product[i], [expected[i], 1 - expected[i]], rtol=0, atol=1e-15)


@pytest.mark.parametrize("players", [2, 5])
def test_affine_probabilities_never_leave_the_unit_interval_by_rounding(players):
    weights = np.random.default_rng(0).uniform(0, 1, 1000)

    def probabilities(weight):
        game = ParametricGame(
            NormalFormGame(random_tensor((2,) * players, 0)), Affine((2,) * players, weight)
        )
        ends = [game.behaviours((jnp.asarray(x),) * players)[0] for x in (0.0, 1.0)]
        return jnp.stack(ends)

    found = np.asarray(jax.jit(jax.vmap(probabilities))(weights))
    assert np.array_equal(found, np.broadcast_to([[0.0, 1.0], [1.0, 0.0]], found.shape))


def test_at_weight_one_everyone_plays_exactly_what_the_other_says():
    game = ParametricGame(NormalFormGame(random_tensor((2, 2), 0)), Affine((2, 2), 1.0))
    product = game.behaviours((jnp.asarray(1.0), jnp.asarray(1e-20)))
    assert [float(product[i][0]) for i in (0, 1)] == [1e-20, 1.0]


def test_the_affine_weight_can_be_swept():
    tensor = random_tensor((2, 2), 3)

    def gradients(weight):
        game = ParametricGame(NormalFormGame(tensor), Affine((2, 2), weight))
        return jnp.stack(game.selfish_gradients((jnp.asarray(0.2), jnp.asarray(0.7))))

    weights = np.linspace(0, 1, 5)
    batched = jax.jit(jax.vmap(gradients))(weights)
    singles = [gradients(float(weight)) for weight in weights]
    assert np.allclose(batched, singles, rtol=0, atol=1e-14)


def learned(game, start):
    path = run(game, Gradient(), start, steps=20, step_size=0.3, save="path").path
    assert path is not None
    return path


@pytest.mark.parametrize(
    "actions", [(2, 2, 2), pytest.param((2, 3, 2), marks=pytest.mark.slow), (2, 3, 4)], ids=str
)
def test_renaming_the_players_renames_everything(actions):
    """New player i is old player order[i]: payoffs, gradients and learning paths follow."""
    order = (2, 0, 1)
    tensor = random_tensor(actions, 5)
    new_actions = tuple(actions[i] for i in order)
    new_tensor = tensor[list(order)].transpose(0, *(1 + i for i in order))
    new_coupling = COUPLING[np.ix_(order, order)]
    old = ParametricGame(
        NormalFormGame(tensor), Logistic(actions, COUPLING, 5.0, own_weight=OWN_WEIGHT)
    )
    new = ParametricGame(
        NormalFormGame(new_tensor),
        Logistic(new_actions, new_coupling, 5.0, own_weight=OWN_WEIGHT[list(order)]),
    )
    params = random_params(old, 6)
    renamed = tuple(params[i] for i in order)

    (old_payoffs, old_gradients, old_path), (new_payoffs, new_gradients, new_path) = (
        jax.jit(
            lambda p, game=game: (game.payoffs(p), game.selfish_gradients(p), learned(game, p))
        )(start)
        for game, start in ((old, params), (new, renamed))
    )
    assert np.allclose(new_payoffs, np.asarray(old_payoffs)[list(order)], rtol=0, atol=1e-13)
    for i, before in enumerate(order):
        assert np.allclose(new_gradients[i], old_gradients[before], rtol=0, atol=1e-13)
        assert np.allclose(new_path[i], old_path[before], rtol=0, atol=1e-12)


def independent_play(tensor, logits, step_size, steps):
    """Softmax gradient play in NumPy: p_a (u_a - ū) for each player, nobody reading anybody."""
    players = range(len(logits))
    logits = [np.array(x, dtype=float) for x in logits]
    for _ in range(steps):
        mixes = [softmax_with_reference(x) for x in logits]
        moves = []
        for i in players:
            value = np.zeros(len(mixes[i]))
            for a in range(len(value)):
                pure = [*mixes[:i], np.eye(len(value))[a], *mixes[i + 1 :]]
                value[a] = expected_payoffs(tensor, pure)[i]
            moves.append((mixes[i] * (value - mixes[i] @ value))[:-1])
        logits = [x + step_size * move for x, move in zip(logits, moves, strict=True)]
    return logits


@pytest.mark.parametrize("actions", [(2, 2), (2, 3), (2, 3, 2), (4, 5, 4)], ids=str)
def test_without_coupling_learning_is_independent_gradient_play(actions):
    tensor = random_tensor(actions, 7)
    game = ParametricGame(NormalFormGame(tensor), Logistic(actions, 0.0))
    params = random_params(game, 8)
    end = run(game, Gradient(), params, steps=25, step_size=0.4).params
    expected = independent_play(tensor, [np.ravel(x) for x in params], 0.4, 25)
    assert np.allclose(flat(end), np.concatenate(expected), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"coupling": [0.1, 0.2]}, "shape"),
        ({"coupling": np.ones((2, 2))}, "diagonal"),
        ({"coupling": np.nan}, "finite"),
        ({"coupling": [[0.0, 0.1], [0.2]]}, "rectangular"),
        ({"coupling": 0.5, "bound": 0.0}, "bound"),
        ({"coupling": 0.5, "bound": np.nan}, "bound"),
        ({"coupling": 0.5, "own_weight": np.inf}, "own_weight"),
        ({"coupling": 0.5, "own_weight": [1.0, 1.0, 1.0]}, "own_weight"),
    ],
)
def test_logistic_refuses_what_it_cannot_mean(arguments, message):
    with pytest.raises(InputError, match=message):
        Logistic((2, 2), **arguments)


@pytest.mark.parametrize("weight", [-0.1, 1.1, np.nan, np.inf, [0.1, 0.2], "half"])
def test_affine_refuses_weights_that_are_none(weight):
    with pytest.raises(InputError, match="weight"):
        Affine((2, 2), np.asarray(weight))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"direction": np.asarray("ab")}, "direction must be numbers.*'ab'"),
        ({"direction": 1.0}, "one number per coordinate"),
        ({"direction": [0.0, 0.0]}, "not zero"),
        ({"coupling": np.inf}, "coupling must be finite"),
        ({"bound": np.asarray("wide")}, "bound must be a number"),
        ({"bound": -1.0}, "bound must be positive"),
        ({"bound": 1e51}, "at most 1e"),
    ],
)
def test_linear_refuses_what_it_cannot_mean(settings, message):
    with pytest.raises(InputError, match=message) as refused:
        Linear((2, 2), **{"coupling": 0.5, "direction": [1.0, 2.0], **settings})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("actions", [(2,), (2, 3), (3, 3, 3)], ids=str)
def test_affine_refuses_other_numbers_of_actions(actions):
    with pytest.raises(InputError, match="two actions"):
        Affine(actions, 0.5)


@pytest.mark.parametrize(
    ("lower", "upper", "neutral"),
    [
        (0.0, 1.0, 0.5),
        (-3.0, 3.0, 0.0),
        (-np.inf, np.inf, 0.0),
        (1.0, np.inf, 1.0),
        (-np.inf, -2.0, -2.0),
        (-1.7e308, 1.7e308, 0.0),
        (1.5e308, 1.7e308, 1.6e308),
        ([0.0, -np.inf], [4.0, 5.0], [2.0, 0.0]),
    ],
)
def test_a_box_is_neutral_in_its_middle_or_nearest_to_zero(lower, upper, neutral):
    assert np.array_equal(Box(lower, upper).neutral(), neutral)


def test_every_coordinate_of_a_box_has_its_own_neutral_point():
    box = Box({"a": 0.0, "b": [0.0, 1.0]}, {"a": 1.0, "b": [np.inf, 2.0]})
    neutral = box.neutral()
    assert float(neutral["a"]) == 0.5
    assert np.array_equal(neutral["b"], [0.0, 1.5])


@pytest.mark.parametrize(
    ("lower", "upper", "message"),
    [
        (1.0, 0.0, "lower <= upper"),
        (np.nan, 1.0, "lower <= upper"),
        (np.zeros(2), np.ones(1), "bounds"),
        ((0.0,), {"a": 1.0}, "structure"),
    ],
)
def test_boxes_that_are_none_are_refused(lower, upper, message):
    with pytest.raises(InputError, match=message):
        Box(lower, upper)


def test_custom_semantics_must_return_one_vector_per_player():
    with pytest.raises(InputError, match="one vector"):
        Custom(lambda params, seen: (params[0],), [Box(0.0, 1.0), Box(0.0, 1.0)])


def test_a_semantics_for_other_players_is_refused():
    with pytest.raises(InputError, match="actions"):
        ParametricGame(NormalFormGame(random_tensor((2, 3), 0)), Logistic((3, 2), 0.5))
