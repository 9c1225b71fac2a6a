"""Studies and `check` that ask for all equilibria, mixtures and branches: files, words, figures."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import glasshouse as gh
from glasshouse.errors import InputError
from glasshouse.games import catalogue
from glasshouse.plots import plot_feasible_set, plot_portrait
from glasshouse.study import prepare, run_study
from glasshouse.study.report.page import report_html
from glasshouse.study.spec.toml import parse_study
from glasshouse.study.store import compute

STUDY = """
[game]
name = "prisoners_dilemma"

[semantics]
bound = 3.0
coupling = 0.6

[learning]
starts = 40
steps = 1500

[sweep]
"semantics.coupling" = { start = 0.5, stop = 0.95, count = 2 }

[analysis]
tied = false
boundary_test = false
thresholds = false
certify = false
equilibria = true
mixed = true
branches = ["semantics.coupling"]
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("equilibria")
    (folder / "study.toml").write_text(STUDY)
    return run_study(folder / "study.toml", folder / "out"), folder / "out"


def test_the_summary_holds_what_was_found(done):
    _, out = done
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    found, mixture = summary["equilibria"], summary["mixture"]
    assert (found["count"], found["number"], found["left"]) == ("exactly", 2, [])
    params = sorted(point["params"] for point in found["points"])
    np.testing.assert_allclose(params, [[-2.737171, 3.0], [3.0, -2.737171]], atol=1e-6)
    assert {point["stable"] for point in found["points"]} == {True}
    assert found["existence"]["pure"] is None
    assert found["existence"]["mixed"] is True
    shares = found["selection"]["shares"]
    assert sum(x["count"] for x in shares) + found["selection"]["elsewhere"]["count"] == 40
    assert found["feasible"]["minimax"] == [1.0, 1.0]
    assert mixture["certificate"]["verdict"] == "certified"
    assert mixture["atoms"][0][1] == 3.0
    (followed,) = summary["branches"]
    folds = [x["value"] for x in followed["specials"] if x["kind"] == "fold"]
    np.testing.assert_allclose(folds, 0.880074823553, atol=1e-9)  # of both edges
    assert "points" not in followed


def test_each_proof_is_a_file_that_verify_accepts(done, call):
    _, out = done
    files = [out / "certificates" / f"{name}.json" for name in ("equilibria", "mixture")]
    code, text, _ = call("verify", *map(str, files))
    assert code == 0
    assert "exactly 2 equilibria in pure parameters" in text
    assert "one with θ_1 = 3, θ_2 in [-2.737170613, -2.737170612]" in text
    assert "certified: no player gains more than 5e-09" in text
    assert "logistic semantics at coupling 0.6" in text


def test_branches_have_a_table(done):
    result, out = done
    table = pq.read_table(out / "branches_1.parquet").to_pydict()
    assert set(table) >= {"arm", "semantics.coupling", "theta_1", "theta_2", "stability"}
    assert len(table["arm"]) == len(result.branches[0].points)


def test_claims_say_which_and_how(done):
    result, _ = done
    said = "\n".join(result.to_dict()["claims"])
    assert "Equilibrium, all of them, proved: exactly 2 equilibria in parameters" in said
    assert "(3, -2.737) (edge, attracts)" in said
    assert "a theorem says that one in mixtures exists, none that one in parameters does" in said
    assert "Equilibrium, mixed: each draws -2.466 with probability 0.769" in said
    assert "proved; others may exist" in said
    assert "Rest points (numerical)" in said


def test_the_report_shows_them(done):
    result, out = done
    page = (out / "report.html").read_text("utf-8")
    section = page.partition('id="equilibria"')[2].partition("</section>")[0]
    for text in ("edge, not symmetric", "Risk-dominates", "Quasi-concave", "fold"):
        assert text in section
    for name in ("feasible", "branches_1", "portrait"):
        assert (out / f"{name}.svg").is_file()
        assert (out / f"{name}.png").is_file()
    assert "equilibrium (all of them, proved)" in (out / "portrait.svg").read_text("utf-8")
    assert "certificates/mixture.json" in section
    assert report_html(result, [], {}).count('id="equilibria"') == 1


