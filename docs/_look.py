"""Look at every page of the built site as readers do: in a browser, opened from the disk.

Run as `python docs/_look.py site`; `--pages 'background/*'` looks at some of them. Every page is
seen at 1400 and 390 pixels, light and dark, with all that can be folded out folded out, and every
figure that pages show by itself. It ends with 1 and says so where a page scrolls sideways, covers
or cuts words, loads something from elsewhere or not at all, logs an error, shows a picture without
words for those who cannot see it, or has what axe-core calls a serious or critical fault (fetched
by `make axe`; left out without it); and where the search does not find a word that is there.
Without a browser nothing is looked at, unless GLASSHOUSE_REQUIRE_BROWSER=1 is set.
"""

import argparse
import asyncio
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, ConsoleMessage, Error, Page, Request, async_playwright

ROOT = Path(__file__).parent.parent
LOOKS = Path(__file__).with_suffix(".js").read_text("utf-8")
AXE = ROOT / "tests" / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome")
SOUGHT = "exploitation"

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
WIDTHS = (1400, 390)
READ = {(1400, "light"), (390, "dark")}
"""In which views axe-core reads a page: both widths and both schemes, once each."""

PATIENCE = 180_000
"""Milliseconds for whatever a page does: machines may be busy."""

UNFOLD = """() => document.querySelectorAll("details:not(.mkdocstrings-source)")
  .forEach(d => d.open = true)"""
"""All that is folded but the sources of functions."""

SETTLED = "() => new Promise(done => setTimeout(done, 150))"
"""What the page puts off until it is shown, or has another width, is done then."""

FEWER = """() => {
  document.querySelectorAll("details.mkdocstrings-source, svg > :not(title, desc)")
    .forEach(e => e.remove());
  const kinds = new Set();
  for (const e of document.querySelectorAll(".highlight code span")) {
    if (kinds.has(e.className)) e.replaceWith(...e.childNodes);
    kinds.add(e.className);
  }
}"""
"""Leaves axe-core a tenth of its work: no folded sources, no insides of figures (which are looked
at before), and of each kind of word in code the first."""

# With `preload` it would ask for style sheets again, which browsers refuse it from the disk.
GRAVE = """async () =>
  (await axe.run(document, {preload: false, resultTypes: ["violations"]})).violations
  .filter(x => ["serious", "critical"].includes(x.impact))
  .map(x => `${x.id}: ${x.nodes.length} places, first ${x.nodes[0].html.slice(0, 160)}`)"""


class Window:
    """A page of the browser in one scheme, and what goes wrong while it loads."""

    def __init__(self, page: Page):
        self.page = page
        page.set_default_timeout(PATIENCE)
        self.said: list[str] = []
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("console", lambda message: self.said.extend(_complaints(message)))
        page.on("requestfailed", lambda asked: self.said.extend(_failed(asked)))
        page.on("request", lambda asked: self.said.extend(_foreign(asked.url)))

    async def faults(self, file: Path, scheme: Scheme, axe: str | None) -> list[str]:
        """What is wrong with a page, and at which width."""
        self.said.clear()
        found = []
        try:
            await self.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
            await self.page.goto(file.as_uri())
            if file.suffix == ".html":
                await self.page.evaluate(UNFOLD)
            for width in WIDTHS if file.suffix == ".html" else WIDTHS[:1]:
                read = axe if (width, scheme) in READ and file.suffix == ".html" else None
                await self.page.set_viewport_size({"width": width, "height": 900})
                await self.page.evaluate(SETTLED)
                found += [f"at {width} px: {fault}" for fault in await _seen(self.page, read)]
        except Error as error:
            found.append(str(error).partition("\n")[0])
        return [*self.said, *found]


