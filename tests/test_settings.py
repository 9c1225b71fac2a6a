"""One number, whatever JAX is set to, whatever was computed before, whatever the payoffs share."""

import importlib
import inspect
import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import jax
import jax.numpy as jnp
import networkx
import numpy as np
import pytest
from tests import everything

import glasshouse as gh
from glasshouse import analysis
from glasshouse.dynamics import Rest, rest_residual
from glasshouse.games import NormalFormGame, PairwiseGame
from glasshouse.semantics import Logistic, Reading
from glasshouse.study.setting import check_study
from glasshouse.study.store import compute

ROOT = Path(__file__).parents[1]
TABLE = np.array([[[3.0, 0.0], [5.0, 1.0]], [[3.0, 5.0], [0.0, 1.0]]])

STRICT = {
    "jax_debug_nans": True,
    "jax_numpy_dtype_promotion": "strict",
    "jax_numpy_rank_promotion": "raise",
}

WITHOUT_JAX = {
    "access_threshold",
    "access_thresholds",
    "affine_thresholds",
    "base_game",
    "corner_limits",
    "diagonal",
    "diagonal_rest_points",
    "limit_gain",
    "pure_equilibria",
    "tied_outcome",
    "welfare_optima",
    "wilson_interval",
}
"""Analyses that compute in plain Python and NumPy."""


