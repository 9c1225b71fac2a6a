"""The explorer as readers see it: in a real browser, wide and narrow, light, dark, by keyboard."""

import base64
import queue
import re
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.explorers import assert_ctrl_c_ends, running, started
from tests.test_report_browser import AXE, browser

from glasshouse.explorer.building import scene_of_game
from glasshouse.explorer.content import page_file
from glasshouse.explorer.exported import exported_page, framed_page, precomputed
from glasshouse.explorer.notebook.talk import Talk
from glasshouse.explorer.server import Running
from glasshouse.interop import load_game

__all__ = ["browser"]

PAINTED = "() => document.getElementById('portrait')?.dataset.painted > 0"
UP_TO_DATE = "() => document.getElementById('state').textContent === 'Up to date'"
PATIENCE = 120_000
"""Milliseconds: programs may have to be compiled."""


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running() as found:
        yield found


def opened(browser, server, width: int = 1400, scheme: str = "light", fragment: str = ""):
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        reduced_motion="reduce",
        accept_downloads=True,
    )
    page = context.new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((server.address, "blob:", "data:"))
            else page.faults.append(request.url)
        ),
    )
    page.goto(server.address + fragment)
    page.wait_for_function(PAINTED, timeout=PATIENCE)
    return page


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (390, "dark"),
        (1400, "light"),
        pytest.param(320, "light", marks=pytest.mark.slow),
        pytest.param(768, "dark", marks=pytest.mark.slow),
    ],
)
def test_it_fits_and_complains_of_nothing(browser, server, width, scheme):
    page = opened(browser, server, width, scheme)
    page.wait_for_selector("#points tbody tr", timeout=PATIENCE)
    assert page.locator("#points tbody tr").count() == 3
    sizes = page.evaluate(
        "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert sizes[0] <= sizes[1]
    colours = page.evaluate(
        "() => { const c = document.getElementById('portrait'); "
        "const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; "
        "return new Set(new Uint32Array(d.buffer)).size }"
    )
    assert colours > 50, "arrows, lines and points are drawn"
    assert not page.faults
    page.context.close()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_is_found_and_said(browser, server, scheme):
    page = opened(browser, server, 1400, scheme)
    page.wait_for_function(UP_TO_DATE, timeout=PATIENCE)
    assert "above 0.4286" in page.inner_text(".row.first")
    assert "above 0.8705" in page.inner_text(".row.equilibrium")
    assert page.locator("#outcomes tbody tr").count() == 4
    said = page.inner_text("#announce").lower()
    assert "3 rest points, 2 stable" in said
    assert "first movement above 0.4286" in said
    assert "player 1 exploited 50 %" in said
    if AXE.exists():
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate("() => axe.run()")
        serious = [x["id"] for x in found["violations"] if x["impact"] in ("serious", "critical")]
        assert not serious
    assert not page.faults
    page.context.close()


def test_by_keyboard_alone_back_again_and_from_a_link(browser, server):
    page = opened(browser, server)
    slider = page.get_by_role("slider", name="Coupling κ")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert "coupling=0.53,0.53" in page.url
    page.locator("#portrait").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert "starts=0.5,0.55" in page.url
    assert "Run 1 starts at" in page.inner_text("#announce")
    link = page.url
    page.keyboard.press("Control+z")
    assert "starts" not in page.url
    page.get_by_role("button", name="Undo").click()
    assert "coupling=0.52,0.52" in page.url
    page.get_by_role("button", name="Redo").click()
    assert "coupling=0.53,0.53" in page.url
    other = opened(browser, server, fragment=link[link.index("#") :])
    assert other.url == link
    assert other.get_by_role("slider", name="Coupling κ").input_value() == "0.53"
    assert not page.faults + other.faults
    page.context.close()
    other.context.close()


@pytest.mark.parametrize(
    "fragment",
    [
        "#v=1&payoffs=1,2",
        *(
            pytest.param(x, marks=pytest.mark.slow)
            for x in (
                "#v=2",
                "#x=<b>",
                "#v=1&coupling=NaN,0",
                "#v=1&coupling=1e999,0",
                "#v=1&coupling=0.5",
                "#v=1&bound=1000",
                "#v=1&access=toString",
                "#v=1&access=__proto__",
                "#v=1&rule=constructor",
                "#v=1&__proto__=1",
                "#v=1&leaver=3",
                "#v=1&discount=0.9&axes=1,1,1,1",
                "#v=1&starts=" + "0.5," * 40 + "0.5",
                "#%E0%A4%A",
                "#v=1&b=v%3D2",
            )
        ),
    ],
)
def test_links_that_cannot_be_read_are_said(browser, server, fragment):
    page = opened(browser, server, fragment=fragment)
    said = page.inner_text("#banner")
    assert "cannot be read" in said
    assert not re.search(r"function|iterable|undefined|object", said)
    assert page.get_by_role("slider", name="Coupling κ").input_value() == "0.5"
    assert not page.faults
    page.context.close()


@pytest.mark.slow
def test_where_b_of_a_link_is_refused_a_is_shown(browser, server):
    page = opened(browser, server)
    flat = "1,1,1,1,1,1,1,1"
    page.goto(f"{server.address}#v=1&coupling=0.3,0.3&b=v%3D1%26payoffs%3D{flat}")
    page.wait_for_selector("#banner:not([hidden])", timeout=PATIENCE)
    page.wait_for_function(UP_TO_DATE, timeout=PATIENCE)
    assert "all payoffs of both players are equal" in page.inner_text("#banner")
    assert page.get_by_role("slider", name="Coupling κ").input_value() == "0.3"
    assert page.get_by_role("spinbutton", name="R: both cooperate").input_value() == "3"
    assert page.locator("#beside").is_hidden()
    page.context.close()


def test_what_is_saved_can_be_read(browser, server):
    page = opened(browser, server)
    page.mouse.click(*[400, 400])
    saved = {}
    for name in ("Picture (PNG)", "Drawing (SVG)", "Study (TOML)"):
        page.locator("summary").click()
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        saved[name] = Path(download.value.path()).read_bytes()
    assert saved["Picture (PNG)"].startswith(b"\x89PNG")
    drawing = ElementTree.fromstring(saved["Drawing (SVG)"])
    assert drawing.tag.endswith("svg")
    assert len(list(drawing.iter())) > 20
    assert re.search(rb'rule = "gradient"', saved["Study (TOML)"])
    assert not page.faults
    page.context.close()


def test_a_server_that_has_ended_is_said_and_found_again(browser, server):
    with running("stag_hunt") as first:
        page = opened(browser, first)
        port, scene = first.port, first
    page.wait_for_selector("#banner:not([hidden])", timeout=PATIENCE)
    assert "has stopped" in page.inner_text("#banner")
    again = Running(scene_of_game(load_game("stag_hunt")), port)
    try:
        page.wait_for_selector("#banner", state="hidden", timeout=PATIENCE)
        page.wait_for_function(UP_TO_DATE, timeout=PATIENCE)
    finally:
        again.stop()
    assert scene.port == port
    page.context.close()


@pytest.mark.slow
def test_ctrl_c_ends_it_at_once_while_somebody_looks_who_is_told(browser):
    with started("stag_hunt") as (process, address):
        page = browser.new_page()
        page.goto(address)
        page.wait_for_function(PAINTED, timeout=PATIENCE)
        page.get_by_role("slider", name="Coupling κ").fill("1")  # what takes long is asked for
        assert_ctrl_c_ends(process)
        page.wait_for_selector("#banner:not([hidden])", timeout=PATIENCE)
        assert "has stopped" in page.inner_text("#banner")
        page.close()


SEEN = """() => [location.hash, document.getElementById('portrait').dataset.painted,
  document.querySelector('main').innerText, document.getElementById('announce').textContent]"""
"""Where one is, which picture is painted, and all that is written."""


@pytest.mark.slow
def test_two_tabs_do_not_disturb_each_other(browser, server):
    one = opened(browser, server)
    other = one.context.new_page()
    faults = []
    other.on("pageerror", lambda error: faults.append(str(error)))
    other.goto(f"{server.address}#v=1&payoffs=4,0,3,2,4,3,0,2&coupling=0.1,0.1")
    for page in (one, other):
        page.wait_for_function(UP_TO_DATE, timeout=PATIENCE)
    for moved, still in ((one, other), (other, one)):
        before = still.evaluate(SEEN), still.locator("#portrait").screenshot()
        earlier = moved.evaluate(SEEN)
        for value in ("0.7", "0.8", "0.9"):
            moved.get_by_role("slider", name="Coupling κ").fill(value)
        moved.wait_for_function(UP_TO_DATE, timeout=PATIENCE)
        now = moved.evaluate(SEEN)
        assert all(a != b for a, b in zip(earlier, now, strict=True))
        assert "coupling=0.9,0.9" in now[0]
        assert still.evaluate(SEEN) == before[0]
        assert still.locator("#portrait").screenshot() == before[1]
    assert not one.faults + faults
    one.context.close()


FORBIDDEN = """async () => {
  const held = [];
  document.addEventListener('securitypolicyviolation', (x) => held.push(x.effectiveDirective));
  const script = document.createElement('script');
  script.textContent = 'window.isBroken = true';
  const text = document.createElement('div');
  text.innerHTML = '<p style="color: red" onclick="window.isBroken = true">x</p>';
  const frame = document.createElement('iframe');
  frame.src = 'http://127.0.0.1:9/';
  const picture = document.createElement('img');
  picture.src = 'http://127.0.0.1:9/x.png';
  document.body.append(script, text, frame, picture);
  text.firstChild.click();
  await fetch('http://127.0.0.1:9/').catch(() => {});
  await new Promise((done) => setTimeout(done, 500));
  return [Boolean(window.isBroken), [...new Set(held)].sort()];
}"""


@pytest.mark.slow
@pytest.mark.parametrize("path", ["", "story.html", "exercises.html"])
def test_a_browser_keeps_the_page_from_what_its_policy_does_not_allow(browser, server, path):
    page = browser.new_page()
    page.goto(server.address + path)
    broken, held = page.evaluate(FORBIDDEN)
    assert not broken
    kinds = ["connect-src", "frame-src", "img-src", "script-src-attr", "script-src-elem"]
    assert held == [*kinds, "style-src-attr"]
    page.close()


@pytest.mark.slow
def test_each_control_changes_what_is_asked(browser, server):
    page = opened(browser, server)
    for name, key in (
        ("T: defect against a cooperator", "payoffs"),
        ("Bound M", "bound"),
        ("Step size", "step"),
    ):
        before = page.url
        page.get_by_role("slider", name=name).focus()
        page.keyboard.press("ArrowRight")
        assert page.url != before
        assert f"{key}=" in page.url
    page.get_by_label("Rule").select_option("lola")
    page.get_by_role("slider", name="Look-ahead α").focus()
    page.keyboard.press("ArrowLeft")
    assert "ahead=0.99" in page.url
    page.get_by_label("Access").select_option("probabilistic")
    page.get_by_role("slider", name="Probability λ").focus()
    page.keyboard.press("ArrowRight")
    assert "probability=0.51" in page.url
    page.get_by_label("Each reads differently").check()
    page.get_by_role("slider", name="κ₁₂: player 1 reads player 2").focus()
    page.keyboard.press("ArrowRight")
    assert "coupling=0.51,0.5&" in page.url
    page.get_by_label("Two tables").check()
    page.get_by_label("Payoff of player 2: player 1 defects, player 2 cooperates").fill("0.5")
    assert page.get_by_label("Game", exact=True).input_value() == ""
    page.get_by_label("Rule").select_option("gradient")
    page.get_by_label("Access").select_option("full")
    page.get_by_label("Game", exact=True).select_option("stag_hunt")
    page.wait_for_function(PAINTED, timeout=PATIENCE)
    assert page.locator("#banner").is_hidden()
    assert not page.faults
    page.context.close()


def test_equilibrium_is_asked_for_compared_and_said(browser, server):
    """From the corner and a rest point; what was measured beside what was predicted; A beside B."""
    page = opened(browser, server)
    page.wait_for_function(UP_TO_DATE, timeout=PATIENCE)
    assert "Certificate: no equilibrium, proved." in page.inner_text("#proof")
    assert "not passed" in page.inner_text("#deviation")
    assert "Exactly 0" in page.inner_text("#equilibria")
    assert page.locator("#curve .best").count() == 1
    assert page.locator(".row.first .beside").count() == 1
    assert "measured by short runs above 0.42" in page.inner_text(".row.first")
    page.get_by_role("button", name="Compare").click()
    page.get_by_label("From where").select_option(index=1)
    assert "near=" in page.url
    slider = page.get_by_role("slider", name="Coupling κ")
    slider.fill("1")
    page.wait_for_function(UP_TO_DATE, timeout=PATIENCE)
    assert "an equilibrium, proved" in page.inner_text("#proof")
    assert "Coupling κ: A 1; B 0.5" in page.inner_text("#beside-words")
    page.get_by_role("button", name="Swap A and B").click()
    assert slider.input_value() == "0.5"
    assert "Coupling κ: A 0.5; B 1" in page.inner_text("#beside-words")
    assert not page.faults
    page.context.close()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_link_holds_both_scenes_and_nothing_bars_the_way(browser, server, scheme):
    page = opened(browser, server, scheme=scheme)
    page.wait_for_function(UP_TO_DATE, timeout=PATIENCE)
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("slider", name="Coupling κ").fill("1")
    page.wait_for_function(UP_TO_DATE, timeout=PATIENCE)
    other = opened(browser, server, scheme=scheme, fragment=page.url[page.url.index("#") :])
    other.wait_for_function(
        "() => document.getElementById('beside-words').textContent.includes('A 1; B 0.5')",
        timeout=PATIENCE,
    )
    assert other.url == page.url
    assert "player 1 exploited 50 %" in other.inner_text("#beside-words")
    other.wait_for_function(UP_TO_DATE, timeout=PATIENCE)
    if AXE.exists():
        other.evaluate(AXE.read_text("utf-8"))
        found = other.evaluate("() => axe.run()")
        serious = [x["id"] for x in found["violations"] if x["impact"] in ("serious", "critical")]
        assert not serious
    other.get_by_role("button", name="Close B").click()
    assert "&b=" not in other.url
    other.emulate_media(media="print", color_scheme=scheme)
    corner = "document.getElementById('portrait').getContext('2d').getImageData(2, 2, 1, 1).data[0]"
    other.wait_for_function(f"() => {corner} === 255")  # on paper it is light
    assert not page.faults + other.faults
    page.context.close()
    other.context.close()


@pytest.mark.slow
def test_a_repeated_game_is_chosen_moved_and_found_again(browser, server):
    page = opened(browser, server)
    page.get_by_label("Played round after round").check()
    page.wait_for_selector("#points small >> text=in this plane alone", timeout=PATIENCE)
    assert "discount=0.9&axes=1,1,2,1&held=0,0" in page.url
    page.get_by_label("Up", exact=True).select_option("0,1")  # changes places with "Across"
    assert "axes=2,1,1,1" in page.url
    page.get_by_label("θ of player 1 at the start").fill("1.5")
    page.keyboard.press("Tab")
    page.get_by_role("slider", name="Discount γ").focus()
    page.keyboard.press("End")
    assert "discount=0.99" in page.url
    assert "held=1.5,0" in page.url
    other = opened(browser, server, fragment=page.url[page.url.index("#") :])
    assert other.url == page.url
    assert other.get_by_label("Up", exact=True).input_value() == "0,1"
    other.wait_for_selector("#proof >> text=played once", timeout=PATIENCE)
    other.wait_for_function(UP_TO_DATE, timeout=PATIENCE)
    assert "10 × 10 squares of this plane" in other.inner_text("#outcomes")
    assert other.locator("#outcomes thead th").all_inner_texts() == ["area"]
    assert "Settled: " in other.inner_text("#announce")
    if AXE.exists():
        other.evaluate(AXE.read_text("utf-8"))
        found = other.evaluate("() => axe.run()")
        serious = [x["id"] for x in found["violations"] if x["impact"] in ("serious", "critical")]
        assert not serious
    assert not page.faults + other.faults
    page.context.close()
    other.context.close()


LARGER = "With a larger step size"


@pytest.mark.slow
def test_what_has_not_settled_is_told_as_what_it_does(browser, server):
    """And a larger step size is advised where there is one on the slider, and a need of it."""
    dilemma = "#v=1&payoffs=3,0,5,1,3,5,0,1&axes=1,1,2,1"
    for more, moves, advised in (
        ("&discount=0.9&coupling=1.5,1.5", True, True),
        ("&discount=0.9&coupling=0.5,0.5&step=2", True, False),
        ("&discount=0&coupling=0.92,0.92", False, False),
    ):
        page = opened(browser, server, fragment=dilemma + more)
        page.wait_for_function(UP_TO_DATE, timeout=PATIENCE)
        said = page.inner_text("#outcomes")
        assert ("still moving after 60,000 steps" in said) is moves
        assert ("% have both cooperating with probability above ½" in said) is moves
        assert (LARGER in said) is advised
        idle = page.inner_text("#idle")
        assert ("choose those “at the start”" in idle) is ("discount=0&" in page.url)
        assert not page.faults
        page.context.close()


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1400])
def test_colours_of_the_shading_are_named_beside_it_and_on_paper(browser, server, width):
    page = opened(browser, server, width)
    page.wait_for_function(UP_TO_DATE, timeout=PATIENCE)
    shades = page.locator("#shades li span:last-child")
    assert shades.all_inner_texts() == ["player 1 exploited", "player 2 exploited"]
    own = page.get_by_text("runs of your own", exact=True)
    assert own.is_hidden()
    page.locator("#portrait").focus()
    page.keyboard.press("Enter")
    own.wait_for(state="visible")
    page.emulate_media(media="print")
    assert page.locator("#shades").is_visible()
    page.emulate_media(media="screen")
    state, picture = (page.locator(x).bounding_box() for x in ("#state", "#portrait"))
    assert width > 480 or state["y"] >= picture["y"] + picture["height"]
    page.get_by_role("slider", name="Coupling κ").fill("0.6")
    page.get_by_label("Each reads differently").check()
    page.get_by_label("Played round after round").check()
    assert page.inner_text("#outcomes") == "Runs are being settled…"
    assert page.locator("#shades").is_hidden()
    page.wait_for_function(UP_TO_DATE, timeout=PATIENCE)
    if width == 1400:  # of both that are shown
        page.get_by_role("button", name="Compare").click()
        page.get_by_label("Played round after round").uncheck()
        assert page.inner_text("#outcomes") == "Runs are being settled…"
        assert page.locator("#shades").is_visible(), "of B"
    assert not page.faults
    page.context.close()


