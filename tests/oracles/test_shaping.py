"""Rules that look ahead, against many digits, matrices of derivatives and identities."""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.oracles.test_rules import PENNIES, START, TANDEM, three
from tests.reference import random_tensor

import glasshouse as gh
from glasshouse.dynamics import RESULTS, Learning, Rest, Starts, learn, rest_residual
from glasshouse.games import random_game
from glasshouse.parametric import DifferentiableGame, ParametricGame, Tied
from glasshouse.rules import (
    Cgd,
    Consensus,
    Extragradient,
    Gradient,
    Lola,
    LookAhead,
    Momentum,
    Optimistic,
    PerPlayer,
    Sga,
    Sos,
)
from glasshouse.semantics import Logistic

RULES = {
    "gradient": lambda a: Gradient(),
    "look-ahead": LookAhead,
    "LOLA, original": lambda a: Lola(a, "original"),
    "LOLA": Lola,
    "SOS": Sos,
    "LOLA, exact": lambda a: Lola(a, "exact"),
    "CGD": Cgd,
    "SGA": Sga,
    "consensus": Consensus,
    "extragradient": Extragradient,
    "optimistic": lambda a: Optimistic(),
    "momentum": lambda a: Momentum(0.5),
}

# Per step and after three steps of 1 at look-ahead 1, in discounted sums: V_1 and V_2; θ in tandem
# (steps and look-ahead .1) and pennies; the first player's payoff in "three".
AFTER_THREE = {
    "gradient": (
        (-1.9588385257081, -1.9685505649141),
        (0.794, 0.044),
        (0.241171108168682, -0.558429762261381),
        0.083228483558087,
    ),
    "look-ahead": (
        (-1.9378263402152, -1.9475983543308),
        (0.757088, 0.007088),
        (0.184330565662806, -0.484170632554607),
        0.096114674352633,
    ),
    "LOLA, original": (
        (-1.0953065284557, -1.0984473385166),
        (0.842784, 0.092784),
        (0.184330565662806, -0.484170632554607),
        0.099035466648373,
    ),
    "LOLA": (
        (-1.0594134586575, -1.0603262827235),
        (0.803888, 0.053888),
        (0.134603533931883, -0.414341516217833),
        0.1118274401948,
    ),
    "LOLA, exact": (
        (-1.1549469499809, -1.1605790940258),
        (0.812464896, 0.062464896),
        (0.136189618917752, -0.413894260362982),
        0.11185419861399,
    ),
    "CGD": (
        (-1.8695021824435, -1.9343809660271),
        (55 / 72, 1 / 72),
        (0.202883682768366, -0.476552979853176),
        0.095144125845085,
    ),
    "SGA": (
        (-1.8692569695867, -1.9288010001795),
        (0.794, 0.044),
        (0.184330565662806, -0.484170632554607),
        0.091150414105798,
    ),
    "consensus": (
        (-1.5298556051268, -1.8978473569809),
        (0.843056, 0.093056),
        (0.187035950845702, -0.489160296620892),
        0.084705897224034,
    ),
    "extragradient": (
        (-1.9149757072346, -1.9092033204569),
        (0.710384, -0.039616),
        (0.181930607534307, -0.479176719060946),
        0.095938906719023,
    ),
    "optimistic": (
        (-1.86994587802, -1.8666654939808),
        (0.746, -0.004),
        (0.192595800046828, -0.508050200729822),
        0.093055272980726,
    ),
    "momentum": (
        (-1.983576499608, -1.9867650776307),
        (0.9215, 0.1715),
        (0.139363673002001, -0.69350516404382),
        0.13335688758735,
    ),
}
AFTER_THREE["SOS"] = AFTER_THREE["LOLA"]

AGAIN = gh.games.RepeatedGame(
    gh.NormalFormGame([[[-1.0, -3.0], [0.0, -2.0]], [[-1.0, 0.0], [-3.0, -2.0]]]), 0.96, "sum"
)
IPD = ParametricGame(AGAIN, Logistic(AGAIN, 0.0, math.inf))
FIRST = (np.array([0.1, 0.2, -0.3, 0.4, -0.5]), np.array([-0.2, 0.3, 0.1, -0.4, 0.2]))


BY_DAY = ("LOLA", "SGA")  # the sign of whose weight no other game shows


