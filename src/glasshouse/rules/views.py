"""What a player sees of the others' parameters when it learns, whatever play reads of them."""

import abc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PRNGKeyArray

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import AbstractDeclared, Key
from glasshouse._foundation.final import final_unless_abstract
from glasshouse._foundation.numbers import Numbers, number_within
from glasshouse._foundation.random import key_normals
from glasshouse._foundation.results import described
from glasshouse.errors import InputError
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.base import ANEW, LASTING, NEVER


class AbstractView(AbstractDeclared, eqx.Module):
    """What a learner sees of the others: where it believes that they are."""

    words: ClassVar[str]
    """What it is called in sentences."""

    __pdoc__ = described
    __init_subclass__ = final_unless_abstract

    @property
    @abc.abstractmethod
    def draws(self) -> str:
        """When it draws: "nothing", "once" or "every step"."""

    @abc.abstractmethod
    def begin(self, game: AbstractParametricGame, params: Params, key: RandomKey) -> Any:
        """What is drawn once, before the first step.

        **Raises:** `InputError` for a game in which this cannot be seen.
        """

    @abc.abstractmethod
    def look(
        self, game: AbstractParametricGame, params: Params, drawn: Any, key: RandomKey = None
    ) -> tuple[Params, ...]:
        """Everybody's parameters as each player sees them; its own are as they are.

        **Arguments:** `drawn`, once for a run; `key`, for what is drawn anew: without one, as rest
        is judged, that is left out.
        """

    @classmethod
    @abc.abstractmethod
    def example(cls) -> "AbstractView":
        """An instance with typical settings, for tests and documentation."""


class FullView(AbstractView):
    """Everybody's parameters, as they are."""

    words: ClassVar[str] = "everything"
    study_name: ClassVar[str] = "full"
    listed: ClassVar[int] = 1

    @property
    def draws(self) -> str:
        return NEVER

    def begin(self, game: AbstractParametricGame, params: Params, key: RandomKey) -> Any:
        return None

    def look(
        self, game: AbstractParametricGame, params: Params, drawn: Any, key: RandomKey = None
    ) -> tuple[Params, ...]:
        return (params,) * len(params)

    @classmethod
    def example(cls) -> "FullView":
        return cls()


class NoView(AbstractView):
    """Nothing: the neutral parameters stand for the others, wherever they are."""

    words: ClassVar[str] = "nothing"
    study_name: ClassVar[str] = "nothing"
    listed: ClassVar[int] = 4

    @property
    def draws(self) -> str:
        return NEVER

    def begin(self, game: AbstractParametricGame, params: Params, key: RandomKey) -> Any:
        return None

    def look(
        self, game: AbstractParametricGame, params: Params, drawn: Any, key: RandomKey = None
    ) -> tuple[Params, ...]:
        return _each_beside(params, [game.neutral()] * len(params))

    @classmethod
    def example(cls) -> "NoView":
        return cls()


class GuessedView(AbstractView):
    """Nothing: a guess N(neutral, spread²), drawn once by each player, stands for the others.

    **Arguments:** `spread`, in units of the parameters.
    """

    spread: Float[RealArray, ""]

    words: ClassVar[str] = "a guess"
    study_name: ClassVar[str] = "guess"
    listed: ClassVar[int] = 5
    keys: ClassVar[Mapping[str, Key]] = {
        "spread": Key("Standard deviation of the guess about the neutral parameters.", 1.0, least=0)
    }

    def __init__(self, spread: Numbers = 1.0):
        self.spread = number_within(spread, "spread")

    @property
    def draws(self) -> str:
        return LASTING

    def begin(self, game: AbstractParametricGame, params: Params, key: RandomKey) -> Any:
        return _noise(params, key)

    def look(
        self, game: AbstractParametricGame, params: Params, drawn: Any, key: RandomKey = None
    ) -> tuple[Params, ...]:
        neutral = game.neutral()
        guesses = [_moved(game, neutral, self.spread * own) for own in drawn]
        return _each_beside(params, guesses)

    @classmethod
    def example(cls) -> "GuessedView":
        return cls(0.5)


class NoisyView(AbstractView):
    """Parameters plus noise N(0, σ²), independent for each observer, owner and number.

    What lies outside a box is seen at its edge. A learner that sees new noise at every step never
    rests: rest is judged as if it saw the truth, and no run stops there.

    **Arguments:** `scale` σ, in units of the parameters; `drawn`, "every step", or "once" for a
    run: then it is a bias.
    **Raises:** `InputError` for numbers and words that cannot be.
    """

    scale: Float[RealArray, ""]
    drawn: str = eqx.field(static=True)

    words: ClassVar[str] = "noise"
    study_name: ClassVar[str] = "noisy"
    listed: ClassVar[int] = 2
    keys: ClassVar[Mapping[str, Key]] = {
        "scale": Key(
            "σ, the standard deviation of noise in units of the parameters; default 1.",
            1.0,
            symbol="σ",
            axis="noise σ of what is seen (parameter units)",
            least=0,
        ),
        "drawn": Key(
            'When noise is drawn: "every step" (default) or "once".', ANEW, (ANEW, LASTING)
        ),
    }

    def __init__(self, scale: Numbers = 1.0, drawn: str = ANEW):
        if drawn not in (ANEW, LASTING):
            raise InputError(f"drawn={drawn!r:.40} must be {ANEW!r} or {LASTING!r}")
        self.scale, self.drawn = number_within(scale, "scale"), drawn

    @property
    def draws(self) -> str:
        return self.drawn

    def begin(self, game: AbstractParametricGame, params: Params, key: RandomKey) -> Any:
        return _noise(params, key) if self.drawn == LASTING else None

    def look(
        self, game: AbstractParametricGame, params: Params, drawn: Any, key: RandomKey = None
    ) -> tuple[Params, ...]:
        if drawn is None and key is None:
            return (params,) * len(params)
        noise = _noise(params, key) if drawn is None else drawn
        return _each_beside(params, [_moved(game, params, self.scale * own) for own in noise])

    @classmethod
    def example(cls) -> "NoisyView":
        return cls(0.5, LASTING)


def _each_beside(params: Params, seen: Sequence[Params]) -> tuple[Params, ...]:
    """Every player's own parameters among those that it sees of the others."""
    players = zip(params, seen, strict=True)
    return tuple((*them[:i], own, *them[i + 1 :]) for i, (own, them) in enumerate(players))


def _noise(params: Params, key: RandomKey) -> Float[Array, "observers numbers"]:
    """A row of standard normal numbers for each observer."""
    count = sum(np.size(x) for x in jax.tree.leaves(params))
    return key_normals(cast(PRNGKeyArray, key), len(params) * count).reshape(len(params), count)


def _moved(game: AbstractParametricGame, params: Params, by: RealArray) -> Params:
    """Parameters moved by so much, inside their boxes."""
    flat, unflatten = ravel_pytree(jax.tree.map(jnp.asarray, params))
    there = unflatten(flat + by)
    return tuple(box.project(x) for box, x in zip(game.spaces, there, strict=True))
