"""What is known in closed form: asked by question, looked up by exact class."""

import dataclasses
import importlib
import inspect
import itertools
from collections.abc import Callable
from typing import Any, TypeVar

from glasshouse._foundation.evidence import Evidence as Evidence
from glasshouse._foundation.results import Result
from glasshouse.errors import InputError

SUBJECTS = (
    "access",
    "diagonals",
    "grounding",
    "limits",
    "parametric",
    "repeated",
    "step_sizes",
    "symmetric",
)
"""The files of this folder that answer questions; whoever imports another may add to them."""


@dataclasses.dataclass(frozen=True, repr=False)
class Known(Result):
    """What is known in closed form.

    **Arguments:** `value`; `conditions` under which it holds, all of them met; `source`.
    """

    value: Any
    conditions: str
    source: str


@dataclasses.dataclass(frozen=True, repr=False)
class Unknown(Result):
    """Nothing is known in closed form, for the `reason` given."""

    reason: str


Answer = Callable[[Any], Known | Unknown]
Key = tuple[type, type | None, type | None]
F = TypeVar("F", bound=Answer)

_ANSWERS: dict[str, dict[Key, Answer]] = {}


def knows(
    question: str, game: type, semantics: type | None = None, channel: type | None = None
) -> Callable[[F], F]:
    """Register a function as what is known about a question.

    It is asked about objects of exactly these classes, never about subclasses, of which it need
    not hold. Of several that fit, the one that names the semantics is asked, then the one that
    names the channel.

    **Arguments:** `question`, such as "thresholds"; `game`, the concrete class of what is asked
    about: a game, a parametric game, a family; `semantics` and `channel`, those of its attributes
    of these names, None for any. The function takes the object and returns `Known` or `Unknown`.
    **Raises:** `InputError` for abstract classes, and where something is registered already.
    """
    key = game, semantics, channel
    for cls in filter(None, key):
        if not inspect.isclass(cls) or inspect.isabstract(cls):
            raise InputError(f"closed forms are known of concrete classes, not of {cls!r:.60}")

    def register(function: F) -> F:
        answers = _ANSWERS.setdefault(question, {})
        if key in answers:
            names = " and ".join(cls.__name__ for cls in filter(None, key))
            raise InputError(f"what is known of {names} about {question!r} is registered already")
        answers[key] = function
        return function

    return register


def known(question: str, game: Any) -> Known | Unknown:
    """What is known about a game in closed form, or the reason why nothing is.

    **Arguments:** `question`: "thresholds" of first movement (of a game in normal form, a
    parametric game, a family), "diagonal" (of a parametric game), "access", when cooperation
    starts to rise under a channel (of a parametric game, a family), "corner limits" (of all three),
    "largest step" of tied learners (of a parametric game), "largest epsilon" of grounded FairBots
    (of a game in normal form), or one registered by `knows`; `game`,
    what is asked about.
    **Returns:** `Known(value, conditions, source)` or `Unknown(reason)`.
    **Raises:** `InputError` for another question.

        import glasshouse as gh

        family = gh.LogisticFamily(gh.load_game("stag_hunt"), 3.0)
        print(gh.known("thresholds", family).value.neutral.value)  # 0.2
        print(gh.known("diagonal", family(0.5)).value.slope)  # 4.5
        print(type(gh.known("corner limits", gh.load_game("public_goods"))).__name__)  # Unknown
    """
    for subject in SUBJECTS:
        importlib.import_module(f"glasshouse.theory.{subject}")
    if question not in _ANSWERS:
        asked = ", ".join(map(repr, sorted(_ANSWERS)))
        raise InputError(f"nothing is known about {question!r:.40}: ask about one of {asked}")
    kind, parts = type(game), (getattr(game, "semantics", None), getattr(game, "channel", None))
    semantics, channel = map(type, parts)
    answers = _ANSWERS[question]
    for key in itertools.product((kind,), (semantics, None), (channel, None)):
        if key in answers:
            return answers[key](game)
    inside = " and ".join(type(part).__name__ for part in parts if part is not None)
    which = f"{kind.__name__} with {inside}" if inside else kind.__name__
    return Unknown(f"no closed form is known for the {question} of {which}")


def value_of(found: Known | Unknown) -> Any:
    """The value of what is known."""
    if isinstance(found, Unknown):
        raise InputError(found.reason)
    return found.value
