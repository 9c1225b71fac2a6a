"""Repetition, shaping and transparency together: what learners end in, beside reference numbers."""

import math
from pathlib import Path

import numpy as np
import pytest

import glasshouse as gh
from glasshouse.analysis import generic_outcomes
from glasshouse.dynamics import Learning, Starts
from glasshouse.errors import InputError
from glasshouse.games import RepeatedGame, is_tit_for_tat
from glasshouse.parametric import ParametricGame
from glasshouse.rules import Gradient, Lola
from glasshouse.semantics import Logistic
from glasshouse.study import compute, prepare
from glasshouse.study.spec.toml import parse_study

STAGE = gh.NormalFormGame([[[-1.0, -3.0], [0.0, -2.0]], [[-1.0, 0.0], [-3.0, -2.0]]])
SEED = 7
EXAMPLES = Path(__file__).parent.parent / "examples"


def computed(study):
    return compute(prepare(parse_study((EXAMPLES / f"{study}.toml").read_text("utf-8"))))


def outcome(discount, coupling, bound, rule, steps, starts):
    game = RepeatedGame(STAGE, discount, unit="sum")
    learning = Learning(rule, step_size=0.5, steps=steps, starts=Starts(starts, seed=SEED))
    played = ParametricGame(game, Logistic(game, coupling, bound))
    return generic_outcomes([played], learning=learning)[0]


@pytest.mark.parametrize(
    ("coupling", "look_ahead", "expected"),
    [
        (0.0, 0.3, 0.94),
        pytest.param(0.1, 0.2, 0.80, marks=pytest.mark.slow),
        pytest.param(0.3, 0.1, 0.77, marks=pytest.mark.slow),
        (0.6, 0.0, 0.62),
        (0.0, 0.1, 0.06),
    ],
)
def test_transparency_and_shaping_replace_each_other(coupling, look_ahead, expected):
    """64 starts each: within four standard errors of the difference of two such shares."""
    found = outcome(0.96, coupling, 8.0, Lola(look_ahead), 300, 64).cooperation.value
    assert abs(found - expected) <= 4 * math.sqrt(2 * expected * (1 - expected) / 64)


def test_memory_is_a_defence_against_exploitation():
    once = outcome(0.0, 0.6, 5.0, Gradient(), 1500, 200)
    again = outcome(0.96, 0.6, 5.0, Gradient(), 1500, 200)
    assert once.exploitation.value == 1.0
    for found, expected in ((again.cooperation.value, 0.88), (again.defection.value, 0.12)):
        assert abs(found - expected) <= 4 * math.sqrt(2 * expected * (1 - expected) / 200)
    assert again.exploitation.value == 0.0


@pytest.mark.slow
def test_the_map_of_transparency_and_shaping_is_as_its_page_says():
    found = computed("transparency_and_shaping")
    lines = {s.values: s.cooperation for s in found.slices}
    found_from = [lines[alpha, 0.96] for alpha in (0.0, 0.1, 0.2, 0.3)]
    assert found_from == pytest.approx([0.5, 0.2, 0.0, 0.0], abs=0.101)  # half may fall either side
    assert {lines[alpha, 0.0] for alpha in (0.0, 0.1, 0.2, 0.3)} == {None}
    assert all(s.first_movement == pytest.approx(0.5, abs=1e-9) for s in found.slices)


@pytest.mark.slow
def test_the_map_of_memory_is_as_its_page_says():
    found = computed("memory")
    from_on = [s.cooperation for s in found.slices if s.cooperation is not None]
    assert len(from_on) == len(found.slices)
    assert from_on == sorted(from_on, reverse=True)  # the longer the future, the earlier
    assert from_on[0] - from_on[-1] >= 0.3
    table = found.table.to_pydict()
    rows = zip(
        table["semantics.coupling"],
        table["game.repeated.discount"],
        table["exploitation_share"],
        strict=True,
    )
    leading = {discount for _, discount, share in rows if share > 0.5}
    assert max(leading) < 0.9


def test_tit_for_tat_depends_on_its_definition():
    game = RepeatedGame(STAGE, 0.96)
    exact = [1.0, 1.0, 0.0, 1.0, 0.0]
    generous, sullen = [1.0, 1.0, 0.6, 1.0, 0.6], [0.0, 1.0, 0.0, 1.0, 0.0]
    pairs = np.array([[exact, exact], [generous, generous], [sullen, exact], [exact, generous]])
    assert is_tit_for_tat(game, pairs).tolist() == [True, False, False, False]
    # One that begins by defecting alternates with tit for tat, and is paid as one who alternates.
    assert is_tit_for_tat(game, pairs, "pola").tolist() == [True, True, False, True]
    sums = RepeatedGame(STAGE, 0.96, unit="sum")
    assert is_tit_for_tat(sums, pairs, "pola").tolist() == [True, True, False, True]


@pytest.mark.parametrize(
    ("probabilities", "definition", "words"),
    [
        (np.zeros((5, 2)), "strict", "(…, 2, 5)"),
        (np.full((2, 5), 1.5), "strict", r"in \[0, 1\]"),
        (np.zeros((2, 5)), "loose", "'strict' or 'pola'"),
    ],
)
def test_what_cannot_be_tit_for_tat_is_said(probabilities, definition, words):
    with pytest.raises(InputError, match=words.replace("(…", r"\(…").replace("5)", r"5\)")):
        is_tit_for_tat(RepeatedGame(STAGE, 0.9), probabilities, definition)
