"""Curves of deviations in words: title, alternative text and caption."""

from collections.abc import Sequence

import numpy as np

from glasshouse._foundation.digits import gain_ends
from glasshouse.analysis.equilibrium.deviations import BoundaryTest, Deviation
from glasshouse.analysis.proofs import CertifiedPoint
from glasshouse.games.labels import player_word
from glasshouse.study.words.names import upper
from glasshouse.study.words.signs import deviation_signs
from glasshouse.study.words.verdicts import ends_words, point_words, verdict_words


def deviation_words(
    best: Deviation,
    test: BoundaryTest,
    gains: bool,
    where: str,
    point: CertifiedPoint | None = None,
    names: Sequence[str] = (),
) -> tuple[str, str]:
    """Title and alternative text of the deviation curve.

    **Arguments:** `gains`, whether it pays at all; `point`, the corner where it was certified;
    `names`, what players are called.
    """
    who = player_word(best.player, names)
    verdict = {
        True: "the corner passes the boundary test",
        False: "the corner does not pass the boundary test",
        None: "whether the corner passes the boundary test cannot be told",
    }[test.passes]
    there = point_words(np.ravel(best.best).tolist(), 4)
    found = (
        f"no change of its own parameter that pays more was found, and {verdict}"
        if not gains
        else f"the best change of its own parameter found, to {there}, gains {best.gain:.4g}, and "
        f"{verdict}"
    )
    proved = "" if point is None else f" {upper(_bounds(point, best.player, names))}."
    alt = f"All parameters at the bounds where all cooperate most. Of {who}: {found}.{proved}"
    return f"Leaving the cooperative corner alone{where}", alt


def rest_deviation_words(
    point: CertifiedPoint,
    where: str,
    window: tuple[float, float] | None,
    names: Sequence[str] = (),
) -> tuple[str, str, str]:
    """Title, alternative text and caption of the deviation curve of the most frequent rest point.

    **Arguments:** `window`, from where to where it is drawn if the parameter is unbounded; `names`,
    what players are called.
    """
    assert point.reached is not None
    share, player = point.reached.share, point.gain.player
    ends = ends_words(point.reached)
    profile = ", ".join(map(point_words, point.certificate.params))
    alt = (
        f"All parameters at the rest point ({profile}), where {ends}. "
        f"{upper(verdict_words(point, names))}. {upper(_bounds(point, player, names))}."
    )
    drawn = (
        ""
        if window is None
        else " The parameter is unbounded; the curve is drawn from {:.4g} to {:.4g}.".format(
            *window
        )
    )
    signs = deviation_signs(point.certificate.gains[player].witness_gain > 0, proved=True)
    caption = (
        f"All parameters but one stay at the rest point where {ends}.{drawn} {signs} "
        f"{proof_words(point)}"
    )
    which = "rest point of tied learning" if share is None else "most frequent rest point"
    return f"Leaving the {which} alone{where}", alt, caption


def proof_words(point: CertifiedPoint) -> str:
    """How the bounds of a deviation curve were obtained, which the curve itself does not show."""
    proof = point.certificate
    return (
        f"Bounds on the gain: proved ({proof.method}, {proof.detail}). Curve: computed in "
        "floating-point numbers."
    )


def _bounds(point: CertifiedPoint, player: int, names: Sequence[str]) -> str:
    gain = point.certificate.gains[player]
    low, high = gain_ends(gain.lower, gain.upper)
    return f"the best gain of {player_word(player, names)} lies between {low} and {high}, proved"


def boundary_words(
    test: BoundaryTest, gains: bool = False, point: CertifiedPoint | None = None
) -> str:
    """How the boundary test was made, and the proof where the corner was certified.

    **Arguments:** `gains`, whether some deviation does, and is drawn.
    """
    signs = deviation_signs(gains, proved=point is not None)
    proved = "" if point is None else f" {proof_words(point)}"
    return (
        "All parameters but one stay at their upper bounds, the cooperative corner. Boundary test: "
        f"{test.detail}; gains up to {test.tolerance:g} of the payoff range count as none "
        f"(numerical, not proved). {signs}{proved}"
    )
