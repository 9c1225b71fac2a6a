"""What actors share who have a critic: advantages, shaping of them, and clipped steps."""

import abc
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, TypedDict, Unpack, cast

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, Whole, not_negative, number_within, whole
from glasshouse.errors import InputError
from glasshouse.games.stochastic.episodes import Episodes
from glasshouse.parametric.protocol import Params, RandomKey
from glasshouse.parametric.sampled import SampledParametricGame
from glasshouse.rules.calculus import plus
from glasshouse.rules.sampled.advantages import (
    discounted_returns,
    estimated_advantages,
    normalised,
)
from glasshouse.rules.sampled.base import (
    AbstractEpisodic,
    direction_lengths,
    mean_entropies,
    own_gradients,
)
from glasshouse.rules.sampled.critics import TARGETS, explained, new_critic, values_of
from glasshouse.rules.sampled.report import Report, new_report
from glasshouse.rules.sampled.surrogates import clipped_weights

MOST_EPOCHS = 1000
"""Steps that are taken with the same episodes."""

TRACE = Key(
    "λ of advantages, from 0, errors of one step, to 1, returns less values; default 0.95, of "
    '"alignment" 0, of "loladice" 1.',
    0.95,
    symbol="λ",
    least=0,
    most=1,
)
CRITIC_STEP = Key("Step size of the critic, which learns by Adam; default 0.1.", 0.1, least=0)
SCALED = Key("Whether the critic counts in units of 1/(1-γ); default true.", True, bool)
LEARNS = Key('What the critic learns: "td" (default), one step, or "returns".', "td", TARGETS)
ENTROPY = Key("What actors are paid for a nat of entropy per step; default 0.", 0.0, least=0)
NORMALISED = Key("Whether advantages get mean 0 and deviation 1; default false.", False, bool)
CLIP = Key(
    "ε of clipped steps, how far probabilities may move; default 0.2.",
    0.2,
    symbol="ε",
    least=0,
    most=1,
)
EPOCHS = Key(
    "Steps taken with the same episodes where steps are clipped; default 4.",
    4,
    int,
    least=1,
    most=MOST_EPOCHS,
)

CRITIC_KEYS: Mapping[str, Key] = {
    "critic_step": CRITIC_STEP,
    "scaled": SCALED,
    "targets": LEARNS,
    "entropy": ENTROPY,
    "normalised": NORMALISED,
}


class CriticSettings(TypedDict, total=False):
    """What all actors take of their critic, and what is made of its advantages."""

    critic_step: Numbers
    scaled: bool
    targets: str
    entropy: Numbers
    normalised: bool


class Batch(NamedTuple):
    """Episodes, and what an actor makes of them.

    **Arguments:** `played`; `log_probabilities` with which; `own`, each player's advantages;
    `shaped`, what is added to them, or None; `explained` returns and `targets` of the critic.
    """

    played: Episodes
    log_probabilities: Float[RealArray, "steps episodes players"]
    own: Float[RealArray, "steps episodes players"]
    shaped: "Shaped | None"
    explained: Float[RealArray, "players"]
    targets: Float[RealArray, "steps episodes players"]


class Shaped(NamedTuple):
    """What shaping adds to everyone's advantages, and how well it knows what others gain.

    **Arguments:** `added`; `fidelity` of what each player takes the others' advantages to be;
    `ahead`, which share of what is added counts as past what was still to come, if it can tell.
    """

    added: Float[RealArray, "steps episodes players"]
    fidelity: Float[RealArray, "players"]
    ahead: Float[RealArray, "players"] | None = None


class Kept(NamedTuple):
    """What an actor keeps from step to step: its critic, episodes to be used again, a report."""

    critic: Any
    batch: Batch | None
    left: Any
    report: Report


