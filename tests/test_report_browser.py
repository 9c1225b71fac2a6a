"""Reports as readers see them: opened from disk in a real browser, wide and narrow, light and dark.

Needs Chromium; without one these tests are skipped, unless GLASSHOUSE_REQUIRE_BROWSER=1 is set.
`make axe` fetches axe-core, by which one of them looks for what keeps people out.
"""

import itertools
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.reports import figures, html, result

from glasshouse.study.report.index import write_index

NAMES = ("chromium", "chromium-browser", "google-chrome")

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

REPORTS = ("one axis", "two axes", "awkward")

INDEX = "index"
"""The page of all of them."""

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"

HEIGHTS = {1400: 900, 390: 844}
"""Of the first screen, by its width, in pixels."""

LEAST_TEXT, LEAST_INDEX = 8.0, 5.9
"""Pixels on the screen: letters of figures, and the indices of their symbols."""

LEAST_CONTRAST = 4.5
"""What WCAG 2 asks for text of normal size (level AA)."""

every_width = pytest.mark.parametrize("width", [390, 1400])
every_view = pytest.mark.parametrize(  # by day every width and every scheme once
    ("width", "scheme"),
    [
        (390, "dark"),
        (1400, "light"),
        pytest.param(390, "light", marks=pytest.mark.slow),
        pytest.param(1400, "dark", marks=pytest.mark.slow),
    ],
)
every_report = pytest.mark.parametrize("name", REPORTS)
every_page = pytest.mark.parametrize("name", [*REPORTS, INDEX])

