"""Phase portraits against closed forms, hand-written fields, other root finders and long runs."""

import dataclasses
import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize
from tests.reference import (
    CHICKEN,
    COORDINATING_PD,
    DONATION,
    PD,
    STAG_HUNT,
    equal_couplings,
    parametric,
    selfish_field,
    sigmoid,
)

from glasshouse.analysis import generic_outcomes, phase_portrait
from glasshouse.channels import Box
from glasshouse.dynamics import Learning, Starts
from glasshouse.errors import InputError
from glasshouse.games import NormalFormGame
from glasshouse.games.registry import from_catalogue
from glasshouse.parametric import ParametricGame
from glasshouse.semantics import Custom, Logistic

SETTINGS = {"resolution": 65, "cells": 4, "trajectories": 0, "learning": Learning(steps=10)}
"""For tests of the field and of rest points, which learning has no part in."""


def portrait_of(payoffs, coupling, bound=3.0, **settings):
    return phase_portrait(parametric(payoffs, coupling, bound), **{**SETTINGS, **settings})


portrait_in_table = functools.cache(portrait_of)


def matching_pennies(coupling):
    return ParametricGame(from_catalogue("matching_pennies")(), Logistic((2, 2), coupling, 3.0))


def direct(tensor, boxes):
    """Parameters that are the probabilities of action 0 themselves."""
    return ParametricGame(NormalFormGame(tensor), Custom(_as_probabilities, boxes))


def _as_probabilities(params, seen):
    return [jnp.stack([jnp.ravel(x)[0], 1 - jnp.ravel(x)[0]]) for x in params]


def _mixed_by_assortment(params, seen):
    """p_i = (1-w) θ_i + w θ_j with w = 1/4."""
    first, second = params
    mixed = (0.75 * first + 0.25 * second, 0.75 * second + 0.25 * first)
    return [jnp.stack([p, 1 - p]) for p in mixed]


def kinds(portrait):
    """How many rest points there are of each place and stability."""
    found = [(p.place, p.stability) for p in portrait.rest_points]
    return {kind: found.count(kind) for kind in found}


def test_the_field_is_the_one_written_by_hand():
    portrait = portrait_of(PD, 0.4)
    field, couplings = portrait.field, equal_couplings(0.4)
    rng = np.random.default_rng(0)
    for i, j in rng.integers(0, 65, (200, 2)):
        theta = np.array([field.theta_1[i], field.theta_2[j]])
        expected = selfish_field(PD, couplings, theta)
        assert field.gradient[i, j] == pytest.approx(expected, abs=1e-13)
        p = sigmoid(theta + 0.4 * theta[::-1])
        v = p * (1 - p)
        scale = 5.0 * (v + 0.4 * v[::-1])  # ½ · payoff range · two actions per player
        assert field.relative[i, j] == pytest.approx(expected / scale, abs=1e-12)
    assert field.theta_1[[0, -1]].tolist() == field.theta_2[[0, -1]].tolist() == [-3.0, 3.0]
    assert np.abs(field.relative).max() <= 1


DIAGONAL = [
    *((PD, k, 3.0) for k in (0.26, 0.3, 0.41, 0.42, 0.5, 0.6)),
    (PD, 0.65, 6.0),
    (STAG_HUNT, -0.1, 3.0),
    (STAG_HUNT, 0.5, 3.0),
    (STAG_HUNT, 1.5, 5.0),
    (CHICKEN, 0.0, 3.0),
    (CHICKEN, 0.5, 3.0),
    (COORDINATING_PD, 0.3, 3.0),
    (COORDINATING_PD, 0.9, 4.0),
    (PD, 0.1, 2.0),
    (PD, 0.9, 3.0),
]
"""A game, its coupling and the bound: all of these have only regular rest points."""


def on_the_diagonal(payoffs, coupling, bound):
    """(θ, p, rates) of all rest points with θ_1 = θ_2, by rising θ; no rates at the corners.

    dθ/dt = p (1-p) F(p), F(p) = (S-P) + κ(T-P) + (1+κ) D p, and with v = p (1-p) at its zero
    λ_sym = (1+κ)² D v², λ_anti = -(1-κ) v [(1-κ) D v + 2κ B (1-2p)].
    """
    T, R, P, S = payoffs
    D = R - S - T + P
    at_zero, slope = (S - P) + coupling * (T - P), (1 + coupling) * D
    low, high = sigmoid(-(1 + coupling) * bound), sigmoid((1 + coupling) * bound)
    points: list = [(-bound, low, None)] if at_zero + slope * low < 0 else []
    p = -at_zero / slope if slope else math.nan
    if low < p < high:
        v, other_effect = p * (1 - p), p * (R - S) + (1 - p) * (T - P)
        pull = (1 - coupling) * D * v + 2 * coupling * other_effect * (1 - 2 * p)
        rates = [(1 + coupling) ** 2 * D * v**2, -(1 - coupling) * v * pull]
        points.append((math.log(p / (1 - p)) / (1 + coupling), p, sorted(rates)))
    return points + ([(bound, high, None)] if at_zero + slope * high > 0 else [])


