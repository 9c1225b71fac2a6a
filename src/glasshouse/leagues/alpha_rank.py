"""α-Rank: how much of the time populations play each strategy, as mutants take them over."""

import dataclasses
import itertools
import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import HeldArray, number, shown, whole
from glasshouse.errors import InputError
from glasshouse.leagues.chain import (
    MOST_POPULATION,
    MOST_STATES,
    STRONGEST,
    log_fixation,
    log_fixation_among,
    log_rates_of_profiles,
    log_stationary,
)
from glasshouse.leagues.payoffs import of_one_population, paid

POPULATION_FORMS = ("one", "several")

TIE = 1e-9
"""Shares that differ by less than this part of themselves, and what rounding makes of α, tie."""


@dataclasses.dataclass(frozen=True, repr=False)
class AlphaRank(Evidenced):
    """How much of the time each strategy or profile is played where mutants are rare.

    **Arguments:** `stationary`, the share of time of each strategy (one population) or profile,
    [strategy of each player]; `names` of the strategies of each player; `ranking`, the best first,
    each place with all who tie there (of profiles "work, rest"); `form`, `alpha`, `population`,
    `self_play`; `method`, `detail`.
    """

    ROWS: ClassVar[str] = "rows"

    stationary: HeldArray
    ranking: tuple[tuple[str, ...], ...]
    names: tuple[tuple[str, ...], ...]
    form: str
    alpha: float
    population: int
    self_play: bool
    method: str
    detail: str

    @property
    def rows(self) -> tuple[dict[str, Any], ...]:
        """One for each strategy or profile: its name, `share` of the time, and `rank` from 1 on,
        which those who tie have in common."""
        ranks = ranks_of(self.ranking)
        shares = np.ravel(self.stationary).tolist()
        named = zip(profile_names(self.names), shares, strict=True)
        return tuple({"strategy": x, "share": share, "rank": ranks[x]} for x, share in named)


def alpha_rank(
    payoffs: Any,
    alpha: Any,
    population: Any,
    form: str = "one",
    *,
    self_play: bool = True,
) -> AlphaRank:
    """How much of the time populations play each strategy, mutants taking them over one by one.

    Definition: π is stationary for a chain in which r gives way to s with ρ_rs. *One population* of
    m, who all meet each other: ρ_rs = 1 / (1 + Σ_{l<m} Π_{k≤l} e^{-α (f_s(k) - f_r(k))}), f_s(k) =
    ((k-1) A_ss + (m-k) A_sr) / (m-1), f_r(k) = (k A_rs + (m-k-1) A_rr) / (m-1), OpenSpiel's
    `use_local_selection_model=False`. With `self_play=False` nobody meets its own kind: ρ =
    (1-e^{-u}) / (1-e^{-mu}), u = α (A_sr - A_rs), OpenSpiel's `True`. *Several*, one for each
    player: the same ρ between profiles, u = α times what one player gains by changing.

    **Arguments:** `payoffs`, a square matrix, [row, column, player], a game, or a table of
    meetings; `alpha` above 0; `population` m. One population takes either seat equally often.
    **Raises:** `InputError` for payoffs that are not finite, more than 1000 states, and
    (m-1) α × range above 1e8, where rounding decides.
    **Cost:** cubic in the states; by logarithms and without subtractions, for weak and strong α.
    **Source:** Omidshafiei et al. 2019, Scientific Reports 9; Han et al. 2013.

        import glasshouse as gh

        found = gh.leagues.alpha_rank([[3, 0], [5, 1]], alpha=0.02, population=50, form="several")
        print(found.stationary.round(3).tolist())  # [[0.029, 0.208], [0.208, 0.554]]
    """
    given = paid(payoffs)
    chosen = checked_selection(alpha, population, form, self_play, given.tensor)
    if form == "several":
        logs, names = log_shares_of_profiles(given.tensor, *chosen), given.names
        detail = "stationary shares of the profiles of one population for each player"
    else:
        matrix, differ = of_one_population(given)
        logs, names = log_shares(matrix, *chosen, self_play), given.names[:1]
        detail = "stationary shares of one population" + ", over both seats" * differ
        detail += "" if self_play else " in which nobody meets its own kind"
    stationary = np.exp(logs)
    stationary.setflags(write=False)
    tolerance = tie_tolerance(*chosen, given.tensor)
    ranking = ranked(profile_names(names), np.ravel(logs), tolerance)
    return AlphaRank(stationary, ranking, names, form, *chosen, self_play, "numerical", detail)


