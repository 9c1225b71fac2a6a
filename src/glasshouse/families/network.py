"""One game on a network at every coupling, and its thresholds where all players are alike."""

import dataclasses
import functools
import math
from typing import ClassVar

import numpy as np

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.numbers import HeldSetting, Numbers
from glasshouse._foundation.precision import in_float64
from glasshouse.families.family import HIGHEST, AbstractFamily, as_setting
from glasshouse.games.network.base import AbstractNetworkGame
from glasshouse.parametric import NetworkParametricGame
from glasshouse.semantics.reading import Reading
from glasshouse.theory import Known, Threshold, Thresholds, Unknown, knows
from glasshouse.theory.registry import value_of
from glasshouse.theory.symmetric import (
    SMALLEST_EFFECT,
    THRESHOLD_MEANINGS,
    THRESHOLD_SOURCE,
    Regime,
    switch_of_effects,
)

EQUAL_EFFECTS = 1e-9
"""Players' effects that differ by less, relative to the largest, count as equal: sums round."""

ALIKE_CONDITIONS = (
    "game on a network with two actions, in which all players are alike: where all cooperate with "
    "the same probability, one's own cooperation pays all the same, and so does that of one's "
    "readers, each times the weight with which it reads; one own weight for all; at p = 0 and 1 "
    "also: all read with the same total weight"
)

UNEVEN = (
    "players read with different total weights, so that equal parameters are not equal behaviour"
)


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class NetworkFamily(AbstractFamily):
    """A game on a network, as a function of the coupling that multiplies who reads whom.

    **Arguments:** `game`; `reading`, whose weights the coupling multiplies; `bound` M > 0, every
    parameter lies in [-M, M]; `own_weight`, the weight of one's own parameter, a number or an
    array with one for each player.
    **Raises:** `InputError` when game and reading disagree on the number of players, and for
    values that `NetworkParametricGame` refuses.

        import networkx as nx

        import glasshouse as gh
        from glasshouse.games import NeighbourhoodPublicGoods
        from glasshouse.semantics import Reading

        ring = nx.circulant_graph(12, [1])
        game = NeighbourhoodPublicGoods(ring, 2.0)
        family = gh.NetworkFamily(game, Reading.from_graph(ring), bound=3.0)
        print(round(family.closed_form().neutral.value, 6))  # 0.375
    """

    symbol: ClassVar[str] = "κ"

    game: AbstractNetworkGame
    reading: Reading
    bound: HeldSetting
    own_weight: HeldSetting = 1.0

    def __post_init__(self):
        checked = self._at_one  # refuses what does not fit, before anything is computed
        object.__setattr__(self, "bound", as_setting(checked.bound))
        object.__setattr__(self, "own_weight", as_setting(checked.own_weight))

    def __call__(self, coupling: Numbers) -> NetworkParametricGame:
        return self._at_one.at(coupling)

    @property
    def lowest(self) -> float:
        return 0.9 * self.turn

    @property
    def highest(self) -> float:
        """Or nearly up to where parameters turn around, if somebody (is) read negatively."""
        return min(HIGHEST, 0.9 * self._upper_turn)

    def closed_form(self) -> Thresholds:
        """The thresholds where all players are alike, from one player's effects.

        Definition: where everyone cooperates with probability p, ∂U_i/∂θ_i = p (1-p) [ω A + κ B]:
        A(p) is what player i's own cooperation pays it, B(p) sums over its readers j the weight
        k_ji times what j's cooperation pays i. So κ*(p) = -ω A(p) / B(p). For public goods shared
        by all n, everyone read with total weight k, it is ω (n-r) / (r k); for neighbourhood public
        goods on a graph with k neighbours and t triangles everywhere, reading along the edges,
        (k+1)(k+1-r) / (2r (k+t)); for pairwise games so read, the threshold of the 2×2 game.

        **Raises:** `InputError` where players are not alike, saying in what, or somebody reads or
        is read with a negative total weight: `player_thresholds` applies to all networks.
        """
        return value_of(known_network_thresholds(self))

    @property
    def readers(self) -> np.ndarray | None:
        reading = self.reading
        return np.bincount(reading.owners[reading.weights != 0], minlength=reading.players)

    @functools.cached_property
    def _at_one(self) -> NetworkParametricGame:
        return NetworkParametricGame(self.game, self.reading, self.bound, self.own_weight)

    @functools.cached_property
    def _totals(self) -> tuple[np.ndarray, np.ndarray]:
        """With how much weight everyone reads, and is read."""
        reading, weights = self.reading, np.asarray(self.reading.weights)
        read, owned = (
            _sums(weights, x, reading.players) for x in (reading.readers, reading.owners)
        )
        return read, owned

    @property
    def turn(self) -> float:
        """Below it raising all parameters, or one, lowers cooperation: -ω / the largest total."""
        own_weight = np.broadcast_to(self.own_weight, self.reading.players)
        turns = [-own_weight[t > 0] / t[t > 0] for t in self._totals]
        return max((float(t.max()) for t in turns if t.size), default=-HIGHEST)

    @property
    def _upper_turn(self) -> float:
        """Above it so it does, too, where totals are negative: ω / the size of the largest."""
        own_weight = np.broadcast_to(self.own_weight, self.reading.players)
        here = [(t < 0) & (own_weight > 0) for t in self._totals]
        turns = [own_weight[k] / -t[k] for k, t in zip(here, self._totals, strict=True)]
        return min((float(t.min()) for t in turns if t.size), default=math.inf)

    def obstacle(self) -> str:
        """What keeps thresholds from being known, but for players that differ; or nothing."""
        own_weight = np.asarray(self.own_weight, dtype=np.float64)
        if not np.all(own_weight == own_weight.flat[0]) or own_weight.flat[0] <= 0:
            return (
                "closed forms on a network need one positive own weight for all: player by player "
                "thresholds are found for any"
            )
        # Readings that turn around: ω + κt changes its sign at κ = ω / |t|, too.
        for totals, verb in zip(self._totals, ("reads", "is read"), strict=True):
            if totals.min() < 0:
                return (
                    "closed forms on a network need total weights that are not negative, but node "
                    f"number {int(totals.argmin())} {verb} with {totals.min():g} in all: search "
                    "for the switch of first movement instead"
                )
        if self.game.actions != 2:
            return (
                f"closed forms on a network need two actions, not {self.game.actions}: search for "
                "switches instead"
            )
        return ""

    def effects(self, p: float) -> tuple[np.ndarray, np.ndarray]:
        """A(p) and B(p) of every player."""
        game, at_one = self.game, self._at_one
        mixes, centred = np.broadcast_to(np.array([p, 1 - p]), (game.players, 2)), at_one.centred
        own, cross = (
            np.asarray(x[:, 0] - x[:, 1])
            for x in (centred.own_effects(mixes), centred.cross_effects(mixes))
        )
        return own, _sums(np.asarray(at_one.incentives), at_one.owners, game.players) * cross


