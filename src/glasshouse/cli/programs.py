"""`glasshouse programs`: what programs that read programs do to each other, and which to choose."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glasshouse.cli.facts import MOST_OF_EACH, check_forms, few_facts, say_facts
from glasshouse.cli.layout import terminal_width
from glasshouse.cli.options import (
    ActionsOption,
    CooperateOption,
    JsonOption,
    named_game,
    print_json,
    say,
)
from glasshouse.errors import InputError

if TYPE_CHECKING:
    from glasshouse._foundation.tabular import ShownTable
    from glasshouse.analysis.equilibrium.dominated import Dominance
    from glasshouse.analysis.equilibrium.pure_profiles import BaseGame
    from glasshouse.games.normal_form import NormalFormGame
    from glasshouse.programs import ModalAgent, ProgramTable

WIDEST = 100
"""Columns of the table before programs are called by their short names."""

LONGEST = 14
"""Longer names, such as those of formulas that have none, are numbered then."""

MANY_PROGRAMS = 5
"""Of more, fewer facts are shown, so that all fits a screen."""

USUAL_PROGRAMS = "CooperateBot,DefectBot,FairBot,PrudentBot"

NAMED = re.compile(r"\s*([^\W\d]\w*)\s*(?::(.*))?", re.DOTALL)
"""A name, or a name and its formula."""


def command(
    game: Annotated[
        str,
        typer.Argument(
            metavar="GAME",
            help="Of two players with two actions each: a catalogue name, a name with parameters "
            "(donation:b=4,c=1), a table (.csv, .tsv, .xlsx), or a .nfg file.",
            show_default=False,
        ),
    ],
    programs: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LIST",
            help="Programs separated by commas: names, formulas such as 'box(X = C)', or both, "
            "'Mine: box(X = C)'; may be repeated.",
            show_default=USUAL_PROGRAMS,
        ),
    ] = None,
    cooperate: CooperateOption = None,
    actions: ActionsOption = None,
    latex: Annotated[
        bool,
        typer.Option(
            "--latex", help="Print LaTeX tabulars: what is done, what is paid, and equilibria."
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the table to a file: .tex, or .csv with one row for each pair.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Let programs read each other: who does what against whom, and which to choose.

    Programs act on what they can prove of each other (CooperateBot, DefectBot, CliqueBot, FairBot,
    PrudentBot, JustBot, OptimisticBot, or formulas of your own), the game of choosing one has
    programs for actions.
    """
    check_forms(out, as_json=as_json, latex=latex)
    chosen = listed_in(programs or [USUAL_PROGRAMS])
    from glasshouse.analysis.equilibrium.dominated import dominance
    from glasshouse.analysis.equilibrium.pure_profiles import base_game
    from glasshouse.programs import program_game, program_table
    from glasshouse.study.words.programs import programs_headline

    stage = of_two(named_game(game, cooperate, actions))
    choice, table = program_game(stage, chosen), program_table(chosen)
    facts, dominated = base_game(choice), dominance(choice)
    headline = programs_headline(stage, table, facts)
    if out is not None:
        _write(out, table, choice, facts)
    if as_json:
        print_json(_as_json(headline, stage, choice, table, facts, dominated))
    elif latex:
        typer.echo(_latex(table, choice, facts), nl=False)
    else:
        say(headline)
        say()
        _print(stage, choice, table)
        say()
        _print_facts(choice, table, facts, dominated)


def of_two(stage: "NormalFormGame") -> "NormalFormGame":
    """The game, which has two actions each where it is of two players."""
    if stage.players == 2 and stage.actions != (2, 2) and min(stage.actions) > 1:
        names = stage.action_names
        first = ";".join(dict.fromkeys(f"{own[0]},{own[-1]}" for own in names))
        raise InputError(
            f"programs do one of two things, C or D, and {stage.title} has "
            f"{'×'.join(map(str, stage.actions))} actions: name two, as --actions '{first}', of "
            "which the first is C"
        )
    return stage


def listed_in(given: Sequence[str]) -> list["ModalAgent"]:
    """The programs of a list, in its order."""
    from glasshouse.programs.agent import modal
    from glasshouse.programs.registry import program_named
    from glasshouse.programs.syntax import is_name

    found = []
    for text in (part for texts in given for part in texts.split(",")):
        if not text.strip():
            raise InputError(
                "--programs names no program at a comma or at an end: leave the comma out, or "
                "name one, such as FairBot"
            )
        named = NAMED.fullmatch(text)
        if named is None or not is_name(named[1]):
            found.append(modal(text))
        elif named[2] is None:
            found.append(program_named(named[1]))
        else:
            found.append(modal(named[2].lstrip(), named[1]))
    return found


def _as_json(
    headline: str,
    stage: "NormalFormGame",
    choice: "NormalFormGame",
    table: "ProgramTable",
    facts: "BaseGame",
    dominated: Sequence["Dominance"],
) -> dict[str, Any]:
    from glasshouse._foundation.results import plain

    return {
        "headline": headline,
        "game": stage.to_dict(),
        **table.to_dict(),
        "program_game": choice.to_dict(),
        "base_game": facts.to_dict(),
        "dominance": plain(tuple(dominated)),
    }


def _cells(choice: "NormalFormGame", table: "ProgramTable") -> list[list[str]]:
    """What both do and are paid, of each pair."""
    import numpy as np

    from glasshouse.games.payoff_table import payoff_cells

    paid = payoff_cells(np.asarray(choice.tensor))
    return [
        [f"{table.actions[i][j]}{table.actions[j][i]} {text}" for j, text in enumerate(row)]
        for i, row in enumerate(paid)
    ]


