"""What is seen of play round after round: how often each joint action, and what follows each."""

import itertools
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from glasshouse._foundation.arrays import RealArray
from glasshouse.games.behaviour import own_frame

RATE, AFTER = "rate ", "P("
"""How their names begin: "rate CD", and "P(C | CD)"."""


def is_of_rounds(name: str) -> bool:
    """Whether only games of many rounds could have an observable of this name."""
    return name.startswith((RATE, AFTER))


def rounds_in_words(name: str) -> tuple[str, str]:
    """What such an observable is, in words and as a formula."""
    if name.startswith(RATE):
        joint = name.removeprefix(RATE)
        words = f"discounted rate of {joint}, the own action first"
        return words, f"(1 − γ) Σ_t γ^t P(the joint action in round t is {joint})"
    action, _, state = name.removeprefix(AFTER).removesuffix(")").partition(" | ")
    when = "in the first round" if state == "start" else f"after {state}, the own action first"
    return f"probability of {action} {when}", f"P({action} | {state}), as meant"


def in_order_of_states(found: dict[str, Any]) -> dict[str, Any]:
    """The same by name, the start before what follows: JAX sorts the keys of dictionaries."""
    return dict(sorted(found.items(), key=lambda entry: _place(entry[0])))


def _place(name: str) -> tuple[int, bool, str]:
    if not is_of_rounds(name):
        return 0, False, name
    return (1 if name.startswith(RATE) else 2), not name.endswith("| start)"), name


def over_rounds(
    actions: tuple[int, ...],
    shares: Float[Array, "profiles"],
    behaviours: Sequence[RealArray],
) -> dict[str, Float[RealArray, "players"]]:
    """The discounted rate of each joint action, and P(C | state), by name and for each player.

    Names put the player's own action first, then those of the next ones in turn; where players have
    different actions, all are in the order of player 1. With two actions each they are C and D,
    else numbers from 0.

    **Arguments:** `shares`, of discounted rounds, by joint actions; `behaviours`, in each state.
    """
    frames = [own_frame(actions, i) for i in range(len(actions))]
    alike = len(set(actions)) == 1
    orders = [np.argsort(frame) if alike else np.arange(len(frame)) for frame in frames]
    rates = jnp.stack([shares[order[1:] - 1] for order in orders], axis=1)
    first = [jnp.asarray(x)[:, 0] for x in behaviours]
    chances = jnp.stack(
        [x if alike else x[frame] for x, frame in zip(first, frames, strict=True)], axis=1
    )
    joint = [_joined(profile, actions) for profile in itertools.product(*map(range, actions))]
    cooperates = _joined((0,), actions)
    return {
        **{f"{RATE}{name}": rates[k] for k, name in enumerate(joint)},
        **{f"{AFTER}{cooperates} | {s})": chances[k] for k, s in enumerate(["start", *joint])},
    }


def _joined(profile: tuple[int, ...], actions: tuple[int, ...]) -> str:
    """A joint action in letters or numbers: "CD", or "0,2"."""
    return "".join("CD"[a] for a in profile) if set(actions) == {2} else ",".join(map(str, profile))
