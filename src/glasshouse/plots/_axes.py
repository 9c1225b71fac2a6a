"""What the numbers of a study are called: on axes, with symbol and unit, and in short."""

from typing import Any

from glasshouse.channels.registry import CHANNELS
from glasshouse.rules.registry import RULES
from glasshouse.semantics.registry import SEMANTICS

AXIS_LABELS = {
    "game.cooperate": "action that counts as cooperation (from 0)",
    "game.repeated.discount": "discount γ (what the next round counts beside this one)",
    "game.repeated.noise": "noise (probability of another action than meant)",
    "game.repeated.misperception": "misperception (probability of taking an action for another)",
    "learning.step_size": "step size (parameter units per unit of gradient)",
    "learning.steps": "learning steps",
    "learning.starts": "starts (runs at each point)",
    "learning.spread": "spread of starts (parameter units)",
    "learning.seed": "seed of the starts",
    "learning.stop.tolerance": "tolerance of rest (parameter units per step)",
}

DECLARED = {"semantics": SEMANTICS, "access": CHANNELS, "learning": RULES}
"""Tables of a study whose numbers are said by the classes that have them."""

AXIS_KINDS = {
    "game.parameters.": "{} (parameter of the game)",
    "game.payoffs.": "payoff {} (per round)",
    "semantics.parameters.": "{} (parameter of the semantics)",
    "semantics.": "{} (number of the semantics)",
    "access.": "{} (number of the access)",
    "learning.": "{} (number of learning)",
    "game.": "{} (number of the game)",
}
"""What the other numbers of a study are called, by the beginning of their key."""


def axis_label(key: str, owner: Any = None) -> str:
    """What an axis is called in a figure: in words, with symbol and unit as far as these are said.

    **Arguments:** `owner`, the class that has the number; without it whichever declares such a key.
    """
    table, _, name = key.partition(".")
    owners = DECLARED.get(table, {}).values() if owner is None else [owner]
    declared = [cls.keys[name] for cls in owners if name in cls.keys]
    said = [x.axis for x in declared if x.axis]
    said += [f"{name.replace('_', ' ')} {x.symbol}" for x in declared if x.symbol]
    if key in AXIS_LABELS or said:
        return AXIS_LABELS.get(key, next(iter(said), key))
    for beginning, words in AXIS_KINDS.items():
        if key.startswith(beginning):
            return words.format(_placed(key.removeprefix(beginning)))
    return _placed(key)


def short_label(key: str, owner: Any = None) -> str:
    """The same without its unit: "look-ahead α"."""
    return axis_label(key, owner).partition(" (")[0]


def _placed(name: str) -> str:
    """A name without underscores and dots; places in lists are counted from 1, in brackets."""
    parts = name.split(".")
    words = " ".join(part.replace("_", " ") for part in parts if not part.isdigit())
    places = ", ".join(str(int(part) + 1) for part in parts if part.isdigit())
    return " ".join(filter(None, [words, places and f"[{places}]"]))
