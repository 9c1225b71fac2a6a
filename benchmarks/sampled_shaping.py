"""Learners from samples in the iterated prisoner's dilemma: who comes to cooperate, and how soon.

`python benchmarks/sampled_shaping.py [rules|cells|lola] [--first 1000] [--seeds 10]`. Tables with
N(0, 1) logits to start from, discount .96, episodes of 32 rounds; payoffs per round are exact, of
both players together. "rules" sets rules beside each other, "cells" advantage alignment by how its
critic learns, "lola" all settings of LOLA-DiCE that were tried, on seeds 0 to 19 if not said.
"""

import argparse
import time
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

import glasshouse as gh
from glasshouse.games.stochastic import IteratedMatrix
from glasshouse.rules import AbstractRule, Transformed
from glasshouse.rules.sampled import (
    ActorCritic,
    AdvantageAlignment,
    LolaDice,
    Loqa,
    Ppo,
    cautions,
)
from glasshouse.semantics.policies import TablePolicy

ROW = np.array([[-1.0, -3.0], [0.0, -2.0]])
STAGE = gh.NormalFormGame([ROW, ROW.T])
PAID = jnp.asarray([ROW.ravel(), ROW.T.ravel()])
FRAME = np.array([0, 1, 3, 2, 4])
"""Player 2 sees CD where player 1 sees DC."""

DISCOUNT, HORIZON, GOAL = 0.96, 32, -1.3


class Setting(NamedTuple):
    """A rule, how large its steps are, how many, of how many episodes, and through Adam or not."""

    rule: AbstractRule
    step: float
    updates: int
    episodes: int = 128
    adam: bool = True
    fading: bool = False

    @property
    def batches(self) -> int:
        """Of episodes that one update plays; clipped steps use theirs several times."""
        return 1 + 2 * self.rule.looks if isinstance(self.rule, LolaDice) else 1


def lola(look: float, decay: float = 0.95, trace: float = 0.9, **others: Any) -> LolaDice:
    return LolaDice(look, decay=decay, trace=trace, **others)


BEST = Setting(lola(3.0), 1.0, 60, 512, adam=False)

RULES = {
    "actor and critic": Setting(ActorCritic(), 0.02, 600),
    "PPO": Setting(Ppo(), 0.02, 1000),
    "alignment, β 3": Setting(AdvantageAlignment(3.0), 0.02, 1000),
    "alignment, β 3, proximal": Setting(AdvantageAlignment(3.0, "proximal"), 0.02, 1000),
    "LOQA, τ .2": Setting(Loqa(0.2, slow=0.0), 0.02, 600),
    "LOLA-DiCE": BEST,
    "LOLA-DiCE through Adam": Setting(lola(1.0), 0.05, 400),
}

CELLS = {
    f"λ {trace}, {'scaled' if scaled else 'not scaled'}, critic_step {critic}": Setting(
        AdvantageAlignment(3.0, trace=trace, scaled=scaled, critic_step=critic), 0.02, 1000
    )
    for trace in (0.0, 0.95)
    for scaled, critic in ((True, 0.1), (False, 0.1), (False, 0.02))
}

TRIED = {
    "Adam .05, α 1": Setting(lola(1.0), 0.05, 400),
    "Adam .05, α 1, fading steps": Setting(lola(1.0), 0.05, 400, fading=True),
    "Adam .05, α 3": Setting(lola(3.0), 0.05, 400),
    "plain 1, α 1": Setting(lola(1.0), 1.0, 400, adam=False),
    "plain .3, α 1": Setting(lola(1.0), 0.3, 400, adam=False),
    "plain .3, α 3": Setting(lola(3.0), 0.3, 400, adam=False),
    "plain 1, α 1, λ 1, trace 1": Setting(lola(1.0, 1.0, 1.0), 1.0, 400, adam=False),
    "plain 1, α 2, 256 episodes": Setting(lola(2.0), 1.0, 150, 256, adam=False),
    "plain 1, α 3, 256 episodes": Setting(lola(3.0), 1.0, 150, 256, adam=False),
    "plain 1, α 1, λ .9, 256 episodes": Setting(lola(1.0, 0.9), 1.0, 150, 256, adam=False),
    "plain 2, α 2, 256 episodes": Setting(lola(2.0), 2.0, 150, 256, adam=False),
    "plain 1, α 3, 256 episodes, fading": Setting(
        lola(3.0), 1.0, 100, 256, adam=False, fading=True
    ),
    "plain 1, α 3, 512 episodes": BEST,
}


