"""Rules where they meet what they were not made for: own step sizes, lost scales, other games."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import glasshouse as gh
from glasshouse.analysis import phase_portrait
from glasshouse.channels import Box
from glasshouse.dynamics import RESULTS, Learning, Rest, Starts, learn, rest_residual
from glasshouse.dynamics.learning import check_learning
from glasshouse.families.along import games_along
from glasshouse.games import NormalFormGame
from glasshouse.parametric import DifferentiableGame, ParametricGame, Tied
from glasshouse.rules import Fixed, Gradient, Lola, PerPlayer, Transformed
from glasshouse.rules.base import in_words, velocity
from glasshouse.semantics import Custom, Logistic

FAST_SECOND = PerPlayer((Gradient(), Gradient()), (1.0, 50.0))


def dilemma(coupling=0.5):
    return gh.LogisticFamily(gh.load_game("prisoners_dilemma"), 3.0)(coupling)


def test_stability_is_that_of_the_step_sizes():
    """D J has eigenvalues with real parts of another sign than J, D the step sizes."""
    payoffs = np.array([[[0.0, 5.0], [5.0, 1.0]], [[5.0, 3.0], [0.0, 3.0]]])
    game = ParametricGame(NormalFormGame(payoffs), Logistic((2, 2), 0.5, 3.0))
    options: dict[str, Any] = {"resolution": 65, "cells": 4, "trajectories": 0}
    (alike,) = [p for p in phase_portrait(game, **options).rest_points if p.place == "interior"]
    own = phase_portrait(game, learning=Learning(FAST_SECOND), **options)
    (apart,) = [p for p in own.rest_points if p.place == "interior"]
    assert apart.params == pytest.approx(alike.params, abs=1e-8)
    assert (alike.stability, apart.stability) == ("stable", "unstable")
    start = tuple(x + 1e-3 for x in alike.params)
    end = gh.run(game, FAST_SECOND, start, steps=4000, step_size=0.002).params
    assert np.hypot(*(np.stack(end) - alike.params)) > 1


def test_first_movements_are_those_of_the_step_sizes():
    game = dilemma()
    moves = velocity(game, (0.0, 0.0), FAST_SECOND)
    alike = velocity(game, (0.0, 0.0), Gradient())
    assert float(moves[1]) == pytest.approx(50 * float(alike[1]), rel=1e-12)
    half = gh.first_order_margin(game, (0.0, 0.0), rule=PerPlayer((Gradient(), Fixed())))
    assert half == pytest.approx(gh.first_order_margin(game, (0.0, 0.0)) / 2, rel=1e-12)


def test_where_no_gradient_can_be_another_rule_still_moves():
    """A second parameter that scales what is read moves nobody while the other's is 0."""

    def behaviours(params, seen):
        first = params[0][0] + params[0][1] * seen[0][1][0]
        second = params[1][0] + params[1][1] * seen[1][0][0]
        chances = [1 / (1 + jnp.exp(-x)) for x in (first, second)]
        return [jnp.stack([p, 1 - p]) for p in chances]

    box = Box([0.0, -3.0], [3.0, 3.0])
    game = ParametricGame(gh.load_game("prisoners_dilemma"), Custom(behaviours, [box, box]))
    start = (np.array([0.0, 0.3]), np.array([0.0, 0.2]))
    towards = jax.jit(lambda params: velocity(game, params, Lola(1.0)))(start)
    assert float(towards[0][1]) > 0.1
    assert rest_residual(game, start, Lola(1.0)) > 1
    found = gh.run(game, Lola(1.0), start, steps=1, step_size=0.1, stop=Rest(), throw=False)
    assert found.result != RESULTS.converged


def test_a_constant_in_the_payoffs_makes_no_rest():
    def far(params):
        return [1e9 - (x - 3) ** 2 for x in params]

    game = DifferentiableGame(far, [Box(-10.0, 10.0)] * 2)
    found = gh.run(game, params=(0.0, 0.0), steps=2000, step_size=0.1, stop=Rest())
    assert found.result == RESULTS.converged
    assert found.relative_to == "payoffs"
    assert np.stack(found.params) == pytest.approx([3.0, 3.0], abs=1e-6)


