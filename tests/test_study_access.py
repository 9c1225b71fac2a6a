"""Studies under partial access: what they accept, refuse, compute and say."""

import pytest

from glasshouse.analysis import first_movement_switch
from glasshouse.analysis.predictions import closed_form_along
from glasshouse.channels import Full, Mask
from glasshouse.channels.registry import CHANNELS
from glasshouse.errors import InputError
from glasshouse.study import Study, check_study, compute, prepare
from glasshouse.study.questions import study_curve
from glasshouse.study.report.figures import study_figures
from glasshouse.study.report.page import report_html
from glasshouse.study.spec.access import ACCESS_SPECS
from glasshouse.study.spec.toml import parse_study

KINDS = {
    "full": {},
    "one_sided": {"readers": [0]},
    "mask": {"visible": [[True], [False]]},
    "probabilistic": {"probability": 0.7},
    "noisy": {"scale": 1.0},
    "misreport": {"budget": 1.0},
    "decoupled": {},
}
EXPECTED = {
    "full": 3 / 7,
    "one_sided": 0.683190,
    "mask": 0.683190,
    "probabilistic": 0.612245,
    "noisy": 3 / 7,
    "misreport": 0.341595,
    "decoupled": 0.654654,
}
"""κ of the prisoner's dilemma from which cooperation rises first; theory, in six digits."""


def study(kind="full", **more):
    return Study.model_validate(
        {
            "game": {"name": "prisoners_dilemma"},
            "access": {"kind": kind, **KINDS[kind]},
            "learning": {"starts": 6, "steps": 60},
            "sweep": {"semantics.coupling": [0.3, 0.5]},
            "analysis": {"portrait": False, "certify": False},
            **more,
        }
    )


def test_studies_name_channels_by_their_own_names():
    assert {kind.replace("_", "") for kind in ACCESS_SPECS} <= set(CHANNELS)
    assert {*KINDS, "distance"} == set(ACCESS_SPECS)  # of which no first movement is to be had


@pytest.mark.parametrize("kind", KINDS)
def test_studies_predict_under_every_kind_of_access(kind):
    family = prepare(study(kind)).base.own_family("semantics.coupling")
    assert family is not None
    closed, reason = closed_form_along(family)
    assert closed is not None, reason
    assert closed.neutral.value == pytest.approx(EXPECTED[kind], abs=1e-6)
    assert (closed.defection.value is None) is (kind != "full")
    assert first_movement_switch(family).value == pytest.approx(EXPECTED[kind], abs=1e-6)


def test_studies_say_under_which_access_something_holds():
    """Two things to learn: what needs one parameter per player is left out, with the reason."""
    result = compute(prepare(study("misreport")))
    predictions = result.predictions
    assert predictions is not None
    assert predictions.first_movement.value == pytest.approx(EXPECTED["misreport"], abs=1e-6)
    summary = result.to_dict()
    assert summary["access"] == {"kind": "misreport", "budget": 1.0}
    for claim in summary["claims"]:
        assert "reports off by a learned offset of at most 1" in claim
    (equilibrium,) = [claim for claim in summary["claims"] if claim.startswith("Equilibrium")]
    assert "not tested (player 1 has 2 parameters" in equilibrium
    page = report_html(result, study_figures(result), {})
    words = page[page.index("<dt>Access</dt>") :].partition("</dd>")[0]
    assert "Reports off by a learned offset of at most 1: everybody learns two things" in words


def test_equilibria_are_those_of_the_access():
    """At coupling 1 the corner of M = 3 is an equilibrium if all see all, and not at λ = 0.7."""
    alone = {"thresholds": False, "outcomes": False, "tied": False, "portrait": False}
    more = {"semantics": {"coupling": 1.0}, "sweep": {}, "analysis": alone}
    partial = compute(prepare(study("probabilistic", **more)))
    (claim,) = [c for c in partial.to_dict()["claims"] if c.startswith("Equilibrium")]
    assert claim.startswith("Equilibrium, seen with probability 0.7, refuted: ")
    full = compute(prepare(study("full", **more)))
    (claim,) = [c for c in full.to_dict()["claims"] if c.startswith("Equilibrium")]
    assert claim.startswith("Equilibrium, proved: ")
    curve = {**more, "analysis": {**alone, "boundary_test": False, "thresholds": True}}
    assert study_curve(prepare(study("probabilistic", **{**curve, "sweep": None}))) is None


NOTHING = {"thresholds": False, "portrait": False, "certify": False, "boundary_test": False}


def test_the_probability_of_being_seen_can_be_swept():
    """At coupling 0.8 cooperation rises from λ = (3/7)/0.8 = 0.536 on."""
    swept = study(
        "probabilistic",
        semantics={"coupling": 0.8},
        sweep={"access.probability": [0.0, 0.53, 0.54, 1.0]},
        analysis=NOTHING,
    )
    result = compute(prepare(swept))
    assert result.column("first_movement").tolist() == ["falls", "falls", "rises", "rises"]
    assert all("access as swept" in claim for claim in result.to_dict()["claims"])
    family = prepare(swept).along("access.probability")
    found = first_movement_switch(family, bracket=(0.0, 1.0)).value
    assert found == pytest.approx(3 / 7 / 0.8, abs=1e-8)


