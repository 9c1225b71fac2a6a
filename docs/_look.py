"""Look at every page of the built site as readers do: in a browser, opened from the disk.

Run as `python docs/_look.py site`. It ends with 1 and says so where a page scrolls sideways, loads
something from elsewhere or not at all, logs an error, shows a picture without words for those who
cannot see it, or has what axe-core calls a serious or critical fault (fetched by `make axe`; left
out without it); and where the search does not find a word that is there.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, Request, sync_playwright

ROOT = Path(__file__).parent.parent
AXE = ROOT / "tests" / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome")
VIEWS = ((1400, "light"), (390, "dark"))
SOUGHT = "exploitation"

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

GRAVE = """async () => (await axe.run(document)).violations
  .filter(x => ["serious", "critical"].includes(x.impact))
  .map(x => `${x.id}: ${x.nodes.length} places, first ${x.nodes[0].html.slice(0, 160)}`)"""


def faults(browser: Browser, site: Path) -> Iterator[str]:
    """What is wrong with each page, and with the search."""
    axe = AXE.read_text("utf-8") if AXE.is_file() else None
    for width, scheme in VIEWS:
        view = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        page = view.new_page()
        said: list[str] = []
        page.on("pageerror", lambda error, said=said: said.append(str(error)))
        page.on("requestfailed", lambda asked, said=said: said.extend(_failed(asked)))
        page.on("request", lambda asked, said=said: said.extend(_foreign(asked.url)))
        for file in sorted(set(site.rglob("*.html")) - {site / "404.html"}):  # which a server shows
            said.clear()
            page.goto(file.as_uri())
            where = f"{file.relative_to(site)} at {width} px, {scheme}"
            yield from (f"{where}: {fault}" for fault in [*said, *_seen(page, axe)])
        view.close()
    page = browser.new_page()
    page.goto((site / "index.html").as_uri())
    page.locator(".md-search__input").click()
    page.keyboard.type(SOUGHT)
    try:
        page.wait_for_selector(".md-search-result__item", timeout=20_000)
    except Exception:  # whatever is in its way, nothing was found
        yield f"the search does not find “{SOUGHT}”"


def _failed(asked: Request) -> list[str]:
    """Unless the next page is opened already."""
    why = asked.failure or ""
    return [] if "ABORTED" in why else [f"{asked.url} fails: {why}"]


def _foreign(address: str) -> list[str]:
    return [] if address.startswith(("file:", "data:", "blob:", "about:")) else [f"loads {address}"]


def _seen(page: Page, axe: str | None) -> Iterator[str]:
    seen = page.evaluate(LOOKS)
    if seen["sideways"]:
        yield "scrolls sideways"
    yield from (f"a picture without words: {source}" for source in seen["mute"])
    yield from (f"a picture that is not there: {source}" for source in seen["broken"])
    if axe is not None:
        page.evaluate(axe)
        yield from page.evaluate(GRAVE)


def main(site: Path) -> int:
    """The number of faults, each of which is printed."""
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        count = 0
        for fault in faults(browser, site):
            print(fault, flush=True)
            count += 1
        browser.close()
    print(f"{count} faults")
    return count


if __name__ == "__main__":
    sys.exit(min(main(Path(sys.argv[1]).resolve()), 1))
