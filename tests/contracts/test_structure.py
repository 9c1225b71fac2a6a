"""How the package is built: abstract or final classes, one direction of imports, small pieces."""

import ast
import functools
import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import equinox as eqx
import pytest

import glasshouse
from glasshouse.channels import AbstractChannel
from glasshouse.families import AbstractFamily
from glasshouse.games.base import AbstractGame
from glasshouse.games.catalogue._entry import CatalogueGame
from glasshouse.games.network import AbstractNetworkGame
from glasshouse.parametric import AbstractParametricGame
from glasshouse.rules import AbstractRule
from glasshouse.semantics import AbstractSemantics
from glasshouse.study.spec.declared import Declared
from glasshouse.study.spec.rules import RuleTable

FLOW = [
    "games",
    "programs",
    "channels",
    "semantics",
    "parametric",
    "rules",
    "registration",
    "dynamics",
    "theory",
    "families",
    "analysis",
    "leagues",
    "plots",
    "study",
    "explorer",
    "cli",
]
"""A piece may import itself and the pieces before it."""

FOUNDATIONS = {"errors", "_foundation"}
"""May be imported by everything, and import only each other."""

ALLOWED = {piece: {*FLOW[: k + 1], *FOUNDATIONS} for k, piece in enumerate(FLOW)}
ALLOWED |= dict.fromkeys(FOUNDATIONS, FOUNDATIONS)
ALLOWED["certificates"] = {"certificates", *FOUNDATIONS}
for user_of_certificates in ("analysis", "leagues", "plots", "study", "cli"):
    ALLOWED[user_of_certificates].add("certificates")
ALLOWED["interop"] = {"games", "interop", *FOUNDATIONS}
for user_of_interop in ("leagues", "study", "explorer", "cli"):
    ALLOWED[user_of_interop].add("interop")

LONGEST_MODULE = 400
LONGEST_FUNCTION = 60

ROOT = Path(next(iter(glasshouse.__path__)))
SOURCES = sorted(ROOT.rglob("*.py"))
"""Looked at in one test of each kind: a test for each file would cost more than it looks at."""


@functools.cache
def tree_of(source: Path) -> ast.Module:
    return ast.parse(source.read_text("utf-8"))


@functools.cache
def nodes_of(source: Path) -> tuple[ast.AST, ...]:
    """All nodes of a file: to walk through a tree takes longer than to read it."""
    return tuple(ast.walk(tree_of(source)))