class AbstractActor(AbstractEpisodic):
    """An actor with a critic: ascend Σ_t A_t log π(a_t), with advantages that may be shaped.

    A shaping rule is an estimator of advantages, what is added to them, and what is done with the
    sum: a score, or a clipped step whose episodes are used again.

    **Arguments:** `trace` λ of advantages; `critic_step`, `scaled`, `targets`, of the critic;
    `entropy`, what is paid for it; `normalised`, whether advantages are.
    """

    trace: Float[RealArray, ""]
    critic_step: Float[RealArray, ""]
    scaled: bool = eqx.field(static=True)
    targets: str = eqx.field(static=True)
    entropy: Float[RealArray, ""]
    normalised: bool = eqx.field(static=True)

    cost: ClassVar[str] = "all episodes played once, and their probabilities differentiated"

    def __init__(self, trace: Numbers = 0.95, **critic: Unpack[CriticSettings]):
        usual = {name: key.default for name, key in CRITIC_KEYS.items()}
        if wrong := sorted({*critic} - {*usual}):
            raise TypeError(f"{type(self).__name__} takes no {wrong[0]}")
        given: dict[str, Any] = {**usual, **critic}
        self.trace = number_within(trace, "trace", most=1.0)
        self.critic_step = not_negative(given["critic_step"], "critic_step")
        self.scaled = truth(given["scaled"], "scaled")
        self.normalised = truth(given["normalised"], "normalised")
        if given["targets"] not in TARGETS:
            raise InputError(f"targets={given['targets']!r:.40} must be 'td' or 'returns'")
        self.targets = given["targets"]
        self.entropy = not_negative(given["entropy"], "entropy")

    @property
    @abc.abstractmethod
    def clipped(self) -> tuple[Float[RealArray, ""] | float, int] | None:
        """ε of clipped steps and how many are taken with the same episodes; None where none is."""

    @abc.abstractmethod
    def shaping(
        self,
        game: SampledParametricGame,
        played: Episodes,
        advantages: Float[RealArray, "steps episodes players"],
        key: RandomKey,
    ) -> Shaped | None:
        """What is added to everyone's advantages in these episodes; None where nothing ever is."""

    def begin(self, game: SampledParametricGame, params: Params) -> Kept:
        critic = new_critic(game, self.scaled)
        report = new_report(game.players, game.dtype)
        none_left = jnp.asarray(0, jnp.int32)
        if self.clipped is None:
            return Kept(critic, None, none_left, report)
        key = jax.random.key(0)  # nothing is played: what a batch looks like is asked
        shape = jax.eval_shape(lambda: self._batch(game, params, critic, key))
        empty = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shape)
        return Kept(critic, empty, none_left, report)

    def learned(
        self, game: SampledParametricGame, params: Params, state: Kept, key: RandomKey
    ) -> tuple[Params, Kept]:
        batch, left = self._next_batch(game, params, state, key)
        played, shaped = batch.played, batch.shaped
        weights = batch.own, None if shaped is None else shaped.added
        if self.clipped is not None:
            weights = self._clipped(game, params, batch)
        own, added = weights
        steps = game.game.horizon
        towards = game.scores(params, played, own / steps)
        effect = jnp.full(game.players, jnp.nan, game.dtype)
        if added is not None:
            shaping = game.scores(params, played, added / steps)
            effect = direction_lengths(shaping) / (
                direction_lengths(towards) + direction_lengths(shaping)
            )
            towards = plus(towards, shaping)
        towards = plus(towards, entropy_paid(game, params, played, self.entropy))
        critic = state.critic.learned(played.observations, batch.targets, self.critic_step)
        fidelity, ahead = (None, None) if shaped is None else (shaped.fidelity, shaped.ahead)
        report = state.report.noted(batch.explained, effect.astype(game.dtype), fidelity, ahead)
        kept = None if self.clipped is None else batch
        return towards, Kept(critic, kept, left, report)

    def _next_batch(
        self, game: SampledParametricGame, params: Params, state: Kept, key: RandomKey
    ) -> tuple[Batch, Array]:
        """New episodes, or those of the last step where they are used again."""
        if self.clipped is None:
            return self._batch(game, params, state.critic, key), state.left
        used_up = state.left == 0
        batch = jax.lax.cond(
            used_up,
            lambda: self._batch(game, params, state.critic, key),
            lambda: state.batch,
        )
        return batch, jnp.where(used_up, self.clipped[1], state.left) - 1

    def _batch(
        self, game: SampledParametricGame, params: Params, critic: Any, key: RandomKey
    ) -> Batch:
        played = game.estimates(params, key)
        values, last = values_of(game, critic, played)
        rewards, discount = played.rewards, game.game.discount
        returns = discounted_returns(rewards, discount, last)
        targets = returns
        if self.targets == TARGETS[0]:
            targets = rewards + discount * jnp.concatenate([values[1:], last[None]])
        trace = self.trace.astype(game.dtype)
        found = estimated_advantages(rewards, values, last, discount, trace)
        if self.normalised:
            found = normalised(found)
        log_probabilities = jnp.asarray(game.log_probabilities(params, played))
        shaped = self.shaping(game, played, found, key)
        share = explained(returns, values)
        return Batch(played, log_probabilities, found, shaped, share, targets)

    def _clipped(
        self, game: SampledParametricGame, params: Params, batch: Batch
    ) -> tuple[Array, Array | None]:
        """What scores are weighed by in a clipped step: own advantages, and what shaping adds."""
        clip, _ = cast(tuple[RealArray, int], self.clipped)
        ratios = jnp.asarray(game.log_probabilities(params, batch.played))
        ratios = ratios - batch.log_probabilities
        if game.transparency.reads:  # one's weights move what all do
            ratios = jnp.broadcast_to(ratios.sum(axis=-1, keepdims=True), ratios.shape)
        clip = jnp.asarray(clip, ratios.dtype)
        own = jnp.asarray(clipped_weights(ratios, batch.own, clip))
        if batch.shaped is None:
            return own, None
        together = batch.own + batch.shaped.added
        return own, jnp.asarray(clipped_weights(ratios, together, clip)) - own


class AbstractUnclipped(AbstractActor):
    """Actors whose steps are scores, and whose episodes are used once."""

    @property
    def clipped(self) -> None:
        return None


class AbstractUnshaped(AbstractActor):
    """Actors who follow their own advantages alone."""

    def shaping(
        self,
        game: SampledParametricGame,
        played: Episodes,
        advantages: Float[RealArray, "steps episodes players"],
        key: RandomKey,
    ) -> None:
        return None


def entropy_paid(
    game: SampledParametricGame,
    params: Params,
    played: Episodes,
    paid: Float[RealArray, ""],
) -> Params:
    """What entropy adds to directions; nothing is computed where nothing is paid."""

    def found() -> Params:
        towards = own_gradients(game, params, lambda x: mean_entropies(game, x, played))
        return jax.tree.map(lambda x: jnp.asarray(paid, x.dtype) * x, towards)

    none = jax.tree.map(jnp.zeros_like, params)
    return jax.lax.cond(jnp.asarray(paid) > 0, found, lambda: none)


def truth(value: Any, name: str) -> bool:
    """True or False.

    **Raises:** `InputError` for anything else.
    """
    if not isinstance(value, bool):
        raise InputError(f"{name}={value!r:.40} must be True or False")
    return value


def checked_clip(clip: Numbers, epochs: Whole) -> tuple[RealArray, int]:
    """ε of clipped steps, and how many are taken with the same episodes.

    **Raises:** `InputError` for what cannot be.
    """
    found = number_within(clip, "clip", most=1.0)
    return found, whole(epochs, "epochs", most=MOST_EPOCHS)
