"""Who takes part in a league: names, and rules grouped by the program that they share."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np

from glasshouse._foundation.numbers import shown
from glasshouse.errors import InputError
from glasshouse.leagues.strategy import Strategy, no_strategy
from glasshouse.rules.base import AbstractDirection, check_direction, in_words
from glasshouse.rules.fixed import Fixed
from glasshouse.rules.gradient import Gradient


@dataclasses.dataclass(frozen=True, eq=False)
class Entrant:
    """One who takes part: a learner by its `rule`, or one who keeps to a `strategy`."""

    name: str
    rule: AbstractDirection
    strategy: Strategy | None = None

    @property
    def is_naive(self) -> bool:
        """Whether it follows its own gradient and expects nothing of others."""
        return self.strategy is None and self.rule.selfish


class RuleGroups(NamedTuple):
    """Rules in groups of one structure, whose numbers are stacked.

    **Arguments:** `rules`, one for each group, arrays with a leading axis over its members;
    `kind`, the group of each rule; `number`, its place in it.
    """

    rules: tuple[AbstractDirection, ...]
    kind: np.ndarray
    number: np.ndarray


def checked_entrants(line_ups: Any) -> tuple[Entrant, ...]:
    """Who takes part, by name.

    **Raises:** `InputError` for nobody, for what neither learns nor plays, and for two of one name.
    """
    if isinstance(line_ups, Mapping):
        named = [(name, given) for name, given in line_ups.items()]
    elif isinstance(line_ups, Sequence) and not isinstance(line_ups, str):
        named = [(None, given) for given in line_ups]
    else:
        raise InputError(
            "line_ups must be a dictionary from names to rules and strategies, or a list of them, "
            f"not {shown(line_ups)}"
        )
    if not named:
        raise InputError("a league needs at least one who takes part")
    found = [_entrant(name, given) for name, given in named]
    names = [entrant.name for entrant in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(
            f"two are called {twice!r:.60}: give line_ups as a dictionary with a name for each"
        )
    return tuple(found)


def _entrant(name: Any, given: Any) -> Entrant:
    if name is not None and (not isinstance(name, str) or not name.strip()):
        raise InputError(f"the name of an entrant must be a text, not {shown(name)}")
    if isinstance(given, Strategy):
        return Entrant(name or given.name, Fixed(), given)
    if isinstance(given, type) or not hasattr(given, "step"):
        raise no_strategy(given)
    rule = check_direction(given, "a league")
    return Entrant(name or in_words(rule), rule)


def with_naive(entrants: tuple[Entrant, ...]) -> tuple[tuple[Entrant, ...], int]:
    """Everybody who has to play, and which of them is the naive learner others are compared with:
    one beside the entrants where none of them is."""
    naive = next((k for k, entrant in enumerate(entrants) if entrant.is_naive), len(entrants))
    beside = () if naive < len(entrants) else (Entrant("naive", Gradient()),)
    return (*entrants, *beside), naive


def kinds_of(rules: Sequence[AbstractDirection]) -> RuleGroups:
    """The rules in groups that differ in numbers alone, so that each group is one program."""
    groups: dict[Any, list[AbstractDirection]] = {}
    places = []
    for rule in rules:
        members = groups.setdefault(_structure(rule), [])
        places.append((list(groups).index(_structure(rule)), len(members)))
        members.append(rule)
    stacked = tuple(
        jax.tree.map(lambda *x: np.stack(x) if eqx.is_array(x[0]) else x[0], *map(_held, members))
        for members in groups.values()
    )
    kind, number = np.array(places).T
    return RuleGroups(stacked, kind, number)


def _held(rule: AbstractDirection) -> AbstractDirection:
    return jax.tree.map(lambda x: np.asarray(x) if eqx.is_array(x) else x, rule)


def _structure(rule: AbstractDirection) -> tuple[Any, ...]:
    """What rules have in common that one program serves."""
    leaves, structure = jax.tree.flatten(rule)
    shapes = tuple((np.shape(x), str(x.dtype)) if eqx.is_array(x) else x for x in leaves)
    return structure, shapes
