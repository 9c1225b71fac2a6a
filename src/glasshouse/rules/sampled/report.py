"""What learning from episodes says of itself: how good its critic is, what shaping changes."""

import math
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray
from glasshouse.rules.base import AbstractRule
from glasshouse.rules.per_player import PerPlayer

FORGETS = 0.98
"""What remains of earlier numbers with every step: they are means over some fifty."""

WORSE_THAN_CONSTANT = -0.5
"""Explained variance below which a critic is said to be bad: the best constant has 0."""

HARDLY_ANY = 0.05
"""Shares of a direction that shaping changes, below which it is said to change nothing."""

EARLY = 100
"""Steps before which nothing is said: critics begin anywhere."""


class Caution(NamedTuple):
    """Something about learning that is probably not meant.

    **Arguments:** `kind`, "critic" or "shaping"; `player`, from 0; `value`, the number behind it;
    `words`, a sentence.
    """

    kind: str
    player: int
    value: float
    words: str


class Report(eqx.Module):
    """What a rule notes at every step, as running means, one number for each player (and run).

    **Arguments:** `explained` variance of returns by the critic, see `cautions`; `effect`, how
    large a share of each player's direction is shaping: |Δ| / (|selfish| + |Δ|), Δ what shaping
    adds; NaN where there is none; `fidelity` of what the others' advantages are taken to be, see
    `fidelity_of_critic`; NaN where nobody judges others; `steps` taken.
    """

    explained: Float[RealArray, "*runs players"]
    effect: Float[RealArray, "*runs players"]
    fidelity: Float[RealArray, "*runs players"]
    steps: RealArray

    def noted(
        self, explained: RealArray, effect: RealArray, fidelity: RealArray | None = None
    ) -> "Report":
        """The means with one step more."""
        if fidelity is None:
            fidelity = jnp.full_like(self.fidelity, jnp.nan)
        steps = self.steps + 1
        # The first steps count alike, so that zeros to begin with are no memory.
        weight = jnp.maximum(1 - FORGETS, 1 / steps).astype(self.explained.dtype)
        share = self.explained + weight * (explained - self.explained)
        effect = self.effect + weight * (effect - self.effect)
        fidelity = self.fidelity + weight * (fidelity - self.fidelity)
        return Report(share, effect, fidelity, steps)


def new_report(players: int, dtype: Any) -> Report:
    """Of nothing yet."""
    none = jnp.zeros(players, dtype)
    return Report(none, none, none, jnp.asarray(0, jnp.int32))


def cautions(state: Any) -> list[Caution]:
    """What the state of a rule, or of one that holds others, gives reason to be warned of.

    Of several runs at once, whose numbers have leading axes, their medians are judged.
    """
    return [said for report in reports(state) for said in _said(report)]


def cautions_of(rule: AbstractRule, state: Any) -> list[Caution]:
    """The same, of a line-up about whom each rule moves.

    A rule computes everybody's direction, of which a line-up takes those of its own players. The
    critics of the others count where they enter shaping.
    """
    if not isinstance(rule, PerPlayer):
        return cautions(state)
    rules, which = rule.distinct()
    found = []
    for k, own in enumerate(rules):
        shapes = any(np.isfinite(np.asarray(x.effect)).any() for x in reports(state[k]))
        found += [
            said
            for said in cautions_of(own, state[k])
            if which[said.player] == k or (shapes and said.kind == "critic")
        ]
    return found


def reports(state: Any) -> list[Report]:
    """The reports in the state of a rule, or of one that holds others, in their order."""
    found = jax.tree.leaves(state, is_leaf=lambda x: isinstance(x, Report))
    return [report for report in found if isinstance(report, Report)]


def _said(report: Report) -> list[Caution]:
    if np.max(np.asarray(report.steps)) < EARLY:
        return []
    said = []
    for player in range(np.shape(report.explained)[-1]):
        share = _median(np.asarray(report.explained)[..., player])
        effect = _median(np.asarray(report.effect)[..., player])
        if not share >= WORSE_THAN_CONSTANT:
            words = (
                f"the critic of player {player + 1} explains {share:.2g} of the variance of "
                "returns, less than a constant would (0): advantages are mostly its error; let it "
                "be scaled, raise critic_step where it lags or lower it where it jumps, or lower "
                "trace"
            )
            said.append(Caution("critic", player, share, words))
        if effect < HARDLY_ANY:
            words = (
                f"shaping is {effect:.2g} of the direction of player {player + 1}: it changes "
                "nothing; raise beta, or look at the critic"
            )
            said.append(Caution("shaping", player, effect, words))
    return said


def _median(values: np.ndarray) -> float:
    """Of the runs that did not leave the real numbers, if there are any."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else math.nan
