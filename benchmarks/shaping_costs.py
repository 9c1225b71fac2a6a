"""What one step of shaping costs against the number of parameters, and of players.

`python benchmarks/shaping_costs.py [--large]`; all rules in one run, compilation apart. A power of
the size is fitted to the larger half of the sizes, with a 95 % interval. Time is processor time,
the median of several steps; memory is what the compiled program says it needs beside its arguments.
LOLA by the whole Hessian is written here, as first attempts write it.
"""

import argparse
import time
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from scipy import stats

from glasshouse import DifferentiableGame
from glasshouse.rules import Gradient, Lola, MeanFieldLola
from glasshouse.semantics import Box

REPEATS = 9
RULES = {
    "gradient": Gradient(),
    "LOLA by products": Lola(0.1),
    "mean-field LOLA": MeanFieldLola(0.1),
}


def meeting(size: int) -> DifferentiableGame:
    """Two players with so many parameters each, payoffs a sum over coordinates and a product."""

    def payoffs(params):
        x, y = params
        return [jnp.sum(jnp.cos(x + 0.3 * y)) + x @ y, jnp.sum(jnp.cos(y + 0.3 * x)) + x @ y]

    return DifferentiableGame(payoffs, [Box(np.full(size, -9.0), np.full(size, 9.0))] * 2)


def crowd(players: int) -> DifferentiableGame:
    """So many players with one parameter each, who share what all give, and read their mean."""

    def payoffs(params):
        all_ = jnp.stack(params)
        read = (jnp.sum(all_) - all_) / (players - 1)
        gives = jax.nn.sigmoid(all_ + 0.5 * read)
        return 2 * jnp.mean(gives) - gives

    return DifferentiableGame(payoffs, [Box(-9.0, 9.0)] * players)


def by_hessian(game: DifferentiableGame, params) -> tuple:
    """LOLA of two players with one parameter vector each, by all second derivatives."""

    def value(i: int) -> Callable:
        return lambda x, y: game.payoffs((x, y))[i]

    (gx, gy), (hx, hy) = (jax.grad(value(i), (0, 1))(*params) for i in range(2))
    first, second = (jax.hessian(value(i), (0, 1))(*params) for i in range(2))
    one = gx + 0.1 * (first[0][1] @ hy + second[1][0].T @ gy)
    other = hy + 0.1 * (second[1][0] @ gx + first[0][1].T @ hx)
    return one, other


def measured(function: Callable, game: DifferentiableGame, params) -> tuple[float, float]:
    """Seconds of processor time of one call, and megabytes it needs."""
    compiled = jax.jit(lambda x: function(game, x)).lower(params).compile()
    jax.block_until_ready(compiled(params))
    needed = compiled.memory_analysis()
    assert needed is not None
    count, seconds = 1, []
    while len(seconds) < REPEATS:
        start = time.process_time()
        for _ in range(count):
            jax.block_until_ready(compiled(params))
        spent = time.process_time() - start
        if spent < 0.02:  # the clock is coarse
            count *= 4
            continue
        seconds.append(spent / count)
    size = needed.temp_size_in_bytes + needed.output_size_in_bytes
    return float(np.median(seconds)), size / 1e6


def power(sizes: Sequence[int], values: Sequence[float]) -> str:
    """The slope of log value over log size in the larger half, with its 95 % interval."""
    half = slice(len(sizes) // 2 - 1, None)
    slope, _, _, _, error = stats.linregress(np.log(sizes[half]), np.log(values[half]))
    return f"{slope:.2f} ± {stats.t.ppf(0.975, len(sizes[half]) - 2) * error:.2f}"


def table(title: str, make: Callable, sides: dict[str, tuple[Callable, list[int]]]) -> None:
    print(title)
    for name, (function, sizes) in sides.items():
        found = []
        for size in sizes:
            game = make(size)
            rng = np.random.default_rng(size)
            params = tuple(jnp.asarray(0.1 * rng.normal(size=x.lower.shape)) for x in game.spaces)
            found.append(measured(function, game, params))
        seconds, megabytes = zip(*found, strict=True)
        told = ", ".join(f"{n}: {1e6 * s:.3g} µs" for n, s in zip(sizes, seconds, strict=True))
        slopes = f"time ~ n^({power(sizes, seconds)}), memory ~ n^({power(sizes, megabytes)})"
        print(f"  {name:17} {slopes}")
        print(f"  {'':17} {told}; {megabytes[-1]:.3g} MB at {sizes[-1]}")


def step(rule) -> Callable:
    return lambda game, params: rule.towards(game, params)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="up to 10⁵ parameters, 64 players")
    large = parser.parse_args().large
    sizes = [10, 100, 1000, 3162, 10_000] + [31_623, 100_000] * large
    few = [10, 100, 316, 562, 1000] + [1778] * large
    players = [2, 4, 8, 12, 16] + [
        32,
        64,
    ] * large  # LOLA by products takes minutes to compile there
    jax.config.update("jax_enable_x64", True)
    rules = {name: step(rule) for name, rule in RULES.items()}
    table(
        "parameters of each of two players",
        meeting,
        {name: (rule, sizes) for name, rule in rules.items()}
        | {"LOLA by Hessian": (by_hessian, few)},
    )
    most = {"LOLA by products": 16}
    within = {name: [n for n in players if n <= most.get(name, n)] for name in rules}
    table("players", crowd, {name: (rule, within[name]) for name, rule in rules.items()})


if __name__ == "__main__":
    main()
