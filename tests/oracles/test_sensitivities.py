"""Sensitivities against closed forms, dense Jacobians, sums over action profiles and the flow."""

import dataclasses
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import networkx as nx
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from tests.reference import (
    DONATION,
    PD,
    Payoffs,
    flat,
    normal_form,
    random_params,
    random_tensor,
    so_many,
)

from glasshouse import ParametricGame, critical_coupling, first_order_margin, run
from glasshouse.analysis import (
    cooperation,
    margin_by_reader,
    mean_cooperation,
    sensitivity,
    sensitivity_path,
)
from glasshouse.channels import Box, OneSided
from glasshouse.dynamics import Learning, Rest
from glasshouse.errors import InputError
from glasshouse.games import GlobalPublicGoods, NormalFormGame, catalogue
from glasshouse.parametric import NetworkParametricGame, Tied
from glasshouse.rules import Gradient, Lola
from glasshouse.semantics import Custom, Interpreter, Logistic, Policies, Reading

KEY = jax.random.key(0)


def effects(payoffs, p):
    T, R, P, S = payoffs
    return p * (R - T) + (1 - p) * (S - P), p * (R - S) + (1 - p) * (T - P)


@pytest.mark.parametrize("kappa", [-0.4, 0.0, 0.3, 0.9, 1.7])
@pytest.mark.parametrize("theta", [-1.5, 0.0, 0.8])
@pytest.mark.parametrize("payoffs", [PD, DONATION], ids=["pd", "donation"])
def test_under_the_logistic_semantics_the_ratio_is_the_coupling(payoffs, kappa, theta):
    """b = κ a, so ρ = κ; the threshold at mix p is -A(p)/B(p); v = p (1-p)."""
    game = ParametricGame(normal_form(payoffs), Logistic((2, 2), kappa))
    found = sensitivity(game, (theta, theta))
    p = 1 / (1 + math.exp(-(1 + kappa) * theta))
    own, other = effects(payoffs, p)
    v = p * (1 - p)
    assert found.ratio == pytest.approx([kappa] * 2, abs=1e-12)
    assert found.threshold == pytest.approx([-own / other] * 2, rel=1e-12)
    assert found.norms == pytest.approx(v * np.array([[1, abs(kappa)], [abs(kappa), 1]]), rel=1e-12)
    assert found.margin == pytest.approx((1 + kappa) * v * v * (own + kappa * other), rel=1e-10)
    if kappa:
        assert found.alignment[0, 1] == pytest.approx(math.copysign(1, kappa), abs=1e-12)
    assert found.applies
    assert found.reason == ""
    assert (found.movement == "rises") == (kappa > -own / other)


class Orthogonal(eqx.Module):
    """p_i = s(x_i + gain · y_j): a player's own x moves itself, its y the reader."""

    gain: jax.Array | np.ndarray

    def __call__(self, params, seen):
        logits = [params[i][0] + self.gain * seen[i][1 - i][1] for i in (0, 1)]
        return tuple(jnp.stack([jax.nn.sigmoid(x), jax.nn.sigmoid(-x)]) for x in logits)


def orthogonal(payoffs):
    boxes = [Box([-5.0, -5.0], [5.0, 5.0])] * 2
    return lambda gain: ParametricGame(
        normal_form(payoffs), Custom(Orthogonal(np.asarray(gain)), boxes)
    )


@pytest.mark.parametrize(("payoffs", "neutral"), [(PD, 3 / 7), (DONATION, 1 / 3)])
def test_orthogonal_sensitivities_switch_at_the_root_of_the_threshold(payoffs, neutral):
    """ρ = |b|²/|a|² = gain²: learning raises cooperation from gain √κ* on, not from κ*."""
    family = orthogonal(payoffs)
    found = sensitivity(family(0.6), (np.zeros(2), np.zeros(2)))
    assert found.ratio == pytest.approx([0.36] * 2, rel=1e-12)
    assert found.alignment[0, 1] == pytest.approx(0.0, abs=1e-15)
    assert found.norms[0] == pytest.approx([0.25, 0.15], rel=1e-12)
    assert found.threshold == pytest.approx([neutral] * 2, rel=1e-12)
    switch = critical_coupling(
        family, bracket=(0.0, 2.0), learning=Learning(steps=50, step_size=None)
    )
    assert switch.value == pytest.approx(math.sqrt(neutral), abs=1e-5)


