"""Repeated games: exact values, gradients and learning, against fractions and mpmath."""

import itertools
import math
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import glasshouse as gh
from glasshouse.analysis import Starts, mean_cooperation
from glasshouse.dynamics import RESULTS, Learning, Rest, rest_residual
from glasshouse.games import Product, RepeatedGame, random_game
from glasshouse.games.behaviour import own_frame
from glasshouse.games.registry import from_catalogue
from glasshouse.parametric import ParametricGame, capabilities, require
from glasshouse.rules import Fixed, Gradient, Lola, PerPlayer
from glasshouse.semantics import Custom, Logistic, OneSided

IPD = gh.NormalFormGame([[[-1.0, -3.0], [0.0, -2.0]], [[-1.0, 0.0], [-3.0, -2.0]]])
PD = gh.load_game("prisoners_dilemma")


def computed(function, *args):
    """In one program: operation by operation takes longer."""
    with jax.enable_x64(True):
        return jax.tree.map(np.asarray, jax.jit(function)(*args))


STRATEGIES = {
    "AllC": [1, 1, 1, 1, 1],
    "AllD": [0, 0, 0, 0, 0],
    "TFT": [1, 1, 0, 1, 0],
    "GTFT": [1, 1, 0.5, 1, 0.5],
    "WSLS": [1, 1, 0, 0, 1],
    "grim": [1, 1, 0, 0, 0],
    "½": [0.5] * 5,
}

# γ = .96, per step, the row player's: derived in exact rationals.
TABLE = {
    "AllD": ["0", "-2", "-1.92", "-0.96", "-48/49", "-1.92", "-1"],
    "TFT": ["-1", "-2.04", "-1", "-1", "-1", "-1", "-1.52"],
    "WSLS": ["-1", "-123/49", "-1", "-1", "-1", "-1", "-1.52"],
    "½": ["-0.5", "-2.5", "-1.46", "-0.98", "-1.46", "-61/26", "-1.5"],
}


def zero_determinant(start, baseline, slope, scale, discount=0.96):
    """γp_s + (1-γ)p_start - [own C] = φ((r_own - l) - χ(r_other - l)), solved for p."""
    own, other = np.array([-1.0, -3, 0, -2]), np.array([-1.0, 0, -3, -2])
    line = scale * ((own - baseline) - slope * (other - baseline))
    cooperated = np.array([1.0, 1, 0, 0])
    return [start, *((line + cooperated - (1 - discount) * start) / discount)]


EXTORT = zero_determinant(0.0, -2.0, 3.0, 0.1)
GENEROUS = zero_determinant(1.0, -1.0, 2.0, 0.1)
EXTORT_ROW = ["-5/7", "-2", "-101/55", "-113/115", "-701/463", "-341/175", "-19/14"]


@pytest.mark.parametrize("row", TABLE)
def test_values_of_named_strategies_are_the_exact_fractions(row):
    game = RepeatedGame(IPD, 0.96)
    for column, wanted in zip(STRATEGIES.values(), TABLE[row], strict=True):
        values = game.values([STRATEGIES[row], column])
        assert values[0] == pytest.approx(float(Fraction(wanted)), abs=1e-14)
        turned = game.values([column, STRATEGIES[row]])
        assert np.array_equal(values, turned[::-1]) or values == pytest.approx(turned[::-1])


def test_extortion_and_generosity_pay_what_they_pay():
    game = RepeatedGame(IPD, 0.96)
    for column, wanted in zip(STRATEGIES.values(), EXTORT_ROW, strict=True):
        assert game.values([EXTORT, column])[0] == pytest.approx(float(Fraction(wanted)), abs=1e-13)
    assert game.values([STRATEGIES["WSLS"], EXTORT])[0] == pytest.approx(-851 / 463, abs=1e-13)
    assert game.values([STRATEGIES["TFT"], EXTORT])[0] == pytest.approx(-107 / 55, abs=1e-13)
    assert game.values([EXTORT, GENEROUS])[0] == pytest.approx(-1.4, abs=1e-13)


def test_extortion_enforces_its_line_against_anybody():
    """V_1 - l = χ (V_2 - l), whatever the other does: Press & Dyson's relation."""
    game, generator = RepeatedGame(IPD, 0.96), np.random.default_rng(5)
    for _ in range(20):
        first, second = game.values([EXTORT, generator.random(5)])
        assert first + 2 == pytest.approx(3 * (second + 2), abs=1e-13)


