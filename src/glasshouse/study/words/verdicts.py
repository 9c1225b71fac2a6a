"""Certificates in words: what is proved, in numbers that are rounded to the safe side."""

from collections.abc import Sequence

import jax
import numpy as np

from glasshouse._foundation.digits import exactly, gain_at_least, gain_ends
from glasshouse.analysis.outcomes.reached import ReachedPoint
from glasshouse.analysis.proofs import CertifiedPoint, SearchedPoint
from glasshouse.certificates.certificate import Certificate, GainBounds
from glasshouse.games.labels import player_word

SENTENCE_DIGITS = 4
"""Of gains and parameters in sentences, at most."""


def judged(verdicts: Sequence[str], epsilon: float, which: str = "rest points reached") -> str:
    """How many of some points are equilibria, how many are none, and how many are not decided."""
    one, many = equilibrium(epsilon), equilibrium(epsilon, plural=True)
    count = len(verdicts)
    proved, refuted, unknown = map(verdicts.count, ("certified", "refuted", "unknown"))
    if count == 1:
        the = f"the {which.replace('points', 'point')}"
        found = {"certified": f"{the} is an {one}", "refuted": f"{the} is no {one}"}
        return found.get(verdicts[0], f"whether {the} is an {one} is not decided")
    if proved == count:
        return f"all {count} {which} are {many}"
    if refuted == count:
        return f"of the {count} {which} none is an {one}"
    if unknown == count:
        return f"whether the {count} {which} are {many} is not decided"
    parts = [f"{proved} {'is an ' + one if proved == 1 else 'are ' + many}"] if proved else []
    if refuted:
        no = "not" if proved else f"no {one if refuted == 1 else many}"
        parts.append(f"{refuted} {_be(refuted)} {no}")
    if unknown:
        parts.append(f"{unknown} {_be(unknown)} not decided")
    return f"of the {count} {which} {', '.join(parts[:-1])} and {parts[-1]}"


def about_program(certificate: Certificate) -> str:
    """That a proof is about the program of a semantics that is a function; else nothing."""
    about = certificate.about
    return "" if about == "the game" else f" (about {about}, traced from the semantics)"


def equilibrium(epsilon: float, plural: bool = False) -> str:
    """What a certificate at ε is about: "ε-equilibrium for ε = 1e-06"."""
    ending = "a" if plural else "um"
    if not epsilon:
        return f"equilibri{ending} (ε = 0)"
    return f"ε-equilibri{ending} for ε = {exactly(epsilon)}"


def verdict_words(point: CertifiedPoint, names: Sequence[str] = ()) -> str:
    """What is proved about one point; `names` are what players are called."""
    certificate, gain = point.certificate, point.gain
    move = f"moving to about {point_words(gain.witness)}"
    about = about_program(certificate)
    if certificate.verdict == "refuted":
        return f"refuted{about}: {gains_by(gain, move, names)}"
    if certificate.verdict == "certified":
        most = max(certificate.gains, key=lambda gain: gain.upper)
        return f"proved{about}: no player gains {at_most_words(most)}"
    low, high = gain_ends(gain.lower, gain.upper)
    who = player_word(gain.player, names)
    return f"not decided: {who} gains between {low} and {high} at best"


def witness_words(point: CertifiedPoint, names: Sequence[str] = ()) -> str:
    """From where, by whom and how much: what refutes a rest point; nothing if it is not refuted."""
    if point.certificate.verdict != "refuted" or point.reached is None:
        return ""
    gain = point.gain
    here = point_words(point.certificate.params[gain.player])
    move = f"moving from {here} to about {point_words(gain.witness)}"
    return f"where {ends_words(point.reached)}, {gains_by(gain, move, names)}"


def searched_words(point: SearchedPoint, names: Sequence[str] = ()) -> str:
    """What a search found of a point of which neither is proved: "a search finds no …"."""
    if not point.deviations:
        return f"not known: no deviation could be sought ({point.why})"
    best, what = point.best, equilibrium(point.epsilon)
    if best is None:
        return (
            f"numerical, not proved: a search finds no gain above {exactly(point.epsilon)}, so it "
            f"may be an {what}"
        )
    numbers = np.concatenate([np.ravel(x) for x in jax.tree.leaves(best.best)]).tolist()
    who, gain = player_word(best.player, names), f"{best.gain:.{SENTENCE_DIGITS}g}"
    return (
        f"numerical, not proved: no {what}, since a search finds that {who} gains {gain} by moving "
        f"to about {point_words(numbers)}"
    )


def ends_words(reached: ReachedPoint) -> str:
    """How much of learning ends at a rest point."""
    share = reached.share
    return "tied learning ends" if share is None else f"{100 * share.value:.3g}% of the runs end"


def gains_by(gain: GainBounds, move: str, names: Sequence[str] = ()) -> str:
    """What a player gains at least by moving to the witness, in digits of its bracket."""
    least = gain_at_least(gain.witness_gain, gain.lower, gain.upper, SENTENCE_DIGITS)
    return f"{player_word(gain.player, names)} gains at least {least} by {move}"


def at_most_words(gain: GainBounds) -> str:
    """What nobody gains, "more than 2.53e-07", in the digits of its bracket."""
    return f"more than {gain_ends(gain.lower, gain.upper)[1]}" if gain.upper else "anything"


def point_words(numbers: Sequence[float], digits: int = SENTENCE_DIGITS) -> str:
    """One number, or several in parentheses."""
    shown = [f"{x:.{digits}g}".replace("inf", "∞") for x in numbers]
    return shown[0] if len(shown) == 1 else f"({', '.join(shown)})"


def _be(count: int) -> str:
    return "is" if count == 1 else "are"