def module_name(source: Path) -> str:
    parts = ("glasshouse", *source.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_modules(source: Path) -> Iterator[str]:
    """Absolute names of everything a file imports, wherever in the file."""
    package = module_name(source).split(".")
    if source.name != "__init__.py":
        package = package[:-1]
    for node in nodes_of(source):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{stem}.{alias.name}" for alias in node.names)


def piece(name: str) -> str | None:
    """The first-level piece of the package a dotted name belongs to."""
    parts = name.split(".")
    return parts[1] if parts[0] == "glasshouse" and len(parts) > 1 else None


def test_imports_point_one_way():
    wrong = []
    for source in SOURCES:
        own = piece(module_name(source))
        if own is None or own in {"__init__", "__main__"}:
            continue
        assert own in ALLOWED, f"no rule yet for what {own} may import"
        for name in imported_modules(source):
            other = piece(name)
            if other and other not in ALLOWED[own]:
                wrong.append((module_name(source), name))
    assert not wrong


def test_modules_are_short():
    lengths = {module_name(path): len(path.read_text("utf-8").splitlines()) for path in SOURCES}
    assert not {name: length for name, length in lengths.items() if length > LONGEST_MODULE}


def lines_without_docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert function.end_lineno is not None
    length = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        assert first.end_lineno is not None
        length -= first.end_lineno - first.lineno + 1
    return length


def test_functions_are_short():
    lengths = [
        (module_name(source), node.name, lines_without_docstring(node))
        for source in SOURCES
        for node in nodes_of(source)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert len(lengths) > 1000
    assert not [found for found in lengths if found[-1] > LONGEST_FUNCTION]


def constants(tree: ast.Module) -> Iterator[str]:
    """Names in capitals that a module gives a value, without what makes them private."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) and node.value else targets
        value = getattr(node, "value", None)
        if isinstance(value, ast.Call) and ast.unparse(value.func) == "TypeVar":
            continue  # a placeholder, which means nothing outside of its module
        parts = [part for x in targets for part in ast.walk(x) if isinstance(part, ast.Name)]
        names = [part.id for part in parts if isinstance(part.ctx, ast.Store)]
        yield from (name.lstrip("_") for name in names if name.strip("_").isupper())


def functions_and_classes(tree: ast.Module) -> Iterator[str]:
    """Those that other modules may import."""
    found = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef))
    yield from (node.name for node in found if not node.name.startswith("_"))


def standing_twice(sources: Iterable[Path]) -> dict[str, list[str]]:
    """Constants, functions and classes that several files define, and which files."""
    found: dict[str, list[str]] = {}
    for source in sources:
        tree = tree_of(source)
        for name in {*constants(tree), *functions_and_classes(tree)}:
            found.setdefault(name, []).append(source.name)
    return {name: files for name, files in found.items() if len(files) > 1}


def test_a_name_stands_for_one_thing():
    """What means the same is imported; what means something else is called something else."""
    assert not standing_twice(path for path in SOURCES if path.parent != ROOT / "cli")
    commands = standing_twice(path for path in SOURCES if path.parent == ROOT / "cli")
    assert set(commands) == {"command"}  # every command's module has one


def test_planted_names_that_stand_twice_are_found(tmp_path):
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text(
        "SAME, MOST = 1e-3, 4\nLEAST: int = 1\nT = TypeVar('T')\nlower = 1\n"
        "class Rest: RESTS = 1\ndef access(): MOST = 5\ndef _private(): ...\n"
    )
    other.write_text(
        "_SAME = 1e-6\nLEAST: int\nT = TypeVar('T')\nlower = 2\nX[MOST].Y = 1\n"
        "class Rest: RESTS = 2\nclass access: ...\ndef _private(): ...\n"
    )
    assert set(standing_twice([one, other])) == {"SAME", "Rest", "access"}


def modules_of_the_package() -> list[type[eqx.Module]]:
    """All Equinox modules defined in the package, every file imported."""
    for found in pkgutil.walk_packages(glasshouse.__path__, "glasshouse."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    seen, waiting = set(), [eqx.Module]
    while waiting:
        subclasses = waiting.pop().__subclasses__()
        waiting.extend(set(subclasses) - seen)
        seen.update(subclasses)
    ours = {cls for cls in seen if cls.__module__.split(".")[0] == "glasshouse"}
    return sorted(ours, key=lambda cls: (cls.__module__, cls.__qualname__))


MODULES = modules_of_the_package()
each_module = pytest.mark.parametrize("cls", MODULES, ids=lambda cls: cls.__qualname__)


def is_abstract(cls: type) -> bool:
    return inspect.isabstract(cls) or bool(getattr(cls, "__abstractvars__", ()))


def derived_from(cls: type) -> bool:
    """Whether it is a kind of which users write their own."""
    kinds = {"AbstractSemantics", "AbstractChannel", "AbstractGame", "AbstractNetworkGame"}
    kinds |= {"AbstractRule", "AbstractParametricGame"}
    return any(base.__name__ in kinds for base in cls.__mro__)


def test_there_are_modules_to_look_at():
    names = {cls.__name__ for cls in MODULES}
    assert {"NormalFormGame", "Logistic", "ParametricGame", "Gradient", "Rest"} <= names


@each_module
def test_every_module_is_abstract_or_final(cls):
    bases = [base for base in cls.__mro__[1:] if base in MODULES]
    assert not [base.__name__ for base in bases if not is_abstract(base)]


@pytest.mark.parametrize("cls", [c for c in MODULES if not is_abstract(c) and derived_from(c)])
def test_nobody_else_derives_from_a_concrete_class_that_analyses_know(cls):
    with pytest.raises(TypeError, match=f"{cls.__name__} is final: .* derive from Abstract"):
        type("Derived", (cls,), {"__module__": "somewhere"})


def test_who_derives_from_what_is_abstract_derives_further():
    own = type("Own", (AbstractChannel,), dict.fromkeys(AbstractChannel.__abstractmethods__))
    assert not inspect.isabstract(own)
    assert issubclass(type("Further", (own,), {}), AbstractChannel)


@each_module
def test_abstract_modules_and_only_they_say_so_in_their_name(cls):
    assert cls.__name__.lstrip("_").startswith("Abstract") == is_abstract(cls)


@each_module
def test_no_concrete_method_is_overridden(cls):
    """Dunder methods are left out: Equinox writes them into every class."""
    own = {name for name in vars(cls) if not name.startswith("__")}
    overridden = [
        f"{base.__name__}.{name}"
        for base in cls.__mro__[1:]
        if base in MODULES
        for name in own & set(vars(base))
        if (callable(vars(base)[name]) or isinstance(vars(base)[name], property | classmethod))
        and name not in base.__abstractmethods__
    ]
    assert not overridden


FOLDERS = ("theory", "families", "analysis", "leagues", "plots", "study", "explorer", "cli")
"""What asks objects what they are like, and not of which class they are."""

KINDS = (
    AbstractGame,
    AbstractNetworkGame,
    CatalogueGame,
    AbstractParametricGame,
    AbstractSemantics,
    AbstractChannel,
    AbstractRule,
    AbstractFamily,
    Declared,
    RuleTable,
)
"""Whoever adds one of these registers it, and edits no chain of classes."""


def asked_for_their_class(source: Path) -> list[str]:
    """Where a file asks whether something is of a class of these kinds, and of which."""
    module, tree = importlib.import_module(module_name(source)), ast.parse(source.read_text())
    known = {name: getattr(module, name) for name in dir(module)}
    for node in ast.walk(tree):  # imports inside functions, too
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found = importlib.import_module(node.module)
            known |= {a.asname or a.name: getattr(found, a.name, None) for a in node.names}

    def classes(node: ast.AST) -> Iterator[str]:
        """The classes of these kinds that an expression names, tuples of them by name included."""
        for part in ast.walk(node):
            if isinstance(part, ast.Name | ast.Attribute):
                dotted = ast.unparse(part).split(".")
                value = known.get(dotted[0])
                for name in dotted[1:]:
                    value = getattr(value, name, None)
                several: tuple[Any, ...] = value if isinstance(value, tuple) else (value,)
                yield from (str(x.__name__) for x in several if is_kind(x))

    def asked(node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.MatchClass):
            yield from classes(node.cls)
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in ("isinstance", "issubclass"):
                yield from classes(node.args[1])
            if name == "singledispatch":
                yield name
            if name == "register":
                yield from (x for argument in node.args for x in classes(argument))
        if isinstance(node, ast.FunctionDef):
            names = {ast.unparse(x).rpartition(".")[2] for x in node.decorator_list}
            yield from names & {"singledispatch", "singledispatchmethod"}

    return [
        f"{source.name}:{getattr(node, 'lineno', 0)} {name}"
        for node in ast.walk(tree)
        for name in asked(node)
    ]


def is_kind(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, KINDS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_nobody_asks_of_which_class_games_channels_and_rules_are(folder):
    sources = sorted((ROOT / folder).rglob("*.py"))
    assert sources
    assert not [found for source in sources for found in asked_for_their_class(source)]


PLANTED = """
import functools
from glasshouse import rules
from glasshouse.channels import Full
from glasshouse.families import LogisticFamily
from glasshouse.parametric import AbstractParametricGame, ParametricGame

BOTH = (Full, int)

def one(x):
    from glasshouse.games import NormalFormGame
    return isinstance(x, (NormalFormGame, str)), isinstance(x, BOTH), issubclass(x, rules.Lola)

def other(x):
    match x:
        case LogisticFamily(): return isinstance(x, AbstractParametricGame | None)

@functools.singledispatch
def words(x): return isinstance(x, int)

@words.register(ParametricGame)
def _(x): return ""
"""


def test_a_planted_question_for_a_class_is_found(tmp_path, monkeypatch):
    source = tmp_path / "planted.py"
    source.write_text(PLANTED)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(f"{__name__}.module_name", lambda source: source.stem)
    found = [line.split()[1] for line in asked_for_their_class(source)]
    expected = ["AbstractParametricGame", "Full", "LogisticFamily", "Lola", "NormalFormGame"]
    assert sorted(found) == [*expected, "ParametricGame", "singledispatch"]


def test_what_is_left_to_the_night_is_there():
    tests = Path(__file__).parent.parent
    lines = (tests / "by_night.txt").read_text("utf-8").splitlines()
    names = [line.partition("[")[0] for line in lines if not line.startswith("#")]
    assert len(names) > 10
    for name in names:
        file, _, function = name.partition("::")
        assert f"\ndef {function}(" in (tests.parent / file).read_text("utf-8"), name
