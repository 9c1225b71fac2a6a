"""Ascent in the logits of a simplex by what actions are worth, without and with a magnet."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, checked_weights, not_negative, shown
from glasshouse.errors import InputError
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.base import APART
from glasshouse.rules.conditional import AbstractConditional, differ, probes
from glasshouse.semantics.states import mixed_in_states

Magnet: TypeAlias = Sequence[Any] | RealArray
"""For each player a logit, or an array like its parameters."""

NO_READING = (
    "needs players whose probabilities are their own, and in this {game} others' parameters move "
    "them: take the logistic semantics with coupling 0, or Gradient()"
)
NO_LOGITS = (
    "needs parameters that are logits of one's own probabilities, and those of this {game} are "
    "not: take the logistic semantics with coupling 0 and own_weight 1, or Gradient()"
)


class AbstractDual(AbstractConditional):
    """A rule that moves logits by what actions are worth, whatever their probabilities.

    **Raises:** `InputError` where another's parameters move one's own probabilities, and where
    parameters are not the logits of these.
    """

    needs: ClassVar[frozenset[str]] = frozenset({APART})
    reasons: ClassVar[tuple[str, ...]] = (NO_READING, NO_LOGITS)

    def obstacles(self, game: Any) -> Bool[RealArray, "reasons"]:
        if not _has_probabilities(game):
            raise InputError(
                f"{self.words} needs players who mix actions, and {type(game).__name__} has none: "
                "use Gradient() there"
            )
        first, second, *_ = probes(game)
        mixes = game.behaviours(first)
        read, logits = [], []
        for i in range(len(first)):
            if _leaf(first[i]).size != mixes[i][..., 1:].size:
                raise InputError(f"{self.words} {NO_LOGITS.format(game=type(game).__name__)}")
            alone = (*second[:i], first[i], *second[i + 1 :])
            read.append(differ(mixes[i], game.behaviours(alone)[i]))
            own = _leaf(first[i]).reshape(-1, mixes[i].shape[-1] - 1)
            softmax = mixed_in_states(own).reshape(mixes[i].shape)
            logits.append(differ(mixes[i], softmax))
        return jnp.stack([jnp.any(jnp.stack(x)) for x in (read, logits)])

    def worth(self, game: Any, params: Params) -> Params:
        """∂U_i/∂p_i(a) - ∂U_i/∂p_i(last) of every player, where its logits are."""
        effects = game.centred.effects(game.behaviours(params))
        found = []
        for i, own in enumerate(params):
            each = effects[i][i]
            leaf = (each[..., :-1] - each[..., -1:]).reshape(jnp.shape(_leaf(own)))
            found.append(jax.tree.map(lambda _, x=leaf: x, own))
        return tuple(found)


class Mirror(AbstractDual):
    """Every player raises logits by what actions are worth: mirror descent, or hedge.

    Definition: g_i(a) = ∂U_i/∂p_i(a) - ∂U_i/∂p_i(last), the gradient in the simplex whose dual
    coordinates are the logits: p_i(a) ← p_i(a) exp(η ∂U_i/∂p_i(a)), normalised. The selfish
    gradient of a logit is g times a factor such as p(1-p), which vanishes with p and is left out
    here, so that rest points inside the simplex are the same. In a repeated game this holds in
    each information state, and g counts how often the player comes there.

    **Raises:** `InputError` where another's parameters move one's own probabilities (reading), and
    where parameters are not the logits of these.
    **Source:** Nemirovski & Yudin 1983; Freund & Schapire 1999, Adaptive game playing using
    multiplicative weights.
    """

    words: ClassVar[str] = "mirror ascent"
    keeps_rest_points: ClassVar[bool] = True
    formula: ClassVar[str] = "g_i(a) = ∂U_i/∂p_i(a) - ∂U_i/∂p_i(last)"
    cost: ClassVar[str] = "less than one gradient of each player's payoff"
    listed: ClassVar[int] = 16

    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Params:
        return self.worth(game, params)

    @classmethod
    def example(cls) -> "Mirror":
        return cls()


class MagneticMirror(AbstractDual):
    """Mirror ascent with a pull towards a magnet: it rests at a quantal response equilibrium.

    Definition: g - λ(θ - θ_mag), g as of `Mirror`. The proximal step of its source, θ' = (θ + ηg +
    ηλθ_mag)/(1 + ηλ), is exactly a step of η/(1 + ηλ) in this direction. At rest p_i is
    proportional to ρ_i exp(q_i/λ), with q_i = ∂U_i/∂p_i and ρ_i the probabilities of the magnet:
    for a uniform one the logit equilibrium of temperature λ, whatever the step.

    **Arguments:** `temperature` λ, in units of payoff; `magnet` θ_mag, for each player a logit or
    an array like its parameters (default 0: uniform).
    **Raises:** `InputError` as `Mirror`, for a negative temperature, and another magnet.
    **Source:** Sokota et al. 2023, A unified approach to reinforcement learning, quantal response
    equilibria, and two-player zero-sum games.
    """

    temperature: Float[RealArray, ""]
    magnet: tuple[RealArray, ...] | None

    words: ClassVar[str] = "magnetic mirror ascent"
    study_name: ClassVar[str] = "magnetic"
    keeps_rest_points: ClassVar[bool] = False
    formula: ClassVar[str] = "g - λ (θ - θ_mag), g as of mirror"
    cost: ClassVar[str] = "that of mirror"
    listed: ClassVar[int] = 17
    keys: ClassVar[Mapping[str, Key]] = {
        "temperature": Key(
            'Of "magnetic": λ, how strongly the magnet pulls; default 1.',
            1.0,
            symbol="λ",
            axis="temperature λ (units of payoff)",
            least=0,
        ),
        "magnet": Key(
            'Of "magnetic": for each player the logit to which it is pulled; default 0 each.',
            None,
            several=True,
        ),
    }

    def __init__(self, temperature: Numbers = 1.0, magnet: Magnet | None = None):
        self.temperature = not_negative(temperature, "temperature")
        if magnet is None:
            self.magnet = None
        elif isinstance(magnet, Sequence) or np.ndim(magnet):
            self.magnet = tuple(_checked(x) for x in magnet)
        else:
            raise InputError(f"magnet={shown(magnet)} must be a logit for each player, as (0, 1)")

    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Params:
        worth = self.worth(game, params)
        if self.magnet is not None and len(self.magnet) != len(params):
            raise InputError(
                f"magnet must be a logit, or an array of them, for each of {len(params)} players, "
                f"not for {len(self.magnet)}"
            )
        magnets = (0.0,) * len(params) if self.magnet is None else self.magnet
        return tuple(
            jax.tree.map(lambda g, x, m=m: g - self.temperature * (x - _like(m, x)), gain, own)
            for gain, own, m in zip(worth, params, magnets, strict=True)
        )

    @classmethod
    def example(cls) -> "MagneticMirror":
        return cls(0.5)


def _checked(magnet: Any) -> RealArray:
    """One player's part of a magnet: finite numbers of any shape."""
    return checked_weights(magnet, "magnet", None)


def _has_probabilities(game: AbstractParametricGame) -> bool:
    """Whether players mix actions here, and how payoffs change with their probabilities is known.

    Repeated games count, which lack the capability "dense" for what deviations and proofs need.
    """
    return hasattr(game, "behaviours") and hasattr(getattr(game, "centred", None), "effects")


def _leaf(own: PyTree) -> Array:
    """The one array of a player's parameters; an empty one where there are several."""
    leaves = jax.tree.leaves(own)
    return jnp.asarray(leaves[0]) if len(leaves) == 1 else jnp.zeros(0)


def _like(magnet: RealArray | float, own: Array) -> Array:
    """The one array of a magnet in the shape of parameters.

    **Raises:** `InputError` where it has another one.
    """
    given = jnp.asarray(magnet)
    if given.shape not in ((), jnp.shape(own)):
        raise InputError(
            f"magnet has shape {given.shape} for a player whose parameters have {jnp.shape(own)}: "
            "give one logit, or an array like them"
        )
    return jnp.broadcast_to(given, jnp.shape(own))
