"""Programs by name: the library's own, registered ones, and those given in one call."""

from collections.abc import Iterable, Mapping
from typing import Any

from glasshouse._foundation.registry import Registry, exported_instances
from glasshouse.errors import InputError, unknown_name
from glasshouse.programs import agents
from glasshouse.programs.agent import ModalAgent
from glasshouse.programs.syntax import is_name


def _check(program: ModalAgent) -> None:
    """Refuse a program of which no formula could speak, or that says nothing of itself."""
    wrong = [name for name in program.names if not is_name(name)]
    if wrong:
        raise InputError(
            f"program {wrong[0]!r:.40} cannot be registered under this name: give it one word of "
            "letters, as name=, that formulas can speak of"
        )
    if not program.words:
        raise InputError(f"program {program.name} does not say words: what it does, in a few")


MODAL_AGENTS: Registry[ModalAgent] = Registry(
    "program",
    "programs",
    ModalAgent,
    own=exported_instances(agents, ModalAgent),
    check=_check,
    names=lambda program: program.names,
)


def listed_programs(programs: Any) -> tuple[ModalAgent, ...]:
    """These programs, those given by their registered names looked up.

    **Raises:** `InputError` for what is no program, an unknown name, one listed twice, and two
    that have one name.
    """
    if isinstance(programs, str | ModalAgent) or not isinstance(programs, Iterable):
        raise InputError(f"programs must be a list of programs or their names: {programs!r:.60}")
    found = tuple(map(program_named, programs))
    if not found:
        raise InputError("no program is listed: give at least one")
    known_programs(found)
    names = [program.name for program in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"the program {name} is listed twice: leave one out")
    return found


def program_named(program: Any) -> ModalAgent:
    """A program itself, or the registered one of that name or short name."""
    if isinstance(program, ModalAgent):
        return program
    if not isinstance(program, str):
        raise InputError(f"{program!r:.60} is no program: give its name, or its formula")
    by_name = known_programs(())
    if program not in by_name:
        raise unknown_name("program", program, {x.name for x in by_name.values()})
    return by_name[program]


def known_programs(programs: Iterable[ModalAgent]) -> Mapping[str, ModalAgent]:
    """Of whom formulas can speak, by name and by short name: all registered, and these.

    **Raises:** `InputError` where one name would mean two sources.
    """
    found: dict[str, ModalAgent] = {}
    for program in (*MODAL_AGENTS.values(), *programs):
        for name in program.names:
            other = found.setdefault(name, program)
            if other.formula != program.formula:
                raise InputError(
                    f"the name {name} would mean two programs, {other.formula} and "
                    f"{program.formula}: give one of them another"
                )
    return found
