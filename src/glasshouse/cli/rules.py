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
        "ξ are the selfish gradients, H their Jacobian, H_o its blocks between different players, "
        "χ_i what moving the others' gradients is worth to player i; l is a leader, f are its "
        "followers, p_i(a) the probability of an action. Rest points are kept where "
        "all ξ vanish; where a bound holds an outward one, a rule may move on. A study names one "
        'as [learning] rule = "lola", or one for each player in [[learning.players]]; line-ups and '
        "Optax transformations are made in Python, by PerPlayer and Transformed."
    )


def _rules() -> Iterator[dict[str, Any]]:
    from glasshouse._foundation.declared import study_name
    from glasshouse.rules.registry import RULES

    for rule in RULES.values():
        given = inspect.signature(rule).parameters.values()
        yield {
            "name": study_name(rule),
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
