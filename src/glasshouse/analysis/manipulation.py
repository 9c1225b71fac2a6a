"""Manipulation as an asymmetry: what a shaper gains by knowing what the other gains."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Bool, Float

from glasshouse._foundation.numbers import Numbers, number_array
from glasshouse._foundation.results import Result
from glasshouse.dynamics import Training, train_each
from glasshouse.errors import InputError
from glasshouse.parametric import SampledParametricGame
from glasshouse.parametric.sampled import playing
from glasshouse.rules import AbstractDirection, PerPlayer, through_adam
from glasshouse.rules.base import check_direction, in_words
from glasshouse.rules.sampled import (
    AbstractOpponentCritic,
    AdvantageAlignment,
    NoisyCritic,
    reports,
)

TOLD = 2.0
"""Standard errors beyond which a gain is told from none."""

FIDELITIES = (1.0, 0.9, 0.7, 0.5, 0.0)
BETAS = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0)

Shaper = Callable[[float, AbstractOpponentCritic], AbstractDirection]
Map = Float[np.ndarray, "critics betas"]


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Manipulation(Result):
    """What a shaper gains, and the other loses, over a selfish learner in the shaper's place.

    **Arguments:** `betas`, how much shaping counts; `critics`, what the shaper takes the other's
    advantages to be; `fidelity` measured of each critic, the mean over all updates and seeds;
    `paid`, per step at the end, NaN of a seed that left the reals; `selfish`, the same
    with β = 0; `seeds`; `detail`, how it was computed.
    """

    betas: Float[np.ndarray, "betas"]
    critics: tuple[AbstractOpponentCritic, ...]
    fidelity: Map
    paid: Float[np.ndarray, "critics betas seeds 2"]
    selfish: Float[np.ndarray, "seeds 2"]
    seeds: tuple[int, ...]
    detail: str

    ROWS: ClassVar[str] = "rows"

    @property
    def gain(self) -> Map:
        """What the shaper is paid more than a selfish learner from the same seeds."""
        return _mean(self._differences[..., 0])

    @property
    def gain_error(self) -> Map:
        """The standard error of `gain` over seeds."""
        return _error(self._differences[..., 0])

    @property
    def loss(self) -> Map:
        """What the other is paid less than with a selfish learner; negative where it gains."""
        return -_mean(self._differences[..., 1])

    @property
    def loss_error(self) -> Map:
        """The standard error of `loss` over seeds."""
        return _error(self._differences[..., 1])

    @property
    def half_gain(self) -> Float[np.ndarray, "betas 2"]:
        """The fidelity at which half of the gain of the best critic is left, and its error.

        From the best critic downwards, by straight lines along √f, which is how far a critic points
        the right way: so lines of noisy critics are those along β of `half_gain_predicted`. It says
        something where gains fall with fidelity, and is no finer than the critics are close:
        `half_gain_between` has the two around it. The standard error is the jackknife's over
        seeds, of which those that failed with some critic at this β are left out. NaN where the
        best critic's gain is not told from none, or half of it is left everywhere.
        """
        found = [
            _half_and_error(self.fidelity[:, b], self._differences[:, b, :, 0])
            for b in range(len(self.betas))
        ]
        return np.where(self._told[:, None], np.asarray(found), np.nan)

    @property
    def half_gain_between(self) -> Float[np.ndarray, "betas 2"]:
        """The fidelities of the critics around `half_gain`: the last to leave half, and the next.

        Nothing is known of what lies between them. NaN as there.
        """
        found = np.full((len(self.betas), 2), np.nan)
        for b, place in enumerate(self.half_gain[:, 0]):
            rows = self.fidelity[:, b]
            if np.isfinite(place):
                found[b] = rows[rows >= place].min(), rows[rows <= place].max()
        return found

    @property
    def half_gain_predicted(self) -> Float[np.ndarray, "betas"]:
        """The same, were a critic of fidelity f nothing but a shaper of √f β: see `NoisyCritic`.

        It follows from the gains of the best critic alone, by straight lines between its β.
        """
        gain, betas = _best(self.fidelity, self.gain), self.betas
        along, height = np.concatenate([[0.0], betas]), np.concatenate([[0.0], gain])
        found = []
        for k in range(1, len(along)):
            place = _crossing(along[: k + 1][::-1], height[: k + 1][::-1], height[k] / 2)
            found.append((place / along[k]) ** 2 if height[k] > 0 else np.nan)
        return np.where(self._told, np.asarray(found), np.nan)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A row for each critic and β."""
        maps = ("fidelity", "gain", "gain_error", "loss", "loss_error")
        values = {name: getattr(self, name) for name in maps}
        return [
            {
                "critic": repr(critic),
                "beta": float(beta),
                **{name: float(found[c, b]) for name, found in values.items()},
            }
            for c, critic in enumerate(self.critics)
            for b, beta in enumerate(self.betas)
        ]

    @property
    def _told(self) -> Bool[np.ndarray, "betas"]:
        """Whether the best critic's gain is told from none."""
        return _best(self.fidelity, self.gain) > TOLD * _best(self.fidelity, self.gain_error)

    @property
    def _differences(self) -> Float[np.ndarray, "critics betas seeds 2"]:
        return self.paid - self.selfish


