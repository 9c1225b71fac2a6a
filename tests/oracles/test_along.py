"""Families built at many values at once are what they are at one value after another."""

import equinox as eqx
import jax
import jax.core
import numpy as np
import pytest

import glasshouse as gh
from glasshouse.channels import Misreport, Noisy, Probabilistic
from glasshouse.dynamics import stack
from glasshouse.families import AffineFamily, GainFamily, LinearFamily
from glasshouse.families.along import games_along
from glasshouse.games import NeighbourhoodPublicGoods
from glasshouse.games.catalogue import public_goods
from glasshouse.semantics import Interpreter, Reading

PD = gh.load_game("prisoners_dilemma")
VALUES = np.linspace(0.0, 0.9, 7)


def network():
    import networkx

    ring = networkx.cycle_graph(5)
    game = NeighbourhoodPublicGoods(ring, multiplier=2.0)
    return gh.NetworkFamily(game, Reading.from_graph(ring), 3.0)


def payoff(value):
    """Not a coupling at all: the temptation."""
    tensor = [[[3.0, 0.0], [5.0 + value, 1.0]], [[3.0, 5.0 + value], [0.0, 1.0]]]
    return gh.LogisticFamily(gh.NormalFormGame(tensor), 3.0)(0.5)


def branching(value):
    return gh.LogisticFamily(PD, 1.0 if value < 0.4 else 2.0)(value)


def deceiving(value):
    """Another game when it is traced."""
    traced = isinstance(value, jax.core.Tracer)
    return gh.LogisticFamily(PD, 3.0)(value * (1 - traced))


FAMILIES = {
    "logistic": gh.LogisticFamily(PD, 3.0),
    "pattern": gh.LogisticFamily(PD, 3.0, pattern=np.array([[0.0, 1.0], [0.0, 0.0]])),
    "three players": gh.LogisticFamily(public_goods(n=3), 2.0),
    "affine": AffineFamily(PD),
    "linear": LinearFamily(PD, [1.0, -2.0], 3.0),
    "gain": GainFamily(PD, Interpreter.random(jax.random.key(1), gain=1.0, size=2, width=3)),
    "network": network(),
    "probabilistic": gh.LogisticFamily(PD, 3.0, channel=Probabilistic(0.7)),
    "noisy": gh.LogisticFamily(PD, 3.0, channel=Noisy(0.5)),
    "misreport": gh.LogisticFamily(PD, 3.0, channel=Misreport(0.5)),
    "a payoff": payoff,
    "branching": branching,
    "deceiving": deceiving,
    "of floats only": lambda value: gh.LogisticFamily(PD, 3.0)(float(value)),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_many_at_once_are_one_after_another(name):
    family = FAMILIES[name]
    together = games_along(family, VALUES)
    each = stack([family(float(value)) for value in VALUES])
    assert jax.tree.structure(together) == jax.tree.structure(each)
    for found, wanted in zip(*map(jax.tree.leaves, (together, each)), strict=True):
        if not eqx.is_array(wanted):
            assert found == wanted
            continue
        np.testing.assert_allclose(found, wanted, rtol=1e-14, atol=0)
        assert wanted.strides[0] or not found.strides[0], "stored again"


def test_a_family_that_can_be_traced_is_called_few_times():
    calls = []

    def family(value):
        calls.append(value)
        return gh.LogisticFamily(PD, 3.0)(value)

    games_along(family, np.linspace(0.0, 1.0, 64))
    assert len(calls) == 4


def test_what_is_wrong_at_one_value_is_said():
    with pytest.raises(gh.InputError, match=r"but is 1\."):
        games_along(AffineFamily(PD), np.linspace(0.8, 1.4, 4))
    with pytest.raises(ZeroDivisionError):
        games_along(lambda value: PD if value < 0.5 else 1 / 0, VALUES)
