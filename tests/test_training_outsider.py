"""Somebody else's game in steps, policy, way of reading and rule, in one file, are trained."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests import outsiders

from glasshouse.errors import InputError
from glasshouse.games.stochastic.registry import STOCHASTIC
from glasshouse.registration import REGISTRIES, register
from glasshouse.semantics.policies.registry import POLICIES, TRANSPARENCIES
from glasshouse.study.training import check_training

FILE = """
plugins = ["steps.py"]
[game]
kind = "umbrellas"
wet = 0.25
horizon = 4
[policy]
kind = "tilting"
[learning]
rule = "whole"
step_size = 0.2
updates = 60
every = 20
episodes = 64
seeds = 3
[league]
against = ["right"]
"""


@pytest.fixture(autouse=True)
def as_before():
    with outsiders.as_before():
        yield


@pytest.fixture
def file(tmp_path):
    (tmp_path / "steps.py").write_text(outsiders.STEPS, "utf-8")
    (tmp_path / "study.toml").write_text(FILE, "utf-8")
    return tmp_path / "study.toml"


def test_one_file_is_trained_to_report_and_json(file, call):
    """By hand: who is always right is paid 1, less 1/4 for each who carries one, when it rains."""
    out = file.parent / "out"
    code, printed, _ = call("train", str(file), "--out", str(out), "--json")
    assert code == 0
    found = json.loads(printed)
    best = 1 - 0.25 * 2 * 0.25
    ends = [end["mean"] for end in found["ends"]["reward"]]
    assert ends == pytest.approx([best, best], abs=0.06)
    assert np.mean([end["mean"] for end in found["ends"]["right"]]) > 0.95
    report = (out / "report.html").read_text("utf-8")
    assert "a tilting policy: s(k o" in report
    assert "whole returns" in report
    assert "Umbrellas" in report
    assert "umbrella" in report
    assert (out / "steps.py").read_text("utf-8") == outsiders.STEPS
    inputs = json.loads((out / "provenance.json").read_text("utf-8"))["inputs"]
    assert list(inputs) == ["steps.py"]


def test_what_a_game_pays_is_in_the_precision_of_play(file):
    """Numbers of a game have 64 bits inside compiled code, and counts are whole."""
    paying = outsiders.STEPS.replace("0.25 * carried", "self.wet * carried")
    counting = paying.replace('{"right": right}', '{"right": right.astype(int)}')
    file.with_name("steps.py").write_text(counting, "utf-8")
    with jax.enable_x64(True):
        game = jax.tree.map(np.float64, check_training(file).game.game)
        uniforms, actions = jnp.zeros(1, jnp.float32), jnp.array([0, 1])
        _, paid, events = game.advance(game.begin(uniforms), actions, uniforms)
    assert paid.tolist() == [0.75, -0.25]
    assert paid.dtype == events["right"].dtype == jnp.float32


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"umbrellas"', '"umbrela"', "did you mean 'umbrellas'"),
        ("wet = 0.25", "wet = 1.25", "game.wet"),
        ("wet = 0.25", "wett = 0.25", "did you mean 'wet'"),
        ('"tilting"', '"tiltin"', "did you mean 'tilting'"),
        ('"whole"', '"hole"', "did you mean 'whole'"),
        ('plugins = ["steps.py"]', "", "key 'learning.rule' must be"),
    ],
)
def test_what_is_wrong_with_it_is_one_line(file, before, after, said):
    assert before in FILE
    file.write_text(FILE.replace(before, after, 1), "utf-8")
    with pytest.raises(InputError) as refused:
        check_training(file)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_installed_package_needs_no_plugin(file, monkeypatch):
    site = file.parent / "site"
    info = site / "rain-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "rainy.py").write_text(outsiders.STEPS.replace("@register\n", ""), "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rain\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[glasshouse.stochastic_games]\numbrellas = rainy:Umbrellas\n"
        "[glasshouse.policies]\ntilting = rainy:Tilting\n"
        "[glasshouse.transparencies]\nneighbourly = rainy:Neighbourly\n"
        "[glasshouse.rules]\nwhole = rainy:WholeReturns\n"
    )
    monkeypatch.syspath_prepend(str(site))
    for registry in REGISTRIES:
        registry._is_searched = False
    read = FILE.replace('plugins = ["steps.py"]', "").split("[league]")[0]
    file.write_text(f'{read}\n[transparency]\nkind = "neighbourly"\n', "utf-8")
    prepared = check_training(file)
    assert type(prepared.game.game) is STOCHASTIC["umbrellas"]
    assert type(prepared.game.policies[0]) is POLICIES["tilting"]
    assert type(prepared.game.transparency) is TRANSPARENCIES["neighbourly"]
    assert prepared.recipe.identity["versions"]["rain"] == "1.0"


def test_what_does_not_say_what_it_is_is_refused(file):
    text = outsiders.STEPS.replace('    words: ClassVar[str] = "a game of umbrellas"\n', "")
    (file.parent / "steps.py").write_text(text, "utf-8")
    with pytest.raises(InputError, match="game in steps Umbrellas does not say words: add words"):
        check_training(file)
    with pytest.raises(InputError, match="AbstractStochasticGame, AbstractPolicy"):
        register(3)
