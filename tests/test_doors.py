"""Labelled tables, names, paths, boxes and magnitudes: what is read, and what is refused how."""

import math
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import glasshouse as gh
from glasshouse.analysis import first_movement_switch
from glasshouse.channels import Box, Mask, OneSided
from glasshouse.dynamics import Rest, run
from glasshouse.errors import InputError
from glasshouse.families import GainFamily, LogisticFamily
from glasshouse.games import Labels, NormalFormGame, PairwiseGame
from glasshouse.games.labels import distinct
from glasshouse.interop import load_game, parse_nfg, write_nfg
from glasshouse.parametric import NetworkParametricGame, ParametricGame
from glasshouse.semantics import Custom, Logistic, Policies, Reading
from glasshouse.theory import thresholds

PD = load_game("prisoners_dilemma")
TENSOR = np.asarray(PD.tensor)
A = pd.DataFrame([[3, 0], [5, 1]], index=["C", "D"], columns=["C", "D"])
PLAYER_LAST = np.array([[[3, 3], [0, 5]], [[5, 0], [1, 1]]])


@pytest.mark.parametrize("make", [NormalFormGame, load_game])
@pytest.mark.parametrize("both", [tuple, list])
def test_two_dataframes_are_the_row_and_the_column_player(make, both):
    rows = pd.DataFrame([[1, 2, 3], [4, 5, 6]], index=["up", "down"], columns=[10, 20, 30])
    game = make(both([rows, -rows]))
    assert np.array_equal(game.tensor, [rows, -rows])
    assert game.action_names == (("up", "down"), ("10", "20", "30"))
    assert make(both([A, A.T])).action_names == (("C", "D"), ("C", "D"))


def test_tables_that_are_only_counted_have_no_labels():
    counted = pd.DataFrame(TENSOR[0])
    assert NormalFormGame((counted, counted.T)).labels is None
    assert NormalFormGame((A, A.T.to_numpy())).action_names == (("C", "D"), ("C", "D"))


@pytest.mark.parametrize(
    ("payoffs", "message"),
    [
        (A, r"one player's payoffs.*\(A, A.T\)"),
        ((A, A.T.iloc[::-1]), "name actions differently"),
        ((A, A.rename(columns={"D": "defect"})), "name actions differently"),
        ((A, A.iloc[:1]), "name actions differently"),
        ((A.rename(index={"C": "D"}), A.rename(index={"C": "D"})), "have the name 'D'"),
        ((A.rename(index={"C": ""}), A.rename(index={"C": ""})), "not blank"),
    ],
)
def test_tables_that_are_no_game_are_refused(payoffs, message):
    with pytest.raises(InputError, match=message):
        NormalFormGame(payoffs)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_dimension_of_players_comes_first_wherever_it_stands(place):
    dims = ["row", "column"]
    dims.insert(place, "player")
    payoffs = np.arange(12.0).reshape(2, 2, 3)
    data = np.moveaxis(payoffs, 0, place)
    names = {"row": ["up", "down"], "player": ["Ann", "Bob"]}
    game = NormalFormGame(xr.DataArray(data, dims=dims, coords=names))
    assert np.array_equal(game.tensor, payoffs)
    assert game.labels == Labels(("Ann", "Bob"), (("up", "down"), ("1", "2", "3")))
    nameless = NormalFormGame(xr.DataArray(payoffs, dims=["who", "row", "column"]))
    assert np.array_equal(nameless.tensor, payoffs)
    assert nameless.labels is None


def test_three_players_in_an_xarray():
    data = xr.DataArray(np.arange(24.0).reshape(2, 2, 2, 3), dims=["a", "b", "c", "player"])
    game = NormalFormGame(data)
    assert game.players == 3
    assert np.array_equal(game.tensor[1], data.to_numpy()[..., 1])


def test_a_pairwise_game_needs_rows_and_columns_of_the_same_actions():
    import networkx

    graph = networkx.path_graph(3)
    assert np.array_equal(PairwiseGame(A, graph).table, TENSOR[0])
    with pytest.raises(InputError, match="same actions in the same order"):
        PairwiseGame(A[["D", "C"]], graph)


def symmetric_game(players):
    """Everyone is paid its own action and half of all others', with as many actions as players."""
    actions = np.indices((players,) * players).astype(float)
    return actions**2 + 0.5 * (actions.sum(axis=0) - actions)


@pytest.mark.parametrize("players", [2, 3])
def test_payoffs_with_the_player_last_are_noticed(players):
    """A symmetric game that is read with the wrong axis first, and both ways to say which."""
    right = symmetric_game(players)
    wrong = np.moveaxis(right, 0, -1)
    with pytest.warns(UserWarning, match="Say which is meant") as warned:
        NormalFormGame(wrong)
    assert Path(warned[0].filename).name == Path(__file__).name
    assert np.array_equal(NormalFormGame(wrong, player_axis=0).tensor, wrong)
    assert np.array_equal(NormalFormGame(wrong, player_axis=-1).tensor, right)
    assert np.array_equal(NormalFormGame(right).tensor, right)  # and no warning, an error here


