"""Cases at the edge of what is meant, where a careless answer would be wrong and look right."""

import inspect
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import glasshouse as gh
from glasshouse.analysis import (
    assess,
    boundary_test,
    critical_coupling,
    equilibrium_threshold,
    first_movement_switch,
    generic_outcomes,
)
from glasshouse.channels import Box
from glasshouse.dynamics import RESULTS, Learning, Rest, Starts, batch_map, run, stack
from glasshouse.errors import InputError
from glasshouse.families import LogisticFamily
from glasshouse.games import NormalFormGame, Symmetric2x2
from glasshouse.parametric import ParametricGame, Tied
from glasshouse.rules import Gradient, Transformed
from glasshouse.semantics import Custom, Logistic
from glasshouse.theory import LogisticDiagonal, diagonal_rest_points, tied_outcome

PD = gh.load_game("prisoners_dilemma")
TENSOR = np.asarray(PD.tensor)


@pytest.mark.parametrize("offset", [0.0, 1e6, 1e9, 1e12])
def test_a_large_common_payoff_hides_no_gain(offset):
    game = NormalFormGame(TENSOR + offset)
    test = boundary_test(LogisticFamily(game, 3.0)(0.8))
    assert not test.passes
    assert test.deviations[0].gain == pytest.approx(0.134310712263, abs=1e-9 + 1e-15 * offset)
    threshold = equilibrium_threshold(LogisticFamily(game, 3.0))
    assert threshold.value == pytest.approx(0.870467371354, abs=1e-8 + 1e-15 * offset)


@pytest.mark.parametrize("bound", [5e3, 2e4, 1e6])
def test_a_narrow_window_in_a_wide_box_is_found(bound):
    """Player 1 defects while player 2 still cooperates on a stretch of about bound/1000."""
    game = ParametricGame(PD, Logistic((2, 2), [[0, 0.5], [1.998, 0]], bound))
    test = boundary_test(game)
    assert not test.passes
    assert test.deviations[0].gain > 1.0


def test_a_payoff_that_jumps_where_its_derivative_is_zero_is_found():
    def rounded(params, seen):
        own = [jnp.round(params[0]) + 0.5 * jnp.floor(seen[0][1]), jnp.round(params[1])]
        return [jnp.stack([jax.nn.sigmoid(x), jax.nn.sigmoid(-x)]) for x in own]

    game = ParametricGame(PD, Custom(rounded, (Box(-3.0, 3.0), Box(-3.0, 3.0))))
    gain = gh.best_deviation(game, (3.0, 3.0), 0).gain
    everywhere = [
        float(game.payoffs((jnp.asarray(t), jnp.asarray(3.0)))[0])
        for t in np.linspace(-3.0, 3.0, 25)
    ]
    now = float(game.payoffs((jnp.asarray(3.0), jnp.asarray(3.0)))[0])
    assert gain == pytest.approx(max(everywhere) - now, abs=1e-12)
    assert gain > 1.0


@pytest.mark.parametrize(
    ("family", "coupling"),
    [
        (LogisticFamily(gh.load_game("deadlock"), 3.0, own_weight=-1.0), 0.0),
        (LogisticFamily(PD, 3.0), -2.0),
        (LogisticFamily(PD, 3.0, pattern=np.array([[0.0, -3.0], [1.0, 0.0]])), 0.5),
    ],
)
def test_a_corner_that_defects_is_never_called_cooperative(family, coupling):
    test = boundary_test(family(coupling))
    assert not test.cooperative
    assert not test.passes


def test_games_that_differ_outside_their_arrays_are_refused():
    def family(coupling):
        def read(params, seen):
            logits = [params[i] + coupling * seen[i][1 - i] for i in (0, 1)]
            return [jnp.stack([jax.nn.sigmoid(x), jax.nn.sigmoid(-x)]) for x in logits]

        return ParametricGame(PD, Custom(read, (Box(-3.0, 3.0), Box(-3.0, 3.0))))

    with pytest.raises(InputError, match="array fields of an Equinox module"):
        generic_outcomes([family(0.2), family(1.0)])


