"""Somebody else's semantics, channel, rule, game and observable, each in one file of its own."""

import hashlib
import importlib.metadata
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests import outsiders

import glasshouse as gh
from glasshouse._foundation.registry import Registry
from glasshouse.channels.registry import CHANNELS
from glasshouse.dynamics import Learning, Starts
from glasshouse.errors import InputError
from glasshouse.games.registry import CATALOGUE
from glasshouse.parametric.registry import OBSERVABLES
from glasshouse.plots import plot_tied_branch
from glasshouse.registration import REGISTRIES
from glasshouse.rules.registry import RULES, VIEWS
from glasshouse.semantics.registry import SEMANTICS
from glasshouse.study import check_study, read_study, run_study
from glasshouse.study.recipe import recipe_of
from glasshouse.study.report.markers import owner_of
from glasshouse.study.setting import prepare
from glasshouse.study.spec.toml import parse_study

AXES = {
    "semantics.tilt": "[0.0, 0.5]",
    "access.fade": "[0.0, 0.25]",
    "learning.look_ahead": "[0.0, 0.5]",
}
"""Swept together: one of the semantics' two numbers, the channel's, and the rule's look-ahead."""

STUDY = """{plugins}
[game]
name = "toll_road"
parameters = {{ toll = 1.5 }}
[semantics]
kind = "tilted"
heed = 0.75
[access]
kind = "faded_out"
fade = 0.125
[learning]
rule = "anticipating"
starts = 2
steps = 20
{sweep}
[analysis]
{analysis}
"""


@pytest.fixture(autouse=True)
def as_before():
    with outsiders.as_before():
        yield


@pytest.fixture
def place(tmp_path):
    """A folder with the five files."""
    for name, text in outsiders.FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


LITTLE = 'observe = "lead"\nportrait = false\ncertify = false\ntied = false'
"""Analyses that take their time, and are no matter of what is somebody else's."""


def write(
    place: Path, axes: dict[str, str], plugins=tuple(outsiders.FILES), analysis: str = LITTLE
) -> Path:
    sweep = "\n".join(f'"{key}" = {values}' for key, values in axes.items())
    text = STUDY.format(
        plugins=f"plugins = {json.dumps(list(plugins))}" if plugins else "",
        sweep=f"[sweep]\n{sweep}" if axes else "[sweep]",
        analysis=analysis,
    )
    (place / "study.toml").write_text(text, "utf-8")
    return place / "study.toml"


