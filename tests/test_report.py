"""Reports: complete in themselves, true to the result, and the same every time."""

import dataclasses
import math
import re
from html.parser import HTMLParser

import matplotlib as mpl
import pytest
from tests.layout import faults
from tests.reports import BY_HAND, RISES, STUDIES, figures, html, result

from glasshouse.analysis.movement.switch import Switch
from glasshouse.games.normal_form import Labels, NormalFormGame
from glasshouse.study.report.figures import study_figures
from glasshouse.study.report.numbers import profile_name
from glasshouse.study.report.page import report_html
from glasshouse.study.report.sections import MOST_ROWS
from glasshouse.study.words.names import cooperation_words
from glasshouse.study.words.sentences import claims, switch_words

BY_NIGHT = {"affine"}
each_report = pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow if n in BY_NIGHT else ()) for n in STUDIES],
)

FIGURES = {
    "one axis": ["coupling", "portrait", "deviation", "deviation_rest", "equilibrium"],
    "two axes": ["map", "portrait", "deviation", "deviation_rest"],
    "custom": ["coupling", "portrait", "deviation", "deviation_rest"],
    "three players": ["coupling", "deviation"],
    "affine": ["coupling", "portrait", "deviation"],
    "awkward": [],
    "unbounded": ["coupling", "deviation_rest"],
    "learning swept": ["coupling"],
    "long": [],
}


class Page(HTMLParser):
    """What a page is made of: its tags, ids, tables and the exact values of its numbers."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.values: list[float] = []
        self.tables: list[list[list[list[float]]]] = []
        self.words: list[str] = []
        self.in_cell = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append([])
            self.in_cell = True
        elif tag == "data":
            value = float(dict(attrs)["value"] or "")
            self.values.append(value)
            if self.in_cell:
                self.tables[-1][-1][-1].append(value)

    def handle_endtag(self, tag):
        self.in_cell = self.in_cell and tag not in ("td", "th")

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] or "" for _, attributes in self.tags if "id" in attributes]


def only_numbers(row: list[list[float]]) -> list[float]:
    """The first number in each cell of a row; NaN where there is none."""
    return [cell[0] if cell else math.nan for cell in row]


@each_report
def test_report_loads_nothing(name):
    page = Page(html(name))
    for tag, attributes in page.tags:
        assert tag not in ("script", "iframe", "object", "embed", "base", "form", "audio", "video")
        for key, value in attributes.items():
            if key in ("src", "srcset", "href", "xlink:href", "data", "action", "poster"):
                local = (value or "").startswith(("#", "data:"))
                assert local or (tag, key) == ("a", "href"), (tag, key, value)
    styles = re.findall(r"<style>(.*?)</style>", html(name), re.DOTALL)
    assert not any("@import" in style or "url(" in style for style in styles)
    targets = re.findall(r"url\(([^)]*)\)", html(name))
    assert all(target.startswith("#") for target in targets)
    assert len(html(name).encode()) < 5_000_000


@each_report
def test_ids_are_unique_and_references_lead_somewhere(name):
    page = Page(html(name))
    assert len(set(page.ids)) == len(page.ids)
    wanted = set(re.findall(r"url\(#([^)]*)\)", html(name)))
    for _, attributes in page.tags:
        wanted |= set((attributes.get("aria-labelledby") or "").split())
        href = attributes.get("href") or ""
        wanted |= {href[1:]} if href.startswith("#") else set()
    assert wanted <= set(page.ids)


@each_report
def test_figures_are_there_and_say_what_they_show(name):
    assert [figure.name for figure in figures(name)] == FIGURES[name]
    svgs = re.findall(r"<svg.*?</svg>", html(name), re.DOTALL)
    assert len(svgs) == len(FIGURES[name])
    for figure, svg in zip(figures(name), svgs, strict=True):
        parts = Page(svg)
        (attributes,) = [a for tag, a in parts.tags if tag == "svg"]
        assert attributes["role"] == "img"
        assert attributes["aria-labelledby"] == f"{figure.name}-title {figure.name}-desc"
        title, description = re.findall(r"<(?:title|desc)[^>]*>([^<]*)<", svg)
        assert title == figure.title
        assert description == figure.alt
        assert len(description) > 60
        assert "<text" in svg
        assert "<style" not in svg  # it would apply to the whole page
        assert re.sub(r"\s+", " ", figure.caption) in Page(html(name)).text


def test_alternative_texts_hold_the_theory():
    """Prisoner's dilemma (5, 3, 1, 0), M = 3: thresholds 1/4, 3/7, 2/3; equilibrium at 0.8705."""
    coupling, portrait, deviation, rest, curve = (figure.alt for figure in figures("one axis"))
    shown = re.findall(r"([\d.]+) ± ([\d.]+) at M = (\d)", curve)
    exact = {"1": 0.604965, "2": 0.780488, "3": 0.870467, "5": 0.936357}
    assert [bound for *_, bound in shown] == list(exact)
    for number, error, bound in shown:  # proved to within 1e-3, for a figure
        assert abs(float(number) - exact[bound]) <= float(error) <= 1e-3
    for number in ("0.25", "0.4286", "0.6667", "0.8705"):
        assert f" {number}" in coupling
    assert "2 stable" in portrait
    assert "gains 0.9502" in deviation
    assert "-2.952" in deviation
    assert "does not pass" in deviation
    assert "between 0.9501579" in deviation  # 0.950157922262
    assert "where tied learning ends" in rest
    assert "efuted: player 1 gains at least 0.146 by moving to about 3" in rest


