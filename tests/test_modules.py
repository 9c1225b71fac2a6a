"""Players that are networks of the user's own: played as they are, started by what makes them."""

import importlib
import re
import runpy
import sys
from pathlib import Path
from typing import Any, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.reference import PD, STAG_HUNT, flat, normal_form

from glasshouse import ParametricGame, first_movement
from glasshouse.channels import Box, Decoupled, Misreport, OneSided
from glasshouse.dynamics import Learning, Starts, learn
from glasshouse.dynamics.starts import starting_points
from glasshouse.errors import InputError
from glasshouse.families import GainFamily
from glasshouse.parametric import Tied
from glasshouse.semantics import Logistic, Modules, Policies
from glasshouse.study import check_study, run_study

PAGE = Path(__file__).parent.parent / "docs" / "how-to" / "own-networks.md"


def single(key: Any = None, value: Any = 0.0) -> Any:
    """A network of one weight, beside what no gradient reaches."""
    return {"logit": np.asarray(value), "name": "single", "layers": 3, "activation": jnp.tanh}


def drawn(key):
    return single(value=jax.random.normal(key, dtype=float))


def play(networks, seen, gain, scale=1.0):
    """The logistic semantics, out of networks of one weight."""
    logits = [scale * networks[i]["logit"] + gain * scale * seen[i][1 - i]["logit"] for i in (0, 1)]
    return [jnp.stack([jax.nn.sigmoid(x), jax.nn.sigmoid(-x)]) for x in logits]


def pair(gain=0.5, **settings):
    return Modules([single(), single()], play, gain, 3.0, **settings)


def test_networks_are_called_whole_and_read_as_the_channel_shows_them():
    """Against the logistic semantics, which they compute."""
    game = ParametricGame(normal_form(PD), pair(), OneSided((0,)))
    wanted = ParametricGame(normal_form(PD), Logistic((2, 2), 0.5, 3.0), OneSided((0,)))
    params = ({"logit": 0.7}, {"logit": -1.2})
    params = tuple({**dict.fromkeys(single()), **own} for own in params)
    assert np.allclose(game.payoffs(params), wanted.payoffs((0.7, -1.2)), rtol=0, atol=1e-14)
    found, known = game.selfish_gradients(params), wanted.selfish_gradients((0.7, -1.2))
    assert np.allclose(flat(found), flat(known), rtol=0, atol=1e-14)


def test_the_gain_from_which_they_set_out_is_the_known_threshold():
    family = GainFamily(normal_form(PD), pair())
    assert first_movement(family).value == pytest.approx(3 / 7, abs=1e-9)


def test_the_networks_as_given_are_neutral_and_normal_starts_lie_around_them():
    own = Modules([single(value=1.0), single(value=-2.0)], play, 0.5, 3.0)
    game = ParametricGame(normal_form(PD), own)
    assert flat(game.neutral()).tolist() == [1.0, -2.0]
    around = starting_points([game], Starts(400, 0.1, seed=2))
    assert np.allclose([np.mean(x["logit"]) for x in around], [1.0, -2.0], atol=0.02)
    for channel in (Misreport(2.0), Decoupled()):
        assert flat(ParametricGame(normal_form(PD), own, channel).neutral())[0] == 1.0
    assert flat(Tied(game).neutral()).tolist() == [-0.5]


def test_starts_are_what_the_initialisers_make_of_the_librarys_own_keys():
    """Against NumPy's generator, whose words are the keys, and each network made by itself."""
    semantics = pair(initialise=drawn)
    game = ParametricGame(normal_form(PD), semantics)
    words = np.random.PCG64(np.random.SeedSequence([5, 6, 0])).random_raw(2 * 70).reshape(70, 2)
    for count in (3, 70):
        found = starting_points([game], Starts(count, seed=5, kind="initial"))
        for k in (0, count - 1):
            for player in (0, 1):
                high, low = divmod(int(words[k, player]), 2**32)
                key = jax.random.wrap_key_data(
                    jnp.asarray([high, low], np.uint32), impl="threefry2x32"
                )
                with jax.enable_x64(True):
                    wanted = float(jax.random.normal(key, dtype=float))
                assert found[player]["logit"][k] == wanted
    assert flat(semantics.initial(5)).tolist() == [found[i]["logit"][0] for i in (0, 1)]
    assert flat(Modules.drawn(drawn, play, key=5).weights) == pytest.approx(
        flat(semantics.initial(5)), abs=1e-15
    )