def test_a_study_names_five_files_and_goes_to_the_report(place):
    path = write(place, AXES)
    out = place / "out"
    run_study(path, out)
    rows = pq.read_table(out / "sweep.parquet").to_pylist()
    assert [tuple(row[key] for key in AXES) for row in rows] == [
        (tilt, fade, ahead) for ahead in (0.0, 0.5) for fade in (0.0, 0.25) for tilt in (0.0, 0.5)
    ]
    for row in rows:  # by hand: U_i less the mean of both, which the mean over runs is linear in
        leads = [row[f"observed_player_{i}"] for i in (1, 2)]
        mean = row["welfare"] / 2
        assert leads == pytest.approx([row[f"payoff_player_{i}"] - mean for i in (1, 2)], abs=1e-12)
        assert row["observed_mean"] == pytest.approx(0.0, abs=1e-12)
    page = (out / "report.html").read_text("utf-8")
    assert page.count("observed: lead over the mean, mean of each player") == 1
    assert "Tilted: player i cooperates with probability s(t + θ<sub>i</sub> + h Σ<sub>j≠i" in page
    assert "everybody sees the others as if they had moved less" in page
    assert "anticipated gradients" in page
    assert "Toll" in page
    assert 'h = <data value="0.75">0.75</data>' in page
    assert "parameters in [−2, 2]" in page
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert summary["semantics"] == {"kind": "tilted", "heed": 0.75, "tilt": 0.25}
    assert summary["access"] == {"kind": "faded_out", "fade": 0.125}
    assert summary["learning"]["rule"] == "anticipating"
    assert summary["learning"]["look_ahead"] == 0.5
    seen = summary["base"]["generic"]["observed"]
    assert (seen["name"], seen["words"]) == ("lead", "lead over the mean")
    assert seen["formula"] == "U_i - mean of all U_j"
    assert seen["players"][0] == pytest.approx(-seen["players"][1], abs=1e-12)
    assert abs(seen["players"][0]) > 1e-3
    assert summary["axes"] == list(AXES)
    assert [(part["value"], part["further"]) for part in summary["slices"]] == [
        (0.0, [0.0]),
        (0.25, [0.0]),
        (0.0, [0.5]),
        (0.25, [0.5]),
    ]
    maps = {f"map_{k}.{kind}" for k in (1, 2) for kind in ("svg", "png")}
    assert {*maps, "deviation.svg"} <= {file.name for file in out.iterdir()}
    assert "map_3.svg" not in {file.name for file in out.iterdir()}
    provenance = json.loads((out / "provenance.json").read_text("utf-8"))
    for name, text in outsiders.FILES.items():
        assert provenance["inputs"][name] == hashlib.sha256(text.encode()).hexdigest()
        assert (out / name).read_text("utf-8") == text
    again = check_study(out / "study.toml")  # beside which the plugins lie now
    assert again.study.to_toml() == read_study(out / "study.toml").to_toml()
    assert again.base.parametric.observables((0.0, 0.0)).keys() == {"cooperation", "lead"}


def test_the_strength_it_declares_is_an_axis_with_thresholds(place, call):
    path = write(place, {"semantics.heed": "[0.0, 0.5, 1.0]"})
    prepared = check_study(path)
    family = prepared.base.own_family("semantics.heed")
    assert family is not None
    low, high = (float(gh.first_order_margin(family(x), (0.0, 0.0))) for x in (0.0, 1.0))
    # Both neutral: p = s(t) each, U' = p' [(gain p - toll) + (1 - φ) h gain p - …], by hand:
    p, toll, gain = 1 / (1 + np.exp(-0.25)), 1.5, 4.0
    slope = p * (1 - p)
    direct, read = -toll, gain  # ∂u_i/∂p_i and ∂u_i/∂p_j in a game that is linear in both
    assert low == pytest.approx(slope * slope * direct, rel=1e-9)
    weight = 1 - 0.125
    assert high == pytest.approx(slope**2 * (1 + weight) * (direct + weight * read), rel=1e-9)
    switch = gh.first_movement(family)
    assert switch.holds == "above"
    assert switch.value == pytest.approx(toll / gain / weight, abs=1e-6)


def test_a_figure_asks_the_class_that_has_the_number(place):
    study = check_study(write(place, {})).study
    owners = {table: owner_of(study, f"{table}.x") for table in ("semantics", "access", "learning")}
    assert owners == {
        "semantics": SEMANTICS["tilted"],
        "access": CHANNELS["faded"],
        "learning": RULES["anticipating"],
    }
    assert owner_of(study, "game.parameters.toll") is None
    columns = {"tied_cooperation": [0.25, 0.5]}
    for key, owner, label in (
        ("semantics.coupling", type("Own", (), {"keys": {"coupling": gh.Key("", axis="h")}}), "h"),
        (
            "semantics.bound",
            type("Own", (), {"keys": {"bound": gh.Key("", symbol="B")}}),
            "bound B",
        ),
        ("learning.look_ahead", owners["learning"], "look ahead (number of learning)"),
        ("semantics.coupling", SEMANTICS["logistic"], "coupling κ (weight of what each reads)"),
    ):
        ax = plot_tied_branch([0.0, 1.0], columns, key=key, owner=owner)
        assert ax.get_xlabel() == label


