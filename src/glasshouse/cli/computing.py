"""What commands share that compute one study: to say again what is complete, and how it ends."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glasshouse.cli.options import print_json, say

if TYPE_CHECKING:
    from glasshouse.study.recipe import Recipe

RESULTS_FOLDER = Path("results")
"""Where folders of results are made."""

COMPUTED_BEFORE = " (computed before, and complete)"
"""What a headline adds to what was there already."""


def computed(
    recipe: "Recipe", folder: Path, compute: Callable[[], Any]
) -> tuple[Mapping[str, Any], str]:
    """The summary of a study, computed where its folder does not hold it; and which of both.

    **Returns:** beside the summary what a headline adds where it was computed before, or nothing.
    """
    from glasshouse.study.folder import check_out, finished

    summary = finished(folder, recipe)
    if summary is not None:
        return summary, COMPUTED_BEFORE
    check_out(folder, recipe)
    return compute().to_dict(), ""


def print_found(summary: Mapping[str, Any], found: Mapping[str, Any], folder: Path) -> None:
    """What was found as JSON, with what is said of it and where its report is."""
    said = {key: summary[key] for key in ("title", "headline", "notes")}
    print_json({**said, **found, "report": str(folder / "report.html")})


def say_end(summary: Mapping[str, Any], folder: Path) -> None:
    """What a reader should be warned of, and where the report is."""
    for note in summary["notes"]:
        say(f"Note: {note}.", "  ", "    ")
    say(f"Report: {folder / 'report.html'}", "  ", "    ")
