"""What theorems say of existence: every verdict against payoffs written out by hand."""

import math
import re
from typing import Any

import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from tests.reference import DONATION, PD, STAG_HUNT, family, normal_form, random_tensor

from glasshouse.analysis.equilibria.existence import continuity, existence
from glasshouse.analysis.equilibria.quasi_concavity import quasi_concavity_threshold
from glasshouse.analysis.equilibria.witness import Witness
from glasshouse.channels import Box
from glasshouse.errors import InputError
from glasshouse.families import AffineFamily, LogisticFamily
from glasshouse.games import NormalFormGame, RepeatedGame, catalogue
from glasshouse.parametric import ParametricGame
from glasshouse.semantics import Custom, Logistic
from glasshouse.study.words.equilibria import existence_words


def paid(payoffs, coupling, own, other):
    """The first player's payoff, in numbers of any kind with an exponential."""
    exp = mpmath.exp if isinstance(own, mpmath.mpf) else np.exp
    T, R, P, S = payoffs
    p, q = (1 / (1 + exp(-x)) for x in (own + coupling * other, other + coupling * own))
    return R * p * q + S * p * (1 - q) + T * (1 - p) * q + P * (1 - p) * (1 - q)


def dip_of(found) -> Witness:
    dip = found["quasi-concave"].witness
    assert dip is not None
    assert dip.kind == "dip"
    return dip


def own_points(dip):
    """Where the player that is paid less is, at the three profiles."""
    return [profile[dip.player] for profile in dip.profiles]


def switches(found) -> tuple[float, float]:
    assert found.holds is not None
    assert found.fails is not None
    return found.holds, found.fails


def deepest_dip(payoffs, coupling, bound=3.0):
    """How far below both sides the payoff falls anywhere, on a grid that is denser at bounds."""
    t = bound * np.cos(np.linspace(np.pi, 0, 1001))
    values = paid(payoffs, coupling, t[:, None], np.linspace(-bound, bound, 121))
    before = np.maximum.accumulate(values, axis=0)
    after = np.maximum.accumulate(values[::-1], axis=0)[::-1]
    return float((np.minimum(before, after) - values).max())


def test_the_prisoners_dilemma_has_a_mixed_equilibrium_and_perhaps_no_pure_one():
    found = existence(family(PD, 3.0)(0.5))
    assert (found.mixed, found.pure) == (True, None)
    assert [h.holds for h in found.hypotheses] == [False, True, True, True, True]
    dip = dip_of(found)
    (x,), (y,), (z,) = own_points(dip)
    ((other,),) = {profile[1 - dip.player] for profile in dip.profiles}
    with mpmath.workdps(40):
        u, v, w = (paid(PD, mpmath.mpf(0.5), mpmath.mpf(t), mpmath.mpf(other)) for t in (x, y, z))
        assert x < y < z
        assert min(u, w) - v > dip.amount * 0.999 > 0


@pytest.mark.parametrize("coupling", [0.02, 0.08, 0.9, 1.1])
def test_where_it_is_proved_no_grid_finds_a_dip(coupling):
    found = existence(family(PD, 3.0)(coupling))
    assert found["quasi-concave"].holds is True
    assert found.pure is True
    assert deepest_dip(PD, coupling) < 1e-14


def test_quasi_concavity_ends_and_begins_where_the_formula_says():
    pd = family(PD, 3.0)
    ends = switches(quasi_concavity_threshold(pd, tolerance=1e-3))
    begins = switches(quasi_concavity_threshold(pd, bracket=(0.5, 1.0), tolerance=0.02))
    assert ends[0] < ends[1] < ends[0] + 1e-3
    assert begins[1] < begins[0] < begins[1] + 0.02
    for holds, fails in (ends, begins):
        assert deepest_dip(PD, holds) < 1e-14
        assert deepest_dip(PD, fails + 2e-3 * np.sign(fails - holds)) > 1e-9

    # The first dip begins at t = M: ∂U/∂t = A(q) p(1-p) + κ B(p) q(1-q) = 0 there for some other.
    def slope(coupling, other, t=3.0):
        p, q = (1 / (1 + np.exp(-x)) for x in (t + coupling * other, other + coupling * t))
        return -(1 + q) * p * (1 - p) + coupling * (4 - p) * q * (1 - q)

    others = np.linspace(-3, 3, 1201)
    low, high = 0.0, 0.5
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if slope(middle, others).max() > 0 else (middle, high)
    assert ends[0] <= high + 1e-4
    assert low - 1e-4 <= ends[1]


