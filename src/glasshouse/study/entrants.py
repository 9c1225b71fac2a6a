"""Who takes part in a study's league: built, named, and able to play at every point."""

import contextlib
from collections.abc import Iterator, Sequence

from glasshouse.dynamics.learning import Learning
from glasshouse.errors import InputError
from glasshouse.leagues.entrants import Entrant, checked_entrants
from glasshouse.leagues.meetings import standing_places
from glasshouse.leagues.play import check_pair
from glasshouse.parametric import AbstractParametricGame
from glasshouse.study.spec.hints import in_its_table
from glasshouse.study.spec.study import Study
from glasshouse.study.spec.toml import named


def league_entrants(study: Study) -> tuple[Entrant, ...]:
    """Everybody that `[league]` lists; nobody where there is none.

    **Raises:** `InputError` naming the table, where a rule refuses its numbers, or two have the
    same name.
    """
    found: list[Entrant] = []
    for k, given in enumerate(() if study.league is None else study.league.entrants):
        with of_entrant(study, k):
            built = given.build()
            (entrant,) = checked_entrants([built] if given.name is None else {given.name: built})
            same = [n for n, other in enumerate(found) if other.name == entrant.name]
            if same:
                raise InputError(
                    f"key 'league.entrants.{k}.name': {entrant.name!r:.60} is what "
                    f"league.entrants.{same[0]} is called: give each a name of its own"
                )
        found.append(entrant)
    return tuple(found)


def check_league(
    study: Study,
    entrants: Sequence[Entrant],
    points: Sequence[tuple[AbstractParametricGame, Learning]],
) -> None:
    """Refuse a league that cannot be played at every point of a study.

    **Raises:** `InputError` naming the key.
    """
    if study.league is None:
        return
    seeds = study.league.seeds
    for game, learning in points:
        with named("league"):
            check_pair(game)
        runs = learning.starts.runs
        if runs != seeds:
            raise InputError(
                f"key 'league.seeds' is {seeds}, and [learning] starts from {learning.starts}"
                + (f": say seeds = {runs}" if runs > 1 else ": draw them, as by start = 'normal'")
            )
    for k, entrant in enumerate(entrants):
        if entrant.strategy is not None:
            with of_entrant(study, k):
                for game, _ in {id(game): (game, None) for game, _ in points}.values():
                    standing_places([entrant], [game])


@contextlib.contextmanager
def of_entrant(study: Study, k: int) -> Iterator[None]:
    """Errors with the entrant that they are about, by its place and name."""
    try:
        with named(f"league.entrants.{k}"):
            yield
    except InputError as error:
        raise InputError(in_its_table(str(error), {"league": study.league})) from error