class Reader(eqx.Module):
    """The logistic semantics as a user would write it, the coupling in a field."""

    coupling: jax.Array

    def __call__(self, params, seen):
        logits = [params[i] + self.coupling * seen[i][1 - i] for i in (0, 1)]
        return [jnp.stack([jax.nn.sigmoid(x), jax.nn.sigmoid(-x)]) for x in logits]


def test_a_semantics_with_its_coupling_in_a_field_has_the_switch_of_the_logistic():
    boxes = (Box(-3.0, 3.0), Box(-3.0, 3.0))

    def family(coupling):
        return ParametricGame(PD, Custom(Reader(jnp.asarray(coupling)), boxes))

    assert critical_coupling(family).value == pytest.approx(3 / 7, abs=1e-6)


def test_measured_switch_and_first_movement_differ_in_an_asymmetric_game():
    """They are different questions: the margin's zero is found with few steps, not with many."""
    tensor = np.array([[[3.0, 0.0], [4.5, 1.0]], [[2.0, 5.0], [-1.0, 0.5]]])
    family = LogisticFamily(NormalFormGame(tensor), 3.0)
    moves = first_movement_switch(family)
    a_1, a_2 = (3 + 0 - 4.5 - 1) / 2, (2 - 1 - 5 - 0.5) / 2  # own effects at ½
    b_1, b_2 = (3 + 4.5 - 0 - 1) / 2, (2 + 5 + 1 - 0.5) / 2  # effects of the other
    assert moves.value == pytest.approx(-(a_1 + a_2) / (b_1 + b_2), abs=1e-8)
    after_one = critical_coupling(family, learning=Learning(steps=1, step_size=1e-3))
    assert after_one.value == pytest.approx(moves.value, abs=1e-3)


def test_players_who_cannot_gain_or_move_are_at_rest():
    constant = NormalFormGame(np.ones((2, 2, 2)))
    half = NormalFormGame(np.stack([TENSOR[0], np.zeros((2, 2))]))
    lonely = NormalFormGame([[[1.0, 2.0]], [[3.0, 4.0]]])
    for game in (constant, half, lonely):
        played = ParametricGame(game, Logistic(game.actions, 0.3, 3.0))
        solution = run(played, Gradient(), steps=3000, step_size=0.1, stop=Rest())
        assert solution.result == RESULTS.converged
    deviation = gh.best_deviation(played, (jnp.zeros(0), jnp.asarray(0.0)), 0)
    assert deviation.gain == 0.0


def test_the_limit_at_infinity_is_not_said_to_attract_everything():
    payoffs = Symmetric2x2(T=5.0, R=3.0, P=1.0, S=0.0)
    (end,) = diagonal_rest_points(LogisticDiagonal(payoffs, 0.7))
    assert (end.kind, end.attracts_along, end.attracts) == ("cooperative end", True, None)
    # Exactly at κ_D the drift vanishes at p = 0 and points there from everywhere else.
    (end,) = diagonal_rest_points(LogisticDiagonal(payoffs, 0.25))
    assert end.kind == "defecting end"


def test_rounding_at_a_threshold_decides_nothing():
    b, c = 3.3, 1.1
    payoffs = Symmetric2x2(T=b, R=b - c, P=0.0, S=-c)
    assert tied_outcome(LogisticDiagonal(payoffs, c / b, 3.0)) == 0.5


@pytest.mark.parametrize(
    "transformation",
    [
        optax.adam(optax.linear_schedule(0.0, 0.1, 100)),
        optax.sgd(0.1),
        optax.multi_transform(
            {"a": optax.sgd(0.1), "b": optax.scale_by_adam()}, param_labels=("a", "b")
        ),
    ],
)
def test_optimisers_that_descend_are_refused_however_they_begin(transformation):
    game = LogisticFamily(PD, 3.0)(0.9)
    with pytest.raises(InputError, match="ascent into descent"):
        run(game, Transformed(Gradient(), transformation), steps=5, step_size=0.1)


def test_a_function_that_gives_no_probabilities_is_refused():
    boxes = (Box(-1.0, 1.0), Box(-1.0, 1.0))
    with pytest.raises(InputError, match=r"player 1 .* sum to 1"):
        Custom(lambda p, s: [0.7 * jnp.ones(2), 0.5 * jnp.ones(2)], boxes)


