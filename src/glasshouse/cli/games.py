"""`glasshouse games`: the catalogue, and one game explained."""

import itertools
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer
from rich.console import Console

from glasshouse.cli.layout import wrapped
from glasshouse.cli.options import (
    CooperateOption,
    JsonOption,
    named_game,
    print_json,
    print_table,
)
from glasshouse.cli.thresholds import closed_rows
from glasshouse.errors import InputError
from glasshouse.games.labels import shortened_names
from glasshouse.games.payoff_table import matrix_lines, payoff_cells, short_number

if TYPE_CHECKING:
    import numpy as np

    from glasshouse.analysis.equilibrium.pure_profiles import BaseGame
    from glasshouse.games.catalogue._entry import CatalogueGame
    from glasshouse.games.normal_form import NormalFormGame
    from glasshouse.theory.symmetric import Thresholds


Profiles: TypeAlias = Sequence[tuple[int, ...]]

LONGEST_LINE = 100
"""Prose is not set wider than this on wide terminals."""

NARROWEST_TERMINAL = 20
"""Terminals that say they are narrower are not believed; some say 0."""

ROOM_FOR_SOURCES = 40
"""Columns that sources need to be readable in the table; without them they are left out."""

MOST_ACTIONS = 12
"""Payoff tables of more actions are left to --json."""

MOST_PROFILES_PRINTED = 4
"""As many profiles are listed before the others are only counted."""

LABEL = 17
"""Width of the labels beside facts."""


