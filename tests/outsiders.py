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