def fresh_process(settings, **order):
    """What `everything` finds in a process of its own, whose JAX is in its default precision."""
    wanted = json.dumps({"settings": settings, "users": False, "reversed": False, **order})
    environment = {k: v for k, v in os.environ.items() if k != "JAX_ENABLE_X64"}
    done = subprocess.run(
        [sys.executable, everything.__file__, wanted],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_any_order_any_setting_the_same_numbers_to_the_bit():
    """Every analysis of one object before and after every other, in 32 bits and in 64.

    The first process has also let a user's own `jit`, `vmap` and `grad` at the object before, and
    has all of JAX's strictness switched on.
    """
    narrow = fresh_process(STRICT, users=True)
    wide = fresh_process({"jax_enable_x64": True}, reversed=True)
    assert narrow.keys() == wide.keys()
    assert {name for name in narrow if narrow[name] != wide[name]} == set()


def test_every_public_analysis_is_among_them():
    text = inspect.getsource(everything)
    members = (getattr(analysis, name) for name in dir(analysis))
    exported = {member.__name__ for member in members if inspect.isfunction(member)}
    missing = {name for name in exported - WITHOUT_JAX if f".{name}(" not in text}
    assert missing == set()


def numbers(found):
    """Every number of a result, read back from its bits."""
    if isinstance(found, list):
        return [y for x in found for y in numbers(x)]
    try:
        return [float.fromhex(found)]
    except ValueError:
        return []


@pytest.mark.parametrize("name", everything.SMALL)
def test_uncompiled_the_same_numbers_to_rounding(name):
    compiled = everything.exactly(everything.ANALYSES[name]())
    with jax.disable_jit():
        found = everything.exactly(everything.ANALYSES[name]())
    assert len(numbers(found)) > 0
    np.testing.assert_allclose(numbers(found), numbers(compiled), rtol=1e-12, atol=1e-12)


STUDY = """
[game]
name = "prisoners_dilemma"

[semantics]
coupling = 0.5
bound = 3.0

[learning]
starts = 8
steps = 200

[sweep]
"semantics.coupling" = { start = 0.3, stop = 0.5, count = 2 }
"""


def test_studies_compute_in_64_bits(tmp_path):
    (tmp_path / "study.toml").write_text(STUDY)
    found = []
    for wide in (False, True):
        with jax.enable_x64(wide):
            result = compute(check_study(tmp_path / "study.toml"))
            found.append((json.dumps(result.to_dict()), result.table.to_pydict()))
    assert found[0] == found[1]


@pytest.mark.parametrize("name", ["analysis", "dynamics"])
def test_what_is_computed_is_no_array_of_jax(name):
    """Results hold NumPy arrays, which no setting of a process can narrow afterwards."""
    module = importlib.import_module(f"glasshouse.{name}")
    assert module
    with jax.enable_x64(False):
        for found in (everything.ANALYSES[key]() for key in ("run", "payoffs", "gradient_scales")):
            leaves = jax.tree.leaves(found)
            assert leaves
            assert not any(isinstance(x, jax.Array) for x in leaves)
            assert {x.dtype for x in leaves if x.dtype.kind == "f"} == {np.dtype(np.float64)}


# A part common to all payoffs.


def shifted(offset, scale=1.0, coupling=0.5, bound=3.0):
    game = NormalFormGame(TABLE * scale + offset)
    return gh.ParametricGame(game, Logistic((2, 2), coupling, bound))


@pytest.mark.parametrize("offset", [1e7, -3e11])
def test_32_bits_of_a_users_own_report_no_rest_that_is_none(offset):
    """Where runs from (1, -1) and (2, -2) end: (3, -2.95235418363), theory's best reply to 3."""
    game = shifted(offset)

    def learned(x):
        return gh.run(game, params=(x, -x), steps=20000, step_size=0.1, stop=Rest(), throw=False)

    with jax.enable_x64(False):
        ends = jax.vmap(lambda x: learned(x).params)(jnp.array([1.0, 2.0], jnp.float32))
        alone = learned(1.0)
    assert ends[0].dtype == np.float32
    np.testing.assert_allclose(ends[0], 3.0, rtol=1e-6)
    np.testing.assert_allclose(ends[1], -2.95235418363, rtol=1e-4)
    assert alone.params[1] == pytest.approx(-2.95235418363, abs=1e-7)
    assert float(rest_residual(game, (3.0, -3.0))) > 0.01


@pytest.mark.parametrize("offset", [1e6, 1e8, -7e12])
def test_gradients_in_32_bits_know_no_offset(offset):
    with jax.enable_x64(False):
        plain, moved = (
            jax.jit(lambda t, g=shifted(x): g.selfish_gradients((t, -t)))(jnp.float32(0.3))
            for x in (0.0, offset)
        )
    np.testing.assert_allclose(moved, plain, rtol=1e-6)


@pytest.mark.parametrize("offset", [1e14, -(2.0**50)])
def test_switches_of_games_far_from_zero(offset):
    """Both offsets leave the payoffs of the prisoner's dilemma exact in 64 bits: κ* = 3/7."""
    family = gh.LogisticFamily(NormalFormGame(TABLE + offset), 3.0)
    for switch in (gh.long_run_switch, gh.first_movement):
        bracket = switch(family, points=16).bracket
        assert bracket is not None
        assert bracket[0] <= 3 / 7 <= bracket[1]


@pytest.mark.parametrize(("scale", "offset"), [(1e-9, -1e6), (1e-3, 1e10)])
def test_margins_of_small_payoffs_far_from_zero(scale, offset):
    """The game given is the rounded one; taking the offset off it again is exact."""
    game = shifted(offset, scale, coupling=0.3)
    assert isinstance(game.game, NormalFormGame)
    exact = np.vectorize(lambda x: float(Fraction(x) - Fraction(offset)))(game.game.tensor)
    plain = gh.ParametricGame(NormalFormGame(exact), game.semantics)
    start = (0.4, -0.3)
    found, expected = (gh.first_order_margin(g, start) for g in (game, plain))
    assert found == pytest.approx(expected, rel=1e-10)
    gains = [gh.best_deviation(g, start, 0).gain for g in (game, plain)]
    assert gains[0] == pytest.approx(gains[1], rel=1e-10)
    welfare = [
        gh.first_order_margin(g, start, lambda g, p: g.payoffs(p).sum()) for g in (game, plain)
    ]
    assert welfare[0] == pytest.approx(welfare[1], rel=1e-10)


@pytest.mark.parametrize("offset", [2.0**40, -1e13])
def test_networks_of_games_far_from_zero(offset):
    graph = networkx.petersen_graph()
    moved, plain = (
        gh.NetworkParametricGame(
            PairwiseGame(TABLE[0] + x, graph), Reading.from_graph(graph), 3.0, coupling=0.4
        )
        for x in (offset, 0.0)
    )
    theta = (np.linspace(-1.0, 1.0, 10),)
    np.testing.assert_allclose(*(g.selfish_gradients(theta)[0] for g in (moved, plain)), rtol=1e-12)
    above = moved.payoffs(theta) - 3 * offset
    np.testing.assert_allclose(above, plain.payoffs(theta), atol=np.spacing(abs(3 * offset)))
