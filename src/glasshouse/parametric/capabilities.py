"""What a game in parameters can say of itself beyond its payoffs, and one way to ask for it."""

import abc
from typing import Any, Literal

import equinox as eqx
from jaxtyping import Bool, Float

from glasshouse._foundation.arrays import RealArray
from glasshouse.channels.base import AbstractChannel
from glasshouse.errors import InputError
from glasshouse.games.base import AbstractGame, AbstractSequentialGame, Product
from glasshouse.parametric.protocol import AbstractParametricGame, Params
from glasshouse.semantics.base import AbstractSemantics

Capability = Literal["observables", "scales", "checks", "dense"]


class AbstractObservable(eqx.Module):
    """Has named numbers for each player, such as how likely it is to cooperate."""

    @abc.abstractmethod
    def observables(self, params: Params) -> dict[str, Float[RealArray, "players"]]:
        """Numbers of each player by name; "cooperation" is the probability of action 0."""


class AbstractScaled(eqx.Module):
    """Knows how large gradients could be, so that rest is told from saturation."""

    @abc.abstractmethod
    def gradient_scales(self, params: Params) -> Params:
        """How large each selfish gradient could be, given how far behaviour moves here.

        Definition: ½ (max u_i - min u_i) Σ_j Σ_a |∂σ_j(a)/∂θ_i|. It bounds |∂U_i/∂θ_i| and
        shrinks with it where behaviour saturates, so their ratio tells rest from saturation.
        Infinite for a player to whom all outcomes are the same.
        **Cost:** one reverse pass per player and action.
        """


class AbstractChecked(eqx.Module):
    """Has action probabilities, which may turn out to be none."""

    @abc.abstractmethod
    def faults(self, params: Params) -> Bool[RealArray, "players"] | None:
        """Whose action probabilities are none here; None where they always are by construction."""


class AbstractDense(eqx.Module):
    """Has a finite game, a semantics and a channel behind it, which deviations and proofs use."""

    game: eqx.AbstractVar[AbstractGame]
    semantics: eqx.AbstractVar[AbstractSemantics]
    channel: eqx.AbstractVar[AbstractChannel]

    @abc.abstractmethod
    def behaviours(self, params: Params) -> Product:
        """Everyone's mixed action at these parameters, expected over what they may see."""

    @abc.abstractmethod
    def centred_payoffs(self, params: Params) -> Float[RealArray, "players"]:
        """Everyone's expected payoff less its midpoint: differences of it keep all digits."""


class AbstractWrapped(eqx.Module):
    """Is made of another game, and can say of itself only what that one can."""

    game: eqx.AbstractVar[AbstractParametricGame]


MEANINGS: dict[str, tuple[type, str]] = {
    "observables": (AbstractObservable, "named numbers of each player, such as cooperation"),
    "scales": (AbstractScaled, "to know how large its gradients could be"),
    "checks": (AbstractChecked, "action probabilities"),
    "dense": (
        AbstractDense,
        "a finite one-shot game with a semantics behind it, as ParametricGame has",
    ),
}
"""The class that has each capability, and what it is in words."""


def capabilities(game: AbstractParametricGame) -> frozenset[str]:
    """What the game can say of itself: "observables", "scales", "checks", "dense"."""
    own = frozenset(name for name, (kind, _) in MEANINGS.items() if isinstance(game, kind))
    if isinstance(getattr(game, "game", None), AbstractSequentialGame):
        own -= {"dense"}  # deviations and proofs are of behaviour in one state
    return own & capabilities(game.game) if isinstance(game, AbstractWrapped) else own


def require(game: Any, capability: Capability, purpose: str) -> Any:
    """The game, which has the capability.

    **Arguments:** `purpose`, what needs it: "the boundary test".
    **Raises:** `InputError` naming the game, the capability and the purpose.
    """
    if not isinstance(game, AbstractParametricGame):
        raise InputError(
            f"{purpose} needs a parametric game, not {type(game).__name__}: make one as "
            "ParametricGame(game, semantics), or call a family at a coupling"
        )
    if capability not in capabilities(game):
        words = MEANINGS[capability][1]
        raise InputError(f"{purpose} needs {words}, and {_named(game)} has none")
    return game


def _named(game: AbstractParametricGame) -> str:
    inner = getattr(game, "game", None)
    own = type(game).__name__
    if isinstance(inner, AbstractSequentialGame):
        return f"{own} of a {type(inner).__name__}"
    return own