FOCUSED = "() => document.activeElement.id || document.activeElement.textContent"


def test_a_button_that_goes_leaves_the_focus_where_one_goes_on(browser, server):
    page = opened(browser, server, fragment="#v=1&starts=0.25,0.75")
    page.get_by_role("button", name="Clear runs").press("Enter")
    assert page.evaluate(FOCUSED) == "portrait"
    assert "starts" not in page.url
    assert page.inner_text("#announce") == "The runs are taken away."
    page.get_by_role("button", name="Undo").press("Enter")
    assert "starts=0.25,0.75" in page.url
    assert page.evaluate(FOCUSED) == "Redo"
    page.keyboard.press("Enter")
    assert page.evaluate(FOCUSED) == "Undo"
    page.locator("summary").press("Enter")
    with page.expect_download():
        page.get_by_role("button", name="Drawing (SVG)").press("Enter")
    assert page.evaluate(FOCUSED) == "Save"
    page.get_by_role("button", name="Compare").press("Enter")
    page.get_by_role("button", name="Close B").press("Enter")
    assert page.evaluate(FOCUSED) == "Compare"
    assert not page.faults
    page.context.close()


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 390, 1248, 1280, 1400])
def test_tables_of_what_is_found_show_all_their_columns(browser, server, width):
    page = opened(browser, server, width, fragment="#v=1&coupling=1,1")
    page.wait_for_function(UP_TO_DATE, timeout=PATIENCE)
    fits = "x => x.scrollWidth <= x.clientWidth"
    assert page.locator("#points .scroll").evaluate(fits)
    page.get_by_label("Played round after round").check()
    page.wait_for_selector("#points small >> text=in this plane alone", timeout=PATIENCE)
    assert page.locator("#points .scroll").evaluate(fits)
    page.context.close()


