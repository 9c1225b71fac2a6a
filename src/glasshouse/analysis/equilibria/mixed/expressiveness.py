"""The bound as an action: how expressive a program would you choose?"""

import dataclasses
import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import equinox as eqx
import numpy as np

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Numbers, number_array
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.results import Result
from glasshouse.analysis.equilibria.mixed.mixtures import Mixture, mixed_equilibrium
from glasshouse.analysis.equilibria.mixed.restricted import (
    MOST_STRATEGIES,
    Weights,
    extreme_equilibria,
)
from glasshouse.certificates.certificate import Verdict
from glasshouse.channels.box import Box
from glasshouse.errors import InputError
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.games.symmetric import is_symmetric
from glasshouse.parametric import ParametricGame
from glasshouse.semantics.custom import Custom
from glasshouse.semantics.logistic import Logistic


@dataclasses.dataclass(frozen=True, repr=False)
class BoundEquilibrium(Result):
    """An equilibrium of the choice of bounds.

    **Arguments:** `weights`, for every player the probability of each bound; `payoffs`, what it
    pays; `regret`, what no other choice of a bound gains more than, proved from the enclosures of
    the payoffs in all cells.
    """

    weights: tuple[tuple[float, ...], ...]
    payoffs: tuple[float, ...]
    regret: float


@dataclasses.dataclass(frozen=True, repr=False)
class BoundGame(Evidenced):
    """The game in which players first choose how large their parameters may be.

    **Arguments:** `bounds`, that each may choose; `coupling`; `mixtures`, for every pair of bounds
    the mixture that is played there, with its certificate (in a symmetric game the pairs with the
    larger bound first have those of the pair the other way round); `payoffs`, shape (players,
    bounds, bounds); `equilibria`, all extreme ones of that table; `verdict`, "certified" where all
    mixtures are; `method`, `detail`.
    """

    bounds: tuple[float, ...]
    coupling: float
    mixtures: tuple[tuple[Mixture, ...], ...]
    payoffs: np.ndarray
    equilibria: tuple[BoundEquilibrium, ...]
    verdict: Verdict
    method: str
    detail: str


@in_float64
def bound_game(
    game: NormalFormGame, coupling: Numbers, bounds: Numbers, *, epsilon: Numbers = 1e-9
) -> BoundGame:
    """The choice of bounds: each of two players chooses one, both are seen, then they play.

    Definition: where the players have chosen M_1 and M_2, player i's parameters lie in
    [-M_i, M_i], both read each other with the same coupling (logistic semantics), and what is
    played is the ε-equilibrium in mixed parameters that `mixed_equilibrium` finds from both
    corners: symmetric where the bounds are equal and the game is symmetric, and of the equilibria
    of a restricted game the one that pays most altogether. Where the induced game has several
    equilibria, other play would make another table: which one is played is part of the definition.
    Of equal bounds in a symmetric game the cells are mirrored, not computed twice.

    **Arguments:** `game`, of two players; `bounds`, above zero, rising, at most 8; `epsilon`, that
    the certificates of all cells are about.
    **Returns:** a `BoundGame`, with all extreme equilibria of the choice in exact arithmetic.
    **Raises:** `InputError` for other than two players, or bounds that do not rise from above zero.
    **Cost:** up to a second for every pair of bounds.

        import glasshouse as gh
        from glasshouse.analysis.equilibria import bound_game

        found = bound_game(gh.load_game("prisoners_dilemma"), 0.7, [1.0, 3.0])
        print(found.verdict, [x.weights[0] for x in found.equilibria])
    """
    allowed = np.asarray(number_array(bounds, "bounds", shapes=None), float)
    rising = allowed.ndim == 1 and allowed.size and np.all(np.diff(allowed, prepend=0.0) > 0)
    if not rising or len(allowed) > MOST_STRATEGIES or not np.all(np.isfinite(allowed)):
        raise InputError(
            f"bounds must be at most {MOST_STRATEGIES} numbers that rise from above zero, but are "
            f"{allowed.tolist()}"
        )
    if game.players != 2:
        raise InputError(f"the choice of bounds is one of two players, and here are {game.players}")
    strength = float(number_array(coupling, "coupling"))
    symmetric = is_symmetric(np.asarray(game.tensor))
    cells: dict[tuple[int, int], Mixture] = {}
    for i, j in itertools.product(range(len(allowed)), repeat=2):
        if symmetric and i > j:
            continue
        induced = _with_bounds(game, strength, (allowed[i], allowed[j]))
        cells[i, j] = mixed_equilibrium(induced, epsilon=epsilon)
    enclosures = _enclosures(cells, len(allowed), symmetric)
    table = enclosures.mean(axis=-1)
    exact = extreme_equilibria(table[0], table[1])
    verdicts = {mixture.verdict for mixture in cells.values()}
    return BoundGame(
        bounds=tuple(allowed.tolist()),
        coupling=strength,
        mixtures=tuple(
            tuple(
                cells[min(i, j), max(i, j)] if symmetric else cells[i, j]
                for j in range(len(allowed))
            )
            for i in range(len(allowed))
        ),
        payoffs=table,
        equilibria=tuple(_described(enclosures, x, y) for x, y in exact),
        verdict="certified" if verdicts == {"certified"} else "unknown",
        method="double oracle in each cell, exact equilibria of the table",
        detail=f"{len(cells)} cells, {len(exact)} extreme equilibria",
    )


