"""Any semantics written in JAX as a straight-line program, from what JAX sees of it."""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Literal

from glasshouse._foundation.numbers import Whole, player_number
from glasshouse._foundation.precision import in_float64
from glasshouse.analysis.tracing.arrays import (
    Array,
    Rules,
    constant_of,
    filled,
    is_objects,
    objects,
    unsupported,
)
from glasshouse.analysis.tracing.atoms import Expression
from glasshouse.analysis.tracing.elements import Unsupported, decision
from glasshouse.analysis.tracing.emission import emitted
from glasshouse.analysis.tracing.expressions import Expressions
from glasshouse.certificates.program import Program
from glasshouse.dynamics.doors import check_params
from glasshouse.errors import InputError
from glasshouse.parametric import Params, require_exact
from glasshouse.parametric.dense import DenseGame
from glasshouse.semantics.probabilities import sigmoid_pair, sigmoid_pairs

LONGEST_LOOP = 1000
"""Steps of a `jax.lax.scan` that are written out."""

CALLS = {
    "checkpoint",
    "closed_call",
    "core_call",
    "custom_jvp_call",
    "custom_vjp_call",
    "jit",
    "pjit",
    "remat",
    "remat2",
}
"""Operations that do what a function inside says."""


@in_float64
def trace(game: DenseGame, params: Params, player: Whole) -> Program:
    """Everyone's probabilities as functions of what one player does, all others staying put.

    The program computes what the semantics would in real numbers: the constants in its code and
    the others' parameters are taken as the exact numbers they are, and whatever is computed from
    them is computed in the program. Expressions are simplified without rounding so that
    intervals stay narrow: sums and factors are collected, equal terms cancel, and quotients of
    exponentials become softmax and logistic functions, free of what was subtracted for the
    floats' sake. Where `sigmoid_pair` stops shrinking beyond |x| = 708, the program does not.

    **Arguments:** `params`, one pytree per player, inside the boxes; `player`, who deviates,
    counted from 0: its numbers, leaf after leaf, are the program's inputs.
    **Returns:** the program, whose outputs are the probabilities of all actions.
    **Raises:** `InputError` when a probability depends on a JAX operation that no program
    computes, on a comparison of parameters, or on a division by zero; or there is no such player.
    **Cost:** milliseconds for a dozen operations; arrays are written out element by element.
    """
    require_exact(game, "tracing", "dense")
    player = player_number(player, len(game.spaces))
    params = check_params(game, params)

    def placed(moved: Any) -> Params:
        return (*params[:player], moved, *params[player + 1 :])

    return _traced(game, params[player], placed)


@in_float64
def trace_all(game: DenseGame) -> Program:
    """Everyone's probabilities as functions of everyone's parameters.

    **Returns:** a program as that of `trace`, whose inputs are all numbers of player 1, then those
    of player 2, and so on.
    **Raises and Cost:** as for `trace`.
    """
    require_exact(game, "tracing", "dense")
    moved = tuple(jax.tree.map(jnp.zeros_like, box.lower) for box in game.spaces)
    return _traced(game, moved, tuple)


def _traced(game: DenseGame, moved: Any, placed: Callable[[Any], Params]) -> Program:
    """The program of what `placed` makes everybody's parameters from what is moved."""
    leaves, structure = jax.tree.flatten(moved)

    def behaviours(*own: jax.Array) -> Any:
        return game.behaviours(placed(jax.tree.unflatten(structure, own))).distributions

    jaxpr, shapes = jax.make_jaxpr(behaviours, return_shape=True)(*leaves)
    expressions = Expressions(sum(leaf.size for leaf in leaves))
    inputs, own = iter(expressions.inputs), []
    for leaf in leaves:
        own.append(filled(leaf.shape, None))
        own[-1].flat = [next(inputs) for _ in range(leaf.size)]
    found = _Walk(expressions).closed(jaxpr, own)
    distributions = jax.tree.unflatten(jax.tree.structure(shapes), found)
    return emitted(expressions, [_entries(x) for x in distributions])


def _entries(distribution: Array | tuple[Array, ...]) -> list[Expression]:
    elements = [x for part in jax.tree.leaves(distribution) for x in objects(part).flat]
    for element in elements:
        if not isinstance(element, Expression):
            reason = getattr(element, "reason", f"computes the probability {element}")
            raise InputError(f"the semantics {reason}")
    return elements


