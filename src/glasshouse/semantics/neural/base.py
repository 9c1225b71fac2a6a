"""What semantics computed by neural networks have in common."""

import abc
import math
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from glasshouse._foundation.arrays import RealArray, as_array, is_traced
from glasshouse._foundation.numbers import Numbers, action_counts, finite_number
from glasshouse._foundation.random import Purpose, Seed, uniforms
from glasshouse._foundation.results import few
from glasshouse.channels.box import Box
from glasshouse.errors import InputError
from glasshouse.games.base import Product, unrolls
from glasshouse.games.behaviour import count_states
from glasshouse.semantics.base import AbstractSemantics
from glasshouse.semantics.probabilities import sigmoid_pair, softmax
from glasshouse.semantics.states import checked_reading, mixed_in_states


class AbstractNeural(AbstractSemantics):
    """Semantics computed by networks into which what is read enters with a gain κ."""

    gain: eqx.AbstractVar[Float[RealArray, ""]]
    """κ: what is read of the others is multiplied by it before a network sees it."""
    in_studies: ClassVar[bool] = False

    @abc.abstractmethod
    def initial(self, key: Seed, same: bool = False) -> tuple[PyTree, ...]:
        """Random parameters to start learning from.

        **Arguments:** `key`, a whole-number seed, or a JAX key, whose words are the seed; `same`,
        whether all players start with the same: a symmetric profile.
        **Returns:** one pytree of NumPy arrays per player; the same key gives the same parameters
        under any setting of JAX.
        """

    @abc.abstractmethod
    def initials(self, key: Seed, count: int) -> tuple[PyTree, ...]:
        """`count` random profiles to start from, along a leading axis; the first is `initial(key)`.

        **Returns:** the k-th is the same whatever the count.
        """

    def with_gain(self, gain: Numbers) -> "AbstractNeural":
        """The same semantics with another gain; semantics that differ only in it can be stacked.

        **Raises:** `InputError` for a gain that is not a finite number.
        """
        return eqx.tree_at(lambda own: own.gain, self, finite_number(gain, "gain"))


def tanh_network(key: Seed, inputs: int, outputs: int, width: int, depth: int) -> PyTree:
    """An `eqx.nn.MLP` with `depth` hidden layers of tanh units, its arrays `drawn`."""
    network = tanh_shape(inputs, outputs, width, depth)
    (row,) = uniforms(key, Purpose.NETWORK, 1, count_weights(network))
    return drawn(row, network)


def tanh_shape(inputs: int, outputs: int, width: int, depth: int, *, biases: bool = True) -> PyTree:
    """The same network with the shapes of arrays for arrays."""
    # Equinox gives every unit the activation that it is asked for: one function for all of them.
    return eqx.filter_eval_shape(
        eqx.nn.MLP,
        inputs,
        outputs,
        width,
        depth,
        activation=jax.nn.tanh,
        use_bias=biases,
        use_final_bias=biases,
        key=jax.random.key(0),
    )


def count_weights(tree: PyTree) -> int:
    """How many numbers the arrays of a network hold."""
    return sum(math.prod(x.shape) for x in jax.tree.leaves(tree) if has_shape(x))


def drawn(row: Float[np.ndarray, "weights"], tree: PyTree, *, normal: bool = False) -> PyTree:
    """The same tree with random arrays where it has arrays or their shapes, from uniform numbers.

    Entries are uniform around 0 with variance 1/n, n the inputs of a unit: the size of an array
    after its first axis. Vectors, such as the biases that follow a matrix, take the n before them.
    With `normal`, the row holds standard normal numbers, which are scaled to the same variance.
    """
    leaves, structure = jax.tree.flatten(tree)
    found, begin = [], 0
    for leaf, count in zip(leaves, _inputs(leaves), strict=True):
        if count is None:
            found.append(leaf)
            continue
        end = begin + math.prod(leaf.shape)
        part = row[begin:end]
        entries = part / math.sqrt(count) if normal else math.sqrt(3 / count) * (2 * part - 1)
        found.append(as_array(entries.reshape(leaf.shape)))
        begin = end
    return jax.tree.unflatten(structure, found)


def squared_norm(tree: PyTree) -> float:
    """What the squares of all entries of a tree that is `drawn` sum to, expected."""
    leaves = jax.tree.leaves(tree)
    counted = zip(leaves, _inputs(leaves), strict=True)
    return sum(math.prod(leaf.shape) / count for leaf, count in counted if count is not None)


def _inputs(leaves: list[Any]) -> list[int | None]:
    """For every array the inputs of a unit; None for what is no array."""
    found, last = [], 1
    for leaf in leaves:
        if not has_shape(leaf):
            found.append(None)
            continue
        last = max(1, math.prod(leaf.shape[1:])) if len(leaf.shape) > 1 else last
        found.append(last)
    return found


def has_shape(leaf: Any) -> bool:
    """Whether this is an array of floats, or the shape of one."""
    described = eqx.is_array(leaf) or isinstance(leaf, jax.ShapeDtypeStruct)
    return described and jnp.issubdtype(leaf.dtype, jnp.floating)


