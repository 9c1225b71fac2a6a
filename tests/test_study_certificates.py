"""Certificates in studies: what they prove, the files they leave, and how they are told."""

import dataclasses
import functools
import json
import math
from pathlib import Path

import mpmath
import numpy as np
import pytest

from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold
from glasshouse.analysis.movement.switch import Switch
from glasshouse.analysis.outcomes.generic import Share
from glasshouse.analysis.predictions import Predictions
from glasshouse.analysis.proofs import CertifiedPoint, proved_threshold
from glasshouse.certificates import Certificate, verify
from glasshouse.certificates.rounding import bracketed
from glasshouse.errors import InputError
from glasshouse.families.family import AffineFamily, LogisticFamily
from glasshouse.games import NormalFormGame
from glasshouse.interop import load_game
from glasshouse.plots import plot_deviation_curve
from glasshouse.plots.deviation import curve_window
from glasshouse.study import check_study, claims, compute, predict, prepare, run_study
from glasshouse.study import folder as folder_module
from glasshouse.study.questions import study_points
from glasshouse.study.report.figures import study_figures
from glasshouse.study.report.page import report_html
from glasshouse.study.result import StudyResult
from glasshouse.study.spec.toml import parse_study
from glasshouse.study.words.glance import glance
from glasshouse.study.words.sentences import equilibrium_claim
from glasshouse.study.words.verdicts import judged

PD = '[game]\nname = "prisoners_dilemma"\n'
LEARNING = "[learning]\nstarts = 12\nsteps = 3000\n"
NO_SWEEP = "[sweep]\n[analysis]\nportrait = false\n"


def computed(text: str, folder: Path = Path()):
    return compute(prepare(parse_study(text), folder))


def named(points: tuple[CertifiedPoint, ...]) -> dict[str, CertifiedPoint]:
    return {point.name: point for point in points}


def certified(text: str, folder: Path = Path()) -> dict[str, CertifiedPoint]:
    """What a study certifies at its own values, without computing the rest of it."""
    points, note = study_points(prepare(parse_study(text), folder).base)
    assert not note
    return named(points)


def proved(predictions: Predictions | None) -> CertifiedThreshold:
    assert predictions is not None
    assert isinstance(predictions.equilibrium, CertifiedThreshold)
    return predictions.equilibrium


def proofs(found: CertifiedThreshold) -> tuple[Certificate, Certificate]:
    """What shows that it fails below, and that it holds above."""
    assert found.refuted is not None
    assert found.certified is not None
    return found.refuted, found.certified


def share_of(point: CertifiedPoint) -> Share | None:
    assert point.reached is not None
    return point.reached.share


def payoff(coupling: float, own: float, other: float):
    """Expected payoff in the prisoner's dilemma (5, 3, 1, 0) at 50 digits."""
    with mpmath.workdps(50):
        k, x, y = map(mpmath.mpf, (coupling, own, other))
        p, q = (1 / (1 + mpmath.exp(-z)) for z in (x + k * y, y + k * x))
        return 3 * p * q + 5 * (1 - p) * q + (1 - p) * (1 - q)


def best_gain(coupling: float, own: float, other: float, low: float, high: float):
    """Brute force at 50 digits: the best of a fine grid, and of a finer one around it."""
    stay, best = payoff(coupling, own, other), own
    for _ in range(4):
        grid = np.linspace(low, high, 201)
        best = float(max(grid, key=lambda t: payoff(coupling, float(t), other)))
        step = grid[1] - grid[0]
        low, high = max(low, best - step), min(high, best + step)
    return max(payoff(coupling, best, other) - stay, 0)


def holds_brute_force(point: CertifiedPoint, coupling: float, bound: float) -> None:
    """The bounds of both players contain what brute force finds, as does the witness."""
    (x,), (y,) = point.certificate.params
    for gain, (own, other) in zip(point.certificate.gains, ((x, y), (y, x)), strict=True):
        found = best_gain(coupling, own, other, -bound, bound)
        assert gain.lower - 1e-12 <= found <= gain.upper
        moved = payoff(coupling, gain.witness[0], other) - payoff(coupling, own, other)
        assert moved >= gain.witness_gain


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> tuple[Path, StudyResult]:
    """The prisoner's dilemma at κ = ½ with few starts: its folder, beside the study, and result."""
    folder = tmp_path_factory.mktemp("half")
    text = PD + LEARNING + '[sweep]\n"semantics.coupling" = [0.5, 0.9]\n'
    (folder / "half.toml").write_text(text + "[analysis]\nportrait = false\n")
    return folder / "out", run_study(folder / "half.toml", folder / "out")


