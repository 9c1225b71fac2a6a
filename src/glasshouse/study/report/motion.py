"""An animation as one HTML page: a slider, frames that are there already, and no formula."""

import json
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from glasshouse.rules.gradient import Gradient
from glasshouse.study.drawing.motion import Animation, Mark
from glasshouse.study.drawing.paths import SIDE, frame_paths, share_paths
from glasshouse.study.report.template import page_template
from glasshouse.study.words.page import plain_label

STRIP = 160
"""Height in units of the areas of shares."""

LETTER, LABEL_ROWS = 2.5, 4
"""Per cent of the slider's length that a letter needs on a telephone, and rows of labels."""


def motion_html(animation: Animation, version: str = "") -> str:
    """The page: it loads nothing, and its script only swaps one frame for another.

    **Arguments:** `version` of glasshouse, for the last line.
    """
    frames = [_frame(animation, k) for k in range(len(animation.values))]
    marks = _marks(animation)
    field, rule = animation.portraits[0].field, animation.portraits[0].rule
    return page_template("motion.html.jinja").render(
        title=animation.title,
        name=animation.name,
        count=len(frames) - 1,
        first=frames[0],
        outcomes=animation.outcomes,
        players=animation.players,
        nullclines=[_nullcline(i, rule) for i in (1, 2)],
        data=Markup(_as_script(frames)),
        strip=share_paths(animation.shares.values(), SIDE, STRIP),
        strip_height=STRIP,
        marks=marks,
        rows=1.5 * max((mark["row"] + 1 for mark in marks), default=0),
        ends=(f"{animation.values[0]:.4g}", f"{animation.values[-1]:.4g}"),
        x_ticks=_ticks(field.theta_1[0], field.theta_1[-1]),
        y_ticks=[(SIDE - at, text) for at, text in _ticks(field.theta_2[0], field.theta_2[-1])],
        caption=animation.caption,
        version=version,
    )


def _frame(animation: Animation, k: int) -> dict[str, Any]:
    portrait = animation.portraits[k]
    shares = [_percent(share) for share in portrait.shares.values()]
    ends = ", ".join(
        f"{name} {text}"
        for name, share, text in zip(
            animation.outcomes, portrait.shares.values(), shares, strict=True
        )
        if share > 0
    )
    return {
        **frame_paths(portrait),
        "at": animation.at(k),
        "shares": shares,
        "ends": f"{animation.at(k)}: {ends}",
        "alt": animation.alt(k),
    }


def _as_script(frames: Sequence[dict[str, Any]]) -> str:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(frames, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _percent(share: float) -> str:
    """A share in whole per cent, never rounded to nothing or to all."""
    if 0 < share < 0.005 or 0.995 <= share < 1:
        return "<1%" if share < 0.5 else ">99%"
    return f"{share:.0%}"


def _nullcline(player: int, rule: str) -> Markup:
    below = Markup("<sub>{}</sub>").format(player)
    if rule == Gradient.words:
        return Markup("∂U{0} / ∂θ{0} = 0").format(below)
    return Markup("d{0} = 0").format(below)


def _marks(animation: Animation) -> list[dict[str, Any]]:
    """Thresholds under the slider: where, in which row so that none covers another, and what."""
    low, high = animation.values[0], animation.values[-1]
    right = [-1000.0] * LABEL_ROWS
    found = []
    for mark in animation.marks:
        place = 100 * (mark.value - low) / (high - low)
        half = LETTER * (len(f"{mark.label} {mark.value:.4g}") + 1) / 2
        middle = min(max(place, half), 100 - half)
        row = next((k for k in range(LABEL_ROWS) if right[k] <= middle - half), LABEL_ROWS - 1)
        right[row] = middle + half
        found.append(
            {
                "x": f"{SIDE * place / 100:.1f}",
                "middle": f"{middle:.2f}",
                "row": row,
                "kind": mark.kind.replace(" ", "-"),
                "label": _label(mark),
                "note": mark.note,
            }
        )
    return found


def _label(mark: Mark) -> Markup:
    name, _, below = plain_label(mark.formula).partition("_")
    index = Markup("<sub>{}</sub>").format(below) if below else ""
    return Markup("{}{} {}").format(name, index, f"{mark.value:.4g}")


def _ticks(low: float, high: float) -> list[tuple[int, str]]:
    """The ends and the middle: places in units, and what stands there."""
    values = (low, (low + high) / 2, high)
    return [(round(SIDE * k / 2), f"{x:.3g}".replace("-", "−")) for k, x in enumerate(values)]