def without_numbers(network: PyTree) -> PyTree:
    """A network with the shapes of its arrays in their places: only its architecture counts."""
    double = np.dtype(np.float64)
    return jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, double) if has_shape(x) else x, network
    )


def weights_of(network: PyTree) -> PyTree:
    """The network without what are no weights."""
    return eqx.filter(network, has_shape)


def with_weights(network: PyTree, weights: PyTree) -> Any:
    """The network with these weights."""
    return eqx.combine(weights, eqx.filter(network, has_shape, inverse=True))


def weights_box(network: PyTree, bound: RealArray) -> Box:
    """All weights of the network in [-bound, bound]."""
    most = jax.tree.map(lambda x: bound * np.ones(x.shape), weights_of(network))
    return Box(jax.tree.map(lambda x: -x, most), most)


def by_players(rows: np.ndarray, players: int) -> list[np.ndarray]:
    """Of rows that go round the players, those of each."""
    return [rows[i::players] for i in range(players)]


def each_drawn(
    rows: Float[np.ndarray, "profiles weights"], tree: PyTree, *, normal: bool = False
) -> PyTree:
    """What is `drawn` from each row, along a leading axis."""
    return jax.tree.map(lambda *x: np.stack(x), *(drawn(row, tree, normal=normal) for row in rows))


def cut_off(profile: Iterable[PyTree], bound: RealArray) -> tuple[PyTree, ...]:
    """Everybody's weights, those beyond the bound moved there."""
    most = np.asarray(bound)
    return tuple(jax.tree.map(lambda x: np.clip(x, -most, most), own) for own in profile)


def stored(network: PyTree) -> PyTree:
    """A network whose arrays of floats are NumPy float64, whatever they were built in."""

    def double(x: Any) -> RealArray:
        return jnp.asarray(x, dtype=float) if is_traced(x) else as_array(np.asarray(x))

    return jax.tree.map(lambda x: double(x) if has_shape(x) else x, network)


def in_use(network: PyTree) -> PyTree:
    """A network whose arrays of floats are of the default float type of the computation."""
    return jax.tree.map(lambda x: jnp.asarray(x, dtype=float) if has_shape(x) else x, network)


def mixed_actions(logits: list[Array], actions: tuple[int, ...]) -> Product:
    """Everyone's mixed action, the last action being the reference."""
    if set(actions) == {2}:
        pairs = tuple(sigmoid_pair(jnp.reshape(x, ())) for x in logits)
        return Product(pairs if unrolls(actions) else tuple(map(jnp.stack, pairs)))
    return Product(tuple(softmax(jnp.append(x, 0.0)) for x in logits))


def states_of(actions: Any) -> int | None:
    """How many information states the players of a repeated game have; None for one-shot games."""
    return None if checked_reading(actions, None) is None else count_states(actions.actions)


def in_each_state(
    network: Callable[[Array], Array], inputs: Array, states: int | None
) -> Float[Array, "*states logits"]:
    """What a network gives for these inputs followed by each of the states, if there are any."""
    if states is None:
        return network(inputs)
    given = [jnp.broadcast_to(inputs, (states, *inputs.shape)), jnp.eye(states)]
    return jax.vmap(lambda x: jnp.reshape(network(x), -1))(jnp.concatenate(given, axis=1))


def mixed_where(logits: list[Array], actions: tuple[int, ...], states: int | None) -> Product:
    """Everyone's mixed action, or one for each state."""
    if states is None:
        return mixed_actions(logits, actions)
    return Product(tuple(map(mixed_in_states, logits)))


def checked_actions(actions: Numbers, kind: str) -> tuple[int, ...]:
    """The numbers of actions as a tuple."""
    actions = action_counts(actions)
    if len(actions) < 2 or len(set(actions)) > 1 or actions[0] < 2:
        raise InputError(
            f"{kind} gives all of at least two players the same number of actions, two or more, "
            f"but is given {actions}: use Custom with one network per player"
        )
    return actions


def check_logits(
    logits: Callable[[PyTree], Any], params: PyTree, actions: int, where: str, *used: PyTree
) -> None:
    """Refuse networks whose outputs are no logits.

    **Arguments:** `logits(params)`, what a network gives; `where`, which parameters these are;
    `used`, what else the logits are computed from.
    """
    shape = jax.eval_shape(logits, params)
    fits = getattr(shape, "shape", None) in {(actions - 1,), *([()] if actions == 2 else [])}
    if not fits:
        found = getattr(shape, "shape", type(shape).__name__)
        raise InputError(
            f"the network returns {found} where one vector of shape ({actions - 1},) is needed: "
            f"{actions} actions have {actions - 1} logits, the last action being the reference"
        )
    if is_traced(params, *used):
        return
    values = np.asarray(logits(params))
    if not np.all(np.isfinite(values)):
        raise InputError(
            f"the network gives the logits [{few(values).strip('()')}] {where}: they must be "
            "finite, so check its weights and its activation"
        )
