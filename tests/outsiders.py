"""Things that somebody else defines, each in one file that knows public names only."""

import contextlib
import sys
from collections.abc import Iterator

from glasshouse.registration import REGISTRIES

SEMANTICS = '''
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from glasshouse import Key, Strength, register
from glasshouse.channels import Box
from glasshouse.games import Product
from glasshouse.semantics import AbstractSemantics


@register
class Tilted(AbstractSemantics):
    """Everyone's logit is its own parameter, tilted, plus what it reads."""

    actions: tuple[int, ...] = eqx.field(static=True)
    heed: float
    tilt: float = 0.25

    words: ClassVar[str] = "tilted"
    formula: ClassVar[str] = "player i cooperates with probability s(t + θ_i + h Σ_{j≠i} θ_j)"
    strength: ClassVar[Strength] = Strength("heed", 0.0, 1.0, 5)
    keys: ClassVar[dict] = {
        "heed": Key("h, how much each heeds the others.", 0.5, symbol="h", axis="heed h", least=0),
        "tilt": Key("t, towards cooperation.", 0.25, symbol="t", axis="tilt t (in logits)"),
    }

    @property
    def spaces(self):
        return (Box(-2.0, 2.0),) * len(self.actions)

    def behaviours(self, params, seen):
        def mix(i):
            read = sum(x for j, x in enumerate(seen[i]) if j != i)
            logit = jnp.asarray(self.tilt) + params[i] + self.heed * read
            return jax.nn.sigmoid(logit), jax.nn.sigmoid(-logit)

        return Product(tuple(mix(i) for i in range(len(self.actions))))

    @classmethod
    def example(cls, actions):
        from glasshouse import InputError

        if set(actions) != {2} or len(actions) > 4:
            raise InputError("two actions each")
        return cls(actions, 0.5)
'''

RULE = '''
from typing import ClassVar

import jax
from glasshouse import Key, Strength, register
from glasshouse.rules import AbstractMemoryless


@register
class Anticipating(AbstractMemoryless):
    """The selfish gradient where everybody would be after a step."""

    look_ahead: float = 0.5

    words: ClassVar[str] = "anticipated gradients"
    keeps_rest_points: ClassVar[bool] = True
    formula: ClassVar[str] = "ξ(θ + α ξ)"
    cost: ClassVar[str] = "two gradients"

    def towards(self, game, params, key=None):
        selfish = game.selfish_gradients(params, key)
        ahead = jax.tree.map(lambda x, d: x + self.look_ahead * d, params, selfish)
        return game.selfish_gradients(ahead, key)

    @classmethod
    def example(cls):
        return cls(0.1)
'''

CHANNEL = '''
from typing import ClassVar

import jax
import jax.numpy as jnp
from glasshouse import Key, Strength, register
from glasshouse.channels import AbstractAccess, Views


@register
class Faded(AbstractAccess):
    """Everybody sees the others' parameters faded towards the neutral ones."""

    fade: float

    study_name: ClassVar[str] = "faded_out"
    meaning: ClassVar[str] = "everybody sees the others as if they had moved less"
    keys: ClassVar[dict] = {"fade": Key("How much of it is lost.", symbol="φ", least=0, most=1)}
    stays_in_boxes = True

    @property
    def words(self):
        return f"seen faded by {float(self.fade):g}"

    def check(self, boxes):
        return

    def look(self, params, boxes):
        def seen(own, box):
            neutral = box.neutral()
            return jax.tree.map(
                lambda x, n: n + (1 - jnp.asarray(self.fade)) * (x - n), own, neutral
            )

        shown = [seen(own, box) for own, box in zip(params, boxes, strict=True)]
        return Views(tuple((*shown[:i], own, *shown[i + 1 :]) for i, own in enumerate(params)))

    @classmethod
    def example(cls, boxes):
        return cls(0.25)
'''

