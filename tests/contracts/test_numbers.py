"""Whatever a number comes in as: every door takes every kind of it, and refuses what is none."""

import functools
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import networkx
import numpy as np
import pandas as pd
import pytest

import glasshouse as gh
from glasshouse.analysis import (
    best_deviation,
    boundary_test,
    certified_threshold,
    certify,
    critical_coupling,
    deviation_curve,
    equilibrium_curve,
    equilibrium_threshold,
    first_movement_switch,
    generic_outcomes,
    player_thresholds,
    reached_rest_points,
    sensitivity,
    wilson_interval,
)
from glasshouse.analysis.tracing.program import trace
from glasshouse.channels import Box, Misreport, Noisy, OneSided, Probabilistic
from glasshouse.dynamics import Learning, Rest, Starts, batch_map, run
from glasshouse.errors import InputError
from glasshouse.families import (
    AffineFamily,
    GainFamily,
    LinearFamily,
    LogisticFamily,
    NetworkFamily,
)
from glasshouse.games import (
    GlobalPublicGoods,
    NormalFormGame,
    PairwiseGame,
    Symmetric2x2,
    random_game,
)
from glasshouse.games.catalogue import public_goods, travellers_dilemma
from glasshouse.parametric import NetworkParametricGame, ParametricGame
from glasshouse.plots import plot_deviation_curve, plot_equilibrium_thresholds
from glasshouse.semantics import Affine, Interpreter, Linear, Logistic, Policies, Reading
from glasshouse.study.sceptic import Experiment
from glasshouse.theory import (
    AffineDiagonal,
    LogisticDiagonal,
    access_thresholds,
    limit_gain,
    thresholds,
)

PD = gh.load_game("prisoners_dilemma")
TENSOR = np.asarray(PD.tensor)
WHOLE_PD = TENSOR.astype(np.int64)
GAME = LogisticFamily(PD, 3.0)(0.5)
THREE = LogisticFamily(public_goods(n=3), 1.0)(0.5)
PATH = networkx.path_graph(3)
READING = Reading.from_graph(PATH)
KEY = jax.random.key(0)
NETWORK = Interpreter.random(KEY, gain=0.5, size=1, width=2)
POLICIES = Policies.random(KEY, gain=0.5, features=1, width=2)

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "float32", "float64")
NUMPY = {name: np.dtype(name).type for name in (*INTEGERS, *FLOATS)}
JAX = {
    name: lambda x, name=name: jnp.asarray(x, getattr(jnp, name))
    for name in (*INTEGERS, *FLOATS, "bfloat16")
}

REAL = {
    "int": int,
    "float": float,
    "Fraction": Fraction,
    "Decimal": Decimal,
    "longdouble": np.longdouble,
    "array": np.array,
    "unmasked": np.ma.array,
    "object array": lambda x: np.array(Fraction(x), dtype=object),
    **{f"numpy {name}": kind for name, kind in NUMPY.items()},
    **{f"jax {name}": kind for name, kind in JAX.items()},
}
"""The same number, in all that it may come in as."""

NOT_REAL = {
    "bool": True,
    "numpy bool": np.True_,
    "jax bool": jnp.asarray(True),
    "complex": 1 + 0j,
    "numpy complex": np.complex64(1),
    "jax complex": jnp.asarray(1j),
    "masked": np.ma.masked,
    "masked array": np.ma.array(1.0, mask=True),
    "text": "1",
    "nan": math.nan,
    "numpy nan": np.float32("nan"),
    "vast": 10**400,
    "vast fraction": Fraction(10**400),
    "vast decimal": Decimal("1e400"),
    "vast longdouble": np.longdouble("1e400"),
    "date": np.datetime64("2026-01-01"),
    "key": KEY,
}


def given_starts(profiles):
    found = Starts(profiles=profiles).profiles
    assert found is not None
    return found


