"""Players that are networks of the user's own, from whatever library."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from glasshouse._foundation.arrays import NotRealError, RealArray, as_array, as_floats, is_traced
from glasshouse._foundation.declared import Key, Strength
from glasshouse._foundation.numbers import Numbers, checked_bound, finite_number, shown
from glasshouse._foundation.random import Seed
from glasshouse._foundation.results import shortened
from glasshouse.channels.box import Box
from glasshouse.errors import InputError
from glasshouse.games.base import Product
from glasshouse.semantics.functions import actions_given, check_probabilities
from glasshouse.semantics.neural.base import AbstractNeural, cut_off, in_use, stored
from glasshouse.semantics.neural.initialisers import (
    drawn_networks,
    is_weight,
    many_networks,
    path_of_first,
)
from glasshouse.semantics.probabilities import softmax

Play = Callable[[tuple[Any, ...], Any, Array], Sequence[Array]]
"""Everyone's mixed action from all networks, from what each sees of the others', and the gain."""


class Modules(AbstractNeural):
    """Players that are networks of yours, each of any architecture, and that read each other.

    **Arguments:** `networks`, one for each player: an Equinox or Flax NNX module or any pytree, of
    which the arrays of floats are learned. `play(networks, seen, gain)` gives a vector of
    probabilities per player (in a repeated game a row for each state): `networks[i]` is i's own,
    `seen[i][j]` is j's as i sees it, each whole, to be called. `gain` κ, how strongly they read.
    `bound`, weights lie in [-M, M]. `initialise`, a function from a JAX key to a network, or one
    for each player, for starts. `learned(leaf)`, which leaves are learned. The neutral profile is
    the networks as given.
    **Raises:** `InputError` for networks without weights, weights that are not finite or beyond
    the bound, and a `play` that fails or does not fit.

        import equinox as eqx, jax, jax.numpy as jnp
        import glasshouse as gh
        from glasshouse.semantics import Modules

        def play(networks, seen, gain):
            read = [gain * seen[i][1 - i].bias for i in (0, 1)]
            return [jax.nn.softmax(own(x)) for own, x in zip(networks, read)]

        networks = [eqx.nn.Linear(2, 2, key=jax.random.key(k)) for k in (0, 1)]
        game = gh.ParametricGame(gh.load_game("stag_hunt"), Modules(networks, play, gain=1.0))
        print(game.cooperation(game.neutral()).shape)  # (2,)
    """

    words: ClassVar[str] = "networks of one's own"
    formula: ClassVar[str] = "everybody is a network; what it plays and reads a function says"
    in_studies: ClassVar[bool] = True
    listed: ClassVar[int] = 5
    strength: ClassVar[Strength | None] = Strength("gain", 0.0, 2.0, 21)
    section: ClassVar[Any] = "glasshouse.study.spec.modules:ModulesSection"
    keys: ClassVar[Mapping[str, Key]] = {
        "function": Key(
            '"file.py:play" beside the study, or "package.module:play": the function '
            "play(networks, seen, gain, parameters by name).",
            kind=str,
        ),
        "initialise": Key(
            "Functions of that file from a JAX key to a network, one for each player or one for "
            "all.",
            kind=str,
            several=True,
        ),
        "gain": Key(
            "κ, how strongly all read, as the function takes it.",
            1.0,
            symbol="κ",
            axis="gain κ (how strongly all read)",
        ),
        "parameters": Key(
            "Numbers the function takes by name; they can be swept.",
            {},
            annotation="glasshouse.study.spec.values:Parameters",
        ),
        "bound": Key(
            "M: all weights lie in [-M, M]; inf for no bound.",
            10.0,
            symbol="M",
            axis="bound M (weights lie in [-M, M])",
            above=0,
            infinite=True,
        ),
        "networks": Key("Seed of the pair of networks that counts as neutral.", 0, int, least=0),
        "data": Key(
            "Files beside the study that the function's file reads, such as exported weights.",
            [],
            annotation="glasshouse.study.spec.modules:DataFiles",
        ),
    }

    weights: tuple[PyTree, ...] = eqx.field(repr=False)
    fixed: tuple[PyTree, ...] = eqx.field(repr=False)
    play: Play
    gain: Float[RealArray, ""]
    bound: Float[RealArray, ""]
    initialise: tuple[Callable[[Any], PyTree], ...] | None
    actions: tuple[int, ...] = eqx.field(static=True)

    def __init__(
        self,
        networks: Sequence[PyTree],
        play: Play,
        gain: Numbers = 1.0,
        bound: Numbers = math.inf,
        *,
        initialise: Callable[[Any], PyTree] | Sequence[Callable[[Any], PyTree]] | None = None,
        learned: Callable[[Any], bool] = is_weight,
    ):
        if not isinstance(networks, list | tuple) or not networks:
            raise InputError(
                f"networks must be a list of one network for each player, not {shown(networks)}"
            )
        if not callable(play):
            raise InputError(f"play must be a function of (networks, seen, gain), not {play!r:.60}")
        self.play = play
        self.gain, self.bound = finite_number(gain, "gain"), checked_bound(bound)
        each = [_parts(own, i, learned) for i, own in enumerate(networks)]
        self.weights, self.fixed = (tuple(part) for part in zip(*each, strict=True))
        for i, own in enumerate(self.weights):
            _check_weights(own, i, self.bound)
        self.initialise = _one_each(initialise, len(networks))
        self.actions = actions_given(self._called, self.weights, WHAT, _refusal)
        check_probabilities(self._called, WHAT, {"the networks as given": self.weights})

    @classmethod
    def drawn(
        cls,
        initialise: Callable[[Any], PyTree] | Sequence[Callable[[Any], PyTree]],
        play: Play,
        gain: Numbers = 1.0,
        bound: Numbers = math.inf,
        *,
        key: Seed = 0,
        players: int = 2,
        learned: Callable[[Any], bool] = is_weight,
    ) -> "Modules":
        """With the networks that the initialisers give by this seed: what `initial(key)` gives.

        **Arguments:** `players`, how many, where all have the one initialiser.
        """
        several = isinstance(initialise, list | tuple)
        makers = _one_each(initialise, len(initialise) if several else players) or ()
        networks = drawn_networks(makers, key)
        return cls(networks, play, gain, bound, initialise=makers, learned=learned)

    @property
    def spaces(self) -> tuple[Box, ...]:
        def box(own: PyTree) -> Box:
            most = jax.tree.map(lambda x: self.bound * np.ones(x.shape), own)
            return Box(jax.tree.map(lambda x: -x, most), most, own)

        return tuple(map(box, self.weights))

    def behaviours(self, params: tuple[PyTree, ...], seen: Any) -> Product:
        return Product(tuple(map(jnp.asarray, self._called(params, seen))))

    def initial(self, key: Seed, same: bool = False) -> tuple[PyTree, ...]:
        """What the initialisers give, weights beyond the bound moved there; see `initials`."""
        drawn = jax.tree.map(lambda x: x[0], self.initials(key, 1))
        if same and len({jax.tree.structure(own) for own in drawn}) > 1:
            raise InputError("the players' networks differ in structure: none can be the same")
        return (drawn[0],) * len(drawn) if same else drawn

    def initials(self, key: Seed, count: int) -> tuple[PyTree, ...]:
        if self.initialise is None:
            raise InputError(
                "these networks were given without initialise=, from which starts are drawn: give "
                "it, a function from a JAX key to a network for each player, or start at the "
                "networks as given, kind='neutral', or around them, kind='normal'"
            )
        return cut_off(many_networks(self.initialise, key, count, self.weights), self.bound)

    @classmethod
    def example(cls, actions: tuple[int, ...]) -> "Modules":
        """Linear networks that read the others' biases."""
        makers = [_ExampleMaker(m) for m in actions]
        return cls.drawn(makers, _example_play, 0.5, 3.0, key=1)

    def _called(self, params: tuple[PyTree, ...], seen: Any) -> Sequence[Array]:
        """What `play` gives of whole networks."""
        fixed = tuple(in_use(own) for own in self.fixed)

        def whole(row: Sequence[PyTree]) -> tuple[Any, ...]:
            return tuple(eqx.combine(as_floats(x), f) for x, f in zip(row, fixed, strict=True))

        gain = jnp.asarray(self.gain, dtype=float)
        return self.play(whole(params), tuple(whole(row) for row in seen), gain)


