"""Training in games that are played in samples: curves over seeds, in parts that can be kept."""

import dataclasses
import functools
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree, UInt32

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.numbers import HeldFloat, HeldInt, number, whole
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.random import Purpose, key_of, keys
from glasshouse._foundation.results import Result
from glasshouse.dynamics.batch import batch_map, repeat, stack
from glasshouse.dynamics.curves import Curves, TrainingPart, joined_curves
from glasshouse.dynamics.doors import MOST_STEPS
from glasshouse.errors import InputError
from glasshouse.games.stochastic.episodes import Episodes
from glasshouse.parametric import Params, SampledParametricGame, Tied
from glasshouse.parametric.sampled import playing
from glasshouse.rules.base import AbstractRule, in_words
from glasshouse.rules.gradient import Gradient
from glasshouse.rules.transformed import through_adam
from glasshouse.semantics.policies.player import PolicyPlayer

if TYPE_CHECKING:  # what is held; anything may be given, and is refused with an advice
    HeldRule: TypeAlias = AbstractRule
    HeldFlag: TypeAlias = bool
else:
    HeldRule = HeldFlag = Any

MEASURED = 2**32 - 2
"""What is folded into a run's key before what is measured draws; updates fold in their number."""

MOST_SEEDS = 100_000
"""That are trained together."""

PARTS_OF_TRAINING = 20
"""In how many parts a training is computed, of which finished ones are kept."""


@dataclasses.dataclass(frozen=True, repr=False)
class Training(Result):
    """How players are trained: by which rule, how often, and from which seeds.

    **Arguments:** `rule`, one of `glasshouse.rules`; `step_size`, parameter units per update and
    unit of direction; `updates`; `every` so many of them play is measured; `seeds`, how many;
    `first`, of which all follow one another: seed `first + k` is the same however many there are;
    `tied`, whether all players share one set of parameters, each adding its own gradient;
    `adam`, whether directions are scaled by Adam.
    **Raises:** `InputError` for what is no rule, and numbers that cannot be.

        from glasshouse.dynamics import Training
        from glasshouse.rules import Gradient

        training = Training(Gradient(), step_size=0.05, updates=200, seeds=5, adam=True)
    """

    rule: HeldRule = dataclasses.field(default_factory=Gradient)
    step_size: HeldFloat = 0.05
    updates: HeldInt = 500
    every: HeldInt = 10
    seeds: HeldInt = 10
    first: HeldInt = 0
    tied: HeldFlag = False
    adam: HeldFlag = False

    def __post_init__(self):
        if not isinstance(self.rule, AbstractRule):
            raise InputError(
                f"rule must be a rule such as Gradient(), not {type(self.rule).__name__}"
            )
        for name in ("tied", "adam"):
            if not isinstance(getattr(self, name), bool):
                raise InputError(f"{name} must be True or False, not {getattr(self, name)!r:.40}")
        numbers: dict[str, float | int] = {
            "step_size": number(self.step_size, "step_size", above=0.0),
            "updates": whole(self.updates, "updates", least=1, most=MOST_STEPS),
            "every": whole(self.every, "every", least=1),
            "seeds": whole(self.seeds, "seeds", least=1, most=MOST_SEEDS),
            "first": whole(self.first, "first", least=0, most=2**32 - 1 - MOST_SEEDS),
        }
        for name, value in numbers.items():
            object.__setattr__(self, name, value)
        if self.updates % self.every:
            raise InputError(
                f"updates = {self.updates} must be a multiple of every = {self.every}, so that the "
                "end is measured"
            )

    @property
    def records(self) -> int:
        """How often play is measured, the beginning aside."""
        return self.updates // self.every

    @property
    def learner(self) -> AbstractRule:
        """The rule, through Adam if that is wanted."""
        return through_adam(self.rule) if self.adam else self.rule

    @property
    def in_words(self) -> str:
        """How everybody is trained, as a sentence without its end."""
        shared = " with shared parameters" if self.tied else ""
        adam = " through Adam" if self.adam else ""
        return (
            f"{self.updates} updates of {self.step_size:g} by {in_words(self.rule)}{adam}{shared}, "
            f"{self.seeds} seed{'s' * (self.seeds > 1)} from {self.first} on"
        )


Kept = Callable[[str, Callable[[], TrainingPart], TrainingPart], TrainingPart]
"""The piece of that name: as it was kept, or computed now and kept; and one of its structure."""


def train(game: SampledParametricGame, training: Training = Training()) -> Curves:
    """Train players from every seed, all together.

    **Raises:** `InputError` for a game that is not played in samples, or a rule that cannot learn
    in it.
    **Cost:** seeds × updates estimates; a measurement is one more.

        import glasshouse as gh
        from glasshouse.dynamics import Training, train
        from glasshouse.games.stochastic import IteratedMatrix
        from glasshouse.semantics.policies import TablePolicy

        game = IteratedMatrix(gh.load_game("prisoners_dilemma"), horizon=10)
        sampled = gh.SampledParametricGame(game, TablePolicy(game), episodes=32)
        curves = train(sampled, Training(step_size=2.0, updates=40, seeds=4))
        print(curves.measured["payoff"].shape)  # (5, 4, 2)
    """
    return joined_curves(list(training_parts(game, training)), training)


