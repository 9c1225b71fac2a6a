"""What one player would be paid if it alone changed its parameter."""

import jax
import numpy as np
from jaxtyping import PyTree
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glasshouse.analysis.deviations import TOLERANCE, Deviation, best_deviation, deviation_curve
from glasshouse.errors import InputError
from glasshouse.parametric import ParametricGame, Params
from glasshouse.plots._palette import BLACK, BLUE, ORANGE, TEXT, legend_below


def plot_deviation_curve(
    game: ParametricGame,
    params: Params,
    player: int = 0,
    *,
    points: int = 401,
    ax: Axes | None = None,
) -> Axes:
    """A player's payoff against its own parameter, all other parameters staying at `params`.

    **Arguments:** `player`, counted from 0, with one bounded parameter; `points`, at how many the
    curve is evaluated; `ax`, drawn into and returned, by default the axes of a new figure 4.8
    inches wide that is not registered with pyplot.
    **Raises:** `InputError` as in `deviation_curve`, or for fewer than two points.
    """
    if not isinstance(points, int) or points < 2:
        raise InputError(f"points={points!r} must be a whole number of at least 2")
    if 0 <= player < len(game.spaces):  # before a search over several parameters starts
        _refuse_several(game, player)
    best = best_deviation(game, params, player)
    box = game.spaces[player]
    now, low, high, there = (_number(x) for x in (params[player], box.lower, box.upper, best.best))
    grid = np.unique([*np.linspace(low, high, points), now, there])
    payoffs = deviation_curve(game, params, player, grid)
    if ax is None:
        ax = Figure(figsize=(4.8, 4.0), layout="constrained").subplots()
    name, symbol = f"player {player + 1}", f"\\theta_{{{player + 1}}}"
    ax.plot(grid, payoffs, color=BLUE, lw=1.6, label=f"payoff of {name}{_staying(params, player)}")
    height = {t: float(payoffs[np.searchsorted(grid, t)]) for t in (now, there)}
    _mark(ax, best, now, there, height, symbol, float(game.game.payoff_ranges[player]))
    ax.set_xlabel(f"parameter of {name}, ${symbol}$", fontsize=TEXT)
    ax.set_ylabel(f"expected payoff $U_{{{player + 1}}}$", fontsize=TEXT)
    ax.set_title(f"What {name} would be paid if it alone changed ${symbol}$", fontsize=TEXT + 0.5)
    ax.tick_params(labelsize=TEXT)
    ax.spines[["top", "right"]].set_visible(False)
    legend_below(ax)
    return ax


def _refuse_several(game: ParametricGame, player: int) -> None:
    count = sum(np.size(x) for x in jax.tree.leaves(game.spaces[player].lower))
    if count != 1:
        raise InputError(f"player {player + 1} has {count} parameters; a curve needs one")


def _mark(
    ax: Axes,
    best: Deviation,
    now: float,
    there: float,
    height: dict[float, float],
    symbol: str,
    payoff_range: float,
) -> None:
    """The current point, and the best deviation with its gain where there is one."""
    gains = best.gain > TOLERANCE * payoff_range
    here = f"now: ${symbol}$ = {now:.3g}, paid {height[now]:.4g}"
    if not gains:
        here += "; no deviation found that pays more"
    ax.plot(now, height[now], "o", mfc="white", mec=BLACK, mew=1.3, ms=7, label=here, zorder=4)
    if gains:
        label = f"best deviation ({best.method}): ${symbol}$ = {there:.4g}, gain {best.gain:.4g}"
        ax.axhline(height[now], color=BLACK, lw=0.8, ls=":", zorder=1)
        ax.plot([there, there], [height[now], height[there]], color=ORANGE, lw=1.2, zorder=2)
        ax.plot(there, height[there], "D", color=ORANGE, ms=6.5, label=label, zorder=4)


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
