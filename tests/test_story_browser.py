"""The story and the exercises as readers see them: bets right and wrong, by keyboard, printed."""

import itertools
import json
import re
from collections.abc import Iterator

import pytest
from tests.explorers import free_port, running
from tests.test_explorer_browser import PAINTED, PATIENCE, UP_TO_DATE
from tests.test_report_browser import AXE, browser

from glasshouse.explorer.bets import CARDS, lab_scene
from glasshouse.explorer.content import page_file
from glasshouse.explorer.exercises import EXERCISES
from glasshouse.explorer.server import Running

__all__ = ["browser"]

WORDS = json.loads(page_file("story.en.json"))
FITS = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
DRAWN = "() => !document.querySelector('figure .waiting')?.textContent"
DOORS = ("Sandbox", "Story", "Exercises")
WHITE = "rgb(255, 255, 255)"
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
        assert not re.search(r"\([^)]*\(", text), (name, "no brackets in brackets")
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
    assert page.locator(".said").evaluate("x => x.offsetHeight") == 0, "nothing is said yet"
    page.get_by_role("button", name="You skip, they test: you get 5, they get 0.").click()
    assert page.inner_text(".said") == "You skip, they test: you get 5, they get 0."
    page.goto(server.address + "story.html#card=pays&pays=both")
    page.wait_for_selector("canvas[data-painted]")
    picture = page.locator("canvas[data-painted]")
    before = picture.screenshot()
    page.get_by_role("slider", name="The other dial starts at").fill("60")
    page.wait_for_function("() => document.querySelector('figure .waiting').textContent")
    page.wait_for_function(DRAWN)
    assert picture.screenshot() != before
    page.goto(server.address + "story.html#card=own&own=yes")
    page.wait_for_selector("#verdict .right")
    page.get_by_role("spinbutton", name="Both test: each gets").fill("1")
    page.get_by_role("spinbutton", name="Both skip: each gets").fill("3")
    page.keyboard.press("Tab")
    page.wait_for_selector("#verdict .wrong")
    assert "payoffs=5,1,3,0" in page.url
    assert "At every strength tried" in page.inner_text(".answer")
    page.get_by_role("link", name=WORDS["toSandbox"]).click()
    page.wait_for_function(PAINTED)
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
    page.wait_for_function(PAINTED)
    assert page.get_by_label("Access").input_value() == "0"
    assert not page.faults
    page.context.close()


@slow
def test_links_between_pages_hand_on_bets_answers_and_scenes(browser, server):
    """From the story to the exercises, to the sandbox, and back to each of them."""
    page = opened(browser, server, "story.html#card=much&much=half")
    page.wait_for_selector("#verdict .right")
    door = {name: page.locator("#doors").get_by_role("link", name=name) for name in DOORS}
    door["Exercises"].click()
    page.wait_for_selector("#exercises details")
    for title in ("Favours", "A hunt"):
        page.locator("summary", has_text=f"Answer {title}").click()
    page.wait_for_function("() => location.hash.includes('open=favours,hunt')")
    page.get_by_role("link", name="Try it in the sandbox").nth(5).click()
    page.wait_for_function(PAINTED)
    page.get_by_role("slider", name="Coupling κ").fill("0.7")
    assert "coupling=0.7,0.7&" in page.url
    door["Exercises"].click()
    page.wait_for_selector("#exercises details")
    assert "open=favours,hunt&" in page.url
    opened_ones = page.locator("details[open] .unseen").all_inner_texts()
    assert [x.strip() for x in opened_ones] == ["Favours", "A hunt"]
    door["Story"].click()
    page.wait_for_selector("#verdict .right")
    assert page.locator("[aria-pressed=true]").get_attribute("data-choice") == "half"
    assert "card=much&much=half&" in page.url
    door["Story"].click()  # to where one is
    assert page.locator("[aria-pressed=true]").count() == 1
    door["Sandbox"].click()
    page.wait_for_function(PAINTED)
    assert page.get_by_role("slider", name="Coupling κ").input_value() == "0.7"
    assert page.get_by_role("spinbutton", name="R: both cooperate").input_value() == "4"
    page.go_back()
    page.wait_for_selector("#verdict .right")
    page.get_by_role("link", name=WORDS["toSandbox"]).click()
    page.wait_for_function(PAINTED)
    door["Story"].click()
    page.wait_for_selector("#verdict .right")
    assert not page.faults
    page.context.close()


