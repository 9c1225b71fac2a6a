"""What a shaper takes its actions to be worth to the others: opponent critics, and how they err."""

import abc
import math
from collections.abc import Mapping
from typing import Any, ClassVar, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import AbstractDeclared, Key, study_name
from glasshouse._foundation.final import final_unless_abstract
from glasshouse._foundation.numbers import Numbers, Whole, number_within, whole
from glasshouse._foundation.random import key_normals
from glasshouse._foundation.results import described
from glasshouse.errors import InputError, near_miss
from glasshouse.games.stochastic.episodes import Episodes
from glasshouse.parametric.protocol import RandomKey
from glasshouse.parametric.sampled import SampledParametricGame
from glasshouse.rules.sampled.advantages import of_the_others

NOISE_OF_CRITICS = 2**32 - 3
"""What is folded into a step's key before noise of critics is drawn; play draws from the key."""

MOST_JUDGED_CASES = 2**20
"""Cases of situations and joint actions that a critic counts."""

Advantages = Float[RealArray, "steps episodes players"]


class AbstractOpponentCritic(AbstractDeclared, eqx.Module):
    """How well each player's actions were for the others, as that player takes it to be.

    The others' true advantages are those of the rule's own critic, summed over all others. How
    much of them survives is measured at every step: see `fidelity_of_critic`.
    """

    words: ClassVar[str]
    """What it is called in sentences."""
    formula: ClassVar[str]

    __pdoc__ = described
    __init_subclass__ = final_unless_abstract

    @abc.abstractmethod
    def judged(
        self,
        game: SampledParametricGame,
        played: Episodes,
        advantages: Advantages,
        key: RandomKey,
    ) -> Advantages:
        """What each player takes the sum of the others' advantages to be.

        **Arguments:** `played` episodes; `advantages`, everyone's own, by the rule's critic; `key`
        of the step.
        **Raises:** `InputError` for a game in which it cannot judge.
        """

    @classmethod
    @abc.abstractmethod
    def example(cls) -> "AbstractOpponentCritic":
        """An instance with typical settings, for tests and documentation."""


class FaithfulCritic(AbstractOpponentCritic):
    """Takes the others' advantages to be what they are."""

    words: ClassVar[str] = "faithful"
    study_name: ClassVar[str] = "faithful"
    formula: ClassVar[str] = "Σ_{j≠i} A^j_t"
    listed: ClassVar[int] = 1

    def judged(
        self, game: SampledParametricGame, played: Episodes, advantages: Advantages, key: RandomKey
    ) -> Advantages:
        return of_the_others(advantages)

    @classmethod
    def example(cls) -> "FaithfulCritic":
        return cls()


class NoisyCritic(AbstractOpponentCritic):
    """Sees the others' advantages through noise that is new at every step, and is as sure as ever.

    Definition: √f A + √(1-f) s ε, A = Σ_{j≠i} A^j_t, s its standard deviation in these episodes, ε
    independent N(0, 1). It varies as A does, and explains the share f of A's variance. Who knows
    how noisy it is would count it √f times as much: that is a shaper of √f β.

    **Arguments:** `fidelity` f in [0, 1].
    **Raises:** `InputError` for numbers that cannot be.
    """

    fidelity: Float[RealArray, ""]

    words: ClassVar[str] = "noisy"
    study_name: ClassVar[str] = "noisy"
    formula: ClassVar[str] = "√f Σ_{j≠i} A^j_t + √(1-f) s ε"
    listed: ClassVar[int] = 2
    keys: ClassVar[Mapping[str, Key]] = {
        "fidelity": Key(
            "Which share of the variance of the others' advantages it explains.",
            1.0,
            symbol="f",
            axis="fidelity of the opponent critic",
            least=0,
            most=1,
        )
    }

    def __init__(self, fidelity: Numbers = 1.0):
        self.fidelity = number_within(fidelity, "fidelity", most=1.0)

    def judged(
        self, game: SampledParametricGame, played: Episodes, advantages: Advantages, key: RandomKey
    ) -> Advantages:
        true = of_the_others(advantages)
        share = jnp.asarray(self.fidelity, true.dtype)
        drawn = jax.random.fold_in(cast(PRNGKeyArray, key), NOISE_OF_CRITICS)
        noise = key_normals(drawn, true.size, true.dtype).reshape(true.shape)
        spread = true.std(axis=(0, 1))
        return jnp.sqrt(share) * true + jnp.sqrt(1 - share) * spread * noise

    @classmethod
    def example(cls) -> "NoisyCritic":
        return cls(0.7)


