"""Switches by name: first movement, the same as measured, and where a long run stands."""

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest
from tests.reference import Payoffs, normal_form

import glasshouse as gh
from glasshouse.analysis import (
    Switch,
    critical_coupling,
    equilibrium_threshold,
    first_movement,
    first_movement_switch,
    long_run_switch,
    measured_first_movement,
)
from glasshouse.analysis.movement.switch import Search, find_switch
from glasshouse.analysis.movement.windows import shortest_window
from glasshouse.channels import OneSided
from glasshouse.cli.thresholds import switch_row
from glasshouse.errors import InputError
from glasshouse.families import AffineFamily, LogisticFamily
from glasshouse.games import NormalFormGame, catalogue
from glasshouse.study.words.sentences import where_words

SETTINGS = {
    "first_movement": {"start", "tolerance"},
    "measured_first_movement": {"start", "tolerance", "steps", "step_size", "window", "halved"},
    "long_run_switch": {"start", "tolerance", "steps", "step_size"},
}


def ends(switch: Switch) -> tuple[float, float]:
    assert switch.lower is not None
    assert switch.upper is not None
    return switch.lower, switch.upper


def width(switch: Switch) -> float:
    low, high = ends(switch)
    return high - low


def within(truth: float, switch: Switch) -> bool:
    low, high = ends(switch)
    return low <= truth <= high


def holds(switch: Switch, truth: float | Fraction | None) -> bool:
    """Whether a switch's bracket, and what is printed of it, hold the truth."""
    assert truth is not None
    low, high = map(Fraction, ends(switch))
    number, _, error = switch_row("", switch, "")[1].partition(" ± ")
    printed = abs(Fraction(number) - Fraction(truth)) <= Fraction(error)
    return low <= Fraction(truth) <= high and printed


def switches(family, bracket):
    quick = {"bracket": bracket, "points": 16}
    return (
        first_movement(family, **quick),
        measured_first_movement(family, **quick, tolerance=1e-4),
        long_run_switch(family, **quick),
    )


def test_earlier_names_stay():
    assert critical_coupling is long_run_switch
    assert first_movement_switch is first_movement
    names = ("first_movement", "measured_first_movement", "long_run_switch", "critical_coupling")
    assert all(callable(getattr(gh, name)) for name in names)


def test_a_long_run_is_another_thing_than_first_movement_under_partial_access():
    """The one-sided prisoner's dilemma, after 1000 steps of 0.1."""
    family = LogisticFamily(catalogue.prisoners_dilemma(), 3.0, channel=OneSided((0,)))
    moves, measured, long_run = switches(family, (0.4, 1.0))
    closed = family.closed_form().neutral.value
    assert closed == pytest.approx(0.683190, abs=1e-6)
    assert holds(moves, closed)
    assert holds(measured, closed)
    assert width(measured) < 2e-4
    assert long_run.settings["steps"] * long_run.settings["step_size"] == pytest.approx(100)
    assert long_run.value == pytest.approx(0.656436, abs=1e-6)


def test_a_long_run_is_another_thing_than_first_movement_in_an_asymmetric_game():
    tensor = np.array([[[3.0, 0.0], [4.5, 1.0]], [[2.0, 5.0], [-1.0, 0.5]]])
    family = LogisticFamily(NormalFormGame(tensor), 3.0)
    own, others = (3 + 0 - 4.5 - 1 + 2 - 1 - 5 - 0.5) / 2, (3 + 4.5 - 0 - 1 + 2 + 5 + 1 - 0.5) / 2
    moves, measured, long_run = switches(family, (0.0, 1.0))
    assert holds(moves, -own / others)
    assert holds(measured, -own / others)
    assert not within(-own / others, long_run)
    assert long_run.value == pytest.approx(0.636186, abs=1e-6)
    for name, switch in zip(SETTINGS, (moves, measured, long_run), strict=True):
        found = switch.to_dict()
        assert list(found)[:3] == ["value", "lower", "upper"]
        assert found["bracket"] == [found["lower"], found["upper"]]
        assert set(found["settings"]) == SETTINGS[name] | {"points", "searched"}


