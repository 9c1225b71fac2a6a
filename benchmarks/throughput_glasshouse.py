"""The sides of the throughput benchmark that run in JAX: glasshouse, and the ceiling."""

from collections.abc import Callable
from typing import Any

import jax
import jax.monitoring
import jax.numpy as jnp
import numpy as np
from throughput_numpy import BOUND, COUPLING, STEP_SIZE, Problem, dilemma

from glasshouse import NormalFormGame, ParametricGame, run
from glasshouse.dynamics import batch_map
from glasshouse.games.registry import from_catalogue
from glasshouse.rules import Gradient
from glasshouse.semantics import Logistic

jax.config.update("jax_enable_x64", True)

GAMES = ("prisoners_dilemma", "stag_hunt", "chicken", "deadlock", "battle_of_the_sexes")
COUPLINGS = np.linspace(0.0, 1.2, 10)


def side(name: str, problem: Problem, steps: int) -> Callable[[], np.ndarray]:
    """A run of glasshouse on the case of that name, or of "ceiling"; gives all ends."""
    starts = tuple(problem.starts)
    game, semantics = NormalFormGame(dilemma()), Logistic((2, 2), COUPLING, BOUND)
    arguments: dict[str, tuple[Any, ...]] = {
        "shared": (_learn, starts, ParametricGame(game, semantics)),
        "couplings": (_learn_at_coupling, (problem.couplings, starts), game),
        "payoffs": (_learn_payoffs, (problem.tensors, starts), semantics),
        "ceiling": (_exponentials, starts),
    }
    return lambda: np.stack(batch_map(*arguments[name], steps))


def _learn(start: Any, game: ParametricGame, steps: int) -> Any:
    solution = run(game, Gradient(), start, steps=steps, step_size=STEP_SIZE, throw=False)
    return solution.params


def _learn_at_coupling(member: Any, game: NormalFormGame, steps: int) -> Any:
    coupling, start = member
    return _learn(start, ParametricGame(game, Logistic((2, 2), coupling, BOUND)), steps)


def _learn_payoffs(member: Any, semantics: Logistic, steps: int) -> Any:
    tensor, start = member
    return _learn(start, ParametricGame(NormalFormGame(tensor), semantics), steps)


def _exponentials(start: Any, steps: int) -> Any:
    """Each exponential needs the one before it, so none can be left out or moved."""

    def step(x: Any, _: None) -> tuple[Any, None]:
        return tuple(jnp.exp(-own) for own in x), None

    return jax.lax.scan(step, start, length=steps)[0]


def compilations() -> int:
    """How many XLA compilations all `GAMES` at all `COUPLINGS` take together."""
    events: list[str] = []
    jax.monitoring.register_event_duration_secs_listener(
        lambda event, *_, **__: events.append(event)
    )
    starts = (np.linspace(-1, 1, 64), np.linspace(1, -1, 64))
    for name in GAMES:
        for coupling in COUPLINGS:
            semantics = Logistic((2, 2), coupling, BOUND)
            batch_map(_learn, starts, ParametricGame(from_catalogue(name)(), semantics), 10)
    return sum(event.endswith("backend_compile_duration") for event in events)