@pytest.mark.slow
def test_an_answer_to_an_older_question_changes_nothing(browser, server):
    """The corner is chosen while the picture of a run from a rest point is still on its way."""
    page = browser.new_page()
    late, waits = [], []

    def between(socket) -> None:
        far = socket.connect_to_server()
        far.on_message(lambda said: late.append(said) if waits else socket.send(said))
        page.sending = socket

    page.route_web_socket("**/socket", between)
    page.goto(server.address)
    page.wait_for_function(UP_TO_DATE, timeout=PATIENCE)
    place = page.get_by_label("From where")
    place.select_option(index=1)
    page.wait_for_function(UP_TO_DATE, timeout=PATIENCE)
    assert "near=" in page.url
    waits.append(True)
    page.get_by_role("slider", name="Coupling κ").press("ArrowRight")
    end = time.monotonic() + 60
    while not late and time.monotonic() < end:
        page.wait_for_timeout(50)
    assert b'"place":"rest"' in late[0]
    place.select_option("corner")
    waits.clear()
    for said in late:
        page.sending.send(said)
    page.wait_for_function(UP_TO_DATE, timeout=PATIENCE)
    assert place.input_value() == "corner"
    page.get_by_role("slider", name="Coupling κ").press("ArrowRight")
    assert "coupling=0.52,0.52" in page.url
    assert "near=" not in page.url
    page.close()


