"""Every rule under every semantics: compiled, batched and stepped by hand give one answer."""

import itertools

import equinox as eqx
import jax
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from tests.reference import flat, random_params, random_tensor, supports

from glasshouse.dynamics import RESULTS, run
from glasshouse.errors import InputError
from glasshouse.games import NormalFormGame
from glasshouse.games.registry import from_catalogue
from glasshouse.parametric import ParametricGame
from glasshouse.rules import AbstractConditional, Gradient, Lola, Lss, PerPlayer
from glasshouse.rules.base import EPISODES
from glasshouse.rules.registry import RULES
from glasshouse.semantics import Logistic
from glasshouse.semantics.registry import SEMANTICS

EXACT = sorted(name for name, cls in RULES.items() if EPISODES not in cls.needs)
"""Rules that learn in games with exact payoffs; what learns from episodes of play refuses these,
see oracles/test_sampled_rules.py."""

GAMES = {
    "prisoners dilemma": from_catalogue("prisoners_dilemma")(),
    "2x3": NormalFormGame(random_tensor((2, 3), 11)),
    "three players": NormalFormGame(random_tensor((2, 2, 2), 12)),
    "2x3x4": NormalFormGame(random_tensor((2, 3, 4), 13)),
}
STEPS, STEP_SIZE = 10, 0.2

UNCOMPILED = (("logistic", "gradient"), ("logistic", "sos"), ("affine", "optimistic"))
"""By day; all pairs by night."""


def cases(pairs=None):
    """By day every rule and every semantics once, or some pairs; nightly all rules in all games."""
    for kind in sorted(SEMANTICS):
        played = [name for name, game in GAMES.items() if supports(kind, game.actions)]
        for rule_name in EXACT:
            for name in played:
                usual = kind == "logistic" or rule_name == "gradient"
                if pairs is not None:
                    usual = (kind, rule_name) in pairs
                usual = usual and name == played[0]
                marks = () if usual else pytest.mark.slow
                yield pytest.param(kind, rule_name, name, marks=marks)


each_case = pytest.mark.parametrize(("kind", "rule_name", "game_name"), list(cases()))


def example(rule_name, players):
    """The rule's own example; a line-up is one for so many players."""
    if rule_name == "perplayer":
        return PerPlayer((Gradient(), *[Lola(0.3)] * (players - 1)), np.linspace(1, 0.5, players))
    return RULES[rule_name].example()


OWN_LOGITS, ALIKE = {"mirror", "magneticmirror"}, {"meanfieldlola"}
"""Rules for games in which nobody is read, and for players who are alike."""


def suited(rule_name, game):
    """The game, or one as like it as may be in which the rule can learn: without reading, or with
    payoffs made alike for all players."""
    if rule_name in OWN_LOGITS:
        return ParametricGame(game.game, Logistic(game.game, 0.0, 5.0))
    if rule_name in ALIKE and len(set(game.game.actions)) == 1:
        own = game.game.tensor[0]
        orders = itertools.permutations(range(1, own.ndim))
        first = np.sum([own.transpose(0, *order) for order in orders], axis=0)
        tensor = np.stack([np.moveaxis(first, 0, i) for i in range(own.ndim)])
        return ParametricGame(NormalFormGame(tensor), Logistic(tensor.shape[1:], 0.4, 5.0))
    return game


def refused(rule, game, params):
    """The one line by which a rule refuses a game; nothing where it learns there."""
    if not isinstance(rule, AbstractConditional):
        return ""
    try:
        rule.init(game, params)
    except InputError as error:
        said = str(error)
        assert "\n" not in said
        assert rule.words in said
        assert type(game).__name__ in said
        return said
    return ""


def undefined(rule, game, params):
    """Whether a rule that solves for the game's Jacobian comes near a singular one, where rounding
    decides."""
    if not isinstance(rule, Lss):
        return False
    jacobian = jax.jit(jax.jacobian(lambda x: ravel_pytree(game.selfish_gradients(x))[0]))
    for passed in path_by_hand(rule, game, params):
        columns = [np.reshape(x, (len(x), -1)) for x in jax.tree.leaves(jacobian(passed))]
        if not np.linalg.cond(np.concatenate(columns, axis=1)) < 1e4:
            return True
    return False


@eqx.filter_jit
def towards(rule, game, params, state):
    return rule.direction(game, params, state)


def path_by_hand(rule, game, params):
    state = rule.init(game, params, None)
    for _ in range(STEPS):
        yield params
        directions, state = towards(rule, game, params, state)
        params = tuple(
            x if d is None else jax.tree.map(moved, x, d, box.lower, box.upper)
            for x, d, box in zip(params, directions, game.spaces, strict=True)
        )
    yield params


