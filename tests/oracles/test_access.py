"""What partial access, noise and misreports do: closed forms, and expectations by other means."""

import itertools
import math

import jax
import jax.numpy as jnp
import networkx as nx
import numpy as np
import pytest
from scipy.integrate import quad
from tests.reference import DONATION, PD, STAG_HUNT, THRESHOLDS, normal_form, sigmoid

from glasshouse.analysis import (
    certified_threshold,
    certify,
    critical_coupling,
    equilibrium_curve,
    equilibrium_threshold,
    first_movement_switch,
    first_order_margin,
    generic_outcomes,
)
from glasshouse.analysis.movement.first_order import cooperation_margin
from glasshouse.channels import (
    AbstractChannel,
    Box,
    Decoupled,
    Full,
    Mask,
    Misreport,
    Misreported,
    Noisy,
    OneSided,
    Probabilistic,
)
from glasshouse.dynamics import Learning, Starts, batch_map, run
from glasshouse.dynamics.batch import stack
from glasshouse.errors import InputError
from glasshouse.families import AffineFamily, LinearFamily, LogisticFamily
from glasshouse.games import GlobalPublicGoods, NormalFormGame, Symmetric2x2, catalogue
from glasshouse.parametric import NetworkParametricGame, ParametricGame, Tied
from glasshouse.rules import Gradient
from glasshouse.semantics import Affine, Custom, Linear, Logistic, Reading
from glasshouse.theory import access_threshold, access_thresholds, diagonal, thresholds

GAMES = ["pd", "stag hunt"]


def family(name, channel):
    game = normal_form(THRESHOLDS[name].payoffs)
    return lambda coupling: ParametricGame(game, Logistic((2, 2), coupling), channel)


def shares(fraction, size=4):
    return Mask(np.arange(size) < fraction * size)


def both_switches(games):
    """Where the derivative turns, and where learning for a short while raised cooperation."""
    first = first_movement_switch(games, bracket=(0.0, 4.0))
    learned = critical_coupling(
        games, bracket=(0.0, 4.0), learning=Learning(steps=20, step_size=0.01)
    )
    return first.value, learned.value


@pytest.mark.parametrize("name", GAMES)
@pytest.mark.parametrize(
    "channel",
    [
        Probabilistic(0.7),
        Probabilistic(0.25),
        Noisy(1.5),
        Misreport(2.0),
        Decoupled(),
        OneSided((0,)),
    ],
    ids=repr,
)
def test_thresholds_of_access_are_the_closed_forms(name, channel):
    expected = access_threshold(channel, normal_form(THRESHOLDS[name].payoffs)).value
    first, learned = both_switches(family(name, channel))
    assert first == pytest.approx(expected, abs=1e-6)
    assert learned == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("name", GAMES)
@pytest.mark.parametrize("fraction", [0.25, 0.5, 1.0])
def test_hidden_coordinates_raise_the_threshold_as_predicted(name, fraction):
    channel, direction = shares(fraction, 8), np.ones(8) / 8
    game = normal_form(THRESHOLDS[name].payoffs)
    expected = access_threshold(channel, game, direction).value
    first, learned = both_switches(LinearFamily(game, direction, channel=channel))
    assert first == pytest.approx(expected, abs=1e-6)
    assert learned == pytest.approx(expected, abs=1e-3)


