"""The catalogue by name; contract tests run over all of it."""

from typing import Any

from glasshouse._foundation.registry import Registry, exported_instances
from glasshouse.errors import InputError, unknown_name
from glasshouse.games import catalogue
from glasshouse.games.catalogue._entry import CatalogueGame


def _check(game: Any) -> None:
    """Refuse a game that its own defaults do not make, or that says nothing of itself."""
    missing = [name for name in ("title", "condition", "source") if not getattr(game, name)]
    if missing:
        raise InputError(f"game {game.name} does not say {' and '.join(missing)}")
    if game.name.startswith("_"):
        raise InputError(f"game {game.name}: no name for study files")


CATALOGUE: Registry[CatalogueGame] = Registry(
    "game",
    "games",
    CatalogueGame,
    own=exported_instances(catalogue, CatalogueGame),
    check=_check,
    names=lambda game: (game.name,),
)


def from_catalogue(name: str) -> CatalogueGame:
    """The catalogue game of that name."""
    if name not in CATALOGUE:
        raise unknown_name("game", name, CATALOGUE)
    return CATALOGUE[name]
