"""All that is asked of a finite game at once: for the command, and what it writes."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from glasshouse._foundation.results import Result
from glasshouse.analysis.commitment import FairLeaders, fair_leaders
from glasshouse.analysis.equilibrium.dominated import Dominance, dominance
from glasshouse.analysis.equilibrium.pure_profiles import BaseGame, base_game
from glasshouse.analysis.finite import (
    ActionsNeeded,
    CorrelatedEquilibrium,
    SecuredWelfare,
    Shapley,
    Sinks,
    actions_needed,
    correlated_equilibrium,
    shapley,
    sinks,
)
from glasshouse.analysis.finite.securing import MOST_SECURED
from glasshouse.analysis.finite.seeing import MOST_SEEN
from glasshouse.analysis.finite.tables import LARGEST_FINITE, named_profiles
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.leagues.alpha_rank import AlphaRank, alpha_rank
from glasshouse.leagues.chain import MOST_STATES
from glasshouse.leagues.rating import POPULATION

MOST_CONSTRAINED = 200_000
"""Profiles times deviations, up to which correlated equilibria are sought unasked."""

MOST_RANGED = 4
"""Players, up to which the range of each one's payoff is sought beside that of welfare."""

MOST_COMMITTING = 24
"""Actions of either player, up to which commitments are."""

MOST_WALKED = 4_000
"""Profiles, up to which better replies are followed."""

MOST_GROUPED = 6
"""Players, up to which it is asked what each group secures."""

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, repr=False)
class ProfileFacts(Result):
    """What is true of one profile.

    **Arguments:** `profile`, what it is called; `payoffs`; `equilibrium`, whether pure; `ends`, how
    likely better replies end in the sink that it belongs to, None outside of all; `share` of time
    by α-Rank; `told`, its probability in the correlated equilibrium with the largest welfare.
    """

    profile: str
    payoffs: tuple[float, ...]
    equilibrium: bool
    ends: float | None
    share: float | None
    told: float | None


@dataclasses.dataclass(frozen=True, repr=False)
class PaidBetween(Result):
    """What something amounts to, at least and at most.

    **Arguments:** `quantity`, "welfare" or a player's name; `equilibria`, over those that are
    listed (None without any); `correlated` and `coarse`, over all equilibria of that kind.
    """

    quantity: str
    equilibria: tuple[float, float] | None
    correlated: tuple[float, float] | None
    coarse: tuple[float, float] | None


@dataclasses.dataclass(frozen=True, repr=False)
class FiniteFacts(Result):
    """What is true of a finite game.

    **Arguments:** `game`, what it is called; `base_game`; `dominance`; `paid`, ranges of payoffs;
    `correlated`, the equilibrium with the largest welfare; `sinks`; `alpha_rank`; `leaders` and
    their commitments, of two players; `shapley`; `needed`, whose actions each must see;
    `profiles`; `left_out`, what was not sought and why.
    """

    game: str
    base_game: BaseGame
    dominance: tuple[Dominance, ...]
    paid: tuple[PaidBetween, ...]
    correlated: CorrelatedEquilibrium | None
    sinks: Sinks | None
    alpha_rank: AlphaRank | None
    leaders: FairLeaders | None
    shapley: Shapley | None
    needed: tuple[ActionsNeeded, ...]
    profiles: tuple[ProfileFacts, ...]
    left_out: tuple[str, ...]


def finite_facts(
    game: NormalFormGame,
    *,
    law: str = "uniform",
    alpha: float | None = None,
    population: int = POPULATION,
) -> FiniteFacts:
    """Everything that is true of a finite game, as far as it is found in a second or so.

    **Arguments:** `law`, of `sinks`; `alpha` and `population`, of `alpha_rank`, by default 1 / the
    range of payoffs and 50.
    **Raises:** `InputError` for settings that cannot be; what is too large is left out, and said.
    """
    facts, left_out = base_game(game), _Left([])
    correlated = left_out.sought("correlated equilibria", _correlated_why(game), _ranges, game)
    ended = left_out.sought("sinks", _many_sinks(game), sinks, game, law=law)
    ranked = left_out.sought("α-Rank", _ranked_why(game), _ranked, game, alpha, population)
    leaders = left_out.sought("commitments", _leaders_why(game), fair_leaders, game)
    worth = left_out.sought("what groups secure", _groups_why(game), _secured, game)
    ranges, best = correlated or (None, None)
    return FiniteFacts(
        game=game.title,
        base_game=facts,
        dominance=dominance(game),
        paid=_paid(game, facts, ranges),
        correlated=best,
        sinks=ended,
        alpha_rank=ranked,
        leaders=leaders,
        shapley=worth,
        needed=() if game.players > MOST_SEEN + 1 else actions_needed(game),
        profiles=_profiles(game, facts, ended, ranked, best),
        left_out=tuple(left_out.said),
    )


