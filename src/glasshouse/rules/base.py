"""What every learning rule offers: its step, and when that step comes to rest."""

import abc
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.interpreters import partial_eval as pe
from jaxtyping import Array, Float, PyTree

from glasshouse._foundation.arrays import RealArray, is_traced
from glasshouse._foundation.declared import AbstractDeclared
from glasshouse._foundation.final import final_unless_abstract
from glasshouse._foundation.results import described, fields_of
from glasshouse.errors import InputError
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.calculus import check_behaviours, check_exact, check_separate
from glasshouse.rules.residual import residual_of

APART = "players' parameters apart"
"""What rules need that look at one player's parameters beside another's."""

SECOND = "second derivatives"
"""What rules need that use products of them."""

BEHAVIOURS = "behaviours in information states"
"""What rules need that measure steps by what players do."""

EPISODES = "episodes of play"
"""What rules need that learn from samples of what happens."""

NEVER, LASTING, ANEW = "nothing", "once", "every step"
"""When something is drawn: never, once for a run, and anew at every step."""

Directions = tuple[Any, ...]
"""What moves each entry of params, of its structure and shapes; None where it does not move."""


class AbstractRule(AbstractDeclared, eqx.Module):
    """How all players change their parameters in one step, and how far they are from rest.

    Derive from `AbstractDirection` where a step follows a direction; a rule that does not (a
    proximal one, say) derives from this class.
    """

    words: ClassVar[str]
    """What it is called in sentences."""
    selfish: ClassVar[bool] = False
    """Whether these are the selfish gradients themselves, of which closed forms are."""
    keeps_rest_points: ClassVar[bool]
    """Whether all points where every selfish gradient vanishes are rest points of this rule."""
    needs: ClassVar[frozenset[str]] = frozenset()
    """What it needs of the game beyond selfish gradients."""
    formula: ClassVar[str]
    """Its step or direction in a formula, for lists of rules."""
    cost: ClassVar[str]
    """What a step costs, in words."""

    __pdoc__ = described
    __init_subclass__ = final_unless_abstract

    @abc.abstractmethod
    def init(self, game: AbstractParametricGame, params: Params, key: RandomKey = None) -> Any:
        """The rule's state before the first step.

        **Raises:** `InputError` for a game in which the rule cannot learn.
        """

    @abc.abstractmethod
    def step(
        self,
        game: AbstractParametricGame,
        params: Params,
        state: Any,
        step_size: Float[RealArray, ""],
        key: RandomKey = None,
    ) -> tuple[Params, Any]:
        """Everyone's parameters after one step, inside their boxes, and the next state."""

    @abc.abstractmethod
    def residual(
        self,
        game: AbstractParametricGame,
        params: Params,
        state: Any,
        step_size: Float[RealArray, ""],
        key: RandomKey = None,
    ) -> Float[RealArray, ""]:
        """How far the players are from resting under this rule, 0 at rest; see `residual_of`."""

    @classmethod
    @abc.abstractmethod
    def example(cls) -> "AbstractRule":
        """An instance with typical settings, for tests and documentation."""


class AbstractDirection(AbstractRule):
    """A rule whose step is params ← project(params + step_size · direction)."""

    @abc.abstractmethod
    def direction(
        self, game: AbstractParametricGame, params: Params, state: Any, key: RandomKey = None
    ) -> tuple[Directions, Any]:
        """Everyone's direction of ascent at `params`, and the next state."""

    @abc.abstractmethod
    def resting_direction(
        self, game: AbstractParametricGame, params: Params, state: Any, key: RandomKey = None
    ) -> Directions:
        """The direction in which one who has always been at `params` would move.

        It vanishes exactly where the rule rests: with momentum, a direction that is small now may
        be on its way.
        """

    def step(
        self,
        game: AbstractParametricGame,
        params: Params,
        state: Any,
        step_size: Float[RealArray, ""],
        key: RandomKey = None,
    ) -> tuple[Params, Any]:
        direction, state = self.direction(game, params, state, key)
        return ascend(game, params, direction, step_size), state

    def residual(
        self,
        game: AbstractParametricGame,
        params: Params,
        state: Any,
        step_size: Float[RealArray, ""],
        key: RandomKey = None,
    ) -> Float[RealArray, ""]:
        direction = self.resting_direction(game, params, state, key)
        return residual_of(game, params, direction, key)


class AbstractMemoryless(AbstractDirection):
    """A rule whose direction depends on where the players are, and on nothing before."""

    @abc.abstractmethod
    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Directions:
        """Everyone's direction of ascent at `params`."""

    def init(self, game: AbstractParametricGame, params: Params, key: RandomKey = None) -> Any:
        if APART in self.needs:
            check_separate(game, self.words)
        if SECOND in self.needs:
            check_exact(game, self.words)
        if BEHAVIOURS in self.needs:
            check_behaviours(game, self.words)

    def direction(
        self, game: AbstractParametricGame, params: Params, state: Any, key: RandomKey = None
    ) -> tuple[Directions, Any]:
        return self.towards(game, params, key), state

    def resting_direction(
        self, game: AbstractParametricGame, params: Params, state: Any, key: RandomKey = None
    ) -> Directions:
        return self.towards(game, params, key)


def ascend(
    game: AbstractParametricGame,
    params: Params,
    direction: Directions,
    step_size: Float[RealArray, ""],
) -> Params:
    """project(params + step_size · direction); a parameter that left the reals becomes NaN."""

    def moved(x: Array, d: Array) -> Array:
        found = x + step_size * d
        return jnp.where(jnp.isfinite(found), found, jnp.nan)

    return tuple(
        own if d is None else box.project(jax.tree.map(moved, own, d))
        for own, d, box in zip(params, direction, game.spaces, strict=True)
    )


