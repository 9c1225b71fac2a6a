"""What partial access does to the threshold of first movement, in closed form."""

import dataclasses
import itertools
import math
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import jax
import numpy as np
import wadler_lindig as wl

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Numbers, number_within
from glasshouse._foundation.results import Result, pretty
from glasshouse.channels.base import AbstractChannel
from glasshouse.channels.full import Full
from glasshouse.channels.misreport import Decoupled, Misreport
from glasshouse.channels.partial import Mask, OneSided
from glasshouse.channels.uncertain import MOST_NOISY, Noisy, Probabilistic
from glasshouse.games.normal_form import NormalFormGame, check_normal_form
from glasshouse.semantics.linear import Linear
from glasshouse.theory.registry import Known, Unknown, known, knows, value_of
from glasshouse.theory.symmetric import (
    SMALLEST_EFFECT,
    THRESHOLD_MEANINGS,
    THRESHOLD_SOURCE,
    Threshold,
    diagonal_effects,
    lowest_coupling,
)

ACCESS_MEANING = THRESHOLD_MEANINGS[1]

ACCESS_CONDITIONS = (
    "first movement at the neutral start; symmetric game with two actions each; logistic or linear "
    "semantics, own weight 1, one coupling for everybody who reads"
)

WITHOUT_THRESHOLD = {
    "quantised": (
        "what is shown does not change with small changes of what is played, so that the "
        "same-time cross gradient is zero and learning never feels being read; a straight-through "
        "estimate would invent a gradient that is not there"
    ),
    "delayed": (
        "what is shown now was chosen before, so that the same-time cross gradient is zero and "
        "learning never feels being read"
    ),
}
"""Kinds of access without a first-order threshold, and why."""


class Rise(NamedTuple):
    """Mean cooperation starts to rise where `constant` + `linear` κ + `quadratic` κ² > 0.

    **Arguments:** `lowest`: this decides at couplings above it, or from 0 on where it is 0;
    `formula`, of the coupling where the sign changes, κ* being the one under full access; `note`,
    what else it needs.
    """

    constant: float
    linear: float
    quadratic: float
    lowest: float
    formula: str
    note: str = ""

    def __call__(self, coupling: float) -> float:
        return self.constant + coupling * (self.linear + coupling * self.quadratic)

    @property
    def roots(self) -> tuple[float, ...]:
        """Where the sign may change above `lowest`, or at 0."""
        a, b, c = self.quadratic, self.linear, self.constant
        if a == 0:
            found = () if b == 0 else (-c / b,)
        elif b * b < 4 * a * c:
            found = ()
        else:
            q = -0.5 * (b + math.copysign(math.sqrt(b * b - 4 * a * c), b))
            found = (q / a, c / q if q else 0.0)
        start = self.lowest
        return tuple(sorted({x + 0.0 for x in found if x > start or x == start == 0}))


class Effects(NamedTuple):
    """A and B at p = ½, in a unit in which the larger of them is 1; `others` than one player."""

    own: float
    other: float
    others: int


class Access(NamedTuple):
    """What first movement under a channel depends on, of a symmetric game with two actions each.

    **Arguments:** `channel`; `effects` of the game; `direction` of the linear semantics, else None.
    """

    channel: Any
    effects: Effects
    direction: np.ndarray | None = None


@dataclasses.dataclass(frozen=True, repr=False)
class AccessThreshold(Evidenced):
    """The threshold of first movement under one kind of access.

    **Arguments:** `access`, in words; `threshold`; `formula`, κ* being the threshold under full
    access; `method`, `conditions`.
    """

    access: str
    threshold: Threshold
    formula: str
    method: str
    conditions: str


