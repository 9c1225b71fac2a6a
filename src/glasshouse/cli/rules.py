"""`glasshouse rules`: by which rules players can learn, what they keep and what they cost."""

import inspect
from collections.abc import Iterator
from typing import Any

from glasshouse.cli.options import JsonOption, print_json, print_table, say


def command(as_json: JsonOption = False) -> None:
    """The rules by which players learn: formula, what they keep, what they need and cost."""
    from glasshouse._foundation.results import plain

    found = list(_rules())
    if as_json:
        print_json(plain(found))
        return
    rows = [
        (rule["name"], _settings(rule["parameters"]), rule["formula"], _keeps(rule), rule["cost"])
        for rule in found
    ]
    print_table(rows, ("RULE", "PARAMETERS", "DIRECTION", "SELFISH REST POINTS", "COST"))
    say()
    say(
        "ξ are the selfish gradients, H_o the blocks of their Jacobian between different players, "
        "χ_i what moving the others' gradients is worth to player i. Rest points are kept where "
        "all ξ vanish; where a bound holds an outward one, a rule may move on. A study names one "
        'as [learning] rule = "lola", or one for each player in [[learning.players]]; line-ups and '
        "Optax transformations are made in Python, by PerPlayer and Transformed."
    )


def _rules() -> Iterator[dict[str, Any]]:
    from glasshouse.rules.registry import RULES

    for name, rule in RULES.items():
        given = inspect.signature(rule).parameters.values()
        yield {
            "name": name,
            "words": rule.words,
            "formula": rule.formula,
            "keeps_rest_points": rule.keeps_rest_points,
            "needs": sorted(rule.needs),
            "cost": rule.cost,
            "parameters": {
                p.name: None if p.default is inspect.Parameter.empty else p.default for p in given
            },
        }


def _settings(parameters: dict[str, Any]) -> str:
    return ", ".join(
        name if value is None else f"{name}={value}" for name, value in parameters.items()
    )


def _keeps(rule: dict[str, Any]) -> str:
    return "kept" if rule["keeps_rest_points"] else "not all kept"
