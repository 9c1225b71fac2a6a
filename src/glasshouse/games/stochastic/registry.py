"""The games in steps by name; contract tests run over all of them."""

from typing import Any

from glasshouse._foundation.declared import check_declared, names_of, study_settings
from glasshouse._foundation.registry import Registry, exported_classes
from glasshouse.games import stochastic
from glasshouse.games.stochastic.base import AbstractStochasticGame


def _check(cls: Any) -> None:
    check_declared(cls, "environment", {"words": str})
    study_settings(cls)  # which refuses what studies could not write


ENVIRONMENTS: Registry[type[AbstractStochasticGame]] = Registry(
    "environment",
    AbstractStochasticGame,
    own=exported_classes(stochastic, AbstractStochasticGame),
    check=_check,
    names=names_of,
)
