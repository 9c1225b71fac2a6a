"""Gambit's `.nfg` files: payoffs written out by hand, malformed texts and round trips."""

import os
import re
import string
from pathlib import Path

import equinox as eqx
import hypothesis.extra.numpy as hnp
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reference import examples

from glasshouse.errors import InputError, OutputError
from glasshouse.games.normal_form import Labels, NormalFormGame
from glasshouse.interop import format_nfg, parse_nfg, read_nfg, write_nfg

COUNTS_PAYOFFS = 'NFG 1 R "T" { "A" "B" } { 2 3 }\n\n11 -1 21 -2 12 -3 22 -4 13 -5 23 -6\n'
LABELS_PAYOFFS = """NFG 1 R "T" { "A" "B" }

{ { "up" "down" }
{ "l" "m" "r" }
}
"a comment
of two lines"

11 -1 21 -2 12 -3 22 -4 13 -5 23 -6
"""
LABELS_OUTCOMES = """NFG 1 D "T" { "A" "B" }
{ { "up" "down" } { "l" "m" "r" } }
""
{
{ "first" 11, -1 }
{ "" 21 -2 }
{ "third" 12, -3 } { "" 22, -4 } { "" 13, -5 } { "" 23, -6 } { "unused" 7 7 }
}
1 2 3 4 5 6
"""
COUNTS_OUTCOMES = """NFG 1 R "T" { "A" "B" } { 2 3 }
{ { "" 23, -6 } { "" 11, -1 } { "" 21, -2 } { "" 12, -3 } { "" 22, -4 } { "" 13, -5 } }
2 3 4 5 6 1"""
VARIANTS = (COUNTS_PAYOFFS, LABELS_PAYOFFS, LABELS_OUTCOMES, COUNTS_OUTCOMES)

FIRST = [[11.0, 12.0, 13.0], [21.0, 22.0, 23.0]]
SECOND = [[-1.0, -3.0, -5.0], [-2.0, -4.0, -6.0]]

COUNTS_2X2 = 'NFG 1 R "" { "A" "B" } { 2 2 }\n'
OUTCOMES_2X1 = 'NFG 1 R "" { "A" "B" } { 2 1 }\n'


def tensor(text: str) -> np.ndarray:
    return np.asarray(parse_nfg(text).tensor)


@pytest.mark.parametrize("text", VARIANTS)
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", " ", "\t\f\v\n\n"])
def test_all_variants_describe_the_same_game(text, line_break):
    game = parse_nfg(text.strip("\n").replace("\n", line_break))
    assert np.array_equal(game.tensor, [FIRST, SECOND])
    assert game.labels is not None
    assert game.labels.title == "T"
    assert game.labels.players == ("A", "B")


@pytest.mark.parametrize(
    ("text", "actions"),
    [
        (COUNTS_PAYOFFS, (("1", "2"), ("1", "2", "3"))),
        (COUNTS_OUTCOMES, (("1", "2"), ("1", "2", "3"))),
        (LABELS_PAYOFFS, (("up", "down"), ("l", "m", "r"))),
        (LABELS_OUTCOMES, (("up", "down"), ("l", "m", "r"))),
    ],
)
def test_actions_have_the_names_of_the_header_or_numbers(text, actions):
    labels = parse_nfg(text).labels
    assert labels is not None
    assert labels.actions == actions


def test_first_players_action_varies_fastest_with_three_players():
    numbers = [
        f"{player}{own}{second}{third}"
        for third in range(4)
        for second in range(3)
        for own in range(2)
        for player in (1, 2, 3)
    ]
    text = f'NFG 1 R "" {{ "1" "2" "3" }} {{ 2 3 4 }}\n\n{" ".join(numbers)}\n'
    payoffs = tensor(text)
    assert payoffs.shape == (3, 2, 3, 4)
    assert payoffs[0, 1, 0, 0] == 1100
    assert payoffs[1, 0, 2, 0] == 2020
    assert payoffs[2, 1, 2, 3] == 3123
    assert payoffs[0, 0, 1, 3] == 1013
    assert format_nfg(NormalFormGame(payoffs)) == text


