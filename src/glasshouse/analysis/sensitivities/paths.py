"""Sensitivities along a trajectory."""

import dataclasses
from typing import Any, ClassVar

import jax
import numpy as np
from jaxtyping import Bool, Float

from glasshouse._foundation.arrays import NotRealError, as_floats
from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.results import plain
from glasshouse.analysis.sensitivities.margins import ALIKE, check_dense, checked, obstacles, shared
from glasshouse.analysis.sensitivities.terms import all_terms
from glasshouse.dynamics.batch import CHUNK_SIZE, batch_map
from glasshouse.dynamics.driver import run
from glasshouse.dynamics.learning import Learning, check_learning, payoff_range
from glasshouse.errors import InputError
from glasshouse.parametric import AbstractParametricGame, Params
from glasshouse.parametric.dense import DenseGame

NUMBERS_TOGETHER = 1 << 21
"""Points are computed together as long as they have no more parameters than this."""


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class SensitivityPath(Evidenced):
    """`Sensitivity` at every point of a path; every array has a leading axis of points.

    **Arguments:** `cooperation`, `norms`, `alignment`, `ratio`, `threshold`, `margins` and `margin`
    as in `Sensitivity`; `applies`, where the ratio condition applies; `detail`, how they were
    found.
    """

    cooperation: Float[np.ndarray, "points owners"]
    norms: Float[np.ndarray, "points owners readers"]
    alignment: Float[np.ndarray, "points owners readers"]
    ratio: Float[np.ndarray, "points owners"]
    threshold: Float[np.ndarray, "points owners"]
    margins: Float[np.ndarray, "points owners readers"]
    margin: Float[np.ndarray, "points"]
    applies: Bool[np.ndarray, "points"]
    method: str
    detail: str

    ROWS = "along"
    HEADINGS: ClassVar = {
        "point": "point",
        "cooperation": "cooperation of player",
        "margin": "margin (per unit time)",
        "ratio": "ratio of player",
        "threshold": "threshold of player",
        "applies": "ratio decides",
    }

    @property
    def along(self) -> list[dict[str, Any]]:
        """The points in order, counted from 0, as rows of a table."""
        names = ("cooperation", "norms", "alignment", "ratio", "threshold", "margins", "margin",
                 "applies")  # fmt: skip
        columns = {name: plain(getattr(self, name)) for name in names}
        return [
            {"point": k, **{name: column[k] for name, column in columns.items()}}
            for k in range(len(self.margin))
        ]


@in_float64
def sensitivity_path(
    game: AbstractParametricGame,
    path: Params | None = None,
    *,
    start: Params | None = None,
    learning: Learning | None = None,
) -> SensitivityPath:
    """Sensitivities at every point that learners pass.

    The margins are those of the selfish gradients, whatever rule led to the points.

    **Arguments:** `game`, a `ParametricGame`; `path`, params with a leading axis of points, such as
    `Solution.path` of `run(…, save="path")`; `jax.tree.map(lambda x: x[::10], path)` is every tenth
    point of it. Without one, players learn from `start` (default neutral) by the rule, steps and
    step size of `learning` (default `Learning()`; its starts are not used).
    **Returns:** a `SensitivityPath`, in 64 bits.
    **Raises:** `InputError` for another kind of game, when the path does not fit the game, it is
    given beside how it is learned, or behaviour is not finite at one of its points.
    **Cost:** that of `sensitivity` at every point, in parallel.

        import glasshouse as gh
        from glasshouse.analysis import sensitivity_path
        from glasshouse.dynamics import Learning
        from glasshouse.rules import Lola

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        path = sensitivity_path(family(0.5), learning=Learning(Lola(1.0), steps=50))
        print(path.margin.shape)  # (51,)
    """
    game = check_dense(game)
    how = ""
    if path is None:
        path, how = _learned(game, start, Learning() if learning is None else learning)
    elif start is not None or learning is not None:
        raise InputError("sensitivity_path takes a path, or a start and learning, not both")
    points = _checked(game, path)
    leaves = jax.tree.leaves(points)
    count = len(leaves[0])
    most = max(1, NUMBERS_TOGETHER // max(1, sum(x.size for x in leaves) // count))
    terms = checked(batch_map(all_terms, points, game, chunk_size=min(CHUNK_SIZE, most)))
    fails = [np.broadcast_to(where, (count,)) for where, _ in obstacles(game, terms)]
    return SensitivityPath(
        **shared(terms),
        margin=terms.margins.sum(axis=(1, 2)),
        applies=~np.any(fails, axis=0),
        method="derivative",
        detail=f"exact derivatives at {count} points{how}, alike to {ALIKE:g}",
    )


def _learned(game: DenseGame, start: Params | None, learning: Learning) -> tuple[Params, str]:
    """All points from the start to the end of one run, and how it learned."""
    check_learning(learning, "sensitivity_path", alone=True)
    size = learning.step_size_for(payoff_range(game))
    solution = run(
        game, learning.rule, start, steps=learning.steps, step_size=size, save="path", throw=False
    )
    assert solution.path is not None
    origin = "the neutral start" if start is None else "a given start"
    return solution.path, f" of {learning.paced(size)} from {origin}"


def _checked(game: DenseGame, path: Params) -> Params:
    """The path as arrays, if every point of it has the shape of the boxes."""
    boxes = tuple(box.lower for box in game.spaces)
    try:
        points = as_floats(path)
    except NotRealError as error:
        raise InputError(f"the path must be real numbers: {error}") from error
    shapes = [np.shape(x) for x in jax.tree.leaves(points)]
    wanted = [x.shape for x in jax.tree.leaves(boxes)]
    count = shapes[0][0] if shapes and shapes[0] else 0
    alike = jax.tree.structure(points) == jax.tree.structure(boxes)
    if not (alike and count and shapes == [(count, *shape) for shape in wanted]):
        raise InputError(
            "the path must be params with one leading axis of points, such as Solution.path of "
            'run(…, save="path"), for the same game'
        )
    return points
