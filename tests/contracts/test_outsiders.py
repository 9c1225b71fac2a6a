"""What a contract asks of the library's own classes it asks of somebody else's, once registered."""

import functools
import inspect

import pytest
from tests import outsiders
from tests.contracts import (
    test_channels,
    test_policies,
    test_rules,
    test_rules_hold,
    test_semantics,
    test_stochastic_games,
)

from glasshouse.semantics.policies import TablePolicy
from glasshouse.study.spec.plugins import load_plugins

THEIRS = {
    "kind": "tilted",
    "actions": (2, 2),
    "name": "faded",
    "rule_name": "anticipating",
    "game_name": "prisoners dilemma",
    "players": 2,
}
"""Of somebody else, by what contract tests call the things that they are run over."""

IN_STEPS = {
    **THEIRS,
    "name": "umbrellas",
    "policy_name": "tilting",
    "way": "neighbourly",
    "kind": TablePolicy,
}
"""The same of games in steps, whose policies are of a game here."""

MODULES = {
    test_semantics: THEIRS,
    test_channels: THEIRS,
    test_rules: THEIRS,
    test_rules_hold: THEIRS,
    test_stochastic_games: IN_STEPS,
    test_policies: {**IN_STEPS, "game_name": "two actions"},
}

CONTRACTS = {
    name: (function, theirs)
    for module, theirs in MODULES.items()
    for name, function in vars(module).items()
    if name.startswith("test_")
    if {"kind", "name", "rule_name", "policy_name"} & set(inspect.signature(function).parameters)
}


@pytest.fixture(autouse=True)
def registered(tmp_path):
    """Somebody else's things, known to this test alone, and no examples left of them."""
    with outsiders.as_before():
        files = {**outsiders.FILES, "steps.py": outsiders.STEPS}
        for name, text in files.items():
            (tmp_path / name).write_text(text, "utf-8")
        load_plugins(tuple(files), tmp_path, trust=False)
        yield
    for module in MODULES:
        for found in vars(module).values():
            if isinstance(found, functools._lru_cache_wrapper):
                found.cache_clear()


@pytest.mark.parametrize("contract", CONTRACTS)
def test_somebody_elses_classes_keep_the_contract(contract):
    function, theirs = CONTRACTS[contract]
    function(**{name: theirs[name] for name in inspect.signature(function).parameters})


def test_there_are_contracts_of_each_kind():
    taken = [set(inspect.signature(function).parameters) for function, _ in CONTRACTS.values()]
    assert {"kind", "actions"} in taken
    assert {"name", "kind", "actions"} in taken
    assert {"kind", "rule_name", "game_name"} in taken
    assert {"policy_name", "game_name"} in taken
    assert {"way", "kind"} in taken
