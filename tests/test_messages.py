"""What commands say: no text that people read there names a Python function."""

import ast
import re
from pathlib import Path

import pytest

import glasshouse

SOURCE = Path(glasshouse.__file__).parent

IN_PYTHON = (
    "_foundation/precision.py",
    "analysis/continuation/follow.py",
    "analysis/equilibria/attraction.py",
    "analysis/sensitivities/paths.py",
    "dynamics/doors.py",
    "dynamics/endings.py",
    "explorer/script.py",
    "families/grid.py",
    "interop/nashpy.py",
    "rules/seeing.py",
    "semantics/neural/modules.py",
    "study/report/league.py",
)
"""Modules that name a function in errors about what only Python gives: calls inside JAX's
transformations, a start of branches, params that do not rest, a path, a family for a list; a report
that tells how to see a path; a user's own function that is called as one of leagues; and a script
that the explorer saves."""


def exported() -> set[str]:
    """Public names, from the stubs that say what each folder exports."""
    return {
        alias.asname or alias.name
        for stub in SOURCE.rglob("__init__.pyi")
        for node in ast.walk(ast.parse(stub.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


FUNCTIONS = {name for name in exported() if name.islower()}
"""Functions, aliases of them such as critical_coupling, and modules."""


def texts(tree: ast.Module) -> list[tuple[int, str]]:
    """Prose in the code, its own documentation aside: strings of several words, by line."""
    documents = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [x.value if isinstance(x, ast.Constant) else "…" for x in node.values]
            found.append((node.lineno, "".join(map(str, parts))))
        elif isinstance(node, ast.Constant) and id(node) not in documents:
            found += [(node.lineno, node.value)] * isinstance(node.value, str)
    return [(line, text) for line, text in found if " " in text.strip()]


def named(text: str) -> set[str]:
    """Public functions that a text names: with an underscore, called, or after the package."""
    bare = {word for word in re.findall(r"\b[a-z]+(?:_[a-z0-9]+)+\b", text) if word in FUNCTIONS}
    called = set(re.findall(r"\b([a-z_]+)\(", text)) & FUNCTIONS
    return bare | called | set(re.findall(r"\b(?:gh|glasshouse)\.([a-z_]+)\b", text)) & FUNCTIONS


@pytest.mark.parametrize("folder", sorted(x.name for x in SOURCE.iterdir() if x.is_dir()))
def test_no_text_names_a_python_function(folder):
    said = [
        f"{file.relative_to(SOURCE)}:{line}: {sorted(named(text))} in {text!r}"
        for file in sorted((SOURCE / folder).rglob("*.py"))
        if file.relative_to(SOURCE).as_posix() not in IN_PYTHON
        for line, text in texts(ast.parse(file.read_text("utf-8")))
        if named(text)
    ]
    assert not said, "\n".join(said)


def test_the_reader_of_texts_sees_what_it_must():
    """Else the test above would pass for want of eyes."""
    code = 'f"{reason}; see best_deviation"\nx = "first_movement"\ny = "use certify(game)"\n'
    tree = ast.parse(f"def f():\n    return (\n{code.splitlines()[0]})\n" + code.split("\n", 1)[1])
    assert set().union(*(named(text) for _, text in texts(tree))) == {"best_deviation", "certify"}