def joint(one: jax.Array, other: jax.Array) -> jax.Array:
    """The probability of CC, CD, DC, DD in each of five situations, as player 1 sees them."""
    p, q = jax.nn.sigmoid(one[:, 0]), jax.nn.sigmoid(other[FRAME, 0])
    return jnp.stack([p * q, p * (1 - q), (1 - p) * q, (1 - p) * (1 - q)], axis=-1)


def paid(one: jax.Array, other: jax.Array) -> jax.Array:
    """What both are paid per round, for ever."""
    chances = joint(one, other)
    visits = jnp.linalg.solve(jnp.eye(4) - DISCOUNT * chances[1:].T, chances[0])
    return (1 - DISCOUNT) * PAID @ visits


def learned(setting: Setting, seeds: range) -> tuple[Any, Any, np.ndarray]:
    """Everybody's tables at the end, what rules kept, and payoffs on the way, seeds first."""
    iterated = IteratedMatrix(STAGE, horizon=HORIZON, discount=DISCOUNT)
    game = gh.SampledParametricGame(iterated, TablePolicy(iterated), episodes=setting.episodes)
    rule: Any = setting.rule
    if setting.adam:
        rule = Transformed(rule, optax.scale_by_adam())

    def run(start: Any, key: Any) -> Any:
        def step(carry: Any, k: jax.Array) -> Any:
            left = 1 - k / setting.updates if setting.fading else 1.0
            size = jnp.asarray(setting.step * left)
            carry = rule.step(game, *carry, size, jax.random.fold_in(key, k))
            return carry, paid(*carry[0])

        carry = start, rule.init(game, start, key)
        (params, state), path = jax.lax.scan(step, carry, jnp.arange(setting.updates))
        return params, state, path

    drawn = np.stack([np.random.default_rng(seed).normal(size=(2, 5, 1)) for seed in seeds])
    keys = jnp.stack([jax.random.key(seed) for seed in seeds])
    starts = jnp.asarray(drawn[:, 0]), jnp.asarray(drawn[:, 1])
    params, state, path = jax.jit(jax.vmap(run))(starts, keys)
    return params, state, np.asarray(path)


def row(name: str, setting: Setting, seeds: range) -> str:
    """What a setting comes to, as a line of a table."""
    began, worked = time.perf_counter(), time.process_time()
    params, state, path = learned(setting, seeds)
    took, worked = time.perf_counter() - began, time.process_time() - worked
    both = path.mean(axis=-1)
    passed = both > GOAL
    ever = passed.any(axis=1)
    first = np.where(ever, passed.argmax(axis=1) + 1, np.inf)
    steps = np.median(first) * setting.batches * setting.episodes * HORIZON
    below = [seed for seed, end in zip(seeds, passed[:, -1], strict=True) if not end]
    if len(below) == len(seeds):
        below = ["all"]
    apart = np.abs(path[:, -1, 0] - path[:, -1, 1]).max()
    tables = [np.asarray(jax.nn.sigmoid(own))[:, :, 0] for own in params]
    chances = np.median(np.concatenate(tables), axis=0)
    kinds = sorted({said.kind for said in cautions(state)})
    cells = [
        name,
        f"{passed[:, -1].sum()} of {len(seeds)}",
        f"{both[:, -1].min():.2f} to {both[:, -1].max():.2f}",
        ", ".join(map(str, below)) or "none",
        f"{apart:.2f}",
        f"{ever.sum()}" if not np.isfinite(steps) else f"{ever.sum()}, {steps / 1e6:.2g} M",
        " ".join(f"{x:.2f}" for x in chances),
        ", ".join(kinds) or "none",
        f"{took:.0f} ({worked:.0f})",
    ]
    return f"| {' | '.join(cells)} |"


HEAD = (
    "setting",
    "above -1.3",
    "payoffs at the end",
    "seeds below",
    "players apart by at most",
    "ever above -1.3, median joint steps to there",
    "P(C) after start, CC, CD, DC, DD",
    "warned of",
    "seconds (CPU)",
)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", default="rules", choices=["rules", "cells", "lola"])
    parser.add_argument("--first", type=int)
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--only", default="", help="settings whose names hold this")
    given = parser.parse_args()
    settings = {"rules": RULES, "cells": CELLS, "lola": TRIED}[given.part]
    first, count = (0, 20) if given.part == "lola" else (1000, 10)
    first = first if given.first is None else given.first
    seeds = range(first, first + (given.seeds or count))
    print(f"| {' | '.join(HEAD)} |", f"|{'---|' * len(HEAD)}", sep="\n")
    with jax.enable_x64(True):
        for name, setting in settings.items():
            if given.only in name:
                print(row(name, setting, seeds), flush=True)


if __name__ == "__main__":
    main()