PUBLISHED = {
    "λ = 0.7": (Probabilistic(0.7), 0.612245),
    "misreport": (Misreport(2.0), 0.341595),
    "decoupled": (Decoupled(), 0.654654),
    "half of the coordinates": (shares(0.5), 0.683190),
    "noise": (Noisy(3.0), 0.428571),
    "full": (Full(), 0.428571),
}
"""Of the prisoner's dilemma, κ* = 3/7, in 40 digits by hand and rounded."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_thresholds_of_the_prisoners_dilemma_are_the_published_numbers(name):
    channel, expected = PUBLISHED[name]
    direction = np.ones(4) / 4 if isinstance(channel, Mask) else None
    found = access_threshold(channel, normal_form(PD), direction)
    assert found.value == pytest.approx(expected, abs=1e-6)
    assert found.reason == ""


def test_one_sided_access_costs_as_much_as_half_of_the_coordinates():
    """2A + κ (A+B) + κ² B in both cases: 4A + … with everything halved."""
    for name in GAMES:
        game = normal_form(THRESHOLDS[name].payoffs)
        full = float(THRESHOLDS[name].neutral)
        expected = np.roots([1.0, 1 - full, -2 * full]).max()
        for channel, direction in ((OneSided((1,)), None), (shares(0.5), np.ones(4))):
            found = access_threshold(channel, game, direction).value
            assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "channel",
    [
        Full(),
        Probabilistic(0.6),
        Noisy(1.0),
        OneSided((2,)),
        OneSided((0, 3)),
        OneSided((3, 1, 0)),
        OneSided((3, 2, 1, 0)),
        Misreport(0.5),
        Decoupled(),
        Mask((np.array(True), np.array(False), np.array(False), np.array(True))),
    ],
    ids=repr,
)
def test_thresholds_with_four_players_are_where_the_margin_turns(channel):
    """The group of a public goods game; drawn noise moves its threshold by some 1e-5."""
    game = catalogue.public_goods(n=4, r=2.0)

    def games(coupling):
        return ParametricGame(game, Logistic(game.actions, coupling), channel)

    expected = access_threshold(channel, game).value
    found = first_movement_switch(games, bracket=(0.0, 3.0), points=16).value
    near = 1e-4 if isinstance(channel, Noisy) else 1e-8
    assert found == pytest.approx(expected, abs=near)


def test_masks_that_differ_between_owners_count_by_their_mean():
    direction = np.array([1.0, -0.5, 2.0])
    visible = (np.array([True, False, True]), np.array([True, False, False]))
    game = normal_form(PD)
    found = access_threshold(Mask(visible), game, direction).value
    measured = first_movement_switch(
        lambda k: ParametricGame(game, Linear((2, 2), k, direction), Mask(visible)),
        bracket=(0.0, 2.0),
    ).value
    assert measured == pytest.approx(found, abs=1e-8)


PARTIAL = [Probabilistic(0.5), OneSided((0,)), Misreport(1.0), Decoupled(), Noisy(0.5)]


@pytest.mark.parametrize("channel", PARTIAL, ids=repr)
@pytest.mark.parametrize(
    "payoffs",
    [
        {"T": 3.0, "R": 4.0, "P": 1.0, "S": 2.0},  # A > 0, B > 0: everywhere
        {"T": 1.0, "R": 2.0, "P": 3.0, "S": 4.0},  # A > 0, B < 0: the inequality reverses
        {"T": 4.0, "R": 1.0, "P": 3.0, "S": 2.0},  # A < 0, B > 0: late
        {"T": 2.0, "R": 1.0, "P": 4.0, "S": 3.0},  # A < 0, B < 0: nowhere
        {"T": 4.0, "R": 3.0, "P": 1.0, "S": 2.0},  # A = 0, B > 0: chicken
    ],
    ids=str,
)
def test_where_there_is_no_threshold_the_reason_is_true(payoffs, channel):
    """At couplings from 0 on, by the derivative at 33 of them."""
    game = NormalFormGame(Symmetric2x2(**payoffs).tensor())
    found = access_threshold(channel, game)
    couplings = np.linspace(0.0, 8.0, 33)
    games = [ParametricGame(game, Logistic((2, 2), k), channel) for k in couplings]
    rises = (batch_map(cooperation_margin, stack(games)) > 1e-12).tolist()
    if found.value is not None:
        assert rises == [bool(k > found.value + 1e-9) for k in couplings]
    elif "every" in found.reason:
        assert all(rises)
    elif "no coupling" in found.reason:
        assert not any(rises)
    else:
        below = float(found.reason.rpartition(" ")[2])
        assert "reverses" in found.reason
        assert rises == [bool(k < below) for k in couplings]


def test_access_that_learning_cannot_feel_has_no_threshold():
    found = access_thresholds(normal_form(PD))
    named = {kind.access: kind.threshold for kind in found.kinds}
    for kind in ("quantised access", "delayed access"):
        assert named[kind].value is None
        assert "cross gradient is zero" in named[kind].reason
    assert named["full access"].value == pytest.approx(3 / 7)
    assert "0.428571" in repr(found)
    assert all(kind.method == "closed form" for kind in found.kinds)


class Unknown(AbstractChannel):
    """A channel that nobody has derived anything for."""

    stays_in_boxes = True

    def check(self, boxes):
        return

    def spaces(self, boxes):
        return boxes

    def played(self, params):
        return params

    def look(self, params, boxes):
        return Full().look(params, boxes)

    @classmethod
    def example(cls, boxes):
        return cls()


def test_channels_without_a_closed_form_say_so_and_are_measured():
    unknown = LogisticFamily(catalogue.prisoners_dilemma(), 3.0, channel=Unknown())
    with pytest.raises(InputError, match="no closed form is known for access by Unknown"):
        unknown.closed_form()
    assert first_movement_switch(unknown).value == pytest.approx(3 / 7, abs=1e-8)


@pytest.mark.parametrize("channel", PARTIAL, ids=repr)
def test_families_know_their_channel(channel):
    """What is known of full access alone is refused, and the rest is about the channel."""
    game = catalogue.prisoners_dilemma()
    family = LogisticFamily(game, 3.0, channel=channel)
    found = family.closed_form()
    assert found.neutral.value == access_threshold(channel, game).value
    assert "not known under partial access" in found.defection.reason
    assert found.cooperation.value is found.defection.value is None
    assert first_movement_switch(family).value == pytest.approx(found.neutral.value, abs=1e-8)
    assert not family.has_closed_forms
    with pytest.raises(InputError, match="certified under full access only"):
        certified_threshold(family)
    with pytest.raises(InputError, match="full access"):
        equilibrium_curve(family, (1.0,))
    full = LogisticFamily(game, 3.0)
    assert full.has_closed_forms
    assert full.closed_form() == thresholds(game)


def test_the_equilibrium_threshold_is_that_of_the_access():
    """Seen with probability 0.9, the corner of M = 3 is an equilibrium later than at 0.8705."""
    game = catalogue.prisoners_dilemma()
    full, partial = (
        equilibrium_threshold(LogisticFamily(game, 3.0, channel=channel), tolerance=1e-6)
        for channel in (Full(), Probabilistic(0.9))
    )
    assert full.value == pytest.approx(0.870467371354, abs=1e-5)
    assert partial.holds == "nowhere"  # however strongly, it is read nine times in ten at most


@pytest.mark.parametrize("channel", [Probabilistic(0.5), OneSided((0,)), Decoupled()], ids=repr)
def test_the_weights_of_the_affine_semantics_follow_from_the_couplings(channel):
    """w counts like κ = w/(1-w): measured, not restated."""
    family = AffineFamily(catalogue.prisoners_dilemma(), channel)
    found = family.closed_form().neutral.value
    measured = first_movement_switch(family).value
    assert measured == pytest.approx(found, abs=1e-8)


def test_misreports_of_probabilities_are_refused():
    with pytest.raises(InputError, match="may lie outside"):
        AffineFamily(catalogue.prisoners_dilemma(), Misreport(0.5))


def test_linear_families_have_the_thresholds_of_logistic_ones():
    game = catalogue.prisoners_dilemma()
    linear = LinearFamily(game, [1.0, 2.0], 3.0)
    assert linear.closed_form().neutral == thresholds(game).neutral
    assert "linear semantics" in linear.closed_form().conditions
    assert first_movement_switch(linear).value == pytest.approx(3 / 7, abs=1e-8)
    hidden = LinearFamily(game, [1.0, 2.0], 3.0, Mask(np.array([True, False])))
    expected = np.roots([0.2, 0.2 * (1 - 3 / 7), -3 / 7]).max()  # f = 1/(1+4)
    assert hidden.closed_form().neutral.value == pytest.approx(expected, abs=1e-12)
    with pytest.raises(InputError, match="entry for each of the 2 coordinates"):
        access_threshold(Mask(np.array([True])), game, [1.0, 2.0])
    with pytest.raises(InputError, match="direction"):
        LinearFamily(game, [0.0, 0.0])


def test_starts_that_are_numbers_do_not_fit_several_parameters():
    game = family("pd", Misreport(1.0))(0.5)
    with pytest.raises(InputError, match="player 1 has 2 parameters: draw normal starts"):
        generic_outcomes([game], learning=Learning(starts=Starts(profiles=((0.0, 0.0),)), steps=1))


def test_who_sees_nothing_never_cooperates_first():
    nothing = family("pd", Probabilistic(0.0))
    assert first_movement_switch(nothing).holds == "nowhere"


def test_being_read_gives_the_incentive_and_reading_gives_none():
    """The first player reads the second: only the second's gradient contains the coupling."""
    game = normal_form(DONATION)
    for coupling in (0.2, 0.5, 1.2):
        one_sided = ParametricGame(game, Logistic((2, 2), coupling), OneSided((0,)))
        reader, read = one_sided.selfish_gradients(one_sided.neutral())
        # A = -c and B = b at every p of the donation game, v = 1/4.
        assert float(reader) == pytest.approx(-1 / 4, abs=1e-15)
        assert float(read) == pytest.approx((-1 + coupling * 3) / 4, abs=1e-15)


