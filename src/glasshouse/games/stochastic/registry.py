"""The games in steps by name; contract tests run over all of them."""

from glasshouse._foundation.registry import Registry, declared_classes
from glasshouse.games import stochastic
from glasshouse.games.stochastic.base import AbstractStochasticGame

GIVEN_TO_STEPS = frozenset({"stage"})
"""What comes from another table of a study."""

STOCHASTIC: Registry[type[AbstractStochasticGame]] = declared_classes(
    "game in steps",
    "stochastic_games",
    AbstractStochasticGame,
    stochastic,
    says={"words": str},
    given=GIVEN_TO_STEPS,
)
"""What every game in steps offers: a state, how it moves, and what each player sees of it."""
