"""Certificates of mixtures in words; numbers are rounded so that what is said follows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from glasshouse._foundation.digits import BOUND_DIGITS, at_least, exactly, gain_ends

if TYPE_CHECKING:
    from glasshouse.certificates.mixture.certificate import MixtureCertificate

MOST_ATOMS_SHOWN = 6
"""Of a player; more are counted."""


def mixture_lines(certificate: "MixtureCertificate") -> list[str]:
    """What a certificate of a mixture says, and what of: a line each."""
    said = certificate.verdict
    if certificate.about != "the game":
        said = f"{said} about {certificate.about}"
    mixtures = [
        f"player {i + 1} plays {_mixed(atoms, weights)}"
        for i, (atoms, weights) in enumerate(
            zip(certificate.atoms, certificate.weights, strict=True)
        )
    ]
    actions = "×".join(map(str, certificate.document.problem.actions))
    paid = ", ".join(at_least(low) for low, _ in certificate.payoffs)
    return [
        f"{said}: {_what_is_gained(certificate)}",
        f"a mixture in a game of {len(mixtures)} players, {actions} actions, "
        f"{certificate.document.problem.semantics.kind} semantics; pays at least {paid}",
        *mixtures,
    ]


def _what_is_gained(certificate: "MixtureCertificate") -> str:
    if certificate.verdict == "certified":
        most = f"more than {exactly(certificate.epsilon)}" if certificate.epsilon else "anything"
        return f"no player gains {most} by any deviation from the mixture"
    if certificate.verdict == "refuted":
        gain = certificate.worst
        return (
            f"player {gain.player + 1} gains at least {at_least(gain.lower)} by moving to "
            f"{_at(gain.best)}"
        )
    gain = max(certificate.gains, key=lambda gain: gain.upper)
    low, high = gain_ends(gain.lower, gain.upper)
    return f"the best gain of player {gain.player + 1} lies in [{low}, {high}]"


def _mixed(atoms: Sequence[Sequence[float]], weights: Sequence[float]) -> str:
    parts = [
        f"{_at(atom)} with probability {weight:.{BOUND_DIGITS}g}"
        for atom, weight in list(zip(atoms, weights, strict=True))[:MOST_ATOMS_SHOWN]
    ]
    more = [f"{len(atoms) - MOST_ATOMS_SHOWN} more"] if len(atoms) > MOST_ATOMS_SHOWN else []
    return "; ".join([*parts, *more])


def _at(numbers: Sequence[float]) -> str:
    shown = [f"{x:.{BOUND_DIGITS}g}" for x in numbers]
    return shown[0] if len(shown) == 1 else f"({', '.join(shown)})"