def test_numbers_are_those_of_the_result():
    found = result("one axis")
    predictions, base = found.predictions, found.base
    assert predictions is not None
    assert predictions.closed_form is not None
    assert predictions.equilibrium is not None
    assert base.tied is not None
    assert base.generic is not None
    assert base.boundary is not None
    assert found.portrait is not None
    wanted = [
        predictions.closed_form.defection.value,
        predictions.closed_form.neutral.value,
        predictions.closed_form.cooperation.value,
        predictions.first_movement.value,
        predictions.measured_first_movement.value,
        predictions.long_run_switch.value,
        predictions.equilibrium.value,
        *(predictions.equilibrium.bracket or ()),
        base.first_movement.margin,
        base.tied.cooperation,
        base.tied.predicted,
        base.generic.mean_cooperation,
        *base.generic.payoffs,
        *base.generic.cooperation.interval,
        *(share.value for share in base.generic.exploited),
        *(deviation.gain for deviation in base.boundary.deviations),
        *base.boundary.slopes,
        *(x for point in found.portrait.rest_points for x in point.params),
        found.base_game.welfare,
    ]
    shown = set(Page(html("one axis")).values)
    assert [value for value in wanted if value not in shown] == []


KAPPA = 0.870467371354
"""Where the cooperative corner of the prisoner's dilemma becomes an equilibrium at bound 3."""


def test_predicted_stands_beside_what_was_found():
    table = Page(html("one axis")).tables[1]
    closed, margin, measured, long_run, equilibrium = map(only_numbers, table[1:])
    assert closed[1] == pytest.approx(3 / 7, rel=1e-15)
    for line in (margin, measured, long_run):
        assert line[1] == pytest.approx(3 / 7, abs=1e-6)
    for line in (margin, measured):
        assert line[2] == pytest.approx(line[1] - closed[1], abs=1e-15)
    for line in (long_run, equilibrium):
        assert math.isnan(line[2])  # another question: nothing to compare it with
    shown = re.findall(r'class="whole" value="([^"]+)">(\S+) ± (\S+)</data>', html("one axis"))
    for line, truth in (
        (margin, 3 / 7),
        (measured, 3 / 7),
        (long_run, 3 / 7),
        (equilibrium, KAPPA),
    ):
        number, error = next((n, e) for exact, n, e in shown if float(exact) == line[1])
        assert abs(float(number) - truth) <= float(error) <= 1e-6
    for line in (margin, measured):
        number = next(n for exact, n, _ in shown if float(exact) == line[2])
        assert number == "0", "no digits of what is not known"


def test_code_that_scrolls_can_be_moved_by_the_keyboard():
    assert set(re.findall("<pre[^>]*>", html("one axis"))) == {'<pre tabindex="0">'}


def test_what_has_no_value_is_told_in_words():
    text = Page(html("custom")).text
    assert "none: closed forms are known for the semantics' own coupling only" in text
    assert "several switches, between 0.3 and 0.4, 0.8 and 0.9" in text
    assert "holds at no value tried from 0 to 1" in text


