"""Joint steps per second of games in steps, at 1024 copies and random actions.

`python benchmarks/environments.py`; the README in this folder says what each number means.
"""

import argparse
import importlib
import importlib.util
import json
import os
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from glasshouse import load_game
from glasshouse.games.stochastic import CoinGame, Commons, IteratedMatrix
from glasshouse.games.stochastic.base import AbstractStochasticGame, pick

RECORDED = {"pax Coin Game": 1.00e6, "JaxMARL Coin Game": 0.58e6, "pax IPD": 9.35e6}
"""Measured on two cores of another machine; JaxMARL is measured beside ours where it is."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=1024)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    games = {
        "Coin Game, single": CoinGame(),
        "Coin Game, double-stay": CoinGame("double-stay"),
        "iterated prisoner's dilemma": IteratedMatrix(load_game("prisoners_dilemma")),
        "commons": Commons(),
    }
    ways = {"moves alone": moving, "draws and moves": drawing, "draws, moves, looks": looking}
    sides: dict[str, Callable[[], Any]] = {
        f"{name}: {way}": timed(game, make, options.copies, options.steps)
        for name, game in games.items()
        for way, make in ways.items()
    }
    sides |= peers(options.copies, options.steps)
    for side in sides.values():
        side()  # compiles
    seconds = {name: [] for name in sides}
    for _ in range(options.repeats):
        for name, side in sides.items():
            began = time.perf_counter()
            side()
            seconds[name].append(time.perf_counter() - began)
    rates = {
        name: options.copies * options.steps / median(found) for name, found in seconds.items()
    }
    report = {
        "device": str(jax.devices()[0].device_kind),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "copies": options.copies,
        "million_joint_steps_per_second": {k: round(v / 1e6, 2) for k, v in rates.items()},
        "recorded_elsewhere": {k: v / 1e6 for k, v in RECORDED.items()},
    }
    print(json.dumps(report, indent=2))


def timed(game: AbstractStochasticGame, make: Callable, copies: int, steps: int) -> Callable:
    """So many steps of all copies in one program, without a reset."""
    states = jax.jit(jax.vmap(game.reset))(jax.random.split(jax.random.key(0), copies))
    step = make(game, copies)

    @eqx.filter_jit
    def run(states: Any, key: jax.Array) -> Any:
        return jax.lax.scan(step, (states, jnp.zeros(copies)), jax.random.split(key, steps))[0]

    return lambda: jax.block_until_ready(run(states, jax.random.key(1)))


def moving(game: AbstractStochasticGame, copies: int) -> Callable:
    """Numbers are drawn once for all steps; each is turned on a little by the last payment."""
    fixed = jax.random.uniform(jax.random.key(2), (copies, game.players + game.draws[1]))

    def step(carry: Any, _: Any) -> tuple[Any, None]:
        states, total = carry
        row = (fixed + 0.618 * total[:, None]) % 1.0
        states, paid = acted(game, states, row)
        return (states, total + paid + 1.0), None

    return step


def drawing(game: AbstractStochasticGame, copies: int) -> Callable:
    """Every step draws its numbers from a key of its own, by the generator that is set."""
    width = game.players + game.draws[1]

    def step(carry: Any, key: jax.Array) -> tuple[Any, None]:
        states, total = carry
        states, paid = acted(game, states, jax.random.uniform(key, (copies, width)))
        return (states, total + paid), None

    return step


def looking(game: AbstractStochasticGame, copies: int) -> Callable:
    """The same, and what every player sees is made and used."""
    inner = drawing(game, copies)

    def step(carry: Any, key: jax.Array) -> tuple[Any, None]:
        (states, total), _ = inner(carry, key)
        seen = jax.vmap(game.observe)(states)
        return (states, total + 1e-6 * seen.features.sum(axis=(1, 2))), None

    return step


def acted(game: AbstractStochasticGame, states: Any, rows: jax.Array) -> tuple[Any, jax.Array]:
    def one(state: Any, row: jax.Array) -> tuple[Any, jax.Array]:
        actions = jnp.stack([pick(row[k], game.actions[k]) for k in range(game.players)])
        state, paid, _ = game.advance(state, actions, row[game.players :])
        return state, paid.sum()

    return jax.vmap(one)(states, rows)


def peers(copies: int, steps: int) -> dict[str, Callable[[], Any]]:
    """Other people's Coin Games, where their packages can be imported."""
    found = importlib.util.find_spec("jaxmarl")
    if found is None or importlib.util.find_spec("flax") is None:
        return {}
    # Its packages import every environment and what these need: these two stand for them.
    root = Path(next(iter(found.submodule_search_locations or [""])))
    for name in ("jaxmarl", "jaxmarl.environments"):
        bare: Any = types.ModuleType(name)
        bare.__path__ = [str(root.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = bare
    module: Any = importlib.import_module("jaxmarl.environments.coin_game.coin_game")
    Other = module.CoinGame
    other: Any = Other(num_inner_steps=steps)
    names = other.agents
    _, states = jax.vmap(other.reset)(jax.random.split(jax.random.key(0), copies))

    def one(key: jax.Array, state: Any) -> tuple[Any, Any, Any]:
        draw, move = jax.random.split(key)
        actions = jax.random.randint(draw, (2,), 0, 5)
        seen, state, paid, *_ = other.step(move, state, dict(zip(names, actions, strict=True)))
        looked = sum(jnp.sum(x) for x in jax.tree.leaves(seen))
        return state, sum(paid.values()), looked

    def step(carry: Any, key: jax.Array) -> tuple[Any, None]:
        states, total = carry
        states, paid, seen = jax.vmap(one)(jax.random.split(key, copies), states)
        return (states, total + paid + 1e-6 * seen), None

    @jax.jit
    def run(states: Any, key: jax.Array) -> Any:
        return jax.lax.scan(step, (states, jnp.zeros(copies)), jax.random.split(key, steps))[0]

    return {"JaxMARL Coin Game": lambda: jax.block_until_ready(run(states, jax.random.key(1)))}


if __name__ == "__main__":
    main()
