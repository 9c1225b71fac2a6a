"""What a command is asked about: a game under the logistic semantics, or a study's own values."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from glasshouse.cli.options import named_game
from glasshouse.errors import InputError

if TYPE_CHECKING:
    from glasshouse.dynamics.learning import Learning
    from glasshouse.families.family import AbstractFamily
    from glasshouse.games.normal_form import NormalFormGame
    from glasshouse.parametric import ParametricGame
    from glasshouse.parametric.observable import Observable
    from glasshouse.study.spec.study import AnalysisSpec


class Subject(NamedTuple):
    """A game in parameters and how its players learn, from the command line or from a study.

    `head` is what JSON says first; `title`, what people read first; `family`, the game at every
    strength of reading, called `key`, or None where the semantics has none; `stage`, what is
    played, once where it is repeated; `observable`, what is looked at in place of cooperation.
    """

    title: str
    head: dict[str, Any]
    game: "ParametricGame"
    family: "AbstractFamily | None"
    key: str
    learning: "Learning"
    analysis: "AnalysisSpec"
    stage: "NormalFormGame"
    observable: "Observable | None" = None

    @property
    def names(self) -> tuple[str, ...]:
        """What players are called."""
        return self.stage.player_names


def is_study(text: str) -> bool:
    """Whether an argument names a study file, and no game."""
    return text.lower().endswith(".toml")


def of_study(text: str, given: dict[str, Any], trust: bool) -> Subject:
    """A study at its own values, its sweep aside.

    **Arguments:** `given`, options by name that would say otherwise; None where they were not.
    **Raises:** `InputError` for a wrong study, and for such options.
    """
    from glasshouse._foundation.results import plain
    from glasshouse.games.repeated import PAYOFF_UNITS
    from glasshouse.study.setting import check_study
    from glasshouse.study.words.names import cooperation_clause

    said = [name for name, value in given.items() if value is not None]
    if said:
        raise InputError(
            f"{' and '.join(said)} {'belongs' if len(said) == 1 else 'belong'} to a game named on "
            f"the command line: a study says it itself, so change it in {text}"
        )
    setting = check_study(Path(text), trust=trust).base
    key = f"semantics.{setting.study.semantics.COUPLING}"
    settings = setting.study.settings()
    head = {"game": setting.played.to_dict(), "study": text}
    head |= {name: plain(settings[name]) for name in ("semantics", "access")}
    head["learning"] = setting.learning_written
    unit = setting.played.counted_in
    counted = "" if unit is None else f"; step sizes and look-aheads count {PAYOFF_UNITS[unit]}"
    seen = setting.observable
    about = cooperation_clause(setting.game)
    about = about if seen is None else f"; looked at is {seen.words}, {seen.formula}"
    return Subject(
        title=f"{setting.title}, the own values of {text}{about}{counted}",
        head=head,
        game=setting.parametric,
        family=setting.own_family(key),
        key=key,
        learning=setting.learning,
        analysis=setting.study.analysis,
        stage=setting.game,
        observable=setting.observable,
    )


def of_game(
    text: str,
    cooperate: Sequence[str] | None,
    bound: float,
    learning: "Learning",
    coupling: float | None = None,
) -> Subject:
    """A game under the logistic semantics, at one coupling, or where this does not matter."""
    from glasshouse._foundation.results import plain
    from glasshouse.families.family import LogisticFamily
    from glasshouse.study.spec.study import AnalysisSpec
    from glasshouse.study.words.names import cooperation_clause

    game = named_game(text, cooperate)
    family = LogisticFamily(game, bound)
    where = ", logistic semantics" if coupling is None else f" at coupling {coupling:g}"
    head = {"game": family.game.to_dict(), "bound": plain(bound)}
    counts = cooperation_clause(game)
    return Subject(
        title=f"{game.title}{where}, parameters in ±{bound:g}{counts}",
        head=head if coupling is None else {**head, "coupling": coupling},
        game=family(coupling or 0.0),
        family=family,
        key="semantics.coupling",
        learning=learning,
        analysis=AnalysisSpec(),
        stage=game,
    )
