"""What a catalogue game declares beside its payoffs, readable without importing JAX."""

import dataclasses
import inspect
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import wadler_lindig as wl

from glasshouse._foundation.results import Readable, call
from glasshouse.errors import InputError, unknown_name
from glasshouse.games.symmetric import Symmetric2x2

if TYPE_CHECKING:
    from glasshouse.games.normal_form import NormalFormGame

MOST_PLAYERS = 12
"""The payoff tensor has n 2^n entries, and learning visits all of them at every step."""

MOST_PAYOFFS = MOST_PLAYERS * 2**MOST_PLAYERS
"""As many payoffs games with more than two actions may have."""


@dataclasses.dataclass(frozen=True)
class Payoffs:
    """What a catalogue function returns: payoffs of shape `(players, *actions)` and names."""

    tensor: np.ndarray
    actions: tuple[str, ...]


@dataclasses.dataclass(frozen=True, repr=False)
class CatalogueGame(Readable):
    """A named game family: call it with its parameters to get the game.

    **Arguments:** `title`; `condition`, what the parameters must satisfy; `source`;
    `function`, the parameters to `Payoffs`.
    **Raises:** `InputError` when a parameter is unknown, not finite, or breaks the condition.
    """

    title: str
    condition: str
    source: str
    function: Callable[..., Payoffs]

    @property
    def name(self) -> str:
        """The name used in study files and on the command line."""
        return self.function.__name__

    @property
    def defaults(self) -> dict[str, float | int]:
        """The parameters and their default values."""
        parameters = inspect.signature(self.function).parameters
        return {name: parameter.default for name, parameter in parameters.items()}

    def __call__(self, /, **parameters: Any) -> "NormalFormGame":
        from glasshouse.games.normal_form import Labels, NormalFormGame

        values = self._checked(parameters)
        payoffs = self.function(**values)
        players = payoffs.tensor.shape[0]
        labels = Labels(
            players=tuple(f"player {i + 1}" for i in range(players)),
            actions=(payoffs.actions,) * players,
            title=self.title,
            source=self.source,
        )
        return NormalFormGame(payoffs.tensor, labels, player_axis=0)

    def __pdoc__(self, **settings: Any) -> wl.AbstractDoc:
        facts = {"name": self.name, "title": self.title, "parameters": self.defaults}
        return call("CatalogueGame", [*facts.items(), ("condition", self.condition)], **settings)

    def _checked(self, parameters: dict[str, Any]) -> dict[str, float | int]:
        from glasshouse._foundation.numbers import number  # which imports JAX

        given: dict[str, float | int] = {}
        for name, value in parameters.items():
            if name not in self.defaults:
                raise unknown_name(f"parameter of {self.name}", name, self.defaults)
            found = number(value, f"{self.name}: {name}")
            whole = isinstance(self.defaults[name], int)
            if whole and not found.is_integer():
                raise InputError(f"{self.name}: {name}={found:g} must be a whole number")
            given[name] = int(found) if whole else found
        return {**self.defaults, **given}


def catalogue_game(
    *, title: str, condition: str, source: str
) -> Callable[[Callable[..., Payoffs]], CatalogueGame]:
    """Decorate a function from parameters to `Payoffs` as a catalogue game."""

    def decorate(function: Callable[..., Payoffs]) -> CatalogueGame:
        return CatalogueGame(title, condition, source, function)

    return decorate


def check_condition(game: str, holds: bool, condition: str, **parameters: float | int) -> None:
    """Raise an `InputError` naming the game, its condition and the parameters given.

    Where `n` is among them, it is the number of players.
    """
    if "n" in parameters:
        require_players(game, int(parameters["n"]))
    if not holds:
        given = ", ".join(f"{name}={value:g}" for name, value in parameters.items())
        raise InputError(f"{game} needs {condition}, but {given}")


def require_players(game: str, n: int) -> None:
    """Raise an `InputError` where n players are too few or too many for a catalogue game."""
    if not 2 <= n <= MOST_PLAYERS:
        raise InputError(f"{game}: n={n} must lie between 2 and {MOST_PLAYERS}")


def require_size(game: str, actions: tuple[int, ...]) -> None:
    """Raise an `InputError` where a game with so many actions per player has too many payoffs."""
    payoffs = len(actions) * math.prod(actions)
    if payoffs > MOST_PAYOFFS:
        raise InputError(
            f"{game}: {len(actions)} players with {actions[0]} actions each make {payoffs} "
            f"payoffs, and at most {MOST_PAYOFFS} are supported: choose fewer actions or players"
        )


def symmetric(T: float, R: float, P: float, S: float, actions: tuple[str, str]) -> Payoffs:
    """A symmetric 2×2 game from the row player's four payoffs."""
    return Payoffs(Symmetric2x2(T=T, R=R, P=P, S=S).tensor(), actions)
