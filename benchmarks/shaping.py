"""Opponent shaping in the iterated prisoner's dilemma: LOLA beside gradients, and eager PyTorch.

`python benchmarks/shaping.py`; both sides in one run, compilation apart, medians. The loop in
PyTorch, of the extra `peers` (`pip install -e .[peers]`), takes one seed after the other and
builds its graph anew in every step, as notebooks do; it is written from the formulas.
"""

import argparse
import importlib
import math
import time
from collections.abc import Callable

import jax
import numpy as np

from glasshouse import NormalFormGame, ParametricGame
from glasshouse.dynamics import Learning, Starts, learn
from glasshouse.games import RepeatedGame
from glasshouse.parametric import AbstractParametricGame, Params
from glasshouse.rules import Gradient, Lola
from glasshouse.semantics import Logistic

DISCOUNT = 0.96
SEEDS, STEPS = 50, 100


def dilemma() -> ParametricGame:
    """The iterated prisoner's dilemma in discounted sums, nobody reading anybody."""
    tensor = [[[-1.0, -3.0], [0.0, -2.0]], [[-1.0, 0.0], [-3.0, -2.0]]]
    game = RepeatedGame(NormalFormGame(tensor), DISCOUNT, "sum")
    return ParametricGame(game, Logistic(game, 0.0, math.inf))


def public_goods(players: int) -> ParametricGame:
    """A repeated public good, doubled and shared by all."""
    stage = np.zeros((players, *[2] * players))
    for profile in np.ndindex(*[2] * players):
        given = players - sum(profile)
        for i in range(players):
            stage[(i, *profile)] = 2 * given / players - (1 - profile[i])
    game = RepeatedGame(NormalFormGame(stage, player_axis=0), DISCOUNT)
    return ParametricGame(game, Logistic(game, 0.0, math.inf))


def learner(game: ParametricGame, rule: Gradient | Lola, seeds: int, steps: int) -> Callable:
    """What learns from all seeds, and gives payoffs."""
    learning = Learning(rule, step_size=1.0, steps=steps, starts=Starts(seeds, seed=1))
    return lambda: learn([game], learning, paid, judged=False).observed


def paid(game: AbstractParametricGame, params: Params):
    return game.payoffs(params)


def eager(torch, seeds: int, steps: int) -> None:
    """LOLA by the same formulas, seed by seed."""
    one, other = (
        torch.tensor(x, dtype=torch.float64)
        for x in ([-1.0, -3.0, 0.0, -2.0], [-1.0, 0.0, -3.0, -2.0])
    )
    frame, identity = torch.tensor([0, 1, 3, 2, 4]), torch.eye(4, dtype=torch.float64)

    def values(x, y):
        p, q = torch.sigmoid(x), torch.sigmoid(y)[frame]
        rows = torch.stack([p * q, p * (1 - q), (1 - p) * q, (1 - p) * (1 - q)], dim=1)
        visits = rows[0] @ torch.inverse(identity - DISCOUNT * rows[1:])
        return visits @ one, visits @ other

    def slope(value, by):
        return torch.autograd.grad(value, by, create_graph=True)[0]

    for seed in range(seeds):
        torch.manual_seed(seed)
        x, y = (torch.randn(5, dtype=torch.float64, requires_grad=True) for _ in range(2))
        for _ in range(steps):
            first, second = values(x, y)
            # ∇_i [U_i + ξ_j · ∂U_i/∂θ_j], both factors depending on θ_i.
            ahead = first + slope(second, y) @ slope(first, y)
            behind = second + slope(first, x) @ slope(second, x)
            moves = slope(ahead, x), slope(behind, y)
            x, y = (
                (z + move).detach().requires_grad_() for z, move in zip((x, y), moves, strict=True)
            )


def seconds(run: Callable) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--torch-seeds", type=int, default=2, help="seeds of the eager loop")
    options = parser.parse_args()
    jax.config.update("jax_enable_compilation_cache", False)  # the first result is a cold one
    game, updates = dilemma(), SEEDS * STEPS
    runs = {
        name: learner(game, rule, SEEDS, STEPS)
        for name, rule in (("gradient", Gradient()), ("lola", Lola(1.0)))
    }
    print(f"iterated prisoner's dilemma, {SEEDS} seeds × {STEPS} steps")
    for name, run in runs.items():
        print(f"  {name}: first result after {seconds(run):.1f} s, compilation included")
    torch = torch_or_none()
    clocks: dict[str, list[float]] = {"gradient": [], "lola": [], "eager": []}
    for _ in range(options.repeats):  # taking turns
        for name, run in runs.items():
            clocks[name].append(seconds(run) / updates)
        if torch is not None:
            count = options.torch_seeds
            clocks["eager"].append(
                seconds(lambda n=count: eager(torch, n, STEPS)) / (count * STEPS)
            )
    usual = {name: float(np.median(found)) for name, found in clocks.items() if found}
    for name, each in usual.items():
        print(f"  {name}: {1 / each:,.0f} updates/s")
    share = usual["gradient"] / usual["lola"]
    print(f"  lola takes {share:.2f} × the gradient's updates/s (least: 0.2)")
    if torch is None:
        print(
            "  no PyTorch here: the eager loop was not measured; pip install torch, and run again"
        )
    else:
        print(f"  lola takes {usual['eager'] / usual['lola']:,.0f} × the eager loop's (least: 400)")
    many = learner(public_goods(5), Lola(1.0), 10, 20)
    first = seconds(many)
    usual_of_five = float(np.median([seconds(many) for _ in range(3)]))
    print(
        f"five players, lola, 10 starts × 20 steps: first result after {first:.1f} s, then "
        f"{usual_of_five * 1e3:.0f} ms, {200 / usual_of_five:,.0f} updates/s"
    )


def torch_or_none():
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        return None
    torch.set_num_threads(1)
    return torch


if __name__ == "__main__":
    main()
