"""Round robins: strategies of a repeated game meet each other, and each its own kind, exactly."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import equinox as eqx
import jax
import numpy as np

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import HeldArray, shown
from glasshouse._foundation.precision import in_float64
from glasshouse.errors import InputError
from glasshouse.games.base import Product
from glasshouse.games.repeated import RepeatedGame, is_repeated
from glasshouse.games.strategies import strategy
from glasshouse.leagues.alpha_rank import ranked, ranks_of
from glasshouse.leagues.payoffs import mean_payoffs, payoff_tolerance

if TYPE_CHECKING:
    Strategies: TypeAlias = Sequence[str] | Mapping[str, Any]
    Repeated: TypeAlias = RepeatedGame
else:  # checks of annotations at run time leave it to the messages below
    Strategies = Repeated = Any


@dataclasses.dataclass(frozen=True, repr=False)
class RoundRobin(Evidenced):
    """What strategies are paid when they meet.

    **Arguments:** `entrants`; `payoffs`, [row, column, player], per round or as a discounted sum,
    as `unit` says; `means`, of each over all it meets, itself among them, in both seats; `ranking`
    by them, the best first, each place with all who tie; `discount`, `noise`, `misperception`;
    `method`, `detail`. `leagues.rate` takes it.
    """

    ROWS: ClassVar[str] = "rows"

    entrants: tuple[str, ...]
    payoffs: HeldArray
    means: tuple[float, ...]
    ranking: tuple[tuple[str, ...], ...]
    unit: str
    discount: float
    noise: float
    misperception: float
    method: str
    detail: str

    @property
    def rows(self) -> tuple[dict[str, Any], ...]:
        """One for each: its name, `mean` payoff, `rank` from 1 on, which those who tie have in
        common, and its payoff `against` each as the row player."""
        ranks = ranks_of(self.ranking)
        return tuple(
            {
                "entrant": name,
                "mean": self.means[k],
                "rank": ranks[name],
                "against": dict(zip(self.entrants, self.payoffs[k, :, 0].tolist(), strict=True)),
            }
            for k, name in enumerate(self.entrants)
        )


def round_robin(
    strategies: Strategies,
    game: Repeated,
    *,
    noise: Any = None,
    misperception: Any = None,
) -> RoundRobin:
    """Let strategies of a repeated game meet each other, and each its own kind: Axelrod's way.

    Payoffs are exact values, nothing is sampled. Slips that everybody sees and misperceptions are
    those of the game, unless given here.

    **Arguments:** `strategies`, names that `games.strategy` knows, or a dictionary of behaviours by
    the names they get here: a name that is known, or how likely it cooperates in each state, its
    own action first; `game`, repeated, of two players; `noise` and `misperception`, probabilities.
    **Returns:** payoffs in the game's unit, means and ranking.
    **Raises:** `InputError` for fewer than two strategies, other games, unknown names, and
    behaviours that are no probabilities in each state.
    **Cost:** one linear system for each pair.
    **Source:** Axelrod 1984, The evolution of cooperation, whose round robins were sampled, of 200
    rounds, and without noise.

        import glasshouse as gh

        game = gh.games.RepeatedGame(gh.load_game("prisoners_dilemma"), discount=0.96)
        found = gh.leagues.round_robin(["allc", "alld", "tft", "grim"], game)
        print(found.ranking)  # (('tft', 'grim'), ('allc',), ('alld',))
    """
    given = _by_name(strategies)
    if not is_repeated(game) or game.players != 2:
        raise InputError(f"a round robin needs a RepeatedGame of two players, not {shown(game)}")
    game = RepeatedGame(
        game.stage,
        game.discount,
        game.unit,
        game.noise if noise is None else noise,
        game.misperception if misperception is None else misperception,
    )
    either = list(_behaviours(given, game))
    first, second = (np.stack([np.asarray(own[i]) for own in either]) for i in (0, 1))
    table = np.asarray(_all_meetings(game.unlabelled(), first, second))
    means = mean_payoffs(table)
    names = tuple(given)
    places = ranked(names, means, payoff_tolerance(table))
    slips = float(game.noise), float(game.misperception)
    detail = "exact values of every pair, each its own kind among them"
    return RoundRobin(
        names, table, tuple(means.tolist()), places, game.unit, float(game.discount), *slips,
        "numerical", detail,
    )  # fmt: skip


def _by_name(strategies: Any) -> dict[str, Any]:
    if isinstance(strategies, str) or not isinstance(strategies, Sequence | Mapping):
        raise InputError(
            f"strategies={shown(strategies)} must be a list of names, or a dictionary of behaviours"
        )
    names = list(strategies)
    if not all(isinstance(name, str) for name in names):
        raise InputError(
            f"strategies={shown(names)}: give behaviours in a dictionary, by the names they get"
        )
    if len(names) < 2 or len(set(names)) < len(names):
        raise InputError(f"strategies={shown(names)} must be at least two, and each named once")
    return dict(strategies) if isinstance(strategies, Mapping) else {name: name for name in names}


def _behaviours(given: Mapping[str, Any], game: RepeatedGame) -> Iterator[Product]:
    """What each does in either seat."""
    for name, own in given.items():
        named = isinstance(own, str)
        seats = [strategy(own, game, player=player) if named else own for player in (0, 1)]
        try:
            yield game.checked(seats)
        except InputError as error:
            raise InputError(f"strategy {name!r:.40}: {error}") from error


@in_float64
def _all_meetings(game: RepeatedGame, first: RealArray, second: RealArray) -> RealArray:
    # The behaviours enter in arrays: JAX would bring a dictionary into another order.
    return _meetings(game, first, second)


@eqx.filter_jit
def _meetings(game: RepeatedGame, first: RealArray, second: RealArray) -> RealArray:
    """Payoffs [row, column, player]."""

    def meet(own: RealArray, other: RealArray) -> RealArray:
        return game.payoffs(Product((own, other)))

    return jax.vmap(jax.vmap(meet, (None, 0)), (0, None))(first, second)
