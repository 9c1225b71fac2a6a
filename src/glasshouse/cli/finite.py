"""`glasshouse finite`: what is true of a game of finitely many actions, whatever these are."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from glasshouse.cli.facts import check_forms, few_facts, say_facts
from glasshouse.cli.options import (
    ActionsOption,
    CooperateOption,
    JsonOption,
    named_game,
    print_json,
    print_table,
    say,
)

if TYPE_CHECKING:
    from glasshouse._foundation.tabular import ShownTable
    from glasshouse.games.normal_form import NormalFormGame
    from glasshouse.study.finite import FiniteFacts


TabularsOption = Annotated[
    bool, typer.Option("--latex", help="Print two LaTeX tabulars: ranges, and profiles.")
]
TablesOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write the tables to a file: .tex, or .csv with one row for each profile.",
        show_default=False,
    ),
]


def command(
    game: Annotated[
        str,
        typer.Argument(
            metavar="GAME",
            help="A catalogue name, a name with parameters (donation:b=4,c=1), a table (.csv, "
            ".tsv, .xlsx), or a .nfg file.",
            show_default=False,
        ),
    ],
    programs: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LIST",
            help="Ask about the game of choosing one of these programs, as glasshouse programs "
            "has it, instead.",
        ),
    ] = None,
    law: Annotated[
        Literal["uniform", "gain"],
        typer.Option(help="Which of several better replies is taken: each alike, or by its gain."),
    ] = "uniform",
    alpha: Annotated[
        float | None,
        typer.Option(
            metavar="A",
            help="The strength of selection of alpha-Rank, per unit of payoff.",
            show_default="1 / the range of payoffs",
        ),
    ] = None,
    population: Annotated[
        int, typer.Option(metavar="M", help="How many players a population of alpha-Rank has.")
    ] = 50,
    cooperate: CooperateOption = None,
    actions: ActionsOption = None,
    latex: TabularsOption = False,
    out: TablesOption = None,
    as_json: JsonOption = False,
) -> None:
    """What is true of a finite game: correlated play, better replies, ranks, commitments, worths.

    What nobody gains by leaving once told what to do, where better replies end, who is ranked
    first, what who commits first is paid, what groups secure, and who needs to see whom.
    """
    check_forms(out, as_json=as_json, latex=latex)
    from glasshouse.study.finite import finite_facts
    from glasshouse.study.words.finite import finite_headline

    asked = _asked(named_game(game, cooperate, actions), programs)
    facts = finite_facts(asked, law=law, alpha=alpha, population=population)
    headline = finite_headline(facts)
    if out is not None:
        _write(out, facts)
    if as_json:
        print_json({"headline": headline, **facts.to_dict(), "game": asked.to_dict()})
    elif latex:
        typer.echo(_latex(facts), nl=False)
    else:
        say(headline)
        say()
        _print(asked, facts)


def _asked(stage: "NormalFormGame", programs: list[str] | None) -> "NormalFormGame":
    if not programs:
        return stage
    from glasshouse.cli.programs import listed_in, of_two
    from glasshouse.programs import program_game

    return program_game(of_two(stage), listed_in(programs))


def _print(game: "NormalFormGame", facts: "FiniteFacts") -> None:
    from glasshouse.study.words.base_game import mixed_words
    from glasshouse.study.words.finite import (
        MOST_TOLD,
        commitment_lines,
        how_lines,
        matters_table,
        needed_lines,
        ranges_table,
        worth_lines,
    )
    from glasshouse.study.words.programs import dominance_lines

    _table(ranges_table(facts))
    say()
    shown, more = matters_table(facts, MOST_TOLD)
    _table(shown)
    if more:
        say(f"and {more} more profile{'s' * (more > 1)}; --json and --out FILE.csv have them")
    say()
    base = facts.base_game
    if base.mixed is None:
        say_facts("Mixed", [f"not known: {base.mixed_detail}"])
    elif base.mixed:
        say_facts("Mixed", few_facts([mixed_words(game, one) for one in base.mixed]))
    say_facts("Dominance", list(dominance_lines(game, facts.dominance)))
    say_facts("Committing", list(commitment_lines(game, facts)))
    say_facts("Worth", list(worth_lines(facts)))
    say_facts("Seeing", few_facts(list(needed_lines(game, facts))))
    say_facts("How", list(how_lines(facts)))
    say_facts("Left out", facts.left_out)


def _table(shown: "ShownTable") -> None:
    keys = [column.key for column in shown.columns]
    rows = [[str(record[key]) for key in keys] for record in shown.records]
    print_table(rows, [column.heading.upper() for column in shown.columns])


def _latex(facts: "FiniteFacts") -> str:
    return "".join(_latex_parts(facts))


def _latex_parts(facts: "FiniteFacts") -> Iterator[str]:
    from glasshouse.study.words.finite import matters_table, ranges_table

    yield f"% what is paid over equilibria of each kind\n{ranges_table(facts).latex()}\n"
    yield f"% profiles\n{matters_table(facts)[0].latex()}"


def _write(out: Path, facts: "FiniteFacts") -> None:
    from glasshouse._foundation.files import write_file
    from glasshouse._foundation.results import plain
    from glasshouse._foundation.tabular import shown_table

    text = _latex(facts)
    if out.suffix.lower() == ".csv":
        text = shown_table(plain(facts.profiles)).csv()
    write_file(out, text.encode())
