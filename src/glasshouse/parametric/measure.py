"""Numbers of each player that somebody wants to see beside cooperation."""

import abc
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import AbstractDeclared
from glasshouse._foundation.final import final_unless_abstract
from glasshouse._foundation.precision import in_float64_unless_traced
from glasshouse.errors import InputError, unknown_name
from glasshouse.games.observables import is_of_rounds, rounds_in_words
from glasshouse.parametric.observable import PAYOFF, WELFARE, is_in_place

COOPERATION = "cooperation"
"""What every game with actions observes."""


class AbstractMeasure(AbstractDeclared, eqx.Module):
    """An observable of one's own: a number of each player, such as its regret.

    A registered one stands in `game.observables(params)` by its name.
    """

    words: ClassVar[str]
    """What it is called in sentences."""
    formula: ClassVar[str]
    """Its definition, for reports."""

    __init_subclass__ = final_unless_abstract

    @abc.abstractmethod
    def measure(self, game: Any, params: Any) -> Float[RealArray, "players"]:
        """Everybody's number at these parameters: a pure function, in terms of JAX."""


@in_float64_unless_traced
def measured(game: Any, params: Any) -> dict[str, Float[RealArray, "players"]]:
    """What all registered observables give here, by name."""
    from glasshouse.parametric.registry import OBSERVABLES  # which need this module

    return {name: _measured(name, cls, game, params) for name, cls in OBSERVABLES.items()}


def check_name(name: str) -> None:
    """Refuse a name under which nothing is observed in any game.

    **Raises:** `InputError` suggesting the nearest one.
    """
    from glasshouse.parametric.registry import OBSERVABLES

    known = name == COOPERATION or name in OBSERVABLES or is_of_rounds(name) or is_in_place(name)
    if not known:
        raise unknown_name("observable", name, [COOPERATION, WELFARE, PAYOFF, *OBSERVABLES])


def check_observable(name: str, game: Any) -> None:
    """Refuse a name under which nothing is observed in a game, and an observable that fails there.

    **Raises:** `InputError` suggesting the nearest one.
    """
    check_name(name)
    if name != COOPERATION and not is_in_place(name):
        jax.eval_shape(lambda params: observed(game, params, name), game.neutral())


def observable_in_words(name: str) -> tuple[str, str]:
    """What an observable is, in words and as a formula."""
    from glasshouse.parametric.registry import OBSERVABLES

    if name in OBSERVABLES:
        return OBSERVABLES[name].words, OBSERVABLES[name].formula
    return rounds_in_words(name)


@in_float64_unless_traced
def observed(game: Any, params: Any, name: str) -> Float[RealArray, "players"]:
    """One observable of a game, computed alone: others that fail do not matter to it.

    **Raises:** `InputError` for an unknown name, and where somebody's code fails or gives no number
    of each player.
    """
    from glasshouse.parametric.registry import OBSERVABLES

    if name == COOPERATION and callable(getattr(game, COOPERATION, None)):
        return game.cooperation(params)
    if callable(getattr(game, "untied", None)):  # who share parameters observe as others do
        return observed(game.game, game.untied(params), name)
    if name not in OBSERVABLES:
        found = getattr(game, "played", game.observables)(params)
        if name not in found:
            raise _unknown(name, [*found, *OBSERVABLES])
        return found[name]
    return _measured(name, OBSERVABLES[name], game, params)


def _unknown(name: str, known: list[str]) -> InputError:
    if is_of_rounds(name) and not any(map(is_of_rounds, known)):
        return InputError(
            f"observable {name!r:.40} is of games that are played again and again: give a "
            "RepeatedGame, in a study [game] repeated = { discount = … }"
        )
    return unknown_name("observable", name, known)


def _measured(
    name: str, cls: type[AbstractMeasure], game: Any, params: Any
) -> Float[RealArray, "players"]:
    """What somebody's code gives, if that is what it should be."""
    try:
        found = jnp.asarray(cls().measure(game, params))
    except InputError:
        raise
    except Exception as error:
        said = str(error).strip().partition("\n")[0]
        raise InputError(f"observable {name} fails: {type(error).__name__}: {said:.200}") from error
    if found.shape != (game.players,) or not jnp.issubdtype(found.dtype, jnp.floating):
        raise InputError(
            f"observable {name} gives an array of shape {found.shape} and type {found.dtype}: "
            f"return one real number for each of {game.players} players"
        )
    return found
