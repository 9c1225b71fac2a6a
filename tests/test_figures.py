"""Single figures for papers: as wide as asked, fonts inside, and nothing computed in vain."""

import re
import struct
from pathlib import Path

import numpy as np
import pytest
from matplotlib.text import Text
from tests.layout import faults
from tests.reports import result

from glasshouse.errors import InputError
from glasshouse.plots._page import on_page
from glasshouse.study import Study, prepare
from glasshouse.study.drawing import draw_figure, save_figure
from glasshouse.study.drawing.held import cut_down
from glasshouse.study.drawing.kinds import FIGURE_KINDS
from glasshouse.study.drawing.pages import length, page_of
from glasshouse.study.drawing.source import finished_table, study_source
from glasshouse.study.report.figures import study_figures
from glasshouse.study.spec.study import AnalysisSpec
from glasshouse.study.store import run_study

PD = {"game": {"name": "prisoners_dilemma"}}
TWO_AXES = PD | {"sweep": {"semantics.coupling": [0.3, 0.6], "game.parameters.T": [4.0, 5.0, 6.0]}}

MM = 72 / 25.4


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> dict[str, Path]:
    """One figure in every kind of file, 86 mm wide."""
    study = Study.model_validate(PD | {"analysis": {"certify": False}})
    figure = draw_figure(study, "deviation", at={"coupling": 0.8}, width="86mm")
    folder = tmp_path_factory.mktemp("figures")
    files = {kind: folder / f"figure.{kind}" for kind in ("pdf", "svg", "png")}
    for file in files.values():
        assert save_figure(figure, file).width == pytest.approx(86.0)
    return files


def test_pdf_has_its_fonts_inside_and_the_width_asked_for(saved):
    content = saved["pdf"].read_bytes()
    fonts = re.findall(rb"/Subtype /(CIDFontType2|Type3|Type1|TrueType)\b", content)
    assert set(fonts) == {b"CIDFontType2"}
    assert len(re.findall(rb"/FontFile2 \d+ 0 R", content)) == len(fonts)
    (box,) = re.findall(rb"/MediaBox \[([^\]]*)\]", content)
    left, bottom, right, top = map(float, box.split())
    assert (left, bottom) == (0, 0)
    assert right / MM == pytest.approx(86, abs=0.01)
    assert 40 < top / MM < 120


def test_svg_and_png_have_the_width_asked_for_and_need_no_font(saved):
    text = saved["svg"].read_text("utf-8")
    width = re.search(r'<svg [^>]*width="([\d.]+)pt"', text)
    assert width is not None
    assert float(width[1]) / MM == pytest.approx(86, abs=0.01)
    assert "<text" not in text
    content = saved["png"].read_bytes()
    (pixels,) = struct.unpack(">I", content[16:20])
    place = content.index(b"pHYs") + 4
    (per_metre,) = struct.unpack(">I", content[place : place + 4])
    assert 1000 * pixels / per_metre == pytest.approx(86, abs=0.1)
    assert per_metre * 0.0254 == pytest.approx(300, abs=0.1)


@pytest.mark.parametrize("style", ["paper", "slides"])
def test_every_figure_of_a_study_is_laid_out_well_on_paper(style):
    page, _ = page_of(style, None, None)
    with on_page(page):
        drawn = [x for name in ("one axis", "two axes") for x in study_figures(result(name))]
    assert {"coupling", "map", "portrait", "deviation", "equilibrium"} <= {x.name for x in drawn}
    for figure in drawn:
        assert figure.figure.get_figwidth() == page.width
        assert not faults(figure.figure), figure.name
        sizes = [
            float(text.get_fontsize())
            for text in figure.figure.findobj(Text)
            if text.get_visible() and text.get_text().strip()
        ]
        assert min(sizes) >= 8.5 * page.scale - 1e-6, figure.name


def test_endings_of_large_steps_are_drawn_with_the_closed_form():
    """At κ = .5 tied learners rest up to steps of 18, and at 0 at the corner at any step."""
    steps = {"tied": True, "starts": 2, "steps": 2000}
    axes = {"semantics.coupling": [0.0, 0.5], "learning.step_size": [17.0, 20.0]}
    study = Study.model_validate(PD | {"learning": steps, "sweep": axes})
    figure = draw_figure(study, "endings")
    assert figure.alt == (
        "Of 4 points, by what most runs do, at 1 they rest inside; at 2 they rest at a bound; at 1 "
        "they come back after 2 steps."
    )
    assert "Dashed line: the largest step" in figure.caption
    (line,) = figure.figure.axes[0].lines
    assert np.asarray(line.get_ydata())[1] == pytest.approx(18.0)
    assert not faults(figure.figure)
    apart = Study.model_validate(PD | {"learning": steps | {"tied": False}, "sweep": axes})
    assert "Dashed line" not in draw_figure(apart, "endings").caption


