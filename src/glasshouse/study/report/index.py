"""The index of a folder of results: every study in it with its picture, and what it found."""

import base64
import json
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from glasshouse._foundation.files import read_bytes, reason, write_file, writing
from glasshouse.errors import InputError
from glasshouse.study.report.svg import picture
from glasshouse.study.report.template import page_template

INDEX_PAGE, REPORT_PAGE, SUMMARY_FILE = "index.html", "report.html", "summary.json"

PICTURES = ("comparison", "coupling", "map", "map_1", "portrait", "deviation", "branches_1")
"""Names of main figures: the first one that is there is shown."""

MOST_READ_OF_STUDIES = 20_000_000
"""Of a summary or a picture that is read."""

WRITTEN_HERE = '<meta name="generator" content="glasshouse'
"""Stands in every page written here."""


class Entry(NamedTuple):
    """A study of the folder: `name` of its own folder, `link` to its report, its `title` and
    `headline`, its `picture` as an address, and what is shown in it; or what is `wrong` with it."""

    name: str
    link: str = ""
    title: str = ""
    headline: str = ""
    picture: str = ""
    alt: str = ""
    wrong: str = ""


def write_index(folder: Path) -> Path:
    """Write `index.html` of a folder whose folders hold studies; one written before is replaced.

    **Raises:** `InputError` where that is no folder, holds no study, or has an `index.html` that
    was not written here; `OutputError` when the machine does not let it be written.
    """
    path = folder / INDEX_PAGE
    try:
        entries = _entries(folder)
        theirs = path.exists() and WRITTEN_HERE not in path.read_text("utf-8", "replace")
    except OSError as error:
        raise InputError(f"folder {folder} cannot be read: {reason(error)}") from error
    if not entries:
        raise InputError(
            f"folder {folder} holds no study: name the folder in which each study has its own, as "
            "glasshouse run --out makes it"
        )
    if theirs:
        raise InputError(f"{path} was not written by glasshouse: move it away first")
    with writing(path):
        write_file(path, index_html(folder.absolute().name, entries).encode())
    return path


def index_html(name: str, entries: list[Entry]) -> str:
    """The page as text: pictures inline, nothing loaded, the same entries giving the same bytes."""
    return page_template("index.html.jinja").render(
        name=name,
        entries=[entry for entry in entries if not entry.wrong],
        wrong=[entry for entry in entries if entry.wrong],
    )


def _entries(folder: Path) -> list[Entry]:
    """What lies in the folder, by name; folders without any trace of a study are left out."""
    inside = sorted((path for path in folder.iterdir() if path.is_dir()), key=lambda p: p.name)
    return [entry for path in inside for entry in _entry(path)]


def _entry(path: Path) -> Iterator[Entry]:
    files = (REPORT_PAGE, SUMMARY_FILE, "provenance.json")
    if not any((path / name).exists() for name in files):
        return
    name = _shown(path.name)
    if not (path / REPORT_PAGE).is_file():
        yield Entry(name, wrong="no report yet: run the study again to go on")
        return
    link = urllib.parse.quote(f"{path.name}/{REPORT_PAGE}", errors="surrogateescape")
    try:
        title, headline = _summary(path)
        yield Entry(name, link, title, headline, *_picture(path))
    except (OSError, ValueError, RecursionError, InputError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        yield Entry(name, link, wrong=f"its {SUMMARY_FILE} cannot be read: {why:.100}")


def _summary(path: Path) -> tuple[str, str]:
    text = read_bytes(path / SUMMARY_FILE, MOST_READ_OF_STUDIES, "it is no summary of a study")
    try:
        content: Any = json.loads(text.decode())
    except ValueError as error:
        raise ValueError("it is no JSON") from error
    told = content if isinstance(content, dict) else {}
    title, headline = (told.get(key) for key in ("title", "headline"))
    if not isinstance(title, str) or not isinstance(headline, str):
        raise ValueError("it has no title and headline: an earlier version wrote it")
    return title, headline


def _picture(path: Path) -> tuple[str, str]:
    """The main figure as an address that holds all of it, and what it shows; or nothing."""
    file = next((path / f"{x}.svg" for x in PICTURES if (path / f"{x}.svg").is_file()), None)
    if file is None:
        return "", ""
    try:
        svg, alt = picture(read_bytes(file, MOST_READ_OF_STUDIES, "it is no figure").decode())
    except (OSError, ValueError, InputError):
        return "", ""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}", alt


def _shown(name: str) -> str:
    """The name of a folder, whose bytes may be no text."""
    return name.encode(errors="replace").decode()