def test_a_last_axis_of_another_length_that_counts_the_players_is_named():
    with pytest.raises(InputError, match="player_axis=-1"):
        NormalFormGame(np.zeros((3, 3, 2)))
    assert NormalFormGame(np.zeros((3, 3, 2)), player_axis=-1).actions == (3, 3)


def test_the_prisoners_dilemma_of_pairs_is_noticed():
    with pytest.warns(UserWarning, match="player_axis"):
        NormalFormGame(PLAYER_LAST)
    found = thresholds(NormalFormGame(PLAYER_LAST, player_axis=-1))
    assert found.neutral.value == pytest.approx(3 / 7, abs=1e-15)
    with pytest.raises(InputError, match="contradicts"):
        NormalFormGame((A, A.T), player_axis=-1)


def test_a_study_says_which_axis_counts_the_players():
    from glasshouse.study.setting import prepare
    from glasshouse.study.spec.toml import parse_study

    text = "[game]\npayoffs = [[[3, 3], [0, 5]], [[5, 0], [1, 1]]]\nplayer_axis = -1\n"
    more = "[semantics]\nkind = 'logistic'\ncoupling = 0.5\nbound = 3.0\n"
    prepared = prepare(parse_study(text + more))
    assert np.array_equal(np.asarray(prepared.base.game.tensor), TENSOR)


@pytest.mark.parametrize(
    ("players", "actions", "message"),
    [
        (("a", "a"), (("x", "y"),) * 2, "two players have the name 'a'"),
        (("a", "b"), (("x", "x"), ("x", "y")), "two actions of player 1 have the name 'x'"),
        (("a", "b"), (("x", "y"), ("x", " x ")), "two actions of player 2"),
        (("a", ""), (("x", "y"),) * 2, "not blank"),
        (("a", "b"), (("x", " \n"),) * 2, "not blank"),
        (("a", None), (("x", "y"),) * 2, "not blank"),
        (("a", True), (("x", "y"),) * 2, "not blank"),
        (("a", math.nan), (("x", "y"),) * 2, "not blank"),
        ("ab", (("x", "y"),) * 2, "list of names"),
        (("a", "b"), ("xy", "xy"), "list of names"),
    ],
)
def test_labels_that_name_nothing_or_two_things_are_refused(players, actions, message):
    with pytest.raises(InputError, match=message):
        Labels(players, actions)


def test_labels_that_are_numbers_become_texts():
    labels = Labels((1, 2), [[2, np.int64(3)], [0.5, 10]])  # pyright: ignore[reportArgumentType]
    assert labels.players == ("1", "2")
    assert labels.actions == (("2", "3"), ("0.5", "10"))
    assert "10" in repr(NormalFormGame(np.arange(8.0).reshape(2, 2, 2), labels))


def test_names_in_files_are_numbered_where_they_say_too_little():
    head = 'NFG 1 R "" { "A" "" "A" } { { "x" "x" "" } { "y" } { "z" } }'
    labels = parse_nfg(f"{head} 1 2 3 4 5 6 7 8 9").labels
    assert labels is not None
    assert labels.players == ("A", "2", "A (2)")
    assert labels.actions[0] == ("x", "x (2)", "3")
    assert distinct(["", "a", "a", "a (2)", "1"]) == ("1 (2)", "a", "a (3)", "a (2)", "1")


def test_a_catalogue_name_is_never_a_file_and_a_path_always_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("stag_hunt", "mine", "game.nfg"):
        write_nfg(load_game("chicken"), name)
    assert load_game("stag_hunt").title == "Stag hunt"
    for path in (Path("stag_hunt"), "./stag_hunt", Path("game.nfg"), "game.nfg", "./mine"):
        assert load_game(path).title == "Chicken"
    with pytest.raises(InputError, match=r"as \./mine"):
        load_game("mine")
    with pytest.raises(InputError, match="did you mean 'stag_hunt'"):
        load_game("stag_hnt")
    with pytest.raises(InputError, match="did you mean 'donation'"):
        load_game("donatoin:b=2.5")
    with pytest.raises(InputError, match="is no file"):
        load_game(Path("missing"))


