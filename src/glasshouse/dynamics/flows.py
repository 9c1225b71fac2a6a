"""Learning in steps that are infinitely small: the flow of a rule."""

import dataclasses
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Bool, Float, PyTree

from glasshouse._foundation.arrays import RealArray, as_floats
from glasshouse._foundation.numbers import Numbers, Whole, number, number_array, shown, whole
from glasshouse._foundation.precision import as_numpy, in_float64
from glasshouse._foundation.programs import program
from glasshouse._foundation.results import Result
from glasshouse.dynamics.doors import check_params
from glasshouse.dynamics.endings import Crossing, Ending, at_rest, moving, returned
from glasshouse.dynamics.rest import Rest
from glasshouse.errors import InputError
from glasshouse.parametric import (
    AbstractChecked,
    AbstractParametricGame,
    Params,
    capabilities,
    require_exact,
)
from glasshouse.parametric.capabilities import require_smooth
from glasshouse.rules.base import AbstractDirection, AbstractRule, check_autonomous, moves_of
from glasshouse.rules.gradient import Gradient
from glasshouse.rules.residual import inward, scale_of

EVEN_TIMES = 101
"""Of a path, unless times are given."""

TOLERANCES_OF_A_RETURN = 1000.0
"""A cycle returns to within this many tolerances of the length of its turn."""

LEAST_STEP = 1e-15
"""Steps that would be a smaller part of the time are taken for a direction without value."""

STEPS_BACK = 6
"""Newton steps from beyond the section back to it; each doubles the digits."""

Outcome = Literal["completed", "steps_exhausted", "not_finite", "not_probabilities"]

OUTCOMES_SAID: dict[Outcome, str] = {
    "completed": "The whole time was integrated, as asked.",
    "steps_exhausted": (
        "The solver took all its steps before the time was over: raise `max_steps`, loosen "
        "`tolerance`, or take a shorter `time`."
    ),
    "not_finite": (
        "A parameter or its direction became NaN or infinite, or changes too fast for any step: "
        "take a shorter `time`, bound the parameters, or check the rule and the semantics."
    ),
    "not_probabilities": (
        "Action probabilities at the end were none: check what the semantics does at these params."
    ),
}


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Flow(Result):
    """Where a flow leads, and what it ends in.

    **Arguments:** `params`, at the end; `ending`, rest, a cycle or neither, see `Ending`; `times`
    and `path`, None or the times asked for and the params at each; `residual`, how far the end is
    from rest, see `rest_residual`, in what `relative_to` says, as in `Solution`; `steps`, of the
    solver, those that it took back included; `result`, "completed" or what went wrong, and
    `message`, the same in words; `tolerance`, of each of the solver's steps.
    """

    params: Params
    ending: Ending
    times: Float[np.ndarray, "times"] | None
    path: PyTree | None
    residual: float
    relative_to: str
    steps: int
    result: Outcome
    message: str
    tolerance: float


@in_float64
def flow(
    game: AbstractParametricGame,
    rule: AbstractDirection = Gradient(),
    params: Params | None = None,
    *,
    time: Numbers,
    save: Literal["end", "path"] = "end",
    times: Numbers | None = None,
    tolerance: Numbers = 1e-10,
    rest: Rest = Rest(),
    max_steps: Whole = 100_000,
    throw: bool = True,
) -> Flow:
    """Let all players learn in infinitely small steps: dθ/dt = the rule's direction, in the box.

    Definition: the limit of `run` with `steps · step_size = time` for small steps. At a bound what
    points out of the box is left out of the direction, and the game is never asked outside: the
    field is that of the nearest point of the box. The solver (Dormand-Prince 8(7), adaptive) meets
    the kink at a bound by steps that shrink until it does not matter to `tolerance`.

    **Arguments:** `params`, as of `run`; `time`, step sizes × steps; `save`, "end" or "path", at
    `times` from 0 to `time` (default 101 even ones); `tolerance`, absolute and relative, of a step;
    `rest`, when the end counts as rest; `max_steps` of the solver; `throw`, whether a bad end
    raises.
    **Returns:** a `Flow`. Where the end is not at rest it is followed once more for up to `time`,
    to see whether it returns three times to within 1000 tolerances of the turn's length: a cycle.
    **Raises:** `InputError` as `run`, and for rules that remember or draw, and games that draw;
    with `throw`, `RuntimeError` unless completed.

        import glasshouse as gh

        pennies = gh.NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
        game = gh.LogisticFamily(pennies, bound=float("inf"))(0.0)
        found = gh.flow(game, params=(0.1, 0.0), time=200)
        print(found.ending.kind, round(found.ending.period, 2))  # cycle 25.16
    """
    require_exact(game, "a flow")
    require_smooth(game, "a flow")
    if not isinstance(rule, AbstractRule):
        raise InputError(
            f"the second argument of flow is a rule such as Gradient(), not {type(rule).__name__}: "
            "give the start as params=…"
        )
    whole_time = number(time, "time", above=0.0)
    if save not in ("end", "path"):
        raise InputError(f"save={save!r} must be 'end' or 'path'")
    at = _times(whole_time, times, save)
    exactness = number(tolerance, "tolerance", least=1e-14, most=1e-2)
    budget = whole(max_steps, "max_steps")
    start = check_params(game, game.neutral() if params is None else params)
    check_autonomous(rule, game, as_floats(start), "a flow")
    problem = _Problem(game, rule, exactness, budget, len(at))
    solved = problem.solved(start, whole_time, times=at)
    result, has_path = _outcome(solved), save == "path"
    found = Flow(
        params=solved.params,
        ending=_ending(problem, solved, whole_time, rest),
        times=at if has_path else None,
        path=solved.path if has_path else None,
        residual=float(solved.residual),
        relative_to=scale_of(game),
        steps=int(solved.steps),
        result=result,
        message=OUTCOMES_SAID[result],
        tolerance=exactness,
    )
    if throw and result != "completed":
        raise RuntimeError(f"{found.message} Or pass throw=False.")
    return found


