"""Verdicts against what is known: the theory's numbers, an oracle at 50 digits, invariances."""

import contextlib
import math
import subprocess
import sys
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from jax.nn import sigmoid
from tests.certificates.oracle import Oracle
from tests.reference import CHICKEN, COORDINATING_PD, DONATION, PD, STAG_HUNT, Payoffs

from glasshouse import LogisticFamily, NormalFormGame, ParametricGame, certified_threshold, certify
from glasshouse.certificates import Certificate
from glasshouse.channels import Box, Full
from glasshouse.errors import InputError
from glasshouse.families import AffineFamily
from glasshouse.families.family import AbstractDenseFamily
from glasshouse.games import catalogue
from glasshouse.semantics import Affine, Custom, Logistic

DEADLOCK = Payoffs(4.0, 2.0, 3.0, 1.0)

NARROW = 1e-9

# Best gains from (M, M) in the prisoner's dilemma, to twelve digits: bound, coupling, gain, best.
GAINS = [
    (3.0, 0.25, 1.46050006050, -3.0),
    (3.0, 0.50, 0.950157922262, -2.95235418363),
    (3.0, 0.80, 0.134310712263, -2.00650482228),
    (5.0, 0.90, 0.0957745036269, -3.67727230477),
    (3.0, 0.90, 0.0, 3.0),
]

# The smallest coupling at which (M, M) is an equilibrium, M = 1, 2, 3, 5.
THRESHOLDS = {
    PD: (0.60496511036, 0.780488696205, 0.870467371354, 0.936357190659),
    DONATION: (0.389344050702, 0.542210924465, 0.694207256032, 0.839940629303),
    COORDINATING_PD: (0.366935869, 0.407164194, 0.534604927, 0.735239192),
    STAG_HUNT: (-0.051386102, -0.151454843, -0.200089668, -0.237632851),
    CHICKEN: (0.448924327, 0.919096230, 0.989856393, 0.999818260),
}
BOUNDS = (1.0, 2.0, 3.0, 5.0)


def symmetric(payoffs: Payoffs) -> NormalFormGame:
    T, R, P, S = payoffs
    table = np.array([[R, S], [T, P]])
    return NormalFormGame(np.stack([table, table.T]))


def at(payoffs: Payoffs, coupling: float, bound: float) -> ParametricGame:
    return LogisticFamily(symmetric(payoffs), bound)(coupling)


@pytest.mark.parametrize(("bound", "coupling", "gain", "best"), GAINS)
def test_gains_of_the_cooperative_corner(bound, coupling, gain, best):
    found = certify(at(PD, coupling, bound), (bound, bound), 0.0, width=NARROW)
    digits = 1e-11 * max(gain, 0.1)
    for bounds in found.gains:
        assert bounds.upper - bounds.lower <= NARROW
        assert bounds.lower - digits <= gain <= bounds.upper + digits
        assert bounds.witness[0] == pytest.approx(best, abs=1e-4)
    assert found.verdict == ("refuted" if gain else "certified")


@pytest.mark.parametrize("payoffs", THRESHOLDS)
@pytest.mark.parametrize("k", range(4))
def test_equilibrium_thresholds(payoffs, k):
    bound, expected = BOUNDS[k], THRESHOLDS[payoffs][k]
    found = certified_threshold(LogisticFamily(symmetric(payoffs), bound))
    assert found.result == "found"
    assert found.bracket
    assert found.refuted
    assert found.certified
    low, high = found.bracket
    assert high - low <= 1e-6
    assert low - 1e-9 <= expected <= high + 1e-9
    assert found.refuted.verdict == "refuted"
    assert found.refuted.couplings == (low, low)
    assert found.certified.verdict == "certified"
    assert found.certified.couplings == (high, 3.0)


def test_thresholds_under_the_affine_semantics():
    """(1, 1) is an equilibrium from w = (T - R) / (T - S) on where D <= 0."""
    for payoffs, expected in ((PD, 2 / 5), (DONATION, 1 / 4)):
        low, high = certified_threshold(AffineFamily(symmetric(payoffs))).bracket or (0.0, 0.0)
        assert low <= expected <= high <= low + 1e-6