@pytest.mark.parametrize(("payoffs", "coupling", "bound"), DIAGONAL)
def test_rest_points_on_the_diagonal_are_those_of_the_closed_form(payoffs, coupling, bound):
    portrait = portrait_in_table(payoffs, coupling, bound)
    found = [p for p in portrait.rest_points if abs(p.params[0] - p.params[1]) < 1e-9]
    expected = on_the_diagonal(payoffs, coupling, bound)
    found.sort(key=lambda point: point.params)
    for point, (theta, p, rates) in zip(found, expected, strict=True):
        assert point.params == pytest.approx((theta, theta), abs=1e-9)
        assert point.cooperation == pytest.approx((p, p), abs=1e-10)
        if rates is None:
            assert (point.place, point.stability) == ("corner", "stable")
            assert (point.eigenvalues, point.index) == ((), 1)
            continue
        assert sorted(x.real for x in point.eigenvalues) == pytest.approx(rates, abs=1e-9)
        assert all(x.imag == 0 for x in point.eigenvalues)
        names = {0: "stable", 1: "saddle", 2: "unstable"}
        assert point.stability == names[sum(rate > 0 for rate in rates)]
        assert point.index == np.sign(rates[0] * rates[1])
    assert portrait.index_sum == 1
    assert not portrait.continuum
    assert portrait.notes == ()


def test_the_table_covers_every_stability():
    found = [p for case in DIAGONAL for p in portrait_in_table(*case).rest_points]
    assert {p.stability for p in found} == {"stable", "saddle", "unstable"}
    assert {p.place for p in found} == {"interior", "edge", "corner"}


@pytest.mark.parametrize(("coupling", "saddle"), [(0.4186, False), (0.4187, True), (0.6666, True)])
def test_the_rest_point_of_the_pd_is_a_saddle_from_the_tabulated_coupling_on(coupling, saddle):
    """Transversally unstable for 0.418613429 < κ < 2/3; the bound keeps it inside the box."""
    portrait = portrait_of(PD, coupling, 8.0)
    (interior,) = (
        p
        for p in portrait.rest_points
        if p.place == "interior" and abs(p.params[0] - p.params[1]) < 1e-9
    )
    assert interior.stability == ("saddle" if saddle else "stable")


def test_exploitation_in_the_pd_rests_where_the_best_response_to_the_bound_is():
    """The table of the boundary test: the best t against M = 3 at κ = 0.5."""
    portrait = portrait_of(PD, 0.5)
    edges = [p for p in portrait.rest_points if p.place == "edge"]
    assert [p.stability for p in edges] == ["stable", "stable"]
    assert edges[0].params == pytest.approx((-2.95235418363, 3.0), abs=1e-10)
    assert edges[1].params == pytest.approx((3.0, -2.95235418363), abs=1e-10)
    (rate,) = edges[0].eigenvalues
    assert rate.real < 0
    shifted = (selfish_field(PD, equal_couplings(0.5), np.array([-2.95235418363 + h, 3.0]))[0]
               for h in (1e-5, -1e-5))  # fmt: skip
    up, down = shifted
    assert rate.real == pytest.approx((up - down) / 2e-5, rel=1e-5)


def test_stag_hunt_has_two_stable_corners_and_a_saddle():
    portrait = portrait_of(STAG_HUNT, 0.5)
    assert kinds(portrait) == {("interior", "saddle"): 1, ("corner", "stable"): 2}
    assert {p.params for p in portrait.rest_points[1:]} == {(-3.0, -3.0), (3.0, 3.0)}
    low, high = portrait.rest_points[1:]
    p = float(sigmoid(4.5))
    both = p * p * 4 + p * (1 - p) * 0 + (1 - p) * p * 3 + (1 - p) ** 2 * 2
    assert high.payoffs == pytest.approx((both, both), abs=1e-12)
    assert high.cooperation == pytest.approx((p, p), abs=1e-14)
    assert low.cooperation == pytest.approx((1 - p, 1 - p), abs=1e-14)


