"""Where learning ends from generic, unequal starts."""

import dataclasses
import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import wadler_lindig as wl
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import PROBABILITY_TOLERANCE, Numbers, Whole, number, whole
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.results import UNLESS_NONE, Result, call, plain
from glasshouse.analysis.movement.first_order import cooperation
from glasshouse.dynamics.learning import Learning, check_learning, learn
from glasshouse.dynamics.starts import Starts as Starts  # its name here in earlier versions
from glasshouse.errors import InputError
from glasshouse.games.labels import called, default_labels
from glasshouse.parametric import AbstractParametricGame, Params, require_exact
from glasshouse.parametric.capabilities import listed
from glasshouse.parametric.measure import (
    COOPERATION,
    AbstractMeasure,
    check_observable,
    observable_in_words,
    observed,
)
from glasshouse.parametric.observable import Observable, is_in_place, observable
from glasshouse.parametric.registry import OBSERVABLES

AT_REST = 1e-6
"""A run counts as at rest when its relative gradient (`rest_residual`) is below this."""


@dataclasses.dataclass(frozen=True, repr=False)
class Share(Result):
    """A share of runs with its 95 % Wilson interval."""

    count: int
    runs: int

    @property
    def value(self) -> float:
        """The share itself; NaN where no run counted."""
        return self.count / self.runs if self.runs else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson score interval (Wilson 1927), 95 %; all of [0, 1] where no run counted."""
        if not self.runs:
            return (0.0, 1.0)
        low, high = wilson_interval(self.count, self.runs)
        return (low if self.count else 0.0, high if self.count < self.runs else 1.0)

    def to_dict(self) -> dict[str, Any]:
        """The `share`, the ends `low` and `high` of its interval, and the `count` of runs."""
        low, high = self.interval
        return {"share": plain(self.value), "low": low, "high": high, "count": self.count}

    def __pdoc__(self, **settings: Any) -> wl.AbstractDoc:
        computed = [("value", self.value), ("interval", self.interval)]
        return call("Share", [*computed, ("count", self.count), ("runs", self.runs)], **settings)


@dataclasses.dataclass(frozen=True, repr=False)
class Observed(Result):
    """What an observable gives where runs ended.

    **Arguments:** `name`; `words` and `formula`, what it is; `mean`, over runs and players;
    `players`, the mean of each over runs, empty where it is one number of the whole game or of
    some players; `unit` of what takes the place of cooperation, "payoff" or "probability";
    `low`, `high`, the least and the largest that a run ends with.
    """

    name: str
    words: str
    formula: str
    mean: float
    players: tuple[float, ...]
    unit: str = ""
    low: float | None = None
    high: float | None = None


@dataclasses.dataclass(frozen=True, repr=False)
class Outcomes(Evidenced):
    """How runs from random starts ended, by who cooperates with probability above ½.

    **Arguments:** `cooperation`, everybody does; `exploitation`, some do and some do not;
    `defection`, nobody does; `exploited`, for each player, the share of runs in which it
    cooperates while another does not; `mean_cooperation`, over runs and players; `payoffs`, each
    player's mean payoff over runs, at the end; `at_rest`, runs whose end is a rest point to 1e-6;
    `not_finite`, runs that left the reals and are in none of the shares; `method`, `detail`: start
    distribution, step size, steps; `observed`, of the observable asked for beside cooperation.
    """

    cooperation: Share
    exploitation: Share
    defection: Share
    exploited: tuple[Share, ...]
    mean_cooperation: float
    payoffs: tuple[float, ...]
    at_rest: Share
    not_finite: int
    method: str
    detail: str
    observed: Observed | None = dataclasses.field(default=None, metadata={UNLESS_NONE: True})


def wilson_interval(
    count: Whole, runs: Whole, z: Numbers = 1.959963984540054
) -> tuple[float, float]:
    """Wilson score interval for a share of `count` in `runs`; z = 1.96 for 95 %.

    **Source:** Wilson 1927, Probable inference, the law of succession, and statistical
    inference, Journal of the American Statistical Association 22.
    **Raises:** `InputError` for a count above `runs`, or numbers that are no counts.
    """
    runs = whole(runs, "runs")
    count, z = whole(count, "count", least=0, most=runs), number(z, "z", least=0.0)
    share = count / runs
    centre = share + z * z / (2 * runs)
    spread = z * math.sqrt(share * (1 - share) / runs + z * z / (4 * runs * runs))
    scale = 1 + z * z / runs
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


@in_float64
def generic_outcomes(
    games: Sequence[AbstractParametricGame],
    *,
    learning: Learning = Learning(),
    observe: str | Observable = COOPERATION,
) -> list[Outcomes]:
    """Outcomes of learning from unequal starts, for each game.

    All games are played from the same starts, so that they differ by the game alone.

    **Arguments:** `games`, alike in structure (one game at many couplings, say; `Tied` games too);
    `learning`, by which rule, from where, in how many steps and of which size; `observe`, an
    observable or its name, whose means at the ends are `observed`.
    **Raises:** `InputError` when there is no game, it has no cooperation, the starts do not fit
    its boxes, or nothing has the name to observe.
    **Cost:** games × starts × steps learning steps.

        import glasshouse as gh
        from glasshouse.dynamics import Learning, Starts

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        (found,) = gh.generic_outcomes([family(0.6)], learning=Learning(starts=Starts(50)))
        print(found.exploitation.value)  # 1.0
    """
    games = listed(games, "generic_outcomes")
    require_exact(games[0], "outcomes of learning", "observables")
    observe = observable_in(games[0], observe)
    if isinstance(observe, str):
        check_observable(observe, games[0])
        sees = seen if observe == COOPERATION else _Seeing(observe, OBSERVABLES.get(observe))
    else:
        sees = _Seeing(observe, None)
    ends = learn(games, check_learning(learning, "generic_outcomes"), sees)
    cooperates, payoffs, *more = ends.observed
    check_ends(cooperates)
    found = _classified(cooperates, payoffs, ends.residuals, ends.detail)
    if observe == COOPERATION:
        return found
    return [
        dataclasses.replace(outcomes, observed=_observed(observe, ends, values))
        for outcomes, ends, values in zip(found, cooperates, more[0], strict=True)
    ]


@dataclasses.dataclass(frozen=True)
class _Seeing:
    """What `seen` gives, and an observable beside it.

    A registered one is known by its class, for files may be edited.
    """

    what: str | Observable
    measure: type[AbstractMeasure] | None

    def __call__(self, game: AbstractParametricGame, params: Params) -> tuple[RealArray, ...]:
        what = self.what
        found = observed(game, params, what) if isinstance(what, str) else what(game, params)
        return *seen(game, params), found


def observable_in(game: AbstractParametricGame, observe: str | Observable) -> str | Observable:
    """The observable of a game that has no names, where its name stands for one of every game."""
    if not isinstance(observe, str) or not is_in_place(observe):
        return observe
    inner = require_exact(game, f"to observe {observe}", "dense").game
    labels = default_labels(getattr(inner, "game", inner).actions)
    return observable(observe, called(labels.players, "player"), labels.actions)


def _observed(
    what: str | Observable,
    ends: Float[np.ndarray, "runs players"],
    values: Float[np.ndarray, "runs numbers"],
) -> Observed:
    """Means over the runs that outcomes count, which did not leave the reals."""
    counted = values[np.isfinite(ends).all(axis=1)]
    means = counted.mean(axis=0) if len(counted) else np.full(values.shape[1], np.nan)
    each = tuple(means.tolist())
    if isinstance(what, str):
        return Observed(what, *observable_in_words(what), float(means.mean()), each)
    runs = counted.mean(axis=1)
    low, high = (float(runs.min()), float(runs.max())) if len(runs) else (math.nan, math.nan)
    each = each if len(each) == ends.shape[1] else ()
    return Observed(
        what.name, what.words, what.formula, float(means.mean()), each, what.unit, low, high
    )


def seen(
    game: AbstractParametricGame, params: Params
) -> tuple[Float[RealArray, "players"], Float[RealArray, "players"]]:
    """What outcomes are counted by, and what everyone is paid."""
    return cooperation(game, params), game.payoffs(params)


def check_ends(cooperates: Float[np.ndarray, "*runs players"]) -> None:
    """Refuse cooperation outside [0, 1]: a semantics of one's own is not checked everywhere."""
    ends = cooperates.reshape(-1, cooperates.shape[-1])
    wrong = np.argwhere((ends < -PROBABILITY_TOLERANCE) | (ends > 1 + PROBABILITY_TOLERANCE))
    if len(wrong):
        run, player = (int(k) for k in wrong[0])
        raise InputError(
            f"the semantics gives player {player + 1} cooperation {ends[run, player]:.4g} where "
            "learning ended: make it return probabilities everywhere in the box"
        )


