"""How far behaviour moves with each player's parameters, and what follows for learning."""

import dataclasses
from typing import Any, ClassVar, overload

import numpy as np
from jaxtyping import Float, PRNGKeyArray

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Whole
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.programs import program
from glasshouse._foundation.results import plain
from glasshouse.analysis.movement.first_order import (
    SLOWEST_MOVEMENT,
    Quantity,
    counted_by,
    is_drawn,
    mean_cooperation,
    observed_by,
)
from glasshouse.analysis.sampling.counted import EachStep
from glasshouse.analysis.sampling.sensitivity import SampledSensitivity, sampled_sensitivity
from glasshouse.analysis.sensitivities.table import sensitivity_table
from glasshouse.analysis.sensitivities.terms import Terms, all_terms, defined, reader_margins
from glasshouse.dynamics.doors import check_params
from glasshouse.errors import InputError
from glasshouse.games.normal_form import is_normal_form
from glasshouse.games.symmetric import is_symmetric
from glasshouse.parametric import AbstractParametricGame, Params, require_exact
from glasshouse.parametric.capabilities import Capability, require_smooth
from glasshouse.parametric.dense import DenseGame
from glasshouse.parametric.protocol import RandomKey

ALIKE = 1e-9
"""Players count as alike when they cooperate with probabilities, and have sensitivities relative to
the largest, that differ by no more than this: rounding through a network stays far below."""

OWNERS = Float[np.ndarray, "owners"]
PAIRS = Float[np.ndarray, "owners readers"]

_measured = program(all_terms)
_reader_margins = program(reader_margins)


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Sensitivity(Evidenced):
    """How behaviour moves with each player's parameters at one profile; `print` it for a table.

    Definition: J_ji = ∂σ_j/∂θ_i, taken through the channel, owners i first, readers j second. For
    two actions a = ∂p_i/∂θ_i and b = ∂p_j/∂θ_i, summed over the other players j.

    **Arguments:** `cooperation`, everyone's probability of action 0; `norms[i, j]`, the Frobenius
    norm of J_ji over √2 (two actions: |∂p_j/∂θ_i|); `alignment[i, j]`, the cosine between J_ii and
    J_ji; per owner, for two actions, `ratio` ρ = (a·b + |b|²) / (|a|² + a·b), `threshold` -A/B,
    `own_effect` A = ∂u_i/∂p_i and `other_effect` B, the mean of ∂u_i/∂p_j (NaN where undefined);
    `margins[i, j]`, what i's learning adds to the movement because j reads i, for j = i the selfish
    part; `margin`, their sum, `first_order_margin` of mean cooperation, and `smallest` the least
    that counts as movement; `at_bound`, whether a parameter is at a bound of its box; `applies`,
    whether the ratio decides alone whether cooperation starts to rise, else `reason`.
    """

    cooperation: OWNERS
    norms: PAIRS
    alignment: PAIRS
    ratio: OWNERS
    threshold: OWNERS
    own_effect: OWNERS
    other_effect: OWNERS
    margins: PAIRS
    margin: float
    smallest: float
    at_bound: bool
    applies: bool
    reason: str
    method: str
    detail: str

    ROWS = "pairs"
    HEADINGS: ClassVar = {
        "owner": "owner",
        "reader": "reader",
        "norm": "sensitivity",
        "alignment": "alignment",
        "margin": "margin (per unit time)",
        "ratio": "ratio",
        "threshold": "threshold",
    }

    @property
    def pairs(self) -> list[dict[str, Any]]:
        """Whose parameters move whose behaviour, players counted from 1, as rows of a table."""
        count = len(self.norms)
        return [
            plain({"owner": i + 1, "reader": j + 1, "norm": self.norms[i, j],
                   "alignment": self.alignment[i, j], "margin": self.margins[i, j],
                   "ratio": self.ratio[i], "threshold": self.threshold[i],
                   "cooperation": self.cooperation[i], "own_effect": self.own_effect[i],
                   "other_effect": self.other_effect[i]})
            for i in range(count) for j in range(count)
        ]  # fmt: skip

    @property
    def self_norms(self) -> OWNERS:
        """How far everyone's own behaviour moves with their own parameters."""
        return np.diagonal(self.norms).copy()

    @property
    def cross_norms(self) -> PAIRS:
        """How far the behaviour of reader j moves with the parameters of owner i; 0 for j = i."""
        return self.norms * (1 - np.eye(len(self.norms)))

    @property
    def movement(self) -> str:
        """Whether mean cooperation "rises", "falls" or "rests" at first, apart from the bounds."""
        if abs(self.margin) <= self.smallest:
            return "rests"
        return "rises" if self.margin > 0 else "falls"

    def __str__(self) -> str:
        return sensitivity_table(self)


