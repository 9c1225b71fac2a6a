"""`glasshouse league`: let the learners and strategies of a study meet, and rate them."""

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
from glasshouse.errors import InputError


def command(
    study: Annotated[
        Path,
        typer.Argument(
            metavar="STUDY.toml", help="A study that lists who meets whom.", show_default=False
        ),
    ],
    out: ResultsOption = None,
    trust: TrustOption = False,
    as_json: JsonOption = False,
) -> None:
    """Let learners and strategies meet, each against all: who does best, and who would leave.

    It writes the folder of glasshouse run, and goes on where it was interrupted.
    """
    from glasshouse.study.recipe import recipe_of
    from glasshouse.study.setting import check_study
    from glasshouse.study.store import write_study

    prepared, folder = check_study(study, trust=trust), out or RESULTS_FOLDER / study.stem
    if prepared.study.league is None:
        raise InputError(
            f"{study}: this study has no table [league]: add one, as [league] and, below it, "
            'entrants = [{ rule = "gradient" }, { rule = "lola" }]'
        )
    summary, before = computed(
        recipe_of(prepared), folder, lambda: write_study(prepared, folder, warn=complain)
    )
    if as_json:
        print_found(summary, summary["league"], folder)
        return
    _tell(summary, folder, before)


def _tell(summary: Mapping[str, Any], folder: Path, before: str) -> None:
    say(f"{summary['headline'][:1].upper()}{summary['headline'][1:]}{before}.", "", "  ")
    say()
    found = summary["league"]
    say(f"{summary['title']}: {found['detail']}.", "", "  ")
    if found["axes"]:
        print_table(list(_along(found)), (*found["axes"], "RATED HIGHEST", "ALPHA-RANK"))
    else:
        say(
            "What the row is paid against the column, per round; and what others gain by meeting it"
        )
        print_table(list(_rows(found)), ("", *found["entrants"], "ALPHA-RANK", "OTHERS GAIN"))
    say()
    say_end(summary, folder)


def _rows(found: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Payoffs of each entrant against all, its rating, and the shaping measure."""
    rating, shaping = found["alpha_rank"], found["shaping"]["mean"]
    for k, name in enumerate(found["entrants"]):
        cells = zip(found["payoffs"][k], found["failed"][k], strict=True)
        paid = (
            f"failed {lost} of {found['seeds']}" if lost else f"{mean:.4g}"
            for (mean, _), lost in cells
        )
        rated = None if rating is None else rating["rating"][k]
        share = "not rated" if rated is None else f"{rated:.3f}"
        yield name, *paid, share, "" if shaping[k] is None else f"{shaping[k]:+.3g}"


def _along(found: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Who is rated highest at each point of a sweep."""
    yield from _points(found, list(found["axes"].values()), found["alpha_rank"], ())


def _points(
    found: Mapping[str, Any], axes: list[list[float]], ratings: Any, at: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    """A row for each point, in the order of the axes."""
    if axes:
        for value, entry in zip(axes[0], ratings, strict=True):
            yield from _points(found, axes[1:], entry, (*at, f"{value:g}"))
        return
    ranking = [] if ratings is None else ratings["ranking"]
    if ratings is None or not ranking:
        yield *at, "nobody", ""
        return
    best = found["entrants"].index(ranking[0][0])
    yield *at, " and ".join(ranking[0]), f"{ratings['rating'][best]:.3f}"
