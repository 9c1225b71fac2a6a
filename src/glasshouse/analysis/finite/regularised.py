"""Zero-sum games whose players also like to mix: their one equilibrium, followed as they cool."""

import math

import numpy as np
from jaxtyping import Float

from glasshouse.errors import InputError

COOLING = 0.7
"""Each temperature is this share of the last; Newton's method then starts close to its end."""

MOST_NEWTON = 100

REPLIED = 1e-13
"""The largest difference, of a probability, between a mixture and the reply to it."""

Mixture = Float[np.ndarray, "actions"]


def regularised_equilibrium(
    row: Float[np.ndarray, "rows columns"],
    temperature: float,
    leans: tuple[Mixture, Mixture] | None = None,
) -> tuple[Mixture, Mixture, float]:
    """The equilibrium of a zero-sum game with entropy: each mixes by a softmax of what is paid.

    Definition: x ∝ μ exp(A y / τ) and y ∝ ν exp(-Aᵀ x / τ), the saddle point of x·A y - τ KL(x | μ)
    + τ KL(y | ν). It is unique, and moves smoothly with τ.

    **Arguments:** `row`, A; `temperature` τ > 0; `leans`, μ and ν, uniform unless given.
    **Returns:** x, y, and the largest difference between a mixture and the reply to it.
    **Raises:** `InputError` where Newton's method does not settle, for a τ too small.
    """
    m, n = row.shape
    first, second = (np.full(m, 1 / m), np.full(n, 1 / n)) if leans is None else leans
    log_lean = np.log(np.concatenate([first, second]))
    reply = np.block([[np.zeros((m, m)), row], [-row.T, np.zeros((n, n))]])
    size = float(np.abs(row - row.mean()).max())
    warm = max(temperature, 4.0 * size)
    steps = max(1, math.ceil(math.log(warm / temperature) / -math.log(COOLING))) if size else 1
    mixes, gap = np.concatenate([first, second]), math.inf
    for tau in np.geomspace(warm, temperature, steps + 1):
        mixes, gap = _settled(mixes, log_lean, reply, float(tau), m)
    if not gap <= 1e-9:
        raise InputError(
            f"temperature={temperature:g} is so small that the equilibrium was not found: choose "
            f"one of at least {size / 200:.2g}"
        )
    return mixes[:m], mixes[m:], gap


def _settled(
    mixes: Mixture, log_lean: Mixture, reply: np.ndarray, tau: float, m: int
) -> tuple[Mixture, float]:
    """Newton's method on mixture - reply, shortened where it leaves what are probabilities."""
    gap, identity = math.inf, np.eye(len(mixes))
    for _ in range(MOST_NEWTON):
        replies, slopes = _replies(mixes, log_lean, reply, tau, m)
        left = replies - mixes
        gap = float(np.abs(left).max())
        if gap <= REPLIED:
            break
        step = np.linalg.solve(identity - slopes @ reply / tau, left)
        length = 1.0
        while length > 1e-6:
            tried = mixes + length * step
            if tried.min() > -0.5:
                ahead, _ = _replies(tried, log_lean, reply, tau, m)
                if np.abs(ahead - tried).max() < gap:
                    break
            length /= 2
        mixes = mixes + length * step
    return mixes, gap


def _replies(
    mixes: Mixture, log_lean: Mixture, reply: np.ndarray, tau: float, m: int
) -> tuple[Mixture, np.ndarray]:
    """The softmax replies, and how they change with what is paid, times the temperature."""
    logits = log_lean + reply @ mixes / tau
    parts = [np.exp(own - own.max()) for own in (logits[:m], logits[m:])]
    parts = [own / own.sum() for own in parts]
    slopes = np.zeros((len(mixes), len(mixes)))
    slopes[:m, :m], slopes[m:, m:] = (np.diag(own) - np.outer(own, own) for own in parts)
    return np.concatenate(parts), slopes