@dataclasses.dataclass(frozen=True, repr=False)
class AccessThresholds(Result):
    """Thresholds of first movement under all kinds of access, to be compared.

    **Arguments:** `title` of the game; `kinds`, full access first. Where learning ends, and what is
    an equilibrium, are other questions.
    """

    title: str
    kinds: tuple[AccessThreshold, ...]

    ROWS = "kinds"
    HEADINGS: ClassVar = {
        "access": "access",
        "threshold_value": "first movement",
        "formula": "formula",
    }

    def __pdoc__(self, **settings: Any) -> wl.AbstractDoc:
        if settings.get("depth"):
            return wl.TextDoc(f"AccessThresholds(title={self.title!r}, {len(self.kinds)} kinds)")
        lines = [f"AccessThresholds: {self.title}, first movement at the neutral start"]
        width = max(len(kind.access) for kind in self.kinds)
        for kind in self.kinds:
            value = kind.threshold.value
            said = "none" if value is None else wl.pformat(pretty(value), width=80)
            why = kind.formula if value is not None else kind.threshold.reason.partition(",")[0]
            lines.append(f"  {kind.access:<{width}}  {said:>9}  {why}".rstrip())
        return wl.TextDoc("\n".join(lines))


def access_threshold(
    channel: AbstractChannel, game: NormalFormGame, direction: Numbers | None = None
) -> Threshold:
    """From which coupling on mean cooperation rises from the neutral start, under this access.

    Definition: κ* = -A/B being the threshold under full access and N = n - 1: seen with probability
    λ, κ*/λ; noise in the logit, κ*; a share f of coordinates visible, f κ (1 + N (κ - κ*)) = κ*;
    misreports, κ (1 + N (2κ - κ*)) = κ*; free reports, N κ² = κ*; r readers alone,
    r κ (1 - N κ*) + r (1 + r (n - 2)) κ²/N = n κ*. The quadratic ones are about couplings from 0.

    **Arguments:** `channel`; `game`, symmetric with two actions each; `direction`, for a `Mask` of
    several coordinates the w of the `Linear` semantics: f is the visible share of |w|².
    **Returns:** a `Threshold`, its `reason` given where there is no value.
    **Raises:** `InputError` for any other game, a channel without a closed form, a direction that
    is not finite or zero, and a mask that does not fit it.
    """
    game = check_normal_form(game, "thresholds needs")
    return switch_of(value_of(rise_under(channel, game, direction)))


def access_thresholds(
    game: NormalFormGame, *, probability: Numbers = 0.7, share: Numbers = 0.5
) -> AccessThresholds:
    """Thresholds of first movement under all kinds of access, in closed form.

    **Arguments:** `game`, symmetric with two actions each; `probability` λ of being seen; `share` f
    of the coordinates that is visible, all of them weighing the same. Neither the scale of noise
    nor the budget of misreports matters where learning starts.
    **Returns:** an `AccessThresholds`, to be printed.
    **Raises:** `InputError` for any other game, λ or f outside [0, 1].
    """
    visible = float(np.asarray(number_within(share, "share", most=1.0)))
    game = check_normal_form(game, "thresholds needs")
    effects = value_of(_effects(game))
    each = [Full(), OneSided((0,)), Probabilistic(probability), Noisy(1.0)]
    each += [Misreport(1.0), Decoupled()]
    rises = [(x.words, value_of(known("access", Access(x, effects)))) for x in each]
    rises[4] = ("reports off by a learned offset", rises[4][1])
    words = f"a share of {visible:g} of the coordinates visible"
    rises.insert(3, (words, _masked(visible, effects)))
    kinds = [
        AccessThreshold(words, switch_of(rise), rise.formula, "closed form", conditions(rise))
        for words, rise in rises
    ]
    for kind, reason in WITHOUT_THRESHOLD.items():
        none = Threshold(None, ACCESS_MEANING, f"no first-order threshold, {reason}")
        kinds.append(AccessThreshold(f"{kind} access", none, "", "closed form", ACCESS_CONDITIONS))
    return AccessThresholds(game.title, tuple(kinds))


