"""Any JAX function as a semantics."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from glasshouse._foundation.declared import Key
from glasshouse._foundation.results import shortened
from glasshouse.channels.box import Box
from glasshouse.games.base import Product
from glasshouse.semantics.base import AbstractSemantics
from glasshouse.semantics.functions import Function, actions_given, check_probabilities
from glasshouse.semantics.probabilities import softmax

FUNCTION = "the semantics function"


class Custom(AbstractSemantics):
    """The semantics computed by a function of yours, for example two neural policies.

    **Arguments:** `function(params, seen)`, a differentiable JAX function returning one vector
    of probabilities per player, where `params[i]` are player i's parameters and `seen[i][j]` is
    what player i sees of player j's; it may be a pytree holding arrays (an Equinox network). For a
    repeated game it returns an array per player, of shape `(states, actions)` in its own frame.
    `spaces`, one `Box` per player.
    **Raises:** `InputError` when the function does not return one vector per player, or when these
    are no probabilities at the neutral parameters or at all lower or upper bounds (elsewhere
    they are checked while learning, see `RESULTS`).

        import jax
        import jax.numpy as jnp

        import glasshouse as gh
        from glasshouse.semantics import Box, Custom

        def mirror(params, seen):
            first = [jax.nn.sigmoid(params[i] + jnp.tanh(seen[i][1 - i])) for i in (0, 1)]
            return [jnp.stack([p, 1 - p]) for p in first]

        game = gh.load_game("prisoners_dilemma")
        parametric = gh.ParametricGame(game, Custom(mirror, [Box(-3.0, 3.0)] * 2))
        print(round(gh.first_order_margin(parametric, parametric.neutral()), 6))  # 0.25
    """

    words: ClassVar[str] = "custom"
    formula: ClassVar[str] = "everyone's mixed action is what a function gives"
    listed: ClassVar[int] = 4
    section: ClassVar[Any] = "glasshouse.study.spec.semantics:CustomSection"
    keys: ClassVar[Mapping[str, Key]] = {
        "function": Key('"file.py:name" beside the study, or "package.module:name".', kind=str),
        "parameters": Key(
            "Numbers the function takes by name; they can be swept.",
            {},
            annotation="glasshouse.study.spec.values:Parameters",
        ),
        "lower": Key("Smallest value of every parameter of a player.", -3.0),
        "upper": Key("Largest value of every parameter of a player.", 3.0),
        "size": Key(
            "Length of each player's parameter vector; left out, one plain number. Repeated games "
            "need it.",
            None,
            int,
            least=1,
            most=1_000_000,
        ),
    }

    function: Function
    boxes: tuple[Box, ...]
    actions: tuple[int, ...] = eqx.field(static=True)

    def __init__(self, function: Function, spaces: Sequence[Box]):
        self.function = function
        self.boxes = tuple(spaces)
        self.actions = _actions(function, self.boxes)
        corners = {
            "the neutral parameters": tuple(box.neutral() for box in self.boxes),
            "the lower bounds": tuple(box.lower for box in self.boxes),
            "the upper bounds": tuple(box.upper for box in self.boxes),
        }
        check_probabilities(function, FUNCTION, corners)

    @property
    def spaces(self) -> tuple[Box, ...]:
        return self.boxes

    def behaviours(self, params: tuple[PyTree, ...], seen: Any) -> Product:
        return Product(tuple(map(jnp.asarray, self.function(params, seen))))

    @classmethod
    def example(cls, actions: tuple[int, ...]) -> "Custom":
        """Softmax over θ_i + tanh of what is read, whatever the numbers of actions."""
        boxes = [Box([-3.0] * m, [3.0] * m) for m in actions]
        return cls(_tanh_readers, boxes)


def _tanh_readers(params: tuple[PyTree, ...], seen: Any) -> tuple[Array, ...]:
    def one(player: int) -> Array:
        read = sum(jnp.tanh(seen[player][j]).sum() for j in range(len(params)) if j != player)
        return softmax(params[player].at[0].add(0.5 * read))

    return tuple(one(i) for i in range(len(params)))


def _actions(function: Function, boxes: tuple[Box, ...]) -> tuple[int, ...]:
    def refusal(error: Exception) -> str:
        return (
            f"{FUNCTION} failed at the neutral parameters ({type(error).__name__}: "
            f"{shortened(str(error), 60)}), where {_kinds(boxes)}, as the boxes say: give each "
            "player a box of the structure of its parameters, as Box.like(params, -math.inf, "
            "math.inf)"
        )

    return actions_given(function, tuple(box.neutral() for box in boxes), FUNCTION, refusal)


def _kinds(boxes: tuple[Box, ...]) -> str:
    """What the boxes say of everybody's parameters, in words."""

    def kind(box: Box) -> str:
        leaves = jax.tree.leaves(box.lower)
        if len(leaves) != 1 or leaves[0] is not box.lower:
            return f"a pytree of {len(leaves)} arrays"
        return f"an array of shape {leaves[0].shape}" if np.ndim(box.lower) else "a single number"

    kinds = list(map(kind, boxes))
    if len(set(kinds)) == 1:
        return f"everybody's are {kinds[0]}"
    return " and ".join(f"player {i + 1}'s are {text}" for i, text in enumerate(kinds[:4]))