def test_the_command_reads_the_catalogue_before_files(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    write_nfg(load_game("chicken"), "stag_hunt")
    code, out, _ = call("games", "stag_hunt")
    assert code == 0
    assert "Stag hunt" in out


def softmax_of(entry):
    def function(params, seen):
        return [jax.nn.softmax(entry(own) @ jnp.ones((3, 2))) for own in params]

    return function


@pytest.mark.parametrize("entry", [lambda x: x["w"], lambda x: x.weight, lambda x: x])
def test_a_single_bound_for_a_pytree_is_refused_by_name(entry):
    with pytest.raises(InputError, match=r"everybody's are a single number.*Box.like"):
        Custom(softmax_of(entry), (Box(-math.inf, math.inf),) * 2)


def test_a_single_bound_is_spread_over_what_is_known():
    box = Box(-math.inf, {"w": [1.0, 2.0], "b": 3})
    assert box.lower["w"].tolist() == [-math.inf, -math.inf]
    assert Box(-1, [1, 2, 3]).lower.tolist() == [-1.0, -1.0, -1.0]
    assert Box({"w": -1}, {"w": [1, 2]}).lower["w"].shape == (2,)
    like = Box.like({"w": np.zeros(3)}, -math.inf, math.inf)
    played = ParametricGame(PD, Custom(softmax_of(lambda x: x["w"]), (like, like)))
    end = run(played, params=({"w": jnp.zeros(3)},) * 2, steps=1, step_size=0.1)
    assert end.params[0]["w"].shape == (3,)
    with pytest.raises(InputError, match="same structure"):
        Box({"a": 1}, {"b": 1})
    with pytest.raises(InputError, match=r"2 and 1 are not"):
        Box([0.0] * 500 + [2.0], [1.0] * 501)


def test_long_starts_are_shortened_in_what_is_said():
    policies = Policies.random(jax.random.key(0), gain=0.5)
    start = policies.initial(jax.random.key(1))
    found = first_movement_switch(GainFamily(PD, policies), start, points=2, tolerance=5.0)
    assert "… 91 more" in found.detail
    assert len(found.detail) < 300
    assert len(repr(found).splitlines()) < 18
    short = first_movement_switch(LogisticFamily(PD, 3.0), (0.1, 0.2), points=2, tolerance=5.0)
    assert "from the start (0.1, 0.2)" in short.detail


@pytest.mark.parametrize(
    "refused",
    [
        lambda: run(ParametricGame(PD, MANY), params=({"a": 1.0},) * 2, steps=1, step_size=0.1),
        lambda: run(ParametricGame(PD, MANY), params=(np.ones(99),) * 2, steps=1, step_size=0.1),
        lambda: ParametricGame(PD, MANY, Mask(np.ones(99, bool))),
    ],
)
def test_messages_stay_short_however_many_numbers_there_are(refused):
    with pytest.raises(InputError) as error:
        refused()
    assert len(str(error.value)) < 400
    assert "\n" not in str(error.value)


MANY = Policies.random(jax.random.key(0), gain=0.5)


def test_words_about_many_players_are_shortened():
    assert OneSided(range(50)).words.endswith("and 38 more read")
    assert len(Mask(tuple(np.ones(2, bool) for _ in range(50))).words) < 250


@pytest.mark.parametrize("unit", [1e-305, 1e-200])
def test_payoffs_too_small_for_64_bits_are_named(unit):
    with pytest.raises(InputError, match=r"player 1 differ by only 5e-\d+.*rescale"):
        LogisticFamily(NormalFormGame(TENSOR * unit), 3.0)(0.5)
    one = NormalFormGame(np.stack([TENSOR[0], TENSOR[1] * unit]))
    with pytest.raises(InputError, match="player 2 differ by only"):
        ParametricGame(one, Logistic((2, 2), 0.5, 3.0))
    import networkx

    pairs = PairwiseGame(TENSOR[0] * unit, networkx.path_graph(3))
    with pytest.raises(InputError, match="differ by only"):
        NetworkParametricGame(pairs, Reading.from_graph(networkx.path_graph(3)), 3.0)


@pytest.mark.parametrize(
    ("unit", "message"), [(1e39, r"payoffs reach 5e\+39"), (1e-36, "differ by only 5e-36")]
)
def test_payoffs_that_32_bits_cannot_hold_are_named(unit, message):
    game = LogisticFamily(NormalFormGame(TENSOR * unit), 3.0)(0.5)

    def end(start):
        return run(game, params=(start, start), steps=3, step_size=0.1 / unit, stop=Rest()).params

    with jax.enable_x64(False), pytest.raises(InputError, match=message):
        jax.jit(end)(jnp.float32(0.1))


def test_payoffs_of_any_usual_size_are_taken():
    for unit in (1e-90, 1e-11, 1e39, 1e90):
        assert LogisticFamily(NormalFormGame(TENSOR * unit), 3.0)(0.5).game.players == 2
    constant = ParametricGame(NormalFormGame(np.ones((2, 2, 2))), Logistic((2, 2), 0.5, 3.0))
    assert gh.run(constant, steps=1, step_size=0.1).steps == 1
