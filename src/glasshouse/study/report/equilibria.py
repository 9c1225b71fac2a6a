"""What a report says of all equilibria: tables of them, of theorems, mixtures and branches."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from glasshouse.analysis.equilibria.survey import Survey
from glasshouse.analysis.proofs import certificate_file
from glasshouse.study.report.blocks import (
    DASH,
    Facts,
    ScrolledTable,
    code,
    element,
    number_markup,
    percent,
    quiet,
)
from glasshouse.study.result import StudyResult
from glasshouse.study.words.equilibria import (
    HOLDS,
    mixture_words,
    params_words,
    point_epsilon,
)
from glasshouse.study.words.names import axis_name, players_called, upper

if TYPE_CHECKING:
    from glasshouse.analysis.equilibria.selection import Selection

MOST_SPECIAL_ROWS = 60
"""Special points of branches that are listed."""

ATTRACTS = {True: "attracts", False: "repels", None: "not told"}


def all_equilibria(result: StudyResult) -> Iterator[object]:
    """The section on all equilibria, where a study asks for it."""
    survey = result.survey
    if survey is not None and survey.equilibria is not None:
        yield from _listed(survey)
        yield from _theorems(survey)
    if survey is not None and survey.mixture is not None:
        words = upper(mixture_words(survey.mixture, players_called(result)))
        yield element("p", f"Mixed: {words}. File: ", code(certificate_file("mixture")), ".")
    for found in result.branches:
        yield from _branches(result, found)


def _listed(survey: Survey) -> Iterator[object]:
    found, chosen = survey.equilibria, survey.selection
    assert found is not None
    titles = ("Parameters", "Kind", "Payoffs", "Welfare, rank", "Learning nearby",
              "Step size below", "Share of starts", "Risk-dominates", "As rounded")  # fmt: skip
    rows = []
    for k, point in enumerate(found.points):
        share = DASH if chosen is None else percent(chosen.shares[k].value)
        rank = DASH if chosen is None else f"rank {chosen.ranks[k]}"
        largest = DASH if point.attraction is None else number_markup(point.attraction.largest_step)
        rows.append((
            params_words(point.params, 6),
            f"{point.kind}, {'symmetric' if point.symmetric else 'not symmetric'}",
            number_markup(point.payoffs),
            number_markup(point.welfare) + ", " + rank,
            ATTRACTS[point.stable],
            largest,
            share,
            DASH if chosen is None else _dominated(chosen, k),
            point_epsilon(point),
        ))  # fmt: skip
    if rows:
        columns = [(title, None) for title in titles]
        yield ScrolledTable.of("All equilibria", columns, rows, kind="stack")
        yield quiet(
            "Learning nearby: whether small steps lead there, and the step size below which they "
            "do. A row risk-dominates another where both lose more by leaving it alone for the "
            "other. As rounded: nobody gains more than ε at the parameters as they stand here."
        )
    left = "" if not found.left else f", {len(found.left)} pieces of the box left"
    how = f"{upper(found.method)}: {found.detail}{left}."
    proof = [] if found.proof is None else [" File: ", code(certificate_file("equilibria")), "."]
    yield element("p", how, *proof)
    if found.continuum:
        shown = ", ".join(params_words(point.params, 6) for point in found.continuum)
        yield element("p", f"Of the continuum these were certified: {shown}.")


def _dominated(chosen: "Selection", k: int) -> object:
    if chosen.dominates is None:
        return DASH
    over = [str(j + 1) for j, wins in enumerate(chosen.dominates[k]) if wins]
    return f"row {', '.join(over)}" if over else "none"


def _theorems(survey: Survey) -> Iterator[object]:
    if survey.existence is not None:
        yield Facts(
            tuple(
                (upper(x.name), f"{HOLDS[x.holds]}: {x.why}") for x in survey.existence.hypotheses
            )
        )
        yield quiet("Of existence: {}.", survey.existence.detail)
    if survey.feasible is not None:
        least = ", ".join(f"{x:.6g}" for x in survey.feasible.minimax)
        yield quiet(
            "The minimax of the base game is {}; bounds on parameters can leave a player less.",
            least,
        )


def _branches(result: StudyResult, found) -> Iterator[object]:
    from glasshouse.analysis.continuation.result import AND_IMAGE

    rows = [
        (
            special.kind,
            number_markup(special.value, 12),
            f"± {special.tolerance:.1g}",
            special.place,
            params_words(special.params, 8) + AND_IMAGE * has_image,
        )
        for special, has_image in found.folded[:MOST_SPECIAL_ROWS]
    ]
    name = axis_name(found.axis)
    columns = [("What", "what"), (upper(name), "n"), ("Known to", None), ("Place", None),
               ("Parameters", None)]  # fmt: skip
    if rows:
        yield ScrolledTable.of(f"Special rest points along {name}", columns, rows, kind="stack")
    yield quiet(
        "Rest points of selfish learning, {} arms; a rest point need not be an equilibrium. {}.",
        len(found.arms),
        upper(found.detail),
    )