def _print(stage: "NormalFormGame", choice: "NormalFormGame", table: "ProgramTable") -> None:
    from glasshouse.cli.encoding import fitting
    from glasshouse.games.labels import shortened_names
    from glasshouse.games.payoff_table import matrix_lines

    rows = [fitting(name) for name in shortened_names(choice.action_names[0])]
    columns, cells = rows, _cells(choice, table)
    width = terminal_width() or 1000
    lines = matrix_lines(rows, columns, cells, width)
    if max(map(len, lines)) > WIDEST or len(lines) > 2 * len(rows):
        columns = [
            program.short or (name if len(name) <= LONGEST else f"#{k}")
            for k, (program, name) in enumerate(zip(table.programs, rows, strict=True), 1)
        ]
        rows = [f"{x} {y}" if x != y else x for x, y in zip(columns, rows, strict=True)]
        lines = matrix_lines(rows, columns, cells, width)
    letters = [" and ".join(dict.fromkeys(own[k] for own in stage.action_names)) for k in range(2)]
    row, column = stage.player_names
    say(
        f"What {row} (rows) and {column} (columns) do, and what it pays; C is {letters[0]}, D is "
        f"{letters[1]}:"
    )
    typer.echo("\n".join(lines))


def _print_facts(
    choice: "NormalFormGame",
    table: "ProgramTable",
    facts: "BaseGame",
    dominated: Sequence["Dominance"],
) -> None:
    from glasshouse.study.words.base_game import mixed_words
    from glasshouse.study.words.programs import dominance_lines

    most = MOST_OF_EACH if len(table.programs) <= MANY_PROGRAMS else MOST_OF_EACH - 1
    pure = [f"{_played(choice, profile)} pays {_numbers(paid)}" for profile, paid in _pure(facts)]
    say_facts("Pure", few_facts(pure, most) or ["no pure equilibrium"])
    if facts.mixed is None:
        say_facts("Mixed", [f"not known: {facts.mixed_detail}"])
    else:
        mixed = [mixed_words(choice, mixture) for mixture in facts.mixed]
        say_facts("Mixed", few_facts(mixed, most) or ["no other extreme equilibrium"])
    dominance = list(dominance_lines(choice, dominated, most))
    say_facts("Dominance", dominance or ["nobody dominates anybody"])
    say_facts("How", [table.detail])


def _pairs(table: "ProgramTable", choice: "NormalFormGame") -> "ShownTable":
    """One row for each pair: what both do, since which world, and what it pays."""
    from glasshouse._foundation.tabular import shown_table

    records = []
    for k, one in enumerate(table.encounters):
        i, j = divmod(k, len(table.programs))
        records.append(
            {
                "row": one.row,
                "column": one.column,
                "row_action": one.actions[0],
                "column_action": one.actions[1],
                "stable": one.stable,
                "row_payoff": float(choice.tensor[0, i, j]),
                "column_payoff": float(choice.tensor[1, i, j]),
            }
        )
    return shown_table(records)


def _latex(table: "ProgramTable", choice: "NormalFormGame", facts: "BaseGame") -> str:
    import numpy as np

    from glasshouse._foundation.tabular import ShownTable
    from glasshouse.games.payoff_table import payoff_cells

    names = [program.name for program in table.programs]
    done = table.matrix
    paid = tuple(
        {"program": name, **dict(zip(names, own, strict=True))}
        for name, own in zip(names, payoff_cells(np.asarray(choice.tensor)), strict=True)
    )
    return (
        f"% what rows do against columns\n{done.latex()}\n% what both are paid, rows first\n"
        f"{ShownTable(done.columns, paid).latex()}\n% equilibria\n"
        f"{_equilibria(choice, facts).latex()}"
    )


def _equilibria(choice: "NormalFormGame", facts: "BaseGame") -> "ShownTable":
    """What is played in each equilibrium, pure ones first, and what it pays."""
    from glasshouse._foundation.tabular import ShownColumn, ShownTable
    from glasshouse.study.words.base_game import mixture_name

    found = [(_played(choice, profile), paid) for profile, paid in _pure(facts)]
    found += [(mixture_name(choice, one), one.payoffs) for one in facts.mixed or ()]
    columns = (ShownColumn("equilibrium", "equilibrium"), ShownColumn("pays", "pays"))
    records = [{"equilibrium": name, "pays": _numbers(paid)} for name, paid in found]
    return ShownTable(columns, tuple(records))


def _pure(facts: "BaseGame") -> list[tuple[tuple[int, ...], tuple[float, ...]]]:
    return list(zip(facts.pure_equilibria, facts.pure_equilibrium_payoffs, strict=True))


def _played(choice: "NormalFormGame", profile: Sequence[int]) -> str:
    played = ", ".join(x[a] for x, a in zip(choice.action_names, profile, strict=True))
    return f"({played})"


def _numbers(paid: Sequence[float]) -> str:
    from glasshouse.games.payoff_table import short_number

    return ", ".join(map(short_number, paid))


def _write(out: Path, table: "ProgramTable", choice: "NormalFormGame", facts: "BaseGame") -> None:
    from glasshouse._foundation.files import write_file

    is_latex = out.suffix.lower() == ".tex"
    text = _latex(table, choice, facts) if is_latex else _pairs(table, choice).csv()
    write_file(out, text.encode())