@pytest.fixture
def half(written) -> Path:
    return written[0]


@pytest.fixture
def half_result(written) -> StudyResult:
    return written[1]


def test_exploitation_is_no_equilibrium(half_result):
    """κ = ½: learning ends where one exploits the other, and neither that nor p* = 2/3 holds."""
    points = named(half_result.certificates)
    assert {"tied_rest_point", "rest_point_1", "rest_point_2", "corner"} <= set(points)
    for point in points.values():
        assert point.certificate.verdict == "refuted"
        assert point.certificate.about == "the game"
        holds_brute_force(point, 0.5, 3.0)
    # tanh ... the tied rest point: s(1.5 θ) = 2/3.
    assert points["tied_rest_point"].certificate.params[0][0] == pytest.approx(math.log(2) / 1.5)
    assert points["corner"].gain.lower == pytest.approx(0.950157922262, abs=1e-6)
    assert points["corner"].reached is None
    assert points["corner"].corner


def test_the_tied_rest_point_fails_by_a_limit():
    """κ = 0.3, no bound: p* = 2/13 with payoff 243/169; dragging the other along nearly pays 3."""
    text = PD + '[semantics]\ncoupling = 0.3\nbound = inf\n[learning]\nstart = "neutral"\n'
    result = computed(text + NO_SWEEP)
    point = named(result.certificates)["tied_rest_point"]
    assert point.reached is not None
    gain, ((own,), (other,)) = point.gain, point.certificate.params
    assert point.cooperation == pytest.approx((2 / 13, 2 / 13), abs=1e-5)
    assert own == other
    assert point.certificate.verdict == "refuted"
    assert gain.lower <= 3 - payoff(0.3, own, other) <= gain.upper
    assert gain.lower == pytest.approx(3 - 243 / 169, abs=1e-5)
    assert gain.best == (math.inf,)
    assert gain.attained is False
    assert math.isfinite(gain.witness[0])
    assert payoff(0.3, gain.witness[0], other) - payoff(0.3, own, other) >= gain.witness_gain
    (figure,) = study_figures(result)
    page = report_html(result, (figure,), {})
    assert "∞, not attained: a limit" in page
    window = curve_window(
        result.prepared.base.parametric, point.reached.params, 0, point.certificate
    )
    assert window[0] < own < gain.witness[0] < window[1]
    assert "drawn from {:.4g} to {:.4g}.".format(*window) in figure.caption
    assert "more towards" in str([t.get_text() for t in legend(figure.figure.axes[0])])


def test_bounded_far_away_it_fails_at_the_bound():
    """κ = 0.3, M = 20: t = 20 pays 2.97265 against 1.4379."""
    text = PD + '[semantics]\ncoupling = 0.3\nbound = 20.0\n[learning]\nstart = "neutral"\n'
    point = certified(text + NO_SWEEP)["tied_rest_point"]
    assert point.gain.best == (20.0,)
    assert point.gain.attained is True
    assert point.gain.lower == pytest.approx(2.97265 - 1.4379, abs=2e-4)


def test_the_corner_that_learning_reaches_is_certified():
    """κ = 0.9 is above the threshold 0.870467: the corner is an equilibrium, and runs end there."""
    result = computed(
        PD
        + "[semantics]\ncoupling = 0.9\n"
        + LEARNING.replace("3000", "8000")
        + NO_SWEEP
        + "certify = 1e-9\n"
    )
    (point,) = result.certificates
    assert point.name == "tied_rest_point"
    assert point.corner
    assert share_of(point) == Share(12, 12)
    assert point.certificate.verdict == "certified"
    assert point.certificate.epsilon == 1e-9
    assert point.certificate.relative_epsilon == pytest.approx(1e-9 / 5)
    holds_brute_force(point, 0.9, 3.0)
    said = claims(result)
    assert "parameters, is an ε-equilibrium for ε = 1e-09." in said[-2]
    assert "the rest point reached is an ε-equilibrium for ε = 1e-09." in said[-1]
    assert [figure.name for figure in study_figures(result)] == ["deviation"]


THRESHOLDS = {  # M = 3
    "prisoners_dilemma": 0.870467371354,
    "donation": 0.694207256032,
    "prisoners_dilemma:T=4,R=3.5,P=2": 0.534604927,
    "stag_hunt": -0.200089668,
    "chicken": 0.989856393,
}


