"""`glasshouse games`: the catalogue, and one game explained, in words and as JSON."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from glasshouse.games.registry import CATALOGUE

(OUTPUT,) = (Path(__file__).parent.parent / "docs").rglob("output.md")
SWAPPED = 'NFG 1 R "swapped [dilemma]" { "a" "b" } { { "de[f]" "co op" } { "de[f]" "co op" } }\n\n'
PAYOFFS = "1 1 0 5 5 0 3 3\n"


@pytest.fixture
def said(call):
    """What a command that succeeds prints."""

    def run(*words: str) -> str:
        code, out, err = call(*words)
        assert (code, err) == (0, "")
        return out

    return run


@pytest.fixture
def terminal(monkeypatch):
    """Make the output look like a terminal of that width."""

    def of(columns: int) -> None:
        monkeypatch.setenv("TTY_COMPATIBLE", "1")
        monkeypatch.setenv("COLUMNS", str(columns))

    return of


def plain_lines(out: str) -> list[str]:
    return [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in out.splitlines()]


def test_where_nobody_watches_every_game_is_one_line_with_its_source(said):
    lines = said("games").splitlines()
    for game in CATALOGUE.values():
        (line,) = [line for line in lines if line.split()[:1] == [game.name]]
        assert game.condition in line
        assert game.source in line
        for name, value in game.defaults.items():
            assert f"{name}={value:g}" in line


@pytest.mark.parametrize("columns", [80, 100, 160, 220])
def test_the_catalogue_fits_terminals(said, terminal, columns):
    terminal(columns)
    lines = plain_lines(said("games"))
    assert max(map(len, lines)) <= columns
    starts = [line.split()[0] for line in lines[1:-2] if not line.startswith(" ")]
    assert starts == list(CATALOGUE), "what does not fit goes on below its own column"
    for game in CATALOGUE.values():
        (line,) = [line for line in lines if line.split()[:1] == [game.name]]
        parameters = ",".join(f"{name}={value:g}" for name, value in game.defaults.items())
        assert line.split()[1] == parameters, "parameters can be copied"
    assert ("SOURCE" in lines[0]) == (columns >= 160)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
@pytest.mark.parametrize("columns", [80, 130])
def test_every_explanation_fits_terminals_and_has_all_parts(said, terminal, name, columns):
    terminal(columns)
    lines = plain_lines(said("games", name))
    assert max(map(len, lines)) <= columns
    text, game = " ".join(" ".join(lines).split()), CATALOGUE[name]
    for part in (
        game.title,
        game.condition,
        game.source,
        " ".join((game.function.__doc__ or "").split()),
    ):
        assert part in text
    for part in ("(the defaults)", "Payoff", "Pure equilibria", "Welfare optimum", "closed form"):
        assert part in text
    assert "`" not in text


def test_hawk_dove_explained(said):
    """V = 2, C = 4 is chicken's T = 2 > R = 1 > S = 0 > P = -1: κ is (P-S)/(T-P) and so on."""
    lines = plain_lines(said("games", "hawk_dove"))
    assert lines[0] == "Hawk–dove (hawk_dove:V=2,C=4)"
    table = lines.index("      dove    hawk")
    assert lines[table + 1].split() == ["dove", "1,", "1", "0,", "2"]
    assert lines[table + 2].split() == ["hawk", "2,", "0", "-1,", "-1"]
    text = "\n".join(lines)
    assert re.search(
        r"Pure equilibria +\(dove, hawk\) pays 0, 2\n +\(hawk, dove\) pays 2, 0\n", text
    )
    assert "sum of payoffs 2" in text
    T, R, P, S = 2, 1, -1, 0
    expected = {
        "κ_D": (P - S) / (T - P),
        "κ_½": (T + P - R - S) / (R + T - S - P),
        "κ_C": (T - R) / (R - S),
    }
    for symbol, value in expected.items():
        (line,) = [line for line in lines if line.startswith(symbol)]
        assert float(line.split()[1]) == pytest.approx(value, rel=1e-8)


