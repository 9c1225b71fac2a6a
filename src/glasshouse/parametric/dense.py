"""A finite game behind parameters: what most analyses, and all proofs, are about."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from glasshouse._foundation.arrays import RealArray, as_floats, is_traced
from glasshouse._foundation.numbers import LARGEST_PAYOFF, PROBABILITY_TOLERANCE, check_ranges
from glasshouse._foundation.precision import in_float64_unless_traced
from glasshouse._foundation.programs import once_in_programs
from glasshouse.channels.base import AbstractChannel, Views
from glasshouse.channels.box import Box
from glasshouse.channels.full import Full
from glasshouse.errors import InputError
from glasshouse.games.base import AbstractGame, Product
from glasshouse.games.observables import in_order_of_states
from glasshouse.parametric.capabilities import (
    AbstractChecked,
    AbstractDense,
    AbstractObservable,
    AbstractScaled,
)
from glasshouse.parametric.measure import measured
from glasshouse.parametric.protocol import (
    SEPARATE,
    AbstractParametricGame,
    Layout,
    Params,
    RandomKey,
)
from glasshouse.semantics.base import AbstractSemantics
from glasshouse.semantics.custom import Custom

MOST_VIEWS_UNROLLED = 4
"""Averages over more views than this are computed along an array axis."""


class ParametricGame(
    AbstractParametricGame, AbstractObservable, AbstractScaled, AbstractChecked, AbstractDense
):
    """A base game whose mixed actions a semantics computes from all players' parameters.

    Definition: U_i(θ) = E u_i(a), a_j drawn independently from σ_j(θ). A change in θ_i moves
    player i's own mixed action and, because others read θ_i, theirs. Derivatives are those of the
    game `centred` in 64 bits when this one is made, so that a part common to all payoffs costs no
    digits in any precision: make the game anew to change its payoffs.

    **Arguments:** `game`; `semantics`, for the same players and actions; `channel`, what
    players see of each other. `params` are what the channel lets players choose: with `Full` and
    most others the parameters of the semantics.
    **Raises:** `InputError` when game and semantics disagree on players or actions, the channel
    does not fit the parameters, payoffs beyond 1e100 would overflow, or those of a player differ by
    less than 1e-100, so that gradients would vanish in rounding.
    **Source:** Todorov, ten Napel & Müller 2026, arXiv:2606.27068.

        import glasshouse as gh
        from glasshouse.semantics import Logistic

        game = gh.load_game("stag_hunt")
        parametric = gh.ParametricGame(game, Logistic(game.actions, coupling=0.5, bound=3.0))
        print(round(float(parametric.payoffs((1.0, 1.0))[0]), 4))  # 3.1877
    """

    game: AbstractGame
    semantics: AbstractSemantics
    channel: AbstractChannel
    centred: AbstractGame = eqx.field(repr=False)
    midpoints: Float[RealArray, "players"] = eqx.field(repr=False)
    differences: Any = eqx.field(repr=False)

    def __init__(
        self, game: AbstractGame, semantics: AbstractSemantics, channel: AbstractChannel = Full()
    ):
        if game.actions != semantics.actions:
            raise InputError(
                f"the game has {len(game.actions)} players with {game.actions} actions, but the "
                f"semantics gives {len(semantics.actions)} players {semantics.actions} actions"
            )
        _check_size(game)
        check_channel(semantics, channel)
        self.game = game.unlabelled()
        self.centred, self.midpoints = self.game.centred(), self.game.midpoints
        self.differences = self.centred.differences()
        self.semantics = semantics
        self.channel = channel
        game.check_learnable()
        reads_states = getattr(semantics, "reading", None) is not None
        if reads_states or max(map(len, game.behaviour_shapes)) > 1:
            jax.eval_shape(self.behaviours, self.neutral())  # which checks its information states

    @property
    def players(self) -> int:
        return len(self.semantics.actions)

    @property
    def layout(self) -> Layout:
        return SEPARATE

    @property
    def spaces(self) -> tuple[Box, ...]:
        return self.channel.spaces(self.semantics.spaces)

    @in_float64_unless_traced
    def behaviours(self, params: Params) -> Product:
        """Everyone's mixed action at these parameters, expected over what they may see."""
        params = as_floats(params)
        views = self.channel.look(params, self.semantics.spaces)
        played = self.channel.played(params)
        if views.weights is None:
            return self._checked(self.semantics.behaviours(played, views.seen))
        return _expected(lambda seen: self._checked(self.semantics.behaviours(played, seen)), views)

    def _checked(self, behaviours: Product) -> Product:
        """Refuse a semantics that does not give behaviour in every state, with all actions."""
        given, wanted = behaviours.shapes, self.game.behaviour_shapes
        if given != wanted:
            raise InputError(_misshapen(self.semantics, given, self.game))
        return behaviours

    @in_float64_unless_traced
    def cooperation(self, params: Params) -> Float[RealArray, "players"]:
        """Everyone's probability of action 0; in a repeated game its discounted rate."""
        return self.game.cooperation(self.behaviours(params))

    def observables(self, params: Params) -> dict[str, Float[RealArray, "players"]]:
        """What is seen of play here, by name, for each player.

        Of all games "cooperation"; of repeated ones also the discounted rate of each joint action,
        "rate CD", and "P(C | CD)" in each state, the player's own action first; and what is
        registered, such as from `plugins`.
        """
        return {**in_order_of_states(self.played(params)), **measured(self, params)}

    @in_float64_unless_traced
    def played(self, params: Params) -> dict[str, Float[RealArray, "players"]]:
        """The observables that the game itself has: without those that are registered."""
        found = self.game.observables(self.behaviours(params))
        return {"cooperation": self.cooperation(params), **found}

    @in_float64_unless_traced
    def payoffs(self, params: Params, key: RandomKey = None) -> Float[RealArray, "players"]:
        return self.centred_payoffs(params) + self.midpoints

    @in_float64_unless_traced
    def centred_payoffs(self, params: Params) -> Float[RealArray, "players"]:
        """Everyone's expected payoff less its `midpoints`: differences of it keep all digits."""
        return _centred_payoffs(self, as_floats(params))

    @in_float64_unless_traced
    def selfish_gradients(self, params: Params, key: RandomKey = None) -> Params:
        return tuple(own[i] for i, own in enumerate(self.gradients(params)))

    @in_float64_unless_traced
    def gradients(self, params: Params, key: RandomKey = None) -> tuple[Params, ...]:
        """∂U_i/∂θ of every player i, by everybody's parameters."""
        return _gradients(self, as_floats(params))

    @in_float64_unless_traced
    def gradient_scales(self, params: Params) -> Params:
        params = as_floats(params)
        behaviours, pull_back = jax.vjp(self.behaviours, params)
        visits = self.game.visits(behaviours)
        if visits is None:
            total = _moves(behaviours, pull_back, jax.tree.map(jnp.zeros_like, params))
        else:
            total = _moves_visited(behaviours, pull_back, visits)
        ranges = self.centred.payoff_ranges
        return tuple(
            jax.tree.map(lambda t, r=r: jnp.where(r > 0, 0.5 * r * t, jnp.inf), own)
            for r, own in zip(ranges, total, strict=True)
        )

    @in_float64_unless_traced
    def faults(self, params: Params) -> Bool[RealArray, "players"] | None:
        if self.semantics.proper != "unchecked":
            return None
        behaviours = self.behaviours(params)
        return jnp.stack([_is_improper(behaviours[i]) for i in range(len(self.game.actions))])