def test_commands_know_it(place, call):
    path = write(place, {})
    code, out, error = call("check", str(path), "--json")
    assert (code, error) == (0, "")
    found = json.loads(out)
    assert found["first_movement"]["value"] == pytest.approx(1.5 / 4 / 0.875, abs=1e-6)
    assert found["semantics"]["kind"] == "tilted"
    assert found["first_movement"]["direction"] == "rises"
    seen, paid = found["generic"]["observed"], found["generic"]["payoffs"]
    assert seen["players"][0] == pytest.approx((paid[0] - paid[1]) / 2, abs=1e-12)
    code, out, _ = call("rules", "--json")
    (rule,) = [rule for rule in json.loads(out) if rule["name"] == "anticipating"]
    assert rule["parameters"] == {"look_ahead": 0.5}
    assert "toll_road" in call("games")[1]
    assert "Toll" in call("games", "toll_road:toll=2")[1]


@pytest.mark.slow  # by day its thresholds are those of a study
def test_further_commands_know_it(place, call):
    path = write(place, {})
    seen = json.loads(call("check", str(path), "--json")[1])["generic"]["observed"]
    assert f"player 1 {seen['players'][0]:.6g}" in call("check", str(path))[1]
    switch = pytest.approx(1.5 / 4 / 0.875, abs=1e-6)
    code, out, error = call("thresholds", str(path), "--json")
    assert (code, error) == (0, "")
    found = json.loads(out)
    assert found["key"] == "semantics.heed"
    assert found["first_movement"]["value"] == switch
    assert found["measured_first_movement"]["value"] == pytest.approx(1.5 / 4 / 0.875, abs=1e-3)
    assert found["closed_form"] is None
    assert "not anticipated gradients (look-ahead 0.5)" in found["reason"]
    shown = call("thresholds", str(path))[1]
    assert "HEED" in shown
    assert "0.4285714" in shown
    corner = "portrait = false\ntied = false\noutcomes = false\nthresholds = false"
    path = write(place, {}, analysis=corner)
    code, out, error = call("certify", str(path), "--out", str(place / "proofs"))
    assert (code, error) == (0, "")
    assert [file.name for file in (place / "proofs").iterdir()] == ["corner.json"]
    proof = json.loads((place / "proofs" / "corner.json").read_text("utf-8"))
    assert proof["problem"]["semantics"] == {"kind": "program"}
    assert proof["claim"]["verdict"] == "certified"  # nobody gains by leaving the corner
    code, out, error = call("verify", str(place / "proofs" / "corner.json"))
    assert (code, error) == (0, "")
    assert "accepted" in out
    assert "profile (2, 2) in [-2, 2]" in out


def test_contract_tests_pick_them_up(place):
    """They run over the registries, which are views of one that grows."""
    check_study(write(place, {}))
    assert {"tilted"} <= set(SEMANTICS)
    assert {"faded"} <= set(CHANNELS)
    assert {"anticipating"} <= set(RULES)
    assert {"toll_road"} <= set(CATALOGUE)
    assert {"lead"} == set(OBSERVABLES)  # their contract tests are in contracts/test_outsiders.py


