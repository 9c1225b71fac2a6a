"""Figures of mixtures along the coupling."""

import dataclasses

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from tests.layout import faults

from glasshouse import InputError, LogisticFamily, load_game
from glasshouse.analysis.equilibria import mixing_branch
from glasshouse.plots import plot_mixing_branch
from glasshouse.plots.mixing import LARGEST_MARK, SMALLEST_MARK

PD = LogisticFamily(load_game("prisoners_dilemma"), bound=3.0)


@pytest.fixture(scope="module")
def branch():
    return mixing_branch(PD, [0.86, 0.88])


def test_every_atom_is_a_mark_as_large_as_it_is_probable(branch):
    (marks,) = plot_mixing_branch(branch).collections
    assert isinstance(marks, PathCollection)
    atoms = [
        (coupling, atom, weight)
        for coupling, mixture in zip(branch.couplings, branch.mixtures, strict=True)
        for atom, weight in zip(mixture.atoms[0], mixture.weights[0], strict=True)
    ]
    assert np.asarray(marks.get_offsets()) == pytest.approx(np.array(atoms)[:, :2])
    areas = SMALLEST_MARK + (LARGEST_MARK - SMALLEST_MARK) * np.array(atoms)[:, 2]
    assert marks.get_sizes() == pytest.approx(areas)


def test_turns_are_lines_with_their_couplings(branch):
    ax = plot_mixing_branch(branch)
    legend = ax.get_legend()
    assert legend is not None
    said = [text.get_text().replace("\n", " ") for text in legend.get_texts()]
    assert said[0] == "weight on -1.032 vanishes at $\\kappa$ = 0.870467"
    at = float(np.asarray(ax.lines[0].get_xdata())[0])
    assert at == pytest.approx(0.870467371354, abs=1e-9)
    (turn,) = branch.turns
    rising = dataclasses.replace(branch, turns=(dataclasses.replace(turn, sets_in=True),))
    legend = plot_mixing_branch(rising).get_legend()
    assert legend is not None
    assert "sets in" in legend.get_texts()[0].get_text()


def test_what_is_not_proved_is_hollow(branch):
    certificate = dataclasses.replace(branch.mixtures[0].certificate, verdict="unknown")
    first = dataclasses.replace(branch.mixtures[0], certificate=certificate)
    unproved = dataclasses.replace(branch, mixtures=(first, *branch.mixtures[1:]))
    solid, hollow = plot_mixing_branch(unproved).collections
    assert len(np.asarray(hollow.get_offsets())) == len(first.atoms[0]) == 2
    assert not len(np.asarray(hollow.get_facecolor()))
    assert len(np.asarray(solid.get_facecolor()))


@pytest.mark.parametrize("size", [(3.4, 4.2), (4.8, 4.0), (7.0, 4.0)])
def test_it_fits(branch, size):
    figure = Figure(figsize=size, layout="constrained")
    plot_mixing_branch(branch, figure.subplots())
    assert faults(figure) == []


def test_several_parameters_are_refused(branch):
    several = dataclasses.replace(branch.mixtures[0], atoms=((np.zeros(2),), (np.zeros(2),)))
    with pytest.raises(InputError, match="several parameters"):
        plot_mixing_branch(dataclasses.replace(branch, mixtures=(several, *branch.mixtures[1:])))