@once_in_programs
def _centred_payoffs(game: ParametricGame, params: Params) -> Float[RealArray, "players"]:
    return game.centred.payoffs(game.behaviours(params))


@once_in_programs
def _gradients(game: ParametricGame, params: Params) -> tuple[Params, ...]:
    behaviours, pull_back = jax.vjp(game.behaviours, params)
    if game.semantics.proper == "unchecked":  # whose changes need not sum to 0
        effects = game.centred.effects(behaviours)
    else:
        effects = game.centred.advantages(behaviours, game.differences)
    return tuple(pull_back(effect)[0] for effect in effects)


def _misshapen(
    made: AbstractSemantics, given: tuple[tuple[int, ...], ...], game: AbstractGame
) -> str:
    semantics = type(made).__name__
    if len(game.behaviour_shapes[0]) == 1 and max(map(len, given)) > 1:
        return (
            f"{semantics} gives players probabilities in several states, of shapes {given}, but "
            "this game is played once: give the RepeatedGame that the semantics was made for"
        )
    if len(game.behaviour_shapes[0]) == 1:
        counts = tuple(shape[0] if shape else 1 for shape in given)
        return (
            f"{semantics} gives players {counts} probabilities, but says that they have "
            f"{game.actions} actions"
        )
    hint = "give the semantics the game, as Logistic(game, coupling), in place of its actions"
    if isinstance(made, Custom):
        hint = "let its function return a row for each state"
    return (
        f"{semantics} gives players probabilities of shapes {given}, but in this "
        f"{type(game).__name__} behaviour has shapes (states, actions) {game.behaviour_shapes}: "
        f"{hint}"
    )


def _moves(behaviours: Product, pull_back: Callable[[Product], tuple], total: Params) -> Params:
    """Σ_j Σ_a |∂σ_j(a)/∂θ_i|, everybody being in one state, once."""
    leaves, structure = jax.tree.flatten(behaviours)
    for i, leaf in enumerate(leaves):
        zeros = [jnp.zeros_like(other) for other in leaves]
        for unit in jnp.eye(leaf.size, dtype=leaf.dtype):
            one_hot = [*zeros[:i], unit.reshape(leaf.shape), *zeros[i + 1 :]]
            row = pull_back(jax.tree.unflatten(structure, one_hot))[0]
            total = jax.tree.map(lambda t, r: t + jnp.abs(r), total, row)
    return total


