"""Branches of rest points along an axis: which attract, and where they come and go."""

import itertools
from collections.abc import Sequence
from typing import Literal

import jax
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from glasshouse._foundation.numbers import Whole, whole
from glasshouse.analysis.continuation.result import Branches, FollowedPoint, SpecialPoint
from glasshouse.errors import InputError
from glasshouse.parametric import Params
from glasshouse.plots._axes import axis_label
from glasshouse.plots._layout import FIGURE_WIDTH, arrange, new_figure
from glasshouse.plots._names import in_figure, name_in_figure
from glasshouse.plots._palette import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, TEXT
from glasshouse.plots.coupling import Marker, mark_thresholds

BRANCH_LINES = {
    "stable": (BLUE, "-", 2.0),
    "unstable": (ORANGE, (0, (4, 2)), 1.3),
    "undecided": (GREY, ":", 1.6),
}
"""Colour, dashes and width: told apart without colours, too."""

SPECIAL_MARKERS = {
    "fold": ("<", BLACK),
    "pitchfork": ("D", PURPLE),
    "transcritical": ("X", PURPLE),
    "branch point": ("P", PURPLE),
    "Hopf": ("*", BLACK),
    "stability change": ("^", BLACK),
    "collision": ("o", "white"),
}

SPECIAL_WORDS = {
    "stability change": "change of stability",
    "collision": "meets or leaves a bound",
    "transcritical": "transcritical point",
}

NAMED = ("fold", "pitchfork", "transcritical", "branch point", "Hopf")
"""Special points whose values the legend gives."""

MOST_VALUES = 3
"""Values of one kind that the legend shows."""

SAME_PARAMS = 1e-9
"""Params that differ by no more are those certified."""

AXES = {"coupling": "semantics.coupling", "weight": "semantics.weight", "bound": "semantics.bound"}


def plot_branches(
    found: Branches,
    ax: Axes | None = None,
    *,
    show: Literal["cooperation", "params"] = "cooperation",
    player: Whole = 0,
    thresholds: Sequence[Marker] = (),
    certified: Sequence[tuple[tuple[float, float], Params]] = (),
    names: Sequence[str] = (),
    acts: str = "cooperating",
) -> Axes:
    """The bifurcation diagram: rest points against the axis, solid where they attract.

    A rest point that attracts is no equilibrium; where one is proved to be, a wide band lies under
    its branch.

    **Arguments:** `found`, from `branches`; `ax`, drawn into and returned, by default the axes of a
    new figure 4.8 inches wide that is not registered with pyplot; `show`, the probability of
    action 0 of a player or its first parameter; `player`, whose, from 0; `thresholds`, as
    `Marker`s on the axis; `certified`, ranges of the axis in which params are proved to be
    equilibria: ((0.871, 1.2), (3.0, 3.0)); `names`, what players are called; `acts`, what action 0.
    **Raises:** `InputError` for a game without cooperation, or a player that is not there.
    """
    place = _shown(found, show, player)
    if ax is None:
        own = new_figure((FIGURE_WIDTH, 4.4))
        ax = own.subplots()
    handles = _certified(found, ax, place, certified)
    handles += _arms(found, ax, place)
    handles += _specials(found, ax, place)
    low, high = found.between
    margin = 0.01 * (high - low)
    ax.set_xlim(low - margin, high + margin)
    if show == "cooperation":
        ax.set_ylim(-0.05, 1.05)
    mark_thresholds((ax,), np.array([low, high]), thresholds)
    who = f"of {name_in_figure(place.player, names)}" if len(found.points[0].payoffs) > 1 else ""
    what = f"probability of {in_figure(acts)}" if show == "cooperation" else "parameter"
    ax.set_ylabel(f"{what} {who}".strip(), fontsize=TEXT)
    ax.set_xlabel(axis_label(AXES.get(found.axis, found.axis)), fontsize=TEXT)
    ax.tick_params(labelsize=TEXT)
    ax.spines[["top", "right"]].set_visible(False)
    arrange(ax, handles, columns=2, handlelength=2.4, columnspacing=1.5)
    return ax


class _Shown:
    """What is drawn upwards of a point."""

    def __init__(self, by_params: bool, player: int):
        self.by_params, self.player = by_params, player

    def __call__(self, point: FollowedPoint | SpecialPoint) -> float:
        if not self.by_params:
            return point.cooperation[self.player]
        params = point.params if len(point.params) > 1 else point.params * (self.player + 1)
        return float(np.ravel(jax.tree.leaves(params[self.player])[0])[0])


