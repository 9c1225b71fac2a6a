"""Chains of populations that mutants take over, in logarithms: no rate underflows or overflows.

At strong selection rates span more than doubles do, and a solver finds no stationary distribution,
or two of them. `games/occupancy.py` eliminates chains without subtractions, too, but chains that
start anew with a chance that a double holds, and inside of compiled programs; here logarithms are
eliminated, so that products of rates are sums, and none of them is lost.
"""

import numpy as np
from jaxtyping import Float

Logarithms = Float[np.ndarray, "..."]

MOST_STATES = 1000
"""Larger chains are refused: elimination takes some ten seconds at this size, cubic in it."""

MOST_POPULATION = 100_000

STRONGEST = 1e8
"""The largest (m-1) α × the range of payoffs. Logarithms are sums of such numbers, each rounded to
1e-16 of itself, so that beyond this less than eight digits of a share would be left."""


def log_fixation(advantage: Logarithms, population: int) -> Logarithms:
    """log ρ of a mutant with a constant advantage u: ρ = (1 - e^{-u}) / (1 - e^{-mu}), 1/m at 0."""
    size = np.abs(advantage)
    with np.errstate(divide="ignore", invalid="ignore"):  # 0 is told apart below
        found = np.log(-np.expm1(-size)) - np.log(-np.expm1(-population * size))
    found = np.where(advantage < 0, found - (population - 1) * size, found)
    return np.where(size == 0, -np.log(population), found)


def log_fixation_among(
    payoffs: Float[np.ndarray, "... strategies strategies"], alpha: float, population: int
) -> Float[np.ndarray, "... strategies strategies"]:
    """log ρ_rs of one s among m - 1 players of r (rows), all of whom meet all others.

    log ρ_rs = -log(1 + Σ_{l<m} exp(-α Σ_{k≤l} (f_s(k) - f_r(k)))), the difference linear in k.
    """
    own = np.diagonal(payoffs, axis1=-2, axis2=-1)
    resident, mutant = own[..., :, None], own[..., None, :]
    between = np.swapaxes(payoffs, -1, -2)  # what s is paid by r
    m = population
    base = (m * between - mutant - (m - 1) * resident) / (m - 1)
    slope = (mutant + resident - between - payoffs) / (m - 1)
    total = np.zeros_like(payoffs)
    for size in range(1, m):
        total = np.logaddexp(total, -alpha * (size * base + size * (size + 1) / 2 * slope))
    return -total


def log_stationary(log_rates: Float[np.ndarray, "... states states"]) -> Logarithms:
    """The logarithms of the stationary shares of chains, each from the rates from rows to columns.

    **Arguments:** `log_rates`, -inf where there is none; the diagonal does not matter, nor does a
    factor common to all.
    **Cost:** cubic in the states, and no subtraction of rates.
    **Source:** Grassmann, Taksar & Heyman 1985, Operations Research 33.
    """
    rates = np.moveaxis(np.array(log_rates, dtype=float), (-2, -1), (0, 1))
    count = len(rates)
    for k in range(count - 1, 0, -1):
        rates[:k, k] -= np.logaddexp.reduce(rates[k, :k], axis=0)
        onward = rates[:k, None, k] + rates[None, k, :k]
        rates[:k, :k] = np.logaddexp(rates[:k, :k], onward)
    shares = np.zeros_like(rates[0])
    for k in range(1, count):
        shares[k] = np.logaddexp.reduce(shares[:k] + rates[:k, k], axis=0)
    return np.moveaxis(shares - np.logaddexp.reduce(shares, axis=0), 0, -1)


def log_rates_of_profiles(
    tensor: Float[np.ndarray, "..."], players: int, alpha: float, population: int
) -> Float[np.ndarray, "... profiles profiles"]:
    """The chain on profiles, in each of whose steps one player's population may change."""
    batch, actions = tensor.shape[: -players - 1], tensor.shape[-players:]
    number = np.arange(np.prod(actions)).reshape(actions)
    rates = np.full((*batch, number.size, number.size), -np.inf)
    for i, count in enumerate(actions):
        profiles = np.moveaxis(number, i, -1).reshape(-1, count)
        paid = tensor[(..., i, *[slice(None)] * players)].reshape(*batch, -1)[..., profiles]
        gain = paid[..., None, :] - paid[..., :, None]
        for a in range(count):
            for b in set(range(count)) - {a}:
                found = log_fixation(alpha * gain[..., a, b], population)
                rates[..., profiles[:, a], profiles[:, b]] = found
    return rates