class CoarseCritic(AbstractOpponentCritic):
    """A table with room for few cases: the others' mean advantage in each, and in all that remain.

    Definition: a case is one's own situation and what all do there. Kept are those `cases` that
    explain most of the variance in these episodes, n_c (Ā_c - Ā)², Ā_c being the mean of Σ_{j≠i}
    A^j_t over the n_c visits of case c; everywhere else it says the mean of all that is left.

    **Arguments:** `cases` ≥ 0, how many it has room for.
    **Raises:** `InputError` for no such number, and for a game whose situations are not counted.
    """

    cases: Int[RealArray, ""]

    words: ClassVar[str] = "coarse"
    study_name: ClassVar[str] = "coarse"
    formula: ClassVar[str] = "mean Σ_{j≠i} A^j of the case"
    listed: ClassVar[int] = 3
    keys: ClassVar[Mapping[str, Key]] = {
        "cases": Key(
            "How many cases of a situation and all actions its table has room for.",
            4,
            int,
            axis="cases that the opponent critic has room for",
            least=0,
            most=MOST_JUDGED_CASES,
        )
    }

    def __init__(self, cases: Whole = 4):
        if isinstance(cases, np.ndarray | jax.Array):
            self.cases = cases
        else:
            count = whole(cases, "cases", least=0, most=MOST_JUDGED_CASES)
            self.cases = np.asarray(count, np.int32)

    def judged(
        self, game: SampledParametricGame, played: Episodes, advantages: Advantages, key: RandomKey
    ) -> Advantages:
        true = of_the_others(advantages)
        actions, total = game.game.actions, _count_cases(game)
        joint = jnp.zeros(true.shape[:2], jnp.int32)
        for taken, many in zip(jnp.moveaxis(played.actions, -1, 0), actions, strict=True):
            joint = joint * many + taken
        situations = jnp.asarray(played.observations.situations)
        cases = situations * math.prod(actions) + joint[..., None]
        return jax.vmap(self._means, (-1, -1, None), -1)(true, cases, total)

    def _means(self, true: Array, cases: Array, total: int) -> Array:
        """What one player's table says at every step."""
        visits = jnp.zeros(total, true.dtype).at[cases].add(1.0)
        sums = jnp.zeros(total, true.dtype).at[cases].add(true)
        means = sums / jnp.maximum(visits, 1.0)
        explains = visits * (means - true.mean()) ** 2
        rank = jnp.argsort(jnp.argsort(-explains))
        kept = (rank < self.cases) & (visits > 0)
        left = jnp.where(kept, 0.0, 1.0)
        rest = (left * sums).sum() / jnp.maximum((left * visits).sum(), 1.0)
        return jnp.where(kept, means, rest)[cases]

    @classmethod
    def example(cls) -> "CoarseCritic":
        return cls(4)