def test_two_axes_compare_along_both():
    """κ_½ of the prisoner's dilemma with R = 3, P = 1, S = 0 is (T - 2) / (T + 2)."""
    table = Page(html("two axes")).tables[1]
    values = [only_numbers(row) for row in table[1:]]
    assert [row[0] for row in values] == [4.0, 5.0, 6.0]
    assert [row[1] for row in values] == pytest.approx([2 / 6, 3 / 7, 4 / 8])
    assert [row[2] for row in values] == pytest.approx([2 / 6, 3 / 7, 4 / 8], abs=0.02)
    assert [row[3] for row in values] == pytest.approx([row[2] - row[1] for row in values])


@each_report
def test_sweep_is_shown_row_by_row(name):
    columns = result(name).table.column_names
    rows = result(name).rows()[:MOST_ROWS]
    table = Page(html(name)).tables[-1]
    assert len(table) - 1 == len(rows)
    for cells, row in zip(table[1:], rows, strict=True):
        for cell, column in zip(cells, columns, strict=True):
            value = row[column]
            number = isinstance(value, int | float) and not isinstance(value, bool)
            assert cell == ([float(value)] if number else [])


def test_long_sweeps_point_to_the_table():
    assert "400 rows, the first 300 shown" in html("long")
    assert "sweep.parquet" in html("long")


def test_base_game_stands_beside_outcomes():
    page = Page(html("one axis"))
    payoffs, situations = page.tables[3], page.tables[4]
    assert payoffs[1:] == [[[], [3.0, 3.0], [0.0, 5.0]], [[], [5.0, 0.0], [1.0, 1.0]]]
    generic = result("one axis").base.generic
    assert generic is not None
    welfare = sum(generic.payoffs)
    assert [row[1:] for row in situations[1:]] == [
        [[1.0, 1.0], [2.0], [0.0]],
        [[3.0, 3.0], [6.0], [4.0]],
        [list(generic.payoffs), [pytest.approx(welfare)], [pytest.approx(welfare - 2.0)]],
    ]


@each_report
def test_words_are_those_of_the_claims(name):
    text = Page(html(name)).text
    for claim in claims(result(name)):
        assert re.sub(r"\s+", " ", claim) in text
    for note in result(name).notes:
        assert note[1:] in text
    without_file = re.sub(r"<pre[^>]*>.*?</pre>", "", html(name), flags=re.DOTALL)
    assert not re.search(r"\b(None|nan|NaN|inf|undefined)\b", Page(without_file).text)
    if result(name).base.boundary is not None:
        assert "numerical, not proved" in text


@each_report
def test_reproduction_is_told(name):
    text = Page(html(name)).text
    assert "glasshouse run study.toml" in text
    for line in result(name).prepared.study.to_toml().splitlines():
        assert re.sub(r"\s+", " ", line) in text


def test_labels_of_strangers_stay_text():
    page = html("awkward")
    assert "<i>" not in page
    assert "<img" not in page
    assert "Trust &amp; &lt;i&gt;doubt&lt;/i&gt;" in page
    assert "B&amp;B" in page


@each_report
def test_text_in_figures_is_neither_cut_off_nor_covers_anything(name):
    found = {figure.name: faults(figure.figure) for figure in figures(name)}
    assert not any(found.values()), found


def test_figures_have_the_same_bytes_whatever_the_settings():
    first = [(figure.svg(), figure.png()) for figure in figures("one axis")]
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "red", "svg.hashsalt": "other"}):
        again = study_figures(result("one axis"))
        assert [(figure.svg(), figure.png()) for figure in again] == first
    assert [figure.svg() for figure in figures("one axis")] == [svg for svg, _ in first]
    assert not any("<dc:date>" in svg for svg, _ in first)
    facts = {"versions": {"glasshouse": "0"}}
    pages = {report_html(result("one axis"), again, facts) for _ in range(2)}
    assert len(pages) == 1


def test_colours_follow_the_page():
    page = html("one axis")
    svgs = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    assert not re.search(r"#000000|#ffffff", svgs)
    used = set(re.findall(r"var\((--c[0-9a-f]{6})\)", svgs))
    light, dark = re.findall(r":root \{ (--c.*?) \}", page)
    assert used
    for declared in (light, dark):
        assert set(re.findall(r"--c[0-9a-f]{6}", declared)) == used
    assert light != dark


def test_provenance_may_be_missing():
    text = Page(report_html(result("awkward"), (), {})).text
    assert "glasshouse run study.toml" in text
    assert "SHA-256" not in text