def test_the_reader_follows_though_its_own_parameter_falls():
    """Donation, b = 3, c = 1: the reader's p rises from coupling (1+√13)/6 on, its θ falls."""
    switch = (1 + math.sqrt(13)) / 6
    game = normal_form(DONATION)

    def reader(coupling):
        one_sided = ParametricGame(game, Logistic((2, 2), coupling), OneSided((0,)))
        end = run(one_sided, Gradient(), steps=20, step_size=0.01).params
        return float(end[0]), float(one_sided.cooperation(end)[0])

    for coupling, rises in ((switch - 1e-3, False), (switch + 1e-3, True)):
        theta, p = reader(coupling)
        assert theta < 0
        assert (p > 0.5) is rises


def test_one_sided_access_is_a_one_sided_coupling():
    game, matrix = normal_form(PD), np.array([[0.0, 0.8], [0.0, 0.0]])
    channel = ParametricGame(game, Logistic((2, 2), 0.8), OneSided((0,)))
    coupling = ParametricGame(game, Logistic((2, 2), matrix))
    params = (jnp.asarray(0.3), jnp.asarray(-0.9))
    assert np.allclose(
        channel.cooperation(params), coupling.cooperation(params), rtol=0, atol=1e-15
    )


@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_behaviour_is_the_expectation_over_who_is_seen(probability):
    """Three players: every reader's four views, weighted by hand."""
    matrix = np.array([[0.0, 0.7, -0.4], [0.2, 0.0, 1.3], [-0.9, 0.5, 0.0]])
    theta = np.array([0.4, -1.1, 0.8])
    game = ParametricGame(
        NormalFormGame(np.zeros((3, 2, 2, 2))),
        Logistic((2,) * 3, matrix),
        Probabilistic(probability),
    )
    found = np.asarray(game.cooperation(tuple(map(jnp.asarray, theta))))
    for i in range(3):
        others = [j for j in range(3) if j != i]
        expected = 0.0
        for seen in itertools.product((0, 1), repeat=2):
            chance = math.prod(probability if s else 1 - probability for s in seen)
            logit = theta[i] + sum(
                s * matrix[i, j] * theta[j] for s, j in zip(seen, others, strict=True)
            )
            expected += chance * float(sigmoid(logit))
        assert found[i] == pytest.approx(expected, abs=1e-14)