GAME = '''
import numpy as np
from glasshouse import Key, Strength, register
from glasshouse.games import Payoffs, catalogue_game


@register
@catalogue_game(title="Toll", condition="toll > 0", source="made up for a test")
def toll_road(toll: float = 1.0, gain: float = 4.0) -> Payoffs:
    """Both gain if both pay the toll."""
    row = np.array([[gain - toll, -toll], [gain, 0.0]])
    return Payoffs(np.stack([row, row.T]), ("pay", "pass"))
'''

OBSERVABLE = '''
from typing import ClassVar

import jax.numpy as jnp
from glasshouse import Key, Strength, register
from glasshouse.parametric import AbstractMeasure


@register
class Lead(AbstractMeasure):
    """By how much a player's payoff exceeds the mean."""

    words: ClassVar[str] = "lead over the mean"
    formula: ClassVar[str] = "U_i - mean of all U_j"

    def measure(self, game, params):
        payoffs = game.payoffs(params)
        return payoffs - jnp.mean(payoffs)
'''

VIEW = '''
from typing import ClassVar

import jax
import jax.numpy as jnp
from glasshouse import Key, register
from glasshouse.rules import AbstractView


@register
class Shrunk(AbstractView):
    """The others as if they had moved less."""

    share: float = 0.5

    words: ClassVar[str] = "the others shrunk"
    study_name: ClassVar[str] = "shrunk_so"
    keys: ClassVar[dict] = {"share": Key("How much is seen of it.", 0.5, least=0, most=1)}

    @property
    def draws(self):
        return "nothing"

    def begin(self, game, params, key):
        return None

    def look(self, game, params, drawn, key=None):
        shown = jax.tree.map(lambda x: self.share * jnp.asarray(x), params)
        return tuple((*shown[:i], own, *shown[i + 1 :]) for i, own in enumerate(params))

    @classmethod
    def example(cls):
        return cls(0.25)
'''

