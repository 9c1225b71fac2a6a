"""The one driver: apply a rule for a number of steps."""

from collections.abc import Callable
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, PRNGKeyArray, PyTree

from glasshouse._foundation.arrays import RealArray, as_floats, is_traced
from glasshouse._foundation.forward import forward_only
from glasshouse._foundation.numbers import (
    Numbers,
    Whole,
)
from glasshouse._foundation.precision import fresh, in_float64, inside_transformation
from glasshouse._foundation.programs import program
from glasshouse.dynamics.doors import check_options, check_params, check_precision
from glasshouse.dynamics.rest import NO_GRADIENT, Rest
from glasshouse.dynamics.solution import RESULTS, Solution
from glasshouse.errors import InputError
from glasshouse.games.base import UNROLL_LIMIT
from glasshouse.parametric import (
    AbstractChecked,
    AbstractParametricGame,
    Layout,
    Params,
    capabilities,
)
from glasshouse.parametric.capabilities import needs_key, unit_of
from glasshouse.rules.base import AbstractRule
from glasshouse.rules.conditional import check_suits
from glasshouse.rules.gradient import Gradient
from glasshouse.rules.residual import scale_of


def run(
    game: AbstractParametricGame,
    rule: AbstractRule = Gradient(),
    params: Params | None = None,
    *,
    steps: Whole,
    step_size: Numbers,
    stop: Rest | None = None,
    save: Literal["end", "path"] = "end",
    key: PRNGKeyArray | None = None,
    throw: bool = True,
) -> Solution:
    """Let all players learn at once, by one rule or a line-up: params ← rule.step(params).

    Computes in 64 bits and gives NumPy arrays, whatever JAX is set to. Works under `jax.jit` and
    `jax.vmap` over params, couplings, payoffs, step sizes and keys, in the precision used there;
    under `jax.grad` only without `stop`.
    **Arguments:** `params`, the start, one pytree per player (default: the neutral
    profile, every box in its middle, or nearest to zero where unbounded); `steps`, the most
    steps to take; `step_size`, parameter units per step and unit of direction; `stop`, a `Rest`
    criterion or None for a fixed number of steps; `save`, "end" or "path"; `key`, for rules and
    games that draw random numbers; `throw`, whether a run that ends badly raises.
    **Returns:** a `Solution`, whose `result` says how the run ended.
    **Raises:** `InputError` for a start outside the box or a `steps` or `save` that cannot be;
    with `throw`, `RuntimeError` for every result other than converged or completed, naming the
    player and the step where a semantics stopped giving probabilities.
    **Cost:** `steps` updates; memory for one point, or for all of them with `save="path"`.

        import glasshouse as gh
        from glasshouse.dynamics import RESULTS, Rest

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        end = gh.run(family(0.8), params=(0.5, 0.1), steps=5000, step_size=0.1, stop=Rest())
        print(end.result == RESULTS.converged)  # True
        print([round(float(x), 4) for x in end.params])  # [3.0, -2.0065]
    """
    if not isinstance(game, AbstractParametricGame):
        raise InputError(
            f"run takes a parametric game, not {type(game).__name__}: make one as "
            "ParametricGame(game, semantics), or call a family at a coupling"
        )
    if not isinstance(rule, AbstractRule):
        raise InputError(
            f"the second argument of run is a rule such as Gradient(), not {type(rule).__name__}: "
            "give the start as params=…, and an Optax transformation as Transformed(Gradient(), …)"
        )
    needs_key(game, key, "run")
    if params is None:
        params = game.neutral()
    params = check_params(game, params)
    steps, size = check_options(steps, step_size)
    if save not in ("end", "path"):
        raise InputError(f"save={save!r} must be 'end' or 'path'")
    settings = (game, rule, params, size, stop, key)
    if is_traced(settings) or inside_transformation():
        check_precision(game)
        solution = _learned(*fresh(settings), steps=steps, save=save)
        if stop is not None:  # JAX goes back through no loop that ends by itself
            solution = forward_only(solution, NO_GRADIENT)
        return _unless_it_ends_badly(solution) if throw else solution
    check_suits(rule, game)
    size = np.asarray(size)  # a number of its own would be a program of its own
    solution = _compiled(game, rule, params, size, stop, key, steps=steps, save=save)
    if throw and solution.result not in GOOD:
        faults = solution.faults
        said = (
            RESULTS[solution.result]
            if faults is None
            else _first_fault(solution.result, np.asarray(faults))
        )
        raise RuntimeError(f"{said} Or pass throw=False.")
    return solution