@pytest.mark.parametrize("coupling", [0.0, 0.4])
def test_matching_pennies_has_a_centre_that_nothing_is_said_about(coupling):
    """J = ¼ [[2κ, 1+κ²], [-(1+κ²), -2κ]], so that λ = ± i (1-κ²)/4."""
    portrait = phase_portrait(matching_pennies(coupling), **SETTINGS)
    (point,) = portrait.rest_points
    assert point.params == pytest.approx((0.0, 0.0), abs=1e-12)
    assert (point.place, point.stability, point.index) == ("interior", "undecided", 1)
    assert sorted(x.imag for x in point.eigenvalues) == pytest.approx(
        [-(1 - coupling**2) / 4, (1 - coupling**2) / 4], abs=1e-12
    )
    assert all(abs(x.real) < 1e-12 for x in point.eigenvalues)
    assert portrait.index_sum == 1
    assert any("undecided" in note for note in portrait.notes)
    assert portrait.at_rest == 0


def test_coordination_played_directly():
    """u = 2 for both on action 0, 1 on action 1: ∂U_i = 3 θ_j - 1, J = [[0, 3], [3, 0]]."""
    row = [[2.0, 0.0], [0.0, 1.0]]
    boxes = [Box(0.0, 1.0), Box([0.0], [1.0])]
    portrait = phase_portrait(direct([row, row], boxes), **SETTINGS)
    interior, *corners = portrait.rest_points
    assert interior.params == pytest.approx((1 / 3, 1 / 3), abs=1e-12)
    assert sorted(x.real for x in interior.eigenvalues) == pytest.approx([-3.0, 3.0])
    assert interior.stability == "saddle"
    assert [(c.params, c.stability) for c in corners] == [
        ((0.0, 0.0), "stable"),
        ((1.0, 1.0), "stable"),
    ]


def shading_at(portrait):
    """Middles of the squares of the shading, in cells, with how many squares a cell has a side."""
    fine, cells = len(portrait.shading), len(portrait.basins)
    at = (np.arange(fine) + 0.5) * cells / fine
    return *np.meshgrid(at, at, indexing="ij"), fine // cells


def test_basins_border_on_the_diagonal_where_players_differ_only_in_who_starts_higher():
    """In a symmetric game that ends in exploitation, who starts higher is exploited."""
    portrait = phase_portrait(parametric(PD, 0.5, 3.0), cells=10, resolution=17, trajectories=0)
    across, up, finer = shading_at(portrait)
    assert finer == 8
    off = np.abs(across - up) > 0.1  # of a cell: squares of 1/8 lie on the diagonal or beside it
    assert np.array_equal(portrait.shading[off], np.where(across > up, 1, 2)[off])
    assert off.sum() == portrait.shading.size - len(portrait.shading)


def test_basins_border_on_the_line_that_leads_to_the_saddle():
    """∂U_i = 3 θ_j - 1, so that θ_1 + θ_2 - 2/3 keeps its sign: no cell's side, nor diagonal."""
    row = [[2.0, 0.0], [0.0, 1.0]]
    game = direct([row, row], [Box(0.0, 1.0), Box(0.0, 1.0)])
    portrait = phase_portrait(game, cells=10, resolution=17, trajectories=0)
    across, up, _ = shading_at(portrait)
    beyond = across + up - 20 / 3
    wrong = portrait.shading != np.where(beyond > 0, 0, 3)
    assert np.abs(beyond)[wrong].max(initial=0.0) < 0.1
    squares = np.kron(portrait.basins, np.ones((8, 8), int))
    assert np.abs(beyond)[squares != np.where(beyond > 0, 0, 3)].max() > 0.5  # without bisection


def test_many_cells_are_shaded_no_finer_than_paper_shows():
    """With 140 cells a side, 7 squares in each: 8 would be more than 1024."""
    portrait = phase_portrait(
        parametric(PD, 0.5, 3.0), **{**SETTINGS, "cells": 140, "learning": Learning(steps=1)}
    )
    assert portrait.shading.shape == (980, 980)
    middles = portrait.shading[3::7, 3::7]
    assert np.mean(middles == portrait.basins) > 0.98  # not on the diagonal, which has no sides