def test_a_copied_link_holds_the_scene_and_no_bets(browser, server):
    page = opened(browser, server, "#story=card%3Dmuch%26much%3Dhalf&exercises=open%3Dhunt")
    page.wait_for_function(PAINTED)
    assert "story=card%3Dmuch%26much%3Dhalf&exercises=open%3Dhunt" in page.url
    assert page.locator("#banner").is_hidden(), "the scene is the first one"
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    page.get_by_role("button", name="Copy link").click()
    page.wait_for_function("() => window.copied")
    assert page.evaluate("window.copied") == page.url[: page.url.index("&story")]
    page.context.close()


@slow
def test_bets_of_another_day_are_judged_at_the_end(browser, server):
    page = opened(browser, server, "story.html#card=own&alone=up&much=half&memory=none&own=yes")
    page.wait_for_selector(".ending ol li")
    page.wait_for_function(
        "() => !document.querySelector('.ending ol').textContent.includes('computed')"
    )
    said = [x.split("”. ")[-1] for x in page.locator(".ending ol li").all_inner_texts()]
    assert said == [WORDS["wrong"], WORDS["right"], WORDS["right"], WORDS["right"]]
    page.get_by_role("link", name=WORDS["ending"]["again"]).click()
    page.wait_for_function("() => document.activeElement.textContent === 'One lab, one dial'")
    assert page.url.endswith("#card=alone")
    assert not page.faults
    page.context.close()


@slow
def test_links_to_the_sandbox_open_the_cards_own_case(browser, server):
    page = opened(browser, server, "story.html#card=much&much=half")
    link = page.get_by_role("link", name=WORDS["toSandbox"])
    page.get_by_role("slider", name="Strength of reading").press("End")
    link.click()
    page.wait_for_function(PAINTED)
    assert "coupling=1,1&" in page.url
    assert "starts=0.5,0.5&" in page.url
    page.goto(server.address + "story.html#card=both&both=more")
    page.get_by_role("slider", name="Strength of reading").press("Home")
    assert "coupling=0,0&" in (link.get_attribute("href") or "")
    page.goto(server.address + "story.html#card=alone&alone=up")
    link.click()
    page.wait_for_function(PAINTED)
    cell = "Payoff of player 2: player 1 {}, player 2 {}"
    for a, b in itertools.product(("cooperates", "defects"), repeat=2):
        assert page.get_by_label(cell.format(a, b)).input_value() == "1"
    assert "starts=0.5,0.5&" in page.url
    page.goto(server.address + "story.html#card=memory&memory=none")
    page.wait_for_selector("#verdict .right")
    assert "step size 12.5 is our 0.5" in page.inner_text(".sandbox")
    link.click()
    page.wait_for_function(PAINTED)
    assert page.get_by_role("spinbutton", name="Step size").input_value() == "12.5"
    assert page.get_by_role("spinbutton", name="Discount γ").input_value() == "0.96"
    assert not page.faults
    page.context.close()


