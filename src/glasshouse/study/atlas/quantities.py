"""What is asked of each ordinal game, and where learning first raises it."""

import dataclasses
import itertools
from typing import Any

import numpy as np
from jaxtyping import Float

from glasshouse.analysis.equilibrium.pure_profiles import BaseGame, base_game
from glasshouse.games.ordinal import OrdinalGame
from glasshouse.theory.symmetric import thresholds

PROFILES = ((0, 0), (0, 1), (1, 0), (1, 1))
"""In the order of all lists: row player's action, column player's."""

COOPERATIVE, WELFARE_BEST = "cooperation", "welfare"
"""The quantities asked about."""


@dataclasses.dataclass(frozen=True)
class BaseFacts:
    """What is true of an ordinal game before anybody reads anybody.

    **Arguments:** `dominant`, for each player the dominant action, or None; `efficient`, profiles
    of which no other is better for both; `inferior`, whether its only pure equilibrium is such that
    both prefer another profile.
    """

    base: BaseGame
    dominant: tuple[int | None, int | None]
    efficient: tuple[tuple[int, int], ...]
    inferior: bool

    def to_dict(self) -> dict[str, Any]:
        """As `atlas.json` says it."""
        mixed = self.base.mixed or ()
        return {
            "pure_equilibria": self.base.pure_equilibria,
            "pure_equilibrium_payoffs": self.base.pure_equilibrium_payoffs,
            "mixed_equilibria": [{"weights": x.weights, "payoffs": x.payoffs} for x in mixed],
            "dominant_actions": self.dominant,
            "efficient": self.efficient,
            "welfare_optima": self.base.welfare_optima,
            "only_equilibrium_is_inferior": self.inferior,
        }


def base_facts(game: OrdinalGame) -> BaseFacts:
    """The facts of a game, all profiles compared."""
    payoffs, base = game.payoffs, base_game(game.game)
    own = (payoffs[0], payoffs[1].T)
    dominant = [next((a for a in (0, 1) if (table[a] > table[1 - a]).all()), None) for table in own]

    def beaten(profile: tuple[int, ...]) -> bool:
        return any((payoffs[:, *other] > payoffs[:, *profile]).all() for other in PROFILES)

    only = base.pure_equilibria[0] if len(base.pure_equilibria) == 1 else None
    return BaseFacts(
        base,
        (dominant[0], dominant[1]),
        tuple(profile for profile in PROFILES if not beaten(profile)),
        only is not None and beaten(only),
    )


def quantity_of(game: OrdinalGame) -> str:
    """ "cooperation" where the game is symmetric and it pays that the other plays its first action,
    each action of one's own being as likely as the other: B(½) > 0; else "welfare"."""
    return COOPERATIVE if game.is_symmetric and effects(game)[0, 1] > 0 else WELFARE_BEST


def effects(game: OrdinalGame) -> Float[np.ndarray, "2 2"]:
    """∂u_i/∂p_j where both play both actions with probability ½, p_j being that of the first."""
    payoffs = game.payoffs
    by_row = payoffs.mean(axis=2)  # over the column player's actions
    by_column = payoffs.mean(axis=1)
    return np.stack([by_row[:, 0] - by_row[:, 1], by_column[:, 0] - by_column[:, 1]], axis=1)


def margin_coefficients(game: OrdinalGame) -> Float[np.ndarray, "3"]:
    """How fast the quantity changes at the neutral start: c_0 + c_1 κ + c_2 κ².

    Definition: with e_ij = ∂u_i/∂p_j at ½ and m_j the quantity's slope in p_j (½ each for mean
    cooperation; e_1j + e_2j for welfare), players' gradients are ξ_i = ¼ (e_ii + κ e_ij), and the
    probabilities move by ¼ (ξ_i + κ ξ_j).
    """
    e = effects(game)
    slopes = np.array([0.5, 0.5]) if quantity_of(game) == COOPERATIVE else e.sum(axis=0)
    own, cross = np.diag(e), np.array([e[0, 1], e[1, 0]])
    powers = (slopes @ own, slopes @ (cross + own[::-1]), slopes @ cross[::-1])
    return np.array(powers) / 16


def rises_between(game: OrdinalGame) -> list[tuple[float, float]]:
    """The couplings in [0, 1] at which the quantity rises at first, as open intervals."""
    coefficients = margin_coefficients(game)
    roots = np.polynomial.Polynomial(coefficients).roots() if coefficients[1:].any() else []
    inside = sorted(
        {float(x.real) for x in roots if abs(x.imag) < 1e-9 and 1e-9 < x.real < 1 - 1e-9}
    )
    ends = [0.0, *inside, 1.0]
    found: list[tuple[float, float]] = []
    for low, high in itertools.pairwise(ends):
        if np.polynomial.polynomial.polyval((low + high) / 2, coefficients) > 0:
            found.append((low, high))
    return found


def closed_forms(game: OrdinalGame) -> dict[str, Any] | None:
    """The thresholds κ_D, κ_½ and κ_C of a symmetric game in which cooperation means something."""
    if quantity_of(game) != COOPERATIVE:
        return None
    found = thresholds(game.game)
    each = {
        "defection": found.defection,
        "neutral": found.neutral,
        "cooperation": found.cooperation,
    }
    return {
        **{name: {"value": x.value, "reason": x.reason} for name, x in each.items()},
        "regime": found.regime,
    }


def target_profiles(game: OrdinalGame, facts: BaseFacts) -> tuple[tuple[int, ...], ...]:
    """The profiles that the quantity is about: mutual cooperation, or those of largest welfare."""
    return ((0, 0),) if quantity_of(game) == COOPERATIVE else facts.base.welfare_optima
