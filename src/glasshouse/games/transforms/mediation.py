"""A mediator who plays for those that let it, as an action of every player."""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from glasshouse.errors import InputError
from glasshouse.games.labels import Labels, default_labels, distinct, moved_to_front
from glasshouse.games.normal_form import NormalFormGame, check_normal_form

MEDIATOR = "mediator"

Players = tuple[int, ...]
"""A coalition: players in order, counted from 0."""

MOST_MEDIATED = 100_000
"""Profiles of the game with a mediator."""


def mediated(
    game: NormalFormGame,
    together: Sequence[int | str],
    otherwise: Sequence[int | str] | Mapping[Players, Sequence[int | str]],
) -> NormalFormGame:
    """The game in which every player may let a mediator play for it.

    Definition: everybody gets the action "mediator", the first. Where all choose it, the mediator
    plays `together`; where only a coalition does, it plays for these what `otherwise` says, which
    it can make depend on who they are: that is what deters from leaving.

    **Arguments:** `game`; `together`, an action of each player, by index or label; `otherwise`, an
    action of each, of which those who chose the mediator play theirs, or a dictionary from each
    smaller coalition (players in order, counted from 0) to an action of each of its members.
    **Raises:** `InputError` for actions that are none, coalitions left out, and games that would
    have more than 100 000 profiles.
    **Cost:** profiles × players.
    **Source:** Monderer & Tennenholtz 2009, Strong mediated equilibrium.

        import glasshouse as gh

        game = gh.games.mediated(gh.load_game("prisoners_dilemma"), [0, 0], [1, 1])
        print(game.tensor[0].tolist())  # [[3.0, 5.0, 1.0], [0.0, 3.0, 0.0], [1.0, 5.0, 1.0]]
    """
    game = check_normal_form(game, "a mediator needs")
    everybody = tuple(range(game.players))
    shape = tuple(count + 1 for count in game.actions)
    if math.prod(shape) > MOST_MEDIATED:
        raise InputError(
            f"{game.title} with a mediator has {math.prod(shape)} profiles, and at most "
            f"{MOST_MEDIATED} are supported: take fewer players or actions"
        )
    plan_of = _plans(game, everybody, together, otherwise)
    base = np.asarray(game.tensor, dtype=np.float64)
    tensor = np.empty((game.players, *shape))
    for profile in np.ndindex(*shape):
        plan = plan_of(tuple(i for i in everybody if profile[i] == 0))
        played = tuple(plan.get(i, profile[i] - 1) for i in everybody)
        tensor[(slice(None), *profile)] = base[(slice(None), *played)]
    labels = game.labels or default_labels(game.actions)
    return NormalFormGame(
        tensor,
        Labels(
            labels.players,
            tuple(distinct([MEDIATOR, *own]) for own in labels.actions),
            title=f"{game.title} with a mediator",
            source=labels.source,
        ),
        player_axis=0,
    )


def _plans(
    game: NormalFormGame, everybody: Players, together: Any, otherwise: Any
) -> Callable[[Players], dict[int, int]]:
    """What the mediator plays for a coalition, by player."""
    agreed = _actions(game, everybody, together, "together")
    if not isinstance(otherwise, Mapping):
        alone = _actions(game, everybody, otherwise, "otherwise")
        return lambda who: agreed if who == everybody else {i: alone[i] for i in who}

    @functools.cache
    def plan_of(who: Players) -> dict[int, int]:
        if who in ((), everybody):
            return agreed if who else {}
        if who not in otherwise:
            names = " and ".join(game.player_names[i] for i in who)
            raise InputError(
                f"otherwise does not say what the mediator plays for {names} alone: add {who}: …"
            )
        return _actions(game, who, otherwise[who], f"otherwise[{who}]")

    return plan_of


def _actions(game: NormalFormGame, players: Players, given: Any, name: str) -> dict[int, int]:
    """An action of each of these players, by index."""
    if isinstance(given, str) or not isinstance(given, Sequence) or len(given) != len(players):
        raise InputError(
            f"{name} must be one action for each of {len(players)} players, but is {given!r:.60}"
        )
    labels = game.labels or default_labels(game.actions)
    return {
        i: moved_to_front(action, i, game.player_names, labels.actions)[0]
        for i, action in zip(players, given, strict=True)
    }