@eqx.filter_jit
def after_three(rule, game, start, size):
    """Params and payoffs after three steps. A run would also look how far they are from rest,
    which takes as long to trace as the step."""

    def step(carry, _):
        return rule.step(game, *carry, size), None

    start = jax.tree.map(jnp.asarray, start)
    end, _ = jax.lax.scan(step, (start, rule.init(game, start)), length=3)[0]
    return end, game.payoffs(end)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in BY_DAY else pytest.mark.slow) for n in RULES]
)
def test_three_steps_in_the_iterated_dilemma(name):
    _, payoffs = after_three(RULES[name](1.0), IPD, FIRST, jnp.ones(()))
    np.testing.assert_allclose(payoffs * 0.04, AFTER_THREE[name][0], rtol=0, atol=1e-11)


@pytest.mark.parametrize("name", RULES)
def test_three_steps_in_two_small_games(name):
    _, tandem, pennies, _ = AFTER_THREE[name]
    end, _ = after_three(RULES[name](0.1), TANDEM, START, jnp.asarray(0.1))
    np.testing.assert_allclose(np.stack(end), tandem, rtol=0, atol=1e-11)
    end, _ = after_three(RULES[name](1.0), PENNIES, START, jnp.ones(()))
    np.testing.assert_allclose(np.stack(end), pennies, rtol=0, atol=1e-11)


# By day matrices say of three players what each rule does.
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n == "LOLA" else pytest.mark.slow) for n in RULES]
)
def test_three_steps_of_three_players(name):
    rule, first = RULES[name](1.0), AFTER_THREE[name][3]
    _, payoffs = after_three(rule, three(), (0.3, -0.2, 0.1), jnp.ones(()))
    np.testing.assert_allclose(payoffs[0], first, rtol=0, atol=1e-11)


def random_games(players, count):
    """Stacked tensors, couplings and parameters, and the game that one of each makes."""
    rng = np.random.default_rng(players)
    actions = (2,) * players
    tensors = np.stack([np.asarray(random_tensor(actions, seed)) for seed in range(count)])
    apart = 1 - np.eye(players)
    weights = rng.uniform(-0.5, 1, (count, players, players)) * apart

    def game(tensor, coupling):
        return ParametricGame(gh.NormalFormGame(tensor), Logistic(actions, coupling))

    return game, tensors, weights, rng.normal(size=(count, players))


@eqx.filter_jit
def derivatives(game, x):
    """ξ, H and the payoffs' derivatives E[i, j] = ∂U_i/∂θ_j, as matrices."""

    def gradients(x):
        return jnp.stack(game.selfish_gradients(tuple(x)))

    def payoffs(x):
        return game.payoffs(tuple(x))

    return gradients(x), jax.jacfwd(gradients)(x), jax.jacfwd(payoffs)(x)


class Dense:
    """The derivatives of one game at params."""

    def __init__(self, game, params):
        self.game, self.params = game, np.asarray(params)
        self.xi, self.H, self.E = self.at(self.params)
        self.off = self.H - np.diag(np.diag(self.H))

    def at(self, params):
        with jax.enable_x64(True):
            return tuple(np.asarray(x) for x in derivatives(self.game, jnp.asarray(params)))


def by_matrices(name, dense, a):
    """The direction of a rule with look-ahead or weight a, written out with matrices."""
    xi, H, E, off = dense.xi, dense.H, dense.E, dense.off
    n = len(xi)
    ahead = xi + a * off @ xi
    shaping = a * np.array([sum(off[j, i] * E[i, j] for j in range(n)) for i in range(n)])
    turn = (H.T - H) / 2 @ xi
    if name == "LOLA, exact":
        found = []
        for i in range(n):
            there = dense.params + a * xi
            there[i] = dense.params[i]
            E_there = dense.at(there)[2]
            found.append(E_there[i, i] + a * sum(off[j, i] * E_there[i, j] for j in range(n)))
        return np.array(found)
    if name == "SOS":
        agree = shaping @ ahead
        kept = 1.0 if agree >= 0 else min(1.0, -0.5 * (ahead @ ahead) / agree)
        near = xi @ xi if np.linalg.norm(xi) < 0.1 else 1.0
        return ahead + min(kept, near) * shaping
    sign = np.sign(-(xi @ H.T @ xi) * (turn @ H.T @ xi) / n + 0.1)
    return {
        "gradient": lambda: xi,
        "optimistic": lambda: xi,
        "momentum": lambda: xi,
        "look-ahead": lambda: ahead,
        "LOLA": lambda: ahead + shaping,
        "LOLA, original": lambda: xi + shaping,
        "CGD": lambda: np.linalg.solve(np.eye(n) - a * off, xi),
        "SGA": lambda: xi - a * sign * turn,
        "consensus": lambda: xi - a * H.T @ xi,
        "extragradient": lambda: dense.at(dense.params + a * xi)[0],
    }[name]()