@pytest.mark.parametrize("game", THRESHOLDS)
def test_thresholds_are_proved(game):
    family = LogisticFamily(load_game(game), 3.0)
    found = proved(predict(family))
    assert found.result == "found"
    assert found.bracket is not None
    fails, holds = found.bracket
    assert fails < THRESHOLDS[game] < holds
    assert holds - fails < 1.001e-6
    refuted, certified = proofs(found)
    assert (refuted.verdict, refuted.couplings) == ("refuted", (fails, fails))
    assert (certified.verdict, certified.couplings) == ("certified", (holds, 3.0))
    assert certified.epsilon == refuted.epsilon == 0
    assert all(len(f"{end:g}") <= 9 for end in (fails, holds))


def test_a_threshold_that_is_a_short_number_is_said_exactly():
    """Donation b = 3, c = 1, affine: an equilibrium from w = c / (b + c) on, itself included."""
    text = '[game]\nname = "donation"\n[semantics]\nkind = "affine"\n' + LEARNING
    result = computed(text + "[analysis]\nportrait = false\n")
    assert proved(result.predictions).bracket == (0.249999, 0.25)
    (said,) = [claim for claim in claims(result) if claim.startswith("Equilibrium, proved")]
    assert "is an equilibrium at every weight from 0.25 to 1, and not at 0.249999" in said
    assert all(point.certificate.verdict == "certified" for point in result.certificates)


@functools.cache
def measured_of_the_dilemma() -> tuple[LogisticFamily, Switch]:
    """Its family at bound 3, and from where on cooperation was measured to be an equilibrium."""
    family = LogisticFamily(load_game("prisoners_dilemma"), 3.0)
    measured = predict(family, certify=False).equilibrium
    assert isinstance(measured, Switch)
    return family, measured


@pytest.mark.parametrize("value", [0.3, 2.0])
def test_what_was_measured_is_only_a_hint(value):
    """A wrong one costs time, and proves nothing wrong."""
    family, measured = measured_of_the_dilemma()
    wrong = dataclasses.replace(measured, value=value)
    found = proved_threshold(family, wrong, -0.9, 3.0)
    assert found is not None
    assert found.bracket is not None
    assert found.bracket[0] < 0.870467371354 < found.bracket[1]
    assert [proof.verdict for proof in proofs(found)] == ["refuted", "certified"]


def test_where_it_holds_below_only_the_measured_threshold_is_kept():
    """No equilibrium at the largest coupling is less than what was measured."""
    family, measured = measured_of_the_dilemma()
    below = dataclasses.replace(measured, holds="below")
    assert proved_threshold(family, below, -0.9, 0.5) is None
    assert proved_threshold(family, measured, -0.9, 0.5) is None
    nowhere = dataclasses.replace(measured, value=None, holds="nowhere")
    found = proved_threshold(family, nowhere, -0.9, 0.5)
    assert found is not None
    assert (found.result, found.certified) == ("nowhere", None)


def test_everywhere_and_nowhere_are_proved():
    """Cooperation dominates and helps; or it is dominated, and hurts the other too."""
    harmony = NormalFormGame([[[3, 2], [1, 0]], [[3, 1], [2, 0]]])
    found = proved(predict(AffineFamily(harmony)))
    assert found.result == "everywhere"
    assert found.certified is not None
    assert found.certified.couplings == (0.0, 1.0)
    assert found.refuted is None
    reverse = NormalFormGame([[[0, 1], [2, 3]], [[0, 2], [1, 3]]])
    predictions = predict(AffineFamily(reverse), "semantics.weight")
    assert proved(predictions).result == "nowhere"
    assert proved(predictions).certified is None
    said = equilibrium_claim(predictions)
    assert said.startswith("Equilibrium, refuted: ")
    assert "is no equilibrium at weight 1, the largest searched" in said


def test_where_the_corner_does_not_cooperate_nothing_is_said_of_cooperation():
    """Below κ = -1 parameters at their upper bounds are the ones at which all defect."""
    text = '[game]\nname = "stag_hunt"\n[semantics]\ncoupling = -2.0\n[learning]\n'
    text += 'start = "neutral"\n[sweep]\n"semantics.coupling" = [-3.0, -2.0]\n[analysis]\n'
    result = computed(text + "portrait = false\n")
    assert not any(point.corner for point in result.certificates)
    found = result.predictions and result.predictions.equilibrium
    assert found is not None
    assert found.result != "everywhere"
    assert found.bracket is None or found.bracket[1] > -1


