"""Studies: what they may say, what they find, and the folder they write."""

import hashlib
import json
import tomllib
from pathlib import Path

import jsonschema
import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.test_documents import assert_documented

from glasshouse.analysis import assess
from glasshouse.dynamics import Learning, Starts
from glasshouse.errors import InputError
from glasshouse.families import LogisticFamily
from glasshouse.games import NormalFormGame
from glasshouse.interop import load_game
from glasshouse.study import check_study, claims, compute, prepare, read_study, run_study
from glasshouse.study.spec.toml import parse_study
from glasshouse.study.template import game_table, payoff_rows, schema, template

STUDY = """
[game]
name = "prisoners_dilemma"

[learning]
starts = 60
steps = 3000
seed = 7

[sweep]
"semantics.coupling" = { start = 0.2, stop = 1.0, count = 9 }

[analysis]
portrait = false
"""
QUICK = "\n[learning]\nstarts = 8\nsteps = 50\n[analysis]\nportrait = false\nthresholds = false\n"
QUICK += "certify = false\n"
MOVEMENT = QUICK.replace("thresholds = false", "outcomes = false\ntied = false")
ALONE = QUICK + "tied = false\nboundary_test = false\n"
"""Only first movements and what switches; only what runs end at."""


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("study")
    (folder / "pd.toml").write_text(STUDY)
    run_study(folder / "pd.toml", folder / "out")
    return folder / "pd.toml", folder / "out"


EXAMPLES = {path.stem: path for path in (Path(__file__).parent.parent / "examples").glob("*.toml")}


def computed(text: str, folder: Path = Path()):
    return compute(prepare(parse_study(text), folder))


