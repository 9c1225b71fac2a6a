"""The learners that a study compares, in a table."""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from glasshouse.analysis.outcomes.comparison import ComparedRow, Comparison
from glasshouse.games.labels import player_word, shortened_names
from glasshouse.study.report.blocks import (
    DASH,
    ScrolledTable,
    number_markup,
    percent,
    quiet,
)
from glasshouse.study.words.compared import learning_words, quantity_words, share_words
from glasshouse.study.words.names import upper

REFERENCES = ("Reference", "Standard errors away", "Met")
"""Columns that are there where a learner has something to compare with."""

MEAN_DIGITS = 4
"""Digits of means; all of them are in the cell's value."""


def player_title(player: int, names: Sequence[str] = ()) -> str:
    """What a column of a player's numbers is called; `names` are what players are called."""
    return upper(player_word(player, shortened_names(names)))


def compared(comparison: Comparison | None, names: Sequence[str] = ()) -> Iterator[object]:
    """One row for each learner, and what the columns are; `names` are what players are called."""
    if comparison is None:
        return
    players = max(len(row.players) for row in comparison.rows)
    share = share_words(comparison)
    published = any(row.reference is not None for row in comparison.rows)
    titles = [
        ("Learner", "what"),
        ("Mean", "n"),
        ("95 % interval", "n"),
        *((title, "n") for title in REFERENCES if published),
        *([(f"Share {share}", "n")] if share else []),
        ("How it learns", "how"),
        ("Std", "n"),
        *((player_title(i, names), "n") for i in range(players)),
        ("Runs", "n"),
        ("Failed", "n"),
    ]
    rows = [_cells(comparison, row, players, published) for row in comparison.rows]
    yield ScrolledTable.of("Learners compared", titles, rows, kind="stack")
    yield quiet(
        "{}. Std, standard deviations, are over runs; a run that failed left the reals, and is in "
        "no mean and on no side of the threshold. Standard errors are combined: those of the mean "
        "and of its reference; a reference is met within {}.",
        upper(quantity_words(comparison, names)),
        number_markup(comparison.within),
    )


def _cells(
    comparison: Comparison, row: ComparedRow, players: int, published: bool
) -> tuple[object, ...]:
    each = [number_markup(player.mean, MEAN_DIGITS) for player in row.players]
    low, high = (number_markup(end, MEAN_DIGITS) for end in row.interval)
    reference = row.reference
    met = (
        DASH if reference is None else _published(reference.mean, reference.std),
        number_markup(row.z, 2, sign=True),
        number_markup(comparison.met(row)),
    )
    return (
        row.name,
        number_markup(row.mean, MEAN_DIGITS),
        Markup("{} to {}").format(low, high),
        *(met if published else ()),
        *([percent(row.share)] if comparison.threshold is not None else []),
        learning_words(row),
        number_markup(row.std, 3),
        *each,
        *([DASH] * (players - len(each))),
        row.seeds,
        row.failed,
    )


def _published(mean: float, std: float) -> Markup:
    """A mean and the standard deviation over runs that was published with it."""
    return Markup("{} (std {})").format(number_markup(mean), number_markup(std, 3))
