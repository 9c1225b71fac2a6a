"""The story and the exercises as readers see them: bets right and wrong, by keyboard, printed."""

import json
import re
from collections.abc import Iterator

import pytest
from tests.explorers import free_port, running
from tests.test_explorer_browser import PATIENCE
from tests.test_report_browser import AXE, browser

from glasshouse.explorer.bets import CARDS, lab_scene
from glasshouse.explorer.content import page_file
from glasshouse.explorer.exercises import EXERCISES
from glasshouse.explorer.server import Running

__all__ = ["browser"]

WORDS = json.loads(page_file("story.en.json"))
FITS = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
DRAWN = "() => !document.querySelector('figure .waiting')?.textContent"
NO_BRACES = re.compile(r"[{}]|undefined|NaN|null")
slow = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running() as found:
        yield found


def opened(browser, server, where: str, width: int = 1400, scheme: str = "light"):
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith(server.address) else page.faults.append(request.url)
        ),
    )
    page.goto(server.address + where)
    return page


def bet_on(page, choice: str) -> str:
    page.click(f"[data-choice={choice}]")
    page.wait_for_selector("#verdict .what")
    page.wait_for_function(DRAWN)
    return page.inner_text("#card")


def serious(page) -> list[str]:
    if not AXE.exists():
        return []
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("() => axe.run()")
    return [x["id"] for x in found["violations"] if x["impact"] in ("serious", "critical")]


def on(page, name: str) -> None:
    """The following card."""
    page.click(".next a")
    title = json.dumps(WORDS["cards"][name]["title"])
    page.wait_for_function(f"() => document.activeElement.textContent === {title}")
    assert f"card={name}" in page.url


