"""One line a study, titles that tell studies apart, and the page of all of them."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.reports import figures, html, result

from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold
from glasshouse.analysis.movement.switch import Switch
from glasshouse.cli import layout, run
from glasshouse.plots._axes import axis_label, short_label
from glasshouse.study.report.index import write_index
from glasshouse.study.report.svg import picture
from glasshouse.study.setting import prepare
from glasshouse.study.spec.study import Study
from glasshouse.study.spec.toml import parse_study
from glasshouse.study.store import compute
from glasshouse.study.words.glance import glance
from glasshouse.study.words.headlines import brief, corner_is, switched
from glasshouse.study.words.names import spans
from glasshouse.study.words.outcomes import always_exploited, exploited
from glasshouse.study.words.titles import study_title, told_apart

PD = '[game]\nname = "prisoners_dilemma"\n'

NOTHING = (
    "[sweep]\n[analysis]\nportrait = false\ncertify = false\nthresholds = false\ntied = false\n"
    "outcomes = false\nboundary_test = false\n"
)

X = [0.0, 0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(
    ("holds", "said"),
    [
        ("00000", "at no coupling tried"),
        ("11111", "at every coupling tried"),
        ("00011", "from 0.75"),
        ("11000", "up to 0.25"),
        ("01110", "between 0.25 and 0.75"),
        ("00100", "at 0.5"),
        ("10011", "at 0 and from 0.75"),
        ("00001", "at 1"),
    ],
)
def test_where_something_holds_is_said_of_these_points_alone(holds, said):
    assert spans(X, [digit == "1" for digit in holds], "coupling") == said


def test_headlines_tell_outcomes_from_equilibrium():
    """Prisoner's dilemma at bound 3: the corner is an equilibrium from 0.870467371354 on."""
    found = result("one axis")
    shares = found.column("cooperation_share"), found.column("exploitation_share")
    x = found.axes[0].values
    cooperates = min(a for a, share in zip(x, shares[0], strict=True) if share >= 0.5)
    exploits = [a for a, share in zip(x, shares[1], strict=True) if share >= 0.05]
    assert brief(found) == (
        f"Prisoner's dilemma along coupling κ: cooperates from {cooperates:g}, exploits between "
        f"{exploits[0]:g} and {exploits[-1]:g}; cooperation is an equilibrium from 0.8705 "
        "to 3"
    )


def test_headlines_claim_no_more_than_was_proved_or_seen():
    """A threshold between two proofs holds from the upper end on, up to the last value proved."""
    found = CertifiedThreshold(
        "found", (0.87040001, 0.87040002), 0.0, 1.25, ("upper",), None, None, "proved", ""
    )
    assert corner_is(found, "coupling") == "is an equilibrium from 0.8705 to 1.25"
    seen = Switch(None, None, "not bracketed", (), "nowhere", "numerical", "", searched=(0.0, 3.0))
    assert switched(seen, "coupling") == "at no coupling tried"


def test_what_was_not_asked_is_in_no_headline():
    assert brief(result("awkward")).endswith("from the neutral start mean cooperation rises")
    assert "equilibrium" not in brief(result("learning swept"))
    untested = result("unbounded")
    assert untested.base.boundary is None
    assert "equilibrium" not in brief(untested)
    answers = {line.about: line.answer for line in glance(result("awkward"))}
    assert answers["Outcomes"] == answers["Equilibrium"] == "not asked"


@pytest.mark.parametrize("name", ["one axis", "two axes", "awkward"])
def test_the_first_screen_has_the_four_answers_before_everything_else(name):
    page = html(name)
    lines = [line.about for line in glance(result(name))]
    assert lines == ["First movement", "Tied outcome", "Outcomes", "Equilibrium"]
    places = [page.index(f"<strong>{line}</strong>") for line in lines]
    drawn = [page.index("<figure")] if figures(name) else []
    assert sorted([*drawn, *places, page.index('id="settings"')]) == [
        *drawn,
        *places,
        page.index('id="settings"'),
    ]
    for number in re.findall(r"\d[\d.]*", " ".join(line.answer for line in glance(result(name)))):
        assert len(number.strip(".").replace(".", "").lstrip("0")) <= 4, number


def test_formulas_of_our_own_say_so_and_the_paper_is_cited():
    first = html("one axis").partition('id="settings"')[0]
    assert "closed form, derived here" in first
    assert "https://arxiv.org/abs/2606.27068" in first
    assert "derived here" not in html("awkward").partition('id="settings"')[0]


def prepared(text: str):
    return prepare(parse_study(text))