@slow
def test_a_readers_own_pair_is_told_of_and_found_again(browser, server):
    page = opened(browser, server, "story.html#card=pays&pays=one", 390, "dark")
    page.wait_for_selector("#verdict .right")
    assert "Your pair starts at 0.1 and −0.1." in page.inner_text(".result")
    for name, place in (("Your dial starts at", "10"), ("The other dial starts at", "50")):
        page.get_by_role("slider", name=name).fill(place)
    page.wait_for_selector("text=Your pair starts at −2.0 and 2.0.")
    page.wait_for_function(DRAWN)
    assert "starts=10,50" in page.url
    page.get_by_role("slider", name="Your dial starts at").focus()
    page.get_by_role("slider", name="Your dial starts at").fill("50")
    page.wait_for_selector("text=Your pair starts alike, at 2.0, and stays so")
    assert page.evaluate("() => document.activeElement.type") == "range", "it keeps the focus"
    page.click("[data-choice=both]")
    page.wait_for_selector("#verdict .wrong")
    page.get_by_role("slider", name="Your dial starts at").fill("20")
    page.wait_for_selector("text=Your pair starts at −1.0 and 2.0.")
    page.go_back()
    page.wait_for_selector("text=Your pair starts alike, at 2.0, and stays so")
    assert page.get_by_role("slider", name="Your dial starts at").input_value() == "50"
    assert "starts=50,50" in (page.get_attribute(".next a", "href") or "")
    again = opened(browser, server, page.url.removeprefix(server.address))
    again.wait_for_selector("text=Your pair starts alike, at 2.0, and stays so")
    assert again.get_by_role("slider", name="The other dial starts at").input_value() == "50"
    again.get_by_role("link", name=WORDS["toSandbox"]).click()
    again.wait_for_function(PAINTED)
    assert "starts=0.8333333333333334,0.8333333333333334&" in again.url
    assert not page.faults + again.faults
    page.context.close()
    again.context.close()


@slow
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1400, "light")])
def test_lines_of_a_portrait_have_a_key_and_a_curve_says_where_it_begins(
    browser, server, width, scheme
):
    page = opened(browser, server, "story.html#card=dilemma&dilemma=none", width, scheme)
    page.wait_for_selector(".key.lines li")
    lines = WORDS["lines"]
    assert page.locator(".key.lines li").all_inner_texts() == [lines["pairs"], lines["stable"]]
    page.goto(server.address + "story.html#card=pays&pays=one")
    page.wait_for_selector(".key.lines path.mine", state="attached")
    names = ("mine", "theirs", "pairs", "yours", "stable", "saddle")
    assert page.locator(".key.lines li").all_inner_texts() == [lines[x] for x in names]
    assert page.get_by_role("list", name=lines["title"]).get_by_role("listitem").count() == 6
    style = "e => [getComputedStyle(e).strokeDasharray, getComputedStyle(e).strokeWidth]"
    found = [x.evaluate(style) for x in page.locator(".key.lines path").all()]
    assert found[0][0] != found[1][0], "by dashes, not by colour alone"
    assert len({width for _, width in found[2:]}) == 2, "by width, not by colour alone"
    assert page.evaluate(FITS)
    assert not serious(page)
    page.goto(server.address + "story.html#card=alone&alone=down")
    page.wait_for_selector("figure svg .curve")
    ticks = page.locator("figure svg text:not(.name)").all_text_contents()
    assert ticks[-2:] == ["1.57", "2.93"], "what it pays, and no chance"
    assert "Pay begins at 1.57, not at 0." in page.inner_text("figcaption")
    page.goto(server.address + "story.html#card=stable&stable=jump")
    page.wait_for_selector("figure .row")
    assert page.locator("figure .row b").all_inner_texts() == ["Equilibrium"]
    page.goto(server.address + "story.html#card=three&three=one")
    page.wait_for_selector("figure .row")
    three = ["First movement", "Outcome", "Equilibrium"]
    assert page.locator("figure .row b").all_inner_texts() == three
    assert not page.faults
    page.context.close()


@slow
def test_nothing_is_asked_twice_and_a_bet_keeps_the_focus(browser, server):
    page = opened(browser, server, "")
    page.wait_for_function(PAINTED)
    asked = []
    sent = lambda text: asked.append({**json.loads(text), "number": 0})  # noqa: E731
    page.on("websocket", lambda socket: socket.on("framesent", sent))
    page.goto(server.address + "story.html#card=memory")
    choice = page.locator("[data-choice=most]")
    choice.focus()
    page.keyboard.press("Enter")
    where = "() => document.activeElement.dataset.choice ?? document.activeElement.id"
    assert page.evaluate(where) in ("most", "verdict"), "also while it is computed"
    page.wait_for_function("() => document.activeElement.id === 'verdict'")
    page.locator("#steps a").nth(4).click()
    page.click("[data-choice=one]")
    page.wait_for_selector("#verdict .right")
    page.wait_for_function(DRAWN)
    page.wait_for_timeout(500)
    assert len(asked) == len({json.dumps(x) for x in asked}) > 4
    assert not page.faults
    page.context.close()


