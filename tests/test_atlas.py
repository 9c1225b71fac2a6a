"""The atlas of strict ordinal games: known counts, the layout by swaps, thresholds, its page."""

import itertools
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import glasshouse as gh
from glasshouse.dynamics import Learning, Starts, learn
from glasshouse.errors import InputError
from glasshouse.games import OrdinalGame, ordinal_game_of, ordinal_games
from glasshouse.study.atlas.content import _counts, atlas_content
from glasshouse.study.atlas.folder import write_atlas
from glasshouse.study.atlas.quantities import (
    base_facts,
    margin_coefficients,
    quantity_of,
    rises_between,
)
from glasshouse.study.atlas.settings import AtlasSettings

GAMES = ordinal_games()
SMALL = AtlasSettings(couplings=3, runs=4, steps=20, shaping=0, corners=0)


def test_the_144_games_are_all_there_are():
    """Each of the 24 × 24 orders is, up to the order of actions, one of them."""
    orders = [np.reshape(order, (2, 2)) for order in itertools.permutations((1, 2, 3, 4))]
    found = [ordinal_game_of([row, column]) for row in orders for column in orders]
    assert {game: found.count(game) for game in GAMES} == dict.fromkeys(GAMES, 4)
    assert len(GAMES) == 144


def test_known_counts():
    """Robinson & Goforth 2005: by pure equilibria, dominant actions, symmetry, and PD's kin."""
    content = _counts(GAMES, [base_facts(game) for game in GAMES])
    assert content["pure_equilibria"] == [18, 108, 18]
    assert content["players_with_dominant_action"] == [36, 72, 36]
    assert content["symmetric"] == 12
    assert content["up_to_swapping_players"] == 78
    assert content["only_equilibrium_is_inferior"] == 7


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("prisoners_dilemma", "g111"),
        ("chicken", "g122"),
        ("deadlock", "g166"),
        ("stag_hunt", "g322"),
    ],
)
def test_named_games_stand_where_robinson_and_goforth_put_them(name, index):
    game = ordinal_game_of(gh.load_game(name).tensor)
    assert (game.index, game.name) == (index, gh.load_game(name).title.lower())


def test_neighbours_differ_by_swaps_and_layers_are_tori():
    for game in GAMES:
        payoffs = game.payoffs
        for player, place in ((0, "row"), (1, "column")):
            ranks = 12 if getattr(game, place) % 2 else 23
            beside = {"layer": game.layer, "row": game.row, "column": game.column}
            beside[place] = beside[place] % 6 + 1
            other = OrdinalGame(**beside)
            assert game.swapped(player, ranks) == other
            assert np.array_equal(other.payoffs[1 - player], payoffs[1 - player])
            assert np.sum(other.payoffs[player] != payoffs[player]) == 2
            assert game.swapped(player, 34).swapped(player, 34) == game
    # 34 swaps of a layer's games lead to at most three layers: where the 3 lies decides which
    assert {OrdinalGame(1, 1, 1).swapped(i, 34).layer for i in (0, 1)} == {2, 4}


def test_where_the_4s_lie_is_the_layer():
    for game in GAMES:
        row, column = (tuple(np.argwhere(own == 4)[0]) for own in game.payoffs)
        assert (row[1], column[0]) == (0, 0)  # right, and up
        same_row, same_column = row[0] == column[0], row[1] == column[1]
        assert game.layer == {(0, 0): 1, (0, 1): 2, (1, 1): 3, (1, 0): 4}[same_row, same_column]
        assert game.is_symmetric == np.array_equal(game.payoffs[1], game.payoffs[0].T)
        mirrored = game.payoffs[::-1].transpose(0, 2, 1)
        assert np.array_equal(game.reflected.payoffs, mirrored)


def test_ties_and_places_beyond_the_table_are_refused():
    with pytest.raises(InputError, match="ties"):
        ordinal_game_of([[[1, 1], [2, 3]], [[1, 2], [3, 4]]])
    with pytest.raises(InputError, match="row=7"):
        OrdinalGame(1, 7, 1)


@pytest.mark.parametrize("game", GAMES[::29], ids=lambda game: game.index)
def test_first_movement_by_formula_is_the_derivative(game):
    family = gh.LogisticFamily(game.game, bound=3.0)
    quantity = gh.analysis.mean_cooperation if quantity_of(game) == "cooperation" else welfare
    for coupling in (0.0, 0.4, 0.9):
        at = family(coupling)
        measured = gh.first_order_margin(at, at.neutral(), quantity)
        formula = np.polynomial.polynomial.polyval(coupling, margin_coefficients(game))
        assert formula == pytest.approx(measured, abs=1e-12)


def welfare(game, params):
    return game.payoffs(params).sum()


def test_neutral_thresholds_of_symmetric_games():
    """κ_½ = (T+P-R-S)/(R+T-S-P) where cooperation means something, else nothing is said."""
    for game in (game for game in GAMES if game.is_symmetric):
        (R, S), (T, P) = game.payoffs[0]
        assert (quantity_of(game) == "cooperation") == (R + T > S + P)
        if R + T > S + P:
            neutral = (T + P - R - S) / (R + T - S - P)
            rises = [max(neutral, 0.0), 1.0] if neutral < 1 else []
            assert [end for ends in rises_between(game) for end in ends] == pytest.approx(rises)


