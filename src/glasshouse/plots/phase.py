"""The phase portrait of two learners: where they move, rest, and end."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from glasshouse.analysis.phase.portrait import OUTCOMES, Portrait
from glasshouse.games.labels import player_word
from glasshouse.plots._layout import FIGURE_WIDTH, arrange, new_figure
from glasshouse.plots._names import name_in_figure, names_in_figure
from glasshouse.plots._palette import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    TEXT,
    YELLOW,
)
from glasshouse.rules.gradient import Gradient

if TYPE_CHECKING:
    from glasshouse.analysis.equilibria.points import Equilibria

TINTS = {
    "both cooperate": (BLUE, 0.45),
    "player 1 exploited": (ORANGE, 0.36),
    "player 2 exploited": (YELLOW, 0.36),
    "nobody": (GREY, 0.26),
}
"""Colour and strength of the shading of each basin: four different shades without colours, too."""

NULLCLINES = ((GREEN, "-"), (PURPLE, "--"))

POINT_MARKERS = {
    "stable": {"marker": "o", "fillstyle": "full"},
    "saddle": {"marker": "D", "fillstyle": "left"},
    "unstable": {"marker": "o", "fillstyle": "none"},
    "undecided": {"marker": "s", "fillstyle": "none"},
}
"""Filled points attract, half-filled ones along one line only, open ones are not known to."""

NOISE = 1e-12
"""Where relative gradients are below this, the direction of an arrow would be rounding."""

ARROWS = 15
"""Arrows per side of the field."""


def plot_portrait(
    portrait: Portrait,
    ax: Axes | None = None,
    *,
    equilibria: "Equilibria | None" = None,
    names: Sequence[str] = (),
    profiles: Sequence[str] | None = None,
) -> Axes:
    """Basins as shading, the field as arrows of equal length, nullclines, rest points, sample runs.

    **Arguments:** `portrait`, from `phase_portrait`; `ax`, drawn into and returned, by default
    the axes of a new figure 4.8 inches wide that is not registered with pyplot; `equilibria` of the
    same game, from `find_equilibria`, as stars, and boxes where nothing is known of them;
    `names`, what the players are called, default "player 1" and "player 2"; `profiles`, what the
    basins are called instead of who cooperates and who is exploited.
    """
    if ax is None:
        own = new_figure((FIGURE_WIDTH, FIGURE_WIDTH), "compressed")
        ax = own.subplots()
    else:
        own = None
    handles = draw_portrait(portrait, ax, equilibria, names, profiles)
    does = "cooperates" if profiles is None else "does what"
    arrange(
        ax,
        handles,
        columns=2,
        handlelength=1.8,
        columnspacing=1.5,
        title=f"shading: who {does} (p > ½) at the end of a run",
        alignment="left",
    )
    if own is not None:
        own.set_figheight(own.get_figwidth() + 0.19 * (1 + math.ceil(len(handles) / 2)))
    return ax


def draw_portrait(
    portrait: Portrait,
    ax: Axes,
    equilibria: "Equilibria | None" = None,
    names: Sequence[str] = (),
    profiles: Sequence[str] | None = None,
) -> list[Artist]:
    """All of a portrait but its legend, of which the entries are returned."""
    handles: list[Artist] = list(
        _basins(portrait, ax, profiles or basin_names(names_in_figure(names)))
    )
    _arrows(portrait, ax)
    handles += _nullclines(portrait, ax)
    handles += _trajectories(portrait, ax)
    handles += _rest_points(portrait, ax)
    handles += _equilibria(equilibria, ax)
    field = portrait.field
    for name, theta in (("x", field.theta_1), ("y", field.theta_2)):
        margin = 0.03 * (theta[-1] - theta[0])  # so that rest points on the edges are seen whole
        ax.set(**{f"{name}lim": (theta[0] - margin, theta[-1] + margin)})
    first, second = (name_in_figure(i, names) for i in (0, 1))
    ax.set_xlabel(f"parameter of {first}, $\\theta_1$", fontsize=TEXT)
    ax.set_ylabel(f"parameter of {second}, $\\theta_2$", fontsize=TEXT)
    ax.tick_params(labelsize=TEXT)
    ax.set_aspect("equal")
    return handles


def basin_names(names: Sequence[str] = ()) -> tuple[str, ...]:
    """What `portrait.shares` are of, in their order; `names` are what players are called."""
    exploited = (f"{player_word(i, names)} exploited" for i in (0, 1))
    return ("both cooperate", *exploited, "nobody cooperates")


def _basins(portrait: Portrait, ax: Axes, names: Sequence[str]) -> list[Patch]:
    """Each place in the colour of the outcome from there; an entry for those that occur."""
    field = portrait.field
    colours = ["none", *(tint(*TINTS[name]) for name in OUTCOMES)]
    ax.imshow(
        portrait.shading.T,
        cmap=ListedColormap(colours),
        vmin=-1.5,
        vmax=3.5,
        origin="lower",
        extent=(*field.theta_1[[0, -1]], *field.theta_2[[0, -1]]),
        interpolation="nearest",
        zorder=0,
    )
    shares = zip(names, portrait.shares.values(), strict=True)
    handles = [
        Patch(fc=colour, ec="0.6", lw=0.5, label=f"{name}: {_percent(share)} of starts")
        for (name, share), colour in zip(shares, colours[1:], strict=True)
        if share > 0
    ]
    lost = float(np.mean(portrait.basins < 0))
    if lost > 0:
        handles.append(Patch(fc="white", ec="0.6", lw=0.5, label=f"not finite: {_percent(lost)}"))
    moving = 1 - portrait.at_rest - lost
    if moving >= 0.005:
        handles.append(
            Patch(fc="none", ec="none", label=f"still moving at the end: {_percent(moving)}")
        )
    return handles


def _percent(share: float) -> str:
    """A share in whole per cent, never rounded to nothing or to all."""
    if 0 < share < 0.005 or 0.995 <= share < 1:
        return "<1%" if share < 0.5 else ">99%"
    return f"{share:.0%}"


def tint(colour: str, strength: float) -> tuple[float, ...]:
    """See-through, so that a page with a dark background can keep the figure readable."""
    return (*to_rgb(colour), strength)


def _arrows(portrait: Portrait, ax: Axes) -> None:
    field = portrait.field
    rows, columns = (
        np.linspace(0, len(theta) - 1, 2 * ARROWS + 1).astype(int)[1::2]
        for theta in (field.theta_1, field.theta_2)
    )
    gradient = field.gradient[np.ix_(rows, columns)]
    relative = field.relative[np.ix_(rows, columns)]
    moves = np.nan_to_num(np.abs(relative)).max(axis=-1, keepdims=True) > NOISE
    length = np.hypot(gradient[..., 0], gradient[..., 1])[..., None]
    direction = np.divide(gradient, length, out=np.zeros_like(gradient), where=moves & (length > 0))
    ax.quiver(
        field.theta_1[rows],
        field.theta_2[columns],
        direction[..., 0].T,
        direction[..., 1].T,
        color="0.45",
        pivot="mid",
        scale=ARROWS * 1.6,
        width=0.0032,
        headwidth=4,
        headlength=4.5,
        headaxislength=4,
        zorder=1,
    )


def _nullclines(portrait: Portrait, ax: Axes) -> list[Line2D]:
    field, handles = portrait.field, []
    for i, (colour, style) in enumerate(NULLCLINES):
        component = np.ma.masked_invalid(field.relative[..., i])
        if component.min() < 0 < component.max():
            ax.contour(
                field.theta_1,
                field.theta_2,
                component.T,
                levels=[0.0],
                colors=[colour],
                linestyles=[style],
                linewidths=1.6,
                zorder=2,
            )
            selfish = portrait.rule == Gradient.words
            moves = f"\\partial U_{i + 1} / \\partial \\theta_{i + 1}"
            label = f"${moves if selfish else f'd_{i + 1}'} = 0$"
            handles.append(Line2D([], [], color=colour, ls=style, lw=1.6, label=label))
    return handles


def _trajectories(portrait: Portrait, ax: Axes) -> list[Line2D]:
    for path in portrait.trajectories:
        ax.plot(*path.T, color=BLACK, lw=0.9, zorder=3)
        ax.plot(*path[0], "o", color=BLACK, ms=2.0, zorder=3)
    style = {"color": BLACK, "lw": 0.9, "marker": "o", "ms": 2.0, "markevery": [0]}
    label = "sample run, from the dot"
    return [Line2D([0, 1], [0, 0], **style, label=label)] if portrait.trajectories else []


def _rest_points(portrait: Portrait, ax: Axes) -> list[Line2D]:
    handles = []
    for stability, shape in POINT_MARKERS.items():
        points = [p.params for p in portrait.rest_points if p.stability == stability]
        if points:
            style = _marker(shape)
            x, y = zip(*points, strict=True)
            ax.plot(x, y, ls="", **style, zorder=5, clip_on=False)
            label = f"rest point, {stability}"
            if portrait.continuum and stability == "undecided":
                label = "rest points, a continuum"
            handles.append(Line2D([], [], ls="", **style, label=label))
    return handles


def _equilibria(found: "Equilibria | None", ax: Axes) -> list[Artist]:
    """Stars, a row of them for a continuum, and the boxes that a search has left."""
    if found is None:
        return []
    handles: list[Artist] = []
    stars = {"ls": "", "marker": "*", "ms": 15, "mfc": YELLOW, "mec": BLACK, "mew": 0.9}
    points = [tuple(map(float, x.params)) for x in (*found.points, *found.continuum)]
    if points:
        ax.plot(*zip(*points, strict=True), **stars, zorder=4, clip_on=False)
        words = "equilibria, a continuum" if found.continuum else "equilibrium"
        proved = " (all of them, proved)" if found.count == "exactly" else ""
        handles.append(Line2D([], [], **{**stars, "ms": 11}, label=f"{words}{proved}"))
    boxes = [((a, c), b - a, d - c) for (a, b), (c, d) in found.left]
    if boxes:
        style = {"fc": "none", "ec": ORANGE, "lw": 0.8, "hatch": "////"}
        for corner, width, height in boxes:
            ax.add_patch(Rectangle(corner, width, height, **style, zorder=3))
        handles.append(Patch(**style, label="equilibria not known here"))
    return handles


def _marker(shape: dict) -> dict:
    face = "white" if shape["fillstyle"] == "none" else BLACK
    filled = "full" if shape["fillstyle"] == "none" else shape["fillstyle"]
    return {
        "marker": shape["marker"],
        "fillstyle": filled,
        "mfc": face,
        "markerfacecoloralt": "white",
        "mec": BLACK,
        "mew": 1.1,
        "ms": 7.5,
    }
