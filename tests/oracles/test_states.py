"""Semantics over the states of a repeated game, against formulas written out by hand."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import glasshouse as gh
from glasshouse.channels import Box
from glasshouse.families import AffineFamily
from glasshouse.games import RepeatedGame, random_game
from glasshouse.parametric import ParametricGame
from glasshouse.semantics import Affine, Custom
from glasshouse.study import compute, prepare
from glasshouse.study.report.page import report_html
from glasshouse.study.spec.toml import parse_study

PD = gh.load_game("prisoners_dilemma")
GAME = RepeatedGame(PD, 0.9)
SAME_STATE = [0, 1, 3, 2, 4]
"""Where the other keeps what happened in one's own states: its CD is one's DC."""


@pytest.mark.parametrize("reading", ["situation", "state"])
def test_affine_semantics_mix_state_by_state(reading):
    generator = np.random.default_rng(1)
    params = tuple(generator.random((2, 5)))
    game = ParametricGame(GAME, Affine(GAME, 0.3, reading=reading))
    rows = SAME_STATE if reading == "state" else range(5)
    mixes = [0.7 * params[i] + 0.3 * params[1 - i][list(rows)] for i in (0, 1)]
    for i, mix in enumerate(mixes):
        assert game.behaviours(params)[i] == pytest.approx(
            np.stack([mix, 1 - mix], axis=1), abs=1e-15
        )
    assert game.payoffs(params) == pytest.approx(GAME.values(mixes), abs=1e-13)
    step = 1e-6
    gradients = game.selfish_gradients(params)
    for i, k in ((0, 0), (0, 2), (1, 4)):
        ends = []
        for sign in (1, -1):
            moved = [x.copy() for x in params]
            moved[i][k] += sign * step
            ends.append(game.payoffs(tuple(moved))[i])
        assert gradients[i][k] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6)


def test_three_affine_players_read_the_mean_of_the_others_in_the_same_state():
    """Player i's row (a_i, a_i+1, a_i+2) is the row of player j that begins with a_j."""
    game = RepeatedGame(random_game(3, (2, 2, 2)), 0.8)
    params = tuple(np.random.default_rng(2).random((3, 9)))
    found = ParametricGame(game, Affine(game, 0.4, reading="state")).behaviours(params)
    for i in range(3):
        for k, state in enumerate([None, *np.ndindex(2, 2, 2)]):
            read = []
            for j in range(3):
                turned = None if state is None else tuple(state[(j - i + m) % 3] for m in range(3))
                row = 0 if turned is None else 1 + int(np.ravel_multi_index(turned, (2, 2, 2)))
                read.append(params[j][row])
            mix = 0.6 * read[i] + 0.4 * (sum(read) - read[i]) / 2
            assert found[i][k, 0] == pytest.approx(mix, abs=1e-15)


def test_nothing_is_known_of_them_in_closed_form_and_first_movement_is_found():
    """Where all mix evenly every round is the stage game, whose threshold is that of the weight."""
    repeated: Any = GAME
    family = AffineFamily(repeated, reading="state")
    assert isinstance(gh.known("thresholds", family), gh.Unknown)
    assert isinstance(gh.known("thresholds", family(0.5)), gh.Unknown)
    once = AffineFamily(PD)
    found = gh.first_movement(family).value
    assert found == pytest.approx(once.closed_form().neutral.value, abs=1e-6)
    with pytest.raises(gh.InputError, match=r"reading='state' is about the states of a repeated"):
        Affine((2, 2), 0.3, reading="state")


def reciprocal(params, seen):
    """Own parameter and what the other does in the same state, as odds."""
    rows = jnp.array(SAME_STATE)
    first = [1 / (1 + jnp.exp(-params[i] - 0.5 * jnp.tanh(seen[i][1 - i][rows]))) for i in (0, 1)]
    return [jnp.stack([p, 1 - p], axis=1) for p in first]


def test_a_function_over_states_is_a_semantics():
    box = Box(np.full(5, -3.0), np.full(5, 3.0))
    semantics = Custom(reciprocal, (box, box))
    assert semantics.actions == (2, 2)
    params = tuple(np.random.default_rng(3).normal(size=(2, 5)))
    mixes = [
        1 / (1 + np.exp(-params[i] - 0.5 * np.tanh(params[1 - i][SAME_STATE]))) for i in (0, 1)
    ]
    game = ParametricGame(GAME, semantics)
    assert game.payoffs(params) == pytest.approx(GAME.values(mixes), abs=1e-13)
    assert game.observables(params)["P(C | CD)"] == pytest.approx([m[2] for m in mixes], abs=1e-14)
    once: Any = ParametricGame(PD, semantics)
    with pytest.raises(gh.InputError, match="this game is played once: give the RepeatedGame"):
        once.payoffs(params)
    short = Custom(lambda params, seen: [x[:4] for x in reciprocal(params, seen)], (box, box))
    with pytest.raises(gh.InputError, match=r"Custom gives players probabilities of shapes"):
        ParametricGame(GAME, short)


