"""What JAX operations make of arrays of exact expressions.

Such an array is a NumPy array of objects. Whole numbers, truth values and random keys depend on
no parameter: they stay what JAX computes.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax.numpy as jnp
import numpy as np

from glasshouse.analysis.tracing.choices import Decision
from glasshouse.analysis.tracing.elements import (
    COMPARISONS,
    ELEMENTWISE,
    LOGIC,
    Rule,
    Unsupported,
    decision,
    exact,
    logic,
    operation,
    selected,
    whole_constant,
)
from glasshouse.analysis.tracing.expressions import Expressions

Array: TypeAlias = Any
"""An array of objects, or one of whole numbers, truth values or keys."""

COPIES = {"copy", "copy_p", "optimization_barrier", "stop_gradient"}

REDUCTIONS = {
    "reduce_max": "max",
    "reduce_min": "min",
    "reduce_prod": "product",
    "reduce_sum": "add",
}
"""Operations over whole axes, by the rule for the elements of a row."""

RUNNING = {"cumsum": "add", "cumprod": "mul", "cummax": "max", "cummin": "min"}
"""Running ones along an axis, by the rule for two elements."""


def _broadcast(params: dict[str, Any], x: np.ndarray) -> np.ndarray:
    sizes = dict(zip(params["broadcast_dimensions"], x.shape, strict=True))
    shape = params["shape"]
    return np.broadcast_to(x.reshape([sizes.get(k, 1) for k in range(len(shape))]), shape)


MOVES: dict[str, Callable[..., np.ndarray]] = {
    "broadcast_in_dim": _broadcast,
    "concatenate": lambda p, *xs: np.concatenate(xs, p["dimension"]),
    "reshape": lambda p, x: x.reshape(p["new_sizes"]),
    "rev": lambda p, x: np.flip(x, p["dimensions"]),
    "slice": lambda p, x: x[
        tuple(map(slice, p["start_indices"], p["limit_indices"], p["strides"] or [1] * x.ndim))
    ],
    "squeeze": lambda p, x: np.squeeze(x, p["dimensions"]),
    "stack": lambda p, *xs: np.stack(xs, p["axis"]),
    "tile": lambda p, x: np.tile(x, p["reps"]),
    "transpose": lambda p, x: np.transpose(x, p["permutation"]),
}
"""The commonest operations that only move elements; of the others JAX moves the numbers."""

MOVES_BY_NUMBER = {
    "dynamic_slice",
    "dynamic_update_slice",
    "gather",
    "pad",
    "scatter",
    "select_n",
    "split",
}

TAKE_TRUTHS = (
    {"select_n", "convert_element_type", "unstack"} | set(LOGIC) | COPIES | MOVES.keys()
) | MOVES_BY_NUMBER
"""Operations that may read truth values that depend on parameters."""

WITHOUT_ROUNDING = {"bitcast_convert_type", "iota"}
"""Operations that make floats of whole numbers exactly."""


def is_objects(array: Array) -> bool:
    """Whether the elements are expressions."""
    return isinstance(array, np.ndarray) and array.dtype == object


def objects(values: Array) -> np.ndarray:
    """The same numbers as exact expressions."""
    if is_objects(values):
        return values
    array = np.asarray(values)
    if array.dtype.kind == "c":
        return filled(array.shape, Unsupported("computes with complex numbers"))
    numbers = array if array.dtype.kind in "biu" else array.astype(float)
    return _each(exact, numbers.astype(object))


def constant_of(value: Array) -> Array:
    """A constant of a computation: floats as exact expressions, all else as it is."""
    return objects(value) if jnp.issubdtype(jnp.result_type(value), jnp.inexact) else value


def unsupported(equation: Any, reason: Unsupported) -> list[Array]:
    """Results that must not reach a probability."""
    return [filled(variable.aval.shape, reason) for variable in equation.outvars]


class Rules:
    """What the operations make of the expressions of one program."""

    def __init__(self, expressions: Expressions):
        self._expressions = expressions

    def results(self, equation: Any, operands: Sequence[Array]) -> list[Array]:
        """Of one equation of a jaxpr."""
        if not any(map(is_objects, operands)):
            return self._without_expressions(equation, operands)
        name = equation.primitive.name
        if not (name == "select_n" and _is_float(equation.outvars[0])):
            for variable, operand in zip(equation.invars, operands, strict=True):
                read = _is_float(variable) or (name in TAKE_TRUTHS and _is_truth(variable))
                if is_objects(operand) and not read:
                    return unsupported(equation, _first_unsupported(operand, name))
        return self._with_expressions(equation, operands)

    def elementwise(self, name: str, *operands: Array, settings: Sequence[int] = ()) -> np.ndarray:
        """A rule for elements, for those of arrays."""
        return _each(Rule(self._expressions, name, *settings), *map(objects, operands))

    def _without_expressions(self, equation: Any, operands: Sequence[Array]) -> list[Array]:
        name = equation.primitive.name
        if not equation.outvars:
            return []
        if name == "convert_element_type" and _is_float(equation.outvars[0]):
            return [objects(operands[0])]
        if any(map(_is_float, equation.outvars)) and name not in WITHOUT_ROUNDING:
            return unsupported(equation, operation(name))
        return [constant_of(value) for value in _by_jax(equation, operands)]

    def _with_expressions(self, equation: Any, operands: Sequence[Array]) -> list[Array]:
        name, params = equation.primitive.name, equation.params
        if name in COPIES:
            return list(operands)
        if name in ELEMENTWISE:
            settings = [params["y"]] if name == "integer_pow" else []
            return [self.elementwise(name, *operands, settings=settings)]
        if name in COMPARISONS or name == "is_finite":
            return [_truths(self.elementwise(name, *operands))]
        if name in LOGIC:
            return [_logic(equation, *operands)]
        if name == "convert_element_type":
            return [self._converted(operands[0], params["new_dtype"])]
        if name == "unstack":
            rows = np.moveaxis(operands[0], params["axis"], 0)
            return [rows[k, ...] for k in range(len(rows))]
        if name in MOVES:
            return [MOVES[name](params, *operands)]
        if name == "select_n" and is_objects(operands[0]):
            return [self._selected(equation, *operands)]
        if name in MOVES_BY_NUMBER:
            return _moved(equation, operands)
        if name == "scatter-add":
            return [self._scatter_add(equation, *operands)]
        if name == "dot_general":
            return [self._dot_general(operands[0], operands[1], params["dimension_numbers"])]
        if name in REDUCTIONS:
            return [self._reduced(REDUCTIONS[name], operands[0], params["axes"])]
        if name in RUNNING:
            return [self._running(RUNNING[name], operands[0], params["axis"], params["reverse"])]
        return unsupported(equation, operation(name))

    def _selected(self, equation: Any, which: np.ndarray, *cases: Array) -> Array:
        """What is chosen by truth values some of which depend on parameters."""
        if len(cases) != 2:
            return unsupported(equation, _first_unsupported(which, "select_n"))[0]
        is_float = _is_float(equation.outvars[0])
        chosen = [objects(x) if is_float else np.asarray(x).astype(object) for x in cases]
        found = _each(functools.partial(selected, self._expressions), which, *chosen)
        return found if is_float else _truths(found)

    def _converted(self, array: np.ndarray, dtype: Any) -> Array:
        one, zero = exact(1), exact(0)

        def number(x: Any) -> Any:
            known = isinstance(x, bool | np.bool_ | Decision)
            return selected(self._expressions, x, zero, one) if known else x

        if jnp.issubdtype(dtype, jnp.floating):
            # Of real numbers; rounding to fewer bits is no part of the semantics.
            return _each(number, array)
        if jnp.issubdtype(dtype, jnp.integer):
            if any(isinstance(x, bool | np.bool_ | Decision) for x in array.flat):
                return filled(array.shape, decision("convert_element_type"))
            ends = jnp.iinfo(dtype).min, jnp.iinfo(dtype).max
            return _all_known(_each(lambda x: whole_constant(x, *map(int, ends)), array), dtype)
        if jnp.issubdtype(dtype, jnp.bool_) and not _is_of_numbers(array):
            return array
        return filled(array.shape, operation("convert_element_type"))

    def _reduced(self, name: str, x: np.ndarray, axes: Sequence[int]) -> np.ndarray:
        kept = [size for axis, size in enumerate(x.shape) if axis not in axes]
        rows = np.moveaxis(x, axes, range(-len(axes), 0)).reshape(*kept, -1)
        return self._rows(name, rows)

    def _rows(self, name: str, rows: np.ndarray) -> np.ndarray:
        """One element for everything along the last axis."""
        rule, found = Rule(self._expressions, name), filled(rows.shape[:-1], None)
        for index in np.ndindex(found.shape):
            found[index] = rule(*rows[index])
        return found

    def _running(self, name: str, x: np.ndarray, axis: int, reverse: bool) -> np.ndarray:
        rows = np.moveaxis(x, axis, 0)
        rows = rows[::-1] if reverse else rows
        rule, found = np.frompyfunc(Rule(self._expressions, name), 2, 1), rows.copy()
        for k in range(1, len(rows)):
            found[k] = rule(found[k - 1], rows[k])
        return np.moveaxis(found[::-1] if reverse else found, 0, axis)

    def _dot_general(self, x: np.ndarray, y: np.ndarray, dimension_numbers: Any) -> np.ndarray:
        (summed_x, summed_y), (batch_x, batch_y) = dimension_numbers
        batch, free_x, x = _as_matrices(x, batch_x, summed_x)
        _, free_y, y = _as_matrices(y, batch_y, summed_y)
        left, right = np.broadcast_arrays(x[:, :, None, :], y[:, None, :, :])
        return self._rows("dot", np.concatenate([left, right], -1)).reshape(
            (*batch, *free_x, *free_y)
        )

    def _scatter_add(
        self, equation: Any, x: np.ndarray, indices: Array, updates: np.ndarray
    ) -> np.ndarray:
        """Each element with the updates that JAX adds to it, one at a time, where all were 0."""
        zeros, units = np.zeros(x.shape), np.eye(updates.size).reshape(-1, *updates.shape)
        hits = [np.ravel(_by_jax(equation, (zeros, indices, unit))[0]) for unit in units]
        hits = np.array(hits).reshape(updates.size, x.size)
        rule, found = Rule(self._expressions, "add"), x.flatten()
        for k in np.flatnonzero(hits.any(axis=0)):
            found[k] = rule(found[k], *updates.ravel()[hits[:, k] != 0])
        return found.reshape(x.shape)


def _each(function: Callable, *arrays: np.ndarray) -> np.ndarray:
    """A function of single elements over arrays, broadcast."""
    found = np.frompyfunc(function, len(arrays), 1)(*arrays)
    return found if isinstance(found, np.ndarray) else filled((), found)


def filled(shape: tuple[int, ...], value: object) -> np.ndarray:
    """An array of one object."""
    array = np.empty(shape, dtype=object)
    array.fill(value)
    return array


def _is_float(variable: Any) -> bool:
    return jnp.issubdtype(variable.aval.dtype, jnp.inexact)


def _is_truth(variable: Any) -> bool:
    return jnp.issubdtype(variable.aval.dtype, jnp.bool_)


def _by_jax(equation: Any, operands: Sequence[Array], **changed: Any) -> list[Array]:
    found = equation.primitive.bind(*operands, **{**equation.params, **changed})
    return list(found) if equation.primitive.multiple_results else [found]


def _moved(equation: Any, operands: Sequence[Array]) -> list[np.ndarray]:
    """What JAX makes of the elements' numbers, with the elements in their place."""
    numbers, elements = [], []
    for operand in operands:
        if is_objects(operand):
            first = len(elements)
            elements += operand.ravel().tolist()
            operand = np.arange(first, len(elements)).reshape(operand.shape)
        numbers.append(operand)
    beyond = Unsupported("reads beyond the end of an array")
    filling = {} if equation.params.get("fill_value") is None else {"fill_value": -1}
    return [
        _each(lambda k: elements[k] if 0 <= k < len(elements) else beyond, np.asarray(found))
        for found in _by_jax(equation, numbers, **filling)
    ]


