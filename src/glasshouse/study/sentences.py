"""The result of a study in words: a sentence each on first movement, outcome and equilibrium."""

import math
from collections.abc import Sequence

from glasshouse.analysis.couplings import Switch
from glasshouse.study.result import Predictions, StudyResult

NAMES = {"semantics.coupling": "coupling", "semantics.weight": "weight"}
"""What axes are called in sentences; others go by the end of their dotted key."""

ELSEWHERE = {"everywhere": "everywhere", "nowhere": "nowhere", "elsewhere": "now and then"}
"""Where cooperation rises along slices on which it does not begin to at one value."""


def claims(result: StudyResult) -> list[str]:
    """What the study found; each sentence begins with which of the three things it is about."""
    predictions = result.predictions
    if predictions is not None:
        movement, equilibrium = _movement_claim(predictions), _equilibrium_claim(predictions)
    else:
        movement = _slices_claim(result) if result.slices else _rises_claim(result)
        equilibrium = _passes_claim(result)
    return [movement, *_outcome_claims(result), *([equilibrium] if equilibrium else [])]


def axis_name(key: str) -> str:
    """What an axis is called in sentences."""
    short = key.removeprefix("game.parameters.").removeprefix("semantics.parameters.")
    return NAMES.get(key, short)


def _movement_claim(predictions: Predictions) -> str:
    closed = predictions.closed_form
    if closed is None:
        predicted = "no closed form"
    elif closed.neutral.value is None:
        predicted = f"closed form: {closed.neutral.reason}"
    else:
        predicted = f"predicted {closed.neutral.value:.4f} in closed form"
    moves, measured, key = predictions.first_movement, predictions.measured, predictions.key
    low, high = moves.searched or (math.nan, math.nan)
    searched = f"; searched from {low:.4g} to {high:.4g}" if moves.searched else ""
    return (
        "First movement: from the neutral start selfish learners move toward cooperation "
        f"{_where(moves, key)} ({predicted}{searched}); measured, mean cooperation stands higher "
        f"than at the start after {measured.learned} {_where(measured, key)}."
    )


def _rises_claim(result: StudyResult) -> str:
    rises = [direction == "rises" for direction in result.column("first_movement")]
    if not result.axes:
        direction = result.base.first_movement.direction
        return f"First movement: from the neutral start mean cooperation {direction}."
    return (
        "First movement: from the neutral start selfish learners move toward cooperation "
        f"{_points(result, rises)}."
    )


def _slices_claim(result: StudyResult) -> str:
    first, second = (axis_name(axis.key) for axis in result.axes)
    slices = result.slices
    turns = [(s.first_movement, s.predicted) for s in slices if s.first_movement is not None]
    others = [
        f"{where} studied at {sum(s.moves == kind for s in slices)}"
        for kind, where in ELSEWHERE.items()
        if any(s.moves == kind for s in slices)
    ]
    found = ""
    if turns:
        values = [measured for measured, _ in turns]
        both = [abs(predicted - measured) for measured, predicted in turns if predicted is not None]
        error = f"; the closed form differs by at most {max(both):.1g}" if both else ""
        found = (
            f"above a {first} between {min(values):.4g} and {max(values):.4g} at {len(turns)} of "
            f"{len(slices)} values of {second} (interpolated between points of the sweep{error})"
        )
    return (
        "First movement: from the neutral start selfish learners move toward cooperation "
        f"{'; '.join([found, *others] if found else others)}"
        f"{'' if turns else f' values of {second}'}."
    )


def _outcome_claims(result: StudyResult) -> list[str]:
    """Where learning ends, point by point; nothing where that was not asked."""
    if result.learned is None:
        return []
    tied = " with tied parameters" if result.prepared.study.learning.tied else ""
    everyone = "both" if result.prepared.base.game.players == 2 else "all"
    parts = []
    for column, least, holds, fails in (
        (
            "cooperation_share",
            0.5,
            f"{everyone} cooperate (probability above ½) in at least half of the runs",
            f"nowhere do {everyone} cooperate (probability above ½) in half of the runs",
        ),
        ("defection_share", 0.5, "nobody does in at least half of the runs", ""),
        (
            "exploitation_share",
            1e-12,
            "some exploit others in at least one run",
            "nobody exploits others in any run",
        ),
    ):
        points = (result.column(column) >= least).tolist()
        if any(points):
            parts.append(f"{holds} {_points(result, points)}")
        elif fails:
            parts.append(fails)
    lost = sum(int(n) for n in result.column("not_finite") if n is not None)
    if lost:
        parts.append(f"{lost} runs left the reals and are not counted")
    return [f"Outcome{tied} ({result.learned}): {'; '.join(parts)}."]


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
    """On the boundary test, point by point; nothing where it was not asked for."""
    answers = result.column("boundary_passes").tolist()
    tested = sum(answer is not None for answer in answers)
    if not result.prepared.study.analysis.boundary_test:
        return ""
    if not tested:
        return "Equilibrium: not tested, or undecided."
    passes = [answer is True for answer in answers]
    which = "" if tested == len(answers) else f"; tested at {tested} of {len(answers)} points"
    if not result.axes:
        verb, where = ("passes" if passes[0] else "does not pass"), ""
    else:
        verb, where = "passes", f" {_points(result, passes)}"
    return (
        f"Equilibrium: cooperation by all, at the upper ends of their parameters, {verb} the "
        f"boundary test{where} (numerical, not proved{which})."
    )


def _where(switch: Switch, key: str) -> str:
    """Where a property holds, in words."""
    name = NAMES.get(key)
    if switch.value is not None and switch.bracket is not None:
        half = (switch.bracket[1] - switch.bracket[0]) / 2
        side = "above" if switch.holds == "above" else "below"
        value = 0.0 if abs(switch.value) <= half else switch.value
        return f"{side} {name or f'{axis_name(key)} ='} {value:.6g} ± {half:.0e}"
    if switch.holds in ("everywhere", "nowhere"):
        which = "every" if switch.holds == "everywhere" else "no"
        return f"at {which} {name or f'value of {axis_name(key)}'} tried"
    return f"at values of {name or axis_name(key)} that one number does not tell ({switch.result})"


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
    groups: list[list[float]] = []
    for k, value in enumerate(axes[0].values):
        if holds[k]:
            if k and holds[k - 1]:
                groups[-1].append(value)
            else:
                groups.append([value])
    spans = [f"{g[0]:g}" if math.isclose(g[0], g[-1]) else f"{g[0]:g} to {g[-1]:g}" for g in groups]
    return f"at {axis_name(axes[0].key)} {', '.join(spans)}"