def checked_selection(
    alpha: Any, population: Any, form: Any, self_play: bool, tensor: np.ndarray
) -> tuple[float, int]:
    """α and m, once all settings are checked for payoffs [player, strategy of each player]."""
    if form not in POPULATION_FORMS:
        raise InputError(f"form={shown(form)} must be 'one' or 'several', populations")
    if form == "several" and not self_play:
        raise InputError(
            "self_play=False is for one population: of several, each player's meets all others'"
        )
    strength = number(alpha, "alpha", above=0.0)
    size = whole(population, "population", least=2, most=MOST_POPULATION)
    states = len(tensor[0]) if form == "one" else math.prod(tensor.shape[1:])
    if states < 2:
        raise InputError("a single strategy ranks nothing: give at least two")
    if states > MOST_STATES:
        raise InputError(
            f"{states} {'strategies' if form == 'one' else 'profiles'} are more than the "
            f"{MOST_STATES} whose chain is solved: leave some out"
            + ", or ask for form='one'"
            * (form == "several")
        )
    product = (size - 1) * strength * _range(tensor)
    if not product <= STRONGEST:
        raise InputError(
            f"alpha={strength:g} makes (population - 1) × alpha × the range of payoffs "
            f"{product:.3g}, and beyond {STRONGEST:g} rounding decides who is ahead: choose alpha "
            f"of at most {STRONGEST * strength / product:.3g}"
        )
    return strength, size


def log_shares(
    matrix: Float[np.ndarray, "... strategies strategies"],
    alpha: float,
    population: int,
    self_play: bool,
) -> Float[np.ndarray, "... strategies"]:
    """log π of one population, for each of a batch of matrices."""
    if self_play:
        return log_stationary(log_fixation_among(matrix, alpha, population))
    advantage = alpha * (np.swapaxes(matrix, -1, -2) - matrix)
    return log_stationary(log_fixation(advantage, population))


def log_shares_of_profiles(
    tensor: Float[np.ndarray, "..."],
    alpha: float,
    population: int,
    players: int | None = None,
) -> Float[np.ndarray, "..."]:
    """log π of the profiles of several populations, for each of a batch of `players`' payoffs."""
    count = tensor.ndim - 1 if players is None else players
    logs = log_stationary(log_rates_of_profiles(tensor, count, alpha, population))
    return logs.reshape(*tensor.shape[: -count - 1], *tensor.shape[-count:])


def tie_tolerance(alpha: float, population: int, tensor: np.ndarray) -> float:
    """Within which logarithms of shares are the same but for rounding."""
    rounded = np.finfo(float).eps * (population - 1) * alpha * np.max(np.abs(tensor))
    return TIE + 8 * tensor[0].size * float(rounded)


def ranked(
    names: Sequence[str], logs: Float[np.ndarray, "states"], tolerance: float
) -> tuple[tuple[str, ...], ...]:
    """The best first; who is within the tolerance of the first of a place has that place, too."""
    order = np.argsort(-logs, kind="stable")
    places: list[list[int]] = []
    for k in order:
        if not places or logs[places[-1][0]] - logs[k] > tolerance:
            places.append([])
        places[-1].append(int(k))
    return tuple(tuple(names[k] for k in sorted(place)) for place in places)


def ranks_of(ranking: Sequence[Sequence[str]]) -> dict[str, int]:
    """The rank of each name, from 1 on: who ties shares the best of the places they take."""
    before = itertools.accumulate((len(place) for place in ranking), initial=1)
    return {name: rank for place, rank in zip(ranking, before, strict=False) for name in place}


def profile_names(names: Sequence[Sequence[str]]) -> list[str]:
    """What strategies are called, or profiles of several players, in order."""
    return [", ".join(profile) for profile in itertools.product(*names)]


def _range(tensor: np.ndarray) -> float:
    """The largest range of payoffs of a player."""
    flat = tensor.reshape(len(tensor), -1)
    return float(np.max(flat.max(axis=1) - flat.min(axis=1)))
