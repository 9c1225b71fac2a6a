"""How players learn, as one value; and the one place that learns many times at once."""

import contextlib
import contextvars
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.numbers import HeldFloat, HeldInt, number, whole
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.random import Purpose, key_of, keys
from glasshouse._foundation.results import Result
from glasshouse.dynamics.batch import batch_map, repeat, stack
from glasshouse.dynamics.doors import check_steps, innermost
from glasshouse.dynamics.driver import end_of
from glasshouse.dynamics.games import Games
from glasshouse.dynamics.rest import Rest, rest_residual
from glasshouse.dynamics.starts import Starts, starting_points
from glasshouse.errors import InputError
from glasshouse.parametric import AbstractParametricGame, Params, Tied, capabilities
from glasshouse.parametric.capabilities import listed
from glasshouse.rules.base import (
    ANEW,
    AbstractRule,
    drawn_by,
    in_words,
    largest_pace,
    of_words,
)
from glasshouse.rules.conditional import AbstractConditional, conditional_inside
from glasshouse.rules.gradient import Gradient

if TYPE_CHECKING:  # what is held; anything may be given, and is refused with an advice
    HeldRule: TypeAlias = AbstractRule
    HeldStarts: TypeAlias = Starts
    HeldStop: TypeAlias = Rest | None
    HeldFlag: TypeAlias = bool
else:
    HeldRule = HeldStarts = HeldStop = HeldFlag = Any

SHARE_OF_RANGE = 0.5
"""A step size that is left open is this over the largest payoff range, whatever payoffs' unit."""


@dataclasses.dataclass(frozen=True, repr=False)
class Learning(Result):
    """How players learn: by which rule, from where, in how many steps and of which size.

    Every analysis of what learning does takes one of these.

    **Arguments:** `rule`, one of `glasshouse.rules`, or a line-up `PerPlayer`; `step_size`,
    parameter units per step and unit of direction, None for ½ over the largest payoff range;
    `steps`, the most to take; `stop`, a `Rest` criterion, or None for all steps; `starts`; `tied`,
    whether all players share one parameter, each contributing its own selfish gradient; `seed` of
    what rules draw, and games whose payoffs are drawn: run k draws the same however many there are.
    **Raises:** `InputError` for what is no rule, and numbers that cannot be.

        from glasshouse.dynamics import Learning, Starts
        from glasshouse.rules import Lola

        learning = Learning(rule=Lola(1.0), steps=2000, starts=Starts(100, seed=1))
    """

    rule: HeldRule = dataclasses.field(default_factory=Gradient)
    step_size: HeldFloat | None = 0.1
    steps: HeldInt = 6000
    stop: HeldStop = None
    starts: HeldStarts = dataclasses.field(default_factory=Starts)
    tied: HeldFlag = False
    seed: HeldInt = 0

    def __post_init__(self):
        if not isinstance(self.rule, AbstractRule):
            raise InputError(
                f"rule must be a rule such as Gradient(), not {type(self.rule).__name__}"
            )
        if not isinstance(self.starts, Starts):
            raise InputError(f"starts must be Starts(…), not {type(self.starts).__name__}")
        if self.stop is not None and not isinstance(self.stop, Rest):
            raise InputError(f"stop must be Rest(…) or None, not {self.stop!r:.40}")
        if self.stop is not None and ANEW in drawn_by(self.rule):
            raise InputError(
                f"{in_words(self.rule)} draws at every step, and so never rests: leave stop out"
            )
        if not isinstance(self.tied, bool):
            raise InputError(f"tied must be True or False, not {self.tied!r:.40}")
        object.__setattr__(self, "steps", check_steps(self.steps))
        object.__setattr__(self, "seed", whole(self.seed, "seed", least=0, most=2**32 - 1))
        if self.step_size is not None:
            size = number(self.step_size, "step_size", above=0.0)
            object.__setattr__(self, "step_size", size)

    def step_size_for(self, payoff_range: float) -> float:
        """The step size in games whose payoffs range over at most so much."""
        if self.step_size is not None:
            return float(self.step_size)
        return SHARE_OF_RANGE / (payoff_range or 1.0)

    @property
    def largest_step(self) -> float:
        """The largest step size of a player; 0 where it follows the payoffs' range."""
        return 0.0 if self.step_size is None else float(self.step_size) * largest_pace(self.rule)

    @property
    def learners(self) -> str:
        """Who learns like this, in sentences: "selfish learners"."""
        return "selfish learners" if self.rule.selfish else f"learners by {in_words(self.rule)}"

    @property
    def in_words(self) -> str:
        """How everybody learns, as a sentence without its end."""
        if self.rule.selfish:
            return "Everyone follows the gradient of its own payoff"
        return f"Players learn by {in_words(self.rule)}"

    def paced(self, step_size: float) -> str:
        """How many steps of which size and rule, in words; selfish gradients go without saying."""
        return f"{self.steps} steps of {step_size:g}{of_words(self.rule)}"

    def taken(self, step_size: float) -> str:
        """The same, and when runs stop before."""
        if self.stop is None:
            return self.paced(step_size)
        return f"at most {self.paced(step_size)}, {self.stop.in_words}"


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Ends(Result):
    """Where learning ended, from every start in every game.

    **Arguments:** `params`, with two leading axes, games and runs; `residuals`, how far from rest
    under the rule, see `rest_residual`; `steps` taken; `observed`, what `observe` gave at the ends,
    with the same leading axes; `detail`, how it was learned, in words.
    """

    params: Params
    residuals: Float[np.ndarray, "*games runs"]
    steps: Int[np.ndarray, "*games runs"]
    observed: Any
    detail: str