def training_parts(
    game: SampledParametricGame,
    training: Training,
    kept: Kept = lambda name, compute, like: compute(),
) -> Iterator[TrainingPart]:
    """The parts of a training one after the other; what `kept` has is not computed again.

    Numbers do not depend on where it was interrupted: what update t draws is decided by the seed
    and t.
    """
    yield from _parts(game, [training], kept)


def _parts(
    game: SampledParametricGame,
    trainings: Sequence[Training],
    kept: Kept = lambda name, compute, like: compute(),
) -> Iterator[TrainingPart]:
    """The parts of trainings whose rules differ in numbers, the seeds of the first one first."""
    _check_sampled(game)
    training = trainings[0]
    played = Tied(game) if training.tied else game
    words = np.concatenate(
        [keys(training.first + k, Purpose.LEARNING, 1)[0] for k in range(training.seeds)]
    )
    words = np.tile(words, (len(trainings), 1))
    # One and the same rule is not stored again, and computed with as if it were no member.
    rules = repeat(stack([x.learner for x in trainings]), training.seeds)
    first = last = _first(played, rules, training, words)
    yield first
    length = -(-training.records // PARTS_OF_TRAINING)
    for k, begin in enumerate(range(0, training.records, length), start=1):
        count = min(length, training.records - begin)

        compute = functools.partial(_next, played, rules, training, words, last, begin, count)
        last = kept(f"{k:05d}", compute, first)
        yield last


def train_each(game: SampledParametricGame, trainings: Sequence[Training]) -> list[Curves]:
    """Train by several trainings at once that differ in the numbers of their rules alone.

    Each comes to what `train` comes to, but for rounding; all of them are one program and one
    batch, which keeps all cores busy.

    **Raises:** `InputError` as of `train`, and for trainings that differ in more than that.
    **Cost:** trainings × seeds × updates estimates.

        import glasshouse as gh
        from glasshouse.dynamics import Training, train_each
        from glasshouse.games.stochastic import IteratedMatrix
        from glasshouse.rules.sampled import AdvantageAlignment
        from glasshouse.semantics.policies import TablePolicy

        game = IteratedMatrix(gh.load_game("prisoners_dilemma"), horizon=10)
        sampled = gh.SampledParametricGame(game, TablePolicy(game), episodes=16)
        rules = [AdvantageAlignment(beta) for beta in (0.0, 1.0)]
        found = train_each(sampled, [Training(rule, updates=20, seeds=2) for rule in rules])
        print(len(found), found[1].measured["payoff"].shape)  # 2 (3, 2, 2)
    """
    if not trainings:
        raise InputError("trainings names none: give at least one Training")
    first = trainings[0]
    for other in trainings[1:]:
        if dataclasses.replace(other, rule=first.rule) != first:
            raise InputError(
                "trainings differ in more than their rules: give all the same step_size, updates, "
                "every, seeds, first, tied and adam"
            )
    parts = list(_parts(game, trainings))

    def own(part: TrainingPart, k: int) -> TrainingPart:
        share = slice(k * first.seeds, (k + 1) * first.seeds)
        params, state = jax.tree.map(lambda x: x[share], (part.params, part.state))
        measured = {name: x[:, share] for name, x in part.measured.items()}
        return TrainingPart(params, state, part.updates, measured)

    return [
        joined_curves([own(part, k) for part in parts], training)
        for k, training in enumerate(trainings)
    ]


def trained_players(
    game: SampledParametricGame,
    curves: Curves,
    names: Sequence[str] | None = None,
    without: Collection[int] = (),
) -> dict[str, list[PolicyPlayer]]:
    """Who was trained, one for each seed that did not fail; players without parameters are not.

    **Arguments:** `names` of all seats, by default "trained 1" and so on; of those who share
    parameters one, by default "trained"; `without`, further seeds to leave out.
    **Raises:** `InputError` where they read each other's weights, which others have none of.
    """
    if game.transparency.reads:
        raise InputError(
            f"players who read weights ({game.transparency.words}) cannot meet those who have none"
        )
    shared = len(curves.params) < game.players
    if names is None:
        names = ["trained"] if shared else [f"trained {i + 1}" for i in range(game.players)]
    lost = {*curves.failed, *without}
    kept = [k for k, seed in enumerate(curves.seeds) if seed not in lost]
    return {
        name: [PolicyPlayer(policy, jax.tree.map(lambda x, k=k: x[k], own)) for k in kept]
        for name, policy, own in zip(names, game.policies, curves.params, strict=False)
        if policy.learns
    }


@in_float64
def episode_of(
    game: SampledParametricGame, training: Training, curves: Curves, place: int
) -> Episodes:
    """Episodes at the end of the training of one seed, the `place`-th of all."""
    params = jax.tree.map(lambda x: x[place], curves.params)
    own = Tied(game).untied(params) if training.tied else params
    words = keys(curves.seeds[place], Purpose.LEARNING, 1)[0, 0]
    return _played(game, own, jax.random.fold_in(key_of(words), MEASURED))


_played = eqx.filter_jit(lambda game, params, key: game.estimates(params, key))


def _check_sampled(game: Any) -> None:
    """Refuse what plays no episodes, and what is made of it.

    **Raises:** `InputError` saying what to take instead.
    """
    if playing(game, "training learns", "let learn take exact ones") is not game:
        raise InputError(
            f"training ties players itself: give the game inside {type(game).__name__}, and say "
            "Training(tied=True)"
        )


def check_trainable(game: SampledParametricGame, training: Training) -> None:
    """Refuse a rule that cannot learn in the game, before anything is computed.

    **Raises:** `InputError` from the rule.
    """
    _check_sampled(game)
    played = Tied(game) if training.tied else game
    rule, size = training.learner, np.asarray(training.step_size)

    def tried(params: Params, key: Any) -> Params:
        return rule.step(played, params, rule.init(played, params, key), size, key)[0]

    jax.eval_shape(tried, played.neutral(), jax.random.key(0))


def initial_params(game: SampledParametricGame, seed: int) -> Params:
    """The parameters that players start from, by a seed, in the channel's own form."""
    found = []
    for i, policy in enumerate(game.policies):
        rows = policy.initials(seed, i + 1)
        found.append(jax.tree.map(lambda x, i=i: np.asarray(x[i]), rows))
    return tuple(found)


@in_float64
def _first(played: Any, rules: PyTree, training: Training, words: UInt32) -> TrainingPart:
    inner = played.game if training.tied else played
    starts = [initial_params(inner, training.first + k) for k in range(training.seeds)]
    own = [start[:1] if training.tied else start for start in starts]
    params = jax.tree.map(lambda *x: np.stack(x * (len(words) // len(x))), *own)
    members = (_repeated(played, len(words)), rules, params, words)
    params, state, measured = batch_map(_begin, members)
    return TrainingPart(params, state, np.zeros(1, int), _records_first(measured))


@in_float64
def _next(
    played: Any,
    rules: PyTree,
    training: Training,
    words: UInt32,
    last: TrainingPart,
    begin: int,
    count: int,
) -> TrainingPart:
    members = (_repeated(played, len(words)), rules, last.params, last.state, words)
    places = np.asarray(begin), np.asarray(training.step_size)
    params, state, measured = batch_map(_advance, members, *places, training.every, count)
    updates = training.every * np.arange(begin + 1, begin + 1 + count)
    return TrainingPart(params, state, updates, _records_first(measured))


def _begin(member: tuple[Any, AbstractRule, Params, RealArray]) -> tuple:
    game, rule, params, words = member
    key = key_of(words)
    state = rule.init(game, params, key)
    measured = _measured(game, params, key, jnp.asarray(0))
    return params, state, jax.tree.map(lambda x: x[None], measured)


def _advance(
    member: tuple[Any, AbstractRule, Params, Any, RealArray],
    begin: RealArray,
    step_size: RealArray,
    every: int,
    count: int,
) -> tuple:
    """Some records further on: `every` updates before each."""
    game, rule, params, state, words = member
    key = key_of(words)

    def update(carry: tuple, _: Any) -> tuple:
        params, state, taken = carry
        drawn = jax.random.fold_in(key, taken)
        params, state = rule.step(game, params, state, step_size, drawn)
        return (params, state, taken + 1), None

    def record(carry: tuple, _: Any) -> tuple:
        carry, _ = jax.lax.scan(update, carry, length=every)
        return carry, _measured(game, carry[0], key, carry[2])

    start = params, state, jnp.asarray(begin) * every
    (params, state, _), measured = jax.lax.scan(record, start, length=count)
    return params, state, measured


def _measured(game: Any, params: Params, key: Any, taken: RealArray) -> dict[str, RealArray]:
    """What one estimate says of play, of each player."""
    inner: Any = game
    own = params
    if isinstance(game, Tied):
        inner, own = game.game, game.untied(params)
    drawn = jax.random.fold_in(jax.random.fold_in(key, MEASURED), taken)
    played = inner.estimates(own, drawn)
    shares = jnp.asarray(inner.game.episode.shares(), played.rewards.dtype)
    found = {
        "payoff": jnp.tensordot(shares, played.rewards.mean(axis=1), axes=1),
        "reward": played.rewards.mean(axis=(0, 1)),
        **{name: happened.mean(axis=(0, 1)) for name, happened in played.events.items()},
    }
    finite = jnp.stack([jnp.all(jnp.isfinite(x)) for x in jax.tree.leaves(params)])
    return {
        name: jnp.where(jnp.all(finite), jnp.asarray(x, float), jnp.nan)
        for name, x in found.items()
    }


def _repeated(game: PyTree, count: int) -> PyTree:
    """One game for each seed, without storing it again."""
    return repeat(stack([game]), count)


def _records_first(measured: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: np.moveaxis(np.asarray(x), 0, 1) for name, x in measured.items()}