def test_other_networks_start_by_their_own_initialisers_too():
    semantics = Policies.random(1, gain=0.5, features=2, width=2, bound=3.0)
    game = ParametricGame(normal_form(PD), semantics)
    starts = Starts(3, seed=4, kind="initial")
    ends = learn([game], Learning(steps=1, step_size=1e-300, starts=starts), judged=False)
    first = jax.tree.map(lambda x: x[0, 0], ends.params)
    assert np.array_equal(flat(first), flat(semantics.initial(4)))


def by_numpy(key):
    return single(value=np.random.default_rng(np.asarray(jax.random.key_data(key))).normal())


def test_initialisers_that_look_at_their_key_make_networks_one_by_one():
    game = ParametricGame(normal_form(PD), pair(initialise=by_numpy))
    found = starting_points([game], Starts(5, kind="initial"))[0]["logit"]
    assert len(set(found.tolist())) == 5


@pytest.mark.parametrize("kind", [jnp.float16, jnp.bfloat16, np.float32])
def test_weights_of_any_float_type_become_doubles(kind):
    own = Modules([single(value=jnp.asarray(0.25, kind))] * 2, play)
    assert {x.dtype for x in jax.tree.leaves(own.weights)} == {np.dtype(float)}
    assert flat(own.weights).tolist() == [0.25, 0.25]