# Each door with the number it is tried with and what it then holds.
NUMBER_DOORS = {
    "Logistic coupling": (2, lambda x: Logistic((2, 2), x, 3.0).coupling),
    "Logistic bound": (2, lambda x: Logistic((2, 2), 0.5, x).bound),
    "Logistic own weight": (2, lambda x: Logistic((2, 2), 0.5, 3.0, x).own_weight),
    "Linear coupling": (2, lambda x: Linear((2, 2), x, [1.0]).coupling),
    "Linear bound": (2, lambda x: Linear((2, 2), 0.5, [1.0], x).bound),
    "Linear direction": (2, lambda x: Linear((2, 2), 0.5, [x]).direction[0]),
    "Affine weight": (1, lambda x: Affine((2, 2), x).weight),
    "Interpreter gain": (2, lambda x: NETWORK.with_gain(x).gain),
    "Probabilistic": (1, lambda x: Probabilistic(x).probability),
    "Noisy": (2, lambda x: Noisy(x).scale),
    "Misreport": (2, lambda x: Misreport(x).budget),
    "Box": (2, lambda x: Box(-3.0, x).upper),
    "Reading weights": (2, lambda x: Reading([0], [1], [x], 2).weights[0]),
    "Reading factor": (2, lambda x: READING.scaled(x).weights[0]),
    "edge": (
        2,
        lambda x: Reading.from_graph(networkx.Graph([(0, 1, {"weight": x})])).weights[0],
    ),
    "network coupling": (2, lambda x: NETWORKED.at(x).coupling),
    "network bound": (2, lambda x: NetworkParametricGame(PAIRS, READING, x).bound),
    "network own weight": (2, lambda x: NetworkFamily(PAIRS, READING, 3.0, x).own_weight),
    "public goods": (2, lambda x: GlobalPublicGoods(5, x).multiplier),
    "catalogue": (2, lambda x: -public_goods(n=3, r=1.5, c=x).tensor[0].min() * 2),
    "four payoffs": (2, lambda x: Symmetric2x2(5.0, 3.0, x, 0.0).P),
    "payoff": (2, lambda x: NormalFormGame([[[3, 0], [5, x]], [[3, 5], [0, 1]]]).tensor[0, 1, 1]),
    "family bound": (2, lambda x: LogisticFamily(PD, x).bound),
    "family own weight": (2, lambda x: LogisticFamily(PD, 3.0, None, x).own_weight),
    "family coupling": (2, lambda x: vars(LogisticFamily(PD, 3.0)(x).semantics)["coupling"]),
    "affine family": (1, lambda x: vars(AffineFamily(PD)(x).semantics)["weight"]),
    "linear family": (2, lambda x: LinearFamily(PD, [x]).direction[0]),
    "gain family": (2, lambda x: GainFamily(PD, NETWORK, searched=(0, x)).highest),
    "diagonal": (2, lambda x: LogisticDiagonal(Symmetric2x2(5, 3, 1, 0), x).coupling),
    "diagonal bound": (2, lambda x: LogisticDiagonal(Symmetric2x2(5, 3, 1, 0), 0.5, x).bound),
    "affine diagonal": (1, lambda x: AffineDiagonal(Symmetric2x2(5, 3, 1, 0), x).weight),
    "limit gain": (2, lambda x: 2.0 + limit_gain(PD, x)),
    "share": (1, lambda x: access_thresholds(PD, share=x).kinds[3].access[11:12]),
    "spread": (2, lambda x: Starts(spread=x).spread),
    "given start": (2, lambda x: given_starts([(x, 0.0)])[0][0]),
    "z": (2, lambda x: 2.0 * (wilson_interval(1, 2, x) == wilson_interval(1, 2, 2.0))),
}
PAIRS = PairwiseGame(PD, PATH)
NETWORKED = NetworkParametricGame(PAIRS, READING, 3.0)

HEAVY_NUMBER_DOORS = {
    "step size": lambda x: run(GAME, steps=2, step_size=x),
    "params": lambda x: run(GAME, params=(x, 0.0), steps=2, step_size=0.1),
    "tolerance": lambda x: Rest(x),
    "epsilon": lambda x: certify(GAME, (0.0, 0.0), x),
    "width": lambda x: certify(GAME, (0.0, 0.0), 0.1, width=x),
    "couplings": lambda x: certify(GAME, (0.0, 0.0), 0.1, couplings=(x, 1)),
    "near": lambda x: certified_threshold(LogisticFamily(PD, 1.0), near=x),
    "bounds": lambda x: equilibrium_curve(LogisticFamily(PD, 1.0), [x]),
    "bracket": lambda x: critical_coupling(LogisticFamily(PD, 1.0), bracket=(0, x)),
    "final width": lambda x: critical_coupling(LogisticFamily(PD, 1.0), tolerance=x, points=2),
    "boundary": lambda x: boundary_test(GAME, x),
    "deviations": lambda x: deviation_curve(GAME, (0.0, 0.0), 0, [x]),
    "start": lambda x: first_movement_switch(LogisticFamily(PD, 3.0), (x, 0.0)),
    "profile": lambda x: sensitivity(GAME, (x, 0.0)),
    "rising": lambda x: players().rising(x),
    "highest": lambda x: Experiment(highest=x),
    "limit": lambda x: plot_equilibrium_thresholds([1.0, 2.0], [1.0, 1.0], x),
}