@pytest.fixture(scope="module")
def denses():
    """Twenty games, and the matrices of each."""
    found = {}
    for players in (2, 3):
        game, tensors, weights, params = random_games(players, 10)
        members = zip(tensors, weights, params, strict=True)
        found[players] = (
            (game, tensors, weights, params),
            [Dense(game(tensor, weight), x) for tensor, weight, x in members],
        )
    return found


# Of two players LOLA alone by day: what rules do is written for any number.
@pytest.mark.parametrize(
    ("name", "players"),
    [
        pytest.param(n, k, marks=() if k == 3 or n == "LOLA" else pytest.mark.slow)
        for n in RULES
        for k in (2, 3)
    ],
)
def test_directions_are_what_matrices_give_in_random_games(name, players, denses):
    rule = RULES[name](0.7)
    (game, *batch), matrices = denses[players]

    def towards(tensor, weight, x):
        made, params = game(tensor, weight), tuple(x)
        return jnp.stack(rule.direction(made, params, rule.init(made, params))[0])

    with jax.enable_x64(True):
        found = jax.jit(jax.vmap(towards))(*batch)
    right = [by_matrices(name, dense, 0.7) for dense in matrices]
    np.testing.assert_allclose(found, right, rtol=1e-12, atol=1e-12)


@eqx.filter_jit
def directions(rules, game, params):
    """The directions of several rules, in one program, which is less to compile than many."""
    return [rule.direction(game, params, rule.init(game, params))[0] for rule in rules]


def directed_by(rules, game, params):
    with jax.enable_x64(True):
        return [np.stack(each) for each in directions(rules, game, tuple(map(jnp.asarray, params)))]


def directed(rule, game, params):
    return directed_by([rule], game, params)[0]


@pytest.mark.parametrize(
    "chosen",
    [
        pytest.param(slice(1, 2), id="LOLA"),
        pytest.param(slice(None), marks=pytest.mark.slow, id="all"),
    ],
)
def test_who_is_believed_to_stand_still_is_met_where_it_stands(chosen, denses):
    (game, tensors, weights, params), matrices = denses[3]
    made, dense, x = game(tensors[0], weights[0]), matrices[0], tuple(params[0])
    steps = 0.7 * np.array([1.0, 0.0, 2.0])
    ahead = dense.xi + dense.off @ (steps * dense.xi)
    shaping = np.einsum("j,ji,ij->i", steps, dense.off, dense.E)
    beliefs: dict[str, Any] = {"believed_step_sizes": (1.0, 0.0, 2.0)}
    believing = (
        (LookAhead(0.7, **beliefs), ahead),
        (Lola(0.7, **beliefs), ahead + shaping),
        (Lola(0.7, "original", **beliefs), dense.xi + shaping),
        (Cgd(0.7, **beliefs), np.linalg.solve(np.eye(3) - dense.off * steps, dense.xi)),
        (Extragradient(0.7, **beliefs), dense.at(params[0] + steps * dense.xi)[0]),
    )[chosen]
    nobody: dict[str, Any] = {"believed_step_sizes": (0.0, 0.0, 0.0)}
    alone = [LookAhead(0.7, **nobody), Sos(0.7, **nobody), Lola(0.7, "exact", **nobody)][chosen]
    found = directed_by([*(rule for rule, _ in believing), *alone], made, x)
    for one, (_, right) in zip(found[: len(believing)], believing, strict=True):
        np.testing.assert_allclose(one, right, rtol=0, atol=1e-12)
    for one in found[len(believing) :]:
        np.testing.assert_allclose(one, dense.xi, rtol=0, atol=1e-13)


@pytest.mark.parametrize("sign", [1, -1])
def test_in_games_of_one_interest_or_its_opposite_rules_coincide(sign):
    """χ = H_o ξ, also where players read each other."""
    rng = np.random.default_rng(7)
    table = rng.normal(size=(2, 2))
    game = ParametricGame(gh.NormalFormGame([table, sign * table]), Logistic((2, 2), 0.3))
    params = tuple(rng.normal(size=2))
    pairs = [
        (Lola(0.3), LookAhead(0.6)),
        (Lola(0.3, "original"), LookAhead(0.3)),
        (Sga(0.3), LookAhead(0.3) if sign < 0 else Gradient()),
        *((make(0.0), Gradient()) for make in (Lola, LookAhead, Sos, Cgd, Extragradient)),
        (Lola(0.0, "exact", 2), Gradient()),
        (Lola(0.3, "exact", 0), Gradient()),
    ]
    found, right = (directed_by(list(rules), game, params) for rules in zip(*pairs, strict=True))
    np.testing.assert_allclose(found, right, rtol=0, atol=1e-13)