def test_the_ratio_decides_wherever_it_applies():
    """Random symmetric games and interpreters: ρ > -A/B iff the margin is positive."""
    rng = np.random.default_rng(3)
    seen = set()
    for seed in range(60):
        network = Interpreter.random(jax.random.key(seed), gain=rng.uniform(-2, 2), size=3, width=4)
        game = ParametricGame(normal_form(Payoffs(*rng.uniform(-2, 3, 4))), network)
        found = sensitivity(game, network.initial(jax.random.key(seed + 1000), same=True))
        assert found.alignment[0, 0] == pytest.approx(1.0, abs=1e-12)
        own, cross = found.self_norms[0] ** 2, found.cross_norms[0, 1] ** 2
        across = found.alignment[0, 1] * math.sqrt(own * cross)
        assert found.ratio[0] == pytest.approx((across + cross) / (own + across), rel=1e-9)
        usable = bool(found.other_effect[0] > 0 and own + across > 0)
        assert found.applies == usable
        if usable:
            assert (found.ratio[0] > found.threshold[0]) == (found.margin > 0)
            seen.add((found.margin > 0, found.ratio[0] > 0))
        else:
            seen.add("B" if found.other_effect[0] <= 0 else "a")
            wanted = "B is not" if found.other_effect[0] <= 0 else "a·b is not"
            assert wanted in found.reason
    assert {(True, True), (False, True), (False, False), "B", "a"} <= seen


@pytest.mark.parametrize("actions", [(2, 2, 2), (3, 2, 3), (2, 3), (3, 3)], ids=str)
@pytest.mark.parametrize("seed", [0, 1])
def test_norms_and_parts_of_the_margin_are_those_of_the_dense_jacobian(actions, seed):
    tensor, players = random_tensor(actions, seed), range(len(actions))
    coupling = np.random.default_rng(seed).uniform(-1, 1, (len(actions),) * 2)
    np.fill_diagonal(coupling, 0.0)
    game = ParametricGame(NormalFormGame(tensor), Logistic(actions, coupling))
    params = random_params(game, seed)

    jacobian = [jax.jacobian(lambda p, j=j: game.behaviours(p)[j])(params) for j in players]
    J = [[np.asarray(jacobian[j][i]).reshape(actions[j], -1) for i in players] for j in players]
    mixes = [np.asarray(game.behaviours(params)[j]) for j in players]
    g = [[payoff_effect(tensor[i], mixes, j) for j in players] for i in players]
    steepest = [sum(J[j][i][0] for j in players) / len(actions) for i in players]
    margins = [[steepest[i] @ (J[j][i].T @ g[i][j]) for j in players] for i in players]

    found = sensitivity(game, params)
    norms = [[np.linalg.norm(J[j][i]) / math.sqrt(2) for j in players] for i in players]
    assert np.allclose(found.norms, norms, rtol=1e-12, atol=0)
    for i in players:
        for j in players:
            cosine = math.nan
            if actions[i] == actions[j]:
                sizes = np.linalg.norm(J[i][i]) * np.linalg.norm(J[j][i])
                cosine = np.sum(J[i][i] * J[j][i]) / sizes
            assert found.alignment[i, j] == pytest.approx(cosine, abs=1e-12, nan_ok=True)
    assert np.allclose(found.margins, margins, rtol=0, atol=1e-14)
    parts = margin_by_reader(game, params)
    assert np.allclose(found.margins, parts, rtol=0, atol=1e-15)
    assert found.margin == pytest.approx(first_order_margin(game, params), rel=0, abs=1e-14)
    assert not found.applies


