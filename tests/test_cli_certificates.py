"""The commands about certificates: what they say, exit codes, and one line for bad input."""

import copy
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from glasshouse.analysis.certification import certify
from glasshouse.analysis.family import LogisticFamily
from glasshouse.certificates.document import digest_of
from glasshouse.cli.verdicts import plus_minus
from glasshouse.games import catalogue
from glasshouse.parametric import ParametricGame
from glasshouse.semantics.base import Box
from glasshouse.semantics.custom import Custom

GAIN = "0.950157922262"
"""What leaving the corner gains in the prisoner's dilemma at κ = 0.5, M = 3, to 12 digits."""

DEVIATION = "-2.95235"


def dilemma(coupling: float, bound: float = 3.0) -> ParametricGame:
    return LogisticFamily(catalogue.prisoners_dilemma(), bound)(coupling)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """A folder of certificates."""
    folder = tmp_path_factory.mktemp("certificates")
    corner, low = (3.0, 3.0), (-20.0, -20.0)
    certify(dilemma(0.9), corner, 1e-6).write(folder / "certified.json")
    certify(dilemma(0.5), corner, 1e-6).write(folder / "refuted.json")
    certify(dilemma(1.0), corner, 0.0, couplings=(0.871, 3.0)).write(folder / "interval.json")
    certify(dilemma(1.0), corner, 0.0, couplings=(0.87, 0.87)).write(folder / "fails.json")
    certify(dilemma(0.5), corner, 0.95, budget=1).write(folder / "unknown.json")
    certify(dilemma(0.5, math.inf), low, 0.0).write(folder / "unbounded.json")
    certify(mirrors(), (0.0, 0.0), 1e-6).write(folder / "program.json")
    return folder


def mirrors() -> ParametricGame:
    """Everybody does what the first parameter says, whatever it is: nobody else gains by moving."""
    import jax.numpy as jnp

    def mirror(params, seen):
        p = 1 / (1 + jnp.exp(-params))
        return jnp.stack([p, 1 - p])

    return ParametricGame(catalogue.coordination(), Custom(mirror, (Box(-1.0, 1.0),) * 2))