def test_the_dilemma_turns_at_its_neutral_threshold():
    """From antisymmetric starts mean cooperation ends above ½ iff κ > κ_½ = ½."""
    family = gh.LogisticFamily(OrdinalGame(1, 1, 1).game, bound=3.0)
    learning = Learning(steps=50, starts=Starts(profiles=((0.5, -0.5),)))
    ends = learn([family(k) for k in (0.49, 0.51)], learning, gh.analysis.mean_cooperation)
    assert [bool(mean > 0.5) for mean in ends.observed.ravel()] == [False, True]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("atlas") / "atlas"
    write_atlas(path, SMALL)
    return path


class _Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))


def test_the_page_shows_every_game_and_loads_nothing(folder):
    text = (folder / "index.html").read_text("utf-8")
    found = _Page(text).elements
    drawn = [at for tag, at in found if tag == "svg" and at.get("role") == "img"]
    assert len(drawn) == 2 * 144  # in the table, and in its section
    assert all(re.search(r"\d % at|\d% at", at["aria-label"]) for at in drawn)
    links = [at["href"] for tag, at in found if tag in ("a", "use")]
    targets = {at["id"] for _, at in found if "id" in at}
    assert {f"#{game.index}" for game in GAMES} <= set(links)
    assert all(link.startswith("#") and link[1:] in targets for link in links)
    assert not re.search(r"""(src|href)=["'](?!#|data:)|url\(|@import|<script""", text)


def test_what_is_written_adds_up(folder):
    content = json.loads((folder / "atlas.json").read_text("utf-8"))
    for entry in content["games"]:
        shares, settled = np.array(entry["shares"]), np.array(entry["settled"])
        assert shares.sum(axis=0) == pytest.approx(1.0)
        assert (settled <= shares).all()
        assert shares.shape == (4, 3)
    assert sum(map(len, content["families"])) == 144


def test_interrupted_before_its_page_it_writes_the_same_bytes(folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "index.html").unlink()
    (folder / ".index.html.partial").write_bytes(b"<!DOC")
    write_atlas(folder, SMALL)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_interrupted_while_computing_it_writes_the_same_bytes(folder, tmp_path):
    """What an interrupt leaves: a folder with nothing in it but half a file."""
    again = tmp_path / "again"
    again.mkdir()
    (again / ".atlas.json.partial").write_bytes(b"{")
    write_atlas(again, SMALL)
    assert sorted(path.name for path in again.iterdir()) == ["atlas.json", "index.html"]
    for path in again.iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes()


def test_folders_of_something_else_are_refused_before_anything_is_computed(folder, tmp_path):
    with pytest.raises(InputError, match="other settings"):
        write_atlas(folder, AtlasSettings())
    (tmp_path / "mine.txt").touch()
    with pytest.raises(InputError, match="something else"):
        write_atlas(tmp_path)


def test_the_command_says_how_the_symmetric_games_turn(folder, call):
    given = ("--couplings", "3", "--runs", "4", "--steps", "20", "--shaping", "0", "--corners", "0")
    code, out, err = call("atlas", "--out", str(folder), *given)
    assert (code, err) == (0, "")
    (line,) = [line for line in out.splitlines() if line.startswith("prisoner")]
    assert line.split()[-3:] == ["g111", "cooperation", "0.5"]
    code, _, err = call("atlas", "--out", str(folder), "--couplings", "2")
    assert (code, err.count("\n")) == (2, 1)
    assert "couplings" in err


def test_where_corners_are_equilibria():
    """Of the dilemma's corners: a proof at both ends of the bracket, found by other means."""
    game = OrdinalGame(1, 1, 1)
    content = atlas_content(AtlasSettings(3, 2, 2, 0, 26), [game, OrdinalGame(1, 1, 2)])
    both = content["games"][0]["equilibrium_ranges"]
    family = gh.LogisticFamily(game.game, bound=3.0)
    bracket = gh.certified_threshold(family, bracket=(0.0, 1.0)).bracket
    assert bracket is not None
    low, high = bracket
    ((begin, end),) = both[0]
    assert low - 1e-6 <= begin <= high + 1e-6
    assert end == 1.0
    assert both[3][0][0] == 0.0
    with_chicken = content["games"][1]["equilibrium_ranges"]
    for profile, signs in zip(((0, 0), (1, 0)), ((1, 1), (-1, 1)), strict=True):
        ((a, b),) = with_chicken[2 * profile[0] + profile[1]]
        for coupling, holds in ((a - 1e-3, False), (a + 1e-3, True), (b - 1e-3, True)):
            if 0 <= coupling <= 1:
                at = gh.LogisticFamily(OrdinalGame(1, 1, 2).game, 3.0)(coupling)
                params = tuple(3.0 * sign for sign in signs)
                gains = [gh.best_deviation(at, params, i).gain for i in (0, 1)]
                assert (max(gains) <= 1e-12) == holds