def stepped_by_hand(game, rule, params):
    *_, end = path_by_hand(rule, game, params)
    return end


def moved(x, direction, lower, upper):
    return np.clip(np.asarray(x) + STEP_SIZE * np.asarray(direction), lower, upper)


@each_case
def test_batched_and_hand_stepped_runs_agree(kind, rule_name, game_name):
    game, rule, starts, learn = learning(kind, rule_name, game_name)
    if refused(rule, game, starts[0]):
        assert kind != "logistic" or len(set(game.game.actions)) > 1
        return
    if any(undefined(rule, game, start) for start in starts):
        return
    stacked = jax.tree.map(lambda *x: np.stack(x), *starts)
    batched = jax.jit(jax.vmap(learn))(stacked)
    for k, start in enumerate(starts):
        member = jax.tree.map(lambda x, k=k: x[k], batched)
        assert member.result == RESULTS.completed
        assert int(member.steps) == STEPS
        still = np.allclose(flat(member.params), flat(start), rtol=0, atol=1e-3)
        assert still == (rule_name == "fixed")
        by_hand = stepped_by_hand(game, rule, start)
        assert np.allclose(flat(member.params), flat(by_hand), rtol=0, atol=1e-12)


def learning(kind, rule_name, game_name):
    """A game, a rule, three starts, and a run from any."""
    game = ParametricGame(GAMES[game_name], SEMANTICS[kind].example(GAMES[game_name].actions))
    game = suited(rule_name, game) if kind == "logistic" else game
    rule = example(rule_name, game.players)

    def learn(params):
        return run(game, rule, params, steps=STEPS, step_size=STEP_SIZE, throw=False)

    return game, rule, [random_params(game, seed, spread=2.5) for seed in range(3)], learn


SINGLE = (("logistic", "gradient"), ("logistic", "lola"))
"""By day; all pairs by night."""


@pytest.mark.parametrize(("kind", "rule_name", "game_name"), list(cases(SINGLE)))
def test_single_runs_are_those_of_a_batch(kind, rule_name, game_name):
    game, rule, starts, learn = learning(kind, rule_name, game_name)
    if refused(rule, game, starts[0]) or any(undefined(rule, game, x) for x in starts):
        return
    batched = jax.jit(jax.vmap(learn))(jax.tree.map(lambda *x: np.stack(x), *starts))
    compiled = jax.jit(learn)
    for k, start in enumerate(starts):
        single = compiled(start)
        assert single.result == RESULTS.completed
        assert int(single.steps) == STEPS
        member = jax.tree.map(lambda x, k=k: x[k], batched.params)
        assert np.allclose(flat(member), flat(single.params), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("kind", "rule_name"),
    [
        pytest.param(s, r, marks=() if (s, r) in UNCOMPILED else pytest.mark.slow)
        for s in sorted(SEMANTICS)
        for r in EXACT
    ],
)
def test_an_uncompiled_run_gives_the_same_end(kind, rule_name):
    game = ParametricGame(GAMES["prisoners dilemma"], SEMANTICS[kind].example((2, 2)))
    rule = example(rule_name, game.players)
    game = suited(rule_name, game) if kind == "logistic" else game
    start = random_params(game, 0)
    if refused(rule, game, start) or undefined(rule, game, start):
        return
    with jax.disable_jit():
        eager = run(game, rule, start, steps=2, step_size=STEP_SIZE)
    compiled = jax.jit(lambda start: run(game, rule, start, steps=2, step_size=STEP_SIZE))(start)
    assert np.allclose(flat(eager.params), flat(compiled.params), rtol=0, atol=1e-12)


# By day oracles/test_shaping.py has every rule's direction, and so its sign.
@pytest.mark.parametrize(
    "rule_name",
    [
        pytest.param(name, marks=() if name in ("gradient", "lola") else pytest.mark.slow)
        for name in sorted(set(EXACT) - {"fixed", "lss", "magneticmirror", *ALIKE})
    ],
)
def test_learning_alone_climbs_to_the_better_action(rule_name):
    """One decision maker beside a player who changes nothing ends where its payoff is highest.

    Symplectic surgery is undefined where a player has no payoff, a magnet keeps players from the
    end, and players who are alike all decide.
    """
    tensor = np.array([[[0.0, 0.0], [1.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]])
    game = ParametricGame(NormalFormGame(tensor), SEMANTICS["logistic"].example((2, 2)))
    game = suited(rule_name, game)
    rule = example(rule_name, 2)
    end = run(game, rule, (0.5, 0.5), steps=400, step_size=0.5).params
    assert float(game.payoffs(end)[0]) > 0.95