def rise_under(
    channel: AbstractChannel, game: NormalFormGame, direction: Numbers | None = None
) -> Known | Unknown:
    """What is known of when cooperation rises from the neutral start under a channel: a `Rise`."""
    effects = _effects(game)
    if isinstance(effects, Unknown):
        return effects
    if direction is not None:  # one that the linear semantics accepts
        direction = np.asarray(Linear((2, 2), 0.0, direction).direction)
    return known("access", Access(channel, effects.value, direction))


def lowest_searched(channel: AbstractChannel, players: int) -> float:
    """From which coupling on switches are searched: with others a second one lies below 0."""
    return 0.9 * lowest_coupling(players) if channel.has_one_switch else 0.0


def conditions(rise: Rise) -> str:
    """What a threshold needs."""
    most = "couplings from 0 on" if rise.lowest == 0 else f"couplings above {rise.lowest:.6g}"
    note = f"; {rise.note}" if rise.note else ""
    return f"{ACCESS_CONDITIONS}; {most}{note}"


def switch_of(
    rise: Rise, noun: str = "coupling", as_number: Callable[[float], float] = float
) -> Threshold:
    """Where the sign turns to plus, or why it does not; it changes at most once.

    **Arguments:** `noun`, what is varied, which `as_number` computes from a coupling.
    """
    if not all(map(math.isfinite, rise[:4])):
        return Threshold(None, ACCESS_MEANING, "payoffs overflow: rescale them")
    start = "from 0 on" if rise.lowest == 0 else f"above {as_number(rise.lowest):.6g}"
    ends = [rise.lowest, *rise.roots]
    ends = [*ends, ends[-1] + 2.0]
    signs = [rise((a + b) / 2) for a, b in itertools.pairwise(ends) if b > a]
    if len(signs) == 2 and signs[0] < 0 < signs[1]:
        return Threshold(as_number(rise.roots[-1]), ACCESS_MEANING)
    if len(signs) == 2:
        below = as_number(rise.roots[-1])
        reason = f"others' cooperation hurts here: the inequality reverses, below {below:.6g}"
    elif signs[0] > 0 and rise.constant == 0:
        return Threshold(as_number(0.0), ACCESS_MEANING)
    elif rise.linear == rise.quadratic == 0:
        when = "undecided" if rise.constant == 0 else "at every" if rise.constant > 0 else "at no"
        reason = f"{when} {noun}: being read changes nothing here"
    else:
        reason = f"holds at every {noun} {start}" if signs[0] > 0 else f"at no {noun} {start}"
    return Threshold(None, ACCESS_MEANING, reason)


def _effects(game: NormalFormGame) -> Known | Unknown:
    """A(½) and B(½) of a game that has closed forms."""
    found = known("thresholds", game)
    if isinstance(found, Unknown):
        return found
    tensor = np.asarray(game.tensor)
    own, other = diagonal_effects(tensor, 0.5)
    unit, smallest = max(abs(own), abs(other)), SMALLEST_EFFECT * float(np.ptp(tensor))
    own, other = (x / unit if abs(x) > smallest else 0.0 for x in (own, other))
    return Known(Effects(own, other, game.players - 1), ACCESS_CONDITIONS, THRESHOLD_SOURCE)


@knows("access", Access)
def _(access: Access) -> Known | Unknown:
    """Any other channel than those below."""
    return Unknown(f"no closed form is known for access by {type(access.channel).__name__}")


@knows("access", Access, channel=Full)
def _(access: Access) -> Known | Unknown:
    return _found(_rise_of_read(1.0, access.effects, "κ*"))


@knows("access", Access, channel=Probabilistic)
def _(access: Access) -> Known | Unknown:
    seen = float(np.asarray(access.channel.probability))
    return _found(_rise_of_read(seen, access.effects, "κ*/λ"))


@knows("access", Access, channel=Noisy)
def _(access: Access) -> Known | Unknown:
    coordinates = 1 if access.direction is None else np.size(access.direction)
    integrated = access.effects.others * coordinates <= MOST_NOISY
    note = "" if integrated else "noise that is integrated: draws in its place move this a little"
    return _found(_rise_of_read(1.0, access.effects, "κ*")._replace(note=note))


