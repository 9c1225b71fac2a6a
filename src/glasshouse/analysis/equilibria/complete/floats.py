"""Both players' payoffs in floats, all over the box at once: what says where to look for proofs."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from glasshouse.certificates.covers import Region
from glasshouse.certificates.payoff import Table
from glasshouse.certificates.program import Program

IMAGINARY_STEP = 1e-30
"""Derivatives are imaginary parts after an imaginary step, which rounds nothing away."""

APART_BY = 1e-6
"""Steps, in parts of the range, from which second derivatives are taken."""


def _logistic(x: Any) -> Any:
    positive = np.real(x) > 0
    falling = np.exp(np.where(positive, -x, x))
    return np.where(positive, 1.0, falling) / (1.0 + falling)


def _softmax(*xs: Any) -> Any:
    most = np.max([np.real(x) for x in np.broadcast_arrays(*xs)], axis=0)
    return np.exp(xs[0] - most) / sum(np.exp(x - most) for x in xs)


FLOATS: dict[str, Callable[..., Any]] = {
    "multiply": np.multiply,
    "divide": np.divide,
    "exp": np.exp,
    "log": np.log,
    "logistic": _logistic,
    "tanh": np.tanh,
    "softmax": _softmax,
}
"""What primitives compute, whose numbers are none."""


class Floats:
    """A program of two parameters, and both payoffs, in floats.

    **Arguments:** `program`, `payoffs` as in `Joint`; `boxes`, of both parameters.
    """

    def __init__(self, program: Program, payoffs: Sequence[Table], boxes: Region):
        self.program, self.boxes = program, boxes
        tables = [np.asarray(own, np.float64) for own in payoffs]
        # What all payoffs have in common would cost digits.
        self.tables = [own - (own.max() / 2 + own.min() / 2) for own in tables]
        self.scale = max(float(np.ptp(own)) for own in self.tables) or 1.0
        self.widths = np.array([high - low for low, high in boxes])

    def payoffs(self, first: Any, second: Any) -> np.ndarray:
        """Both payoffs, up to a constant each, along a new first axis, wherever parameters are."""
        registers = [np.asarray(first), np.asarray(second)]
        with np.errstate(all="ignore"):
            for name, read, numbers in self.program.instructions:
                xs = [registers[r] for r in read]
                registers.append(np.asarray(_value(name, xs, numbers)))
            own, other = ([registers[r] for r in x] for x in self.program.outputs)
            return np.array(
                [
                    sum(
                        table[a, b] * own[a] * other[b]
                        for a in range(len(own))
                        for b in range(len(other))
                    )
                    for table in self.tables
                ]
            )

    def slopes(self, first: Any, second: Any) -> np.ndarray:
        """The derivative of each player's payoff by its own parameter."""
        first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
        step = 1j * IMAGINARY_STEP
        moved = self.payoffs(first + step, second)[0], self.payoffs(first, second + step)[1]
        return np.array([np.imag(x) for x in np.broadcast_arrays(*moved)]) / IMAGINARY_STEP

    def jacobians(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Derivatives of both slopes: [player, parameter, …]."""
        h = APART_BY * self.widths
        along_first = self.slopes(first + h[0], second) - self.slopes(first - h[0], second)
        along_second = self.slopes(first, second + h[1]) - self.slopes(first, second - h[1])
        return np.stack([along_first / (2 * h[0]), along_second / (2 * h[1])], axis=1)


def _value(name: str, xs: Sequence[np.ndarray], numbers: Sequence[float]) -> Any:
    if name == "constant":
        return numbers[0]
    if name == "affine":
        return sum((c * x for c, x in zip(numbers[1:], xs, strict=True)), numbers[0])
    if name == "power":
        return xs[0] ** int(numbers[0])
    return FLOATS[name](*xs)