def test_a_batch_in_which_nothing_varies():
    family = LogisticFamily(PD, 3.0)
    first, second = assess(
        [family(0.5), family(0.5)], learning=Learning(starts=Starts(5), steps=50)
    )
    assert first == second
    batch = stack([family(0.3)] * 5)
    start = np.broadcast_to(0.2, 5)
    payoffs = batch_map(_payoffs, (batch, (start, start)))
    assert payoffs.shape == (5, 2)
    assert np.ptp(payoffs, axis=0) == pytest.approx(0.0)


def _payoffs(member):
    game, params = member
    return game.payoffs(params)


def test_the_end_of_a_run_in_32_bits_can_start_another():
    with jax.enable_x64(False):
        game = LogisticFamily(PD, bound=1.1)(0.9)
        end = run(game, params=(1.1, 1.1), steps=10, step_size=0.1)
        again = run(game, params=end.params, steps=10, step_size=0.1, stop=Rest())
        assert again.result == RESULTS.converged
        inside = LogisticFamily(PD, bound=5.0)(0.5)
        rested = run(inside, params=(0.1, 0.1), steps=4000, step_size=0.1, stop=Rest())
        assert rested.result == RESULTS.converged


def test_games_keep_their_payoffs_when_the_caller_changes_the_array():
    mine = TENSOR.copy()
    game = NormalFormGame(mine)
    mine[0, 0, 0] = math.nan
    assert np.all(np.isfinite(game.tensor))


@pytest.mark.parametrize("unit", [1e-11, 1e-3, 1e3, 1e6])
def test_thresholds_do_not_depend_on_the_unit_of_payoffs(unit):
    family = LogisticFamily(NormalFormGame(unit * TENSOR), 3.0)
    assert critical_coupling(family).value == pytest.approx(3 / 7, abs=1e-5)
    assert first_movement_switch(family).value == pytest.approx(3 / 7, abs=1e-8)
    assert equilibrium_threshold(family).value == pytest.approx(0.870467371354, abs=1e-8)


def test_steps_too_large_for_the_payoffs_are_noted():
    family = LogisticFamily(NormalFormGame(1e3 * TENSOR), 3.0)
    (found,) = assess([family(0.5)], learning=Learning(starts=Starts(5), steps=20))
    assert any("step size of 0.1 is large" in note for note in found.notes)


def test_corners_too_saturated_to_tell_are_not_judged():
    """In truth the slope of player 1 is negative at every bound: the corner is no equilibrium."""
    for bound in (20.0, 100.0):
        game = LogisticFamily(PD, bound, np.array([[0.0, 1.2], [1.4, 0.0]]))(1.0)
        assert not boundary_test(game).passes
    for bound in (400.0, 1000.0):
        game = LogisticFamily(PD, bound, np.array([[0.0, 1.2], [1.4, 0.0]]))(1.0)
        with pytest.raises(InputError, match="lower the bound"):
            boundary_test(game)


def test_first_movement_is_judged_by_each_games_own_payoffs():
    """Beside payoffs 10^13 times as large small ones move, too."""
    small, large = (
        LogisticFamily(NormalFormGame(scale * TENSOR), 3.0)(0.6) for scale in (1e-6, 1e7)
    )
    for games in ([small, large], [large, small]):
        found = assess(games, outcomes=False, tied=False, boundary=False)
        assert [each.first_movement.direction for each in found] == ["rises", "rises"]


def test_tied_boxes_keep_their_bounds_in_any_precision():
    boxes = [Box(0.1, 0.3)] * 2
    semantics = Custom(lambda params, seen: [jnp.stack([p, 1 - p]) for p in params], boxes)
    tied = Tied(ParametricGame(PD, semantics))
    with jax.enable_x64(False):
        (box,) = tied.spaces
        assert (float(box.lower), float(box.upper)) == (0.1, 0.3)
        assert float(run(tied, params=(0.1,), steps=1, step_size=0.1).params[0]) >= 0.1


@pytest.mark.parametrize("given", [PD, LogisticFamily(PD, 3.0)])
def test_what_is_no_parametric_game_is_not_learned_in(given):
    for_users = inspect.unwrap(run)  # without the checks of types that tests add
    with pytest.raises(InputError, match=f"parametric game, not {type(given).__name__}: make one"):
        for_users(given, steps=5, step_size=0.1)