def by_hand(tensor, behaviours, discount):
    """Per-step payoffs in 60 digits, from the linear system, of two players with two actions."""
    with mpmath.workdps(60):
        mixes = [[mpmath.mpf(float(x)) for x in b] for b in behaviours]
        other = [0, 1, 3, 2, 4]

        def row(s):
            p, q = mixes[0][s], mixes[1][other[s]]
            return [p * q, p * (1 - q), (1 - p) * q, (1 - p) * (1 - q)]

        gamma = mpmath.mpf(discount)
        system = mpmath.eye(4) - gamma * mpmath.matrix([row(s) for s in range(1, 5)])
        shares = mpmath.lu_solve(system.T, (1 - gamma) * mpmath.matrix(row(0)))
        paid = [mpmath.matrix([mpmath.mpf(float(x)) for x in r.ravel()]) for r in tensor]
        return [float((shares.T * r)[0]) for r in paid]


@pytest.mark.parametrize("discount", [0.9, 1 - 1e-9, 1 - 1e-12])
@pytest.mark.parametrize("spread", [1.0, 8.0, 30.0])
def test_values_hold_to_the_last_digits_however_patient_and_near_deterministic(discount, spread):
    generator = np.random.default_rng(3)
    tensor = np.asarray(PD.tensor)
    for _ in range(3):
        logits = generator.normal(size=(2, 5)) * spread
        # Doubles p whose complement is as exact: by_hand and the game read the same numbers.
        behaviours = np.round(1 / (1 + np.exp(-logits)), 12)
        found = RepeatedGame(PD, discount).values(list(behaviours))
        assert found == pytest.approx(by_hand(tensor, behaviours, discount), abs=1e-13)


def test_without_a_future_it_is_the_stage_game():
    generator = np.random.default_rng(0)
    game = RepeatedGame(PD, 0.0)
    mixes = [generator.dirichlet(np.ones(2), size=5) for _ in range(2)]
    one_shot = PD.payoffs(Product(tuple(m[0] for m in mixes)))
    assert game.values(mixes) == pytest.approx(one_shot, abs=1e-14)
    repeated = ParametricGame(game, Logistic(game, 0.4, 3.0))
    single = ParametricGame(PD, Logistic((2, 2), 0.4, 3.0))
    found, wanted = (
        computed(lambda x, g=g: (g.selfish_gradients(x), rest_residual(g, x)), start)
        for g, start in ((repeated, (np.full(5, 0.3), np.full(5, -0.2))), (single, (0.3, -0.2)))
    )
    for own, alone in zip(found[0], wanted[0], strict=True):
        assert own == pytest.approx([float(alone), 0, 0, 0, 0], abs=1e-15)
    assert found[1] == pytest.approx(float(wanted[1]), abs=1e-12)


@pytest.mark.parametrize("actions", [(2, 3), (2, 2, 2)])
def test_values_are_discounted_sums_round_by_round(actions):
    """n players, any actions: the joint distribution pushed forward until γ^t vanishes."""
    stage, generator = random_game(1, actions), np.random.default_rng(2)
    game = RepeatedGame(stage, 0.7, unit="sum", noise=0.05)
    count = math.prod(actions)
    mixes = [generator.dirichlet(np.ones(m), size=1 + count) for m in actions]

    def joint(state):
        found = np.ones(())
        for i, mix in enumerate(mixes):
            order = [(i + k) % len(actions) for k in range(len(actions))]
            at = 0
            if state is not None:
                own = tuple(state[j] for j in order)
                at = 1 + int(np.ravel_multi_index(own, [actions[j] for j in order]))
            slipped = (1 - mix[at]) / (actions[i] - 1)
            found = np.multiply.outer(found, 0.95 * mix[at] + 0.05 * slipped)
        return found

    now, total, rates = joint(None), np.zeros(()), np.zeros(())
    for t in range(120):
        total = total + 0.7**t * np.tensordot(np.asarray(stage.tensor), now, axes=len(actions))
        rates = rates + 0.3 * 0.7**t * now
        now = np.sum([now[state] * joint(state) for state in np.ndindex(*actions)], axis=0)
    assert game.values(mixes) == pytest.approx(total, abs=1e-12)
    assert game.rates(mixes) == pytest.approx(rates, abs=1e-13)
    assert game.states == ((), *np.ndindex(*actions))


def test_slips_of_the_hand_cost_tit_for_tat_most():
    """PD (5, 3, 1, 0), γ = .96, 5 % flips."""
    game = RepeatedGame(PD, 0.96, noise=0.05)
    generous = [1, 1, 1 / 3, 1, 1 / 3]
    for strategy, wanted in (
        (STRATEGIES["TFT"], 2.47828502),
        (generous, 2.86787551),
        (STRATEGIES["WSLS"], 2.78334),
    ):
        assert game.values([strategy, strategy])[0] == pytest.approx(
            wanted, abs=6e-9 if wanted != 2.78334 else 6e-6
        )


