"""What shows that a hypothesis on payoffs fails: profiles on a line, and by how much."""

import dataclasses
from typing import Literal

from glasshouse._foundation.results import Result

Profile = tuple[tuple[float, ...], ...]
"""Everyone's parameters, a tuple of numbers for each player."""


@dataclasses.dataclass(frozen=True, repr=False)
class Witness(Result):
    """Profiles on a line along which some player's payoff dips or jumps, as is proved.

    **Arguments:** `kind`: a "dip", three profiles that differ in the player's own parameters alone,
    the middle one paid less than both others, or a "jump", two profiles next to each other;
    `player`, counted from 0, whose payoff it is; `profiles`, everyone's parameters at each, in
    order along the line; `amount`, in units of payoff: how much less than the lower of both ends
    the middle of a dip pays at least, or by how much the payoff jumps at least, somewhere between.
    """

    kind: Literal["dip", "jump"]
    player: int
    profiles: tuple[Profile, ...]
    amount: float
