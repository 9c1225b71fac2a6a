"""Every rule under every semantics: compiled, batched and stepped by hand give one answer."""

import jax
import numpy as np
import pytest
from tests.reference import flat, random_params, random_tensor, supports

from glasshouse.dynamics import RESULTS, run
from glasshouse.games import NormalFormGame
from glasshouse.games.registry import from_catalogue
from glasshouse.parametric import ParametricGame
from glasshouse.rules import Gradient, Lola, PerPlayer
from glasshouse.rules.registry import RULES
from glasshouse.semantics.registry import SEMANTICS

GAMES = {
    "prisoners dilemma": from_catalogue("prisoners_dilemma")(),
    "2x3": NormalFormGame(random_tensor((2, 3), 11)),
    "three players": NormalFormGame(random_tensor((2, 2, 2), 12)),
    "2x3x4": NormalFormGame(random_tensor((2, 3, 4), 13)),
}
STEPS, STEP_SIZE = 10, 0.2

UNCOMPILED = (("logistic", "gradient"), ("logistic", "sos"), ("affine", "optimistic"))
"""By day; all pairs by night."""

LARGEST = ("logistic", "transformed", "2x3x4")


def cases():
    """By day every rule once, one also in the largest game; nightly every rule in all games."""
    for kind in sorted(SEMANTICS):
        played = [name for name, game in GAMES.items() if supports(kind, game.actions)]
        for rule_name in sorted(RULES):
            for name in played:
                smallest = name == played[0] and (kind == "logistic" or rule_name == "gradient")
                usual = smallest or (kind, rule_name, name) == LARGEST
                marks = () if usual else pytest.mark.slow
                yield pytest.param(kind, rule_name, name, marks=marks)


each_case = pytest.mark.parametrize(("kind", "rule_name", "game_name"), list(cases()))


def example(rule_name, players):
    """The rule's own example; a line-up is one for so many players."""
    if rule_name == "perplayer":
        return PerPlayer((Gradient(), *[Lola(0.3)] * (players - 1)), np.linspace(1, 0.5, players))
    return RULES[rule_name].example()


def stepped_by_hand(game, rule, params):
    state = rule.init(game, params, None)
    towards = jax.jit(lambda params, state: rule.direction(game, params, state))
    for _ in range(STEPS):
        directions, state = towards(params, state)
        params = tuple(
            x if d is None else jax.tree.map(moved, x, d, box.lower, box.upper)
            for x, d, box in zip(params, directions, game.spaces, strict=True)
        )
    return params


def moved(x, direction, lower, upper):
    return np.clip(np.asarray(x) + STEP_SIZE * np.asarray(direction), lower, upper)


@each_case
def test_single_batched_and_hand_stepped_runs_agree(kind, rule_name, game_name):
    game = ParametricGame(GAMES[game_name], SEMANTICS[kind].example(GAMES[game_name].actions))
    rule = example(rule_name, game.players)

    def learn(params):
        return run(game, rule, params, steps=STEPS, step_size=STEP_SIZE, throw=False)

    starts = [random_params(game, seed, spread=2.5) for seed in range(3)]
    compiled = jax.jit(learn)
    singles = [compiled(start) for start in starts]
    stacked = jax.tree.map(lambda *x: np.stack(x), *starts)
    batched = jax.jit(jax.vmap(learn))(stacked)

    by_hand = stepped_by_hand(game, rule, starts[0])
    assert np.allclose(flat(singles[0].params), flat(by_hand), rtol=0, atol=1e-12)
    for k, single in enumerate(singles):
        assert single.result == RESULTS.completed
        assert int(single.steps) == STEPS
        member = jax.tree.map(lambda x, k=k: x[k], batched.params)
        assert np.allclose(flat(member), flat(single.params), rtol=0, atol=1e-12)
        still = np.allclose(flat(single.params), flat(starts[k]), rtol=0, atol=1e-3)
        assert still == (rule_name == "fixed")


@pytest.mark.parametrize(
    ("kind", "rule_name"),
    [
        pytest.param(s, r, marks=() if (s, r) in UNCOMPILED else pytest.mark.slow)
        for s in sorted(SEMANTICS)
        for r in sorted(RULES)
    ],
)
def test_an_uncompiled_run_gives_the_same_end(kind, rule_name):
    game = ParametricGame(GAMES["prisoners dilemma"], SEMANTICS[kind].example((2, 2)))
    rule = example(rule_name, game.players)
    start = random_params(game, 0)
    with jax.disable_jit():
        eager = run(game, rule, start, steps=2, step_size=STEP_SIZE)
    compiled = jax.jit(lambda start: run(game, rule, start, steps=2, step_size=STEP_SIZE))(start)
    assert np.allclose(flat(eager.params), flat(compiled.params), rtol=0, atol=1e-12)


@pytest.mark.parametrize("rule_name", sorted(set(RULES) - {"fixed"}))
def test_learning_alone_climbs_to_the_better_action(rule_name):
    """One decision maker beside a player who changes nothing ends where its payoff is highest."""
    tensor = np.array([[[0.0, 0.0], [1.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]])
    game = ParametricGame(NormalFormGame(tensor), SEMANTICS["logistic"].example((2, 2)))
    rule = example(rule_name, 2)
    end = run(game, rule, (0.5, 0.5), steps=400, step_size=0.5).params
    assert float(game.payoffs(end)[0]) > 0.95
