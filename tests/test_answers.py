"""Answers on equilibrium for games of all sizes: proved, else searched for, and labelled so."""

import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from tests.test_study_certificates import CUSTOM, custom

import glasshouse as gh
from glasshouse.analysis import base_game
from glasshouse.analysis.equilibrium.judging import cooperative_corner, judge
from glasshouse.errors import InputError
from glasshouse.games import catalogue

ALONE = "tied = false\noutcomes = false\n"


@pytest.fixture
def study(tmp_path):
    """A study whose semantics has steps, which nothing can bound, at one point."""
    (tmp_path / "own.py").write_text(CUSTOM)
    (tmp_path / "study.toml").write_text(custom("steps") + ALONE)
    return tmp_path / "study.toml"


def gain_over_steps() -> float:
    """By hand: of logits ⌊θ_1⌋ + 3/2 and 3 + ⌊θ_1⌋/2, over all seven values of ⌊θ_1⌋ in [-3, 3]."""

    def paid(step: int) -> float:
        own, other = (1 / (1 + np.exp(-x)) for x in (step + 1.5, 3 + 0.5 * step))
        both = np.outer([own, 1 - own], [other, 1 - other])
        return float(np.sum(both * [[3, 0], [5, 1]]))

    return max(map(paid, range(-3, 4))) - paid(3)


def test_what_cannot_be_proved_is_searched_and_said_to_be_no_proof(study, call):
    found = json.loads(call("check", str(study), "--json")[1])
    assert found["certificates"] == []
    (point,) = found["searched"]
    assert (point["name"], point["corner"], point["gains"]) == ("corner", True, True)
    assert "floor" in point["why"]
    # Between two steps the other reads a higher number than the lower one, which pays more.
    assert max(x["gain"] for x in point["deviations"]) >= gain_over_steps() - 1e-9
    said = call("check", str(study))[1]
    row = next(line for line in said.splitlines() if line.startswith("search for deviations"))
    assert "numerical, not proved: no ε-equilibrium" in row
    assert "pure equilibrium (defect, defect) pays 1, 1" in said


def test_a_deviation_that_a_search_found_is_a_proof_once_its_gain_is_bounded():
    """Of eight parameters no corner is tried: one look at the whole box tells nothing."""
    game = gh.LogisticFamily(gh.load_game("travellers_dilemma"), bound=3.0)(0.0)
    table = np.asarray(gh.load_game("travellers_dilemma").tensor)[0]
    best = int(table.mean(axis=1).argmax())
    assert best < 8  # no last action, whose logit is 0
    own = np.where(np.arange(8) == best, 3.0, -3.0)
    neutral = game.neutral()
    assert gh.certify(game, neutral, 1e-6, budget=1).verdict == "unknown"
    proof = gh.certify(game, neutral, 1e-6, budget=1, deviations=(own, neutral[1]))
    shares = np.exp(np.append(own, 0.0)) / np.exp(np.append(own, 0.0)).sum()
    gain = float(shares @ table.mean(axis=1) - table.mean())
    assert proof.verdict == "refuted"
    assert proof.gains[0].witness_gain == pytest.approx(gain, abs=1e-9)
    assert proof.gains[0].witness_gain <= gain + 1e-12
    pair = gh.LogisticFamily(catalogue.stag_hunt(), bound=3.0)(0.5)
    with pytest.raises(InputError, match="leave them out"):
        gh.certify(pair, (3.0, 3.0), 0.0, couplings=(0.5, 1.0), deviations=(0.0, 0.0))


def test_the_corner_towards_cooperation_of_several_actions():
    """Of rock, paper, scissors paper beats an almost pure rock, which is then no equilibrium."""
    game = gh.LogisticFamily(catalogue.rock_paper_scissors(), bound=3.0)(0.0)
    corner = cooperative_corner(game)
    assert corner is not None
    assert [own.tolist() for own in corner] == [[3.0, -3.0]] * 2
    found = judge(game, corner, 1e-6, 500)
    assert found.certificate is not None
    assert found.certificate.verdict == "refuted"
    assert cooperative_corner(gh.LogisticFamily(catalogue.stag_hunt(), bound=np.inf)(0.5)) is None


def one(found: Any) -> Any:
    """The only one of some."""
    (only,) = found
    return only


def test_mixed_equilibria_stand_beside_the_pure_ones():
    rps = one(base_game(catalogue.rock_paper_scissors()).mixed)
    assert rps.weights == ((1 / 3,) * 3,) * 2
    assert rps.payoffs == (0.0, 0.0)
    # Chicken, R = 3, S = 1, T = 5, P = 0: who swerves with p gains 3p + (1 - p) = 5p at p = 1/3.
    table = np.array([[3.0, 1.0], [5.0, 0.0]])
    chicken = gh.NormalFormGame(np.stack([table, table.T]))
    facts = base_game(chicken)
    mixed = one(facts.mixed)
    third = float(Fraction(1, 3))
    assert [own[0] for own in mixed.weights] == [third, third]
    assert mixed.payoffs == (float(Fraction(5, 3)),) * 2
    assert facts.pure_equilibria == ((0, 1), (1, 0))
    three = base_game(gh.load_game("public_goods:n=3"))
    assert (three.mixed, three.mixed_detail) == (
        None,
        "mixed equilibria of 3 players are not sought",
    )
    large = base_game(gh.load_game("travellers_dilemma"))
    assert large.mixed is None
    assert "9 × 9 actions are not sought" in large.mixed_detail


def test_games_says_mixed_equilibria(call):
    said = " ".join(call("games", "rock_paper_scissors")[1].split())
    assert "Pure equilibria none Mixed equilibria (0.3333 rock, 0.3333 paper" in said


def test_a_first_movement_without_a_derivative_is_no_rest(tmp_path, call):
    """A norm of what is read has none at coupling 0, and nobody may take that for rest."""
    (tmp_path / "norms.py").write_text(
        "import jax.numpy as jnp\n"
        "from glasshouse.semantics import Box\n\n\n"
        "def play(params, seen, coupling=0.0):\n"
        "    def first(own, other):\n"
        "        x = own + jnp.sqrt(jnp.sum((coupling * other) ** 2))\n"
        "        return jnp.stack([1 / (1 + jnp.exp(-x)), 1 / (1 + jnp.exp(x))])\n"
        "    return first(params[0], seen[0][1]), first(params[1], seen[1][0])\n\n\n"
        "play.spaces = (Box(-3.0, 3.0), Box(-3.0, 3.0))\n"
    )
    study = tmp_path / "study.toml"
    study.write_text(
        'game.name = "prisoners_dilemma"\nsweep = {}\nlearning.starts = 4\nlearning.steps = 5\n'
        'semantics = { kind = "custom", function = "norms.py:play" }\n'
        "analysis.portrait = false\nanalysis.certify = false\nanalysis.boundary_test = false\n"
    )
    code, out, error = call("run", str(study), "--out", str(tmp_path / "out"))
    assert code == 0, error
    assert "moves at a rate that is not finite" in out
    assert "at 1 of 1 points the first movement has no finite rate" in out
