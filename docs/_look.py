"""Look at every page of the built site as readers do: in a browser, opened from the disk.

Run as `python docs/_look.py site`. It ends with 1 and says so where a page scrolls sideways, loads
something from elsewhere or not at all, logs an error, shows a picture without words for those who
cannot see it, or has what axe-core calls a serious or critical fault (fetched by `make axe`; left
out without it); and where the search does not find a word that is there.
Without a browser nothing is looked at, unless GLASSHOUSE_REQUIRE_BROWSER=1 is set.
"""

import asyncio
import os
import shutil
import sys
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, Error, Page, Request, async_playwright

ROOT = Path(__file__).parent.parent
AXE = ROOT / "tests" / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome")
SOUGHT = "exploitation"

VIEWS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((1400, "light"), (390, "dark"))
"""Which are looked at side by side."""

LISTS = "reference/api/"
"""Where pages are long, and all made by one template: axe-core reads the first of them."""

PATIENCE = 180_000
"""Milliseconds for whatever a page does: machines may be busy."""

LOOKS = """() => {
  const page = document.documentElement;
  const images = [...document.images];
  return {
    sideways: page.scrollWidth > page.clientWidth,
    mute: images.filter(i => !i.alt.trim()).map(i => i.src),
    broken: images.filter(i => i.loading !== "lazy" && i.complete && !i.naturalWidth)
      .map(i => i.src),
  };
}"""

FEWER = """() => {
  document.querySelectorAll("details.mkdocstrings-source, svg > :not(title, desc)")
    .forEach(e => e.remove());
  const kinds = new Set();
  for (const e of document.querySelectorAll(".highlight code span")) {
    if (kinds.has(e.className)) e.replaceWith(...e.childNodes);
    kinds.add(e.className);
  }
}"""
"""Leaves axe-core a tenth of its work: no folded sources, no insides of figures (which have tests
of their own), and of each kind of word in code the first."""

# With `preload` it would ask for style sheets again, which browsers refuse it from the disk.
GRAVE = """async () =>
  (await axe.run(document, {preload: false, resultTypes: ["violations"]})).violations
  .filter(x => ["serious", "critical"].includes(x.impact))
  .map(x => `${x.id}: ${x.nodes.length} places, first ${x.nodes[0].html.slice(0, 160)}`)"""


class Window:
    """A page of the browser, and what goes wrong while it loads."""

    def __init__(self, page: Page):
        self.page = page
        page.set_default_timeout(PATIENCE)
        self.said: list[str] = []
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("requestfailed", lambda asked: self.said.extend(_failed(asked)))
        page.on("request", lambda asked: self.said.extend(_foreign(asked.url)))

    async def faults(self, address: str, axe: str | None) -> list[str]:
        """What is wrong with a page."""
        self.said.clear()
        try:
            await self.page.goto(address)
            seen = await _seen(self.page, axe)
        except Error as error:
            seen = [str(error).partition("\n")[0]]
        return [*self.said, *seen]


async def look(browser: Browser, site: Path, width: int, scheme: Literal["light", "dark"]) -> int:
    """How many faults the pages have in one view, each of which is printed."""
    axe = AXE.read_text("utf-8") if AXE.is_file() else None
    context = await browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    window, count = Window(await context.new_page()), 0
    pages = sorted(set(site.rglob("*.html")) - {site / "404.html"})  # which a server shows
    alike = [file for file in pages if LISTS in file.as_posix()][1:]
    for file in pages:
        for fault in await window.faults(file.as_uri(), None if file in alike else axe):
            print(f"{file.relative_to(site)} at {width} px, {scheme}: {fault}", flush=True)
            count += 1
    await context.close()
    return count


async def search(browser: Browser, site: Path) -> int:
    """1 where the search does not find what is there, and 0 where it does."""
    page = await browser.new_page()
    await page.goto((site / "index.html").as_uri())
    await page.locator(".md-search__input").click()
    await page.keyboard.type(SOUGHT)
    try:
        await page.wait_for_selector(".md-search-result__item", timeout=PATIENCE)
    except Error:  # whatever is in its way, nothing was found
        print(f"the search does not find “{SOUGHT}”", flush=True)
        return 1
    return 0


def _failed(asked: Request) -> list[str]:
    """Unless the next page is opened already."""
    why = asked.failure or ""
    return [] if "ABORTED" in why else [f"{asked.url} fails: {why}"]


def _foreign(address: str) -> list[str]:
    return [] if address.startswith(("file:", "data:", "blob:", "about:")) else [f"loads {address}"]


async def _seen(page: Page, axe: str | None) -> list[str]:
    seen = await page.evaluate(LOOKS)
    found = ["scrolls sideways"] if seen["sideways"] else []
    found += [f"a picture without words: {source}" for source in seen["mute"]]
    found += [f"a picture that is not there: {source}" for source in seen["broken"]]
    if axe is not None:
        await page.evaluate(FEWER)
        await page.evaluate(axe)
        found += await page.evaluate(GRAVE)
    return found


async def main(site: Path) -> int:
    """The number of faults."""
    required = os.environ.get("GLASSHOUSE_REQUIRE_BROWSER") == "1"
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        print(f"nothing is looked at: no browser, which is one of {', '.join(NAMES)}")
        return int(required)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        views = [look(browser, site, *view) for view in VIEWS]
        count = sum(await asyncio.gather(*views, search(browser, site)))
        await browser.close()
    print(f"{count} faults")
    return count


if __name__ == "__main__":
    sys.exit(min(asyncio.run(main(Path(sys.argv[1]).resolve())), 1))
