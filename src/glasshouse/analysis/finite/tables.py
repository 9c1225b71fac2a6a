"""What analyses of finite games have in common: payoffs, and what profiles are called."""

import itertools
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from glasshouse.analysis.equilibrium.pure_profiles import checked_payoffs
from glasshouse.errors import InputError

if TYPE_CHECKING:
    from glasshouse.games.normal_form import NormalFormGame

LARGEST_FINITE = 20_000
"""Of the largest game whose profiles are looked at one by one."""


def finite_payoffs(game: "NormalFormGame", who: str) -> Float[np.ndarray, "players *actions"]:
    """The payoffs of a game of so many profiles that each can be looked at.

    **Arguments:** `who` needs it: "sinks need".
    """
    payoffs = checked_payoffs(game, who)
    if payoffs[0].size > LARGEST_FINITE:
        raise InputError(
            f"{game.title} has {payoffs[0].size} profiles, and {who} at most {LARGEST_FINITE}: "
            "leave actions out"
        )
    return payoffs


def two_player_payoffs(game: "NormalFormGame", who: str) -> tuple[np.ndarray, np.ndarray]:
    """The payoffs of row and column player, each [own action, other's action].

    **Raises:** `InputError` for other numbers of players.
    """
    payoffs = finite_payoffs(game, who)
    if len(payoffs) != 2:
        raise InputError(f"{who} a game of two players, and {game.title} has {len(payoffs)}")
    return payoffs[0], payoffs[1].T


def named_profiles(game: "NormalFormGame") -> list[str]:
    """What the pure profiles are called, in order: "cooperate, defect"."""
    return [", ".join(profile) for profile in itertools.product(*game.action_names)]