def test_files_prove_what_they_say(half):
    out = half
    files = sorted(out.glob("certificates/*.json"))
    assert {file.stem for file in files} >= {
        "corner", "rest_point_1", "threshold_fails", "threshold_holds", "tied_rest_point",
    }  # fmt: skip
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    verdicts = {p["name"]: p["certificate"]["verdict"] for p in summary["certificates"]}
    assert summary["schema_version"] == 5
    for file in files:
        found = verify(file)
        assert found.accepted, found.reason
        claimed = {"threshold_fails": "refuted", "threshold_holds": "certified", **verdicts}
        assert found.certificate.verdict == claimed[file.stem]
    outputs = json.loads((out / "provenance.json").read_text("utf-8"))["outputs"]
    assert {f"certificates/{file.name}" for file in files} <= set(outputs)


def test_tampered_files_prove_nothing(half, tmp_path):
    corner = (half / "certificates" / "corner.json").read_text("utf-8")
    changed = corner.replace('"refuted"', '"certified"')
    assert changed != corner
    (tmp_path / "corner.json").write_text(changed)
    with pytest.raises(InputError, match="not as it was written"):
        verify(tmp_path / "corner.json")


class Stop(BaseException):
    """Stands for whatever ends a process between two writes."""


@pytest.mark.parametrize(
    "last", ["corner.json", pytest.param("deviation_rest.svg", marks=pytest.mark.slow)]
)
def test_an_interrupted_run_goes_on_to_the_same_certificates(half, tmp_path, monkeypatch, last):
    study, out = half.parent / "half.toml", half
    write = folder_module.write_file

    def stopping(path: Path, content: bytes) -> None:
        if path.name == last:
            path.with_name(f".{last}.partial").write_bytes(content[:100])
            raise Stop
        write(path, content)

    monkeypatch.setattr(folder_module, "write_file", stopping)
    with pytest.raises(Stop):
        run_study(study, tmp_path / "out")
    monkeypatch.undo()
    assert not (tmp_path / "out" / "report.html").exists()
    run_study(study, tmp_path / "out")
    files = {p.relative_to(out) for p in out.rglob("*") if p.is_file()}
    assert files == {p.relative_to(tmp_path / "out") for p in (tmp_path / "out").rglob("*.*")}
    for name in files - {Path("provenance.json")}:
        assert (tmp_path / "out" / name).read_bytes() == (out / name).read_bytes(), name


def test_nothing_is_certified_unless_asked(tmp_path):
    text = PD + LEARNING + '[sweep]\n"semantics.coupling" = [0.5, 0.9]\n'
    (tmp_path / "study.toml").write_text(text + "[analysis]\nportrait = false\ncertify = false\n")
    result = run_study(tmp_path / "study.toml", tmp_path / "out")
    assert result.certificates == ()
    assert result.certificate_files == {}
    assert not (tmp_path / "out" / "certificates").exists()
    assert "numerical, not proved" in claims(result)[-1]
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "what is proved" not in page
    assert result.predictions is not None
    assert isinstance(result.predictions.equilibrium, Switch)


def test_what_was_not_asked_for_is_not_certified():
    text = PD + LEARNING + NO_SWEEP
    assert set(certified(text + "tied = false\noutcomes = false\n")) == {"corner"}
    tied = certified(text + "outcomes = false\nboundary_test = false\n")
    assert set(tied) == {"tied_rest_point"}
    assert share_of(tied["tied_rest_point"]) is None
    generic = certified(text + "tied = false\nboundary_test = false\n")
    assert set(generic) >= {"rest_point_1"}
    assert not {"tied_rest_point", "corner"} & set(generic)


def test_a_point_reached_both_ways_is_one_point():
    """Tied runs and the only generic run, from the neutral start, end in the same place."""
    text = PD + '[semantics]\ncoupling = 0.3\n[learning]\nstart = "neutral"\n' + NO_SWEEP
    points = certified(text)
    assert set(points) == {"tied_rest_point", "corner"}
    assert share_of(points["tied_rest_point"]) == Share(1, 1)


def test_shared_parameters_are_learned_as_the_study_says():
    """Tied learning never exploits, so no rest point reached lies off the diagonal."""
    points = certified(PD + LEARNING.replace("steps", "tied = true\nsteps") + NO_SWEEP)
    reached = [p.certificate.params for p in points.values() if p.reached is not None]
    assert reached
    assert all(own == other for own, other in reached)


