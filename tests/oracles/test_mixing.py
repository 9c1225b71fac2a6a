"""Mixing along the coupling, and the bound as an action."""

import itertools

import numpy as np
import pytest

from glasshouse import InputError, LogisticFamily, NormalFormGame, load_game
from glasshouse.analysis.equilibria import bound_game, mixed_equilibrium, mixing_branch

GAME = load_game("prisoners_dilemma")
PD = LogisticFamily(GAME, bound=3.0)

ONSET, END = 0.324336039723, 0.870467371354
"""Where weight on 3 sets in, and κ_M, where it is all that is left."""


def payoff(a, b, coupling):
    """Of parameter a against b, by definition."""
    p, q = (1 / (1 + np.exp(-(x + coupling * y))) for x, y in ((a, b), (b, a)))
    return 3 * p * q + 5 * (1 - p) * q + (1 - p) * (1 - q)


def test_the_special_points_of_the_symmetric_branch():
    branch = mixing_branch(PD, [0.25, 0.35, 0.86, 0.88])
    onset, end = branch.turns
    assert onset.coupling == pytest.approx(ONSET, abs=1e-9)
    assert onset.rest == pytest.approx((-0.935939984208,), abs=1e-9)
    assert onset.atom == 3.0
    assert onset.sets_in
    assert end.coupling == pytest.approx(END, abs=1e-9)
    assert end.rest == (3.0,)
    assert not end.sets_in
    assert [len(mixture.atoms[0]) for mixture in branch.mixtures] == [1, 2, 2, 1]
    assert {mixture.verdict for mixture in branch.mixtures} == {"certified"}
    assert branch.mixtures[0].atoms[0] == (-3.0,)
    # At the onset, where nobody plays 3 yet, it pays as much as the atom that all play.
    theta = onset.rest[0]
    both = [payoff(x, theta, onset.coupling) for x in (3.0, theta)]
    assert both[0] == pytest.approx(both[1], abs=1e-12)
    # Where it ends, the atom that vanishes is the best deviation from (3, 3), and gains nothing.
    both = [payoff(x, 3.0, end.coupling) for x in (3.0, end.atom)]
    assert both[0] == pytest.approx(both[1], abs=1e-12)


def test_without_a_change_of_atoms_there_is_no_turn():
    assert mixing_branch(PD, [0.6, 0.7]).turns == ()


@pytest.mark.parametrize("couplings", [[0.5, 0.4], [0.5, 0.5], [], [[0.1, 0.2]]])
def test_couplings_that_do_not_rise_are_refused(couplings):
    with pytest.raises(InputError, match="rise"):
        mixing_branch(PD, couplings)


def by_brute_force(bounds, coupling):
    """Which pure choices of a bound are equilibria, from the table alone."""
    found = bound_game(GAME, coupling, bounds)
    table = found.payoffs
    pure = {
        (i, j)
        for i in range(len(bounds))
        for j in range(len(bounds))
        if table[0, i, j] >= table[0, :, j].max() and table[1, i, j] >= table[1, i].max()
    }
    return found, pure


@pytest.mark.parametrize(
    "bounds", [(1.0, 3.0), pytest.param((1.0, 2.0, 3.0, 5.0), marks=pytest.mark.slow)]
)
def test_at_a_coupling_of_seven_tenths_both_choose_the_least_expressive_program(bounds):
    """κ_M = .605, .780, .870, .936 for M = 1, 2, 3, 5: at .7 only (1, 1) cooperates for sure."""
    found, pure = by_brute_force(bounds, 0.7)
    assert found.verdict == "certified"
    assert pure == {(0, 0)}
    (one,) = found.equilibria
    least = tuple(float(bound == 1) for bound in bounds)
    assert one.weights == (least, least)
    assert one.regret < 1e-14
    assert one.payoffs[0] == pytest.approx(payoff(1.0, 1.0, 0.7), abs=1e-12)
    # Cells by definition: at equal bounds the mixtures of these bounds, elsewhere no better reply.
    assert found.mixtures[0][0].atoms == ((1.0,), (1.0,))
    same, three = mixed_equilibrium(PD(0.7)), bounds.index(3.0)
    assert found.payoffs[0, three, three] == pytest.approx(same.payoffs[0], abs=1e-12)
    for i, j in itertools.combinations(range(len(bounds)), 2):
        cell = found.mixtures[i][j]
        for player, own in ((0, bounds[i]), (1, bounds[j])):
            grid = np.linspace(-own, own, 2001)
            others = zip(cell.weights[1 - player], cell.atoms[1 - player], strict=True)
            paid = np.sum([w * payoff(grid, x, 0.7) for w, x in others], axis=0)
            assert paid.max() == pytest.approx(cell.payoffs[player], abs=1e-6)
            assert paid.max() <= cell.payoffs[player] + 1e-9
    assert np.array_equal(found.payoffs[0], found.payoffs[1].T)


@pytest.mark.slow
@pytest.mark.parametrize(("coupling", "chosen"), [(0.5, 0), (0.9, 2)])
def test_which_bound_is_chosen_at_other_couplings(coupling, chosen):
    found, pure = by_brute_force((1.0, 2.0, 3.0, 5.0), coupling)
    assert found.verdict == "certified"
    assert pure == {(chosen, chosen)}
    assert len(found.equilibria) == 1


@pytest.mark.parametrize("bounds", [[2.0, 1.0], [0.0, 1.0], list(range(1, 11)), [1.0, np.inf]])
def test_bounds_that_do_not_rise_are_refused(bounds):
    with pytest.raises(InputError, match="bounds must"):
        bound_game(GAME, 0.5, bounds)


def test_the_choice_of_bounds_is_one_of_two_players():
    three = NormalFormGame(np.zeros((3, 2, 2, 2)))
    with pytest.raises(InputError, match="two players"):
        bound_game(three, 0.5, [1.0, 2.0])
