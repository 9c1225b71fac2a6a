"""Repeated games: the same stage game round after round, with memory of the last round."""

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from glasshouse._foundation.arrays import RealArray, is_traced
from glasshouse._foundation.numbers import (
    PROBABILITY_TOLERANCE,
    Numbers,
    Whole,
    number_array,
    number_within,
    player_number,
)
from glasshouse._foundation.precision import in_float64, in_float64_unless_traced
from glasshouse.errors import InputError
from glasshouse.games.base import AbstractSequentialGame
from glasshouse.games.behaviour import Product, count_states, own_frame
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.games.observables import in_order_of_states, over_rounds
from glasshouse.games.occupancy import limit_occupancy, occupancy, visits, visits_onward, worth

PAYOFF_UNITS = {"step": "payoffs per round", "sum": "discounted sums"}
"""In what payoffs, step sizes and look-aheads may count."""

LARGEST_LEARNED = 1 - 1e-6
"""Beyond this discount gradients lose too many digits to learn; values keep all of theirs."""


class RepeatedGame(AbstractSequentialGame):
    """A stage game played round after round by players who remember the last round.

    Definition: with p_0 the distribution of joint actions in the first round and P that of the next
    ones after each joint action, both products of everybody's mixed actions, the discounted shares
    of time are d = (1-γ) p_0ᵀ (I - γP)^{-1} and V_i = d · r_i per step, r_i the stage payoffs. The
    discounted sum is V_i / (1-γ): step sizes and look-aheads carry the unit.

    A behaviour has a row for each of its `states`: the start, and every joint action of the last
    round, its own action first: with two players and two actions start, CC, CD, DC, DD.

    **Arguments:** `stage`, a game in normal form; `discount` γ in [0, 1); `unit`, "step" or "sum";
    `noise`, the probability with which another action is taken than was meant, any one alike, and
    remembered by all; `misperception`, that with which each for itself mistakes another's last
    action.
    **Raises:** `InputError` for numbers or a unit that cannot be; for gradients beyond a discount
    of 1 - 1e-6.
    **Cost:** cubic in the number of joint actions. Values are exact to rounding for all γ < 1.

        import glasshouse as gh

        game = gh.games.RepeatedGame(gh.load_game("prisoners_dilemma"), discount=0.96)
        tit_for_tat, defect = [1, 1, 0, 1, 0], [0, 0, 0, 0, 0]
        print([round(float(v), 6) for v in game.values([tit_for_tat, defect])])  # [0.96, 1.16]
    """

    stage: NormalFormGame
    discount: Float[RealArray, ""]
    unit: str = eqx.field(static=True)
    noise: Float[RealArray, ""]
    misperception: Float[RealArray, ""]

    def __init__(
        self,
        stage: NormalFormGame,
        discount: Numbers,
        unit: str = "step",
        noise: Numbers = 0.0,
        misperception: Numbers = 0.0,
    ):
        if not isinstance(stage, NormalFormGame):
            raise InputError(
                f"the stage of a repeated game is a game in normal form, not {type(stage).__name__}"
            )
        if not isinstance(unit, str) or unit not in PAYOFF_UNITS:
            raise InputError(
                f"unit={unit!r:.40} must be 'step', payoffs per round, or 'sum', discounted sums"
            )
        self.stage = stage
        self.discount = number_within(discount, "discount", most=1.0)
        if not is_traced(self.discount) and float(self.discount) == 1.0:
            raise InputError(
                "discount must lie below 1: undiscounted payoffs have no gradients; ask the method "
                "undiscounted of any RepeatedGame for them"
            )
        self.unit = unit
        self.noise = number_within(noise, "noise", most=1.0)
        self.misperception = number_within(misperception, "misperception", most=1.0)

    @property
    def actions(self) -> tuple[int, ...]:
        return self.stage.actions

    @property
    def counted_in(self) -> str:
        return self.unit

    @property
    def title(self) -> str:
        """The name of the stage game."""
        return f"Repeated {self.stage.title}"

    def steady(self) -> NormalFormGame:
        """What it pays to do the same in every round: the stage game, in this game's unit."""
        return NormalFormGame(
            np.asarray(self.stage.tensor) * self._rounds, self.stage.labels, player_axis=0
        )

    @property
    def states(self) -> tuple[tuple[int, ...], ...]:
        return ((), *itertools.product(*map(range, self.actions)))

    @in_float64_unless_traced
    def values(self, behaviours: Product | Sequence) -> Float[RealArray, "players"]:
        """Everyone's payoff, exact to rounding for every discount.

        **Arguments:** `behaviours`, one for each player: probabilities of shape `(states, actions)`
        in its own frame or, with two actions, of action 0 in each state.
        **Raises:** `InputError` for other shapes, and what are no probabilities.
        """
        return _paid(self.unlabelled(), self.checked(behaviours))

    @in_float64
    def undiscounted(self, behaviours: Product | Sequence) -> Float[RealArray, "players"]:
        """Everyone's payoff per step as γ → 1, exact to rounding down to probabilities of 1e-200.

        It exists for all behaviours and jumps between them: tit for tat with itself gets R, and
        with any noise the mean of all four payoffs. So undiscounted games have no gradients.

        **Arguments, Raises:** as `values`; the discount and the unit do not matter.
        """
        return _paid_for_ever(self.unlabelled(), self.checked(behaviours))

    @in_float64_unless_traced
    def payoff(self, player: Whole | RealArray, behaviours: Product) -> Float[RealArray, ""]:
        if not is_traced(player):
            player = player_number(player, self.players)
        shares = self._shares(self._rows(behaviours))
        return shares @ jnp.asarray(self.stage.tensor)[player].ravel() * self._rounds

    @in_float64_unless_traced
    def effects(self, behaviours: Product) -> tuple[Product, ...]:
        self.check_learnable()
        rows, pull_back = jax.vjp(self._rows, behaviours)
        paid = jnp.asarray(self.stage.tensor).reshape(self.players, -1).T * self._rounds
        discount = jnp.asarray(self.discount)
        onward = visits_onward(rows[1:], discount)
        shares = (1 - discount) * visits(rows[0], rows[1:], discount, onward)
        weights, future = self._weights(shares), worth(paid, rows[1:], discount, onward)
        return tuple(pull_back(jnp.outer(weights, future[:, i]))[0] for i in range(self.players))

    def differences(self) -> None:
        return None

    def advantages(self, behaviours: Product, differences: None) -> tuple[Product, ...]:
        return tuple(effect.less_last() for effect in self.effects(behaviours))

    @in_float64_unless_traced
    def rates(self, behaviours: Product | Sequence) -> Float[RealArray, "*actions"]:
        """The discounted share of rounds in which each joint action is taken."""
        shares = _spent(self.unlabelled(), self.checked(behaviours))
        return shares.reshape(self.actions)

    @in_float64_unless_traced
    def cooperation(self, behaviours: Product) -> Float[RealArray, "players"]:
        rates = self._shares(self._rows(behaviours)).reshape(self.actions)
        return jnp.stack([jnp.take(rates, 0, axis=i).sum() for i in range(self.players)])

    def observables(self, behaviours: Product) -> dict[str, Float[RealArray, "players"]]:
        """The discounted rate of each joint action, "rate CD", and "P(C | CD)" as meant, by name.

        The own action comes first; with other numbers of actions than two they are counted from 0,
        and where players have different ones they are in the order of player 1.
        """
        return in_order_of_states(self._observed(behaviours))

    @in_float64_unless_traced
    def _observed(self, behaviours: Product) -> dict[str, Float[RealArray, "players"]]:
        shares = self._shares(self._rows(behaviours))
        return over_rounds(self.actions, shares, [behaviours[i] for i in range(self.players)])

    @in_float64_unless_traced
    def visits(self, behaviours: Product) -> tuple[Float[RealArray, "states"], ...]:
        counts = self._weights(self._shares(self._rows(behaviours))) / (1 - self.discount)
        frames = [own_frame(self.actions, i) for i in range(self.players)]
        return tuple(counts[np.argsort(frame)] for frame in frames)

    def joint(self, behaviours: Sequence[RealArray]) -> Float[Array, "states profiles"]:
        """The distribution of joint actions in each state, by player 1, slips included.

        **Arguments:** `behaviours`, of each player in its own frame, shape `(states, actions)`.
        """
        return self._rows(Product(tuple(behaviours)))

    def check_learnable(self) -> None:
        discount = self.discount
        if not is_traced(discount) and float(discount) > LARGEST_LEARNED:
            raise InputError(
                f"discount={float(discount):.12g} is too near to 1 to learn: gradients lose one "
                "digit for every factor of 10 in 1/(1-γ); take at most 1 - 1e-6, or ask the "
                "RepeatedGame itself for values and rates"
            )

    @property
    def payoff_ranges(self) -> Float[RealArray, "players"]:
        return self.stage.payoff_ranges * self._rounds

    @property
    def midpoints(self) -> Float[RealArray, "players"]:
        return self.stage.midpoints * self._rounds

    def centred(self) -> "RepeatedGame":
        return self._with(self.stage.centred())

    def unlabelled(self) -> "RepeatedGame":
        return self._with(self.stage.unlabelled())

    def to_dict(self) -> dict[str, Any]:
        """The stage game and how it is repeated, ready for JSON."""
        settings = {
            "discount": float(self.discount),
            "unit": self.unit,
            "noise": float(self.noise),
            "misperception": float(self.misperception),
        }
        return {**self.stage.to_dict(), "title": self.title, "repeated": settings}

    def _with(self, stage: NormalFormGame) -> "RepeatedGame":
        return RepeatedGame(stage, self.discount, self.unit, self.noise, self.misperception)

    @property
    def _rounds(self) -> RealArray | float:
        """What makes payoffs per step payoffs in the game's unit."""
        return 1.0 if self.unit == "step" else 1 / (1 - self.discount)

    def _rows(self, behaviours: Product) -> Float[Array, "states profiles"]:
        """The distribution of joint actions in each state, in the order of player 1."""
        joint = self._taken(behaviours[0], 0)
        for i in range(1, self.players):
            own = self._taken(behaviours[i], i)[own_frame(self.actions, i)]
            joint = (joint[:, :, None] * own[:, None, :]).reshape(len(own), -1)
        return joint

    def _taken(self, meant: RealArray, player: int) -> Float[Array, "states actions"]:
        """What a player does in each state who means to mix so in what it takes for the state."""
        order = [(player + k) % self.players for k in range(self.players)]
        counts = [self.actions[j] for j in order]
        after = jnp.asarray(meant)[1:].reshape(*counts, -1)
        for axis in range(1, self.players):  # each other player is mistaken by itself
            after = jnp.moveaxis(
                _slipped(jnp.moveaxis(after, axis, -1), self.misperception), -1, axis
            )
        rows = jnp.concatenate([jnp.asarray(meant)[:1], after.reshape(-1, counts[0])])
        return _slipped(rows, self.noise)

    def _shares(self, rows: Float[Array, "states profiles"]) -> Float[Array, "profiles"]:
        return occupancy(rows[0], rows[1:], jnp.asarray(self.discount))

    def _weights(self, shares: Float[Array, "profiles"]) -> Float[Array, "states"]:
        """In which share of discounted rounds each state is where players act."""
        return jnp.append(1 - self.discount, self.discount * shares)

    def checked(self, behaviours: Product | Sequence) -> Product:
        """One behaviour for each player as probabilities of shape `(states, actions)`.

        **Raises:** `InputError` for other shapes, and what are no probabilities.
        """
        given = behaviours.distributions if isinstance(behaviours, Product) else tuple(behaviours)
        if len(given) != self.players:
            raise InputError(f"{len(given)} behaviours do not fit {self.players} players")
        states = count_states(self.actions)
        found = []
        for i, (each, count) in enumerate(zip(given, self.actions, strict=True)):
            name = f"the behaviour of player {i + 1}"
            shapes = [(states, count), *([(states,)] if count == 2 else [])]
            mix = number_array(each, name, shapes=shapes)
            xp = jnp if is_traced(mix) else np
            mix = xp.stack([mix, 1 - mix], axis=1) if mix.ndim == 1 else mix
            off = 0.0 if is_traced(mix) else np.abs(np.asarray(mix).sum(axis=1) - 1)
            if not is_traced(mix) and not (
                np.all(mix >= 0) and np.all(off <= PROBABILITY_TOLERANCE)
            ):
                raise InputError(
                    f"{name} must be probabilities in each of its {states} states: the start and "
                    "every joint action of the last round, its own action first"
                )
            found.append(mix)
        return Product(tuple(found))


