"""What a contract asks of the library's own classes it asks of somebody else's, once registered."""

import functools
import inspect

import pytest
from tests import outsiders
from tests.contracts import test_channels, test_rules, test_rules_hold, test_semantics

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

MODULES = (test_semantics, test_channels, test_rules, test_rules_hold)

CONTRACTS = {
    name: function
    for module in MODULES
    for name, function in vars(module).items()
    if name.startswith("test_")
    if {"kind", "name", "rule_name"} & set(inspect.signature(function).parameters)
}


@pytest.fixture(autouse=True)
def registered(tmp_path):
    """Somebody else's things, known to this test alone, and no examples left of them."""
    with outsiders.as_before():
        for name, text in outsiders.FILES.items():
            (tmp_path / name).write_text(text, "utf-8")
        load_plugins(tuple(outsiders.FILES), tmp_path, trust=False)
        yield
    for module in MODULES:
        for found in vars(module).values():
            if isinstance(found, functools._lru_cache_wrapper):
                found.cache_clear()


@pytest.mark.parametrize("contract", CONTRACTS)
def test_somebody_elses_classes_keep_the_contract(contract):
    function = CONTRACTS[contract]
    function(**{name: THEIRS[name] for name in inspect.signature(function).parameters})


def test_there_are_contracts_of_each_kind():
    taken = [set(inspect.signature(function).parameters) for function in CONTRACTS.values()]
    assert {"kind", "actions"} in taken
    assert {"name", "kind", "actions"} in taken
    assert {"kind", "rule_name", "game_name"} in taken
