"""The network games by name; contract tests run over all of them."""

from glasshouse import games
from glasshouse._foundation.registry import exported_classes
from glasshouse.games.network.base import AbstractNetworkGame

NETWORK_GAMES: dict[str, type[AbstractNetworkGame]] = exported_classes(games, AbstractNetworkGame)
