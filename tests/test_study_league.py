"""Leagues in study files: as `leagues.play` has them, told in every place, resumed, refused."""

import functools
import json
from pathlib import Path

import numpy as np
import pytest

import glasshouse as gh
from glasshouse import InputError, leagues
from glasshouse.dynamics import Learning, Starts
from glasshouse.leagues import Strategy
from glasshouse.leagues.entrants import checked_entrants
from glasshouse.leagues.league import LeagueSetup, league_of
from glasshouse.rules import Gradient, Lola
from glasshouse.study import compute, prepare, read_league, run_study
from glasshouse.study import folder as folder_module
from glasshouse.study.drawing import draw_figure
from glasshouse.study.league import LeaguePoint
from glasshouse.study.spec.toml import parse_study
from glasshouse.study.words.league import leaving_words, rated_words

STUDY = """
[game]
name = "prisoners_dilemma"

[semantics]
coupling = 0.0
bound = 3.0

[learning]
step_size = 0.4
steps = 15
seed = 3
batch = 24          # two of three rows of four starts each in a block, and then the third

[league]
seeds = 4
entrants = [
    { name = "simple", rule = "gradient" },
    { name = "shaper", rule = "lola", look_ahead = 0.7 },
    { strategy = "alld" },
]
"""


@functools.cache
def played():
    """The same league, from Python."""
    game = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), 3.0)(0.0)
    learning = Learning(step_size=0.4, steps=15, starts=Starts(seed=3))
    who = {"simple": Gradient(), "shaper": Lola(0.7), "alld": Strategy("alld")}
    return leagues.play(who, game, learning=learning, seeds=4)


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("league") / "mine.toml"
    path.write_text(STUDY)
    return path


@pytest.fixture(scope="module")
def out(study) -> Path:
    run_study(study, study.parent / "out")
    return study.parent / "out"


def test_the_command_says_json_with_all_its_keys(call, study, out):
    code, printed, _ = call("league", str(study), "--out", str(out), "--json")
    told, expected = json.loads(printed), played()
    assert code == 0
    keys = {"entrants", "payoffs", "interval", "shaping", "alpha_rank", "unit", "failed"}
    assert keys | {"title", "headline", "detail", "axes", "seeds", "choices"} <= set(told)
    assert told["entrants"] == ["simple", "shaper", "alld"]
    for key in ("payoffs", "interval", "failed"):
        np.testing.assert_allclose(told[key], getattr(expected, key), rtol=0, atol=1e-12)
    np.testing.assert_allclose(told["shaping"]["mean"], expected.shaping.mean, atol=1e-12)
    rated = leagues.rate(np.moveaxis(expected.runs, -2, -1), entrants=expected.entrants, seed=3)
    assert told["alpha_rank"]["rating"] == pytest.approx([x.rating for x in rated.entrants])
    assert told["alpha_rank"]["rank"] == [x.rank for x in rated.entrants]
    assert (told["unit"], told["axes"]) == (None, {})
    pure = [tuple(one["profile"]) for one in told["choices"]["pure"]]
    assert pure == [one.profile for one in expected.choices().pure]


def test_the_command_answers_in_its_first_line(call, study, out):
    code, printed, _ = call("league", str(study), "--out", str(out))
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    first = " ".join(printed.split("\n\n")[0].split())
    assert code == 0
    assert first.upper().startswith(summary["headline"].upper())
    assert "by α-Rank" in first
    assert "in the estimated table" in first
    assert f"{summary['league']['payoffs'][1][0][0]:.4g}" in printed
    assert summary["title"] == "Prisoner's dilemma, league of 3, at coupling κ = 0"
    kinds = {claim.split()[0].rstrip(",") for claim in summary["claims"]}
    assert kinds == {"League"}


def test_the_report_has_a_section_and_figure_of_it(out):
    page = (out / "report.html").read_text("utf-8")
    for words in ('id="league"', "Choosing a learner", "Others gain by meeting it", "shaper",
                  "means over 4 starts", "read_league", 'id="figure-league"',
                  "estimated table, not of the true one"):  # fmt: skip
        assert words in page, words
    assert "What transparency changed" not in page
    tables = {path.name for path in (out / "tables").iterdir()}
    assert {"league.csv", "league_entrants.csv", "league_choices.csv", "league.tex"} <= tables
    assert "league_matrix.tex" in tables
    assert not (out / "league").exists()


def test_a_folder_gives_every_run_back_and_its_path(out):
    league, expected = read_league(out).points[0].league, played()
    np.testing.assert_allclose(league.runs, expected.runs, rtol=0, atol=1e-12)
    path = league.paths("shaper", "simple", seed=2)
    last = league.origin.setup.game.payoffs(path.params)
    assert list(last) == pytest.approx(league.runs[1, 0, 2], abs=1e-12)
    with pytest.raises(InputError, match=r"holds no league\.parquet"):
        read_league(out / "tables")


class Stop(BaseException):
    """Stands for whatever ends a process between two writes."""


