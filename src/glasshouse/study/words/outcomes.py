"""Where learning ends, in words."""

import math
from typing import Any

import numpy as np

from glasshouse.parametric.observable import Observable
from glasshouse.study.computed import Computed
from glasshouse.study.words.names import acts_called, axis_name, players_called, points_words

FEWEST_COOPERATE = 0.5
"""Learners are said to end in an outcome where at least so many of the runs do."""

LEAST_EXPLOITED = 1e-12
"""Where any run ends so, it is said in how many."""

SELDOM_EXPLOITED = 0.02
"""Who is exploited in a smaller share of the runs in which anybody is, is not spoken of."""

FEWEST_EXPLOIT = 0.05
"""They are said to exploit where at least so many of the runs end so: a single run may."""


def outcome_claims(result: Computed) -> list[str]:
    """Where learning ends, point by point; nothing where that was not asked."""
    if result.learned is None:
        return []
    tied = " with tied parameters" if result.prepared.study.learning.tied else ""
    if result.observable is not None:
        return [f"Outcome{tied} ({result.learned}): {_observed(result, result.observable)}."]
    everyone = "both" if result.prepared.base.game.players == 2 else "all"
    above = f"({likely_words(result)} above ½)"
    parts = []
    for column, least, holds, fails in (
        (
            "cooperation_share",
            FEWEST_COOPERATE,
            f"{everyone} cooperate {above} in at least half of the runs",
            f"at no point studied do {everyone} cooperate {above} in half of the runs",
        ),
        ("defection_share", FEWEST_COOPERATE, "nobody does in at least half of the runs", ""),
        (
            "exploitation_share",
            LEAST_EXPLOITED,
            "some exploit others in at least one run",
            "in no run does one end above ½ and another not",
        ),
    ):
        points = holding(result, column, least)
        if any(points):
            parts.append(f"{holds} {points_words(result, points)}")
        elif fails:
            parts.append(fails)
    return [f"Outcome{tied} ({result.learned}): {'; '.join([*parts, *_lost(result)])}."]


def holding(result: Computed, column: str, least: float) -> list[bool]:
    """At which points of the sweep a share is that large."""
    return (result.column(column) >= least).tolist()


def exploited(result: Computed) -> dict[str, float]:
    """By name, in what share of all runs in which some exploit others a player is exploited."""
    some = np.nansum(result.column("exploitation_share").astype(float))
    if not some > 0:
        return {}
    found = {}
    for k, name in enumerate(players_called(result), start=1):
        column = result.column(f"exploited_share_player_{k}").astype(float)
        found[name] = float(np.nansum(column) / some)
    return found


def always_exploited(result: Computed) -> str:
    """The only player who is exploited, but for a few runs; nothing where several are."""
    shares = exploited(result)
    often = [name for name, share in shares.items() if share > SELDOM_EXPLOITED]
    return often[0] if len(often) == 1 and shares[often[0]] >= 1 - SELDOM_EXPLOITED else ""


def seldom_exploits(result: Computed) -> str:
    """In how many runs at most some exploit others; nothing where none do at any point."""
    shares = result.column("exploitation_share").astype(float)
    if not (shares > 0).any():
        return ""
    runs = result.prepared.base.learning.starts.runs
    return f"in at most {100 * np.nanmax(shares):.2g}% of {runs} runs"


def _observed(result: Computed, seen: Observable) -> str:
    """Where the mean of an observable is highest and lowest, and what it is at the ends."""
    means = result.column("observed_mean").astype(float)
    if not np.isfinite(means).any():
        return "no run ended"
    said = f"mean {seen.words} over runs{_everybody(seen)}"
    if len(means) == 1:
        each = result.base.generic and result.base.generic.observed
        parts = [f"{said} {means[0]:.4g}"]
        if each and len(each.players) > 1:
            named = zip(players_called(result), each.players, strict=True)
            parts.append(", ".join(f"{who} {x:.4g}" for who, x in named))
        return "; ".join([*parts, *_lost(result)])
    rows = result.rows()
    ends = {"lowest": int(np.nanargmin(means)), "highest": int(np.nanargmax(means))}
    shown = [
        f"{name} {means[k]:.4g} at "
        + ", ".join(f"{axis_name(axis.key)} {rows[k][axis.key]:g}" for axis in result.axes)
        for name, k in ends.items()
    ]
    if math.isclose(*(means[k] for k in ends.values()), rel_tol=1e-9, abs_tol=1e-12):
        shown = [f"{means[0]:.4g} at every point studied"]
    return "; ".join([f"{said}: {', '.join(shown)}", *_lost(result)])


def _everybody(seen: Observable) -> str:
    return "" if seen.summed or len(seen.players) == 1 else " and players"


def _lost(result: Computed) -> list[str]:
    lost = sum(int(n) for n in result.column("not_finite") if n is not None)
    return [f"{lost} runs left the reals and are not counted"] if lost else []


def likely_words(result: Computed) -> str:
    """Of what one half is the border: "probability", or of what where the action has a name."""
    rate, said = "discounted rate" if result.repeated else "probability", acts_called(result)
    return rate if said == "cooperating" else f"{rate} of {said}"


def least_and_most(values: Any) -> tuple[float, float] | None:
    """The ends of what is known of some numbers; None where nothing is."""
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    return (float(known.min()), float(known.max())) if len(known) else None


def counted(result: Computed) -> str:
    """At how many points learners end in cooperation; of one point what they end in, or how they
    set out where that was not asked; else how many points there are."""
    count, seen = result.table.num_rows, result.observable
    if seen is not None and result.learned is not None:
        ends = least_and_most(result.column("observed_mean"))
        if ends is None:
            return "no run ended"
        return f"mean {seen.words} " + " to ".join(dict.fromkeys(f"{x:.4g}" for x in ends))
    everyone = "both" if result.prepared.base.game.players == 2 else "all"
    if result.learned is None:
        if count > 1:
            return f"{count} points"
        what = "mean cooperation" if seen is None else seen.words
        if result.untold:
            return "first movement is not known"
        return f"from the neutral start {what} {result.column('first_movement')[0]}"
    if count == 1:
        names = {"cooperation": f"{everyone} end in cooperation", "exploitation": "some exploit "
                 "others", "defection": "nobody cooperates"}  # fmt: skip
        shares = {name: float(result.column(f"{name}_share")[0]) for name in names}
        first, *others = sorted((n for n in names if shares[n] > 0), key=lambda n: -shares[n]) or [
            ""
        ]
        if not first:
            return "no run ended"
        more = [f"{names[name]} in {100 * shares[name]:.3g}%" for name in others]
        return ", ".join([f"{names[first]} in {100 * shares[first]:.3g}% of the runs", *more])
    half = sum(holding(result, "cooperation_share", FEWEST_COOPERATE))
    return f"{everyone} end in cooperation in half of the runs at {half} of {count} points"
