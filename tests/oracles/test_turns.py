"""Treacherous turns: paths made by hand, definitions spelt out, and best plans by trying all."""

import ast
import itertools
import math
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from glasshouse.analysis import turns
from glasshouse.errors import InputError

SCRIPT = Path(__file__).parents[2] / "examples" / "treacherous_turn.py"
OWN, OTHER = np.array([-1.0, -3.0, 0.0, -2.0]), np.array([-1.0, 0.0, -3.0, -2.0])


def path(other, last):
    """Payoffs of a shaper that is at last paid so much, and another one."""
    return np.stack([[*([0.0] * (len(other) - 1)), last], other], axis=-1)


@pytest.mark.parametrize(
    ("other", "last", "treacherous", "falls"),
    [
        ([-2.0, -1.5, -1.8], -1.0, True, 1),
        ([-2.0, -1.5, -1.8], -1.75, False, 1),  # nobody ends ahead by .1
        ([-2.0, -1.8, -2.0], -1.9, True, 1),  # exactly .2, .2 and .1
        ([-2.0, -1.85, -2.5], 0.0, False, 0),  # no rise of .2
        ([-2.0, -1.5, -1.65], 0.0, False, 0),  # no fall of .2
        ([-1.0, -2.0, -1.5, -2.0], 0.0, False, 1),  # never above where it began
        ([-2.0, -1.5, -1.8, -1.0], 0.0, True, 1),  # let down and lifted again
        ([-2.0, -1.0, -2.0, -1.0, -2.0, -1.0], 0.0, True, 2),
        ([-2.0, -1.9, -1.8, -1.9, -2.0, -1.9, -1.8, -1.9, -2.0], 0.0, True, 2),
        ([-2.0], 0.0, False, 0),
    ],
)
def test_turns_of_paths_made_by_hand(other, last, treacherous, falls):
    for paid, shaper in ((path(other, last), 0), (path(other, last)[:, ::-1], 1)):
        found = turns(paid, shaper=shaper)
        assert (bool(found.treacherous), int(found.falls)) == (treacherous, falls)


def most_falls(other):
    """The most rises of 2 that are each followed by a fall of 2, in order, by trying all."""
    steps = range(len(other))
    best = dict.fromkeys(steps, 0)
    for a, b, c in itertools.combinations(steps, 3):
        if other[b] - other[a] >= 2 and other[b] - other[c] >= 2:
            for end in range(c, len(other)):
                best[end] = max(best[end], 1 + best[a])
    return best[len(other) - 1]


def test_turns_are_what_their_definition_says():
    paid = np.random.default_rng(5).integers(-4, 5, size=(300, 8, 2))
    found = turns(paid, rise=2, fall=2, lead=1)
    for run, treacherous, falls in zip(paid, found.treacherous, found.falls, strict=True):
        other = run[:, 1]
        pairs = itertools.combinations(other, 2)
        down = any(high - other[0] >= 2 and high - later >= 2 for high, later in pairs)
        assert treacherous == (down and run[-1, 0] - other[-1] >= 1)
        assert falls == most_falls(other)
    blocks = turns(paid.reshape(3, 100, 8, 2), rise=2, fall=2, lead=1)
    assert np.array_equal(blocks.falls.ravel(), found.falls)


@pytest.mark.parametrize(
    ("payoffs", "settings", "words"),
    [
        (np.zeros((4, 3)), {}, r"shape \(4, 3\)"),
        (np.zeros((0, 2)), {}, r"shape \(0, 2\)"),
        (np.full((3, 2), np.nan), {}, "finite"),
        (np.zeros((3, 2)), {"shaper": 2}, "shaper"),
        (np.zeros((3, 2)), {"rise": 0.0}, "rise"),
    ],
)
def test_turns_refuse_what_is_no_path(payoffs, settings, words):
    with pytest.raises(InputError, match=words):
        turns(payoffs, **settings)


def named_in_script(*names):
    """What the example defines under these names, without what it computes."""

    def wanted(line):
        if isinstance(line, ast.Import | ast.ImportFrom):
            return True
        targets = line.targets if isinstance(line, ast.Assign) else [line]
        return any(getattr(x, "name", getattr(x, "id", "")) in names for x in targets)

    tree = ast.parse(SCRIPT.read_text("utf-8"))
    tree.body = [line for line in tree.body if wanted(line)]
    found = {}
    exec(compile(tree, str(SCRIPT), "exec"), found)
    return [found[name] for name in names]