def expected_sigmoid(mean, deviation, of=sigmoid):
    """E of(mean + deviation z) over z from N(0, 1), by adaptive quadrature."""

    def integrand(z):
        return math.exp(-z * z / 2) / math.sqrt(2 * math.pi) * float(of(mean + deviation * z))

    middle = float(np.clip(-mean / deviation, -12, 12)) if deviation else 0.0
    return quad(integrand, -12, 12, points=[middle], epsabs=1e-12, limit=400)[0]


def slope(x):
    return sigmoid(x) * (1 - sigmoid(x))


@pytest.mark.parametrize(("noise", "off"), [(0.5, 1e-12), (8.0, 1e-6), (16.0, 1e-3)])
@pytest.mark.parametrize("own", [0.0, -1.3, 7.0])
def test_integrated_noise_is_as_exact_as_documented(own, noise, off):
    """Probabilities and their derivatives in one's own logit, κσ being `noise`."""
    game = ParametricGame(normal_form(PD), Logistic((2, 2), 0.5), Noisy(2 * noise))
    other = jnp.asarray(0.4)
    p, derivative = jax.value_and_grad(lambda x: game.cooperation((x, other))[0])(own)
    assert float(p) == pytest.approx(expected_sigmoid(own + 0.2, noise), abs=off)
    assert float(derivative) == pytest.approx(expected_sigmoid(own + 0.2, noise, slope), abs=off)


