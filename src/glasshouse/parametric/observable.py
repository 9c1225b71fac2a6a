"""What a study may look at in place of cooperation: welfare, payoffs, probabilities of actions."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.precision import in_float64_unless_traced
from glasshouse.errors import InputError
from glasshouse.games.labels import called, on_one_line, player_word
from glasshouse.parametric.capabilities import require

WELFARE, PAYOFF = "welfare", "payoff"
PAYOFF_OF, PROBABILITY_OF, BY = "payoff of ", "probability of ", " by "
"""How names of observables are made: "payoff of Ada", "probability of work by Ada"."""


@dataclasses.dataclass(frozen=True)
class Observable:
    """A number of a game at its parameters, or one of each of some players.

    **Arguments:** `name`, as studies write it; `words`, what sentences and axes call it; `formula`;
    `unit`, "payoff" or "probability"; `players`, whose numbers they are, from 0; `actions`, whose
    probability it is, one for each of them, empty where they are payoffs; `summed`, whether what
    is seen is their sum.
    """

    name: str
    words: str
    formula: str
    unit: str
    players: tuple[int, ...]
    actions: tuple[int, ...] = ()
    summed: bool = False

    @in_float64_unless_traced
    def __call__(self, game: Any, params: Any) -> Float[RealArray, "numbers"]:
        """The numbers of the players it is of, in their order, or their sum alone."""
        if callable(getattr(game, "untied", None)):  # who share parameters are seen as others are
            return self(game.game, game.untied(params))
        if self.actions:
            behaviours = require(game, "dense", f"a {PROBABILITY_OF}…").behaviours(params)
            pairs = zip(self.players, self.actions, strict=True)
            found = jnp.stack([behaviours.entries(i)[a] for i, a in pairs])
        else:
            found = game.payoffs(params)[jnp.asarray(self.players)]
        return found.sum()[None] if self.summed else found


def is_in_place(name: str) -> bool:
    """Whether an observable of this name stands in place of cooperation, and not beside it."""
    return name in (WELFARE, PAYOFF) or name.startswith((PAYOFF_OF, PROBABILITY_OF))


def observable(name: str, players: Sequence[str], actions: Sequence[Sequence[str]]) -> Observable:
    """The observable of this name in a game.

    **Arguments:** `players`, their names; `actions`, those of each player's actions.
    **Raises:** `InputError` where no player or no action has the name.
    """
    everybody = tuple(range(len(players)))
    if name == WELFARE:
        return Observable(name, "welfare", "Σ_i U_i", PAYOFF, everybody, summed=True)
    if name == PAYOFF:
        return Observable(name, "payoff", "U_i", PAYOFF, everybody)
    if name.startswith(PAYOFF_OF):
        who = name.removeprefix(PAYOFF_OF)
        i = _player(who, players)
        if i is None:
            raise InputError(
                f"observable {name!r:.60}: there is no player {who!r:.40}; choose one of "
                f"{', '.join(players)}"
            )
        return Observable(name, f"payoff of {players[i]}", f"U_{i + 1}", PAYOFF, (i,))
    said = name.removeprefix(PROBABILITY_OF)
    found = _acting(said, everybody, actions)
    action, _, who = said.rpartition(BY)
    whose = _player(who, players) if action else None
    if not found and whose is not None:
        found = _acting(action, (whose,), actions)
    if not found:
        each = "; ".join(
            f"{player_word(i, players)}: {', '.join(own)}" for i, own in enumerate(actions)
        )
        raise InputError(
            f"observable {name!r:.60}: there is no such action; say probability of ACTION, or "
            f"probability of ACTION by PLAYER, of these ({each:.300})"
        )
    label = called(actions[found[0][0]], "action")[found[0][1]]
    by = f"{BY}{players[found[0][0]]}" if len(found) == 1 else ""
    those, chosen = zip(*found, strict=True)
    return Observable(
        name,
        f"probability of {label}{by}",
        f"σ_{those[0] + 1 if by else 'i'}({label})",
        "probability",
        those,
        chosen,
    )


def _acting(
    action: str, players: Sequence[int], actions: Sequence[Sequence[str]]
) -> list[tuple[int, int]]:
    """Who has an action of this name, and its number."""
    wanted = on_one_line(action)
    found = []
    for i in players:
        for names in (actions[i], called(actions[i], "action")):
            if wanted in names:
                found.append((i, list(names).index(wanted)))
                break
    return found


def _player(who: str, players: Sequence[str]) -> int | None:
    """The player of this name, or of this number from 1."""
    wanted = on_one_line(who)
    if wanted in players:
        return list(players).index(wanted)
    numbers = [str(i + 1) for i in range(len(players))]
    number = wanted.removeprefix("player ")
    return numbers.index(number) if number in numbers else None
