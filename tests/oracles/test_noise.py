"""Slips of the hand in the iterated prisoner's dilemma, against exact numbers and matches played.

The library `axelrod` is of the extra `peers`: where it is installed, nightly tests compare with it.
"""

import warnings

import mpmath
import numpy as np
import pytest

import glasshouse as gh
from glasshouse.games import RepeatedGame, strategy

DISCOUNT, NOISE, MATCHES = 0.96, 0.05, 10_000
GAME = RepeatedGame(gh.load_game("prisoners_dilemma"), DISCOUNT, noise=NOISE)


def in_many_digits(own, other, noise, discount):
    """The row's payoff per round in 50 digits."""
    with mpmath.workdps(50):
        slip, gamma = mpmath.mpf(noise), mpmath.mpf(discount)
        p, q = (
            [x * (1 - slip) + (1 - x) * slip for x in map(mpmath.mpf, map(float, rows))]
            for rows in (own, [other[k] for k in (0, 1, 3, 2, 4)])
        )
        rows = [
            [a * b, a * (1 - b), (1 - a) * b, (1 - a) * (1 - b)] for a, b in zip(p, q, strict=True)
        ]
        system = mpmath.eye(4) - gamma * mpmath.matrix(rows[1:])
        future = mpmath.lu_solve(system, mpmath.matrix([3, 0, 5, 1]))
        start = (1 - gamma) * mpmath.fsum(x * v for x, v in zip(rows[0], future, strict=True))
        return float(start)


@pytest.mark.parametrize("discount", [0.96, 1 - 1e-9])
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_they_keep_their_digits_however_patient(noise, discount):
    game = RepeatedGame(gh.load_game("prisoners_dilemma"), discount, noise=noise)
    for one, other in (("tft", "tft"), ("gtft", "wsls"), ("wsls", "grim"), ("alld", "gtft")):
        own, met = strategy(one, game), strategy(other, game)
        right = in_many_digits(own, met, noise, discount)
        assert game.values([own, met])[0] == pytest.approx(right, abs=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("one", "other"), [("tft", "tft"), ("wsls", "wsls"), ("gtft", "gtft"), ("tft", "wsls")]
)
def test_matches_that_are_played_pay_as_much(one, other):
    """Matches of axelrod that end after each round with probability 1 - γ, as γ discounts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        axelrod = pytest.importorskip("axelrod")
    players = {
        "tft": axelrod.TitForTat,
        "wsls": axelrod.WinStayLoseShift,
        "gtft": lambda: axelrod.GTFT(p=1 / 3),
    }
    paid, rounds = np.zeros(MATCHES), np.zeros(MATCHES)
    for k in range(MATCHES):
        match = axelrod.Match(
            (players[one](), players[other]()),
            prob_end=1 - DISCOUNT,
            turns=float("inf"),
            noise=NOISE,
            seed=k,
        )
        scores = [first for first, _ in (match.play(), match.scores())[1]]
        paid[k], rounds[k] = sum(scores), len(scores)
    # E[Σ r] / E[rounds] is the discounted mean: a ratio, whose error is that of its residuals.
    mean = paid.sum() / rounds.sum()
    error = np.std(paid - mean * rounds, ddof=1) / np.sqrt(MATCHES) / rounds.mean()
    right = GAME.values([strategy(one, GAME), strategy(other, GAME)])[0]
    assert abs(mean - right) <= 4 * error
    assert error < 0.02
