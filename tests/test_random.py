"""The library's own random numbers: known values, streams apart, and no setting of JAX in them."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.reference import flat, random_tensor

import glasshouse
from glasshouse import ParametricGame, best_deviation
from glasshouse._foundation.random import BLOCK, Purpose, _number, normals, uniforms
from glasshouse.channels import Box, Noisy
from glasshouse.dynamics import Starts
from glasshouse.dynamics.starts import starting_points
from glasshouse.errors import InputError
from glasshouse.games import NormalFormGame, random_game
from glasshouse.semantics import Interpreter, Logistic, Policies

# PCG64 and SeedSequence as NumPy has them, its own `random` for uniforms, and for the normals
# √2 erf⁻¹(2u - 1) in mpmath with 50 digits: (seed, purpose, block), uniforms, normals.
KNOWN = [
    (
        (7, Purpose.STARTS, 0),
        ["0x1.8a4fea2bbd92bp-1", "0x1.ca7438de03818p-4", "0x1.8345ac2212368p-3"],
        [0.7393111207951480339, -1.2163424720837945663, -0.88122607911284933016],
    ),
    (
        (0, Purpose.NOISE, 1),
        ["0x1.0b9969bd671c0p-5", "0x1.9c9da22512d15p-1", "0x1.2a6a0e744cce8p-3"],
        [-1.8429805319938711408, 0.86285043427782652294, -1.055011209067982318],
    ),
    (
        (2**32 - 1, Purpose.PROFILE, 2),
        ["0x1.8374aa2ae9970p-5", "0x1.06c6334a1236bp-1", "0x1.26f91737cc94ap-1"],
        [-1.6716483631560061899, 0.033171026780211356505, 0.19197514127580434037],
    ),
]


@pytest.mark.parametrize(("stream", "uniform", "normal"), KNOWN)
def test_known_numbers(stream, uniform, normal):
    seed, purpose, block = stream
    first = BLOCK * block
    for columns, row in ((1, slice(first, first + 3)), (3, first)):
        found = uniforms(seed, purpose, first + 3, columns)[row]
        assert found.ravel().tolist() == [float.fromhex(x) for x in uniform]
        assert normals(seed, purpose, first + 3, columns)[row].ravel() == pytest.approx(
            normal, rel=4e-15, abs=1e-16
        )


def test_the_purposes_of_today_keep_their_numbers():
    """Another number would be another study for the same seed."""
    assert {purpose.name: purpose.value for purpose in Purpose} == {
        "STARTS": 1,
        "DEVIATIONS": 2,
        "NOISE": 3,
        "NETWORK": 4,
        "PROJECTION": 5,
        "PROFILE": 6,
        "GAME": 7,
        "DIRECTIONS": 8,
        "RESAMPLES": 9,
        "LEARNING": 10,
        "AUDIT": 11,
        "ORDERS": 12,
        "MEETINGS": 13,
    }


@pytest.mark.parametrize("columns", [1, 3])
def test_a_row_does_not_depend_on_how_many_are_drawn(columns):
    most = normals(5, Purpose.STARTS, 3 * BLOCK + 7, columns)
    assert most.shape == (3 * BLOCK + 7, columns)
    for count in (0, 1, 10, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 5):
        assert np.array_equal(normals(5, Purpose.STARTS, count, columns), most[:count])
    assert len(np.unique(most)) == most.size  # blocks are not drawn twice


@pytest.mark.parametrize("kind", [Logistic((2, 2), 0.5, 3.0), Logistic((3, 2), 0.5, 3.0)])
def test_a_start_does_not_depend_on_how_many_there_are(kind):
    game = ParametricGame(NormalFormGame(random_tensor(kind.actions, 0)), kind)
    many = starting_points([game], Starts(10_000, spread=1.5, seed=2))
    few = starting_points([game, game], Starts(10, spread=1.5, seed=2))
    for a, b in zip(jax.tree.leaves(many), jax.tree.leaves(few), strict=True):
        assert np.array_equal(b, np.concatenate([a[:10], a[:10]]))


def test_numbers_are_uniform_and_normal():
    import scipy.stats  # here: each process of the tests would load it for the one that plays this

    drawn = uniforms(1, Purpose.DEVIATIONS, 100_000, 2)
    assert scipy.stats.kstest(drawn.ravel(), "uniform").pvalue > 0.01
    quantiles = normals(1, Purpose.STARTS, 100_000, 2)
    assert scipy.stats.kstest(quantiles.ravel(), "norm").pvalue > 0.01
    assert abs(np.corrcoef(quantiles.T)[0, 1]) < 0.01


@pytest.mark.parametrize(("word", "most"), [(0, -8.2), (2**64 - 1, 8.2)])
def test_the_smallest_and_the_largest_word_give_finite_numbers(word, most, monkeypatch):
    class Extreme:
        def __init__(self, seed):
            pass

        def random_raw(self, size):
            return np.full(size, word, dtype=np.uint64)

    monkeypatch.setattr(np.random, "PCG64", Extreme)
    assert 0 < uniforms(0, Purpose.STARTS, 1)[0, 0] < 1
    assert normals(0, Purpose.STARTS, 1)[0, 0] == pytest.approx(most, abs=0.15)


def test_streams_do_not_meet():
    """Also not those of numbers of two words, which NumPy's padding would let meet others."""
    streams = [uniforms(seed, purpose, 3 * BLOCK) for seed in (0, 1, 3) for purpose in Purpose]
    two_words = [uniforms(2**32 + 3, purpose, 8) for purpose in Purpose]
    drawn = np.concatenate([*streams, *two_words])
    assert len(np.unique(drawn)) == len(drawn)
    naive = np.random.SeedSequence([2**32 + 3, 2, 0]).generate_state(4)
    assert np.array_equal(naive, np.random.SeedSequence([3, 1, 2]).generate_state(4))