@overload
def sensitivity(
    game: AbstractParametricGame, params: Params, *, key: None = None, episodes: None = None
) -> Sensitivity: ...


@overload
def sensitivity(
    game: AbstractParametricGame,
    params: Params,
    *,
    quantity: Quantity | EachStep | str = ...,
    key: PRNGKeyArray,
    episodes: Whole | None = None,
) -> SampledSensitivity: ...


@in_float64
def sensitivity(
    game: AbstractParametricGame,
    params: Params,
    *,
    quantity: Quantity | EachStep | str = mean_cooperation,
    key: RandomKey = None,
    episodes: Whole | None = None,
) -> Sensitivity | SampledSensitivity:
    """Who moves whose behaviour, and whether learning then starts to raise mean cooperation.

    Definition: in a symmetric 2×2 game at a symmetric profile inside the boxes, where B > 0 and
    |a|² + a·b > 0, cooperation starts to rise iff ρ > -A/B (see `Sensitivity`). Elsewhere ρ is
    shown, and the margin decides, except at the bounds of the boxes. Both are first movement: no
    outcome and no equilibrium. ρ is not |b|/|a|: where a and b are orthogonal it is |b|²/|a|².

    **Arguments:** `game`, a `ParametricGame`; `params`, one pytree per player; of games played in
    episodes `key`, `episodes`, a multiple of 32, by default 4096, and in place of cooperation a
    `quantity` as in `first_order_margin`.
    **Returns:** a `Sensitivity`, in 64 bits; of games played in episodes a `SampledSensitivity`.
    **Raises:** `InputError` for another kind of game, when `params` do not fit the boxes or
    behaviour is not finite there.
    **Cost:** a vector-Jacobian product for every action but one of every player, whose results are
    kept; one Jacobian-vector product per player.

        import glasshouse as gh
        from glasshouse.analysis import sensitivity

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        print(sensitivity(family(0.5), (0.0, 0.0)).ratio)  # [0.5 0.5]
    """
    if is_drawn(game, key):
        return sampled_sensitivity(game, params, counted_by(quantity), key, episodes)
    if quantity is not mean_cooperation:
        raise InputError(
            "the sensitivities of an exact game say whether cooperation rises: of another quantity "
            "ask for margins by reader, or give a key and a game that plays episodes"
        )
    game = check_dense(game)
    params = check_params(game, params)
    terms = checked(_measured(params, game))
    smallest = SLOWEST_MOVEMENT * float(np.max(game.game.payoff_ranges))
    reason = next((text for fails, text in obstacles(game, terms) if fails), "")
    return Sensitivity(
        **shared(terms),
        own_effect=terms.own_effect,
        other_effect=terms.other_effect,
        margin=float(terms.margins.sum()),
        smallest=smallest,
        at_bound=bool(terms.at_bound > 0),
        applies=not reason,
        reason=reason,
        method="derivative",
        detail=f"exact derivatives, alike to {ALIKE:g}, movements up to {smallest:.2g} are none",
    )


