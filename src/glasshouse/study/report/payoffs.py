"""What transparency changed: payoffs without it beside those that learning reached with it."""

import itertools
import math
from collections.abc import Iterator

import numpy as np
from markupsafe import Markup, escape

from glasshouse.games.labels import shortened_names
from glasshouse.plots.coupling import outcome_names
from glasshouse.study.report.blocks import (
    TALL,
    ScrolledTable,
    breakable,
    element,
    joined,
    number_markup,
    percent,
    quiet,
)
from glasshouse.study.report.figures import spread
from glasshouse.study.report.numbers import (
    MOST_PROFILES_REPORTED,
    action_names,
    listed_profiles,
    profile_name,
)
from glasshouse.study.result import StudyResult
from glasshouse.study.words.names import at_own_values, axis_name, own_values
from glasshouse.study.words.page import leading_outcomes

MOST_PAID = 36
"""Points of the sweep whose mean payoffs are listed."""

MOST_CELLS = 144
"""Games with more action profiles than this are not written out."""

E, W = (
    element("span", letter, class_="mark", title=title)
    for letter, title in (("E", "pure equilibrium"), ("W", "largest welfare"))
)
"""Marks in payoff tables."""


def beside(result: StudyResult) -> tuple[str, tuple[object, ...]]:
    """The title and the blocks of the section on payoffs without transparency and with it.

    Of repeated games, in which more is changed than that: of the stage game and what was learned.
    """
    if result.compares_only:
        return "", ()
    title = "What transparency changed"
    titles = ("The game without it", "Payoffs without it and with it")
    if result.repeated:
        title = "Payoffs beside those of the stage game"
        titles = ("The stage game", "Payoffs of its profiles for ever, and of what was learned")
    halves = zip(titles, (_game(result), _payoffs(result)), strict=True)
    divided = (element("div", element("h3", half), *blocks) for half, blocks in halves)
    return title, (element("div", *divided, class_="beside"),)


def _game(result: StudyResult) -> Iterator[object]:
    base = result.base_game
    if any(axis.key.startswith("game.") for axis in result.axes):
        yield quiet("The game itself is swept; this is the one at {}.", own_values(result))
    yield _payoff_table(result)
    more = "".join(
        f" There are {len(profiles)} {what}; the first {MOST_PROFILES_REPORTED} are listed."
        for profiles, what in (
            (base.pure_equilibria, "pure equilibria"),
            (base.welfare_optima, "profiles with the largest welfare"),
        )
        if len(profiles) > MOST_PROFILES_REPORTED
    )
    mark = '<span class="mark">{}</span>'
    mixed = base.mixed_detail
    if base.mixed is not None:
        count = len(base.mixed)
        mixed = (
            f"{count or 'no'} mixed equilibri{'um' if count == 1 else 'a'} listed beside; {mixed}"
        )
    yield quiet(
        f"{mark.format('E')} pure equilibrium{{}}, {mark.format('W')} largest welfare, the sum of "
        "payoffs ({}: {}; {}).{}",
        "" if base.pure_equilibria else " (there is none)",
        base.method,
        base.detail,
        mixed,
        more,
    )


def _payoff_table(result: StudyResult) -> object:
    """The payoffs of two players in rows and columns, those of more profile by profile."""
    game, base = result.prepared.base.game, result.base_game
    if math.prod(game.actions) > MOST_CELLS:
        return element("p", "The payoff table is too large to be written out here.")
    tensor = np.asarray(game.tensor, dtype=float)

    def cell(profile: tuple[int, ...], between: str = "") -> list[Markup]:
        marks = ((E, base.pure_equilibria), (W, base.welfare_optima))
        marked = joined(" " + mark for mark, profiles in marks if profile in profiles)
        return [number_markup(tensor[(slice(None), *profile)].tolist()), marked]

    if game.players != 2:
        profiles = list(itertools.product(*map(range, game.actions)))
        rows = [(profile_name(game, p), *cell(p)) for p in profiles]
        columns = [(title, None) for title in ("Profile", "Payoffs", "")]
        who = ", ".join(shortened_names(game.player_names))
        caption = f"Payoffs of all players ({who}), action profile by action profile"
        return ScrolledTable.of("Payoffs", columns, rows, caption=caption, tall=len(rows) > TALL)
    names, others = action_names(game)
    head = element("td") + joined(element("th", name, scope="col") for name in others)
    body = joined(
        element(
            "tr",
            element("th", name, scope="row"),
            *(element("td", *cell((i, j))) for j in range(len(others))),
        )
        for i, name in enumerate(names)
    )
    row, column = shortened_names(game.player_names)
    caption = f"Payoffs of {row} (rows) and {column} (columns)"
    return ScrolledTable("Payoffs", head, (body,), caption, "payoffs")


