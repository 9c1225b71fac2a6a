"""Strategies of repeated games that have a name, and whether they exist at a discount."""

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.numbers import Numbers, Whole, number_within, player_number
from glasshouse.errors import InputError, near_miss
from glasshouse.games.repeated import RepeatedGame

Rows = Float[np.ndarray, "states"]


def strategy(name: str, game: RepeatedGame, **settings: Any) -> Rows:
    """How likely a strategy of that name is to cooperate at the start and after CC, CD, DC, DD.

    Names: "allc", "alld"; "random" (`p`); "tft", tit for tat; "gtft" (`generosity`, the chance of
    forgiving); "wsls", win-stay lose-shift; "grim", which never forgives; "extort" and "generous"
    (`factor` χ, `scale` φ, `start`), which force V_1 - l = χ (V_2 - l) per step on whoever is met,
    l being what mutual defection and mutual cooperation pay; nobody may slip or mistake anything.
    In full they are known too: "tit for tat", "win-stay lose-shift", "always defect".

    **Arguments:** `game`, of two players with two actions; `settings`, those of the name; `player`,
    whose strategy it is where payoffs differ, counted from 0.
    **Raises:** `InputError` for other names and settings, and where the strategy does not exist at
    this discount, with the least at which it does.
    **Source:** Nowak & Sigmund 1993 (wsls), 1992 (gtft); Press & Dyson 2012 and Stewart & Plotkin
    2013 for extortion and generosity; with a discount, Hilbe, Traulsen & Sigmund 2015, eq. 10.

        import glasshouse as gh

        game = gh.games.RepeatedGame(gh.load_game("prisoners_dilemma"), discount=0.96)
        tft, extort = (gh.games.strategy(name, game) for name in ("tft", "extort"))
        print([round(float(v), 2) for v in game.values([extort, tft])])  # [1.28, 1.09]
    """
    if not isinstance(game, RepeatedGame) or game.actions != (2, 2):
        raise InputError("named strategies are of repeated games of two players with two actions")
    known = named_strategy(name)
    if known is None:
        near = near_miss(name, STRATEGIES)
        listed = ", ".join(STRATEGIES)
        raise InputError(f"there is no strategy {name!r:.40}; there are {listed}{near}")
    made, takes = STRATEGIES[known]
    player = player_number(settings.pop("player", 0), 2)
    wrong = sorted(set(settings) - set(takes))
    if wrong:
        allowed = f"it takes {', '.join(takes)}" if takes else "it takes none"
        raise InputError(f"the strategy {name!r} has no setting {wrong[0]!r}: {allowed}")
    return made(game, player, **settings)


def named_strategy(name: str) -> str | None:
    """The short name of a strategy, also of one by its name in full; None where there is none."""
    if name in STRATEGIES:
        return name
    return IN_FULL.get(re.sub(r"[^a-z]", "", name.lower()))


def _rows(*rows: float) -> Callable[..., Rows]:
    return lambda game, player: np.array(rows, dtype=float)


def _random(game: RepeatedGame, player: Whole, p: Numbers = 0.5) -> Rows:
    return np.full(5, float(number_within(p, "p", most=1.0)))


def _generous_tit_for_tat(game: RepeatedGame, player: Whole, generosity: Numbers = 1 / 3) -> Rows:
    forgives = float(number_within(generosity, "generosity", most=1.0))
    return np.array([1.0, 1.0, forgives, 1.0, forgives])


