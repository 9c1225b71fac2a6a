"""Random networks, the gain that their sensitivities predict, and the gains that learning shows."""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.numbers import HeldFloat, HeldInt, number, whole
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.progress import progress
from glasshouse._foundation.results import Result
from glasshouse.analysis.movement.couplings import SMALLEST_RISE
from glasshouse.analysis.movement.first_order import (
    SLOWEST_MOVEMENT,
    flow_derivative,
    mean_cooperation,
)
from glasshouse.analysis.sceptic.findings import Findings, Trial
from glasshouse.analysis.sceptic.switches import (
    Member,
    Switches,
    above,
    at_gain,
    margin_at,
    switches,
)
from glasshouse.analysis.sensitivities.terms import reader_margins
from glasshouse.dynamics.batch import batch_map, repeat, stack
from glasshouse.dynamics.driver import end_of
from glasshouse.dynamics.learning import Learning, check_learning
from glasshouse.errors import InputError
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.games.registry import from_catalogue
from glasshouse.games.symmetric import is_symmetric
from glasshouse.parametric import ParametricGame, Params
from glasshouse.rules.base import AbstractDirection, check_direction, in_words, velocity
from glasshouse.semantics.neural.base import AbstractNeural
from glasshouse.semantics.neural.interpreter import Interpreter
from glasshouse.semantics.neural.policies import Policies

if TYPE_CHECKING:  # what is held; anything may be given, and is refused with an advice
    HeldLearning: TypeAlias = Learning
else:
    HeldLearning = Any

NETWORK_KINDS = {"interpreter": Interpreter.random, "policies": Policies.random}
"""(a) One fixed network reads everybody's parameters; (b) every player is a network. Both have the
sizes that the library gives them by default."""

LEARNING = Learning(step_size=0.02, steps=5000)
"""How networks learn unless the experiment says otherwise."""

FROM_LEARNING: Any = None
"""What is left open in an experiment, and filled in from how its networks learn."""

CHECKPOINTS = 32
"""Points on the way at which the sign of the sensitivities is looked at."""

FLOW_TIME = 1e-4
"""The derivative is compared with the flow this long after and before the start."""


