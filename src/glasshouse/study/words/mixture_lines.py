"""Certificates of mixtures in words."""

from typing import TYPE_CHECKING

from glasshouse._foundation.digits import exactly, gain_ends
from glasshouse.study.words.proof_lines import (
    box_words,
    numbers_words,
    payoff_tables,
    semantics_words,
)

if TYPE_CHECKING:
    from glasshouse.certificates.mixture.certificate import MixtureCertificate


def mixture_lines(certificate: "MixtureCertificate") -> list[str]:
    """What the certificate of a mixture says, and what of: a line each."""
    problem = certificate.document.problem
    gain = certificate.worst
    least, most = gain_ends(gain.lower, gain.upper)
    found = {
        "certified": f"no player gains more than {exactly(certificate.epsilon)}",
        "refuted": f"player {gain.player + 1} gains at least {least} by moving to "
        f"{numbers_words(gain.best)}",
        "unknown": f"the best gain of player {gain.player + 1} lies in [{least}, {most}]",
    }[certificate.verdict]
    about = "" if certificate.about == "the game" else f" about {certificate.about}"
    drawn = [
        f"player {i + 1} draws "
        + ", ".join(
            f"{numbers_words(x)} with weight {w:.6g}" for x, w in zip(atoms, weights, strict=True)
        )
        for i, (atoms, weights) in enumerate(
            zip(certificate.atoms, certificate.weights, strict=True)
        )
    ]
    actions = "×".join(map(str, problem.actions))
    of_game = (
        f"{len(drawn)} players, {actions} actions, {semantics_words(problem)}{box_words(problem)}"
    )
    return [
        f"{certificate.verdict}{about}: {found}",
        *drawn,
        of_game,
        payoff_tables(problem.payoffs),
    ]