def refusal(door, value, name):
    """What is said where a door refuses a value, which it must."""
    try:
        door(value)
    except InputError as error:
        return str(error)
    return pytest.fail(f"{name} was taken")


@pytest.mark.parametrize("door", NUMBER_DOORS)
def test_numbers_of_every_kind_become_the_nearest_double(door):
    number, held = NUMBER_DOORS[door]
    for name, kind in REAL.items():
        found = held(kind(number))
        assert float(found) == float(number), name
        assert not isinstance(found, jax.Array), name
        assert getattr(found, "dtype", np.float64) in (np.float64, bool), name


@pytest.mark.parametrize("door", NUMBER_DOORS)
def test_numbers_are_rounded_once(door):
    number, held = NUMBER_DOORS[door]
    if door in ("share", "z", "limit gain", "catalogue"):
        pytest.skip("its numbers are not held as they are")
    third = Fraction(number) - Fraction(1, 3)
    assert float(held(third)) == float(third)
    assert float(held(Decimal("0.7"))) == 0.7
    assert float(held(np.float32(0.7))) == float(np.float32(0.7))


@pytest.mark.parametrize("door", [*NUMBER_DOORS, *HEAVY_NUMBER_DOORS])
def test_what_is_no_finite_real_number_is_refused_by_name(door):
    held = NUMBER_DOORS[door][1] if door in NUMBER_DOORS else HEAVY_NUMBER_DOORS[door]
    for name, value in NOT_REAL.items():
        assert len(refusal(held, value, name)) > 20


WHOLE = {
    "int": int,
    **{name: kind for name, kind in NUMPY.items() if name in INTEGERS},
    **{f"jax {name}": JAX[name] for name in INTEGERS},
    "array": np.array,
}
NOT_WHOLE = {
    "bool": True,
    "numpy bool": np.True_,
    "jax bool": jnp.asarray(True),
    "masked": np.ma.array(2, mask=True),
    "float array": np.array(2.0),
    "several": np.array([2, 2]),
    "jax float": jnp.asarray(2.0),
    "negative": np.int8(-2),
}

WHOLE_DOORS = {
    "players": (3, lambda n: GlobalPublicGoods(n, 2.0).players),
    "readers": (1, lambda n: OneSided(n).readers[0]),
    "readers listed": (1, lambda n: OneSided([n]).readers[0]),
    "draws": (4, lambda n: Noisy(0.5, draws=n).draws),
    "seed of noise": (2, lambda n: Noisy(0.5, seed=n).seed),
    "actions": (2, lambda n: Logistic((n, 2), 0.5).actions[0]),
    "affine actions": (2, lambda n: Affine((n, 2), 0.5).actions[0]),
    "linear actions": (2, lambda n: Linear((n, 2), 0.5, [1.0]).actions[0]),
    "random actions": (2, lambda n: random_game(KEY, (n, 2)).actions[0]),
    "size": (1, lambda n: Interpreter.random(KEY, gain=0.5, size=n, width=2).size),
    "features": (
        1,
        lambda n: Policies.random(KEY, gain=0.5, features=n, width=2).projection.shape[0],
    ),
    "starts": (2, lambda n: Starts(n).count),
    "seed of starts": (2, lambda n: Starts(seed=n).seed),
    "every": (2, lambda n: Rest(every=n).every),
    "cooperating": (1, lambda n: int(PD.cooperating(n).tensor[0, 0, 0])),
    "player": (1, lambda n: float(PD.payoff(n, GAME.behaviours((0.0, 0.0))) != 0)),
    "runs": (2, lambda n: 2 * (wilson_interval(1, n) == wilson_interval(1, 2))),
    "networks": (4, lambda n: Experiment(networks=n).networks),
    "owners": (1, lambda n: int(Reading([0], [n], [1.0], 2).owners[0])),
    "traced player": (1, lambda n: 1 + (trace(GAME, (0.0, 0.0), n) != traced())),
    "player's threshold": (
        1,
        lambda n: 1 + (players().threshold(n) != players().threshold(1)),
    ),
}


@functools.cache
def traced():
    return trace(GAME, (0.0, 0.0), 1)


