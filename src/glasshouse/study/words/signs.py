"""What each sign in a figure means: lines, marks and colours, defined in its caption."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from glasshouse.plots.coupling import Marker, outcome_names
from glasshouse.rules.gradient import Gradient

if TYPE_CHECKING:
    from glasshouse.analysis.equilibria.points import Equilibria
    from glasshouse.analysis.phase.portrait import Portrait

PORTRAIT_POINTS = {
    "stable": "black circles attract",
    "saddle": "half-filled diamonds are saddles",
    "unstable": "open circles repel",
    "undecided": "open squares are not decided",
}

FIRST_ORDER = {
    "D": "mutual defection no longer attracts",
    "½": "cooperation rises from the neutral start",
    "C": "mutual cooperation attracts",
}
"""What holds above the thresholds that are marked, by their index."""


def tied_signs(closed: bool, means: bool) -> list[str]:
    """Of the panel of tied runs: `closed`, whether a branch is drawn; `means`, of other starts."""
    said = ["Dots: where tied runs end, open if they are not yet at rest"]
    said += ["black line: the same in closed form, derived here"] if closed else []
    said += ["dashed green line: mean cooperation over the study's starts"] if means else []
    return [f"{'; '.join(said)}."]


def share_signs(players: int) -> str:
    """Of the panel of shares of runs."""
    names = outcome_names(players)
    return (
        f"Shares of runs by how they end: {names['cooperation']} (solid blue), "
        f"{names['exploitation']} (dashed orange), {names['defection']} (dash-dotted grey); "
        "bands: 95\N{NO-BREAK SPACE}% Wilson intervals."
    )


def threshold_signs(marks: Sequence[Marker], plain: Sequence[str]) -> str:
    """Of dotted upright lines: `plain`, the labels of all marks without formulas."""
    named = [
        f"above {label} {FIRST_ORDER[label.rpartition('_')[2]]}"
        for mark, label in zip(marks, plain, strict=True)
        if mark.kind == "first order" and label.rpartition("_")[2] in FIRST_ORDER
    ]
    return f", derived here: {', '.join(named)}" if named else ""


def portrait_signs(
    portrait: "Portrait", found: "Equilibria | None", names: Sequence[str], does: str
) -> str:
    """Of the plane of both players' parameters.

    **Arguments:** `names`, what players are called; `does`, what they do with probability p.
    """
    kinds = dict.fromkeys(point.stability for point in portrait.rest_points)
    still = "d_{0} = 0, its step"
    if portrait.rule == Gradient.words:
        still = "∂U_{0}/∂θ_{0} = 0, the slope of its payoff in its own parameter"
    said = [
        f"Shading: which players {does} with probability above ½ where a run from there ends",
        "arrows: which way learning goes, not how fast",
        f"solid green line: where {names[0]} does not move ({still.format(1)}); dashed purple "
        f"line: where {names[1]} does not ({still.format(2)})",
        *(["thin black lines: sample runs, from their dots"] if portrait.trajectories else []),
        *(["rest points: " + ", ".join(PORTRAIT_POINTS[k] for k in kinds)] if kinds else []),
    ]
    if found is not None and (found.points or found.continuum):
        said.append("yellow stars: equilibria")
    if found is not None and found.left:
        said.append("hatched boxes: where nothing is known of equilibria")
    return f"{'; '.join(said)}."


def deviation_signs(gains: bool, proved: bool) -> str:
    """Of a deviation curve: whether a change `gains`, and whether bounds are `proved`."""
    said = [
        "Blue line: what the player is paid if it alone has another parameter",
        "open circle: where it is now",
    ]
    if gains:
        said.append("orange diamond: the best change found; dotted line: what it is paid now")
    if proved:
        colour = "orange" if gains else "green"
        said.append(f"dashed {colour} line and band: the least and the most that can be gained")
    return f"{'; '.join(said)}."


def map_signs(hatched: bool) -> list[str]:
    """Of a map, beside its colours and lines."""
    words = "Hatched and outlined: points at which exploitation is the most frequent outcome."
    return [words] if hatched else []


def comparison_signs(threshold: float | None) -> list[str]:
    """Of a comparison of learners, beside its dots and bars."""
    if threshold is None:
        return []
    return [f"Dashed upright line: {threshold:g}, the threshold of the shares in the table."]


CURVE_SIGNS = (
    "Dashed line: the limit for M → ∞; dotted blue line: how the threshold nears it, to first "
    "order in 1/M."
)
"""Of the equilibrium threshold against the bound, where the limit is known."""

FEASIBLE_SIGNS = (
    "Grey outline: what can be paid; blue shade: what pays both at least the minimax, "
    "which the dashed lines are; stars: equilibria; dots: where learning ends."
)

BRANCH_SIGNS = (
    "Solid blue lines attract, dashed orange ones repel, dotted grey ones are not decided; marks: "
    "special points, as the legend names them; dotted upright lines: first-order thresholds; "
    "a wide band under a branch: proved to be an equilibrium."
)
