"""Arguments that several commands share, and how results are printed."""

import itertools
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from glasshouse.cli.encoding import fitting, output_encoding
from glasshouse.cli.layout import table, wrapped
from glasshouse.errors import InputError

GameOrStudyArgument = Annotated[
    str,
    typer.Argument(
        metavar="GAME|STUDY",
        help="A catalogue name, a name with parameters (donation:b=4,c=1), a table (.csv, .tsv, "
        ".xlsx), a .nfg file, or a study "
        "(.toml).",
        show_default=False,
    ),
]
StudiesArgument = Annotated[
    list[Path], typer.Argument(metavar="STUDY.toml", help="Study files.", show_default=False)
]
CooperateOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ACTION",
        help="The cooperating action: a label, else an index from 0; or one for each player, "
        "as share,trust or by repeating the option.",
    ),
]
ActionsOption = Annotated[
    str | None,
    typer.Option(
        metavar="LIST",
        help="Only these actions of GAME, separated by commas: labels, else indices from 0; for "
        "each player its own between semicolons.",
        show_default="all",
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON; its keys are in docs/reference/output.md.")
]

ResultsOption = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder to make for the results; without it: results/NAME."),
]

TrustOption = Annotated[
    bool,
    typer.Option(
        "--trust",
        help="Run a study's Python file even where it lies outside the study's folder.",
    ),
]


def named_game(text: str, cooperate: Sequence[str] | None, actions: str | None = None) -> Any:
    """The game of a GAME argument, of which only some actions may be kept, the cooperating action
    or actions moved to the front."""
    from glasshouse.games.labels import label_or_index, said_actions
    from glasshouse.interop.load import load_game

    game = load_game(text)
    if actions is not None:
        game = _with_only(game, actions)
    if not cooperate:
        return game
    labels = game.labels.actions if game.labels else ((),) * game.players
    given = list(cooperate)
    if len(given) == 1:
        given = said_actions(given[0], set(itertools.chain(*labels)))
    each = given * game.players if len(given) == 1 else given
    pairs = itertools.zip_longest(each, labels, fillvalue="")
    chosen = [label_or_index(action, own) for action, own in pairs]
    return game.cooperating(chosen[: len(each)])


def _with_only(game: Any, actions: str) -> Any:
    from glasshouse.games.labels import label_or_index
    from glasshouse.games.transforms import restricted

    each = actions.split(";")
    each = each * game.players if len(each) == 1 else each
    pairs = itertools.zip_longest(each, game.action_names, fillvalue="")
    kept = [[label_or_index(x.strip(), own) for x in text.split(",")] for text, own in pairs]
    return restricted(game, kept[: len(each)])


def check_epsilon(value: float | None) -> float | None:
    """Refuse an ε that cannot be; a callback."""
    if value is not None and not 0 <= value < math.inf:
        raise InputError(
            f"--epsilon {value} must be a finite number of at least 0, in units of payoff; 0 asks "
            "for exact equilibria"
        )
    return value


def study_folders(studies: list[Path], out: Path | None, usual: Path) -> dict[Path, Path]:
    """Where what is computed of each study goes: `out`, or a folder in `usual`."""
    if len(studies) == 1:
        return {studies[0]: out or usual / studies[0].stem}
    folders = {path: (out or usual) / path.stem for path in studies}
    if len(set(folders.values())) < len(studies):
        raise InputError("two studies have the same name and would share a folder: run them apart")
    return folders


def complain(message: str) -> None:
    """Print one line on standard error."""
    typer.echo(f"glasshouse: {' '.join(message.split())}", err=True)


def print_json(content: Any) -> None:
    """Print `content` as JSON, with escapes where standard output does not take every character."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    try:
        text.encode(output_encoding())
    except UnicodeEncodeError:
        text = json.dumps(content, indent=2, allow_nan=False)
    typer.echo(text)


def say(text: str = "", first: str = "", rest: str | None = None) -> None:
    """Print prose, broken between words where the terminal ends; lines begin as they are told."""
    typer.echo(wrapped(text, first, rest))


def print_table(rows: Sequence[Sequence[str]], header: Sequence[str] = ()) -> None:
    """Print aligned columns, as wide as they need to be where nobody watches a terminal."""
    shown = [[fitting(cell) for cell in row] for row in rows]
    typer.echo(table(shown, [fitting(title) for title in header]))
