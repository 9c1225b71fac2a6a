"""What players learn where some of them can be read, and the others look neutral."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.results import Readable
from glasshouse.channels.partial import Mask
from glasshouse.dynamics.learning import Learning, learn
from glasshouse.errors import InputError
from glasshouse.parametric import AbstractParametricGame, ParametricGame, Params, require_exact
from glasshouse.parametric.dense import DenseGame


@dataclasses.dataclass(frozen=True, repr=False)
class ReadableWelfare(Readable):
    """What a coalition is worth: mean welfare after learning, where only its members can be read.

    It is a characteristic function for `shapley`, which then says who contributes the transparency.
    To everybody the parameters of players outside of the coalition look neutral.

    **Arguments:** `game`, under full access; `learning`.
    **Raises:** `InputError` for a game without a semantics, or under another channel.

        import glasshouse as gh
        from glasshouse.analysis.finite import ReadableWelfare, shapley

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        learning = gh.dynamics.Learning(steps=500, starts=gh.dynamics.Starts(8))
        found = shapley(ReadableWelfare(family(0.9), learning), players=2)
        print([round(one.value, 1) for one in found.values])  # [1.8, 1.8]
    """

    game: Any
    learning: Learning = dataclasses.field(default_factory=Learning)

    def __post_init__(self):
        check_readable(self.game, "who contributes the transparency")

    def __call__(self, coalition: frozenset[int]) -> float:
        return float(self.of_all([coalition])[0])

    def of_all(self, coalitions: Sequence[frozenset[int]]) -> Float[np.ndarray, "coalitions"]:
        """The worth of each coalition, all learned together."""
        return learned_payoffs(self.game, coalitions, self.learning).sum(axis=-1).mean(axis=-1)

    @property
    def words(self) -> str:
        """What a coalition is worth, in words."""
        return (
            f"mean welfare that {self.learning.learners} reach from {self.learning.starts} when "
            "only its members can be read, the others looking neutral"
        )


def check_readable(game: Any, who: str) -> DenseGame:
    """The game, if all of it can be shown or hidden player by player.

    **Raises:** `InputError` otherwise.
    """
    require_exact(game, who, "dense")
    if not game.channel.is_full:
        raise InputError(
            f"{who} is asked of a game under full access, of which parts are then hidden, and this "
            f"one has {game.channel.words}: leave its channel out"
        )
    return game


def shown_by(game: DenseGame, readable: frozenset[int]) -> ParametricGame:
    """The game in which only these players can be read."""
    visible = tuple(
        jax.tree.map(lambda bound, i=i: np.full(np.shape(bound), i in readable), box.lower)
        for i, box in enumerate(game.semantics.spaces)
    )
    return ParametricGame(game.game, game.semantics, Mask(visible))


def learned_payoffs(
    game: DenseGame, coalitions: Sequence[frozenset[int]], learning: Learning
) -> Float[np.ndarray, "coalitions starts players"]:
    """What everybody is paid after learning, where only members of a coalition can be read."""
    games = [shown_by(game, frozenset(one)) for one in coalitions]
    return np.asarray(learn(games, learning, payoffs_of_all).observed)


def payoffs_of_all(game: AbstractParametricGame, params: Params) -> Float[RealArray, "players"]:
    """Everybody's payoff, as what is observed at the end of a run."""
    return game.payoffs(params)