def aligned_shaper(beta: float, critic: AbstractOpponentCritic) -> AbstractDirection:
    """Advantage alignment through Adam."""
    return through_adam(AdvantageAlignment(beta, others=critic))


def manipulation(
    game: SampledParametricGame,
    victim: AbstractDirection,
    *,
    betas: Numbers = BETAS,
    critics: Sequence[AbstractOpponentCritic] = tuple(map(NoisyCritic, FIDELITIES)),
    shaper: Shaper = aligned_shaper,
    paces: Numbers = (1.0, 1.0),
    step_size: float = 0.06,
    updates: int = 1000,
    seeds: int = 10,
    first: int = 0,
) -> Manipulation:
    """Train a shaper against a victim for every β and every opponent critic, from the same seeds.

    Definition: the gain is U_1(β, critic) - U_1(0), the loss U_2(0) - U_2(β, critic), at the end of
    training, as differences from the same seed: the same starts, the same draws.

    **Arguments:** `victim`, the rule of player 2, `Fixed()` of one that stays as it is; `betas`;
    `critics`, of one class; `shaper`, the rule of player 1 with this β and critic; `paces`, both
    players' step sizes in multiples of `step_size`; `updates`; `seeds` from `first` on.
    **Raises:** `InputError` for a game not of two players, a shaper that is the victim or keeps no
    report of how well it knows the other, and as of `train_each`.
    **Cost:** (critics × β + 1) × seeds × updates estimates, in one program.
    **Source:** the rule is that of Duque et al. 2025; the map is of this library.

        import glasshouse as gh
        from glasshouse.analysis import manipulation
        from glasshouse.games.stochastic import IteratedMatrix
        from glasshouse.rules import Fixed
        from glasshouse.rules.sampled import NoisyCritic
        from glasshouse.semantics.policies import TablePolicy

        game = IteratedMatrix(gh.load_game("prisoners_dilemma"), horizon=4)
        sampled = gh.SampledParametricGame(game, TablePolicy(game), episodes=8)
        few = {"betas": [1.0], "critics": [NoisyCritic(0.5)], "updates": 2, "seeds": 3}
        print(manipulation(sampled, Fixed(), **few).gain.shape)  # (1, 1)
    """
    playing(game, "manipulation is learned", "let learn take exact ones")
    if game.players != 2:
        raise InputError("manipulation is of a shaper and one other: give a game of two players")
    along = np.asarray(number_array(betas, "betas", shapes=None))
    if along.ndim != 1 or not along.size or not np.all(np.diff(along) > 0) or along[0] <= 0:
        raise InputError(f"betas={along.tolist()!r:.60} must be positive numbers that rise")
    if not critics or len({type(critic) for critic in critics}) > 1:
        raise InputError("critics must be one or more of one class, such as NoisyCritic(0.5)")
    cells = [(0.0, critics[0]), *((float(beta), x) for x in critics for beta in along)]
    shapers = [_shaping(game, shaper(beta, critic), victim, beta) for beta, critic in cells]
    trainings = [
        Training(PerPlayer([rule, victim], paces), step_size, updates, updates, seeds, first)
        for rule in shapers
    ]
    curves = train_each(game, trainings)
    ends = np.stack([x.measured["payoff"][-1] for x in curves])
    known = np.stack([x.reports[0].fidelity[:, 0] for x in curves])
    if np.isnan(known).all() and np.isfinite(ends).any():
        raise InputError(_unknowing(shapers[0]))
    shape = len(critics), len(along)
    return Manipulation(
        along,
        tuple(critics),
        _mean(np.asarray(known[1:], float)).reshape(shape),
        ends[1:].reshape(*shape, *ends.shape[1:]),
        ends[0],
        curves[0].seeds,
        f"{game.game.title}, {game.game.horizon} steps, {game.episodes} episodes; player 2: "
        f"{trainings[0].in_words}",
    )