def velocity(game: AbstractParametricGame, params: Params, rule: AbstractDirection) -> Params:
    """Where everybody moves from `params` and how fast: directions times own step sizes.

    It is that of one who has always been there, so that it is zero exactly where the rule rests;
    under an Optax transformation it is the velocity of the rule inside.
    """
    directions = rule.resting_direction(game, params, rule.init(game, params))
    paces = _paces(rule)
    each = [1.0] * len(params) if paces is None else list(jnp.asarray(paces, dtype=float))
    return tuple(
        jax.tree.map(lambda x, p=pace: p * x, d)
        for d, pace in zip(moves_of(params, directions), each, strict=True)
    )


def moves_of(params: Params, directions: Directions) -> Params:
    """Directions with zeros for who does not move."""
    pairs = zip(params, directions, strict=True)
    return tuple(standing(own) if d is None else d for own, d in pairs)


def standing(own: PyTree) -> PyTree:
    """The direction of who does not move."""
    return jax.tree.map(jnp.zeros_like, own)


def _paces(rule: AbstractRule) -> Any:
    """Players' step sizes in multiples of the run's; None where they are all 1."""
    inside = getattr(rule, "rule", None)
    return getattr(rule, "step_sizes", None) if inside is None else _paces(inside)


def largest_pace(rule: AbstractRule) -> float:
    """The largest step size of a player in multiples of the run's."""
    paces = _paces(rule)
    return 1.0 if paces is None else float(np.max(np.asarray(paces)))


def check_direction(rule: Any, purpose: str) -> AbstractDirection:
    """The rule, which gives a direction.

    **Raises:** `InputError` naming it and the purpose otherwise.
    """
    if not isinstance(rule, AbstractDirection):
        raise InputError(
            f"{purpose} needs a rule that gives a direction, such as Gradient(), and "
            f"{type(rule).__name__} gives none"
        )
    return rule


def check_autonomous(
    rule: Any, game: AbstractParametricGame, params: Params, purpose: str
) -> AbstractDirection:
    """The rule, whose direction depends on where the players are and on nothing else.

    That is seen from what it computes: its state stays as it was, and it does nothing with a key.

    **Raises:** `InputError` naming the rule and the purpose otherwise.
    """
    check_direction(rule, purpose)
    begin = jax.eval_shape(lambda: rule.init(game, params))
    computed = jax.make_jaxpr(lambda state, key: rule.direction(game, params, state, key))
    jaxpr = computed(begin, jax.random.key(0)).jaxpr
    *state, _ = jaxpr.invars
    kept = jaxpr.outvars[len(jaxpr.outvars) - len(state) :]
    if any(before is not after for before, after in zip(state, kept, strict=True)):
        raise InputError(
            f"{purpose} needs a direction that depends on where players are alone, and "
            f"{in_words(rule)} remembers earlier ones: take a rule without memory, such as "
            "Gradient() or Lola(), or take steps by run"
        )
    # Nothing but the key is left that could change the direction from step to step.
    _, (*_, draws) = pe.dce_jaxpr(jaxpr, [True] * len(jaxpr.outvars))
    if draws:
        raise InputError(
            f"{purpose} needs a direction without chance, and {in_words(rule)} draws random "
            "numbers: take a rule that draws none, or take steps by run"
        )
    return rule


def in_words(rule: Any) -> str:
    """What a rule is called in sentences, with its numbers: "LOLA (look-ahead 0.5)"."""
    usual = {name: key.default for name, key in rule.keys.items()}
    said = [
        text
        for name, value in fields_of(rule)
        if not (isinstance(value, str) and value == usual.get(name))
        for text in _said(name, value)
    ]
    return f"{rule.words} ({', '.join(said)})" if said else rule.words


def drawn_by(declared: Any) -> frozenset[str]:
    """When a rule, or what it is made of, draws: "once" for a run, at "every step", or never."""
    parts = [x for _, x in fields_of(declared)]
    parts = [x for part in parts for x in (part if type(part) is tuple else [part])]
    inside = [drawn_by(x) for x in parts if isinstance(x, AbstractDeclared)]
    own = getattr(declared, "draws", NEVER)
    return frozenset({own} - {NEVER}).union(*inside)


def of_words(rule: AbstractRule) -> str:
    """What follows "steps of 0.1": " of LOLA …", or nothing for selfish gradients."""
    return "" if rule.selfish else f" of {in_words(rule)}"


def _is_single(value: Any) -> bool:
    return eqx.is_array_like(value) and not is_traced(value) and np.ndim(value) == 0


def _said(name: str, value: Any) -> list[str]:
    """What a field adds to a rule's words; nothing where it is as usual."""
    name, several = name.replace("_", "-"), type(value) is tuple
    rules = [x for x in (value if several else [value]) if isinstance(x, AbstractDeclared)]
    if rules:
        return [in_words(inner) for inner in rules]
    if isinstance(value, str):
        return [f"{value} {name}"]
    if hasattr(value, "update"):  # Optax makes its functions inside the one that has its name
        return [getattr(value.update, "__qualname__", "…").split(".")[0]]
    if several and value and all(map(_is_single, value)):  # one for each player
        return [f"{name} {', '.join(f'{float(x):g}' for x in value)}"]
    if not eqx.is_array_like(value) or is_traced(value):
        return []
    if np.ndim(value) == 0:
        return [f"{name} {float(value):g}"]
    same = np.all(np.asarray(value) == 1)
    return [] if same else [f"{name} × {', '.join(f'{x:g}' for x in np.ravel(value))}"]
