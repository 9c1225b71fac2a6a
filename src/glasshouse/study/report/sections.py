"""What a report says, section by section: claims, tables, figures, and how to compute it again."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from glasshouse.study.report.again import again
from glasshouse.study.report.blocks import (
    TALL,
    Facts,
    Items,
    PageSection,
    ScrolledTable,
    breakable,
    code,
    element,
    figure_markup,
    formula,
    joined,
    number_markup,
    quiet,
)
from glasshouse.study.report.compared import compared
from glasshouse.study.report.drawn import map_blocks
from glasshouse.study.report.equilibria import all_equilibria
from glasshouse.study.report.figures import spread
from glasshouse.study.report.finished import StudyFigure
from glasshouse.study.report.league import met
from glasshouse.study.report.numbers import (
    Number,
    comparison,
    numbers,
)
from glasshouse.study.report.payoffs import beside
from glasshouse.study.report.proved import (
    epsilon_words,
    proved_points,
    proved_threshold_words,
    searched_points,
)
from glasshouse.study.report.template import unbroken
from glasshouse.study.result import StudyResult
from glasshouse.study.words.glance import OURS
from glasshouse.study.words.names import (
    at_own_values,
    axis_name,
    cooperation_said,
    cooperation_words,
    in_words_and,
    own_values,
    players_called,
    upper,
)
from glasshouse.study.words.sentences import CLAIM_KINDS, claims

CLOSED = "closed form"
"""The method of results whose formulas are all derived in this package."""

MOST_ROWS = 300
"""Rows of the sweep shown; all of them are in the table beside the report."""

MOST_SLICES = 100
"""Values of a second axis, and those after it, whose switches are listed."""

ABOUT_COOPERATION = ("tied_", "cooperation_", "exploitation_", "defection_", "exploited_",
                     "mean_cooperation", "boundary_")  # fmt: skip
"""How columns begin that say nothing where something else is looked at."""


def facts(result: StudyResult) -> Facts:
    """What was studied: game, semantics, access, learning, and what is swept."""
    base, study = result.prepared.base, result.prepared.study
    game, access = base.game, base.parametric.channel.words
    who = [
        element("em", name) + (f" of {player}" if player else "")
        for name, player in cooperation_words(game)
    ]
    counts = " or ".join(map(str, dict.fromkeys(game.actions)))
    played = f"{game.players} players with {counts} actions; "
    if result.observable is None:
        played += "cooperation is " + joined(who, ", ")
    else:
        played += f"looked at is {result.observable.words}, {result.observable.formula}"
    named = study.settings()["game"]
    if named.get("name"):
        given = [f"{key} = " + number_markup(x) for key, x in named.get("parameters", {}).items()]
        played += "; " + code(named["name"]) + (": " * bool(given)) + joined(given, ", ")
    if game.labels and game.labels.source:
        played += f". Source: {game.labels.source}"
    section = study.semantics
    text, values = section.said(base.played, base.parametric.semantics.spaces)
    words = section.MADE.words
    swept: list[tuple[str, object]] = [
        ("and" if k else "Swept", _axis(axis.key, axis.values))
        for k, axis in enumerate(study.swept)
    ]
    own = own_values(result)
    if own:
        swept.append(
            ("Own values", f"{own}: what is true “at the study's own values” is true there")
        )
    return Facts(
        (
            ("Game", played),
            *([("Repeated", study.game.repeated.said)] if study.game.repeated else []),
            ("Semantics", formula(f"{upper(words)}: {text}", values)),
            ("Access", f"{upper(access)}: {study.access.MEANING}"),
            ("Learning", _learning(result)),
            *swept,
        )
    )


def _learning(result: StudyResult) -> Markup:
    if result.compares_only and result.map is None:
        if result.league is not None:
            return escape(f"Each entrant as “League” says: {result.league.detail}")
        return escape("As each row of “Learners compared” says")
    learning, given = result.prepared.base.learning, result.prepared.study.settings()["learning"]
    stop, keys = given.get("stop"), _swept(result, "learning.")
    return (
        escape(f"{learning.in_words}: {'at most ' if stop else ''}{given['steps']} steps of ")
        + number_markup(given["step_size"])
        + f" from {learning.starts}"
        + (", stopped at rest to " + number_markup(stop["tolerance"]) if stop else "")
        + ("; all players share one parameter" if given["tied"] else "")
        + ("; swept: " + joined(map(code, keys), ", ") if keys else "")
    )


def _axis(key: str, values: Sequence[float]) -> Markup:
    named = axis_name(key)
    name = code(key) if named == key else escape(named) + " (" + code(key) + ")"
    if len(values) == 1:
        return name + ": 1 value, " + number_markup(values[0])
    ends = joined(map(number_markup, (values[0], values[-1])), " to ")
    return name + f": {len(values)} values from " + ends


def _swept(result: StudyResult, table: str) -> list[str]:
    return [axis.key for axis in result.axes if axis.key.startswith(table)]


def sections(
    result: StudyResult, figures: Sequence[tuple[StudyFigure, Markup]], made: Mapping[str, Any]
) -> list[PageSection]:
    """Everything below the first screen; those that have nothing to say are left out.

    **Arguments:** `figures` with their pictures; `made`, the provenance.
    """
    names = players_called(result)
    found = [
        PageSection("settings", "Settings", (facts(result),)),
        PageSection("found", "What was found", tuple(_found(result))),
        PageSection("compared", "Learners compared", tuple(compared(result.comparison, names))),
        PageSection("league", "League", tuple(met(result.league))),
        PageSection("map", "How the map was made", tuple(map_blocks(result.map))),
        PageSection(
            "predicted", "Where things switch: predicted and found", tuple(_predicted(result))
        ),
        PageSection("proved", "Equilibrium: what is proved", tuple(_proved(result))),
        PageSection("equilibria", "All equilibria", tuple(all_equilibria(result))),
        PageSection("figures", "More figures", tuple(_figures(figures[1:]))),
        PageSection("base", *beside(result)),
        PageSection("numbers", "Every number, and how it was obtained", tuple(_numbers(result))),
        PageSection(
            "again",
            "How to compute it again",
            tuple(again("run", result.prepared.study.to_toml(), made)),
        ),
    ]
    return [section for section in found if section.blocks]


def _found(result: StudyResult) -> Iterator[object]:
    """Claims and notes, and what the words mean in which they are said."""
    yield Items("claims", tuple(map(_parted, claims(result))))
    if result.notes:
        yield Items("notes", tuple(f"{upper(note)}." for note in result.notes))
    if result.compares_only:
        return
    if result.observable is not None:
        yield quiet(
            "<em>First movement</em> is which way learners set out, an <em>outcome</em> is where "
            "they end, and at an <em>equilibrium</em> nobody gains by changing its parameter "
            "alone. None of the three implies another."
        )
        return
    if result.repeated:
        yield quiet(
            "<em>First movement</em> is which way learners set out, and an <em>outcome</em> is "
            "where they end: neither implies the other. To cooperate means at a discounted rate "
            "above one half. Whether it is an equilibrium is not asked of games that are repeated."
        )
        return
    yield quiet(
        "<em>First movement</em> is which way learners set out, an <em>outcome</em> is where they "
        "end, and at an <em>equilibrium</em> nobody gains by changing its parameter alone. Three "
        "different things: none of them implies another. To cooperate means with probability above "
        "one half. Whether it is an equilibrium is asked of the corner at which all parameters are "
        "at their upper bounds, and of the rest points at which learners end. “Numerical, not "
        "proved” means that computing found it, with the settings stated; “proved” and “refuted”, "
        "that a file in <code>certificates</code> beside this report proves it."
    )


def _parted(claim: str) -> Markup:
    """What a claim is about, and the rest of it; lines do not break within 0.43 ± 1e-10."""
    kind = next((kind for kind in CLAIM_KINDS if claim.startswith(kind)), "")
    rest = unbroken(claim.removeprefix(kind))
    return element("strong", kind) + rest if kind else rest


def _predicted(result: StudyResult) -> Iterator[object]:
    if result.predictions is not None:
        columns = (("What", "what"), ("Value", "n"), ("Difference", "n"), ("How", "how"))
        lines = comparison(result.predictions)
        yield ScrolledTable.of("Switches, predicted and found", columns, lines, kind="stack")
        yield quiet(
            "What follows ± is all that is not known of a number: how closely it was searched, "
            "rounding, and for a measured first movement what the window still matters. "
            "Differences are from the closed form of the same thing; where first movement has "
            "none, from where its margin turns. First movement, where a long run stands and "
            "equilibrium are different questions, and are not compared with each other."
        )
    if not result.slices:
        return
    first, *others = (axis_name(axis.key) for axis in result.axes)
    shown, count = _every(result.slices, MOST_SLICES), len(result.slices)
    which = "the second axis" if len(others) == 1 else "the other axes"
    titles = ("First movement, closed form", "First movement, from the margin", "Difference",
              "Equilibrium test passes from", "Half of the runs cooperate from")  # fmt: skip
    rows = []
    for x in shown:
        turn, predicted = x.first_movement, x.predicted
        apart = None if turn is None or predicted is None else turn - predicted
        cells = map(number_markup, (*x.values, predicted, turn))
        rows.append((*cells, number_markup(apart, 2, sign=True), number_markup(x.equilibrium),
                     number_markup(x.cooperation)))  # fmt: skip
    columns = [(title, "n") for title in (*map(breakable, others), *titles)]
    tall = len(shown) > TALL
    yield ScrolledTable.of(f"Switches at each value of {which}", columns, rows, tall=tall)
    each = "each value" if len(shown) == count else f"{len(shown)} of {count} values"
    yield quiet(
        "Along {}, at {} of {}. The margin's change of sign is interpolated between neighbouring "
        "points of the sweep; the boundary test is passed, and in at least half of the runs all "
        "cooperate in the end, at the value given and at all larger ones studied (numerical, not "
        "proved). A dash: there is no such value, or not one alone, "
        "among those studied.",
        first,
        each,
        in_words_and(others),
    )


def _proved(result: StudyResult) -> Iterator[object]:
    threshold = proved_threshold_words(result.predictions, players_called(result))
    if not threshold and not result.certificates and not result.searched:
        return
    for words, file in threshold:
        yield element("p", f"{words} File: ", code(file), ".")
    if result.certificates:
        at = at_own_values(result)
        yield element("p", f"Asked of each point{at}: is it an {epsilon_words(result)}?")
        acts = upper(f"probability of {cooperation_said(result.prepared.base.game)}")
        about = "Cooperation" if result.observable is None else acts
        titles = ("Point", "Parameters", about, "Payoffs", "Share of runs", "Verdict",
                  "Best gain", "Best deviation", "File")  # fmt: skip
        kinds = {"Point": "what", "Verdict": "verdict"}
        columns = [(title, kinds.get(title)) for title in titles]
        yield ScrolledTable.of("Certified points", columns, proved_points(result), kind="stack")
    if result.searched:
        titles = ("Point", "Parameters", "Payoffs", "Share of runs", "What a search found", "How")
        kinds = {"Point": "what", "How": "how"}
        columns = [(title, kinds.get(title)) for title in titles]
        label = "Points of which neither is proved"
        yield ScrolledTable.of(label, columns, searched_points(result), kind="stack")
    yield quiet(
        "At an ε-equilibrium nobody gains more than ε by changing its own parameters alone, "
        "anywhere in its box, limits at infinity included. A point where learning rests need not "
        "be one. Bounds are rounded outward; the best gain is that of the player who is known to "
        "gain most, and attained where some deviation gains all of it. “Not decided” means that no "
        "proof was found. Each file in the folder <code>certificates</code> holds a proof, which "
        "<code>glasshouse verify certificates/*.json</code> checks."
    )


def _figures(figures: Sequence[tuple[StudyFigure, Markup]]) -> Iterator[Markup]:
    drawn = [figure_markup(*pair) for pair in figures]
    if drawn:
        yield element("div", joined(drawn, "\n"), class_="figures")


def _numbers(result: StudyResult) -> Iterator[object]:
    titles = ("What", "Value", "Method", "Detail")
    bodies = []
    for title, group in numbers(result):
        heading = element("tr", element("th", title, colspan=4, scope="rowgroup"), class_="group")
        bodies.append(joined([heading, *(row for same in group for row in _alike(same))], "\n"))
    head = joined(element("th", title) for title in titles)
    yield ScrolledTable("All numbers", head, tuple(bodies), kind="stack")
    if result.compares_only:  # whose table has one row, about what nobody asked
        return
    count, label = result.table.num_rows, "The sweep, point by point"
    first = f", the first {MOST_ROWS} shown" if count > MOST_ROWS else ""
    shown = result.table
    if result.observable is not None:
        about = [n for n in shown.column_names if n.startswith(ABOUT_COOPERATION)]
        shown = shown.drop_columns(about)
    columns = [(name, "n") for name in shown.column_names]
    rows = (map(number_markup, row.values()) for row in shown.slice(0, MOST_ROWS).to_pylist())
    yield element(
        "details",
        element("summary", f"{label} ({count} row{'s' * (count > 1)}{first})"),
        ScrolledTable.of(label, columns, map(tuple, rows), tall=True),
        class_="rows",
    )
    yield quiet(
        "All rows with all digits are in <code>sweep.parquet</code> beside this file; first "
        "movement's margin is a derivative, shares come from learning, and gains from the boundary "
        "test."
    )


def _alike(lines: Sequence[Number]) -> Iterator[Markup]:
    """Numbers that were obtained in the same way, which is said once beside all of them."""
    of = f" of these {len(lines)}" if len(lines) > 1 else ""
    for k, line in enumerate(lines):
        cells = [element("td", line.what, class_="what")]
        cells += [element("td", number_markup(line.value), data_label="Value")]
        for kind, title, text in (
            ("method", "Method", OURS if line.method == CLOSED else line.method),
            ("how", "Detail", line.detail),
        ):
            label, span = f"{title}{of}", len(lines)
            if not k:
                cells.append(element("td", text, rowspan=span, class_=kind, data_label=label))
        yield element("tr", *cells)


def _every(entries: Sequence[Any], most: int) -> list[Any]:
    return [entries[k] for k in spread(len(entries), most)] if entries else []