def test_a_range_whose_ends_do_not_differ_is_said():
    found = quasi_concavity_threshold(family(PD, 3.0), bracket=(0.3, 0.5))
    assert found.value is None
    assert "at 0.3 they are not" in found.detail


def test_concave_and_convex_payoffs_of_the_affine_semantics():
    concave = existence(AffineFamily(normal_form(DONATION))(0.4))
    assert (concave.mixed, concave.pure) == (True, True)
    convex = existence(AffineFamily(normal_form(STAG_HUNT))(0.4))  # w(1 - w) D > 0
    assert (convex.mixed, convex.pure) == (True, None)
    assert dip_of(convex).amount > 0


def test_from_an_unbounded_box_nothing_follows():
    found = existence(LogisticFamily(normal_form(PD), bound=math.inf)(0.5))
    assert (found.mixed, found.pure) == (None, None)
    assert found["compact"].holds is False
    assert "player 1" in found["compact"].why


def test_without_reading_everything_holds_whatever_the_game():
    for game in (catalogue.matching_pennies(), catalogue.public_goods(n=3, r=2.0)):
        found = existence(LogisticFamily(game, bound=3.0)(0.0))
        assert (found.mixed, found.pure) == (True, True)


def test_several_parameters_are_refuted_by_points_halfway():
    game = NormalFormGame(random_tensor((3, 3), 1))
    found = existence(ParametricGame(game, Logistic((3, 3), 0.5, 3.0)))
    x, y, z = map(np.array, own_points(dip_of(found)))
    np.testing.assert_array_equal(y, (x + z) / 2)
    assert dip_of(found).amount > 0


@pytest.mark.parametrize("seed", range(3))
def test_witnesses_lie_in_the_box(seed):
    bound = 2.1  # no multiple of a power of two
    game = NormalFormGame(random_tensor((3, 3), seed))
    for played in (
        ParametricGame(game, Logistic((3, 3), 0.5, bound)),
        family(PD, bound)(0.5),
    ):
        dip = existence(played)["quasi-concave"].witness
        assert dip is None or np.abs(np.concatenate(own_points(dip))).max() <= bound


def stepping(params, seen):
    rounded = [(x + 2.0**52) - 2.0**52 for x in params]  # the same in real numbers
    return tuple(jnp.stack([1 / (1 + jnp.exp(-x)), 1 / (1 + jnp.exp(x))]) for x in rounded)


def test_floats_that_are_another_function_prove_nothing():
    semantics = Custom(stepping, (Box(-2.0, 2.0), Box(-2.0, 2.0)))
    found = existence(ParametricGame(normal_form(PD), semantics))
    assert found["continuous"].holds is None
    assert (found.mixed, found.pure) == (None, None)


def mirror(params, seen):
    logits = [params[i] + 0.3 * jnp.tanh(seen[i][1 - i]) for i in range(2)]
    return tuple(jnp.stack([1 / (1 + jnp.exp(-x)), 1 / (1 + jnp.exp(x))]) for x in logits)


def test_semantics_of_ones_own_are_read():
    semantics = Custom(mirror, (Box(-2.0, 2.0), Box(-2.0, 2.0)))
    found = existence(ParametricGame(normal_form(DONATION), semantics))
    assert found["continuous"].holds is True
    assert "step of its program" in found["continuous"].why
    assert found.mixed is True


def of_two(function, payoffs=PD):
    """The dilemma between players whose probabilities are a function of both numbers in ±2."""

    def behaviours(params, _):
        both = function(params[0][0], params[1][0])
        return tuple(jnp.stack([p, 1 - p]) for p in both)

    semantics = Custom(behaviours, [Box([-2.0], [2.0])] * 2)
    return ParametricGame(normal_form(payoffs), semantics)


