"""Python files that a study names at its top, and that register what it uses."""

from collections.abc import Sequence
from pathlib import Path

from glasshouse.errors import InputError
from glasshouse.study.spec.imported import check_place, code_file, load_module

OF_A_FILE = ":register"
"""Files and modules are named as those of functions are."""


def load_plugins(plugins: Sequence[str], folder: Path, *, trust: bool) -> None:
    """Execute each of them once, in this order; files are relative to `folder`.

    **Arguments:** `trust`, whether a file may be run that lies outside `folder`.
    **Raises:** `InputError` naming the key and the file, where it may not, or fails.
    """
    for place in plugins:
        try:
            if not trust:
                check_place(f"{place}{OF_A_FILE}", folder)
            load_module(place, folder)
        except InputError as error:
            raise InputError(f"key 'plugins': {error}") from error


def plugin_files(plugins: Sequence[str], folder: Path) -> dict[str, Path]:
    """The sources of plugins and of what they import, by name.

    **Raises:** `InputError` for two files of one name, which would not fit into one folder.
    """
    found: dict[str, Path] = {}
    for place in plugins:
        for name, path in code_file(f"{place}{OF_A_FILE}", folder).items():
            if found.setdefault(name, path).resolve() != path.resolve():
                raise InputError(f"key 'plugins': two files are called {name}: rename one")
    return found