PRESSED = "button, a, input[type=range], summary"


@slow
@pytest.mark.parametrize(
    ("where", "most"),
    [
        ("story.html#card=pays&pays=one", 2),
        ("exercises.html#open=hunt", 2),
        ("#v=1&starts=0.3,0.4&b=v%3D1%26coupling%3D0.9,0.9", 3),
    ],
)
def test_on_paper_there_is_what_means_something_there(browser, server, where, most):
    page = opened(browser, server, where, 1400, "dark")
    ready = {"s": DRAWN, "e": "() => document.querySelector('#exercises[data-complete]')"}
    page.wait_for_selector("#verdict .right, #exercises ol, #beside-words ul")
    page.wait_for_function(ready.get(where[0], UP_TO_DATE))
    screen = page.locator(PRESSED).filter(visible=True).count()
    page.set_viewport_size({"width": 718, "height": 1040})  # of a sheet of A4 within its margins
    page.emulate_media(media="print", color_scheme="dark")
    left = page.locator(PRESSED).filter(visible=True).all()
    assert len(left) < screen
    assert all(x.get_attribute("data-choice") for x in left), "the bets that there were"
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == WHITE
    for canvas in page.locator("canvas[data-painted], #beside").filter(visible=True).all():
        corner = "c => [...c.getContext('2d').getImageData(2, 2, 1, 1).data]"
        assert canvas.evaluate(corner) == [255] * 4, "on paper it is light"
    colours = "x => [getComputedStyle(x).printColorAdjust, getComputedStyle(x).backgroundColor]"
    swatches = [x.evaluate(colours) for x in page.locator(".swatch").filter(visible=True).all()]
    assert {x for x, _ in swatches} <= {"exact"}, "browsers leave backgrounds out"
    together = "x => getComputedStyle(x).breakInside"
    for figure in page.locator("figure, .frame, .card, .bet, .ten > li").filter(visible=True).all():
        assert figure.evaluate(together) == "avoid"
    assert not NO_BRACES.search(page.inner_text("body"))
    assert WORDS["computing"] not in page.inner_text("body")
    if where.startswith("#"):
        game = page.get_by_text("Prisoner's dilemma 5, 3, 1, 0").filter(visible=True)
        assert game.get_attribute("id") == "paper"
        assert page.locator("#beside").is_visible()
        assert page.locator("#points td").first.evaluate("x => x.offsetHeight") < 50
    sheets = re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(format="A4"))
    assert len(sheets) <= most
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
        page = opened(browser, server, "story.html#alone=up&exercises=open%3Dhunt")
        page.wait_for_selector("#title")
        assert page.inner_text("#name") == "Story"
        page.get_by_label("Language").select_option("qaa")
        page.wait_for_function("() => document.getElementById('name').textContent === 'Rakonto'")
        page.wait_for_selector("#title")
        assert page.inner_text("#title") == "Unu sola"
        assert page.get_attribute("html", "lang") == "eo"
        assert page.inner_text("#bet") == WORDS["cards"]["alone"]["bet"]
        assert page.url.endswith("?lang=qaa#alone=up&exercises=open%3Dhunt")
        page.locator("#doors a").first.click()
        page.wait_for_selector("#couplings input")
        assert "?lang=qaa#v=1" in page.url
        assert "&story=alone%3Dup&exercises=open%3Dhunt" in page.url
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


