"""What players can be paid at all, and what each can hold the others to."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.evidence import Evidenced
from glasshouse.games.normal_form import NormalFormGame, check_normal_form

FLAT = 1e-12
"""Turns of less than this, in squares of the payoffs' range, are none."""

Polygon = tuple[tuple[float, float], ...]


@dataclasses.dataclass(frozen=True, repr=False)
class FeasibleSet(Evidenced):
    """What players can be paid, and to what the others can hold each in the base game.

    **Arguments:** `minimax`, for every player the payoff to which the others can hold it;
    `payoffs`, of two players the corners of all that can be paid, anticlockwise, None of more;
    `rational`, the corners of that part of it where each is paid its minimax at least.
    """

    minimax: tuple[float, ...]
    payoffs: Polygon | None
    rational: Polygon | None
    method: str = "numerical"
    detail: str = "linear programmes (HiGHS); corners by clipping"

    def holds(self, payoffs: Sequence[float], slack: float = 1e-9) -> bool:
        """Whether everyone is paid its minimax at least.

        In equilibria of the base game everybody is; with bounds on parameters not always.

        **Arguments:** `slack`, how much less counts as no less.
        """
        return all(u >= least - slack for u, least in zip(payoffs, self.minimax, strict=True))


def feasible_set(game: NormalFormGame) -> FeasibleSet:
    """The feasible and individually rational payoffs of a base game.

    Definition: feasible is the convex hull of the payoffs of all profiles of actions. A player's
    minimax is min over the others' mixed actions of max over its actions of what it is paid; of
    more than two players the others mix together, which holds it to no more than mixing apart
    would. Players who read each other have no more to choose from, and bounds on parameters may
    leave them less.

    **Raises:** `InputError` for a game that is not given by its payoffs.
    **Cost:** one linear programme per player, of as many variables as the others have profiles.
    **Source:** Fudenberg & Maskin 1986, Econometrica 54.

        import glasshouse as gh
        from glasshouse.analysis import feasible_set

        print(feasible_set(gh.load_game("prisoners_dilemma")).minimax)  # (1.0, 1.0)
    """
    game = check_normal_form(game, "the feasible payoffs need")
    tensor = np.asarray(game.tensor, dtype=np.float64)
    minimax = tuple(_minimax(np.moveaxis(own, i, 0)) for i, own in enumerate(tensor))
    if len(tensor) != 2:
        return FeasibleSet(minimax, None, None)
    hull = _hull(tensor.reshape(2, -1).T)
    rational, rounding = hull, FLAT * float(np.ptp(tensor))
    for axis, least in enumerate(minimax):
        rational = _clipped(rational, axis, least, rounding)
    return FeasibleSet(minimax, hull, rational)


def _minimax(payoffs: Float[np.ndarray, "own *others"]) -> float:
    """The least that a player's best action pays, whatever the others' joint mixture."""
    from scipy import optimize  # takes as long to import as a tenth of glasshouse

    table = payoffs.reshape(len(payoffs), -1)
    middle = float(table.mean())
    actions, others = table.shape
    cost = np.append(np.zeros(others), 1.0)
    found = optimize.linprog(
        cost,
        A_ub=np.hstack([table - middle, -np.ones((actions, 1))]),
        b_ub=np.zeros(actions),
        A_eq=np.append(np.ones(others), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * others + [(None, None)],
        method="highs",
    )
    mixture = np.maximum(found.x[:-1], 0.0)
    # What that mixture holds the player to, which is no less than the minimax, and so is stated.
    return float((table @ (mixture / mixture.sum())).max())


def _hull(points: Float[np.ndarray, "points 2"]) -> Polygon:
    """The corners of the convex hull, anticlockwise from the lowest on the left."""
    ordered = sorted({(float(x), float(y)) for x, y in points})
    scale = max(float(np.ptp(points)), 1e-300) ** 2

    def chain(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        kept: list[tuple[float, float]] = []
        for point in points:
            while len(kept) > 1 and _turn(kept[-2], kept[-1], point) <= FLAT * scale:
                kept.pop()
            kept.append(point)
        return kept

    lower, upper = chain(ordered), chain(ordered[::-1])
    return tuple(dict.fromkeys([*lower, *upper]))


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    """Above zero where the way from a over b to c turns left."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _clipped(polygon: Polygon, axis: int, least: float, rounding: float) -> Polygon:
    """The part of a polygon where a coordinate is at least so much; nearly so much is as much."""
    found: list[tuple[float, float]] = []
    moved = [least if abs(c[axis] - least) <= rounding else c[axis] for c in polygon]
    polygon = tuple((c[0], m) if axis else (m, c[1]) for c, m in zip(polygon, moved, strict=True))
    for one, other in zip(polygon, (*polygon[1:], *polygon[:1]), strict=True):
        if one[axis] >= least:
            found.append(one)
        if (one[axis] - least) * (other[axis] - least) < 0:
            share = (least - one[axis]) / (other[axis] - one[axis])
            crossing = [a + share * (b - a) for a, b in zip(one, other, strict=True)]
            crossing[axis] = least
            found.append((crossing[0], crossing[1]))
    return tuple(dict.fromkeys(found))
