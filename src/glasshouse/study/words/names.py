"""What numbers and points of a sweep are called in sentences."""

import math
from collections.abc import Sequence

from glasshouse.plots._axes import short_label
from glasshouse.semantics.registry import SEMANTICS
from glasshouse.study.computed import Computed
from glasshouse.study.spec.dotted import numeric_leaves


def own_values(result: Computed) -> str:
    """The study's own values of the numbers that it sweeps, as "coupling = 0.5"."""
    leaves = numeric_leaves(result.prepared.study.settings())
    return ", ".join(f"{axis_name(axis.key)} = {leaves[axis.key]:g}" for axis in result.axes)


def at_own_values(result: Computed) -> str:
    """ " at coupling = 0.5"; nothing where nothing is swept."""
    values = own_values(result)
    return f" at {values}" if values else ""


def upper(words: str) -> str:
    """With a capital letter."""
    return f"{words[:1].upper()}{words[1:]}"


def axis_name(key: str) -> str:
    """What an axis is called in sentences: "coupling", "look-ahead α"."""
    return strength(key) or short_label(key)


def strength(key: str) -> str | None:
    """What the strength of a semantics is called; None for other numbers."""
    for semantics in SEMANTICS.values():
        if semantics.strength is not None and key == f"semantics.{semantics.strength.key}":
            return semantics.strength.key.replace("_", " ")
    return None


def in_words_and(names: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def points_words(result: Computed, holds: Sequence[bool]) -> str:
    """The points at which something holds: runs of neighbours, or how many of all."""
    axes = result.axes
    if not axes:
        return "here" if holds[0] else "not here"
    if not any(holds):
        return "at no point studied"
    if all(holds):
        return "at every point studied"
    first, *others = axes
    if others:
        return f"at {sum(holds)} of {len(holds)} points"
    groups: list[list[float]] = []
    for k, value in enumerate(first.values):
        if holds[k]:
            if k and holds[k - 1]:
                groups[-1].append(value)
            else:
                groups.append([value])
    spans = [f"{g[0]:g}" if math.isclose(g[0], g[-1]) else f"{g[0]:g} to {g[-1]:g}" for g in groups]
    return f"at {axis_name(first.key)} {', '.join(spans)}"