Observe = Callable[[AbstractParametricGame, Params], PyTree]


@in_float64
def learn(
    games: Sequence[AbstractParametricGame],
    learning: Learning = Learning(),
    observe: Observe | None = None,
    *,
    judged: bool = True,
) -> Ends:
    """Let players learn in every game from every start, all together.

    **Arguments:** `games`, alike in structure (one game at many couplings, say); `observe(game,
    params)`, what to compute at every end, a function of the module level in `jax.numpy`;
    `judged`, whether it is judged how far from rest they are: otherwise `residuals` are NaN, and
    half as much is compiled.
    **Raises:** `InputError` when there is no game, the starts do not fit its boxes, or the rule
    cannot learn in it.
    **Cost:** games × starts × steps learning steps, compiled once per structure.

        import glasshouse as gh
        from glasshouse.analysis import cooperation
        from glasshouse.dynamics import Learning, Starts, learn

        family = gh.LogisticFamily(gh.load_game("stag_hunt"), bound=3.0)
        ends = learn([family(0.2)], Learning(steps=500, starts=Starts(10)), cooperation)
        print(ends.observed.shape)  # (1, 10, 2)
    """
    games = listed(games, "learn")
    check_learning(learning, "learn")
    played = [Tied(game) for game in games] if learning.tied else games
    memory = _memory.get()
    if memory is not None and (known := memory.recalled(played, learning, observe)):
        return known
    open_size = learning.step_size is None
    size = learning.step_size_for(max(map(payoff_range, games)) if open_size else 1.0)
    batch, count = stack(played), learning.starts.runs
    for rule in conditional_inside(learning.rule):
        rule.refuse(batch_map(_obstacles, batch, rule), played[0])
    drawn = starting_points(Games(batch, len(played)), learning.starts)  # looks at one, if alike
    data = _keys(played[0], learning.rule, learning.seed, count, len(games))
    settings = (learning.rule, learning.steps, np.asarray(size), learning.stop, observe, judged)
    found = batch_map(_learn, (repeat(batch, count), drawn, data), *settings)
    shape = (len(games), count)
    params, residuals, steps, observed = jax.tree.map(
        lambda x: x.reshape(*shape, *x.shape[1:]), found
    )
    ends = Ends(params, residuals, steps, observed, f"{learning.starts}, {learning.taken(size)}")
    if memory is not None and judged and not open_size:
        memory.keep(played, learning, observe, ends)
    return ends