@functools.cache
def players():
    return player_thresholds(LogisticFamily(PD, 3.0))


HEAVY_WHOLE_DOORS = {
    "steps": lambda n: run(GAME, steps=n, step_size=0.1).steps,
    "deviating player": lambda n: best_deviation(THREE, (0.0,) * 3, n),
    "curve's player": lambda n: deviation_curve(THREE, (0.0,) * 3, n, [0.0]),
    "drawn points": lambda n: plot_deviation_curve(GAME, (0.0, 0.0), 1, points=n).get_title(),
    "outcomes": lambda n: generic_outcomes([GAME], learning=Learning(starts=Starts(n), steps=n)),
    "budget": lambda n: certify(GAME, (0.0, 0.0), 3.0, budget=n).verdict,
    "points": lambda n: equilibrium_threshold(LogisticFamily(PD, 1.0), points=n, tolerance=1.0),
    "chunk": lambda n: batch_map(jnp.sin, np.arange(4.0), chunk_size=n),
    "reached": lambda n: reached_rest_points(
        GAME, learning=Learning(starts=Starts(2), steps=20), most=n
    ),
}


@pytest.mark.parametrize("door", WHOLE_DOORS)
def test_whole_numbers_of_every_type_are_taken(door):
    number, held = WHOLE_DOORS[door]
    for name, kind in WHOLE.items():
        found = held(kind(number))
        assert found == number, name
        assert isinstance(found, int | float | np.integer), name


@pytest.mark.parametrize("door", [*WHOLE_DOORS, *HEAVY_WHOLE_DOORS])
def test_what_is_no_whole_number_is_refused(door):
    held = WHOLE_DOORS[door][1] if door in WHOLE_DOORS else HEAVY_WHOLE_DOORS[door]
    for name, value in NOT_WHOLE.items():
        assert len(refusal(held, value, name)) > 20


@pytest.mark.parametrize("door", ["steps", "curve's player", "budget", "chunk"])
def test_numpy_integers_give_what_python_integers_give(door):
    held = HEAVY_WHOLE_DOORS[door]
    expected, found = held(2), held(np.int64(2))
    assert np.array_equal(expected, found) if isinstance(found, np.ndarray) else found == expected


@pytest.mark.parametrize("player", [True, np.True_, False])
def test_a_truth_value_is_no_player(player):
    for refused in (
        lambda: best_deviation(GAME, (0.0, 0.0), player),
        lambda: deviation_curve(GAME, (0.0, 0.0), player, [0.0]),
        lambda: plot_deviation_curve(GAME, (0.0, 0.0), player),
        lambda: PD.cooperating(player),
    ):
        with pytest.raises(InputError, match=r"no player|no action"):
            refused()


UNIT = 400_000_000
"""PD times this lies beyond 32-bit integers, and its sums and differences do all the more."""

