"""Treacherous turns, counted on paths of payoffs: who lifts the other and then lets it fall."""

import dataclasses

import numpy as np
from jaxtyping import ArrayLike, Bool, Int

from glasshouse._foundation.arrays import is_traced
from glasshouse._foundation.numbers import Numbers, Whole, number, number_array, whole
from glasshouse._foundation.results import Result
from glasshouse.errors import InputError

ROUNDED_PAYOFF = 1e-12
"""Differences of payoffs are known to so much of the largest of them, or of 1."""


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Turns(Result):
    """Which runs have a treacherous turn, and how often the other fell.

    **Arguments:** `treacherous`, whether a run has one; `falls`, how often the other's payoff rose
    and fell again: with two or more it was lifted again after a fall, to be let down once more.
    """

    treacherous: Bool[np.ndarray, "*runs"]
    falls: Int[np.ndarray, "*runs"]


def turns(
    payoffs: ArrayLike,
    *,
    shaper: Whole = 0,
    rise: Numbers = 0.2,
    fall: Numbers = 0.2,
    lead: Numbers = 0.1,
) -> Turns:
    """Treacherous turns: the other gains, then loses, and the shaper ends above it.

    Definition: a run has one if at some step the other's payoff is `fall` below its highest so
    far, that one is at least `rise` above its first, and at the end the shaper is paid `lead`
    more than the other. A fall is counted whenever the other's payoff is `fall` below its highest
    since it had risen by `rise` from its lowest since the last fall. Amounts of exactly this size
    count, rounding apart. What the payoffs do between steps is not seen, and nobody's intention.

    **Arguments:** `payoffs`, of shape `(*runs, steps, 2)`, in any unit; `shaper`, which of both
    players is the shaper; `rise`, `fall`, `lead`, in that unit.
    **Raises:** `InputError` for other shapes, and payoffs that are not finite.

        import numpy as np
        from glasshouse.analysis import turns

        other = np.array([-2.0, -1.5, -1.9, -1.4, -2.0])
        found = turns(np.stack([np.full(5, -1.0), other], axis=-1))
        print(found.treacherous, found.falls)  # True 2
    """
    array = number_array(payoffs, "payoffs", shapes=None)
    if is_traced(array):
        raise InputError("payoffs must have values: they cannot be traced by jit, vmap or grad")
    paid = np.asarray(array, dtype=float)
    if paid.ndim < 2 or paid.shape[-1] != 2 or not paid.shape[-2]:
        raise InputError(
            f"payoffs have shape {paid.shape}, not (…, steps, 2): what both players are paid at "
            "every step"
        )
    if not np.all(np.isfinite(paid)):
        raise InputError("payoffs must be finite: leave out the runs that left the reals")
    shaper = whole(shaper, "shaper", least=0, most=1)
    rise, fall = number(rise, "rise", above=0.0), number(fall, "fall", above=0.0)
    lead = number(lead, "lead", least=0.0)
    slack = ROUNDED_PAYOFF * max(1.0, float(np.max(np.abs(paid), initial=0.0)))
    own, other = paid[..., shaper], paid[..., 1 - shaper]
    highest = np.maximum.accumulate(other, axis=-1)
    risen = highest - other[..., :1] >= rise - slack
    let_down = np.any(risen & (highest - other >= fall - slack), axis=-1)
    ahead = own[..., -1] - other[..., -1] >= lead - slack
    falls = _falls(other, rise - slack, fall - slack)
    return Turns(np.asarray(let_down & ahead), np.asarray(falls))


def _falls(other: np.ndarray, rise: float, fall: float) -> np.ndarray:
    """How often each path, along the last axis, falls after a rise."""
    low = high = other[..., 0]
    up = np.zeros(low.shape, dtype=bool)  # whether it has risen since it fell last
    count = np.zeros(low.shape, dtype=int)
    for now in np.moveaxis(other, -1, 0):
        high = np.where(up, np.maximum(high, now), now)
        fallen = up & (high - now >= fall)
        low = np.where(fallen, now, np.minimum(low, now))
        count = count + fallen
        up = (up & ~fallen) | (~up & (now - low >= rise))
    return count