def _payoffs(result: StudyResult) -> Iterator[object]:
    best = "Above the best pure equilibrium" + " of the stage game" * result.repeated
    columns = (("Situation", "what"), ("Payoffs", None), ("Welfare", "n"), (best, "n"))
    label = "Payoffs and welfare with and without transparency"
    label = "Payoffs and welfare, those of the stage game first" if result.repeated else label
    yield ScrolledTable.of(label, columns, _situations(result), kind="stack")
    if result.repeated:
        yield quiet(
            "What learners get beyond the stage game’s equilibria is due to memory, to the rule "
            "by which they learn and to transparency together: a study with nobody reading says "
            "how much of it there is without the last."
        )
    points = _points(result)
    if points:
        seen = result.observable
        ending = "Most frequent outcome" if seen is None else f"Mean {seen.words}"
        columns = [(breakable(axis_name(axis.key)), "n") for axis in result.axes]
        columns += [("Mean payoffs", None), ("Welfare", "n"), (ending, None)]
        caption = f"Learned outcomes at {len(points)} points of the sweep"
        yield ScrolledTable.of("Mean payoffs along the sweep", columns, points, caption=caption)
    if points and _sums_of_swept_discounts(result):
        yield quiet(
            "Payoffs are discounted sums, which grow with the discount γ itself: times 1 - γ they "
            "are per round, and can be compared between discounts."
        )


def _sums_of_swept_discounts(result: StudyResult) -> bool:
    """Whether payoffs of two points are counted in two units."""
    swept = any(axis.key == "game.repeated.discount" for axis in result.axes)
    return swept and result.prepared.base.played.counted_in == "sum"


def _situations(result: StudyResult) -> Iterator[tuple[object, ...]]:
    """Payoffs and welfare without transparency beside those that learning reached with it."""
    base = result.base_game
    which = "Stage game" if result.repeated else "Base game"
    again = " repeated for ever" * result.repeated
    best = max((math.fsum(p) for p in base.pure_equilibrium_payoffs), default=None)
    found = [
        (f"{which}, {words}{again}: {name}", payoffs)
        for words, name, payoffs in listed_profiles(result, "largest welfare")
    ]
    if (generic := result.base.generic) is not None:
        what = f"Learned outcomes{at_own_values(result)}, mean over runs ({generic.detail})"
        found.append((what, generic.payoffs))
    for what, payoffs in found:
        welfare = math.fsum(payoffs)
        change = None if best is None else welfare - best
        yield (
            what,
            number_markup(payoffs, 4),
            number_markup(welfare, 4),
            number_markup(change, 4, sign=True),
        )


def _points(result: StudyResult) -> list[tuple[object, ...]]:
    """Mean payoffs and welfare at a few points, spread over the sweep, its ends among them."""
    lengths = [len(axis.values) for axis in result.axes]
    if result.base.generic is None or not lengths:
        return []
    most = 9 if len(lengths) == 1 else 3
    chosen = [0]
    for k, length in reversed(list(enumerate(lengths))):
        places = spread(length, most if k < 3 else 2)
        chosen = [length * before + i for before in chosen for i in places]
    chosen = [chosen[k] for k in spread(len(chosen), MOST_PAID)]
    rows, leaders = result.rows(), leading_outcomes(result)
    names = outcome_names(result.prepared.base.game.players)
    found = []
    for k in chosen:
        row, share = rows[k], rows[k].get(f"{leaders[k]}_share")
        payoffs = [x for name, x in row.items() if name.startswith("payoff_player_")]
        leader = escape(names.get(leaders[k] or "", "no single one"))
        leader += "" if share is None else " (" + percent(share) + ")"
        if result.observable is not None:
            leader = number_markup(row["observed_mean"], 4)
        values = (number_markup(row[axis.key]) for axis in result.axes)
        found.append((*values, number_markup(payoffs, 4), number_markup(row["welfare"], 4), leader))
    return found