def test_threads_do_not_change_a_number():
    def draw(seed):
        return normals(seed, Purpose.STARTS, 5000, 2)

    alone = [draw(seed) for seed in range(8)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(draw, range(8)))
    assert np.array_equal(alone, together)


DRAWING = {
    "interpreter": lambda key: flat(Interpreter.random(key, gain=0.5).network),
    "policies": lambda key: np.ravel(Policies.random(key, gain=0.5).projection),
    "profile of an interpreter": lambda key: flat(Interpreter.example((2, 2)).initial(key)),
    "profile of policies": lambda key: flat(Policies.example((3, 3)).initial(key)),
    "game": lambda key: np.ravel(random_game(key, (2, 3)).tensor),
}


@pytest.mark.parametrize("name", sorted(DRAWING))
def test_a_seed_may_be_a_whole_number_or_a_key(name):
    draw = DRAWING[name]
    five = draw(5)
    split, other = jax.random.split(jax.random.key(5))
    assert np.array_equal(five, draw(np.int64(5)))
    assert np.array_equal(five, draw(jax.random.key(5)))  # its words are 0 and 5
    assert np.array_equal(draw(split), draw(jax.random.key_data(split)))
    found = [five, draw(6), draw(split), draw(other), draw(2**40)]
    assert all(np.any(a != b) for k, a in enumerate(found) for b in found[:k])


def test_a_search_takes_a_seed_or_a_key():
    game = ParametricGame(random_game(5, (3, 2)), Logistic((3, 2), 0.7, 3.0))

    def found(key=None):
        at = (np.zeros(2), np.zeros(()))
        return best_deviation(game, at, 0, starts=3, steps=20, key=key).best.tolist()

    assert found() == found(0) == found(jax.random.key(0))
    assert found(0) != found(1)


def test_longer_keys_are_all_their_words():
    words = np.array([1, 2, 3, 4], dtype=np.uint32)
    number = (1 << 96) + (2 << 64) + (3 << 32) + 4
    key = jax.random.wrap_key_data(jnp.asarray(words), impl="rbg")
    assert np.array_equal(uniforms(key, Purpose.GAME, 9), uniforms(number, Purpose.GAME, 9))


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (-1, "key=-1 must be a whole number from 0 on, or a JAX key"),
        (True, "key=True must be a whole number"),
        (np.zeros(3), "must be a whole number"),
        (jax.random.split(jax.random.key(0), 3), r"keys of shape \(3,\) are several"),
        (np.zeros((2, 2), np.uint32), r"keys of shape \(2,\) are several"),
    ],
)
def test_what_is_no_seed_is_refused(key, message):
    with pytest.raises(InputError, match=message):
        _number(key)


