"""A game in which players have only some of their actions."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from glasshouse.errors import InputError
from glasshouse.games.labels import Labels, default_labels, moved_to_front
from glasshouse.games.normal_form import NormalFormGame, check_normal_form

Choice = Sequence[int | str]


def restricted(game: NormalFormGame, actions: Choice | Sequence[Choice]) -> NormalFormGame:
    """The game in which players have only these actions, in this order.

    **Arguments:** `actions`, indices or labels that every player has; or such a list for each
    player.
    **Raises:** `InputError` for actions that a player does not have, none, or one twice.

        import glasshouse as gh

        game = gh.games.restricted(gh.load_game("rock_paper_scissors"), ["rock", "paper"])
        print(game.tensor[0].tolist())  # [[0.0, -1.0], [1.0, 0.0]]
    """
    game = check_normal_form(game, "leaving actions out needs")
    labels = game.labels or default_labels(game.actions)
    kept = [
        _places(own, player, game, labels) for player, own in enumerate(_of_each(game, actions))
    ]
    names = tuple(
        tuple(own[k] for k in chosen) for own, chosen in zip(labels.actions, kept, strict=True)
    )
    tensor = np.asarray(game.tensor)[np.ix_(range(game.players), *kept)]
    left = Labels(labels.players, names, title=labels.title, source=labels.source)
    return NormalFormGame(tensor, left, player_axis=0)


def _of_each(game: NormalFormGame, actions: Any) -> list[Any]:
    if isinstance(actions, str) or not isinstance(actions, Sequence) or not actions:
        raise InputError(
            f"actions={actions!r:.60} must be a list of actions, or one for each player"
        )
    several = all(isinstance(own, list | tuple) for own in actions)
    each = list(actions) if several else [actions] * game.players
    if len(each) != game.players:
        raise InputError(
            f"{len(each)} lists of actions are given for {game.players} players: give one for all, "
            f"or one for each of {', '.join(game.player_names)}"
        )
    return each


def _places(own: Any, player: int, game: NormalFormGame, labels: Labels) -> list[int]:
    """Where the actions stand that a player keeps."""
    found = [moved_to_front(one, player, game.player_names, labels.actions)[0] for one in own]
    if not found or len(set(found)) < len(found):
        raise InputError(
            f"{game.player_names[player]} would keep {', '.join(map(str, own)) or 'no action'}: "
            "name at least one, and each once"
        )
    return found