@dataclasses.dataclass(frozen=True, repr=False)
class Experiment(Result):
    """What the sceptic fixes in advance.

    A quarter of the networks are interpreters of two parameter vectors drawn one by one, a quarter
    interpreters of two equal ones; the other half are pairs of policies drawn alike.

    **Arguments:** `networks`, how many, a multiple of 4; `seed`: network k has seed + k; `game`, a
    symmetric two-player game of the catalogue with two actions; `highest`, gains are searched from
    0 to it at `points` values; `learning`, by which rule (one that gives a direction), and in how
    many `steps` of which `step_size` networks come to the outcome, at rest or not; the last two may
    be given alone; `window`, after how many of these steps is looked first; `others`, more numbers
    of steps, to see how the answer depends on the window.
    **Raises:** `InputError` for numbers that cannot be, or a game of another kind.
    """

    networks: HeldInt = 120
    seed: HeldInt = 0
    game: str = "prisoners_dilemma"
    highest: HeldFloat = 4.0
    points: HeldInt = 65
    step_size: HeldFloat = FROM_LEARNING
    window: HeldInt = 5
    steps: HeldInt = FROM_LEARNING
    others: tuple[HeldInt, ...] = (1, 20, 50, 200)
    learning: HeldLearning = FROM_LEARNING

    def __post_init__(self):
        game = from_catalogue(self.game)()
        if game.actions != (2, 2) or not is_symmetric(np.asarray(game.tensor)):
            raise InputError(
                f"game={self.game!r} must be symmetric, with two players and two actions each"
            )
        learning = self._learning(game)
        checked = {
            "networks": whole(self.networks, "networks"),
            "seed": whole(self.seed, "seed", least=0, most=2**31 - 1),
            "points": whole(self.points, "points", least=3),
            "highest": number(self.highest, "highest", above=0.0),
            "step_size": learning.step_size,
            "window": whole(self.window, "window"),
            "steps": learning.steps,
            "others": tuple(whole(steps, "each of others") for steps in self.others),
            "learning": learning,
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        if self.networks % 4:
            raise InputError(
                f"networks={self.networks} must be a multiple of 4: there are four groups"
            )
        if not 1 <= self.window < learning.steps or learning.steps < CHECKPOINTS:
            raise InputError(
                f"window={self.window} must be at least 1 step and shorter than "
                f"steps={learning.steps}, which must be at least {CHECKPOINTS}"
            )

    def _learning(self, game: NormalFormGame) -> Learning:
        """How networks learn, by what was given of `learning`, `steps` and `step_size`."""
        who = "the sceptic's experiment"
        given = {"steps": self.steps, "step_size": self.step_size}
        given = {name: value for name, value in given.items() if value is not None}
        if self.learning is None:
            return dataclasses.replace(LEARNING, **given)
        learning = check_learning(self.learning, who, alone=True)
        check_direction(learning.rule, who)
        size = learning.step_size_for(float(np.max(game.payoff_ranges)))
        learning = dataclasses.replace(learning, step_size=size)
        for name, value in given.items():
            if value != getattr(learning, name):
                raise InputError(
                    f"{name}={value!r:.40} and learning with {name}={getattr(learning, name):g}: "
                    "give one of both"
                )
        return learning

    @property
    def gains(self) -> Float[np.ndarray, "points"]:
        """The gains tried first."""
        return np.linspace(0.0, self.highest, self.points)


def _rises(found: Switches | None) -> tuple[float, ...] | None:
    return None if found is None else found.rises


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class _Group:
    """Networks of one kind and one kind of start, stacked so that they are computed together."""

    kind: str
    start: str
    seeds: tuple[int, ...]
    networks: Any

    def at(self, gains: Float[np.ndarray, "networks points"]) -> Any:
        """Every network at each of its gains, in a row."""
        return repeat(self.networks, gains.shape[1]), gains.reshape(-1)


@in_float64
def run_experiment(settings: Experiment = Experiment()) -> Findings:
    """Predict and measure, network by network, from which gain on mean cooperation rises.

    The prediction uses the start alone: the gains at which the derivative of mean cooperation along
    the directions of the rule, by default selfish gradients, turns positive. The measurement learns
    at every gain: it looks whether mean cooperation has risen after the window, and at the end.
    Each switch is the lowest gain from which on the answer is yes and was no, narrowed; two changes
    closer together than the spacing of the gains tried are not seen.

    **Returns:** `Findings`, one `Trial` per network.
    **Cost:** networks × (points + 34) × steps learning steps: minutes.
    """
    trials, largest = [], 0.0
    with progress("the sceptic's experiment"):
        for group in _groups(settings):
            found, error = _tried(group, settings)
            trials.extend(found)
            largest = max(largest, error)
    said = {"rule": in_words(settings.learning.rule)}
    return Findings({**settings.to_dict(), **said}, tuple(trials), largest)


def _groups(settings: Experiment) -> list[_Group]:
    game, size = from_catalogue(settings.game)(), settings.networks // 4
    groups, seed = [], settings.seed
    for kind, make in NETWORK_KINDS.items():
        for start in ("independent", "equal"):
            seeds = tuple(range(seed, seed + size))
            members = [_network(game, make, s, start == "equal") for s in seeds]
            groups.append(_Group(kind, start, seeds, stack(members)))
            seed += size
    return groups


def _network(
    game: NormalFormGame, make: Callable[..., AbstractNeural], seed: int, same: bool
) -> tuple[ParametricGame, Params]:
    semantics = make(seed, gain=1.0)
    return ParametricGame(game, semantics), semantics.initial(seed, same)


def _tried(group: _Group, settings: Experiment) -> tuple[list[Trial], float]:
    """The trials of a group, and the largest difference of the derivative from the flow."""
    rule, step_size = settings.learning.rule, np.asarray(settings.step_size)
    smallest = SLOWEST_MOVEMENT * float(np.max(from_catalogue(settings.game)().payoff_ranges))

    def predicted(gains: np.ndarray) -> np.ndarray:
        return above(batch_map(margin_at, group.at(gains), rule), smallest, gains.shape)

    def learned(steps: int) -> Callable[[np.ndarray], np.ndarray]:
        def rises(gains: np.ndarray) -> np.ndarray:
            change = batch_map(_change, group.at(gains), rule, steps, step_size)
            return above(change, SMALLEST_RISE, gains.shape)

        return rises

    count = len(group.seeds)
    learning = (settings.window, settings.steps, *settings.others)
    roots, *measured = (
        switches(holds, count, settings.gains) for holds in (predicted, *map(learned, learning))
    )
    at_roots = np.array([[r.rises[0] if r and r.rises else 1.0] for r in roots])
    ends = (settings.window, settings.steps)
    crossings = [batch_map(_cross_parts, group.at(at_roots), rule, end, step_size) for end in ends]
    turned = [(np.sign(x) != np.sign(x[:, :1])).any(axis=1) for x in crossings]
    derivative, flow = batch_map(_derivatives, group.at(np.ones((count, 1))), rule)
    trials = [
        Trial(
            group.kind,
            group.start,
            seed,
            predicted=_rises(roots[k]),
            window=_rises(measured[0][k]),
            outcome=_rises(measured[1][k]),
            others=tuple(_rises(found[k]) for found in measured[2:]),
            roots=root.changes if (root := roots[k]) else 0,
            turned_in_window=bool(turned[0][k]),
            turned=bool(turned[1][k]),
        )
        for k, seed in enumerate(group.seeds)
    ]
    return trials, float(np.max(np.abs(derivative - flow)))


def _change(member: Member, rule: AbstractDirection, steps: int, step_size: RealArray) -> RealArray:
    game, start = at_gain(member)
    end, _ = end_of(game, rule, start, step_size, None, None, steps)
    return mean_cooperation(game, end) - mean_cooperation(game, start)


def _cross_parts(
    member: Member, rule: AbstractDirection, steps: int, step_size: Array
) -> Float[Array, "checkpoints"]:
    """From the start to the end of a run, how much of the derivative exists because others read.

    It is that along the selfish gradients, by whatever rule the points are reached.
    """
    game, start = at_gain(member)
    count = min(CHECKPOINTS, steps)

    def cross(params: Params) -> Array:
        parts = reader_margins(game, params, mean_cooperation)
        return parts.sum() - jnp.trace(parts)

    def learned(params: Params, steps: int) -> Params:
        return end_of(game, rule, params, step_size, None, None, steps)[0]

    def onward(params: Params, _: None) -> tuple[Params, Array]:
        return learned(params, steps // count), cross(params)

    params, found = jax.lax.scan(onward, start, length=count)
    rest = steps % count
    end = learned(params, rest) if rest else params
    return jnp.append(found, cross(end))


def _derivatives(member: Member, rule: AbstractDirection) -> tuple[RealArray, RealArray]:
    """The derivative of mean cooperation as predicted, and as the flow shows it."""
    game, start = at_gain(member)

    def after(time: float) -> RealArray:
        return mean_cooperation(game, _flowed(game, start, rule, time))

    difference = (after(FLOW_TIME) - after(-FLOW_TIME)) / (2 * FLOW_TIME)
    return flow_derivative(game, start, mean_cooperation, rule), difference


def _flowed(game: ParametricGame, params: Params, rule: AbstractDirection, time: float) -> Params:
    """The flow along the rule's directions after `time`, by one classical Runge-Kutta step."""

    def moved(direction: Params, by: float) -> Params:
        return jax.tree.map(lambda x, d: x + by * d, params, direction)

    k1 = velocity(game, params, rule)
    k2 = velocity(game, moved(k1, time / 2), rule)
    k3 = velocity(game, moved(k2, time / 2), rule)
    k4 = velocity(game, moved(k3, time), rule)
    return jax.tree.map(
        lambda x, a, b, c, d: x + time / 6 * (a + 2 * b + 2 * c + d), params, k1, k2, k3, k4
    )
