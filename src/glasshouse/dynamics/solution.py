"""What a run returns."""

from typing import Any

import equinox as eqx
import jax
import numpy as np
import wadler_lindig as wl
from jaxtyping import Float, Int, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.results import UNLESS_NONE, call, has_numbers, plain
from glasshouse.parametric import Params


class RESULTS(eqx.Enumeration):
    """How a run ended."""

    converged = "Every player is at rest within the tolerance of the stop criterion."
    completed = "All steps were taken, as asked; no stop criterion was given."
    steps_exhausted = (
        "All steps were taken and the players are not at rest: raise `steps` or `step_size`, "
        "rescale payoffs that hardly differ, or loosen the tolerance of the stop criterion."
    )
    not_finite = (
        "A parameter or a gradient became NaN or infinite: lower `step_size`, bound the "
        "parameters, rescale payoffs that are too large for the precision, or check the semantics "
        "for NaN gradients."
    )
    not_probabilities = (
        "Action probabilities, or their gradient, were NaN, or they were negative or did not sum "
        "to 1: lower `step_size`, or check what the semantics does at the params it has reached."
    )
    start_outside_box = "The start lies outside the players' boxes: move it inside the bounds."


class Solution(eqx.Module):
    """The end of a run, how it ended, and the path where it was saved.

    **Arguments:** `params`, at the end; `path`, None or the params with a leading axis of
    `steps + 1` points, the start first (after a stop, the last point repeats); `steps`, taken;
    `residual`, how far the end is from rest, see `rest_residual`; `result`, one of `RESULTS`;
    `faults`, after which step each player's action probabilities or gradient first had no value
    (-1 for never; 0 at the start), or None where the semantics gives probabilities by construction;
    `relative_to`, what the residual is measured in: "gradient_scales", or "payoffs" where the game
    does not know how large its gradients could be; `unit`, in repeated games in what
    payoffs, and so step sizes and look-aheads, are counted: "step" or "sum".
    """

    params: Params
    path: PyTree | None
    steps: Int[RealArray, "*batch"]
    residual: Float[RealArray, "*batch"]
    result: RESULTS
    faults: Int[RealArray, "*batch players"] | None = None
    relative_to: str = eqx.field(static=True, default="gradient_scales")
    unit: str | None = eqx.field(static=True, default=None, metadata={UNLESS_NONE: True})

    def to_dict(self) -> dict[str, Any]:
        """The end as plain data, ready for JSON: all but the path, and a message.

        `result` is a name in `RESULTS`; of a batch, all are lists.
        """
        numbers = np.asarray(_number(self.result))
        unit = {} if self.unit is None else {"unit": self.unit}
        return {
            "params": plain(self.params),
            "steps": plain(self.steps),
            "residual": plain(self.residual),
            "relative_to": self.relative_to,
            "result": np.take(RESULT_NAMES, numbers).tolist(),
            "message": np.take(MESSAGES, numbers).tolist(),
            "faults": plain(self.faults),
            **unit,
        }

    def __pdoc__(self, **settings: Any) -> wl.AbstractDoc:
        found = {**_ending(_number(self.result)), "steps": self.steps, "residual": self.residual}
        extra = {"faults": self.faults, "path": self.path}
        shown = {name: value for name, value in extra.items() if value is not None}
        return call("Solution", {**found, "params": self.params, **shown}.items(), **settings)


RESULT_NAMES = tuple(RESULTS._name_to_item)
MESSAGES = tuple(RESULTS[getattr(RESULTS, name)] for name in RESULT_NAMES)


def _number(result: RESULTS) -> Any:
    """Which of `RESULT_NAMES` it is; an array of a batch's; anything where traced or masked."""
    return next(iter(jax.tree.leaves(result)), None)


def _ending(number: Any) -> dict[str, Any]:
    """How a run ended, or how many of a batch ended how, as far as it is known."""
    if not has_numbers(number):
        shape = f"batch of shape {number.shape}, " if np.ndim(number) else ""
        return {"result": wl.TextDoc(f"{shape}not known yet")}
    if np.ndim(number) == 0:
        return {"result": RESULT_NAMES[int(number)], "message": MESSAGES[int(number)]}
    numbers, counts = np.unique(np.asarray(number), return_counts=True)
    ends = {RESULT_NAMES[k]: int(count) for k, count in zip(numbers, counts, strict=True)}
    return {"batch": number.shape, "result": ends}
