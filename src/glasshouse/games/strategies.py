"""Strategies of repeated games that have a name, and whether they exist at a discount."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.numbers import Numbers, Whole, number_within, player_number
from glasshouse.errors import InputError
from glasshouse.games.repeated import RepeatedGame

Rows = Float[np.ndarray, "states"]

STATES = "start, CC, CD, DC, DD"
"""The rows of a behaviour with two players and two actions, the own action first."""


def strategy(name: str, game: RepeatedGame, **settings: Any) -> Rows:
    """How likely a strategy of that name is to cooperate at the start and after CC, CD, DC, DD.

    Names: "allc", "alld"; "random" (`p`); "tft", tit for tat; "gtft" (`generosity`, the chance of
    forgiving); "wsls", win-stay lose-shift; "grim", which never forgives; "extort" and "generous"
    (`factor` χ, `scale` φ, `start`), which force V_1 - l = χ (V_2 - l) on whoever is met, l being
    what mutual defection and mutual cooperation pay.

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
    if name not in STRATEGIES:
        raise InputError(f"there is no strategy {name!r:.40}; there are {', '.join(STRATEGIES)}")
    made, takes = STRATEGIES[name]
    player = player_number(settings.pop("player", 0), 2)
    wrong = sorted(set(settings) - set(takes))
    if wrong:
        allowed = f"it takes {', '.join(takes)}" if takes else "it takes none"
        raise InputError(f"the strategy {name!r} has no setting {wrong[0]!r}: {allowed}")
    return made(game, player, **settings)


def _rows(*rows: float) -> Callable[..., Rows]:
    return lambda game, player: np.array(rows, dtype=float)


def _random(game: RepeatedGame, player: Whole, p: Numbers = 0.5) -> Rows:
    return np.full(5, float(number_within(p, "p", most=1.0)))


def _generous_tit_for_tat(game: RepeatedGame, player: Whole, generosity: Numbers = 1 / 3) -> Rows:
    forgives = float(number_within(generosity, "generosity", most=1.0))
    return np.array([1.0, 1.0, forgives, 1.0, forgives])


def _extort(
    game: RepeatedGame,
    player: int,
    factor: Numbers = 3.0,
    scale: Numbers | None = None,
    start: Numbers = 0.0,
) -> Rows:
    return _zero_determinant(game, player, 3, factor, scale, start)


def _generous(
    game: RepeatedGame,
    player: int,
    factor: Numbers = 2.0,
    scale: Numbers | None = None,
    start: Numbers = 1.0,
) -> Rows:
    return _zero_determinant(game, player, 0, factor, scale, start)


def _zero_determinant(
    game: RepeatedGame,
    player: int,
    state: int,
    factor: Numbers,
    scale: Numbers | None,
    start: Numbers,
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
    enforced = (own - own[state]) - chi * (other - own[state])
    discount = float(game.discount)
    most = _largest_scale(enforced, discount, first)
    phi = most / 2 if scale is None else float(number_within(scale, "scale"))
    if not 0 < phi <= most:
        raise InputError(_missing(enforced, discount, first, chi, phi, most))
    rows = (COOPERATES + phi * enforced - (1 - discount) * first) / discount
    return np.array([first, *np.clip(rows, 0.0, 1.0)])  # beyond by rounding alone


COOPERATES = np.array([1.0, 1.0, 0.0, 0.0])
"""Whether one's own action was C, in each state."""

STRATEGY_ROUNDING = 1e-12
"""Within which probabilities may lie outside of [0, 1]."""


def _payoffs(game: RepeatedGame, player: int) -> tuple[np.ndarray, np.ndarray]:
    """What one and the other is paid per step after CC, CD, DC, DD, the own action first."""
    tensor = np.asarray(game.stage.tensor, dtype=float)
    own, other = tensor[player], tensor[1 - player]
    return tuple((x if player == 0 else x.T).ravel() for x in (own, other))  # type: ignore[return-value]


def _largest_scale(enforced: np.ndarray, discount: float, first: float) -> float:
    """The largest φ whose probabilities all lie in [0, 1]; 0 where there is none above 0."""
    if discount == 0:
        return 0.0
    fixed = COOPERATES - (1 - discount) * first
    least, most = 0.0, np.inf
    for k, base in zip(enforced, fixed, strict=True):
        low, high = -base, discount - base  # of φ k
        if k == 0:
            if not low - STRATEGY_ROUNDING <= 0 <= high + STRATEGY_ROUNDING:
                return 0.0
            continue
        ends = sorted((low / k, high / k))
        least, most = max(least, ends[0]), min(most, ends[1])
    return float(most) if most >= least - STRATEGY_ROUNDING and most > STRATEGY_ROUNDING else 0.0


def _missing(
    enforced: np.ndarray, discount: float, first: float, chi: float, phi: float, most: float
) -> str:
    if most > 0:
        return f"scale={phi:g} must be above 0 and at most {most:.6g} for factor {chi:g} here"
    low, high = discount, 1 - 1e-12
    if _largest_scale(enforced, high, first) == 0:
        return f"no strategy with factor {chi:g} and start {first:g} exists here at any discount"
    while high - low > 1e-9:
        middle = (low + high) / 2
        if _largest_scale(enforced, middle, first) > 0:
            high = middle
        else:
            low = middle
    return (
        f"no strategy with factor {chi:g} and start {first:g} exists at discount {discount:g}: "
        f"it needs one of at least {high:.6g}"
    )


STRATEGIES: Mapping[str, tuple[Callable[..., Rows], tuple[str, ...]]] = {
    "allc": (_rows(1, 1, 1, 1, 1), ()),
    "alld": (_rows(0, 0, 0, 0, 0), ()),
    "tft": (_rows(1, 1, 0, 1, 0), ()),
    "gtft": (_generous_tit_for_tat, ("generosity",)),
    "wsls": (_rows(1, 1, 0, 0, 1), ()),
    "grim": (_rows(1, 1, 0, 0, 0), ()),
    "random": (_random, ("p",)),
    "extort": (_extort, ("factor", "scale", "start")),
    "generous": (_generous, ("factor", "scale", "start")),
}
"""How each is made, and what it takes."""
