"""What a training came to: its curves, where they end, and an episode to look at."""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from glasshouse._foundation.results import Readable, plain
from glasshouse._foundation.tabular import ShownTable, shown_table
from glasshouse.dynamics.curves import Curves
from glasshouse.dynamics.training import trained_players
from glasshouse.games.stochastic.league import StepLeague
from glasshouse.games.stochastic.sampling import sampled_league
from glasshouse.leagues.rating import Ratings
from glasshouse.study.league import ratings_by_key, ratings_of
from glasshouse.study.recipe import SCHEMA_VERSION
from glasshouse.study.tables import paid_matrix
from glasshouse.study.training.setting import PreparedTraining

END_COLUMNS = {
    "measured": "measured",
    "player": "player",
    "mean": "mean (per step)",
    "error": "standard error",
}
"""Of where training ended."""


@dataclasses.dataclass(frozen=True)
class EpisodeStep:
    """One step of an episode: what each player did, got, and what happened to it."""

    actions: tuple[str, ...]
    rewards: tuple[float, ...]
    events: tuple[tuple[str, ...], ...]


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class TrainingResult(Readable):
    """A training that was computed.

    **Arguments:** `curves`; `league`, of those who were trained and whom they meet, or None;
    `ratings` of all in it by α-Rank, or None; `episode`, one of the first seed at the end;
    `notes`, what a reader should be warned of.
    """

    prepared: PreparedTraining
    curves: Curves
    league: StepLeague | None
    ratings: Ratings | None
    episode: tuple[EpisodeStep, ...]
    notes: tuple[str, ...]

    @property
    def players(self) -> tuple[str, ...]:
        """What players are called."""
        return self.prepared.called

    def ends(self, name: str) -> Float[np.ndarray, "players 2"]:
        """The mean at the end over seeds that did not fail, and its standard error."""
        band = self.curves.band(name)[-1]
        return np.stack([band[:, 0], band[:, 0] - band[:, 1]], axis=-1)

    @property
    def tables(self) -> dict[str, ShownTable]:
        """For papers and spreadsheets: where training ended, and what those who met were paid."""
        found = {"ends": shown_table(self._ends(), END_COLUMNS)}
        if self.league is not None:
            found |= {"league": self.league.as_table, "league_matrix": paid_matrix(self.league)}
        if self.ratings is not None:
            found["ratings"] = self.ratings.as_table
        return found

    def _ends(self) -> Iterator[dict[str, Any]]:
        for name in measured_names(self.curves):
            for player, (mean, error) in zip(self.players, self.ends(name), strict=True):
                paid = {"mean": _number(mean), "error": _number(error)}
                yield {"measured": name, "player": player, **paid}

    def to_dict(self) -> dict[str, Any]:
        """What was found, ready for JSON."""
        from glasshouse.study.training.words import training_claims, training_headline

        curves = self.curves
        last = {name: values[-1] for name, values in curves.measured.items()}
        return {
            "schema_version": SCHEMA_VERSION,
            "title": self.prepared.title,
            "headline": training_headline(self),
            "claims": list(training_claims(self)),
            "notes": list(self.notes),
            "league": self._league(),
            "training": {
                "game": self.prepared.game.game.name,
                "detail": curves.detail,
                "episodes": self.prepared.game.episodes,
                "players": list(self.players),
                "seeds": list(curves.seeds),
                "failed": list(curves.failed),
                "updates": curves.updates.tolist(),
                "ends": {
                    name: [
                        {"mean": _number(mean), "error": _number(error)}
                        for mean, error in self.ends(name)
                    ]
                    for name in measured_names(curves)
                },
                "by_seed": {
                    name: [[_number(x) for x in row] for row in values]
                    for name, values in last.items()
                },
            },
        }

    def _league(self) -> dict[str, Any] | None:
        if self.league is None:
            return None
        rated = self.ratings
        names = self.league.entrants
        return {
            **plain(self.league),
            "alpha_rank": None if rated is None else ratings_by_key(rated, names),
        }

    def table(self) -> pa.Table:
        """All that was measured: a row for each record, seed and player."""
        curves = self.curves
        first = next(iter(curves.measured.values()))
        record, seed, player = (x.ravel() for x in np.indices(first.shape))
        columns: dict[str, Any] = {
            "updates": curves.updates[record],
            "seed": np.asarray(curves.seeds)[seed],
            "player": player + 1,
        }
        columns |= {name: values.ravel() for name, values in curves.measured.items()}
        return pa.table(
            {
                name: pa.array(x, from_pandas=True)  # NaN, of what has failed, is null
                for name, x in columns.items()
            }
        )


