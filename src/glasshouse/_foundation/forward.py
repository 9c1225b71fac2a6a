"""Numbers that can be differentiated forwards only, and say so."""

import jax
import jax.extend
import jax.numpy as jnp
from jax.interpreters import ad, batching, mlir
from jaxtyping import PyTree

from glasshouse.errors import InputError

_marked = jax.extend.core.Primitive("forward_only")
_marked.def_impl(lambda x, *, advice: x)
_marked.def_abstract_eval(lambda x, *, advice: x)


def forward_only(tree: PyTree, advice: str) -> PyTree:
    """The same numbers; differentiated backwards, as by `jax.grad`, they raise the advice."""

    def marked(x: jax.Array) -> jax.Array:
        return _marked.bind(x, advice=advice) if jnp.issubdtype(x.dtype, jnp.floating) else x

    return jax.tree.map(marked, tree)


def _refuse(cotangent: object, x: object, *, advice: str) -> None:
    raise InputError(advice)


def _batched(numbers: tuple, axes: tuple, *, advice: str) -> tuple:
    return _marked.bind(*numbers, advice=advice), *axes


ad.deflinear2(_marked, _refuse)
batching.primitive_batchers[_marked] = _batched
mlir.register_lowering(_marked, lambda context, x, *, advice: [x])