@pytest.mark.parametrize(("noise", "off"), [(0.5, 1e-12), (2.0, 1e-6), (4.0, 1e-3)])
@pytest.mark.parametrize("second", [-1.0, 0.1])
def test_noise_in_two_numbers_is_as_exact_as_documented(second, noise, off):
    """Noise of κ_12 σ and κ_13 σ together is noise of the root of their squares."""
    coupling = np.array([[0.0, 1.0, second], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    game = ParametricGame(
        NormalFormGame(np.zeros((3, 2, 2, 2))), Logistic((2,) * 3, coupling), Noisy(noise)
    )
    others = (jnp.asarray(0.7), jnp.asarray(-0.4))
    for own in (0.0, 2.5, 3.0, 3.4):
        p, derivative = jax.value_and_grad(lambda x: game.cooperation((x, *others))[0])(own)
        mean, deviation = own + 0.7 - 0.4 * second, noise * math.hypot(1.0, second)
        assert float(p) == pytest.approx(expected_sigmoid(mean, deviation), abs=off)
        exact = expected_sigmoid(mean, deviation, slope)
        assert float(derivative) == pytest.approx(exact, abs=off)


@pytest.mark.parametrize(("scale", "off"), [(0.0, 1e-14), (0.5, 1e-13), (5.0, 1e-12), (20.0, 1e-4)])
def test_behaviour_is_the_expectation_over_noise(scale, off):
    game = ParametricGame(normal_form(PD), Logistic((2, 2), 0.8), Noisy(scale))
    theta = (jnp.asarray(0.7), jnp.asarray(-1.2))

    def expected(own, other):
        def density(z):
            return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

        return quad(
            lambda z: density(z) * float(sigmoid(own + 0.8 * (other + scale * z))),
            -12,
            12,
            epsabs=1e-13,
            limit=200,
        )[0]

    found = game.cooperation(theta)
    assert float(found[0]) == pytest.approx(expected(0.7, -1.2), abs=off)
    assert float(found[1]) == pytest.approx(expected(-1.2, 0.7), abs=off)


def test_drawn_noise_has_mean_zero_and_is_its_own_for_each_reader():
    """A semantics that is linear in what is seen tells how the draws are distributed."""
    size, draws = 3, 4096

    def shown(params, seen):
        return tuple(
            jnp.stack([0.5 + 0.01 * seen[i][1 - i].sum(), 0.5 - 0.01 * seen[i][1 - i].sum()])
            for i in range(2)
        )

    boxes = [Box(-np.ones(size), np.ones(size))] * 2
    channel = Noisy(1.0, draws=draws, seed=7)
    game = ParametricGame(normal_form(PD), Custom(shown, boxes), channel)
    params = (jnp.zeros(size), jnp.full(size, 0.2))
    exact = ParametricGame(normal_form(PD), Custom(shown, boxes)).cooperation(params)
    assert np.allclose(game.cooperation(params), exact, rtol=0, atol=1e-14)
    views = channel.look(params, tuple(boxes))
    first, second = (np.asarray(views.seen[i][1 - i]) for i in range(2))
    assert first.shape == (draws, size)
    assert np.allclose(first.std(axis=0), 1.0, atol=0.05)
    correlation = np.corrcoef(first.ravel(), second.ravel())[0, 1]
    assert abs(correlation) < 0.05


def test_offsets_stay_within_the_budget_and_are_shown_to_others_only():
    game = ParametricGame(normal_form(PD), Logistic((2, 2), 0.5, 3.0), Misreport(0.25))
    end = run(game, Gradient(), steps=500, step_size=0.5).params
    assert all(abs(float(own.offset)) <= 0.25 for own in end)
    p = sigmoid(float(end[0].played) + 0.5 * float(end[1].played + end[1].offset))
    assert float(game.cooperation(end)[0]) == pytest.approx(float(p), abs=1e-14)
    zero = jnp.asarray(0.0)
    with pytest.raises(InputError, match="outside its box"):
        run(game, params=(Misreported(zero, jnp.asarray(0.3)),) * 2, steps=1, step_size=0.1)
    assert isinstance(Tied(game).spaces[0].upper, Misreported)


def test_players_learn_to_show_more_good_will_than_they_play():
    game = ParametricGame(normal_form(STAG_HUNT), Logistic((2, 2), 0.5, 3.0), Misreport(3.0))
    end = run(game, Gradient(), steps=300, step_size=0.1).params
    assert all(float(own.offset) > 0.1 for own in end)


def test_certificates_and_closed_forms_know_the_channel():
    game = normal_form(PD)
    full = ParametricGame(game, Logistic((2, 2), 0.9, 3.0))
    partial = ParametricGame(game, Logistic((2, 2), 0.9, 3.0), Probabilistic(0.9))
    corner = tuple(box.upper for box in full.spaces)
    assert certify(full, corner, 1e-3).verdict == "certified"
    refuted = certify(partial, corner, 1e-3)
    assert refuted.verdict == "refuted"
    witness = jnp.asarray(refuted.worst.witness[0])
    gain = partial.payoffs((witness, corner[1]))[0] - partial.payoffs(corner)[0]
    assert float(gain) == pytest.approx(refuted.worst.witness_gain, abs=1e-12)
    with pytest.raises(InputError, match="full access"):
        certify(partial, corner, 1e-3, couplings=(0.0, 1.0))
    with pytest.raises(InputError, match="full access"):
        diagonal(partial)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: Probabilistic(1.2), "probability must lie between 0 and 1, but is 1.2"),
        (lambda: Probabilistic(-0.1), "probability"),
        (lambda: Probabilistic(np.nan), "probability"),
        (lambda: Probabilistic(np.array([0.1, 0.2])), "single number"),
        (lambda: Noisy(-1.0), "scale must be finite and at least 0"),
        (lambda: Noisy(1.0, draws=3), "even"),
        (lambda: Noisy(1.0, seed=np.array(0.5)), "seed=array.0.5. must be a whole number"),
        (lambda: Noisy(1.0, seed=-1), "seed=-1 must be a whole number"),
        (lambda: OneSided((True,)), "each of readers=True must be a whole number"),
        (lambda: OneSided((np.array(0.5),)), "each of readers=array.0.5. must be a whole number"),
        (lambda: Mask([[True], [True, False]]), "rows of equal lengths"),
        (lambda: access_thresholds(normal_form(PD), share=np.array("a")), "share must be a number"),
        (lambda: access_thresholds(normal_form(PD), share=1.5), "share must lie between 0 and 1"),
        (lambda: Misreport(np.inf), "budget"),
        (lambda: Misreport(0.0), "budget must be positive"),
        (lambda: OneSided((0, 0)), "different players"),
        (lambda: OneSided((-1,)), "each of readers=-1 must be a whole number from 0 on"),
        (lambda: Mask(np.array([0.0, 1.0])), "True or False"),
    ],
)
def test_channels_that_cannot_be_are_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        wrong()


