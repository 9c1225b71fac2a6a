"""What two programs do to each other, and all of some programs: with the worlds that show it."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.tabular import ShownColumn, ShownTable
from glasshouse.programs.agent import ModalAgent
from glasshouse.programs.formulas import COOPERATE, DEFECT
from glasshouse.programs.registry import known_programs, listed_programs, program_named
from glasshouse.programs.worlds import Pair, worlds_of


@dataclasses.dataclass(frozen=True, repr=False)
class Encounter(Evidenced):
    """What two programs do to each other.

    **Arguments:** `row` and `column`, their names; `actions` of both, "C" or "D"; `since`, from
    which world on each does that; `worlds`, what both do at the worlds 0, 1, …, `stable`, as "CD";
    from `stable` on nothing changes; `boxes`, how many boxed formulas were followed, each of which
    changes at most once; `read`, what the formulas spoke of beside, with the answer:
    "PrudentBot(DefectBot) = D".
    """

    row: str
    column: str
    actions: tuple[str, str]
    since: tuple[int, int]
    worlds: tuple[str, ...]
    stable: int
    boxes: int
    read: tuple[str, ...]
    method: str
    detail: str

    HEADINGS: ClassVar = {
        "row": "row",
        "column": "column",
        "actions": "action",
        "since": "since world",
        "stable": "stable from world",
    }


@dataclasses.dataclass(frozen=True, repr=False)
class ProgramTable(Evidenced):
    """Who does what against whom.

    **Arguments:** `programs`; `actions`, of each of them, row by row, "C" or "D" against each;
    `encounters`, of all pairs in the order of rows; `stable`, the world from which on nothing
    changes in any of them.

        from glasshouse.programs import program_table

        print(program_table(["CooperateBot", "FairBot"]).actions)  # (('C', 'C'), ('C', 'C'))
    """

    programs: tuple[ModalAgent, ...]
    actions: tuple[tuple[str, ...], ...]
    encounters: tuple[Encounter, ...]
    stable: int
    method: str
    detail: str

    ROWS: ClassVar = "matrix"

    @property
    def matrix(self) -> ShownTable:
        """What rows do, against columns."""
        names = [program.name for program in self.programs]
        columns = [ShownColumn("program", ""), *(ShownColumn(name, name) for name in names)]
        records: list[dict[str, Any]] = [
            {"program": name, **dict(zip(names, own, strict=True))}
            for name, own in zip(names, self.actions, strict=True)
        ]
        return ShownTable(tuple(columns), tuple(records))


def encounter(
    row: ModalAgent | str, column: ModalAgent | str, others: Iterable[ModalAgent] = ()
) -> Encounter:
    """What two programs do to each other.

    Definition: provability logic is followed up the worlds 0 < 1 < 2 < …, where □φ holds at a world
    if φ holds at all below it, until no box changes any more; what each then does is what it does.

    **Arguments:** `row` and `column`, programs or names of registered ones; `others`, of whom
    their formulas speak and who are not registered.
    **Raises:** `InputError` for what is no program, or of whom nobody knows.
    **Cost:** at most (boxes + 1) worlds; exact.
    **Source:** Barasz et al. 2014, arXiv:1401.5577.

        from glasshouse.programs import encounter

        found = encounter("PrudentBot", "CooperateBot")
        print(found.actions, found.worlds)  # ('D', 'C') ('CC', 'CC', 'DC')
    """
    first, second = program_named(row), program_named(column)
    return _met(first, second, known_programs((first, second, *map(program_named, others))))


def _met(first: ModalAgent, second: ModalAgent, known: Mapping[str, ModalAgent]) -> Encounter:
    pair: tuple[Pair, Pair] = ((first, second), (second, first))
    found = worlds_of(pair, known)
    cooperates = [found.cooperates[own] for own in pair]
    said = [[_letter(x) for x in own] for own in cooperates]
    limits = {other: _letter(held[-1]) for other, held in found.cooperates.items()}
    read = [
        f"{who.name}({whom.name}) = {limits[who, whom]}"
        for who, whom in found.cooperates
        if (who, whom) not in pair
    ]
    return Encounter(
        row=first.name,
        column=second.name,
        actions=(said[0][-1], said[1][-1]),
        since=(_since(cooperates[0]), _since(cooperates[1])),
        worlds=tuple(map("".join, zip(*said, strict=True))),
        stable=found.stable,
        boxes=found.boxes,
        read=tuple(read),
        method="closed form",
        detail=_stability(found.stable, found.boxes),
    )


def program_table(programs: Iterable[ModalAgent | str]) -> ProgramTable:
    """Who does what against whom, of all pairs of some programs.

    **Arguments:** `programs`, or names of registered ones.
    **Raises:** as in `encounter`, and for one listed twice.
    **Cost:** pairs × that of `encounter`.
    """
    listed = listed_programs(programs)
    known = known_programs(listed)
    found = [_met(row, column, known) for row in listed for column in listed]
    actions = [one.actions[0] for one in found]
    count, stable = len(listed), max(one.stable for one in found)
    return ProgramTable(
        programs=listed,
        actions=tuple(tuple(actions[k * count : (k + 1) * count]) for k in range(count)),
        encounters=tuple(found),
        stable=stable,
        method="closed form",
        detail=_stability(stable, max(one.boxes for one in found)),
    )


def _letter(cooperates: bool) -> str:
    return COOPERATE if cooperates else DEFECT


def _since(worlds: tuple[bool, ...]) -> int:
    """From which world on all is as at the last."""
    return max((k + 1 for k, x in enumerate(worlds) if x != worlds[-1]), default=0)


def _stability(stable: int, boxes: int) -> str:
    return (
        f"truth of the formulas at the worlds 0, 1, … of provability logic: from world {stable} on "
        f"no box changes, and then none ever does (at most {boxes} changes can there be)"
    )
