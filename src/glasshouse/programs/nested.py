"""Programs that run each other: how deep they nest, and what comes of it, exactly or sampled."""

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Bool, Int

from glasshouse._foundation.evidence import Evidenced
from glasshouse.errors import InputError

DEEPEST_SIMULATION = 10_000
"""Simulations in simulations are drawn to this depth."""


@dataclasses.dataclass(frozen=True, repr=False)
class NestedSimulations(Evidenced):
    """What comes of two programs that may run each other.

    **Arguments:** `cooperation`, the probability with which each plays action 0; `nested`, how many
    simulations it starts on average, those inside of others counted; `cooperation_error` and
    `nested_error`, standard errors where `meetings` were drawn, else None; `method`, `detail`.
    """

    cooperation: tuple[float, float]
    nested: tuple[float, float]
    cooperation_error: tuple[float, float] | None
    nested_error: tuple[float, float] | None
    meetings: int | None
    method: str
    detail: str


def nested_simulations(
    first: Any, second: Any, *, meetings: int | None = None, seed: int = 0
) -> NestedSimulations:
    """What two programs do that may run each other on their own source, and how often they do.

    Definition: a program (q, w) runs the other one with probability w and copies it, else plays
    action 0 with probability q. So p_i = ((1-w_i) q_i + w_i (1-w_j) q_j) / (1 - w_i w_j), and
    simulations number w_i (1 + w_j) / (1 - w_i w_j) on average: (1-ε)/ε of the ε-grounded FairBot
    (1, 1-ε) with itself.

    **Arguments:** `first` and `second`, pairs (q, w) of probabilities, not both w being 1;
    `meetings`, to draw so many of each in place of the formulas; `seed` by which they are drawn.
    **Raises:** `InputError` for other numbers.
    **Cost:** none, or meetings × depth.
    **Source:** Oesterheld 2019, Robust program equilibrium.

        from glasshouse.programs import nested_simulations

        print(nested_simulations((1, 0.75), (1, 0.75)).nested)  # (3.0, 3.0)
    """
    from glasshouse._foundation.numbers import whole

    own = [_program(x, name) for x, name in ((first, "first"), (second, "second"))]
    if own[0][1] * own[1][1] == 1:
        raise InputError("programs that both run the other for sure never end: take a w below 1")
    if meetings is not None:
        return _drawn(own, whole(meetings, "meetings", least=2), seed)
    (q, w), (r, v) = own
    ends = 1 - w * v
    return NestedSimulations(
        cooperation=(
            ((1 - w) * q + w * (1 - v) * r) / ends,
            ((1 - v) * r + v * (1 - w) * q) / ends,
        ),
        nested=((w + w * v) / ends, (v + v * w) / ends),
        cooperation_error=None,
        nested_error=None,
        meetings=None,
        method="closed form",
        detail="geometric series over the simulations inside of each other",
    )


def _program(given: Any, name: str) -> tuple[float, float]:
    from glasshouse._foundation.numbers import number

    try:
        part, runs = given
    except (TypeError, ValueError):
        raise InputError(f"{name}={given!r:.40} must be a pair of probabilities (q, w)") from None
    return tuple(number(x, f"each of {name}", 0.0, 1.0) for x in (part, runs))  # pyright: ignore[reportReturnType]


def _drawn(own: list[tuple[float, float]], meetings: int, seed: int) -> NestedSimulations:
    both = [_runs(own if k == 0 else own[::-1], meetings, seed, k) for k in (0, 1)]

    def means(values: list[np.ndarray]) -> tuple[float, float]:
        return float(values[0].mean()), float(values[1].mean())

    def errors(values: list[np.ndarray]) -> tuple[float, float]:
        return tuple(float(x.std(ddof=1) / np.sqrt(meetings)) for x in values)  # pyright: ignore[reportReturnType]

    played, depths = ([x[k] for x in both] for k in (0, 1))
    return NestedSimulations(
        cooperation=means(played),
        nested=means(depths),
        cooperation_error=errors(played),
        nested_error=errors(depths),
        meetings=meetings,
        method="numerical",
        detail=f"means over {meetings} meetings drawn from seed {seed}, for either player",
    )


def _runs(
    own: list[tuple[float, float]], meetings: int, seed: int, player: int
) -> tuple[Bool[np.ndarray, "meetings"], Int[np.ndarray, "meetings"]]:
    """What the first program plays in each meeting, and how many simulations that took."""
    from glasshouse._foundation.random import Purpose, of_one_block

    depth, plays = np.zeros(meetings, int), np.zeros(meetings, bool)
    running = np.arange(meetings)
    for level in range(DEEPEST_SIMULATION):
        part, runs = own[level % 2]
        drawn = of_one_block(seed, Purpose.MEETINGS, 2 * level + player, 2 * len(running))
        goes_on, played = np.split(drawn, 2)
        ends = goes_on >= runs
        plays[running[ends]] = played[ends] < part  # every simulation around it copies this
        running = running[~ends]
        depth[running] += 1
        if not len(running):
            return plays, depth
    raise InputError(f"simulations nest deeper than {DEEPEST_SIMULATION}: take a w further below 1")