def _first_unsupported(array: np.ndarray, name: str = "") -> Unsupported:
    found = (x for x in array.flat if isinstance(x, Unsupported))
    decided = any(isinstance(x, Decision) for x in array.flat)
    return next(found, decision(name) if decided else Unsupported("computes nothing that is known"))


def _is_of_numbers(array: np.ndarray) -> bool:
    return any(not isinstance(x, bool | np.bool_ | Decision | Unsupported) for x in array.flat)


def _truths(array: np.ndarray) -> Array:
    """Truth values: as they are computed, where none depends on a parameter."""
    if any(isinstance(x, Decision) for x in array.flat):
        return array
    return _all_known(array, bool)


def _logic(equation: Any, *operands: Array) -> Array:
    name = equation.primitive.name
    arrays = [np.asarray(x).astype(object) for x in operands]
    if name not in ("reduce_and", "reduce_or"):
        return _truths(_each(functools.partial(logic, name), *arrays))
    axes = equation.params["axes"]
    kept = [size for axis, size in enumerate(arrays[0].shape) if axis not in axes]
    rows = np.moveaxis(arrays[0], axes, range(-len(axes), 0)).reshape(*kept, -1)
    found = filled(rows.shape[:-1], None)
    for index in np.ndindex(found.shape):
        found[index] = logic(name, *rows[index])
    return _truths(found)


def _all_known(array: np.ndarray, dtype: Any) -> Array:
    """The elements as whole numbers or truth values, or as unknown as any of them."""
    if any(isinstance(x, Unsupported) for x in array.flat):
        return filled(array.shape, _first_unsupported(array))
    return array.astype(dtype)


def _as_matrices(
    x: np.ndarray, batch: Sequence[int], summed: Sequence[int]
) -> tuple[list[int], list[int], np.ndarray]:
    """Sizes of the batch's axes and of those left over, and the array as [batch, left, summed]."""
    free = [axis for axis in range(x.ndim) if axis not in (*batch, *summed)]
    sizes = [[x.shape[axis] for axis in axes] for axes in (batch, free, summed)]
    matrices = np.transpose(x, (*batch, *free, *summed)).reshape([math.prod(n) for n in sizes])
    return sizes[0], sizes[1], matrices