def _times(time: float, times: Numbers | None, save: str) -> np.ndarray:
    """When the path is saved; last the end."""
    if times is None:
        return np.linspace(0.0, time, EVEN_TIMES if save == "path" else 0)
    if save == "end":
        raise InputError("times are those of a path: add save='path'")
    found = np.asarray(number_array(times, "times", shapes=None), dtype=np.float64)
    if found.ndim != 1 or not found.size or not np.all(np.isfinite(found)):
        raise InputError(f"times must be a row of finite numbers, not {shown(times)}")
    if found[0] < 0 or found[-1] > time or np.any(np.diff(found) <= 0):
        raise InputError(f"times must rise from 0 or later to at most time={time:g}")
    return found


class _Section(eqx.Module):
    """A plane through a point; with `end`, the flow stops where a step ends beyond it."""

    origin: RealArray
    across: RealArray
    end: Bool[RealArray, ""]

    def height(self, t: Array, y: Array, args: Any, **settings: Any) -> Array:
        """Above it, from below; at the beginning, which lies on it, above."""
        return jnp.where(self.end & (t > 0), (y[:-1] - self.origin) @ self.across, 1.0)


class _Solved(eqx.Module):
    """What the solver says: of the end its velocity, too, and the length of the way there."""

    params: Params
    path: PyTree
    point: RealArray
    velocity: RealArray
    length: RealArray
    time: RealArray
    residual: RealArray
    steps: RealArray
    is_whole: RealArray
    is_out_of_steps: RealArray
    has_crossed: RealArray
    faults: RealArray | None


class _Field(eqx.Module):
    """The projected direction, all parameters in a row; of the nearest point of the box."""

    game: AbstractParametricGame
    rule: AbstractDirection
    template: Params
    state: Any

    def __call__(self, flat: Array) -> Array:
        params = self.inside(flat)
        directions, _ = self.rule.direction(self.game, params, self.state)
        players = zip(params, moves_of(params, directions), self.game.spaces, strict=True)
        moves = tuple(jax.tree.map(inward, own, d, box.lower, box.upper) for own, d, box in players)
        return ravel_pytree(moves)[0]

    def with_length(self, t: Any, y: Array, args: Any) -> Array:
        """The same, and how fast the way behind grows."""
        velocity = self(y[:-1])
        return jnp.append(velocity, jnp.sqrt(jnp.sum(velocity**2)))

    def inside(self, flat: Array) -> Params:
        """The params of a row, in the box."""
        params = ravel_pytree(self.template)[1](flat)
        pairs = zip(params, self.game.spaces, strict=True)
        return tuple(box.project(own) for own, box in pairs)


