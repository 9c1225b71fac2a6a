"""What to write instead, for those who know things by another name or put them elsewhere."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from glasshouse._foundation.digits import in_order
from glasshouse.errors import nearest
from glasshouse.games.strategies import named_strategy

SYNONYMS = {
    "gamma": "discount",
    "γ": "discount",
    "delta": "discount",
    "kappa": "coupling",
    "κ": "coupling",
    "alpha": "look_ahead",
    "α": "look_ahead",
    "eta": "step_size",
    "lr": "step_size",
    "learning_rate": "step_size",
    "iterations": "steps",
    "epochs": "steps",
    "runs": "starts",
}
"""Keys by what they are called elsewhere."""

NAIVE = ("naive", "nl", "selfish", "gd", "sgd", "pg", "policygradient", "gradientascent")
"""What the rule "gradient" is called elsewhere, without spaces and hyphens."""

RULES_ELSEWHERE = {
    "cgo": "'cgd' is CGO wherever its look_ahead is not the step size",
    "hedge": "'mirror' is hedge",
    "mmd": "'magnetic' is magnetic mirror descent",
    "stackelberg": "'leader' is the Stackelberg leader",
}
"""Other rules by what they are called elsewhere, written likewise."""

TABLES = {
    "reference": "reference = { mean = 2.4, std = 0.5, seeds = 20 }",
    "repeated": 'repeated = { discount = 0.9, unit = "sum" }',
    "stop": "stop = { tolerance = 1e-8 }",
    "at": 'at = { "semantics.coupling" = 0.3 }',
    "players": '[{ rule = "lola" }, { rule = "gradient" }]',
    "compare": '[[compare]] and, below it, rule = "lola"',
    "league": '[league] and, below it, entrants = [{ rule = "lola" }, { strategy = "tft" }]',
    "map": "[map] and, below it, adaptive = true",
    "entrants": '[{ rule = "lola" }, { strategy = "tft" }]',
}
"""How tables are written that are easily taken for a number, and lists of tables."""

LISTED = re.compile(r"(?:unknown )?key '(compare|learning\.players|league\.entrants)\.(\d+)")
"""What begins an error in one of several tables, which keys count from 0."""


def nearest_key(name: str, known: Iterable[str]) -> str:
    """A hint at the key meant, by its last part or by what this is called elsewhere."""
    known = list(known)
    last = name.rpartition(".")[2]
    called = (last, SYNONYMS.get(last.lower(), last))
    same = [key for key in known if key.rpartition(".")[2] in called]
    return f"did you mean '{same[0]}'?" if len(same) == 1 else nearest(name, known)


def rule_hint(name: str) -> str:
    """Which rule is meant by a name from elsewhere, to go on with; nothing for other names."""
    plain = re.sub(r"[^a-z]", "", name.lower())
    if plain in NAIVE:
        return ": 'gradient' is the naive learner"
    if plain in RULES_ELSEWHERE:
        return f": {RULES_ELSEWHERE[plain]}"
    strategy = named_strategy(name)
    if strategy is None:
        return ""
    return (
        f": {strategy!r} is a strategy, and no rule of learning; who does not learn has "
        f"rule = 'fixed', or in a league strategy = {strategy!r}"
    )


def not_at(key: str, value: object) -> str:
    """Where else what somebody wrote in `at` of a learner belongs; nothing for other keys."""
    table, _, name = key.partition(".")
    if table == "learning":
        written = f'"{value}"' if isinstance(value, str) else value
        return f"cannot hold {key}: write {name} = {written} in the table itself"
    if key in ("game.name", "game.file"):
        return f"cannot hold {key}, since all play one game: write one study for each game"
    if key == "game.title":
        return f"cannot hold {key}: say name in the table itself"
    return ""


def example(key: str) -> str:
    """How such a table or list of tables is written, to go on with."""
    found = TABLES.get(key.rpartition(".")[2])
    return f": write it as {found}" if found else ""


def in_its_table(said: str, content: Mapping[str, Any]) -> str:
    """An error of one of several tables, with which it is, by its place and name.

    **Arguments:** `content`, of the study, or as much of it as has names.
    """
    found = LISTED.match(said)
    if found is None:
        return said
    table, k = found[1], int(found[2])
    name, entries = None, content
    for part in table.split("."):
        entries = (
            entries.get(part) if isinstance(entries, Mapping) else getattr(entries, part, None)
        )
    if isinstance(entries, Sequence) and k < len(entries):
        entry = entries[k]
        name = entry.get("name") if isinstance(entry, dict) else getattr(entry, "name", None)
    called = f" ({name})" if isinstance(name, str) and name else ""
    return f"{in_order(k + 1)} [[{table}]]{called}: {said}"
