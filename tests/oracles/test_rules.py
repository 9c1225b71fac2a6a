"""Rules against trajectories known to many digits, and against dense matrices of derivatives."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.reference import random_tensor

import glasshouse as gh
from glasshouse.channels import Box
from glasshouse.dynamics import RESULTS, Learning, Rest, Starts, learn, rest_residual
from glasshouse.games import NormalFormGame
from glasshouse.parametric import DifferentiableGame, ParametricGame, Tied, capabilities, require
from glasshouse.rules import Fixed, Gradient, Lola, Optimistic, PerPlayer
from glasshouse.semantics import Logistic

LINE = Box(-math.inf, math.inf)
START = (0.5, -0.25)


def tandem(params):
    x, y = params
    return [-((x + y) ** 2) + 2 * x, -((x + y) ** 2) + 2 * y]


def pennies(params):
    first, second = (2 / (1 + jnp.exp(-x)) - 1 for x in params)
    return [first * second, -first * second]


TANDEM = DifferentiableGame(tandem, [LINE, LINE])
PENNIES = DifferentiableGame(pennies, [LINE, LINE])


def three_tensor():
    """Payoff cos(1 + 8i + 4a + 2b + c) to player i."""
    i, a, b, c = np.ogrid[:3, :2, :2, :2]
    return np.cos(1 + 8 * i + 4 * a + 2 * b + c)


def three():
    """The game of these payoffs; nobody reads anybody."""
    return ParametricGame(NormalFormGame(three_tensor()), Logistic((2, 2, 2), 0.0))


def by_night(*case):
    return pytest.param(*case, marks=pytest.mark.slow)


# By day test_shaping.py has the same digits of those by night.
REFERENCE = [
    by_night(TANDEM, START, 0.1, Gradient(), (0.794, 0.044)),
    (TANDEM, START, 0.1, Lola(0.1), (0.803888, 0.053888)),
    by_night(TANDEM, START, 0.1, Lola(0.1, "original"), (0.842784, 0.092784)),
    by_night(TANDEM, START, 0.1, Optimistic(), (0.746, -0.004)),
    by_night(PENNIES, START, 1.0, Gradient(), (0.241171108168682, -0.558429762261381)),
    by_night(PENNIES, START, 1.0, Lola(1.0), (0.134603533931883, -0.414341516217833)),
    by_night(PENNIES, START, 1.0, Lola(1.0, "original"), (0.184330565662806, -0.484170632554607)),
    by_night(PENNIES, START, 1.0, Optimistic(), (0.192595800046828, -0.508050200729822)),
    (
        three(),
        (0.3, -0.2, 0.1),
        1.0,
        Gradient(),
        (-0.34926708225915, -0.20565210483145, -0.055366112555472),
    ),
    (
        three(),
        (0.3, -0.2, 0.1),
        1.0,
        Lola(1.0),
        (-0.417806106999474, -0.0923662868482831, -0.0805823188382919),
    ),
    (
        three(),
        (0.3, -0.2, 0.1),
        1.0,
        Optimistic(),
        (-0.352365068575907, -0.13699203150186, -0.061492403658374),
    ),
]


@pytest.mark.parametrize(("game", "start", "size", "rule", "end"), REFERENCE)
def test_three_steps_are_those_known_to_many_digits(game, start, size, rule, end):
    found = gh.run(game, rule, start, steps=3, step_size=size)
    np.testing.assert_allclose(np.stack(found.params), end, rtol=0, atol=1e-11)


def direction(rule, game, params):
    with jax.enable_x64(True):
        towards = jax.jit(lambda x: rule.direction(game, x, rule.init(game, x))[0])
        return np.stack(towards(params))


def lola_by_matrices(game, params, look_ahead):
    """ξ + α (H_o ξ + χ) from the Jacobian of the gradients and that of the payoffs, whole."""
    flat = jnp.asarray(params)

    def gradients(x):
        return jnp.stack(game.selfish_gradients(tuple(x)))

    def payoffs(x):
        return game.payoffs(tuple(x))

    xi = np.asarray(gradients(flat))
    jacobian = np.asarray(jax.jacfwd(gradients)(flat))
    effects = np.asarray(jax.jacfwd(payoffs)(flat))
    off = jacobian - np.diag(np.diag(jacobian))
    chi = np.array([off[:, i] @ effects[i] for i in range(len(xi))])
    return xi + look_ahead * (off @ xi + chi)


@pytest.mark.parametrize("seed", range(4))
def test_lola_is_what_matrices_give_in_random_games(seed):
    actions = (2,) * (2 + seed % 2)
    rng = np.random.default_rng(seed)
    weights = rng.uniform(-0.5, 1, (len(actions),) * 2) * (1 - np.eye(len(actions)))
    game = ParametricGame(NormalFormGame(random_tensor(actions, seed)), Logistic(actions, weights))
    params = tuple(rng.normal(size=len(actions)))
    rule = Lola(0.7)
    found = direction(rule, game, params)
    with jax.enable_x64(True):
        np.testing.assert_allclose(found, lola_by_matrices(game, params, 0.7), rtol=0, atol=1e-12)


@pytest.mark.parametrize("sign", [1, -1])
def test_in_games_of_one_interest_or_its_opposite_both_terms_are_one(sign):
    """χ = H_o ξ there, so that the original form at 2α is the expansion at α."""
    rng = np.random.default_rng(5)
    table = rng.normal(size=(3, 3))
    game = ParametricGame(NormalFormGame([table, sign * table]), Logistic((3, 3), 0.0))
    params = tuple(rng.normal(size=(2, 2)))

    one, two = direction(Lola(0.3), game, params), direction(Lola(0.6, "original"), game, params)
    np.testing.assert_allclose(one, two, rtol=0, atol=1e-13)
    none, selfish = direction(Lola(0.0), game, params), direction(Gradient(), game, params)
    np.testing.assert_allclose(none, selfish, rtol=0, atol=1e-15)


def dilemma(coupling=0.5):
    return gh.LogisticFamily(gh.load_game("prisoners_dilemma"), 3.0)(coupling)


def test_rest_is_rest_under_the_rule():
    """The selfish gradient is far from zero there."""
    game = dilemma()
    end = gh.run(game, Lola(5.0), (0.3, -0.2), steps=5000, step_size=0.05, stop=Rest())
    assert end.result == RESULTS.converged
    assert np.stack(end.params) == pytest.approx([-0.2508802] * 2, abs=1e-7)
    assert end.residual < 1e-8
    assert max(np.abs(game.selfish_gradients(end.params))) == pytest.approx(0.094, abs=1e-3)
    assert (
        rest_residual(game, end.params) > 0.05 > 1e-8 > rest_residual(game, end.params, Lola(5.0))
    )


def test_tandem_rests_where_the_rule_does():
    """On the line x + y = 1 under gradients, (1 - 2α) / (1 - 4α) under LOLA."""
    for rule, line in ((Gradient(), 1.0), (Optimistic(), 1.0), (Lola(0.1), 4 / 3)):
        end = gh.run(TANDEM, rule, START, steps=10_000, step_size=0.02, stop=Rest())
        assert end.result == RESULTS.converged
        assert sum(end.params) == pytest.approx(line, abs=1e-6)


def test_what_is_on_its_way_does_not_rest():
    """An extrapolated gradient that happens to vanish is no rest."""
    line = DifferentiableGame(lambda params: [-(params[0] ** 2) / 2], [LINE])
    rule = Optimistic()
    towards, _ = rule.direction(line, (1.0,), (np.array(-2.0),))
    assert float(towards[0]) == 0.0
    assert rule.residual(line, (1.0,), (np.array(-2.0),), np.array(0.1)) == 1.0


def test_a_line_up_is_each_players_own_rule():
    game, start = dilemma(), (0.3, -0.2)
    both = PerPlayer((Lola(1.0), Gradient()), (1.0, 0.5))
    lola, selfish = direction(Lola(1.0), game, start), direction(Gradient(), game, start)
    found = gh.run(game, both, start, steps=1, step_size=0.1).params
    assert float(found[0]) == pytest.approx(0.3 + 0.1 * float(lola[0]), abs=1e-15)
    assert float(found[1]) == pytest.approx(-0.2 + 0.05 * float(selfish[1]), abs=1e-15)
    same = PerPlayer((Optimistic(), Optimistic()))
    for rule in (same, Optimistic()):
        end = gh.run(game, rule, start, steps=50, step_size=0.1).params
        assert np.stack(end) == pytest.approx(
            np.stack(gh.run(game, Optimistic(), start, steps=50, step_size=0.1).params), abs=1e-14
        )


def test_who_is_fixed_stays_and_is_at_rest():
    game = dilemma(0.8)
    line_up = PerPlayer((Gradient(), Fixed()))
    end = gh.run(game, line_up, (0.0, -1.5), steps=20_000, step_size=0.1, stop=Rest())
    assert end.result == RESULTS.converged
    assert float(end.params[1]) == -1.5
    alone = gh.best_deviation(game, end.params, 0)
    assert alone.gain < 1e-9
    nobody = gh.run(game, Fixed(), (0.5, 0.5), steps=3, step_size=0.1, stop=Rest())
    assert (nobody.result == RESULTS.converged, nobody.steps, nobody.residual) == (True, 0, 0.0)


def network():
    import networkx

    from glasshouse.games import NeighbourhoodPublicGoods
    from glasshouse.semantics import Reading

    ring = networkx.cycle_graph(4)
    game = NeighbourhoodPublicGoods(ring, multiplier=2.0)
    return gh.NetworkParametricGame(game, Reading.from_graph(ring), 3.0)


@pytest.mark.parametrize("rule", [Lola(), PerPlayer((Gradient(), Gradient()))])
@pytest.mark.parametrize("game", [Tied(dilemma()), network()])
def test_rules_that_tell_players_apart_say_where_they_cannot(rule, game):
    said = rf"one entry for each player; those of {type(game).__name__} are .*: use Gradient\(\)"
    with pytest.raises(gh.InputError, match=said):
        gh.run(game, rule, steps=1, step_size=0.1)


def test_what_rules_cannot_be_is_said():
    text: Any = "lola"
    for wrong, said in (
        (
            lambda: Lola(form="third"),
            "form=.third. must be one of .taylor., .original. and .exact.",
        ),
        (lambda: Lola(look_ahead=math.nan), "look_ahead"),
        (lambda: PerPlayer((Gradient(), text)), "rule of player 2 must be one that gives"),
        (lambda: PerPlayer(()), "one rule for each player"),
        (lambda: PerPlayer((Gradient(),), (0.0,)), "must be positive"),
        (lambda: PerPlayer((Gradient(),), (1.0, 1.0)), "one number for each of 1 players"),
        (
            lambda: gh.run(dilemma(), PerPlayer((Gradient(),)), steps=1, step_size=0.1),
            "1 rules, but the game has 2 players",
        ),
    ):
        with pytest.raises(gh.InputError, match=said):
            wrong()


def test_ways_of_learning_that_cannot_be_are_refused():
    text: Any = "gradient"
    for wrong, said in (
        (lambda: Learning(text), "rule must be a rule such as"),
        (lambda: Learning(steps=0), "steps=0"),
        (lambda: Learning(step_size=-0.1), "step_size"),
        (lambda: Learning(starts=text), "starts must be Starts"),
        (lambda: learn([], Learning()), "at least one"),
        (lambda: learn([dilemma()], Learning(Lola(), tied=True)), "LOLA needs params"),
    ):
        with pytest.raises(gh.InputError, match=said):
            wrong()


def test_a_step_size_left_open_has_no_unit_of_payoff():
    small = gh.NormalFormGame(np.asarray(gh.load_game("prisoners_dilemma").tensor) * 1e-6)
    learning = Learning(step_size=None, steps=200, starts=Starts(5))
    ends = [
        learn([gh.LogisticFamily(game, 3.0)(0.5)], learning)
        for game in (gh.load_game("prisoners_dilemma"), small)
    ]
    for one, other in zip(*(end.params for end in ends), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)
    assert "200 steps of 0.1" in ends[0].detail


def test_games_of_functions_have_nothing_that_was_invented():
    assert capabilities(TANDEM) == frozenset()
    for capability in ("observables", "scales", "checks", "dense"):
        with pytest.raises(gh.InputError, match=r"the test needs .*DifferentiableGame has none"):
            require(TANDEM, capability, "the test")
    for wanting in (
        lambda: gh.analysis.cooperation(TANDEM, START),
        lambda: gh.generic_outcomes([TANDEM]),
        lambda: gh.first_order_margin(TANDEM, START),
    ):
        with pytest.raises(gh.InputError, match="DifferentiableGame has none"):
            wanting()


def test_cournot_duopolists_end_at_their_equilibrium():
    """Inverse demand 10 - q_1 - q_2 and costs c: q_i = (10 - 2 c_i + c_j) / 3."""
    costs = np.array([1.0, 2.5])

    def profits(quantities):
        price = 10 - sum(quantities)
        return [(price - c) * q for c, q in zip(costs, quantities, strict=True)]

    game = DifferentiableGame(profits, [Box(0.0, 10.0)] * 2)
    end = gh.run(game, steps=5000, step_size=0.1, stop=Rest())
    assert end.result == RESULTS.converged
    assert np.stack(end.params) == pytest.approx((10 - 2 * costs + costs[::-1]) / 3, abs=1e-6)
    with jax.disable_jit():
        few = gh.run(game, steps=2, step_size=0.1).params
    assert np.stack(few) == pytest.approx(
        np.stack(gh.run(game, steps=2, step_size=0.1).params), abs=1e-13
    )


@pytest.mark.parametrize(
    ("function", "boxes", "said"),
    [
        (3, [LINE], "takes a function"),
        (tandem, [], "takes a function"),
        (tandem, [LINE], "cannot be computed at the neutral parameters"),
        (lambda params: [params[0]], [LINE, LINE], "one payoff and one box for each player"),
    ],
)
def test_functions_that_are_no_games_are_refused(function, boxes, said):
    with pytest.raises(gh.InputError, match=said):
        DifferentiableGame(function, boxes)
