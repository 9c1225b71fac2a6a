"""The challenge in the Coin Game, coins worth 1 and ½: tables that are read, and their switches.

Predicts from the start, for every seed, from which coupling on players first take fewer of each
other's coins, exactly (all states, every case of chance) and from episodes; and measures from which
one on they do after 5 and 50 steps of 0.05, exactly and learning from episodes.

    python benchmarks/coin_game_challenge.py --seeds 12 --seed 1000
"""

import argparse
import functools
import json
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import glasshouse as gh
from glasshouse.analysis.challenge.scores import first_switch, is_right
from glasshouse.analysis.sampling.estimates import jackknifed, products_of_means
from glasshouse.analysis.sampling.parts import PARTED, grouped, kernels_of
from glasshouse.games.stochastic import CoinGame, transitions
from glasshouse.games.stochastic.episodes import episode_uniforms
from glasshouse.semantics.policies import MirroredWeights, TablePolicy

HORIZON, WORTHS, GAINS = 16, (1.0, 0.5), np.linspace(0.0, 2.0, 11)
STEP_SIZE, WINDOWS = 0.05, (5, 50)
LEARNING_EPISODES, LOOKS = 512, 4096

jax.config.update("jax_enable_x64", True)


class Exact:
    """Payoffs, and how many of the other's coins are left, through all states."""

    def __init__(self, game):
        first, second = (transitions(CoinGame(horizon=1, worths=w)) for w in ((1, 0), (0, 1)))
        moves = first.moves.tocoo()
        self.of, self.to, self.chance = moves.row, moves.col, moves.data
        others = (second.rewards[:, 0] + first.rewards[:, 1]) / 2
        paid = WORTHS[0] * first.rewards + WORTHS[1] * second.rewards
        self.counted = np.column_stack([paid, -others])
        self.start, self.seen = first.start, np.asarray(first.seen.situations)
        self.shares = game.episode.shares()

    def __call__(self, params, coupling):
        logits = [params[i] + coupling * params[1 - i] for i in range(2)]
        mixes = [jax.nn.softmax(logits[i][self.seen[:, i]]) for i in range(2)]
        joint = (mixes[0][:, :, None] * mixes[1][:, None, :]).reshape(len(self.start), -1)

        def step(carry, share):
            reached, total = carry
            taken = (reached[:, None] * joint).reshape(-1)
            total = total + share * (taken @ self.counted)
            onward = jax.ops.segment_sum(self.chance * taken[self.of], self.to, len(self.start))
            return (onward, total), None

        begin = jnp.asarray(self.start), jnp.zeros(3)
        return jax.lax.scan(step, begin, jnp.asarray(self.shares))[0][1]

    def gradients(self, params, coupling):
        """Of both payoffs and of the coins left, in all parameters."""
        return jax.jacrev(lambda x: self(x, coupling))(params)

    @functools.partial(jax.jit, static_argnums=0)
    def margins(self, params):
        def one(coupling):
            found = self.gradients(params, coupling)
            return sum(jnp.sum(found[i][i] * found[i][2]) for i in range(2))

        return jax.lax.map(one, jnp.asarray(GAINS))

    @functools.partial(jax.jit, static_argnums=0)
    def changes(self, params):
        def one(coupling):
            def step(_, x):
                found = self.gradients(x, coupling)
                return tuple(x[i] + STEP_SIZE * found[i][i] for i in range(2))

            ends = [params]
            for steps in np.diff((0, *WINDOWS)):
                ends.append(jax.lax.fori_loop(0, int(steps), step, ends[-1]))
            left = jnp.stack([self(x, coupling)[2] for x in ends])
            return left[1:] - left[0]

        return jax.lax.map(one, jnp.asarray(GAINS))


def coins_left(played):
    return -jnp.asarray(played.events["other's coin"]).mean(axis=-1)


def sampled(game, policy, coupling):
    way = MirroredWeights(coupling)
    return gh.SampledParametricGame(game, policy, way, episodes=LEARNING_EPISODES)


@eqx.filter_jit
def sampled_changes(game, params, key):
    learning, measuring = jax.random.split(key)
    uniforms = episode_uniforms(game.game, measuring, LOOKS, game.dtype)
    shares = jnp.asarray(game.game.episode.shares())

    def left(x):
        return shares @ coins_left(game.played(x, uniforms)).mean(axis=1)

    def step(t, x):
        moves = game.selfish_gradients(x, jax.random.fold_in(learning, t))
        return jax.tree.map(lambda p, d: p + STEP_SIZE * d, x, moves)

    ends = [params]
    for begin, end in zip((0, *WINDOWS), WINDOWS, strict=False):
        ends.append(jax.lax.fori_loop(begin, end, step, ends[-1]))
    found = jnp.stack([left(x) for x in ends])
    return found[1:] - found[0]


def row(seed, game, policy, exact):
    drawn = policy.initials(seed, 2)
    params = (jnp.asarray(drawn[0]), jnp.asarray(drawn[1]))
    margins = np.asarray(exact.margins(params))
    key = jax.random.key(seed)
    kernels, changes = [], []
    for coupling in GAINS:
        read = sampled(game, policy, coupling)
        groups = grouped(read, params, jax.random.fold_in(key, 1), LOOKS // PARTED, coins_left)
        kernels.append(np.asarray(kernels_of(groups)).sum(axis=(0, 1)))
        changes.append(np.asarray(sampled_changes(read, params, jax.random.fold_in(key, 2))))
    values, without = products_of_means(np.stack(kernels))
    exact_changes = np.asarray(exact.changes(params))
    return {
        "seed": seed,
        "predicted": first_switch(GAINS, margins),
        "predicted by episodes": first_switch(GAINS, values),
        "margins": margins.tolist(),
        "sampled margins": values.tolist(),
        "errors": jackknifed(without).tolist(),
        "measured": [first_switch(GAINS, x) for x in exact_changes.T],
        "measured by episodes": [first_switch(GAINS, x) for x in np.stack(changes).T],
    }


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seeds", type=int, default=12)
    asked.add_argument("--seed", type=int, default=1000)
    asked = asked.parse_args()
    game = CoinGame(horizon=HORIZON, worths=WORTHS)
    policy, exact, begun = TablePolicy(game), Exact(game), time.process_time()
    rows = []
    for seed in range(asked.seed, asked.seed + asked.seeds):
        rows.append(row(seed, game, policy, exact))
        print(json.dumps(rows[-1]), flush=True)
    for who in ("predicted", "predicted by episodes"):
        for what in ("measured", "measured by episodes"):
            for k, steps in enumerate(WINDOWS):
                right = sum(is_right(x[who], x[what][k]) for x in rows)
                print(f"{who}, {what} after {steps} steps: {right} of {len(rows)}")
    print(f"{time.process_time() - begun:.0f} CPU seconds")


if __name__ == "__main__":
    main()
