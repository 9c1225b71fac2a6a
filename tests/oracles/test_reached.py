"""Rest points that learning reaches: whether they stand alone, and that no run is hidden."""

import jax.numpy as jnp
import numpy as np
import pytest

from glasshouse.analysis import reached_rest_points
from glasshouse.analysis.outcomes.isolation import dimensions
from glasshouse.channels import Box
from glasshouse.dynamics import Learning, Starts
from glasshouse.families import AffineFamily, LogisticFamily
from glasshouse.games import NormalFormGame, catalogue
from glasshouse.parametric import ParametricGame
from glasshouse.semantics import Affine, Custom
from glasshouse.study.questions import study_points
from glasshouse.study.setting import prepare
from glasshouse.study.spec.toml import parse_study
from glasshouse.theory import diagonal, diagonal_rest_points

QUICK = {"steps": 2000, "step_size": 0.1}

DILEMMA = catalogue.prisoners_dilemma()

ROW = np.array([[3.0, 0.0], [5.0, 1.0]])


def three_players(third: np.ndarray) -> NormalFormGame:
    """A prisoner's dilemma of players 1 and 2; player 3, who is paid `third`, does not matter."""
    tensor = np.zeros((3, 2, 2, 2))
    tensor[0], tensor[1], tensor[2] = ROW[:, :, None], ROW.T[:, :, None], third
    return NormalFormGame(tensor)


CONTINUA = {
    # Under w = c/(b+c) nobody's payoff depends on its own parameter: every profile rests.
    "donation game at w = c/(b+c)": (AffineFamily(catalogue.donation(b=3, c=1))(0.25), 2),
    "constant game": (LogisticFamily(NormalFormGame(np.ones((2, 2, 2))), 3.0)(0.5), 2),
    # Players 1 and 2 end at a corner; where player 3 ends depends on its start.
    "a dummy as third player": (LogisticFamily(three_players(np.zeros((2, 2, 2))), 3.0)(0.0), 1),
    # One of two matters to itself only, the other to nobody: an edge of the box.
    "one dummy of two": (
        LogisticFamily(
            NormalFormGame(np.stack([[[1.0, 1.0], [0.0, 0.0]], np.zeros((2, 2))]), player_axis=0),
            3.0,
        )(0.0),
        1,
    ),
}


@pytest.mark.parametrize("name", CONTINUA)
def test_a_continuum_is_called_one_and_hides_no_run(name):
    game, dimension = CONTINUA[name]
    found = reached_rest_points(game, learning=Learning(starts=Starts(40), **QUICK), most=3)
    generic = [point for point in found if point.starts == "generic"]
    assert not found.isolated
    assert found.dimension == dimension
    assert {point.dimension for point in generic} == {dimension}
    assert len(generic) == 3
    shares = [point.share for point in generic if point.share is not None]
    assert found.unlisted + sum(share.count for share in shares) == 40


def test_isolated_rest_points_are_called_isolated():
    dilemma = LogisticFamily(DILEMMA, 3.0)(0.5)
    found = reached_rest_points(dilemma, learning=Learning(starts=Starts(40), steps=3000))
    assert (found.isolated, found.dimension, found.unlisted) == (True, 0, 0)
    assert len(found) == 3, "tied, and one exploiting the other"
    assert found[0].starts == "tied"
    assert [*found] == list(found.points)
    assert found[1:] == found.points[1:]


def test_what_is_not_listed_is_counted():
    """Two isolated rest points, of which one is asked for."""
    dilemma = LogisticFamily(DILEMMA, 3.0)(0.5)
    found = reached_rest_points(dilemma, learning=Learning(starts=Starts(40), steps=3000), most=1)
    assert found.isolated
    (first,) = [point.share for point in found if point.share is not None]
    assert 20 <= first.count < 40
    assert found.unlisted == 40 - first.count


def test_without_rest_there_is_nothing_to_tell():
    dilemma = LogisticFamily(DILEMMA, 3.0)(0.5)
    found = reached_rest_points(dilemma, learning=Learning(starts=Starts(5), steps=1))
    generic = [point for point in found if point.starts == "generic"]
    assert (generic, found.unlisted) == ([], 0)
    found = reached_rest_points(
        LogisticFamily(DILEMMA, 3.0)(0.5),
        learning=Learning(starts=Starts(5), steps=1, step_size=1e-3),
    )
    assert (len(found), found.isolated, found.dimension) == (0, None, None)


@pytest.mark.parametrize("bound", [1e-4, 3.0])
def test_what_is_isolated_does_not_depend_on_the_unit_of_parameters(bound):
    """p = ½ + .4 θ / bound: of a constant game every profile rests, of coordination three."""

    def behaviours(params, seen):
        return [jnp.stack([0.5 + 0.4 * t / bound, 0.5 - 0.4 * t / bound]) for t in params]

    semantics = Custom(behaviours, [Box(-bound, bound)] * 2)
    constant = ParametricGame(NormalFormGame(np.ones((2, 2, 2))), semantics)
    starts = Starts(20, spread=bound / 3)
    found = reached_rest_points(constant, learning=Learning(starts=starts, **QUICK))
    assert (found.isolated, found.dimension) == (False, 2)
    both = NormalFormGame(np.stack([3 * np.eye(2)] * 2))
    step = 0.1 * (bound / 3) ** 2
    found = reached_rest_points(
        ParametricGame(both, semantics),
        learning=Learning(starts=starts, steps=2000, step_size=step),
    )
    assert found.isolated
    places = {tuple(np.round(np.asarray(p.params) / bound, 6)) for p in found}
    assert places >= {(1.0, 1.0), (-1.0, -1.0)}


def test_a_multiple_root_is_no_continuum():
    """Where the dilemma's diagonal rest point loses its stability, one eigenvalue is 0."""

    def across(coupling: float) -> tuple[float, float]:
        games = diagonal_rest_points(diagonal(LogisticFamily(DILEMMA, 3.0)(coupling)))
        (interior,) = [point for point in games if point.kind == "interior"]
        assert interior.eigenvalue_across is not None
        return interior.eigenvalue_across, interior.theta

    low, high = 0.41, 0.43
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if across(middle)[0] < 0 else (low, middle)
    assert low == pytest.approx(0.418613429, abs=1e-8)
    eigenvalue, theta = across(low)
    assert abs(eigenvalue) < 1e-12
    assert dimensions(LogisticFamily(DILEMMA, 3.0)(low), [(theta, theta)]) == [0]


def test_a_curve_of_rest_points_is_one_dimensional_wherever_it_bends():
    """Affine weight ½: both play the mean of both, so that rest is a line, and along it ties."""
    game = NormalFormGame(np.stack([[[0.0, 1.0], [1.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]]))
    parametric = ParametricGame(game, Affine((2, 2), 0.5))
    points = [(0.3, 0.7), (0.6, 0.4), (0.5, 0.5)]
    assert dimensions(parametric, points) == [1, 1, 1]


STUDY = """
[game]
name = "donation"
parameters = { b = 3.0, c = 1.0 }
[semantics]
kind = "affine"
weight = 0.25
[learning]
starts = 30
steps = 50
"""


def test_a_study_says_that_its_points_are_samples_of_a_continuum():
    points, note = study_points(prepare(parse_study(STUDY)).base)
    listed = sum(p.reached.share.count for p in points if p.reached and p.reached.share)
    assert "not isolated but form a continuum, 2-dimensional" in note
    assert f"{30 - listed} of 30 runs rest at points that are not listed" in note
