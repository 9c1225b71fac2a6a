"""Who needs to know what of the others' actions, to reply as well as with all of them seen."""

import dataclasses
import itertools
from typing import TYPE_CHECKING

import numpy as np

from glasshouse._foundation.results import Result
from glasshouse.analysis.equilibrium.pure_profiles import PAYOFF_ROUNDING
from glasshouse.analysis.finite.tables import finite_payoffs
from glasshouse.errors import InputError

if TYPE_CHECKING:
    from glasshouse.games.normal_form import NormalFormGame

MOST_SEEN = 12
"""Others, of whom every group is looked at: 4096 of them."""


@dataclasses.dataclass(frozen=True, repr=False)
class ActionsNeeded(Result):
    """Whose actions a player must see.

    **Arguments:** `player`, from 0; `needed`, the fewest other players, from 0, whose actions are
    enough to choose a best reply to all; `loss`, what it may lose at most by seeing nothing and
    choosing well (its smallest largest regret), 0 where one action is always best.
    """

    player: int
    needed: tuple[int, ...]
    loss: float


def actions_needed(game: "NormalFormGame") -> tuple[ActionsNeeded, ...]:
    """For each player the fewest others whose actions it must see to reply as well as to all.

    Definition: a group K of the others is enough for player i where for everything that K does one
    action of i is a best reply whatever the rest do; payoffs within 1e-12 of its payoff range count
    as equal. Of several smallest groups it is the first.

    **Raises:** `InputError` for games of more than 20 000 profiles or 13 players.
    **Cost:** groups of the others × profiles; exact. `needs_to_know` asks the same of parameters.

        import glasshouse as gh
        from glasshouse.analysis.finite import actions_needed

        print(actions_needed(gh.load_game("prisoners_dilemma"))[0].needed)  # ()
        print(actions_needed(gh.load_game("chicken"))[0].needed)  # (1,)
    """
    payoffs = finite_payoffs(game, "who needs to know needs")
    players = len(payoffs)
    if players - 1 > MOST_SEEN:
        raise InputError(
            f"{game.title} has {players} players, and every group of the others is looked at of "
            f"at most {MOST_SEEN + 1}"
        )
    return tuple(_of_one(own, player) for player, own in enumerate(payoffs))


def _of_one(own: np.ndarray, player: int) -> ActionsNeeded:
    paid = np.moveaxis(own, player, 0)
    regret = paid.max(axis=0) - paid
    best = regret <= PAYOFF_ROUNDING * np.ptp(own)
    others = [k for k in range(own.ndim) if k != player]
    axes = {other: k for k, other in enumerate(others, start=1)}
    sizes = range(len(others) + 1)
    every = itertools.chain(*(itertools.combinations(others, size) for size in sizes))
    needed = next(x for x in every if _is_enough(best, [axes[k] for k in others if k not in x]))
    loss = 0.0 if not needed else float(regret.reshape(len(regret), -1).max(axis=1).min())
    return ActionsNeeded(player, needed, loss)


def _is_enough(best: np.ndarray, unseen: list[int]) -> bool:
    """Whether for all that is seen one action is best whatever is not."""
    return bool(best.all(axis=tuple(unseen)).any(axis=0).all())