def test_check_asks_for_them_where_the_search_is_complete(call):
    options = ("--bound", "3", "--starts", "20", "--steps", "200")
    code, out, _ = call("check", "prisoners_dilemma", "--coupling", "0.5", *options, "--json")
    found = json.loads(out)["equilibria"]
    assert code == 0
    assert (found["count"], found["number"], found["points"]) == ("exactly", 0, [])
    assert "mixture" in json.loads(out)
    code, out, _ = call("check", "prisoners_dilemma", "--coupling", "0.5", *options)
    assert "all equilibria" in out
    assert "no equilibrium in parameters" in out
    code, out, _ = call(
        "check", "prisoners_dilemma", "--coupling", "0.5", *options, "--no-equilibria"
    )
    assert "all equilibria" not in out


def test_other_games_are_searched_numerically():
    game = gh.LogisticFamily(catalogue.public_goods(n=3, r=2.0), bound=2.0)(0.2)
    found = gh.find_equilibria(game)
    assert (found.count, found.number) == ("at least", 1)
    assert [point.kind for point in found.points] == ["corner"]
    assert found.points[0].certificate.epsilon == 0
    assert "may have been missed" in found.detail
    # Player 1 alone moving, the others contributing nothing: on a grid no move pays.
    t = np.linspace(-2, 2, 4001)
    own, others = (1 / (1 + np.exp(-x)) for x in (t - 0.8, -2.4 + 0.2 * t))
    paid = 2.0 / 3 * (own + 2 * others) - own
    assert np.argmax(paid) == 0


def test_without_proof_the_number_is_unknown():
    game = gh.LogisticFamily(gh.load_game("rock_paper_scissors"), bound=1.0)(0.0)
    found = gh.find_equilibria(game)
    assert (found.count, found.number) == ("unknown", 0)
    (point,) = found.points
    np.testing.assert_allclose(np.concatenate(point.params), 0, atol=1e-9)
    assert (point.kind, point.symmetric, point.stable) == ("interior", True, None)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ('branches = ["semantics.bound"]', "is not swept over two values"),
        ('branches = ["learning.step_size"]', "is not swept over two values"),
        ("branches = true", "analysis.branches"),
        ("equilibria = 3", "analysis.equilibria"),
    ],
)
def test_what_cannot_be_asked_is_one_line(change, error):
    wrong = STUDY.replace('branches = ["semantics.coupling"]', change)
    if change.startswith("equilibria"):
        wrong = STUDY.replace("equilibria = true", change)
    with pytest.raises(InputError, match=error) as raised:
        prepare(parse_study(wrong), Path())
    assert "\n" not in str(raised.value)


def test_repeated_games_say_why_not():
    study = STUDY.replace("mixed = true\n", "").replace('branches = ["semantics.coupling"]', "")
    repeated = study.replace("[semantics]", "repeated = { discount = 0.5 }\n[semantics]")
    asked = repeated.replace("thresholds", "outcomes = false\nthresholds")
    result = compute(prepare(parse_study(asked)))
    assert result.to_dict()["equilibria"] is None
    assert any("equilibria" in note and "played once" in note for note in result.notes)


def test_unbounded_boxes_are_refused():
    with pytest.raises(InputError, match="set the semantics' bound"):
        gh.find_equilibria(gh.LogisticFamily(gh.load_game("stag_hunt"), bound=np.inf)(0.5))


def test_what_a_search_leaves_is_drawn(done):
    result, _ = done
    game = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)(0.6)
    found = gh.find_equilibria(game, budget=8)
    assert found.count != "exactly"
    ax = plot_portrait(result.portrait, equilibria=found)
    shown = ax.get_legend()
    assert shown is not None
    legend = [text.get_text() for text in shown.get_texts()]
    assert "equilibria not known here" in legend


def test_feasible_sets_of_more_players_are_not_drawn():
    from glasshouse.analysis import feasible_set

    with pytest.raises(InputError, match="give that of two"):
        plot_feasible_set(feasible_set(gh.load_game("public_goods")))