class MistakenCritic(AbstractOpponentCritic):
    """Takes the others to be paid something else: in part what oneself is paid, or loses.

    Definition: it judges by payments (1 - |w|) r^j + w r^i for each other j, r^i being one's own.
    Values are linear in payments, and so are the advantages: (1 - |w|) Σ_{j≠i} A^j_t + w (n-1)
    A^i_t. With w = 1 all are taken to want the same, with w = -1 the opposite.

    **Arguments:** `weight` w in [-1, 1].
    **Raises:** `InputError` for numbers that cannot be.
    """

    weight: Float[RealArray, ""]

    words: ClassVar[str] = "mistaken"
    study_name: ClassVar[str] = "mistaken"
    formula: ClassVar[str] = "(1 - |w|) Σ_{j≠i} A^j_t + w (n-1) A^i_t"
    listed: ClassVar[int] = 4
    keys: ClassVar[Mapping[str, Key]] = {
        "weight": Key(
            "w, how much of what others are paid is taken to be what oneself is paid (w > 0), or "
            "loses (w < 0).",
            0.0,
            symbol="w",
            axis="weight w of one's own payments",
            least=-1,
            most=1,
        )
    }

    def __init__(self, weight: Numbers = 0.0):
        self.weight = number_within(weight, "weight", -1.0, 1.0)

    def judged(
        self, game: SampledParametricGame, played: Episodes, advantages: Advantages, key: RandomKey
    ) -> Advantages:
        weight = jnp.asarray(self.weight, advantages.dtype)
        others = advantages.shape[-1] - 1
        own = weight * others * advantages
        return (1 - jnp.abs(weight)) * of_the_others(advantages) + own

    @classmethod
    def example(cls) -> "MistakenCritic":
        return cls(-0.5)


OPPONENT_CRITICS: Mapping[str, type[AbstractOpponentCritic]] = {
    study_name(cls): cls for cls in (FaithfulCritic, NoisyCritic, CoarseCritic, MistakenCritic)
}
"""By their names in study files."""


def opponent_critic(said: Any) -> AbstractOpponentCritic:
    """The critic itself, or that of a kind with its settings; a faithful one where none is said.

    **Raises:** `InputError` for anything else.
    """
    if said is None:
        return FaithfulCritic()
    if isinstance(said, AbstractOpponentCritic):
        return said
    kinds = ", ".join(map(repr, OPPONENT_CRITICS))
    if not isinstance(said, Mapping):
        raise InputError(
            f"others={said!r:.40} must say how the others are judged, such as NoisyCritic(0.7); "
            f"in files by a kind, {kinds}"
        )
    settings = dict(said)
    kind = settings.pop("kind", None)
    if kind not in OPPONENT_CRITICS:
        near = near_miss(str(kind), OPPONENT_CRITICS)
        raise InputError(f"others.kind={kind!r:.40} must be one of {kinds}{near}")
    made = OPPONENT_CRITICS[kind]
    wrong = sorted(set(settings) - set(made.keys))
    if wrong:
        takes = f"it takes {', '.join(made.keys)}" if made.keys else "it takes none"
        raise InputError(f"others of kind {kind!r} has no setting {wrong[0]!r:.40}: {takes}")
    return made(**settings)


def _count_cases(game: SampledParametricGame) -> int:
    """How many cases there are of a situation and all actions."""
    situations = game.game.situations
    if situations is None:
        raise InputError(
            f"a coarse critic counts situations, and those of {game.game.name} are not counted: "
            "take NoisyCritic or MistakenCritic"
        )
    total = situations * math.prod(game.game.actions)
    if total > MOST_JUDGED_CASES:
        raise InputError(
            f"{game.game.name} has {total} cases of a situation and all actions; a coarse critic "
            f"counts at most {MOST_JUDGED_CASES}"
        )
    return total


def fidelity_of_critic(true: Advantages, judged: Advantages) -> Float[Array, "players"]:
    """Which share of the variance of the others' advantages a critic explains, of each player.

    Definition: ±(1 - (1 - c²)(N-1)/(N-2)), c the correlation over all N steps and episodes and ±
    its sign: the variance explained by the best positive multiple of what it says, for β decides
    the multiple, and offsets cancel in expectation; less the 1/N that N pairs of numbers seem to
    explain by chance (Ezekiel 1930). 1 is perfect, 0 tells nothing, below 0 it points the other
    way.
    """
    axes = (0, 1)
    true = true - true.mean(axis=axes)
    judged = judged - judged.mean(axis=axes)
    both = jnp.mean(true**2, axis=axes) * jnp.mean(judged**2, axis=axes)
    tiny = jnp.finfo(both.dtype).tiny
    # Of what does not vary nothing can be told.
    found = jnp.mean(true * judged, axis=axes) / jnp.sqrt(jnp.maximum(both, tiny))
    count = math.prod(true.shape[:2])
    return jnp.sign(found) * (found**2 - (1 - found**2) / max(count - 2, 1))
