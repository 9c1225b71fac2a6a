"""What the numbers in a folder depend on: a study and its inputs, versions, the machine."""

import hashlib
import importlib.metadata
import platform
from collections.abc import Iterable
from typing import Any, NamedTuple

import jax

from glasshouse._foundation.random import how_drawn
from glasshouse._foundation.registry import Registry
from glasshouse.channels.registry import CHANNELS
from glasshouse.games.registry import CATALOGUE
from glasshouse.parametric.registry import OBSERVABLES
from glasshouse.rules.registry import RULES, VIEWS
from glasshouse.semantics.registry import SEMANTICS
from glasshouse.study.setting import Prepared
from glasshouse.study.spec.study import Study

SCHEMA_VERSION = 5
"""Of provenance, summary and table; raised when a key changes its meaning or goes away."""

PACKAGES = ("glasshouse", "jax", "jaxlib", "equinox", "optax", "numpy", "scipy", "pyarrow")
"""What the numbers depend on, and the pictures in part."""


MACHINE_KEYS = ("python", "platform", "device")
"""Of what numbers depend on, that which differs between machines that share a run."""


class Recipe(NamedTuple):
    """What is to be computed, and with what.

    **Arguments:** `toml`, the study with every default written out, and the same as `resolved`;
    `inputs`, the contents of the files that it reads, by name; `identity`, what the numbers depend
    on, of which a folder keeps a record; `shared`, whether several machines may work at it.
    """

    toml: str
    resolved: dict[str, Any]
    inputs: dict[str, bytes]
    identity: dict[str, Any]
    shared: bool = False


def recipe_of(prepared: Prepared) -> Recipe:
    """The recipe of a study."""
    study = prepared.study
    toml = study.to_toml()
    identity = identity_of(toml, prepared.inputs, study.learning.seed, _installed(study))
    shared = prepared.field is not None or len(prepared.points) > 1
    return Recipe(toml, study.resolved(), prepared.inputs, identity, shared)


def identity_of(
    toml: str,
    inputs: dict[str, bytes],
    seed: int,
    installed: dict[str, str],
    precision: str = "float64",
) -> dict[str, Any]:
    """What numbers depend on: the study and its inputs, versions, the machine.

    **Arguments:** `installed`, versions of packages whose entry points the study names.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "study": hashlib.sha256(toml.encode()).hexdigest(),
        "inputs": {name: hashlib.sha256(content).hexdigest() for name, content in inputs.items()},
        "seed": seed,
        "random": how_drawn(seed),
        "versions": {**{name: importlib.metadata.version(name) for name in PACKAGES}, **installed},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": jax.devices()[0].device_kind,
        "precision": precision,
    }


def _installed(study: Study) -> dict[str, str]:
    """Versions of the packages whose entry points the study names."""
    tables = study.learning.players or (study.learning,)
    entrants = () if study.league is None else study.league.entrants
    learners = (*tables, *entrants, *study.compare)
    named = [
        (SEMANTICS, study.semantics.MADE),
        (CHANNELS, study.access.MADE),
        *((RULES, table.made) for table in learners),
        *((VIEWS, table.sees.MADE) for table in learners if table.sees is not None),
        (CATALOGUE, CATALOGUE.get(study.game.name or "")),
        (OBSERVABLES, OBSERVABLES.get(study.analysis.observe)),
    ]
    return packages_of(named)


def packages_of(named: Iterable[tuple[Registry[Any], Any]]) -> dict[str, str]:
    """Versions of the packages whose entry points these things are, each found in its registry."""
    found: dict[str, str] = {}
    for registry, thing in named:
        found |= registry.package(thing)
    return dict(sorted(found.items()))