CODE = """
import jax
import jax.numpy as jnp

def reciprocal(params, seen, heed):
    rows = jnp.array([0, 1, 3, 2, 4])
    first = [jax.nn.sigmoid(params[i] + heed * seen[i][1 - i][rows]) for i in (0, 1)]
    return [jnp.stack([p, 1 - p], axis=1) for p in first]
"""

STUDY = """
[game]
name = "prisoners_dilemma"
repeated = { discount = 0.9 }

[learning]
steps = 20
starts = 4
"""


@pytest.mark.parametrize("computed", ["custom", pytest.param("affine", marks=pytest.mark.slow)])
def test_studies_take_both(computed, tmp_path):
    """The function is the logistic semantics that reads the same state."""
    (tmp_path / "reciprocal.py").write_text(CODE)
    prepared = {}
    for kind, settings in {
        "custom": 'function = "reciprocal.py:reciprocal"\nparameters = { heed = 0.4 }\nsize = 5',
        "logistic": 'coupling = 0.4\nreading = "state"',
        "affine": 'weight = 0.4\nreading = "state"',
    }.items():
        text = f'{STUDY}[semantics]\nkind = "{kind}"\n{settings}\n[sweep]\n'
        text += '[analysis]\nthresholds = false\ntied = false\nobserve = "P(C | DC)"\n'
        prepared[kind] = prepare(parse_study(text), tmp_path)
    params = tuple(np.random.default_rng(5).random((2, 5)))
    games = {kind: found.base.parametric for kind, found in prepared.items()}
    right = games["logistic"].payoffs(params)
    assert games["custom"].payoffs(params) == pytest.approx(right, abs=1e-13)
    affine = ParametricGame(GAME, Affine(GAME, 0.4, reading="state"))
    assert games["affine"].payoffs(params) == pytest.approx(affine.payoffs(params), abs=1e-13)
    result = compute(prepared[computed])
    page = report_html(result, (), {})
    assert "<h1>Repeated Prisoner" in page
    assert 0 < result.column("observed_mean")[0] < 1
    said = "one such probability for each information state, read in the same state" in page
    assert said == (computed == "affine")


ONE_ROW = """
import jax
import jax.numpy as jnp

def vector(params, seen):
    return [jnp.stack([jax.nn.sigmoid(x.sum()), jax.nn.sigmoid(-x.sum())]) for x in params]

def rows(params, seen):
    first = [jax.nn.sigmoid(x + jnp.zeros(5)) for x in params]
    return [jnp.stack([p, 1 - p], axis=1) for p in first]
"""


@pytest.mark.parametrize(
    ("repeated", "semantics", "said"),
    [
        (True, 'function = "own.py:rows"', r"'semantics.size' is missing.*5 states.*size = 5"),
        (True, 'function = "own.py:vector"\nsize = 5', r"own.py:vector returns.*each of 5 states"),
        (False, 'function = "own.py:rows"\nsize = 5', r"'semantics.function'.*repeated = \{"),
    ],
)
def test_a_function_that_does_not_fit_the_states_is_said_by_its_key(
    repeated, semantics, said, tmp_path
):
    (tmp_path / "own.py").write_text(ONE_ROW)
    game = STUDY if repeated else STUDY.replace("repeated", "# repeated")
    text = f'{game}[semantics]\nkind = "custom"\n{semantics}\n[analysis]\nobserve = "rate CC"\n'
    with pytest.raises(gh.InputError, match=said):
        prepare(parse_study(text), tmp_path)


def test_one_number_for_all_states_is_asked_for(tmp_path):
    (tmp_path / "own.py").write_text(ONE_ROW)
    text = f'{STUDY}[semantics]\nkind = "custom"\nfunction = "own.py:rows"\nsize = 1\n'
    game = prepare(parse_study(text), tmp_path).base.parametric
    assert game.cooperation(game.neutral()) == pytest.approx([0.5, 0.5])
