"""Learning with opponent Q-learning awareness."""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, number_within, positive
from glasshouse.games.stochastic.base import Observation
from glasshouse.parametric.protocol import Params, RandomKey
from glasshouse.parametric.sampled import SampledParametricGame
from glasshouse.rules.calculus import plus
from glasshouse.rules.sampled.advantages import discounted_returns, estimated_advantages
from glasshouse.rules.sampled.alignment import alignment_term
from glasshouse.rules.sampled.base import AbstractEpisodic, direction_lengths
from glasshouse.rules.sampled.clipped import CRITIC_STEP, ENTROPY, SCALED, entropy_paid, truth
from glasshouse.rules.sampled.critics import Critic, explained, new_critic
from glasshouse.rules.sampled.report import Report, new_report
from glasshouse.rules.sampled.surrogates import softmax_factors


class Believed(NamedTuple):
    """What actions are believed to be worth, their slow copy, and a report."""

    critic: Critic
    slow: RealArray
    report: Report


class Loqa(AbstractEpisodic):
    """Actors who shape others that are believed to do the softmax of what actions are worth.

    Definition: player j is believed to choose b with probability softmax(Q_j/τ). Own actions move
    Q_j(b_t) by what j is paid afterwards, and so log π_j(b_t) by the share 1 - π_j(b_t) of it:
    (1/T) Σ_t [A^i_t ∇ log π_i(a_t) + Σ_{j≠i} A^i_t (1 - π_j(b_t)) ∇Q_j,t/τ], ∇Q_j,t =
    Σ_{k>t} γ^{k-t} A^j_k ∇ log π_i(a_k), with A^i of λ = 0 and A^j of the `decay` of Loaded DiCE.

    **Arguments:** `temperature` τ, in units of discounted sums; `decay`, λ of what others are paid
    afterwards; `slow`, what of the slow copy of Q that gives targets remains at every step;
    `critic_step`, `scaled` and `entropy` as of `ActorCritic`.
    **Raises:** `InputError` for numbers that cannot be.
    **Cost:** as `AdvantageAlignment`, whose paper shows that this is one, with other factors.
    **Source:** Aghajohari et al. 2024, LOQA. Their code pays returns where A^j stands here, which
    changes no expectation.
    """

    temperature: Float[RealArray, ""]
    decay: Float[RealArray, ""]
    slow: Float[RealArray, ""]
    critic_step: Float[RealArray, ""]
    scaled: bool = eqx.field(static=True)
    entropy: Float[RealArray, ""]

    words: ClassVar[str] = "LOQA"
    formula: ClassVar[str] = "Σ_t A^i_t (∇ log π_i(a_t) + Σ_{j≠i} (1 - π_j(b_t)) ∇Q_j,t/τ)"
    cost: ClassVar[str] = "all episodes played once, and their probabilities differentiated twice"
    listed: ClassVar[int] = 35
    keys: ClassVar[Mapping[str, Key]] = {
        "temperature": Key(
            'Of "loqa": τ of the others\' softmax, in units of discounted sums; default 1.',
            1.0,
            symbol="τ",
        ),
        "decay": Key('Of "loqa": λ of what the others are paid afterwards; default 0.9.', 0.9),
        "slow": Key('Of "loqa": what remains of the slow copy of Q; default 0.9.', 0.9),
        "critic_step": CRITIC_STEP,
        "scaled": SCALED,
        "entropy": ENTROPY,
    }

    def __init__(
        self,
        temperature: Numbers = 1.0,
        decay: Numbers = 0.9,
        slow: Numbers = 0.9,
        critic_step: Numbers = 0.1,
        scaled: bool = True,
        entropy: Numbers = 0.0,
    ):
        self.temperature = positive(temperature, "temperature")
        self.decay = number_within(decay, "decay", most=1.0)
        self.slow = number_within(slow, "slow", most=1.0)
        self.critic_step = number_within(critic_step, "critic_step")
        self.scaled = truth(scaled, "scaled")
        self.entropy = number_within(entropy, "entropy")

    def begin(self, game: SampledParametricGame, params: Params) -> Believed:
        critic = new_critic(game, self.scaled, game.game.actions[0])
        return Believed(critic, critic.weights, new_report(game.players, game.dtype))

    def learned(
        self, game: SampledParametricGame, params: Params, state: Believed, key: RandomKey
    ) -> tuple[Params, Believed]:
        played = game.estimates(params, key)
        rewards, discount = jnp.asarray(played.rewards), game.game.discount
        taken = jnp.asarray(played.actions)
        mixes = jnp.exp(jnp.asarray(game.log_mixes(params, played)))

        def worth(seen: Observation, mixes: Array) -> Array:
            return (mixes * state.critic.values(seen, state.slow)).sum(axis=-1)

        values = worth(played.observations, mixes)
        # After the last step nobody has chosen: as in the step before.
        last = worth(played.last, mixes[-1])
        last = last if game.game.ending == "truncated" else jnp.zeros_like(last)
        own = estimated_advantages(rewards, values, last, discount, 0.0)
        onward = estimated_advantages(
            rewards, values, last, discount, self.decay.astype(game.dtype)
        )
        believed = state.critic.values(played.observations)
        temperature = self.temperature.astype(game.dtype)
        factors = softmax_factors(believed / temperature, taken) / temperature
        added = shaping_by_factors(own, onward, factors, discount)
        steps = game.game.horizon
        selfish = game.scores(params, played, own / steps)
        shaping = game.scores(params, played, added / steps)
        towards = plus(selfish, shaping, entropy_paid(game, params, played, self.entropy))
        targets = rewards + discount * jnp.concatenate([values[1:], last[None]])
        critic = state.critic.learned(played.observations, targets, self.critic_step, taken)
        slow = self.slow.astype(game.dtype)
        kept = slow * state.slow + (1 - slow) * critic.weights
        returns = discounted_returns(rewards, discount, last)
        effect = direction_lengths(shaping) / (
            direction_lengths(selfish) + direction_lengths(shaping)
        )
        report = state.report.noted(explained(returns, values), effect.astype(game.dtype))
        return towards, Believed(critic, kept, report)

    @classmethod
    def example(cls) -> "Loqa":
        return cls()


def shaping_by_factors(
    own: Float[RealArray, "steps episodes players"],
    onward: Float[RealArray, "steps episodes players"],
    factors: Float[RealArray, "steps episodes players"],
    discount: float,
) -> Float[RealArray, "steps episodes players"]:
    """For each player i, Σ_{j≠i} A^j_t Σ_{k<t} γ^{t-k} (1 - π_j(b_k))/τ A^i_k."""
    players = own.shape[-1]
    rows = []
    for i in range(players):
        total = jnp.zeros_like(own[..., i])
        for j in range(players):
            if j != i:
                pair = jnp.stack([own[..., i] * factors[..., j], onward[..., j]], axis=-1)
                # Of two, the first one's past times the second one's present, and γ taken off.
                found = alignment_term(pair, pair, discount)[..., 0]
                total = total + found / discount if discount else total
        rows.append(total)
    return jnp.stack(rows, axis=-1)