def test_cgd_departs_from_look_ahead_by_the_second_power(denses):
    (game, tensors, weights, params), matrices = denses[2]
    made, dense, x = game(tensors[1], weights[1]), matrices[1], tuple(params[1])
    right = dense.off @ dense.off @ dense.xi
    a = 1e-3
    cgd, ahead = directed_by([Cgd(a), LookAhead(a)], made, x)
    apart = (cgd - ahead) / a**2
    np.testing.assert_allclose(apart, right, rtol=0, atol=5e-3 * np.abs(right).max())


def test_many_parameters_are_solved_for_by_products():
    rng = np.random.default_rng(3)
    matrix = rng.normal(size=(30, 30)) / 10

    def payoffs(params):
        gained = params[0] @ matrix @ params[1]
        small = [0.1 * jnp.sum(x**2) for x in params]
        return [gained - small[0], -gained - small[1]]

    line = gh.channels.Box(np.full(30, -math.inf), np.full(30, math.inf))
    game = DifferentiableGame(payoffs, [line, line])
    params = (rng.normal(size=30), rng.normal(size=30))
    off = np.block([[np.zeros((30, 30)), matrix], [-matrix.T, np.zeros((30, 30))]])
    selfish = np.concatenate(game.selfish_gradients(params))
    right = np.linalg.solve(np.eye(60) - 0.7 * off, selfish)
    found = np.concatenate(directed_parts(Cgd(0.7), game, params))
    np.testing.assert_allclose(found, right, rtol=0, atol=1e-9)


def directed_parts(rule, game, params):
    with jax.enable_x64(True):
        return jax.jit(lambda x: rule.direction(game, x, None)[0])(params)


def test_sos_in_all_its_branches():
    """p = 1, then less where shaping fights the look-ahead, then ‖ξ‖² near rest."""
    start, ends = (1.5, 0.5), {3: 1.296352, 10: 1.08745061438299}
    for steps, end in ends.items():
        found = gh.run(TANDEM, Sos(0.1), start, steps=steps, step_size=0.1).params
        np.testing.assert_allclose(np.stack(found), (end, end - 1), rtol=0, atol=1e-11)
    lola = gh.run(TANDEM, Lola(0.1), start, steps=3, step_size=0.1).params
    np.testing.assert_allclose(np.stack(lola), (1.312992, 0.312992), rtol=0, atol=1e-11)
    near = gh.run(TANDEM, Sos(0.1), START, steps=10, step_size=0.1).params
    np.testing.assert_allclose(np.stack(near), (0.87370748, 0.12370748), rtol=0, atol=5e-9)

    game, shares = TANDEM, (1.0, 0.9130434782609, 0.827392120075)
    x = start
    for share in shares:
        ahead, lola, sos = directed_by([LookAhead(0.1), Lola(0.1), Sos(0.1)], game, x)
        np.testing.assert_allclose((sos - ahead) / (lola - ahead), share, rtol=0, atol=1e-11)
        x = tuple(np.asarray(x) + 0.1 * sos)


def test_orders_of_lola_in_tandem_rest_where_they_should():
    for order, line in ((1, 1.3125), (2, 1.12246443902028), (3, 1.18955501189844)):
        rule = Lola(0.1, "exact", order)
        end = gh.run(TANDEM, rule, START, steps=4000, step_size=0.05, stop=Rest(tolerance=1e-12))
        assert end.result == RESULTS.converged
        assert sum(end.params) == pytest.approx(line, abs=1e-10)


def test_orders_become_consistent_below_three_eighths():
    """In tandem: with e_0 = 2α and e_k = 2α (1 - e_{k-1})², which settles iff α < 3/8."""
    at = (jnp.ones(()), jnp.ones(()))
    consistencies = eqx.filter_jit(lambda rules: [rule.consistency(TANDEM, at) for rule in rules])
    for look_ahead, settles in ((0.1, True), (0.38, False)):
        apart = consistencies([Lola(look_ahead, "exact", order) for order in range(4)])
        assert (float(apart[3]) < 0.1 * float(apart[0])) == settles


def test_extragradient_is_stuck_where_the_point_ahead_rests():
    line = DifferentiableGame(lambda params: [-(params[0] ** 2) / 2], [gh.channels.Box(-9, 9)])
    assert directed(Extragradient(1.0), line, (3.0,)) == pytest.approx([0.0], abs=1e-15)


