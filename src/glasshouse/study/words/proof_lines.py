"""Certificates in words; numbers are rounded so that what is said follows from what is proved."""

import hashlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from glasshouse._foundation.digits import BOUND_DIGITS, bracket, exactly, gain_at_least, gain_ends
from glasshouse.games.labels import player_word

if TYPE_CHECKING:
    from glasshouse.analysis.outcomes.reached import ReachedPoint
    from glasshouse.certificates.certificate import Certificate, GainBounds

MOST_PAYOFFS_SHOWN = 32
"""More are not written out."""

LONGEST_POINT = 6
"""Longer points are shortened."""


def profile_lines(certificate: "Certificate") -> list[str]:
    """What the certificate of a profile says, and what of: a line each."""
    found = [verdict(certificate), subject(certificate), payoffs(certificate)]
    if certificate.worst.attained is False:
        who = player_word(certificate.worst.player)  # files know no names
        found.append(f"no deviation of {who} gains as much as some limit of deviations")
    return found


def verdict(certificate: "Certificate", names: Sequence[str] = ()) -> str:
    """What a certificate says: "certified: no player gains more than 1e-06 (…)"."""
    said = certificate.verdict
    if certificate.about != "the game":
        said = f"{said} about {certificate.about}"
    return f"{said}: {_found(certificate, names)}"


def subject(certificate: "Certificate") -> str:
    """Which profile of which game a certificate is about."""
    problem = certificate.document.problem
    actions = "×".join(map(str, problem.actions))
    return (
        f"profile {profile(certificate)}{box_words(problem)}; {len(problem.actions)} players, "
        f"{actions} actions, {semantics_words(problem)}"
    )


def profile(certificate: "Certificate") -> str:
    """Everyone's parameters."""
    return _listed([numbers_words(own) for own in certificate.params])


def how_reached(point: "ReachedPoint") -> str:
    """Which learning ends at a rest point: "tied", "71.5% of runs", or both."""
    runs = [] if point.share is None else [f"{point.share.value:.1%} of runs"]
    return ", ".join(["tied", *runs] if point.starts == "tied" else runs)


def end_kind(point: "ReachedPoint") -> str:
    """What the end of learning is called: a rest point, unless runs still move there."""
    return "rest point reached" if point.at_rest else "end of learning, not at rest"


def gain_bracket(certificate: "Certificate") -> str:
    """Between which bounds the largest of the players' best gains lies."""
    return bracket(*_largest(certificate))


def _largest(certificate: "Certificate") -> tuple[float, float]:
    gains = certificate.gains
    return max(gain.lower for gain in gains), max(gain.upper for gain in gains)


def payoffs(certificate: Any) -> str:
    """Everyone's payoffs, or where these are many a digest of them."""
    return payoff_tables(certificate.document.problem.payoffs)


def payoff_tables(tables: Any) -> str:
    """The same from the payoffs in lists."""
    from glasshouse.certificates.document import flattened  # which takes a while to import

    numbers = [exactly(x) for x in flattened(tables)]
    if len(numbers) > MOST_PAYOFFS_SHOWN:
        digest = hashlib.sha256(" ".join(numbers).encode()).hexdigest()
        return f"payoffs: {len(numbers)} numbers, SHA-256 {digest[:16]}…"
    said = (f"{player_word(i)} {_nested(table)}" for i, table in enumerate(tables))
    return f"payoffs: {'; '.join(said)}"


def _nested(numbers: Any) -> str:
    """Numbers in brackets, as people write payoffs and couplings."""
    if isinstance(numbers, tuple):
        return f"[{', '.join(map(_nested, numbers))}]"
    return exactly(numbers)


def box_words(problem: Any) -> str:
    """Where parameters lie: the range of all, or those of each player."""
    ranges = {pair for box in problem.boxes for pair in box}
    if not ranges:
        return ""
    if len(ranges) > 1:
        return f" in {_listed([_listed(list(map(_range, box))) for box in problem.boxes])}"
    ((low, high),) = ranges
    bounded = low > -math.inf or high < math.inf
    return f" in {_range((low, high))}" if bounded else " without bounds"


