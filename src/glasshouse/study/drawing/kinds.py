"""The kinds of figures that a study can have, each with what has to be computed for it."""

import dataclasses
from typing import TYPE_CHECKING, Any

from glasshouse.errors import InputError, near_miss

if TYPE_CHECKING:
    from glasshouse.study.spec.study import AnalysisSpec  # which is slow to load, for --help

NOTHING_ASKED: dict[str, Any] = {
    "thresholds": False,
    "tied": False,
    "outcomes": False,
    "cycles": False,
    "boundary_test": False,
    "portrait": False,
    "certify": False,
    "equilibria": False,
    "mixed": False,
    "branches": (),
}
"""Of [analysis], when nothing is asked."""


@dataclasses.dataclass(frozen=True)
class FigureKind:
    """A kind of figure.

    **Arguments:** `name`; `shows`, in a few words; `figure`, how the figures of a report are called
    that are of this kind; `axes`, how many numbers it is drawn over, 0 for one of the study's own
    values; `keeps`, keys of `[analysis]` that stay as the study says; `asks`, those that are set;
    `otherwise`, what to change where a study has no such figure.
    """

    name: str
    shows: str
    figure: str
    axes: int
    otherwise: str
    keeps: tuple[str, ...] = ()
    asks: tuple[tuple[str, Any], ...] = ()

    def analysis(self, said: "AnalysisSpec") -> "AnalysisSpec":
        """What to compute for this figure, of a study that says so."""
        kept = {key: getattr(said, key) for key in self.keeps}
        if kept.get("certify", True) is False and dict(self.asks).get("certify"):
            kept.pop("certify")
        return said.model_copy(update={**NOTHING_ASKED, **dict(self.asks), **kept})


def _kinds(*kinds: FigureKind) -> dict[str, FigureKind]:
    return {kind.name: kind for kind in kinds}


SWEPT = "sweep one number in [sweep], or hold the others with --at"

FIGURE_KINDS = _kinds(
    FigureKind(
        "along",
        "cooperation and outcomes along one swept number",
        "coupling",
        1,
        "ask for analysis.tied or analysis.outcomes",
        keeps=("thresholds", "tied", "outcomes", "certify", "observe"),
    ),
    FigureKind(
        "map",
        "outcomes over two swept numbers",
        "map",
        2,
        "ask for analysis.outcomes or analysis.tied",
        keeps=("thresholds", "tied", "outcomes", "boundary_test", "observe"),
    ),
    FigureKind(
        "endings",
        "rest, cycles and chaos in finite steps, over two swept numbers",
        "endings",
        2,
        "it needs runs whose payoffs draw nothing, and no learning.stop",
        asks=(("cycles", True),),
    ),
    FigureKind(
        "portrait",
        "where two learners move, rest and end",
        "portrait",
        0,
        "it needs two players with one bounded parameter each",
        asks=(("portrait", True),),
    ),
    FigureKind(
        "deviation",
        "what leaving the cooperative corner alone pays",
        "deviation",
        0,
        "it needs a bounded box whose upper corner is cooperative: set semantics.bound",
        keeps=("certify",),
        asks=(("boundary_test", True),),
    ),
    FigureKind(
        "rest-deviation",
        "the same at the most frequent rest point",
        "deviation_rest",
        0,
        "it needs a rest point that learning reaches and that was certified: set analysis.certify",
        keeps=("certify",),
        asks=(("outcomes", True), ("certify", 1e-6)),
    ),
    FigureKind(
        "equilibrium",
        "from which coupling on cooperation is an equilibrium",
        "equilibrium",
        0,
        "it needs the logistic semantics and a cooperative corner",
        keeps=("certify",),
        asks=(("thresholds", True), ("certify", 1e-6)),
    ),
    FigureKind(
        "branches",
        "rest points along a swept number of the semantics",
        "branches",
        1,
        "it needs a swept number of the semantics, such as semantics.coupling",
        keeps=("thresholds", "certify"),
    ),
    FigureKind(
        "feasible",
        "what two players can be paid",
        "feasible",
        0,
        "it needs two players",
        asks=(("equilibria", True),),
    ),
    FigureKind(
        "mixing",
        "an equilibrium in mixed parameters along the coupling",
        "mixing",
        1,
        "it needs interchangeable players with one bounded parameter each, and a swept coupling",
    ),
    FigureKind(
        "comparison",
        "how the learners fare that are compared",
        "comparison",
        0,
        "list learners in [[compare]] tables",
    ),
    FigureKind(
        "league",
        "who is paid what against whom",
        "league",
        0,
        "list who takes part in [league] entrants",
    ),
)
"""Every kind by its name."""


def figure_kind(name: str) -> FigureKind:
    """The kind of that name.

    **Raises:** `InputError` with the nearest name and all of them.
    """
    if name not in FIGURE_KINDS:
        known = ", ".join(FIGURE_KINDS)
        near = near_miss(name, FIGURE_KINDS) or ":"
        raise InputError(f"unknown kind of figure {name!r:.40}{near} choose one of {known}")
    return FIGURE_KINDS[name]
