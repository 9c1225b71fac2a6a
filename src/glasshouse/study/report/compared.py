"""The learners that a study compares, in a table."""

from collections.abc import Iterator

from markupsafe import Markup

from glasshouse.analysis.outcomes.comparison import ComparedRow, Comparison
from glasshouse.study.report.blocks import (
    DASH,
    ScrolledTable,
    number_markup,
    percent,
    quiet,
)
from glasshouse.study.words.compared import quantity_words, share_words

PLUS_MINUS = " ± "


def compared(comparison: Comparison | None) -> Iterator[object]:
    """One row for each learner, and what the columns are."""
    if comparison is None:
        return
    players = max(len(row.players) for row in comparison.rows)
    share = share_words(comparison)
    titles = [
        ("Learner", "what"),
        ("Mean", "n"),
        ("95 % interval", "n"),
        ("Standard deviation", "n"),
        *([(f"Share {share}", "n")] if share else []),
        *((f"Player {i + 1}", "n") for i in range(players)),
        ("Runs", "n"),
        ("Failed", "n"),
        ("Reference", "n"),
        ("Standard errors away", "n"),
        ("Met", "n"),
    ]
    rows = [_cells(comparison, row, players) for row in comparison.rows]
    yield ScrolledTable.of("Learners compared", titles, rows, kind="stack")
    yield quiet(
        "{}. Standard deviations are over runs; a run that failed left the reals, and is in no "
        "mean and on no side of the threshold. Standard errors are combined: those of the mean "
        "and of its reference; a reference is met within {}.",
        f"{quantity_words(comparison).capitalize()}",
        number_markup(comparison.within),
    )


def _cells(comparison: Comparison, row: ComparedRow, players: int) -> tuple[object, ...]:
    each = [number_markup(player.mean) for player in row.players]
    low, high = map(number_markup, row.interval)
    reference = row.reference
    return (
        row.name,
        number_markup(row.mean),
        Markup("{} to {}").format(low, high),
        number_markup(row.std, 3),
        *([percent(row.share)] if comparison.threshold is not None else []),
        *each,
        *([DASH] * (players - len(each))),
        row.seeds,
        row.failed,
        DASH if reference is None else _published(reference.mean, reference.std),
        number_markup(row.z, 2, sign=True),
        number_markup(comparison.met(row)),
    )


def _published(mean: float, std: float) -> Markup:
    """A mean and the standard deviation over runs that was published with it."""
    return Markup("{} (std {})").format(number_markup(mean), number_markup(std, 3))