ARRAYS = {
    "list": lambda x: x.tolist(),
    "jax int32": lambda x: jnp.asarray(x, jnp.int32),
    "jax uint32": lambda x: jnp.asarray(x, jnp.uint32),
    "int32": lambda x: x.astype(np.int32),
    "uint32": lambda x: x.astype(np.uint32),
    "uint64": lambda x: x.astype(np.uint64),
    "Fraction": lambda x: [[[Fraction(int(e)) for e in row] for row in own] for own in x],
    "Decimal": lambda x: np.array([Decimal(int(e)) for e in x.flat]).reshape(x.shape),
    "unmasked": lambda x: np.ma.array(x, mask=np.zeros(x.shape, bool)),
    "DataFrames": lambda x: tuple(pd.DataFrame(own) for own in x),
    "nullable DataFrames": lambda x: [pd.DataFrame(own, dtype="Int64") for own in x],
    "arrays in a list": lambda x: [jnp.asarray(own, jnp.int32) for own in x],
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_large_payoffs_wrap_in_no_type(kind):
    """The threshold 3/7 and the range 5 units, from PD in units of 4·10^8."""
    game = NormalFormGame(ARRAYS[kind](WHOLE_PD * UNIT))
    assert game.tensor.dtype == np.float64
    assert np.asarray(game.payoff_ranges).tolist() == [5 * UNIT, 5 * UNIT]
    assert thresholds(game).neutral.value == pytest.approx(3 / 7, abs=1e-15)


@pytest.mark.parametrize("unit", [1, 40])
def test_small_unsigned_payoffs_do_not_wrap(unit):
    for library in (np, jnp):
        payoffs = library.asarray(WHOLE_PD * unit, library.uint8)
        found = thresholds(NormalFormGame(payoffs)).neutral
        assert found.value == pytest.approx(3 / 7, abs=1e-15)
        semantics = Logistic((2, 2), library.asarray([[0, 200], [200, 0]], library.uint8))
        assert semantics.coupling.tolist() == [[0.0, 200.0], [200.0, 0.0]]
    assert Symmetric2x2(*map(np.uint8, (5, 3, 1, 0))).interaction == -1


def test_traced_integers_become_floats_where_they_are_used():
    def range_of(payoffs):
        return NormalFormGame(payoffs).payoff_ranges

    for kind in (jnp.int32, jnp.uint32):
        found = jax.jit(range_of)(jnp.asarray(WHOLE_PD * UNIT, kind))
        assert np.asarray(found).tolist() == [5 * UNIT, 5 * UNIT]
    half = jax.jit(range_of)(jnp.asarray(WHOLE_PD, jnp.bfloat16))
    assert half.dtype == jnp.result_type(float)


@pytest.mark.parametrize(
    "payoffs",
    [
        TENSOR > 1,
        TENSOR + 1j,
        jnp.asarray(TENSOR, jnp.complex64),
        np.ma.masked_equal(TENSOR, 5),
        [np.ma.masked_equal(own, 5) for own in TENSOR],
        [[[3, 0], [True, 1]], [[3, 5], [0, 1]]],
        [[[3, 0], ["5", 1]], [[3, 5], [0, 1]]],
        [[[3, 0], [10**400, 1]], [[3, 5], [0, 1]]],
        [[[3, 0], [None, 1]], [[3, 5], [0, 1]]],
        (pd.DataFrame([[3, None], [5, 1]], dtype="Int64"),) * 2,
        (pd.DataFrame([[True, False], [True, True]]),) * 2,
    ],
)
def test_payoffs_that_are_no_real_numbers_say_why(payoffs):
    with pytest.raises(InputError, match=r"payoffs are not all numbers \(.{15,}\): give"):
        NormalFormGame(payoffs)


def test_whole_numbers_beyond_64_bits_are_rounded_to_the_nearest_double():
    large = 2**64 + 2**12 + 1  # halfway between two doubles, and one more
    payoffs = (WHOLE_PD.astype(object) * large).tolist()
    game = NormalFormGame(payoffs)
    assert game.tensor[0, 1, 0] == float(5 * large)
    assert thresholds(game).neutral.value == pytest.approx(3 / 7, abs=1e-15)


def test_arrays_are_brackets_and_starts():
    family = LogisticFamily(PD, 3.0)
    sixty: Any = np.int64(60)
    learning = Learning(steps=sixty, step_size=None)
    settings = {"learning": learning, "points": np.int16(8), "tolerance": Fraction(1, 50)}
    for bracket in (np.array([0.0, 1.0]), pd.Series([0, 1])):
        found = critical_coupling(family, bracket=bracket, **settings)
        assert found.searched == (0.0, 1.0)
        assert found.bracket is not None
        assert found.bracket[0] <= 3 / 7 <= found.bracket[1]
    assert given_starts(np.array([[0, 1], [1, 0]], np.int8)) == ((0.0, 1.0), (1.0, 0.0))
    with pytest.raises(InputError, match="increasing"):
        critical_coupling(family, bracket=np.array([1.0, 1.0]))


def test_settings_of_a_run_are_numbers_of_any_type():
    stop = Rest(Fraction(1, 100), every=np.int8(7))
    stopped = run(GAME, steps=np.uint16(50), step_size=Decimal("0.1"), stop=stop, throw=False)
    expected = run(GAME, steps=50, step_size=0.1, stop=Rest(0.01, every=7), throw=False)
    assert jax.tree.map(float, stopped.params) == jax.tree.map(float, expected.params)


def test_actions_are_counted_by_whole_numbers_of_any_type():
    semantics = Logistic(np.array([2, 2]), 0.5, 3.0)
    assert semantics.actions == (2, 2)
    assert ParametricGame(PD, semantics).semantics.actions == PD.actions
    assert travellers_dilemma(low=np.int64(2), high=Decimal(5)).actions == (4, 4)
    with pytest.raises(InputError, match="whole number"):
        travellers_dilemma(low=2.5)


def test_what_has_no_value_yet_is_refused_where_a_value_is_needed():
    with pytest.raises(InputError, match="traced"):
        jax.jit(lambda x: Starts(spread=x).spread)(1.0)
