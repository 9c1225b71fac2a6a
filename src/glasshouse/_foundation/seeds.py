"""What is told of many seeds together."""

import numpy as np
from jaxtyping import Float


def band_of_seeds(
    values: Float[np.ndarray, "records seeds players"],
) -> Float[np.ndarray, "records players 3"]:
    """The mean over the seeds that never failed, and a standard error below and above it.

    A seed that is NaN somewhere is left out of all. Of one seed the error is 0; of none all is NaN.
    """
    kept = values[:, ~np.isnan(values).any(axis=(0, 2))]
    if not kept.shape[1]:
        return np.full((*values.shape[::2], 3), np.nan)
    mean, error = kept.mean(axis=1), error_over_seeds(np.moveaxis(kept, 1, 0))
    return np.stack([mean, mean - error, mean + error], axis=-1)


def error_over_seeds(
    values: Float[np.ndarray, "seeds *rest"],
) -> Float[np.ndarray, "*rest"]:
    """The standard error of the mean over seeds; of one seed 0."""
    count = len(values)
    return np.asarray(values.std(axis=0, ddof=1 if count > 1 else 0) / np.sqrt(count))
