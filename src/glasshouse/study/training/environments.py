"""`[game]` of a training: which game in steps is played."""

from pathlib import Path

from glasshouse.games.stochastic.base import AbstractStochasticGame
from glasshouse.games.stochastic.registry import GIVEN_TO_STEPS, STOCHASTIC
from glasshouse.study.spec.declared import Declared, Kinds, made
from glasshouse.study.spec.game import GameSpec


class EnvironmentSection(Declared):
    """A game in steps, by a class that says what it takes."""

    def files(self, folder: Path) -> dict[str, Path]:
        """The files that it reads, by name."""
        return {}

    def build(self, folder: Path) -> AbstractStochasticGame:
        """The game, files being relative to `folder`.

        **Raises:** `InputError` for numbers that cannot be.
        """
        return made(self.MADE, self.settings())


class IteratedSection(EnvironmentSection):
    """A stage game, played again and again."""

    stage: GameSpec
    """What is played in each step, such as { name = "prisoners_dilemma" }."""

    def files(self, folder: Path) -> dict[str, Path]:
        return self.stage.files(folder)

    def build(self, folder: Path) -> AbstractStochasticGame:
        """The game; of the stage game only payoffs and names count."""
        settings = {name: value for name, value in self.settings().items() if name != "stage"}
        return made(self.MADE, {"stage": self.stage.build(folder), **settings})


ENVIRONMENT_SPECS: Kinds[EnvironmentSection] = Kinds(
    STOCHASTIC, EnvironmentSection, GIVEN_TO_STEPS, "What is played in steps"
)
"""The tables of all kinds by name, registered ones too."""
