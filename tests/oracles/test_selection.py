"""What attracts, what is feasible and which equilibrium is selected, against formulas and grids."""

import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.reference import CHICKEN, PD, STAG_HUNT, family, normal_form, random_tensor

from glasshouse.analysis.equilibria.attraction import attraction
from glasshouse.analysis.equilibria.feasible import feasible_set
from glasshouse.analysis.equilibria.selection import selection
from glasshouse.dynamics import Learning, Starts, run
from glasshouse.errors import InputError
from glasshouse.games import NormalFormGame, catalogue
from glasshouse.rules import Lola

κ = 0.35


def diagonal(payoffs):
    """The mixed rest point on the diagonal, p*, and its parameter, by the formula."""
    T, R, P, S = payoffs
    D = R - S - T + P
    p = -((S - P) + κ * (T - P)) / ((1 + κ) * D)
    return p, math.log(p / (1 - p)) / (1 + κ)


def test_eigenvalues_on_the_diagonal_are_those_of_the_formulas():
    T, R, P, S = PD
    D, (p, theta) = R - S - T + P, diagonal(PD)
    v, B = p * (1 - p), p * (R - S) + (1 - p) * (T - P)
    symmetric = (1 + κ) ** 2 * D * v**2
    apart = -(1 - κ) * v * ((1 - κ) * D * v + 2 * κ * B * (1 - 2 * p))
    found = attraction(family(PD, 3.0)(κ), (theta, theta))
    assert found.flow == "stable"
    assert_allclose(np.sort(np.real(found.eigenvalues)), np.sort([symmetric, apart]), rtol=1e-10)
    assert_allclose(found.largest_step, 2 / max(-symmetric, -apart), rtol=1e-10)


def test_steps_below_the_largest_lead_there_and_steps_above_do_not():
    game, (_, theta) = family(PD, 3.0)(κ), diagonal(PD)
    largest = attraction(game, (theta, theta)).largest_step
    for share, attracts in ((0.97, True), (1.03, False)):
        near = (theta + 1e-4, theta - 2e-4)
        end = run(game, params=near, steps=400, step_size=share * largest).params
        assert (abs(float(end[0]) - theta) < 1e-5) == attracts


def test_corners_attract_at_every_step_size_and_saddles_at_none():
    game = family(STAG_HUNT, 3.0)(0.0)
    corner = attraction(game, (3.0, 3.0))
    assert (corner.flow, corner.eigenvalues, corner.largest_step) == ("stable", (), math.inf)
    middle = attraction(game, (math.log(2), math.log(2)))
    assert (middle.flow, middle.attracts, middle.largest_step) == ("saddle", False, 0.0)
    with pytest.raises(InputError, match="do not rest"):
        attraction(game, (0.1, 0.2))


def test_another_rule_rests_elsewhere_and_is_judged_by_its_own_direction():
    game = family(PD, 3.0)(0.5)
    end = run(game, Lola(5.0), (0.3, -0.2), steps=20_000, step_size=0.05).params
    found = attraction(game, end, rule=Lola(5.0))
    assert found.flow == "stable"
    with pytest.raises(InputError, match="do not rest"):
        attraction(game, end)


@pytest.mark.parametrize("seed", range(4))
def test_nobody_is_held_below_its_minimax_on_a_grid(seed):
    tensor = random_tensor((2, 3), seed)
    found = feasible_set(NormalFormGame(tensor))
    shares = np.linspace(0, 1, 401)
    first = np.stack([shares, 1 - shares])
    rows = np.einsum("ax,ab->xb", first, tensor[1]).max(axis=1).min()  # player 1 mixes
    assert rows - 0.01 <= found.minimax[1] <= rows + 1e-12
    triples = [x for x in itertools.product(shares[::4], repeat=2) if sum(x) <= 1]
    second = np.array([(p, q, 1 - p - q) for p, q in triples])
    columns = (second @ tensor[0].T).max(axis=1).min()
    assert columns - 0.05 <= found.minimax[0] <= columns + 1e-12


def test_the_feasible_set_of_the_prisoners_dilemma():
    found = feasible_set(normal_form(PD))
    assert found.minimax == (1.0, 1.0)
    assert found.payoffs is not None
    assert found.rational is not None
    assert set(found.payoffs) == {(0.0, 5.0), (1.0, 1.0), (5.0, 0.0), (3.0, 3.0)}
    corners = sorted(found.rational)  # where the lines from (3, 3) to (5, 0) and (0, 5) meet 1
    assert_allclose(corners, [(1, 1), (1, 13 / 3), (3, 3), (13 / 3, 1)], atol=1e-9)
    assert found.holds((1.0, 1.0))
    assert not found.holds((0.9, 3.0))


def test_feasible_sets_that_are_a_point_or_a_line_and_games_of_three():
    pennies = feasible_set(catalogue.rock_paper_scissors())
    assert_allclose(pennies.minimax, 0, atol=1e-12)
    assert pennies.rational is not None
    assert_allclose(pennies.rational, [(0, 0)] * len(pennies.rational), atol=1e-11)
    flat = feasible_set(NormalFormGame(np.zeros((2, 2, 2))))
    assert flat.payoffs == flat.rational == ((0.0, 0.0),)
    three = feasible_set(catalogue.public_goods(n=3, r=2.0))
    assert three.payoffs is None
    assert_allclose(three.minimax, 0, atol=1e-12)  # who gives nothing, while nobody does


def test_risk_dominance_is_that_of_the_formula_and_shares_are_of_all_starts():
    T, R, P, S = STAG_HUNT
    ends = [(3.0, 3.0), (-3.0, -3.0)]
    found = selection(family(STAG_HUNT, 3.0)(0.0), ends, learning=Learning(starts=Starts(60)))
    assert R - T < P - S  # so that hunting hares is less risky, and stags pay all more
    assert np.asarray(found.dominates).tolist() == [[False, False], [True, False]]
    assert found.ranks == (1, 2)
    counts = [share.count for share in found.shares]
    assert sum(counts) + found.elsewhere.count == 60
    assert counts[1] > counts[0] > 0


def test_ends_at_no_equilibrium_are_counted_apart():
    found = selection(family(CHICKEN, 3.0)(0.5), [(3.0, 3.0)], learning=Learning(starts=Starts(30)))
    assert found.elsewhere.value == 1.0
    with pytest.raises(InputError, match="players apart"):
        selection(family(PD)(0.5), [(0.0, 0.0)], learning=Learning(tied=True))
