"""Small pictures of an atlas, drawn from its content alone: shares over couplings, and shaping."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from glasshouse.study.report.blocks import element, joined

WIDTH, BANDS_FROM, PICTURE_HEIGHT = 100, 8, 64
"""Of a picture, in its own units: the strip of first movement above, the bands of shares below."""

STRIP_HEIGHT = 5
"""Height of that strip."""

CLASSES = ("best", "efficient", "inferior")
"""Of profiles: those of largest welfare, others that none is better than for both, the rest."""


def profile_class(entry: Mapping[str, Any], profile: Sequence[int]) -> str:
    """Of which class a profile of a game is."""
    base = entry["base"]
    if list(profile) in base["welfare_optima"]:
        return "best"
    return "efficient" if list(profile) in base["efficient"] else "inferior"


def class_shares(
    entry: Mapping[str, Any], profiles: Sequence[Sequence[int]]
) -> dict[str, list[float]]:
    """The shares of runs that have settled at profiles of each class, over couplings."""
    found = {name: [0.0] * len(entry["settled"][0]) for name in CLASSES}
    for profile, shares in zip(profiles, entry["settled"], strict=True):
        own = found[profile_class(entry, profile)]
        own[:] = [a + b for a, b in zip(own, shares, strict=True)]
    return found


def symbol(
    entry: Mapping[str, Any], couplings: Sequence[float], profiles: Sequence[Sequence[int]]
) -> Markup:
    """The picture of a game, to be used in several places of a page."""
    return element(
        "symbol",
        joined(_parts(entry, couplings, profiles)),
        id=f"p-{entry['index']}",
        viewBox=f"0 0 {WIDTH} {PICTURE_HEIGHT}",
        preserveAspectRatio="none",
    )


def _parts(
    entry: Mapping[str, Any], couplings: Sequence[float], profiles: Sequence[Sequence[int]]
) -> Iterator[Markup]:
    yield _rectangle("flat", 0, WIDTH, 0, STRIP_HEIGHT)
    for low, high in entry["first_movement"]["rises"]:
        begin, end = (WIDTH * min(1.0, k / couplings[-1]) for k in (low, high))
        yield _rectangle("rise", begin, end - begin, 0, STRIP_HEIGHT)
    yield _rectangle("moving", 0, WIDTH, BANDS_FROM, PICTURE_HEIGHT - BANDS_FROM)
    below = [0.0] * len(couplings)
    for name, shares in class_shares(entry, profiles).items():
        above = [a + b for a, b in zip(below, shares, strict=True)]
        if any(shares):
            points = [*zip(couplings, above, strict=True)]
            back = [*zip(couplings, below, strict=True)][::-1]
            at = " ".join(f"{_x(k, couplings)},{_y(share)}" for k, share in (*points, *back))
            yield element("polygon", class_=name, points=at)
        below = above


def _rectangle(
    kind: str, x: float | int, width: float | int, y: float | int, height: float | int
) -> Markup:
    return element(
        "rect",
        class_=kind,
        x=_number(x),
        y=_number(y),
        width=_number(width),
        height=_number(height),
    )


def _x(coupling: float, couplings: Sequence[float]) -> str:
    return _number(WIDTH * coupling / couplings[-1])


def _y(share: float) -> str:
    return _number(PICTURE_HEIGHT - (PICTURE_HEIGHT - BANDS_FROM) * share)


def _number(x: float | int) -> str:
    return f"{x:.1f}".removesuffix(".0")


def shaping_map(shares: Sequence[Sequence[float]]) -> Markup:
    """A map of shares, rows by look-ahead from below, columns by coupling: the fuller the more."""
    rows, columns = len(shares), len(shares[0])
    cells = (
        element(
            "rect",
            class_="best",
            x=column,
            y=rows - 1 - row,
            width=1,
            height=1,
            fill_opacity=_number_of_share(share),
        )
        for row, line in enumerate(shares)
        for column, share in enumerate(line)
        if share
    )
    return element(
        "svg",
        joined(cells),
        class_="map",
        viewBox=f"0 0 {columns} {rows}",
        preserveAspectRatio="none",
        shape_rendering="crispEdges",
        aria_hidden="true",
    )


def _number_of_share(share: float) -> str:
    return f"{share:.2f}".rstrip("0").rstrip(".")