def sigmoid(x):
    return 1 / (1 + jnp.exp(-x))


def steps(x):
    """A jump of x > 0 that is taken back by one of tanh x > 0."""
    return jnp.where(x > 0, 1.0, 2.0) - jnp.where(jnp.tanh(x) > 0, 1.0, 2.0)


JUMPING = {
    "where": lambda x, y: (jnp.where(x > 0.3, 0.2, 0.7), sigmoid(y)),
    "sign": lambda x, y: (0.5 + 0.2 * jnp.sign(x - y), sigmoid(y)),
    "at one point": lambda x, y: (jnp.where(x == 0.25, 0.9, 0.3), sigmoid(y)),
    "both": lambda x, y: (jnp.where((x > 0.3) & (y <= x), 0.2, sigmoid(x)), sigmoid(y)),
    "nested": lambda x, y: (sigmoid(jnp.where(x > 1, y, jnp.where(x > y, 0.3, -1.0))), sigmoid(y)),
    "of two alike": lambda x, y: (
        0.2 + 0.1 * jnp.where(x > 0.2, 1.0, 2.0) + 0.1 * jnp.where(x**3 > 0.008, 1.0, 2.0),
        sigmoid(y),
    ),
    "in one payoff": lambda x, y: (0.5 + 0 * x, jnp.where(x + y > 0.1, 0.3, 0.6)),
}
NOT_JUMPING = {
    "relu": lambda x, y: (sigmoid(jnp.where(x > 0, x, 0.0)), sigmoid(y)),
    "meeting": lambda x, y: (
        sigmoid(jnp.where(x * x > y * y, x * x - y * y, jnp.sin(x - y) * (x + y))),
        sigmoid(y),
    ),
    "nested": lambda x, y: (
        sigmoid(jnp.where(x > 1, 2 * x - 1, jnp.where(x > 0, jnp.sin(jnp.pi * x / 2), 0.0))),
        sigmoid(y),
    ),
    "times zero": lambda x, y: (sigmoid(x + (y - y) * jnp.sign(x)), sigmoid(y)),
    "times what is zero there": lambda x, y: (sigmoid(jnp.sin(x) * jnp.sign(x)), sigmoid(y)),
    "taken back": lambda x, y: (sigmoid(x + steps(x) * y), sigmoid(y)),
    "of one sign": lambda x, y: (jnp.where(x > 3.0, 0.2, sigmoid(x)), sigmoid(y)),
}


def paid_at(game, end):
    return np.asarray(game.payoffs(tuple(jnp.asarray(own) for own in end)))


@pytest.mark.parametrize("name", JUMPING)
def test_a_jump_is_shown_by_two_profiles_next_to_each_other(name):
    game = of_two(JUMPING[name])
    found = continuity(game)
    assert found.holds is False
    jump = found.witness
    assert jump is not None
    assert jump.kind == "jump"
    first, second = (paid_at(game, end) for end in jump.profiles)
    assert abs(first - second)[jump.player] > jump.amount * (1 - 1e-9) > 0.01
    apart = np.abs(np.subtract(*map(np.ravel, jump.profiles)))
    assert 0 < apart.max() < 1e-11


@pytest.mark.parametrize("name", NOT_JUMPING)
def test_where_branches_meet_no_jump_is_claimed(name):
    found = continuity(of_two(NOT_JUMPING[name]))
    assert found.holds is not False
    assert (found.holds is True) == (name in {"relu", "times zero", "of one sign"})


def test_a_jump_of_behaviour_that_nobody_is_paid_for_is_none():
    """Both are paid by the second player's action alone, and the first one's jumps."""
    game = of_two(JUMPING["where"], payoffs=DONATION._replace(T=1.0, R=1.0, P=0.0, S=0.0))
    tensor = np.broadcast_to([1.0, 0.0], (2, 2, 2))
    game = ParametricGame(NormalFormGame(tensor, player_axis=0), game.semantics)
    assert continuity(game).holds is None
    nearly = NormalFormGame(tensor + 1e-3 * random_tensor((2, 2), 0), player_axis=0)
    assert continuity(ParametricGame(nearly, game.semantics)).holds is False


