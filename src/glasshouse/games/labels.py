"""Names of players and actions, for people; compiled code never sees them."""

import dataclasses
import itertools
import math
import numbers
import unicodedata
from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from glasshouse._foundation.results import Result, shortened
from glasshouse.errors import InputError

if TYPE_CHECKING:
    HeldNames: TypeAlias = tuple[str, ...]
    HeldLists: TypeAlias = tuple[tuple[str, ...], ...]
else:  # checks of annotations at run time see what is given
    HeldNames = HeldLists = Any


LONGEST_NAME = 24
"""Columns of names in tables and figures; longer ones are shortened."""

DIRECTION_MARKS = frozenset(
    map(chr, (0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
)
"""Characters without a shape that say in which direction to write."""


@dataclasses.dataclass(frozen=True, repr=False)
class Labels(Result):
    """Names for people; compiled code never sees them.

    **Arguments:** `players`, one name each; `actions`, one sequence of names per player; `title`;
    `source`, where the game comes from. Names are texts; numbers, such as claims, become texts.
    **Raises:** `InputError` for names that are neither or blank, and where two players, or two
    actions of one player, have the same name.
    """

    players: HeldNames
    actions: HeldLists
    title: str = ""
    source: str = ""

    def __post_init__(self):
        players = _names(self.players, "players")
        actions = tuple(
            _names(names, f"actions of player {i + 1}")
            for i, names in enumerate(_listed(self.actions, "actions"))
        )
        for name in ("title", "source"):
            if not isinstance(getattr(self, name), str):
                raise InputError(
                    f"the {name} of a game must be a text: {getattr(self, name)!r:.40}"
                )
        object.__setattr__(self, "players", players)
        object.__setattr__(self, "actions", actions)


def default_labels(actions: tuple[int, ...], title: str = "") -> Labels:
    """Labels "1", "2", … for players and actions."""
    return Labels(
        players=tuple(str(i + 1) for i in range(len(actions))),
        actions=tuple(tuple(str(a + 1) for a in range(m)) for m in actions),
        title=title,
    )


def player_word(player: int, names: Sequence[str] = ()) -> str:
    """What words call a player, counted from 0: by name, else "player 1"."""
    return names[player] if player < len(names) else f"player {player + 1}"


def called(names: Sequence[str], thing: str) -> tuple[str, ...]:
    """The names as people read them, on one line each; a mere number becomes "player 1".

    **Arguments:** `thing`, what has the names: "player" or "action".
    """
    lines = [on_one_line(name) or str(k + 1) for k, name in enumerate(names)]
    return distinct([f"{thing} {line}" if line.isdigit() else line for line in lines])


def shortened_names(names: Sequence[str], most: int = LONGEST_NAME) -> tuple[str, ...]:
    """The names in at most so many columns each, for tables and figures, and still distinct."""
    return distinct([shortened(name, most) for name in names])


def on_one_line(name: str) -> str:
    """A name without what breaks lines, or turns the words around it."""
    kept = (c for c in name if c not in DIRECTION_MARKS)
    return _seen("".join(c if unicodedata.category(c) not in ("Cc", "Cs") else " " for c in kept))


def check_labels(labels: Any, actions: tuple[int, ...]) -> None:
    """Refuse labels that are not for so many players and actions."""
    if not isinstance(labels, Labels):
        raise InputError(f"labels must be Labels(players, actions), but are {labels!r:.40}")
    named = tuple(len(names) for names in labels.actions)
    if len(labels.players) != len(actions) or named != actions:
        raise InputError(
            f"labels name {len(labels.players)} players with {named} actions, but the payoffs "
            f"are for {len(actions)} players with {actions} actions"
        )


def said_actions(text: str, labels: Container[str]) -> list[str]:
    """The actions that a text says: itself where that is a label, else its parts between commas."""
    if text in labels or "," not in text:
        return [text]
    return [part.strip() for part in text.split(",")]


def label_or_index(text: str, labels: Container[str]) -> str | int:
    """An action as people type it: a label, else an index from 0."""
    return int(text) if text.isdecimal() and text not in labels else text


def moved_to_front(
    action: Any, player: int, players: Sequence[str], actions: Sequence[Sequence[str]]
) -> list[int]:
    """The actions of a player in the order in which the named one is the first.

    **Arguments:** `action`, an index or a label, as it is or as it is shown on one line;
    `players` and `actions`, everybody's labels.
    **Raises:** `InputError` where the player has no such action, saying who has.
    """
    from glasshouse._foundation.numbers import shown, whole  # which loads JAX

    names = actions[player]
    try:
        if isinstance(action, str):
            chosen = _place(action, names)
        else:
            chosen = whole(action, "action", least=0, most=len(names) - 1)
    except ValueError as error:
        raise InputError(
            f"{on_one_line(players[player])} has no action {shown(action)}: "
            f"choose one of {', '.join(map(on_one_line, names))} or an index from 0 to "
            f"{len(names) - 1}"
            f"{_whose(action, players, actions)}"
        ) from error
    return [chosen, *(a for a in range(len(names)) if a != chosen)]


def _place(name: str, names: Sequence[str]) -> int:
    """Which of the names it is: the same, or the only one that is shown alike on one line."""
    if name in names:
        return names.index(name)
    seen = [on_one_line(own) for own in names]
    if seen.count(on_one_line(name)) != 1:
        raise ValueError(name)
    return seen.index(on_one_line(name))


def _whose(action: Any, players: Sequence[str], actions: Sequence[Sequence[str]]) -> str:
    """Who has an action that some player has not, and how one is said for each."""
    known = actions if isinstance(action, str) else [()] * len(actions)  # an index is nobody's
    others = [who for who, own in zip(players, known, strict=True) if action in own]
    if not others:
        return ""
    from glasshouse._foundation.numbers import shown

    each = ",".join(on_one_line(str(action) if action in own else own[0]) for own in actions)
    return (
        f"; {shown(action)} is an action of {' and '.join(map(on_one_line, others))}, so name one "
        f"for each player, as {each}"
    )


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """The same names, numbered where they are blank or repeat an earlier one.

    For names that others have chosen, in files that are to be read all the same.
    """
    taken, used, found = {_seen(name) for name in names}, {""}, []
    for k, name in enumerate(names):
        stem = _seen(name) or str(k + 1)
        fresh = [name] if _seen(name) not in used else [stem] if not _seen(name) else []
        options = itertools.chain(fresh, (f"{stem} ({count})" for count in itertools.count(2)))
        new = next(x for x in options if x is name or _seen(x) not in used | taken)
        used.add(_seen(new))
        found.append(new)
    return tuple(found)


def _names(given: Any, whose: str) -> tuple[str, ...]:
    names = tuple(_name(name, whose) for name in _listed(given, whose))
    seen: dict[str, str] = {}
    for name in names:
        if _seen(name) in seen:
            raise InputError(
                f"two {whose} have the name {name!r:.40}: give each one of its own, so that a name "
                "says which is meant"
            )
        seen[_seen(name)] = name
    return names


def _listed(given: Any, whose: str) -> list[Any]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InputError(f"labels of {whose} must be a list of names, but are {given!r:.40}")
    return list(given)


def _name(name: Any, whose: str) -> str:
    number = isinstance(name, numbers.Real) and not isinstance(name, bool)
    if number and math.isfinite(name):
        name = str(name)
    if not isinstance(name, str) or not _seen(name):
        raise InputError(
            f"labels of {whose} must be texts that are not blank, but one is {name!r:.40}"
        )
    return str(name)


def _seen(name: str) -> str:
    """What people see of a name, who cannot tell blanks apart."""
    return " ".join(name.split())
