"""Names that people brought: in every sentence, table, figure and JSON, and harmless there."""

import dataclasses
import html
import json
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from glasshouse.cli.main import app
from glasshouse.errors import InputError
from glasshouse.games.labels import Labels, shortened_names
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.interop.nfg import parse_nfg, read_nfg, write_nfg
from glasshouse.parametric.observable import observable
from glasshouse.study import compute
from glasshouse.study.report.figures import study_figures
from glasshouse.study.report.page import report_html
from glasshouse.study.setting import check_study
from glasshouse.study.spec.toml import parse_study

TENSOR = np.array([[[5.0, 1.0], [6.0, 3.0]], [[5.0, 6.5], [1.0, 3.0]]])
OLD = ("Annika", "Bertil", "harvest", "plunder", "Common land")
NEW = ("Incumbent", "Entrant", "accommodate", "undercut", "Market entry")
NASTY = ("A$_x$ & <b>^Ünï\\", "\u202eשלום, " + "long name " * 6)
STUDY = """
[game]
file = "game.nfg"
[semantics]
coupling = 0.5
[learning]
steps = 80
starts = 8
[sweep]
"semantics.coupling" = [0.0, 0.5]
[analysis]
thresholds = false
"""


def game_of(first: str, second: str, one: str, other: str, title: str) -> NormalFormGame:
    labels = Labels((first, second), ((one, other), (one, other)), title=title)
    return NormalFormGame(TENSOR, labels, player_axis=0)


