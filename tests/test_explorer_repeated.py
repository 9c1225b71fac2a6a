"""Repeated games in the explorer: a plane of two of ten parameters, and what is said of it."""

import jax
import numpy as np
import pytest
from tests.explorers import ask, running, until, visiting

import glasshouse as gh
from glasshouse.analysis.phase.plane import grid_of
from glasshouse.analysis.phase.rest_points import plane_rest_points
from glasshouse.dynamics import Rest
from glasshouse.dynamics.rest import rest_residual
from glasshouse.errors import InputError
from glasshouse.explorer.along import first_switch_frame
from glasshouse.explorer.building import plane_of, scene_of_study, shown_game, study_of
from glasshouse.explorer.protocol import Scene, read_answer, read_question
from glasshouse.explorer.script import script_of

PD = {"payoffs": (((3.0, 0.0), (5.0, 1.0)), ((3.0, 5.0), (0.0, 1.0)))}
HELD = ((0.5, 1.0, -1.5, 0.25, -2.0), (0.0, 0.75, 1.0, -0.5, -1.0))


def scene(**repeated) -> Scene:
    """Across, player 1's parameter after both cooperated; up, player 2's after both defected."""
    asked = {"discount": 0.8, "axes": ((0, 1), (1, 4)), "held": HELD, **repeated}
    return Scene.model_validate({**PD, "coupling": (0.3, 0.1), "repeated": asked}, strict=False)


def test_a_point_of_the_plane_is_a_profile_and_others_are_held():
    plane = plane_of(scene())
    first, second = plane.profile(np.array([2.0, -3.0]))
    np.testing.assert_array_equal(first, [0.5, 2.0, -1.5, 0.25, -2.0])
    np.testing.assert_array_equal(second, [0.0, 0.75, 1.0, -0.5, -3.0])
    np.testing.assert_array_equal(plane.point((first, second)), [2.0, -3.0])
    low, high = plane.box()
    assert (low.tolist(), high.tolist()) == ([-3.0, -3.0], [3.0, 3.0])


def test_a_repeated_scene_is_a_study_a_script_and_refused_where_it_cannot_be(tmp_path):
    file = tmp_path / "again.toml"
    file.write_text(study_of(scene()).to_toml(), "utf-8")
    back = scene_of_study(str(file))
    assert back.repeated is not None
    assert back.repeated.discount == 0.8
    made: dict = {"__name__": "imported"}
    exec(compile(script_of(scene()), "scene.py", "exec"), made)
    wanted = jax.tree.leaves(shown_game(scene()))
    for a, b in zip(jax.tree.leaves(made["shown"]), wanted, strict=True):
        np.testing.assert_array_equal(a, b)
    text = scene().model_dump_json()
    for there, here, said in (
        ('"discount":0.8', '"discount":1.0', "less than or equal to 0.99"),
        ("[[0,1],[1,4]]", "[[0,1],[0,1]]", "two different parameters"),
        ("[[0,1],[1,4]]", "[[0,5],[1,4]]", "axes.0.1"),
        ("[0.5,1.0,", "[1.0,", "held.0"),
    ):
        assert there in text
        with pytest.raises(InputError, match=said):
            read_question(f'{{"number":1,"scene":{text.replace(there, here)}}}')


def paid(game, coupling, params) -> np.ndarray:
    """Payoffs by hand: a sigmoid of the own logit and what is read in the same situation."""
    own, other = params
    logits = own + coupling[0] * other, other + coupling[1] * own
    return np.asarray(game.values([1 / (1 + np.exp(-x)) for x in logits]))


