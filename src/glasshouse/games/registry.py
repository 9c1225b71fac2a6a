"""The catalogue by name; contract tests run over all of it."""

from glasshouse._foundation.registry import exported_instances
from glasshouse.errors import unknown_name
from glasshouse.games import catalogue
from glasshouse.games.catalogue._entry import CatalogueGame

CATALOGUE: dict[str, CatalogueGame] = exported_instances(catalogue, CatalogueGame)


def from_catalogue(name: str) -> CatalogueGame:
    """The catalogue game of that name.

    **Raises:** `InputError` with the nearest name when there is none.
    """
    if name not in CATALOGUE:
        raise unknown_name("game", name, CATALOGUE)
    return CATALOGUE[name]