@pytest.mark.slow
def test_the_keys_of_sliders_reach_their_ends_and_fields_beyond(browser, server):
    page = opened(browser, server)
    slider = page.get_by_role("slider", name="Coupling κ")
    slider.focus()
    for key, value in (("Home", "-1"), ("End", "2"), ("PageDown", "1.7")):
        page.keyboard.press(key)
        assert slider.input_value() == value
        assert f"coupling={value},{value}&" in page.url
    field = page.get_by_role("spinbutton", name="Coupling κ")
    for typed, shown in (("4.5", "4.5"), ("7", "4.5")):  # couplings end at 5
        field.fill(typed)
        page.keyboard.press("Tab")
        assert field.input_value() == shown
        assert "coupling=4.5,4.5&" in page.url
    assert not page.faults
    page.context.close()


MODEL = """([script, page]) => {
  const values = { page, height: 700, link: "" }, handlers = {};
  const model = {
    get: (name) => values[name], set: (name, value) => { values[name] = value; },
    save_changes: () => {}, off: () => {},
    on: (name, heard) => { handlers[name] = [...(handlers[name] ?? []), heard]; },
    send: (content) => toKernel(content),
  };
  window.model = model;
  window.told = (name, ...more) => handlers[name].forEach((heard) => heard(...more));
  window.fromKernel = ([content, text]) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    told("msg:custom", content, [new DataView(bytes.buffer)]);
  };
  return import(`data:text/javascript;base64,${script}`).then((found) => {
    window.showAgain = () => { found.default.render({ model, el: document.body }); };
    showAgain();
  });
}"""
"""A notebook with a widget, which it shows once, and again when it is asked to."""