@pytest.mark.slow
def test_arrows_rest_points_and_first_movement_are_the_librarys():
    asked = scene()
    with running() as server, visiting(server) as page:
        ask(page, asked.model_dump(), 1)
        header, arrays = until(page, "portrait")
        ask(page, asked.model_dump(), 2, "deviation", "proof", "equilibria")
        said = {kind: until(page, kind)[0] for kind in ("deviation", "proof")}
    assert header["axes"] == [[0, 1], [1, 4]]
    plane = plane_of(asked)
    # Arrows against differences of what the repeated game itself pays.
    game = gh.games.RepeatedGame(gh.load_game("prisoners_dilemma"), 0.8)
    axis = np.linspace(-3.0, 3.0, 65)[2::4]
    for i, j in ((0, 0), (3, 12), (8, 8), (15, 2)):
        at, step, slope = np.array([axis[i], axis[j]]), 1e-5, []
        for k in (0, 1):
            move = step * np.eye(2)[k]
            ends = [
                paid(game, asked.coupling, map(np.asarray, plane.profile(at + sign * move)))[k]
                for sign in (1, -1)
            ]
            slope.append((ends[0] - ends[1]) / (2 * step))
        wanted = np.array(slope) / np.hypot(*slope)
        np.testing.assert_allclose(arrays["arrows"][i, j], wanted, atol=1e-5)
    # Rest points against the slower search on a finer grid, and of the whole game or not.
    found = plane_rest_points(plane, grid_of(plane, 129))
    assert len(header["points"]) == len(found.points) > 0
    for told, point in zip(header["points"], found.points, strict=True):
        assert told["params"] == pytest.approx(point.params, abs=1e-8)
        assert told["stability"] == point.stability
        profile = plane.profile(np.array(point.params))
        residual = float(rest_residual(plane.game, profile))
        assert told["residual"] == pytest.approx(residual, abs=1e-9)
        assert told["rests"] is (residual <= 1e-6) is False
    first = read_answer(first_switch_frame(asked, 1))[0]["first"]["value"]
    wanted = gh.first_movement(gh.LogisticFamily(game, 3.0)).value
    assert first == pytest.approx(wanted, abs=1e-9) == pytest.approx(3 / 7, abs=1e-6)
    for kind in ("deviation", "proof"):
        assert "games that are played once" in said[kind]["reason"]


@pytest.mark.slow
def test_shaded_squares_are_where_runs_of_the_library_settle():
    """Each by a run of its own, all ten parameters learning."""
    asked = scene(discount=0.9).model_copy(update={"step_size": 2.0, "coupling": (0.5, 0.25)})
    with running() as server, visiting(server) as page:
        ask(page, asked.model_dump(), 1, "basins")
        header, arrays = until(page, "basins")
    assert (header["cells"], header["steps"], header["shares"]) == (10, 60_000, None)
    squares = arrays["shading"][12::24, 12::24]
    assert squares.shape == (10, 10)
    np.testing.assert_array_equal(arrays["shading"], np.kron(squares, np.ones((24, 24), int)))
    assert header["areas"] == [np.mean(squares == k) for k in range(5)]
    assert header["settled"] == np.mean(squares != 4) > 0.5
    assert (header["moving"] is None) == bool((squares != 4).all())
    assert len(np.unique(squares)) > 2
    plane, game = plane_of(asked), shown_game(asked)
    middles = 6 * (np.arange(10) + 0.5) / 10 - 3
    for i, j in np.ndindex(10, 10):
        at = np.array([middles[i], middles[j]])
        start = plane.profile(at)
        end = gh.run(game, params=start, steps=60_000, step_size=2.0, stop=Rest(), throw=False)
        both = np.asarray(game.cooperation(end.params)) > 0.5
        kind = {(True, True): 0, (True, False): 1, (False, True): 2, (False, False): 3}[*both]
        assert squares[i, j] == (kind if Rest().met(end.residual) else 4), (i, j)


def of_equals(**more) -> Scene:
    """Both players' parameter after both cooperated, all others alike."""
    asked = {"discount": 0.9, "axes": ((0, 1), (1, 1)), "held": (HELD[0], HELD[0])}
    given = {**PD, "coupling": (0.5, 0.5), "step_size": 2.0, "repeated": asked, **more}
    return Scene.model_validate(given, strict=False)


