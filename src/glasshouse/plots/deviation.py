"""What one player would be paid if it alone changed its parameter."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree
from matplotlib.axes import Axes

from glasshouse._foundation.digits import exactly, gain_ends
from glasshouse._foundation.numbers import Whole, player_number, whole
from glasshouse._foundation.precision import in_float64
from glasshouse.analysis.equilibrium.deviations import (
    GAIN_ROUNDING,
    best_deviation,
    deviation_curve,
)
from glasshouse.certificates.certificate import Certificate, GainBounds
from glasshouse.dynamics.batch import batch_map
from glasshouse.dynamics.doors import check_params
from glasshouse.errors import InputError
from glasshouse.parametric import ParametricGame, Params
from glasshouse.plots._layout import arrange, new_figure
from glasshouse.plots._names import name_in_figure
from glasshouse.plots._palette import BLACK, BLUE, GREEN, ORANGE, TEXT

LEAST_SHOWN_BEYOND = 3.0
"""Parameters shown beyond the profile and the deviation where there is no bound, at least."""


def plot_deviation_curve(
    game: ParametricGame,
    params: Params,
    player: Whole = 0,
    *,
    points: Whole = 401,
    certificate: Certificate | None = None,
    ax: Axes | None = None,
    names: Sequence[str] = (),
) -> Axes:
    """A player's payoff against its own parameter, all other parameters staying at `params`.

    Marked are the best deviation that a search finds or, with a certificate, the deviation that it
    exhibits and the bounds that it proves for the best gain. Where the box is unbounded, the
    curve is drawn over the `curve_window`.

    **Arguments:** `player`, counted from 0, with one parameter, bounded unless there is a
    certificate; `points`, at how many the curve is evaluated; `certificate`, of the same profile
    at one coupling; `ax`, drawn into and returned, by default the axes of a new figure 4.8 inches
    wide that is not registered with pyplot; `names`, what players are called, default "player 1", …
    **Raises:** `InputError` as in `deviation_curve`, for fewer than two points, or a certificate of
    another profile.
    """
    points, player = whole(points, "points", least=2), player_number(player, len(game.spaces))
    _refuse_several(game, player)  # before a search over several parameters starts
    deviation = (
        _searched(game, params, player)
        if certificate is None
        else _proved(params, player, certificate)
    )
    now = _number(params[player])
    low, high = curve_window(game, params, player, certificate)
    grid = np.unique([*np.linspace(low, high, points), now, deviation.at])
    payoffs = _payoffs(game, params, player, grid)
    if ax is None:
        ax = new_figure((4.8, 4.0)).subplots()
    name, symbol = name_in_figure(player, names), f"\\theta_{{{player + 1}}}"
    ax.plot(grid, payoffs, color=BLUE, lw=1.6, label=f"payoff of {name}{_staying(params, player)}")
    height = {t: float(payoffs[np.searchsorted(grid, t)]) for t in (now, deviation.at)}
    here = f"now: ${symbol}$ = {now:.3g}, paid {height[now]:.4g}{deviation.none}"
    ax.plot(now, height[now], "o", mfc="white", mec=BLACK, mew=1.3, ms=7, label=here, zorder=4)
    _mark(ax, deviation, height, now, symbol)
    ax.set_xlabel(f"parameter of {name}, ${symbol}$", fontsize=TEXT)
    ax.set_ylabel(f"expected payoff $U_{{{player + 1}}}$", fontsize=TEXT)
    ax.set_title(f"What {name} would be paid if it alone changed ${symbol}$", fontsize=TEXT + 0.5)
    ax.tick_params(labelsize=TEXT)
    ax.spines[["top", "right"]].set_visible(False)
    arrange(ax)
    return ax


def curve_window(
    game: ParametricGame, params: Params, player: int, certificate: Certificate | None = None
) -> tuple[float, float]:
    """From where to where a deviation curve is drawn: the player's box.

    Where the box is unbounded, half the distance between the profile and the certificate's
    deviation is added to both, 3 at least.
    """
    box, now = game.spaces[player], _number(params[player])
    there = now if certificate is None else certificate.gains[player].witness[0]
    margin = max(LEAST_SHOWN_BEYOND, 0.5 * abs(there - now))
    low, high = _number(box.lower), _number(box.upper)
    low = low if math.isfinite(low) else min(now, there) - margin
    high = high if math.isfinite(high) else max(now, there) + margin
    return low, high


class _Shown(NamedTuple):
    """What to mark: a deviation `at` and its label where one gains, `none` where none does.

    **Arguments:** `bounds`, of the best gain, and `verdict` on them in words, where proved.
    """

    at: float
    label: str
    none: str
    bounds: tuple[float, float] | None
    verdict: str


def _searched(game: ParametricGame, params: Params, player: int) -> _Shown:
    best = best_deviation(game, params, player)
    there = _number(best.best)
    if best.gain <= GAIN_ROUNDING * float(game.game.payoff_ranges[player]):
        return _Shown(there, "", "; no deviation found that pays more", None, "")
    label = f"best deviation ({best.method}): {{}} = {there:.4g}, gain {best.gain:.4g}"
    return _Shown(there, label, "", None, "")


def _proved(params: Params, player: int, certificate: Certificate) -> _Shown:
    profile = tuple(
        tuple(float(x) for leaf in jax.tree.leaves(own) for x in np.ravel(leaf)) for own in params
    )
    if not 0 <= player < len(profile):
        raise InputError(f"there is no player {player}: choose 0 to {len(profile) - 1}")
    if certificate.params != profile or certificate.couplings is not None:
        raise InputError(
            "the certificate is about another profile, or about several couplings: certify "
            f"params={profile} in this game"
        )
    gain = certificate.gains[player]
    low, high = gain_ends(gain.lower, gain.upper)
    if gain.witness_gain <= 0:
        most = f"more than {high}" if gain.upper else "anything"
        verdict = f"proved: no deviation gains {most}" if gain.upper < math.inf else "not decided"
        return _Shown(gain.witness[0], "", "", (gain.lower, gain.upper), verdict)
    label = f"{_kind(gain)}: {{}} = {gain.witness[0]:.4g}"
    verdict = f"best gain proved between {low} and {high}:\n{_verdict(gain, certificate.epsilon)}"
    return _Shown(gain.witness[0], label, "", (gain.lower, gain.upper), verdict)


def _kind(gain: GainBounds) -> str:
    if gain.best == gain.witness:
        return "best deviation found"
    end = "\\infty" if gain.best[0] > 0 else "-\\infty"
    return f"a deviation that gains (more towards ${end}$)"


def _verdict(gain: GainBounds, epsilon: float) -> str:
    least = f"ε = {exactly(epsilon)}"
    if gain.witness_gain > epsilon:
        return f"refuted: more than {least}"
    return f"not above {least}" if gain.upper <= epsilon else f"not decided: {least} lies between"


def _mark(ax: Axes, shown: _Shown, height: dict[float, float], now: float, symbol: str) -> None:
    """The deviation, and as a band how much more the best one is paid at least and at most."""
    paid, there = height[now], shown.at
    if shown.label:
        ax.axhline(paid, color=BLACK, lw=0.8, ls=":", zorder=1)
        ax.plot([there, there], [paid, height[there]], color=ORANGE, lw=1.2, zorder=2)
        label = shown.label.format(f"${symbol}$")
        ax.plot(there, height[there], "D", color=ORANGE, ms=6.5, label=label, zorder=4)
    if shown.bounds is not None:
        lower, upper = (paid + gain for gain in shown.bounds)
        colour = ORANGE if shown.label else GREEN
        ax.axhline(lower, color=colour, lw=1.2, ls="--", zorder=1, label=shown.verdict)
        if lower < upper < math.inf:
            ax.axhspan(lower, upper, color=colour, alpha=0.2, lw=0, zorder=0)


def _payoffs(
    game: ParametricGame, params: Params, player: int, grid: np.ndarray
) -> Float[np.ndarray, "points"]:
    box = game.spaces[player]
    if math.isfinite(_number(box.lower)) and math.isfinite(_number(box.upper)):
        return deviation_curve(game, params, player, grid)
    return _unbounded_curve(game, params, player, grid)


@in_float64
def _unbounded_curve(
    game: ParametricGame, params: Params, player: int, grid: np.ndarray
) -> Float[np.ndarray, "points"]:
    """`deviation_curve` where there is no bound to keep to."""
    return batch_map(_payoff_at, grid, game, check_params(game, params), player)


def _payoff_at(t: Array, game: ParametricGame, params: Params, player: int) -> Array:
    own = jax.tree.map(lambda x: jnp.reshape(t, jnp.shape(x)), params[player])
    return game.payoffs((*params[:player], own, *params[player + 1 :]))[player]


def _refuse_several(game: ParametricGame, player: int) -> None:
    count = sum(np.size(x) for x in jax.tree.leaves(game.spaces[player].lower))
    if count != 1:
        raise InputError(f"player {player + 1} has {count} parameters; a curve needs one")


def _staying(params: Params, player: int) -> str:
    """Where the others stay, as far as that fits into a line."""
    others = [j for j in range(len(params)) if j != player]
    single = all(sum(np.size(x) for x in jax.tree.leaves(params[j])) == 1 for j in others)
    if not single or len(others) > 2:
        return ", the others staying put"
    return "".join(f", $\\theta_{{{j + 1}}}$ = {_number(params[j]):.4g}" for j in others)


def _number(parameter: PyTree) -> float:
    """The only number in a player's parameters."""
    return float(np.ravel(jax.tree.leaves(parameter)[0])[0])
