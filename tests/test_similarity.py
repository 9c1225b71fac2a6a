"""Similarity-based cooperation: closed forms against deviations, brute force and certificates."""

import numpy as np
import pytest

import glasshouse as gh
from glasshouse.analysis import certify, deviation_curve
from glasshouse.channels import Box, Distance
from glasshouse.dynamics import Learning, Starts, learn, rest_residual
from glasshouse.errors import InputError
from glasshouse.games import NormalFormGame, Symmetric2x2
from glasshouse.semantics import Cutoff, Logistic
from glasshouse.study import run_study
from glasshouse.study.setting import check_study
from glasshouse.study.store import compute
from glasshouse.study.words.headlines import brief
from glasshouse.theory import similarity_deviation, similarity_range

PD = gh.load_game("prisoners_dilemma")
PD4 = NormalFormGame(Symmetric2x2(4.0, 3.5, 2.0, 0.0).tensor(), player_axis=0)


def similar(game, noise=1.0, bound=None):
    cutoff = Cutoff((2, 2), noise=noise, bound=noise if bound is None else bound)
    return gh.ParametricGame(game, cutoff, Distance())


@pytest.mark.parametrize("noise", [1.0, 3.0])
def test_behaviour_is_how_alike_one_is_beyond_ones_own_cutoff(noise):
    game = similar(PD, noise, 2 * noise)
    for first, second in [(0.3, 0.5), (1.7, 0.2), (1.4, 1.5), (0.9, 0.9), (0.0, 2.0)]:
        theta = np.array([first, second]) * noise
        expected = np.clip((theta - abs(theta[0] - theta[1])) / noise, 0, 1)
        mixes = game.behaviours(tuple(theta))
        found = [float(np.asarray(mixes[i])[0]) for i in range(2)]
        assert found == pytest.approx(expected, abs=1e-15)


def test_known_ranges_and_gains():
    """PD up to 2/3; (G+1, G, 1, 0) from G = 2 on; (4, 3.5, 2, 0) from 2/3 on."""
    assert similarity_range(PD).equilibria == pytest.approx((0.0, 2 / 3), abs=1e-15)
    assert similarity_deviation(PD, 0.75).gain == 1 / 128
    assert similarity_deviation(PD, 1.0).gain == 1 / 8
    for benefit, holds in ((1.9, False), (2.0, True), (5.0, True)):
        game = Symmetric2x2(benefit + 1, benefit, 1.0, 0.0)
        found = similarity_range(NormalFormGame(game.tensor(), player_axis=0))
        assert (found.equilibria is not None and found.equilibria[1] == 1.0) == holds


def test_a_local_test_says_too_much_where_cooperation_feeds_on_itself():
    """κ*(p) = (2 - 1.5 p)/(2 + 1.5 p) is ½ at p = 4/9, from where on no small deviation gains."""
    found = similarity_range(PD4)
    assert found.interaction == 1.5
    assert found.equilibria == pytest.approx((2 / 3, 1.0), abs=1e-15)
    assert found.local == pytest.approx((4 / 9, 1.0), abs=1e-15)
    assert similarity_deviation(PD4, 0.5).gain == 0.125
    game = similar(PD4)
    for level, gains in ((0.44, True), (0.45, False)):
        near = np.linspace(level - 1e-3, level + 1e-3, 21)
        curve = deviation_curve(game, (level, level), 0, near)
        assert (curve.max() > curve[10] + 1e-9) == gains
    assert gh.best_deviation(game, (0.5, 0.5), 0).gain == pytest.approx(0.125, abs=1e-12)


@pytest.mark.parametrize("level", [0.2, 0.6, 2 / 3, 0.75, 1.0])
@pytest.mark.parametrize("payoffs", [(5, 3, 1, 0), (4, 3.5, 2, 0), (3, 4, 2, 0), (4, 3, 1, 2)])
def test_best_deviations_are_those_of_a_fine_grid(payoffs, level):
    table = NormalFormGame(Symmetric2x2(*map(float, payoffs)).tensor(), player_axis=0)
    expected = similarity_deviation(table, level)
    grid = np.linspace(0.0, 1.0, 4001)
    distance = np.abs(grid - level)
    own, other = np.clip(grid - distance, 0, 1), np.clip(level - distance, 0, 1)
    T, R, P, S = payoffs
    paid = (
        own * other * R
        + own * (1 - other) * S
        + (1 - own) * other * T
        + (1 - own) * (1 - other) * P
    )
    now = level**2 * R + level * (1 - level) * (S + T) + (1 - level) ** 2 * P
    assert expected.gain == pytest.approx(max(0.0, paid.max() - now), abs=1e-6)
    inside = similarity_range(table).equilibria
    holds = inside is not None and inside[0] - 1e-12 <= level <= inside[1] + 1e-12
    assert holds == (expected.gain <= 1e-12)