IN_SIGHT = """() => ['#portrait', '#couplings input[type=range]'].map((x) => {
  const box = document.querySelector(x).getBoundingClientRect();
  return box.top >= 0 && box.bottom <= innerHeight;
})"""
"""The portrait, and the slider that moves it."""


class Notebook:
    """What the widget's script does in a page, with a kernel that is this process."""

    def __init__(self, browser):
        self.answers: queue.Queue = queue.Queue()
        first = scene_of_game(load_game("prisoners_dilemma"))
        self.talk = Talk(lambda: first, lambda *answer: self.answers.put(answer))
        size = {"width": 900, "height": 750}
        self.page = browser.new_page(viewport=size, color_scheme="null")  # as the notebook says
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._hear)
        self.page.expose_function("toKernel", self.talk.hear)
        script = base64.b64encode(page_file("notebook.js").encode()).decode()
        self.page.evaluate(MODEL, [script, framed_page()])

    def _hear(self, said) -> None:
        if said.type == "error":
            self.faults.append(said.text)

    def until(self, condition: str, place: int = 1):
        """The frame of one of the places where the widget is shown, once this is so."""
        end = time.monotonic() + PATIENCE / 1000
        while time.monotonic() < end:
            while not self.answers.empty():
                content, frame = self.answers.get()
                self.page.evaluate("fromKernel", [content, base64.b64encode(frame).decode()])
            if len(self.page.frames) > place and self.page.frames[place].evaluate(condition):
                return self.page.frames[place]
            self.page.wait_for_timeout(50)
        raise AssertionError(condition)

    def end(self) -> None:
        assert not self.faults
        self.talk.stop()
        self.page.close()


