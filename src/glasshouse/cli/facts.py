"""Facts below a headline: a word in the margin, and beside it a line for each."""

from collections.abc import Sequence

from glasshouse.cli.options import say

MARGIN = 12
"""Columns of the words before facts."""

MOST_OF_EACH = 4
"""As many facts of a kind are listed before the others are only counted."""


def few_facts(texts: Sequence[str], most: int = MOST_OF_EACH) -> list[str]:
    """All of a few facts, or the first of many and how many more there are."""
    if len(texts) <= most:
        return list(texts)
    more = f"and {len(texts) - most + 1} more, {len(texts)} in all; --json has them"
    return [*texts[: most - 1], more]


def say_facts(label: str, texts: Sequence[str]) -> None:
    """Print facts, the label before the first."""
    for k, text in enumerate(texts):
        say(text, (label if k == 0 else "").ljust(MARGIN), " " * MARGIN)