CLOSED = [
    Payoffs(4, 3, 1, 2),  # chicken: 0
    Payoffs(6, 5, 2, 3),  # another one with 0
    Payoffs(5, 3, 1, 0),
    *(Payoffs(*np.random.default_rng(seed).uniform(-1, 1, 4)) for seed in (1, 5, 8)),
]


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e6])
@pytest.mark.parametrize("payoffs", CLOSED, ids=str)
def test_printed_first_movements_hold_the_exact_threshold(payoffs, scale):
    """κ_½ = (T+P-R-S)/(R+T-S-P), from the payoffs as they are, in rational numbers."""
    scaled = Payoffs(*(scale * x for x in payoffs))
    T, R, P, S = map(Fraction, scaled)
    exact = (T + P - R - S) / (R + T - S - P)
    found = first_movement(LogisticFamily(normal_form(scaled), 3.0), points=16)
    if not -0.9 < exact < 3:
        assert found.value is None
        return
    assert holds(found, exact)
    assert width(found) < 2e-9
    if payoffs[0] + payoffs[2] == payoffs[1] + payoffs[3]:
        assert where_words(found, "semantics.coupling").startswith("above coupling 0 ± ")


@pytest.mark.parametrize("scale", [1e-9, 1e6])
def test_printed_switches_of_learners_hold_the_exact_threshold(scale):
    chicken = normal_form(Payoffs(*(scale * x for x in (4, 3, 1, 2))))
    for switch in switches(LogisticFamily(chicken, 3.0), (-0.5, 0.3)):
        assert holds(switch, 0.0)
        assert switch_row("", switch, "")[1].startswith("0 ± ")


def test_a_numerical_equilibrium_threshold_holds_the_exact_one():
    """In the affine semantics it has a closed form: 2/5 in the prisoner's dilemma."""
    family = AffineFamily(catalogue.prisoners_dilemma())
    threshold = family.closed_form().equilibrium
    assert threshold is not None
    assert holds(equilibrium_threshold(family, points=16, tolerance=1e-7), threshold.value)


# Brackets of made-up properties


def found_by(margins, low=-1.0, high=1.0, smallest=1e-3):
    return find_switch(margins, Search(low, high, 64, 1e-6), smallest, "made up", "", {})


@pytest.mark.parametrize("at", [-0.3, 0.0, 1 / 3])
@pytest.mark.parametrize("slope", [5.0, -0.5])
def test_what_rounding_leaves_open_lies_in_the_bracket(at, slope):
    """Margins up to 1e-3 tell nothing: a bracket reaches that far on both sides, not further."""
    rng = np.random.default_rng(0)
    found = found_by(lambda x: slope * (x - at) + rng.uniform(-1e-3, 1e-3, len(x)) * 0.999)
    assert found.holds == ("above" if slope > 0 else "below")
    assert within(at, found)
    assert width(found) < 6e-3 / abs(slope)


@pytest.mark.parametrize("power", [1, 2, 3])
@pytest.mark.parametrize("side", [1, -1])
def test_a_rise_from_rest_is_bracketed_though_it_begins_unseen(power, side):
    found = found_by(lambda x: np.maximum(side * (x - 0.2), 0.0) ** power, smallest=1e-9)
    assert within(0.2, found)
    assert width(found) < 40 * 1e-9 ** (1 / power) + 1e-6
    everything = found_by(lambda x: np.maximum(x + 1.0, 0.0), smallest=1e-9)
    assert everything.lower == -1.0, "no bracket leaves the range searched"


def test_a_grid_point_at_the_switch_is_no_end_of_it():
    """At 0, a grid point, the margin is nothing: the switch may lie on either side."""
    found = find_switch(lambda x: x, Search(-1.0, 1.0, 65, 1e-6), 1e-8, "made up", "", {})
    assert ends(found)[0] < 0 < ends(found)[1]