class _Walk:
    """What a computation makes of expressions, one equation after the other."""

    def __init__(self, expressions: Expressions):
        self._rules = Rules(expressions)

    def closed(self, jaxpr: Any, operands: Sequence[Array]) -> list[Array]:
        """The results of a jaxpr, constants included."""
        return self.results(jaxpr.jaxpr, [constant_of(x) for x in jaxpr.consts], operands)

    def results(
        self, jaxpr: Any, constants: Sequence[Array], operands: Sequence[Array]
    ) -> list[Array]:
        """The results of a jaxpr without its constants."""
        values = dict(zip(jaxpr.constvars, constants, strict=True))
        values.update(zip(jaxpr.invars, operands, strict=True))

        def read(variable: Any) -> Array:
            return constant_of(variable.val) if isinstance(variable, Literal) else values[variable]

        for equation in jaxpr.eqns:
            found = self._equation(equation, [read(x) for x in equation.invars])
            values.update(zip(equation.outvars, found, strict=True))
        return [read(x) for x in jaxpr.outvars]

    def _equation(self, equation: Any, operands: list[Array]) -> list[Array]:
        name, params = equation.primitive.name, equation.params
        if name in CALLS:
            inner = params["call_jaxpr"] if "call_jaxpr" in params else params["jaxpr"]
            if _is_call_of(_sigmoids, equation) or _is_call_of(sigmoid_pairs, equation):
                both = operands[0], self._rules.elementwise("neg", operands[0])
                return [self._rules.elementwise("logistic", logits) for logits in both]
            if _is_call_of(jnp.logaddexp, equation):
                return [self._rules.elementwise("logaddexp", *operands)]
            if _is_call_of(jax.scipy.special.xlogy, equation):
                return [self._rules.elementwise("xlogy", *operands)]
            if isinstance(inner, ClosedJaxpr):
                return self.closed(inner, operands)
            return self.results(inner, [], operands)
        if name == "cond":
            return self._branch(equation, *operands)
        if name == "scan":
            return self._scan(equation, operands)
        return self._rules.results(equation, operands)

    def _branch(self, equation: Any, which: Array, *operands: Array) -> list[Array]:
        if is_objects(which):
            return unsupported(equation, decision("cond"))
        branches = equation.params["branches"]
        return self.closed(branches[min(max(int(which), 0), len(branches) - 1)], operands)

    def _scan(self, equation: Any, operands: list[Array]) -> list[Array]:
        params = equation.params
        length, (kept, carried) = params["length"], _kept_and_carried(params)
        if not 0 < length <= LONGEST_LOOP:
            return unsupported(equation, Unsupported(f"loops over {length} steps"))
        fixed, carry = operands[:kept], operands[kept : kept + carried]
        rows, stacks = operands[kept + len(carry) :], []
        steps = range(length)
        for k in reversed(steps) if params["reverse"] else steps:
            found = self.closed(params["jaxpr"], [*fixed, *carry, *(x[k, ...] for x in rows)])
            carry = found[: len(carry)]
            stacks.append(found[len(carry) :])
        if params["reverse"]:
            stacks.reverse()
        return [*carry, *(_stacked(x) for x in zip(*stacks, strict=True))]


def _kept_and_carried(params: dict[str, Any]) -> tuple[int, int]:
    """How many operands of a loop stay, and how many go from step to step."""
    if "num_consts" in params:
        return params["num_consts"], params["num_carry"]
    kept, carried, _ = params["ft_in"].unpack()  # from JAX 0.11 on
    return len(list(kept)), len(list(carried))


def _stacked(parts: Sequence[Array]) -> Array:
    return np.stack(parts) if any(map(is_objects, parts)) else jnp.stack(parts)


def _sigmoids(logits: jax.Array) -> tuple[jax.Array, jax.Array]:
    """`sigmoid_pair` of each."""
    function: Callable = sigmoid_pair
    for _ in range(logits.ndim):
        function = jax.vmap(function)
    return function(logits)


def _is_call_of(function: Callable, equation: Any) -> bool:
    """Whether an equation with a rule of its own for derivatives calls this function."""
    if equation.primitive.name != "custom_jvp_call":
        return False
    operands = tuple((x.aval.shape, x.aval.dtype) for x in equation.invars)
    return str(equation.params["call_jaxpr"]) in _calls_inside(function, operands)


@functools.cache
def _calls_inside(
    function: Callable, operands: tuple[tuple[tuple[int, ...], Any], ...]
) -> set[str]:
    """What JAX writes for the calls a function makes of others with rules for derivatives."""
    try:
        jaxpr = jax.make_jaxpr(function)(*(jax.ShapeDtypeStruct(*x) for x in operands))
    except (TypeError, ValueError):
        return set()  # it does not take such operands
    return set(_calls_of(jaxpr))


def _calls_of(jaxpr: Any) -> Iterator[str]:
    """Of a function compiled as a whole, too, which not every version of JAX writes out."""
    for equation in jaxpr.eqns:
        if "call_jaxpr" in equation.params:
            yield str(equation.params["call_jaxpr"])
        elif equation.primitive.name in CALLS:
            yield from _calls_of(equation.params["jaxpr"])
