"""Certificates of all equilibria in words."""

from typing import TYPE_CHECKING

from glasshouse._foundation.digits import bracket, exactly
from glasshouse.study.words.proof_lines import payoff_tables, semantics_words

if TYPE_CHECKING:
    from glasshouse.certificates.count.claim import EquilibriumCount
    from glasshouse.certificates.covers import Region

MOST_SHOWN = 12
"""Equilibria; more are counted."""


def count_lines(certificate: "EquilibriumCount") -> list[str]:
    """What a certificate of all equilibria says, and what of: a line each."""
    problem = certificate.document.problem
    boxes = "×".join(f"[{exactly(low)}, {exactly(high)}]" for low, high in problem.boxes)
    actions = "×".join(map(str, problem.actions))
    return [
        how_many(certificate),
        *places(certificate),
        f"parameters in {boxes}; 2 players, {actions} actions, {semantics_words(problem)}",
        payoff_tables(problem.payoffs),
    ]


def how_many(certificate: "EquilibriumCount") -> str:
    """ "exactly 2 equilibria …", "at least 1 equilibrium …, and 7 pieces …", or "unknown: …"."""
    number, left = certificate.number, len(certificate.left)
    equilibria = f"equilibri{'um' if number == 1 else 'a'} in pure parameters"
    counted = f"{number} {equilibria} of {certificate.about}"
    if certificate.count == "exactly":
        return f"exactly {counted}"
    pieces = f"{left} piece{'' if left == 1 else 's'} of the box in which nothing is known"
    if number:
        return f"at least {counted}, and {pieces}"
    return f"unknown how many {equilibria} of {certificate.about}: {pieces}"


def places(certificate: "EquilibriumCount") -> list[str]:
    """Where the equilibria are: a line each."""
    shown = [_place(enclosure) for enclosure in certificate.enclosures[:MOST_SHOWN]]
    more = len(certificate.enclosures) - MOST_SHOWN
    return [*shown, *([f"… {more} more"] if more > 0 else [])]


def _place(enclosure: "Region") -> str:
    ends = (
        f"θ_{k} = {exactly(low)}" if low == high else f"θ_{k} in {bracket(low, high)}"
        for k, (low, high) in enumerate(enclosure, start=1)
    )
    return f"one with {', '.join(ends)}"