# Windows


def moving(window: float, speed: float):
    """A switch that moves with the window in proportion, from 0.5."""
    at = 0.5 + speed * window
    found = found_by(lambda x: x - at, 0.0, 1.0, 1e-12)
    return dataclasses.replace(found, settings={"window": window})


def test_a_window_is_halved_until_that_changes_nothing():
    found = shortest_window(lambda w: moving(w, 0.3), 1e-2, 1e-6, 1e-4)
    assert 1e-6 < found.settings["window"] < 2e-4
    assert all(within(x, found) for x in (0.5, *found.settings["halved"]))
    assert width(found) < 2e-4
    coarse = shortest_window(lambda w: moving(w, 0.3), 1e-2, 1e-2, 1e-4)
    assert within(0.5, coarse), "widened by what halving moves"


def test_a_window_whose_halves_disagree_is_not_settled():
    none = found_by(lambda x: np.ones_like(x))
    found = shortest_window(lambda w: none if w < 4e-3 else moving(w, 1.0), 1e-2, 1e-2, 1e-4)
    assert (found.result, found.value, found.bracket) == ("not settled", None, None)
    assert "its half and its quarter disagree" in found.detail
    drifting = shortest_window(lambda w: moving(math.log2(w) / 100, 1.0), 1e-2, 1e-2, 1e-4)
    assert "shorter windows may move it further" in drifting.detail


@pytest.mark.parametrize("window", [0.0, -1.0, math.inf, math.nan])
def test_windows_that_cannot_be_are_refused(window):
    family = LogisticFamily(catalogue.donation(), 3.0)
    with pytest.raises(InputError, match="steps × step size × payoff range"):
        measured_first_movement(family, window=window)


def test_a_given_window_is_kept():
    family = LogisticFamily(catalogue.donation(), 3.0)
    found = measured_first_movement(family, window=1e-3, points=16, tolerance=1e-4)
    assert found.settings["window"] == 1e-3
    assert 8 * found.settings["step_size"] * 4 == pytest.approx(1e-3)
    assert holds(found, 1 / 3)


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("power", [1, 2, 3, 5])
def test_a_rise_from_rest_just_beside_a_grid_point_is_in_the_bracket(power, side):
    """The margin is 0 up to the switch and grows with a power; it is seen at the grid point."""
    grid = np.linspace(-1.0, 1.0, 64)
    at = float(grid[50] if side > 0 else grid[13]) - side * 1.05 * 1e-12 ** (1 / power)

    def margins(x):
        return np.where(side * (x - at) > 0, np.abs(x - at) ** power, 0.0)

    found = find_switch(margins, Search(-1.0, 1.0, 64, 1e-9), 1e-12, "", "", {})
    assert found.bracket is not None
    assert found.bracket[0] <= at <= found.bracket[1]


@pytest.mark.parametrize("points", [2, 3])
def test_few_points_at_once_find_the_switch_as_well(points):
    """Two have none between them, by which a bracket could be narrowed."""
    found = first_movement(LogisticFamily(catalogue.prisoners_dilemma(), 3.0), points=points)
    assert found.bracket is not None
    assert found.bracket[0] <= 3 / 7 <= found.bracket[1]
    assert found.bracket[1] - found.bracket[0] < 1e-8


def test_a_bracket_without_width_cannot_be_asked_for():
    with pytest.raises(InputError, match="tolerance=0 must be finite and above 0"):
        first_movement(LogisticFamily(catalogue.prisoners_dilemma(), 3.0), tolerance=0)


def test_a_function_is_searched_where_it_has_games():
    """The dilemma has none at R = 0. At κ = ½ cooperation rises where 6 - R < κ (4 + R)."""

    def game(reward):
        return gh.LogisticFamily(gh.load_game(f"prisoners_dilemma:R={reward!r}"), 3.0)(0.5)

    found = gh.first_movement(game, bracket=(2.0, 4.5))
    assert found.value == pytest.approx(8 / 3, abs=1e-6)
