"""What large steps end in, against one-dimensional maps iterated in plain Python."""

import math

import numpy as np
import pytest

import glasshouse as gh
from glasshouse.analysis import periods
from glasshouse.dynamics import Learning, Starts
from glasshouse.rules import Gradient, Momentum
from glasshouse.theory import diagonal, largest_step
from glasshouse.theory.registry import Known, Unknown

PD = (5.0, 3.0, 1.0, 0.0)
DONATION = (3.0, 2.0, 0.0, -1.0)
GENTLE = (4.0, 3.5, 2.0, 0.0)
CHICKEN = (4.0, 3.0, 0.0, 1.0)


def table(payoffs):
    T, R, P, S = payoffs
    return gh.NormalFormGame([[[R, S], [T, P]], [[R, T], [S, P]]])


def family(payoffs, bound=3.0):
    return gh.LogisticFamily(table(payoffs), bound=bound)


def stepped(payoffs, coupling, size, steps, theta=0.3, bound=3.0):
    """Cooperation of tied learners after each of the last 32 of so many steps."""
    T, R, P, S = payoffs
    seen = []
    for _ in range(steps):
        p = 1 / (1 + math.exp(-(1 + coupling) * theta))
        seen.append(p)
        own, other = p * (R - T) + (1 - p) * (S - P), p * (R - S) + (1 - p) * (T - P)
        theta = min(max(theta + size * p * (1 - p) * (own + coupling * other), -bound), bound)
    return seen[-32:]


@pytest.mark.parametrize(
    ("coupling", "size"), [(0.4, 17.013889), (0.5, 18.0), (0.6, 65.306122)], ids=str
)
def test_the_largest_step_of_the_dilemma(coupling, size):
    """2/((1+κ)² |D| v²) with D = -1, v = p (1-p), p = (4κ-1)/(1+κ)."""
    game = family(PD)(coupling)
    assert largest_step(diagonal(game)) == pytest.approx(size, abs=5e-7)
    found = gh.known("largest step", game)
    assert isinstance(found, Known)
    assert found.value == pytest.approx(size, abs=5e-7)


@pytest.mark.parametrize("payoffs", [PD, CHICKEN], ids=["dilemma", "chicken"])
def test_small_deviations_die_out_below_the_largest_step_only(payoffs):
    """The slope of the map of one step at its rest point, by differences, is -1 there."""
    thresholds = gh.thresholds(table(payoffs))
    low, high = sorted((thresholds.defection.value or 0.0, thresholds.cooperation.value or 0.0))
    coupling = 0.5 * (low + high)
    at = diagonal(family(payoffs)(coupling))
    size = largest_step(at)
    assert size is not None
    p = -at.drift(0.0) / at.slope

    def step(theta):
        q = 1 / (1 + math.exp(-(1 + coupling) * theta))
        return theta + size * q * (1 - q) * at.drift(q)

    slope = (step(at.theta(p) + 1e-5) - step(at.theta(p) - 1e-5)) / 2e-5
    assert slope == pytest.approx(-1.0, abs=1e-6)


def test_games_without_an_interior_rest_point_have_no_largest_step():
    """D = 0 in the donation game; D > 0 in the other, whose rest point repels."""
    for coupling in (0.1, 0.5, 0.8):
        for payoffs in (DONATION, GENTLE):
            assert largest_step(diagonal(family(payoffs)(coupling))) is None
    found = gh.known("largest step", family(DONATION)(0.2))
    assert isinstance(found, Unknown)
    assert "no rest point inside" in found.reason


@pytest.mark.parametrize(
    ("payoffs", "coupling", "size"),
    [(PD, 0.5, 17.9), (PD, 0.5, 18.1), (PD, 0.5, 21.5), (DONATION, 0.7, 5.0), (GENTLE, 0.5, 1.0)],
    ids=str,
)
def test_what_tied_learners_end_in_is_what_the_map_of_one_number_does(payoffs, coupling, size):
    learning = Learning(
        step_size=size, steps=6000, tied=True, starts=Starts(profiles=((0.3,),), kind="given")
    )
    (found,) = periods([family(payoffs)(coupling)], learning)
    seen = np.array(stepped(payoffs, coupling, size, 6000))
    back = [k for k in range(1, 17) if np.abs(seen[k:] - seen[:-k]).max() < 1e-6]
    assert found.period == (back[0] if back else None)
    assert found.moving.count == (not back)


def test_the_two_cycle_beyond_the_threshold():
    """At κ = .5 learning rests at 17.9, and alternates between .647 and .687 at 18.1."""
    assert np.ptp(stepped(PD, 0.5, 17.9, 6000)) < 1e-6
    seen = stepped(PD, 0.5, 18.1, 6000)
    assert sorted({round(p, 3) for p in seen}) == [0.647, 0.687]


