"""Advantage alignment."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Unpack

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, Whole, finite_number
from glasshouse.errors import InputError
from glasshouse.games.stochastic.episodes import Episodes
from glasshouse.parametric.protocol import RandomKey
from glasshouse.parametric.sampled import SampledParametricGame
from glasshouse.rules.sampled.advantages import of_the_others
from glasshouse.rules.sampled.alignment import ALIGNMENT_FORMS, aligned_with
from glasshouse.rules.sampled.clipped import (
    CLIP,
    CRITIC_KEYS,
    EPOCHS,
    TRACE,
    AbstractActor,
    CriticSettings,
    Shaped,
    checked_clip,
)
from glasshouse.rules.sampled.opponents import (
    AbstractOpponentCritic,
    fidelity_of_critic,
    opponent_critic,
)
from glasshouse.rules.sampled.report import share_of_size


class AdvantageAlignment(AbstractActor):
    """Actors who do what is good for the others where they themselves have gained so far.

    Definition: (1/T) Σ_t A*_t ∇_θi log π(a_t), A*_t = A^i_t + βγ (Σ_{k<t} γ^{t-k} A^i_k)
    Σ_{j≠i} A^j_t; see `alignment_term`. Others who follow their own advantages then gain by what
    is good for player i. Everybody's advantages come from critics of this rule: it knows what the
    others are paid, but for what `others` makes of it. In the form "proximal" steps are clipped,
    and episodes used again, as in `Ppo`. In the form "meanfield" others count by their mean: one β
    then serves any number of players. With λ > 0 advantages of earlier steps hold what was still to
    come; the form "past" leaves that out.

    **Arguments:** `beta` β, 0 being `ActorCritic`; `form`, "paper", "mean", "proximal", "past" or,
    for two players the same as "paper", "meanfield"; `trace` λ, by default 0; `clip` and `epochs`
    of the form "proximal"; `others`, how well it knows what they gain, such as `NoisyCritic(0.7)`,
    `FaithfulCritic()` unless said; the rest as of `ActorCritic`.
    **Raises:** `InputError` for numbers that cannot be.
    **Cost:** as `ActorCritic`, and once more differentiated, so that the report can tell what
    shaping changes.
    **Source:** Duque et al. 2025, Advantage alignment algorithms.
    """

    beta: Float[RealArray, ""]
    form: str = eqx.field(static=True)
    clip: Float[RealArray, ""]
    epochs: int = eqx.field(static=True)
    others: AbstractOpponentCritic

    words: ClassVar[str] = "advantage alignment"
    study_name: ClassVar[str] = "alignment"
    formula: ClassVar[str] = "Σ_t (A^i_t + βγ (Σ_{k<t} γ^{t-k} A^i_k) Σ_{j≠i} A^j_t) ∇ log π(a_t)"
    listed: ClassVar[int] = 36
    keys: ClassVar[Mapping[str, Key]] = {
        "beta": Key(
            "β, how much alignment counts; default 1.", 1.0, symbol="β", axis="alignment β"
        ),
        "form": Key(
            'Of "alignment": "paper" (default), "mean" of past advantages, "proximal", '
            '"meanfield", others by their mean, or "past", which any trace suits.',
            ALIGNMENT_FORMS[0],
            ALIGNMENT_FORMS,
        ),
        "clip": CLIP,
        "epochs": EPOCHS,
        "trace": dataclasses.replace(TRACE, default=0.0),
        **CRITIC_KEYS,
        "others": Key(
            'How well it knows what the others gain: { kind = "noisy", fidelity = 0.7 }, '
            '{ kind = "coarse", cases = 4 } or { kind = "mistaken", weight = -0.5 }; default '
            "as well as its own critic does.",
            None,
            annotation=dict[str, str | int | float],
        ),
    }

    def __init__(
        self,
        beta: Numbers = 1.0,
        form: str = ALIGNMENT_FORMS[0],
        trace: Numbers = 0.0,
        clip: Numbers = 0.2,
        epochs: Whole = 4,
        others: Any = None,
        **critic: Unpack[CriticSettings],
    ):
        if form not in ALIGNMENT_FORMS:
            *most, last = map(repr, ALIGNMENT_FORMS)
            raise InputError(f"form={form!r:.40} must be one of {', '.join(most)} and {last}")
        super().__init__(trace, **critic)
        self.beta, self.form = finite_number(beta, "beta"), form
        self.clip, self.epochs = checked_clip(clip, epochs)
        self.others = opponent_critic(others)

    @property
    def clipped(self) -> tuple[RealArray, int] | None:
        return (self.clip, self.epochs) if self.form == "proximal" else None

    def shaping(
        self,
        game: SampledParametricGame,
        played: Episodes,
        advantages: RealArray,
        key: RandomKey,
    ) -> Shaped:
        beta = self.beta.astype(advantages.dtype)
        theirs = jnp.asarray(self.others.judged(game, played, advantages, key))
        trace = self.trace.astype(advantages.dtype)
        added, ahead = aligned_with(advantages, theirs, game.game.discount, self.form, trace)
        known = fidelity_of_critic(of_the_others(advantages), theirs)
        return Shaped(beta * added, known, share_of_size(ahead, added - ahead))

    @classmethod
    def example(cls) -> "AdvantageAlignment":
        return cls(3.0)