def _slipped(values: RealArray, chance: RealArray) -> Array:
    """Values along the last axis, mixed as entries that slip with that chance to any other one."""
    count = values.shape[-1]
    if count < 2:
        return jnp.asarray(values)
    # Σ of the others, not 1 - p, which would lose a small probability.
    rest = values[..., ::-1] if count == 2 else values @ (1.0 - np.eye(count)) / (count - 1)
    return jnp.asarray((1 - chance) * values + chance * rest)


if TYPE_CHECKING:  # what most analyses use of it
    Played: TypeAlias = NormalFormGame | RepeatedGame
else:  # a game as it is played: once, or round after round
    Played = NormalFormGame | RepeatedGame


def is_repeated(game: Any) -> TypeGuard[RepeatedGame]:
    """Whether a game is played round after round."""
    return isinstance(game, RepeatedGame)


@eqx.filter_jit
def _paid(game: RepeatedGame, behaviours: Product) -> Float[RealArray, "players"]:
    """Everyone's payoff, compiled once for all games of a size: one by one, operations are slow."""
    return game.payoffs(behaviours)


@eqx.filter_jit
def _paid_for_ever(game: RepeatedGame, behaviours: Product) -> Float[RealArray, "players"]:
    rows = game._rows(behaviours)
    shares = limit_occupancy(rows[0], rows[1:])
    return jnp.asarray(game.stage.tensor).reshape(game.players, -1) @ shares


@eqx.filter_jit
def _spent(game: RepeatedGame, behaviours: Product) -> Float[Array, "profiles"]:
    return game._shares(game._rows(behaviours))