def command(
    game: Annotated[
        str | None,
        typer.Argument(
            metavar="[GAME]",
            help="Explain this one: a catalogue name, a name with parameters (donation:b=4,c=1), "
            "a table (.csv, .tsv, .xlsx), or a .nfg file.",
            show_default=False,
        ),
    ] = None,
    cooperate: CooperateOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the games of the catalogue, or explain one: payoffs, pure equilibria, thresholds."""
    if game is None and cooperate is not None:
        raise InputError(
            "--cooperate names an action of a game, and there is none: put a GAME before it"
        )
    if game is None and as_json:
        print_json(_catalogue_json())
    elif game is None:
        _print_catalogue()
    elif as_json:
        print_json(_game_json(game, cooperate))
    else:
        _print_game(game, cooperate)


def _catalogue_json() -> list[dict[str, Any]]:
    from glasshouse.games.registry import CATALOGUE

    return [
        {
            "name": game.name,
            "title": game.title,
            "description": _description(game),
            "parameters": game.defaults,
            "condition": game.condition,
            "source": game.source,
        }
        for game in CATALOGUE.values()
    ]


def _print_catalogue() -> None:
    from glasshouse.games.registry import CATALOGUE

    header = ("GAME", "PARAMETERS", "CONDITION", "SOURCE")
    rows = [(g.name, _settings(g.defaults), g.condition, g.source) for g in CATALOGUE.values()]
    names, parameters, conditions = (
        2 + max(len(row[column]) for row in rows) for column in range(3)
    )
    width = _width()
    if width >= names + parameters + conditions + ROOM_FOR_SOURCES:
        print_table(rows, header)
    else:
        print_table([row[:3] for row in rows], header[:3])
    more = "glasshouse games GAME explains one: meaning, source, payoffs, equilibria."
    typer.echo(f"\n{wrapped(more)}")


def _game_json(text: str, cooperate: Sequence[str] | None) -> dict[str, Any]:
    from glasshouse._foundation.results import plain
    from glasshouse.analysis.equilibrium.pure_profiles import base_game

    game = named_game(text, cooperate)
    entry, parameters = _catalogued(text, game)
    closed_form, reason = _closed_form(game)
    return {
        "name": entry.name if entry else None,
        "title": game.title,
        "description": _description(entry) if entry else "",
        "parameters": parameters,
        "defaults": entry.defaults if entry else {},
        "condition": entry.condition if entry else "",
        "source": entry.source if entry else "",
        "players": game.players,
        "player_names": game.player_names,
        "actions": game.action_names,
        "cooperate": game.cooperative_actions,
        "payoffs": plain(game.tensor),
        "base_game": plain(base_game(game)),
        "closed_form": plain(closed_form),
        "reason": reason,
    }


def _print_game(text: str, cooperate: Sequence[str] | None) -> None:
    import numpy as np

    game = named_game(text, cooperate)
    entry, parameters = _catalogued(text, game)
    if entry is None:
        how = game.labels.source if game.labels is not None else ""  # of a table, how it was read
        typer.echo(f"{game.title} ({how or text})\n")
    else:
        typer.echo(f"{game.title} ({entry.name}:{_settings(parameters)})\n")
        typer.echo(_paragraphs(_description(entry)) + "\n")
        _print_facts("Parameters", [_parameters(entry, parameters)])
        _print_facts("Condition", [entry.condition])
        _print_facts("Source", [entry.source])
        typer.echo()
    tensor = np.asarray(game.tensor)
    _print_payoffs(game, tensor)
    typer.echo()
    _print_base_game(game, tensor)
    typer.echo()
    _print_thresholds(game)


def _print_payoffs(game: "NormalFormGame", tensor: "np.ndarray") -> None:
    actions = game.action_names
    if game.players == 2 and max(game.actions) <= MOST_ACTIONS:
        row, column = shortened_names(game.player_names)
        typer.echo(f"Payoffs of {row} (rows), {column} (columns):\n")
        _print_matrix(actions[0], actions[1], payoff_cells(tensor))
    elif _counts_suffice(game, tensor):
        own = actions[0]
        typer.echo(f"Payoff of each player, by how many of the others choose {own[0]}:\n")
        others = range(game.players - 1, -1, -1)
        labels = [f"{k} other{'s' * (k != 1)}" for k in others]
        cells = [
            [short_number(tensor[(0, a, *_first(k, game.players - 1))]) for a in (0, 1)]
            for k in others
        ]
        _print_matrix(labels, own, cells)
    else:
        shape = "×".join(map(str, game.actions))
        typer.echo(
            f"Payoffs of {game.players} player{'s' * (game.players != 1)} with {shape} actions: "
            f"{tensor[0].size} profiles, which --json prints."
        )


def _counts_suffice(game: "NormalFormGame", tensor: "np.ndarray") -> bool:
    """Whether it only matters how many of more than two players choose which of two actions."""
    from glasshouse.games.symmetric import is_symmetric

    return game.players > 2 and set(game.actions) == {2} and is_symmetric(tensor)


def _first(k: int, players: int) -> tuple[int, ...]:
    """The profile in which the first k of so many players choose action 0."""
    return (0,) * k + (1,) * (players - k)


def _print_matrix(
    rows: Sequence[str], columns: Sequence[str], cells: Sequence[Sequence[str]]
) -> None:
    typer.echo("\n".join(matrix_lines(rows, columns, cells, _width())))


def _print_base_game(game: "NormalFormGame", tensor: "np.ndarray") -> None:
    from glasshouse.analysis.equilibrium.pure_profiles import base_game

    facts = base_game(game)
    described = _by_count if _counts_suffice(game, tensor) else _one_by_one
    typer.echo("Before anybody reads anybody:\n")
    equilibria = described(game, facts.pure_equilibria, facts.pure_equilibrium_payoffs)
    _print_facts("Pure equilibria", equilibria or ["none"])
    _print_facts("Mixed equilibria", _mixtures(game, facts))
    optima = described(game, facts.welfare_optima, facts.welfare_optimum_payoffs)
    _print_facts("Welfare optimum", [*optima, f"sum of payoffs {short_number(facts.welfare)}"])
    _print_facts("How obtained", [f"{facts.method}: {facts.detail}"])


def _mixtures(game: "NormalFormGame", facts: "BaseGame") -> list[str]:
    from glasshouse.study.words.base_game import mixed_words

    if facts.mixed is None:
        return [f"every finite game has an equilibrium, but {facts.mixed_detail}"]
    lines = [mixed_words(game, mixture) for mixture in facts.mixed[:MOST_PROFILES_PRINTED]]
    if len(facts.mixed) > len(lines):
        lines.append(f"and {len(facts.mixed) - len(lines)} more, {len(facts.mixed)} in all")
    return [*lines, f"closed form: {facts.mixed_detail}"] if lines else ["none"]


def _one_by_one(
    game: "NormalFormGame", profiles: Profiles, payoffs: Sequence[tuple[float, ...]]
) -> list[str]:
    lines = []
    for profile, paid in itertools.islice(
        zip(profiles, payoffs, strict=True), MOST_PROFILES_PRINTED
    ):
        played = ", ".join(names[a] for names, a in zip(game.action_names, profile, strict=True))
        lines.append(f"({played}) pays {', '.join(map(short_number, paid))}")
    if len(profiles) > MOST_PROFILES_PRINTED:
        lines.append(f"and {len(profiles) - MOST_PROFILES_PRINTED} more, {len(profiles)} in all")
    return lines


def _by_count(
    game: "NormalFormGame", profiles: Profiles, payoffs: Sequence[tuple[float, ...]]
) -> list[str]:
    """Profiles of a symmetric game with two actions, one line for all that differ in who is who."""
    names, lines = game.action_names[0], []
    for count in sorted({profile.count(0) for profile in profiles}, reverse=True):
        alike = [k for k, profile in enumerate(profiles) if profile.count(0) == count]
        paid = dict(zip(profiles[alike[0]], payoffs[alike[0]], strict=True))
        each = ", ".join(f"{short_number(paid[a])} to {names[a]}" for a in sorted(paid))
        size = "1 profile" if len(alike) == 1 else f"{len(alike)} profiles"
        lines.append(f"{count} of {game.players} choose {names[0]} ({size}): pays {each}")
    return lines


def _print_thresholds(game: "NormalFormGame") -> None:
    from glasshouse.study.words.names import cooperation_said

    closed, reason = _closed_form(game)
    if closed is None:
        reason = reason.removeprefix(f"{game.title}: ")
        typer.echo(_paragraphs(f"No coupling thresholds in closed form: {reason}."))
        return
    cooperation = cooperation_said(game)
    typer.echo(f"Coupling thresholds, logistic semantics, cooperation is {cooperation}:\n")
    rows = []
    for symbol, value, threshold in closed_rows(closed):
        why = f" ({threshold.reason})" if threshold.reason else ""
        rows.append((symbol, value, threshold.meaning + why))
    print_table(rows, ("", "COUPLING", "ABOVE IT"))
    typer.echo(
        "\n"
        + _paragraphs(
            f"Regime: {closed.regime} ({closed.explanation}). Method: {closed.method}, for a "
            f"{closed.conditions}.\n\nThey tell where things begin to move when all start alike, "
            "not where learning ends nor what is an equilibrium: see glasshouse thresholds and "
            "glasshouse check."
        )
    )


def _closed_form(game: "NormalFormGame") -> tuple["Thresholds | None", str]:
    """The closed-form thresholds, or why there are none."""
    from glasshouse.theory.symmetric import thresholds

    try:
        return thresholds(game), ""
    except InputError as error:
        return None, str(error)


def _catalogued(
    text: str, game: "NormalFormGame"
) -> tuple["CatalogueGame | None", dict[str, float | int]]:
    """The catalogue entry that `text` names and its parameters; none where it names a file."""
    from glasshouse.games.registry import CATALOGUE

    name, _, settings = text.partition(":")
    entry = CATALOGUE.get(name.strip())
    if entry is None or game.labels is None or game.labels.source != entry.source:
        return None, {}  # a file may be called as a game of the catalogue, but names no source
    given = dict(item.split("=") for item in settings.split(",") if item.strip())
    values = {key.strip(): float(value) for key, value in given.items()}
    defaults = entry.defaults
    return entry, {key: type(x)(values.get(key, x)) for key, x in defaults.items()}


def _parameters(entry: "CatalogueGame", parameters: dict[str, float | int]) -> str:
    used = _settings(parameters, ", ")
    if parameters == entry.defaults:
        return f"{used} (the defaults)"
    return f"{used} (defaults: {_settings(entry.defaults, ', ')})"


def _settings(parameters: dict[str, float | int], separator: str = ",") -> str:
    return separator.join(f"{name}={value:g}" for name, value in parameters.items())


def _description(entry: "CatalogueGame") -> str:
    """The docstring of the catalogue function, one line per paragraph."""
    paragraphs = (entry.function.__doc__ or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _print_facts(label: str, facts: Sequence[str]) -> None:
    """The label once, and each fact on lines of its own beside it."""
    for k, text in enumerate(facts):
        typer.echo(
            textwrap.fill(
                text,
                min(_width(), LONGEST_LINE),
                initial_indent=(label if k == 0 else "").ljust(LABEL),
                subsequent_indent=" " * LABEL,
                break_on_hyphens=False,
            )
        )


def _paragraphs(text: str) -> str:
    width = min(_width(), LONGEST_LINE)
    return "\n\n".join(
        textwrap.fill(paragraph, width, break_on_hyphens=False) for paragraph in text.split("\n\n")
    )


def _width() -> int:
    """Columns of the terminal; as many as anything needs where nobody watches one."""
    console = Console()
    return max(console.width, NARROWEST_TERMINAL) if console.is_terminal else 1000