def payoff_effect(table, mixes, player):
    """∂u/∂σ_player(a): the payoff table against everybody else's mixed action."""
    for j in reversed(range(len(mixes))):
        if j != player:
            table = np.tensordot(table, mixes[j], axes=(j, 0))
    return table


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(k, marks=pytest.mark.slow) for k in (2, 3))])
def test_any_quantity_is_split_into_parts_that_sum_to_its_margin(seed):
    actions = [(2, 2, 2), (2, 3, 2), (3, 3, 3), (2, 2, 3)][seed]
    game = ParametricGame(
        NormalFormGame(random_tensor(actions, seed)), Logistic(actions, 0.4, own_weight=1.5)
    )
    params = random_params(game, seed)
    for quantity in (lambda g, p: g.payoffs(p).sum(), lambda g, p: g.payoffs(p)[1]):
        parts = margin_by_reader(game, params, quantity)
        assert parts.sum() == pytest.approx(first_order_margin(game, params, quantity), abs=1e-13)
    blind = ParametricGame(game.game, Logistic(actions, 0.0))
    alone = margin_by_reader(blind, params)
    assert np.array_equal(alone, np.diag(np.diagonal(alone)))


@pytest.mark.parametrize("seed", range(5))
def test_unequal_couplings_raise_cooperation_by_the_closed_form(seed):
    """At θ = 0: ½v² [(1+κ_2)(A_1 + κ_2 B_1) + (1+κ_1)(A_2 + κ_1 B_2)], term by term."""
    tensor = random_tensor((2, 2), seed)
    one, two = np.random.default_rng(seed).uniform(-0.9, 2.0, 2)
    game = ParametricGame(NormalFormGame(tensor), Logistic((2, 2), [[0.0, one], [two, 0.0]]))
    A1, B1 = (tensor[0, 0] - tensor[0, 1]).mean(), (tensor[0, :, 0] - tensor[0, :, 1]).mean()
    A2, B2 = (tensor[1, :, 0] - tensor[1, :, 1]).mean(), (tensor[1, 0] - tensor[1, 1]).mean()
    found = sensitivity(game, (0.0, 0.0))
    expected = np.array(
        [[(1 + two) * A1, (1 + two) * two * B1], [(1 + one) * one * B2, (1 + one) * A2]]
    )
    assert np.allclose(found.margins, expected / 32, rtol=0, atol=1e-15)
    assert np.allclose(found.ratio, [two, one], rtol=0, atol=1e-14), "who is read"
    assert found.reason.startswith("the payoffs are not symmetric")


@pytest.mark.parametrize("offset", [-1e-6, 1e-6])
def test_reading_moves_the_reader_but_gives_it_no_incentive(offset):
    """Donation b = 3, c = 1, κ_2 = 0: the reader's p_1 rises from (1+√13)/6 on; θ_1 falls."""
    one = (1 + math.sqrt(13)) / 6 + offset
    game = ParametricGame(normal_form(DONATION), Logistic((2, 2), [[0.0, one], [0.0, 0.0]]))
    parts = margin_by_reader(game, (0.0, 0.0), lambda g, p: cooperation(g, p)[0])
    assert (parts.sum() > 0) == (offset > 0)
    assert parts[0, 0] == pytest.approx(-1 / 16)
    assert parts[0, 1] == 0.0
    assert float(game.selfish_gradients((0.0, 0.0))[0]) < 0


@pytest.mark.parametrize("weight", [0.5, -1.0, 3.0])
def test_own_weight_divides_the_ratio(weight):
    game = ParametricGame(normal_form(PD), Logistic((2, 2), 0.6, own_weight=weight))
    found = sensitivity(game, (0.0, 0.0))
    assert found.ratio == pytest.approx([0.6 / weight] * 2, rel=1e-12)
    assert found.norms[0] == pytest.approx([abs(weight) / 4, 0.15], rel=1e-12)
    assert found.applies == (weight * weight + 0.6 * weight > 0)


@pytest.mark.parametrize(("n", "r"), [(3, 1.5), (4, 2.0)])
def test_public_goods_rise_where_the_ratios_of_all_readers_exceed_the_threshold(n, r):
    """ρ sums over readers, κ (n-1), and must exceed (n-r)/r: κ* = (n-r)/(r(n-1))."""
    game = catalogue.public_goods(n=n, r=r)
    found = sensitivity(ParametricGame(game, Logistic((2,) * n, 0.4)), (0.3,) * n)
    assert found.ratio == pytest.approx([0.4 * (n - 1)] * n, rel=1e-12)
    assert found.threshold == pytest.approx([(n - r) / r] * n, rel=1e-12)
    assert "two players with two actions" in found.reason


