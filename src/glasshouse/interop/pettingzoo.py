"""Games in steps as PettingZoo's parallel environments, and such environments as games in steps."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, NoReturn

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from glasshouse._foundation.numbers import Numbers, Whole, shown
from glasshouse._foundation.random import KEYS_OF
from glasshouse.errors import InputError
from glasshouse.games.stochastic.base import (
    ENDINGS,
    OWN,
    AbstractStochasticGame,
    Cases,
    Episode,
    Events,
    Observation,
    pick,
)
from glasshouse.games.stochastic.iterated import IteratedMatrix

if TYPE_CHECKING:
    import pettingzoo

MOST_KEPT = 4096
"""Running environments that a game keeps, so that a next step need not play all earlier ones."""

HOST_SEEDS = 1 << 23
"""Seeds of environments, as many as there are uniform numbers of single precision."""


def to_pettingzoo(game: AbstractStochasticGame) -> "pettingzoo.ParallelEnv":
    """A game in steps as a parallel environment of PettingZoo.

    Agents are `player_1`, `player_2`, …; observations are the game's features, own first, and
    `infos` hold the number of the situation and the step's events. After the horizon all agents are
    truncated, or terminated where the game's ending is "ended". What `reset(seed=…)` begins is the
    same again for the same seed and actions.

    **Raises:** `ImportError` without PettingZoo.
    **Cost:** one step at a time, some tenths of a millisecond each: to learn in a million of them,
    take the game itself.

        from glasshouse.games.stochastic import CoinGame
        from glasshouse.interop import to_pettingzoo

        environment = to_pettingzoo(CoinGame())
        seen, _ = environment.reset(seed=1)
        print(environment.agents, seen["player_1"].shape)  # ['player_1', 'player_2'] (27,)
    """
    try:
        import gymnasium.spaces
        import pettingzoo
    except ImportError as error:
        raise ImportError(
            'parallel environments need PettingZoo: pip install "glasshouse[pettingzoo]"'
        ) from error
    names = [f"player_{k + 1}" for k in range(game.players)]
    box = gymnasium.spaces.Box(-np.inf, np.inf, (game.features,), np.float32)
    running = _Running(game)

    class GameInSteps(pettingzoo.ParallelEnv):
        def __init__(self) -> None:
            self.metadata = {"name": game.name, "render_modes": []}
            self.render_mode = None
            self.possible_agents = names
            self.agents: list[str] = []
            self.observation_spaces = dict.fromkeys(names, box)
            actions = (gymnasium.spaces.Discrete(k) for k in game.actions)
            self.action_spaces = dict(zip(names, actions, strict=True))

        def observation_space(self, agent: str) -> Any:
            return self.observation_spaces[agent]

        def action_space(self, agent: str) -> Any:
            return self.action_spaces[agent]

        def reset(self, seed: Any = None, options: Any = None) -> tuple[dict, dict]:
            self.agents = list(names)
            seen, infos = running.begin(seed)
            return dict(zip(names, seen, strict=True)), dict(zip(names, infos, strict=True))

        def step(self, actions: dict[str, Any]) -> tuple[dict, dict, dict, dict, dict]:
            seen, paid, infos, over = running.step([int(actions[name]) for name in names])
            ends = over and game.ending == "ended"
            self.agents = [] if over else list(names)
            return (
                dict(zip(names, seen, strict=True)),
                dict(zip(names, paid, strict=True)),
                dict.fromkeys(names, ends),
                dict.fromkeys(names, over and not ends),
                dict(zip(names, infos, strict=True)),
            )

    return GameInSteps()


class _Running:
    """One episode after another of a game, step by step."""

    def __init__(self, game: AbstractStochasticGame):
        self._game = game
        self._reset, self._step = eqx.filter_jit(game.reset), eqx.filter_jit(game.step)
        self._observe = eqx.filter_jit(game.observe)
        self._key: Any = None
        self._own: Any = None
        self._state: Any = None
        self._time = 0

    def begin(self, seed: Any) -> tuple[list[np.ndarray], list[dict[str, Any]]]:
        if seed is None and self._key is None:
            seed = int(np.random.SeedSequence().generate_state(1)[0])
        if seed is not None:
            self._key = jax.random.key(int(seed), impl=KEYS_OF)
        self._key, self._own = jax.random.split(self._key)  # pyright: ignore[reportArgumentType]
        self._time, self._state = 0, self._reset(jax.random.fold_in(self._own, 0))
        return self._seen({})

    def step(self, actions: list[int]) -> tuple[list, list[float], list[dict[str, Any]], bool]:
        self._time += 1
        key = jax.random.fold_in(self._own, self._time)
        taken = jnp.asarray(actions, jnp.int32)
        self._state, paid, events = self._step(self._state, taken, key)
        seen, infos = self._seen(events)
        return seen, np.asarray(paid).tolist(), infos, self._time >= self._game.horizon

    def _seen(self, events: Events) -> tuple[list[np.ndarray], list[dict[str, Any]]]:
        seen = self._observe(self._state)
        infos: list[dict[str, Any]] = [{} for _ in range(self._game.players)]
        for k, info in enumerate(infos):
            if seen.situations is not None:
                info["situation"] = int(seen.situations[k])
            info.update({name: float(x[k]) for name, x in events.items()})
        return list(np.asarray(seen.features, np.float32)), infos


class HostState(NamedTuple):
    """All that an environment was given, and what was seen last."""

    seed: Int[Array, ""]
    time: Int[Array, ""]
    actions: Int[Array, "steps players"]
    seen: Float[Array, "players features"]


class HostGame(AbstractStochasticGame):
    """A parallel environment of PettingZoo as a game in steps: slow, for it runs in Python.

    JAX calls back to the environment at every step of every episode. A state is the seed and all
    actions so far, and so steps stay pure where the environment is reproducible: it passes
    PettingZoo's `parallel_seed_test`. What was seen is flattened. An environment that is over
    before the horizon pays 0 from then on.

    **Arguments:** `make`, a function that makes the environment; `horizon`, `discount`, `ending`,
    `rewards` as in `Episode`.
    **Raises:** `InputError` where agents change in a first episode of random actions, where players
    see different numbers of things, and for actions that are not counted; `ImportError` without
    PettingZoo.
    **Cost:** one call of Python for each step of each episode, one after the other.

        from glasshouse.games.stochastic import Commons
        from glasshouse.interop import HostGame, to_pettingzoo

        game = HostGame(lambda: to_pettingzoo(Commons()), horizon=10)
        print(game.name, game.actions, game.features)  # pettingzoo-commons-v0 (2, 2) 13
    """

    episode: Episode
    host: "_Host" = eqx.field(static=True, repr=False)

    words: ClassVar[str] = "a PettingZoo environment"
    in_studies: ClassVar[bool] = False

    def __init__(
        self,
        make: Callable[[], Any],
        horizon: Whole,
        discount: Numbers = 0.96,
        *,
        ending: str = ENDINGS[0],
        rewards: Any = OWN,
    ):
        if not callable(make):
            raise InputError(f"make={shown(make)} must be a function that makes an environment")
        self.host = _Host(make)
        self.episode = Episode(len(self.host.agents), horizon, discount, ending, rewards)
        self.host.try_out(self.episode.horizon)

    @property
    def name(self) -> str:
        return f"pettingzoo-{self.host.name}"

    @property
    def title(self) -> str:
        return self.host.name

    @property
    def actions(self) -> tuple[int, ...]:
        return self.host.actions

    @property
    def action_names(self) -> tuple[str, ...]:
        return tuple(f"action {k}" for k in range(self.actions[0]))

    @property
    def features(self) -> int:
        return self.host.features

    @property
    def situations(self) -> None:
        return None

    @property
    def states(self) -> None:
        return None

    @property
    def draws(self) -> tuple[int, int]:
        return 1, 0

    def begin(self, uniforms: Float[Array, "1"]) -> HostState:
        seed = pick(uniforms[0], HOST_SEEDS)
        actions = jnp.full((self.horizon, self.players), -1, jnp.int32)
        time = jnp.zeros((), jnp.int32)
        seen, _ = self._called(seed, time, actions)
        return HostState(seed, time, actions, seen)

    def move(
        self, state: HostState, actions: Int[Array, "players"], uniforms: Float[Array, "0"]
    ) -> tuple[HostState, Float[Array, "players"], Events]:
        every = state.actions.at[state.time].set(actions.astype(jnp.int32))
        time = state.time + 1
        seen, paid = self._called(state.seed, time, every)
        return HostState(state.seed, time, every, seen), paid.astype(uniforms.dtype), {}

    def observe(self, state: HostState) -> Observation:
        return Observation(state.seen, None)

    def beginnings(self) -> Cases:
        return self._refused()

    def branches(self, state: HostState, actions: Int[Array, "players"]) -> Cases:
        return self._refused()

    def index(self, state: HostState) -> Int[Array, ""]:
        return self._refused()

    def state_at(self, index: Int[Array, ""]) -> HostState:
        return self._refused()

    @classmethod
    def example(cls) -> "HostGame":
        return cls(lambda: to_pettingzoo(IteratedMatrix.example()), horizon=8)

    def _called(self, *given: Array) -> tuple[Float[Array, "..."], Float[Array, "players"]]:
        shapes = (
            jax.ShapeDtypeStruct((self.players, self.features), jnp.float32),
            jax.ShapeDtypeStruct((self.players,), jnp.float32),
        )
        return jax.pure_callback(self.host.all_after, shapes, *given, vmap_method="broadcast_all")

    def _refused(self) -> NoReturn:
        raise InputError(f"the states of {self.name} are not counted: play it in samples")


class _Episode(NamedTuple):
    """An environment that has got somewhere, None once it is over, and what was seen and paid."""

    environment: Any
    seen: Float[np.ndarray, "players features"]
    paid: Float[np.ndarray, "players"]


class _Host:
    """Runs environments, and keeps those that are likely to go on."""

    def __init__(self, make: Callable[[], Any]):
        try:
            from gymnasium import spaces
        except ImportError as error:
            raise ImportError(
                'HostGame needs PettingZoo: pip install "glasshouse[pettingzoo]"'
            ) from error
        self._make, self._flatten = make, spaces.flatten
        self._kept: OrderedDict[tuple[int, bytes], _Episode] = OrderedDict()
        self._lock = threading.Lock()
        first = make()
        if not hasattr(first, "possible_agents") or hasattr(first, "agent_iter"):
            raise InputError(
                f"what make() made, {shown(first)}, is no parallel environment of PettingZoo: take "
                "the module's parallel_env, or aec_to_parallel of pettingzoo.utils.conversions"
            )
        self.agents = list(first.possible_agents)
        self.name = str(first.metadata.get("name", type(first).__name__))
        acts = [first.action_space(agent) for agent in self.agents]
        if not all(isinstance(space, spaces.Discrete) for space in acts):
            raise InputError(f"{self.name} has actions that are not counted: they must be Discrete")
        self.actions = tuple(int(space.n) for space in acts)
        self._least = [int(space.start) for space in acts]
        self._spaces = [first.observation_space(agent) for agent in self.agents]
        sizes = [spaces.flatdim(space) for space in self._spaces]
        if len(set(sizes)) > 1:
            raise InputError(
                f"agents of {self.name} see {sizes} numbers: policies are for games in which all "
                "see as many"
            )
        self.features = sizes[0]

    def try_out(self, horizon: int) -> None:
        """Play an episode of random actions, which shows most of what does not fit."""
        draw = np.random.default_rng(0).integers
        episode = self._begun(0)
        for _ in range(horizon):
            if episode.environment is None:
                return
            episode = self._further(episode, draw(self.actions))

    def all_after(self, seed: Any, time: Any, actions: Any) -> tuple[np.ndarray, np.ndarray]:
        """What is seen and paid after these actions, of one episode or of a batch."""
        seed, time, actions = (np.asarray(x) for x in (seed, time, actions))
        seen = np.empty((*seed.shape, len(self.agents), self.features), np.float32)
        paid = np.empty((*seed.shape, len(self.agents)), np.float32)
        with self._lock:
            for at in np.ndindex(seed.shape):
                found = self._after(int(seed[at]), actions[at][: int(time[at])])
                seen[at], paid[at] = found.seen, found.paid
        return seen, paid

    def _after(self, seed: int, actions: Int[np.ndarray, "steps players"]) -> _Episode:
        if not len(actions):
            episode = self._begun(seed)
        else:
            before = self._kept.pop((seed, actions[:-1].tobytes()), None)
            before = self._after(seed, actions[:-1]) if before is None else before
            self._kept.pop((seed, actions[:-1].tobytes()), None)  # one environment, one place
            episode = self._further(before, actions[-1])
        self._kept[seed, actions.tobytes()] = episode
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return episode

    def _begun(self, seed: int) -> _Episode:
        environment = self._make()
        seen, _ = environment.reset(seed=seed)
        self._check(environment.agents)
        return _Episode(environment, self._flat(seen), np.zeros(len(self.agents)))

    def _further(self, episode: _Episode, actions: Int[np.ndarray, "players"]) -> _Episode:
        environment = episode.environment
        if environment is None:
            return _Episode(None, episode.seen, np.zeros(len(self.agents)))
        taken = [int(a) + least for a, least in zip(actions, self._least, strict=True)]
        given = dict(zip(self.agents, taken, strict=True))
        seen, paid, *_ = environment.step(given)
        if not environment.agents:
            environment = None
        else:
            self._check(environment.agents)
        flat = self._flat(seen) if set(seen) >= set(self.agents) else episode.seen
        rewards = np.array([paid.get(agent, 0.0) for agent in self.agents], float)
        if not np.isfinite(rewards).all():
            raise InputError(f"{self.name} paid {rewards.tolist()}: rewards must be finite")
        return _Episode(environment, flat, rewards)

    def _check(self, agents: list[Any]) -> None:
        if set(agents) != set(self.agents):
            gone = sorted(set(map(str, self.agents)) ^ set(map(str, agents)))
            raise InputError(
                f"agents of {self.name} change, {shown(gone)} among them: games in steps have the "
                "same players from beginning to end"
            )

    def _flat(self, seen: dict[Any, Any]) -> Float[np.ndarray, "players features"]:
        each = zip(self._spaces, self.agents, strict=True)
        return np.stack([np.asarray(self._flatten(s, seen[a]), np.float32) for s, a in each])
