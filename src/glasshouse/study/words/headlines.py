"""A study in one line: where learners cooperate and exploit, and where that is an equilibrium.

Outcomes and equilibrium are different things, and so is first movement, which stands in for
outcomes that were not asked for.
"""

from glasshouse._foundation.digits import HEADLINE, at_least, at_most, between, headline
from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold
from glasshouse.analysis.movement.switch import Switch
from glasshouse.study.computed import Computed
from glasshouse.study.words.compared import comparison_brief
from glasshouse.study.words.league import league_brief
from glasshouse.study.words.maps import map_brief
from glasshouse.study.words.names import (
    EVERY_OR_NO,
    at_own_values,
    axis_name,
    digits_of,
    in_words_and,
    spans,
    tried,
)
from glasshouse.study.words.outcomes import (
    FEWEST_COOPERATE,
    FEWEST_EXPLOIT,
    always_exploited,
    counted,
    holding,
    seldom_exploits,
)
from glasshouse.study.words.titles import study_title
from glasshouse.study.words.verdicts import about_program, equilibrium


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
    if result.map is not None:
        return map_brief(result.map)
    learned = result.learned is not None and result.observable is None
    if len(result.axes) == 1 and learned:
        said = ", ".join(_ends(result))
    elif result.slices and learned:
        said = ", ".join(_ends_by_slices(result))
    elif result.predictions is not None:
        found, key = result.predictions.first_movement, result.predictions.key
        said = f"sets out toward cooperation {switched(found, axis_name(key))}"
    else:
        said = counted(result)
    return "; ".join(filter(None, [said, _corner(result)]))


def switched(switch: Switch, name: str) -> str:
    """Where along an axis of that name a property holds: "above 0.4286"."""
    if switch.bracket is not None:
        return f"{'below' if switch.holds == 'below' else 'above'} {headline(*switch.bracket)}"
    return tried(switch.holds, name) if switch.holds in EVERY_OR_NO else f"({switch.result})"


def corner_is(found: CertifiedThreshold | Switch, name: str) -> str:
    """From where on the cooperative corner is an equilibrium, in words that begin with the verb.

    What is proved is rounded up, and ends where the proof does.
    """
    if not isinstance(found, CertifiedThreshold) or found.result == "unknown":
        if not isinstance(found, Switch):
            return "is not decided to be an equilibrium"
        where = switched(found, name).replace("above", "from").replace("below", "up to")
        return f"passes the boundary test {where}"
    if found.result == "nowhere":
        return f"is no equilibrium at {digits_of(found.highest)}, the largest searched"
    low = found.lowest if found.bracket is None else found.bracket[1]
    least = ", the least searched," * (found.bracket is None)
    first, last = at_most(low, HEADLINE), at_least(found.highest, HEADLINE)
    return f"is an equilibrium from {first}{least} to {last}"


def _ends(result: Computed) -> list[str]:
    (axis,) = result.axes
    name = axis_name(axis.key)
    cooperates = holding(result, "cooperation_share", FEWEST_COOPERATE)
    exploits = holding(result, "exploitation_share", FEWEST_EXPLOIT)
    where = spans(axis.values, exploits, name)
    return [
        f"cooperates {spans(axis.values, cooperates, name)}",
        f"{_exploits(result)} {where if any(exploits) else seldom_exploits(result) or where}",
    ]


def _exploits(result: Computed) -> str:
    """What is said of some exploiting others; who is exploited, where it is always the same one."""
    who = always_exploited(result)
    return f"{who} is exploited" if who else "exploits"


def _ends_by_slices(result: Computed) -> list[str]:
    """Of several axes: from where on along the first learners cooperate, and how often exploit."""
    points = result.table.num_rows
    exploits = sum(holding(result, "exploitation_share", FEWEST_EXPLOIT))
    often = f"at {exploits} of {points} points" if exploits else seldom_exploits(result)
    return [
        f"cooperates {along_slices(result, 'cooperation') or 'at no point tried'}",
        f"{_exploits(result)} {often or 'at no point tried'}",
    ]


def along_slices(result: Computed, name: str) -> str:
    """From which values of the first axis on something holds at those of the others; or nothing."""
    found = [x for x in (getattr(s, name) for s in result.slices) if x is not None]
    if not found:
        return ""
    first, *others = (axis_name(axis.key) for axis in result.axes)
    low, high = min(found), max(found)
    ends = digits_of(low) if low == high else " to ".join(dict.fromkeys(between(low, high)))
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
        return f"cooperation {corner_is(predictions.equilibrium, axis_name(predictions.key))}"
    return corner_judged(result) or passing(result)


def corner_judged(result: Computed) -> str:
    """What is proved of the cooperative corner at the study's own values; or nothing."""
    corner = next((point.certificate for point in result.certificates if point.corner), None)
    if corner is None or corner.verdict == "unknown":
        return ""
    is_one = "an" if corner.verdict == "certified" else "no"
    what = f"{equilibrium(corner.epsilon)}{at_own_values(result)}{about_program(corner)}"
    return f"cooperation is {is_one} {what}"


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
        where = spans(result.axes[0].values, passes, axis_name(result.axes[0].key))
    left = "" if tested == len(answers) else f" (tested at {tested} of {len(answers)} points)"
    return f"cooperation passes the boundary test {where}{left}"