@pytest.mark.parametrize(("payoffs", "level", "gain"), [(PD, 0.75, 1 / 128), (PD, 1.0, 1 / 8)])
def test_deviations_and_certificates_see_what_slopes_do_not(payoffs, level, gain):
    game = similar(payoffs)
    assert gh.best_deviation(game, (level, level), 0).gain == pytest.approx(gain, abs=1e-12)
    refuted = certify(game, (level, level), gain / 2)
    assert refuted.verdict == "refuted"


def test_no_cutoff_beyond_the_noise_is_an_equilibrium():
    """Leaving it by N/2 lowers one's own cooperation to 1/2, and the other's not at all."""
    assert gh.best_deviation(similar(PD, 1.0, 2.0), (1.5, 1.5), 0).gain >= 0.5 * (5 - 3)


def test_certificates_prove_levels_of_similarity():
    for game, level in ((PD, 0.625), (PD4, 0.75)):
        proof = certify(similar(game), (level, level), 1e-6)
        assert proof.verdict == "certified"
    assert certify(similar(PD4), (0.5, 0.5), 0.1).verdict == "refuted"


REFUSED = {
    "first_order_margin": lambda game: gh.first_order_margin(game, (0.5, 0.5)),
    "sensitivity": lambda game: gh.analysis.sensitivity(game, (0.5, 0.5)),
    "boundary_test": gh.boundary_test,
    "phase_portrait": gh.analysis.phase_portrait,
    "first_movement": lambda game: gh.first_movement(lambda noise: game),
    "attraction": lambda game: gh.analysis.attraction(game, (0.5, 0.5)),
    "flow": lambda game: gh.flow(game, params=(0.5, 0.3), time=1.0),
    "reached_rest_points": gh.analysis.reached_rest_points,
    "player_thresholds": lambda game: gh.analysis.player_thresholds(lambda noise: game),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_follows_derivatives_refuses_kinks(name):
    with pytest.raises(InputError, match="slopes of this game differ on either side where players"):
        REFUSED[name](similar(PD))


def test_an_assessment_says_that_first_movement_is_unknown_and_goes_on():
    learning = Learning(steps=20, starts=Starts(4))
    (found,) = gh.analysis.assess([similar(PD)], learning=learning)
    assert found.first_movement.direction == "unknown"
    assert np.isnan(found.first_movement.margin)
    assert (found.tied, found.boundary) == (None, None)
    assert found.generic is not None
    assert found.notes[0].startswith("no first movement: slopes of this game differ")


def test_no_cutoff_whatever_gains_where_a_level_is_an_equilibrium():
    """Random symmetric games; cutoffs to three times the noise; levels up to certainty."""
    cutoffs = np.linspace(0.0, 3.0, 3001)
    seen = set()
    for seed in range(40):
        payoffs = Symmetric2x2(*np.random.default_rng(seed).integers(-5, 6, 4).astype(float))
        table = NormalFormGame(payoffs.tensor(), player_axis=0)
        T, R, P, S = payoffs
        inside = similarity_range(table).equilibria
        for level in (0.25, 0.6, 1.0):
            apart = np.abs(cutoffs - level)
            own, other = np.clip(cutoffs - apart, 0, 1), np.clip(level - apart, 0, 1)
            paid = own * (other * R + (1 - other) * S) + (1 - own) * (other * T + (1 - other) * P)
            now = level * (level * R + (1 - level) * S) + (1 - level) * (
                level * T + (1 - level) * P
            )
            gain = max(0.0, paid.max() - now)
            assert similarity_deviation(table, level).gain == pytest.approx(gain, abs=1e-5)
            holds = inside is not None and inside[0] <= level <= inside[1]
            if not (inside and min(abs(level - end) for end in inside) < 1e-6 and level < 1):
                assert holds == (gain <= 1e-9), (payoffs, level)
            seen.add((level, holds))
    assert len(seen) == 6


def test_kinks_of_a_channel_are_those_of_any_semantics_behind_it():
    smooth = gh.ParametricGame(PD, Logistic((2, 2), -1.0, 3.0), Distance())
    with pytest.raises(InputError, match="where players' parameters agree: learn"):
        gh.first_order_margin(smooth, (0.0, 0.0))
    assert isinstance(gh.first_order_margin(gh.LogisticFamily(PD, 3.0)(0.2), (0.0, 0.0)), float)


def test_slopes_at_equal_parameters_are_the_mean_of_both_sides():
    game, h = similar(PD), 1e-6
    for level in (0.3, 0.7):
        found = game.selfish_gradients((level, level))
        for i in range(2):
            up, down = (
                float(game.payoffs((level + s, level) if i == 0 else (level, level + s))[i])
                for s in (h, -h)
            )
            assert float(found[i]) == pytest.approx((up - down) / (2 * h), abs=1e-5)


def test_nobody_is_said_to_rest_at_a_kink():
    game = similar(PD)
    assert float(rest_residual(game, (1.0, 1.0))) == np.inf
    assert float(rest_residual(game, (0.3, 0.5))) == np.inf
    learning = Learning(steps=50, starts=Starts(4))
    (found,) = gh.generic_outcomes([game], learning=learning)
    assert found.at_rest.count == 0
    with pytest.raises(InputError, match="players cannot be tied where slopes differ"):
        gh.Tied(game)


def test_all_equilibria_are_at_least_those_that_were_proved():
    found = gh.find_equilibria(similar(PD), budget=300)
    assert found.count == "at least"
    assert all(one.stable is None for one in found.points)
    assert all(one.params[0] == one.params[1] for one in found.points if one.symmetric)


def test_learners_apart_end_where_nobody_gains_or_are_not_at_rest():
    """From unlike starts in the dilemma: nobody ends at a level above 2/3."""
    learning = Learning(steps=4000, step_size=0.005, starts=Starts(16, seed=2, spread=0.2))
    ends = learn([similar(PD)], learning)
    theta = np.array([np.ravel(x) for x in ends.params])
    level = np.clip(theta - np.abs(theta[0] - theta[1]), 0, 1)
    assert level.max() <= 2 / 3 + 0.05


def test_coordinates_that_only_one_has_count_as_nothing_of_the_other():
    views = Distance().look((np.array(1.0), np.array([3.0, -2.0])), (Box(-5.0, 5.0),) * 2)
    assert np.asarray(views.seen[0][1]) == pytest.approx([2.0, 2.0])
    assert float(views.seen[1][0]) == 2.0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"actions": (3, 3)}, "two actions"),
        ({"actions": (2,)}, "at least two players"),
        ({"noise": 0.0}, "noise must be positive"),
        ({"bound": -1.0}, "bound must be positive"),
    ],
)
def test_cutoff_refuses_what_it_cannot_mean(settings, message):
    with pytest.raises(InputError, match=message):
        Cutoff(**{"actions": (2, 2), **settings})