@knows("access", Access, channel=OneSided)
def _(access: Access) -> Known | Unknown:
    """Σ_i (1 + k_i)(A + k_i B/N) > 0, player i being read with k_i = κ times its readers."""
    A, B, N = access.effects
    who = access.channel.readers
    readers, players = len(who), N + 1
    if readers == players:
        return _found(_rise_of_read(1.0, access.effects, "κ*"))
    if max(who, default=0) >= players:
        return Unknown(
            f"readers names player {max(who)}, but players are counted from 0 to {players - 1}"
        )
    squares = readers * (1 + readers * (players - 2))
    formula = f"{_times(readers)}κ (1 - {_times(N)}κ*) + {_times(squares / N)}κ² = {players}κ*"
    if players == 2:
        formula = "κ (1 + κ - κ*) = 2κ*"
    return _found(Rise(players * A, readers * (B + N * A), squares * B / N, 0.0, formula))


@knows("access", Access, channel=Mask)
def _(access: Access) -> Known | Unknown:
    share = _visible_share(access.channel, access.effects.others + 1, access.direction)
    return share if isinstance(share, Unknown) else _found(_masked(share, access.effects))


@knows("access", Access, channel=Misreport)
def _(access: Access) -> Known | Unknown:
    A, B, N = access.effects
    formula = f"κ (1 + {_times(N, '(2κ - κ*)', '2κ - κ*')}) = κ*"
    note = "as long as no offset has reached the budget, which a small one soon has"
    return _found(Rise(A, B + N * A, 2 * N * B, 0.0, formula, note))


@knows("access", Access, channel=Decoupled)
def _(access: Access) -> Known | Unknown:
    A, B, N = access.effects
    return _found(Rise(A, 0.0, N * B, 0.0, "√κ*" if N == 1 else f"√(κ*/{N})"))


def _found(rise: Rise) -> Known:
    return Known(rise, conditions(rise), THRESHOLD_SOURCE)


def _rise_of_read(seen: float, effects: Effects, formula: str) -> Rise:
    """A + seen κ B, where the factor 1 + N seen κ is positive."""
    A, B, N = effects
    if not seen:
        return Rise(A, 0.0, 0.0, 0.0, "")
    return Rise(A, seen * B, 0.0, lowest_coupling(N + 1) / seen, formula)


def _masked(share: float, effects: Effects) -> Rise:
    A, B, N = effects
    if share == 1:
        return _rise_of_read(1.0, effects, "κ*")
    formula = f"{share:.3g} κ (1 + {_times(N, '(κ - κ*)', 'κ - κ*')}) = κ*"
    return Rise(A, share * (B + N * A), share * N * B, 0.0, formula if share else "")


def _visible_share(channel: Mask, players: int, direction: np.ndarray | None) -> float | Unknown:
    """How much of |w|² readers see, on average over owners."""
    sizes = np.abs(np.asarray(1.0 if direction is None else direction, dtype=np.float64))
    weights = (sizes / sizes.max()) ** 2  # which cannot overflow
    visible = channel.visible
    masks = visible if isinstance(visible, tuple) else (visible,) * players
    leaves = [jax.tree.leaves(mask) for mask in masks]
    if len(masks) != players or any([x.shape for x in own] != [weights.shape] for own in leaves):
        return Unknown(
            f"the closed form under a mask needs one for all players or for each of {players}, "
            f"with an entry for each of the {weights.size} coordinates of the direction"
        )
    return float(np.mean([np.sum(weights[own[0]]) for own in leaves]) / np.sum(weights))


def _times(count: int | float, factor: str = "", alone: str = "") -> str:
    """`count` times a factor in a formula; nothing before it where that is 1."""
    return (alone or factor) if count == 1 else f"{count:.6g} {factor}"