@pytest.mark.parametrize(
    ("more", "title"),
    [
        (NOTHING, " at coupling κ = 0.5"),
        ('[sweep]\n"semantics.coupling" = [0.1, 0.2]\n', " along coupling κ"),
        (
            '[learning]\nrule = "lola"\n[sweep]\n"semantics.coupling" = [0.1]\n'
            '"learning.look_ahead" = [0.0, 1.0]\n',
            ", LOLA, over coupling κ and look-ahead α",
        ),
        ('[semantics]\nkind = "affine"\n[sweep]\n"game.parameters.T" = [4.0, 5.0]\n',
         ", affine semantics, along T"),
        ('[comparison]\nquantity = "loss"\n[[compare]]\nrule = "gradient"\n[[compare]]\n'
         'rule = "lola"\n', ", 2 learners by loss"),
    ],
)  # fmt: skip
def test_titles_say_what_is_a_studys_own(more, title):
    assert study_title(prepared(PD + more)) == f"Prisoner's dilemma{title}"


def test_studies_of_one_title_are_told_apart_by_what_differs():
    def titles(*texts: str) -> list[str]:
        found = told_apart({Path(f"r/{k}"): prepared(text) for k, text in enumerate(texts)})
        return [study_title(study).partition("(")[2].rstrip(")") for study in found.values()]

    bound = PD + "[semantics]\nbound = {}\n" + NOTHING
    assert titles(bound.format("1.0"), bound.format("3.0")) == ["bound M = 1", "bound M = 3"]
    both = PD + "[semantics]\nbound = {}\n[learning]\nseed = {}\n" + NOTHING
    assert titles(both.format(1.0, 1), both.format(1.0, 2)) == [
        "seed of the starts = 1",
        "seed of the starts = 2",
    ]
    assert titles(both.format(1.0, 1), both.format(1.0, 2), both.format(2.0, 1)) == [
        "bound M = 1, seed of the starts = 1",
        "bound M = 1, seed of the starts = 2",
        "bound M = 2, seed of the starts = 1",
    ]
    three = PD + "[semantics]\nbound = {}\n[learning]\nseed = {}\nspread = {}\n" + NOTHING
    numbers = ((1.0, 1, 1.0), (1.0, 2, 1.0), (2.0, 1, 1.0), (2.0, 1, 0.5), (2.0, 2, 0.5))
    told = titles(*(three.format(*x) for x in (numbers[0], numbers[1], numbers[3])))
    assert len(set(told)) == 3
    assert all(text.count("=") <= 2 for text in told)
    assert titles(PD + NOTHING, PD + NOTHING) == ["0", "1"]
    assert titles(PD + NOTHING) == [""]


def test_no_axis_is_called_by_its_key():
    study = parse_study(PD + '[learning]\nrule = "lola"\n')
    keys = [*dict.fromkeys(leaf_keys(study)), "game.payoffs.0.1", "semantics.pattern.1.0"]
    keys += [
        "access.probability",
        "access.scale",
        "game.repeated.noise",
        "learning.start.0.1",
        "access.own_number",
    ]
    for key in keys:
        for words in (axis_label(key), short_label(key)):
            assert "_" not in words, key
            assert "." not in words, key
    assert axis_label("learning.look_ahead") == (
        "look-ahead α (parameter units per unit of gradient)"
    )
    assert short_label("semantics.pattern.1.0") == "pattern [2, 1]"


def leaf_keys(study: Study) -> list[str]:
    from glasshouse.study.spec.dotted import numeric_leaves

    return list(numeric_leaves(study.settings()))


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setattr(layout, "terminal_width", lambda: 100)


@pytest.mark.usefixtures("terminal")
def test_several_studies_are_a_line_each_and_a_page_of_all(call, tmp_path):
    names = ("one", "two", "three")
    for name in names:
        text = f'{PD}title = "A <b>game</b> & {name}"\n' + NOTHING
        (tmp_path / f"{name}.toml").write_text(text, "utf-8")
    files = [str(tmp_path / f"{name}.toml") for name in names]
    out = tmp_path / "out"
    code, said, error = call("run", *files, "--out", str(out))
    assert (code, error) == (0, "")
    lines = said.splitlines()
    assert [line.partition(":")[0] for line in lines[:3]] == list(names)
    assert "index.html" in "".join(lines[3:])
    assert len(lines) <= 7  # the folder of tests is long
    page = (out / "index.html").read_text("utf-8")
    assert "<b>" not in page
    assert "A &lt;b&gt;game&lt;/b&gt; &amp; two" in page
    links = re.findall(r'<a href="([^"]+)"', page)
    assert sorted(links) == sorted(f"{name}/report.html" for name in names)
    assert all((out / link).is_file() for link in links)
    tabs = {
        re.findall("<title>(.*?)</title>", (out / link).read_text("utf-8"))[0] for link in links
    }
    assert len(tabs) == 3
    assert call("index", str(out))[0] == 0
    assert (out / "index.html").read_text("utf-8") == page