def test_a_jump_is_shown_on_a_box_without_bounds():
    semantics: Any = of_two(JUMPING["where"]).semantics
    boxes = [Box([-math.inf], [math.inf])] * 2
    game = ParametricGame(normal_form(PD), Custom(semantics.function, boxes))
    found = existence(game)
    assert [found[name].holds for name in ("continuous", "compact")] == [False, False]
    assert existence_words(found).endswith("since payoffs jump and a box is not bounded")


def test_hypotheses_have_one_shape_in_json():
    """Whether it is a jump or a dip that shows that one fails, or it does not fail."""
    game = of_two(JUMPING["where"])
    found = [continuity(game).to_dict()]
    found += existence(family(PD, 3.0)(0.5)).to_dict()["hypotheses"]
    assert {tuple(hypothesis) for hypothesis in found} == {("name", "holds", "why", "witness")}
    shown = [hypothesis["witness"] for hypothesis in found if hypothesis["witness"]]
    assert sorted(witness["kind"] for witness in shown) == ["dip", "jump"]
    assert len({tuple(witness) for witness in shown}) == 1
    for witness in shown:
        assert all(len(profile) == 2 for profile in witness["profiles"])


def test_what_is_shown_of_existence_can_be_read():
    shown = repr(existence(family(PD, 3.0)(0.5)))
    why = existence(family(PD, 3.0)(0.5))["quasi-concave"].why
    assert why in re.sub(r"'\s+'", "", shown)


def random_piecewise(rng, depth, meet):
    """A random function of x and y in pieces; continuous, if `meet`."""
    a, b, c = rng.integers(-4, 5, 3) / 4
    if depth == 0:
        return lambda x, y: a * x + b * y + c
    f, g = (random_piecewise(rng, depth - 1, meet) for _ in range(2))
    h = random_piecewise(rng, 0, meet)
    kinds = [
        lambda x, y: jnp.where(h(x, y) > 0, f(x, y) + h(x, y), f(x, y) + jnp.sin(h(x, y))),
        lambda x, y: jnp.where(f(x, y) < g(x, y), g(x, y), f(x, y)),
        lambda x, y: f(x, y) + jnp.tanh(g(x, y)) * h(x, y) * jnp.sign(h(x, y)),
        lambda x, y: f(x, y) + c * steps(h(x, y)),
        lambda x, y: jnp.where(h(x, y) > 0, f(x, y), g(x, y)),
        lambda x, y: f(x, y) + jnp.sign(h(x, y)) * g(x, y),
        lambda x, y: jnp.where((h(x, y) > 0) & (g(x, y) <= 0), f(x, y), jnp.sin(f(x, y))),
    ]
    return kinds[rng.integers(4) if meet else rng.integers(len(kinds))]


by_night = (pytest.param(seed, marks=pytest.mark.slow) for seed in range(6, 200))


@pytest.mark.parametrize("seed", [*range(6), *by_night])
def test_random_programs_jump_where_it_is_claimed(seed):
    """Continuous ones are never refuted; of others the payoffs next to each other differ."""
    rng = np.random.default_rng(seed)
    meet = bool(seed % 2)
    f, g = random_piecewise(rng, 2, meet), random_piecewise(rng, 1, meet)
    game = of_two(lambda x, y: (sigmoid(f(x, y)), sigmoid(g(x, y))))
    found = continuity(game)
    if found.holds is False:
        assert not meet
        jump = found.witness
        assert jump is not None
        first, second = (paid_at(game, end) for end in jump.profiles)
        assert abs(first - second)[jump.player] > jump.amount * (1 - 1e-6) - 1e-12
        assert np.abs(np.subtract(*map(np.ravel, jump.profiles))).max() < 1e-11


def test_other_games_are_refused():
    game = RepeatedGame(normal_form(PD), 0.5)
    with pytest.raises(InputError, match="played once"):
        existence(LogisticFamily(game, bound=3.0)(0.5))
    with pytest.raises(InputError, match="no hypothesis 'concave': choose from quasi-concave"):
        existence(family(PD, 3.0)(0.5))["concave"]
