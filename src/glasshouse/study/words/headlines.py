"""A study in one line: where learners cooperate and exploit, and where that is an equilibrium.

Outcomes and equilibrium are different things, and so is first movement, which stands in for
outcomes that were not asked for.
"""

from glasshouse._foundation.digits import headline
from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold
from glasshouse.analysis.movement.switch import Switch
from glasshouse.study.computed import Computed
from glasshouse.study.words.compared import comparison_brief
from glasshouse.study.words.league import league_brief
from glasshouse.study.words.names import (
    at_own_values,
    axis_name,
    digits_of,
    in_words_and,
    spans,
)
from glasshouse.study.words.outcomes import (
    FEWEST_COOPERATE,
    LEAST_EXPLOITED,
    counted,
    holding,
)
from glasshouse.study.words.titles import study_title
from glasshouse.study.words.verdicts import equilibrium


def brief(result: Computed) -> str:
    """A study in one line: its title and what was found."""
    return f"{study_title(result.prepared)}: {finding(result)}"


def finding(result: Computed) -> str:
    """As in "cooperates from 0.76, exploits between 0.38 and 0.74; cooperation is an equilibrium
    from 0.8705"."""
    if result.comparison is not None:
        return comparison_brief(result.comparison)
    if result.league is not None:
        return league_brief(result.league)
    learned = result.learned is not None and result.observable is None
    if len(result.axes) == 1 and learned:
        said = ", ".join(_ends(result))
    elif result.slices and learned:
        said = ", ".join(_ends_by_slices(result))
    elif result.predictions is not None:
        said = f"sets out toward cooperation {switched(result.predictions.first_movement)}"
    else:
        said = counted(result)
    return "; ".join(filter(None, [said, _corner(result)]))


def switched(switch: Switch) -> str:
    """Where along an axis a property holds: "above 0.4286"."""
    if switch.bracket is not None:
        return f"{'below' if switch.holds == 'below' else 'above'} {headline(*switch.bracket)}"
    return switch.holds if switch.holds in ("everywhere", "nowhere") else f"({switch.result})"


def corner_is(found: CertifiedThreshold | Switch) -> str:
    """From where on the cooperative corner is an equilibrium, in words that begin with the verb."""
    if not isinstance(found, CertifiedThreshold) or found.result == "unknown":
        if not isinstance(found, Switch):
            return "is not decided to be an equilibrium"
        where = switched(found).replace("above", "from").replace("below", "up to")
        return f"passes the boundary test {where}"
    if found.result == "nowhere":
        return f"is no equilibrium at {digits_of(found.highest)}, the largest searched"
    if found.bracket is None:
        return f"is an equilibrium from {digits_of(found.lowest)}, the least searched"
    return f"is an equilibrium from {headline(*found.bracket)}"


def _ends(result: Computed) -> list[str]:
    (axis,) = result.axes
    return [
        f"cooperates {spans(axis.values, holding(result, 'cooperation_share', FEWEST_COOPERATE))}",
        f"exploits {spans(axis.values, holding(result, 'exploitation_share', LEAST_EXPLOITED))}",
    ]


def _ends_by_slices(result: Computed) -> list[str]:
    """Of several axes: from where on along the first learners cooperate, and how often exploit."""
    points = result.table.num_rows
    exploits = sum(holding(result, "exploitation_share", LEAST_EXPLOITED))
    return [
        f"cooperates {along_slices(result, 'cooperation') or 'nowhere'}",
        f"exploits at {exploits} of {points} points" if exploits else "exploits nowhere",
    ]


def along_slices(result: Computed, name: str) -> str:
    """From which values of the first axis on something holds at those of the others; or nothing."""
    found = [x for x in (getattr(s, name) for s in result.slices) if x is not None]
    if not found:
        return ""
    first, *others = (axis_name(axis.key) for axis in result.axes)
    ends = " to ".join(dict.fromkeys((digits_of(min(found)), digits_of(max(found)))))
    names, all_of_them = in_words_and(others), len(found) == len(result.slices)
    of = (
        f"by {names}"
        if all_of_them
        else f"at {len(found)} of {len(result.slices)} values of {names}"
    )
    return f"from a {first} of {ends} on, {of}"


def _corner(result: Computed) -> str:
    """Whether cooperation is an equilibrium; nothing where that was not asked."""
    if result.repeated:
        return ""
    predictions = result.predictions
    if predictions is not None and predictions.equilibrium is not None:
        return f"cooperation {corner_is(predictions.equilibrium)}"
    return corner_judged(result) or passing(result)


def corner_judged(result: Computed) -> str:
    """What is proved of the cooperative corner at the study's own values; or nothing."""
    corner = next((point.certificate for point in result.certificates if point.corner), None)
    if corner is None or corner.verdict == "unknown":
        return ""
    is_one = "an" if corner.verdict == "certified" else "no"
    return f"cooperation is {is_one} {equilibrium(corner.epsilon)}{at_own_values(result)}"


def passing(result: Computed) -> str:
    """Where the cooperative corner passes the boundary test; nothing where it was not tested."""
    answers = result.column("boundary_passes").tolist()
    tested = sum(answer is not None for answer in answers)
    if not tested:
        return ""
    passes = [answer is True for answer in answers]
    if not result.axes:
        return f"cooperation {'passes' if passes[0] else 'does not pass'} the boundary test"
    where = f"at {sum(passes)} of {len(passes)} points"
    if len(result.axes) == 1:
        where = spans(result.axes[0].values, passes)
    left = "" if tested == len(answers) else f" (tested at {tested} of {len(answers)} points)"
    return f"cooperation passes the boundary test {where}{left}"