@pytest.mark.parametrize(
    ("channel", "message"),
    [
        (OneSided((2,)), "players are counted from 0 to 1"),
        (Mask(np.array([True, False])), "mask of player 1 has shape"),
        (Mask((np.array(True),)), "mask is for 1 player"),
    ],
)
def test_channels_that_do_not_fit_a_game_are_refused(channel, message):
    with pytest.raises(InputError, match=message):
        ParametricGame(normal_form(PD), Logistic((2, 2), 0.5), channel)


def test_readers_may_be_one_number_or_an_array_of_them():
    for readers in (0, np.int64(0), np.array([0]), [0], (0,)):
        channel = OneSided(readers)
        assert channel.readers == (0,)
        assert type(channel.readers[0]) is int


@pytest.mark.parametrize(
    "direction", [[0.0, 0.0], [1.0, np.nan], np.ones((1, 2)), np.array(["a", "b"]), 1.0]
)
def test_directions_that_cannot_be_are_refused(direction):
    for channel in (Mask(np.array([True, False])), Full()):
        with pytest.raises(InputError, match="direction"):
            access_threshold(channel, normal_form(PD), direction)


def test_the_length_of_a_direction_does_not_matter():
    game, channel = normal_form(PD), Mask(np.array([True, False]))
    expected = access_threshold(shares(0.5), game, np.ones(4)).value
    for length in (1e-200, 1e200):
        found = access_threshold(channel, game, [length, length]).value
        assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("size", "drawn"), [(1, False), (2, False), (3, True)])