def studied(folder: Path, names: tuple[str, ...], study: str = STUDY):
    write_nfg(game_of(*names), folder / "game.nfg")
    (folder / "study.toml").write_text(study)
    return compute(check_study(folder / "study.toml"))


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The same study twice, with other names of players, actions and game."""
    folders = tmp_path_factory.mktemp("old"), tmp_path_factory.mktemp("new")
    return folders, [studied(f, names) for f, names in zip(folders, (OLD, NEW), strict=True)]


def renamed(text: str) -> str:
    for old, new in zip(OLD, NEW, strict=True):
        text = text.replace(old, new)
    return text


def words_of(page: str) -> str:
    """What a page says outside of its pictures, hashes and files."""
    seen = re.sub(r"<svg.*?</svg>|<pre>.*?</pre>|[0-9a-f]{64}", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", seen)).split())


def texts_of(figure) -> list[str]:
    from matplotlib.text import Text

    found = [" ".join(text.get_text().split()) for text in figure.figure.findobj(Text)]
    return [figure.title, figure.alt, figure.caption, *filter(None, found)]


def test_renamed_players_and_actions_change_no_number(both):
    _, (old, new) = both
    assert old.table.equals(new.table)
    assert json.loads(renamed(json.dumps(old.to_dict()))) == new.to_dict()
    assert new.to_dict()["game"]["player_names"] == ["Incumbent", "Entrant"]
    assert new.to_dict()["game"]["cooperate"] == ["accommodate", "accommodate"]


def test_the_report_calls_everybody_by_name(both):
    _, (old, new) = both
    before, after = (words_of(report_html(result, (), {})) for result in (old, new))
    assert renamed(before) == after
    assert "player 1" not in after.lower()
    assert "player 2" not in after.lower()
    for said in (
        "Payoffs of Incumbent (rows) and Entrant (columns)",
        "cooperation is accommodate",
        "Entrant exploited: share of runs",
        "toward cooperation (accommodate)",
        "both cooperate (probability of accommodate above ½)",
        "Market entry",
    ):
        assert said in after
    assert "action 1" not in after


def test_figures_call_everybody_by_name(both):
    _, (old, new) = both
    before, after = (study_figures(result) for result in (old, new))
    assert [f.name for f in after] == ["coupling", "portrait", "deviation"]
    texts = [text for figure in after for text in texts_of(figure)]
    assert [renamed(text) for figure in before for text in texts_of(figure)] == texts
    for said in (
        "probability of accommodate",
        "parameter of Incumbent, $\\theta_1$",
        "parameter of Entrant, $\\theta_2$",
    ):
        assert said in texts
    assert any("Entrant exploited: " in text for text in texts)
    assert not any(re.search("[Pp]layer [12]|action 1", text) for text in texts)


def test_commands_call_everybody_by_name(both):
    folders, _ = both
    said = []
    for folder in folders:
        checked = CliRunner().invoke(app, ["check", str(folder / "study.toml")])
        shown = CliRunner().invoke(app, ["games", str(folder / "game.nfg")])
        assert (checked.exit_code, shown.exit_code) == (0, 0)
        said.append(" ".join((checked.stdout + shown.stdout).replace(str(folder), "").split()))
    assert renamed(said[0]) == said[1]
    assert "player 1" not in said[1]
    assert "cooperation is accommodate" in said[1]
    assert "exploited: Incumbent" in said[1]
    assert "Payoffs of Incumbent (rows), Entrant (columns)" in said[1]


def test_nasty_names_are_text_and_nothing_else(both):
    _, (_, new) = both
    base = new.prepared.base
    game = game_of(*NASTY, "a_$1$", "<i>b</i>", "T<script>")
    setting = dataclasses.replace(base, game=game, played=game)
    result = dataclasses.replace(new, prepared=dataclasses.replace(new.prepared, base=setting))
    first, second = game.player_names
    assert first == NASTY[0]
    assert second == NASTY[1][1:].strip()  # without the mark that turns the line around
    page = report_html(result, (), {})
    for tag in ("<b>", "<i>b", "<script>alert", "T<script>"):
        assert tag not in page
    assert f"{first} exploited: share of runs" in words_of(page)
    short = shortened_names(game.player_names)
    assert len(short[1]) <= 24
    assert f"Payoffs of {short[0]} (rows) and {short[1]} (columns)" in words_of(page)
    portrait, deviation = study_figures(result)[1:]  # drawn, so that no formula fails to parse
    label = portrait.figure.axes[0].get_xlabel()
    assert label == "parameter of A\\$_x\\$ & <b>^Ünï\\, $\\theta_1$"
    assert "A$_x$ &amp; &lt;b&gt;" in portrait.svg()
    assert "<b>" not in deviation.svg()


def test_players_without_names_are_numbered():
    assert NormalFormGame(TENSOR, player_axis=0).player_names == ("player 1", "player 2")
    mixed = Labels(("player 2", "2"), (("1", "2"), ("1", "2")))
    game = NormalFormGame(TENSOR, mixed, player_axis=0)
    assert len(set(game.player_names)) == 2
    assert shortened_names(["x" * 40 + "1", "x" * 40 + "2"])[0].startswith("xxx")
    assert len(set(shortened_names(["x" * 40 + "1", "x" * 40 + "2"]))) == 2


def test_each_player_may_cooperate_in_its_own_way():
    labels = Labels(("Ada", "Ben"), (("keep", "share"), ("trust", "leave, now")))
    game = NormalFormGame(TENSOR, labels, player_axis=0)
    for moved in (
        game.cooperating("share", "leave, now"),
        game.cooperating(["share", 1]),
        game.cooperating(1),
    ):
        assert moved.cooperative_actions == ("share", "leave, now")
        assert np.array_equal(moved.tensor, TENSOR[:, ::-1, ::-1])
    with pytest.raises(InputError, match="Ben has no action 'share': choose one of trust, leave"):
        game.cooperating("share")
    with pytest.raises(InputError, match="for 2 players: name one for all, or one for each of Ada"):
        game.cooperating("share", "trust", "keep")
    said = "'share' is an action of Ada, so name one for each player, as share,trust"
    with pytest.raises(InputError, match=said):
        game.cooperating("share")


def test_names_with_control_characters_can_be_said_as_they_are_shown(call, tmp_path):
    """In a study's TOML, too; of names that are shown alike, none is guessed."""
    labels = Labels(("A\nda", "Ben"), (("keep", "sh\x7fare\nit"),) * 2, title="odd\x7f\ngame")
    write_nfg(NormalFormGame(TENSOR, labels, player_axis=0), tmp_path / "game.nfg")
    for k, said in enumerate(("sh\x7fare\nit", "sh are it")):
        study = tmp_path / f"{k}.toml"
        found = call("new", str(study), "--from", str(tmp_path / "game.nfg"), "--cooperate", said)
        assert found[::2] == (0, "")
        setting = check_study(study).base
        assert (setting.title, setting.game.player_names) == ("odd game", ("A da", "Ben"))
        assert setting.game.cooperative_actions == ("sh are it", "sh are it")
    code, _, error = call("games", str(tmp_path / "game.nfg"), "--cooperate", "share")
    assert code == 2
    assert "A da has no action 'share': choose one of keep, sh are it or" in error
    assert error.rstrip("\n").isprintable()
    alike = Labels(("Ada", "Ben"), (("a\x7fb", "a\x01b"),) * 2)
    with pytest.raises(InputError, match="no action 'a b'"):
        NormalFormGame(TENSOR, alike, player_axis=0).cooperating("a b")


