"""The challenge's games and networks: payoffs by seed, and networks trained before they read."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.random import Purpose, uniforms
from glasshouse.analysis.challenge.settings import Challenge, Part
from glasshouse.analysis.movement.first_order import cooperation
from glasshouse.analysis.sceptic.experiment import NETWORK_KINDS
from glasshouse.analysis.sceptic.switches import Member, at_gain
from glasshouse.dynamics.batch import batch_map, stack
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.games.repeated import RepeatedGame
from glasshouse.games.symmetric import Symmetric2x2
from glasshouse.parametric import ParametricGame, Params
from glasshouse.rules.base import velocity
from glasshouse.rules.gradient import Gradient
from glasshouse.semantics.neural.mirrored import Mirrored

MAKERS: dict[str, Callable[..., Any]] = {
    "mirrored": lambda seed, game, gain: Mirrored.tanh(gain, game),
    **NETWORK_KINDS,
}
"""Networks by kind, in the sizes that the library gives them by default."""

SMALLEST, LARGEST = 0.1, 1.6
"""Between these κ_½ is drawn."""

GOLDEN = (math.sqrt(5) - 1) / 2
"""Modulo 1, its multiples lie more evenly in the unit interval than those of other numbers."""

MOST_APART = 2.0
"""The most by which the players of an asymmetric game differ in how much each effect counts."""

SCALE = 3.0
"""What the other's cooperation is worth on average, as in the donation game with b = 3, c = 1."""

STANDARD_GAME = Symmetric2x2(T=5.0, R=3.0, P=1.0, S=0.0)

LONGEST_TRAINING = 20_000
"""Steps of selfish learning, after which training is given up."""

ACCURACY = 1e-9
"""Training ends where the logit of every rate is so near to what was asked for."""


def drawn_game(seed: int) -> NormalFormGame:
    """The payoffs of a seed: κ_½ in [0.1, 1.6], odd seeds with an asymmetric game.

    The logarithms of κ_½ are spread evenly: 0.1 · 16^x, x the fractional part of seed · (√5-1)/2,
    so that the κ_½ of seeds in a row are not bunched by chance, which would favour a constant.

    Definition: u_i = s_i (-c_i p + q + D_i (p-½)(q-½)), p one's own and q the other's probability
    of cooperating. In symmetric games s = 3 and c = κ_½; in others s_1/s_2 and c_1/c_2 are
    log-uniform in [½, 2], the mean of s is 3 and κ_½ = Σ s_i c_i / Σ s_i. D_i is uniform between
    ±min(c_i, 1), so that everywhere defection pays and the other's cooperation is welcome.
    """
    row = uniforms(seed, Purpose.GAME, 1, 4)[0]
    threshold = SMALLEST * (LARGEST / SMALLEST) ** (seed * GOLDEN % 1.0)
    if seed % 2 == 0:
        scales, costs = np.ones(2), np.full(2, threshold)
        shapes = np.full(2, row[2])
    else:
        first, second = MOST_APART ** (2 * row[:2] - 1)
        scales = 2 * np.array([first, 1.0]) / (first + 1)
        costs = np.array([second, 1.0])
        costs *= threshold * scales.sum() / (scales @ costs)
        shapes = row[2:]
    interactions = (2 * shapes - 1) * np.minimum(costs, 1.0)
    plays = np.array([1.0, 0.0])
    own, other = plays[:, None], plays[None, :]
    tables = [
        SCALE * s * (-c * own + other + d * (own - 0.5) * (other - 0.5))
        for s, c, d in zip(scales, costs, interactions, strict=True)
    ]
    return NormalFormGame(np.stack([tables[0], tables[1].T]), player_axis=0)


