"""Atoms that are one point resolved roughly: merged, and the mixture solved for from there."""

from collections.abc import Iterator

import numpy as np

from glasshouse.analysis.equilibria.mixed.facing import Atoms, Shares, bounds_of
from glasshouse.analysis.equilibria.mixed.polish import MOST_NUMBERS, SOLVED, polished
from glasshouse.parametric.dense import DenseGame

RADII = (0.1, 1e-2, 1e-4)
"""Of the width of the box: atoms of a double oracle lie as far apart as the root of what payoffs
still differ by. What is merged too boldly does not pass as an equilibrium, and is forgotten."""

NEGLIGIBLE = 1e-9
"""Atoms less probable than this are left out."""

ACCEPTED = 1e4
"""Times what rounding leaves: conditions that hold no better are not solved."""


def supported(atoms: Atoms, shares: Shares) -> tuple[Atoms, Shares]:
    """The atoms that are used, with probabilities that add up to one."""
    kept = [own > NEGLIGIBLE for own in shares]
    mixed = [own[k] / own[k].sum() for own, k in zip(shares, kept, strict=True)]
    return [own[k] for own, k in zip(atoms, kept, strict=True)], mixed


def likely_supports(
    game: DenseGame, atoms: Atoms, shares: Shares, symmetric: bool
) -> Iterator[tuple[Atoms, Shares]]:
    """Mixtures near a rough one that may be equilibria: with fewer atoms first, itself last."""
    widths = [high - low for low, high in zip(*bounds_of(game), strict=True)]
    seen = set()
    few = sum(own.shape[1] for own in atoms) <= MOST_NUMBERS
    for radius in RADII if few else ():
        merged = [_merged(*x, radius) for x in zip(atoms, shares, widths, strict=True)]
        shape = tuple(len(own) for own, _ in merged)
        if shape in seen:
            continue
        seen.add(shape)
        found = _solved(game, [own for own, _ in merged], [own for _, own in merged])
        if found is not None:
            points, mixed = found
            if symmetric:
                points, mixed = [points[0]] * len(points), [mixed[0]] * len(mixed)
            yield list(points), list(mixed)
    yield list(atoms), list(shares)


def _merged(
    atoms: np.ndarray, shares: np.ndarray, widths: np.ndarray, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """Groups of atoms that hang together become one each: their mean, on a bound where the most
    probable of them is."""
    groups: list[list[int]] = []
    for k in np.argsort(-shares, kind="stable"):
        near = [
            g
            for g in groups
            if any(np.all(np.abs(atoms[k] - atoms[m]) <= radius * widths) for m in g)
        ]
        groups = [g for g in groups if not any(g is x for x in near)]
        groups.append([*(m for g in near for m in g), int(k)])
    points, mixed = [], []
    for group in groups:
        weights = shares[group]
        mean = weights @ atoms[group] / weights.sum()
        heaviest = atoms[max(group, key=lambda k: shares[k])]
        spread = np.ptp(atoms[group], axis=0)
        points.append(np.where(spread == 0, heaviest, mean))
        mixed.append(weights.sum())
    return np.array(points), np.array(mixed)


def _solved(game: DenseGame, atoms: Atoms, shares: Shares) -> tuple[Atoms, Shares] | None:
    """The mixture at which the conditions of an equilibrium hold, where there is one near."""
    scale = max(1.0, float(np.max(np.asarray(game.game.payoff_ranges))))
    points, mixed, residual = polished(game, atoms, shares)
    positive = all(np.all(own > NEGLIGIBLE) for own in mixed)
    if not positive or residual > ACCEPTED * SOLVED * scale:
        return None
    if any(len(np.unique(own, axis=0)) < len(own) for own in points):
        return None
    return points, [own / own.sum() for own in mixed]