def shaded(asked: Scene) -> tuple[dict, np.ndarray]:
    with running() as server, visiting(server) as page:
        ask(page, asked.model_dump(), 1, "basins")
        header, arrays = until(page, "basins")
    return header, arrays["shading"]


EXCHANGED = np.array([0, 2, 1, 3, 4])
"""Outcomes with the players exchanged."""


def test_a_symmetric_games_shading_is_its_own_mirror_image():
    """Squares on the diagonal, too: each side of them is of its own start."""
    header, shading = shaded(of_equals())
    off = ~np.eye(len(shading), dtype=bool)
    np.testing.assert_array_equal(EXCHANGED[shading.T][off], shading[off])
    assert header["areas"][1] == header["areas"][2] > 0
    assert header["areas"] == [np.mean(shading == k) for k in range(5)]
    for k in range(10):
        square = shading[24 * k : 24 * (k + 1), 24 * k : 24 * (k + 1)]
        above = np.triu(np.ones((24, 24), dtype=bool), 1)
        assert len(np.unique(square[above])) == len(np.unique(square[above.T])) == 1


@pytest.mark.slow
def test_what_still_moves_is_told_as_what_it_is():
    """At strong reading all pairs cooperate, and go on with parameters that hardly matter."""
    header, shading = shaded(of_equals(coupling=(1.5, 1.5), step_size=0.1))
    assert header["areas"][4] == np.mean(shading == 4) == 1.0
    assert header["moving"] == [1.0, 0.0, 0.0, 0.0]
    asked = of_equals(coupling=(1.5, 1.5))
    start = plane_of(asked).profile(np.array([0.9, -1.5]))
    end = gh.run(shown_game(asked), params=start, steps=60_000, step_size=0.1, throw=False)
    assert (np.asarray(shown_game(asked).cooperation(end.params)) > 0.99).all()
    own = np.stack([np.asarray(x) for x in end.params])
    np.testing.assert_array_equal(own[:, :2], 3.0)
    assert (own[:, 2:] < 3.0).all(), "those of situations that are hardly ever reached go on"


@pytest.mark.parametrize(
    ("discount", "axes", "idle"),
    [
        (0.0, ((0, 1), (1, 1)), True),
        pytest.param(0.0, ((0, 0), (1, 1)), False, marks=pytest.mark.slow),
        pytest.param(0.5, ((0, 1), (1, 1)), False, marks=pytest.mark.slow),
        pytest.param(None, None, False, marks=pytest.mark.slow),
    ],
)
def test_two_parameters_that_change_nothing_are_called_so(discount, axes, idle):
    """With a discount of 0 only first rounds are paid; payoffs at other points agree."""
    repeated = None if axes is None else {"discount": discount, "axes": axes}
    asked = of_equals(repeated=repeated)
    with running() as server, visiting(server) as page:
        ask(page, asked.model_dump(), 1)
        assert until(page, "portrait")[0]["idle"] is idle
    plane = plane_of(asked)
    points = np.random.default_rng(1).uniform(-3, 3, (20, 2))
    pays = np.array([plane.game.payoffs(plane.profile(x)) for x in points])
    assert bool((np.ptp(pays, axis=0) < 1e-12).all()) is idle


def test_what_changes_the_others_payoff_alone_is_not_called_idle():
    """Nobody moves where each cooperates for nothing, and is paid for the other's doing so."""
    gift = (((1.0, 0.0), (1.0, 0.0)), ((1.0, 1.0), (0.0, 0.0)))
    asked = of_equals(payoffs=gift, coupling=(0.0, 0.0), repeated=None)
    with running() as server, visiting(server) as page:
        ask(page, asked.model_dump(), 1)
        header, arrays = until(page, "portrait")
    assert not arrays["arrows"].any()
    assert header["idle"] is False
