"""Each player's own threshold: from which coupling on it starts to raise its own parameter."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np

from glasshouse._foundation.arrays import as_floats
from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Numbers, Whole, number, player_number
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.programs import program
from glasshouse.analysis.movement.first_order import SLOWEST_MOVEMENT, cooperation
from glasshouse.errors import InputError
from glasshouse.parametric import AbstractParametricGame, Layout, require_exact
from glasshouse.parametric.capabilities import require_smooth
from glasshouse.theory.symmetric import Threshold

PLAYER_MEANING = "starts to raise its own parameter from the neutral profile"

CHECKS = (0.5, 0.7)
"""Couplings at which a gradient known at 0 and 1 is checked to be affine: at one it could be so by
symmetry."""

AFFINE = 1e-9
"""How far it may be from that, as a share of how large it could be: rounding."""


@dataclasses.dataclass(frozen=True, repr=False)
class PlayerThresholds(Evidenced):
    """For each player, the coupling above which it starts to raise its own parameter.

    At the neutral profile player i's selfish gradient is `own[i]` + κ · `read[i]`: the incentive it
    has by itself, and the one it has because others read it. This is first movement of each
    player's own parameter, not where learning ends, and no equilibrium.

    **Arguments:** `values`, thresholds κ* = -own/read where read > 0, NaN where there is none (see
    `threshold`); `own`, `read`, payoff per unit of parameter; `readers`, how many read each
    player, or None where the family does not say; `method`; `detail`; `conditions`.
    """

    values: np.ndarray
    own: np.ndarray
    read: np.ndarray
    readers: np.ndarray | None
    method: str
    detail: str
    conditions: str

    def threshold(self, player: Whole) -> Threshold:
        """One player's threshold, or the reason why it has none.

        **Raises:** `InputError` where there is no such player.
        """
        player = player_number(player, len(self.values))
        own, read = float(self.own[player]), float(self.read[player])
        if read > 0:
            return Threshold(float(self.values[player]), PLAYER_MEANING)
        if read < 0:
            reason = f"being read hurts it: the inequality reverses, below {-own / read:.6g}"
            return Threshold(None, PLAYER_MEANING, reason)
        unread = self.readers is not None and not self.readers[player]
        why = "nobody reads it" if unread else "its readers' behaviour pays it nothing"
        when = "at every" if own > 0 else "at no" if own < 0 else "undecided at every"
        return Threshold(None, PLAYER_MEANING, f"{why}: {when} coupling")

    def rising(self, coupling: Numbers) -> np.ndarray:
        """Who starts to raise its own parameter at this coupling, as an array of truths."""
        coupling = number(coupling, "coupling")
        return self.own + coupling * self.read > 0


@in_float64
def player_thresholds(family: Callable[[float], AbstractParametricGame]) -> PlayerThresholds:
    """From which coupling on each player starts to raise its own parameter, where all are neutral.

    Definition: at θ = 0 the logits are 0 whatever the coupling, so that ∂U_i/∂θ_i is affine in it:
    it is evaluated at couplings 0 and 1, and checked between. In public goods games shared by n
    players it turns positive where the couplings of those who read i sum to ω_i (n-r)/r.

    **Arguments:** `family(coupling)`, a game whose players have one parameter each: a
    `NetworkFamily`, a `LogisticFamily` with a pattern, or any function of yours in which the
    coupling leaves alone how much one's own parameter counts for oneself.
    **Returns:** `PlayerThresholds`, in arrays.
    **Raises:** `InputError` for several parameters per player, where the coupling changes one's own
    weight, too, as in an `AffineFamily`, and where gradients are not affine in the coupling.
    **Cost:** four gradients; one derivative of behaviour per player, none on networks; exact to
    rounding.
    """
    if not callable(family):
        raise InputError(
            f"a family gives a game for every coupling, which {type(family).__name__} does not: "
            "use NetworkFamily or LogisticFamily"
        )
    games = {coupling: family(coupling) for coupling in (0.0, *CHECKS, 1.0)}
    measured = {coupling: _measured(game) for coupling, game in games.items()}
    found = {
        coupling: _gradients(trees, games[coupling].players)
        for coupling, (trees, _) in measured.items()
    }
    _check_own_weights({coupling: own for coupling, (_, own) in measured.items()})
    (at_zero, _), (at_one, scale) = found[0.0], found[1.0]
    bent = np.zeros(at_zero.shape, dtype=bool)
    for t in CHECKS:
        bent |= np.abs(found[t][0] - (1 - t) * at_zero - t * at_one) > AFFINE * scale
    if bent.any():
        raise InputError(
            f"at the neutral profile the gradient of player number {int(bent.argmax())} is not "
            "affine in the coupling, as thresholds for each player need: search "
            "for the switch of first movement instead"
        )
    own, read = (
        np.where(np.abs(x) <= SLOWEST_MOVEMENT * scale, 0.0, x) for x in (at_zero, at_one - at_zero)
    )
    values = np.full(own.shape, np.nan)
    np.divide(-own, read, out=values, where=read > 0)
    return PlayerThresholds(
        values=values + 0.0,  # turns -0.0 into 0.0
        own=own,
        read=read,
        readers=getattr(family, "readers", None),
        method="closed form",
        detail="gradients at the neutral profile at couplings 0 and 1, checked at "
        + " and ".join(f"{t:g}" for t in CHECKS),
        conditions="the selfish gradient at the neutral profile is affine in the coupling, which "
        "leaves one's own weight alone",
    )


def _measured(game: Any) -> Any:
    """Everyone's selfish gradients at the neutral profile and how large they could be; behaviour
    there, and how fast each own parameter moves it."""
    require_exact(game, "thresholds for each player", "observables", "scales")
    require_smooth(game, "thresholds for each player")
    return _compiled(game)


@program
def _compiled(game: Any) -> Any:
    """One program for all couplings: operations one by one took three times as long."""
    params = as_floats(game.neutral())
    trees = (game.selfish_gradients(params), game.gradient_scales(params))
    behaviour = cooperation(game, params)
    own_weight = getattr(game, "own_weight", None) if game.layout is Layout.stacked else None
    if own_weight is None:  # a derivative for each of many players would take their number squared
        flat, unravel = jax.flatten_util.ravel_pytree(params)
        own_weight = jnp.diagonal(jax.jacfwd(lambda x: cooperation(game, unravel(x)))(flat))
    return trees, (behaviour, own_weight)


def _gradients(trees: Any, players: int) -> tuple[np.ndarray, np.ndarray]:
    """Everyone's selfish gradient at the neutral profile, and how large it could be, in rows."""
    found = []
    for tree in trees:
        leaves = jax.tree.leaves(tree)
        flat = np.concatenate([np.ravel(x) for x in leaves])
        if flat.size != players or len(leaves) not in (1, players):
            raise InputError(
                f"thresholds for each player need one parameter each, but {players} players have "
                f"{flat.size} in all: search for the switch"
            )
        found.append(flat)
    return found[0], found[1]


def _check_own_weights(measured: dict[float, tuple[Any, Any]]) -> None:
    """Refuse families where not all that the coupling adds to a gradient comes from readers."""
    rows = {
        coupling: np.stack([behaviour, np.broadcast_to(own_weight, np.shape(behaviour))])
        for coupling, (behaviour, own_weight) in measured.items()
    }
    expected = rows[0.0]
    for coupling, found in rows.items():
        changed = np.abs(found - expected) > AFFINE * np.abs(expected).max(initial=0.0)
        if changed.any():
            player = int(changed.any(axis=0).argmax())
            raise InputError(
                "thresholds for each player need couplings that change only how others are read, "
                f"but at {coupling:g} the behaviour of player number {player}, or how much its own "
                "parameter moves it, differs from that at 0: search for the switch of "
                "first movement instead"
            )
