"""`glasshouse rate`: who is rated highest in a table of one's own."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glasshouse.cli.options import JsonOption, print_json, print_table, say

if TYPE_CHECKING:
    from glasshouse.leagues.rating import RatedEntrant, Ratings


def command(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="TABLE",
            help="A table (.csv, .tsv, .xlsx) of what entrants were paid when they met: square, "
            "with the row's payoff or both in each cell, or one row for each meeting, under row, "
            "column, seed, payoff.",
            show_default=False,
        ),
    ],
    alpha: Annotated[
        float | None,
        typer.Option(
            metavar="A",
            help="The strength of selection, per unit of payoff.",
            show_default="1 / the range of payoffs",
        ),
    ] = None,
    population: Annotated[
        int, typer.Option(metavar="M", help="How many players a population has.")
    ] = 50,
    form: Annotated[
        str, typer.Option(metavar="FORM", help="one or several: one population, or one per seat.")
    ] = "one",
    self_play: Annotated[
        bool,
        typer.Option(
            "--self-play/--no-self-play",
            help="Whether an entrant meets its own kind; if not, the diagonal does not matter.",
        ),
    ] = True,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="An entrant to leave out; may be repeated."),
    ] = None,
    resamples: Annotated[
        int, typer.Option(metavar="N", help="How often runs are drawn again, for the intervals.")
    ] = 1000,
    seed: Annotated[
        int, typer.Option(metavar="S", min=0, help="The seed by which they are drawn.")
    ] = 0,
    as_json: JsonOption = False,
) -> None:
    """Who is rated highest in a table of payoffs: alpha-Rank, with intervals over runs."""
    from glasshouse.leagues.rating import rate

    found = rate(
        table,
        alpha=alpha,
        population=population,
        form=form,
        self_play=self_play,
        without=without or (),
        resamples=resamples,
        seed=seed,
    )
    if as_json:
        print_json({"headline": found.headline, **found.to_dict()})
        return
    _print(found)


def _print(found: "Ratings") -> None:
    say(found.headline)
    say()
    rows = [_row(x) for x in sorted(found.entrants, key=lambda x: (x.rank is None, x.rank))]
    shown = [k for k in range(len(HEADINGS)) if any(row[k] for row in rows)]
    print_table([[row[k] for k in shown] for row in rows], [HEADINGS[k] for k in shown])
    say()
    for line in _said(found):
        say(line)


HEADINGS = ("ENTRANT", "RATING", "95 % INTERVAL", "RANK", "HIGHEST", "MEAN PAYOFF", "RANK BY IT")


def _row(entrant: "RatedEntrant") -> tuple[str, ...]:
    from glasshouse._foundation.digits import share_ends

    interval = entrant.interval
    return (
        entrant.entrant,
        "not rated" if entrant.rank is None else f"{entrant.rating:.3f}",
        "" if interval is None else "{} to {}".format(*share_ends(*interval)),
        "" if entrant.rank is None else str(entrant.rank),
        "" if entrant.first is None else f"{entrant.first:.1%}",
        "" if entrant.payoff_rank is None else f"{entrant.mean_payoff:.6g}",
        "" if entrant.payoff_rank is None else str(entrant.payoff_rank),
    )


def _said(found: "Ratings") -> Iterator[str]:
    """How the ratings were obtained, and how far they hold."""
    if found.missing:
        pairs = ", ".join(f"{row} against {column}" for row, column in found.missing[:6])
        more = f" and {len(found.missing) - 6} more" * (len(found.missing) > 6)
        own = all(row == column for row, column in found.missing)
        advice = (
            "--no-self-play rates them without meeting their own kind"
            if own
            else "--without NAME leaves one out, so that others can be rated"
        )
        yield f"Payoffs are missing of {pairs}{more}: whom that touches is not rated. {advice}."
    if found.alpha is None:
        return
    kind = "" if found.form == "several" or found.self_play else ", nobody meeting its own kind"
    yield (
        f"alpha-Rank, {found.played_by}{kind}; alpha = {found.alpha:.4g}, "
        f"{found.alpha_rule}: a rating is the share of time that an entrant is played where rare "
        "mutants take over whom they are paid more than."
    )
    if found.between is not None:
        low, high = found.between
        yield f"Rated highest is the same at every alpha looked at from {low:.3g} to {high:.3g}."
    if found.runs > 1:
        yield f"Intervals are over {found.detail}; HIGHEST is how often one is then first."
