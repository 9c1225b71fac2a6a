"""Branches of rest points against formulas, an independent search of the plane, and learning."""

import functools
import itertools
from typing import Any

import jax
import mpmath
import numpy as np
import pytest
from scipy.optimize import brentq

import glasshouse as gh
from glasshouse._foundation.precision import in_float64
from glasshouse.analysis.continuation.problem import problem_of
from glasshouse.analysis.phase.plane import Plane, field_grid
from glasshouse.analysis.phase.rest_points import plane_rest_points
from glasshouse.dynamics import Learning
from glasshouse.games import NormalFormGame, catalogue
from glasshouse.games.registry import CATALOGUE
from glasshouse.rules import Gradient
from glasshouse.semantics import Logistic

EXACT = 1e-10

DILEMMA, COORDINATING, DONATION = (5, 3, 1, 0), (4, 3.5, 2, 0), (3, 2, 0, -1)
STAG_HUNT, CHICKEN, DEADLOCK = (3, 4, 2, 0), (4, 3, 1, 2), (4, 2, 3, 1)


def symmetric(T, R, P, S):
    return NormalFormGame([[[R, S], [T, P]], [[R, T], [S, P]]])


def coupled(game, low=0.0, high=1.2, tied=False):
    setup = gh.Setup(gh.LogisticFamily(game, 3.0)(0.5), Learning(tied=tied))
    return gh.Family(
        setup, gh.Axis("coupling", [low, high], at=lambda s: s.game.semantics.coupling)
    )


@functools.cache
def followed(payoffs, tied=False):
    return gh.branches(coupled(symmetric(*payoffs), tied=tied))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def root(function, low, high) -> float:
    found: Any = brentq(function, low, high, xtol=1e-15)
    return float(found)


def effects(payoffs, p):
    """A(p) and B(p): what one's own cooperation and the other's are worth at p."""
    T, R, P, S = payoffs
    return p * (R - T) + (1 - p) * (S - P), p * (R - S) + (1 - p) * (T - P)


def only(specials, near):
    found = [s for s in specials if abs(s.value - near) < 1e-3]
    assert len(found) == 1, found
    assert found[0].tolerance < EXACT
    return found[0]


# Special points, each against its formula.


def test_fold_of_tied_threshold_goods():
    """2bp(1-p)(1+2κ) = c has its first root at p = ½: κ = .3."""
    game = catalogue.threshold_public_goods(n=3, k=2, b=1.0, c=0.8)
    found = gh.branches(coupled(game, 0.0, 0.9, tied=True))
    (fold,) = found.of_kind("fold")
    assert abs(fold.value - 0.3) < EXACT
    assert fold.tolerance < EXACT
    assert abs(fold.params[0]) < 1e-7
    assert fold.cooperation == pytest.approx((0.5,) * 3, abs=1e-7)
    inside = [p for p in found.points if p.place == "interior" and p.value > 0.31]
    for point in inside:
        away = np.sqrt(1 - 2 * 0.8 / (1 + 2 * point.value))
        wanted = 0.5 * (1 + np.sign(point.params[0]) * away)
        assert point.cooperation[0] == pytest.approx(wanted, abs=1e-9)
        assert point.stability == ("stable" if point.params[0] > 0 else "unstable")
    assert {np.sign(point.params[0]) for point in inside} == {-1.0, 1.0}


def test_fold_on_an_edge():
    """f = A(p_1) v_2 + κ B(p_1→) v_1 = 0 = ∂f/∂θ_2 on θ_1 = 3, in 40 digits."""
    T, R, P, S = COORDINATING

    def slope(theta, kappa):
        p, q = (1 / (1 + mpmath.exp(-x)) for x in (3 + kappa * theta, theta + 3 * kappa))
        own = p * (R - T) + (1 - p) * (S - P)
        other = q * (R - S) + (1 - q) * (T - P)
        return own * q * (1 - q) + kappa * other * p * (1 - p)

    with mpmath.workdps(40):
        turning = lambda t, k: mpmath.diff(lambda x: slope(x, k), t)  # noqa: E731
        theta, kappa = mpmath.findroot(lambda t, k: (slope(t, k), turning(t, k)), (-1.3, 0.59))
    assert abs(kappa - mpmath.mpf("0.59354129354224669652")) < 1e-15
    folds = followed(COORDINATING).of_kind("fold")
    assert len(folds) == 2
    for fold in folds:
        assert abs(fold.value - float(kappa)) < EXACT
        assert sorted(fold.params) == pytest.approx([-1.29898259230246369, 3.0], abs=1e-7)
        assert max(fold.params, key=abs) == 3.0
        assert fold.place == "edge"
        for tolerance, x in zip(fold.params_tolerance, fold.params, strict=True):
            assert abs(x - (3.0 if x > 0 else float(theta))) <= tolerance < 1e-6
    ((kept, has_image),) = [x for x in followed(COORDINATING).folded if x[0].kind == "fold"]
    assert kept.params == folds[0].params
    assert has_image
    assert "and its mirror image" in str(followed(COORDINATING))


