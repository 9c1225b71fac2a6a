"""`glasshouse train`: train players in games that are played in samples."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from glasshouse.cli.computing import RESULTS_FOLDER, computed, print_found, say_end
from glasshouse.cli.options import (
    JsonOption,
    ResultsOption,
    TrustOption,
    complain,
    print_table,
    say,
)


def command(
    study: Annotated[
        Path,
        typer.Argument(
            metavar="STUDY.toml", help="A study whose game is played in steps.", show_default=False
        ),
    ],
    out: ResultsOption = None,
    trust: TrustOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train players in a game that is played in samples, from many seeds at once.

    It writes a report with the curves, and goes on from its last checkpoint when it was
    interrupted, to the same numbers.
    """
    from glasshouse.study.training.setting import check_training
    from glasshouse.study.training.store import write_training

    prepared, folder = check_training(study, trust=trust), out or RESULTS_FOLDER / study.stem
    summary, before = computed(
        prepared.recipe, folder, lambda: write_training(prepared, folder, warn=complain)
    )
    if as_json:
        print_found(summary, {**summary["training"], "league": summary["league"]}, folder)
        return
    _tell(summary, folder, before)


def _tell(summary: Mapping[str, Any], folder: Path, before: str) -> None:
    say(f"{summary['title']}{before}: {summary['headline']}.", "", "  ")
    say()
    found = summary["training"]
    rows = [
        (name, *(_end(end["mean"], end["error"]) for end in ends))
        for name, ends in found["ends"].items()
    ]
    print_table(rows, ("per step, at the end", *found["players"]))
    say()
    met = summary["league"]
    if met is not None:
        say("What the row is paid per step against the column; and the share of time it is played")
        print_table(list(_pairs(met)), ("", *met["entrants"], "ALPHA-RANK"))
        say()
    for sentence in summary["claims"]:
        say(sentence, "  ", "    ")
    say_end(summary, folder)


def _pairs(met: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Mean payments of each pair, with standard errors over seeds, and each one's α-Rank."""
    ratings = met["alpha_rank"]
    for k, name in enumerate(met["entrants"]):
        cells = zip(met["payoffs"][k], met["errors"][k], strict=True)
        rating = None if ratings is None else ratings["rating"][k]
        share = "not rated" if rating is None else f"{rating:.3f}"
        yield name, *(_end(paid[0], error[0] or 0.0) for paid, error in cells), share


def _end(mean: float | None, error: float | None) -> str:
    return "failed" if mean is None else f"{mean:.4g} ± {error:.2g}"
