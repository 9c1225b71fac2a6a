"""Estimates with standard errors, and the errors of products of two means."""

import dataclasses
import math
from typing import Literal

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.evidence import Evidenced

TOLD_APART = 3.0
"""An estimate within so many standard errors of zero has no known sign."""

Sign = Literal["positive", "negative", "unknown"]


@dataclasses.dataclass(frozen=True, repr=False)
class Estimate(Evidenced):
    """A number estimated from episodes, with its standard error.

    **Arguments:** `value`; `standard_error`; `multiple`, within how many standard errors of zero
    its sign counts as unknown; `method` and `detail`, how it was found.

        from glasshouse.analysis import Estimate

        print(Estimate(0.5, 0.1), Estimate(0.2, 0.1).sign)  # 0.5 ± 0.1 unknown
    """

    value: float
    standard_error: float
    multiple: float = TOLD_APART
    method: str = "numerical"
    detail: str = ""

    @property
    def interval(self) -> tuple[float, float]:
        """As many standard errors to both sides as `multiple` says."""
        reach = self.multiple * self.standard_error
        return self.value - reach, self.value + reach

    @property
    def sign(self) -> Sign:
        """ "positive", "negative", or "unknown" where the interval holds zero."""
        low, high = self.interval
        if low > 0:
            return "positive"
        return "negative" if high < 0 else "unknown"

    def __str__(self) -> str:
        return f"{self.value:.4g} ± {self.standard_error:.2g}"


def products_of_means(
    kernels: Float[np.ndarray, "*batch groups groups"],
) -> tuple[Float[np.ndarray, "*batch"], Float[np.ndarray, "*batch groups"]]:
    """The product of two means without the bias of taking both from the same groups.

    Definition: the mean of K[b, c] over b ≠ c, K[b, c] = ⟨x_b, y_c⟩ of independent groups, which
    has the expectation ⟨E x, E y⟩.

    **Returns:** the estimate, and the one without each group in turn.
    """
    groups = kernels.shape[-1]
    same = np.diagonal(kernels, axis1=-2, axis2=-1)
    both = kernels.sum(axis=-1) + kernels.sum(axis=-2)
    total = kernels.sum(axis=(-2, -1)) - same.sum(axis=-1)
    left = total[..., None] - both + 2 * same
    return np.asarray(total / (groups * (groups - 1))), left / ((groups - 1) * (groups - 2))


def jackknifed(without: Float[np.ndarray, "*batch groups"]) -> Float[np.ndarray, "*batch"]:
    """The standard error of an estimate from what it is without each group.

    Its square is too large rather than too small in expectation.
    **Source:** Efron & Stein 1981, The jackknife estimate of variance.
    """
    groups = without.shape[-1]
    apart = without - without.mean(axis=-1, keepdims=True)
    return np.asarray(np.sqrt((groups - 1) / groups * (apart**2).sum(axis=-1)))


def mean_with_error(
    values: Float[np.ndarray, "*batch groups"],
) -> tuple[Float[np.ndarray, "*batch"], Float[np.ndarray, "*batch"]]:
    """The mean of independent numbers, and its standard error."""
    error = values.std(axis=-1, ddof=1) / math.sqrt(values.shape[-1])
    return np.asarray(values.mean(axis=-1)), np.asarray(error)