def training_result(
    prepared: PreparedTraining, curves: Curves, beside: Mapping[str, Curves] = MappingProxyType({})
) -> TrainingResult:
    """What a training came to, and what those are paid who meet.

    **Arguments:** `beside`, of those who were trained beside the players, by name.
    """
    league = _met(prepared, curves, beside)
    episode = played_episode(prepared, curves)
    notes = [f"of {name}, {note}" for name, own in beside.items() for note in training_notes(own)]
    ratings = None
    if league is not None:
        seed = prepared.study.learning.seed
        ratings, why = ratings_of(league, prepared.study.league, seed)
        notes += why
    said = (*training_notes(curves), *notes)
    return TrainingResult(prepared, curves, league, ratings, episode, said)


def _met(
    prepared: PreparedTraining, curves: Curves, beside: Mapping[str, Curves]
) -> StepLeague | None:
    """Everybody against everybody, of the seeds that failed nowhere; None where there is none."""
    meetings = prepared.study.league
    failed = {*curves.failed, *(seed for own in beside.values() for seed in own.failed)}
    if meetings is None or len(failed) == len(curves.seeds):
        return None
    trained = trained_players(prepared.game, curves, prepared.entrants(), failed)
    players: dict[str, Any] = dict(trained)
    for called, own in beside.items():
        learned = trained_players(prepared.game, own, prepared.entrants(called), failed)
        players |= {name: each for name, each in learned.items() if name not in players}
    players |= {name: one.build(prepared.game.game) for name, one in meetings.named.items()}
    return sampled_league(
        prepared.game.game,
        players,
        seeds=len(curves.seeds) - len(failed),
        episodes=meetings.episodes,
        horizon=meetings.horizon,
        seed=prepared.study.learning.seed,
    )


def played_episode(prepared: PreparedTraining, curves: Curves) -> tuple[EpisodeStep, ...]:
    """An episode of the first seed that did not fail, at the end of its training."""
    from glasshouse.dynamics.training import episode_of

    kept = [k for k, seed in enumerate(curves.seeds) if seed not in curves.failed]
    if not kept:
        return ()
    played = episode_of(prepared.game, prepared.training, curves, kept[0])
    names, found = prepared.game.game.action_names, []
    for t in range(prepared.game.game.horizon):
        happened = {name: np.asarray(x)[t, 0] for name, x in played.events.items()}
        players = range(prepared.game.players)
        events = tuple(tuple(n for n, x in happened.items() if x[i]) for i in players)
        actions = tuple(names[int(a)] for a in np.asarray(played.actions)[t, 0])
        rewards = tuple(float(x) for x in np.asarray(played.rewards)[t, 0])
        found.append(EpisodeStep(actions, rewards, events))
    return tuple(found)


def training_notes(curves: Curves) -> tuple[str, ...]:
    """What a reader should be warned of."""
    return (_lost(curves.failed), *curves.cautions) if curves.failed else curves.cautions


def _lost(failed: tuple[int, ...]) -> str:
    """Which seeds failed, and what that means for what is told."""
    *most, last = map(str, failed)
    which = f"seeds {', '.join(most)} and {last}" if most else f"seed {last}"
    return f"{which} left the real numbers, and {'are' if most else 'is'} in no mean"


def by_seed(curves: Curves, name: str) -> list[tuple[int, list[float]]]:
    """The end of each seed."""
    return list(zip(curves.seeds, curves.measured[name][-1].tolist(), strict=True))


def measured_names(curves: Curves) -> list[str]:
    """What was measured, payments first."""
    first = ("payoff", "reward")
    return [*first, *itertools.filterfalse(first.__contains__, curves.measured)]


def _number(x: float) -> float | None:
    return None if np.isnan(x) else float(x)