def test_given_parameters_are_used_and_defaults_named(said):
    out = said("games", "donation: b = 6, c=3")
    assert "Donation game (donation:b=6,c=3)" in out
    assert "b=6, c=3 (defaults: b=3, c=1)" in out
    assert "κ_½  0.5 " in out  # Hamilton's rule, c/b
    found = json.loads(said("games", "public_goods:n=3", "--json"))
    assert found["parameters"] == {"n": 3, "r": 2.0, "c": 1.0}
    assert found["defaults"] == {"n": 4, "r": 2.0, "c": 1.0}
    assert isinstance(found["parameters"]["n"], int)


def test_larger_symmetric_games_are_told_by_numbers_of_cooperators(said):
    lines = plain_lines(said("games", "threshold_public_goods:n=5,k=3,b=4,c=1.5"))
    rows = {line.split(" other")[0]: line.split()[2:] for line in lines if " other" in line[:9]}
    # With two others the own contribution reaches the threshold of three.
    assert rows["4"] == ["2.5", "4"]
    assert rows["3"] == ["2.5", "4"]
    assert rows["2"] == ["2.5", "0"]
    assert rows["1"] == ["-1.5", "0"]
    assert rows["0"] == ["-1.5", "0"]
    text = "\n".join(lines)
    assert f"3 of 5 choose contribute ({math.comb(5, 3)} profiles)" in text
    assert "pays 2.5 to contribute, 4 to keep" in text
    assert "0 of 5 choose contribute (1 profile): pays 0 to keep" in text
    assert f"sum of payoffs {5 * 4 - 3 * 1.5:g}" in text


def test_many_profiles_are_counted_after_the_first(said):
    out = said("games", "minimum_effort")
    assert "(effort 7, effort 7) pays 1.3, 1.3" in out
    assert "and 3 more, 7 in all" in out
    assert "(effort 1, effort 1)" not in out


def test_there_may_be_no_pure_equilibrium_and_no_closed_form(said):
    out = said("games", "rock_paper_scissors")
    assert re.search(r"Pure equilibria +none", out)
    assert "No coupling thresholds in closed form" in out
    assert "symmetric game with two actions" in out
    found = json.loads(said("games", "rock_paper_scissors", "--json"))
    assert found["base_game"]["pure_equilibria"] == []
    assert found["closed_form"] is None
    assert "symmetric" in found["reason"]


def test_a_threshold_that_does_not_exist_says_why(said):
    (line,) = [x for x in said("games", "volunteers_dilemma").splitlines() if x.startswith("κ_C")]
    assert line.split()[1] == "none"
    assert "pays nothing" in line


def test_games_too_large_for_a_table_say_their_shape(said):
    out = said("games", "travellers_dilemma:high=100")
    assert "99×99 actions" in out
    assert "9801 profiles" in out
    assert "(claim 2, claim 2) pays 2, 2" in out
    assert len(out.splitlines()) < 30
    out = said("games", "minimum_effort:n=3,levels=3")
    assert "3×3×3 actions" in out


def test_wide_tables_are_cut_into_blocks_of_columns(said, terminal):
    terminal(50)
    lines = plain_lines(said("games", "travellers_dilemma"))
    assert max(map(len, lines[1:])) <= 50, "the first line can be copied as it is"
    rows = [line.split()[2:] for line in lines if re.match(r"claim \d+ +-?\d+, ", line)]
    per_row = [" ".join(rows[k] + rows[k + 9]) for k in range(9)]
    tensor = CATALOGUE["travellers_dilemma"]().tensor
    for a, row in enumerate(per_row):
        assert row == " ".join(f"{x:g}, {y:g}" for x, y in zip(*tensor[:, a], strict=True))


