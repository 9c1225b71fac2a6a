"""Simulation of what the other player has chosen, at a price, as an action of one player."""

import itertools
import math
from typing import Literal

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.numbers import Numbers, Whole, number, player_number
from glasshouse.errors import InputError
from glasshouse.games.labels import Labels, default_labels, distinct
from glasshouse.games.normal_form import NormalFormGame, check_normal_form

SAME_REPLY = 1e-12
"""Of the payoff range: replies that pay no more apart are equally good."""

MOST_POLICIES = 64
"""Of simulating, each an action of its own."""

SIMULATE = "simulate"

Policy = tuple[int, ...]
"""Which action answers each action of the other player."""


def simulated(
    game: NormalFormGame,
    simulator: Whole,
    cost: Numbers,
    *,
    ties: Literal["refuse", "each"] = "refuse",
) -> NormalFormGame:
    """The game in which one player may look at the action that the other has chosen, and reply.

    Definition: the simulator gets the action "simulate", last of its own: against b it is paid
    max_a u(a, b) - cost, and the other what it is paid at (br(b), b). Where several best replies
    pay the other differently, each deterministic choice among them is a policy.

    **Arguments:** `game`, of two players; `simulator`, counted from 0; `cost` ≥ 0, in units of
    payoff; `ties`: "refuse" such replies, or make one action of "each" policy, of at most 64.
    **Raises:** `InputError` for ties that are not allowed, and other games, players or costs.
    **Cost:** actions × policies.
    **Source:** Kovařík, Oesterheld & Conitzer 2023, arXiv:2305.11261. There a simulator may mix
    policies, as equilibria of this game do.

        import glasshouse as gh

        trust = gh.NormalFormGame([[[1, -2], [0, 0]], [[1, 3], [0, 0]]], player_axis=0)
        print(gh.games.simulated(trust, 0, 0.1).tensor[0, 2].tolist())  # [0.9, -0.1]
    """
    game = check_normal_form(game, "simulation needs")
    if game.players != 2:
        raise InputError(f"simulation needs a game of two players, and {game.title} is none")
    who = player_number(simulator, 2)
    price = number(cost, "cost", least=0.0)
    if ties not in ("refuse", "each"):
        raise InputError(f"ties={ties!r:.40} must be 'refuse' or 'each'")
    tensor = np.asarray(game.tensor, dtype=np.float64)
    own, other = (tensor[k] if who == 0 else tensor[k].T for k in (who, 1 - who))
    choices = [_replies(own, other, b) for b in range(own.shape[1])]
    policies = _policies(game, who, choices, ties)
    columns = np.arange(own.shape[1])
    paid = [(own[list(x), columns] - price, other[list(x), columns]) for x in policies]
    more = np.array(paid)  # policy, whose payoff, the other's action
    full = np.stack([np.concatenate([table, more[:, k]]) for k, table in enumerate((own, other))])
    return NormalFormGame(
        full if who == 0 else full[::-1].transpose(0, 2, 1),
        _labels(game, who, choices, policies, price),
        player_axis=0,
    )


def _replies(
    own: Float[np.ndarray, "own other"], other: Float[np.ndarray, "own other"], b: int
) -> list[int]:
    """The best replies to an action, one of all that pay the other the same."""
    same = SAME_REPLY * np.ptp(own)
    found: dict[float, int] = {}
    for a in np.flatnonzero(own[:, b] >= own[:, b].max() - same).tolist():
        found.setdefault(float(other[a, b]), a)
    return list(found.values())


def _policies(game: NormalFormGame, who: int, choices: list[list[int]], ties: str) -> list[Policy]:
    tied = [b for b, replies in enumerate(choices) if len(replies) > 1]
    count = math.prod(map(len, choices))
    if tied and ties == "refuse":
        b = tied[0]
        replies = " and ".join(game.action_names[who][a] for a in choices[b])
        raise InputError(
            f"{game.player_names[who]} has several best replies to "
            f"{game.action_names[1 - who][b]}, {replies}, which pay {game.player_names[1 - who]} "
            f"differently: ties='each' makes an action of each of {count} ways to reply"
        )
    if count > MOST_POLICIES:
        raise InputError(
            f"ties leave {count} ways to reply, and at most {MOST_POLICIES} are supported: break "
            "some of them by changing payoffs a little"
        )
    return list(itertools.product(*choices))


def _labels(
    game: NormalFormGame,
    who: int,
    choices: list[list[int]],
    policies: list[Policy],
    price: float,
) -> Labels:
    labels = game.labels or default_labels(game.actions)
    own, other = labels.actions[who], labels.actions[1 - who]
    tied = [b for b, replies in enumerate(choices) if len(replies) > 1]
    names = []
    for policy in policies:
        said = ", ".join(f"{own[policy[b]]} to {other[b]}" for b in tied)
        names.append(f"{SIMULATE}: {said}" if said else SIMULATE)
    longer = distinct([*own, *names])
    actions = (longer, other) if who == 0 else (other, longer)
    title = f"{game.title}, {game.player_names[who]} may simulate at {price:g}"
    return Labels(labels.players, actions, title=title, source=labels.source)