class Looking:
    """All that is looked at, what is left of it, and how much was found."""

    def __init__(self, site: Path, files: list[Path], axe: str | None):
        self.site, self.axe = site, axe
        self.total, self.left = len(files), sorted(files, key=_weight)
        self.begun, self.count = time.monotonic(), 0

    async def work(self, browser: Browser) -> None:
        """Look at one page after the other, the heaviest first, until none is left."""
        windows: dict[Scheme, Window] = {}
        for scheme in SCHEMES:  # in contexts of their own, for pages keep which scheme they had
            context = await browser.new_context(color_scheme=scheme)
            windows[scheme] = Window(await context.new_page())
        while self.left:
            file = self.left.pop()
            start, found = time.monotonic(), []
            for scheme, window in windows.items():
                if file.suffix == ".svg" and scheme == "dark":  # it has one form only
                    continue
                seen = await window.faults(file, scheme, self.axe)
                found += [f"{scheme}, {fault}" for fault in seen]
            self.tell(file, time.monotonic() - start, found)
        for window in windows.values():
            await window.page.context.close()

    def tell(self, file: Path, seconds: float, found: list[str]) -> None:
        """How far it is, and what is wrong with a page."""
        self.count += len(found)
        passed = divmod(round(time.monotonic() - self.begun), 60)
        done = self.total - len(self.left)
        name = file.relative_to(self.site).as_posix()
        print(f"{done:4}/{self.total} {passed[0]:3}:{passed[1]:02} {name} ({seconds:.1f} s)")
        for fault in found:
            print(f"    {name}: {fault}")
        sys.stdout.flush()


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
    print(f"the search finds “{SOUGHT}”", flush=True)
    return 0


def pages(site: Path, patterns: list[str]) -> Iterator[Path]:
    """The pages and figures of a site, of those names."""
    for file in sorted(site.rglob("*.html")) + sorted(site.rglob("*.svg")):
        name = file.relative_to(site)
        if name == Path("404.html") or name.parts[0] == "assets":  # a server's, and the theme's
            continue
        if not patterns or any(name.match(pattern) for pattern in patterns):
            yield file


def _weight(file: Path) -> int:
    return file.stat().st_size if file.suffix == ".html" else 0


def _complaints(message: ConsoleMessage) -> list[str]:
    return [message.text] if message.type == "error" else []


def _failed(asked: Request) -> list[str]:
    """Unless the next page is opened already."""
    why = asked.failure or ""
    return [] if "ABORTED" in why else [f"{asked.url} fails: {why}"]


def _foreign(address: str) -> list[str]:
    return [] if address.startswith(("file:", "data:", "blob:", "about:")) else [f"loads {address}"]


async def _seen(page: Page, axe: str | None) -> list[str]:
    found = await page.evaluate(LOOKS)
    if axe is not None:
        await page.evaluate(FEWER)
        await page.evaluate(axe)
        found += await page.evaluate(GRAVE)
    return found


async def main(site: Path, patterns: list[str], tabs: int) -> int:
    """The number of faults."""
    required = os.environ.get("GLASSHOUSE_REQUIRE_BROWSER") == "1"
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        print(f"nothing is looked at: no browser, which is one of {', '.join(NAMES)}")
        return int(required)
    axe = AXE.read_text("utf-8") if AXE.is_file() else None
    looking = Looking(site, list(pages(site, patterns)), axe)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        async with asyncio.TaskGroup() as group:
            searched = group.create_task(search(browser, site))
            for _ in range(tabs):
                group.create_task(looking.work(browser))
        await browser.close()
    lost = searched.result()
    kinds = "" if axe else ", without axe-core"
    print(f"{looking.count + lost} faults in {looking.total} pages and figures{kinds}")
    return looking.count + lost


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="look at every page of the built site")
    parser.add_argument("site", type=Path, nargs="?", default=ROOT / "site")
    parser.add_argument("--pages", nargs="+", default=[], metavar="PATTERN", help="only these")
    parser.add_argument("--tabs", type=int, default=os.cpu_count() or 1, help="at the same time")
    asked = parser.parse_args()
    sys.exit(min(asyncio.run(main(asked.site.resolve(), asked.pages, asked.tabs)), 1))