@slow
def test_a_cards_link_to_the_sandbox_leaves_what_was_there_to_be_gone_back_to(browser, server):
    """By Undo; also from a second card, after a visit elsewhere, and from an exercise."""
    page = opened(browser, server, "")
    page.wait_for_function(PAINTED)
    coupling = page.get_by_role("slider", name="Coupling κ")
    bound = page.get_by_role("slider", name="Bound M")
    undo = page.get_by_role("button", name="Undo")
    door = {name: page.locator("#doors").get_by_role("link", name=name) for name in DOORS}
    coupling.fill("0.7")
    bound.fill("4")
    door["Story"].click()
    page.wait_for_selector("#title")
    for name, bet in (("much", "half"), ("both", "more")):
        page.locator("#steps a").nth([*CARDS].index(name)).click()
        page.click(f"[data-choice={bet}]")
        page.get_by_role("link", name=WORDS["toSandbox"]).click()
        page.wait_for_function(PAINTED)
        assert bound.input_value() == "3"
        if name == "much":
            door["Story"].click()
            page.wait_for_selector("#verdict .right")
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    page.get_by_role("button", name="Copy link").click()
    page.wait_for_function("() => window.copied")
    assert "before" not in page.evaluate("window.copied")
    undo.click()
    assert "starts=0.5,0.5&" in page.url, "the first card's"
    undo.click()
    assert (coupling.input_value(), bound.input_value()) == ("0.7", "4")
    assert undo.is_disabled()
    door["Exercises"].click()
    page.get_by_role("link", name="Try it in the sandbox").nth(5).click()
    page.wait_for_function(PAINTED)
    assert bound.input_value() == "3"
    undo.click()
    assert (coupling.input_value(), bound.input_value()) == ("0.7", "4")
    again = opened(browser, server, "#v=1&payoffs=3,0,5,1,3,5,0,1&before=v%3D1%26bound%3Dx&before=")
    again.wait_for_function(PAINTED)
    assert again.get_by_role("button", name="Undo").is_disabled(), "what cannot be read is left out"
    assert not page.faults + again.faults
    page.context.close()
    again.context.close()


@slow
@pytest.mark.parametrize(
    ("pays", "bet"), [("2,3,0,2", "yes"), ("1,1,1,1", "no"), ("3,4,2,0", "no")]
)
def test_where_reading_is_not_needed_the_last_card_says_so(browser, server, pays, bet):
    page = opened(browser, server, f"story.html#card=own&own={bet}&much=half&payoffs={pays}")
    page.wait_for_selector(f"#verdict .{'right' if bet == 'yes' else 'wrong'}")
    assert page.inner_text(".answer") == WORDS["cards"]["own"]["answers"]["needless"]
    assert page.locator(".row.equilibrium .value").inner_text() == "already at 0, and up to 3"
    assert "−" not in " ".join(page.locator(".row .value").all_inner_texts())
    numbers = page.locator(".ending ol li").evaluate_all("all => all.map(x => x.value)")
    assert numbers == [4, 10], "by their cards"
    skipped = page.locator(".skipped a").all_inner_texts()
    assert [int(x.split()[0]) for x in skipped] == [1, 2, 3, 5, 6, 7, 8, 9]
    page.locator(".skipped a").nth(1).click()
    page.wait_for_function("() => document.activeElement.textContent === 'Two of them'")
    assert not page.faults
    page.context.close()


@slow
def test_sliders_of_cards_are_found_as_they_were_left(browser, server):
    page = opened(browser, server, "story.html#card=alone")
    moved = {"alone": "Your dial", "much": "Strength of reading", "both": "Strength of reading"}
    for place, (name, label) in enumerate(moved.items(), 7):
        page.locator("#steps a").nth([*CARDS].index(name)).click()
        if name != "alone":
            page.click("[data-choice]")
        slider = page.get_by_role("slider", name=label)
        slider.fill(str(place))
        assert f"{name}-{'dial' if name == 'alone' else 'along'}={place}" in page.url
        assert slider.evaluate("x => x.isConnected && x.value") == str(place), "it is not rebuilt"
    again = opened(browser, server, page.url.removeprefix(server.address))
    for place, (name, label) in enumerate(moved.items(), 7):
        again.locator("#steps a").nth([*CARDS].index(name)).click()
        slider = again.get_by_role("slider", name=label)
        slider.wait_for()
        assert slider.input_value() == str(place), name
    link = again.get_by_role("link", name=WORDS["toSandbox"])
    assert "coupling=0.18,0.18&" in (link.get_attribute("href") or "")
    odd = opened(browser, server, "story.html#card=alone&alone-dial=999&read-dial=x")
    odd.get_by_role("slider", name="Your dial").wait_for()
    assert odd.get_by_role("slider", name="Your dial").input_value() == "60", "the last place"
    assert not page.faults + again.faults + odd.faults
    for x in (page, again, odd):
        x.context.close()