def test_conditions_say_when_noise_is_drawn(size, drawn):
    """A reader of two players sees one owner: as many noisy numbers as there are coordinates."""
    family = LinearFamily(catalogue.prisoners_dilemma(), [1.0] * size, 5.0, Noisy(2.0))
    views = family(0.5).channel.look(family(0.5).neutral(), family(0.5).semantics.spaces)
    assert views.weights is not None
    assert (len(views.weights) == 256) is drawn
    assert ("draws in its place" in family.closed_form().conditions) is drawn


def test_misreport_thresholds_are_for_offsets_within_the_budget():
    """A budget of 1e-3 is used up at once: from then on learning is that of full access."""
    game = catalogue.prisoners_dilemma()
    family = LogisticFamily(game, 3.0, channel=Misreport(1e-3))
    assert "as long as no offset has reached the budget" in family.closed_form().conditions
    (kind,) = [k for k in access_thresholds(game).kinds if k.access.startswith("reports off")]
    assert "as long as no offset has reached the budget" in kind.conditions
    late = critical_coupling(
        family, bracket=(0.0, 1.0), learning=Learning(steps=1000, step_size=0.1)
    ).value
    assert late == pytest.approx(3 / 7, abs=2e-3)
    assert family.closed_form().neutral.value == pytest.approx(0.341595, abs=1e-6)


def test_more_drawn_numbers_than_fit_are_refused():
    size = 100_000

    def game(draws):
        return ParametricGame(
            normal_form(PD), Linear((2, 2), 0.5, np.ones(size)), Noisy(1.0, draws=draws)
        )

    with pytest.raises(InputError, match="take at most 334 draws") as refused:
        game(336)
    assert "\n" not in str(refused.value)
    assert game(334).channel.to_dict()["draws"] == 334
    integrated = ParametricGame(normal_form(PD), Logistic((2, 2), 0.5), Noisy(1.0, draws=1 << 28))
    assert integrated.cooperation(integrated.neutral()).shape == (2,)


def test_one_mask_may_be_for_parameters_that_are_a_tuple():
    """Two arrays per player, the second hidden: not the masks of two players."""
    boxes = [Box((np.full(2, -3.0), np.full(3, -3.0)), (np.full(2, 3.0), np.full(3, 3.0)))] * 2

    def function(params, seen):
        logits = [params[i][0].sum() + sum(x.sum() for x in seen[i][1 - i]) for i in (0, 1)]
        return tuple(jnp.stack([jax.nn.sigmoid(x), jax.nn.sigmoid(-x)]) for x in logits)

    one = (np.array([True, False]), np.array([False, True, True]))
    params = tuple((jnp.arange(2.0) + k, 0.1 * jnp.arange(3.0) - k) for k in (0.3, -0.4))
    games = [
        ParametricGame(normal_form(PD), Custom(function, boxes), Mask(visible))
        for visible in (one, (one, one))
    ]
    for i, own in enumerate(params):
        other = params[1 - i]
        logit = own[0].sum() + other[0][0] + other[1][1:].sum()
        for game in games:
            found = float(game.cooperation(params)[i])
            assert found == pytest.approx(float(sigmoid(logit)), abs=1e-14)
    with pytest.raises(InputError, match="mask of player 1"):
        ParametricGame(normal_form(PD), Custom(function, boxes), Mask(one[::-1]))


def test_too_many_views_are_refused():
    players = 12
    game = NormalFormGame(np.zeros((players, *(2,) * players)))
    with pytest.raises(InputError, match="views"):
        ParametricGame(game, Logistic(game.actions, 0.1), Probabilistic(0.5))


def wrong_after(limit):
    """Player 2's probabilities are NaN once player 1's parameter has passed `limit`."""

    def function(params, seen):
        p = jax.nn.sigmoid(params[0])
        q = jax.nn.sigmoid(params[1]) + 0.0 * jnp.sqrt(limit - params[0])
        return jnp.stack([p, 1 - p]), jnp.stack([q, 1 - q])

    return ParametricGame(normal_form(PD), Custom(function, [Box(-np.inf, np.inf)] * 2))