@pytest.mark.slow
def test_a_notebook_shows_the_page_in_a_frame(browser):
    notebook = Notebook(browser)
    inside = notebook.until(UP_TO_DATE)
    assert "above 0.4286" in inside.inner_text(".row.first")
    assert inside.evaluate(IN_SIGHT) == [True, True]
    inside.get_by_role("slider", name="Coupling κ").fill("1")
    proved = "document.getElementById('proof').textContent.includes('an equilibrium, proved')"
    notebook.until(f"() => {proved}")
    assert "coupling=1,1" in notebook.page.evaluate("model.get('link')")
    assert not inside.get_by_role("button", name="Copy link").count()
    notebook.end()


@pytest.mark.slow
def test_a_notebook_shows_a_widget_again_as_it_was_left(browser):
    notebook = Notebook(browser)
    inside = notebook.until(UP_TO_DATE)
    inside.get_by_role("slider", name="Coupling κ").fill("1.2")
    notebook.until(UP_TO_DATE)
    notebook.page.evaluate("showAgain()")
    again = notebook.until(UP_TO_DATE, place=2)
    assert again.get_by_role("slider", name="Coupling κ").input_value() == "1.2"
    again.get_by_role("slider", name="Coupling κ").fill("0.1")
    notebook.until(UP_TO_DATE, place=2)
    assert inside.get_by_role("slider", name="Coupling κ").input_value() == "1.2"
    notebook.end()


