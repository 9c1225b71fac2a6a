"""Functions named in study files, by the file or the module they live in."""

import ast
import hashlib
import importlib
import importlib.util
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from glasshouse.errors import InputError, unknown_name

LIBRARY = "glasshouse"
"""Its own modules are known by their version, and are no helpers of a function."""

_CAME_WITH: dict[str, frozenset[str]] = {}
"""What was loaded together with each module of a function, when it was first imported."""


def load_function(reference: str, folder: Path) -> Callable[..., Any]:
    """The function of "file.py:name", the file relative to `folder`, or of "package.module:name".

    **Raises:** `InputError` when there is no such file, module or name, or it cannot be called.
    """
    place, _, name = reference.rpartition(":")
    module = _module_at(place, folder)
    if not hasattr(module, name):
        raise unknown_name(f"function in {place}", name, (n for n in dir(module) if n[0] != "_"))
    function = getattr(module, name)
    if not callable(function):
        raise InputError(f"{reference} is a {type(function).__name__}, not a function")
    return function


def load_module(place: str, folder: Path) -> ModuleType:
    """The module "package.module", or that of "file.py", relative to `folder`.

    **Raises:** `InputError` when there is none, or it fails.
    """
    return _module_at(place, folder)


def check_place(reference: str, folder: Path) -> None:
    """Refuse "file.py:name" where that file is not in `folder`, links followed.

    Modules are found where Python looks for them, which no study decides.

    **Raises:** `InputError` naming the file.
    """
    place = reference.rpartition(":")[0]
    real, own = (folder / place).resolve(), folder.resolve()
    if place.endswith(".py") and not real.is_relative_to(own):
        raise InputError(
            f"{place} is {real}, outside the study's folder {own}, and to check a study is to run "
            "its Python file: give --trust (in Python trust=True) if you trust it, or move it there"
        )


def code_file(reference: str, folder: Path) -> dict[str, Path]:
    """The source of the function, and of the modules it needs that are not installed, by name.

    A module that comes without source is left out.
    """
    place = reference.rpartition(":")[0]
    module = _module_at(place, folder)
    if place.endswith(".py"):
        found = {Path(place).name: folder / place}
    else:
        source = _source(module)
        found = {} if source is None else {f"{place}.py": source}
    for name in sorted(_helpers(module)):
        source = _source(sys.modules[name])
        assert source is not None
        if source not in found.values():
            # A study's mirror.py may import an unrelated module called mirror.
            key = f"{name}.py" if f"{name}.py" not in found else f"imported.{name}.py"
            found[key] = source
    return found


def failure(error: BaseException) -> str:
    """An exception in one line: its type and the first line of what it says."""
    said = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {said:.300}" if said else type(error).__name__


def _module_at(place: str, folder: Path) -> ModuleType:
    return _module_of_file(folder / place) if place.endswith(".py") else _module(place)


def _module(name: str) -> ModuleType:
    before = set(sys.modules)
    try:
        module = importlib.import_module(name)
    except (Exception, SystemExit) as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{name}.".startswith(f"{missing}."):
            raise InputError(
                f"cannot import module {name}: {error}; for a file beside the study write "
                f"'{name.rpartition('.')[2]}.py:function'"
            ) from error
        raise InputError(f"module {name} fails when it is imported: {failure(error)}") from error
    if name not in _CAME_WITH:
        package = name.partition(".")[0]
        siblings = {other for other in sys.modules if other.partition(".")[0] == package}
        _CAME_WITH[name] = frozenset((set(sys.modules) - before) | siblings)
    return module


def _module_of_file(file: Path) -> ModuleType:
    """The file as a module, executed once for each content it has had."""
    try:
        content = file.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{file}: cannot be read: {reason}") from error
    digest = hashlib.sha256(str(file.resolve()).encode() + content).hexdigest()
    name = f"{LIBRARY}_study_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # By which a registry knows a copy of the file for the same.
    vars(module)["__digest__"] = hashlib.sha256(content).hexdigest()
    before = set(sys.modules)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        said = str(error) if isinstance(error, InputError) else failure(error)
        raise InputError(f"{file}: {said}{_how_to_import(error)}") from error
    _CAME_WITH[name] = frozenset(set(sys.modules) - before)
    return module


def _how_to_import(error: BaseException) -> str:
    """What a file is told that tries to import the file beside it."""
    if isinstance(error, ModuleNotFoundError) or "relative import" in str(error):
        return (
            "; a study's function must keep all it needs in its one file, or be in an installed "
            "module: 'package.module:function'"
        )
    return ""


def _helpers(module: ModuleType) -> set[str]:
    """The modules it needs that are not installed, by what came with it and what it imports.

    What came with it includes modules found by computed names; what the source says includes
    modules that something else had loaded before.
    """
    came = _CAME_WITH.get(module.__name__, frozenset())
    found = {name for name in came if name != module.__name__ and _is_helper(name)}
    waiting = [module.__name__, *found]
    while waiting:
        for name in _imports(sys.modules[waiting.pop()]):
            if name not in found and name != module.__name__ and _is_helper(name):
                found.add(name)
                waiting.append(name)
    return found


def _is_helper(name: str) -> bool:
    """Whether a loaded module has a source that no version of a package stands for."""
    if name.partition(".")[0] == LIBRARY or name.startswith(f"{LIBRARY}_study_"):
        return False
    source = _source(sys.modules.get(name))
    if source is None or {"site-packages", "dist-packages"} & set(source.parts):
        return False
    places = (sysconfig.get_path(key) for key in ("stdlib", "platstdlib", "purelib", "platlib"))
    return not any(
        source.is_relative_to(place) or source.resolve().is_relative_to(Path(place).resolve())
        for place in places
    )


def _source(module: ModuleType | None) -> Path | None:
    """The Python file of a module, where it has one."""
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or not file.endswith(".py") or not Path(file).is_file():
        return None
    return Path(file)


def _imports(module: ModuleType) -> Iterator[str]:
    """The names in the import statements of a module, with the packages they lie in."""
    source = _source(module)
    try:
        tree = ast.parse(source.read_bytes() if source else b"")
    except (OSError, SyntaxError, ValueError):
        return  # it has changed since it was imported
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = (module.__package__ or "").split(".")
            above = package[: len(package) + 1 - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        for name in names:
            parts = name.split(".")
            yield from (".".join(parts[: k + 1]) for k in range(len(parts)))
