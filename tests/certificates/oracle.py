"""A second opinion on certificates: best gains by dense grids, judged at 50 digits.

Logistic semantics of two players from its definition, in NumPy where many deviations are tried and
in mpmath where one is judged. Nothing of the library is used.
"""

from collections.abc import Sequence
from typing import Any

import mpmath
import numpy as np

DIGITS = 50


class Oracle:
    """The gains of one player's deviations in a two-player logistic game.

    **Arguments:** `payoffs`, shape `(2, m, n)`; `coupling`, `coupling[i][j]` with which i reads j;
    `own_weight`; `params`, everyone's; `player` who deviates.
    """

    def __init__(
        self,
        payoffs: Any,
        coupling: Any,
        params: Sequence[Sequence[float]],
        player: int,
        own_weight: Sequence[float] = (1.0, 1.0),
    ):
        self.table = np.asarray(payoffs, dtype=float)[player]
        self.coupling, self.own_weight = coupling, own_weight
        self.params, self.player = params, player

    def gains(self, deviations: np.ndarray) -> np.ndarray:
        """The gain of each deviation, in double precision; shape `(points, parameters)`."""
        stay = np.asarray(self.params[self.player], dtype=float)[None]
        return self._payoffs(deviations) - self._payoffs(stay)

    def gain(self, deviation: Sequence[float], factor: float = 1.0) -> mpmath.mpf:
        """The gain of one deviation at 50 digits, in the limit where it is infinite."""
        with mpmath.workdps(DIGITS):
            stay = self._payoff(self.params[self.player], factor)
            return self._payoff(deviation, factor) - stay

    def best(self, box: Sequence[tuple[float, float]], points: int, rounds: int = 6) -> list[float]:
        """The best deviation that ever finer grids find."""
        bounds = [(float(low), float(high)) for low, high in box]
        region = bounds
        found = list(self.params[self.player])
        for _ in range(rounds):
            axes = [np.linspace(low, high, points) for low, high in region]
            grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(box))
            candidate = grid[np.argmax(self.gains(grid))]
            if self.gain(candidate) > self.gain(found):
                found = [float(x) for x in candidate]
            steps = [(high - low) / (points - 1) for low, high in region]
            region = [
                (max(low, x - step), min(high, x + step))
                for x, step, (low, high) in zip(candidate, steps, bounds, strict=True)
            ]
        return found

    def _payoffs(self, deviations: np.ndarray) -> np.ndarray:
        i, j = self.player, 1 - self.player
        other = np.asarray(self.params[j], dtype=float)[None]
        shared = min(deviations.shape[1], other.shape[1])

        def probabilities(own: np.ndarray, read: np.ndarray, owner: int, reader: int) -> np.ndarray:
            logits = self.own_weight[owner] * np.broadcast_to(
                own, (max(len(own), len(read)), own.shape[1])
            )
            logits = logits.copy()
            logits[:, :shared] += self.coupling[owner][reader] * read[:, :shared]
            logits = np.concatenate([logits, np.zeros((len(logits), 1))], axis=1)
            powers = np.exp(logits - logits.max(axis=1, keepdims=True))
            return powers / powers.sum(axis=1, keepdims=True)

        mine = probabilities(deviations, other, i, j)
        theirs = probabilities(other, deviations, j, i)
        table = self.table if i == 0 else self.table.T
        return np.einsum("na,ab,nb->n", mine, table, theirs)

    def _payoff(self, deviation: Sequence[float], factor: float) -> mpmath.mpf:
        i = self.player
        params = [list(map(mpmath.mpf, own)) for own in self.params]
        params[i] = [mpmath.mpf(float(x)) for x in deviation]
        chosen = []
        for k in (0, 1):
            logits = []
            for a, own in enumerate(params[k]):
                logit = mpmath.mpf(self.own_weight[k]) * own
                weight = mpmath.mpf(self.coupling[k][1 - k]) * mpmath.mpf(factor)
                if a < len(params[1 - k]) and weight != 0:
                    logit += weight * params[1 - k][a]
                logits.append(logit)
            chosen.append(_softmax([*logits, mpmath.mpf(0)]))
        total = mpmath.fsum(
            chosen[0][a] * chosen[1][b] * mpmath.mpf(float(self.table[a, b]))
            for a in range(len(chosen[0]))
            for b in range(len(chosen[1]))
        )
        return mpmath.mpf(total)  # real, as all its terms


def _softmax(logits: list[mpmath.mpf]) -> list[mpmath.mpf]:
    top = max(logits)
    if mpmath.isinf(top):
        powers = [mpmath.mpf(int(x == top)) for x in logits]
    else:
        powers = [mpmath.exp(x - top) for x in logits]
    return [x / mpmath.fsum(powers) for x in powers]
