"""Who needs to know: how much of the other a reader must see to do as well as with all of it."""

import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Numbers, Whole, number, player_number, whole
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.random import Purpose, uniforms
from glasshouse._foundation.results import Result
from glasshouse.analysis.finite.readable import check_readable, shown_by
from glasshouse.dynamics.doors import check_params
from glasshouse.errors import InputError
from glasshouse.parametric.dense import DenseGame

MOST_MASKED = 6
"""Of the other, whose every mask is tried: 64 of them. Of more, one after the other is hidden."""


@dataclasses.dataclass(frozen=True, repr=False)
class MaskLoss(Result):
    """What a reader loses by seeing some coordinates of the other alone.

    **Arguments:** `seen`, coordinates counted from 0 in the order of its parameters; `loss`, by how
    much its best reply pays less than with all of them; it is negative where a reader does better
    by seeing less, for it must react to what it sees.
    """

    HEADINGS: ClassVar = {"seen": "coordinates seen", "loss": "loss (per round)"}

    seen: tuple[int, ...]
    loss: float


@dataclasses.dataclass(frozen=True, repr=False)
class NeedsToKnow(Evidenced):
    """The fewest coordinates of the other that a reader must see.

    **Arguments:** `reader`, from 0; `needed`, the fewest coordinates that keep the best reply's
    value within `tolerance`; `value` with all of them seen; `losses`, for each mask that was
    tried, those that show most first; `hidden_loss`, of seeing nothing; `tolerance`; `method`:
    "numerical", each value being the best that was found; `detail`, whether all masks were tried.
    """

    ROWS: ClassVar[str] = "losses"

    reader: int
    needed: tuple[int, ...]
    value: float
    losses: tuple[MaskLoss, ...]
    hidden_loss: float
    tolerance: float
    method: str
    detail: str


@in_float64
def needs_to_know(
    game: DenseGame,
    reader: Whole,
    others: Sequence[Any],
    *,
    tolerance: Numbers = 1e-6,
    starts: Whole = 8,
    seed: Whole = 0,
) -> NeedsToKnow:
    """How much of the other a player must read to reply as well as with all of it.

    Definition: V(m) = max over θ_i of the mean over k of U_i(θ_i, θ_j^(k)), reader i seeing those
    coordinates of θ_j^(k) that the mask m shows, the others looking neutral. The reply is one for
    all k: against a single other, parameters without bounds could make up for anything hidden.

    **Arguments:** `game` of two players under full access, with finite boxes; `reader`, from 0;
    `others`, the parameters of the other that it may meet, equally likely; `tolerance`, of the
    payoff range; `starts` of the search for each mask beside both corners and the middle, and
    their `seed`.
    **Raises:** `InputError` for other games, or parameters outside of the box.
    **Cost:** a gradient ascent for each start and mask: 64 masks of up to six coordinates; of more,
    one coordinate after the other is hidden, which need not find the fewest.

        import glasshouse as gh
        from glasshouse.analysis.finite import needs_to_know
        from glasshouse.semantics import Linear

        semantics = Linear((2, 2), coupling=1.0, direction=[1.0, 0.0], bound=2.0)
        game = gh.ParametricGame(gh.load_game("stag_hunt"), semantics)
        found = needs_to_know(game, 0, [[2.0, 1.0], [-2.0, 1.0]])
        print(found.needed)  # (0,)
    """
    check_readable(game, "who needs to know")
    if len(game.spaces) != 2:
        raise InputError(
            f"who needs to know is asked of two players, and this game has {len(game.spaces)}: "
            "masks are of an owner, whom all others read"
        )
    player = player_number(reader, 2)
    search = _search(game, player, others, whole(starts, "starts"), whole(seed, "seed", least=0))
    count = search.coordinates
    slack = number(tolerance, "tolerance", least=0.0)
    slack *= float(np.asarray(game.game.payoff_ranges)[player])
    everything = tuple(range(count))
    value = search.best(everything)
    tried = {everything: 0.0}
    if count <= MOST_MASKED:
        for size in range(count - 1, -1, -1):
            for seen in itertools.combinations(everything, size):
                tried[seen] = value - search.best(seen)
        detail = f"all {2**count} masks tried"
    else:
        _hide_in_turn(search, value, tried)
        detail = "one coordinate after the other hidden: fewer may do"
    # What is best while less is seen may start a better reply to all of it: that none is missed
    # there matters most, for all losses are counted from it.
    more = search.best(everything, search.replies) - value
    if more > slack:
        value += more
        tried = {seen: loss + more if seen != everything else 0.0 for seen, loss in tried.items()}
    kept = [seen for seen, loss in tried.items() if loss <= slack]
    return NeedsToKnow(
        reader=player,
        needed=min(kept, key=lambda seen: (len(seen), tried[seen], seen)),
        value=value,
        losses=tuple(MaskLoss(seen, loss) for seen, loss in tried.items()),
        hidden_loss=tried[()],
        tolerance=slack,
        method="numerical",
        detail=f"{detail}; best replies by gradient ascent from {len(search.begin)} starts",
    )