def test_a_figure_of_one_point_sweeps_and_asks_nothing_else():
    study = Study.model_validate(TWO_AXES)
    cut = cut_down(study, FIGURE_KINDS["portrait"], {"coupling": 0.5, "T": 6.0})
    assert len(prepare(cut).points) == 1
    at = {axis.key: axis.values for axis in cut.axes}
    assert at == {"semantics.coupling": (0.5,), "game.parameters.T": (6.0,)}
    asked = {key for key, value in cut.analysis if value not in (False, (), "cooperation")}
    assert asked == {"portrait"}


def test_numbers_held_are_swept_no_longer():
    study = Study.model_validate(TWO_AXES)
    cut = cut_down(study, FIGURE_KINDS["along"], {"T": 4.5})
    assert [axis.key for axis in cut.axes] == ["semantics.coupling"]
    assert cut.settings()["game"]["parameters"]["T"] == 4.5
    assert cut.analysis.outcomes
    assert not cut.analysis.portrait


def test_every_kind_asks_for_something_a_study_can_be_asked():
    for kind in FIGURE_KINDS.values():
        assert set(dict(kind.asks)) | set(kind.keeps) <= set(AnalysisSpec.model_fields)
        assert kind.shows
        assert kind.otherwise


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("portraits", {}, "did you mean 'portrait'"),
        ("along", {}, "hold the others, as by --at game.parameters.T=VALUE"),
        ("map", {"at": {"T": 5.0}}, "drawn over two swept numbers"),
        ("portrait", {"at": {"couplng": 1.0}}, "did you mean 'semantics.coupling'"),
        ("portrait", {"at": {"learning.step_size": -1.0}}, "step_size"),
        ("portrait", {"width": "86"}, "unit"),
        ("portrait", {"width": "8mm"}, "50 to 1200 mm"),
        ("portrait", {"style": "slide"}, "did you mean 'slides'"),
        ("comparison", {}, "list learners in"),
    ],
)
def test_what_cannot_be_is_said_with_what_to_change(kind, options, said):
    with pytest.raises(InputError, match=re.escape(said)):
        draw_figure(Study.model_validate(TWO_AXES), kind, **options)


def test_lengths_are_read_in_every_unit():
    for text in ("76.2mm", "7.62cm", "3in", "216 pt"):
        assert length(text, "width") == pytest.approx(3.0)
    assert length("single", "width") * 25.4 == pytest.approx(86)
    assert length("double", "width") * 25.4 == pytest.approx(178)


def test_files_are_refused_before_anything_is_computed(tmp_path, call):
    for name, said in (("f.eps", "transparency"), ("no/f.pdf", "there is no folder")):
        words = ("figure", "stag_hunt", "--kind", "portrait", "--out", str(tmp_path / name))
        code, _, err = call(*words)
        assert code == 2
        assert said in err


def test_a_game_says_and_is_told_which_action_counts_as_cooperation(tmp_path, call):
    table = tmp_path / "table.csv"
    table.write_text(",work,shirk\ncomply,3;3,0;5\ncheat,5;0,1;1\n")
    out = ("--kind", "feasible", "--out", str(tmp_path / "f.svg"))
    for options, counts in (((), "comply of player 1, work"), (("--cooperate", "1"), "cheat")):
        code, printed, _ = call("figure", str(table), *out, *options)
        assert code == 0
        assert f"As cooperation counts: {counts}" in printed
    given = study_source(str(table), cooperate=["cheat", "work"]).study.game.cooperate
    assert given == ["cheat", "work"]
    with pytest.raises(InputError, match="a study says it itself"):
        study_source(str(tmp_path), cooperate=["cheat"])


def test_a_finished_sweep_is_read_and_no_other(tmp_path):
    study = tmp_path / "small.toml"
    study.write_text(
        '[game]\nname = "donation"\n[learning]\nstarts = 4\nsteps = 20\n[sweep]\n'
        '"semantics.coupling" = [0.2, 0.8]\n[analysis]\nthresholds = false\ntied = false\n'
        "boundary_test = false\nportrait = false\ncertify = false\n"
    )
    out = tmp_path / "out"
    found = run_study(study, out)
    source = study_source(str(out))
    table = finished_table(source)
    assert table is not None
    assert table.equals(found.table)
    np.testing.assert_array_equal(source.study.axes[0].values, found.axes[0].values)
    with (out / "sweep.parquet").open("ab") as file:
        file.write(b"x")
    assert finished_table(source) is None
    assert finished_table(study_source(str(study))) is None