def test_a_bet_by_keyboard_alone_is_answered_and_taken_back(browser, server):
    page = opened(browser, server, "story.html#card=much", 390, "dark")
    page.wait_for_selector("#title")
    assert page.locator("[aria-current=step]").inner_text().endswith("How much reading?")
    page.locator("[data-choice=quarter]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#verdict .wrong")
    assert page.evaluate("() => document.activeElement.id") == "verdict"
    assert "The pull on both dials is −0.156: still down." in page.inner_text("#card")
    slider = page.get_by_role("slider", name="Strength of reading")
    slider.focus()
    page.keyboard.press("End")
    assert slider.get_attribute("aria-valuetext") == "1.00"
    page.locator("[data-choice=half]").focus()
    page.keyboard.press("Space")
    page.wait_for_selector("#verdict .right")
    page.locator("#skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "title"
    assert "card=much&much=half" in page.url
    page.go_back()
    page.wait_for_selector("#verdict .wrong")
    page.go_back()
    page.wait_for_selector(".result", state="hidden")
    assert page.evaluate(FITS)
    assert not page.faults
    page.context.close()


@slow
@pytest.mark.parametrize(
    ("width", "scheme", "nth"),
    [(320, "light", 0), (390, "dark", 1), (768, "light", 2), (1400, "dark", 0)],
)
def test_the_whole_story_with_bets_right_and_wrong(browser, server, width, scheme, nth):
    page = opened(browser, server, "story.html", width, scheme)
    page.wait_for_selector("#title")
    seen = []
    for name, card in CARDS.items():
        if seen:
            on(page, name)
        choice = [*card.choices][nth % len(card.choices)]
        text = bet_on(page, choice)
        assert page.inner_text("#verdict .what") == (
            f"You bet: “{WORDS['cards'][name]['choices'][choice]}”."
        )
        assert not NO_BRACES.search(text), (name, text)
        assert page.evaluate(FITS), (name, "no scrolling sideways")
        assert not serious(page), name
        seen.append(page.locator("#verdict .right").count())
    assert 0 < sum(seen) < len(seen), "some bets are right, and some are not"
    assert page.locator(".ending ol li").count() == len(CARDS)
    assert page.inner_text(".ending ol").count(WORDS["right"]) == sum(seen)
    link = page.url
    again = opened(browser, server, link.removeprefix(server.address), width, scheme)
    again.wait_for_selector("#verdict .what")
    assert again.locator("[aria-pressed=true]").count() == 1
    assert not page.faults + again.faults
    page.context.close()
    again.context.close()


@slow
def test_what_can_be_moved_moves(browser, server):
    page = opened(browser, server, "story.html#card=alone")
    slider = page.get_by_role("slider", name="Your dial")
    slider.wait_for()
    slider.focus()
    page.keyboard.press("Home")
    assert [x.split()[-1] for x in page.locator(".meter p").all_inner_texts()] == [
        "5%",
        "50%",
        "2.93",
    ]
    page.goto(server.address + "story.html#card=dilemma")
    page.get_by_role("button", name="You skip, they test: you get 5, they get 0.").click()
    assert page.inner_text(".said") == "You skip, they test: you get 5, they get 0."
    page.goto(server.address + "story.html#card=pays&pays=both")
    page.wait_for_selector("canvas[data-painted]")
    before = page.locator("canvas").screenshot()
    page.get_by_role("slider", name="The other dial starts at").fill("60")
    page.wait_for_function("() => document.querySelector('figure .waiting').textContent")
    page.wait_for_function(DRAWN)
    assert page.locator("canvas").screenshot() != before
    page.goto(server.address + "story.html#card=own&own=yes")
    page.wait_for_selector("#verdict .right")
    page.get_by_role("spinbutton", name="Both test: each gets").fill("1")
    page.get_by_role("spinbutton", name="Both skip: each gets").fill("3")
    page.keyboard.press("Tab")
    page.wait_for_selector("#verdict .wrong")
    assert "payoffs=5,1,3,0" in page.url
    assert "At every strength tried" in page.inner_text(".answer")
    page.get_by_role("link", name=WORDS["toSandbox"]).click()
    page.wait_for_function("() => document.getElementById('portrait')?.dataset.painted > 0")
    assert page.get_by_role("spinbutton", name="P: both defect").input_value() == "3"
    assert not page.faults
    page.context.close()


@slow
def test_exercises_are_answered_linked_and_printed_on_two_sheets(browser, server):
    page = opened(browser, server, "exercises.html", 320, "dark")
    page.wait_for_selector("#exercises[data-complete]")
    assert page.locator("#exercises details[open]").count() == 0
    assert not page.get_by_text("the cost divided by the benefit").first.is_visible()
    page.get_by_role("button", name="Open all answers").click()
    text = page.inner_text("#exercises")
    assert not NO_BRACES.search(text)
    assert "From 0.3333 on: the cost divided by the benefit." in text
    assert page.evaluate(FITS)
    assert not serious(page)
    page.emulate_media(media="print")
    assert page.locator("#exercises details").first.is_hidden()
    assert page.locator("#answers li").count() == len(EXERCISES)
    assert page.locator("#answers").is_visible()
    before = "() => getComputedStyle(document.getElementById('answers')).breakBefore"
    assert page.evaluate(before) == "page"
    page.emulate_media(media="screen")
    page.get_by_role("link", name="Try it in the sandbox").nth(3).click()
    page.wait_for_function("() => document.getElementById('portrait')?.dataset.painted > 0")
    assert page.get_by_label("Access").input_value() == "0"
    assert not page.faults
    page.context.close()


@slow
def test_a_language_is_two_files(browser, tmp_path):
    """A made-up one, of which a part is translated; what is not stays English."""
    story = {"title": "Rakonto", "cards": {"alone": {"title": "Unu sola"}}}
    (tmp_path / "story.qaa.json").write_text(json.dumps(story), "utf-8")
    (tmp_path / "texts.qaa.json").write_text(json.dumps({"language": "eo", "title": "Esploro"}))
    server = Running(lab_scene(0.5), free_port(), tmp_path)
    try:
        page = opened(browser, server, "story.html")
        page.wait_for_selector("#title")
        assert page.inner_text("#name") == "Story"
        page.get_by_label("Language").select_option("qaa")
        page.wait_for_function("() => document.getElementById('name').textContent === 'Rakonto'")
        page.wait_for_selector("#title")
        assert page.inner_text("#title") == "Unu sola"
        assert page.get_attribute("html", "lang") == "eo"
        assert page.inner_text("#bet") == WORDS["cards"]["alone"]["bet"]
        page.locator("#doors a").first.click()
        page.wait_for_selector("#couplings input")
        assert page.inner_text("h1") == "glasshouse Esploro"
        assert not page.faults
        page.context.close()
    finally:
        server.stop()


def test_with_one_language_there_is_no_choice(browser, server):
    page = opened(browser, server, "")
    page.wait_for_selector("#doors a")
    assert page.locator("#doors a").all_inner_texts() == ["Sandbox", "Story", "Exercises"]
    page.wait_for_load_state("networkidle")
    assert page.locator("#doors select").count() == 0
    page.context.close()