def test_cooperation_in_the_limit_of_saturated_corners():
    """In the prisoner's dilemma (M, M) becomes an equilibrium at κ = 1, not before."""
    corner = (40.0, 40.0)
    assert certify(at(PD, 1.0, 40.0), corner, 1e-6).verdict == "certified"
    refuted = certify(at(PD, 0.97, 40.0), corner, 1e-6)
    assert refuted.verdict == "refuted"
    assert refuted.worst.witness_gain > 0.5


@pytest.mark.parametrize("coupling", [-0.9, -0.5, 0.0, 0.5, 1.0, 2.0])
def test_stag_hunt_cooperates_in_the_limit_at_every_coupling(coupling):
    bound = 40.0 / (1 + min(coupling, 0.0))  # logits of 40 at least
    assert certify(at(STAG_HUNT, coupling, bound), (bound, bound), 1e-6).verdict == "certified"


@pytest.mark.parametrize("coupling", [-0.5, 0.0, 0.5, 1.0, 1.5, 2.5])
def test_deadlock_never_cooperates_in_the_limit(coupling):
    game = at(DEADLOCK, coupling, math.inf)
    assert certify(game, (40.0, 40.0), 1e-6).verdict == "refuted"


@pytest.mark.parametrize("bound", [20.0, math.inf])
def test_an_interior_rest_point_is_refuted_by_full_cooperation(bound):
    """At κ = .3 tied learning rests at p = 2/13; jumping to t = 20 drags the other along."""
    rest = math.log(2 / 11) / 1.3
    found = certify(at(PD, 0.3, bound), (rest, rest), 1e-6)
    assert found.verdict == "refuted"
    paid = 243 / 169  # u(p, p) at p = 2/13
    jump = 2.97265 if bound == 20.0 else 3.0
    for gain in found.gains:
        assert gain.lower == pytest.approx(jump - paid, abs=1e-5)
        assert gain.attained is (bound == 20.0)
        assert math.isfinite(gain.witness[0])
        assert gain.witness_gain > 1.4
    if bound == math.inf:
        assert found.gains[0].best == (math.inf,)


def test_a_saturated_corner_that_gains_less_than_any_tolerance():
    """At (-20, -20), κ = .5, the best gain is 9.36e-14: proved to be positive, and that small."""
    game, corner = at(PD, 0.5, 20.0), (-20.0, -20.0)
    assert certify(game, corner, 1e-12).verdict == "certified"
    refuted = certify(game, corner, 0.0)
    assert refuted.verdict == "refuted"
    oracle = Oracle(symmetric(PD).tensor, ((0, 0.5), (0.5, 0)), ((-20.0,), (-20.0,)), 0)
    gain, grid = refuted.gains[0], np.linspace(-20.0, -17.0, 301)
    assert max(oracle.gain([t]) for t in grid) <= gain.upper
    assert 9.3576e-14 < gain.lower <= oracle.gain(gain.best) <= gain.upper < 9.3577e-14


def test_a_saturated_corner_is_never_left_unknown():
    """The signs of derivatives are certain however small the derivatives are."""
    for coupling in (-0.5, 0.3, 0.97, 1.0, 1.1, 2.0):
        for bound in (20.0, 100.0, 400.0):
            for payoffs in (PD, STAG_HUNT, DEADLOCK):
                found = certify(at(payoffs, coupling, bound), (bound, -bound), 0.0)
                assert found.verdict != "unknown"


def needle(place: float, width: float, pays: float) -> ParametricGame:
    """Two players who cooperate only while the first one's parameter hits a needle.

    Everybody's payoff is the probability that both do; the first one's grows only within the
    `width` of `place`, where it rises by `pays`, and falls away from 0 elsewhere.
    """

    def function(params, seen):
        t = params[0]
        distance = (t - place) / width
        p = 0.25 - 0.01 * jnp.tanh(t) ** 2 + pays * jnp.exp(-(distance**2))
        return jnp.stack([p, 1 - p]), jnp.stack([0.5, 0.5])

    both = np.array([[1.0, 1.0], [0.0, 0.0]])
    game = NormalFormGame(np.stack([both, both]))
    return ParametricGame(game, Custom(function, [Box(-3.0, 3.0), Box(-1.0, 1.0)]))


