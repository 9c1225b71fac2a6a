"""The report of a training, and its figure."""

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup
from matplotlib import style

from glasshouse.games.stochastic.league import StepLeague
from glasshouse.leagues.rating import Ratings
from glasshouse.plots.training import plot_training
from glasshouse.study.report.again import again
from glasshouse.study.report.blocks import (
    Facts,
    Items,
    PageSection,
    ScrolledTable,
    element,
    figure_markup,
    formula,
    number_markup,
    quiet,
)
from glasshouse.study.report.finished import DPI, StudyFigure, finished_figure
from glasshouse.study.report.league import RATED, rating_cells
from glasshouse.study.report.svg import colours, declared, inline_svg
from glasshouse.study.report.template import page_template
from glasshouse.study.training.result import TrainingResult, by_seed, measured_names
from glasshouse.study.training.setting import PreparedTraining
from glasshouse.study.training.words import (
    players_words,
    rated_by,
    training_claims,
    training_headline,
)
from glasshouse.study.words.names import upper

PAID_DIGITS = 4
MOST_STEPS_SHOWN = 60
"""Of an episode."""

MOST_SEEDS_LISTED = 200


def training_figure(result: TrainingResult) -> StudyFigure:
    """Payoffs along the training."""
    curves = result.curves
    with style.context(["default", {"figure.dpi": DPI}]):
        ax = plot_training(curves.updates, curves.measured["payoff"], result.players)
        figure = finished_figure(ax)
    said = training_headline(result)
    alt = f"Payoffs per step of each player over {curves.updates[-1]} updates: {said}."
    caption = (
        "Payoffs per step, discounted, estimated anew at each record: thin lines are seeds, thick "
        "ones their mean, the band one standard error of it."
    )
    return StudyFigure("training", f"{result.prepared.title}", alt, caption, figure)


def training_html(
    result: TrainingResult, figure: StudyFigure, provenance: Mapping[str, Any]
) -> str:
    """The report of a training as the text of one HTML file that needs nothing beside itself."""
    svg = Markup(inline_svg(figure))
    light, dark = map(declared, colours([svg]))
    return page_template("page.html.jinja").render(
        title=result.prepared.title,
        lead=f"{upper(training_headline(result))}.",
        light=light,
        dark=dark,
        first=[figure_markup(figure, svg), _answers(result)],
        sections=list(_sections(result, provenance)),
        version=provenance.get("versions", {}).get("glasshouse", ""),
    )


def _sections(result: TrainingResult, provenance: Mapping[str, Any]) -> Iterator[PageSection]:
    notes = [Items("notes", tuple(f"{upper(note)}." for note in result.notes))]
    said = Items("claims", tuple(training_claims(result)))
    yield PageSection("found", "What was found", (said, *(notes if result.notes else [])))
    yield PageSection("trained", "How players were trained", (_facts(result),))
    yield PageSection("seeds", "Seed by seed", tuple(_seeds(result)))
    if result.league is not None:
        met = (*_met(result.league), *_rated(result.ratings))
        yield PageSection("league", "Whom they meet", met)
    if result.episode:
        yield PageSection("episode", "An episode", tuple(_episode(result)))
    toml = result.prepared.study.to_toml()
    blocks = tuple(again("train", toml, provenance))
    yield PageSection("again", "How to compute it again", blocks)


def _ends(result: TrainingResult) -> ScrolledTable:
    """Of each player all that was measured at the end, with its standard error."""
    columns = [("At the end, per step", "what"), *((name, "n") for name in result.players)]
    rows = [
        (
            name,
            *(
                Markup("{} ± {}").format(number_markup(mean, PAID_DIGITS), number_markup(error, 2))
                for mean, error in result.ends(name).tolist()
            ),
        )
        for name in measured_names(result.curves)
    ]
    return ScrolledTable.of("Where training ended", columns, rows)


def _answers(result: TrainingResult) -> Markup:
    meant = quiet(
        "Of payoff steps count by the discount, of reward all alike; of an event, how often a step "
        "has it. ± one standard error over seeds."
    )
    return element("div", _ends(result), meant, class_="answers")


