"""Where generic starts end, against a table of simulated shares; Wilson's interval."""

import math

import numpy as np
import pytest
from tests.reference import COORDINATING_PD, DONATION, PD, STAG_HUNT, parametric

from glasshouse.analysis import generic_outcomes, wilson_interval
from glasshouse.dynamics import Learning, Starts
from glasshouse.errors import InputError

COUPLINGS = [0.3, 0.42, 0.5, 0.6, 0.7, 0.8]

SHARES = {
    "pd": (PD, ["0/0/1", "0/.92/.08", "0/1/0", "0/1/0", "0/1/0", "1/0/0"]),
    "donation": (DONATION, ["0/0/1", "0/1/0", ".01/.99/0", ".17/.83/0", "1/0/0", "1/0/0"]),
    "coordinating pd": (
        COORDINATING_PD,
        ["0/0/1", ".08/.34/.57", ".30/.27/.43", ".73/0/.27", ".83/0/.17", ".91/0/.09"],
    ),
    "stag hunt": (
        STAG_HUNT,
        [".60/0/.40", ".70/0/.30", ".74/0/.26", ".78/0/.22", ".81/0/.19", ".83/0/.17"],
    ),
}
"""Both cooperate / one exploits / both defect: N(0, 1) starts, 6000 steps of 0.1, bound 3."""

STARTS = 2000
TABLE_STARTS = 1000
"""At least so many starts are taken to lie behind the table, which does not say."""

ROUNDING = 0.005


def table_error(share):
    """How far a printed share may be from the truth: two digits, and 95 % of its own sampling."""
    return ROUNDING + 1.96 * math.sqrt(share * (1 - share) / TABLE_STARTS)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", sorted(SHARES))
def test_shares_of_generic_starts(name, seed):
    """The printed share lies in our Wilson interval widened by what the print may be off."""
    payoffs, printed = SHARES[name]
    games = [parametric(payoffs, coupling, 3.0) for coupling in COUPLINGS]
    for outcomes, cell in zip(
        generic_outcomes(games, learning=Learning(starts=Starts(STARTS, seed=seed))),
        printed,
        strict=True,
    ):
        found = (outcomes.cooperation, outcomes.exploitation, outcomes.defection)
        assert outcomes.not_finite == 0
        assert sum(share.count for share in found) == STARTS
        assert sum(share.count for share in outcomes.exploited) == outcomes.exploitation.count
        for share, value in zip(found, map(float, cell.split("/")), strict=True):
            low, high = share.interval
            assert low - table_error(value) <= value <= high + table_error(value)


def few(seed, games=1, **options):
    chosen = [parametric(PD, k, 3.0) for k in (0.5, 0.42, 0.8)[:games]]
    return generic_outcomes(
        chosen, learning=Learning(starts=Starts(100, seed=seed, **options), steps=300)
    )


def test_outcomes_are_a_function_of_the_seed():
    assert few(3) == few(3)
    assert few(3)[0].mean_cooperation != few(4)[0].mean_cooperation


def test_all_games_are_played_from_the_same_starts():
    both, alone = few(3, games=2)[0], few(3)[0]
    assert both.exploited == alone.exploited
    assert both.cooperation == alone.cooperation
    assert both.mean_cooperation == pytest.approx(alone.mean_cooperation, abs=1e-12)
    assert both.payoffs == pytest.approx(alone.payoffs, abs=1e-12)


def test_the_spread_of_starts_matters():
    assert few(3, spread=0.1)[0].mean_cooperation != few(3)[0].mean_cooperation


def test_given_starts_are_counted_by_who_ends_up_exploited():
    """PD at 0.5: the player who starts higher ends up cooperating alone."""
    starts = Starts(profiles=((1.0, -1.0), (1.5, -0.5), (-1.0, 1.0)))
    (outcomes,) = generic_outcomes([parametric(PD, 0.5, 3.0)], learning=Learning(starts=starts))
    assert outcomes.exploitation.count == outcomes.exploitation.runs == 3
    assert [share.count for share in outcomes.exploited] == [2, 1]
    assert outcomes.cooperation.value == outcomes.defection.value == 0.0


def test_a_start_outside_the_box_is_refused():
    with pytest.raises(InputError, match="start 2 of 2"):
        generic_outcomes(
            [parametric(PD, 0.5, 3.0)],
            learning=Learning(starts=Starts(profiles=((0.0, 0.0), (4.0, 0.0)))),
        )


@pytest.mark.parametrize("arguments", [{"count": 0}, {"spread": 0.0}, {"profiles": ()}])
def test_starts_that_are_none_are_refused(arguments):
    with pytest.raises(InputError, match="starts"):
        Starts(**arguments)


@pytest.mark.parametrize(
    ("count", "runs", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval_of_the_literature(count, runs, low, high):
    """Newcombe 1998, Statistics in Medicine 17, table I, method 3."""
    assert np.round(wilson_interval(count, runs), 4).tolist() == [low, high]
    mirrored = wilson_interval(runs - count, runs)
    assert mirrored == pytest.approx(
        (1 - wilson_interval(count, runs)[1], 1 - wilson_interval(count, runs)[0]), abs=1e-12
    )


@pytest.mark.parametrize(("count", "runs"), [(0, 1), (3, 7), (50, 100), (999, 1000)])
def test_wilson_bounds_are_where_the_score_test_turns(count, runs):
    """At each bound p the observed share is z standard errors √(p(1-p)/n) away."""
    z = 1.959963984540054
    for p in wilson_interval(count, runs):
        if 1e-12 < p < 1 - 1e-12:
            distance = abs(count / runs - p) / math.sqrt(p * (1 - p) / runs)
            assert distance == pytest.approx(z, rel=1e-9)