THEME = """([colour, name]) => {
  document.body.style.background = colour;
  document.body.dataset.theme = name;
}"""

IS_DARK = "() => matchMedia('(prefers-color-scheme: dark)').matches"


@pytest.mark.slow
def test_a_notebook_that_is_dark_has_a_dark_page_in_it(browser):
    notebook = Notebook(browser)
    inside = notebook.until(UP_TO_DATE)
    assert not inside.evaluate(IS_DARK)
    for colour, name, dark in (
        ("#111", "Dark", "true"),
        ("rgba(250, 250, 250, 0.9)", "Light", "false"),
        ("rgb(17 17 17)", "Dark again", "true"),
    ):
        notebook.page.evaluate(THEME, [colour, name])
        inside.wait_for_function(f"() => ({IS_DARK})() === {dark}", timeout=10_000)
    assert (
        inside.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    )
    notebook.end()


IS_SAID = """() => document.getElementById('banner').innerText.includes('run the cell again')"""


@pytest.mark.slow
def test_a_notebook_says_that_its_kernel_is_silent_or_gone_and_goes_on_when_it_answers(browser):
    notebook = Notebook(browser)
    inside = notebook.until(UP_TO_DATE)
    assert not inside.evaluate(IS_SAID)
    inside.get_by_role("slider", name="Coupling κ").fill("1.2")
    inside.wait_for_function(IS_SAID)  # nothing is answered meanwhile
    inside = notebook.until(UP_TO_DATE)
    assert inside.locator("#banner").is_hidden()
    notebook.page.evaluate("told('comm_live_update')")
    inside.wait_for_function(IS_SAID, timeout=2000)
    notebook.end()


