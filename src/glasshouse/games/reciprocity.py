"""Whether policies of a repeated game are tit for tat, by named definitions, which disagree."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.numbers import number_array
from glasshouse._foundation.precision import in_float64
from glasshouse.errors import InputError
from glasshouse.games.behaviour import Product
from glasshouse.games.repeated import RepeatedGame

TIT_FOR_TAT = np.array([1.0, 1.0, 0.0, 1.0, 0.0])
"""At the start and after CC, CD, DC, DD, the own action first."""

FORGIVING = 0.65
"""By POLA's definition who was defected on cooperates with less than this probability."""

PAID = 0.8
"""And both are paid on average more than this share of the way from P to R."""


@in_float64
def is_tit_for_tat(
    game: RepeatedGame, probabilities: ArrayLike, definition: str = "strict"
) -> Bool[np.ndarray, "*batch"]:
    """Whether both players' policies are tit for tat, by a definition that is named.

    Definition: "strict": all ten probabilities of cooperating lie on tit for tat's side of ½.
    "pola" (Zhao et al. 2022): after CD and DD both cooperate with probability below .65, and what
    both are paid on average lies more than .8 of the way from P to R. The shares of runs that end
    so can be far apart: name the one you give.

    **Arguments:** `game`, of two players with two actions; `probabilities` of cooperating, of shape
    `(*batch, 2, 5)`: for each player at the start and after CC, CD, DC, DD, the own action first.
    **Raises:** `InputError` for other games, shapes and names, and what are no probabilities.

        import numpy as np
        import glasshouse as gh

        game = gh.games.RepeatedGame(gh.load_game("prisoners_dilemma"), discount=0.96)
        generous = np.array([1.0, 1.0, 0.6, 1.0, 0.6])
        print(gh.games.is_tit_for_tat(game, [generous, generous], "strict"))  # False
        print(gh.games.is_tit_for_tat(game, [generous, generous], "pola"))  # True
    """
    policies = np.asarray(number_array(probabilities, "probabilities", shapes=None))
    if not isinstance(game, RepeatedGame) or game.actions != (2, 2):
        raise InputError("tit for tat is told in a RepeatedGame of two players with two actions")
    if policies.shape[-2:] != (2, len(TIT_FOR_TAT)):
        raise InputError(
            f"probabilities have shape {policies.shape}, not (…, 2, 5): for each player at the "
            "start and after CC, CD, DC, DD, the own action first"
        )
    if not np.all((policies >= 0) & (policies <= 1)):
        raise InputError("probabilities must lie in [0, 1]")
    if definition == "strict":
        return np.asarray(np.all((policies - 0.5) * (TIT_FOR_TAT - 0.5) > 0, axis=(-2, -1)))
    if definition == "pola":
        return _is_by_pola(game, policies)
    raise InputError(f"definition={definition!r:.40} must be 'strict' or 'pola'")


def _is_by_pola(game: RepeatedGame, policies: np.ndarray) -> np.ndarray:
    defected_on = policies[..., 2] < FORGIVING
    both = policies[..., 4] < FORGIVING
    flat = policies.reshape(-1, *policies.shape[-2:])
    paid = np.asarray(_mean_payoffs(game.unlabelled(), flat)).reshape(policies.shape[:-2])
    steady = np.asarray(game.steady().tensor).mean(axis=0)
    reward, punishment = steady[0, 0], steady[1, 1]
    enough = paid > punishment + PAID * (reward - punishment)
    return np.asarray(np.all(defected_on & both, axis=-1) & enough)


@jax.jit
def _mean_payoffs(game: RepeatedGame, policies: Array) -> Float[RealArray, "batch"]:
    def paid(both: Array) -> Array:
        behaviours = Product(tuple(jnp.stack([p, 1 - p], axis=-1) for p in both))
        return jnp.mean(game.payoffs(behaviours))

    return jax.vmap(paid)(policies)