def _moves_visited(
    behaviours: Product, pull_back: Callable[[Product], tuple], visits: tuple[RealArray, ...]
) -> Params:
    """Σ_j Σ_s n_j(s) Σ_a |∂σ_j(s, a)/∂θ_i|, n_j(s) being how often j comes into state s.

    What an action is worth there differs by at most the range of payoffs, of a whole future.
    """
    none = jax.tree.map(jnp.zeros_like, behaviours.distributions)
    total: Any = None
    for i, counts in enumerate(visits):
        mix = none[i]
        units = jnp.eye(mix.size, dtype=mix.dtype).reshape(-1, *mix.shape)
        row = jax.vmap(lambda u, i=i: pull_back(Product((*none[:i], u, *none[i + 1 :])))[0])(units)
        weights = jnp.repeat(counts, mix.shape[1])
        moved = jax.tree.map(lambda x, w=weights: jnp.tensordot(w, jnp.abs(x), axes=1), row)
        total = moved if total is None else jax.tree.map(jnp.add, total, moved)
    return total


if TYPE_CHECKING:  # what analyses use of it
    DenseGame: TypeAlias = ParametricGame
else:  # any may be given: `require` asks it what it can
    DenseGame = AbstractParametricGame


def _expected(behaviours: Callable[[Any], Product], views: Views) -> Product:
    """Everyone's mixed action, averaged over what they may see.

    Nobody's view depends on another's, so that averages of independent mixtures are again mixed
    actions of players who mix independently.
    """
    weights = jnp.asarray(views.weights)
    count = len(weights)
    if count > MOST_VIEWS_UNROLLED:
        each = jax.vmap(behaviours)(views.seen)
        return jax.tree.map(lambda x: jnp.tensordot(weights, x, axes=1), each)
    each = [behaviours(jax.tree.map(lambda x, k=k: x[k], views.seen)) for k in range(count)]

    def average(*terms: Array) -> Array:
        total = weights[0] * terms[0]
        for weight, term in zip(weights[1:], terms[1:], strict=True):
            total = total + weight * term
        return total

    return jax.tree.map(average, *each)


def _is_improper(mix: Float[RealArray, "*states actions"]) -> Bool[RealArray, ""]:
    """Whether these are no probabilities; NaN are none."""
    return ~(
        jnp.all(mix >= -PROBABILITY_TOLERANCE)
        & jnp.all(jnp.abs(mix.sum(-1) - 1) <= PROBABILITY_TOLERANCE)
    )


def check_current(game: ParametricGame) -> None:
    """Refuse a game whose payoffs were exchanged, after which its derivatives are of the others.

    **Raises:** `InputError` saying how to make it anew.
    """
    stale = out_of_date(game)
    if stale:
        raise InputError(stale)


def out_of_date(game: ParametricGame) -> str:
    """What is wrong with a game whose payoffs were exchanged; nothing with any other."""
    ours, theirs = jax.tree.leaves(game.centred), jax.tree.leaves(game.game.centred())
    if is_traced(ours, theirs) or all(map(np.array_equal, ours, theirs)):
        return ""
    return (
        "the payoffs of this parametric game were exchanged after it was made, and its "
        "derivatives are those of the old ones: make the ParametricGame anew"
    )


def check_channel(semantics: AbstractSemantics, channel: AbstractChannel) -> None:
    """Refuse a channel that does not fit the semantics.

    **Raises:** `InputError` when it is none, or shows what the semantics cannot read.
    """
    if not isinstance(channel, AbstractChannel):
        raise InputError(
            f"channel must say what players see, such as Full(), but is {channel!r:.60}"
        )
    channel.check(semantics.spaces)
    if semantics.proper == "in boxes" and not channel.stays_in_boxes:
        raise InputError(
            f"what {type(channel).__name__} shows may lie outside the boxes of the parameters, "
            f"where {type(semantics).__name__} gives no probabilities: use the logistic "
            "semantics, or another channel"
        )


def _check_size(game: AbstractGame) -> None:
    numbers = [] if is_traced(game) else jax.tree.leaves(eqx.filter(game, eqx.is_array))
    for array in numbers:
        largest = float(np.max(np.abs(np.asarray(array, dtype=np.float64)), initial=0.0))
        if largest > LARGEST_PAYOFF:
            raise InputError(
                f"payoffs reach {largest:g}, and products of them would overflow: rescale them "
                f"below {LARGEST_PAYOFF:g}, which changes no threshold and no equilibrium"
            )
    if not is_traced(game):
        check_ranges(np.asarray(game.payoff_ranges, dtype=np.float64))
