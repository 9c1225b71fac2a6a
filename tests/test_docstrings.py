"""The examples in docstrings are run, and print what they say; long docstrings are refused."""

import contextlib
import inspect
import io
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

import glasshouse as gh
from glasshouse.games import stochastic

FOLDERS = (
    gh,
    gh.analysis,
    gh.analysis.finite,
    gh.channels,
    gh.dynamics,
    gh.families,
    gh.games,
    stochastic,
    gh.leagues,
    gh.parametric,
    gh.programs,
    gh.rules,
    gh.semantics,
    gh.study,
    gh.theory,
)

ALIASES = {"critical_coupling"}
"""Names of earlier versions."""

WITHOUT = {"InputError", "Known", "Unknown", "register"}
"""What is raised, returned by what has an example, or lasts as long as the process."""

MOST_WORDS = 200
"""Of a docstring before its example: what is longer belongs on a page."""

SAID = re.compile(r"print\(.*\)  # (.+)$", re.MULTILINE)


def members() -> dict[str, Any]:
    """Everything exported that is a class or a function of ours, by its own name."""
    found: dict[str, Any] = {}
    for folder in FOLDERS:
        for name in vars(folder)["__all__"]:
            value = getattr(folder, name)
            if inspect.isclass(value) or inspect.isfunction(value):
                found[name] = value
    return found


def example(value: Any) -> str:
    """The indented blocks of a docstring, as one program."""
    lines = (inspect.getdoc(value) or "").splitlines()
    block = [line for line in lines if line.startswith("    ") or not line.strip()]
    return textwrap.dedent("\n".join(block)).strip()


def programs() -> Iterator[tuple[str, str]]:
    for name, value in sorted(members().items()):
        if example(value):
            yield name, example(value)


PROGRAMS = dict(programs())


def test_the_main_entry_points_show_an_example():
    main = {name for name in vars(gh)["__all__"] if name in members()} - ALIASES - WITHOUT
    assert len(main) > 15
    assert main <= set(PROGRAMS)


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_example_prints_what_it_says(name):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(PROGRAMS[name], f"<the docstring of {name}>", "exec"), {"__name__": name})
    assert printed.getvalue().splitlines() == SAID.findall(PROGRAMS[name])


def test_docstrings_are_short():
    lengths = {}
    for name, member in members().items():
        prose = [x for x in (inspect.getdoc(member) or "").splitlines() if not x.startswith("    ")]
        lengths[name] = sum(len(line.split()) for line in prose)
    assert len(lengths) > 100
    assert not {name: length for name, length in lengths.items() if length > MOST_WORDS}