def test_a_key_without_a_value_is_refused():
    semantics = Interpreter.example((2, 2))
    with pytest.raises(InputError, match="draw outside"):
        jax.jit(lambda key: semantics.initial(key))(jax.random.key(0))
    with pytest.raises(InputError, match="draw outside"):
        jax.vmap(lambda key: semantics.initial(key))(jax.random.split(jax.random.key(0), 3))


def test_noise_is_the_same_whoever_computes_and_however_many_draws():
    boxes = (Box(-np.ones(2), np.ones(2)),) * 3

    def shown(draws):
        views = Noisy(1.0, draws=draws, seed=4).look((jnp.zeros(2),) * 3, boxes)
        return jnp.array(views.seen)

    def noise(draws):
        return np.asarray(shown(draws))

    wide, more = noise(6), noise(10)
    with jax.enable_x64(False):
        assert np.array_equal(noise(6), wide.astype(np.float32))
    assert np.array_equal(jax.jit(lambda: shown(6))(), wide)
    assert np.array_equal(more[:, :, :3], wide[:, :, :3])
    assert np.array_equal(wide[:, :, 3:], -wide[:, :, :3])
    seen = [wide[i, j, :3].ravel() for i in range(3) for j in range(3) if i != j]
    assert len(np.unique(np.concatenate(seen))) == 3 * 2 * 2 * 3


PROBE = """
import hashlib, json
import jax
import numpy as np
import glasshouse as gh
from glasshouse._foundation.random import Purpose, normals
from glasshouse.analysis import generic_outcomes
from glasshouse.dynamics import Starts
from glasshouse.dynamics.starts import starting_points
from glasshouse.games import random_game
from glasshouse.channels import Box, Noisy
from glasshouse.semantics import Interpreter, Policies

def digest(tree):
    leaves = [x for x in jax.tree.leaves(tree) if isinstance(x, np.ndarray | jax.Array)]
    numbers = [np.asarray(x, dtype=np.float64).tobytes() for x in leaves]
    return hashlib.sha256(b"".join(numbers)).hexdigest()

game = gh.load_game("prisoners_dilemma")
parametric = gh.LogisticFamily(game, bound=3.0)(0.42)
three = gh.LogisticFamily(random_game(5, (3, 2)), bound=3.0)(0.7)
found = gh.best_deviation(three, (np.zeros(2), np.zeros(())), 0, starts=4, steps=2, key=9)
(shares,) = generic_outcomes([parametric], starts=Starts(60), steps=300)
boxes = (Box(-np.ones(3), np.ones(3)),) * 2
with jax.enable_x64(True):
    seen = Noisy(1.0, draws=64, seed=4).look((np.zeros(3),) * 2, boxes).seen
networks = [kind.random(11, gain=0.5) for kind in (Interpreter, Policies)]
print(json.dumps({
    "starts": digest(starting_points([parametric], Starts(5000, seed=2))),
    "shares": shares.to_dict(),
    "deviation": [digest(found.best), found.gain],
    "noise": digest(seen),
    "networks": [digest(network) for network in networks],
    "profiles": [digest(network.initial(12)) for network in networks],
    "game": digest(random_game(13, (3, 3), symmetric=True).tensor),
}))
"""

SETTINGS = [
    {"JAX_RANDOM_SEED_OFFSET": "1"},
    {"JAX_DEFAULT_PRNG_IMPL": "rbg", "JAX_ENABLE_X64": "1"},
    {"JAX_THREEFRY_PARTITIONABLE": "0"},
]


def probed(settings: dict[str, str]) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", PROBE], env=os.environ | settings, capture_output=True, check=True
    )
    return json.loads(done.stdout)


def test_no_setting_of_jax_changes_what_is_drawn(capsys):
    exec(compile(PROBE, "probe", "exec"), {})
    here = json.loads(capsys.readouterr().out)
    for settings in SETTINGS:
        assert probed(settings) == here, settings


SOURCE = Path(next(iter(glasshouse.__path__)))

