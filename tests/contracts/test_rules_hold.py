"""What holds of every rule: who is renamed, who looks ahead by nothing, who rests, who is lost."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from tests.contracts.test_rules import ALIKE, EXACT, OWN_LOGITS, example, suited
from tests.oracles.test_networks import both, split
from tests.oracles.test_networks import random_params as network_params
from tests.oracles.test_rules import TANDEM
from tests.reference import flat, random_params, random_tensor

import glasshouse as gh
from glasshouse._foundation.declared import settings_of
from glasshouse.channels import Box
from glasshouse.dynamics import RESULTS, Learning, Starts, learn
from glasshouse.games import NormalFormGame, RepeatedGame
from glasshouse.parametric import DifferentiableGame, ParametricGame, Tied
from glasshouse.rules import Gradient, Leader, Lola, LookAhead, PerPlayer, Transformed
from glasshouse.rules.base import BEHAVIOURS
from glasshouse.rules.registry import RULES
from glasshouse.semantics import Logistic

each_rule = pytest.mark.parametrize("rule_name", EXACT)


def by_day(*names):
    """These rules by day, and by night all."""
    rules = EXACT
    marked = [pytest.param(x, marks=() if x in names else pytest.mark.slow) for x in rules]
    return pytest.mark.parametrize("rule_name", marked)


BEHAVING = {name for name, cls in RULES.items() if BEHAVIOURS in cls.needs}
"""Rules that learn only where there is behaviour."""


def in_any_game(*names):
    """The same of rules that learn in any game."""
    chosen = [x for x in EXACT if x not in OWN_LOGITS | ALIKE | BEHAVING]
    slow = {x for x in chosen if names and x not in names}
    marked = [pytest.param(x, marks=pytest.mark.slow if x in slow else ()) for x in chosen]
    return pytest.mark.parametrize("rule_name", marked)


ORDER = (2, 0, 1)
COUPLING = np.array([[0.0, 0.7, -0.4], [0.2, 0.0, 1.3], [-0.9, 0.5, 0.0]])
LINE = Box(-np.inf, np.inf)

OF_TYPES = {"types", "weights"}
"""Settings that are lists, but of others' types and not of players."""

NOTHING = {"look_ahead": 0.0, "weight": 0.0, "decay": 0.0, "extrapolation": 0.0}
"""Settings that leave selfish gradients as they are, by name: what a rule adds to them."""


def with_setting(rule, name, value):
    """The rule with a number of its exchanged, whatever its constructor takes."""
    return eqx.tree_at(lambda x: getattr(x, name), rule, value, is_leaf=lambda x: x is None)


def settings(rule):
    cls = type(rule)
    return settings_of(cls) if cls.in_studies else {}


@eqx.filter_jit
def three_steps(rule, game, params):
    def step(carry, _):
        return rule.step(game, *carry, jnp.asarray(0.1)), None

    start = jax.tree.map(jnp.asarray, params)
    return jax.lax.scan(step, (start, rule.init(game, start)), length=3)[0][0]


@eqx.filter_jit
def direction(rule, game, params):
    return rule.direction(game, params, rule.init(game, params))[0]


@eqx.filter_jit
def at_rest(rule, game, params):
    """Where one would move who has always been there, and how far that is from rest."""
    state = rule.init(game, params)
    towards = rule.resting_direction(game, params, state)
    return towards, rule.residual(game, params, state, jnp.ones(()))


@each_rule
def test_renaming_the_players_renames_their_learning(rule_name):
    """New player i is old player ORDER[i], with its rule, its step size and what is believed."""
    order = list(ORDER)
    tensor, coupling = random_tensor((2, 2, 2), 3), COUPLING
    old = ParametricGame(NormalFormGame(tensor), Logistic((2, 2, 2), coupling, 5.0))
    if rule_name in OWN_LOGITS | ALIKE:
        old = suited(rule_name, old)
        assert isinstance(old.game, NormalFormGame)
        assert isinstance(old.semantics, Logistic)
        tensor, coupling = old.game.tensor, float(old.semantics.coupling) * (1 - np.eye(3))
    new = ParametricGame(
        NormalFormGame(tensor[order].transpose(0, *(1 + i for i in order))),
        Logistic((2, 2, 2), coupling[np.ix_(order, order)], 5.0),
    )
    before = after = example(rule_name, 3)
    if isinstance(before, PerPlayer):
        each = [before.rules[i] for i in order]
        after = PerPlayer(each, np.asarray(before.step_sizes)[order])
    if isinstance(before, Leader):
        before, after = Leader(0, 0.5), Leader(order.index(0), 0.5)
    for name, key in settings(before).items():
        if key.several and name not in OF_TYPES:  # one number for each player
            numbers = np.array([1.0, 0.25, 2.0])
            before = with_setting(before, name, numbers)
            after = with_setting(after, name, numbers[order])
    params = random_params(old, 6)
    found = three_steps(after, new, tuple(params[i] for i in order))
    right = three_steps(before, old, params)
    np.testing.assert_allclose(flat(found), flat(right)[order], rtol=0, atol=1e-12)