def test_null_outcome_pays_nothing():
    payoffs = tensor(OUTCOMES_2X1 + '{ { "x" 3, 4 } } 0 1')
    assert payoffs.tolist() == [[[0.0], [3.0]], [[0.0], [4.0]]]
    assert not tensor(OUTCOMES_2X1 + "{ } 0 0").any()


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("5", 5.0),
        ("-5", -5.0),
        ("007", 7.0),
        ("2.50", 2.5),
        (".25", 0.25),
        ("-.25", -0.25),
        ("3.", 3.0),
        ("1e3", 1000.0),
        ("2.5E-1", 0.25),
        ("1/3", 1 / 3),
        ("-7/2", -3.5),
        ("1" + 400 * "0" + "/1" + 399 * "0", 10.0),
        ("-0", -0.0),
        ("5e-324", 5e-324),
        ("1e-999", 0.0),
        ("0.1", 0.1),
        ("123456789012345678901", 123456789012345678901.0),
    ],
)
def test_numbers(written, value):
    got = tensor(f'NFG 1 R "" {{ "A" }} {{ 1 }} {written}')[0, 0]
    assert got.hex() == value.hex()


def test_strings_hold_quotes_backslashes_and_line_breaks():
    text = r"""NFG 1 R "say \"hi\" in C:\new\\" { "a
b" "" } { { "{" "," } { "1 2" } } 1 2 3 4"""
    labels = parse_nfg(text).labels
    assert labels is not None
    assert labels.title == 'say "hi" in C:\\new\\'
    assert labels.players == ("a\nb", "2")  # a blank name says nothing
    assert labels.actions == (("{", ","), ("1 2",))


def test_portable_text_is_exact():
    game = NormalFormGame([[[3, 0], [5.5, 1e-3]], [[3, 5], [-0.0, 1e21]]])
    assert format_nfg(game) == (
        'NFG 1 R "" { "1" "2" } { 2 2 }\n\n3 3 5.5 -0 0 5 0.001 1000000000000000000000\n'
    )


def test_labels_text_is_exact():
    labels = Labels(("A", 'B"'), (("C", "D"), ("\\x", "y\\")), title="PD")
    game = NormalFormGame([[[3, 0], [5, 1]], [[3, 5], [0, 1]]], labels)
    assert format_nfg(game, labels=True) == (
        'NFG 1 R "PD" { "A" "B\\"" }\n{ { "C" "D" } { "\\x" "y\\\\" } }\n\n3 3 5 0 0 5 1 1\n'
    )


def test_single_precision_payoffs_keep_their_exact_value():
    game = NormalFormGame(jnp.full((1, 2), 0.1, dtype=jnp.float32))
    assert tensor(format_nfg(game)).tolist() == [[float(np.float32(0.1))] * 2]