def _range(pair: tuple[float, float]) -> str:
    return f"[{exactly(pair[0])}, {exactly(pair[1])}]"


def semantics_words(problem: Any) -> str:
    """What parameters mean."""
    semantics = problem.semantics
    if semantics.kind == "affine":
        swept = getattr(problem, "couplings", None)
        weight = "" if swept else f" at weight {exactly(semantics.weight)}"
        return f"affine semantics{weight}"
    if semantics.kind == "program":
        return "a semantics given as a program"
    own = ""
    if set(semantics.own_weight) != {1.0}:
        own = f", own weights {_nested(semantics.own_weight)}"
    couplings = {
        weight for i, row in enumerate(semantics.coupling) for j, weight in enumerate(row) if i != j
    }
    factors = getattr(problem, "couplings", None)  # of proofs about an interval of them
    if len(couplings) > 1:
        return f"logistic semantics, couplings {_nested(semantics.coupling)}{own}"
    if not couplings or (factors and couplings == {1.0}):
        return f"logistic semantics{own}"
    return f"logistic semantics at coupling {exactly(couplings.pop())}{own}"


def _found(certificate: "Certificate", names: Sequence[str]) -> str:
    if certificate.verdict == "certified":
        return f"no player gains {_at_most(certificate)}{_for_every(certificate)}"
    if certificate.verdict == "unknown":
        gain = max(certificate.gains, key=lambda gain: gain.upper)
        least, most = gain_ends(gain.lower, gain.upper)
        who = player_word(gain.player, names)
        found = f"the best gain of {who} lies in [{least}, {most}]"
        return f"{found}{_for_every(certificate)}"
    gain = certificate.worst  # its witness says at which coupling
    least = gain_at_least(gain.witness_gain, *_largest(certificate))
    who = player_word(gain.player, names)
    return f"{who} gains at least {least} by {_move(certificate, gain)}"


def _at_most(certificate: "Certificate") -> str:
    if not certificate.epsilon:
        return "anything"
    relative = certificate.relative_epsilon
    share = f" ({relative:.3g} of the payoff range)" if math.isfinite(relative) else ""
    return f"more than {exactly(certificate.epsilon)}{share}"


def _for_every(certificate: "Certificate") -> str:
    if certificate.couplings is None:
        return ""
    low, high = certificate.couplings
    name = _factor(certificate)
    first, last = exactly(low), exactly(high)
    return f", at {name} {first}" if low == high else f", for every {name} in [{first}, {last}]"


def _move(certificate: "Certificate", gain: "GainBounds") -> str:
    own = certificate.params[gain.player]
    to = f"moving to {numbers_words(gain.witness[: len(own)], own)}"
    if certificate.couplings is None:
        return to
    return f"{to} at {_factor(certificate)} {exactly(gain.witness[-1])}"


def _factor(certificate: "Certificate") -> str:
    """What an interval is about: a factor, which is the coupling itself where others are 1."""
    semantics = certificate.document.problem.semantics
    if semantics.kind == "affine":
        return "weight" if semantics.weight == 1 else "factor of the weight"
    if semantics.kind == "logistic":
        weights = {
            weight
            for i, row in enumerate(semantics.coupling)
            for j, weight in enumerate(row)
            if i != j
        }
        return "coupling" if weights == {1.0} else "factor of the couplings"
    return "factor"


def numbers_words(numbers: Sequence[float], profile: Sequence[float] = ()) -> str:
    """Parameters, with all digits where fewer would make a deviation look like the profile."""
    shown = [f"{x:.{BOUND_DIGITS}g}" for x in numbers]
    if tuple(shown) == tuple(f"{x:.{BOUND_DIGITS}g}" for x in profile):
        shown = list(map(exactly, numbers))
    return shown[0] if len(shown) == 1 else _listed(shown)


def _listed(texts: Sequence[str]) -> str:
    more = [f"… {len(texts) - LONGEST_POINT} more"] if len(texts) > LONGEST_POINT else []
    return f"({', '.join([*texts[:LONGEST_POINT], *more])})"