@program
def _solved(
    game: AbstractParametricGame,
    rule: AbstractDirection,
    params: Params,
    times: RealArray,
    time: RealArray,
    section: _Section,
    tolerance: RealArray,
    max_steps: int,
) -> _Solved:
    """One program for each structure of game and rule, and number of times."""
    import diffrax

    params, times = as_floats(params), jnp.asarray(times)
    field = _Field(game, rule, params, rule.init(game, params))
    pace: Any = diffrax.PIDController(
        rtol=tolerance,
        atol=tolerance,
        dtmin=LEAST_STEP * time,
        force_dtmin=False,
        norm=lambda error: jnp.max(jnp.abs(error[:-1]), initial=0.0),
    )
    saved = [diffrax.SubSaveAt(t1=True)]
    if times.size:  # they are checked by a callback, which no program that is kept on disk has
        saved.append(diffrax.SubSaveAt(ts=times))
        # What is saved is then where a step ended, and not interpolated to fewer digits.
        pace = diffrax.ClipStepSizeController(pace, step_ts=times)
    solution: Any = diffrax.diffeqsolve(
        diffrax.ODETerm(field.with_length),
        diffrax.Dopri8(),
        t0=0.0,
        t1=time,
        dt0=None,
        y0=jnp.append(ravel_pytree(params)[0], 0.0),
        stepsize_controller=pace,
        saveat=diffrax.SaveAt(subs=saved),
        event=diffrax.Event(section.height, direction=True),
        max_steps=max_steps,
        adjoint=diffrax.ForwardMode(),
        throw=False,
    )
    # The solver marks what it did not reach by infinity, which no bound is to catch.
    ends, *rows = (jnp.where(jnp.isfinite(x), x, jnp.nan) for x in solution.ys)
    end, last, faults = field.inside(ends[0, :-1]), solution.result, None
    if isinstance(game, AbstractChecked) and "checks" in capabilities(game):
        faults = game.faults(end)
    return _Solved(
        params=end,
        path=jax.vmap(field.inside)(rows[0][:, :-1] if rows else ends[:0, :-1]),
        point=ravel_pytree(end)[0],
        velocity=field(ends[0, :-1]),
        length=ends[0, -1],
        time=solution.ts[0][0],
        residual=rule.residual(game, end, field.state, jnp.ones(())),
        steps=solution.stats["num_steps"],
        is_whole=last == diffrax.RESULTS.successful,
        is_out_of_steps=last == diffrax.RESULTS.max_steps_reached,
        has_crossed=last == diffrax.RESULTS.event_occurred,
        faults=faults,
    )


class _Problem(NamedTuple):
    """What is integrated, and how exactly; `points` of a path are saved."""

    game: AbstractParametricGame
    rule: AbstractDirection
    tolerance: float
    max_steps: int
    points: int

    def solved(
        self,
        params: Params,
        time: float,
        section: _Section | None = None,
        times: np.ndarray | None = None,
    ) -> _Solved:
        """From `params` on, for a time, or until a step ends beyond a section."""
        if section is None:
            size = sum(np.size(x) for x in jax.tree.leaves(params))
            section = _Section(np.zeros(size), np.zeros(size), np.asarray(False))
        # As many as of the path, so that one program does both; repeated, they cost no steps.
        at = np.full(self.points, time) if times is None else times
        exactness, given = np.asarray(self.tolerance), (self.game, self.rule, params, at)
        found = _solved(*given, np.asarray(time), section, exactness, self.max_steps)
        return as_numpy(found)


def _outcome(solved: _Solved) -> Outcome:
    if bool(solved.is_out_of_steps):
        return "steps_exhausted"
    finite = bool(np.all(np.isfinite(solved.point))) and not np.isnan(solved.residual)
    if not (solved.is_whole and finite):
        return "not_finite"
    faulty = solved.faults is not None and bool(np.any(solved.faults))
    return "not_probabilities" if faulty else "completed"


def _ending(problem: _Problem, solved: _Solved, time: float, rest: Rest) -> Ending:
    """What the flow ends in; followed further where it does not rest."""
    if _outcome(solved) != "completed":
        return moving("the end was not reached", "time")
    if bool(rest.met(np.asarray(solved.residual))):
        return at_rest(float(solved.residual), "time")
    crossings = _followed(problem, solved, time)
    return returned(
        crossings, np.asarray(solved.point), TOLERANCES_OF_A_RETURN * problem.tolerance, "time"
    )


def _followed(problem: _Problem, end: _Solved, time: float) -> Iterator[Crossing]:
    """Forwards from the end, where the flow crosses the section through it, as long as before."""
    section = _Section(end.point, end.velocity, np.asarray(True))
    taken, length, at = 0.0, 0.0, end
    while taken < time:
        left = time - taken
        beyond = problem.solved(at.params, left, section)
        found = _back(problem, at, section, float(beyond.time)) if beyond.has_crossed else None
        if found is None:
            return
        late, at = found
        taken, length = taken + float(at.time), length + float(at.length)
        point = np.asarray(at.point) - late * np.asarray(at.velocity)
        yield Crossing(taken - late, point, length)


def _back(
    problem: _Problem, last: _Solved, section: _Section, until: float
) -> tuple[float, _Solved] | None:
    """The crossing soon before a time, by Newton's steps, and how late that still is; or None.

    Each is integrated anew from the last crossing: between the ends of its steps the solver only
    interpolates, to fewer digits.
    """
    for _ in range(STEPS_BACK):
        at = problem.solved(last.params, until)
        speed = float(at.velocity @ section.across)
        late = float((at.point - section.origin) @ section.across) / speed if speed > 0 else np.inf
        if not abs(late) < 0.5 * until:
            return None
        if abs(late) <= problem.tolerance * until:
            return late, at
        until -= late
    return None