# By day contracts/test_rules_hold.py asks the same of every rule by its name.
@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=() if ", " in n else pytest.mark.slow) for n in RULES],
)
def test_who_keeps_rest_points_keeps_them(name):
    """At the rest of selfish gradients in tandem; LOLA's are elsewhere."""
    rule = RULES[name](0.1)
    size = float(np.abs(directed(rule, TANDEM, (0.75, 0.25))).max())
    assert (size < 1e-15) == type(rule).keeps_rest_points
    assert (rest_residual(TANDEM, (0.75, 0.25), rule) < 1e-15) == (size < 1e-15)


def test_at_a_bound_of_selfish_learning_others_may_move_on():
    game, end = dilemma(), gh.run(dilemma(), Gradient(), (0.3, -0.2), steps=5000, step_size=0.05)
    assert rest_residual(game, end.params) < 1e-6
    for rule, rests in (
        (Extragradient(1.0), True),
        (Optimistic(), True),
        (Momentum(), True),
        (LookAhead(5.0), False),
        (Sos(5.0), False),
        (Consensus(1.0), False),
    ):
        assert (rest_residual(game, end.params, rule) < 1e-6) == rests


def dilemma(coupling=0.5):
    return gh.LogisticFamily(gh.load_game("prisoners_dilemma"), 3.0)(coupling)


@pytest.mark.parametrize("rule", [LookAhead(), Sos(), Cgd(), Sga(), Consensus(), Lola(1, "exact")])
def test_second_derivatives_across_players_are_refused_where_there_are_none(rule):
    with pytest.raises(gh.InputError, match=r"one entry for each player.*use Gradient\(\) there"):
        gh.run(Tied(dilemma()), rule, steps=1, step_size=0.1)


def test_rules_without_them_learn_there_too():
    for rule in (Extragradient(0.1), Momentum(0.5)):
        tied = gh.run(Tied(dilemma()), rule, (0.2,), steps=50, step_size=0.05).params
        apart = gh.run(dilemma(), rule, (0.2, 0.2), steps=50, step_size=0.05).params
        np.testing.assert_allclose(np.stack(apart), float(tied[0]), rtol=0, atol=1e-12)


@pytest.mark.slow  # by day a line-up of two kinds is each player's own rule, in test_rules.py
def test_a_line_up_of_many_kinds():
    game = three()
    line_up = PerPlayer((Sos(0.5), Momentum(0.2), Cgd(0.3)), (1.0, 0.5, 2.0))
    end = gh.run(game, line_up, (0.3, -0.2, 0.1), steps=1, step_size=0.1).params
    parts = directed_by(list(line_up.rules), game, (0.3, -0.2, 0.1))
    right = [
        x + 0.1 * size * part[i]
        for i, (x, size, part) in enumerate(
            zip((0.3, -0.2, 0.1), (1.0, 0.5, 2.0), parts, strict=True)
        )
    ]
    np.testing.assert_allclose(np.stack(end), right, rtol=0, atol=1e-14)


def test_rules_that_cannot_be_are_refused():
    game = three()
    for wrong, said in (
        (lambda: LookAhead(-1.0), "look_ahead=-1 must be at least 0"),
        (lambda: Sos(believed_step_sizes=(1.0, -2.0)), "believed_step_sizes=-2 must be at least"),
        (lambda: Lola(1.0, "exact", 9), "order"),
        (lambda: Lola(1.0, order=2), "order=2 belongs to form='exact'"),
        (lambda: Lola(form="extra"), "form='extra' must be one of 'taylor', 'original' and"),
        (lambda: Sos(a=2.0), "a must lie between 0 and 1"),
        (lambda: Sga(-1.0), "weight=-1 must be at least 0"),
        (lambda: Lola(believed_step_sizes=(math.inf, 1.0)), "believed_step_sizes must be finite"),
        (lambda: Lola().consistency(Tied(dilemma()), (0.1,)), "one entry for each player"),
        (lambda: Momentum(1.0), "decay must be less than 1"),
        (
            lambda: gh.run(game, Sos(believed_step_sizes=(1.0, 1.0)), steps=1, step_size=0.1),
            "one number for each of 3 players",
        ),
    ):
        with pytest.raises(gh.InputError, match=said):
            wrong()


def test_solving_ends_in_large_games_with_many_starts():
    """By LAPACK, two batches at the same time would wait for each other for ever."""
    game = random_game(1, (9, 9))
    played = ParametricGame(game, Logistic(game, 0.3, 5.0))
    learning = Learning(Cgd(0.1), step_size=0.1, steps=3, starts=Starts(400))
    assert np.isfinite(learn([played], learning).residuals).all()