def _zero_determinant(
    game: RepeatedGame,
    player: int,
    *,
    state: int,
    factor: Numbers,
    start: Numbers,
    scale: Numbers | None = None,
) -> Rows:
    """γ p_s + (1-γ) p_start - [own C] = φ ((r_own - l) - χ (r_other - l)) in every state s.

    **Arguments:** `state`, which of CC, CD, DC, DD pays l.
    """
    chi = float(number_within(factor, "factor", 1.0))
    first = float(number_within(start, "start", most=1.0))
    own, other = _payoffs(game, player)
    if own[state] != other[state]:
        raise InputError(
            "extortion and generosity need a game that pays both players the same after mutual "
            "cooperation and after mutual defection"
        )
    if max(float(game.noise), float(game.misperception)) > 0:
        raise InputError("extortion and generosity are of games without noise and misperception")
    enforced = (own - own[state]) - chi * (other - own[state])
    discount = float(game.discount)
    scales = _scales(enforced, discount, first)
    what = f"with factor {chi:g} and start {first:g}"
    if scales is None:
        raise InputError(f"no strategy {what} exists {_from_which(enforced, discount, first)}")
    least, most = scales
    phi = (least + most) / 2 if scale is None else float(number_within(scale, "scale"))
    if not least - STRATEGY_ROUNDING <= phi <= most + STRATEGY_ROUNDING:
        raise InputError(
            f"scale={phi:g} must lie between {least:.6g} and {most:.6g} for a strategy {what} here"
        )
    rows = (COOPERATES + phi * enforced - (1 - discount) * first) / discount
    return np.array([first, *np.clip(rows, 0.0, 1.0)])  # beyond by rounding alone: see `_scales`


COOPERATES = np.array([1.0, 1.0, 0.0, 0.0])
"""Whether one's own action was C, in each state."""

STRATEGY_ROUNDING = 1e-12
"""Within which probabilities may lie outside of [0, 1]."""


def _payoffs(game: RepeatedGame, player: int) -> tuple[np.ndarray, np.ndarray]:
    """What one and the other is paid per step after CC, CD, DC, DD, the own action first."""
    tensor = np.asarray(game.stage.tensor, dtype=float)
    own, other = (x if player == 0 else x.T for x in (tensor[player], tensor[1 - player]))
    return own.ravel(), other.ravel()


def _scales(enforced: np.ndarray, discount: float, first: float) -> tuple[float, float] | None:
    """From which to which φ all probabilities lie in [0, 1]; None where no φ above 0 does it."""
    if discount == 0:
        return None
    fixed = COOPERATES - (1 - discount) * first
    least, most = 0.0, np.inf
    for k, base in zip(enforced, fixed, strict=True):
        low, high = -base, discount - base  # of φ k
        if k == 0:
            if not low - STRATEGY_ROUNDING <= 0 <= high + STRATEGY_ROUNDING:
                return None
            continue
        ends = sorted((low / k, high / k))
        least, most = max(least, ends[0]), min(most, ends[1])
    if not STRATEGY_ROUNDING < most < np.inf or least > most + STRATEGY_ROUNDING:
        return None
    return float(min(least, most)), float(most)


def _from_which(enforced: np.ndarray, discount: float, first: float) -> str:
    """At which discounts there is a strategy, in words."""
    low, high = discount, 1 - 1e-12
    if _scales(enforced, high, first) is None:
        return "here at any discount"
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (low, middle) if _scales(enforced, middle, first) else (middle, high)
    return f"at discount {discount:g}: it needs one of at least {high:.6g}"


_extort = functools.partial(_zero_determinant, state=3, factor=3.0, start=0.0)
_generous = functools.partial(_zero_determinant, state=0, factor=2.0, start=1.0)
ENFORCING = ("factor", "scale", "start")

STRATEGIES: Mapping[str, tuple[Callable[..., Rows], tuple[str, ...]]] = {
    "allc": (_rows(1, 1, 1, 1, 1), ()),
    "alld": (_rows(0, 0, 0, 0, 0), ()),
    "tft": (_rows(1, 1, 0, 1, 0), ()),
    "gtft": (_generous_tit_for_tat, ("generosity",)),
    "wsls": (_rows(1, 1, 0, 0, 1), ()),
    "grim": (_rows(1, 1, 0, 0, 0), ()),
    "random": (_random, ("p",)),
    "extort": (
        functools.partial(_zero_determinant, state=3, factor=3.0, start=0.0),
        ("factor", "scale", "start"),
    ),
    "generous": (
        functools.partial(_zero_determinant, state=0, factor=2.0, start=1.0),
        ("factor", "scale", "start"),
    ),
}
"""How each is made, and what it takes."""

IN_FULL = {
    "alwayscooperate": "allc",
    "alwaysdefect": "alld",
    "titfortat": "tft",
    "generoustitfortat": "gtft",
    "winstayloseshift": "wsls",
    "pavlov": "wsls",
    "grimtrigger": "grim",
}
"""Their names in full, in small letters alone."""