STEPS = '''
from typing import ClassVar, Unpack

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from glasshouse import Key, register
from glasshouse.channels import Box
from glasshouse.games.stochastic import (
    EPISODE_KEYS,
    AbstractStochasticGame,
    Cases,
    Episode,
    EpisodeSettings,
    Observation,
    TablePlayer,
)
from glasshouse.rules.sampled import AbstractEpisodic
from glasshouse.semantics.policies import AbstractPolicy, AbstractTransparency


@register
class Umbrellas(AbstractStochasticGame):
    """Players who carry an umbrella (0) or none (1), and are paid for being right, less a bit for
    each who carries one."""

    episode: Episode
    wet: float

    words: ClassVar[str] = "a game of umbrellas"
    keys: ClassVar[dict] = {"wet": Key("How likely rain is.", 0.5, least=0, most=1), **EPISODE_KEYS}
    scripts: ClassVar[dict] = {"right": lambda game: TablePlayer([[0.0, 1.0], [1.0, 0.0]])}

    def __init__(self, wet=0.5, **episode: Unpack[EpisodeSettings]):
        self.wet = wet
        self.episode = Episode(2, **episode)

    name = "umbrellas-v0"
    title = "Umbrellas"
    actions = (2, 2)
    action_names = ("umbrella", "none")
    features = 2
    situations = 2
    states = 2
    draws = (1, 1)

    def begin(self, uniforms):
        return (uniforms[0] < self.wet).astype(jnp.int32)

    def move(self, state, actions, uniforms):
        right = (actions == 1 - state).astype(uniforms.dtype)
        carried = (actions == 0).sum().astype(uniforms.dtype)
        return self.begin(uniforms), right - 0.25 * carried, {"right": right}

    def observe(self, state):
        seen = jnp.broadcast_to(state, (2,))
        return Observation(jax.nn.one_hot(seen, 2), seen)

    def beginnings(self):
        wet = jnp.asarray(self.wet, float)
        uniforms = jnp.stack([wet / 2, (1 + wet) / 2])[:, None]
        return Cases(uniforms, jnp.stack([wet, 1 - wet]))

    def branches(self, state, actions):
        return self.beginnings()

    def index(self, state):
        return state

    def state_at(self, index):
        return jnp.asarray(index, jnp.int32)

    @classmethod
    def example(cls):
        return cls(0.3, horizon=8)


@register
class Tilting(AbstractPolicy):
    """A logit that is linear in what is seen."""

    count: int = eqx.field(static=True)
    actions: int = eqx.field(static=True)
    steep: float

    words: ClassVar[str] = "a tilting policy"
    formula: ClassVar[str] = "s(k o · θ)"
    keys: ClassVar[dict] = {"steep": Key("k, how steep.", 1.0, symbol="k", above=0)}

    def __init__(self, game, steep=1.0):
        self.count, self.actions, self.steep = game.features, game.actions[0], steep

    @property
    def space(self):
        most = np.full((self.count, self._logits), 5.0)
        return Box(-most, most)

    @property
    def _logits(self):
        return 1 if self.actions == 2 else self.actions

    def begin(self):
        return ()

    def logits(self, weights, memory, seen):
        features = jnp.asarray(seen.features)
        return jnp.asarray(self.steep, features.dtype) * (features @ jnp.asarray(weights)), ()

    def initials(self, seed, count):
        rows = [np.random.default_rng([int(seed), k]) for k in range(count)]
        return np.stack([row.normal(size=(self.count, self._logits)) for row in rows])

    @classmethod
    def example(cls, game):
        return cls(game, 2.0)


@register
class Neighbourly(AbstractTransparency):
    """Everybody's own logits and half of those of the next player."""

    words: ClassVar[str] = "the next one's weights"
    formula: ClassVar[str] = "f(o_i; θ_i) + f(o_i; θ_{i+1}) / 2"
    reads: ClassVar[bool] = True

    def check(self, policies):
        return

    def begin(self, policies):
        return tuple((own.begin(), next.begin()) for own, next in _pairs(policies))

    def read(self, weights):
        return weights

    def logits(self, policies, params, read, memory, observation):
        rows, kept = [], []
        for i, (own, next) in enumerate(_pairs(policies)):
            first, mine = own.logits(params[i], memory[i][0], observation.of(i))
            theirs = read[i][(i + 1) % len(policies)]
            second, its = next.logits(theirs, memory[i][1], observation.of(i))
            rows.append(first + 0.5 * second)
            kept.append((mine, its))
        return jnp.stack(rows), tuple(kept)

    @classmethod
    def example(cls):
        return cls()


def _pairs(policies):
    return zip(policies, (*policies[1:], policies[0]))


@register
class WholeReturns(AbstractEpisodic):
    """Scores times all that was paid in the episode."""

    words: ClassVar[str] = "whole returns"
    study_name: ClassVar[str] = "whole"
    formula: ClassVar[str] = "Σ_t (R - b) ∇ log π(a_t)"
    cost: ClassVar[str] = "all episodes played once"

    def begin(self, game, params):
        return None

    def learned(self, game, params, state, key):
        played = game.estimates(params, key)
        total = played.rewards.sum(axis=0, keepdims=True)
        weights = jnp.broadcast_to(total - total.mean(axis=1, keepdims=True), played.rewards.shape)
        return game.scores(params, played, weights / game.game.horizon), None

    @classmethod
    def example(cls):
        return cls()
'''

FILES = {
    "tilted.py": SEMANTICS,
    "anticipating.py": RULE,
    "faded.py": CHANNEL,
    "toll.py": GAME,
    "lead.py": OBSERVABLE,
}


@contextlib.contextmanager
def as_before() -> Iterator[None]:
    """Registries as they were afterwards: what one test registers is unknown to the next."""
    kept = {registry: dict(registry._added) for registry in REGISTRIES}
    searched = {registry: registry._is_searched for registry in REGISTRIES}
    modules = set(sys.modules)
    try:
        yield
    finally:
        for registry, added in kept.items():
            registry._added.clear()
            registry._added.update(added)
            registry._is_searched = searched[registry]
        for name in set(sys.modules) - modules:
            if name.startswith(("glasshouse_study_", "tolls")):
                del sys.modules[name]