@pytest.mark.parametrize("width", [1e-4, 1e-6, 3e-3])
@pytest.mark.parametrize("place", [1.2345678, -2.71828])
def test_a_needle_is_found(place, width):
    profile = (0.0, 0.0)
    found = certify(needle(place, width, 0.5), profile, 1e-3)
    assert found.verdict == "refuted"
    assert found.about == "this program"
    assert found.gains[0].witness[0] == pytest.approx(place, abs=3 * width)
    assert certify(needle(place, width, 0.0), profile, 1e-3).verdict == "certified"


def test_grids_and_gradients_miss_that_needle():
    """Why certificates are there: the derivative-based search sees nothing to gain."""
    from glasshouse import best_deviation

    game = needle(1.2345678, 1e-4, 0.5)
    assert best_deviation(game, (0.0, 0.0), 0).gain < 1e-3
    grid = np.linspace(-3.0, 3.0, 1001)
    paid = [float(game.payoffs((jnp.asarray(t), jnp.asarray(0.0)))[0]) for t in grid]
    assert max(paid) - 0.25 < 1e-3


def random_problem(rng: np.random.Generator, actions: int, bound: float) -> tuple[Any, ...]:
    payoffs = np.round(rng.uniform(-2, 2, size=(2, actions, actions)), 3)
    coupling = rng.uniform(-0.5, 1.5, size=(2, 2)) * (1 - np.eye(2))
    kind = rng.integers(3)
    shape = (2, actions - 1)
    params = rng.uniform(-bound, bound, size=shape)
    if kind == 1:
        params = np.where(rng.uniform(size=shape) < 0.5, -bound, bound)
    game = ParametricGame(NormalFormGame(payoffs), Logistic((actions, actions), coupling, bound))
    oracles = [Oracle(payoffs, coupling.tolist(), params.tolist(), i) for i in (0, 1)]
    if kind == 2:  # one of them at a best response, so that verdicts turn on the other
        params[0] = oracles[0].best([(-bound, bound)] * (actions - 1), 101 if actions == 2 else 21)
        oracles = [Oracle(payoffs, coupling.tolist(), params.tolist(), i) for i in (0, 1)]
    return game, params, oracles


@pytest.mark.parametrize(
    ("actions", "count", "points"),
    [
        (2, 60, 801),
        pytest.param(2, 200, 801, marks=pytest.mark.slow),
        (3, 80, 41),
        pytest.param(2, 700, 801, marks=pytest.mark.slow),
        pytest.param(3, 300, 41, marks=pytest.mark.slow),
    ],
)
def test_no_verdict_is_wrong_on_random_games(actions, count, points):
    """ε just below and just above the best gain found by grids, and a few in between."""
    rng = np.random.default_rng(20 + actions)
    verdicts = []
    for _ in range(count):
        bound = float(rng.choice([1.0, 3.0, 6.0]))
        game, params, oracles = random_problem(rng, actions, bound)
        box = [(-bound, bound)] * (actions - 1)
        best = [float(o.gain(o.best(box, points))) for o in oracles]
        largest = max(*best, 0.0)
        epsilon = float(rng.choice([largest * (1 - 1e-6), largest * (1 + 1e-6) + 1e-9, 1e-3, 0.1]))
        profile = tuple(params[:, 0].tolist()) if actions == 2 else tuple(map(list, params))
        found = certify(game, profile, epsilon, budget=20_000)
        for gain, oracle, grid in zip(found.gains, oracles, best, strict=True):
            assert grid <= gain.upper
            assert gain.lower <= oracle.gain(gain.best)
            assert gain.witness_gain <= oracle.gain(gain.witness)
        if found.verdict == "certified":
            assert largest <= epsilon
        if found.verdict == "refuted":
            witnessed = zip(oracles, found.gains, strict=True)
            assert max(o.gain(gain.witness) for o, gain in witnessed) > epsilon
        verdicts.append(found.verdict)
    assert verdicts.count("unknown") <= 0.01 * count
    assert min(verdicts.count("certified"), verdicts.count("refuted")) > 0.2 * count


def swapped(game: NormalFormGame) -> NormalFormGame:
    return NormalFormGame(np.swapaxes(np.asarray(game.tensor)[::-1], 1, 2))


