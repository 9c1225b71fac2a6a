"""Every way of reading weights in games in steps keeps what it says of itself."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import glasshouse as gh
from glasshouse.errors import InputError
from glasshouse.games.stochastic import IteratedMatrix
from glasshouse.games.stochastic.episodes import episode_uniforms
from glasshouse.semantics.policies import (
    GruPolicy,
    MirroredWeights,
    MlpPolicy,
    ProjectedWeights,
    TablePolicy,
)
from glasshouse.semantics.policies.registry import TRANSPARENCIES
from glasshouse.study.training.spec import TRANSPARENCY_SPECS

STAGE = gh.NormalFormGame([[[-1.0, -3.0], [0.0, -2.0]], [[-1.0, 0.0], [-3.0, -2.0]]])
GAME = IteratedMatrix(STAGE, horizon=4)
POLICIES = {"table": TablePolicy(GAME), "mlp": MlpPolicy(GAME, 3, 1), "gru": GruPolicy(GAME, 3)}


def started(policy):
    return tuple(jax.tree.map(lambda x, i=i: x[i], policy.initials(1, 2)) for i in range(2))


def played_by(policy, transparency):
    game = gh.SampledParametricGame(GAME, policy, transparency, precision="double")
    params = started(policy)
    uniforms = episode_uniforms(GAME, jax.random.key(2), 20, np.dtype(np.float64))
    return game, params, game.played(params, uniforms), uniforms


@pytest.mark.parametrize("name", TRANSPARENCIES)
@pytest.mark.parametrize("kind", ["table", "gru"])
def test_what_is_said_of_reading_is_so_and_is_how_they_played(name, kind):
    game, params, played, uniforms = played_by(POLICIES[kind], TRANSPARENCIES[name].example())
    first = np.exp(game.log_mixes(params, played))[..., 0]
    numbers = np.asarray(uniforms).reshape(20, 4, 2).swapaxes(0, 1)
    assert np.array_equal(np.asarray(played.actions) == 0, numbers < first)
    others = jax.grad(lambda x: jnp.sum(game.log_mixes((x, params[1]), played)[..., 1, 0]))
    moved = sum(float(jnp.abs(x).sum()) for x in jax.tree.leaves(others(params[0])))
    assert (moved > 1e-6) == game.transparency.reads
    assert (moved == 0) != game.transparency.reads


@pytest.mark.parametrize("name", TRANSPARENCIES)
def test_files_of_trainings_take_it(name):
    example = TRANSPARENCIES[name].example()
    keys = {key: getattr(example, key) for key in type(example).keys}
    kind = TRANSPARENCIES[name].study_name
    spec = TRANSPARENCY_SPECS[kind](kind=kind, **jax.tree.map(lambda x: np.asarray(x).item(), keys))
    assert str(spec.build()) == str(example)


@pytest.mark.parametrize("kind", ["table", "mlp"])
def test_a_projection_on_all_weights_hides_nothing(kind):
    policy = POLICIES[kind]
    weights = sum(np.size(x) for x in jax.tree.leaves(policy.space.neutral()))
    whole = ProjectedWeights(0.6, weights, seed=5)
    game, params, played, _ = played_by(policy, whole)
    mirrored = gh.SampledParametricGame(GAME, policy, MirroredWeights(0.6), precision="double")
    found, expected = (np.asarray(x.log_mixes(params, played)) for x in (game, mirrored))
    assert np.allclose(found, expected, atol=1e-12, rtol=0)
    with pytest.raises(InputError, match=f"dimensions={weights + 1} must be at most {weights}"):
        played_by(policy, ProjectedWeights(0.6, weights + 1))


def test_what_is_read_are_the_nearest_weights_that_a_plane_holds():
    transparency = ProjectedWeights(0.5, 2, seed=3)
    weights = np.random.default_rng(0).normal(size=(5, 1))
    # The plane, from what is read of unit vectors; the nearest point in it by least squares.
    plane = np.stack([transparency.read(row.reshape(5, 1)).ravel() for row in np.eye(5)], axis=1)
    assert np.linalg.matrix_rank(plane, tol=1e-6) == 2
    nearest = plane @ np.linalg.lstsq(plane, weights, rcond=1e-6)[0]
    assert np.allclose(transparency.read(weights), nearest, atol=1e-6)
