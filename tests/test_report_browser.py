"""Reports as readers see them: opened from disk in a real browser, wide and narrow, light and dark.

Needs Chromium; without one these tests are skipped, unless GLASSHOUSE_REQUIRE_BROWSER=1 is set.
"""

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.reports import html

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

LEAST_TEXT, LEAST_INDEX = 8.0, 5.9
"""Pixels on the screen: letters of figures, and the indices of their symbols."""

LEAST_CONTRAST = 4.5
"""What WCAG 2 asks for text of normal size (level AA)."""

every_view = pytest.mark.parametrize("scheme", ["light", "dark"])
every_width = pytest.mark.parametrize("width", [390, 1400])
every_report = pytest.mark.parametrize("name", REPORTS)

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
  const page = document.documentElement;
  return {words, figures, scrolls: page.scrollWidth, width: page.clientWidth};
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
    return found


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
@every_width
@every_report
def test_report_opens_from_disk_and_asks_for_nothing(view):
    assert view.messages == []
    assert [url for url in view.requests if not url.startswith("data:")] == [view.address]


@every_view
@every_width
@every_report
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
@every_width
@every_report
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
    width = min(one["right"], other["right"]) - max(one["left"], other["left"])
    height = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
    smaller = min((b["right"] - b["left"]) * (b["bottom"] - b["top"]) for b in (one, other))
    return max(width, 0.0) * max(height, 0.0) / smaller


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
@every_report
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