def neutralised():
    """Every rule that adds something to selfish gradients, adding nothing; every form of LOLA."""
    for name in EXACT:
        cls = RULES[name]
        if BEHAVIOURS in cls.needs:
            continue  # its step is no gradient
        rule = cls.example()
        for key in NOTHING.keys() & set(cls.keys):
            rule = with_setting(rule, key, NOTHING[key])
        if NOTHING.keys() & set(cls.keys):
            yield pytest.param(rule, id=name)
    for order in (0, 2):
        yield pytest.param(Lola(0.0, "exact", order), id=f"lola, order {order}")
    yield pytest.param(Lola(0.0, "original"), id="lola, original")


@pytest.mark.parametrize("rule", list(neutralised()))
def test_looking_ahead_by_nothing_is_selfish(rule):
    game = ParametricGame(NormalFormGame(random_tensor((2, 2), 8)), Logistic((2, 2), 0.7, 5.0))
    game = suited(type(rule).__name__.lower(), game)
    params = random_params(game, 1)
    found, selfish = direction(rule, game, params), direction(Gradient(), game, params)
    np.testing.assert_allclose(flat(found), flat(selfish), rtol=0, atol=1e-15)


def test_rules_that_look_ahead_are_among_them():
    looking = {name for name, cls in RULES.items() if "look_ahead" in cls.keys}
    assert {"lola", "sos", "lookahead", "cgd", "extragradient"} <= looking


def largest(towards):
    """The largest coordinate of a direction, in which those have no part who do not move."""
    return max((float(np.abs(x).max()) for x in jax.tree.leaves(towards)), default=0.0)


def polynomial(coefficients, params):
    """Payoffs with a rest point of all selfish gradients, at which the others still matter."""
    rest, linear, quadratic, cubic = coefficients
    away = jnp.stack(params).ravel() - rest
    owners = jnp.repeat(jnp.arange(len(params)), jnp.size(params[0]))
    paid = []
    for i in range(len(params)):
        others = jnp.where(owners == i, 0.0, linear[i])
        paid.append(others @ away + away @ quadratic[i] @ away + cubic[i] @ away**3)
    return paid


def random_rest(players, each, seed):
    """A game of random polynomials, and where all of its selfish gradients vanish."""
    generator, count = np.random.default_rng(seed), players * each
    shapes = ((count,), (players, count), (players, count, count), (players, count))
    coefficients = tuple(generator.normal(size=shape) for shape in shapes)
    boxes = [Box(np.full(each, -np.inf), np.full(each, np.inf))] * players
    game = DifferentiableGame(jax.tree_util.Partial(polynomial, coefficients), boxes)
    return game, tuple(coefficients[0].reshape(players, each))


def as_declared(rule_name, players):
    """The rule; one that holds others keeps what these do, and is given one that does not."""
    if rule_name == "transformed":
        return Transformed(Lola(0.3), optax.trace(0.5))
    return example(rule_name, players)


# By day of every rule tandem shows it.
@pytest.mark.parametrize("players", [2, pytest.param(3, marks=pytest.mark.slow)])
@in_any_game("gradient", "lola")
def test_rest_points_of_selfish_learning_are_kept_as_declared(rule_name, players):
    """In random games all of them are, or none is."""
    rule = as_declared(rule_name, players)
    for seed in range(5):
        game, rest = random_rest(players, 2, seed)
        towards, residual = at_rest(rule, game, rest)
        size = largest(towards)
        if type(rule).keeps_rest_points:
            assert size <= 1e-12
            assert float(residual) <= 1e-12
        else:
            assert size > 1e-2
            assert float(residual) > 1e-3


@pytest.mark.parametrize("rule_name", sorted(set(EXACT) - OWN_LOGITS - BEHAVING))
def test_tandem_is_the_counterexample(rule_name):
    """Two who push and pay for it: selfish learning rests wherever the sum is 1."""
    towards, _ = at_rest(as_declared(rule_name, 2), TANDEM, tuple(map(jnp.asarray, (0.75, 0.25))))
    assert (largest(towards) <= 1e-14) == RULES[rule_name].keeps_rest_points


def test_line_ups_and_transformations_keep_what_their_rules_keep():
    for rule in (
        PerPlayer((LookAhead(0.5), Gradient())),
        Transformed(LookAhead(0.5), optax.scale_by_adam()),
    ):
        game, rest = random_rest(2, 2, 0)
        towards, _ = at_rest(rule, game, rest)
        assert largest(towards) <= 1e-12