def rk4(game, params, step):
    """One step of dθ/dt = v(θ)."""

    def moved(factor, slope):
        return jax.tree.map(lambda x, d: x + factor * d, params, slope)

    first = game.selfish_gradients(params)
    second = game.selfish_gradients(moved(step / 2, first))
    third = game.selfish_gradients(moved(step / 2, second))
    fourth = game.selfish_gradients(moved(step, third))
    mean = jax.tree.map(
        lambda a, b, c, d: (a + 2 * b + 2 * c + d) / 6, first, second, third, fourth
    )
    return moved(step, mean)


@pytest.mark.parametrize("kind", [Interpreter, Policies])
def test_the_margin_is_the_central_difference_of_the_flow(kind):
    after = eqx.filter_jit(lambda game, p, step: mean_cooperation(game, rk4(game, p, step)))
    for seed in range(so_many(2, 6)):
        network = kind.random(jax.random.key(seed), gain=0.3 * seed, width=6)
        game = ParametricGame(normal_form(PD), network)
        start = network.initial(jax.random.key(seed + 50))
        h = 1e-4
        slope = float(after(game, start, h) - after(game, start, -h)) / (2 * h)
        assert first_order_margin(game, start) == pytest.approx(slope, rel=1e-6, abs=1e-6)
        assert sensitivity(game, start).margin == pytest.approx(slope, rel=1e-6, abs=1e-6)


def test_sensitivities_of_networks_are_gradients_of_probabilities():
    network = Policies.random(KEY, gain=0.8, features=3, width=5, depth=2)
    game = ParametricGame(normal_form(PD), network)
    start = network.initial(KEY)
    rows, put_together = ravel_pytree(jax.tree.map(jnp.asarray, start))
    dense = np.asarray(jax.jacfwd(lambda x: game.cooperation(put_together(x)))(rows))
    half = len(rows) // 2
    blocks = [dense[:, :half], dense[:, half:]]  # by owner; rows are readers
    found = sensitivity(game, start)
    for i in (0, 1):
        a, b = blocks[i][i], blocks[i][1 - i]
        assert found.norms[i, i] == pytest.approx(np.linalg.norm(a), rel=1e-12)
        assert found.norms[i, 1 - i] == pytest.approx(np.linalg.norm(b), rel=1e-12)
        assert found.ratio[i] == pytest.approx((a @ b + b @ b) / (a @ a + a @ b), rel=1e-9)
    assert "p_1 = " in found.reason


def test_a_hundred_thousand_weights_need_no_jacobian():
    """With the same networks, ρ applies, and the margin is that of the formula with A and B."""
    network = Policies.random(KEY, gain=0.8, features=4, width=315, depth=2)
    assert network.weights > 100_000
    game = ParametricGame(normal_form(PD), network)
    found = sensitivity(game, network.initial(KEY, same=True))
    own, cross = found.norms[0] ** 2
    across = found.alignment[0, 1] * math.sqrt(own * cross)
    A, B = effects(PD, found.cooperation[0])
    assert found.applies
    assert found.margin == pytest.approx(A * (own + across) + B * (across + cross), rel=1e-9)


def test_sensitivities_go_through_the_channel():
    """What nobody sees moves nobody: with one-sided access the unseen owner has b = 0."""
    game = ParametricGame(normal_form(PD), Logistic((2, 2), 0.7), OneSided([0]))
    found = sensitivity(game, (0.0, 0.0))
    assert found.norms == pytest.approx(np.array([[0.25, 0.0], [0.175, 0.25]]))
    assert found.ratio == pytest.approx([0.0, 0.7])
    assert math.isnan(found.alignment[0, 1])
    assert "sensitivities differ" in found.reason


@pytest.mark.parametrize("kind", [Logistic, Interpreter, Policies])
def test_along_a_path_every_point_has_its_sensitivities(kind):
    semantics = kind.example((2, 2))
    game = ParametricGame(normal_form(PD), semantics)
    start = random_params(game, 4)
    path = run(game, params=start, steps=12, step_size=0.5, save="path").path
    assert path is not None
    found = sensitivity_path(game, path)
    assert found.margin.shape == (13,)
    for k in (0, 5, 12):
        point = sensitivity(game, jax.tree.map(lambda x, k=k: x[k], path))
        for name in ("cooperation", "norms", "alignment", "ratio", "threshold", "margins"):
            assert np.allclose(
                getattr(found, name)[k], getattr(point, name), rtol=1e-10, atol=1e-13
            )
        assert found.margin[k] == pytest.approx(point.margin, abs=1e-14)
        assert found.applies[k] == point.applies