def _learned(
    game: AbstractParametricGame,
    rule: AbstractRule,
    params: Params,
    step_size: RealArray | float,
    stop: Rest | None,
    key: PRNGKeyArray | None,
    *,
    steps: int,
    save: str,
) -> Solution:
    params = as_floats(params)
    inside = jnp.all(
        jnp.stack([box.contains(x) for box, x in zip(game.spaces, params, strict=True)])
    )
    step = _Step(game, rule, jnp.asarray(step_size, dtype=float), key)
    (end, state, taken, faults), path = _walked(step, params, steps, stop, save)
    residual = step.residual(end, state)
    result = _result(end, residual, inside, stop, faults)
    if path is not None:
        path = jax.tree.map(lambda x, xs: jnp.concatenate([x[None], xs]), params, path)
    return Solution(end, path, taken, residual, result, faults, scale_of(game), unit_of(game))


def end_of(
    game: AbstractParametricGame,
    rule: AbstractRule,
    params: Params,
    step_size: RealArray,
    stop: Rest | None,
    key: PRNGKeyArray | None,
    steps: int,
) -> tuple[Params, Array]:
    """Where a run ends and the steps it took, for who looks at the end itself: nothing is checked,
    and how the run ended is not traced in vain."""
    step = _Step(game, rule, jnp.asarray(step_size, dtype=float), key)
    (end, _, taken, _), _ = _walked(step, as_floats(params), steps, stop, "end")
    return end, taken


def some_blocks(
    game: AbstractParametricGame,
    rule: AbstractRule,
    carry: tuple[Params, Any, Array],
    step_size: RealArray,
    key: PRNGKeyArray | None,
    length: int,
    times: Array,
) -> tuple[tuple[Params, Any, Array], RealArray]:
    """A run gone on with for `times` blocks of `length` steps, and how far from rest it then is.

    **Arguments:** `carry`, params, the rule's state and steps taken so far; `times`, the same for
    all members of a batch, so that one program serves for any number.
    """
    step = _Step(game, rule, jnp.asarray(step_size, dtype=float), key)
    begun = (*carry, step.faults(carry[0], carry[2], None))
    *end, _ = jax.lax.fori_loop(
        0, times, lambda _, x: _drive(step, x, length, None, "end")[0], begun
    )
    params, state, taken = end
    return (params, state, taken), step.residual(params, state)


def onward(
    game: AbstractParametricGame,
    rule: AbstractRule,
    params: Params,
    step_size: RealArray,
    key: PRNGKeyArray | None,
    steps: int,
    more: int,
) -> tuple[Params, RealArray, Params, Any]:
    """Where a run is after so many steps, how far from rest, where after each of `more`, and the
    rule's state then."""
    step = _Step(game, rule, jnp.asarray(step_size, dtype=float), key)
    carry, _ = _walked(step, as_floats(params), steps, None, "end")
    (_, state, *_), path = _drive(step, carry, more, None, "path")
    return carry[0], step.residual(carry[0], carry[1]), path, state


def _walked(
    step: "_Step", params: Params, steps: int, stop: Rest | None, save: str
) -> tuple["Carry", Any]:
    faults = step.faults(params, jnp.asarray(0), None)
    state = step.rule.init(step.game, params, step.key)
    return _drive(step, (params, state, jnp.asarray(0), faults), steps, stop, save)


_compiled = in_float64(program(_learned))
"""One program for each structure of game, rule and settings, in 64 bits."""

GOOD = (RESULTS.completed, RESULTS.converged)
"""How a run should end."""


Carry = tuple[Params, Any, Array, Array | None]
"""Params, the rule's state, steps taken, and at which step players first failed, if looked at."""

NONE_YET = -1


class _Step(eqx.Module):
    """One learning step as a `lax.scan` body; a parameter that left the reals stays NaN."""

    game: AbstractParametricGame
    rule: AbstractRule
    step_size: Array
    key: PRNGKeyArray | None

    def __call__(self, carry: Carry) -> Carry:
        params, state, taken, faults = carry
        key = None if self.key is None else jax.random.fold_in(self.key, taken)
        params, state = self.rule.step(self.game, params, state, self.step_size, key)
        faults = self._failed_params(params, taken, faults)
        return params, state, taken + 1, self.faults(params, taken + 1, faults)

    def residual(self, params: Params, state: Any) -> RealArray:
        return self.rule.residual(self.game, params, state, self.step_size, self.key)

    def faults(self, params: Params, taken: Array, before: Array | None) -> Array | None:
        """After which step each player's action probabilities were first none, NONE_YET before."""
        game, found = self.game, None
        if isinstance(game, AbstractChecked) and "checks" in capabilities(game):
            found = game.faults(params)
        if found is None:
            return None
        before = jnp.full(found.shape, NONE_YET) if before is None else before
        return jnp.where((before == NONE_YET) & found, taken, before)

    def _failed_params(self, params: Params, taken: Array, before: Any) -> Array | None:
        """The same for params: a player's NaN reaches the others' behaviour a step later."""
        if before is None or self.game.layout is not Layout.separate:
            return before
        finite = [jax.tree.map(lambda x: jnp.all(jnp.isfinite(x)), own) for own in params]
        found = jnp.stack([~jnp.all(jnp.stack(jax.tree.leaves(own))) for own in finite])
        # One player's NaN behaviour makes everybody's gradient NaN: only who failed first counts.
        return jnp.where(jnp.all(before == NONE_YET) & found, taken, before)