def files_in(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_folder_is_complete(written):
    _, out = written
    figures = {
        f"{name}.{kind}"
        for name in ("coupling", "deviation", "deviation_rest", "equilibrium")
        for kind in ("png", "svg")
    }
    others = {"provenance.json", "report.html", "study.toml", "summary.json", "sweep.parquet"}
    proofs = ("tied_rest_point", "corner", "threshold_holds", "threshold_fails")
    proved = {f"certificates/{name}.json" for name in proofs}
    tables = {
        f"tables/{name}.{kind}"
        for name in ("certificates", "curve", "game", "sweep", "switches")
        for kind in ("csv", "tex")
    }
    assert files_in(out) >= {*figures, *others, *proved, *tables}
    rest = files_in(out) - {*figures, *others, *proved, *tables}
    assert rest == {f"certificates/rest_point_{k + 1}.json" for k in range(len(rest))}


def test_all_that_is_written_is_documented(written):
    assert_documented(written[1])


def test_table_holds_the_theory(written):
    table = pq.read_table(written[1] / "sweep.parquet").to_pydict()
    coupling = np.array(table["semantics.coupling"])
    assert coupling == pytest.approx(np.linspace(0.2, 1.0, 9))
    rises = [direction == "rises" for direction in table["first_movement"]]
    assert rises == (coupling > 3 / 7).tolist()
    branch = np.clip((5 * coupling - 1 - coupling) / (1 + coupling), 0, 1)  # p* = (4κ-1)/(1+κ)
    inside = (branch > 0.05) & (branch < 0.95)
    assert inside.sum() == 4
    assert np.array(table["tied_cooperation"])[inside] == pytest.approx(branch[inside], abs=1e-4)
    assert table["boundary_passes"] == (coupling > 0.870467371354).tolist()
    total = sum(np.array(table[f"{name}_share"]) for name in ("cooperation", "exploitation"))
    assert total + np.array(table["defection_share"]) == pytest.approx(np.ones(9))


def test_welfare_is_what_the_players_get(written):
    """At full defection both get P = 1; at full cooperation in ±3 nearly R = 3."""
    table = pq.read_table(written[1] / "sweep.parquet").to_pydict()
    payoffs = np.array([table["payoff_player_1"], table["payoff_player_2"]])
    assert payoffs.sum(axis=0) == pytest.approx(table["welfare"])
    assert table["defection_share"][0] == 1.0
    assert payoffs[:, 0] == pytest.approx([1.0, 1.0], abs=0.1)
    assert table["cooperation_share"][-1] == 1.0
    assert payoffs[:, -1] == pytest.approx([3.0, 3.0], abs=0.02)


def test_same_study_gives_the_same_bytes(written, tmp_path):
    """The study as resolved, with every default written out, is the same study computed again."""
    _, out = written
    again = tmp_path / "again"
    run_study(out / "study.toml", again)
    for name in files_in(out) - {"provenance.json"}:
        assert (again / name).read_bytes() == (out / name).read_bytes(), name


def test_written_study_of_a_game_file_runs_again(tmp_path):
    (tmp_path / "game").mkdir()
    (tmp_path / "game" / "pd.nfg").write_text(
        'NFG 1 R "x" { "a" "b" } { 2 2 }\n\n3 3 5 0 0 5 1 1\n'
    )
    (tmp_path / "mine.toml").write_text('[game]\nfile = "game/pd.nfg"\n' + QUICK)
    run_study(tmp_path / "mine.toml", tmp_path / "first")
    run_study(tmp_path / "first" / "study.toml", tmp_path / "second")
    first, second = (tmp_path / name / "sweep.parquet" for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()


def test_resolved_study_has_every_default(written):
    resolved = tomllib.loads((written[1] / "study.toml").read_text("utf-8"))
    assert resolved["game"]["parameters"] == {"T": 5.0, "R": 3.0, "P": 1.0, "S": 0.0}
    assert resolved["learning"]["step_size"] == 0.1
    assert resolved["learning"]["spread"] == 1.0
    assert resolved["semantics"]["bound"] == 3.0
    assert resolved["sweep"]["semantics.coupling"] == {"start": 0.2, "stop": 1.0, "count": 9}


def test_provenance_hashes_study_table_and_outputs(written):
    _, out = written
    provenance = json.loads((out / "provenance.json").read_text("utf-8"))
    assert provenance["status"] == "complete"
    assert provenance["seed"] == 7
    assert provenance["random"] == {
        "generator": "PCG64(SeedSequence([seed, purpose, block])), blocks of 4096, "
        "uniforms of 53 bits",
        "normal": "scipy.special.ndtri",
        "seed": 7,
    }
    page = (out / "report.html").read_text("utf-8")
    assert all(str(value) in page for value in provenance["random"].values())
    digest = hashlib.sha256((out / "study.toml").read_bytes()).hexdigest()
    assert provenance["study"] == digest
    for name, recorded in provenance["outputs"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == recorded
    assert set(provenance["outputs"]) | {"provenance.json"} == files_in(out)


def test_claims_name_the_three_things(written):
    found = json.loads((written[1] / "summary.json").read_text("utf-8"))["claims"]
    assert [claim.split(":")[0].split(" (")[0] for claim in found] == [
        "First movement",
        "Outcome",
        "Outcome of a long run",
        "Equilibrium, proved",
        "Equilibrium at coupling = 0.5, proved",
    ]
    assert found[0].count("above coupling 0.4286") == 2, "by derivative, and measured"
    assert "predicted 0.4286 in closed form" in found[0]
    assert "1000 steps of 0.1" not in found[0], "a long run is no first movement"
    assert "long run (1000 steps of 0.1 from the neutral start)" in found[2]
    assert found[2].endswith("above coupling 0.4286.")
    assert "at every coupling from 0.870468 to 3, and not at 0.870467." in found[3]


def test_game_file_is_relative_to_the_study(tmp_path):
    folder = tmp_path / "nested"
    folder.mkdir()
    (folder / "pd.nfg").write_text('NFG 1 R "mine" { "a" "b" } { 2 2 }\n\n3 3 5 0 0 5 1 1\n')
    (folder / "study.toml").write_text('[game]\nfile = "pd.nfg"\n')
    game = check_study(folder / "study.toml").base.game
    assert game.title == "mine"
    assert np.asarray(game.tensor).tolist() == [[[3, 0], [5, 1]], [[3, 5], [0, 1]]]


def test_two_dimensional_payoffs_are_those_of_a_symmetric_game():
    game = prepare(parse_study("[game]\npayoffs = [[3, 0], [5, 1]]\n")).base.game
    assert np.asarray(game.tensor).tolist() == [[[3, 0], [5, 1]], [[3, 5], [0, 1]]]


def test_a_title_of_ones_own_is_what_the_game_is_called():
    text = '[game]\npayoffs = [[3, 0], [5, 1]]\ntitle = "Sharing"\ncooperate = 1\n'
    game = prepare(parse_study(text)).base.game
    assert game.title == "Sharing"
    assert np.asarray(game.tensor)[0].tolist() == [[1, 5], [0, 3]]


def test_pattern_says_who_reads_whom():
    """One-sided reading: only player 2 reads, so only player 1 has the incentive to cooperate."""
    text = '[game]\nname = "donation"\n[semantics]\ncoupling = 0.6\npattern = [[0, 0], [1, 0]]\n'
    game = prepare(parse_study(text)).base.parametric
    gradients = game.selfish_gradients((np.array(0.0), np.array(0.0)))
    # θ_1' = v (A + κ B) = (-1 + 0.6 · 3) / 4, θ_2' = v A = -1/4
    assert np.array(gradients) == pytest.approx([0.2, -0.25])


MIRROR = """
import jax
import jax.numpy as jnp

def mirror(params, seen, gain):
    logits = [params[i] + gain * seen[i][1 - i] for i in (0, 1)]
    return [jnp.stack([jax.nn.sigmoid(x), jax.nn.sigmoid(-x)]) for x in logits]
"""


def test_a_function_of_ones_own_is_swept_like_the_built_in_one(tmp_path):
    """The same formula as the logistic semantics gives the same rows."""
    (tmp_path / "mirror.py").write_text(MIRROR)
    own = '[game]\nname = "prisoners_dilemma"\n[semantics]\nkind = "custom"\n'
    own += 'function = "mirror.py:mirror"\nparameters = { gain = 0.5 }\n'
    sweep = '[sweep]\n"{}" = [0.2, 0.4, 0.6]\n'
    custom = computed(own + QUICK + sweep.format("semantics.parameters.gain"), tmp_path)
    logistic = computed(
        '[game]\nname = "prisoners_dilemma"\n' + QUICK + sweep.format("semantics.coupling")
    )
    for name in ("first_movement_margin", "mean_cooperation", "boundary_gain", "welfare"):
        assert custom.column(name) == pytest.approx(logistic.column(name), rel=1e-9)
    assert custom.prepared.inputs == {"mirror.py": MIRROR.encode()}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return [jnp.array([0.7, 0.7])] * 2", "sum to 1"),
        ("return undefined", "NameError: name 'undefined' is not defined"),
        ("return [1, 2", "SyntaxError"),
    ],
)
def test_a_function_that_does_not_work_is_one_clear_error(tmp_path, body, said):
    text = f"import jax.numpy as jnp\ndef mirror(params, seen):\n    {body}\n"
    (tmp_path / "mirror.py").write_text(text)
    study = (
        '[game]\nname = "chicken"\n[semantics]\nkind = "custom"\nfunction = "mirror.py:mirror"\n'
    )
    with pytest.raises(InputError, match="semantics") as error:
        prepare(parse_study(study), tmp_path)
    assert said in str(error.value)


def test_a_function_is_told_which_parameters_it_lacks(tmp_path):
    (tmp_path / "mirror.py").write_text(MIRROR)
    study = (
        '[game]\nname = "chicken"\n[semantics]\nkind = "custom"\nfunction = "mirror.py:mirror"\n'
    )
    with pytest.raises(InputError, match="missing a required argument: 'gain'"):
        prepare(parse_study(study), tmp_path)
    with pytest.raises(InputError, match="did you mean 'mirror'"):
        prepare(parse_study(study.replace(":mirror", ":miror")), tmp_path)


def test_a_function_of_a_module_is_recorded_too(tmp_path, monkeypatch):
    (tmp_path / "mirrors.py").write_text(MIRROR)
    monkeypatch.syspath_prepend(str(tmp_path))
    text = '[game]\nname = "chicken"\n[semantics]\nkind = "custom"\n'
    text += 'function = "mirrors:mirror"\nparameters = { gain = 0.5 }\n'
    assert prepare(parse_study(text)).inputs == {"mirrors.py": MIRROR.encode()}


def test_affine_study_finds_hamiltons_rule():
    """Donation b = 3, c = 1: first movement and equilibrium at w = c / (b + c)."""
    text = '[game]\nname = "donation"\n[semantics]\nkind = "affine"\n[learning]\nsteps = 200\n'
    result = computed(text + "starts = 8\n[analysis]\nportrait = false\n")
    found = result.predictions
    assert found is not None
    assert found.equilibrium is not None
    assert found.equilibrium.bracket == (pytest.approx(0.25, abs=2e-6), 0.25)
    assert found.measured.value == pytest.approx(0.25, abs=1e-6)
    assert found.closed_form is not None
    assert found.closed_form.neutral.value == pytest.approx(0.25)
    assert "above weight 0.25" in claims(result)[0]
    assert result.axes[0].key == "semantics.weight"


def test_two_axes_find_the_threshold_of_every_game():
    """First movement of the PD (T, 3, 1, 0): κ_½(T) = (T - 2) / (T + 2), within the grid."""
    text = '[game]\nname = "prisoners_dilemma"\n[sweep]\n'
    text += '"semantics.coupling" = { start = 0.0, stop = 1.0, count = 21 }\n'
    text += '"game.parameters.T" = [3.5, 4.0, 5.0]\n' + MOVEMENT + "boundary_test = false\n"
    result = computed(text)
    assert [s.value for s in result.slices] == [3.5, 4.0, 5.0]
    for s in result.slices:
        exact = (s.value - 2) / (s.value + 2)
        assert s.predicted == pytest.approx(exact)
        assert s.first_movement == pytest.approx(exact, abs=0.01)
    assert result.column("game.parameters.T")[:22].tolist() == [3.5] * 21 + [4.0]
    assert result.column("semantics.coupling")[20:22].tolist() == [1.0, 0.0]


def test_equilibrium_along_a_slice_is_where_the_test_passes_to_the_end():
    text = (
        '[game]\nname = "prisoners_dilemma"\n[sweep]\n"semantics.coupling" = [0.6, 0.8, 0.9, 1.0]\n'
    )
    text += '"semantics.bound" = [2.0, 3.0]\n' + MOVEMENT
    # thresholds of theory: .7805 at M = 2 and .8705 at M = 3
    assert [s.equilibrium for s in computed(text).slices] == [0.8, 0.9]


def test_any_number_can_be_swept():
    text = '[game]\nname = "public_goods"\n' + ALONE
    players = computed(text + '[sweep]\n"game.parameters.n" = [3, 4]\n')
    assert players.column("payoff_player_4").tolist()[1] > 0
    assert np.isnan(players.column("payoff_player_4")[0])
    steps = computed(text + '[sweep]\n"learning.steps" = [1, 40]\n')
    assert steps.column("mean_cooperation")[0] != steps.column("mean_cooperation")[1]
    entry = "[game]\npayoffs = [[3, 0], [5, 1]]\n" + ALONE
    cell = computed(entry + '[sweep]\n"game.payoffs.1.0" = [3.5, 5]\n')
    whole = computed('[game]\nname = "prisoners_dilemma"\n' + ALONE + "[sweep]\n")
    assert cell.column("welfare")[1] == pytest.approx(whole.column("welfare")[0], rel=1e-12)


def test_keys_without_quotes_mean_the_same():
    text = '[game]\nname = "chicken"\n[sweep]\n{} = [0.1, 0.2]\n'
    plain, quoted = (
        parse_study(text.format(k)) for k in ("semantics.coupling", '"semantics.coupling"')
    )
    assert plain.axes == quoted.axes == (("semantics.coupling", (0.1, 0.2)),)


def test_tied_study_never_exploits():
    text = '[game]\nname = "prisoners_dilemma"\n' + ALONE.replace(
        "[learning]", "[learning]\ntied = true"
    )
    result = computed(text + '[sweep]\n"semantics.coupling" = [0.5, 0.6]\n')
    assert result.column("exploitation_share").tolist() == [0.0, 0.0]
    assert "with tied parameters" in claims(result)[1]
    assert "in no run does one end above ½ and another not" in claims(result)[1]


def test_grid_starts_are_the_midpoints_of_equal_cells():
    """Deadlock at κ = 0: nothing moves cooperation up, and starts above ½ come back down."""
    text = (
        '[game]\nname = "prisoners_dilemma"\n[learning]\nstart = "grid"\nstarts = 16\nsteps = 1\n'
    )
    text += 'step_size = 1e-9\n[semantics]\nkind = "affine"\nweight = 0.0\n[sweep]\n'
    text += ALONE[ALONE.index("[analysis]") :]
    (row,) = computed(text).rows()
    # θ in {1/8, 3/8, 5/8, 7/8}²: a quarter of the pairs both above ½, a half one above.
    assert (row["cooperation_share"], row["exploitation_share"]) == (0.25, 0.5)


def test_neutral_start_is_a_single_run():
    text = '[game]\nname = "chicken"\n[learning]\nstart = "neutral"\nsteps = 10\n[sweep]\n'
    result = computed(text + ALONE[ALONE.index("[analysis]") :])
    assert result.base.generic is not None
    assert result.base.generic.cooperation.runs == 1


def test_analyses_not_asked_for_are_left_out():
    off = ("thresholds", "tied", "outcomes", "boundary_test", "portrait", "certify")
    text = '[game]\nname = "chicken"\n[analysis]\n' + "".join(f"{k} = false\n" for k in off)
    result = computed(text + "[sweep]\n")
    (row,) = result.rows()
    present = {key for key, value in row.items() if value is not None}
    assert present == {"first_movement", "first_movement_margin"}
    assert result.predictions is None
    assert result.portrait is None


def test_parts_do_not_change_the_numbers():
    """Computed in parts of two points or all at once: the same table, but for rounding."""
    text = (
        '[game]\nname = "chicken"\n'
        + QUICK
        + 'tied = false\n[sweep]\n"semantics.coupling" = [0.1, 0.2, 0.3]\n'
    )
    whole = computed(text)
    divided = computed(text.replace("starts = 8", "starts = 8\nbatch = 16"))
    for name in ("mean_cooperation", "first_movement_margin", "boundary_gain"):
        assert divided.column(name) == pytest.approx(whole.column(name), abs=1e-12)


def test_given_starts_are_used():
    game = LogisticFamily(load_game("prisoners_dilemma"), bound=3.0)(0.5)
    starts = Starts(profiles=((1.0, -1.0), (-1.0, 1.0), (1.0, -1.0)))
    (found,) = assess([game], learning=Learning(starts=starts))
    # At κ = ½ the player who starts more cooperative is the one exploited.
    assert found.generic is not None
    assert [share.count for share in found.generic.exploited] == [2, 1]
    assert found.generic.detail.startswith("3 given starts")


def test_parts_that_do_not_apply_say_why():
    tensor = np.arange(12.0).reshape(2, 2, 3)
    (found,) = assess(
        [LogisticFamily(NormalFormGame(tensor), bound=2.0)(0.3)], learning=Learning(steps=50)
    )
    assert found.tied is None
    assert found.boundary is None
    assert found.rest_points is None
    assert any("differ in shape" in note for note in found.notes)
    assert any("2 parameters" in note for note in found.notes)


def test_unwritable_output_is_refused_before_computing(tmp_path):
    (tmp_path / "pd.toml").write_text(STUDY)
    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(InputError, match="not a writable folder"):
        run_study(tmp_path / "pd.toml", blocker / "out")


def test_new_study_is_the_default_one_and_says_what_every_key_means():
    text = template(game_table("donation:b=4", Path()))
    study = parse_study(text)
    assert (
        study.settings()
        == parse_study('[game]\nname = "donation"\nparameters = { b = 4 }\n').settings()
    )
    assert study.axes == parse_study('[game]\nname = "donation"\n').axes
    for section, keys in study.settings().items():
        for key in keys:
            assert f"\n{key} = " in text or f"\n# {key} = " in text, f"{section}.{key}"


def test_every_line_commented_out_is_a_valid_one():
    """A reader who removes a # gets a study that reads."""
    lines = template(game_table("prisoners_dilemma", Path())).splitlines()
    shown = [k for k, line in enumerate(lines) if line.startswith("# ") and " = " in line]
    options = [
        k for k in shown if lines[k][2:].split(" = ")[0].strip('"').replace(".", "").isidentifier()
    ]
    assert len(options) > 15
    for k in options:
        changed = [line[2:] if i == k else line for i, line in enumerate(lines)]
        key = changed[k].split(" = ")[0]
        if key in ("file", "payoffs"):  # instead of the name
            changed = [line for line in changed if not line.startswith(("name", "parameters"))]
        parse_study("\n".join(changed))


def test_a_new_study_shows_repetition_and_comparison():
    for name in ("donation", "stag_hunt"):
        text = template(game_table(name, Path()))
        assert "# repeated = { discount = 0.96 }\n" in text
        begin = text.index("# [[compare]]")
        compare = text[begin:].replace("# ", "")
        study = parse_study(text[:begin].replace("# repeated", "repeated") + compare)
        assert [entry.rule for entry in study.compare] == ["gradient", "lola"]
        (further,) = (x for x in text.splitlines() if x.startswith('# "') and " = [" in x)
        assert len(parse_study(text.replace(further, further[2:])).axes) == 2


def test_payoffs_on_the_command_line():
    assert payoff_rows("3 0; 5 1") == [[3.0, 0.0], [5.0, 1.0]]
    for wrong in ("3 0 5 1", "3 0; 5", "a b; c d", ""):
        with pytest.raises(InputError, match="rows separated by semicolons"):
            payoff_rows(wrong)


def test_schema_accepts_studies_and_refuses_what_is_wrong():
    validator = jsonschema.Draft202012Validator(schema())
    validator.check_schema(schema())
    for text in (STUDY, template(game_table("chicken", Path()))):
        validator.validate(tomllib.loads(text))
    for wrong in ({}, {"game": {"nam": "x"}}, {"game": {"name": "x"}, "learning": {"steps": "10"}}):
        assert list(validator.iter_errors(wrong))


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_valid_studies(name):
    path = EXAMPLES[name]
    check_study(path)
    validator = jsonschema.Draft202012Validator(schema())
    validator.validate(tomllib.loads(path.read_text("utf-8")))
    study = read_study(path)
    assert study.swept or study.compare or study.league
