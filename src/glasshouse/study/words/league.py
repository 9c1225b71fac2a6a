"""A league in words: who does best, whether anybody gains by leaving, and who shapes."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from glasshouse._foundation.digits import share_ends
from glasshouse.leagues.meta import NOBODY, SOMEBODY, Leaving
from glasshouse.study.league import LeaguePoint, StudyLeague
from glasshouse.study.words.names import axis_name, in_words_and, spans, upper

MOST_PAIRS_NAMED = 3
"""Of pure equilibria, so many are named in a sentence."""

MOST_ENTRANTS_NAMED = 6
"""Of entrants with their ratings, so many are named in a sentence."""

MOST_CELLS_SAID = 36
"""Of what stands in a figure, in its alternative text."""


def league_brief(found: StudyLeague) -> str:
    """The answer in one line: who does best, and whether anybody gains by leaving that pair."""
    if len(found.points) > 1:
        return f"{_best_along(found)}; {_left_along(found)}"
    point = next(iter(found.points))
    return "; ".join(filter(None, [rated_words(point), leaving_words(point), lost_words(point)]))


def league_claims(found: StudyLeague | None) -> Iterator[str]:
    """Who is rated how, the game of choosing a learner, and the shaping measure."""
    if found is None:
        return
    first = found.first
    over = (
        f"{len(first.entrants)} entrants, each against all and itself, {first.seeds} starts a pair"
    )
    if len(found.points) > 1:
        yield f"League ({over}, at each of {len(found.points)} points): {_best_along(found)}."
        yield f"League, choosing a learner: {_left_along(found)}."
        return
    point = next(iter(found.points))
    yield f"League ({over}; payoffs per round): {'; '.join([rated_words(point), *_others(point)])}."
    if point.choices is not None:
        said = [leaving_words(point), mixed_choice_words(point)]
        yield f"League, choosing a learner: {'; '.join(filter(None, said))}."
    if shaping := shaping_words(point):
        yield f"League, shaping: {shaping}."


def league_glances(found: StudyLeague) -> Iterator[tuple[str, str, str, str]]:
    """Who does best, who leaves, and who shapes: what about, question, answer, how obtained."""
    runs = f"learned, {found.first.seeds} runs a pair"
    best, leaves = "Who does best by α-Rank?", "Does anybody gain by choosing another learner?"
    table = f"numerical; estimated table, {runs}"
    if len(found.points) > 1:
        yield "Best", best, upper(_best_along(found)), f"numerical; {runs}"
        yield "Leaving", leaves, upper(_left_along(found)), table
        return
    point = next(iter(found.points))
    yield "Best", best, upper(rated_words(point)), f"numerical; {runs}"
    if left := leaving_words(point):
        yield "Leaving", leaves, upper(left), table
    if shaped := shaping_words(point):
        yield "Shaping", "Whom do others gain by meeting?", upper(shaped), runs
    if lost := lost_words(point):
        yield "Failed", "Did runs leave the reals?", lost, runs


def rated_words(point: LeaguePoint) -> str:
    """Who is rated highest, and who is paid most on average."""
    most, best = point.paid_most, point.best
    paid = "" if most is None else f"{point.means[most]:.4g} per round"
    if not best:
        if len(point.league.entrants) - len(point.without) < 2:
            return "nobody can be rated, since runs left the reals of nearly every pair"
        return f"nobody is rated; paid most on average is {most}, {paid}"
    leader = next(iter(best))
    share = f"by α-Rank {rating_words(point, leader)}"
    if len(best) > 1:
        return f"best are, alike, {in_words_and(best)}, {share} each"
    if most == leader:
        return f"best is {most}, rated highest {share}, and paid most on average, {paid}"
    also = "" if most is None else f"; paid most on average is {most}, {paid}"
    return f"rated highest is {leader}, {share}{also}"


def rating_words(point: LeaguePoint, name: str) -> str:
    """A rating with its interval: "0.71 of the time (95 % 0.50 to 0.92)"."""
    row = point.rated[name]
    ends = "" if row.interval is None else " (95 % {} to {})".format(*share_ends(*row.interval, 2))
    share = f"{row.rating:.2f}" if row.rating < 0.995 else "more than 0.99"
    return f"{share if row.rating < 1 else '1'} of the time{ends}"


def leaving_words(point: LeaguePoint) -> str:
    """Whether anybody gains by leaving the pair rated highest, and which pairs nobody leaves."""
    found, choices = point.two_of_the_best, point.choices
    if found is None or choices is None:
        return ""
    pairs = pairs_nobody_leaves(point)
    here = pair_words(found.profile)
    if here in pairs:
        others = [pair for pair in pairs if pair != here]
        said = f"in the estimated table nobody gains by leaving {here}"
        if found.verdict != NOBODY and found.departures:
            said += f", though {found.departures[0].to} instead is not told apart from it"
        return said + (f", nor {_listed(others)}" if others else "")
    best = found.departures[0]
    chance = "" if found.verdict == SOMEBODY else ", not told from 0"
    said = (
        f"in the estimated table leaving {here} for {best.to} gains {best.gain:.2g} per round"
        f"{chance}"
    )
    if not pairs:
        return f"{said}, and every pair is left by somebody"
    return f"{said}, and nobody gains by leaving {_listed(pairs)}"


def pair_words(profile: Sequence[str]) -> str:
    """Who meets whom: "(LOLA, naive)"."""
    return f"({', '.join(profile)})"


def pairs_nobody_leaves(point: LeaguePoint) -> list[str]:
    """Pure equilibria of the estimated table; of two mirror images one."""
    choices = point.choices
    pure: Sequence[Leaving] = () if choices is None else choices.pure
    kept: dict[tuple[str, ...], str] = {}
    for one in pure:
        alike = choices is not None and choices.symmetric
        key = tuple(sorted(one.profile)) if alike else one.profile
        kept.setdefault(key, pair_words(one.profile))
    return list(kept.values())


def mixed_choice_words(point: LeaguePoint) -> str:
    """How many mixed equilibria there are beside; nothing where none were found or sought."""
    mixed = None if point.choices is None else point.choices.mixed
    if not mixed:
        return ""
    return f"{len(mixed)} mixed equilibri{'a' if len(mixed) > 1 else 'um'} beside"


def shaping_words(point: LeaguePoint) -> str:
    """Whom others gain most by meeting, and least, rather than a naive learner."""
    measure = point.league.shaping
    known = [k for k, x in enumerate(measure.mean) if math.isfinite(x)]
    if not known:
        return ""
    most, least = (pick(known, key=lambda k: float(measure.mean[k])) for pick in (max, min))
    ends = [
        f"{measure.entrants[k]}, {measure.mean[k]:+.3g} per round "
        f"(95 % {measure.interval[k][0]:+.3g} to {measure.interval[k][1]:+.3g})"
        for k in dict.fromkeys((most, least))
    ]
    against = f"rather than {measure.naive}"
    if len(ends) == 1:
        return f"others gain by meeting {ends[0]}, {against}"
    return f"others gain most by meeting {ends[0]}, and least by meeting {ends[1]}, {against}"


def lost_words(point: LeaguePoint) -> str:
    """How many runs failed; nothing where none did."""
    lost, all_runs = int(point.league.failed.sum()), point.league.failed.size * point.league.seeds
    pairs = int(np.count_nonzero(point.league.failed))
    if not lost:
        return ""
    said = f"{lost} of {all_runs} runs left the reals"
    said = f"{said}, so that {pairs} pair{'s have' if pairs > 1 else ' has'} no mean"
    return f"{said}, and all this is without {in_words_and(point.without)}"


def league_words(point: LeaguePoint, at: str) -> tuple[str, str, str]:
    """Title, alternative text and caption of the figure of a league; `at` which point, in words."""
    league = point.league
    cells = [
        f"{row} against {column} "
        + (
            f"{league.payoffs[i, j, 0]:.3g}"
            if not league.failed[i, j]
            else f"failed {league.failed[i, j]} of {league.seeds}"
        )
        for i, row in enumerate(league.entrants)
        for j, column in enumerate(league.entrants)
    ]
    more = len(cells) - MOST_CELLS_SAID
    alt = f"Payoff of the row, per round: {'; '.join(cells[:MOST_CELLS_SAID])}" + (
        f"; and {more} more pairs." if more > 0 else "."
    )
    caption = (
        "Numbers and colours: what the row is paid against the column, per round, where learning "
        f"ends; means over {league.seeds} runs ({league.detail})."
    )
    if league.failed.any():
        caption += " Hatched: pairs some of whose runs left the reals, so that they have no mean."
    return f"Who is paid what against whom{at}", alt, caption


def where_met(point: LeaguePoint) -> str:
    """ " at coupling = 0.3"; nothing where nothing is swept."""
    said = ", ".join(f"{axis_name(key)} = {value:g}" for key, value in point.values.items())
    return f" at {said}" if said else ""


def _others(point: LeaguePoint) -> list[str]:
    """The others, in the order of their ratings; and how many runs failed."""
    if point.ratings is None or not point.ratings.ranking:
        return [lost_words(point)] if lost_words(point) else []
    later = [name for place in point.ratings.ranking[1:] for name in place]
    named = [f"{name} {point.rated[name].rating:.2f}" for name in later[:MOST_ENTRANTS_NAMED]]
    more = len(later) - len(named)
    named += [f"{more} more"] if more else []
    return list(filter(None, [", ".join(named), lost_words(point)]))


def _listed(pairs: Sequence[str]) -> str:
    more = len(pairs) - MOST_PAIRS_NAMED
    if more > 1:
        return f"{', '.join(pairs[:MOST_PAIRS_NAMED])} and {more} more pairs"
    return in_words_and(pairs)


def _best_along(found: StudyLeague) -> str:
    """Who is rated highest where."""
    names = dict.fromkeys(name for point in found.points for name in point.best)
    if not names:
        return "nobody can be rated at any point"
    said = [f"{name} {_where(found, [name in x.best for x in found.points])}" for name in names]
    return f"rated highest by α-Rank is {in_words_and(said)}{_along(found)}"


def _left_along(found: StudyLeague) -> str:
    """Where nobody gains by leaving the pair that is rated highest, in the estimated tables."""
    pairs = [(x, x.two_of_the_best) for x in found.points]
    stays = [
        two is not None and pair_words(two.profile) in pairs_nobody_leaves(x) for x, two in pairs
    ]
    where = _where(found, stays)
    return f"in the estimated tables nobody gains by leaving two of those {where}"


def _along(found: StudyLeague) -> str:
    keys = [axis_name(key) for key in found.axes]
    return f", along {keys[0]}" if len(keys) == 1 else f", over {in_words_and(keys)}"


def _where(found: StudyLeague, holds: Sequence[bool]) -> str:
    if len(found.axes) == 1:
        ((key, values),) = found.axes.items()
        return spans(values, holds, axis_name(key))
    return "at every point" if all(holds) else f"at {sum(holds)} of {len(holds)} points"
