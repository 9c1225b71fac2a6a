"""Ratings of tables: closed forms of two entrants, exact resampling, holes, files, the command."""

import itertools
import json
import math
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

import glasshouse as gh
from glasshouse.interop import read_meetings
from glasshouse.leagues import alpha_rank, rate

NAN = math.nan
NAMES = ("naive", "LOLA", "SOS")
TABLE = [[-2.0, -1.1, -1.3], [-0.9, -1.04, -1.0], [-1.0, -1.05, -1.04]]
SQUARE = ",naive,LOLA,SOS\nnaive,-2,-1.1,-1.3\nLOLA,-0.9,-1.04,-1\nSOS,-1,-1.05,-1.04\n"


def two(gains):
    """Runs of two entrants, the second of whom is paid so much more than the first where they meet;
    of those who meet no kind of their own the second's rating is 1 / (1 + e^{-α (m-1) gain})."""
    runs = np.zeros((2, 2, 2, len(gains)))
    runs[1, 0, 0] = runs[0, 1, 1] = gains
    return runs


def rating_of(gain, alpha, m):
    return 1 / (1 + math.exp(-alpha * (m - 1) * gain))


def test_ratings_are_alpha_rank_at_one_over_the_range():
    found = rate(TABLE, entrants=NAMES)
    assert found.alpha == pytest.approx(1 / 1.1)
    expected = alpha_rank(TABLE, 1 / 1.1, 50).stationary
    np.testing.assert_allclose([x.rating for x in found.entrants], expected)
    assert found.headline == "LOLA is rated highest: 0.76 of the time."
    np.testing.assert_allclose([x.mean_payoff for x in found.entrants], np.mean(TABLE, axis=1))
    assert [x.payoff_rank for x in found.entrants] == [3, 1, 2]
    assert all(x.interval is None for x in found.entrants)  # nothing is known from one run


def test_no_unit_matters():
    scaled = rate(1000 * np.array(TABLE) + 7, entrants=NAMES)
    for one, other in zip(rate(TABLE, entrants=NAMES).entrants, scaled.entrants, strict=True):
        assert one.rating == pytest.approx(other.rating, rel=1e-8)


def test_several_populations_are_rated_by_both_seats():
    payoffs = np.random.default_rng(2).normal(size=(3, 3, 2))
    shares = alpha_rank(payoffs, 0.4, 20, "several").stationary
    found = rate(payoffs, alpha=0.4, population=20, form="several")
    expected = (shares.sum(axis=1) + shares.sum(axis=0)) / 2
    np.testing.assert_allclose([x.rating for x in found.entrants], expected)


def test_intervals_are_those_of_all_resamples():
    """Of four runs there are 256 resamples, all alike probable."""
    gains, alpha, m = np.array([-0.2, 0.1, 0.3, 0.9]), 0.2, 10
    found = rate(two(gains), alpha=alpha, population=m, self_play=False, resamples=20_000)
    every = [np.mean(drawn) for drawn in itertools.product(gains, repeat=4)]
    exact = np.sort([rating_of(gain, alpha, m) for gain in every])
    second = found.entrants[1]
    assert second.rating == pytest.approx(rating_of(gains.mean(), alpha, m))
    assert second.interval is not None
    low, high = second.interval
    assert exact[5] - 1e-12 <= low <= exact[7] + 1e-12  # 2.5 % of 256 is 6.4
    assert exact[248] - 1e-12 <= high <= exact[250] + 1e-12
    ahead = np.mean(np.array(every) > -1e-12)
    assert second.first == pytest.approx(ahead, abs=4 * math.sqrt(ahead * (1 - ahead) / 20_000))
    assert "4 runs, drawn again 20000 times" in found.detail


class Played(NamedTuple):
    """What a league gives."""

    entrants: tuple[str, ...]
    payoffs: np.ndarray
    runs: np.ndarray  # [row, column, run, player]


def test_of_leagues_runs_are_rated_and_not_their_means_alone():
    runs = np.random.default_rng(4).normal(size=(3, 3, 2, 6))
    league = Played(NAMES, runs.mean(axis=-1), np.moveaxis(runs, -1, -2))
    assert rate(league).to_dict() == rate(runs, entrants=NAMES).to_dict()
    several = Played(NAMES, runs.mean(axis=-1)[None], np.moveaxis(runs, -1, -2)[None])
    with pytest.raises(gh.InputError, match="at one point"):
        rate(several)