def test_boxes_of_different_size_move_rest_points_to_edges():
    """The same game where player 2 must put at least 1/2 on action 0: only (1, 1) is left."""
    row = [[2.0, 0.0], [0.0, 1.0]]
    portrait = phase_portrait(direct([row, row], [Box(0.0, 1.0), Box(0.5, 1.0)]), **SETTINGS)
    assert [(p.params, p.stability) for p in portrait.rest_points] == [((1.0, 1.0), "stable")]
    assert portrait.field.theta_2[0] == 0.5
    assert portrait.starts[..., 1].min() > 0.5


@pytest.mark.parametrize(("payoffs", "coupling"), [(PD, 0.5), (STAG_HUNT, 0.5), (CHICKEN, 0.5)])
def test_symmetric_games_have_symmetric_portraits(payoffs, coupling):
    portrait = phase_portrait(parametric(payoffs, coupling, 3.0), cells=14, resolution=33)
    swapped = portrait.field.gradient.transpose(1, 0, 2)[..., ::-1]
    assert portrait.field.gradient == pytest.approx(swapped, abs=1e-14)
    points = sorted((p.params, p.stability) for p in portrait.rest_points)
    mirrored = sorted((p.params[::-1], p.stability) for p in portrait.rest_points)
    for (one, name), (other, mirrored_name) in zip(points, mirrored, strict=True):
        assert one == pytest.approx(other, abs=1e-9)
        assert name == mirrored_name
    roles = np.array([0, 2, 1, 3])
    off = ~np.eye(14, dtype=bool)
    assert np.array_equal(portrait.basins[off], roles[portrait.basins.T[off]])
    starts = portrait.starts
    assert np.all(starts[..., 0] != starts[..., 1])
    ends = {tuple(np.round(path[-1], 3)) for path in portrait.trajectories}
    assert ends == {end[::-1] for end in ends}


def test_basins_are_the_outcomes_of_learning_from_the_same_starts():
    game = parametric(COORDINATING_PD, 0.5, 3.0)
    portrait = phase_portrait(game, cells=12, resolution=17, trajectories=0)
    profiles = tuple(map(tuple, portrait.starts.reshape(-1, 2).tolist()))
    (outcomes,) = generic_outcomes([game], learning=Learning(starts=Starts(profiles=profiles)))
    shares = portrait.shares
    assert shares["both cooperate"] == outcomes.cooperation.value
    assert shares["player 1 exploited"] == outcomes.exploited[0].value
    assert shares["player 2 exploited"] == outcomes.exploited[1].value
    assert shares["nobody"] == outcomes.defection.value
    assert min(shares.values()) > 0.1
    assert portrait.at_rest == outcomes.at_rest.value
    (one,) = generic_outcomes(
        [game], learning=Learning(starts=Starts(profiles=(profiles[3 * 12 + 11],)))
    )
    assert portrait.basins[3, 11] == [
        one.cooperation.count, one.exploited[0].count, one.exploited[1].count, one.defection.count
    ].index(1)  # fmt: skip


def test_trajectories_lead_from_spread_starts_to_the_points_that_attract():
    game = parametric(PD, 0.5, 3.0)
    portrait = phase_portrait(
        game, cells=4, resolution=33, trajectories=8, learning=Learning(steps=20_000)
    )
    stable = [p.params for p in portrait.rest_points if p.stability == "stable"]
    starts = np.array([path[0] for path in portrait.trajectories])
    assert starts.shape == (8, 2)
    assert np.all(np.ptp(starts, axis=0) > 3.0)
    for path in portrait.trajectories:
        assert 50 <= len(path) <= 200
        assert np.all(np.abs(path) <= 3.0)
        assert np.hypot(*np.diff(path, axis=0).T).max() < 0.3
        assert min(math.dist(path[-1], point) for point in stable) < 1e-3


def test_a_run_that_circles_is_cut():
    portrait = phase_portrait(matching_pennies(0.0), cells=4, resolution=33, trajectories=4)
    lengths = [np.hypot(*np.diff(path, axis=0).T).sum() for path in portrait.trajectories]
    assert max(lengths) == pytest.approx(18.0, rel=0.02)


def random_games(count):
    """Asymmetric 2×2 games with their coupling, payoffs uniform on [0, 1)."""
    rng = np.random.default_rng(5)
    return [(rng.uniform(0, 1, (2, 2, 2)), float(rng.uniform(-0.5, 1.5))) for _ in range(count)]


def portrait_of_tensor(tensor, coupling):
    game = ParametricGame(NormalFormGame(tensor), Logistic((2, 2), coupling, 3.0))
    return phase_portrait(game, **SETTINGS)