@pytest.mark.parametrize("rule", [Gradient(), Lola(1.0)])
def test_a_path_can_be_learned_on_the_way(rule):
    game = ParametricGame(normal_form(PD), Logistic.example((2, 2)))
    start = random_params(game, 4)
    path = run(game, rule, start, steps=12, step_size=0.5, save="path").path
    given = sensitivity_path(game, path)
    learning = Learning(rule, step_size=0.5, steps=12)
    found = sensitivity_path(game, start=start, learning=learning)
    assert np.array_equal(found.margins, given.margins)
    words = "" if rule.selfish else " of LOLA (look-ahead 1)"
    assert f"at 13 points of 12 steps of 0.5{words} from a given start" in found.detail
    neutral = sensitivity_path(game, learning=Learning(rule, step_size=None, steps=3))
    assert "3 steps of 0.1" in neutral.detail
    with pytest.raises(InputError, match="not both"):
        sensitivity_path(game, path, start=start)
    with pytest.raises(InputError, match="not both"):
        sensitivity_path(game, path, learning=learning)
    with pytest.raises(InputError, match="does not know a stop criterion"):
        sensitivity_path(game, learning=Learning(stop=Rest()))


def test_along_a_symmetric_path_the_ratio_applies_until_the_bound():
    """κ = 0.2 in the prisoner's dilemma: both fall to the bound -1, where learning is cut off."""
    game = ParametricGame(normal_form(PD), Logistic((2, 2), 0.2, 1.0))
    path = run(game, params=(0.5, 0.5), steps=60, step_size=0.5, save="path").path
    assert path is not None
    found = sensitivity_path(game, path)
    inside = np.asarray(path[0]) > -1.0
    assert inside[0]
    assert not inside[-1]
    assert np.array_equal(found.applies, inside)
    assert np.allclose(found.ratio, 0.2)
    for corner in ((-1.0, -1.0), (1.0, 1.0)):
        assert "at the bound" in sensitivity(game, corner).reason


def test_at_bounds_the_margin_is_said_to_pass_them_by():
    """κ = 2, M = 1, θ = (1, 1): the margin is positive, and a run stays where it is."""
    game = ParametricGame(normal_form(PD), Logistic((2, 2), 2.0, 1.0))
    found = sensitivity(game, (1.0, 1.0))
    end = run(game, params=(1.0, 1.0), steps=10, step_size=0.1).params
    assert [float(x) for x in end] == [1.0, 1.0]
    assert found.at_bound
    assert found.margin > 0
    assert "Apart from the bounds, mean cooperation starts to rise" in str(found)
    three = catalogue.public_goods(n=3, r=2.0)
    bounded = ParametricGame(three, Logistic((2,) * 3, 2.0, 1.0))
    assert "Apart from the bounds" in str(sensitivity(bounded, (1.0, 0.0, 0.0)))
    assert "Apart from the bounds" not in str(sensitivity(bounded, (0.9, 0.0, 0.0)))


@pytest.mark.parametrize(("margin", "movement"), [(3e-12, "rises"), (-3e-12, "falls"), (3e-13, "")])
def test_movements_below_a_trillionth_of_the_payoffs_are_none(margin, movement):
    """Donation with b = 3, c = 1 at θ = 0: (1 + κ)(-1 + 3κ)/16, its payoffs over a range of 4."""
    offset = 4 * margin * 16 / (3 * (1 + 1 / 3))
    game = ParametricGame(normal_form(DONATION), Logistic((2, 2), 1 / 3 + offset))
    found = sensitivity(game, (0.0, 0.0))
    assert found.smallest == pytest.approx(4e-12, rel=1e-12)
    assert found.margin == pytest.approx(4 * margin, rel=1e-3)
    assert found.movement == (movement or "rests")


