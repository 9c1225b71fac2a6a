"""Named strategies against exact fractions and their definitions, and other codes' conventions."""

import re
from fractions import Fraction

import numpy as np
import pytest

import glasshouse as gh
from glasshouse.games import RepeatedGame, from_convention, strategy, to_convention

IPD = gh.NormalFormGame([[[-1.0, -3.0], [0.0, -2.0]], [[-1.0, 0.0], [-3.0, -2.0]]])
GAME = RepeatedGame(IPD, 0.96)
NAMES = {
    "allc": {},
    "alld": {},
    "tft": {},
    "gtft": {"generosity": 0.5},
    "wsls": {},
    "grim": {},
    "random": {},
    "extort": {"scale": 0.1},
    "generous": {"scale": 0.1},
}

# Per step at γ = .96, of the row's player against the column's, derived in exact rationals.
PAID = {
    "alld": ["0", "-2", "-1.92", "-0.96", "-48/49", "-1.92", "-1", "-2", "-1.6"],
    "tft": ["-1", "-2.04", "-1", "-1", "-1", "-1", "-1.52", "-107/55", "-1"],
    "wsls": ["-1", "-123/49", "-1", "-1", "-1", "-1", "-1.52", "-851/463", "-1"],
    "random": ["-0.5", "-2.5", "-1.46", "-0.98", "-1.46", "-61/26", "-1.5", "-25/14", "-1.3"],
    "extort": [
        *("-5/7", "-2", "-101/55", "-113/115", "-701/463", "-341/175", "-19/14", "-2", "-1.4")
    ],
}


def named(name, game=GAME):
    return strategy(name, game, **NAMES[name])


@pytest.mark.parametrize("row", PAID)
def test_what_they_are_paid_is_known_exactly(row):
    found = [GAME.values([named(row), named(column)])[0] for column in NAMES]
    assert found == pytest.approx([float(Fraction(x)) for x in PAID[row]], abs=1e-13)


@pytest.mark.parametrize("discount", [0.9, 1 - 1e-9])
@pytest.mark.parametrize(("name", "baseline", "factor"), [("extort", -2, 3), ("generous", -1, 2)])
def test_their_line_is_enforced_on_anybody(name, baseline, factor, discount):
    game, generator = RepeatedGame(IPD, discount), np.random.default_rng(5)
    own = strategy(name, game)
    for _ in range(20):
        first, second = game.values([own, generator.random(5)])
        assert first - baseline == pytest.approx(factor * (second - baseline), abs=1e-13)


@pytest.mark.parametrize("discount", [0.7, 0.75, 0.8, 0.84])
def test_their_line_holds_at_every_discount_and_scale_at_which_they_exist(discount):
    game, other = (
        RepeatedGame(gh.load_game("prisoners_dilemma"), discount),
        [0.4, 0.1, 0.3, 0.2, 0.6],
    )
    for name, baseline, factor in (("extort", 1, 3.0), ("generous", 3, 3.0)):
        with pytest.raises(gh.InputError, match=r"scale=1e-06 must lie between") as said:
            strategy(name, game, factor=factor, scale=1e-6)
        found = re.search(r"between (\S+) and (\S+) for", str(said.value))
        assert found is not None
        least, most = map(float, found.groups())
        for scale in (None, 0.99 * least + 0.01 * most, 0.01 * least + 0.99 * most):
            first, second = game.values([strategy(name, game, factor=factor, scale=scale), other])
            assert first - baseline == pytest.approx(factor * (second - baseline), abs=1e-12)


def test_names_in_full_are_known_too():
    for full, short in {"Tit for Tat": "tft", "win-stay, lose-shift": "wsls",
                        "always defect": "alld", "grim-trigger": "grim"}.items():  # fmt: skip
        assert strategy(full, GAME).tolist() == strategy(short, GAME).tolist()


def test_they_exist_from_a_discount_on():
    """χ-extortion of this game exists from γ = (χ+2)/(2χ+1) on."""
    for factor in (2.0, 3.0, 10.0):
        least = (factor + 2) / (2 * factor + 1)
        enough = RepeatedGame(IPD, least + 1e-6)
        rows = strategy("extort", enough, factor=factor)
        first, second = enough.values([rows, [0.9, 0.3, 0.2, 0.8, 0.1]])
        assert first + 2 == pytest.approx(factor * (second + 2), abs=1e-12)
        with pytest.raises(gh.InputError, match=f"it needs one of at least {least:.6g}"):
            strategy("extort", RepeatedGame(IPD, least - 1e-4), factor=factor)
    with pytest.raises(gh.InputError, match="exists here at any discount"):
        strategy("extort", RepeatedGame(gh.load_game("harmony"), 0.9), start=1.0)
    with pytest.raises(gh.InputError, match=r"scale=9 must lie between"):
        strategy("extort", GAME, scale=9.0)