WHAT = "play(networks, seen, gain)"


def _refusal(error: Exception) -> str:
    return (
        f"{WHAT} failed for the networks as given ({type(error).__name__}: "
        f"{shortened(str(error), 160)}): networks[i] is player i's, seen[i][j] is j's as i sees it"
    )


def _parts(network: PyTree, player: int, learned: Callable[[Any], bool]) -> tuple[PyTree, PyTree]:
    """The weights of a network, which are learned, and all else of it."""
    own, rest = eqx.partition(network, learned)
    if not jax.tree.leaves(own):
        kinds = sorted({type(x).__name__ for x in jax.tree.leaves(network)})
        raise InputError(
            f"the network of player {player + 1} has no weights that could be learned, but "
            f"{', '.join(kinds[:4]) or 'nothing'}: weights are arrays of floats, of JAX or NumPy "
            "(of PyTorch's, take .detach().numpy())"
        )
    try:
        return jax.tree.map(as_array, own), stored(rest)
    except NotRealError as error:
        raise InputError(f"the network of player {player + 1} has weights: {error}") from error


def _check_weights(own: PyTree, player: int, bound: RealArray) -> None:
    if is_traced(own, bound):
        return
    where = path_of_first(own, lambda x: ~np.isfinite(x))
    if where:
        raise InputError(f"the network of player {player + 1} is not finite at {where}: retrain it")
    where = path_of_first(own, lambda x: np.abs(x) > np.asarray(bound))
    if where:
        largest = max(float(np.max(np.abs(x), initial=0.0)) for x in jax.tree.leaves(own))
        raise InputError(
            f"the network of player {player + 1} has weights beyond bound = {float(bound):g} at "
            f"{where}: the largest is {largest:.6g}, so raise the bound"
        )


