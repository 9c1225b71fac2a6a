"""What the browser loads: the files beside this one, and no others."""

import importlib.resources

FILE_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
"""What the files of a page are, by their suffix."""


def page_files() -> dict[str, tuple[bytes, str]]:
    """All that a page loads by its path, with its type: nothing else is ever read."""
    folder = importlib.resources.files("glasshouse.explorer") / "page"
    found = {}
    for file in folder.iterdir():
        suffix = file.name.rpartition(".")[2]
        if suffix in FILE_TYPES:
            found[f"/{file.name}"] = (file.read_bytes(), FILE_TYPES[suffix])
    return {"/": found["/index.html"], **found}


def page_file(name: str) -> str:
    """The text of one of them."""
    return page_files()[f"/{name}"][0].decode()