def test_in_games_with_two_sides_each_has_its_own():
    lopsided = gh.NormalFormGame([[[3.0, 0.0], [5.0, 1.0]], [[3.0, 8.0], [0.0, 1.0]]])
    game, generator = RepeatedGame(lopsided, 0.98), np.random.default_rng(2)
    own = strategy("extort", game, factor=1.5, player=1)
    for _ in range(5):
        first, second = game.values([generator.random(5), own])
        assert second - 1 == pytest.approx(1.5 * (first - 1), abs=1e-13)
    assert not np.allclose(own, strategy("extort", game, factor=1.5, player=0))


def test_what_is_no_strategy_is_said():
    three = RepeatedGame(gh.games.random_game(1, (2, 2, 2)), 0.9)
    for wrong, said in (
        (lambda: strategy("titfortwo", GAME), "there is no strategy 'titfortwo'; there are allc"),
        (lambda: strategy("tft", three), "two players with two actions"),
        (lambda: strategy("tft", GAME, p=0.5), "'tft' has no setting 'p': it takes none"),
        (lambda: strategy("gtft", GAME, p=0.5), "has no setting 'p': it takes generosity"),
        (lambda: strategy("random", GAME, p=2.0), "p must lie between 0 and 1"),
        (lambda: strategy("extort", GAME, factor=0.5), "factor must be finite and at least 1"),
        (lambda: strategy("tft", GAME, player=2), "there is no player 2"),
        (
            lambda: strategy("extort", RepeatedGame(IPD, 0.96, noise=0.05)),
            "games without noise and misperception",
        ),
        (lambda: to_convention([0.5] * 4, "pax", 0), "x has shape"),
        (lambda: to_convention([[0.5] * 5] * 2, "pax", 0), "convert players one by one"),
        (
            lambda: to_convention([1.2, 0, 0, 0, 0], "pax", 0),
            "probabilities, but is .* logits=True",
        ),
        (lambda: from_convention([0.5] * 4 + [np.nan], "pax", 0), "x must be probabilities"),
        (lambda: strategy("TfT", GAME), "did you mean 'tft'"),
        (lambda: to_convention([0.5] * 5, "paxx", 0), "'paxx'.* did you mean 'pax'"),
        (lambda: from_convention([0.5] * 5, "pola", 7), "there is no player 7"),
    ):
        with pytest.raises(gh.InputError, match=said):
            wrong()


def test_other_codes_write_them_in_their_own_ways():
    own = np.array([0.1, 0.2, 0.3, 0.4, 0.5])  # start, CC, CD, DC, DD
    theirs = {
        "aletcher": ([0.1, 0.2, 0.3, 0.4, 0.5], [0.1, 0.2, 0.4, 0.3, 0.5]),
        "alshedivat": ([0.2, 0.3, 0.4, 0.5, 0.1], [0.2, 0.4, 0.3, 0.5, 0.1]),
        "pax": ([0.2, 0.3, 0.4, 0.5, 0.1], [0.2, 0.3, 0.4, 0.5, 0.1]),
        "pola": ([0.5, 0.4, 0.3, 0.2, 0.1], [0.5, 0.4, 0.3, 0.2, 0.1]),
        "jacq": ([0.9, 0.8, 0.7, 0.6, 0.5], [0.9, 0.8, 0.7, 0.6, 0.5]),
    }
    for name, both in theirs.items():
        for player, rows in enumerate(both):
            assert to_convention(own, name, player) == pytest.approx(rows, abs=1e-15)
            assert from_convention(rows, name, player) == pytest.approx(own, abs=1e-15)
            for convert in (to_convention, from_convention):
                logits = convert(np.log(own / (1 - own)), name, player, logits=True)
                mixes = convert(own, name, player)
                assert 1 / (1 + np.exp(-logits)) == pytest.approx(mixes, abs=1e-14)


def test_the_frame_of_another_code_gives_the_payoffs_that_it_would():
    """A matrix in player 1's frame, as aletcher builds it from both players' rows."""
    generator = np.random.default_rng(1)
    first, second = generator.random((2, 5))
    p, q = (to_convention(x, "aletcher", i) for i, x in enumerate((first, second)))
    rows = np.stack([p * q, p * (1 - q), (1 - p) * q, (1 - p) * (1 - q)], axis=1)
    shares = 0.04 * rows[0] @ np.linalg.inv(np.eye(4) - 0.96 * rows[1:])
    paid = [shares @ np.asarray(IPD.tensor)[i].ravel() for i in range(2)]
    assert GAME.values([first, second]) == pytest.approx(paid, abs=1e-13)