def _one_each(given: Any, players: int) -> tuple[Callable[[Any], PyTree], ...] | None:
    """An initialiser for each player."""
    if given is None:
        return None
    makers = tuple(given) if isinstance(given, list | tuple) else (given,) * players
    if len(makers) == 1:
        makers *= players
    wrong = [x for x in makers if not callable(x)]
    if wrong or len(makers) != players:
        raise InputError(
            "initialise must be a function from a JAX key to a network, or one for each of "
            f"{players} players, not {shown(given)}"
        )
    return makers


@dataclasses.dataclass(frozen=True)
class _ExampleMaker:
    """A linear network as a plain dictionary, drawn by NumPy, which compiles nothing."""

    outputs: int

    def __call__(self, key: Any) -> dict[str, np.ndarray]:
        drawn = np.random.default_rng(np.asarray(jax.random.key_data(key))).uniform
        sizes = {"weight": (self.outputs,), "bias": (self.outputs,)}
        return {name: drawn(-1.0, 1.0, size) for name, size in sizes.items()}


def _example_play(networks: tuple[Any, ...], seen: Any, gain: Array) -> list[Array]:
    def one(player: int, own: dict[str, Array]) -> Array:
        others = [jnp.tanh(x["bias"]).sum() for j, x in enumerate(seen[player]) if j != player]
        return softmax(gain * sum(others) * own["weight"] + own["bias"])

    return [one(i, own) for i, own in enumerate(networks)]
