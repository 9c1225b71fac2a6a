"""What programs do at the worlds 0 < 1 < 2 < … of provability logic, until nothing changes."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from glasshouse.errors import InputError, nearest
from glasshouse.programs.agent import ModalAgent
from glasshouse.programs.formulas import (
    COOPERATE,
    ITSELF,
    MEANINGS,
    OTHER,
    Connected,
    Does,
    Formula,
    Negation,
    Provable,
    SameSource,
    Truth,
    everything_in,
)
from glasshouse.programs.syntax import parse_formula

Pair = tuple[ModalAgent, ModalAgent]
"""Who acts, and against whom."""


class Worlds(NamedTuple):
    """What each of some programs does, world by world.

    **Arguments:** `cooperates`, of each pair whether the first cooperates with the second, at the
    worlds 0, …, `stable`; from this one on nothing changes; `boxes`, how many boxed formulas there
    are, each of which changes at most once: `stable` is no larger.
    """

    cooperates: dict[Pair, tuple[bool, ...]]
    boxes: int
    stable: int


def worlds_of(pairs: Iterable[Pair], known: Mapping[str, ModalAgent]) -> Worlds:
    """What the first does against the second of each pair, and all others they speak of.

    Definition: □φ holds at world n where φ holds at every world m < n. So a box is true at world 0,
    and once false it stays so. What is done at world n depends on the boxes there alone (every atom
    stands under one), and boxes at n + 1 on those at n and what is done there: where no box changes
    from one world to the next, none ever will. A sentence is true (of the natural numbers) where it
    holds from some world on.

    **Arguments:** `known`, of whom formulas speak, by name.
    **Cost:** at most as many worlds as there are boxes, one more to see that nothing changes.
    """
    formulas = _closure(pairs, known)
    held = {
        (pair, part): True
        for pair, formula in formulas.items()
        for part in everything_in(formula)
        if isinstance(part, Provable)
    }
    history: list[dict[Pair, bool]] = []
    while True:
        now: dict[Pair, bool] = {}
        for pair, formula in formulas.items():
            now[pair] = _holds(formula, pair, held, {}, known)
        history.append(now)
        after = {
            (pair, box): holds and _holds(box.inner, pair, held, now, known)
            for (pair, box), holds in held.items()
        }
        if after == held:
            break
        held = after
    found = {pair: tuple(world[pair] for world in history) for pair in formulas}
    return Worlds(found, len(held), len(history) - 1)


def _closure(pairs: Iterable[Pair], known: Mapping[str, ModalAgent]) -> dict[Pair, Formula]:
    """The formula of each pair that is asked about, and of all that these speak of."""
    found: dict[Pair, Formula] = {}
    waiting = list(pairs)
    while waiting:
        pair = waiting.pop(0)
        if pair in found:
            continue
        found[pair] = parse_formula(pair[0].formula)
        atoms = (part for part in everything_in(found[pair]) if isinstance(part, Does))
        waiting.extend(_meant(atom, pair, known) for atom in atoms)
    return found


def _meant(atom: Does, pair: Pair, known: Mapping[str, ModalAgent]) -> Pair:
    """Of whom an atom speaks, in the formula of the first of a pair."""
    here = {ITSELF: pair[0], OTHER: pair[1]}
    for name in (atom.who, atom.against):
        if name not in here and name not in known:
            raise InputError(
                f"the program {pair[0].name} speaks of {name}, which is neither listed nor "
                f"registered: {nearest(name, {x.name for x in known.values()})}"
            )
    first, second = (here[x] if x in here else known[x] for x in (atom.who, atom.against))
    return first, second


def _holds(
    formula: Formula,
    pair: Pair,
    held: Mapping[tuple[Pair, Provable], bool],
    now: Mapping[Pair, bool],
    known: Mapping[str, ModalAgent],
) -> bool:
    """Whether a formula of the first of a pair holds at a world.

    **Arguments:** `held`, which boxes hold there; `now`, who cooperates there, of which only what
    stands under a box speaks.
    """
    match formula:
        case Truth(value):
            return value
        case SameSource():
            return pair[0].formula == pair[1].formula
        case Does(action=action):
            return now[_meant(formula, pair, known)] == (action == COOPERATE)
        case Negation(inner):
            return not _holds(inner, pair, held, now, known)
        case Provable():
            return held[pair, formula]
        case Connected(connective, left, right):
            sides = (_holds(x, pair, held, now, known) for x in (left, right))
            return MEANINGS[connective](*sides)
    raise TypeError(type(formula))  # no other kind is ever read