def test_epsilon_zero_asks_for_exact_equilibria():
    """Stag hunt at κ = ½: both corners are strict, and certified at ε = 0."""
    text = '[game]\nname = "stag_hunt"\n' + LEARNING.replace("12", "40") + NO_SWEEP
    result = computed(text + "certify = 0\n")
    assert {p.certificate.verdict for p in result.certificates} == {"certified"}
    assert {p.certificate.epsilon for p in result.certificates} == {0.0}
    assert "are equilibria (ε = 0)" in claims(result)[-1]


@pytest.mark.parametrize("epsilon", ["-1e-6", "inf", "nan", "true", '"small"', "[1e-6]"])
def test_epsilons_that_are_none_are_one_line(tmp_path, epsilon):
    (tmp_path / "study.toml").write_text(PD + f"[analysis]\ncertify = {epsilon}\n")
    with pytest.raises(InputError) as refused:
        check_study(tmp_path / "study.toml")
    said = str(refused.value)
    assert "key 'analysis.certify': must be a finite number of at least 0" in said
    assert said.startswith(str(tmp_path / "study.toml"))
    assert "\n" not in said


def test_epsilon_is_not_swept():
    with pytest.raises(InputError, match=r"sweep\.analysis\.certify' has no effect"):
        prepare(parse_study(PD + '[sweep]\n"analysis.certify" = [1e-6, 1e-3]\n'))


def test_epsilon_survives_being_written():
    for text, value in (("0", 0.0), ("false", False), ("0.5", 0.5)):
        study = parse_study(PD + f"[analysis]\ncertify = {text}\n")
        again = parse_study(study.to_toml()).analysis.certify
        assert (again, type(again)) == (value, type(value))


CUSTOM = """
import jax
import jax.numpy as jnp

def mirror(params, seen, gain):
    logits = [params[i] + gain * seen[i][1 - i] for i in (0, 1)]
    return [jnp.stack([jax.nn.sigmoid(x), jax.nn.sigmoid(-x)]) for x in logits]

def steps(params, seen, gain):
    logits = [jnp.floor(params[i]) + gain * seen[i][1 - i] for i in (0, 1)]
    return [jnp.stack([jax.nn.sigmoid(x), jax.nn.sigmoid(-x)]) for x in logits]
"""


def custom(name: str) -> str:
    own = (
        f'[semantics]\nkind = "custom"\nfunction = "own.py:{name}"\nparameters = {{ gain = 0.5 }}\n'
    )
    return PD + own + LEARNING + NO_SWEEP


def test_a_function_of_ones_own_is_certified_as_a_program(tmp_path, half_result):
    (tmp_path / "own.py").write_text(CUSTOM)
    result = computed(custom("mirror"), tmp_path)
    assert set(named(result.certificates)) == set(named(half_result.certificates))
    for name, point in named(result.certificates).items():
        assert point.certificate.about == "this program"
        same = named(half_result.certificates)[name]
        assert point.certificate.verdict == same.certificate.verdict
        assert point.gain.upper == pytest.approx(same.gain.upper, rel=1e-5)
        point.certificate.write(tmp_path / "file.json")
        assert verify(tmp_path / "file.json").accepted
    assert "(about this program, traced from the semantics)" in claims(result)[-1]
    assert "(about this program)" in report_html(result, (), {})
    assert glance(result)[-1].how == "proved about this program"


def test_operations_that_cannot_be_bounded_are_named(tmp_path):
    (tmp_path / "own.py").write_text(CUSTOM)
    text = custom("steps") + "tied = false\noutcomes = false\n"
    points, note = study_points(prepare(parse_study(text), tmp_path).base)
    assert points == ()
    assert note.startswith("no certificates: ")
    assert "floor" in note


def test_large_games_get_answers_too():
    """Of five players contributing pays whoever does it 1.6/5 - 1 < 0, which nobody reads."""
    alone = "[semantics]\ncoupling = 0.0\n[analysis]\ntied = false\noutcomes = false\n"
    large = '[game]\nname = "public_goods"\nparameters = { n = 5 }\n' + alone
    (corner,), _ = study_points(prepare(parse_study(large)).base)
    assert (corner.name, corner.certificate.verdict) == ("corner", "refuted")
    rows = [[10.0 if i == j else float(j - i) for j in range(5)] for i in range(5)]
    of_many = f"[game]\npayoffs = {rows}\n" + alone
    (corner,), _ = study_points(prepare(parse_study(of_many)).base)
    assert [own[0] > 0 > max(own[1:]) for own in corner.certificate.params] == [True, True]
    assert corner.certificate.verdict == "certified"


