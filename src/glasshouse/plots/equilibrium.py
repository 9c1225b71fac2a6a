"""From which coupling on the cooperative corner is an equilibrium, bound by bound."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from glasshouse._foundation.numbers import Numbers, number, number_array
from glasshouse._foundation.results import few
from glasshouse.errors import InputError
from glasshouse.plots._layout import arrange, new_figure
from glasshouse.plots._palette import BLACK, BLUE, ORANGE, TEXT
from glasshouse.plots.coupling import EQUAL_VALUES
from glasshouse.theory.limits import CornerLimits

TITLE = "Smallest coupling at which cooperation is an equilibrium"

SPREAD = 8.0
"""Bounds are on a logarithmic axis if the largest is more than so many times the smallest."""

LEAST_MARGIN = 0.05
"""Above and below all thresholds, so that brackets do not fill a figure in which nothing moves."""


def plot_equilibrium_thresholds(
    bounds: Numbers,
    thresholds: Numbers,
    limit: CornerLimits | Numbers | None = None,
    title: str = TITLE,
    ax: Axes | None = None,
) -> Axes:
    """The smallest coupling at which the corner (M, M) is an equilibrium, against the bound M.

    **Arguments:** `bounds` M > 0, rising; `thresholds`, one number for each bound, or its bracket:
    shape `(bounds,)` or `(bounds, 2)`, NaN where there is none; `limit`, for M → ∞: the
    `corner_limits` of the game, which also give the asymptote 1 - rate / M, or a number; `ax`,
    drawn into and returned, by default the axes of a new figure 4.8 inches wide that is not
    registered with pyplot.
    **Raises:** `InputError` for bounds that are not positive and rising, or another number of
    thresholds.
    """
    at, brackets = _checked(bounds, thresholds)
    ax = ax or new_figure((4.8, 3.6)).subplots()
    value, rate = _limit(limit)
    _scale(ax, at)
    _draw_brackets(ax, at, brackets)
    if value is not None:
        _draw_limit(ax, value)
    shown = np.append(brackets[np.isfinite(brackets)], [] if value is None else value)
    if shown.size:
        margin = max(0.08 * float(np.ptp(shown)), LEAST_MARGIN)
        ax.set_ylim(float(shown.min()) - margin, float(shown.max()) + margin)
    if value is not None and rate is not None and abs(rate) > EQUAL_VALUES:
        _draw_asymptote(ax, value, rate)
    ax.set_xlabel("bound $M$ (parameters lie in $[-M, M]$)", fontsize=TEXT)
    ax.set_ylabel("coupling $\\kappa$ (weight of what each reads)", fontsize=TEXT)
    ax.set_title(title, fontsize=TEXT + 0.5)
    ax.tick_params(labelsize=TEXT)
    ax.spines[["top", "right"]].set_visible(False)
    arrange(ax, columns=2, handlelength=2.2, columnspacing=1.5)
    return ax


def _limit(limit: CornerLimits | Numbers | None) -> tuple[float | None, float | None]:
    """Where thresholds tend, and the rate at which, as far as they are known."""
    if isinstance(limit, CornerLimits):
        return limit.threshold.value, limit.rate
    return None if limit is None else number(limit, "limit"), None


def _checked(bounds: Numbers, thresholds: Numbers) -> tuple[np.ndarray, np.ndarray]:
    """The bounds, and for each the lower and the upper end of its bracket."""
    at, found = (
        np.asarray(number_array(given, name, shapes=None))
        for name, given in (("bounds", bounds), ("thresholds", thresholds))
    )
    rising = at.ndim == 1 and at.size > 0 and bool(np.all(np.diff(at) > 0))
    if not rising or not np.all(np.isfinite(at)) or at[0] <= 0:
        raise InputError(
            f"bounds={few(at)} must be finite numbers above 0, rising: sort them, each once"
        )
    if found.shape not in {(at.size,), (at.size, 2)}:
        raise InputError(
            f"thresholds have shape {found.shape}, but there are {at.size} bounds: "
            "give each bound one number, or the two ends of its bracket"
        )
    return at, np.stack([found, found], 1) if found.ndim == 1 else found


def _scale(ax: Axes, bounds: np.ndarray) -> None:
    """The bounds, with some room on either side for points and labels."""
    low, high = float(bounds[0]), float(bounds[-1])
    if high <= SPREAD * low:
        room = 0.06 * (high - low) or 0.5 * high
        ax.set_xlim(low - room, high + room)
        return
    room = (high / low) ** 0.06
    ax.set_xscale("log")
    ax.set_xlim(low / room, high * room)
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    ax.xaxis.set_minor_locator(NullLocator())


def _draw_brackets(ax: Axes, bounds: np.ndarray, brackets: np.ndarray) -> None:
    """Points with the brackets they stand for, which are wider than a point only if coarse."""
    middles = brackets.mean(axis=1)
    ax.vlines(bounds, *brackets.T, color=ORANGE, lw=4, alpha=0.4, zorder=3)
    style = {"color": ORANGE, "lw": 1.4, "marker": "o", "ms": 4.5, "zorder": 4}
    ax.plot(bounds, middles, label="threshold at bound $M$", clip_on=False, **style)


def _draw_limit(ax: Axes, value: float) -> None:
    """A dashed line, and its value at the left end, from which thresholds stay away."""
    ax.axhline(value, color=BLACK, ls="--", lw=1.2, zorder=1)
    ax.annotate(
        f"limit for $M \\to \\infty$: $\\kappa = {value:.4g}$",
        (0.0, value),
        (3, 4),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        fontsize=TEXT,
    )


def _draw_asymptote(ax: Axes, value: float, rate: float) -> None:
    """The thresholds to first order in 1/M, as far as they are within the axes."""
    grid = np.geomspace(*ax.get_xlim(), 400) if ax.get_xscale() == "log" else _even(ax)
    sign, size = ("-", rate) if rate >= 0 else ("+", -rate)
    label = f"for large $M$: ${value:.4g} {sign} {size:.3g} / M$"
    ax.plot(grid, value - rate / grid, color=BLUE, ls=":", lw=1.6, zorder=2, label=label)


def _even(ax: Axes) -> np.ndarray:
    low, high = ax.get_xlim()
    return np.linspace(low, high, 400)[1:]
