"""Places in a setup: which attributes and items lead to one of its numbers, and setting it."""

import dataclasses
import inspect
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from glasshouse._foundation.arrays import is_traced
from glasshouse.errors import InputError, nearest

EXAMPLE = "lambda setup: setup.game.semantics.coupling"


class Step(NamedTuple):
    """One step into a setup: the attribute of a name, or the item of an index."""

    of: Any
    is_item: bool

    def __str__(self) -> str:
        inside = ", ".join(map(str, self.of)) if isinstance(self.of, tuple) else self.of
        return f"[{inside}]" if self.is_item else f".{self.of}"


class _Recorder:
    """Stands for a setup, and remembers where it was followed."""

    def __init__(self, steps: tuple[Step, ...] = ()):
        self._steps = steps

    def __getattr__(self, name: str) -> "_Recorder":
        if name.startswith("__"):
            raise AttributeError(name)
        return _Recorder((*self._steps, Step(name, False)))

    def __getitem__(self, index: Any) -> "_Recorder":
        return _Recorder((*self._steps, Step(index, True)))


def steps_of(at: Callable[[Any], Any]) -> tuple[Step, ...]:
    """The steps that a lens such as `lambda setup: setup.learning.step_size` takes."""
    wanted = f"at must follow attributes and items of a setup, and nothing else: {EXAMPLE}"
    try:
        found = at(_Recorder())
    except Exception as error:
        raise InputError(f"{wanted} ({type(error).__name__}: {error})") from error
    if not isinstance(found, _Recorder) or not found._steps:
        raise InputError(wanted)
    return found._steps


def written(steps: tuple[Step, ...]) -> str:
    """A place as one writes it: "game.semantics.coupling"."""
    return "".join(map(str, steps)).removeprefix(".")


def number_at(node: Any, steps: tuple[Step, ...]) -> Any:
    """The number at a place."""
    for k, step in enumerate(steps):
        try:
            node = node[step.of] if step.is_item else getattr(node, step.of)
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            where = written(steps[:k]) or "a setup"
            hint = f"{type(node).__name__} cannot be followed there"
            if not step.is_item:
                fields = dataclasses.fields(node) if dataclasses.is_dataclass(node) else ()
                known = [field.name for field in fields]
                hint = nearest(str(step.of), known) if known else hint
            raise InputError(f"{where} has no {str(step).lstrip('.')}: {hint}") from error
    if np.ndim(node) and eqx.is_array_like(node):
        raise InputError(
            f"{written(steps)} is an array of shape {np.shape(node)}: name one entry, as in "
            f"{written(steps)}[{', '.join('0' * np.ndim(node))}], or give build="
        )
    single = isinstance(node, int | float) or (eqx.is_array(node) and node.dtype.kind in "if")
    if not single or isinstance(node, bool):
        raise InputError(f"{written(steps)} is no number, but {node!r:.40}")
    return node


class Setter:
    """Sets the number at a place, by the constructors of what it lies in, so that it is checked.

    Where a constructor does not give back what a thing is made of, its field is replaced as it is;
    which of both is right is found out once for each class, while there are numbers to compare.
    """

    def __init__(self, steps: tuple[Step, ...]):
        self.steps = steps
        self._constructs: dict[tuple[type, Any], bool] = {}

    def __call__(self, setup: Any, value: Any) -> Any:
        """The setup with another number there.

        **Raises:** `InputError` when its owner refuses the number.
        """
        return self._put(setup, self.steps, value)

    def _put(self, node: Any, steps: tuple[Step, ...], value: Any) -> Any:
        if not steps:
            return _like(node, value)
        step, rest = steps[0], steps[1:]
        if step.is_item:
            return self._with_item(node, step.of, rest, value)
        new = self._put(getattr(node, step.of), rest, value)
        if isinstance(node, eqx.Module):
            if self._is_constructed(node, step.of):
                return _constructed(node, step.of, new)
            return eqx.tree_at(
                lambda tree: getattr(tree, step.of), node, new, is_leaf=lambda x: x is None
            )
        return dataclasses.replace(node, **{step.of: new})

    def _with_item(self, node: Any, index: Any, rest: tuple[Step, ...], value: Any) -> Any:
        if isinstance(node, tuple | list):
            return type(node)(
                self._put(entry, rest, value) if k == index % len(node) else entry
                for k, entry in enumerate(node)
            )
        if isinstance(node, dict):
            return {**node, index: self._put(node[index], rest, value)}
        if is_traced(node, value):
            return jnp.asarray(node).at[index].set(value)
        array = np.array(node)
        array[index] = value
        return array

    def _is_constructed(self, node: eqx.Module, name: str) -> bool:
        kind = (type(node), name)
        if kind not in self._constructs:
            if is_traced(node):
                return False
            try:
                again = _constructed(node, name, getattr(node, name))
                self._constructs[kind] = bool(eqx.tree_equal(again, node))
            except Exception:  # whatever it needs, this is not the way to make it
                self._constructs[kind] = False
        return self._constructs[kind]


def _constructed(node: eqx.Module, name: str, new: Any) -> Any:
    """A module made again by its constructor, one of whose arguments is new."""
    arguments = {}
    for given in inspect.signature(type(node)).parameters.values():
        if given.name == name or hasattr(node, given.name):
            arguments[given.name] = new if given.name == name else getattr(node, given.name)
        elif given.default is inspect.Parameter.empty:
            raise TypeError(f"{type(node).__name__} does not keep its {given.name}")
    if name not in arguments:
        raise TypeError(f"{type(node).__name__} is not made from its {name}")
    return type(node)(**arguments)


def _like(old: Any, value: Any) -> Any:
    """Whole numbers stay whole where they were, arrays stay arrays."""
    if eqx.is_array(old) and not is_traced(value):
        return np.asarray(value, dtype=np.float64)
    if isinstance(old, int) and not is_traced(value) and math.floor(value) == value:
        return int(value)
    return value
