"""Studies of repeated games: what they say, and in which unit."""

import json
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import glasshouse as gh
from glasshouse.cli.main import app
from glasshouse.cli.subject import of_study
from glasshouse.study import compute, prepare
from glasshouse.study.report.figures import study_figures
from glasshouse.study.report.page import report_html
from glasshouse.study.spec.toml import parse_study
from glasshouse.study.words.headlines import brief
from glasshouse.study.words.sentences import claims

AGAIN = """
[game]
name = "prisoners_dilemma"
repeated = { discount = 0.96, unit = "sum", noise = 0.01 }

[learning]
rule = "lola"
look_ahead = 0.02
step_size = 0.02
steps = 30
starts = 8

[sweep]
"semantics.coupling" = [0.0, 0.6]
"game.repeated.discount" = [0.5, 0.96]

[analysis]
thresholds = true
observe = "rate CD"
"""


@pytest.fixture(scope="module")
def again():
    return compute(prepare(parse_study(AGAIN)))


def test_payoffs_with_transparency_and_without_are_in_one_unit(again):
    """Mutual defection for ever pays 1/(1-γ), and nobody learns to be paid more than 5/(1-γ)."""
    assert again.base_game.pure_equilibrium_payoffs[0] == pytest.approx((25, 25), abs=1e-9)
    assert 0 < min(again.base.generic.payoffs) < max(again.base.generic.payoffs) < 125
    page = report_html(again, (), {})
    for words in (
        "<h1>Repeated Prisoner",
        "discount γ = 0.96",
        "all payoffs are discounted sums",
        "noise 0.01",
        "one such logit for each information state",
    ):
        assert words in page


def test_it_is_written_and_said_how_it_is_repeated(again):
    assert all(s.predicted == pytest.approx(3 / 7, abs=1e-12) for s in again.slices) or all(
        s.predicted is None
        for s in again.slices  # of selfish learners only
    )
    told = json.loads(json.dumps(again.to_dict()))
    assert told["game"]["repeated"] == {
        "discount": 0.96,
        "unit": "sum",
        "noise": 0.01,
        "misperception": 0.0,
    }
    once = [note for note in again.notes if "games that are played once" in note]
    assert once == [
        "no boundary test, no certificates and no phase portrait: they are about games that are "
        "played once"
    ]
    seen = told["base"]["generic"]["observed"]
    assert (seen["name"], len(seen["players"])) == ("rate CD", 2)
    assert "discounted rate of CD" in report_html(again, (), {})
    assert told["learning"]["unit"] == "sum"
    rates = again.column("observed_mean")
    assert np.all((rates > 0) & (rates < 1))


def test_selfish_learners_first_move_at_the_stage_games_threshold():
    for discount in (0.0, 0.9):
        game: Any = gh.games.RepeatedGame(gh.load_game("prisoners_dilemma"), discount)
        for reading in ("situation", "state"):
            family = gh.LogisticFamily(game, 3.0, reading=reading)
            assert family.closed_form().neutral.value == pytest.approx(3 / 7, abs=1e-15)
    assert gh.first_movement(family).value == pytest.approx(3 / 7, abs=1e-6)
    found = gh.known("thresholds", family(0.5))
    assert isinstance(found, gh.Known)
    assert found.value.neutral.value == pytest.approx(3 / 7)
    noisy = gh.games.RepeatedGame(gh.load_game("prisoners_dilemma"), 0.9, noise=0.6)
    unknown = gh.known("thresholds", noisy)
    assert isinstance(unknown, gh.Unknown)
    assert "less likely than one half" in unknown.reason


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{ discount = 1.0 }", "key 'game.repeated': discount must lie below 1"),
        ("{ discount = 0.9, gamma = 1 }", "unknown key 'game.repeated.gamma'.*discount"),
        ('{ discount = 0.9, unit = "sums" }', "game.repeated.unit"),
        ("{ discount = 0.9, misperception = 2 }", "misperception must lie between 0 and 1"),
        ("{}", "game.repeated.discount"),
        ("{ gamma = 0.9 }", "'game.repeated.gamma': did you mean 'discount'"),
        ("0.9", r"must be a table, but is 0.9: write it as repeated = \{ discount = 0.9"),
        ("{ discount = 0.5 }\ndiscount = 0.9", r"'game.discount': it belongs into repeated = \{"),
    ],
)
def test_what_cannot_be_repeated_is_said_with_its_key(line, said):
    text = f'[game]\nname = "donation"\nrepeated = {line}\n'
    with pytest.raises(gh.InputError, match=said):
        prepare(parse_study(text))
    with pytest.raises(gh.InputError, match="give the semantics the game"):
        prepare(
            parse_study(
                '[game]\nname = "donation"\nrepeated = { discount = 0.9 }\n'
                '[semantics]\nkind = "linear"\ndirection = [1.0, 0.5]\n'
            )
        )


def test_a_title_of_ones_own_stands_as_it_is():
    text = '[game]\nname = "donation"\ntitle = "Iterated gifts"\nrepeated = { discount = 0.9 }\n'
    assert prepare(parse_study(text)).base.title == "Iterated gifts"


def test_numbers_that_depend_on_the_unit_say_it():
    game: Any = gh.games.RepeatedGame(gh.load_game("prisoners_dilemma"), 0.9, "sum")
    family = gh.LogisticFamily(game, 3.0)
    end = gh.run(family(0.5), steps=1, step_size=0.1)
    assert end.to_dict()["unit"] == "sum"
    assert gh.run(gh.Tied(family(0.5)), steps=1, step_size=0.1).unit == "sum"
    once = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), 3.0)
    assert "unit" not in gh.run(once(0.5), steps=1, step_size=0.1).to_dict()