def in_what_it_takes_for_the_state(rows, actions, player, chance):
    """A player's mix in each true state, over what it may take it for, by enumeration."""
    order = [(player + k) % len(actions) for k in range(len(actions))]
    states = list(itertools.product(*(range(actions[j]) for j in order)))
    found = [rows[0]]
    for true in states:
        mix = np.zeros_like(rows[0])
        for k, taken in enumerate(states):
            if taken[0] != true[0]:
                continue
            weight = 1.0
            for j, seen, did in zip(order[1:], taken[1:], true[1:], strict=True):
                weight *= 1 - chance if seen == did else chance / (actions[j] - 1)
            mix = mix + weight * rows[1 + k]
        found.append(mix)
    return np.array(found)


@pytest.mark.parametrize("actions", [(2, 2), (2, 3), (2, 2, 2)])
def test_misperception_is_each_players_own(actions):
    generator = np.random.default_rng(4)
    stage = random_game(7, actions)
    states = 1 + math.prod(actions)
    mixes = [generator.dirichlet(np.ones(count), states) for count in actions]
    meant = RepeatedGame(stage, 0.9, noise=0.1, misperception=0.2).values(mixes)
    seen = [in_what_it_takes_for_the_state(x, actions, i, 0.2) for i, x in enumerate(mixes)]
    right = RepeatedGame(stage, 0.9, noise=0.1).values(seen)
    np.testing.assert_allclose(meant, right, rtol=0, atol=1e-14)
    assert np.abs(meant - RepeatedGame(stage, 0.9, noise=0.1).values(mixes)).max() > 1e-4


def test_a_semantics_over_states_is_of_a_repeated_game():
    sums = RepeatedGame(PD, 0.96, "sum")
    with pytest.raises(gh.InputError, match="give the RepeatedGame"):
        ParametricGame(PD, Logistic(sums, 0.5))
    np.testing.assert_allclose(sums.steady().tensor, 25 * np.asarray(PD.tensor), rtol=1e-12)
    always = [STRATEGIES["AllD"], STRATEGIES["AllD"]]
    assert sums.values(always) == pytest.approx(sums.steady().tensor[:, 1, 1], abs=1e-12)


def test_undiscounted_payoffs_are_the_limit_and_jump():
    game = RepeatedGame(PD, 0.5)
    tft, wsls, grim = (STRATEGIES[name] for name in ("TFT", "WSLS", "grim"))
    assert game.undiscounted([tft, tft]) == pytest.approx([3, 3], abs=1e-15)
    for noise in (1e-3, 1e-12, 1e-100):
        slips = RepeatedGame(PD, 0.5, noise=noise)
        assert slips.undiscounted([tft, tft]) == pytest.approx([2.25, 2.25], abs=1e-14)
        assert slips.undiscounted([grim, grim])[0] == pytest.approx(1.0, abs=20 * noise + 1e-14)
    suspicious = [0, 1, 0, 1, 0]
    assert game.undiscounted([tft, suspicious]) == pytest.approx([2.5, 2.5], abs=1e-15)
    assert game.undiscounted([wsls, STRATEGIES["AllD"]]) == pytest.approx([0.5, 3], abs=1e-15)
    with pytest.raises(gh.InputError, match="undiscounted"):
        jax.grad(lambda p: game.undiscounted([p, tft])[0])(jnp.full(5, 0.5))
    patient, generator = RepeatedGame(PD, 1 - 1e-12), np.random.default_rng(8)
    for _ in range(5):
        mixes = list(generator.random((2, 5)))
        np.testing.assert_allclose(
            game.undiscounted(mixes), patient.values(mixes), rtol=0, atol=1e-10
        )


START = (np.array([0.1, 0.2, -0.3, 0.4, -0.5]), np.array([-0.2, 0.3, 0.1, -0.4, 0.2]))
SUMS = RepeatedGame(IPD, 0.96, unit="sum")


def numeric_gradients(game, params, step=1e-5):
    """Central differences, all in one batch."""
    flat, unravel = ravel_pytree(params)
    moves = step * np.eye(flat.size)
    ends = computed(
        jax.vmap(lambda x: game.payoffs(unravel(x))), np.concatenate([flat + moves, flat - moves])
    )
    slopes = (ends[: flat.size] - ends[flat.size :]) / (2 * step)
    owners = np.concatenate([np.full(np.size(own), i) for i, own in enumerate(params)])
    return slopes[np.arange(flat.size), owners]