@pytest.mark.parametrize("writes", [7, 10])
def test_interrupted_it_goes_on_to_the_same_bytes(study, out, tmp_path, monkeypatch, writes):
    """Between two blocks, and with the table of all runs there."""
    write, left = folder_module.write_file, [writes]

    def counted(path: Path, content: bytes, *writer: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Stop
        write(path, content, *writer)

    with monkeypatch.context() as patch:
        patch.setattr(folder_module, "write_file", counted)
        with pytest.raises(Stop):
            run_study(study, tmp_path / "out")
    kept = json.loads((tmp_path / "out/provenance.json").read_text("utf-8"))["tables"]
    blocks = [name for name in kept if name.startswith("league")]
    assert len(blocks) == {7: 1, 10: 3}[writes], kept
    run_study(study, tmp_path / "out")
    for path in (p for p in out.rglob("*") if p.is_file() and p.name != "provenance.json"):
        assert (tmp_path / "out" / path.relative_to(out)).read_bytes() == path.read_bytes(), path


def test_a_league_at_each_point_of_a_sweep(out):
    """Who else takes part changes nothing: at the usual numbers pairs are paid as without."""
    text = STUDY.replace('    { strategy = "alld" },\n', "").replace("batch = 24", "batch = 48")
    sweep = "[sweep]\nsemantics.coupling = [0.0, 0.3, 0.6]\ngame.parameters.T = [4.0, 5.0]\n"
    found = compute(prepare(parse_study(text + sweep)))
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    payoffs = np.array(told["league"]["payoffs"])
    assert payoffs.shape == (3, 2, 2, 2, 2)
    usual = read_league(out).points[0].league.payoffs[:2, :2]
    np.testing.assert_allclose(payoffs[0, 1], usual, rtol=0, atol=1e-12)
    assert found.league is not None
    assert found.league.points[2].values == {"semantics.coupling": 0.6, "game.parameters.T": 4.0}
    np.testing.assert_array_equal(payoffs[2, 0], found.league.points[2].league.payoffs)
    assert told["headline"].startswith("rated highest by α-Rank is")
    assert [claim.split()[0].rstrip(",") for claim in told["claims"]] == ["League"] * 2


def test_a_pair_that_fails_is_shown_and_in_no_mean(call, tmp_path):
    text = STUDY.replace("look_ahead = 0.7", "look_ahead = 1e50").replace(
        "bound = 3.0", "bound = inf"
    )
    text = text.replace('{ strategy = "alld" }', '{ name = "half", strategy = 0.5 }')
    (tmp_path / "wild.toml").write_text(text.replace("step_size = 0.4", "step_size = 1e300"))
    code, printed, _ = call("league", str(tmp_path / "wild.toml"), "--out", str(tmp_path / "out"))
    summary = json.loads((tmp_path / "out/summary.json").read_text("utf-8"))
    league = summary["league"]
    lost = np.array(league["failed"]) > 0
    assert code == 0
    assert lost.any()
    assert not lost.all()
    assert [[cell[0] is None for cell in row] for row in league["payoffs"]] == lost.tolist()
    row, column = np.argwhere(lost)[0]
    assert f"failed {league['failed'][row][column]} of 4" in printed
    page = (tmp_path / "out/report.html").read_text("utf-8")
    assert f"failed {league['failed'][row][column]} of 4" in page
    assert "Hatched" in page
    assert "left the reals" in summary["headline"]
    assert summary["headline"].endswith("all this is without shaper")
    assert league["without"] == ["shaper"]
    shares = league["alpha_rank"]["rating"]
    assert shares[1] is None
    assert shares[0] + shares[2] == pytest.approx(1)
    assert league["alpha_rank"]["mean_payoff"][0] == pytest.approx(
        np.mean([league["payoffs"][0][k][0] for k in (0, 2)]) / 2
        + np.mean([league["payoffs"][k][0][1] for k in (0, 2)]) / 2
    )


def test_a_figure_of_its_own_computes_the_league_alone(study):
    figure = draw_figure(parse_study(STUDY), "league", width="86mm")
    mean = played().payoffs[1, 0, 0]
    assert f"shaper against simple {mean:.3g}" in figure.alt
    assert figure.figure.get_figwidth() * 25.4 == pytest.approx(86)
    with pytest.raises(InputError, match="list who takes part in"):
        draw_figure(parse_study('game.name = "stag_hunt"\nsweep = {}'), "league")


def said(payoffs):
    """What is said of a table of two entrants, each cell of several runs of the row's payoff."""
    from glasshouse.families import Setup
    from glasshouse.leagues import rate

    own = np.array(payoffs, dtype=float)
    paid = np.stack([own, own.transpose(1, 0, 2)], axis=-1)
    game = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), 3.0)(0.0)
    origin = LeagueSetup(checked_entrants({"A": Gradient(), "B": Lola(1.0)}), Setup(game), ())
    league = league_of(origin, paid, 0, "")
    rated = rate(np.moveaxis(league.runs, -2, -1), entrants=league.entrants)
    leaving = tuple(league.leaving(name, name) for name in league.entrants)
    point = LeaguePoint({}, league, rated, league.choices(), leaving, (), ())
    return rated_words(point), leaving_words(point)


