"""Games, tables and formulas the tests compare with.

Numbers come from closed forms or 30-digit arithmetic, formulas are written out by hand for two
actions; nothing here calls the learning, the gradients or the analyses of the library.
"""

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import settings
from jaxtyping import ArrayLike, PyTree

from glasshouse.errors import InputError
from glasshouse.games import NormalFormGame
from glasshouse.games.registry import from_catalogue
from glasshouse.parametric import AbstractParametricGame, ParametricGame, Params
from glasshouse.semantics import Logistic
from glasshouse.semantics.registry import SEMANTICS

T_co = TypeVar("T_co", covariant=True)


class Later(Mapping[str, T_co]):
    """Examples by name, each made once, where it is first asked for: collecting tests, which every
    process does, computes none."""

    def __init__(self, makers: Mapping[str, Callable[[], T_co]]):
        self._makers = {name: functools.cache(maker) for name, maker in makers.items()}

    def __getitem__(self, name: str) -> T_co:
        with jax.ensure_compile_time_eval():  # it may first be asked for by what is being traced
            return self._makers[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


class Payoffs(NamedTuple):
    """Row player's payoffs of a symmetric 2×2 game, in the order of the tables."""

    T: float
    R: float
    P: float
    S: float


class Row(NamedTuple):
    """One row of the table of thresholds on the diagonal."""

    payoffs: Payoffs
    interaction: Fraction
    defection: Fraction
    neutral: Fraction
    cooperation: Fraction
    regime: str


PD = Payoffs(5.0, 3.0, 1.0, 0.0)
DONATION = Payoffs(3.0, 2.0, 0.0, -1.0)
COORDINATING_PD = Payoffs(4.0, 3.5, 2.0, 0.0)
STAG_HUNT = Payoffs(3.0, 4.0, 2.0, 0.0)
CHICKEN = Payoffs(4.0, 3.0, 1.0, 2.0)
DEADLOCK = Payoffs(4.0, 2.0, 3.0, 1.0)

F = Fraction
THRESHOLDS = {
    "pd": Row(PD, F(-1), F(1, 4), F(3, 7), F(2, 3), "mixed rest point"),
    "donation": Row(DONATION, F(0), F(1, 3), F(1, 3), F(1, 3), "one switch"),
    "coordinating pd": Row(COORDINATING_PD, F(3, 2), F(1), F(5, 11), F(1, 7), "two basins"),
    "stag hunt": Row(STAG_HUNT, F(3), F(2), F(1, 5), F(-1, 4), "two basins"),
    "chicken": Row(CHICKEN, F(-2), F(-1, 3), F(0), F(1), "mixed rest point"),
    "deadlock": Row(DEADLOCK, F(0), F(2), F(2), F(2), "one switch"),
}

PUBLIC_GOODS = {(4, 2): F(1, 3), (10, 3): F(7, 27)}
"""Thresholds by number of players and multiplier: (n - r) / (r (n - 1))."""


def normal_form(payoffs: Payoffs) -> NormalFormGame:
    T, R, P, S = payoffs
    return NormalFormGame([[[R, S], [T, P]], [[R, T], [S, P]]])


def parametric(payoffs: Payoffs, coupling: ArrayLike, bound: float = 5.0) -> ParametricGame:
    return ParametricGame(normal_form(payoffs), Logistic((2, 2), coupling, bound))


def family(payoffs: Payoffs, bound: float = 5.0) -> Callable[[float], ParametricGame]:
    return lambda coupling: parametric(payoffs, coupling, bound)


def public_goods_family(n: int, r: float) -> Callable[[float], ParametricGame]:
    game = from_catalogue("public_goods")(n=n, r=r)
    return lambda coupling: ParametricGame(game, Logistic((2,) * n, coupling, 5.0))


def random_tensor(actions: tuple[int, ...], seed: int) -> np.ndarray:
    """Payoffs of an asymmetric game, uniform on [-2, 3)."""
    return np.random.default_rng(seed).uniform(-2.0, 3.0, (len(actions), *actions))


def random_params(game: AbstractParametricGame, seed: int, spread: float = 1.5) -> Params:
    """Uniform on [-spread, spread], or what the box leaves of it, in every coordinate."""
    rng = np.random.default_rng(seed)

    def draw(lower: ArrayLike, upper: ArrayLike) -> jax.Array:
        low, high = np.maximum(lower, -spread), np.minimum(upper, spread)
        return jnp.asarray(rng.uniform(low, high, np.shape(lower)))

    return tuple(jax.tree.map(draw, box.lower, box.upper) for box in game.spaces)


@functools.cache  # asked for by each module that is collected
def supports(kind: str, actions: tuple[int, ...]) -> bool:
    """Whether a semantics has an example for these numbers of actions."""
    try:
        SEMANTICS[kind].example(actions)
    except InputError:
        return False
    return True


def so_many(by_day: int, by_night: int) -> int:
    """How many cases a test goes through, in its loop."""
    return by_night if settings.get_current_profile_name() == "by night" else by_day


def examples(count: int) -> settings:
    """So many examples of what is random by night, and by day as many as usual."""
    return settings(max_examples=so_many(settings().max_examples, count))


def flat(tree: PyTree) -> np.ndarray:
    """All leaves in one vector."""
    return np.concatenate([np.ravel(np.asarray(x)) for x in jax.tree.leaves(tree)])


def expected_payoffs(tensor: np.ndarray, mixes: list[np.ndarray]) -> np.ndarray:
    """Expected payoffs by a sum over all action profiles."""
    totals = np.zeros(len(mixes))
    for profile in itertools.product(*(range(len(mix)) for mix in mixes)):
        probability = 1.0
        for mix, action in zip(mixes, profile, strict=True):
            probability *= mix[action]
        totals += probability * tensor[(slice(None), *profile)]
    return totals


def sigmoid(x: ArrayLike) -> np.ndarray:
    return 1 / (1 + np.exp(-np.asarray(x)))


def selfish_field(payoffs: Payoffs, coupling: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """∂U_i/∂θ_i of a symmetric 2×2 game: player i reads player j with `coupling[i, j]`.

    θ_1' = A(p_2) v_1 + κ_21 B(p_1) v_2 and the same with the players exchanged.
    """
    T, R, P, S = payoffs
    p = sigmoid(theta + np.array([coupling[0, 1] * theta[1], coupling[1, 0] * theta[0]]))
    v = p * (1 - p)
    other = p[::-1]
    own_effect = other * (R - T) + (1 - other) * (S - P)
    other_effect = p * (R - S) + (1 - p) * (T - P)
    being_read = np.array([coupling[1, 0], coupling[0, 1]])
    return own_effect * v + being_read * other_effect * v[::-1]


def equal_couplings(coupling: float) -> np.ndarray:
    return np.array([[0.0, coupling], [coupling, 0.0]])