OF_OTHERS = {
    "_foundation/random.py": {
        "jax.random.fold_in",
        "jax.random.key_data",
        "jax.random.wrap_key_data",
        "numpy.random.PCG64",
        "numpy.random.SeedSequence",
    },
    # `run` of a rule or a game that is itself sampled takes the user's key, one part of it a step.
    "dynamics/driver.py": {"jax.random.fold_in"},
    # What players see is drawn from such a key, one part of it a step or an episode.
    "rules/seeing.py": {"jax.random.fold_in"},
    "rules/fitted.py": {"jax.random.fold_in"},
    # Keys that nothing is drawn with: one is traced to see whether a direction depends on it, and a
    # study asks a rule that draws whether it can learn in its game.
    "rules/base.py": {"jax.random.key"},
    "study/building.py": {"jax.random.key"},
    # Training draws from keys whose words are the library's own, one part of each an update; a key
    # that nothing is drawn with is traced to see whether a rule can learn.
    "dynamics/training.py": {"jax.random.fold_in", "jax.random.key"},
    # What is estimated from episodes draws from a key that is given, in parts for what is
    # independent; the challenge makes one of its seed.
    "analysis/challenge/sampled.py": {"jax.random.fold_in", "jax.random.key"},
    "analysis/manipulation.py": {"jax.random.key"},
    "analysis/sampling/reading.py": {"jax.random.split"},
    "analysis/sampling/sensitivity.py": {"jax.random.split"},
    "analysis/sampling/switch.py": {"jax.random.split"},
    # The noise of an opponent critic is drawn from a part of the update's key.
    "rules/sampled/opponents.py": {"jax.random.fold_in"},
    # Leagues in samples draw from such a key, one part of it a pair; a rule that looks ahead, a
    # part for each look; and parallel environments by the seed that they are given.
    "games/stochastic/sampling.py": {"jax.random.fold_in"},
    "rules/sampled/lola_dice.py": {"jax.random.split"},
    "interop/pettingzoo.py": {
        "jax.random.fold_in",
        "jax.random.key",
        "jax.random.split",
        "numpy.random.SeedSequence",
        "numpy.random.default_rng",
    },
    # What a batch looks like is asked, and nothing drawn.
    "rules/sampled/clipped.py": {"jax.random.key"},
    # The network that contract tests are shown has an initialiser of its own, as a user's would.
    "semantics/neural/modules.py": {"jax.random.key_data", "numpy.random.default_rng"},
    # Equinox asks for a key where nothing but the shapes of a network is wanted.
    "semantics/neural/base.py": {"jax.random.key"},
    "semantics/policies/network.py": {"jax.random.key", "jax.random.split"},
}
"""All uses of other generators, by file: none of them draws a number of an analysis or a study."""


def others(code: str) -> set[str]:
    """The dotted names through which a program reaches other random generators."""
    if not re.search("random|rng", code):  # each of the roots below has one of these
        return set()
    tree, names = ast.parse(code), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    used = {dotted(node, names) for node in ast.walk(tree)} | set(names.values())
    roots = ("jax.random", "jax._src.random", "jax.lax.rng", "numpy.random", "random")
    return {
        name
        for name in used
        if any(name.startswith(f"{root}.") or name == root for root in roots)
        and not any(other.startswith(f"{name}.") for other in used)
    }


def dotted(node: ast.AST, names: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        before = dotted(node.value, names)
        return f"{before}.{node.attr}" if before else ""
    return names.get(node.id, "") if isinstance(node, ast.Name) else ""


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import jax\njax.random.normal(k)", {"jax.random.normal"}),
        ("import jax.random as r\nr.normal(k)", {"jax.random.normal"}),
        ("from jax import random\nrandom.uniform(k)", {"jax.random.uniform"}),
        ("from jax.random import normal", {"jax.random.normal"}),
        ("def f():\n    import numpy as np\n    np.random.default_rng()",
         {"numpy.random.default_rng"}),
        ("import random\nrandom.random()", {"random.random"}),
        ("import jax\nx.random(3)\nself.jax.random", set()),
        ("import jax\ndraw = jax.random", {"jax.random"}),
    ],
)  # fmt: skip
def test_other_generators_are_seen_in_code(code, found):
    assert others(code) == found


def files() -> Iterator[tuple[str, str]]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield path.relative_to(SOURCE).as_posix(), path.read_text("utf-8")


def test_nothing_is_drawn_by_another_generator():
    found = {name: used for name, code in files() if (used := others(code))}
    assert found == OF_OTHERS
