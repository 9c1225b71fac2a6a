"""Facts below a headline: a word in the margin, and beside it a line for each."""

from collections.abc import Sequence
from pathlib import Path

from glasshouse.cli.options import say
from glasshouse.errors import InputError

MARGIN = 12
"""Columns of the words before facts."""

MOST_OF_EACH = 4
"""As many facts of a kind are listed before the others are only counted."""


def check_forms(out: Path | None, *, as_json: bool, latex: bool) -> None:
    """Refuse two forms of one answer at once, and files of no known form.

    **Raises:** `InputError`.
    """
    if as_json and latex:
        raise InputError("--json and --latex are two forms of one answer: give one of them")
    if out is not None and out.suffix.lower() not in (".tex", ".csv"):
        raise InputError(f"--out {out} must end in .tex or .csv")


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
