"""The result of a study in words: a sentence each on first movement, outcome and equilibrium."""

import math
from collections.abc import Sequence

from glasshouse.analysis.couplings import Switch
from glasshouse.study.result import Predictions, StudyResult

NAMES = {"semantics.coupling": "coupling", "semantics.weight": "weight"}
"""What axes are called in sentences; others go by their dotted key."""


def claims(result: StudyResult) -> list[str]:
    """What the study found; each sentence begins with which of the three things it is about."""
    axes = result.axes
    if len(axes) == 2:
        return [_slices_claim(result), *_outcome_claims(result), _passes_claim(result)]
    found = []
    if result.predictions is not None:
        found.append(_movement_claim(result.predictions))
    elif not axes:
        direction = result.base.first_movement.direction
        found.append(f"First movement: from the neutral start mean cooperation {direction}.")
    found += _outcome_claims(result)
    if result.predictions is not None:
        found.append(_equilibrium_claim(result.predictions))
    elif result.base.boundary is not None:
        found.append(_passes_claim(result))
    return found


def axis_name(key: str) -> str:
    """What an axis is called in sentences."""
    return NAMES.get(key, key)


def _movement_claim(predictions: Predictions) -> str:
    closed = predictions.closed_form
    if closed is None:
        predicted = "no closed form"
    elif closed.neutral.value is None:
        predicted = f"closed form: {closed.neutral.reason}"
    else:
        predicted = f"predicted {closed.neutral.value:.4f} in closed form"
    measured, key = predictions.measured, predictions.key
    return (
        "First movement: from the neutral start selfish learners move toward cooperation "
        f"{_where(predictions.first_movement, key)} ({predicted}); measured, mean cooperation "
        f"stands higher than at the start after {measured.learned} {_where(measured, key)}."
    )


def _slices_claim(result: StudyResult) -> str:
    first, second = (axis_name(axis.key) for axis in result.axes)
    turns = [(s.first_movement, s.predicted) for s in result.slices if s.first_movement is not None]
    if not turns:
        return f"First movement: nowhere studied does it turn upward once along {first}."
    values = [measured for measured, _ in turns]
    both = [abs(predicted - measured) for measured, predicted in turns if predicted is not None]
    error = f"; the closed form differs by at most {max(both):.1g}" if both else ""
    return (
        f"First movement: from the neutral start selfish learners move toward cooperation above a "
        f"{first} between {min(values):.4g} and {max(values):.4g}, depending on {second} "
        f"(interpolated between points of the sweep{error})."
    )


def _outcome_claims(result: StudyResult) -> list[str]:
    """Where learning ends, point by point; nothing where that was not asked."""
    generic = result.base.generic
    if generic is None:
        return []
    tied = " with tied parameters" if result.prepared.study.learning.tied else ""
    everyone = "both" if result.prepared.base.game.players == 2 else "all"
    cooperates = (result.column("cooperation_share") >= 0.5).tolist()
    exploits = (result.column("exploitation_share") > 0).tolist()
    cooperation = f"{everyone} cooperate in at least half of the runs {_points(result, cooperates)}"
    exploitation = f"some exploit others in at least one run {_points(result, exploits)}"
    if not any(cooperates):
        cooperation = f"nowhere do {everyone} cooperate in at least half of the runs"
    if not any(exploits):
        exploitation = "nobody exploits others in any run"
    return [f"Outcome{tied} ({generic.detail}): {cooperation}; {exploitation}."]


def _equilibrium_claim(predictions: Predictions) -> str:
    found = predictions.equilibrium
    if found is None:
        return f"Equilibrium: not tested ({predictions.no_equilibrium_reason})."
    closed = predictions.closed_form
    predicted = ""
    if closed is not None and closed.equilibrium is not None:
        value, reason = closed.equilibrium.value, closed.equilibrium.reason
        predicted = f"closed form {reason if value is None else f'{value:.4f}'}; "
    return (
        "Equilibrium: cooperation by all, at the upper ends of their parameters, passes the "
        f"boundary test {_where(found, predictions.key)} ({predicted}numerical, not proved)."
    )


def _passes_claim(result: StudyResult) -> str:
    passes = [value is True for value in result.column("boundary_passes")]
    if result.base.boundary is None:
        return "Equilibrium: not tested."
    return (
        "Equilibrium: cooperation by all, at the upper ends of their parameters, passes the "
        f"boundary test {_points(result, passes)} (numerical, not proved)."
    )


def _where(switch: Switch, key: str) -> str:
    """Where a property holds, in words."""
    name = NAMES.get(key)
    if switch.value is not None and switch.bracket is not None:
        half = (switch.bracket[1] - switch.bracket[0]) / 2
        side = "above" if switch.holds == "above" else "below"
        return f"{side} {name or f'{key} ='} {switch.value:.6f} ± {half:.0e}"
    if switch.holds in ("everywhere", "nowhere"):
        which = "every" if switch.holds == "everywhere" else "no"
        return f"at {which} {name or f'value of {key}'} tried"
    return f"at values of {name or key} that one number does not tell ({switch.result})"


def _points(result: StudyResult, holds: Sequence[bool]) -> str:
    """The points at which something holds: runs of neighbours, or how many of all."""
    axes = result.axes
    if not axes:
        return "here" if holds[0] else "not here"
    if not any(holds):
        return "at no point studied"
    if all(holds):
        return "at every point studied"
    if len(axes) == 2:
        return f"at {sum(holds)} of {len(holds)} points"
    studied = axes[0].values
    groups: list[list[float]] = []
    for k, value in enumerate(studied):
        if holds[k]:
            if k and holds[k - 1]:
                groups[-1].append(value)
            else:
                groups.append([value])
    spans = [f"{g[0]:g}" if math.isclose(g[0], g[-1]) else f"{g[0]:g} to {g[-1]:g}" for g in groups]
    return f"at {axis_name(axes[0].key)} {', '.join(spans)}"