def fragile(params):
    """Payoffs that have no gradient from 9 on, and overflow far below."""
    first, second = params
    return [
        jnp.sqrt(9 - first) - first * second - 0.1 * first**4,
        jnp.sqrt(9 - second) + first * second - 0.1 * second**4,
    ]


@in_any_game("fixed", "gradient", "sos")
def test_who_leaves_the_reals_leaves_alone(rule_name):
    """What other members of a batch compute does not change by a bit."""
    game, rule = DifferentiableGame(fragile, [LINE, LINE]), example(rule_name, 2)
    well = [(0.1 * k, 0.3 - 0.2 * k) for k in range(8)]
    ill = [*well]
    ill[2], ill[5] = (10.0, 0.2), (-1e120, 1e120)

    def ends(starts):
        learning = Learning(rule, 0.05, 20, starts=Starts(profiles=tuple(starts)))
        return learn([game, game], learning, observe=paid)

    alone, together = ends(well), ends(ill)
    others = [k for k in range(8) if k not in (2, 5)]
    for name in ("params", "residuals", "observed", "steps"):
        for one, other in zip(
            jax.tree.leaves(getattr(alone, name)),
            jax.tree.leaves(getattr(together, name)),
            strict=True,
        ):
            assert np.array_equal(one[:, others], other[:, others])
            assert np.all(np.isfinite(other[:, others]))
    learns = rule_name != "fixed"
    lost = ~np.isfinite(np.stack(together.params)).all(axis=0)
    assert np.array_equal(lost.any(axis=0), [learns and k in (2, 5) for k in range(8)])
    assert not learns or not np.any(together.residuals[:, [2, 5]] < 1)  # nor taken for rest
    result = gh.run(game, rule, ill[2], steps=20, step_size=0.05, throw=False).result
    assert (result == RESULTS.not_finite) == learns


def paid(game, params):
    return game.payoffs(params)


def run_or_refused(game, rule, params) -> Any:
    """Where it learns to, or the one line by which it refuses."""
    try:
        return gh.run(game, rule, params, steps=5, step_size=0.05).params
    except gh.InputError as error:
        said = str(error)
    assert "\n" not in said
    assert rule.words in said
    assert type(game).__name__ in said
    return None


@by_day("fixed", "gradient", "lola")  # who learns there and who refuses: test_some_learn_there
def test_who_share_a_parameter_learn_as_apart_or_it_is_refused(rule_name):
    rule, game = example(rule_name, 2), gh.LogisticFamily(gh.load_game("stag_hunt"), 3.0)(0.4)
    tied = run_or_refused(Tied(game), rule, (0.3,))
    if tied is not None:
        apart = gh.run(game, rule, (0.3, 0.3), steps=5, step_size=0.05).params
        np.testing.assert_allclose(np.stack(apart), float(tied[0]), rtol=0, atol=1e-12)
        assert (float(tied[0]) == 0.3) == (rule_name == "fixed")


@by_day("perplayer", "sos")  # that others learn there is shown in oracles/test_networks.py
def test_networks_learn_as_the_dense_game_does_or_it_is_refused(rule_name):
    network, dense = both("pairwise 2", 3)
    rule, params = example(rule_name, network.players), network_params(network, 2)
    found = run_or_refused(network, rule, params)
    if found is not None:
        right = gh.run(dense, rule, split(params), steps=5, step_size=0.05).params
        np.testing.assert_allclose(found[0], np.stack(right), rtol=0, atol=1e-11)


def test_some_learn_there():
    game = gh.LogisticFamily(gh.load_game("stag_hunt"), 3.0)(0.4)
    learning = {
        name for name in EXACT if run_or_refused(Tied(game), example(name, 2), (0.3,)) is not None
    }
    assert {"gradient", "optimistic", "momentum", "extragradient", "fixed"} <= learning
    assert not {"lola", "sos", "perplayer"} & learning


@by_day("lola")
def test_in_repeated_games_batches_are_loops(rule_name):
    repeated = RepeatedGame(gh.load_game("prisoners_dilemma"), 0.9)
    coupling = 0.0 if rule_name in OWN_LOGITS else 0.3
    game, rule = ParametricGame(repeated, Logistic(repeated, coupling, 5.0)), example(rule_name, 2)
    starts = [random_params(game, seed) for seed in range(2)]
    stacked = jax.tree.map(lambda *x: np.stack(x), *starts)
    batched = jax.jit(jax.vmap(lambda x: direction(rule, game, x)))(stacked)
    for k, start in enumerate(starts):
        apart = jax.tree.map(lambda x, y, k=k: x[k] - y, batched, direction(rule, game, start))
        assert largest(apart) <= 1e-12