def shaped(key):
    return single(value=jnp.zeros(2))


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Modules(single(), play), "a list of one network for each player"),
        (lambda: Modules([single()] * 2, cast(Any, 3.0)), "play must be a function"),
        (lambda: Modules([single(), single(value=np.nan)], play), r"player 2 is not finite at \["),
        (lambda: Modules([single(value=9.0)] * 2, play, 1.0, 3.0), "beyond bound = 3 at.*is 9"),
        (lambda: Modules([{"w": np.arange(3)}] * 2, play), "player 1 has no weights.*ndarray"),
        (lambda: Modules([{}] * 2, play), "no weights that could be learned, but nothing"),
        (lambda: Modules([single(value=1j)] * 2, play), "complex numbers"),
        (lambda: Modules([{"w": np.zeros(2)}] * 2, play), "play.*failed.*KeyError.*logit"),
        (lambda: Modules([single()] * 3, play), r"shapes \[\(2,\), \(2,\)\].*each of 3 players"),
        (lambda: Modules([single()] * 2, lambda n, s, g: [jnp.ones(2)] * 2), "sum to 1"),
        (lambda: pair(initialise=[drawn] * 3), "one for each of 2 players"),
        (lambda: pair().initial(0), "without initialise="),
        (lambda: pair(initialise=lambda key: key.shape[7]).initials(0, 2), "player 1 failed"),
        (lambda: pair(initialise=shaped).initials(0, 2), r"of shape \(2,\), but.*has \(\)"),
        (lambda: pair(initialise=lambda key: {"w": 1.0}).initials(0, 2), "another structure"),
        (lambda: pair(initialise=lambda k: single(value=jnp.nan)).initials(0, 2), "not finite at"),
        (lambda: Box(-1.0, 1.0, 2.0), "centre of a box lies outside"),
        (lambda: Box([-1.0, 0.0], 1.0, 0.0), r"centre \(\) but bounds \(2,\)"),
        (lambda: Box(-1.0, 1.0, {"w": 0.0}), "structure of its bounds"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(build, words):
    with pytest.raises(InputError, match=words) as caught:
        build()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("channel", [Misreport(2.0), None])
def test_who_has_no_initialisers_draws_no_starts(channel):
    if channel is None:
        game = ParametricGame(normal_form(PD), Logistic((2, 2), 0.5, 3.0))
    else:
        game = ParametricGame(normal_form(PD), pair(initialise=drawn), channel)
    with pytest.raises(InputError, match="draw 'normal' starts"):
        starting_points([game], Starts(2, kind="initial"))


def test_arrays_may_be_kept_as_they_are():
    network = {"logit": jnp.asarray(0.5), "eyes": jnp.ones(3)}
    own = Modules([network] * 2, play, learned=lambda x: eqx.is_inexact_array(x) and not x.ndim)
    assert [box.size for box in own.spaces] == [1, 1]


CODE = """
import jax, jax.numpy as jnp, numpy as np
from pathlib import Path

START = np.load(Path(__file__).with_name("start.npy"))

def make(key):
    return {"logit": START + jax.random.normal(key, dtype=float)}

def play(networks, seen, gain, scale):
    logits = [scale * (networks[i]["logit"] + gain * seen[i][1 - i]["logit"]) for i in (0, 1)]
    return [jnp.stack([jax.nn.sigmoid(x), jax.nn.sigmoid(-x)]) for x in logits]
"""

STUDY = """
[game]
name = "prisoners_dilemma"

[semantics]
kind = "modules"
function = "mine.py:play"
initialise = ["make"]
parameters = { scale = 1.0 }
data = ["start.npy"]

[learning]
start = "initial"
starts = 6
steps = 20

[sweep]
"semantics.gain" = [0.0, 0.5]
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mine.py").write_text(CODE, "utf-8")
    (tmp_path / "mine.toml").write_text(STUDY, "utf-8")
    np.save(tmp_path / "start.npy", np.asarray(0.25))
    return tmp_path


def test_a_study_of_own_networks_is_checked_and_keeps_its_code_and_data(folder):
    found = check_study(folder / "mine.toml")
    assert set(found.inputs) == {"mine.py", "start.npy"}
    semantics = found.base.parametric.semantics
    assert isinstance(semantics, Modules)
    starts = starting_points([p.parametric for p in found.points], found.points[0].learning.starts)
    assert len(starts[0]["logit"]) == 12
    first, second = np.split(starts[0]["logit"], 2)
    assert np.array_equal(first, second)
    assert isinstance(found.base.own_family("semantics.gain"), GainFamily)
    played: list[Any] = [point.parametric.semantics for point in found.points]
    assert len({semantics.play.func for semantics in played}) == 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('["make"]', '["makes"]', "semantics.initialise.*makes"),
        ('["make"]', '["make", "make", "make"]', "names 3 functions.*2 players"),
        ("scale = 1.0", "scales = 1.0", "semantics.function.*networks, seen, gain"),
        ('"start.npy"', '"other.npy"', "semantics.data.*no file other.npy"),
        ('"start.npy"', '"../start.npy"', "files beside the study"),
        ('kind = "modules"', 'kind = "logistic"', "function"),
    ],
)
def test_a_study_says_which_key_is_wrong(folder, old, new, words):
    path = folder / "mine.toml"
    path.write_text(STUDY.replace(old, new), "utf-8")
    with pytest.raises(InputError, match=words):
        check_study(path)


@pytest.mark.slow
def test_a_study_of_own_networks_comes_to_a_report(folder):
    result = run_study(folder / "mine.toml", out=folder / "out")
    assert (folder / "out" / "report.html").is_file()
    assert "initialisers" in str(result)


def files_of_the_page(folder, monkeypatch):
    page = PAGE.read_text("utf-8")
    for name, text in re.findall(r'^```\w+ title="([\w.]+)"\n(.*?)^```$', page, re.M | re.S):
        (folder / name).write_text(text, "utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    importlib.invalidate_caches()


@pytest.mark.slow
def test_the_page_speaks_flax(tmp_path, monkeypatch):
    pytest.importorskip("flax")
    files_of_the_page(tmp_path, monkeypatch)
    own = runpy.run_path("nnx_policies.py")
    semantics = Modules.drawn(own["policy"], own["play"])
    game = ParametricGame(normal_form(STAG_HUNT), semantics)
    assert [box.size for box in game.spaces] == [8 * 16 + 16 + 16 * 2 + 2] * 2
    assert np.all(np.isfinite(flat(game.selfish_gradients(game.neutral()))))
    assert len(jax.tree.leaves(semantics.initials(0, 3))[0]) == 3


@pytest.mark.slow
def test_the_page_speaks_pytorch(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    files_of_the_page(tmp_path, monkeypatch)
    runpy.run_path("export.py")
    own = runpy.run_path("exported.py")
    assert max(map(own["check"], ("mine", "yours"))) < 1e-6
    semantics = Modules([own["load"]("mine"), own["load"]("yours")], own["play"])
    assert ParametricGame(normal_form(STAG_HUNT), semantics).cooperation is not None