@pytest.mark.slow  # by day the runs do, and the study does
def test_searches_that_depend_on_the_unit_say_it():
    game: Any = gh.games.RepeatedGame(gh.load_game("prisoners_dilemma"), 0.9, "sum")
    family = gh.LogisticFamily(game, 3.0)
    once = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), 3.0)
    found = gh.measured_first_movement(family, window=1e-4, points=3)
    assert found.to_dict()["settings"]["unit"] == "sum"
    assert found.evidence.settings["unit"] == "sum"
    alone = gh.measured_first_movement(once, window=1e-4, points=3)
    assert "unit" not in alone.to_dict()["settings"]


def test_a_study_is_asked_about_in_its_unit(tmp_path):
    (tmp_path / "again.toml").write_text(AGAIN)
    subject = of_study(str(tmp_path / "again.toml"), {}, False)
    assert subject.head["learning"]["unit"] == "sum"
    assert subject.head["learning"]["look_ahead"] == 0.02
    assert subject.title.endswith("; step sizes and look-aheads count discounted sums")


@pytest.mark.slow
def test_check_answers_about_it(tmp_path):
    (tmp_path / "again.toml").write_text(AGAIN)
    said = CliRunner().invoke(app, ["check", str(tmp_path / "again.toml"), "--json"])
    found = json.loads(said.stdout)
    assert found["learning"]["unit"] == found["long_run_switch"]["settings"]["unit"] == "sum"
    assert found["generic"]["observed"]["name"] == "rate CD"
    assert found["boundary"] is None
    assert found["certificates"] == []
    assert any("games that are played once" in note for note in found["notes"])


def test_errors_that_are_likelier_than_none_are_said():
    text = '[game]\nname = "donation"\nrepeated = { discount = 0.9, noise = 0.7 }\n'
    study = parse_study(text)
    assert study.game.repeated is not None
    assert "noise 0.7 (wrong more often than right)" in study.game.repeated.said
    usual = parse_study(text.replace("0.7", "0.3")).game.repeated
    assert usual is not None
    assert "wrong" not in usual.said


ALONE = """
[game]
name = "prisoners_dilemma"
repeated = { discount = 0.9 }

[learning]
rule = "lola"
look_ahead = 0.5
steps = 40
step_size = 2.0
starts = 12

[sweep]
"""


@pytest.fixture(scope="module")
def alone():
    return compute(prepare(parse_study(ALONE)))


def test_what_a_repeated_game_is_not_asked_is_said_once(alone):
    about = "Equilibrium: not asked, for certificates and the boundary test are about games that"
    assert claims(alone)[-1].startswith(about)
    assert sum("played once" in note for note in alone.notes) == 1
    assert brief(alone).startswith("Repeated Prisoner's dilemma, LOLA, at coupling κ = ")
    assert "of the runs" in brief(alone)


@pytest.mark.slow
def test_along_an_axis_a_repeated_game_is_not_asked_either():
    along = ALONE.replace('rule = "lola"\nlook_ahead = 0.5\n', "")
    along += '"semantics.coupling" = [0.0, 1.0]\n'
    found = compute(prepare(parse_study(along)))
    assert "equilibrium" not in brief(found)
    assert any(claim.startswith("Equilibrium: not asked, for") for claim in claims(found))
    (figure,) = study_figures(found)
    assert figure.figure.axes[0].get_ylabel() == "discounted rate of cooperation"


def test_rates_turns_and_look_aheads_are_explained(alone, again):
    (outcome,) = (claim for claim in claims(alone) if claim.startswith("Outcome"))
    assert "(discounted rate above ½)" in outcome
    assert "probability" not in outcome
    assert any("0.05 for 0.5" in note and 'unit = "sum"' in note for note in alone.notes)
    assert again.prepared.study.game.repeated.unit == "sum"
    assert not any("look-ahead" in note for note in again.notes)
    turns = [note for note in alone.notes if "players who take turns" in note]
    assert len(turns) == (alone.base.generic.exploitation.count > 0)


def test_players_who_take_turns_are_explained():
    text = ALONE.replace('rule = "lola"\nlook_ahead = 0.5', 'rule = "fixed"')
    found = compute(prepare(parse_study(text)))
    assert found.base.generic is not None
    assert found.base.generic.exploitation.count > 0
    assert sum('observe = "rate CD"' in note for note in found.notes) == 1


def test_the_report_credits_not_all_to_transparency(alone, again):
    page = report_html(alone, (), {})
    assert "What transparency changed" not in page
    for words in ("Stage game, pure equilibrium repeated for ever", "at a discounted rate"):
        assert words in page
    assert "discounted sums, which grow with the discount" not in page
    assert "discounted sums, which grow with the discount" in report_html(again, (), {})


def test_what_is_repeated_is_not_certified(tmp_path):
    file, out = tmp_path / "alone.toml", tmp_path / "out"
    file.write_text(ALONE)
    said = CliRunner().invoke(app, ["certify", str(file), "--out", str(out)])
    assert isinstance(said.exception, gh.InputError)  # which the command answers by code 2
    assert str(said.exception).endswith("certificates are about games that are played once")
    assert said.stdout == ""
    assert not out.exists()
