"""Payoffs and other numbers in a table of text."""

import html
import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from glasshouse._foundation.tabular import ShownTable, html_cell, html_table, shown_table

if TYPE_CHECKING:
    import numpy as np

    from glasshouse.games.labels import Labels


def payoff_cells(tensor: "np.ndarray") -> list[list[str]]:
    """Both players' payoffs at every profile of a two-player game, player 1 by rows."""
    rows, columns = tensor.shape[1:]
    return [
        [", ".join(map(short_number, tensor[:, a, b])) for b in range(columns)] for a in range(rows)
    ]


def short_number(value: float) -> str:
    """A number to six digits; zero without a sign."""
    return f"{value + 0.0:g}"  # + 0.0 turns -0.0 into 0.0


def profiles_table(labels: "Labels", tensor: "np.ndarray") -> ShownTable:
    """One row for each profile: everybody's action, then everybody's payoff, as tables are read."""
    players = _players(labels)
    records = []
    for profile in itertools.product(*(range(len(own)) for own in labels.actions)):
        named = zip(players, labels.actions, profile, strict=True)
        paid = zip(players, tensor[(slice(None), *profile)].tolist(), strict=True)
        actions = {player: own[a] for player, own, a in named}
        records.append(actions | {f"payoff {player}": float(x) for player, x in paid})
    return shown_table(records)


def _players(labels: "Labels") -> list[str]:
    return [f"player {name}" if name.isdecimal() else name for name in labels.players]


def matrix_html(title: str, labels: "Labels", tensor: "np.ndarray") -> str:
    """Both players' payoffs at every profile, as a table of HTML."""
    row, column = _players(labels)
    down, across = labels.actions
    head = [html.escape(text) for text in (f"{row} \\ {column}", *across)]
    rows = [
        [f"<b>{html.escape(name)}</b>", *(
            ", ".join(map(html_cell, tensor[:, a, b].tolist())) for b in range(len(across))
        )]
        for a, name in enumerate(down)
    ]  # fmt: skip
    return html_table(title, head, rows, "l" + "r" * len(across))


def matrix_lines(
    rows: Sequence[str], columns: Sequence[str], cells: Sequence[Sequence[str]], width: int
) -> list[str]:
    """Right-aligned columns with headers of one word per line, in blocks of at most that width."""
    heads = [label.split() or [""] for label in columns]
    height = max(map(len, heads))
    heads = [[""] * (height - len(head)) + head for head in heads]
    widths = [
        2 + max(cell_len(text) for text in (*head, *(row[k] for row in cells)))
        for k, head in enumerate(heads)
    ]
    margin = max(map(cell_len, rows))

    def right(text: str, k: int) -> str:
        return " " * (widths[k] - cell_len(text)) + text

    lines: list[str] = []
    for block in _blocks(widths, width - margin):
        lines += [""] * bool(lines)
        for line in range(height):
            lines.append(" " * margin + "".join(right(heads[k][line], k) for k in block))
        for label, row in zip(rows, cells, strict=True):
            padded = label + " " * (margin - cell_len(label))
            lines.append(padded + "".join(right(row[k], k) for k in block))
    return lines


def _blocks(widths: Sequence[int], room: int) -> Iterator[list[int]]:
    """Columns in groups that fit into so much room, at least one in each."""
    block: list[int] = []
    for k, width in enumerate(widths):
        if block and sum(widths[j] for j in block) + width > room:
            yield block
            block = []
        block.append(k)
    yield block
