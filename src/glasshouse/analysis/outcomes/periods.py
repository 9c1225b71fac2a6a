"""What learning in finite steps ends in: rest, a cycle of so many steps, chaos, or neither."""

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Whole, whole
from glasshouse._foundation.precision import in_float64
from glasshouse.analysis.outcomes.generic import AT_REST, Share
from glasshouse.dynamics.batch import batch_map, taken_from
from glasshouse.dynamics.driver import onward
from glasshouse.dynamics.endings import SHORTEST_TURN, TURNS_IN_A_ROW
from glasshouse.dynamics.learning import Learning, begun, check_learning
from glasshouse.dynamics.parting import parting
from glasshouse.errors import InputError
from glasshouse.parametric import AbstractParametricGame, Params, Tied, require_exact
from glasshouse.parametric.capabilities import listed
from glasshouse.rules.base import AbstractRule, drawn_by, in_words

TOLERANCE = 1e-6
"""So near, in lengths of a turn, does a run come back to where it was."""

WATCHED_BLOCKS, WATCHED_STEPS = 10, 100
"""Runs that neither rest nor come back are watched for so many blocks of so many steps."""

PARTING = 0.01
"""So fast, per step, do runs part where it is called chaos: on turns that never close what is
measured over so many steps is not quite 0."""

PARTING_ERRORS = 3.0
"""By so many standard errors over the blocks."""


@dataclasses.dataclass(frozen=True, repr=False)
class Periods(Evidenced):
    """What runs in finite steps end in, by the steps after which they come back.

    **Arguments:** `rest`, runs at rest where not all parameters are at a bound; `corner`, at rest
    where all are; `cycle`, runs that come back after two or more steps; `chaotic`, runs that do
    neither, and from which those beside them part; `moving`, all others: turns that never close,
    and what had not settled; `period`, of all runs that have one (1 at rest) where it is the
    same, else None; `exponent`, the largest Lyapunov exponent measured, None unless some are
    chaotic, natural logarithm per step.
    """

    rest: Share
    corner: Share
    cycle: Share
    chaotic: Share
    moving: Share
    period: int | None
    exponent: float | None
    method: str
    detail: str


@in_float64
def periods(
    games: Sequence[AbstractParametricGame], learning: Learning = Learning(), *, longest: Whole = 16
) -> list[Periods]:
    """Whether learning in steps of this size ends at rest, in a cycle, in chaos, or in neither.

    Definition: at rest where the relative residual is at most 1e-6. Otherwise a cycle of k steps
    where k, 2k and 3k steps later the run is back to within 1e-6 of the way it went;
    k is the least such number. Otherwise chaotic where over 1000 more steps the largest Lyapunov
    exponent exceeds .01 by three standard errors over blocks of 100: measured, not proved, and a
    run may settle later. "Moving" is the rest: quasi-periodic turns, cycles longer than
    `longest`, and what has not settled.

    **Arguments:** `games`, alike in structure; `learning`, all of whose steps are taken;
    `longest`, the longest cycle that is looked for.
    **Raises:** `InputError` where the rule or the payoffs draw, or learning has a `stop`.
    **Cost:** games x starts x (steps + 3 longest) learning steps, and 1100 with their derivative
    for each run that neither rests nor comes back.

        import glasshouse as gh
        from glasshouse.dynamics import Learning, Starts

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=8.0)
        tied = Learning(step_size=18.1, tied=True, starts=Starts(20))
        (found,) = gh.analysis.periods([family(0.5)], tied)
        print(found.cycle.value, found.period)  # 1.0 2
    """
    games = listed(games, "periods")
    require_exact(games[0], "telling rest from cycles")
    check_learning(learning, "periods")
    longest = whole(longest, "longest", least=2, most=10_000)
    if learning.stop is not None:
        raise InputError("periods takes all steps of learning: leave stop out")
    if drawn_by(learning.rule):
        raise InputError(f"{in_words(learning.rule)} draws at random: it comes back to nothing")
    played = [Tied(game) for game in games] if learning.tied else games
    size, (batch, drawn, _) = begun(played, learning)
    members, count = (batch, drawn), learning.starts.runs
    settings = (learning.rule, learning.steps, np.asarray(size), longest)
    found, corner, finite, later = batch_map(_period, members, *settings)
    exponents = np.full(found.shape, np.nan)
    wandering = np.flatnonzero((found == 0) & finite)
    if wandering.size:
        who = taken_from((members[0], later), wandering)
        grown = batch_map(_grown, who, learning.rule, np.asarray(size))
        error = grown.std(axis=1, ddof=1) / np.sqrt(WATCHED_BLOCKS)
        mean = grown.mean(axis=1)
        parts = mean - PARTING_ERRORS * error > PARTING
        exponents[wandering] = np.where(parts, mean, np.nan)
    detail = (
        f"{learning.starts}, {learning.taken(size)}; cycles of up to {longest} steps; chaos where "
        f"the Lyapunov exponent of {WATCHED_BLOCKS * WATCHED_STEPS} more exceeds {PARTING:g}"
    )
    each = (x.reshape(len(games), count) for x in (found, corner, finite, exponents))
    return [_counted(k[ok], at[ok], e[ok], detail) for k, at, ok, e in zip(*each, strict=True)]