def same_verdict(one: Certificate, other: Certificate) -> bool:
    return one.verdict == other.verdict


@pytest.mark.parametrize("count", [20, pytest.param(60, marks=pytest.mark.slow)])
def test_verdicts_do_not_change_with_the_names_of_players_and_the_units_of_payoff(count):
    rng = np.random.default_rng(5)
    for _ in range(count):
        game, params, _ = random_problem(rng, 2, 3.0)
        base, semantics = NormalFormGame(np.round(game.game.tensor * 1024) / 1024), game.semantics
        game = ParametricGame(base, semantics)
        profile = tuple(params[:, 0].tolist())
        epsilon = float(rng.choice([0.0, 1e-9, 1e-2, 0.3]))
        found = certify(game, profile, epsilon)
        coupling = np.asarray(semantics.coupling).T
        other = ParametricGame(swapped(base), Logistic((2, 2), coupling, 3.0))
        exchanged = certify(other, profile[::-1], epsilon)
        assert exchanged.verdict == found.verdict
        for gain, before in zip(exchanged.gains, found.gains[::-1], strict=True):
            assert max(gain.lower, before.lower) <= min(gain.upper, before.upper)
        scaled = NormalFormGame(4.0 * np.round(np.asarray(base.tensor) * 1024) - 2.0**40)
        rescaled = certify(ParametricGame(scaled, semantics), profile, 4096 * epsilon)
        assert rescaled.verdict == found.verdict
        for gain, before in zip(rescaled.gains, found.gains, strict=True):
            assert gain.lower <= 4096 * before.upper
            assert 4096 * before.lower <= gain.upper


def test_verdicts_do_not_change_with_what_parameters_are_called():
    """θ = 2 φ + 1, then θ = 3 tanh φ: the same behaviours, under other names."""
    rng = np.random.default_rng(6)

    def custom(coupling: np.ndarray, change, low: float, high: float) -> Custom:
        def function(params, seen):
            theta = [change(own) for own in params]
            logits = [theta[i] + coupling[i, 1 - i] * theta[1 - i] for i in (0, 1)]
            return tuple(jnp.stack([sigmoid(x), sigmoid(-x)]) for x in logits)

        return Custom(function, [Box(low, high)] * 2)

    edge = math.atanh(2.9 / 3)
    for _ in range(15):
        game, params, _ = random_problem(rng, 2, 2.9)
        theta, coupling = params[:, 0], np.asarray(game.semantics.coupling)
        epsilon = float(rng.choice([1e-9, 1e-2, 0.3]))
        found = certify(game, tuple(theta.tolist()), epsilon)
        for change, inverse, low, high in (
            (lambda x: 2 * x + 1, lambda t: (t - 1) / 2, -1.95, 0.95),
            (lambda x: 3 * jnp.tanh(x), lambda t: np.arctanh(t / 3), -edge, edge),
        ):
            semantics = custom(coupling, change, low, high)
            renamed = ParametricGame(game.game, semantics)
            profile = tuple(np.clip(inverse(theta), low, high).tolist())
            assert certify(renamed, profile, epsilon).verdict == found.verdict


def test_constant_payoffs_leave_nothing_to_gain():
    game = ParametricGame(NormalFormGame(np.ones((2, 2, 2))), Logistic((2, 2), 0.5, math.inf))
    found = certify(game, (0.3, -0.2), 0.0)
    assert found.verdict == "certified"
    assert [gain.attained for gain in found.gains] == [True, True]


def test_a_budget_that_does_not_suffice_says_so_with_both_bounds():
    game = at(CHICKEN, 0.9998182, 5.0)
    found = certify(game, (5.0, 5.0), 0.0, budget=20)
    assert found.verdict == "unknown"
    assert all(gain.lower == 0.0 < gain.upper for gain in found.gains)
    assert "larger budget" in found.advice
    assert certify(game, (5.0, 5.0), found.worst.upper, budget=20).verdict == "certified"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"epsilon": -1e-9}, "epsilon"),
        ({"epsilon": math.nan}, "epsilon"),
        ({"epsilon": math.inf}, "epsilon"),
        ({"params": (4.0, 0.0)}, "player 1"),
        ({"params": (0.0,)}, "2 players"),
        ({"params": (math.nan, 0.0)}, "player 1"),
        ({"width": 0.0}, "width"),
        ({"budget": 0}, "budget"),
        ({"couplings": (1.0, 0.5)}, "couplings"),
    ],
)
def test_wrong_input_is_one_line(change, said):
    arguments = {"params": (0.0, 0.0), "epsilon": 1e-6} | change
    with pytest.raises(InputError, match=said) as error:
        certify(at(PD, 0.5, 3.0), **arguments)
    assert "\n" not in str(error.value)