def test_who_leaves_whom_is_said_as_the_table_has_it():
    """A prisoner's dilemma of learners, a coordination game, and hawks and doves."""
    rated, left = said([[[3, 3.1], [0, 0.1]], [[5, 5.1], [1, 1.1]]])
    assert rated.startswith("best is B, rated highest by α-Rank")
    assert left == "in the estimated table nobody gains by leaving (B, B)"
    _, left = said([[[2, 2.1], [0, 0.1]], [[0, 0.1], [1, 1.1]]])
    assert left == "in the estimated table nobody gains by leaving (A, A), nor (B, B)"
    _, left = said([[[0, 0.1], [3, 3.1]], [[1, 1.1], [2, 2.1]]])
    assert left.endswith("and nobody gains by leaving (A, B)")
    assert "leaving (" in left
    assert "gains 1 per round" in left
    _, left = said([[[2, 2.4], [1, 1]], [[1.9, 2.4], [0, 0]]])
    assert "though B instead is not told apart from it" in left


HEAD, ENTRANTS = STUDY.split("entrants = ")
ONE, OTHER = '{ rule = "lola" }', '{ rule = "gradient" }'


@pytest.mark.parametrize(
    ("entrants", "changes", "said"),
    [
        (f"[{ONE}]", {}, "key 'league.entrants': lists 1, and a league has two or more"),
        (
            f"[{ONE}, {ONE}]",
            {},
            r"2nd \[\[league.entrants\]\]: .*'LOLA .* is what league.entrants.0",
        ),
        (f'[{ONE}, {{ rule = "loli" }}]', {}, r"league.entrants.1.rule'.*did you mean 'lola'"),
        (f'[{ONE}, {{ rule = "tft" }}]', {}, "in a league strategy = 'tft'"),
        (f'[{ONE}, {{ strategy = "tfd" }}]', {}, "no strategy: did you mean 'tft'"),
        (f'[{ONE}, {{ strategy = "lola" }}]', {}, "is a rule of learning: write rule = 'lola'"),
        (f'[{ONE}, {{ strategy = "tft" }}]', {}, "'tft' is of repeated games"),
        (f'[{ONE}, {{ name = "A" }}]', {}, r"\(A\): .*give rule, .*or strategy.*has neither"),
        (f"[{ONE}, {{ rule = 'gradient', look_ahead = 1.0 }}]", {}, "look_ahead does not belong"),
        (f"[{ONE}, {{ rule = 'lola', look = 1.0 }}]", {}, "did you mean 'look_ahead'"),
        (f"[{ONE}, {{ strategy = 'tft', p = 1.0 }}]", {}, "p is no setting of this strategy"),
        (f"[{ONE}, {{ strategy = 'alld' }}]", {"coupling = 0.0": "coupling = 0.3"}, "reads others"),
        (f"[{ONE}, {OTHER}]", {"seeds = 4": "seeds = 1"}, "'league.seeds': must be at least 2"),
        (f"[{ONE}, {OTHER}]", {"seeds = 4": "seed = 4"}, "'league.seed': did you mean 'seeds'"),
        (f"[{ONE}, {OTHER}]", {"steps = 15": "starts = 9"}, "'league.seeds' is 4.*say seeds = 9"),
        (f"[{ONE}, {OTHER}]", {"steps = 15": "start = 'neutral'"}, "draw them, as by start"),
        (f"[{ONE}, {OTHER}]", {"steps = 15": "tied = true"}, "'learning.tied': a league"),
        (f"[{ONE}, {OTHER}]", {"steps = 15": "rule = 'sos'"}, "'learning.rule' is 'sos'.*add"),
        (f"[{ONE}, {OTHER}]\n[[compare]]", {}, "write one study for each"),
        (
            f"[{ONE}, {OTHER}]",
            {'name = "prisoners_dilemma"': 'name = "public_goods"\nparameters = { n = 3 }'},
            "key 'league': a league is of pairs, and this game has 3 players",
        ),
    ],
)
def test_what_cannot_be_played_is_said_in_one_line(entrants, changes, said):
    text = f"{HEAD}entrants = {entrants}\n"
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    with pytest.raises(InputError, match=said) as error:
        prepare(parse_study(text))
    assert "\n" not in str(error.value)


def test_a_study_without_a_league_is_told_what_to_add(call, tmp_path):
    (tmp_path / "plain.toml").write_text('game.name = "stag_hunt"\n')
    code, _, error = call("league", str(tmp_path / "plain.toml"), "--out", str(tmp_path / "out"))
    assert code == 2
    assert "plain.toml: this study has no table [league]: add one, as [league]" in error
    assert error.count("\n") == 1


def test_a_written_league_is_read_again():
    study = parse_study(STUDY)
    again = parse_study(study.to_toml())
    assert again.resolved() == study.resolved()
    assert (again.learning.starts, again.axes) == (4, ())
    assert "league" not in parse_study('game.name = "stag_hunt"').to_toml()
