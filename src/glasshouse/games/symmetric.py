"""Symmetric 2×2 games by their four payoffs, in plain Python."""

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from glasshouse._foundation.numbers import Numbers


class _FourPayoffs(NamedTuple):
    T: float
    R: float
    P: float
    S: float


class Symmetric2x2(_FourPayoffs):
    """Payoffs of the row player: R at (C, C), S at (C, D), T at (D, C), P at (D, D).

    C is action 0. `own_effect` and `other_effect` are A and B of the analyses: how the payoff
    changes with one's own and with the other's probability of cooperating.

    **Raises:** `InputError` for payoffs that are not finite numbers.
    """

    __slots__ = ()

    def __new__(cls, T: "Numbers", R: "Numbers", P: "Numbers", S: "Numbers") -> "Symmetric2x2":
        given = {"T": T, "R": R, "P": P, "S": S}
        if not all(type(value) is float and math.isfinite(value) for value in given.values()):
            from glasshouse._foundation.numbers import number  # which imports JAX

            given = {name: number(value, f"payoff {name}") for name, value in given.items()}
        return super().__new__(cls, **given)  # pyright: ignore[reportArgumentType]

    def own_effect(self, other: float) -> float:
        """A(q) = q (R-T) + (1-q) (S-P): ∂u/∂p when the other cooperates with probability q."""
        return other * (self.R - self.T) + (1 - other) * (self.S - self.P)

    def other_effect(self, own: float) -> float:
        """B(p) = p (R-S) + (1-p) (T-P): ∂u/∂q when one cooperates with probability p."""
        return own * (self.R - self.S) + (1 - own) * (self.T - self.P)

    @property
    def interaction(self) -> float:
        """D = R - S - T + P: how much cooperation pays more when the other cooperates."""
        return self.R - self.S - self.T + self.P

    @property
    def payoff_range(self) -> float:
        """Largest minus smallest payoff."""
        return max(self) - min(self)

    def tensor(self) -> np.ndarray:
        """Payoffs as an array of shape (2, 2, 2): player, own action, other's action."""
        row = np.array([[self.R, self.S], [self.T, self.P]])
        return np.stack([row, row.T])

    @classmethod
    def from_tensor(cls, tensor: np.ndarray) -> "Symmetric2x2 | None":
        """The four payoffs, or None where the game is not a symmetric 2×2 game.

        Symmetric means `is_symmetric`: player 2's payoff at (a, b) is player 1's at (b, a).
        """
        if tensor.shape != (2, 2, 2) or not is_symmetric(tensor):
            return None
        (R, S), (T, P) = tensor[0].tolist()  # Python floats, whatever the array
        return cls(T=T, R=R, P=P, S=S)


def is_symmetric(tensor: np.ndarray) -> bool:
    """Whether swapping any two players only swaps their payoffs, to 1e-12 of the payoff range.

    **Arguments:** `tensor`, shape `(players, *actions)`.
    """
    players = tensor.shape[0]
    if len(set(tensor.shape[1:])) != 1:
        return False
    for i in range(players - 1):
        order = list(range(players))
        order[i], order[i + 1] = i + 1, i
        swapped = tensor[order].transpose(0, *(1 + k for k in order))
        if not np.allclose(tensor, swapped, rtol=0.0, atol=1e-12 * float(np.ptp(tensor))):
            return False
    return True