def test_a_game_file_is_explained_like_any_other(said, tmp_path):
    """A dilemma with defection first: naming the other action gives the usual thresholds."""
    file = tmp_path / "swapped.nfg"
    file.write_text(SWAPPED + PAYOFFS)
    out = said("games", str(file))
    assert out.startswith(f"swapped [dilemma] ({file})\n")
    assert "(de[f], de[f]) pays 1, 1" in out
    assert "Source" not in out
    cooperative = said("games", str(file), "--cooperate", "co op")
    assert "cooperation is co op" in cooperative
    (line,) = [line for line in cooperative.splitlines() if line.startswith("κ_½")]
    assert float(line.split()[1]) == pytest.approx(3 / 7)
    found = json.loads(said("games", str(file), "--json"))
    assert (found["name"], found["parameters"], found["condition"]) == (None, {}, "")
    assert found["base_game"]["pure_equilibria"] == [[0, 0]]
    assert found["base_game"]["welfare_optima"] == [[1, 1]]


def test_a_file_called_like_a_game_of_the_catalogue_is_not_that_game(said, tmp_path, monkeypatch):
    (tmp_path / "chicken").write_text(SWAPPED + PAYOFFS)
    monkeypatch.chdir(tmp_path)
    assert json.loads(said("games", "./chicken", "--json"))["name"] is None
    assert json.loads(said("games", "chicken", "--json"))["name"] == "chicken"
    assert json.loads(said("games", "stag_hunt", "--json"))["name"] == "stag_hunt"


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_json_of_one_game_agrees_with_the_game(said, name):
    found = json.loads(said("games", name, "--json"))
    game = CATALOGUE[name]()
    assert game.labels is not None
    assert np.array_equal(found["payoffs"], game.tensor)
    assert found["players"] == game.players
    assert found["actions"] == [list(names) for names in game.labels.actions]
    facts = found["base_game"]
    for profiles, paid in (
        (facts["pure_equilibria"], facts["pure_equilibrium_payoffs"]),
        (facts["welfare_optima"], facts["welfare_optimum_payoffs"]),
    ):
        assert [list(game.tensor[:, *profile]) for profile in profiles] == paid
    for paid in facts["welfare_optimum_payoffs"]:
        assert sum(paid) == pytest.approx(facts["welfare"])


def keys(content: object) -> set[str]:
    if isinstance(content, dict):
        return set(content).union(*map(keys, content.values()))
    if isinstance(content, list):
        return set().union(*map(keys, content))
    return set()


def test_every_key_is_documented_in_the_section_of_games(said):
    """Parameters are named by each game; what is in closed_form is documented with thresholds."""
    text = OUTPUT.read_text("utf-8")
    section = re.split(r"^## ", text.split("## `games --json`")[1], flags=re.MULTILINE)[0]
    section += next(line for line in text.splitlines() if line.startswith("| `base_game` |"))
    listed = json.loads(said("games", "--json"))
    one = json.loads(said("games", "prisoners_dilemma", "--json"))
    top = {key for game in listed for key in game} | set(one) | keys(one["base_game"])
    assert {key for key in top if f"`{key}`" not in section} == set()
    assert {key for key in keys(one["closed_form"]) if f"`{key}`" not in text} == set()
    documented = set(re.findall(r"^\| `(\w+)`", section, flags=re.MULTILINE))
    assert documented <= top, "and nothing is documented that is not there"


BAD = [
    (("hawk_dov",), "did you mean 'hawk_dove'?"),
    (("hawk_dove:W=1",), "unknown parameter of hawk_dove 'W'"),
    (("hawk_dove:V=5",), "hawk_dove needs C > V > 0"),
    (("minimum_effort:n=12",), "at most 49152 are supported"),
    (("no.nfg",), "no.nfg: cannot be read"),
    (("stag_hunt", "--cooperate", "boar"), "no action 'boar'"),
    (("--cooperate", "stag"), "put a GAME before it"),
]


@pytest.mark.parametrize(("words", "message"), BAD)
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_bad_games_are_one_line(call, words, message, more):
    code, out, err = call("games", *words, *more)
    assert (code, out) == (2, "")
    assert err.startswith("glasshouse: ")
    assert err.count("\n") == 1
    assert message in err