def test_a_seed_says_which_runs_are_drawn():
    runs = two([-0.2, 0.1, 0.3, 0.9, 0.4])
    one, again, other = (rate(runs, seed=seed).to_dict() for seed in (1, 1, 2))
    assert one == again
    assert one["entrants"] != other["entrants"]


def test_who_lacks_a_payoff_is_not_rated_and_the_others_are():
    runs = np.random.default_rng(0).normal(size=(4, 4, 2, 5))
    holed = runs.copy()
    holed[1, 2, 0, 3] = NAN  # one run of one meeting
    found = rate(holed, entrants="abcd")
    assert found.missing == (("b", "c"),)
    ratings = {x.entrant: x for x in found.entrants}
    assert [math.isnan(ratings[x].rating) for x in "abcd"] == [False, True, True, False]
    assert ratings["b"].interval is ratings["b"].rank is ratings["b"].first is None
    assert math.isnan(ratings["b"].mean_payoff)
    assert ratings["b"].payoff_rank is None
    kept = np.ix_([0, 3], [0, 3])
    for one, other in zip("ad", rate(runs[kept]).entrants, strict=True):
        assert ratings[one].rating == other.rating
    without = rate(holed, entrants="abcd", without=["b"])
    np.testing.assert_equal(
        [x.rating for x in without.entrants],
        [x.rating for x in rate(runs[np.ix_([0, 2, 3], [0, 2, 3])]).entrants],
    )


def test_where_too_few_are_complete_nobody_is_rated():
    table = np.array(TABLE)
    table[1, 1] = table[2, 2] = NAN
    found = rate(table, entrants=NAMES)
    assert found.headline.startswith("Nobody can be rated: payoffs are missing of LOLA against")
    assert found.ranking == ()
    assert found.alpha is found.between is None
    nobody_else = rate(table, entrants=NAMES, self_play=False)
    off = table.copy()
    np.fill_diagonal(off, -1.0)
    expected = alpha_rank(off, 1 / 0.4, 50, self_play=False).stationary  # from -1.3 to -0.9
    np.testing.assert_allclose([x.rating for x in nobody_else.entrants], expected)
    means = [np.mean([row[c] for c in range(3) if c != r]) for r, row in enumerate(TABLE)]
    np.testing.assert_allclose([x.mean_payoff for x in nobody_else.entrants], means)


def test_ties_are_said():
    found = rate([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], entrants=["r", "p", "s"])
    assert found.headline == "r, p and s are rated highest, alike: 0.33 of the time each."
    assert {x.rank for x in found.entrants} == {x.payoff_rank for x in found.entrants} == {1}
    flat = rate(np.ones((2, 2)))
    assert flat.ranking == (("1", "2"),)


def test_how_far_the_first_place_holds():
    found = rate(TABLE, entrants=NAMES)
    assert found.between is not None
    assert found.alpha is not None
    low, high = found.between
    assert low < found.alpha < high
    for alpha in (low, high):
        assert np.argmax(alpha_rank(TABLE, alpha, 50).stationary) == 1