MANY_PLAYERS = 'NFG 1 R "" {' + 64 * '\n"p"' + " } { 1 } 1"
VAST_BY_NAMES = 'NFG 1 R "" { ' + 40 * '"p" ' + "}\n{ " + 40 * '{ "a" "b" "c" } ' + "}\n1 2"
MALFORMED = {
    "empty": ("", 1, 1, "found the end of the text"),
    "blank": (" \n\n ", 1, 1, "found the end of the text"),
    "extensive form": ('EFG 2 R "" { "A" }', 1, 1, "found 'EFG'"),
    "lower case": ('nfg 1 R "" { "A" } { 1 } 1', 1, 1, "NFG"),
    "version": ('NFG 2 R "" { "A" } { 1 } 1', 1, 5, "put 1 here"),
    "number kind": ('NFG 1 Q "" { "A" } { 1 } 1', 1, 7, "put R or D here"),
    "no title": ('NFG 1 R { "A" } { 1 } 1', 1, 9, "title"),
    "no players": ('NFG 1 R "" { } { 1 } 1', 1, 14, "at least one player"),
    "64 players": (MANY_PLAYERS, 65, 1, "at most 63 players"),
    "player without quotes": ('NFG 1 R "" { "A" B }', 1, 18, "in double quotes"),
    "players not closed": ('NFG 1 R "" { "A" { 1 } 1', 1, 18, "close the list"),
    "header ends": ('NFG 1 R "" { "A" }\n', 1, 19, "numbers or names of the actions"),
    "zero actions": ('NFG 1 R "" { "A" } { 0 }', 1, 22, "whole number from 1"),
    "negative actions": ('NFG 1 R "" { "A" } { -2 }', 1, 22, "whole number from 1"),
    "half an action": ('NFG 1 R "" { "A" } { 2.5 }', 1, 22, "whole number from 1"),
    "unheard-of actions": (f'NFG 1 R "" {{ "A" }} {{ 1{5000 * "0"} }}', 1, 22, "whole number"),
    "no action names": ('NFG 1 R "" { "A" }\n{ { } } 1', 2, 5, "at least one action"),
    "action without quotes": ('NFG 1 R "" { "A" }\n{ { "x" y } } 1', 2, 9, "action names are in"),
    "too few counts": ('NFG 1 R "" { "A" "B" } { 2 } 1', 1, 28, "1 of 2 so far"),
    "too many counts": ('NFG 1 R "" { "A" "B" } { 2 2 2 } 1', 1, 30, "2 of 2 so far"),
    "too few name lists": ('NFG 1 R "" { "A" "B" } { { "x" } } 1', 1, 34, "1 of 2 so far"),
    "too many name lists": ('NFG 1 R "" { "A" } { { "x" } { "y" } } 1', 1, 30, "1 of 1 so far"),
    "names and counts": ('NFG 1 R "" { "A" "B" } { { "x" } 2 } 1', 1, 34, "1 of 2 so far"),
    "comma between counts": ('NFG 1 R "" { "A" "B" } { 2, 2 } 1', 1, 27, "1 of 2 so far"),
    "string open": ('NFG 1 R "" { "A" "B } { 2 2 }\n1 2 3', 1, 18, "never closed"),
    "string open after escape": ('NFG 1 R "x\\" { 1 }', 1, 9, "never closed"),
    "no body": (COUNTS_2X2, 1, 31, "8 payoffs, 0 so far"),
    "truncated": (COUNTS_2X2 + "1 2 3 4\n5 6 7 \n", 3, 6, "8 payoffs, 7 so far"),
    "payoffs too many": (COUNTS_2X2 + "1 2 3 4 5 6 7 8 9", 2, 17, "nothing after them"),
    "string after the body": (COUNTS_2X2 + '1 2 3 4 5 6 7 8 "x"', 2, 17, "nothing after them"),
    "brace in the body": (COUNTS_2X2 + "1 2 } 3", 2, 5, "8 payoffs, 2 so far"),
    "second comment": (COUNTS_2X2 + '"a" "b" 1 2 3 4 5 6 7 8', 2, 5, "8 payoffs, 0 so far"),
    "comma in payoffs": (COUNTS_2X2 + "1 2, 3 4 5 6 7 8", 2, 4, "remove the comma"),
    "comma after payoffs": (COUNTS_2X2 + "1 2 3 4 5 6 7 8,", 2, 16, "remove the comma"),
    "carriage returns": (COUNTS_2X2 + "1 2 3\r4\r\n5 6 x", 4, 5, "found 'x'"),
    "vast": (f'NFG 1 R "" {{ "A" "B" }} {{ {9 * "9"} {9 * "9"} }}\n1 2', 2, 4, "more than 10^12"),
    "vast by names": (VAST_BY_NAMES, 3, 4, "more than 10^12"),
    "outcomes open": (OUTCOMES_2X1 + '{ { "x" 1, 2 } 1 1', 2, 16, "each outcome is in braces"),
    "outcome open": (OUTCOMES_2X1 + '{ { "x" 1, 2 1 1', 2, 14, "2 here; close it"),
    "outcome without name": (OUTCOMES_2X1 + "{ { 1, 2 } } 1 1", 2, 5, "its name"),
    "outcome short": (OUTCOMES_2X1 + '{ { "x" 1 } } 1 1', 2, 11, "1 of 2 so far"),
    "outcome long": (OUTCOMES_2X1 + '{ { "x" 1, 2, 3 } } 1 1', 2, 13, "one payoff per player"),
    "outcome double comma": (OUTCOMES_2X1 + '{ { "x" 1,, 2 } } 1 1', 2, 11, "1 of 2 so far"),
    "outcome leading comma": (OUTCOMES_2X1 + '{ { "x", 1 2 } } 1 1', 2, 8, "0 of 2 so far"),
    "outcome trailing comma": (OUTCOMES_2X1 + '{ { "x" 1, 2, } } 1 1', 2, 13, "close it"),
    "comma between outcomes": (OUTCOMES_2X1 + '{ { "x" 1 2 }, { "" 1 2 } } 1 1', 2, 14, "braces"),
    "outcome not listed": (OUTCOMES_2X1 + '{ { "x" 1, 2 } }\n1 2', 3, 3, "from 1, 1 listed"),
    "outcome negative": (OUTCOMES_2X1 + '{ { "x" 1, 2 } }\n-1 1', 3, 1, "0 stands for none"),
    "outcome not whole": (OUTCOMES_2X1 + '{ { "x" 1, 2 } }\n1 1.0', 3, 3, "0 stands for none"),
    "outcome vast": (OUTCOMES_2X1 + f"{{ }} {5000 * '1'} 0", 2, 5, "0 stands for none"),
    "outcomes too few": (OUTCOMES_2X1 + '{ { "x" 1, 2 } }\n1', 3, 2, "2 outcome numbers, 1 so"),
    "outcomes too many": (OUTCOMES_2X1 + '{ { "x" 1, 2 } }\n1 1 1', 3, 5, "nothing after them"),
    "comma between numbers": (OUTCOMES_2X1 + '{ { "x" 1, 2 } }\n1, 1', 3, 2, "remove the comma"),
    "bad payoff in outcome": (OUTCOMES_2X1 + '{ { "x" 1, +2 } } 1 1', 2, 12, "without '+'"),
}