def _facts(result: TrainingResult) -> Facts:
    game, training = result.prepared.game, result.prepared.training
    policies = {f"{policy.words}: {policy.formula}" for policy in game.policies}
    entries = (
        ("Game", f"{game.game.title} ({game.game.name})"),
        ("Episodes", f"{game.episodes} an update, {game.game.horizon} steps each; γ = "
                     f"{game.game.discount:g}; their end is {game.game.ending}"),
        *_learners(result.prepared),
        ("Policies", formula("; ".join(sorted(policies)), {})),
        ("Reading", formula(f"{game.transparency.words}: {game.transparency.formula}", {})),
        ("Learning", training.in_words),
        ("Rule", formula("; ".join(result.prepared.formulas), {})),
        ("Precision", f"{game.precision} of episodes, double of parameters"),
    )  # fmt: skip
    return Facts(entries)


def _learners(prepared: PreparedTraining) -> Iterator[tuple[str, object]]:
    """Of a line-up, how each player learns and plays."""
    if prepared.study.learning.players is None:
        return
    for k, said in enumerate(players_words(prepared)):
        yield f"Player {k + 1}", said


def _seeds(result: TrainingResult) -> Iterator[object]:
    columns = [("Seed", "what"), *((f"payoff of {name}", "n") for name in result.players)]
    ends = by_seed(result.curves, "payoff")
    rows = [
        (str(seed), *(number_markup(x, PAID_DIGITS) for x in values))
        for seed, values in ends[:MOST_SEEDS_LISTED]
    ]
    yield ScrolledTable.of("Payoffs per step at the end", columns, rows, tall=len(rows) > 16)
    if len(ends) > MOST_SEEDS_LISTED:
        yield quiet("{} of {} seeds; all are in curves.parquet.", MOST_SEEDS_LISTED, len(ends))


def _met(league: StepLeague) -> Iterator[object]:
    """What the row is paid against the column, and the other way round."""
    columns = [("Paid per step, against", "what"), *((name, "n") for name in league.entrants)]
    rows = [
        (
            name,
            *(
                Markup("{} ± {}").format(
                    number_markup(float(league.payoffs[i, j, 0]), PAID_DIGITS),
                    number_markup(float(league.errors[i, j, 0]), 2),
                )
                for j in range(len(league.entrants))
            ),
        )
        for i, name in enumerate(league.entrants)
    ]
    yield ScrolledTable.of("What the row is paid against the column", columns, rows)
    yield quiet("Mean payments of a step, not discounted; {}.", league.detail)


def _rated(ratings: Ratings | None) -> Iterator[object]:
    """Everybody's α-Rank."""
    if ratings is None:
        return
    columns = [("Entrant", "what"), *((title, "n") for title in (*RATED, "Mean payoff"))]
    rows = [
        (row.entrant, *rating_cells(row), number_markup(row.mean_payoff, PAID_DIGITS))
        for row in ratings.entrants
    ]
    yield ScrolledTable.of("Entrants", columns, rows, kind="stack")
    yield quiet("{}", rated_by(ratings))


def _episode(result: TrainingResult) -> Iterator[object]:
    titles = [("Step", "what")]
    for name in result.players:
        titles += [(f"{name} does", None), ("and is paid", "n"), ("event", None)]
    rows = []
    for t, step in enumerate(result.episode[:MOST_STEPS_SHOWN], start=1):
        row: list[object] = [str(t)]
        for action, paid, events in zip(step.actions, step.rewards, step.events, strict=True):
            row += [action, number_markup(paid, PAID_DIGITS), ", ".join(events)]
        rows.append(row)
    yield ScrolledTable.of("An episode of the first seed", titles, rows, tall=True)
    curves = result.curves
    seed = next(seed for seed in curves.seeds if seed not in curves.failed)
    yield quiet("Played with the parameters at the end of seed {}, drawn once.", seed)
    if len(result.episode) > MOST_STEPS_SHOWN:
        yield quiet("The first {} of {} steps.", MOST_STEPS_SHOWN, len(result.episode))