def test_the_player_and_the_step_where_probabilities_fail_are_named():
    """θ_1 falls from 0.3 and player 2 breaks below 0.2: the steps are counted by hand."""
    boxes = [Box(np.array(-np.inf), np.array(np.inf))] * 2
    start = (jnp.asarray(0.3), jnp.asarray(0.0))

    def safe_at_zero(params, seen):
        p, q = (jax.nn.sigmoid(x) for x in params)
        rest = jnp.where((params[0] < 0.2) & (params[0] > 0.0), 0.6, 1.0)
        return jnp.stack([p, 1 - p]), jnp.stack([q, rest - q])

    broken = ParametricGame(normal_form(PD), Custom(safe_at_zero, boxes))
    theta, steps = 0.3, 0
    q = 0.0
    while theta >= 0.2:  # A(q) v of the payoffs (5, 3, 1, 0), nobody reading anybody
        a, b = (-2 * s - (1 - s) for s in (float(sigmoid(q)), float(sigmoid(theta))))
        v, w = (float(sigmoid(x) * (1 - sigmoid(x))) for x in (theta, q))
        theta, q, steps = theta + 0.05 * a * v, q + 0.05 * b * w, steps + 1
    solution = run(broken, Gradient(), start, steps=steps + 3, step_size=0.05, throw=False)
    assert solution.faults is not None
    assert solution.faults.tolist() == [-1, steps]
    with pytest.raises(RuntimeError, match=f"Player 2, after step {steps}: .* probabilities"):
        run(broken, Gradient(), start, steps=steps + 3, step_size=0.05)
    fine = run(broken, Gradient(), start, steps=steps - 1, step_size=0.05)
    assert fine.faults is not None
    assert fine.faults.tolist() == [-1, -1]


def test_nan_is_named_before_it_spreads():
    game = wrong_after(0.5)
    solution = run(
        game, Gradient(), (jnp.asarray(0.6), jnp.asarray(0.0)), steps=5, step_size=0.1, throw=False
    )
    assert solution.faults is not None
    assert solution.faults.tolist()[1] == 0
    with pytest.raises(RuntimeError, match="Player 2, at the start"):
        run(game, Gradient(), (jnp.asarray(0.6), jnp.asarray(0.0)), steps=5, step_size=0.1)


def test_what_may_leave_the_unit_interval_is_not_shown_to_affine_players():
    for channel in (Misreport(0.5), Noisy(0.1)):
        with pytest.raises(InputError, match="may lie outside"):
            ParametricGame(normal_form(PD), Affine((2, 2), 0.5), channel)


def test_whose_gradient_fails_is_named_though_others_read_it():
    """Both branches of a `where` are differentiated: player 2's gradient is NaN at the start."""

    def function(params, seen):
        p = jax.nn.sigmoid(params[0] + params[1])
        q = jax.nn.sigmoid(params[1] + jnp.where(params[1] < -1.0, jnp.sqrt(-1.0 - params[1]), 0.0))
        return jnp.stack([p, 1 - p]), jnp.stack([q, 1 - q])

    game = ParametricGame(normal_form(PD), Custom(function, [Box(-3.0, 3.0)] * 2))
    start = (jnp.asarray(0.1), jnp.asarray(0.2))
    with pytest.raises(RuntimeError, match="Player 2, at the start"):
        run(game, Gradient(), start, steps=5, step_size=0.1)
    with pytest.raises(InputError, match="the derivative is nan"):
        first_order_margin(game, start)


def test_probabilities_may_be_off_by_rounding():
    def function(params, seen):
        return tuple(jnp.stack([1 + 1e-12 * x, -1e-12 * x]) for x in params)

    game = ParametricGame(normal_form(PD), Custom(function, [Box(0.0, 1.0)] * 2))
    solution = run(game, Gradient(), steps=3, step_size=0.1)
    assert solution.faults is not None
    assert solution.faults.tolist() == [-1, -1]


def test_players_whose_parameters_are_stacked_are_not_tied():
    game = GlobalPublicGoods(4, multiplier=2.0)
    reading = Reading.from_graph(nx.complete_graph(4))
    with pytest.raises(InputError, match="in one array"):
        Tied(NetworkParametricGame(game, reading))