READING = """() => {
  const channel = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const numbers = text => text.match(/[0-9.]+/g).map(Number);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const contrast = (a, b) => {
    const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const paper = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = numbers(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const box = r => ({left: r.left, right: r.right, top: r.top, bottom: r.bottom});
  const words = [];
  const hidden = e => e.closest(".unseen") || e.closest(".sideways")?.clientHeight === 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.data.trim() || parent.closest("svg, style")) continue;
    if (!parent.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    words.push({
      text: node.data.trim().slice(0, 40),
      contrast: contrast(numbers(getComputedStyle(parent).color), paper(parent)),
      size: parseFloat(getComputedStyle(parent).fontSize),
      scrolls: !!parent.closest(".scroll, pre"),
      lines: hidden(parent) ? [] : [...range.getClientRects()].map(box),
      ...box(range.getBoundingClientRect()),
    });
  }
  const figures = [...document.querySelectorAll("svg")].map(svg => ({
    ...box(svg.getBoundingClientRect()),
    texts: [...svg.querySelectorAll("text")].map(text => {
      const pieces = [text, ...text.querySelectorAll("tspan")].filter(
        piece => [...piece.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
      const scale = Math.hypot(text.getScreenCTM().a, text.getScreenCTM().b);
      return {
        text: text.textContent.trim(),
        sizes: pieces.map(piece => scale * parseFloat(getComputedStyle(piece).fontSize)),
        contrast: Math.min(...pieces.map(piece =>
          contrast(numbers(getComputedStyle(piece).fill), paper(svg)))),
        ...box(text.getBoundingClientRect()),
      };
    }).filter(text => text.text),
  }));
  const tables = [...document.querySelectorAll(".scroll")].filter(e => e.checkVisibility());
  const hints = tables.map(e => ({
    wide: e.scrollWidth > e.clientWidth + 1,
    shown: e.querySelector(".sideways").clientHeight > 10,
  }));
  const clips = e => ["hidden", "clip"].includes(getComputedStyle(e).overflowX) &&
    !e.matches(".sideways, .unseen, svg, svg *") && e.scrollWidth > e.clientWidth + 1;
  const clipped = [...document.body.querySelectorAll("*")].filter(clips).map(e => e.outerHTML);
  const bottom = query => Math.max(0, ...[...document.querySelectorAll(query)].map(
    e => e.getBoundingClientRect().bottom));
  const first = {head: bottom("header"), figure: bottom(".first figure svg"),
                 table: bottom(".first table")};
  const page = document.documentElement;
  const widths = {scrolls: page.scrollWidth, width: page.clientWidth};
  return {words, figures, hints, clipped, first, ...widths};
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """A running Chromium."""
    required = os.environ.get("GLASSHOUSE_REQUIRE_BROWSER") == "1"
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        message = f"no browser: install one of {', '.join(NAMES)}"
        pytest.fail(message) if required else pytest.skip(message)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        if required:
            raise
        pytest.skip("playwright is not installed")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    found = {name: folder / f"{name.replace(' ', '-')}.html" for name in REPORTS}
    for name, file in found.items():
        file.write_text(html(name), "utf-8")
        own = folder / "all" / name.replace(" ", "-")
        own.mkdir(parents=True)
        (own / "report.html").write_text(html(name), "utf-8")
        (own / "summary.json").write_text(json.dumps(result(name).to_dict()), "utf-8")
        for figure in figures(name)[:1]:
            (own / f"{figure.name}.svg").write_text(figure.svg(), "utf-8")
    (folder / "all" / "begun").mkdir()
    (folder / "all" / "begun" / "provenance.json").write_text("{}", "utf-8")
    return {**found, INDEX: write_index(folder / "all")}


class View:
    """A report opened in a window: what it looks like, what it said and what it asked for."""

    def __init__(self, browser, file: Path, width: int, scheme: str):
        self.address = file.as_uri()
        self.messages: list[str] = []
        self.requests: list[str] = []
        self.page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(self.address)
        self.read = self.page.evaluate(READING)


@pytest.fixture(scope="module")
def opened() -> dict[tuple[str, int, str], View]:
    """Views that are open already."""
    return {}


@pytest.fixture
def view(browser, files, opened, name, width, scheme) -> View:
    key = (name, width, scheme)
    if key not in opened:
        opened[key] = View(browser, files[name], width, scheme)
    return opened[key]


@every_view
@every_page
def test_report_opens_from_disk_and_asks_for_nothing(view):
    assert view.messages == []
    assert [url for url in view.requests if not url.startswith("data:")] == [view.address]


@every_view
@every_page
def test_nothing_is_cut_off(view):
    assert view.read["scrolls"] <= view.read["width"]
    assert view.read["words"]
    for word in view.read["words"]:
        inside = word["left"] >= 0 and word["right"] <= view.read["width"] + 0.5
        assert inside or word["scrolls"], word
    for figure in view.read["figures"]:
        assert 0 <= figure["left"] < figure["right"] <= view.read["width"]
        for text in figure["texts"]:
            assert text["left"] >= figure["left"] - 1, text
            assert text["right"] <= figure["right"] + 1, text
            assert text["top"] >= figure["top"] - 1, text
            assert text["bottom"] <= figure["bottom"] + 1, text


@every_view
@every_page
def test_everything_can_be_read(view):
    for word in view.read["words"]:
        assert word["contrast"] >= LEAST_CONTRAST, word
        assert word["size"] >= 10, word
    for figure in view.read["figures"]:
        assert figure["texts"]
        for text in figure["texts"]:
            assert text["contrast"] >= LEAST_CONTRAST, text
            assert max(text["sizes"]) >= LEAST_TEXT, text
            assert min(text["sizes"]) >= LEAST_INDEX, text


@every_view
@every_page
def test_words_neither_cover_each_other_nor_are_clipped(view):
    assert view.read["clipped"] == []
    pieces = [(line, word["text"]) for word in view.read["words"] for line in word["lines"]]
    pieces.sort(key=lambda piece: piece[0]["top"])
    for k, (one, text) in enumerate(pieces):
        for other, more in itertools.takewhile(
            lambda piece, end=one["bottom"]: piece[0]["top"] < end, pieces[k + 1 :]
        ):
            assert area(one, other) <= 0.25 * min(size(one), size(other)), (text, more)


@every_view
@every_report
def test_tables_say_that_they_scroll_where_they_do(view):
    assert view.read["hints"]
    for hint in view.read["hints"]:
        assert hint["shown"] == hint["wide"]


@pytest.mark.parametrize("scheme", ["light"])
@pytest.mark.parametrize("width", [390])
@pytest.mark.parametrize("name", ["two axes"])
def test_a_wide_table_says_so(view):
    """The table of the sweep, which has too many columns for a phone."""
    view.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    hints = view.page.evaluate(READING)["hints"]
    assert any(hint["wide"] for hint in hints)
    assert all(hint["shown"] == hint["wide"] for hint in hints)


@pytest.mark.parametrize("scheme", ["light"])
@every_width
@pytest.mark.parametrize("name", ["one axis", "two axes"])
def test_headline_figure_and_answers_are_on_the_first_screen(view, width):
    first = view.read["first"]
    assert 0 < first["head"] < first["figure"] <= HEIGHTS[width]
    assert width == 390 or first["table"] <= HEIGHTS[width]


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not here: fetch it by make axe")
@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (390, "dark")])
@every_page
def test_nothing_keeps_people_out(view):
    view.page.evaluate(AXE.read_text("utf-8"))
    view.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = view.page.evaluate("axe.run(document)")["violations"]
    grave = [
        (x["id"], x["nodes"][0]["html"]) for x in found if x["impact"] in ("serious", "critical")
    ]
    assert grave == []


AMISS = """<!doctype html><title>t</title>
<style>* { position: absolute; margin: 0 } .cut { width: 30px; overflow: hidden }</style>
<body><p style="top: 100px">below</p><p style="top: 102px">above</p>
<p class="cut" style="top: 200px; white-space: nowrap">too long</p>
<p style="top: 250px; left: -20px">leftmost</p>
<svg width="200" height="50" style="top: 300px"><text x="5" y="20">one</text>
<text x="9" y="21">two</text><text x="90" y="20" fill="#ccc">pale</text>
<text x="190" y="40">out</text></svg><img src="data:image/gif;base64,none">"""


def test_the_look_at_the_site_sees_what_is_amiss(browser, tmp_path):
    """A page with one fault of each kind, which `make look` is to find, and nothing else."""
    file = tmp_path / "amiss.html"
    file.write_text(AMISS, "utf-8")
    page = browser.new_page(viewport={"width": 400, "height": 600})
    page.goto(file.as_uri())
    found = page.evaluate((Path(__file__).parents[1] / "docs" / "_look.js").read_text("utf-8"))
    assert [fault.partition(":")[0] for fault in found] == [
        "a picture without words",
        "a picture that is not there",
        "cut off",
        "beyond the page",
        "“below” covers “above”",
        "“two” covers “one” in a figure",
        "pale in its figure",
        "beyond its figure",
    ]


@pytest.mark.parametrize("scheme", ["light"])
@every_width
@every_report
def test_labels_do_not_cover_each_other(view):
    for figure in view.read["figures"]:
        texts = figure["texts"]
        for k, one in enumerate(texts):
            for other in texts[:k]:
                assert overlap(one, other) < 0.15, (one, other)


def overlap(one: dict, other: dict) -> float:
    """The part of the smaller box that both cover."""
    return area(one, other) / min(size(one), size(other))


def area(one: dict, other: dict) -> float:
    """How much of the page two boxes share."""
    width = min(one["right"], other["right"]) - max(one["left"], other["left"])
    height = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
    return max(width, 0.0) * max(height, 0.0)


def size(box: dict) -> float:
    return (box["right"] - box["left"]) * (box["bottom"] - box["top"])


@pytest.mark.parametrize("scheme", ["dark"])
@pytest.mark.parametrize("width", [390])
@every_report
def test_paper_is_white(view):
    view.page.emulate_media(media="print", color_scheme="dark")
    colour = view.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colour == "rgb(255, 255, 255)"
    printed = view.page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    assert b"/Type /Page" in printed or b"/Type/Page" in printed


@pytest.mark.parametrize("scheme", ["light"])
@pytest.mark.parametrize("width", [794])  # A4 at 96 pixels per inch
@every_page
def test_print_cuts_nothing_off(view):
    view.page.emulate_media(media="print", color_scheme="light")
    view.page.set_viewport_size({"width": 680, "height": 1000})  # A4 less the margins
    read = view.page.evaluate(READING)
    assert read["scrolls"] <= read["width"]
    for word in read["words"]:
        assert word["right"] <= read["width"] + 0.5, word


@pytest.mark.parametrize("scheme", ["light"])
@pytest.mark.parametrize("width", [1400])
@every_report
def test_structure_is_announced(view):
    """What a screen reader announces: headings in order and figures by their names."""
    levels = view.page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3')].map(h => Number(h.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))
    for figure in view.page.query_selector_all("figure"):
        heading = figure.query_selector("h3").inner_text()
        name = view.page.evaluate(
            "f => document.getElementById(f.querySelector('svg')"
            ".getAttribute('aria-labelledby').split(' ')[0]).textContent",
            figure,
        )
        assert name == heading
