"""What a game in parameters can say of itself beyond its payoffs, and one way to ask for it."""

import abc
from collections.abc import Sequence
from typing import Any, Literal

import equinox as eqx
from jaxtyping import Bool, Float

from glasshouse._foundation.arrays import RealArray
from glasshouse.channels.base import AbstractChannel
from glasshouse.errors import InputError
from glasshouse.games.base import AbstractGame, AbstractSequentialGame, Product
from glasshouse.parametric.protocol import AbstractParametricGame, Params
from glasshouse.semantics.base import AbstractSemantics

Capability = Literal["observables", "scales", "checks", "dense", "sampled", "episodes"]


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
    """Has a finite game, a semantics and a channel behind it, which deviations and proofs use.

    Its payoffs are those of `game` at `behaviours`; `centred` is the same game, with each player's
    `midpoints` taken from all of its payoffs.
    """

    game: eqx.AbstractVar[AbstractGame]
    semantics: eqx.AbstractVar[AbstractSemantics]
    channel: eqx.AbstractVar[AbstractChannel]
    centred: eqx.AbstractVar[AbstractGame]
    midpoints: eqx.AbstractVar[Float[RealArray, "players"]]

    @abc.abstractmethod
    def behaviours(self, params: Params) -> Product:
        """Everyone's mixed action at these parameters, expected over what they may see."""

    @abc.abstractmethod
    def centred_payoffs(self, params: Params) -> Float[RealArray, "players"]:
        """Everyone's expected payoff less its midpoint: differences of it keep all digits."""


class AbstractSampled(eqx.Module):
    """Has payoffs and gradients that are estimates, drawn anew with every key that is given.

    Learning in it needs a key. What needs exact payoffs, or products of second derivatives,
    refuses it.
    """

    @property
    @abc.abstractmethod
    def estimate(self) -> str:
        """What is drawn, in words: "the mean of 64 episodes"."""


class AbstractPlayed(eqx.Module):
    """Plays episodes of a game in steps, from whose probabilities gradients are estimated."""

    @abc.abstractmethod
    def played(self, params: Params, uniforms: Float[RealArray, "episodes draws"]) -> Any:
        """Episodes played at these parameters, chance being as given."""

    @abc.abstractmethod
    def log_probabilities(
        self, params: Params, played: Any
    ) -> Float[RealArray, "steps episodes players"]:
        """The logarithm of the probability of each action taken, at these parameters."""

    @abc.abstractmethod
    def log_mixes(
        self, params: Params, played: Any
    ) -> Float[RealArray, "steps episodes players actions"]:
        """The logarithms of the probabilities of all actions wherever players were."""


class AbstractWrapped(eqx.Module):
    """Is made of another game, and can say of itself only what that one can."""

    game: eqx.AbstractVar[AbstractParametricGame]


CAPABILITIES: dict[str, tuple[type, str]] = {
    "observables": (AbstractObservable, "named numbers of each player, such as cooperation"),
    "scales": (AbstractScaled, "to know how large its gradients could be"),
    "checks": (AbstractChecked, "action probabilities"),
    "dense": (
        AbstractDense,
        "a finite one-shot game with a semantics behind it, as ParametricGame has",
    ),
    "sampled": (AbstractSampled, "payoffs that are drawn"),
    "episodes": (AbstractPlayed, "episodes, as SampledParametricGame plays them"),
}
"""The class that has each capability, and what it is in words."""

ONCE = "about games that are played once"
"""Of repeated games all that deviations and proofs are left out for this one reason."""


def capabilities(game: AbstractParametricGame) -> frozenset[str]:
    """What the game can say of itself, by the names of `CAPABILITIES`."""
    own = frozenset(name for name, (kind, _) in CAPABILITIES.items() if isinstance(game, kind))
    if isinstance(getattr(game, "game", None), AbstractSequentialGame):
        own -= {"dense"}  # deviations and proofs are of behaviour in one state
    if not isinstance(game, AbstractWrapped):
        return own
    inside = capabilities(game.game)
    return (own & inside) | (inside & {"sampled"})


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
        raise lacks(game, capability, purpose)
    return game


def lacks(game: AbstractParametricGame, capability: Capability, purpose: str) -> InputError:
    """The one error about what a game cannot say of itself."""
    if capability == "dense" and unit_of(game) is not None:
        return InputError(f"{purpose} is {ONCE}")
    inside = game.game if isinstance(game, AbstractWrapped) else None
    instead = ": take its .game" if inside and capability in capabilities(inside) else ""
    words = CAPABILITIES[capability][1]
    return InputError(f"{purpose} needs {words}, and {type(game).__name__} has none{instead}")


def require_exact(game: Any, purpose: str, *needed: Capability) -> Any:
    """The game, whose payoffs are exact, and which has all that is needed beside.

    **Raises:** `InputError` naming the game, what it lacks and the purpose.
    """
    if not isinstance(game, AbstractParametricGame):
        return require(game, "sampled", purpose)  # which refuses it
    if "sampled" in capabilities(game):
        raise InputError(
            f"{purpose} needs exact payoffs, and {type(game).__name__} has none: each is "
            f"{innermost_sampled(game).estimate}; run and learn take it"
        )
    for capability in needed:
        require(game, capability, purpose)
    return game


def kinks_of(game: Any) -> str:
    """Where slopes of the game differ on either side, in words: nowhere unless it is said."""
    while isinstance(game, AbstractWrapped):
        game = game.game
    if not isinstance(game, AbstractDense):
        return ""
    return " and ".join(x for x in (game.channel.kinks, game.semantics.kinks) if x)


KINKED = "slopes of this game differ on either side"
"""How reasons begin that leave out what follows derivatives; what follows is where that is."""


def require_smooth(game: Any, purpose: str) -> None:
    """Refuse a game whose slopes differ on either side, where derivatives decide.

    **Raises:** `InputError` naming where that is, and what answers without derivatives.
    """
    where = kinks_of(game)
    if where:
        raise InputError(
            f"{purpose} follows derivatives, and {KINKED} {where}:"
            " learn from starts apart, or look for best deviations and proofs, which need none"
        )


def innermost_sampled(game: Any) -> Any:
    """The game that draws, inside of those that are made of it."""
    while isinstance(game, AbstractWrapped):
        game = game.game
    return game


def unit_of(game: Any) -> str | None:
    """In what payoffs of many rounds are counted, and so step sizes and look-aheads, too.

    "step", per round, or "sum", discounted sums; None in games that are played once.
    """
    while isinstance(game, AbstractWrapped):
        game = game.game
    return game.game.counted_in if isinstance(game, AbstractDense) else None


def needs_key(game: AbstractParametricGame, key: Any, who: str) -> None:
    """Refuse to play a game whose payoffs are drawn without a key.

    **Raises:** `InputError` naming the game and what to give.
    """
    if key is None and "sampled" in capabilities(game):
        raise InputError(
            f"the payoffs of {type(game).__name__} are drawn: {who} needs a key, such as "
            "key=jax.random.key(0)"
        )


def is_parametric(found: Any) -> bool:
    """Whether this is a game in parameters at all, of whatever kind."""
    return isinstance(found, AbstractParametricGame)


def listed(games: Any, who: str) -> Sequence[Any]:
    """The games in a list; a list of any kind is left as it is, whose games may be no objects yet.

    **Raises:** `InputError` where there is none, or one game instead of a list.
    """
    if is_parametric(games) or not games:
        raise InputError(f"{who} needs a list of parametric games, at least one")
    return games if isinstance(games, Sequence) else list(games)