def test_games_of_functions_can_be_tied():
    game = DifferentiableGame(lambda p: [-((x - 1) ** 2) for x in p], [Box(-3.0, 3.0)] * 2)
    end = gh.run(Tied(game), steps=200, step_size=0.1).params
    assert float(end[0]) == pytest.approx(1.0, abs=1e-6)
    ends = learn([game], Learning(tied=True, steps=200, starts=Starts(3)))
    assert ends.params[0] == pytest.approx(np.ones((1, 3)), abs=1e-6)
    family: Any = {0.5: game}.get
    with pytest.raises(gh.InputError, match="a switch of cooperation needs named numbers"):
        gh.first_movement(lambda _: family(0.5))


def test_different_rules_have_different_words():
    rules = (
        Gradient(),
        Lola(1.0),
        Lola(2.0),
        Lola(1.0, "original"),
        PerPlayer((Gradient(), Lola(1.0))),
        PerPlayer((Gradient(), Lola(1.0)), (1.0, 0.5)),
        Transformed(Gradient(), optax.scale_by_adam()),
        Transformed(Gradient(), optax.trace(0.9)),
    )
    assert len({in_words(rule) for rule in rules}) == len(rules)


def test_a_transformation_leaves_who_is_fixed_alone():
    rule = Transformed(PerPlayer((Gradient(), Fixed())), optax.trace(0.5))
    end = gh.run(dilemma(), rule, (0.1, 0.7), steps=20, step_size=0.1).params
    assert (float(end[0]) != 0.1, float(end[1])) == (True, 0.7)


def test_a_value_in_the_middle_is_looked_at_too():
    def family(coupling):
        return gh.LogisticFamily(gh.load_game("prisoners_dilemma"), 3.0)(
            coupling * (1 - coupling) * 1e60
        )

    with pytest.raises(gh.InputError, match="coupling must be finite"):
        games_along(family, np.linspace(0.0, 1.0, 65))


def test_slips_of_the_pen_are_named():
    text: Any = "no"
    wrong: Any = Lola(1.0)
    for slip, said in (
        (lambda: check_learning(wrong, "learn"), r"learning must be Learning\(Lola"),
        (lambda: Learning(tied=text), "tied must be True or False"),
        (lambda: Learning(stop=text), "stop must be Rest"),
        (lambda: Lola(-1.0), "look_ahead=-1 must be at least 0"),
        (
            lambda: gh.long_run_switch(lambda k: dilemma(k), learning=Learning(tied=True)),
            "does not know tied players",
        ),
        (
            lambda: phase_portrait(dilemma(), learning=Learning(stop=Rest())),
            "does not know a stop criterion",
        ),
    ):
        with pytest.raises(gh.InputError, match=said):
            slip()


def test_check_of_a_semantics_without_a_coupling(call, tmp_path):
    (tmp_path / "own.py").write_text(
        "import jax.numpy as jnp\n\n"
        "def own(params, seen):\n"
        "    chances = [1 / (1 + jnp.exp(-x)) for x in params]\n"
        "    return [jnp.stack([p, 1 - p]) for p in chances]\n"
    )
    study = tmp_path / "own.toml"
    study.write_text(
        '[game]\nname = "prisoners_dilemma"\n'
        '[semantics]\nkind = "custom"\nfunction = "own.py:own"\nlower = -3.0\nupper = 3.0\n'
        "[learning]\nstarts = 5\nsteps = 50\n[sweep]\n"
        "[analysis]\ncertify = false\noutcomes = false\ntied = false\n"
    )
    code, out, err = call("check", str(study))
    assert (code, err) == (0, "")
    assert "no switches are sought" in out.replace("\n", " ")
    assert "generic outcomes" not in out