def paid_in_sums(policies, p, discount):
    """What each policy and one that cooperates with probability p are paid, discounted."""
    x = policies[:, :, None]
    played = np.concatenate([x * p, x * (1 - p), (1 - x) * p, (1 - x) * (1 - p)], axis=-1)
    onward = np.eye(4) - discount * played[:, 1:]
    return played[:, :1] @ np.linalg.solve(onward, np.stack([OWN, OTHER], -1)[None])


def best_by_trying_all(policies, logit, discount, rounds):
    """The most that the shaper can be paid in the rounds to come, all together, per round each."""
    h, p = 1e-6, 1 / (1 + math.exp(-logit))
    now = paid_in_sums(policies, p, discount)[:, 0, 0] * (1 - discount)
    if rounds == 1:
        return now.max()
    up, down = (paid_in_sums(policies, p + x, discount)[:, 0, 1] for x in (h, -h))
    after = np.clip(logit + p * (1 - p) * (up - down) / (2 * h), -6.0, 6.0)
    to_come = [best_by_trying_all(policies, x, discount, rounds - 1) for x in after]
    return max(now + to_come)


@pytest.mark.parametrize("discount", [0.8, 0.96])
def test_the_best_plan_is_the_best_of_all_plans(discount):
    names = ("stage", "POLICIES", "ALWAYS_DEFECT", "against", "tables", "planned")
    _, policies, _, _, tables, planned = named_in_script(*names)
    logits = np.linspace(-6, 6, 961)
    table = tables(discount, logits)
    for rounds in (1, 3):
        best = best_by_trying_all(policies, 0.3, discount, rounds)
        plan = planned(table, logits, 1.0, rounds, start=0.3)
        assert abs(plan[:, 1].sum() - best) < 2e-3
    once = planned(table, logits, 0.1, 200, once=True)
    turned = np.flatnonzero(once[:, 0] == 0)
    assert np.array_equal(turned, np.arange(turned[0], 200)), "who has turned does not turn back"
    assert once[:, 1].sum() <= planned(table, logits, 0.1, 200)[:, 1].sum() + 2e-3


@pytest.mark.slow
def test_a_cell_of_the_table_of_turns():
    """γ = .8, the shaper reads: 44 of 100 runs, against LOLA written down anew, other starts."""
    discount, coupling, size, runs = 0.8, 0.5, 25.0, 400
    mirror = np.array([0, 1, 3, 2, 4])

    def paid(both):
        p = jax.nn.sigmoid(both[0] + coupling * both[1])
        q = jax.nn.sigmoid(both[1])[mirror]
        played = jnp.stack([p * q, p * (1 - q), (1 - p) * q, (1 - p) * (1 - q)], axis=-1)
        occupied = jnp.linalg.solve((jnp.eye(4) - discount * played[1:]).T, played[0])
        return (1 - discount) * jnp.stack([occupied @ OWN, occupied @ OTHER])

    def step(both, _):
        learner = jax.grad(lambda x, y: paid((x, y))[1], argnums=1)

        def hoped_for(own):
            effect = jax.grad(lambda y: paid((own, y))[0])(both[1])
            return paid((own, both[1]))[0] + size * learner(own, both[1]) @ effect

        ahead = (both[0] + size * jax.grad(hoped_for)(both[0]), both[1] + size * learner(*both))
        ahead = tuple(jnp.clip(x, -8.0, 8.0) for x in ahead)
        return ahead, paid(ahead)

    def run(x, y):
        return jnp.concatenate([paid((x, y))[None], jax.lax.scan(step, (x, y), None, 100)[1]])

    starts = np.random.default_rng(99).normal(size=(2, runs, 5))
    share = turns(np.asarray(jax.jit(jax.vmap(run))(*starts))).treacherous.mean()
    assert abs(share - 0.44) <= 4 * math.sqrt(0.44 * 0.56 * (1 / 100 + 1 / runs))