@knows("thresholds", NetworkFamily)
@in_float64
def known_network_thresholds(family: NetworkFamily) -> Known | Unknown:
    """What is known of the thresholds where all players are alike."""
    if obstacle := family.obstacle():
        return Unknown(obstacle)
    each = {p: family.effects(p) for p in (0.0, 0.5, 1.0)}
    for p, (own, read) in each.items():
        if unlikeness := _unlikeness(p, own, read):
            return Unknown(unlikeness)
    own_weight = float(np.asarray(family.own_weight, dtype=np.float64).flat[0])
    scale = SMALLEST_EFFECT * float(np.max(np.asarray(family.game.payoff_ranges)))

    def threshold(p: float, meaning: str) -> Threshold:
        own, read = (float(x.mean()) for x in each[p])
        return switch_of_effects(own_weight * own, read, scale, family.turn, meaning)

    ends = [threshold(0.0, THRESHOLD_MEANINGS[0]), threshold(1.0, THRESHOLD_MEANINGS[2])]
    if not _is_constant(family._totals[0]):  # with which they read
        ends = [Threshold(None, meaning, UNEVEN) for meaning in THRESHOLD_MEANINGS[::2]]
    neutral = threshold(0.5, THRESHOLD_MEANINGS[1])
    found = Thresholds(ends[0], neutral, ends[1], *_regime(*ends), conditions=ALIKE_CONDITIONS)
    return Known(found, ALIKE_CONDITIONS, THRESHOLD_SOURCE)


def _unlikeness(p: float, own: np.ndarray, read: np.ndarray) -> str:
    """In what players differ where all cooperate with probability p, or nothing."""
    facts = ("their own cooperation pays players", "that their readers cooperate pays players")
    for fact, effects in zip(facts, (own, read), strict=True):
        if not _is_constant(effects):
            low, high = int(effects.argmin()), int(effects.argmax())
            return (
                f"closed forms on a network need players that are alike, but {fact} "
                f"differently, {effects[low]:.4g} (node number {low}) to {effects[high]:.4g} "
                f"(node number {high}) at p = {p:g}: search for switches, or player by player"
            )
    return ""


def _sums(weights: np.ndarray, players: RealArray, count: int) -> np.ndarray:
    """Each player's sum of weights, 0 where they cancel but for rounding."""
    total, size = (np.bincount(players, x, count) for x in (weights, np.abs(weights)))
    return np.where(np.abs(total) <= EQUAL_EFFECTS * size, 0.0, total)


def _is_constant(values: np.ndarray) -> bool:
    return float(np.ptp(values)) <= EQUAL_EFFECTS * float(np.abs(values).max(initial=0.0))


def _regime(defection: Threshold, cooperation: Threshold) -> tuple[Regime, str]:
    """What happens between both ends, where A + κB is linear in p: it is, pair by pair."""
    if defection.value is None or cooperation.value is None:
        return "not classified", "there are no switches at both ends of the diagonal"
    gap = cooperation.value - defection.value
    if abs(gap) <= EQUAL_EFFECTS * max(1.0, abs(cooperation.value)):
        return "one switch", "κ_D = κ_C: everywhere on the diagonal the same threshold"
    if gap > 0:
        between = "κ_D < κ_C: between them"
        return "mixed rest point", f"{between} a mixed rest point attracts along the diagonal"
    return "two basins", "κ_C < κ_D: between them both ends attract along the diagonal"