def even_threshold(game: NormalFormGame) -> float:
    """κ_½ in closed form: from which coupling on mean cooperation rises at the neutral start.

    Definition: -Σ A_i / Σ B_i, how much each one's payoff changes with its own and with the other's
    probability of cooperating, where everybody mixes evenly; ΣB_i > 0.
    """
    tensor = np.asarray(game.tensor)
    by_action = [[tensor[i].mean(axis=1 - j) for j in range(2)] for i in range(2)]
    slopes = np.array([[x[0] - x[1] for x in row] for row in by_action])
    return float(-(slopes[0, 0] + slopes[1, 1]) / (slopes[0, 1] + slopes[1, 0]))


def stage_of(part: Part, seed: int) -> NormalFormGame:
    """The game of one round."""
    if part.standard:
        return NormalFormGame(STANDARD_GAME.tensor(), player_axis=0)
    return drawn_game(seed)


def networks_of(part: Part, settings: Challenge) -> tuple[Any, Bool[np.ndarray, "seeds"]]:
    """All pairs of a part, stacked, and which of them start where they were asked to."""
    pairs = []
    for seed in range(settings.seed, settings.seed + settings.seeds):
        stage = stage_of(part, seed)
        game = stage if part.game == "once" else RepeatedGame(stage, settings.discount)
        semantics = MAKERS[part.kind](seed, game, gain=0.0)
        pairs.append(
            (ParametricGame(game, semantics), semantics.initial(seed, part.start != "independent"))
        )
    networks = stack(pairs)
    if part.rate is None:
        return networks, np.ones(settings.seeds, bool)
    closed = (networks, np.zeros(settings.seeds))
    target, step_size = np.asarray(part.rate), np.asarray(settings.step_size)
    params, missing = batch_map(_trained, closed, target, step_size)
    return (networks[0], params), np.asarray(missing <= ACCURACY)


def rates_of(networks: Any) -> Float[np.ndarray, "seeds players"]:
    """How often everyone cooperates at the start, nobody reading."""
    count = len(jax.tree.leaves(networks)[0])
    return np.asarray(batch_map(_rates, (networks, np.zeros(count))))


def _rates(member: Member) -> RealArray:
    return cooperation(*at_gain(member))


def _trained(member: Member, rate: RealArray, step_size: RealArray) -> tuple[Params, Array]:
    """Where both cooperate at that rate after selfish learning, and by how much one misses it.

    Everyone takes selfish steps while it cooperates more often, each step shortened where it would
    lead beyond; who cooperates less often from the start on goes back along its own gradient.
    """
    game, start = at_gain(member)
    rule = Gradient()
    target = jnp.log(rate) - jnp.log1p(-rate)

    def logits(params: Params) -> Array:
        rates = cooperation(game, params)
        return jnp.log(rates) - jnp.log1p(-rates)

    def step(params: Params) -> Params:
        moves = velocity(game, params, rule)
        gaps = logits(params) - target

        def pace(player: int) -> Array:
            alone = tuple(
                moves[k] if k == player else jax.tree.map(jnp.zeros_like, own)
                for k, own in enumerate(params)
            )
            slope = jax.jvp(logits, (params,), (alone,))[1][player]
            ahead = -gaps[player] / jnp.where(slope == 0, 1.0, slope)
            onward = jnp.sign(gaps[player]) * step_size
            near = (slope != 0) & (jnp.abs(ahead) < step_size)
            return jnp.where(near, ahead, onward)

        return tuple(
            jax.tree.map(lambda x, d, k=k: x + pace(k) * d, own, moves[k])
            for k, own in enumerate(params)
        )

    def misses(params: Params) -> Array:
        return jnp.max(jnp.abs(logits(params) - target))

    def goes_on(carry: tuple[Params, Array]) -> Array:
        return (carry[1] < LONGEST_TRAINING) & (misses(carry[0]) > ACCURACY / 2)

    params, _ = jax.lax.while_loop(
        goes_on, lambda c: (step(c[0]), c[1] + 1), (start, jnp.asarray(0))
    )
    return params, misses(params)
