"""One way to add a semantics, channel, rule, view, game, policy or observable of one's own."""

from typing import Any, TypeVar

from glasshouse._foundation.declared import Key as Key
from glasshouse._foundation.declared import Strength as Strength
from glasshouse._foundation.registry import Registry
from glasshouse.channels.registry import CHANNELS
from glasshouse.errors import InputError
from glasshouse.games.registry import CATALOGUE
from glasshouse.games.stochastic.registry import STOCHASTIC
from glasshouse.parametric.registry import OBSERVABLES
from glasshouse.programs.registry import MODAL_AGENTS
from glasshouse.rules.registry import RULES, VIEWS
from glasshouse.semantics.policies.registry import POLICIES, TRANSPARENCIES
from glasshouse.semantics.registry import SEMANTICS

T = TypeVar("T")

REGISTRIES: tuple[Registry[Any], ...] = (
    SEMANTICS,
    CHANNELS,
    RULES,
    VIEWS,
    CATALOGUE,
    OBSERVABLES,
    STOCHASTIC,
    POLICIES,
    TRANSPARENCIES,
    MODAL_AGENTS,
)
"""Of everything that studies can name; whoever lists or looks up something asks one of them."""


def register(cls: T) -> T:
    """Make a class known to studies, commands, reports and contract tests; a decorator too.

    Installed packages need no call: they name their classes as entry points of the groups
    "glasshouse.semantics", "glasshouse.channels", "glasshouse.rules", "glasshouse.views",
    "glasshouse.games", "glasshouse.observables", "glasshouse.stochastic_games",
    "glasshouse.policies", "glasshouse.transparencies" and "glasshouse.programs". Registering the
    same definition again, changed or not, replaces it.

    **Arguments:** `cls`, a concrete subclass of `AbstractSemantics`, `AbstractChannel`,
    `AbstractRule`, `AbstractView`, `AbstractMeasure`, `AbstractStochasticGame`, `AbstractPolicy` or
    `AbstractTransparency`, a game of `catalogue_game`, or a program of `modal`.
    **Returns:** the same.
    **Raises:** `InputError` for anything else, for a class that does not say what it is (words and
    formula, among others), and for a name that is taken.
    """
    for registry in REGISTRIES:
        if registry.takes(cls):
            registry.add(cls)
            return cls
    shown = cls.__name__ if isinstance(cls, type) else f"{cls!r:.60}"
    kinds = ", ".join(registry.base.__name__ for registry in REGISTRIES)
    raise InputError(f"{shown} cannot be registered: it is of none of the kinds {kinds}")