def test_runs_that_have_not_come_to_rest_are_not_certified():
    text = PD + "[learning]\nsteps = 5\n" + NO_SWEEP + "boundary_test = false\n"
    points, note = study_points(prepare(parse_study(text)).base)
    assert {point.name for point in points} == {"tied_end", "end_1", "end_2", "end_3"}
    assert not any(point.reached.at_rest for point in points if point.reached)
    assert "no run came to rest" in note


def test_two_axes_certify_the_studys_own_values():
    text = PD + LEARNING + '[sweep]\n"semantics.coupling" = [0.2, 0.9]\n'
    text += '"game.parameters.T" = [4.0, 5.0]\n[analysis]\nportrait = false\noutcomes = false\n'
    result = computed(text)
    corner = named(result.certificates)["corner"]
    assert corner.gain.lower == pytest.approx(0.950157922262, abs=1e-6)
    assert claims(result)[-1].startswith("Equilibrium at coupling = 0.5, T = 5, proved: ")
    assert result.predictions is None


def legend(ax) -> list:
    found = ax.get_legend()
    assert found is not None
    return found.get_texts()


def test_the_curve_shows_what_is_proved(half_result):
    point, game = named(half_result.certificates)["corner"], half_result.prepared.base.parametric
    ax = plot_deviation_curve(game, (3.0, 3.0), certificate=point.certificate)
    said = " ".join(text.get_text() for text in legend(ax))
    low, high = bracketed(point.gain.lower, point.gain.upper)
    assert f"best gain proved between {low} and {high}" in said
    assert "refuted: more than ε = 1e-06" in said
    assert "-2.952" in said
    dashed = [np.asarray(x.get_ydata()) for x in ax.lines if x.get_linestyle() == "--"]
    (level,) = {float(height) for heights in dashed for height in heights}
    assert level == pytest.approx(float(payoff(0.5, 3.0, 3.0)) + point.gain.lower)
    with pytest.raises(InputError, match="another profile"):
        plot_deviation_curve(game, (2.0, 3.0), certificate=point.certificate)
    with pytest.raises(InputError, match="no player 2"):
        plot_deviation_curve(game, (3.0, 3.0), 2, certificate=point.certificate)


@pytest.mark.parametrize("upper", [0.3, math.inf])
def test_what_is_not_decided_is_told_so(half_result, upper):
    found = []
    for point in half_result.certificates:
        gains = tuple(
            dataclasses.replace(gain, lower=0.0, upper=upper, witness_gain=0.0)
            for gain in point.certificate.gains
        )
        changes = {"verdict": "unknown", "gains": gains, "advice": "a larger budget may help"}
        proof = dataclasses.replace(point.certificate, **changes)
        found.append(dataclasses.replace(point, certificate=proof))
    result = dataclasses.replace(half_result, certificates=tuple(found))
    said = claims(result)[-1]
    assert said.startswith("Equilibrium at coupling = 0.5: whether the ")
    assert said.endswith("for ε = 1e-06 is not decided.")
    assert "proved" not in said
    page = report_html(result, study_figures(result), {})
    bounds = "0 and 0.3" if upper < 1 else "0 and ∞"
    assert page.count(f"not decided: player 1 gains between {bounds} at best; a larger") == len(
        found
    )


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ("c", "the rest point reached is an ε-equilibrium for ε = 0.5"),
        ("r", "the rest point reached is no ε-equilibrium for ε = 0.5"),
        ("u", "whether the rest point reached is an ε-equilibrium for ε = 0.5 is not decided"),
        ("cc", "all 2 rest points reached are ε-equilibria for ε = 0.5"),
        ("rrr", "of the 3 rest points reached none is an ε-equilibrium for ε = 0.5"),
        ("uu", "whether the 2 rest points reached are ε-equilibria for ε = 0.5 is not decided"),
        ("ccr", "of the 3 rest points reached 2 are ε-equilibria for ε = 0.5 and 1 is not"),
        (
            "ru",
            "of the 2 rest points reached 1 is no ε-equilibrium for ε = 0.5 and 1 is not decided",
        ),
        ("crruu", "reached 1 is an ε-equilibrium for ε = 0.5, 2 are not and 2 are not decided"),
    ],
)
def test_verdicts_in_words(verdicts, said):
    words = {"c": "certified", "r": "refuted", "u": "unknown"}
    assert said in judged([words[letter] for letter in verdicts], 0.5)