def test_an_installed_package_needs_no_plugin(tmp_path, monkeypatch):
    package = tmp_path / "site" / "tolls"
    package.mkdir(parents=True)
    for name, text in outsiders.FILES.items():
        (package / name).write_text(text.replace("@register\n", ""), "utf-8")
    (package / "__init__.py").write_text("")
    info = tmp_path / "site" / "tolls-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tolls\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[glasshouse.semantics]\ntilted = tolls.tilted:Tilted\n"
        "[glasshouse.channels]\nfaded_out = tolls.faded:Faded\n"
        "[glasshouse.rules]\nanticipating = tolls.anticipating:Anticipating\n"
        "[glasshouse.games]\ntoll_road = tolls.toll:toll_road\n"
        "[glasshouse.observables]\nlead = tolls.lead:Lead\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    for registry in REGISTRIES:
        registry._is_searched = False
    prepared = check_study(write(tmp_path, {}, plugins=()))
    assert type(prepared.base.parametric.semantics) is SEMANTICS["tilted"]
    assert type(prepared.base.parametric.semantics).__module__ == "tolls.tilted"
    assert set(OBSERVABLES) == {"lead"}
    versions = recipe_of(prepared).identity["versions"]
    assert versions["tolls"] == "1.0"
    assert versions["glasshouse"] == importlib.metadata.version("glasshouse")
    own = STUDY.format(plugins="", sweep="", analysis="").replace('"toll_road"', '"chicken"')
    own = own.replace("parameters = { toll = 1.5 }", "").replace('"anticipating"', '"lola"')
    own = own.replace('"tilted"', '"affine"').replace("heed = 0.75", "")
    own = own.replace('"faded_out"', '"full"').replace("fade = 0.125", "")
    assert "tolls" not in recipe_of(prepare(parse_study(own))).identity["versions"]
    observing = own.replace("[analysis]", '[analysis]\nobserve = "lead"')
    assert recipe_of(prepare(parse_study(observing))).identity["versions"]["tolls"] == "1.0"


def test_a_broken_package_is_said_and_left_out(tmp_path, monkeypatch):
    info = tmp_path / "broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[glasshouse.rules]\nbad = no_such_module:Bad\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    RULES._is_searched = False
    with pytest.warns(UserWarning, match="rule 'bad' of the package broken is left out: No mod"):
        assert "bad" not in RULES