def _hide_in_turn(search: "_Search", value: float, tried: dict[tuple[int, ...], float]) -> None:
    """Of those seen hide the one that costs least, until nothing is seen."""
    seen = tuple(range(search.coordinates))
    while seen:
        fewer = [tuple(k for k in seen if k != hidden) for hidden in seen]
        for one in fewer:
            tried[one] = value - search.best(one)
        seen = min(fewer, key=lambda one: tried[one])


@dataclasses.dataclass(frozen=True)
class _Search:
    """The best reply under any mask: one compiled function of reply and mask, many starts."""

    rises: Any
    coordinates: int
    begin: Float[np.ndarray, "starts own"]
    bounds: list[tuple[float, float]]
    replies: list[np.ndarray] = dataclasses.field(default_factory=list)
    """The best ones that were found under each mask."""

    def best(self, seen: tuple[int, ...], begin: Any = None) -> float:
        from scipy.optimize import minimize  # takes as long to import as a tenth of glasshouse

        mask = np.zeros(self.coordinates, dtype=bool)
        mask[list(seen)] = True

        def falls(reply: np.ndarray) -> tuple[float, np.ndarray]:
            value, slope = self.rises(reply, mask)
            return -float(value), -np.asarray(slope, dtype=float)

        options = {"ftol": 1e-15, "gtol": 1e-12}
        found = [
            minimize(falls, start, jac=True, method="L-BFGS-B", bounds=self.bounds, options=options)
            for start in (self.begin if begin is None else list(begin))
        ]
        best = min(found, key=lambda one: one.fun)
        self.replies.append(best.x)
        value = -float(best.fun)
        if not np.isfinite(value):
            raise InputError(f"the best reply pays {value}: check the semantics for NaN")
        return value


def _search(game: DenseGame, player: int, others: Sequence[Any], starts: int, seed: int) -> _Search:
    other, boxes = 1 - player, game.spaces
    own, shown = (ravel_pytree(boxes[i].neutral()) for i in (player, other))
    low, high = (np.asarray(ravel_pytree(x)[0]) for x in (boxes[player].lower, boxes[player].upper))
    if not (np.all(np.isfinite(low)) and np.all(np.isfinite(high))):
        raise InputError(f"the box of player {player + 1} has no bounds: set them")
    met = [_met(game, player, one) for one in others]
    if not met:
        raise InputError("others holds no parameters that the reader may meet")
    coordinates = len(shown[0])
    masked: Any = shown_by(game, frozenset((0, 1)))

    def value(reply: Float[Array, "own"], mask: Array) -> Float[Array, ""]:
        visible = list(masked.channel.visible)
        leaves, structure = jax.tree.flatten(visible[other])
        ends = np.cumsum([np.size(leaf) for leaf in leaves])[:-1]
        parts = jnp.split(mask, ends)
        shaped = [part.reshape(np.shape(leaf)) for part, leaf in zip(parts, leaves, strict=True)]
        visible[other] = jax.tree.unflatten(structure, shaped)
        seeing = eqx.tree_at(lambda g: g.channel.visible, masked, tuple(visible))
        paid = [
            seeing.payoffs((own[1](reply), one) if player == 0 else (one, own[1](reply)))[player]
            for one in met
        ]
        return jnp.stack(paid).mean()

    drawn = low + (high - low) * uniforms(seed, Purpose.DEVIATIONS, starts, len(low))
    begin = np.concatenate([np.stack([np.asarray(own[0]), low, high]), drawn])
    rises = jax.jit(jax.value_and_grad(value))
    return _Search(rises, coordinates, begin, list(zip(low.tolist(), high.tolist(), strict=True)))


def _met(game: DenseGame, player: int, given: Any) -> Any:
    """The other's parameters, checked."""
    middle = game.neutral()
    profile = (middle[0], given) if player == 0 else (given, middle[1])
    return check_params(game, profile)[1 - player]