@pytest.mark.parametrize(("actions", "reading"), [((2, 3), "state"), ((2, 2, 2), "situation")])
def test_gradients_are_those_of_the_values(actions, reading):
    stage, generator = random_game(7, actions), np.random.default_rng(1)
    repeated = RepeatedGame(stage, 0.8, noise=0.02)
    game = ParametricGame(repeated, Logistic(repeated, 0.4, 3.0, reading=reading), OneSided((0,)))
    params = tuple(generator.normal(size=np.shape(box.lower)) for box in game.spaces)
    with jax.enable_x64(True):
        wanted = numeric_gradients(game, params)
    found, scales = (
        np.concatenate([np.ravel(x) for x in tree])
        for tree in computed(lambda x: (game.selfish_gradients(x), game.gradient_scales(x)), params)
    )
    assert found == pytest.approx(wanted, abs=2e-9)
    assert np.all(np.abs(found) <= scales)


@pytest.mark.parametrize("reading", ["situation", "state"])
def test_cooperation_first_rises_beyond_the_one_shot_threshold(reading):
    """§6: ξ_i[s] = w_s v (A + κB) at θ = 0, for both readings and every γ."""

    def gradients(discount, coupling):
        repeated = RepeatedGame(PD, discount)
        game = ParametricGame(repeated, Logistic(repeated, coupling, 5.0, reading=reading))
        return jnp.stack(game.selfish_gradients(game.neutral()))

    discounts, couplings = np.array([0.0, 0.5, 0.96]), np.array([3 / 7, 0.6, -0.2])
    found = computed(jax.vmap(gradients), discounts, couplings)
    for k, (discount, coupling) in enumerate(zip(discounts, couplings, strict=True)):
        weights = np.array([1 - discount, *[discount / 4] * 4])
        wanted = weights * 0.25 * (-1.5 + coupling * 3.5)
        assert found[k] == pytest.approx(np.stack([wanted, wanted]), abs=1e-15)
    game = ParametricGame(RepeatedGame(PD, 0.96), Logistic(RepeatedGame(PD, 0.96), 3 / 7))
    assert gh.first_order_margin(game, game.neutral()) == pytest.approx(0, abs=1e-15)


def test_look_ahead_alone_finds_reciprocity_at_the_neutral_start():
    """§6, κ = 0: v w_s A + αv³[(A+B)D w_s² + γ(A²+B²) S_2 a_s], a_s = ±½ as the other played."""
    gamma, alpha, v, A, B, D = 0.9, 0.3, 0.25, -1.5, 3.5, -1.0
    repeated = RepeatedGame(PD, gamma)
    game = ParametricGame(repeated, Logistic(repeated, 0.0))
    w = np.array([1 - gamma, *[gamma / 4] * 4])
    spread = (1 - gamma) ** 2 + gamma**2 / 4
    other = np.array([0, 0.5, -0.5, 0.5, -0.5])
    shaped = (A + B) * D * w**2 + gamma * (A**2 + B**2) * spread * other
    for own in computed(lambda x: Lola(alpha).towards(game, x), game.neutral()):
        assert own == pytest.approx(v * w * A + alpha * v**3 * shaped, abs=1e-15)


def test_frames_put_the_own_action_first():
    assert own_frame((2, 2), 0).tolist() == [0, 1, 2, 3, 4]
    assert own_frame((2, 2), 1).tolist() == [0, 1, 3, 2, 4]
    # Player 2 of three keeps (own, third, first).
    assert own_frame((2, 2, 2), 1)[1 + 0b100] == 1 + 0b001
    for reading, other in (("situation", 2), ("state", 3)):
        game = RepeatedGame(PD, 0.5)
        semantics = Logistic(game, 0.5, reading=reading)
        theta = np.zeros(5)
        theta[other] = 2.0
        mixes = ParametricGame(game, semantics).behaviours((np.zeros(5), theta))[0]
        assert mixes[2, 0] == pytest.approx(1 / (1 + math.exp(-1.0)))
        assert np.all(np.delete(mixes[:, 0], 2) == 0.5)