def _shaping(
    game: SampledParametricGame, rule: AbstractDirection, victim: AbstractDirection, beta: float
) -> AbstractDirection:
    """The shaper's rule, if it is another than the victim's and keeps a report."""
    params = game.neutral()
    check_direction(rule, "a shaper")
    if bool(eqx.tree_equal(rule, victim)):
        raise InputError(
            f"victim is the shaper itself at beta = {beta:g}, and who learn alike are computed as "
            "one: give it another beta, or a critic of another class, such as FaithfulCritic()"
        )
    kept = jax.eval_shape(lambda: rule.init(game, params, jax.random.key(0)))
    if not reports(kept):
        raise InputError(_unknowing(rule))
    return rule


def _unknowing(rule: AbstractDirection) -> str:
    said = in_words(getattr(rule, "rule", rule))
    return (
        f"shaper gives {said}, which does not report how well it knows what the other gains: give "
        "a rule that judges others, as AdvantageAlignment(beta, others=critic) does"
    )


def _mean(values: np.ndarray) -> np.ndarray:
    """Over the seeds that did not fail."""
    kept = np.isfinite(values)
    total = np.where(kept, values, 0.0).sum(axis=-1)
    return total / np.where(kept.any(axis=-1), kept.sum(axis=-1), np.nan)


def _error(values: np.ndarray) -> np.ndarray:
    """The standard error of that mean."""
    kept = np.isfinite(values)
    count = np.where(kept.sum(axis=-1) > 1, kept.sum(axis=-1), np.nan)
    squares = np.where(kept, (values - _mean(values)[..., None]) ** 2, 0.0).sum(axis=-1)
    return np.sqrt(squares / (count - 1) / count)


def _best(fidelity: Map, values: Map) -> Float[np.ndarray, "betas"]:
    """The values of the critic of the highest fidelity, for each β."""
    return np.take_along_axis(values, fidelity.argmax(axis=0)[None], axis=0)[0]


def _half_and_error(
    fidelity: Float[np.ndarray, "critics"], differences: Float[np.ndarray, "critics seeds"]
) -> tuple[float, float]:
    """Where half of the gain is left, and the jackknife's error of it."""
    kept = differences[:, np.isfinite(differences).all(axis=0)]
    order = np.argsort(-fidelity, kind="stable")
    pointing = np.sign(fidelity) * np.sqrt(np.abs(fidelity))

    def half(weights: np.ndarray) -> float:
        height = (kept @ weights)[order]
        place = _crossing(pointing[order], height, height[0] / 2)
        return place * abs(place)

    count = kept.shape[-1]
    if count < 2:
        return np.nan, np.nan
    whole = half(np.full(count, 1 / count))
    left = [half((1 - one) / (count - 1)) for one in np.eye(count)]
    return whole, float(np.sqrt((count - 1) * np.var(left)))


def _crossing(along: np.ndarray, height: np.ndarray, level: float) -> float:
    """Where straight lines first come down to a level, from the first point on; NaN if nowhere."""
    for k in range(1, len(along)):
        if height[k] <= level < height[k - 1]:
            share = (height[k - 1] - level) / (height[k - 1] - height[k])
            return float(along[k - 1] + share * (along[k] - along[k - 1]))
    return float("nan")