def hand_field(tensor, coupling, theta):
    """∂U_i/∂θ_i of 2×2 games, for θ of shape (…, 2), from the payoffs' bilinear form."""
    x, y = np.moveaxis(sigmoid(theta + coupling * theta[..., ::-1]), -1, 0)
    v_1, v_2 = x * (1 - x), y * (1 - y)
    (a, b), (c, d) = tensor[0]
    (e, f), (g, h) = tensor[1]
    own_1, other_1 = y * (a - c) + (1 - y) * (b - d), x * (a - b) + (1 - x) * (c - d)
    own_2, other_2 = x * (e - f) + (1 - x) * (g - h), y * (e - g) + (1 - y) * (f - h)
    coupling = np.squeeze(coupling)
    first = own_1 * v_1 + coupling * other_1 * v_2
    second = own_2 * v_2 + coupling * other_2 * v_1
    return np.stack([first, second], axis=-1)


def randomly_found(tensor, coupling, count=80):
    """Rest points by another search: roots of the normal map from random starts."""
    rng = np.random.default_rng(1)

    def normal_map(x):
        inside = np.clip(x, -3.0, 3.0)
        return hand_field(tensor, coupling, inside) - 0.05 * (x - inside)

    found = []
    for start in rng.uniform(-4.0, 4.0, (count, 2)):
        root = optimize.root(normal_map, start, tol=1e-12)
        if np.abs(normal_map(root.x)).max() < 1e-11:
            point = np.clip(root.x, -3.0, 3.0)
            if not any(math.dist(point, other) < 1e-5 for other in found):
                found.append(point)
    return found


def test_random_games_have_the_rest_points_that_another_search_finds():
    places = []
    for tensor, coupling in random_games(20):
        portrait = portrait_of_tensor(tensor, coupling)
        found = [p.params for p in portrait.rest_points]
        for point in randomly_found(tensor, coupling):
            assert min(math.dist(point, other) for other in found) < 1e-5
        for params in found:
            field = hand_field(tensor, coupling, np.array(params))
            held = (np.abs(params) == 3.0) & (field * np.sign(params) > 0)
            assert np.all(held | (np.abs(field) < 1e-9))
        assert portrait.index_sum == 1
        places += [p.place for p in portrait.rest_points]
    assert min(places.count(place) for place in ("interior", "edge", "corner")) >= 3