def test_cooperation_is_its_discounted_rate_and_analyses_of_learning_take_it():
    repeated = RepeatedGame(PD, 0.96)
    game = ParametricGame(repeated, Logistic(repeated, 0.0, 30.0))
    tit_for_tat, defect = 30.0 * np.array([1, 1, -1, 1, -1]), np.full(5, -30.0)
    assert game.observables((tit_for_tat, defect))["cooperation"] == pytest.approx(
        [0.04, 0.0], abs=1e-11
    )
    assert float(mean_cooperation(game, (tit_for_tat, tit_for_tat))) == pytest.approx(1, abs=1e-11)
    few = Learning(steps=200, step_size=0.5, starts=Starts(16, seed=3))
    naive, apart = gh.generic_outcomes(
        [ParametricGame(repeated, Logistic(repeated, coupling, 5.0)) for coupling in (0.0, 0.9)],
        learning=few,
    )
    assert naive.mean_cooperation < apart.mean_cooperation
    assert naive.not_finite == 0


def test_learners_come_to_rest_in_repeated_games():
    repeated = RepeatedGame(PD, 0.5)
    game = ParametricGame(repeated, Logistic(repeated, 0.9, 0.5))
    line_up = PerPlayer((Gradient(), Fixed()))
    other = (np.zeros(5), np.array([0.5, 0.5, -0.5, 0.5, -0.5]))
    end = gh.run(game, line_up, other, steps=5000, step_size=2.0, stop=Rest())
    assert end.result == RESULTS.converged
    assert np.array_equal(end.params[1], other[1])
    assert float(game.payoffs(end.params)[0]) > float(game.payoffs(other)[0])


def test_what_needs_a_one_shot_game_says_so():
    repeated = RepeatedGame(PD, 0.5)
    game = ParametricGame(repeated, Logistic(repeated, 0.9, 2.0))
    assert capabilities(game) == {"observables", "scales", "checks"}
    with pytest.raises(gh.InputError, match=r"^a proof is about games that are played once$"):
        require(game, "dense", "a proof")
    for wanting in (
        lambda: gh.certify(game, game.neutral(), 1e-6),
        lambda: gh.boundary_test(game),
        lambda: gh.analysis.phase_portrait(game),
    ):
        with pytest.raises(gh.InputError):
            wanting()


def test_discounts_and_couplings_make_a_batch():
    def after(discount, coupling):
        game = RepeatedGame(PD, discount)
        own = ParametricGame(game, Logistic(game, coupling, 3.0))
        return gh.run(own, params=START, steps=2, step_size=0.1).params

    many = computed(jax.vmap(after), np.array([0.9, 0.2]), np.array([0.3, 0.1]))
    repeated = RepeatedGame(PD, 0.9)
    game = ParametricGame(repeated, Logistic(repeated, 0.3, 3.0))
    one = gh.run(game, params=START, steps=2, step_size=0.1).params
    assert np.stack(one) == pytest.approx(np.stack([own[0] for own in many]), abs=1e-14)


def test_what_repeated_games_cannot_be_is_said():
    game, text = RepeatedGame(PD, 0.9), "sums"
    anything: Any = from_catalogue("prisoners_dilemma")
    patient = RepeatedGame(PD, 1 - 1e-9)
    custom = Custom(lambda params, seen: [jnp.array([0.5, 0.5])] * 2, [gh.channels.Box(0, 1)] * 2)
    for wrong, said in (
        (lambda: RepeatedGame(PD, 1.0), "discount must lie below 1"),
        (lambda: RepeatedGame(PD, -0.1), "discount must lie between 0 and 1"),
        (lambda: RepeatedGame(PD, 0.5, unit=text), "unit='sums' must be 'step'"),
        (lambda: RepeatedGame(PD, 0.5, noise=1.5), "noise must lie between"),
        (lambda: RepeatedGame(anything, 0.5), "a game in normal form, not CatalogueGame"),
        (lambda: game.values([[1] * 5]), "1 behaviours do not fit 2 players"),
        (lambda: game.values([[1] * 4, [0] * 5]), "behaviour of player 1 has shape"),
        (lambda: game.values([[1] * 5, [2] * 5]), "player 2 must be probabilities"),
        (lambda: Logistic((2, 2), 0.5, reading="state"), "is about the states of a repeated game"),
        (lambda: Logistic(game, 0.5, reading="frame"), "'situation' or 'state'"),
        (lambda: Logistic(RepeatedGame(random_game(0, (2, 3)), 0.5), 0.5), "same situation"),
        (lambda: ParametricGame(game, Logistic((2, 2), 0.5)), r"\(states, actions\)"),
        (lambda: ParametricGame(game, custom), "function return a row for each state"),
        (lambda: ParametricGame(patient, Logistic(patient, 0.5)), "too near to 1 to learn"),
        (
            lambda: ParametricGame(PD, Logistic(game, 0.5)).payoffs((np.zeros(5),) * 2),
            "give the RepeatedGame that the semantics was made for",
        ),
    ):
        with pytest.raises(gh.InputError, match=said):
            wrong()