FILES = {
    "square": SQUARE,
    "both payoffs": ";naive;LOLA;SOS\n"
    "naive;-2 | -2;-1.1 | -0.9;-1.3 | -1\n"
    "LOLA;-0.9 | -1.1;-1.04 | -1.04;-1 | -1.05\n"
    "SOS;-1 | -1.3;-1.05 | -1;-1.04 | -1.04\n",
    "list": "row,column,payoff\n"
    + "".join(f"{NAMES[r]},{NAMES[c]},{TABLE[r][c]}\n" for r in range(3) for c in range(3)),
    "each meeting once": "A,B,payoff B,payoff A\n"
    + "".join(
        f"{NAMES[r]},{NAMES[c]},{TABLE[c][r]},{TABLE[r][c]}\n"
        for c in range(3)
        for r in range(c + 1)
    ),
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_tables_are_read_alike(text, tmp_path):
    (tmp_path / "t.csv").write_text(text)
    entrants, payoffs = read_meetings(tmp_path / "t.csv")
    order = [entrants.index(name) for name in NAMES]
    np.testing.assert_array_equal(payoffs[np.ix_(order, order)][:, :, 0, 0], TABLE)
    np.testing.assert_array_equal(payoffs[np.ix_(order, order)][:, :, 1, 0], np.transpose(TABLE))


def test_data_frames_and_seeds_are_read():
    rows = [
        {"row": NAMES[r], "column": NAMES[c], "seed": s, "payoff": TABLE[r][c] + s}
        for r, c, s in itertools.product(range(3), range(3), range(4))
    ]
    found = rate(pd.DataFrame(rows))
    assert found.runs == 4
    frame = pd.DataFrame(TABLE, NAMES, NAMES)
    for one, other in zip(found.entrants, rate(frame).entrants, strict=True):
        assert one.rating == pytest.approx(other.rating)
    meetings = read_meetings(pd.DataFrame(rows[:-1]))  # one meeting of one seed is missing
    assert np.argwhere(np.isnan(meetings.payoffs)).tolist() == [[2, 2, 0, 3], [2, 2, 1, 3]]


def test_holes_stay_holes(tmp_path):
    (tmp_path / "t.csv").write_text(SQUARE.replace("-1.05", "").replace("-2", "nan"))
    _, payoffs = read_meetings(tmp_path / "t.csv")
    holes = [[0, 0, 0], [0, 0, 1], [1, 2, 1], [2, 1, 0]]  # of a meeting, what the other is paid
    assert np.argwhere(np.isnan(payoffs[..., 0])).tolist() == holes


WRONG_FILES = {
    "not square": ("a,b,c\nb,1,2\n", "rows|columns"),
    "other order": (",a,b\nb,1,2\na,3,4\n", "same"),
    "meeting twice": ("row,column,payoff\na,b,1\na,b,2\n", "row 3, column A.*row 2.*seed"),
    "three columns": ("row,column,x,payoff\na,b,c,1\n", "two columns of entrants"),
    "a word": (",a,b\na,1,x\nb,3,4\n", "row 2, column C: 'x'"),
    "nothing": (",a,b\na,,\nb,,\n", "all payoffs are missing"),
}


@pytest.mark.parametrize(("text", "said"), WRONG_FILES.values(), ids=WRONG_FILES)
def test_wrong_tables_are_said(text, said, tmp_path):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(gh.InputError, match=said):
        rate(tmp_path / "t.csv")


WRONG = {
    "not square": ({"table": [[1, 2]]}, r"shape \(1, 2\)"),
    "one entrant": ({"table": [[1]]}, "at least two"),
    "no numbers": ({"table": "ab"}, "ab"),
    "names": ({"entrants": ["a", "a"]}, "different names"),
    "unknown": ({"entrants": "abc", "without": ["d"]}, "no entrant 'd'"),
    "nobody left": ({"entrants": "abc", "without": ["a", "b"]}, "1 entrants"),
    "alpha": ({"alpha": 0}, "alpha=0"),
    "infinite alpha": ({"alpha": math.inf}, "alpha=inf"),
    "population": ({"population": 1}, "population=1"),
    "form": ({"form": "many"}, "form='many'"),
    "resamples": ({"resamples": 3}, "resamples=3"),
}


@pytest.mark.parametrize(("settings", "said"), WRONG.values(), ids=WRONG)
def test_wrong_settings_are_said(settings, said):
    with pytest.raises(gh.InputError, match=said):
        rate(**{"table": TABLE, **settings})


def test_the_command_answers_in_its_first_line(call, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(SQUARE)
    code, out, _ = call("rate", str(path))
    assert code == 0
    assert out.splitlines()[0] == "LOLA is rated highest: 0.76 of the time."
    assert "alpha = 0.9091, 1 / the range of payoffs" in out
    found = json.loads(call("rate", str(path), "--json", "--form", "several", "--alpha", "3")[1])
    own = rate(TABLE, entrants=NAMES, form="several", alpha=3)
    assert found == {"headline": own.headline, **own.to_dict()}
    path.write_text(SQUARE.replace("-1.05", ""))
    _, out, _ = call("rate", str(path), "--without", "LOLA")
    assert out.startswith("SOS is rated highest")
    _, out, _ = call("rate", str(path))
    assert "SOS against LOLA: whom that touches is not rated" in out
    code, _, error = call("rate", str(path), "--alpha", "-1")
    assert (code, error) == (2, "glasshouse: alpha=-1 must be finite and above 0\n")