@in_float64
def margin_by_reader(
    game: AbstractParametricGame, params: Params, quantity: Quantity = mean_cooperation
) -> PAIRS:
    """`first_order_margin`, split by whose learning it is and through whose behaviour it pays.

    Definition: M[i, j] = ⟨∇_θi m, J_jiᵀ g_ij⟩ with m the quantity, J_ji = ∂σ_j/∂θ_i and
    g_ij = ∂u_i/∂σ_j: how fast m changes because player i learns that its parameters move the
    behaviour of player j. The diagonal is the ordinary selfish part; everything else exists only
    because j reads i. All entries sum to `first_order_margin`, those of column j to what goes
    through reader j.

    **Arguments:** `game`, a `ParametricGame`; `quantity(game, params)`, as in
    `first_order_margin`.
    **Returns:** shape `(players, players)`: owner, reader.
    **Raises:** `InputError` for another kind of game, and when `params` do not fit the boxes.
    **Cost:** one gradient of the quantity and one Jacobian-vector product per player.
    """
    game = check_dense(game, *observed_by(quantity))
    params = check_params(game, params)
    return np.asarray(_reader_margins(game, params, quantity), dtype=np.float64)


def check_dense(game: AbstractParametricGame, *needed: Capability) -> DenseGame:
    """The game, if it tells everybody's behaviour apart by player."""
    exact = require_exact(game, "a sensitivity", "dense", *needed)
    require_smooth(exact, "a sensitivity")
    return exact


def shared(terms: Terms) -> dict[str, Any]:
    """What is said at one profile and along a path; ρ and -A/B are NaN where they are undefined."""
    return {
        **{name: getattr(terms, name) for name in ("cooperation", "norms", "alignment", "margins")},
        "ratio": _quotient(terms.across + terms.cross, terms.own + terms.across),
        "threshold": _quotient(-terms.own_effect, terms.other_effect),
    }


def obstacles(game: DenseGame, terms: Terms) -> list[tuple[Any, str]]:
    """What keeps the ratio condition from applying: whether, or at which points, and the reason."""
    actions = game.game.actions
    if actions != (2, 2):
        size = "×".join(map(str, actions))
        return [(True, f"the condition is for two players with two actions, this game is {size}")]
    symmetric = is_normal_form(game.game) and is_symmetric(np.asarray(game.game.tensor))
    sizes = np.stack([terms.own, terms.across, terms.cross])
    largest = (terms.own + terms.cross).max(axis=-1)
    apart = np.abs(sizes[..., 0] - sizes[..., 1]).max(axis=0)
    p, q = terms.cooperation[..., 0], terms.cooperation[..., 1]
    shown = f"p_1 = {p.flat[0]:.6g}, p_2 = {q.flat[0]:.6g}"
    unequal = "the profile is not symmetric"
    return [
        (not symmetric, "the payoffs are not symmetric"),
        (np.abs(p - q) > ALIKE, f"{unequal} ({shown})"),
        (apart > ALIKE * largest, f"{unequal}: the players' sensitivities differ"),
        (terms.at_bound > 0, "a parameter is at the bound of its box, where learning is cut off"),
        (
            ~np.all(terms.other_effect > 0, axis=-1),
            "B is not positive: nobody gains from the other's cooperation",
        ),
        (
            ~np.all(terms.own + terms.across > ALIKE * terms.own, axis=-1),
            "|a|² + a·b is not positive: reading turns one's own step against oneself",
        ),
    ]


def checked(terms: Terms) -> Terms:
    """The terms `defined`, if behaviour and derivatives are finite."""
    terms = defined(terms)
    columns = {
        "behaviour": np.isfinite(terms.cooperation),
        "sensitivity": np.isfinite(terms.norms).all(axis=-2),
        "part in the margin": np.isfinite(terms.margins).all(axis=-2),
    }
    # Behaviour first: products with what is not finite reach everybody's derivatives.
    for name, finite in columns.items():
        if not finite.all():
            *point, player = (int(k) for k in np.argwhere(~finite)[0])
            where = f"at point {point[0]} of the path" if point else "at these parameters"
            raise InputError(
                f"the {name} of player {player + 1} is not finite {where}: check the network "
                "or other semantics there"
            )
    return terms


def _quotient(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    nonzero = bottom != 0
    return np.where(nonzero, top / np.where(nonzero, bottom, 1.0), np.nan)
