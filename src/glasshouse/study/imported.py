"""Functions named in study files, by the file or the module they live in."""

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from glasshouse.errors import InputError, unknown_name


def load_function(reference: str, folder: Path) -> Callable[..., Any]:
    """The function of "file.py:name", the file relative to `folder`, or of "package.module:name".

    **Raises:** `InputError` when there is no such file, module or name, or it cannot be called.
    """
    place, _, name = reference.rpartition(":")
    module = _module_of_file(folder / place) if place.endswith(".py") else _module(place)
    if not hasattr(module, name):
        raise unknown_name(f"function in {place}", name, (n for n in dir(module) if n[0] != "_"))
    function = getattr(module, name)
    if not callable(function):
        raise InputError(f"{reference} is a {type(function).__name__}, not a function")
    return function


def code_file(reference: str, folder: Path) -> dict[str, Path]:
    """The file that holds the function, by name; empty where its module comes without source."""
    place = reference.rpartition(":")[0]
    if place.endswith(".py"):
        return {Path(place).name: folder / place}
    source = getattr(_module(place), "__file__", None)
    return {f"{place}.py": Path(source)} if source and source.endswith(".py") else {}


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InputError(
            f"cannot import module {name}: {error}; for a file beside the study write "
            f"'{name.rpartition('.')[2]}.py:function'"
        ) from error


def _module_of_file(file: Path) -> Any:
    """The file as a module, executed once for each content it has had."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from error
    name = f"glasshouse_study_{hashlib.sha256(str(file.resolve()).encode() + content).hexdigest()}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise InputError(f"{file}: {type(error).__name__}: {error}") from error
    return module
