"""What a run returns."""

import equinox as eqx
from jaxtyping import Array, Float, Int, PyTree

from glasshouse.parametric import Params


class RESULTS(eqx.Enumeration):
    """How a run ended."""

    converged = "Every player is at rest within the tolerance of the stop criterion."
    completed = "All steps were taken, as asked; no stop criterion was given."
    steps_exhausted = (
        "All steps were taken and the players are not at rest: raise `steps` or `step_size`, "
        "or loosen the tolerance of the stop criterion."
    )
    not_finite = (
        "A parameter or a gradient became NaN or infinite: lower `step_size`, bound the "
        "parameters, or check the semantics for NaN gradients."
    )
    start_outside_box = "The start lies outside the players' boxes: move it inside the bounds."


class Solution(eqx.Module):
    """The end of a run, how it ended, and the path where it was saved.

    **Arguments:** `params`, at the end; `path`, None or the params with a leading axis of
    `steps + 1` points, the start first (after a stop, the last point repeats); `steps`, taken;
    `residual`, how far the end is from rest, see `rest_residual`; `result`, one of `RESULTS`.
    """

    params: Params
    path: PyTree | None
    steps: Int[Array, "*batch"]
    residual: Float[Array, "*batch"]
    result: RESULTS
