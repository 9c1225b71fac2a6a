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
        f"{how_many(certificate)} in pure parameters of {certificate.about}",
        *places(certificate),
        f"parameters in {boxes}; 2 players, {actions} actions, {semantics_words(problem)}",
        payoff_tables(problem.payoffs),
    ]


def how_many(certificate: "EquilibriumCount") -> str:
    """ "exactly 2 equilibria", "at least 1 equilibrium, and 7 pieces in which nothing is known"."""
    number = certificate.number
    counted = f"{number} equilibri{'um' if number == 1 else 'a'}"
    if certificate.count == "exactly":
        return f"exactly {counted}"
    left = len(certificate.left)
    pieces = f"{left} piece{'' if left == 1 else 's'} of the box in which nothing is known"
    return f"at least {counted}, and {pieces}" if number else f"unknown: {pieces}"


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
