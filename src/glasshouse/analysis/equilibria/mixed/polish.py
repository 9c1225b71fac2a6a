"""Newton's method on what holds at a mixture's atoms: equal payoffs, no slope inside the box."""

import itertools
import math

import numpy as np

from glasshouse.analysis.equilibria.mixed.facing import (
    Atoms,
    Local,
    Shares,
    bounds_of,
    locally,
    profiles_of,
)
from glasshouse.parametric.dense import DenseGame

MIXTURE_STEPS, STEP_HALVINGS = 20, 6

MOST_NUMBERS = 64
"""Of all players together: with more, second derivatives cost more than the search."""

SOLVED = 1e-15
"""Conditions that hold to this, times the range of payoffs, hold to rounding."""

AT_BOUND = 1e-9
"""A number this share of its range from a bound is at it, unless payoffs rise away from it."""


def polished(game: DenseGame, atoms: Atoms, shares: Shares) -> tuple[Atoms, Shares, float]:
    """The mixture near by at which every player's atoms are paid the same and have no slope along
    numbers inside the box, and by how much these conditions fail there at most.

    Numbers at a bound stay there unless the payoff rises away from it. Probabilities may leave
    [0, 1]: whoever asks looks at them.
    """
    conditions = _Conditions(game, atoms, shares)
    lower, upper = bounds_of(game)
    scale = max(1.0, float(np.max(np.asarray(game.game.payoff_ranges))))
    residual, jacobian = conditions.at(atoms, shares)
    for _ in range(MIXTURE_STEPS):
        size = np.abs(residual).max(initial=0.0)
        if size <= SOLVED * scale:
            break
        step = np.linalg.lstsq(jacobian, -residual, rcond=1e-13)[0]
        for halving in range(STEP_HALVINGS):
            moved, mixed = conditions.moved(atoms, shares, step * 0.5**halving)
            moved = list(map(np.clip, moved, lower, upper))
            found = conditions.at(moved, mixed)
            if np.abs(found[0]).max() < (1 - 0.25 * 0.5**halving) * size:
                atoms, shares, (residual, jacobian) = moved, mixed, found
                break
        else:
            break
    return atoms, shares, float(np.abs(residual).max(initial=0.0))


class _Conditions:
    """What is to be zero at a mixture of so many atoms, with its derivatives by the unknowns.

    Unknowns are the numbers of all atoms that are free, player after player, then all
    probabilities. Conditions are, of each player: every atom is paid what the first is, there is no
    slope along free numbers, and the probabilities add up to one.
    """

    def __init__(self, game: DenseGame, atoms: Atoms, shares: Shares):
        self.game = game
        self.starts = np.cumsum([0, *(own.shape[1] for own in atoms)])
        sizes, counts = [own.size for own in atoms], [len(own) for own in atoms]
        self.slots = np.cumsum([0, *sizes])
        self.weights = self.slots[-1] + np.cumsum([0, *counts])
        self.free = np.ones(self.slots[-1], bool)
        slopes = [
            self._faced(locally(game, profiles_of(atoms)), atoms, shares, i)[1]
            for i in range(len(atoms))
        ]
        lower, upper = bounds_of(game)
        for i, own in enumerate(atoms):
            near = AT_BOUND * (upper[i] - lower[i])
            stays = ((own <= lower[i] + near) & (slopes[i] <= 0)) | (
                (own >= upper[i] - near) & (slopes[i] >= 0)
            )
            self.free[self.slots[i] : self.slots[i + 1]] = ~stays.ravel()

    def moved(self, atoms: Atoms, shares: Shares, step: np.ndarray) -> tuple[Atoms, Shares]:
        """The mixture a step away."""
        whole = np.zeros(self.weights[-1])
        whole[self._unknowns] = step
        numbers = [
            own + whole[begin : begin + own.size].reshape(own.shape)
            for own, begin in zip(atoms, self.slots, strict=False)
        ]
        mixed = [
            own + whole[begin : begin + len(own)]
            for own, begin in zip(shares, self.weights, strict=False)
        ]
        return numbers, mixed

    def at(self, atoms: Atoms, shares: Shares) -> tuple[np.ndarray, np.ndarray]:
        """Residuals, and their derivatives by the unknowns."""
        local = locally(self.game, profiles_of(atoms))
        residuals, rows = [], []
        for i, own in enumerate(atoms):
            paid, slopes, paid_by, slopes_by = self._faced(local, atoms, shares, i)
            residuals += list(paid[1:] - paid[0])
            rows += list(paid_by[1:] - paid_by[0])
            free = self.free[self.slots[i] : self.slots[i + 1]].reshape(own.shape)
            residuals += list(slopes[free])
            rows += list(slopes_by[free])
            residuals.append(shares[i].sum() - 1)
            unit = np.zeros(self.weights[-1])
            unit[self.weights[i] : self.weights[i + 1]] = 1
            rows.append(unit)
        return np.array(residuals), np.array(rows)[:, self._unknowns]

    @property
    def _unknowns(self) -> np.ndarray:
        return np.r_[self.free, np.ones(self.weights[-1] - self.slots[-1], bool)]

    def _faced(
        self, local: Local, atoms: Atoms, shares: Shares, i: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """What player i is paid at its atoms, slopes, and both by all numbers and probabilities."""
        count, width = atoms[i].shape
        paid, slopes = np.zeros(count), np.zeros((count, width))
        paid_by = np.zeros((count, self.weights[-1]))
        slopes_by = np.zeros((count, width, self.weights[-1]))
        mine = slice(self.starts[i], self.starts[i + 1])
        chosen = itertools.product(*(range(len(own)) for own in atoms))
        for profile, numbers in enumerate(chosen):
            j, slope = numbers[i], local.slopes[profile, i]
            payoff, curvature = local.payoffs[profile, i], local.curvatures[profile, i]
            share = self._share(shares, numbers, {i})
            paid[j] += share * payoff
            slopes[j] += share * slope[mine]
            for m, k in enumerate(numbers):
                theirs = slice(self.starts[m], self.starts[m + 1])
                begin = self.slots[m] + k * atoms[m].shape[1]
                slot = slice(begin, begin + atoms[m].shape[1])
                paid_by[j, slot] += share * slope[theirs]
                slopes_by[j, :, slot] += share * curvature[mine, theirs]
                if m != i:
                    rest = self._share(shares, numbers, {i, m})
                    paid_by[j, self.weights[m] + k] += rest * payoff
                    slopes_by[j, :, self.weights[m] + k] += rest * slope[mine]
        return paid, slopes, paid_by, slopes_by

    def _share(self, shares: Shares, numbers: tuple[int, ...], without: set[int]) -> float:
        kept = (float(shares[m][k]) for m, k in enumerate(numbers) if m not in without)
        return math.prod(kept, start=1.0)