def test_long_runs_in_random_games_end_at_points_called_stable():
    """Projected Euler steps in NumPy, from 40 starts and from near every stable point."""
    games = random_games(20)
    portraits = [portrait_of_tensor(*game) for game in games]
    stable = [
        np.reshape([p.params for p in portrait.rest_points if p.stability == "stable"], (-1, 2))
        for portrait in portraits
    ]
    around = 0.01 * np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
    starts = np.random.default_rng(2).uniform(-3, 3, (40, 2))
    own, theta = [], []
    for k, points in enumerate(stable):
        near = (points[:, None] + around).reshape(-1, 2)
        theta.append(np.concatenate([starts, near]))
        own += [k] * len(theta[-1])
    theta = np.clip(np.concatenate(theta), -3, 3)
    tensors = np.moveaxis(np.stack([games[k][0] for k in own]), 0, -1)
    couplings = np.array([games[k][1] for k in own])

    def stepped(theta):
        return np.clip(theta + hand_field(tensors, couplings[:, None], theta), -3, 3)

    for _ in range(8000):
        theta = stepped(theta)
    moved = np.abs(stepped(theta) - theta).max(axis=1)
    ended = 0
    for k, points in enumerate(stable):
        ends, speeds = theta[np.array(own) == k], moved[np.array(own) == k]
        for end in ends[:40][speeds[:40] < 1e-9]:
            assert min(math.dist(end, point) for point in points) < 1e-4
            ended += 1
        for n, end in enumerate(ends[40:]):
            assert math.dist(end, points[n // 4]) < 1e-4
    assert ended > 600


def test_the_donation_game_at_its_threshold_rests_on_two_lines():
    """κ = c/b = 1/3: ∂U_1 = c (v_2 - v_1) = -∂U_2, which is zero where θ_1 = ± θ_2."""
    portrait = portrait_of(DONATION, 1 / 3)
    assert portrait.continuum
    assert portrait.index_sum is None
    assert 5 <= len(portrait.rest_points) <= 9
    for point in portrait.rest_points:
        first, second = point.params
        assert abs(abs(first) - abs(second)) < 1e-6
        assert (point.stability, point.index) == ("undecided", None)
    assert any("continuum" in note for note in portrait.notes)
    apart = [math.dist(a.params, b.params) for a in portrait.rest_points
             for b in portrait.rest_points if a is not b]  # fmt: skip
    assert min(apart) > 0.5


def test_beside_its_threshold_the_donation_game_has_regular_rest_points():
    portrait = portrait_of(DONATION, 0.334, resolution=129)
    assert not portrait.continuum
    assert portrait.index_sum == 1
    assert ("corner", "stable") in kinds(portrait)


def test_assortment_at_equality_rests_everywhere():
    """Donation b = 3, c = 1 at w = c/(b+c): -c (1-w) + b w = 0 in every profile."""
    semantics = Custom(_mixed_by_assortment, [Box(0.0, 1.0)] * 2)
    game = ParametricGame(from_catalogue("donation")(b=3.0, c=1.0), semantics)
    portrait = phase_portrait(game, **SETTINGS)
    assert portrait.continuum
    assert len(portrait.rest_points) <= 9
    assert {p.stability for p in portrait.rest_points} == {"undecided"}
    assert portrait.at_rest == 1.0


def test_a_player_whom_nothing_touches_makes_lines_of_rest_points():
    """Player 1 is always paid 1; player 2 wants to cooperate: θ_2 = M, and any θ_1."""
    game = direct([[[1.0, 1.0], [1.0, 1.0]], [[2.0, 0.0], [2.0, 0.0]]], [Box(-0.0, 1.0)] * 2)
    portrait = phase_portrait(game, **SETTINGS)
    assert portrait.continuum
    assert {p.params[1] for p in portrait.rest_points} == {1.0}
    assert {p.stability for p in portrait.rest_points} == {"undecided"}


def test_saturation_does_not_hide_rest_points():
    """At M = 20 gradients in the corners are below 1e-12; (-M, -M) attracts for κ < 1/4."""
    portrait = portrait_of(PD, 0.2, 20.0)
    corner = min(portrait.rest_points, key=lambda p: sum(p.params))
    assert (corner.params, corner.stability) == ((-20.0, -20.0), "stable")
    assert np.abs(portrait.field.gradient[0, 0]).max() < 1e-9
    assert portrait.index_sum == 1


def test_gradients_lost_to_saturation_are_reported():
    portrait = portrait_of(PD, 0.5, 2000.0)
    assert any("lost in rounding" in note for note in portrait.notes)
    assert np.isnan(portrait.field.relative).any()
    assert all(abs(x) < 2000 for p in portrait.rest_points for x in p.params)


def test_portraits_are_plain_numbers_of_64_bits_whatever_the_setting():
    with jax.enable_x64(False):
        portrait = portrait_of(PD, 0.5, trajectories=2)
    assert portrait.field.gradient.dtype == portrait.trajectories[0].dtype == np.float64
    assert isinstance(portrait.field.relative, np.ndarray)
    assert portrait.rest_points[0].params == pytest.approx((math.log(2) / 1.5,) * 2, abs=1e-12)


def test_portraits_say_how_they_were_obtained():
    portrait = portrait_of(PD, 0.5)
    assert portrait.method == "numerical"
    for part in ("257×257", "can be missed", "4×4 starts", "10 steps of 0.1", "0 trajectories"):
        assert part in portrait.detail
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(portrait, "detail", "")  # noqa: B010


THREE = ParametricGame(from_catalogue("public_goods")(n=3, r=2.0), Logistic((2,) * 3, 0.5, 3.0))
ACTIONS = ParametricGame(NormalFormGame(np.zeros((2, 3, 2))), Logistic((3, 2), 0.5, 3.0))


@pytest.mark.parametrize(
    ("game", "settings", "message"),
    [
        (THREE, {}, "two players"),
        (ACTIONS, {}, "player 1 has 2 parameters"),
        (parametric(PD, 0.5, math.inf), {}, "set the semantics' bound"),
        (direct(np.ones((2, 2, 2)), [Box(0.0, 1.0), Box(0.5, 0.5)]), {}, "single point"),
        (parametric(PD, 0.5), {"resolution": 1}, "resolution=1"),
        (parametric(PD, 0.5), {"cells": 0}, "cells=0"),
        (parametric(PD, 0.5), {"trajectories": -1}, "trajectories=-1"),
    ],
)
def test_games_of_another_shape_and_settings_that_cannot_be_are_refused(game, settings, message):
    with pytest.raises(InputError, match=message) as caught:
        phase_portrait(game, **settings)
    assert "\n" not in str(caught.value)