@pytest.mark.parametrize(("text", "line", "column", "phrase"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_text_is_an_error_that_says_where(text, line, column, phrase):
    with pytest.raises(InputError) as caught:
        parse_nfg(text, "game.nfg")
    message = str(caught.value)
    assert message.startswith(f"game.nfg:{line}:{column}: found ")
    assert phrase in message
    assert message.isprintable()
    assert len(message) < 300


@pytest.mark.parametrize(
    ("written", "phrase"),
    [
        ("+1", "without '+'"),
        ("2.5e+1", "without '+'"),
        ("nan", "finite"),
        ("-inf", "finite"),
        ("Infinity", "finite"),
        ("1e309", "rescale"),
        ("-1e9999999999", "rescale"),
        ("1" + 400 * "0" + "/1", "rescale"),
        ("1/0", "denominator"),
        ("0/0", "denominator"),
        ("1/-2", "fraction"),
        ("1.5/2", "fraction"),
        ("1/2/3", "fraction"),
        (f"{5000 * '1'}/3", "digits"),
        ("1_000", "decimal"),
        ("0x10", "decimal"),
        ("--1", "decimal"),
        ("1.2.3", "decimal"),
        (".", "decimal"),
        ("-", "decimal"),
        ("e5", "decimal"),
        ("1e", "decimal"),
        ("1-2", "decimal"),
        ("٣", "decimal"),
        ("1\N{NO-BREAK SPACE}2", "decimal"),
        ("−1", "decimal"),
    ],
)
def test_malformed_numbers_are_errors(written, phrase):
    with pytest.raises(InputError, match=r"^<text>:1:26: found ") as caught:
        parse_nfg(f'NFG 1 R "" {{ "A" }} {{ 2 }} {written} 1')
    assert phrase in str(caught.value)


def test_files_round_trip(tmp_path):
    labels = Labels(("é", "a\r\nb"), (("1", "2"), ("α", "\\", '"')), title="naïve")
    game = NormalFormGame([FIRST, SECOND], labels)
    path = tmp_path / "game.nfg"
    write_nfg(game, str(path), labels=True)
    back = read_nfg(path)
    assert back.labels == labels
    assert np.array_equal(back.tensor, game.tensor)
    write_nfg(game, path)
    assert path.read_bytes() == format_nfg(game).encode()
    assert [entry.name for entry in tmp_path.iterdir()] == ["game.nfg"]


def test_a_byte_order_mark_is_skipped(tmp_path):
    path = tmp_path / "game.nfg"
    path.write_bytes(b"\xef\xbb\xbf" + COUNTS_PAYOFFS.encode())
    assert np.array_equal(read_nfg(path).tensor, [FIRST, SECOND])


@pytest.mark.parametrize(
    ("data", "place", "phrase"),
    [
        (b"", "1:1", "end of the text"),
        (b'NFG 1 R "\xc3\xa9"\n{ "\xff" }', "2:4", "byte 0xff"),
        (COUNTS_PAYOFFS.encode("utf-16"), "1:1", "UTF-8"),
        (b'NFG 1 R "" { "A" } { 2 }\n1 \x00', "2:3", r"'\x00'"),
        (b"\x7fELF\x02\x01", "1:1", "NFG"),
    ],
)
def test_malformed_files_are_errors_that_name_the_file(tmp_path, data, place, phrase):
    path = tmp_path / "game.nfg"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        read_nfg(path)
    assert str(caught.value).startswith(f"{path}:{place}: found ")
    assert phrase in str(caught.value)


def test_what_cannot_be_read_is_an_error(tmp_path):
    for path, phrase in [
        (tmp_path / "missing.nfg", "No such file"),
        (tmp_path, "directory"),
        ("a\0b", "null"),
    ]:
        with pytest.raises(InputError, match=phrase) as caught:
            read_nfg(path)
        assert str(caught.value).startswith(f"{path}: cannot be read")


def test_what_cannot_be_written_is_an_error(tmp_path):
    game = NormalFormGame([FIRST, SECOND])
    for path in [tmp_path / "none" / "game.nfg", tmp_path, "a\0b"]:
        with pytest.raises(InputError, match="cannot be written"):
            write_nfg(game, path)
    odd = NormalFormGame(np.zeros((1, 1)), Labels(("\ud800",), (("1",),)))
    with pytest.raises(InputError, match="UTF-8"):
        write_nfg(odd, tmp_path / "game.nfg")
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "game.nfg"
    path.write_text("old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        write_nfg(NormalFormGame([FIRST, SECOND]), path)
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["game.nfg"]


@pytest.mark.skipif(os.name != "posix", reason="links, modes and pipes as POSIX has them")
def test_links_modes_and_pipes_stay_what_they_are(tmp_path):
    game = NormalFormGame([FIRST, SECOND])
    text = format_nfg(game).encode()
    target, link, pipe = tmp_path / "target", tmp_path / "link", tmp_path / "pipe"
    target.touch(mode=0o640)
    link.symlink_to(target)
    write_nfg(game, link)
    assert link.is_symlink()
    assert target.read_bytes() == text
    assert target.stat().st_mode & 0o777 == 0o640
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    write_nfg(game, pipe)
    assert os.read(reading, 10_000) == text
    os.close(reading)
    assert pipe.is_fifo()


def test_payoffs_that_are_not_finite_are_not_written():
    game = NormalFormGame([[1.0, 2.0]])
    game = eqx.tree_at(lambda g: g.tensor, game, np.array([[1.0, np.nan]]))
    with pytest.raises(InputError, match="not finite"):
        format_nfg(game)


EXTREMES = [-0.0, 1e-300, 1e300, 5e-324, -2.2250738585072014e-308, 1.7976931348623157e308, 0.1]
NAMES = st.one_of(
    st.text(max_size=5),
    st.text(alphabet='\\"{}, \n\r\t1é', max_size=6),
)


Parts = tuple[np.ndarray, tuple[str, ...], tuple[tuple[str, ...], ...], str]


def different_names(count):
    """So many names that people can tell apart."""
    seen = st.lists(
        NAMES.filter(str.strip),
        min_size=count,
        max_size=count,
        unique_by=lambda name: " ".join(name.split()),
    )
    return seen.map(tuple)


@st.composite
def parts(draw: st.DrawFn) -> Parts:
    """Payoffs, names of players and actions, and a title."""
    actions = draw(st.lists(st.integers(1, 4), min_size=2, max_size=3).map(tuple))
    numbers = st.sampled_from(EXTREMES) | st.floats(allow_nan=False, allow_infinity=False)
    payoffs = draw(hnp.arrays(np.float64, (len(actions), *actions), elements=numbers))
    names = tuple(draw(different_names(m)) for m in actions)
    return payoffs, draw(different_names(len(actions))), names, draw(NAMES)


@examples(100)
@given(parts())
def test_portable_text_round_trips(parts):
    payoffs, players, names, title = parts
    text = format_nfg(NormalFormGame(payoffs, Labels(players, names, title)))
    back = parse_nfg(text)
    assert np.asarray(back.tensor).tobytes() == payoffs.tobytes()
    assert back.labels is not None
    assert (back.labels.players, back.labels.title) == (players, title)
    assert format_nfg(back) == text


@examples(100)
@given(parts())
def test_labels_text_round_trips(parts):
    payoffs, players, names, title = parts
    labels = Labels(players, names, title)
    text = format_nfg(NormalFormGame(payoffs, labels), labels=True)
    back = parse_nfg(text)
    assert np.asarray(back.tensor).tobytes() == payoffs.tobytes()
    assert back.labels == labels
    assert format_nfg(back, labels=True) == text


@examples(50)
@given(parts(), st.booleans())
def test_games_without_labels_get_numbers_for_names(parts, labels):
    payoffs = parts[0]
    back = parse_nfg(format_nfg(NormalFormGame(payoffs), labels=labels))
    assert np.asarray(back.tensor).tobytes() == payoffs.tobytes()
    assert back.labels is not None
    assert back.labels.players == ("1", "2", "3")[: len(payoffs)]
    assert back.labels.actions[-1] == ("1", "2", "3", "4")[: payoffs.shape[-1]]


PIECES = st.one_of(
    st.sampled_from(["{", "}", ",", '"', "\\", "\r", "\n", " ", "/", "+", "-", "1e999", "nan"]),
    st.text(alphabet=string.digits + '{}", eE+-./\\\n', max_size=6),
    st.text(max_size=3),
)


@examples(400)
@given(
    st.sampled_from(VARIANTS),
    st.lists(st.tuples(st.integers(0, 250), st.integers(0, 12), PIECES), min_size=1, max_size=4),
)
def test_edited_text_is_a_game_or_an_input_error(text, edits):
    for at, removed, inserted in edits:
        text = text[:at] + inserted + text[at + removed :]
    try:
        game = parse_nfg(text, "edited")
    except InputError as error:
        message = str(error)
    else:
        assert np.isfinite(game.tensor).all()
        return
    found = re.match(r"edited:(\d+):(\d+): found ", message)
    assert found is not None
    assert message.isprintable()
    lines = re.split(r"\r\n|\r|\n", text)
    assert 1 <= int(found[2]) <= len(lines[int(found[1]) - 1]) + 1


def test_files_of_the_gambit_collection():
    folder = Path(__file__).parents[2] / "shared" / "games"
    if not folder.is_dir():
        pytest.skip("no collection of .nfg files beside the repository")
    found = {path.name: np.asarray(read_nfg(path).tensor) for path in folder.glob("*.nfg")}
    dilemma = found["pd.nfg"]
    assert dilemma[:, 0, 0].tolist() == [9, 9]
    assert dilemma[:, 1, 0].tolist() == [10, 0]
    assert dilemma[:, 0, 1].tolist() == [0, 10]
    assert dilemma[:, 1, 1].tolist() == [1, 1]
    long = found["6x6_game_with_75_eq.nfg"]
    assert long.shape == (2, 6, 6)
    assert long[:, 0, 0].tolist() == [9504, 72336]
    assert long[:, 1, 0].tolist() == [-111771, -461736]
    assert np.array_equal(found["coordination_4x4_outcome.nfg"], [np.eye(4), np.eye(4)])
    assert found["coord2.nfg"].tolist() == [[[3, 0], [0, 2]], [[2, 0], [0, 2]]]
    assert found["nau2004_sec3.nfg"].tolist() == [[[3, 0], [0, 2]], [[2, 0], [0, 3]]]
    three = found["2x2x2.nfg"]
    assert three[:, 0, 0, 0].tolist() == [9, 8, 12]
    assert three[:, 1, 1, 0].tolist() == [9, 8, 2]
    assert three[:, 1, 0, 1].tolist() == [3, 4, 6]
