"""Round robins of strategies against known means and the game's own values."""

import math

import numpy as np
import pytest

import glasshouse as gh
from glasshouse.games import RepeatedGame, strategy
from glasshouse.leagues import rate, round_robin

NAMES = ["allc", "alld", "tft", "gtft", "wsls", "grim"]
PD = gh.load_game("prisoners_dilemma")
GAME = RepeatedGame(PD, 0.96)
UNLIKE = RepeatedGame(gh.NormalFormGame([[[3, 0], [5, 1]], [[4, 6], [1, 2]]]), 0.9)
"""Whose two seats pay differently."""


@pytest.mark.parametrize(
    ("noise", "expected", "best"),
    [
        (0.0, [2.5, 2.3, 2.66, 2.607, 2.582, 2.66], ("tft", "grim")),
        (0.05, [2.027, 2.354, 2.257, 2.240, 2.326, 2.351], ("alld",)),
    ],
)
def test_means_of_the_classics(noise, expected, best):
    """All meet all, their own kind too; generosity 1/3. With slips defection comes first."""
    found = round_robin(NAMES, GAME, noise=noise)
    np.testing.assert_allclose(found.means, expected, atol=5e-4)
    assert found.ranking[0] == best
    assert found.noise == noise


@pytest.mark.parametrize("game", [GAME, UNLIKE], ids=["dilemma", "unlike seats"])
def test_every_meeting_is_the_value_of_the_game(game):
    noisy = RepeatedGame(game.stage, game.discount, "sum", noise=0.02, misperception=0.1)
    own = {"mine": [0.5, 0.9, 0.1, 0.8, 0.2], "tft": strategy("tft", noisy), "never": "alld"}
    found = round_robin(own, RepeatedGame(game.stage, game.discount, "sum"), noise=0.02,
                        misperception=0.1)  # fmt: skip
    rows = [own["mine"], own["tft"], np.zeros(5)]
    for r, row in enumerate(rows):
        for c, column in enumerate(rows):
            np.testing.assert_allclose(found.payoffs[r, c], noisy.values([row, column]), rtol=1e-13)
    means = [(found.payoffs[k, :, 0].mean() + found.payoffs[:, k, 1].mean()) / 2 for k in range(3)]
    np.testing.assert_allclose(found.means, means)
    assert found.unit == "sum"
    assert found.misperception == 0.1


def test_names_are_played_in_either_seat():
    """Extortion of unlike seats is another one in each."""
    stage = gh.NormalFormGame([[[3, 0], [5, 1]], [[3, 6], [-1, 1]]])
    game = RepeatedGame(stage, 0.96)
    found = round_robin({"extort": "extort", "allc": "allc"}, game)
    second = strategy("extort", game, player=1)
    np.testing.assert_allclose(found.payoffs[1, 0], game.values([np.ones(5), second]))


def test_more_than_two_actions():
    """What is played whatever happens is paid as in the stage game."""
    stage = gh.load_game("rock_paper_scissors")
    game = RepeatedGame(stage, 0.9)
    pure = {name: np.eye(3)[[k] * 10] for k, name in enumerate(("rock", "paper", "scissors"))}
    found = round_robin(pure, game)
    np.testing.assert_allclose(
        np.moveaxis(np.asarray(found.payoffs), -1, 0), stage.tensor, atol=1e-13
    )
    assert found.ranking == (("rock", "paper", "scissors"),)


@pytest.mark.parametrize("game", [GAME, UNLIKE], ids=["dilemma", "unlike seats"])
def test_round_robins_are_rated(game):
    found = round_robin(NAMES, game, noise=0.05)
    ratings = rate(found)
    assert [x.entrant for x in ratings.entrants] == NAMES
    np.testing.assert_allclose([x.mean_payoff for x in ratings.entrants], found.means)
    assert ratings.alpha == pytest.approx(1 / np.ptp(found.payoffs))


WRONG = {
    "one": ((["tft"], GAME), "at least two"),
    "twice": ((["tft", "tft"], GAME), "each named once"),
    "a text": (("tft", GAME), "a list of names"),
    "unnamed": (([[1, 1, 0, 1, 0], [0] * 5], GAME), "in a dictionary"),
    "unknown": ((["tft", "titfortwotats"], GAME), "there is no strategy 'titfortwotats'"),
    "no probability": (({"a": "tft", "b": [2, 0, 0, 0, 0]}, GAME), "'b'.*probabilities"),
    "other states": (({"a": "tft", "b": [1, 0, 0, 0]}, GAME), "'b'.*shape"),
    "nan": (({"a": "tft", "b": [math.nan, 0, 0, 0, 0]}, GAME), "'b'.*probabilities"),
    "played once": ((["tft", "alld"], PD), "RepeatedGame of two players"),
    "three players": (
        (["tft", "alld"], RepeatedGame(gh.load_game("public_goods:n=3"), 0.9)),
        "RepeatedGame of two players",
    ),
}


@pytest.mark.parametrize(("arguments", "said"), WRONG.values(), ids=WRONG)
def test_wrong_input_is_said(arguments, said):
    with pytest.raises(gh.InputError, match=said):
        round_robin(*arguments)


def test_slips_are_probabilities():
    with pytest.raises(gh.InputError, match="noise must lie between 0 and 1"):
        round_robin(NAMES, GAME, noise=1.5)


@pytest.mark.slow
def test_sampled_play_of_another_library_says_the_same():
    """By Axelrod (Knight et al., https://axelrod.readthedocs.io): 150 rounds, discounted."""
    axelrod = pytest.importorskip("axelrod", exc_type=ImportError)
    act = axelrod.Action
    who = {
        "allc": axelrod.Cooperator,
        "alld": axelrod.Defector,
        "tft": axelrod.TitForTat,
        "gtft": lambda: axelrod.GTFT(p=1 / 3),
        "wsls": axelrod.WinStayLoseShift,
        # Grudger never forgives; the one here remembers a round, and slips into CC again.
        "grim": lambda: axelrod.MemoryOnePlayer(four_vector=(1, 0, 0, 0), initial=act.C),
    }
    found, matches, seed = round_robin(NAMES, GAME, noise=0.05), 60, 0
    counts = 0.96 ** np.arange(150)
    counts /= counts.sum()
    means, variances = np.zeros((6, 6)), np.zeros((6, 6))
    for i, row in enumerate(NAMES):
        for j in range(i, 6):
            paid = []
            for _ in range(matches):
                seed += 1
                pair = (who[row](), who[NAMES[j]]())
                match = axelrod.Match(pair, turns=150, noise=0.05, seed=seed)
                match.play()
                paid.append(counts @ np.array(match.scores()))
            paid = np.array(paid)
            if i == j:  # both seats are its own
                paid = paid.mean(axis=1, keepdims=True).repeat(2, axis=1)
            means[i, j], means[j, i] = paid.mean(axis=0)
            variances[i, j], variances[j, i] = paid.var(axis=0, ddof=1) / matches
    errors = np.sqrt(variances)
    np.testing.assert_array_less(np.abs(means - found.payoffs[..., 0]), 4 * errors)
    errors = np.sqrt(variances.sum(axis=1)) / 6
    np.testing.assert_array_less(np.abs(means.mean(axis=1) - found.means), 4 * errors)