@pytest.mark.parametrize("payoffs", [DILEMMA, COORDINATING])
def test_pitchfork_off_the_diagonal(payoffs):
    """λ_anti = 0 at p*(κ), by brentq on the formula."""
    T, R, P, S = payoffs
    D = R - S - T + P

    def across(kappa):
        p = -((S - P) + kappa * (T - P)) / ((1 + kappa) * D)
        other = effects(payoffs, p)[1]
        return (1 - kappa) * D * p * (1 - p) + 2 * kappa * other * (1 - 2 * p)

    wanted = root(across, 0.41, 0.43)
    if payoffs == DILEMMA:
        assert abs(wanted - 0.418613428927834084) < 1e-14
    found = followed(payoffs)
    point = only(found.specials, wanted)
    assert point.kind == "pitchfork"
    assert abs(point.value - wanted) < EXACT
    assert len(point.arms) == 4
    # The arms off the diagonal are each other's mirror images.
    near = [found.arms[k] for k in point.arms]
    off = [
        arm
        for arm in near
        if abs(arm[len(arm) // 2].params[0] - arm[len(arm) // 2].params[1]) > 0.1
    ]
    ends = {tuple(np.round([arm[0].params, arm[-1].params][-1], 6)) for arm in off}
    assert len(off) == 2
    assert {x[::-1] for x in ends} == ends


@pytest.mark.parametrize("payoffs", [DILEMMA, COORDINATING])
def test_collisions_of_the_diagonal_with_its_corners(payoffs):
    """F(p) = A(p) + κ B(p) = 0 at p = s(±3 (1 + κ))."""
    found = followed(payoffs)
    for end in (-3.0, 3.0):

        def drift(kappa, end=end):
            own, other = effects(payoffs, sigmoid(end * (1 + kappa)))
            return own + kappa * other

        wanted = root(drift, 0.05, 1.19)
        point = only(found.specials, wanted)
        assert point.kind == "collision"
        assert abs(point.value - wanted) < EXACT
        assert point.params == (end, end)
        assert point.place == "corner"


@pytest.mark.parametrize("payoffs", [DILEMMA, COORDINATING, CHICKEN])
def test_tied_branches_are_the_closed_form(payoffs):
    T, R, P, S = payoffs
    D = R - S - T + P
    inside = [p for p in followed(payoffs, tied=True).points if p.place == "interior"]
    assert len(inside) > 10
    for point in inside:
        kappa = point.value
        wanted = -((S - P) + kappa * (T - P)) / ((1 + kappa) * D)
        assert point.cooperation[0] == pytest.approx(wanted, abs=1e-10)
        if abs(point.params[0]) < 2.99:
            assert point.stability == ("stable" if D < 0 else "unstable")


def test_hopf_where_both_read_alike():
    """Matching pennies at (0, 0): J = 4v² [[2κ_12, 1+κ_12²], …], its trace is κ_12 - κ_21."""
    pennies = NormalFormGame([[[1.0, -1.0], [-1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]]])
    game = gh.ParametricGame(pennies, Logistic((2, 2), [[0.0, 0.1], [0.3, 0.0]], 3.0))
    axis = gh.Axis("read", [0.0, 0.8], at=lambda s: s.game.semantics.coupling[0, 1])
    found = gh.branches(gh.Family(gh.Setup(game), axis), "read", (0.0, 0.0))
    (special,) = found.specials
    assert special.kind == "Hopf"
    assert abs(special.value - 0.3) < EXACT
    kinds = {p.stability for p in found.points if p.value < 0.29}
    assert kinds | {p.stability for p in found.points if p.value > 0.31} == {"stable", "unstable"}
    assert len(kinds) == 1


def test_a_continuum_is_said():
    found = followed(DONATION)
    assert any("continuum of rest points at 0.333333" in note for note in found.notes)
    third = [s for s in found.specials if abs(s.value - 1 / 3) < EXACT]
    assert {s.params for s in third} >= {(3.0, 3.0), (-3.0, -3.0), (3.0, -3.0), (-3.0, 3.0)}


# All branches, against a search of the plane that knows nothing of them.


@in_float64
def searched(game):
    return plane_rest_points(Plane(game, Gradient()), field_grid(game, 129))


def crossings(found, value):
    """Params at a value between points, and the stability of those on either side."""
    points = []
    for arm in found.arms:
        for one, other in itertools.pairwise(arm):
            gap = other.value - one.value
            if gap and (one.value - value) * (other.value - value) <= 0:
                share = (value - one.value) / gap
                between = np.array(one.params) * (1 - share) + np.array(other.params) * share
                points.append((between, {one.stability, other.stability}))
    return points


def check_all(found, family, values):
    for value in values:
        search, have = searched(family(value)), crossings(found, value)
        if search.continuum:
            continue
        assert len(have) == len(search.points), value
        for point in search.points:
            gaps = [float(np.max(np.abs(point.params - params))) for params, _ in have]
            assert min(gaps) < 0.02, (value, point)
            assert point.stability in have[int(np.argmin(gaps))][1]


@pytest.mark.parametrize("payoffs", [DILEMMA, COORDINATING, DONATION, STAG_HUNT, CHICKEN, DEADLOCK])
def test_no_rest_point_of_the_plane_is_missing(payoffs):
    family = coupled(symmetric(*payoffs))
    check_all(followed(payoffs), family, (0.11, 0.37, 0.4512, 0.55, 0.77, 0.93, 1.13))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_no_rest_point_of_random_planes_is_missing(seed):
    family = coupled(
        NormalFormGame(np.random.default_rng(seed).uniform(-1, 1, (2, 2, 2))), -0.5, 1.5
    )
    check_all(gh.branches(family), family, (-0.33, 0.21, 0.57, 0.83, 1.27))


# Stability, against learning in finite steps from nearby.


@pytest.mark.parametrize("payoffs", [DILEMMA, COORDINATING])
def test_learning_nearby_returns_where_stable_and_leaves_elsewhere(payoffs):
    family, generator = coupled(symmetric(*payoffs)), np.random.default_rng(5)
    chosen = {}
    for arm in followed(payoffs).arms:
        middle = arm[len(arm) // 2]
        rates = np.abs([x.real for x in middle.eigenvalues])
        if middle.stability != "undecided" and rates.min(initial=1.0) > 0.01:
            chosen[middle.arm] = middle
    assert {p.stability for p in chosen.values()} >= {"stable", "saddle"}
    assert {p.place for p in chosen.values()} == {"interior", "edge", "corner"}
    for point in chosen.values():
        moved = np.clip(np.array(point.params) + generator.uniform(-1e-3, 1e-3, 2), -3.0, 3.0)
        end = gh.run(family(point.value), params=tuple(moved.tolist()), steps=4000, step_size=0.2)
        away = [np.max(np.abs(np.array(x) - point.params)) for x in (moved, end.params)]
        assert (away[1] < 0.5 * away[0]) == (point.stability == "stable"), point
        assert away[1] < 0.5 * away[0] or away[1] > 5 * away[0]


# Other axes, other games.


def test_a_bound_a_payoff_and_a_weight_are_axes():
    game = gh.LogisticFamily(symmetric(*DILEMMA), 3.0)(0.3)
    bound = gh.Axis("bound", [0.2, 3.0], at=lambda s: s.game.semantics.bound)
    found = gh.branches(gh.Family(gh.Setup(game), bound), "bound")
    # F(s(-1.3 M)) = 0: the box has grown until the rest point p* = 2/13 is inside.
    corner = only(found.specials, np.log(11 / 2) / 1.3)
    assert abs(corner.value - np.log(11 / 2) / 1.3) < EXACT
    assert corner.params == pytest.approx((-corner.value,) * 2)

    build = lambda T: gh.LogisticFamily(NormalFormGame(table(T)), 3.0)(0.3)  # noqa: E731
    found = gh.branches(
        gh.Family(gh.Setup(game), gh.Axis("T", [3.5, 6.0], build=build)), "T", search=[5.0]
    )
    p = sigmoid(-3 * 1.3)

    def drift(T):
        own, other = effects((T, 3, 1, 0), p)
        return own + 0.3 * other

    assert only(found.specials, root(drift, 3.5, 6.0)).params == (-3.0, -3.0)


def table(T):
    import jax.numpy as jnp

    zero, rows = jnp.zeros(()), [[[3.0, 0.0], [0.0, 1.0]], [[3.0, 0.0], [0.0, 1.0]]]
    return jnp.asarray(rows).at[0, 1, 0].set(T + zero).at[1, 0, 1].set(T + zero)


def test_affine_ends_are_the_thresholds():
    family = gh.families.AffineFamily(symmetric(*DILEMMA))
    known = family.closed_form()
    found = gh.branches(family, "weight")
    for value, end in ((known.defection.value, 0.0), (known.cooperation.value, 1.0)):
        assert value is not None
        corner = only(found.specials, value)
        assert abs(corner.value - value) < EXACT
        assert corner.params == (end, end)


def test_several_parameters_each():
    """Three actions: the start at a corner, followed until its gradients turn."""
    game = NormalFormGame(np.random.default_rng(3).uniform(-1, 1, (2, 3, 3)))
    family = coupled(game, 0.0, 1.0)
    found = gh.branches(family, most=60, search=[0.0])
    assert len(found.points[0].params[0]) == 2
    for point in found.points[:: max(1, len(found.points) // 25)]:
        gradients = np.ravel(family(point.value).selfish_gradients(point.params))
        params = np.ravel(point.params)
        inside = np.abs(params) < 3.0 - 1e-9
        assert np.all(np.abs(gradients[inside]) < 1e-9)
        assert np.all((gradients * params)[~inside] > -1e-9)


def test_three_alike_meet_in_more_than_two_branches():
    game = catalogue.threshold_public_goods(n=3, k=2, b=1.0, c=0.5)
    found = gh.branches(coupled(game, 0.0, 0.9), most=40)
    family = coupled(game)
    for point in found.points[:: max(1, len(found.points) // 40)]:
        assert gh.dynamics.rest_residual(family(point.value), point.params) < 1e-8


def test_what_cannot_be_followed_is_said_in_one_line():
    family = gh.LogisticFamily(symmetric(*DILEMMA), 3.0)
    step = gh.Axis("step", [0.1, 0.2], at=lambda s: s.learning.step_size)
    game = gh.Setup(family(0.5), Learning(step_size=0.1))
    with pytest.raises(gh.InputError, match="depend on the game alone"):
        gh.branches(gh.Family(game, step), "step")
    with pytest.raises(gh.InputError, match="does not rest at coupling = 0"):
        gh.branches(coupled(symmetric(*DILEMMA)), "coupling", (-2.0, 1.0))
    with pytest.raises(gh.InputError, match="no axis is called 'couplin'"):
        gh.branches(coupled(symmetric(*DILEMMA)), "couplin")
    with pytest.raises(gh.InputError, match="give start, too"):
        gh.branches(family, value=0.2)
    with pytest.raises(gh.InputError, match="must lie between 0 and 1"):
        gh.branches(family, between=(0, 1), search=[2.0])
    with pytest.raises(gh.InputError, match="needs a Family or a LogisticFamily"):
        gh.branches(family(0.5))
    far = gh.Setup(gh.LogisticFamily(symmetric(*DILEMMA), 2000.0)(0.5))
    axis = gh.Axis("coupling", [0.0, 1.0], at=lambda s: s.game.semantics.coupling)
    with pytest.raises(gh.InputError, match="behaviour is saturated"):
        gh.branches(gh.Family(far, axis), "coupling", (-2000.0, -2000.0))


def test_games_of_one_structure_are_one_program():
    """Problems that differ in numbers only are alike to `jit`: so are what is static in them."""
    first, second = (
        problem_of(coupled(symmetric(*payoffs), 0.0, high), "coupling", None)[0]
        for payoffs, high in ((DILEMMA, 1.2), (STAG_HUNT, 0.7))
    )
    assert jax.tree.structure(first) == jax.tree.structure(second)
    assert hash(first.build) == hash(second.build)


TWO_ACTIONS = [name for name, entry in CATALOGUE.items() if set(entry().actions) == {2}]


@pytest.mark.parametrize("name", TWO_ACTIONS)
def test_every_game_of_two_actions_is_followed(name):
    """From every rest point found without coupling, and all points on the way rest."""
    game = CATALOGUE[name]()
    found = gh.branches(coupled(game, 0.0, 1.0), most=12, search=[0.0])
    assert found.points
    assert [p for p in found.points if p.value == 0.0]
    family = coupled(game, 0.0, 1.0)
    for point in found.points[:: max(1, len(found.points) // 12)]:
        assert gh.dynamics.rest_residual(family(point.value), point.params) < 1e-8