class _WithinBounds(eqx.Module):
    """The logistic semantics as a function, whose boxes are another's."""

    semantics: Logistic

    def __call__(self, params: Any, seen: Any) -> Any:
        return self.semantics.behaviours(params, seen).distributions


def _with_bounds(game: NormalFormGame, coupling: float, bounds: Sequence[float]) -> ParametricGame:
    semantics = Logistic(game.actions, coupling, float(max(bounds)))
    if bounds[0] == bounds[1]:
        return ParametricGame(game, semantics)
    boxes = [
        Box(box.lower * (own / max(bounds)), box.upper * (own / max(bounds)))
        for box, own in zip(semantics.spaces, bounds, strict=True)
    ]
    return ParametricGame(game, Custom(_WithinBounds(semantics), boxes))


def _enclosures(cells: dict[tuple[int, int], Mixture], count: int, symmetric: bool) -> np.ndarray:
    """Every player's payoff in every cell, as two numbers between which it lies."""
    found = np.zeros((2, count, count, 2))
    for (i, j), mixture in cells.items():
        for player, payoff in enumerate(mixture.certificate.payoffs):
            found[player, i, j] = payoff
            if symmetric:
                found[1 - player, j, i] = payoff
    return found


def _described(enclosures: np.ndarray, x: Weights, y: Weights) -> BoundEquilibrium:
    """An equilibrium of the table, and in rational numbers what no other choice gains more than."""
    lows, highs = (
        [[[Fraction(v) for v in row] for row in own] for own in enclosures[..., end].tolist()]
        for end in (0, 1)
    )
    regrets, payoffs = [], []
    for player in (0, 1):
        low = _against(lows[player], x, y, player)
        high = _against(highs[player], x, y, player)
        own = x if player == 0 else y
        paid = sum((w * v for w, v in zip(own, low, strict=True)), start=Fraction(0))
        regrets.append(max(high) - paid)
        payoffs.append(float(paid))
    regret = max(regrets)
    up = float(regret)
    return BoundEquilibrium(
        weights=(tuple(map(float, x)), tuple(map(float, y))),
        payoffs=tuple(payoffs),
        regret=up if Fraction(up) >= regret else float(np.nextafter(up, np.inf)),
    )


def _against(table: list, x: Weights, y: Weights, player: int) -> list[Fraction]:
    """What each choice of a player pays against the mixture of the other."""
    rows = table if player == 0 else list(zip(*table, strict=True))
    other = y if player == 0 else x
    return [
        sum((w * v for w, v in zip(other, row, strict=True)), start=Fraction(0)) for row in rows
    ]
