"""The logistic semantics: mixed actions from a weighted sum of parameters read as logits."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, PyTree

from glasshouse._foundation.arrays import RealArray, is_traced
from glasshouse._foundation.declared import Key, Strength
from glasshouse._foundation.numbers import (
    PROBABILITY_TOLERANCE,
    Numbers,
    Whole,
    action_counts,
    checked_bound,
    checked_weights,
    number_array,
    player_number,
    shown,
)
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.results import UNLESS_NONE
from glasshouse.channels.box import Box
from glasshouse.errors import InputError
from glasshouse.games.base import AbstractGame, Product, unrolls
from glasshouse.semantics.base import AbstractSemantics
from glasshouse.semantics.probabilities import sigmoid_pair, softmax, softmax_unrolled
from glasshouse.semantics.states import (
    READING,
    checked_reading,
    counts_of,
    shape_of_logits,
    state_logits,
)


class Logistic(AbstractSemantics):
    """Everyone's logits are their own parameters plus what they read of the others'.

    Definition: logits_i = ω_i θ_i + Σ_j≠i κ_ij θ_j, and player i plays softmax(logits_i, 0): m
    actions have m - 1 logits, read by index, and the last action is the reference. With two actions
    p_i = s(θ_i + κ θ_j), s the sigmoid. κ_ij is the weight with which i reads j, possibly below 0
    or above 1. In a repeated game every state has logits of its own, and reads those of the same
    situation (own action first for either), or of the same state of play.

    **Arguments:** `actions`, number of actions of each player, or a game that has them (a repeated
    one must be given itself); `coupling`, a number for all pairs or an array of shape
    `(players, players)` with a zero diagonal; `bound` M > 0, parameters lie in [-M, M];
    `own_weight` ω, a number or one per player; `reading`, in repeated games "situation" (the
    default) or "state".
    **Raises:** `InputError` for a coupling of another shape or numbers that cannot be.
    **Source:** the sigmoid semantics of Todorov, ten Napel & Müller 2026, arXiv:2606.27068; own
    weight, several actions and several players are extensions.
    """

    proper = "everywhere"
    words: ClassVar[str] = "logistic"
    formula: ClassVar[str] = (
        "player i cooperates with probability s(ω θ_i + Σ_{j≠i} κ_{ij} θ_j), s(x) = 1/(1 + e^{−x})"
    )
    strength: ClassVar[Strength | None] = Strength("coupling", 0.0, 1.2, 61)
    listed: ClassVar[int] = 1
    section: ClassVar[Any] = "glasshouse.study.spec.semantics:LogisticSection"
    keys: ClassVar[Mapping[str, Key]] = {
        "coupling": Key(
            "κ, the weight with which each reads the others; negative means reacting against them.",
            0.5,
            symbol="κ",
            axis="coupling κ (weight of what each reads)",
        ),
        "pattern": Key(
            "Who reads whom: entry [i][j] multiplies κ where player i reads j; zeros on the "
            "diagonal.",
            None,
            annotation="glasshouse.study.spec.values:Matrix",
        ),
        "bound": Key(
            "M: every parameter lies in [-M, M]; inf for no bound.",
            3.0,
            symbol="M",
            axis="bound M (parameters lie in [-M, M])",
            above=0,
            infinite=True,
        ),
        "own_weight": Key(
            "ω, the weight of one's own parameter; closed forms need 1.",
            1.0,
            symbol="ω",
            axis="weight ω of one's own parameter",
        ),
        "reading": READING,
    }

    coupling: Float[RealArray, ""] | Float[RealArray, "players players"]
    bound: Float[RealArray, ""]
    own_weight: Float[RealArray, ""] | Float[RealArray, "players"]
    actions: tuple[int, ...] = eqx.field(static=True)
    reading: str | None = eqx.field(static=True, metadata={UNLESS_NONE: True})

    def __init__(
        self,
        actions: Numbers | AbstractGame,
        coupling: Numbers,
        bound: Numbers = math.inf,
        own_weight: Numbers = 1.0,
        *,
        reading: str | None = None,
    ):
        self.reading = checked_reading(actions, reading)
        self.actions = action_counts(counts_of(actions))
        players = len(self.actions)
        self.coupling = coupling = checked_weights(coupling, "coupling", [(), (players, players)])
        self.bound = checked_bound(bound)
        self.own_weight = checked_weights(own_weight, "own_weight", [(), (players,)])
        if not is_traced(coupling) and coupling.ndim and np.any(np.diagonal(coupling)):
            raise InputError(
                "coupling has a nonzero diagonal: entry [i, j] is how i reads another player j; "
                "set the diagonal to 0 and use own_weight for a player's own parameter"
            )

    @property
    def spaces(self) -> tuple[Box, ...]:
        if self.reading is not None:
            shapes = [shape_of_logits(self.actions, i) for i in range(len(self.actions))]
            return tuple(Box(-self.bound * np.ones(s), self.bound * np.ones(s)) for s in shapes)
        bounds = {m: self.bound * np.ones(() if m == 2 else m - 1) for m in set(self.actions)}
        boxes = {m: Box(-bound, bound) for m, bound in bounds.items()}
        return tuple(boxes[m] for m in self.actions)

    def behaviours(self, params: tuple[PyTree, ...], seen: Any) -> Product:
        players = range(len(self.actions))
        if self.reading is not None:
            return Product(tuple(state_logits(self, i, params[i], seen[i]) for i in players))
        logits = unrolled_logits if unrolls(self.actions) else stacked_logits
        return Product(tuple(logits(self, i, params[i], seen[i]) for i in players))

    @in_float64
    def params_of(self, behaviour: Numbers, player: Whole = 0) -> Float[np.ndarray, "..."]:
        """The parameters with which a player who reads nobody behaves so.

        Definition: θ = log(p_a / p_last) / ω in each state, inside the bound: probabilities nearer
        to 0 or 1 than s(ωM) are taken for these.

        **Arguments:** `behaviour`, probabilities of all actions, or with two of action 0; in a
        repeated game one row for each state, as `games.strategy` gives them; `player`, whose.
        **Raises:** `InputError` for what are no probabilities, for 0 and 1 without a bound, and
        where the player reads others, whose parameters then decide, too.

            import glasshouse as gh
            from glasshouse.games import RepeatedGame, strategy
            from glasshouse.semantics import Logistic

            game = RepeatedGame(gh.load_game("prisoners_dilemma"), discount=0.96)
            theta = Logistic(game, coupling=0.0, bound=8.0).params_of(strategy("tft", game))
            print(theta)  # [ 8.  8. -8.  8. -8.]
        """
        return params_of(self, behaviour, player_number(player, len(self.actions)))

    @classmethod
    def example(cls, actions: tuple[int, ...]) -> "Logistic":
        return cls(actions, coupling=0.5, bound=5.0)

    def weight(self, reader: int, owner: int) -> Array:
        """κ with which `reader` reads `owner`, or the reader's own weight ω."""
        source = self.own_weight if reader == owner else self.coupling
        source = jnp.asarray(source)
        index = (reader,) if reader == owner else (reader, owner)
        return source[index] if source.ndim else source


