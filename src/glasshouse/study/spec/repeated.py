"""`[game] repeated` of a study: how the game is played again and again."""

from typing import Literal

from pydantic import Field

from glasshouse.games.normal_form import NormalFormGame
from glasshouse.games.repeated import RepeatedGame
from glasshouse.study.spec.values import Number, Section


class RepeatedSpec(Section):
    """Round after round, by players who remember the last one."""

    discount: Number
    """γ, from 0 to below 1: what the next round counts beside this one."""
    unit: Literal["step", "sum"] = "step"
    """Payoffs per round ("step") or discounted sums, 1/(1-γ) times as much: so are gradients."""
    noise: Number = Field(default=0.0)
    """With which probability another action is taken than was meant."""
    misperception: Number = Field(default=0.0)
    """With which probability a player takes another's last action for another one."""

    def build(self, stage: NormalFormGame) -> RepeatedGame:
        """The stage game played so.

        **Raises:** `InputError` for numbers that cannot be.
        """
        return RepeatedGame(stage, self.discount, self.unit, self.noise, self.misperception)