def test_an_unbounded_profile_is_refused():
    with pytest.raises(InputError, match="finite"):
        certify(at(PD, 0.5, math.inf), (math.inf, 0.0), 1e-6)


def test_couplings_need_a_semantics_that_has_them():
    with pytest.raises(InputError, match="logistic"):
        certify(needle(1.0, 0.1, 0.5), (0.0, 0.0), 1e-6, couplings=(0.0, 1.0))


def test_an_operation_that_cannot_be_bounded_is_named():
    def function(params, seen):
        p = 0.5 + 0.2 * jnp.arctan(params[0])
        return jnp.stack([p, 1 - p]), jnp.stack([0.5, 0.5])

    game = ParametricGame(symmetric(PD), Custom(function, [Box(-3.0, 3.0)] * 2))
    with pytest.raises(InputError, match="atan"):
        certify(game, (0.0, 0.0), 1e-6)


@pytest.mark.parametrize("profile", [(-1.1547, -1.1547), (0.0, 0.0), (2.0, 2.0)])
def test_a_semantics_that_returns_no_probabilities_somewhere_is_refused(profile):
    """0.5 + 0.4 x (4 - x²) is 1/2 at 0 and ±2, but -0.73 at -1.1547."""

    def function(params, seen):
        p = [0.5 + 0.4 * x * (4 - x**2) for x in params]
        return tuple(jnp.stack([x, 1 - x]) for x in p)

    game = ParametricGame(symmetric(STAG_HUNT), Custom(function, [Box(-2.0, 2.0)] * 2))
    with pytest.raises(InputError, match="probabilities") as error:
        certify(game, profile, 1e-6)
    assert "\n" not in str(error.value)


def test_outputs_that_may_be_no_probabilities_are_not_certified():
    """Where p leaves [0, 1] at a spike that no point tried hits, nothing is certified."""

    def function(params, seen):
        p = 0.9 + 0.2 * jnp.exp(-(((params[0] - 0.7123456) / 1e-9) ** 2))
        return jnp.stack([p, 1 - p]), jnp.stack([0.5, 0.5])

    game = ParametricGame(symmetric(STAG_HUNT), Custom(function, [Box(-1.0, 1.0)] * 2))
    with contextlib.suppress(InputError):  # where the search hits the spike
        assert certify(game, (0.0, 0.0), 10.0, budget=3000).verdict == "unknown"


def half(p):
    return jnp.stack([p, 1 - p])


def test_where_a_program_has_no_value_nothing_is_proved():
    """p is NaN for |x - 0.3| < 0.15, where it would dip: neither a witness nor a bound."""

    def function(params, seen):
        x = params[0]
        hole = sigmoid(jnp.log((x - 0.3) ** 2 - 0.0225))
        return half(0.5 - 0.3 * jnp.exp(-(((x - 0.3) / 0.03) ** 2)) + 0.001 * hole), half(params[1])

    game = ParametricGame(symmetric(PD), Custom(function, [Box(0.0, 1.0)] * 2))
    for epsilon in (0.05, 10.0):
        assert certify(game, (0.0, 0.0), epsilon, budget=2000).verdict == "unknown"


def test_a_square_root_has_a_value_at_zero():
    def function(params, seen):
        return half(jnp.sqrt(params[0])), half(params[1])

    game = ParametricGame(symmetric(STAG_HUNT), Custom(function, [Box(0.0, 1.0)] * 2))
    found = certify(game, (1.0, 1.0), 1e-6)
    assert found.verdict == "certified"