def test_two_axes_compare_with_the_closed_form_at_each_probability():
    swept = study(
        "probabilistic",
        sweep={
            "semantics.coupling": {"start": 0.2, "stop": 1.2, "count": 21},
            "access.probability": [0.5, 1.0],
        },
        analysis={**NOTHING, "thresholds": True, "tied": False, "outcomes": False},
    )
    found = compute(prepare(swept)).slices
    assert [s.predicted for s in found] == [pytest.approx(6 / 7), pytest.approx(3 / 7)]
    for one in found:
        assert one.first_movement == pytest.approx(one.predicted, abs=1e-3)


def test_who_reads_is_a_name_and_no_axis():
    with pytest.raises(ValueError, match=r"sweep\.access\.readers\.0' names a player"):
        study("one_sided", sweep={"access.readers.0": [0, 1]})
    with pytest.raises(ValueError, match=r"sweep\.access\.readers' is no number") as refused:
        study("one_sided", sweep={"access.readers": [0, 1]})
    assert "access.readers.0" not in str(refused.value)


def test_linear_studies_hide_coordinates():
    linear = {"kind": "linear", "direction": [1.0, 1.0, 1.0, 1.0]}
    visible = {"kind": "mask", "visible": [True, True, False, False]}
    prepared = prepare(study(semantics=linear, access=visible, analysis=NOTHING))
    assert isinstance(prepared.base.parametric.channel, Mask)
    family = prepared.base.own_family("semantics.coupling")
    assert family is not None
    assert family.closed_form().neutral.value == pytest.approx(0.683190, abs=1e-6)
    assert first_movement_switch(family).value == pytest.approx(0.683190, abs=1e-6)
    result = compute(prepared)
    page = report_html(result, study_figures(result), {})
    assert "2 of 4 coordinates of each player visible" in page
    assert "4 coordinates per player" in page


def test_affine_studies_have_access_too():
    more = {"semantics": {"kind": "affine"}, "sweep": {"semantics.weight": [0.0, 0.5]}}
    family = prepare(study("probabilistic", **more)).base.own_family("semantics.weight")
    assert family is not None
    weight = 0.612245 / (1 + 0.612245)
    assert family.closed_form().neutral.value == pytest.approx(weight, abs=1e-6)
    with pytest.raises(InputError, match=r"access\.budget.: .* may lie outside"):
        prepare(study("misreport", **more))


def test_full_access_unless_said():
    plain = parse_study('[game]\nname = "chicken"\n')
    assert isinstance(prepare(plain).base.parametric.channel, Full)
    assert parse_study('[game]\nname = "chicken"\n[access]\n').access.kind == "full"
    assert plain.resolved()["access"] == {"kind": "full"}
    assert parse_study(study("mask").to_toml()) == parse_study(
        parse_study(study("mask").to_toml()).to_toml()
    )


WRONG = {
    'kind = "probabilistic"\nprobability = 1.2': (
        "key 'access.probability' must be less than or equal to 1, but is 1.2"
    ),
    'kind = "probabilistic"': "key 'access.probability' is missing",
    'kind = "probabilistic"\nprobability = true': "key 'access.probability' must be",
    "probability = 0.5": "key 'access.kind' is missing: choose full, one_sided, mask",
    'kind = "noise"\nscale = 1.0': "key 'access.kind' must name a kind of access: did you mean",
    'kind = "noisy"\nscale = -1.0': "key 'access.scale' must be greater than or equal to 0",
    'kind = "noisy"\nscale = 1.0\nsigma = 2.0': "unknown key 'access.sigma'",
    'kind = "noisy"\nscale = 1.0\ndraws = 3': "key 'access.draws' must be a multiple of 2",
    'kind = "misreport"\nbudget = 0.0': "key 'access.budget' must be greater than 0",
    'kind = "one_sided"\nreaders = [2]': (
        "key 'access.readers': readers names player 2, but players are counted from 0 to 1"
    ),
    'kind = "one_sided"\nreaders = [0, 0]': "readers=(0, 0) must be different",
    'kind = "one_sided"\nreaders = [-1]': "key 'access.readers.0' must be greater than or equal",
    'kind = "mask"\nvisible = [1.0]': "key 'access.visible': must say true or false",
    'kind = "mask"\nvisible = [true, false]': (
        "key 'access.visible': visible has 2 entries for player 1, which has 1 parameters"
    ),
    'kind = "mask"\nvisible = [[true]]': "visible has 1 lists, but there are 2 players",
    'kind = "quantised"': "quantised access has no first-order threshold: what is shown does not",
    'kind = "delayed"\nsteps = 3': "delayed access has no first-order threshold: what is shown now",
}


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text.replace("\n", " "))
def test_wrong_access_is_one_line_with_the_key(text, tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(f'[game]\nname = "prisoners_dilemma"\n[access]\n{text}\n', "utf-8")
    with pytest.raises(InputError) as refused:
        check_study(path)
    said = str(refused.value)
    assert said.startswith(f"{path}: ")
    assert WRONG[text] in said
    assert "\n" not in said


def test_starts_in_numbers_do_not_fit_two_things_to_learn():
    given = study("decoupled", learning={"start": [[0.0, 0.0]], "steps": 5})
    with pytest.raises(InputError, match=r"key 'learning.start': .* draw normal starts"):
        prepare(given)
    grid = study("misreport", learning={"start": "grid", "starts": 225, "steps": 5})
    with pytest.raises(InputError, match=r"key 'learning.starts': .* over 4 parameters"):
        prepare(grid)
