"""Parameters of another shape than the boxes': the message says in words what each player needs."""

import jax.numpy as jnp
import numpy as np
import pytest
from tests.reference import PD, family, random_tensor

from glasshouse import NormalFormGame, ParametricGame
from glasshouse.channels import Box
from glasshouse.dynamics.doors import check_params
from glasshouse.errors import InputError
from glasshouse.semantics import Custom, Logistic

THREE_ACTIONS = ParametricGame(NormalFormGame(random_tensor((3, 3), 0)), Logistic((3, 3), 0.5, 3.0))
WRITTEN = "params = ([0.0, 0.0], [0.0, 0.0])"


def networks(params, _):
    p = jnp.stack([x["bias"] for x in params])
    return tuple(jnp.stack([x, 1 - x]) for x in 1 / (1 + jnp.exp(-p)))


BOX = Box({"bias": 0.0, "weights": np.zeros(3)}, {"bias": 1.0, "weights": np.ones(3)})
PYTREES = ParametricGame(NormalFormGame(random_tensor((2, 2), 0)), Custom(networks, (BOX, BOX)))

WRONG = {
    "numbers": (THREE_ACTIONS, (0.0, 0.0), "an array of 2 numbers, but are a single number"),
    "tuples": (THREE_ACTIONS, ((0.0, 0.0),) * 2, "2 numbers, but are a tuple of 2 numbers"),
    "too many": (THREE_ACTIONS, (np.zeros(3),) * 2, "an array of 2 numbers, but are an array of 3"),
    "a list": (family(PD, 3.0)(0.5), ([0.0], [0.0]), "a single number, but are an array of 1 n"),
    "networks": (PYTREES, (0.0, 0.0), "a dict of 2 arrays of shapes (), (3,), but are a single"),
}


@pytest.mark.parametrize("case", WRONG)
def test_the_form_of_each_players_parameters_is_said(case):
    game, params, said = WRONG[case]
    with pytest.raises(InputError) as caught:
        check_params(game, params)
    assert said in str(caught.value)
    assert "PyTreeDef" not in str(caught.value)
    assert game is not THREE_ACTIONS or str(caught.value).endswith(f"as in {WRITTEN}")
    check_params(THREE_ACTIONS, ([0.0, 0.0], [0.0, 0.0]))