class _Memory:
    """Where one game ended that learned among others."""

    def __init__(self, game: AbstractParametricGame):
        self._game = game
        self._kept: list[tuple[Learning, Observe | None, Ends]] = []

    def recalled(
        self, games: Sequence[AbstractParametricGame], learning: Learning, observe: Observe | None
    ) -> Ends | None:
        """Where it ended, if it alone is asked for and has learned just so."""
        if len(games) > 1 or self._place(games, learning) is None:
            return None
        for known, seen, ends in self._kept:
            if known == learning and seen == observe:
                return ends
        return None

    def keep(
        self,
        games: Sequence[AbstractParametricGame],
        learning: Learning,
        observe: Observe | None,
        ends: Ends,
    ) -> None:
        """Remember where it ended, if it is among the games."""
        k = self._place(games, learning)
        if k is not None:
            parts = (ends.params, ends.residuals, ends.steps, ends.observed)
            params, residuals, steps, observed = jax.tree.map(lambda x: x[k : k + 1].copy(), parts)
            own = Ends(params, residuals, steps, observed, ends.detail)
            self._kept.append((learning, observe, own))

    def _place(self, games: Sequence[AbstractParametricGame], learning: Learning) -> int | None:
        own = Tied(self._game) if learning.tied else self._game
        return next((k for k, game in enumerate(games) if _is_same(game, own)), None)


def _is_same(game: PyTree, other: PyTree) -> bool:
    """Whether games are alike in structure, and equal in every number."""
    (leaves, structure), (others, wanted) = jax.tree.flatten(game), jax.tree.flatten(other)
    return structure == wanted and all(map(np.array_equal, leaves, others))


_memory: contextvars.ContextVar[_Memory | None] = contextvars.ContextVar("ends", default=None)


@contextlib.contextmanager
def remembering(game: AbstractParametricGame) -> Iterator[None]:
    """Inside, what this game has learned among others it does not learn again alone.

    Alone it is computed by another program, which may round otherwise: the ends are then those of
    the sweep. A step size that is left open depends on all the games, and is not remembered.
    """
    before = _memory.set(_Memory(game))
    try:
        yield
    finally:
        _memory.reset(before)


def check_learning(learning: Any, who: str, *, alone: bool = False) -> Learning:
    """The way of learning.

    **Arguments:** `alone`, whether `who` takes neither tied players nor a stop criterion.
    **Raises:** `InputError` for anything else, a bare rule above all.
    """
    if not isinstance(learning, Learning):
        inside = f"{type(learning).__name__}(…)" if isinstance(learning, AbstractRule) else "…"
        raise InputError(
            f"learning must be Learning({inside}), not {type(learning).__name__}: {who} takes it"
        )
    if alone and (learning.tied or learning.stop is not None):
        which = "tied players" if learning.tied else "a stop criterion"
        raise InputError(f"{who} does not know {which}: leave it out of learning")
    return learning


def _learn(
    member: tuple[AbstractParametricGame, Params, RealArray | None],
    rule: AbstractRule,
    steps: int,
    step_size: RealArray,
    stop: Rest | None,
    observe: Observe | None,
    judged: bool,
) -> tuple[Params, RealArray, RealArray, PyTree]:
    game, start, data = member
    key = None if data is None else key_of(data)
    start = tuple(box.project(x) for box, x in zip(game.spaces, start, strict=True))
    end, taken = end_of(game, rule, start, step_size, stop, key, steps)
    # In a branch, which is always taken: elsewhere XLA spreads this over threads of its own, and
    # waits for them while batch_map keeps all cores busy.
    residual = jax.lax.cond(
        taken >= 0,
        lambda x: rest_residual(game, x, rule, key) if judged else jnp.array(jnp.nan),
        lambda x: jnp.array(jnp.inf),
        end,
    )
    return end, residual, taken, None if observe is None else observe(game, end)


def _obstacles(game: AbstractParametricGame, rule: AbstractConditional) -> RealArray:
    """Why a rule cannot learn in a game: what its `check` refuses, in one program for all."""
    return rule.obstacles(game)


def _keys(
    game: AbstractParametricGame, rule: AbstractRule, seed: int, count: int, games: int
) -> np.ndarray | None:
    """What each run draws with, the same in every game; None where nothing is drawn."""
    if "sampled" not in capabilities(game) and not drawn_by(rule):
        return None
    return np.tile(keys(seed, Purpose.LEARNING, count)[:, 0], (games, 1))


def payoff_range(game: Any) -> float:
    """The largest range of a player's payoffs in the game inside; 1 where that is not known."""
    game = innermost(game)
    return float(np.max(game.payoff_ranges)) if hasattr(game, "payoff_ranges") else 1.0