@pytest.mark.parametrize("measure", [sensitivity, margin_by_reader, sensitivity_path])
def test_sensitivities_of_other_kinds_of_games_are_refused(measure):
    networked = NetworkParametricGame(
        GlobalPublicGoods(4, multiplier=2.0), Reading.from_graph(nx.complete_graph(4))
    )
    tied = Tied(ParametricGame(normal_form(PD), Logistic((2, 2), 0.5)))
    for game, fix in ((networked, ""), (tied, r": take its \.game")):
        with pytest.raises(InputError, match=f"and {type(game).__name__} has none{fix}$"):
            measure(game, game.neutral())


def test_the_table():
    game = ParametricGame(normal_form(PD), Logistic((2, 2), 0.5))
    assert str(sensitivity(game, (0.0, 0.0))).splitlines() == [
        "Sensitivity: how far each player's parameters move its own and the other's behaviour",
        "player  cooperates   |a|    |b|  cos(a, b)    ρ    -A/B  margin: own  by being read",
        "     1         0.5  0.25  0.125          1  0.5  0.4286     -0.07031        0.08203",
        "     2         0.5  0.25  0.125          1  0.5  0.4286     -0.07031        0.08203",
        "Mean cooperation starts to rise: margin 0.0234375 per unit of time.",
        "So says the ratio, which decides here: ρ = 0.5 > 0.428571 = -A/B.",
    ]
    three = random_tensor((3, 2, 3), 0)
    game = ParametricGame(NormalFormGame(three), Logistic((3, 2, 3), -0.4))
    text = str(sensitivity(game, random_params(game, 0)))
    assert "margin by owner (rows) and reader (columns):" in text
    assert "the ratio does not decide here" in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("players", [9, 40])
def test_the_table_of_many_players_is_short(players):
    game = ParametricGame(normal_form(PD), Logistic((2, 2), 0.5))
    found = sensitivity(game, (0.0, 0.0))
    many = np.full(players, -1.2345678e-9)
    pairs = np.full((players, players), -1.2345678e-9)
    large = dataclasses.replace(
        found,
        **dict.fromkeys(("cooperation", "ratio", "threshold", "own_effect", "other_effect"), many),
        **dict.fromkeys(("norms", "alignment", "margins"), pairs),
        applies=False,
        reason="so",
    )
    lines = str(large).splitlines()
    assert len(lines) <= 17
    assert max(map(len, lines)) <= 100
    assert ("… 28 more" in lines) == (players == 40)


class Rooted(eqx.Module):
    def __call__(self, x):
        return jnp.sqrt(x[:1])


def test_a_sensitivity_without_bound_is_refused():
    """√ has no derivative at 0, where behaviour itself is fine."""
    game = ParametricGame(normal_form(PD), Interpreter((2, 2), Rooted(), 0.5, size=1))
    with pytest.raises(InputError, match=r"sensitivity of player . is not finite"):
        sensitivity(game, (np.array([0.0]), np.array([1.0])))


def test_what_is_not_finite_is_refused_by_player_and_point():
    game = ParametricGame(normal_form(PD), Interpreter((2, 2), Rooted(), 0.5, size=1))
    with pytest.raises(InputError, match="behaviour of player 2 is not finite at these"):
        sensitivity(game, (np.array([1.0]), np.array([-1.0])))
    path = (np.array([[1.0], [1.0], [-1.0]]), np.array([[1.0], [1.0], [1.0]]))
    with pytest.raises(InputError, match=r"behaviour of player 1 .* at point 2 of the path"):
        sensitivity_path(game, path)


@pytest.mark.parametrize(
    "path",
    [
        (np.zeros(3), np.zeros(4)),
        (np.zeros(0), np.zeros(0)),
        (np.zeros((3, 2)), np.zeros((3, 2))),
        (np.zeros(3),),
        (0.0, 0.0),
    ],
    ids=repr,
)
def test_paths_of_another_game_are_refused(path):
    game = ParametricGame(normal_form(PD), Logistic((2, 2), 0.5))
    with pytest.raises(InputError, match="leading axis of points"):
        sensitivity_path(game, path)


def test_results_are_64_bit_numbers_whatever_the_setting():
    semantics = Policies.example((2, 2))
    game, start = ParametricGame(normal_form(PD), semantics), semantics.initial(KEY)
    with jax.enable_x64(False):
        single = sensitivity(game, start)
    double = sensitivity(game, start)
    assert np.array_equal(single.norms, double.norms)
    assert flat(single.margins).dtype == np.float64