@dataclasses.dataclass(frozen=True)
class _Left:
    """What is left out, and why."""

    said: list[str]

    def sought(
        self, what: str, why: str, find: Callable[..., T], *given: Any, **settings: Any
    ) -> T | None:
        """What is found, unless there is a reason `why` it is not sought."""
        if why:
            self.said.append(f"{what} are not sought: {why}")
            return None
        return find(*given, **settings)


def _correlated_why(game: NormalFormGame) -> str:
    size = math.prod(game.actions) * sum(count * (count - 1) for count in game.actions)
    if size <= MOST_CONSTRAINED:
        return ""
    return (
        f"{size} profiles times deviations are more than {MOST_CONSTRAINED}; "
        "in Python more are taken"
    )


def _many_sinks(game: NormalFormGame) -> str:
    count = math.prod(game.actions)
    if count <= MOST_WALKED:
        return ""
    return f"{count} profiles are more than {MOST_WALKED}; in Python more are taken"


def _ranked_why(game: NormalFormGame) -> str:
    count = math.prod(game.actions)
    if float(np.ptp(np.asarray(game.tensor))) == 0:
        return "all payoffs are equal"
    return "" if 2 <= count <= MOST_STATES else f"{count} profiles, where 2 to {MOST_STATES} are"


def _leaders_why(game: NormalFormGame) -> str:
    if game.players != 2:
        return "they are of two players"
    largest = max(game.actions)
    return (
        "" if largest <= MOST_COMMITTING else f"{largest} actions are more than {MOST_COMMITTING}"
    )


def _groups_why(game: NormalFormGame) -> str:
    if game.players > MOST_GROUPED:
        return f"{game.players} players are more than {MOST_GROUPED}"
    count = math.prod(game.actions)
    return "" if count <= MOST_SECURED else f"{count} profiles are more than {MOST_SECURED}"


def _ranked(game: NormalFormGame, alpha: float | None, population: int) -> AlphaRank:
    strength = 1 / float(np.ptp(np.asarray(game.tensor))) if alpha is None else alpha
    return alpha_rank(game, strength, population, form="several")


def _secured(game: NormalFormGame) -> Shapley:
    return shapley(SecuredWelfare(game), game.player_names)


Ranges = dict[str, list[tuple[float, float]]]
"""Of each kind of equilibrium by correlation, the range of welfare, then of each payoff."""


def _ranges(game: NormalFormGame) -> tuple[Ranges, CorrelatedEquilibrium]:
    best = correlated_equilibrium(game)
    found: Ranges = {}
    for kind in ("internal", "external"):
        found[kind] = []
        for objective in ("welfare", *range(game.players if game.players <= MOST_RANGED else 0)):
            known = kind == "internal" and objective == "welfare"
            ends = [
                best if known and largest else correlated_equilibrium(
                    game, kind, objective=objective, largest=largest
                )
                for largest in (False, True)
            ]  # fmt: skip
            low, high = (one.value for one in ends)
            found[kind].append((low, high))
    return found, best


def _paid(game: NormalFormGame, facts: BaseGame, ranges: Ranges | None) -> tuple[PaidBetween, ...]:
    each = [*facts.pure_equilibrium_payoffs, *(one.payoffs for one in facts.mixed or ())]
    rows = [(math.fsum(paid), *paid) for paid in each]
    found = []
    for k, name in enumerate(("welfare", *game.player_names)):
        own = [row[k] for row in rows]
        known = ranges is not None and k < len(ranges["internal"])
        found.append(
            PaidBetween(
                name,
                (min(own), max(own)) if own else None,
                ranges["internal"][k] if ranges and known else None,
                ranges["external"][k] if ranges and known else None,
            )
        )
    return tuple(found)


def _profiles(
    game: NormalFormGame,
    facts: BaseGame,
    ended: Sinks | None,
    ranked: AlphaRank | None,
    best: CorrelatedEquilibrium | None,
) -> tuple[ProfileFacts, ...]:
    if math.prod(game.actions) > LARGEST_FINITE:
        return ()
    within = (
        {} if ended is None else {x: one.probability for one in ended.sinks for x in one.profiles}
    )
    pure, tensor = set(facts.pure_equilibria), np.asarray(game.tensor)
    found = []
    every = np.ndindex(*game.actions)
    for name, profile in zip(named_profiles(game), every, strict=True):
        found.append(
            ProfileFacts(
                profile=name,
                payoffs=tuple(tensor[(slice(None), *profile)].tolist()),
                equilibrium=profile in pure,
                ends=within.get(name),
                share=None if ranked is None else float(ranked.stationary[profile]),
                told=None if best is None else float(np.asarray(best.distribution)[profile]),
            )
        )
    return tuple(found)