def test_corners_and_cycles_of_learners_who_are_apart():
    line = gh.channels.Box(-1.0, 1.0)
    over = gh.DifferentiableGame(lambda p: [p[0], -(p[1] ** 2)], [line, line])
    (found,) = periods([over], Learning(step_size=1.0, steps=50, starts=Starts(5)), longest=4)
    assert (found.cycle.value, found.period) == (1.0, 2)  # the second overshoots to and fro
    up = gh.DifferentiableGame(lambda p: [p[0], p[1]], [line, line])
    (found,) = periods([up], Learning(Momentum(0.5), step_size=0.5, steps=50, starts=Starts(5)))
    assert (found.corner.value, found.rest.value, found.period) == (1.0, 0.0, 1)


INSIDE = Starts(profiles=((0.2,), (0.3,), (0.45,), (0.6,), (0.7,), (0.9,)), kind="given")


def logistic_map(r):
    """Ascent in steps of 1 on this payoff is x ← r x (1 - x)."""
    unit = gh.channels.Box(0.0, 1.0)
    payoffs = lambda p: [(r - 1) * p[0] ** 2 / 2 - r * p[0] ** 3 / 3]  # noqa: E731
    return gh.DifferentiableGame(payoffs, [unit])


@pytest.mark.parametrize(
    ("r", "period"), [(2.8, 1), (3.2, 2), (3.5, 4), (3.55, 8), (3.83, 3)], ids=str
)
def test_cycles_of_the_logistic_map(r, period):
    """Its period-doubling cascade, and the window of period 3."""
    (found,) = periods([logistic_map(r)], Learning(step_size=1.0, steps=3000, starts=INSIDE))
    assert (found.period, found.chaotic.count, found.exponent) == (period, 0, None)


@pytest.mark.parametrize("r", [3.7, 3.9, 4.0], ids=str)
def test_the_lyapunov_exponent_of_the_logistic_map(r):
    """The mean of ln |r (1 - 2x)| along a run of plain Python: ln 2 at r = 4."""
    x, total = 0.3, 0.0
    for k in range(101_000):
        x = r * x * (1 - x)
        total += math.log(abs(r * (1 - 2 * x))) if k >= 1000 else 0.0
    if r == 4.0:
        assert total / 100_000 == pytest.approx(math.log(2), abs=0.01)
    (found,) = periods([logistic_map(r)], Learning(step_size=1.0, steps=1000, starts=INSIDE))
    assert found.chaotic.value == 1.0
    assert found.exponent == pytest.approx(total / 100_000, abs=0.08)  # the largest of six runs


def test_turns_that_never_close_are_no_chaos():
    """Steps of a rotation by an angle that is no fraction of a circle: the exponent is 0."""
    plane = gh.channels.Box(-9.0, 9.0)
    a, b = math.cos(1.0) - 1, math.sin(1.0)

    def payoffs(p):
        return [a * p[0] ** 2 / 2 + b * p[0] * p[1], a * p[1] ** 2 / 2 - b * p[0] * p[1]]

    turning = gh.DifferentiableGame(payoffs, [plane, plane])
    (found,) = periods([turning], Learning(step_size=1.0, steps=200, starts=Starts(4)))
    assert (found.moving.value, found.chaotic.count, found.exponent) == (1.0, 0, None)


def test_the_rules_state_parts_too():
    """Momentum β on x ← r x (1 - x) is a map of two numbers; its exponent from its own Jacobian."""
    beta, r, x, velocity, total = 0.1, 3.9, 0.3, 0.0, 0.0
    ahead = np.array([1.0, 0.5])
    for k in range(20_000):
        slope = r - 1 - 2 * r * x
        velocity = beta * velocity + (r - 1) * x - r * x * x
        jacobian = np.array([[1 + slope, beta], [slope, beta]])
        x += velocity
        assert 0.0 < x < 1.0  # no bound is met, whose derivative is another
        ahead = jacobian @ ahead
        norm = np.linalg.norm(ahead)
        ahead /= norm
        total += math.log(norm) if k >= 1000 else 0.0
    learning = Learning(Momentum(beta), step_size=1.0, steps=1000, starts=INSIDE)
    (found,) = periods([logistic_map(r)], learning)
    assert found.chaotic.value == 1.0
    assert found.exponent == pytest.approx(total / 19_000, abs=0.08)


def test_what_is_refused():
    with pytest.raises(gh.errors.InputError, match="leave stop out"):
        periods([family(PD)(0.5)], Learning(Gradient(), stop=gh.dynamics.Rest()))