def test_a_finger_moves_a_start_and_scrolls_elsewhere(browser, server):
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    page.goto(server.address + "#v=1&starts=0.5,0.5")
    page.wait_for_function(PAINTED, timeout=PATIENCE)
    box = page.locator("#portrait").bounding_box()
    session = context.new_cdp_session(page)

    def touched(x: float, *ys: float) -> None:
        for k, y in enumerate(ys):
            kind = "touchMove" if k else "touchStart"
            session.send(
                "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]}
            )
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    middle = box["x"] + 46 + (box["width"] - 60) / 2
    start = box["y"] + 14 + (box["width"] - 58) / 2
    touched(middle, start, start - 30, start - 60)
    page.wait_for_function("() => !location.hash.includes('starts=0.5,0.5')")
    assert page.evaluate("scrollY") == 0
    moved = page.url
    touched(middle + 80, start + 90, start + 60, start - 60, start - 160)
    page.wait_for_function("() => scrollY > 0")
    assert page.url == moved, "scrolling starts no run"
    context.close()


def test_an_exported_page_works_from_disk(browser, tmp_path):
    scene = scene_of_game(load_game("stag_hunt")).model_copy(update={"coupling": (1.0, 1.0)})
    file = tmp_path / "page.html"
    file.write_text(exported_page(scene, precomputed(scene, 4)), "utf-8")
    context = browser.new_context(viewport={"width": 390, "height": 800}, offline=True)
    page = context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("request", lambda r: None if r.url == file.as_uri() else faults.append(r.url))
    page.goto(file.as_uri())
    page.wait_for_function(PAINTED)
    assert page.inner_text("output") == "1"
    key = ["player 1 stands still", "player 2 stands still", "sample runs, 600 steps"]
    assert page.locator("#key li").all_inner_texts() == key
    before = page.inner_text("#points"), page.locator("#portrait").screenshot()
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("() => document.getElementById('portrait').dataset.painted === '2'")
    assert page.inner_text("output") == "0"
    assert page.inner_text("#points") != before[0]
    assert page.locator("#portrait").screenshot() != before[1]
    assert page.locator("#outcomes tbody tr").count() >= 4
    assert "above" in page.inner_text("#gauge")
    sizes = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert page.evaluate(sizes)
    assert not faults
    context.close()


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1400])
def test_an_exported_page_works_in_a_frame_of_a_course_page(browser, tmp_path, width):
    scene = scene_of_game(load_game("matching_pennies"))
    page_in_it, course = tmp_path / "page.html", tmp_path / "course.html"
    page_in_it.write_text(exported_page(scene, precomputed(scene, 3)), "utf-8")
    frame = '<iframe sandbox="allow-scripts" src="page.html" width="100%" height="700"></iframe>'
    course.write_text(f"<!DOCTYPE html><title>Course</title><p>Text.</p>{frame}", "utf-8")
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
    page = context.new_page()
    faults, asked = [], []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(course.as_uri())
    inside = page.frames[1]
    inside.wait_for_function(PAINTED)
    before = page.locator("iframe").screenshot()
    inside.get_by_role("slider").focus()
    page.keyboard.press("End")
    inside.wait_for_function("() => document.getElementById('portrait').dataset.painted === '3'")
    assert inside.inner_text("output") == "2"
    assert page.locator("iframe").screenshot() != before
    sizes = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert inside.evaluate(sizes)
    assert sorted(asked) == [course.as_uri(), page_in_it.as_uri()]
    assert not faults
    context.close()
