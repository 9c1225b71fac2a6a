"""Sensitivities and access where payoffs are drawn: what reading gives, with standard errors."""

import dataclasses
import textwrap
from typing import Any, ClassVar

import jax
import numpy as np
from jaxtyping import Float

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Whole
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.results import LINE_WIDTH, plain
from glasshouse.analysis.sampling.counted import EachStep, quantity_called
from glasshouse.analysis.sampling.estimates import (
    Estimate,
    jackknifed,
    mean_with_error,
    products_of_means,
)
from glasshouse.analysis.sampling.parts import PARTED, ask, kernels_of
from glasshouse.analysis.sampling.reading import squares_where_played
from glasshouse.dynamics.doors import check_params
from glasshouse.parametric import AbstractParametricGame, Params
from glasshouse.parametric.protocol import RandomKey

STEPS_LOOKED_AT = 512
"""Steps, of as many episodes, at which derivatives of behaviour are looked at."""

MATRIX = Float[np.ndarray, "owners readers"]

MOVEMENTS = {"positive": "rises", "negative": "falls", "unknown": "unknown"}


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class SampledSensitivity(Evidenced):
    """How behaviour moves with each player's parameters where play leads; `print` it for a table.

    Definition: owners i first, readers j second, expectations over the steps of play as payoffs
    count them. `norms`, the root of E ½ Σ_a |∂π_j(a | o)/∂θ_i|², as in `Sensitivity`. With a and b
    the derivatives in θ_i of the logits that i would have where j is, and of those that j has
    there: `access` is E⟨a, b⟩ / E|a|², how far j follows i per step of i, which is κ where weights
    are mirrored; `fidelity` is E⟨a, b⟩ / √(E|a|² E|b|²), 1 where j follows i in all that moves i,
    NaN where it does not follow at all. `margins[i, j]` is what i's learning adds to the first
    movement because j reads i, for j = i the selfish part; `margin`, their sum, an `Estimate`.

    **Arguments:** beside these `frequency`, the share of steps with what is asked about, or its
    mean per step, and standard errors, each named after what it is of; `quantity`, what is asked
    about.
    """

    quantity: str
    frequency: float
    frequency_error: float
    norms: MATRIX
    norm_errors: MATRIX
    access: MATRIX
    access_errors: MATRIX
    fidelity: MATRIX
    fidelity_errors: MATRIX
    margins: MATRIX
    margin_errors: MATRIX
    margin: Estimate
    method: str
    detail: str

    ROWS = "pairs"
    HEADINGS: ClassVar = {
        "owner": "owner",
        "reader": "reader",
        "norm": "sensitivity",
        "access": "access",
        "fidelity": "fidelity",
        "margin": "margin (per unit time)",
    }

    @property
    def pairs(self) -> list[dict[str, Any]]:
        """Whose parameters move whose behaviour, players counted from 1, as rows of a table."""
        count = len(self.norms)
        return [
            plain({"owner": i + 1, "reader": j + 1,
                   "norm": self.norms[i, j], "norm_error": self.norm_errors[i, j],
                   "access": self.access[i, j], "access_error": self.access_errors[i, j],
                   "fidelity": self.fidelity[i, j], "fidelity_error": self.fidelity_errors[i, j],
                   "margin": self.margins[i, j], "margin_error": self.margin_errors[i, j]})
            for i in range(count) for j in range(count)
        ]  # fmt: skip

    @property
    def movement(self) -> str:
        """Whether what is asked about "rises" or "falls" at first, or "unknown"."""
        return MOVEMENTS[self.margin.sign]

    def __str__(self) -> str:
        lines = ["owner reader  sensitivity         access              fidelity            margin"]
        for i, j in np.ndindex(*self.norms.shape):
            cells = [
                (self.norms, self.norm_errors),
                (self.access, self.access_errors),
                (self.fidelity, self.fidelity_errors),
                (self.margins, self.margin_errors),
            ]
            said = [
                "-" if np.isnan(x[i, j]) else str(Estimate(float(x[i, j]), float(e[i, j])))
                for x, e in cells
            ]
            lines.append(f"{i + 1:5} {j + 1:6}  " + "".join(x.ljust(20) for x in said).rstrip())
        moves = {"rises": "starts to rise", "falls": "starts to fall"}.get(self.movement)
        what = f"{self.quantity} {moves}" if moves else f"whether {self.quantity} rises is unknown"
        said = textwrap.wrap(f"{self.detail}.", LINE_WIDTH)
        return "\n".join([*lines, f"margin {self.margin}: {what}.", *said])


@in_float64
def sampled_sensitivity(
    game: AbstractParametricGame,
    params: Params,
    quantity: str | EachStep,
    key: RandomKey,
    episodes: Whole | None,
) -> SampledSensitivity:
    """`sensitivity` where payoffs are drawn."""
    asked = ask(game, "a sensitivity", quantity, key, episodes)
    groups, steps = jax.random.split(key)  # pyright: ignore[reportArgumentType]
    params = check_params(asked.game, params)
    found = asked.groups(params, groups)
    frequency, frequency_error = mean_with_error(np.asarray(found.frequencies, np.float64))
    margins, without = products_of_means(np.asarray(kernels_of(found)))
    margin = Estimate(float(margins.sum()), float(jackknifed(without.sum(axis=(0, 1)))))
    looked = min(STEPS_LOOKED_AT, PARTED * asked.size)
    squares, products = squares_where_played(asked.game, params, steps, looked)
    norms, norm_errors = _roots(np.asarray(squares, np.float64))
    access, fidelity = _ratios(np.asarray(products, np.float64))
    return SampledSensitivity(
        quantity_called(quantity),
        float(frequency),
        float(frequency_error),
        norms,
        norm_errors,
        *access,
        *fidelity,
        margins,
        jackknifed(without),
        margin,
        method="numerical",
        detail=f"{asked.how}; derivatives of behaviour at {looked} steps of play",
    )


def _roots(
    squares: Float[np.ndarray, "steps owners readers"],
) -> tuple[MATRIX, MATRIX]:
    means, errors = mean_with_error(np.moveaxis(squares, 0, -1))
    roots = np.sqrt(means)
    return roots, np.where(roots > 0, errors / np.where(roots > 0, 2 * roots, 1.0), 0.0)


def _ratios(
    products: Float[np.ndarray, "steps owners readers products"],
) -> tuple[tuple[MATRIX, MATRIX], tuple[MATRIX, MATRIX]]:
    """Access and fidelity with errors, both to first order in what each step adds."""
    own, across, read = np.moveaxis(products, -1, 0)
    means = [x.mean(axis=0) for x in (own, across, read)]
    a, c, b = (np.where(x == 0, np.nan, x) for x in (means[0], means[1], means[2]))
    access = means[1] / a
    fidelity = means[1] / np.sqrt(a * b)
    access_each = (across - access * own) / a
    fidelity_each = fidelity * (across / c - 0.5 * own / a - 0.5 * read / b)
    errors = [x.std(axis=0, ddof=1) / np.sqrt(len(x)) for x in (access_each, fidelity_each)]
    return (access, errors[0]), (fidelity, errors[1])
