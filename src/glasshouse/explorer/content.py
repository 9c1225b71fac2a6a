"""What the browser loads: the files beside this one, and translations that somebody names."""

import importlib.resources
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from glasshouse.errors import InputError

FILE_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "svg": "image/svg+xml",
}
"""What the files of a page are, by their suffix."""

TRANSLATED = re.compile(r"(texts|story)\.([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\.json")
"""Words in a language, by its tag; other names in a folder of translations are let be."""

ENGLISH = "en"


def page_files(words: Path | None = None) -> dict[str, tuple[bytes, str]]:
    """All that a page loads by its path, with its type: nothing else is ever read.

    **Arguments:** `words`, a folder with translations.
    **Raises:** `InputError` for a folder that holds none.
    """
    folder = importlib.resources.files("glasshouse.explorer") / "page"
    found = _files(folder.iterdir())
    if words is not None:
        found |= _translations(words)
    languages: dict[str, list[str]] = {"texts": [ENGLISH], "story": [ENGLISH]}
    for path in sorted(found):
        named = TRANSLATED.fullmatch(path[1:])
        if named and named[2] != ENGLISH:
            languages[named[1]].append(named[2])
    listed = json.dumps(languages).encode(), FILE_TYPES["json"]
    return {"/": found["/index.html"], **found, "/languages.json": listed}


def _files(files: Iterable[Any]) -> dict[str, tuple[bytes, str]]:
    found = {}
    for file in files:
        suffix = file.name.rpartition(".")[2]
        if suffix in FILE_TYPES:
            found[f"/{file.name}"] = (file.read_bytes(), FILE_TYPES[suffix])
    return found


def _translations(folder: Path) -> dict[str, tuple[bytes, str]]:
    files = [x for x in folder.glob("*.json") if TRANSLATED.fullmatch(x.name)]
    if not files:
        raise InputError(
            f"--words {folder}: there is no texts.xx.json or story.xx.json in it, xx being the tag "
            "of a language such as fr or pt-BR"
        )
    for file in files:
        try:
            json.loads(file.read_bytes())
        except ValueError as error:
            raise InputError(f"--words: {file} is not valid JSON: {error}") from error
    return _files(files)


def page_file(name: str) -> str:
    """The text of one of them."""
    return page_files()[f"/{name}"][0].decode()