def _classified(
    ends: Float[np.ndarray, "games runs players"],
    payoffs: Float[np.ndarray, "games runs players"],
    residuals: Float[np.ndarray, "games runs"],
    detail: str,
) -> list[Outcomes]:
    """The outcomes of each game, counted for all of them together.

    Player by player: sums over an axis of two numbers are what NumPy is slow at.
    """
    columns = [np.ascontiguousarray(ends[..., i]) for i in range(ends.shape[2])]
    finite = functools.reduce(np.logical_and, [np.isfinite(p) for p in columns])
    runs = finite.sum(axis=1)
    cooperates = [(p > 0.5) & finite for p in columns]
    everybody = functools.reduce(np.logical_and, cooperates)
    somebody = functools.reduce(np.logical_or, cooperates)
    some = somebody & ~everybody
    masks = {
        "cooperation": everybody,
        "exploitation": some,
        "defection": finite & ~somebody,
        "at_rest": (residuals <= AT_REST) & finite,
    }
    counted = {name: np.sum(mask, axis=1).tolist() for name, mask in masks.items()}
    exploited = np.stack([np.sum(some & c, axis=1) for c in cooperates], axis=1).tolist()
    with np.errstate(invalid="ignore"):  # no run, no mean
        totals = [np.sum(p, axis=1, where=finite) for p in columns]
        cooperation = sum(totals[1:], start=totals[0]) / (runs * len(columns))
        paid = [np.sum(payoffs[..., i], axis=1, where=finite) for i in range(payoffs.shape[2])]
        means = np.stack(paid, axis=1) / runs[:, None]
    lost = (ends.shape[1] - runs).tolist()

    def of(k: int, total: int) -> Outcomes:
        return Outcomes(
            **{name: Share(counts[k], total) for name, counts in counted.items()},
            exploited=tuple(Share(count, total) for count in exploited[k]),
            mean_cooperation=float(cooperation[k]),
            payoffs=tuple(means[k].tolist()),
            not_finite=lost[k],
            method="learned",
            detail=detail,
            observed=None,
        )

    return [of(k, total) for k, total in enumerate(runs.tolist())]