def test_commands_and_studies_take_an_action_of_each_player(tmp_path):
    labels = Labels(("Ada", "Ben"), (("keep", "share"), ("leave", "trust, fully")))
    write_nfg(NormalFormGame(TENSOR, labels, player_axis=0), tmp_path / "game.nfg")
    for options in (
        ["--cooperate", "share", "--cooperate", "trust, fully"],
        ["--cooperate", "1"],
        ["--cooperate", "share,1"],
    ):
        said = CliRunner().invoke(app, ["games", str(tmp_path / "game.nfg"), *options, "--json"])
        assert json.loads(said.stdout)["cooperate"] == ["share", "trust, fully"]
    text = STUDY.replace("[semantics]", 'cooperate = ["share", "trust, fully"]\n[semantics]')
    game = parse_study(text).game.build(tmp_path)
    assert game.cooperative_actions == ("share", "trust, fully")
    with pytest.raises(InputError, match=r"key 'game\.cooperate': must be an action's label"):
        parse_study(text.replace('"share", ', "true, "))


def test_files_keep_names_and_which_action_comes_first(tmp_path):
    game = game_of(*NEW).cooperating("undercut", "accommodate")
    write_nfg(game, tmp_path / "game.nfg")
    back = read_nfg(tmp_path / "game.nfg")
    assert back.labels == game.labels
    assert np.array_equal(back.tensor, game.tensor)
    assert back.cooperative_actions == ("undercut", "accommodate")
    unnamed = NormalFormGame(TENSOR, player_axis=0)
    write_nfg(unnamed, tmp_path / "plain.nfg")
    assert "{ 2 2 }" in (tmp_path / "plain.nfg").read_text()
    assert parse_nfg((tmp_path / "plain.nfg").read_text()).player_names == ("player 1", "player 2")


WELFARE = STUDY.replace("thresholds = false", 'observe = "welfare"')


def test_where_welfare_is_looked_at_nobody_speaks_of_cooperation(tmp_path):
    result = studied(tmp_path, NEW, WELFARE)
    assert result.base.generic is not None
    rows, seen = result.rows(), result.base.generic.observed
    assert seen is not None
    for row in rows:  # welfare is the sum of payoffs, which the table has had before
        assert row["observed_mean"] == pytest.approx(row["welfare"], abs=1e-12)
        assert row["observed_low"] <= row["observed_mean"] <= row["observed_high"]
    assert seen.words == "welfare"
    claims = result.to_dict()["claims"]
    assert any("toward higher welfare" in claim for claim in claims)
    assert any("mean welfare over runs: lowest" in claim for claim in claims)
    page = words_of(report_html(result, (), {}))
    texts = [text for figure in study_figures(result) for text in texts_of(figure)]
    for text in (*claims, page, *texts):
        assert not re.search(r"both cooperate|toward cooperation|cooperative corner", text)
        assert not re.search(r"cooperation is|exploited|probability of cooperating", text)
    assert study_figures(result)[0].figure.axes[0].get_ylabel() == "welfare"
    assert any("(accommodate, undercut)" in text for text in texts)


@pytest.mark.parametrize(
    ("name", "players", "actions", "words"),
    [
        ("welfare", (0, 1), (), "welfare"),
        ("payoff", (0, 1), (), "payoff"),
        ("payoff of Ben", (1,), (), "payoff of Ben"),
        ("payoff of 2", (1,), (), "payoff of Ben"),
        ("probability of go", (0, 1), (0, 1), "probability of go"),
        ("probability of stay", (0,), (1,), "probability of stay by Ada"),
        ("probability of go by Ben", (1,), (1,), "probability of go by Ben"),
        ("probability of rest by day", (1,), (0,), "probability of rest by day by Ben"),
        ("probability of rest by day by Ben", (1,), (0,), "probability of rest by day by Ben"),
        ("payoff of Bob", "there is no player 'Bob'; choose one of Ada, Ben", (), ""),
        ("probability of fly", "Ada: go, stay; Ben: rest by day, go", (), ""),
    ],
)
def test_observables_are_found_by_names(name, players, actions, words):
    given = ("Ada", "Ben"), (("go", "stay"), ("rest by day", "go"))
    if isinstance(players, str):
        with pytest.raises(InputError, match=players):
            observable(name, *given)
        return
    found = observable(name, *given)
    assert (found.players, found.actions, found.words) == (players, actions, words)
