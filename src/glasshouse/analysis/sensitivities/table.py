"""Sensitivities as a table to read."""

import textwrap
from typing import Any

import numpy as np

from glasshouse._foundation.results import LINE_WIDTH

MOST_OWNERS = 12
"""Of more players only the first are shown."""

MOST_SQUARE = 8
"""Up to this many players, who goes through whom is shown pair by pair."""


def sensitivity_table(found: Any) -> str:
    """A `Sensitivity` as lines of at most 100 characters."""
    players = len(found.cooperation)
    whose = "its own and the other's" if players == 2 else "its own and all others'"
    title = f"Sensitivity: how far each player's parameters move {whose} behaviour"
    lines = [title, *_aligned(_columns(found))]
    if players > MOST_OWNERS:
        lines.append(f"… {players - MOST_OWNERS} more")
    if 2 < players <= MOST_SQUARE:
        lines += ["", "margin by owner (rows) and reader (columns):", *_aligned(_square(found))]
    return "\n".join([*lines, *movement_lines(found)])


def movement_lines(found: Any) -> list[str]:
    """What starts to happen, and what says so."""
    does = {"rises": "starts to rise", "falls": "starts to fall", "rests": "does not move at first"}
    who = "Apart from the bounds, mean" if found.at_bound else "Mean"
    moves = f"{who} cooperation {does[found.movement]}"
    margin = f"{moves}: margin {found.margin:.6g} per unit of time."
    if not found.applies:
        because = f"That is what the margin says; the ratio does not decide here: {found.reason}."
        return [margin, *textwrap.wrap(because, LINE_WIDTH)]
    ratio, least = (float(np.mean(x)) for x in (found.ratio, found.threshold))
    sign = {"rises": ">", "falls": "<", "rests": "="}[found.movement]
    says = f"So says the ratio, which decides here: ρ = {ratio:.6g} {sign} {least:.6g} = -A/B."
    return [margin, says]


def _columns(found: Any) -> dict[str, list[str]]:
    players = len(found.cooperation)
    shown = range(min(players, MOST_OWNERS))
    other = [1 - i if players == 2 else i for i in shown]
    cross = np.sqrt((found.cross_norms**2).sum(axis=1))
    own = np.diagonal(found.margins)
    read = found.margins.sum(axis=1) - own
    columns = {
        "player": [str(i + 1) for i in shown],
        "cooperates": _numbers(found.cooperation, shown),
        "|a|" if players == 2 else "self": _numbers(found.self_norms, shown),
        "|b|" if players == 2 else "cross": _numbers(cross, shown),
    }
    if players == 2:
        columns["cos(a, b)"] = [_number(found.alignment[i, j]) for i, j in enumerate(other)]
    return columns | {
        "ρ": _numbers(found.ratio, shown),
        "-A/B": _numbers(found.threshold, shown),
        "margin: own": _numbers(own, shown),
        "by being read": _numbers(read, shown),
    }


def _square(found: Any) -> dict[str, list[str]]:
    players = range(len(found.cooperation))
    names = {"": [*(str(i + 1) for i in players), "all"]}
    sums = found.margins.sum(axis=0)
    return names | {
        str(j + 1): [*(_number(found.margins[i, j]) for i in players), _number(sums[j])]
        for j in players
    }


def _aligned(columns: dict[str, list[str]]) -> list[str]:
    widths = [max(map(len, [name, *cells])) for name, cells in columns.items()]
    rows = [list(columns), *map(list, zip(*columns.values(), strict=True))]
    return [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]


def _numbers(values: Any, shown: range) -> list[str]:
    return [_number(values[i]) for i in shown]


def _number(value: Any) -> str:
    return "-" if np.isnan(value) else f"{float(value):.4g}"