def params_of(semantics: Logistic, behaviour: Numbers, player: int) -> Float[np.ndarray, "..."]:
    """What `Logistic.params_of` gives."""
    count, shape = semantics.actions[player], np.shape(semantics.spaces[player].lower)
    states = shape[:1] if semantics.reading is not None else ()
    shapes = [(*states, count), *([states] if count == 2 else [])]
    mix = np.asarray(number_array(behaviour, "behaviour", shapes=shapes), dtype=float)
    mix = np.stack([mix, 1 - mix], axis=-1) if mix.shape == states else mix
    sums = np.abs(mix.sum(axis=-1) - 1)
    if not (np.all(mix >= -PROBABILITY_TOLERANCE) and np.all(sums <= PROBABILITY_TOLERANCE)):
        raise InputError(f"behaviour must be probabilities, but is {shown(behaviour)}")
    mix = np.clip(mix, 0.0, 1.0)
    others = [j for j in range(len(semantics.actions)) if j != player]
    if any(float(semantics.weight(player, j)) for j in others):
        raise InputError(
            f"player {player + 1} reads others, whose parameters change what it does: no "
            "parameters of its own make it behave so; take coupling 0, or a row of zeros there"
        )
    bound, own = float(semantics.bound), float(semantics.weight(player, player))
    if bound == math.inf and np.any(mix <= 0):
        raise InputError(
            "no parameters give probabilities of 0 or 1 without a bound: give the semantics one, "
            "as bound=8.0, or the behaviour probabilities between"
        )
    if own == 0:
        raise InputError("own_weight is 0: what a player chooses does not change what it does")
    with np.errstate(divide="ignore"):
        logits = np.log(mix)
    # The last action's logit is 0: where it is too unlikely, ratios of the others are kept.
    least = logits.max(axis=-1, keepdims=True) - bound * abs(own)
    rest = np.maximum(logits[..., -1:], least)
    return np.clip((logits[..., :-1] - rest) / own, -bound, bound).reshape(shape)


def unrolled_logits(
    semantics: Logistic, player: int, own: ArrayLike, seen: Any
) -> tuple[Array, ...]:
    """One player's probabilities as scalars, everything unrolled while tracing."""
    count = semantics.actions[player] - 1
    logits = [semantics.weight(player, player) * x for x in _coordinates(own)]
    for owner in range(len(semantics.actions)):
        if owner == player:
            continue
        weight = semantics.weight(player, owner)
        for a, x in enumerate(_coordinates(seen[owner])[:count]):
            logits[a] = logits[a] + weight * x
    if count == 1:
        return sigmoid_pair(logits[0])
    zero = jnp.zeros_like(semantics.weight(player, player))
    return softmax_unrolled((*logits, zero))


def stacked_logits(semantics: Logistic, player: int, own: ArrayLike, seen: Any) -> Array:
    """One player's probabilities as an array, for games too large to unroll."""
    count = semantics.actions[player] - 1
    logits = semantics.weight(player, player) * jnp.reshape(own, count)
    for owner in range(len(semantics.actions)):
        if owner != player:
            read = jnp.reshape(seen[owner], -1)[:count]
            if len(read) < count:
                read = jnp.pad(read, (0, count - len(read)))
            logits = logits + semantics.weight(player, owner) * read
    if count == 1:
        return jnp.stack(sigmoid_pair(logits[0]))
    return softmax(jnp.append(logits, 0.0))


def _coordinates(params: ArrayLike) -> tuple[Array, ...]:
    params = jnp.asarray(params)
    return (params,) if params.ndim == 0 else tuple(params[a] for a in range(len(params)))