def _period(
    member: tuple[AbstractParametricGame, Params],
    rule: AbstractRule,
    steps: int,
    step_size: RealArray,
    longest: int,
) -> tuple[Array, Array, Array, tuple[Params, PyTree]]:
    """After how many steps a run comes back, 0 for never; whether at a corner; whether finite; and
    where it then is, with the rule's state."""
    game, start = member
    start = tuple(box.project(x) for box, x in zip(game.spaces, start, strict=True))
    more = TURNS_IN_A_ROW * longest
    end, residual, path, state = onward(game, rule, start, step_size, None, steps, more)
    here, later = _flat(end), jax.vmap(_flat)(path)
    lower, upper = _flat([b.lower for b in game.spaces]), _flat([b.upper for b in game.spaces])
    points = jnp.concatenate([here[None], later])
    lengths = jnp.cumsum(jnp.linalg.norm(jnp.diff(points, axis=0), axis=1))
    shortest = SHORTEST_TURN * jnp.maximum(1.0, jnp.abs(here).max())
    near = jnp.linalg.norm(later - here, axis=1) <= TOLERANCE * lengths
    turns = np.arange(1, longest + 1)
    back = jnp.stack([near[k * turns - 1] for k in range(1, TURNS_IN_A_ROW + 1)]).all(axis=0)
    back &= (lengths[turns - 1] > shortest) & (turns > 1)
    period = jnp.where(residual <= AT_REST, 1, jnp.where(back.any(), jnp.argmax(back) + 1, 0))
    corner = jnp.all((here <= lower) | (here >= upper)) & (period == 1)
    last = jax.tree.map(lambda x: x[-1], path)
    return period, corner, jnp.all(jnp.isfinite(here)), (last, state)


def _grown(
    member: tuple[AbstractParametricGame, tuple[Params, PyTree]],
    rule: AbstractRule,
    step_size: RealArray,
) -> Float[Array, " blocks"]:
    game, (params, state) = member
    return parting(
        game, rule, params, state, step_size, blocks=WATCHED_BLOCKS, length=WATCHED_STEPS
    )


def _flat(params: PyTree) -> Float[Array, "numbers"]:
    return jnp.concatenate([jnp.ravel(jnp.asarray(x)) for x in jax.tree.leaves(params)])


def _counted(found: np.ndarray, corner: np.ndarray, exponents: np.ndarray, detail: str) -> Periods:
    runs, known, chaotic = len(found), np.unique(found), np.isfinite(exponents)
    return Periods(
        rest=Share(int(((found == 1) & ~corner).sum()), runs),
        corner=Share(int(corner.sum()), runs),
        cycle=Share(int((found > 1).sum()), runs),
        chaotic=Share(int(chaotic.sum()), runs),
        moving=Share(int(((found == 0) & ~chaotic).sum()), runs),
        period=int(known[0]) if len(known) == 1 and known[0] else None,
        exponent=float(exponents[chaotic].max()) if chaotic.any() else None,
        method="learned",
        detail=detail,
    )
