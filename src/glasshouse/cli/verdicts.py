"""Certificates in words; numbers are rounded so that what is said follows from what is proved."""

import decimal
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glasshouse.certificates.certificate import Certificate, GainBounds
    from glasshouse.certificates.document import Problem

DIGITS = 6
"""Of bounds in words."""

EXACT = 2000
"""Digits with which doubles are added and halved exactly."""

MOST_NUMBERS = 6
"""Longer points are shortened."""

DOWN, UP = decimal.ROUND_FLOOR, decimal.ROUND_CEILING


def verdict(certificate: "Certificate") -> str:
    """What a certificate says: "certified: no player gains more than 1e-06 (…)"."""
    said = certificate.verdict
    if certificate.about != "the game":
        said = f"{said} about {certificate.about}"
    return f"{said}: {_found(certificate)}"


def subject(certificate: "Certificate") -> str:
    """Which profile of which game a certificate is about."""
    problem = certificate.document.problem
    actions = "×".join(map(str, problem.actions))
    profile = _listed([_point(own) for own in certificate.params])
    return (
        f"profile {profile}{_box(problem)}; {len(problem.actions)} players, {actions} actions, "
        f"{_semantics(problem)}"
    )


def gain_bracket(certificate: "Certificate") -> str:
    """Between which bounds the largest of the players' best gains lies."""
    lower = max(gain.lower for gain in certificate.gains)
    upper = max(gain.upper for gain in certificate.gains)
    return f"[{rounded(lower, DOWN)}, {rounded(upper, UP)}]" if upper else "0"


def rounded(number: float, towards: str, digits: int = DIGITS) -> str:
    """A number with so many digits, rounded up or down."""
    context = decimal.Context(prec=digits, rounding=towards)
    return f"{float(context.create_decimal_from_float(number)):.{digits}g}"


def bracketed(low: float, high: float) -> str:
    """An interval as a number ± another, which contain it: 0.8704675 ± 5e-07."""
    with decimal.localcontext() as context:
        context.prec = EXACT
        ends = Decimal(low), Decimal(high)
        half = (ends[1] - ends[0]) / 2
        if not half:
            return _exactly(low)
        last = Decimal(1).scaleb(half.adjusted())
        middle = ((ends[0] + ends[1]) / 2).quantize(last)
        half = max(abs(end - middle) for end in ends).quantize(last, rounding=UP)
        return f"{middle:f} ± {float(half):g}"


def _exactly(number: float) -> str:
    """A number somebody gave, with as many digits as tell it from all others."""
    short = f"{number:g}"
    return short if float(short) == number else repr(number)


def _box(problem: "Problem") -> str:
    """Where parameters lie, if it is the same range for all."""
    ranges = {pair for box in problem.boxes for pair in box}
    if len(ranges) != 1:
        return ""
    ((low, high),) = ranges
    return (
        f" in [{_exactly(low)}, {_exactly(high)}]"
        if low > -math.inf or high < math.inf
        else " without bounds"
    )


def _semantics(problem: "Problem") -> str:
    semantics = problem.semantics
    if semantics.kind == "affine":
        weight = "" if problem.couplings else f" at weight {_exactly(semantics.weight)}"
        return f"affine semantics{weight}"
    if semantics.kind == "program":
        return "a semantics given as a program"
    couplings = {
        weight for i, row in enumerate(semantics.coupling) for j, weight in enumerate(row) if i != j
    }
    own = set(semantics.own_weight)
    if problem.couplings or len(couplings) != 1 or own != {1.0}:
        return "logistic semantics"
    return f"logistic semantics at coupling {_exactly(couplings.pop())}"


def _found(certificate: "Certificate") -> str:
    gain = certificate.worst
    if certificate.verdict == "refuted":  # its witness says at which coupling
        least = rounded(gain.witness_gain, DOWN)
        return f"player {gain.player + 1} gains at least {least} by {_move(certificate, gain)}"
    if certificate.verdict == "certified":
        found = f"no player gains {_at_most(certificate)}"
    else:
        least, most = rounded(gain.lower, DOWN), rounded(gain.upper, UP)
        found = f"the best gain of player {gain.player + 1} lies in [{least}, {most}]"
    return found + _for_every(certificate)


def _at_most(certificate: "Certificate") -> str:
    if not certificate.epsilon:
        return "anything"
    relative = certificate.relative_epsilon
    share = f" ({relative:.3g} of the payoff range)" if math.isfinite(relative) else ""
    return f"more than {_exactly(certificate.epsilon)}{share}"


def _for_every(certificate: "Certificate") -> str:
    if certificate.couplings is None:
        return ""
    low, high = certificate.couplings
    name = _factor(certificate)
    first, last = _exactly(low), _exactly(high)
    return f", at {name} {first}" if low == high else f", for every {name} in [{first}, {last}]"


def _move(certificate: "Certificate", gain: "GainBounds") -> str:
    own = certificate.params[gain.player]
    to = f"moving to {_point(gain.witness[: len(own)], own)}"
    if certificate.couplings is None:
        return to
    return f"{to} at {_factor(certificate)} {_exactly(gain.witness[-1])}"


def _factor(certificate: "Certificate") -> str:
    """What an interval is about: a factor, which is the coupling itself where others are 1."""
    semantics = certificate.document.problem.semantics
    if semantics.kind == "affine":
        return "weight" if semantics.weight == 1 else "factor of the weight"
    if semantics.kind == "logistic":
        weights = {weight for row in semantics.coupling for weight in row}
        return "coupling" if weights <= {0.0, 1.0} else "factor of the couplings"
    return "factor"


def _point(numbers: Sequence[float], profile: Sequence[float] = ()) -> str:
    """Parameters, with all digits where fewer would make a deviation look like the profile."""
    shown = [f"{x:.{DIGITS}g}" for x in numbers]
    if tuple(shown) == tuple(f"{x:.{DIGITS}g}" for x in profile):
        shown = list(map(_exactly, numbers))
    return shown[0] if len(shown) == 1 else _listed(shown)


def _listed(texts: Sequence[str]) -> str:
    more = [f"… {len(texts) - MOST_NUMBERS} more"] if len(texts) > MOST_NUMBERS else []
    return f"({', '.join([*texts[:MOST_NUMBERS], *more])})"