def test_thresholds_are_proved_of_no_family_but_the_built_in_ones():
    """Another function of κ than a multiple of what is read has its threshold elsewhere."""

    with pytest.raises(
        TypeError, match=r"LogisticFamily is final: .* derive from AbstractDenseFamily"
    ):
        type("Cubed", (LogisticFamily,), {})

    class Cubed(AbstractDenseFamily):
        game = catalogue.prisoners_dilemma()
        channel = Full()
        symbol = "κ"
        lowest: Any = -0.9
        highest: Any = 3.0

        def __call__(self, coupling):
            return LogisticFamily(self.game, 3.0)(np.asarray(coupling) ** 3)

    with pytest.raises(InputError, match="LogisticFamily or an AffineFamily, not Cubed"):
        certified_threshold(Cubed())
    with pytest.raises(InputError, match="no closed form is known for the thresholds of Cubed"):
        Cubed().closed_form()


def test_whole_numbers_are_numbers_and_a_game_is_no_family():
    """In a process of its own: here annotations are checked, which users' calls are not."""
    code = """
import glasshouse as gh
family = gh.LogisticFamily(gh.load_game("stag_hunt"), 3)
assert gh.certify(family(1), (3, 3), 0, couplings=(1, 2)).verdict == "certified"
assert gh.certified_threshold(family, bracket=(-1, 2), tolerance=1).result == "found"
try:
    gh.certified_threshold(family(1))
except gh.InputError as error:
    assert "LogisticFamily" in str(error)
else:
    raise AssertionError
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_threshold_near_a_measured_one():
    """Two proofs around a value that is right, a search where it is wrong."""
    family = LogisticFamily(symmetric(PD), 3.0)
    assert certified_threshold(family, near=0.8704674).bracket == (0.870467, 0.870468)
    low, high = certified_threshold(family, near=0.5, tolerance=1e-4).bracket or (0.0, 0.0)
    assert low <= 0.870467371354 <= high <= low + 1e-4


def test_a_corner_that_is_an_equilibrium_everywhere_or_nowhere():
    family = LogisticFamily(symmetric(STAG_HUNT), 3.0)
    assert certified_threshold(family, bracket=(0.0, 2.0)).result == "everywhere"
    low = certified_threshold(LogisticFamily(symmetric(PD), 3.0), "lower")
    assert low.result == "nowhere"
    assert low.refuted
    assert low.refuted.couplings == (3.0, 3.0)


def test_an_affine_profile():
    """At w = (T - R) / (T - S) every profile of the donation game's line is an equilibrium."""
    game = ParametricGame(symmetric(DONATION), Affine((2, 2), 0.25))
    assert certify(game, (0.3, 0.7), 0.0).verdict == "certified"
    assert certify(ParametricGame(symmetric(DONATION), Affine((2, 2), 0.2)), (1.0, 1.0), 0.0)


@pytest.mark.parametrize(
    "hole",
    [
        lambda x: 0 * jnp.log((x + 1) ** 2 - 0.04),
        lambda x: 0 * jnp.sqrt((x + 1) ** 2 - 0.04),
        lambda x: jnp.log((x + 1) ** 2 - 0.04) - jnp.log((x + 1) ** 2 - 0.04),
        lambda x: 0 / (x + 1),
    ],
    ids=["0 log", "0 sqrt", "log - log", "0 / 0"],
)
def test_nothing_is_certified_where_a_semantics_has_no_value_though_terms_cancel(hole):
    """All these add nothing where they have a value, and have none at -1 or below it."""

    def cooperates_less_above(params, seen):
        ps = [0.5 - 0.1 * x + hole(x) for x in params]
        return [jnp.stack([p, 1 - p]) for p in ps]

    def everywhere(params, seen):
        return [jnp.stack([0.5 - 0.1 * x, 0.5 + 0.1 * x]) for x in params]

    game, boxes = NormalFormGame([[[2, -1], [3, 0]], [[2, 3], [-1, 0]]]), [Box(-3.0, 3.0)] * 2
    certified = certify(ParametricGame(game, Custom(everywhere, boxes)), (3.0, 3.0), 0.0)
    assert certified.verdict == "certified"
    holed = ParametricGame(game, Custom(cooperates_less_above, boxes))
    assert certify(holed, (3.0, 3.0), 0.0, budget=300).verdict == "unknown"
