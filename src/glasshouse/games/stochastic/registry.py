"""The games in steps by name; contract tests run over all of them."""

from typing import Any

from glasshouse._foundation.declared import check_declared, names_of, study_settings
from glasshouse._foundation.registry import Registry, exported_classes
from glasshouse.games import stochastic
from glasshouse.games.stochastic.base import AbstractStochasticGame

GIVEN_TO_STEPS = frozenset({"stage"})
"""What comes from another table of a study."""


def _check(cls: Any) -> None:
    check_declared(cls, "game in steps", {"words": str})
    study_settings(cls, GIVEN_TO_STEPS)  # which refuses what studies could not write


STOCHASTIC: Registry[type[AbstractStochasticGame]] = Registry(
    "stochastic_game",
    AbstractStochasticGame,
    own=exported_classes(stochastic, AbstractStochasticGame),
    check=_check,
    names=names_of,
)