def _shown(found: Branches, show: str, player: Whole) -> _Shown:
    if show not in ("cooperation", "params"):
        raise InputError(f'show={show!r:.40} must be "cooperation" or "params"')
    if not found.points:
        raise InputError(f"there are no branches along {found.axis!r} to draw: none was found")
    point = found.points[0]
    number = whole(player, "player", least=0, most=len(point.payoffs) - 1)
    if show == "cooperation" and not point.cooperation:
        raise InputError('the game has no actions to cooperate by: give show="params"')
    return _Shown(show == "params", number)


def _arms(found: Branches, ax: Axes, place: _Shown) -> list[Line2D]:
    """Every arm in pieces of one stability; an entry for each that occurs."""
    seen = set()
    for arm in found.arms:
        for attraction, first, last in _pieces(arm):
            colour, dashes, width = BRANCH_LINES[attraction]
            seen.add(attraction)
            x = [point.value for point in arm[first : last + 1]]
            y = [place(point) for point in arm[first : last + 1]]
            style = {"color": colour, "ls": dashes, "lw": width}
            ax.plot(x, y, **style, zorder=3 if attraction == "stable" else 2, clip_on=False)
    labels = {
        "stable": "rests, and attracts",
        "unstable": "rests, but repels",
        "undecided": "rests, not decided",
    }
    return [
        Line2D([], [], color=colour, ls=dashes, lw=width, label=labels[name])
        for name, (colour, dashes, width) in BRANCH_LINES.items()
        if name in seen
    ]


def _pieces(arm: Sequence[FollowedPoint]) -> list[tuple[str, int, int]]:
    """Of which stability an arm is from which point to which.

    Special points, where stability is not decided, belong to both sides.
    """
    kinds = ["unstable" if p.stability == "saddle" else p.stability for p in arm]
    segments = []
    for one, other in itertools.pairwise(kinds):
        segments.append(other if one == "undecided" else one)
    pieces: list[tuple[str, int, int]] = []
    for k, kind in enumerate(segments):
        if pieces and pieces[-1][0] == kind:
            pieces[-1] = (kind, pieces[-1][1], k + 1)
        else:
            pieces.append((kind, k, k + 1))
    return pieces


def _specials(found: Branches, ax: Axes, place: _Shown) -> list[Line2D]:
    handles = []
    for kind, (marker, face) in SPECIAL_MARKERS.items():
        points = found.of_kind(kind)  # pyright: ignore[reportArgumentType]
        if not points:
            continue
        style = {"marker": marker, "ms": 6.0, "mfc": face, "mec": BLACK, "mew": 0.9, "ls": ""}
        x, y = [p.value for p in points], [place(p) for p in points]
        ax.plot(x, y, **style, zorder=5, clip_on=False)
        label = SPECIAL_WORDS.get(kind, kind)
        # In the legend, where no value covers a branch.
        values = list(dict.fromkeys(f"{value:.4g}" for value in x)) if kind in NAMED else []
        more = ["…"] if len(values) > MOST_VALUES else []
        if values:
            label = f"{label} at {', '.join([*values[:MOST_VALUES], *more])}"
        handles.append(Line2D([], [], **style, label=label))
    return handles


def _certified(
    found: Branches,
    ax: Axes,
    place: _Shown,
    certified: Sequence[tuple[tuple[float, float], Params]],
) -> list[Line2D]:
    style = {"color": GREEN, "lw": 7.0, "alpha": 0.45, "solid_capstyle": "butt"}
    for (low, high), params in certified:
        wanted = _row(params)
        for arm in found.arms:
            there = [p for p in arm if np.allclose(_row(p.params), wanted, atol=SAME_PARAMS)]
            if len(there) > 1:
                x = np.array([p.value for p in there])
                order = np.argsort(x, kind="stable")
                y = np.array([place(p) for p in there])[order]
                at = np.linspace(max(low, x.min()), min(high, x.max()), 64)
                if at[0] <= at[-1]:
                    ax.plot(at, np.interp(at, x[order], y), **style, zorder=1, clip_on=False)
    return [Line2D([], [], **style, label="equilibrium, proved")] if certified else []


def _row(params: Params) -> np.ndarray:
    return np.concatenate([np.ravel(x) for x in jax.tree.leaves(params)])