@pytest.mark.usefixtures("terminal")
def test_ten_studies_take_25_lines(capsys, monkeypatch, tmp_path):
    """Of 100 columns, broken between words alone, with the notes and the page of all."""
    names = ("one axis", "awkward", "unbounded", "learning swept")
    summaries = {name: result(name).to_dict() for name in names}
    told = []
    for name, summary in summaries.items():
        run._tell(summary, Path("results") / name, whole=False, again=False)
        told.append(f"{name}: {summary['title']}: {summary['headline']}")
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    assert " ".join(map(str.strip, lines)) == " ".join(told)
    monkeypatch.chdir(tmp_path)
    Path("results", "half").mkdir(parents=True)
    Path("results", "half", "provenance.json").write_text("{}", "utf-8")
    for noted in (["one axis", "awkward", "unbounded"], [*map(str, range(10))]):
        run._index(Path("results"), noted, quiet=False)
        more = capsys.readouterr().out.splitlines()
        assert max(map(len, more)) <= 100
        assert more[0].startswith("Notes on ")
        assert ("10 studies" if len(noted) == 10 else ", ".join(noted)) in more[0]
        assert "Reports: results/NAME/report.html" in " ".join(more)
        assert 10 * len(lines) / len(names) + len(more) <= 25


def test_the_page_of_all_says_what_it_cannot_show(call, tmp_path):
    (figure,) = figures("learning swept")
    good = tmp_path / "a good one"
    good.mkdir()
    (good / "report.html").write_text(html("learning swept"), "utf-8")
    (good / "summary.json").write_text(json.dumps(result("learning swept").to_dict()), "utf-8")
    (good / "coupling.svg").write_text(figure.svg(), "utf-8")
    for name, files in {
        "half": {"provenance.json": "{}"},
        "broken": {"report.html": "", "summary.json": "{"},
        "older": {"report.html": "", "summary.json": "{}"},
        "no study": {"notes.txt": ""},
    }.items():
        (tmp_path / name).mkdir()
        for file, text in files.items():
            (tmp_path / name / file).write_text(text, "utf-8")
    page = write_index(tmp_path).read_text("utf-8")
    assert 'href="a%20good%20one/report.html"' in page
    assert brief(result("learning swept")).partition(": ")[2] in page
    parts = Images(page)
    (image,) = parts.images
    assert image["src"].startswith("data:image/svg+xml;base64,")
    assert image["alt"] == figure.alt
    assert "half: no report yet" in page
    assert "its summary.json cannot be read: it is no JSON" in page
    assert "an earlier version wrote it" in page
    assert "no study" not in page
    for folder in (tmp_path / "no study", tmp_path / "missing"):
        code, _, error = call("index", str(folder))
        assert code == 2
        assert error.count("\n") == 1
    (tmp_path / "index.html").write_text("my own page", "utf-8")
    assert call("index", str(tmp_path))[0] == 2
    assert (tmp_path / "index.html").read_text("utf-8") == "my own page"


class Images(HTMLParser):
    """The images of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.images: list[dict[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.images.append({key: value or "" for key, value in attrs})


def test_pictures_follow_light_and_dark():
    (figure,) = figures("learning swept")
    svg, alt = picture(figure.svg())
    assert alt == figure.alt
    assert "prefers-color-scheme: dark" in svg
    assert "#000000" not in svg
    used = set(re.findall(r"var\((--c[0-9a-f]{6})\)", svg))
    assert used
    assert all(svg.count(f"{name}: #") == 2 for name in used)
    with pytest.raises(ValueError, match="no SVG"):
        picture("<svg")


def test_captions_say_what_each_line_of_the_legend_is():
    """Colours and line styles of the legend are named in the caption."""
    coupling, portrait, deviation, *_ = figures("one axis")
    for words in ("Dots", "black line", "dashed green line", "solid blue", "dashed orange",
                  "dash-dotted grey", "bands", "κ_D", "κ_½", "κ_C",
                  "Solid upright line"):  # fmt: skip
        assert words in coupling.caption, words
    for words in ("Shading", "arrows", "green line", "purple line", "black lines", "circles"):
        assert words in portrait.caption, words
    for words in ("Blue line", "open circle", "orange diamond", "dashed orange line"):
        assert words in deviation.caption, words
    (area,) = figures("two axes")[:1]
    for words in ("Colours", "Hatched", "Line", "Circles"):
        assert words in area.caption, words


def test_who_is_exploited_is_named_where_it_is_always_the_same_one():
    """Where player 1 alone reads only player 2 is exploited; where both do, either is."""
    spec = {
        "game": {"name": "prisoners_dilemma"},
        "sweep": {"semantics.coupling": [0.0, 0.7, 1.0]},
        "learning": {"starts": 20, "steps": 300},
        "analysis": {"portrait": False, "certify": False, "thresholds": False, "tied": False},
    }
    access = {"kind": "one_sided", "readers": [0]}
    alone = compute(prepare(Study.model_validate(spec | {"access": access})))
    assert always_exploited(alone) == "player 2"
    assert ", player 2 is exploited " in brief(alone)
    both = compute(prepare(Study.model_validate(spec)))
    assert always_exploited(both) == ""
    assert ", exploits " in brief(both)
    assert set(exploited(both)) == {"player 1", "player 2"}
    assert sum(exploited(both).values()) == pytest.approx(1.0)
