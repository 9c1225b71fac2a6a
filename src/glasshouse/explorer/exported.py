"""One file that holds the explorer's portraits at some couplings, and works without a server."""

import base64
import hashlib
import html
import importlib.metadata
import json
import re
from typing import NamedTuple

import numpy as np

from glasshouse._foundation.progress import progress
from glasshouse.explorer.along import switches_frame
from glasshouse.explorer.building import offered_rules
from glasshouse.explorer.content import page_file
from glasshouse.explorer.frames import basins_frame, portrait_frame
from glasshouse.explorer.protocol import Scene

RANGE = (-1.0, 2.0)
"""Couplings that the slider reaches, as in the explorer."""

COUPLINGS = 25
"""At how many of them, equally spaced, everything is computed."""

IMPORT = re.compile(r'^import (?:(\w+)|\{ ([^}]*) \}) from "\./([\w.]+)";$', re.M)
EXPORT = re.compile(r"^export (?:default |(const|function|class) (\w+))", re.M)

EXPORTED_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}: glasshouse</title>
<style>{style}</style>
</head>
<body>
<header>
<h1><span class="name">glasshouse</span> <span id="game-title"></span></h1>
<p class="lead" data-text="exportedLead"></p>
</header>
<main>
<section class="stage">
<div class="frame"><canvas id="portrait" role="img"></canvas></div>
<ul class="key" id="key"></ul>
<p class="quiet help" id="note"></p>
</section>
<section class="reading card">
<h2 data-text="reading"></h2>
<div id="couplings"></div>
<h3 data-text="gauge"></h3>
<div id="gauge"></div>
</section>
<section class="found card">
<h2 data-text="found"></h2>
<div><h3 data-text="points"></h3><div id="points"></div></div>
<div><h3 data-text="outcomes"></h3><div id="outcomes"></div></div>
</section>
</main>
<footer data-text="exportedFooter"></footer>
<div class="unseen" id="announce" aria-live="polite"></div>
<noscript>This page draws what it holds, for which it needs JavaScript.</noscript>
<script type="application/json" id="data">{data}</script>
<script type="module">{script}</script>
</body>
</html>
"""


class Precomputed(NamedTuple):
    """Answers to what a page would have asked, one of each kind at each coupling."""

    couplings: tuple[float, ...]
    portraits: tuple[bytes, ...]
    basins: tuple[bytes, ...]
    switches: bytes


def precomputed(scene: Scene, count: int = COUPLINGS) -> Precomputed:
    """Portraits and basins at `count` couplings that both share, and the switches along them."""
    couplings = tuple(map(float, np.linspace(*RANGE, count)))
    portraits, basins = [], []
    with progress("computing portraits", len(couplings)) as done:
        for coupling in couplings:
            here = scene.model_copy(update={"coupling": (coupling, coupling)})
            portraits.append(portrait_frame(here, 1))
            basins.append(basins_frame(here, 1))
            done()
    return Precomputed(couplings, tuple(portraits), tuple(basins), switches_frame(scene, 1))


def exported_page(scene: Scene, held: Precomputed) -> str:
    """The page as text: script, style and numbers are in it, and nothing is fetched."""
    rule = offered_rules()[scene.rule].words
    distance = np.abs(np.array(held.couplings) - scene.coupling[0])
    data = {
        "title": scene.title,
        "couplings": held.couplings,
        "range": RANGE,
        "first": int(distance.argmin()),
        "words": {
            "count": len(held.couplings),
            "version": importlib.metadata.version("glasshouse"),
            "rule": rule,
            "bound": scene.bound,
        },
        "access": scene.access.model_dump(),
        "switches": _text(held.switches),
        "portraits": [_text(frame) for frame in held.portraits],
        "basins": [_text(frame) for frame in held.basins],
    }
    script, style = bundled("embed.js"), page_file("style.css")
    return EXPORTED_PAGE.format(
        policy=_policy(script, style),
        title=html.escape(scene.title or "Explorer"),
        style=style,
        script=script,
        data=json.dumps(data).replace("<", "\\u003c"),
    )


def framed_page() -> str:
    """The explorer's own page as one text, for a frame that somebody else talks through."""
    script, style = bundled("main.js"), page_file("style.css") + page_file("frame.css")
    meta = f'<meta http-equiv="Content-Security-Policy" content="{_policy(script, style)}">'
    inside = {
        '<html lang="en">': '<html lang="en" data-home="frame">',
        '<link rel="icon" href="favicon.svg" type="image/svg+xml">': meta,
        '<link rel="stylesheet" href="style.css">': f"<style>{style}</style>",
        '<link rel="stylesheet" href="doors.css">\n': "",  # other pages are of the server alone
        '<script type="module" src="doors.js"></script>\n': "",
        '<script type="module" src="main.js"></script>': f'<script type="module">{script}</script>',
    }
    page = page_file("index.html")
    for there, here in inside.items():
        before, found, after = page.partition(there)
        assert found, there
        page = f"{before}{here}{after}"
    return page


def needed_by(name: str) -> list[str]:
    """A module of the page and those that it imports, each after those that it needs."""
    found: list[str] = []

    def visit(module: str) -> None:
        for _, _, other in IMPORT.findall(page_file(module)):
            if other not in found:
                visit(other)
        found.append(module)

    visit(name)
    return found


def bundled(entry: str) -> str:
    """A module of the page in one script: each is a function whose exports the later ones take."""
    parts = ["const modules = {};"]
    for name in needed_by(entry):
        text = page_file(name)
        exported = [found[1] for found in EXPORT.findall(text) if found[1]]
        if "\nexport default" in text:
            exported.append("default: text")
        body = IMPORT.sub(_taken, text)
        body = EXPORT.sub(lambda m: f"{m[1]} {m[2]}" if m[1] else "const text = ", body)
        given = f"return {{ {', '.join(exported)} }};"
        wrapped = f"await (async () => {{\n{body}\n{given}\n}})()"  # for words may be waited for
        parts.append(f"modules[{json.dumps(name)}] = {wrapped};")
    return "\n".join(parts) + "\n"


def _taken(found: re.Match[str]) -> str:
    whole, names, module = found.groups()
    wanted = f"{{ default: {whole} }}" if whole else f"{{ {names.replace(' as ', ': ')} }}"
    return f"const {wanted} = modules[{json.dumps(module)}];"


def _text(frame: bytes) -> str:
    return base64.b64encode(frame).decode()


def _policy(script: str, style: str) -> str:
    """Its own script and style, and pictures that it makes."""
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "img-src blob: data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