def test_that_nobody_ever_cooperates_is_no_level_of_similarity():
    """2A(0) + B(0) = 0 and D < 0: small deviations gain at every level above 0."""
    table = NormalFormGame(Symmetric2x2(T=4.0, R=2.0, P=2.0, S=1.0).tensor(), player_axis=0)
    assert similarity_range(table).equilibria is None
    assert similarity_deviation(table, 0.01).gain > 0


def test_ranges_are_of_symmetric_games():
    with pytest.raises(InputError, match="symmetric game of two players"):
        similarity_range(gh.load_game("battle_of_the_sexes"))


STUDY = """
game.name = "prisoners_dilemma"
semantics = { kind = "cutoff", noise = 1.0, bound = 1.0 }
access.kind = "distance"
learning = { starts = 4, steps = 20 }
sweep."game.parameters.R" = [2.0, 3.0]
"""


def said_of_slopes(found):
    """What a computed study says of what slopes would tell."""
    assert set(found.column("first_movement").tolist()) == {"unknown"}
    assert np.isnan(found.column("first_movement_margin")).all()
    assert (found.predictions, found.portrait, found.slices) == (None, None, ())
    (together,) = [note for note in found.notes if "slopes of this game" in note]
    movement = next(x for x in found.claims if x.startswith("First movement"))
    assert "not known, for slopes of this game differ" in movement
    return together


def test_a_study_says_what_slopes_would_tell(tmp_path):
    quick = "analysis = { certify = false, outcomes = false, portrait = false }"
    (tmp_path / "alike.toml").write_text(STUDY + quick, "utf-8")
    found = compute(check_study(tmp_path / "alike.toml"))
    together = said_of_slopes(found)
    assert together.startswith("no first movement, no tied outcome, no boundary test and no switch")
    assert brief(found).endswith(": 2 points")
    both = STUDY + 'sweep."semantics.noise" = [1.0, 2.0]\n' + quick
    (tmp_path / "both.toml").write_text(both, "utf-8")
    assert "no boundary test" in said_of_slopes(compute(check_study(tmp_path / "both.toml")))


def test_a_study_of_kinks_is_computed_and_proved_to_its_report(tmp_path):
    """At R = 3 certainty is refuted by 1/8, as in the closed form."""
    (tmp_path / "alike.toml").write_text(STUDY, "utf-8")
    found = run_study(tmp_path / "alike.toml", tmp_path / "out")
    assert "and no phase portrait" in said_of_slopes(found)
    (corner,) = [point.certificate for point in found.certificates if point.corner]
    assert corner.verdict == "refuted"
    assert corner.worst.witness_gain == pytest.approx(1 / 8, abs=1e-12)
    assert "not known: slopes" in (tmp_path / "out" / "report.html").read_text("utf-8")