def test_a_view_is_one_file_or_an_entry_point(tmp_path, monkeypatch):
    """By hand: each follows LOLA where the other is a quarter of where it is."""
    path = tmp_path / "study.toml"

    def read(text, plugins=""):
        path.write_text(f'{plugins}\n[game]\nname = "stag_hunt"\n[learning]\n{text}\n', "utf-8")
        return check_study(path)

    (tmp_path / "shrunk.py").write_text(outsiders.VIEW, "utf-8")
    named, seen = 'plugins = ["shrunk.py"]', 'rule = "lola", sees = { kind = "shrunk_so", share = '
    alone = f"{seen}0.25 }}".replace(", sees", "\nsees")
    prepared = read(alone, named)
    rule: Any = prepared.base.learning.rule
    game = prepared.base.parametric
    assert type(rule.view) is VIEWS["shrunk"]
    found, _ = rule.direction(game, (0.8, -0.4), rule.init(game, (0.8, -0.4)))
    lola = rule.rule
    right = [lola.towards(game, (0.8, -0.1))[0], lola.towards(game, (0.2, -0.4))[1]]
    np.testing.assert_allclose(found, right, rtol=0, atol=1e-15)
    with pytest.raises(InputError, match="did you mean 'share'"):
        read(alone.replace("share", "shar"), named)
    VIEWS._added.clear()
    with pytest.raises(InputError, match=r"'learning\.sees"):
        read(alone)

    info = tmp_path / "site" / "shrinking-1.0.dist-info"
    info.mkdir(parents=True)
    code = outsiders.VIEW.replace("@register\n", "")
    (tmp_path / "site" / "shrinking.py").write_text(code, "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shrinking\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[glasshouse.views]\nshrunk = shrinking:Shrunk\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    VIEWS._is_searched = False
    line_up = f'players = [{{ {seen}0.25 }} }}, {{ rule = "gradient" }}]'
    compared = f'steps = 5\n[[compare]]\nname = "shrunk"\n{alone}'
    for text in (alone, line_up, compared):
        assert recipe_of(read(text)).identity["versions"]["shrinking"] == "1.0"


REFUSED = {
    "words": ('    words: ClassVar[str] = "tilted"\n', "Tilted does not say words: add words"),
    "formula": (
        '    formula: ClassVar[str] = "player i cooperates with probability '
        's(t + θ_i + h Σ_{j≠i} θ_j)"\n',
        "Tilted does not say formula",
    ),
    "method": ("    def behaviours(", "is abstract: it lacks behaviours"),
    "strength": ('Strength("heed"', "its strength is 'force', which is none of its settings"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_say_what_it_is_is_refused_at_registration(place, what):
    lacking, said = REFUSED[what]
    new = {"method": "    def other(", "strength": 'Strength("force"'}.get(what, "")
    assert lacking in outsiders.SEMANTICS
    (place / "tilted.py").write_text(outsiders.SEMANTICS.replace(lacking, new), "utf-8")
    with pytest.raises(InputError) as refused:
        check_study(write(place, {}))
    assert said in str(refused.value)
    assert "key 'plugins': " in str(refused.value)
    assert "tilted.py: semantics Tilted" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "tilted" not in SEMANTICS


def test_a_parameter_that_no_study_can_write_is_refused(place):
    unknown = outsiders.RULE.replace("look_ahead: float = 0.5", "look_ahead: object = None")
    (place / "anticipating.py").write_text(unknown)
    with pytest.raises(InputError, match=r"takes look_ahead, of which studies do not know what"):
        check_study(write(place, {}))


def test_names_are_taken_once(place):
    text = outsiders.RULE.replace("class Anticipating", "class Lola")
    (place / "anticipating.py").write_text(text)
    with pytest.raises(InputError, match=r"name 'lola' is taken by the rule Lola of glasshouse"):
        check_study(write(place, {}))
    assert RULES["lola"].__module__ == "glasshouse.rules.lola"


def test_an_edited_plugin_replaces_what_it_was(place):
    path = write(place, {})
    assert check_study(path).base.learning.rule.words == "anticipated gradients"
    (place / "anticipating.py").write_text(outsiders.RULE.replace("anticipated", "foreseen"))
    assert check_study(path).base.learning.rule.words == "foreseen gradients"


@pytest.mark.parametrize("thing", [3, "lola", dict, RULES, gh.NormalFormGame])
def test_only_kinds_of_things_are_registered(thing):
    with pytest.raises(InputError, match=r"cannot be registered: it is of none of the kinds Abst"):
        gh.register(thing)


def test_a_plugin_from_elsewhere_runs_where_it_is_trusted(place, call):
    inner = place / "studies"
    inner.mkdir()
    plugins = [f"../{name}" for name in outsiders.FILES]
    path = write(inner, {}, plugins=plugins)
    for refused in (check_study, read_study):
        with pytest.raises(InputError, match=r"'plugins': .* outside the study's folder .*trust"):
            refused(path)
    code, _, error = call("check", str(path))
    assert code == 2
    assert "--trust" in error
    assert "tilted" not in SEMANTICS
    assert check_study(path, trust=True).base.learning.rule.words == "anticipated gradients"


def test_what_a_study_says_wrong_of_them_is_one_line(place):
    def said(text: str) -> str:
        with pytest.raises(InputError) as refused:
            parse_study(text, place)
        return str(refused.value)

    good = write(place, {}).read_text("utf-8")
    assert "key 'semantics.heed' must be greater than or equal to 0" in said(
        good.replace("heed = 0.75", "heed = -1.0")
    )
    assert "unknown key 'semantics.heeed': did you mean 'heed'?" in said(
        good.replace("heed = 0.75", "heeed = 0.75")
    )
    rule = outsiders.RULE.replace("look_ahead", "foresight").replace("Anticipating", "Foreseeing")
    (place / "foreseeing.py").write_text(rule, "utf-8")
    foreseen = good.replace('"lead.py"', '"lead.py", "foreseeing.py"').replace(
        'rule = "anticipating"', 'players = [{ rule = "foreseeing", HERE }, { rule = "lola" }]'
    )
    assert "unknown key 'learning.players.0.foresigt': did you mean 'foresight'?" in said(
        foreseen.replace("HERE", "foresigt = 0.5")
    )
    assert "'learning.players.0.look': choose one of: foresight, rule, sees, step_size" in said(
        foreseen.replace("HERE", "look = 0.5")
    )
    own = 'rule = "foreseeing"\nforesigth = 0.5'
    assert "unknown key 'learning.foresigth': did you mean 'foresight'?" in said(
        good.replace('"lead.py"', '"lead.py", "foreseeing.py"').replace(
            'rule = "anticipating"', own
        )
    )
    assert "'learning.stop.tolerence': did you mean 'tolerance'?" in said(
        good.replace("steps = 20", "stop = { tolerence = 0.1 }")
    )
    assert "key 'access.fade' is missing" in said(good.replace("fade = 0.125", ""))
    assert "form does not belong to the rule 'anticipating'" in said(
        good.replace("steps = 20", 'form = "taylor"')
    )
    assert "did you mean 'tilted'?" in said(good.replace('"tilted"', '"tiltet"'))
    assert "must name 'file.py' or 'package.module'" in said(
        good.replace('"tilted.py"', '"tilted file"')
    )
    assert "key 'plugins': must be a list" in said('plugins = "a.py"\n[game]\nname = "chicken"\n')


def test_registries_say_what_they_are_of():
    assert all(isinstance(registry, Registry) for registry in REGISTRIES)
    with pytest.raises(InputError, match=r"Lola is no semantics: derive a class from AbstractS"):
        SEMANTICS.add(RULES["lola"])


FAULTY = '''
from typing import ClassVar

from glasshouse import register
from glasshouse.parametric import AbstractMeasure


@register
class Faulty(AbstractMeasure):
    """What cannot be measured."""

    words: ClassVar[str] = "faults"
    formula: ClassVar[str] = "none"

    def measure(self, game, params):
        return GIVEN
'''


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("params[7]", "observable faulty fails: IndexError: tuple index out of range"),
        ("game.payoffs(params).sum()", "gives an array of shape () and type float64: return one"),
        ("'much'", "observable faulty fails: TypeError"),
    ],
)
def test_a_faulty_observable_is_refused_before_computing(place, given, said):
    (place / "faulty.py").write_text(FAULTY.replace("GIVEN", given), "utf-8")
    with pytest.raises(InputError) as refused:
        check_study(write(place, {}, ("faulty.py", *outsiders.FILES), 'observe = "faulty"'))
    assert "key 'analysis.observe': " in str(refused.value)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_faulty_observable_harms_no_other(place):
    (place / "faulty.py").write_text(FAULTY.replace("GIVEN", "params[7]"), "utf-8")
    game = check_study(write(place, {}, (*outsiders.FILES, "faulty.py"))).base.parametric
    start = game.neutral()
    alone = game.cooperation(start)
    assert np.array_equal(gh.analysis.cooperation(game, start), alone)
    assert np.array_equal(gh.analysis.cooperation(gh.Tied(game), (start[0],)), alone)
    learning = Learning(starts=Starts(2), steps=3)
    (found,) = gh.generic_outcomes([game], learning=learning, observe="lead")
    (usual,) = gh.generic_outcomes([game], learning=learning)
    assert found.observed is not None
    assert found.observed.name == "lead"
    assert usual.observed is None
    kept = found.to_dict()
    del kept["observed"]
    assert kept == usual.to_dict()


def test_only_what_is_there_is_observed(place):
    with pytest.raises(InputError, match=r"key 'analysis.observe': unknown .* mean 'lead'\?"):
        read_study(write(place, {}, analysis='observe = "laed"'))
    game = check_study(write(place, {}, analysis="")).base.parametric
    with pytest.raises(InputError, match=r"unknown observable 'leed': did you mean 'lead'\?"):
        gh.generic_outcomes([game], observe="leed")


def test_who_share_a_parameter_observe_as_those_who_do_not(place):
    game = check_study(write(place, {})).base.parametric
    shared = Learning(starts=Starts(2), steps=3, tied=True)
    (found,) = gh.generic_outcomes([game], learning=shared, observe="lead")
    assert found.observed is not None
    assert found.observed.players == pytest.approx((0.0, 0.0), abs=1e-12)  # of equals nobody leads