def _entries(tree: PyTree) -> tuple[list[tuple[Array, ...]], Callable[[list], PyTree]]:
    """The numbers in the small arrays of `tree` one by one, and how to put them together again.

    Split before a loop, what differs between the members of a batch is contiguous inside it; XLA
    cancels the stacking against the slices that read it.
    """
    small, rest = eqx.partition(
        tree, lambda x: eqx.is_array(x) and x.ndim > 0 and x.size <= UNROLL_LIMIT
    )
    leaves, structure = jax.tree.flatten(small)

    def joined(entries: list) -> PyTree:
        whole = [jnp.stack(e).reshape(x.shape) for e, x in zip(entries, leaves, strict=True)]
        return eqx.combine(jax.tree.unflatten(structure, whole), rest)

    return [tuple(jnp.ravel(x)) for x in leaves], joined


def _drive(step: _Step, carry: Any, steps: int, stop: Rest | None, save: str) -> tuple[Any, Any]:
    """Take the steps, in blocks of `stop.every` between which rest is tested."""

    def block(carry: Any, length: int) -> tuple[Any, Any]:
        entries, joined = _entries(step)

        def body(carry, _):
            carry = joined(entries)(carry)
            return carry, carry[0] if save == "path" else None

        return jax.lax.scan(body, carry, length=length)

    if stop is None:
        return block(carry, steps)

    def moving(carry: Any) -> Bool[RealArray, ""]:
        residual = step.residual(carry[0], carry[1])
        return ~stop.met(residual) & ~jnp.isnan(residual)  # from NaN nothing can follow

    def gated(carry: Any, length: int) -> tuple[Any, Any]:
        return jax.lax.cond(
            moving(carry), lambda c: block(c, length), lambda c: (c, still(c, length)), carry
        )

    def still(carry: Any, length: int) -> Any:
        if save != "path":
            return None
        return jax.tree.map(lambda x: jnp.broadcast_to(x, (length, *x.shape)), carry[0])

    # What is empty is left out: a last block that is shorter is traced and compiled by itself, and
    # uncompiled, JAX refuses loops of no steps.
    blocks, rest = divmod(steps, stop.every)
    if save == "path":
        if not blocks:
            return gated(carry, rest)
        carry, path = jax.lax.scan(lambda c, _: gated(c, stop.every), carry, length=blocks)
        path = jax.tree.map(lambda x: x.reshape(blocks * stop.every, *x.shape[2:]), path)
        if not rest:
            return carry, path
        carry, tail = gated(carry, rest)
        return carry, jax.tree.map(lambda a, b: jnp.concatenate([a, b]), path, tail)
    carry = jax.lax.while_loop(
        lambda c: (c[2] < blocks * stop.every) & moving(c),
        lambda c: block(c, stop.every)[0],
        carry,
    )
    return gated(carry, rest) if rest else (carry, None)


def _result(
    end: Params, residual: RealArray, inside: RealArray, stop: Rest | None, faults: RealArray | None
) -> RESULTS:
    if stop is None:
        result = RESULTS.completed
    else:
        result = RESULTS.where(stop.met(residual), RESULTS.converged, RESULTS.steps_exhausted)
    finite = [jnp.all(jnp.isfinite(x)) for x in jax.tree.leaves(end)] + [~jnp.isnan(residual)]
    result = RESULTS.where(jnp.all(jnp.stack(finite)), result, RESULTS.not_finite)
    if faults is not None:
        result = RESULTS.where(jnp.all(faults == NONE_YET), result, RESULTS.not_probabilities)
    return RESULTS.where(inside, result, RESULTS.start_outside_box)


def _unless_it_ends_badly(solution: Solution) -> Solution:
    """The same, with an error that is raised while the caller's transformation runs."""
    end, result = solution.params, solution.result
    bad_ends = ("not_probabilities", "steps_exhausted", "not_finite", "start_outside_box")
    for bad in (getattr(RESULTS, name) for name in bad_ends):
        end = eqx.error_if(end, result == bad, RESULTS[bad] + " Or pass throw=False.")
    return eqx.tree_at(lambda found: found.params, solution, end)


def _first_fault(result: RESULTS, faults: np.ndarray) -> str:
    """The message, with who failed first and when, as far as players were looked at."""
    failed = np.flatnonzero(faults != NONE_YET)
    if not failed.size:
        return RESULTS[result]
    first = faults[failed].min()
    names = [str(player + 1) for player in failed if faults[player] == first]
    who = f"Player {names[0]}" if len(names) == 1 else f"Players {' and '.join(names)}"
    when = f"after step {first}" if first else "at the start"
    message = RESULTS[result]
    return f"{who}, {when}: {message[0].lower()}{message[1:]}"
