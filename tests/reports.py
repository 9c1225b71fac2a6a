"""Small studies whose reports the tests look at, computed once."""

import dataclasses
import functools
import tempfile
from pathlib import Path

from glasshouse.analysis.movement.switch import Switch
from glasshouse.analysis.phase.portrait import phase_portrait
from glasshouse.analysis.predictions import Predictions
from glasshouse.dynamics import Learning
from glasshouse.families.family import AffineFamily
from glasshouse.study.recipe import recipe_of
from glasshouse.study.report.figures import study_figures
from glasshouse.study.report.finished import StudyFigure
from glasshouse.study.report.page import report_html
from glasshouse.study.result import StudyResult
from glasshouse.study.setting import prepare
from glasshouse.study.spec.toml import parse_study
from glasshouse.study.store import compute

LEARNING = """
[learning]
starts = 12
steps = 200
seed = 3

[analysis]
portrait = false
"""

FEW = LEARNING + "thresholds = false\n"

PD = '[game]\nname = "prisoners_dilemma"\n'

STUDIES = {
    "one axis": PD
    + LEARNING
    + '[sweep]\n"semantics.coupling" = { start = 0.2, stop = 1.0, count = 9 }\n',
    "two axes": PD
    + LEARNING
    + '[sweep]\n"semantics.coupling" = { start = 0.2, stop = 1.0, count = 5 }\n'
    + '"game.parameters.T" = [4.0, 5.0, 6.0]\n',
    "custom": """
[game]
payoffs = [[3, 0], [5, 1]]
[semantics]
kind = "custom"
function = "mirror.py:mirror"
parameters = { gain = 0.5 }
"""
    + FEW
    + '[sweep]\n"semantics.parameters.gain" = [0.0, 0.4, 0.8, 1.2]\n',
    "three players": '[game]\nname = "public_goods"\nparameters = { n = 3 }\n'
    + FEW
    + "certify = false\n"
    + '[sweep]\n"semantics.coupling" = [0.0, 0.4, 0.8]\n',
    "affine": '[game]\nname = "stag_hunt"\n[semantics]\nkind = "affine"\n'
    + FEW
    + '[sweep]\n"semantics.weight" = [0.0, 0.25, 0.5]\n',
    "awkward": '[game]\nfile = "awkward.nfg"\n[sweep]\n[analysis]\nportrait = false\n'
    + "outcomes = false\ntied = false\nboundary_test = false\nthresholds = false\n",
    "unbounded": PD
    + "[semantics]\nbound = inf\n"
    + "[learning]\nstarts = 6\nsteps = 100\n[analysis]\nthresholds = false\nportrait = true\n"
    + '[sweep]\n"semantics.coupling" = [0.2, 0.8]\n',
    "learning swept": '[game]\nname = "donation"\n'
    + "[learning]\nstarts = 6\nsteps = 100\n"
    + "[analysis]\nthresholds = false\nportrait = false\nboundary_test = false\n"
    + '[sweep]\n"learning.step_size" = [0.05, 0.2]\n',
    "long": PD
    + '[sweep]\n"semantics.coupling" = { start = 0.0, stop = 1.0, count = 400 }\n'
    + "[analysis]\nportrait = false\noutcomes = false\ntied = false\nthresholds = false\n"
    + "boundary_test = false\n",
}

FILES = {
    "mirror.py": """
import jax, jax.numpy as jnp

def mirror(params, seen, gain):
    def one(i):
        x = params[i] + gain * jnp.tanh(seen[i][1 - i])
        return jnp.stack([jax.nn.sigmoid(x), jax.nn.sigmoid(-x)])
    return one(0), one(1)
""",
    "awkward.nfg": 'NFG 1 R "Trust & <i>doubt</i>" { "a" "b" } '
    '{ { "<img src=x>" "B&B" } { "<img src=x>" "B&B" } }\n\n3 3 5 0 0 5 1 1\n',
}


RISES = Switch(0.43, (0.42, 0.44), "found", ((0.42, 0.44),), "above", "numerical", "by hand")

BY_HAND = Predictions(
    key="semantics.parameters.gain",
    closed_form=None,
    reason="closed forms are known for the semantics' own coupling only",
    first_movement=RISES,
    measured_first_movement=RISES,
    long_run_switch=Switch(
        None, None, "several switches", ((0.3, 0.4), (0.8, 0.9)), "unclear", "learned", "by hand"
    ),
    equilibrium=Switch(
        None, None, "not bracketed", (), "nowhere", "numerical", "by hand", searched=(0.0, 1.0)
    ),
    no_equilibrium_reason="",
)
"""What a search can also find: several switches, or none."""


@functools.cache
def result(name: str) -> StudyResult:
    """The result of one of the studies; those of two players get a coarse portrait."""
    folder = Path(tempfile.mkdtemp())
    for file, text in FILES.items():
        (folder / file).write_text(text)
    found = compute(prepare(parse_study(STUDIES[name]), folder))
    if name == "custom":
        found = dataclasses.replace(found, predictions=BY_HAND)
    if name == "affine":
        closed = AffineFamily(found.prepared.base.game).closed_form()
        by_hand = dataclasses.replace(BY_HAND, key="semantics.weight", closed_form=closed)
        found = dataclasses.replace(found, predictions=by_hand)
    if name in ("one axis", "two axes", "custom", "affine"):
        small = {"resolution": 17, "trajectories": 4, "cells": 8, "learning": Learning(steps=200)}
        portrait = phase_portrait(found.prepared.base.parametric, **small)
        found = dataclasses.replace(found, portrait=portrait)
    return found


@functools.cache
def figures(name: str) -> tuple[StudyFigure, ...]:
    return study_figures(result(name))


@functools.cache
def html(name: str) -> str:
    facts = {**recipe_of(result(name).prepared).identity, "table": {"sweep.parquet": "0" * 64}}
    return report_html(result(name), figures(name), facts)