def test_the_page_says_which_action_is_cooperation():
    assert "2 players with 2 actions; cooperation is donate; donation" in text_of("learning swept")
    assert "2 players with 2 actions; cooperation is action 1 " in text_of("custom")
    assert "cooperation is contribute" in text_of("three players")
    tensor = [[[3, 0], [5, 1]], [[3, 5], [0, 1]]]
    named = NormalFormGame(tensor, Labels(("1", "2"), (("open", "shut"), ("pay", "keep"))))
    assert cooperation_words(named) == [("open", "player 1"), ("pay", "player 2")]
    assert cooperation_words(NormalFormGame(tensor).cooperating(1)) == [("action 2", "")]


def test_profiles_cannot_be_taken_for_payoffs():
    assert "pure equilibrium: (action 2, action 2)" in text_of("custom")
    assert "pure equilibrium (action 2, action 2): payoffs" in text_of("custom")
    assert "pure equilibrium: (defect, defect)" in text_of("one axis")
    assert profile_name(result("three players").prepared.base.game, (0, 0, 0)) == "(all contribute)"


def text_of(name: str) -> str:
    return Page(html(name)).text


def several(count: int) -> Switch:
    brackets = tuple((k / 32 + 0.001, (k + 0.5) / 32) for k in range(count))
    return dataclasses.replace(
        RISES, value=None, bracket=None, result="several switches", brackets=brackets
    )


@pytest.mark.parametrize("count", [2, 3, 4, 22])
def test_what_switches_too_often_is_not_marked(count):
    switching = dataclasses.replace(BY_HAND, long_run_switch=several(count))
    found = dataclasses.replace(result("custom"), predictions=switching)
    coupling = study_figures(found)[0]
    few = count <= 3
    assert coupling.alt.count("long run 0.") == (count if few else 0)
    assert "first movement 0.43" in coupling.alt
    assert (f"Not marked: the {count} switches of “long run”" in coupling.caption) == (not few)
    styles = [line.get_linestyle() for line in coupling.figure.axes[0].lines]
    assert (styles.count(":"), styles.count("-.")) == (1, count if few else 0)


def test_several_switches_in_words():
    assert switch_words(several(2)).endswith("between 0.001 and 0.01563, 0.03225 and 0.04688")
    assert switch_words(several(22)).endswith(", and 14 more")
    assert "more" not in switch_words(several(8))


def test_swept_learning_is_not_told_as_the_studys_own():
    (coupling,) = figures("learning swept")
    text = text_of("learning swept")
    learned = result("learning swept").learned
    assert learned is not None
    assert "learning.step_size as swept" in learned
    assert learned in coupling.caption
    assert coupling.caption.count("but learning.step_size as swept") == 2  # tied runs, outcomes
    assert "; swept: learning.step_size" in text
    assert "swept: learning" not in text_of("one axis")


def test_unbounded_parameters_have_no_corner():
    assert "parameters unbounded, ω = 1" in text_of("unbounded")
    assert "∞" not in html("unbounded").partition('id="found"')[0]
    found = result("unbounded")
    assert found.portrait is None
    assert found.base.boundary is None
    assert any("no phase portrait" in note for note in found.notes)


def test_notes_stand_right_under_the_claims():
    note = "at 3 of 9 points fewer than 95 % of the runs had come to rest"
    page = report_html(dataclasses.replace(result("awkward"), notes=(note,)), (), {})
    between = page[page.index('<ul class="claims">') : page.index("At 3 of 9 points fewer than")]
    assert "<p" not in between
    assert "probability above one half" in page[page.index("At 3 of 9 points") :]


def test_a_test_that_cannot_be_decided_is_not_told_as_failed():
    found = result("one axis")
    assert found.base.boundary is not None
    test = dataclasses.replace(found.base.boundary, passes=None, reason="slopes vanish in rounding")
    unknown = dataclasses.replace(found, base=dataclasses.replace(found.base, boundary=test))
    deviation = next(f for f in study_figures(unknown) if f.name == "deviation")
    assert "cannot be told" in deviation.alt
    assert "does not pass" not in deviation.alt
    text = Page(report_html(unknown, (), {})).text
    assert "cannot be toldnumericalslopes vanish in rounding" in text


def test_the_boundary_test_is_numerical():
    """Its maxima are looked for on a grid, so nothing calls it a derivative."""
    uncertified = dataclasses.replace(result("one axis"), certificates=())
    deviation = next(f for f in study_figures(uncertified) if f.name == "deviation")
    legend = deviation.figure.axes[0].get_legend()
    assert legend is not None
    assert any("best deviation (numerical)" in entry.get_text() for entry in legend.get_texts())
