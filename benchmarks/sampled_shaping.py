"""Learners from samples in the iterated prisoner's dilemma: who comes to cooperate, and how soon.

`python benchmarks/sampled_shaping.py [rules|cells|lola] [--first 1000] [--seeds 10]`. Rows are the
trainings in `examples/trainings`, with other settings where they say so, as `glasshouse train`
computes them: tables with N(0, 1) logits to start from, discount .96, episodes of 32 rounds. Only
payoffs per round are computed here, exactly, of both players together, at every twentieth of a
training. "rules" sets rules beside each other, "cells" advantage alignment by how its critic
learns, "lola" all settings of LOLA-DiCE that were tried, on seeds 0 to 19 if not said.
"""

import argparse
import dataclasses
import tempfile
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import tomli_w

from glasshouse.dynamics.training import training_parts
from glasshouse.rules import Transformed
from glasshouse.rules.sampled import cautions
from glasshouse.study.training import PreparedTraining, check_training

TRAININGS = Path(__file__).parents[1] / "examples" / "trainings"

ROW = np.array([[-1.0, -3.0], [0.0, -2.0]])
PAID = jnp.asarray([ROW.ravel(), ROW.T.ravel()])
FRAME = np.array([0, 1, 3, 2, 4])
"""Player 2 sees CD where player 1 sees DC."""

DISCOUNT, GOAL, RECORDS = 0.96, -1.3, 20


class Setting(NamedTuple):
    """A training of `examples/trainings`, what is changed in its [learning], and how steps fade."""

    file: str
    changed: Mapping[str, Any] = MappingProxyType({})
    fading: bool = False

    def prepared(self, seeds: range) -> PreparedTraining:
        """The training on these seeds, as if a file said so."""
        content = tomllib.loads((TRAININGS / f"{self.file}.toml").read_text("utf-8"))
        learning = content["learning"] | dict(self.changed)
        updates = learning["updates"]
        every = max(k for k in range(1, updates // RECORDS + 1) if updates % k == 0)
        where = {"every": every, "seed": seeds[0], "seeds": len(seeds)}
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "study.toml"
            file.write_text(tomli_w.dumps({**content, "learning": {**learning, **where}}))
            found = check_training(file)
        if not self.fading:
            return found
        fades = optax.scale_by_schedule(lambda k: 1 - k / updates)
        rule = Transformed(found.training.learner, fades)  # pyright: ignore[reportArgumentType]
        training = dataclasses.replace(found.training, rule=rule, adam=False)
        return dataclasses.replace(found, training=training)


def lola(look: float, decay: float = 0.95, trace: float = 0.9, **others: Any) -> Setting:
    changed = {"look_ahead": look, "decay": decay, "trace": trace}
    fading = others.pop("fading", False)
    return Setting("lola_dice", changed | others, fading)


ADAM = {"adam": True, "step_size": 0.05, "updates": 400, "episodes": 128}
LONG = {"updates": 400, "episodes": 128}
MORE = {"updates": 150, "episodes": 256}

RULES = {
    "actor and critic": Setting("actor_critic"),
    "PPO": Setting("ppo"),
    "alignment, β 3": Setting("alignment"),
    "alignment, β 3, proximal": Setting("alignment", {"form": "proximal"}),
    "LOQA, τ .2": Setting("loqa"),
    "LOLA-DiCE": Setting("lola_dice"),
    "LOLA-DiCE through Adam": lola(1.0, **ADAM),
}

CELLS = {
    f"λ {trace}, {'scaled' if scaled else 'not scaled'}, critic_step {critic}": Setting(
        "alignment", {"trace": trace, "scaled": scaled, "critic_step": critic}
    )
    for trace in (0.0, 0.95)
    for scaled, critic in ((True, 0.1), (False, 0.1), (False, 0.02))
}
CELLS["λ 0.95, scaled, critic_step 0.1, past"] = Setting(
    "alignment", {"trace": 0.95, "form": "past"}
)

TRIED = {
    "Adam .05, α 1": lola(1.0, **ADAM),
    "Adam .05, α 1, fading steps": lola(1.0, **ADAM, fading=True),
    "Adam .05, α 3": lola(3.0, **ADAM),
    "plain 1, α 1": lola(1.0, **LONG),
    "plain .3, α 1": lola(1.0, **LONG, step_size=0.3),
    "plain .3, α 3": lola(3.0, **LONG, step_size=0.3),
    "plain 1, α 1, λ 1, trace 1": lola(1.0, 1.0, 1.0, **LONG),
    "plain 1, α 2, 256 episodes": lola(2.0, **MORE),
    "plain 1, α 3, 256 episodes": lola(3.0, **MORE),
    "plain 1, α 1, λ .9, 256 episodes": lola(1.0, 0.9, **MORE),
    "plain 2, α 2, 256 episodes": lola(2.0, **MORE, step_size=2.0),
    "plain 1, α 3, 256 episodes, fading": lola(3.0, updates=100, episodes=256, fading=True),
    "plain 1, α 3, 512 episodes": Setting("lola_dice"),
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


def row(name: str, setting: Setting, seeds: range) -> str:
    """What a setting comes to, as a line of a table."""
    prepared = setting.prepared(seeds)
    game, training = prepared.game, prepared.training
    began, worked = time.perf_counter(), time.process_time()
    parts = list(training_parts(game, training))
    took, worked = time.perf_counter() - began, time.process_time() - worked
    with jax.enable_x64(True):
        each = jax.jit(jax.vmap(paid))
        path = np.stack([each(*map(jnp.asarray, part.params)) for part in parts], axis=1)
    both = path.mean(axis=-1)
    passed = both > GOAL
    ever = passed.any(axis=1)
    # Of the steps that LOLA lets others take, too; clipped steps use their episodes several times.
    batches = 1 + 2 * getattr(prepared.rules[0], "looks", 0)
    updates = np.array([part.updates[-1] for part in parts])
    first = np.where(ever, updates[passed.argmax(axis=1)], np.inf)
    steps = np.median(first) * batches * game.episodes * game.game.horizon
    below = [seed for seed, end in zip(seeds, passed[:, -1], strict=True) if not end]
    if len(below) == len(seeds):
        below = ["all"]
    apart = np.abs(path[:, -1, 0] - path[:, -1, 1]).max()
    tables = [np.asarray(jax.nn.sigmoid(own))[:, :, 0] for own in parts[-1].params]
    chances = np.median(np.concatenate(tables), axis=0)
    kinds = sorted({said.kind for said in cautions(parts[-1].state)})
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
    for name, setting in settings.items():
        if given.only in name:
            print(row(name, setting, seeds), flush=True)


if __name__ == "__main__":
    main()
