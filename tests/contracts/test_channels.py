"""Every channel leaves probabilities, payoffs and gradients in order, under every semantics."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.reference import expected_payoffs, flat, random_params, random_tensor, supports

from glasshouse.channels import Full
from glasshouse.channels.registry import CHANNELS
from glasshouse.games import NormalFormGame
from glasshouse.parametric import ParametricGame
from glasshouse.semantics.registry import SEMANTICS

SIZES = {"logistic": [(2, 2), (2, 3), (2, 2, 2)], "custom": [(2, 3), (2, 2, 2)]}

SHOWN_TO_ALL = "probabilistic"
"""The channel through which every semantics reads by day, for it shows several views at once."""


def by_day(name: str, kind: str, size: tuple[int, ...]) -> bool:
    """Every channel under the logistic semantics, which has three players in one more channel, and
    every semantics through one channel; functions are those of (2, 3). By night all of all."""
    if name == SHOWN_TO_ALL:
        return (kind, size) not in (("custom", (2, 2, 2)), ("logistic", (2, 2, 2)))
    return kind == "logistic" and size == ((2, 2, 2) if name == "mask" else (2, 2))


@functools.cache
def meaning(kind, actions):
    return SEMANTICS[kind].example(actions)


def fits(name: str, kind: str) -> bool:
    """Whether what the channel shows is what the semantics can read."""
    semantics = meaning(kind, (2, 2))
    channel = CHANNELS[name].example(semantics.spaces)
    return semantics.proper != "in boxes" or channel.stays_in_boxes


each_case = pytest.mark.parametrize(
    ("name", "kind", "actions"),
    [
        pytest.param(name, kind, size, marks=() if by_day(name, kind, size) else pytest.mark.slow)
        for name in sorted(CHANNELS)
        for kind in sorted(SEMANTICS)
        for size in SIZES.get(kind, [(2, 2)])
        if fits(name, kind)
        if supports(kind, size)
    ],
    ids=str,
)


@functools.cache
def example(name, kind, actions):
    semantics = meaning(kind, actions)
    channel = CHANNELS[name].example(semantics.spaces)
    tensor = random_tensor(actions, 3)
    return ParametricGame(NormalFormGame(tensor), semantics, channel), tensor


@each_case
def test_a_channel_keeps_probabilities_payoffs_and_gradients(name, kind, actions):
    game, tensor = example(name, kind, actions)
    params = random_params(game, 1)
    found = jax.jit(lambda p: (game.behaviours(p), game.payoffs(p), game.selfish_gradients(p)))
    behaviours, payoffs, gradients = found(params)
    mixes = [np.asarray(behaviours[i]) for i in range(len(actions))]
    for mix in mixes:
        assert np.all(mix >= 0)
        assert mix.sum() == pytest.approx(1.0, abs=1e-13)
    assert np.allclose(payoffs, expected_payoffs(tensor, mixes), rtol=0, atol=1e-12)
    assert np.allclose(game.cooperation(params), [mix[0] for mix in mixes], rtol=0, atol=1e-14)

    h, rng = 1e-5, np.random.default_rng(0)
    for i, own in enumerate(params):
        along = jax.tree.map(lambda x: jnp.asarray(rng.normal(size=jnp.shape(x))), own)
        moved = [jax.tree.map(lambda x, d, s=s: x + s * d, own, along) for s in (h, -h)]
        up, down = (found((*params[:i], new, *params[i + 1 :])) for new in moved)
        slope = float(up[1][i] - down[1][i]) / (2 * h)
        assert flat(gradients[i]) @ flat(along) == pytest.approx(slope, rel=1e-6, abs=1e-8)


@each_case
def test_players_choose_within_what_the_channel_offers(name, kind, actions):
    game, _ = example(name, kind, actions)
    boxes = game.semantics.spaces
    assert all(
        bool(box.contains(own)) for box, own in zip(game.spaces, game.neutral(), strict=True)
    )
    played = game.channel.played(game.neutral())
    for own, box in zip(played, boxes, strict=True):
        assert jax.tree.structure(own) == jax.tree.structure(box.lower)


@each_case
def test_nobody_sees_its_own_parameters_through_the_channel(name, kind, actions):
    """With nothing read of others, behaviour is the same as under full access."""
    game, _ = example(name, kind, actions)
    params = random_params(game, 4)
    views = game.channel.look(params, game.semantics.spaces)
    played = game.channel.played(params)
    for i, own in enumerate(played):
        shown = views.seen[i][i]
        expected = own if views.weights is None else jax.tree.map(lambda x: x[None], own)
        assert all(
            np.array_equal(np.broadcast_to(b, np.shape(a)), a)
            for a, b in zip(jax.tree.leaves(shown), jax.tree.leaves(expected), strict=True)
        )
    if views.weights is not None:
        assert float(jnp.sum(views.weights)) == pytest.approx(1.0, abs=1e-14)


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_settings_of_a_channel_can_be_swept(name):
    """Numbers in channels are leaves, so that a batch of them is computed at once."""
    game, _ = example(name, "logistic", (2, 2))
    params = random_params(game, 5)
    single = game.payoffs(params)
    arrays, static = eqx.partition(game, eqx.is_array_like)
    batch = jax.tree.map(lambda x: jnp.stack([jnp.asarray(x)] * 3), arrays)
    batched = jax.vmap(lambda g: eqx.combine(g, static).payoffs(params))(batch)
    assert np.allclose(batched, np.stack([single] * 3), rtol=0, atol=1e-14)
    assert game.channel.to_dict()["kind"] == name


def test_full_access_is_the_default():
    semantics = SEMANTICS["logistic"].example((2, 2))
    game = ParametricGame(NormalFormGame(random_tensor((2, 2), 0)), semantics)
    assert isinstance(game.channel, Full)
