"""`glasshouse collect`: the map of a study from whatever shards are there."""

from pathlib import Path
from typing import Annotated

import typer

from glasshouse.cli.options import JsonOption, TrustOption, complain, print_json, say


def command(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="The folder that glasshouse run, with or without --shard, computes a study with a "
            "map into.",
            show_default=False,
        ),
    ],
    trust: TrustOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write report, tables and figures of a map from the shards that are there; compute none.

    What is missing stays white, and the report says how much that is. glasshouse run goes on from
    the same shards and computes the rest.
    """
    from glasshouse.study.collecting import collect

    found = collect(folder, warn=complain, trust=trust)
    summary = found.to_dict()
    if as_json:
        print_json(summary)
        return
    say(f"{summary['title']}: {summary['headline']}", "", "  ")
    for note in summary["notes"]:
        say(f"Note: {note}.", "  ", "    ")
    say(f"Report: {folder / 'report.html'}", "  ", "    ")
