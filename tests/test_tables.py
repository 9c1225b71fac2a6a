"""Payoffs in tables: read right, or refused in one line that names the place."""

import datetime
import io
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

import glasshouse as gh
from glasshouse.games.random import random_game
from glasshouse.interop import parse_table, read_table
from glasshouse.study.setting import check_study
from glasshouse.study.template import cooperating

W = ("work", "rest")
DILEMMA = [[[3, 0], [5, 1]], [[3, 5], [0, 1]]]
SKEWED = [[[3, 0], [5, 1]], [[4, 2], [0, -1.5]]]
HALVES = [[[1.5, 2.5], [3, 4]], [[1.5, 3], [2.5, 4]]]
EIGHT = [(a, b, c) for a in (1, 2) for b in (1, 2) for c in (1, 2)]
THREE = np.array(
    [
        [100 * a + 10 * b + c for a, b, c in EIGHT],
        [b + 0.5 for _, b, _ in EIGHT],
        [-c for _, _, c in EIGHT],
    ]
).reshape(3, 2, 2, 2)
NOBODY = ("1", "2")
ADA = ("Ada", "Ben")

READ: dict[str, tuple[str | bytes, Any, tuple[str, ...], Any]] = {
    "both payoffs in a cell": (
        'Ada \\ Ben,work,rest\nwork,"3, 4","0, 2"\nrest,"5, 0","1, -1.5"',
        SKEWED,
        ADA,
        (W, W),
    ),
    "brackets": (
        ',work,rest\nwork,"(3,4)","(0,2)"\nrest,"[5,0]","{1,-1.5}"',
        SKEWED,
        NOBODY,
        (W, W),
    ),
    "slashes, names in the corner": (
        "Ada/Ben,work,rest\nwork,3/4,0/2\nrest,5/0,1/-1.5",
        SKEWED,
        ADA,
        (W, W),
    ),
    "bars": (";work;rest\nwork;3|4;0 | 2\nrest;5|0;1|-1.5", SKEWED, NOBODY, (W, W)),
    "spaces": (";work;rest\nwork;3 4;0  2\nrest;5 0;1 -1.5", SKEWED, NOBODY, (W, W)),
    "semicolons in quotes": (
        ',work,rest\nwork,"3;4","0;2"\nrest,"5;0","1;-1.5"',
        SKEWED,
        NOBODY,
        (W, W),
    ),
    "decimal commas and tabs": (
        "\twork\trest\nwork\t3; 4\t0; 2\nrest\t5; 0\t1; -1,5",
        SKEWED,
        NOBODY,
        (W, W),
    ),
    "decimal commas, separated by a comma and a blank": (
        ";work;rest\nwork;3,0, 4,0;0,0, 2,0\nrest;5,0, 0,0;1,0, -1,5",
        SKEWED,
        NOBODY,
        (W, W),
    ),
    "commas that mirror each other": (
        ',work,rest\nwork,"3,3","0,5"\nrest,"5,0","1,1"',
        DILEMMA,
        NOBODY,
        (W, W),
    ),
    "two columns for each action": (
        ",work,,rest,\nwork,3,4,0,2\nrest,5,0,1,-1.5",
        SKEWED,
        NOBODY,
        (W, W),
    ),
    "names above and beside": (
        ",,Ben,\n,,work,rest\nAda,work,3;4,0;2\n,rest,5;0,1;-1.5",
        SKEWED,
        ADA,
        (W, W),
    ),
    "one payoff in a cell": (",work,rest\nwork,3,0\nrest,5,1", DILEMMA, NOBODY, (W, W)),
    "no names at all": ("3,0\n5,1", DILEMMA, NOBODY, (("1", "2"), ("1", "2"))),
    "numbers for names": ("claim,2,3\n2,3,0\n3,5,1", DILEMMA, NOBODY, (("2", "3"), ("2", "3"))),
    "decimal commas, told by other cells": (
        ";work;rest\nwork;1,5;2,5\nrest;3;4",
        HALVES,
        NOBODY,
        (W, W),
    ),
    "empty rows and columns around": (
        ",,,\n,,work,rest,\n,work,3,0,,\n,rest,5,1,\n,,,\n\n",
        DILEMMA,
        NOBODY,
        (W, W),
    ),
    "byte order mark and CRLF": (
        b"\xef\xbb\xbf,work,rest\r\nwork,3,0\r\nrest,5,1\r\n",
        DILEMMA,
        NOBODY,
        (W, W),
    ),
    "UTF-16, tabs": (
        "\twork\trest\nwork\t3\t0\nrest\t5\t1".encode("utf-16"),
        DILEMMA,
        NOBODY,
        (W, W),
    ),
    "a spreadsheet's hint": ("sep=;\n;work;rest\nwork;1.5;2.5\nrest;3;4", HALVES, NOBODY, (W, W)),
    "typeset minus, exponents, plus": (
        ";a;b\na;−3;+1e2\nb;.5;2.",
        [[[-3, 100], [0.5, 2]], [[-3, 0.5], [100, 2]]],
        NOBODY,
        (("a", "b"), ("a", "b")),
    ),
    "thousands, told by other cells": (
        ";a;b\na;1,000.5;2,000\nb;10;0",
        [[[1000.5, 2000], [10, 0]], [[1000.5, 10], [2000, 0]]],
        NOBODY,
        (("a", "b"), ("a", "b")),
    ),
    "thousands with points": (
        ";a;b\na;1.000,5;2.000\nb;10;0",
        [[[1000.5, 2000], [10, 0]], [[1000.5, 10], [2000, 0]]],
        NOBODY,
        (("a", "b"), ("a", "b")),
    ),
    "a blank before quotes": (
        ', work, rest\nwork, "3, 4", "0, 2"\nrest, "5, 0", "1, -1.5"',
        SKEWED,
        NOBODY,
        (W, W),
    ),
    "one action": (",work\nwork,3", [[[3]], [[3]]], NOBODY, (("work",), ("work",))),
    "not square": (
        "Ada/Ben;l;m;r\nu;1;2 | 3;4\n".replace("1;2 | 3;4", "1,5;2,-3;4,0"),
        [[[1, 2, 4]], [[5, -3, 0]]],
        ADA,
        (("u",), ("l", "m", "r")),
    ),
    "a row for each profile": (
        "Ada,Ben,payoff Ada,payoff Ben\nwork,work,3,4\nrest,rest,1,-1.5\n"
        "work,rest,0,2\nrest,work,5,0",
        SKEWED,
        ADA,
        (W, W),
    ),
    "the same, payoffs in another order, numbered": (
        "Ada,u2,Ben,u1\nwork,4,work,3\nrest,-1.5,rest,1\nwork,2,rest,0\nrest,0,work,5",
        SKEWED,
        ADA,
        (W, W),
    ),
    "the same, decimal commas": (
        "Ada;Ben;Ada;Ben\nwork;work;3;4\nwork;rest;0;2\nrest;work;5;0\nrest;rest;1;-1,5",
        SKEWED,
        ADA,
        (W, W),
    ),
    "the same, counted": (
        ",Ada,Ben,Ada's payoff,Ben's payoff\n0,work,work,3,4\n1,work,rest,0,2\n2,rest,work,5,0\n"
        "3,rest,rest,1,-1.5",
        SKEWED,
        ADA,
        (W, W),
    ),
    "three players": (
        "A,B,C,u(A),u(B),u(C)\n"
        + "\n".join(f"{a},{b},{c},{a}{b}{c},{b}.5,-{c}" for a, b, c in EIGHT),
        THREE,
        ("A", "B", "C"),
        (("1", "2"),) * 3,
    ),
}
"""What is in the file; payoffs, players and actions."""


def written(folder: Path, content: str | bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("name", READ)
def test_tables_are_read(tmp_path, name):
    content, payoffs, players, actions = READ[name]
    game = gh.load_game(written(tmp_path, content))
    np.testing.assert_array_equal(game.tensor, np.array(payoffs, dtype=float))
    assert game.labels is not None
    assert (game.labels.players, game.labels.actions) == (players, actions)
    assert game.labels.source.startswith("table.csv, read as ")


REFUSED: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "there is nothing in it: a table is either"),
    "blanks": (" , ,\n,,\n", "there is nothing in it"),
    "one column": ("work\n3\n", "row 1 has one column"),
    "a decimal or two payoffs": (
        ',a,b\na,"3,4","0,5"\nb,"5,0","1,1"',
        "row 2, column B: '3,4' may mean payoffs 3 and 4 or 3.4",
    ),
    "four profiles without headings": (
        "0,0,3,3\n0,1,0,5\n1,0,5,0\n1,1,1,1",
        "begins a table of 4 × 4 payoffs, or a list of 2 × 2 profiles",
    ),
    "the first payoff missing": (",1,4\n1,2,0\n4,0,3", "row 1, column A: is empty: is a payoff"),
    "a filler for it": ("n/a,1,4\n1,2,0\n4,0,3", "row 1, column A: 'n/a' is no payoff"),
    "German decimals that mirror each other": (
        ";a;b\na;1,1;2,3\nb;3,2;4,4",
        "row 2, column B: '1,1' may mean payoffs 1 and 1 or 1.1",
    ),
    "the same, of actions that differ": (
        ";l;r\nu;1,5;2,5\nd;3,5;4,5",
        "row 2, column B: '1,5' may mean payoffs 1 and 5 or 1.5",
    ),
    "the same, all alike": (
        ";l;r\nl;1,1;1,1\nr;1,1;1,1",
        "row 2, column B: '1,1' may mean payoffs 1 and 1 or 1.1",
    ),
    "thousands or decimals": (
        ";a;b\na;900;1.000\nb;2.000;3.000",
        "row 2, column C: '1.000' may mean 1 or 1000",
    ),
    "thousands or a pair": (
        "\ta\tb\na\t1 500\t2 500\nb\t3 500\t4 500",
        "'1 500' may mean payoffs 1 and 500 or 1500",
    ),
    "both decimal marks": (
        ";a;b\na;1.25;2\nb;2,5;0.75",
        "row 3, column B: '2,5' is written with another decimal mark",
    ),
    "a missing cell": (",a,b\na,1,\nb,2,3", "row 2, column C: is empty"),
    "a short row": (",a,b\na,1,2\nb,2", "row 3, column C: is empty"),
    "a long row": (",a,b\na,1,2,9\nb,2,3", "row 1, column D: is empty, and should name an action"),
    "a percent sign": (",a,b\na,50%,1\nb,2,3", "row 2, column B: '50%' has a percent sign"),
    "a currency": (",a,b\na,1,2\nb,€ 3,4", "row 3, column B: '€ 3' has a sign of currency"),
    "a text": (",a,b\na,1,2\nb,high,4", "row 3, column B: 'high' cannot be read"),
    "infinity": (",a,b\na,1,-inf\nb,2,3", "row 2, column C: '-inf' is no finite number"),
    "not a number": (",a,b\na,1,2\nb,#N/A,3", "row 3, column B: '#N/A' is no finite number"),
    "beyond all floats": (",a,b\na,1,2\nb,1e400,3", "row 3, column B: '1e400' cannot be read"),
    "three payoffs": (",a,b\na,1;2;3,1;2\nb,1;2,1;2", "row 2, column B: '1;2;3' cannot be read"),
    "one payoff among pairs": (
        ",a,b\na,1;2,1;2\nb,1;2,7",
        "row 3, column C: '7' is one payoff, unlike other cells",
    ),
    "a number in brackets": (
        ",a,b\na,(1),2\nb,3,4",
        "row 2, column B: '(1)' is one number in brac",
    ),
    "a date": (",a,b\na,1,2\nb,02. Jan,4", "row 3, column B: '02. Jan' looks like a date"),
    "three payoffs in a cell": (
        ',l,r\nu,"2, 3, 1","1, 1"\nd,"0, 0","1, 1"',
        "row 2, column B: '2, 3, 1' cannot be read: a cell here holds two numbers",
    ),
    "fractions": (
        ',l,r\nu,"1/2, 3/4","1, 1"\nd,"0, 0","1, 1"',
        "row 2, column B: '1/2, 3/4' has a slash, which stands between two payoffs",
    ),
    "a fraction among numbers": (
        ",l,r\nl,1/2,3\nr,0,1",
        "row 2, column B: '1/2' has a slash, which stands between two payoffs",
    ),
    "capitals": (
        ",Waste,save\nwaste,1;2,3;4\nsave,1;0,1;1",
        "row 1, column B: 'Waste' differs from 'waste' in capitals alone",
    ),
    "capitals, profile by profile": (
        "A,B,u1,u2\nw,r,1,2\nw,s,1,2\nW,r,1,2\nW,s,1,2",
        "row 4, column A: 'W' differs from 'w' in capitals alone",
    ),
    "a leading zero": (",a,b\na,1,2\nb,007,4", "row 3, column B: '007' begins with 0"),
    "an action twice": (",a,b,a\na,1,2,3\nb,1,2,3\nc,1,2,3", "row 1, column D: 'a' names two act"),
    "a row twice": (",a,b\na,1;2,3;4\na,1;2,3;4", "row 3, column A: 'a' names two actions"),
    "no heading": (",a,\na,1,2\nb,3,4", "row 1, column C: is empty, and should name an action"),
    "no name of a row": (",a,b\n,1,2\nb,3,4", "row 2, column A: is empty, and should name an act"),
    "headings alone, of pairs": (
        'work;rest\n"3;3";"0;5"\n"5;0";"1;1"',
        "row 2, column A: '3;3' looks like payoffs",
    ),
    "headings alone": ("work,rest\n3,0\n5,1", "row 2, column A: '3' stands where an action is na"),
    "one player of a game that is not symmetric": (
        ",l,r\nu,1,2\nd,3,4",
        "row 2, column A: one payoff in a cell is the row player's in a symm",
    ),
    "not square": ("1,2,3\n4,5,6", "it has 2 rows of payoffs and 3 columns"),
    "two tables": (",a,b\na,1,2\nb,3,4\n\n,a,b\na,1,3\nb,2,4", "row 4 is empty inside the table"),
    "transposed profiles": (
        "Ada,w,w,r,r\nBen,w,r,w,r\npayoff Ada,3,0,5,1\npayoff Ben,3,5,0,1",
        "row 1, column A: the headings stand in this column",
    ),
    "a profile missing": (
        "Ada,Ben,u1,u2\nw,w,3,3\nw,r,0,5\nr,w,5,0",
        "no row has the profile (r, r); there are 3 ro",
    ),
    "a profile twice": (
        "Ada,Ben,u1,u2\nw,w,3,3\nw,r,0,5\nr,w,5,0\nw,r,1,1",
        "row 5, column A: the profile (w, r) is that of row 3, too",
    ),
    "payoffs of whom": (
        "Ada,Ben,payoff X,payoff Ben\nw,w,3,3",
        "row 1, column C: 'payoff X' does not say whose",
    ),
    "payoffs of one twice": (
        "Ada,Ben,u1,payoff Ada\nw,w,3,3",
        "row 1, column D: 'payoff Ada': these payoffs are those ",
    ),
    "payoffs of one missing": (
        "Ada,Ben,Cy,u1,u2\nw,w,w,3,3",
        "column C: 3 columns name actions and 2 hold payoffs",
    ),
    "a player twice": ("Ada,Ada,u1,u2\nw,w,3,3", "row 1, column B: 'Ada' names two players"),
    "no action in a row": ("Ada,Ben,u1,u2\nw,,3,3", "row 2, column B: is empty, and should name"),
    "no payoff in a row": ("Ada,Ben,u1,u2\nw,w,3,", "row 2, column D: is empty"),
    "quotes that stay open": (',a,b\na,"1,2\nb,3,4', "its quotes are not closed"),
    "no UTF-8": (",é,b\né,1,2\nb,3,4".encode("latin-1"), "row 1: byte 0xe9 is no UTF-8"),
    "no text": (b"\x00\x01\x02,\x00", "this is no text"),
}
"""What is in the file, and what is said."""


def said_of(source: Any, **settings: Any) -> str:
    """Why it is refused: in one line."""
    with pytest.raises(gh.InputError) as caught:
        read_table(source, **settings) if settings else gh.load_game(source)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", REFUSED)
def test_tables_are_refused_in_one_line_that_names_the_place(tmp_path, name):
    content, said = REFUSED[name]
    path = written(tmp_path, content)
    found = said_of(path)
    assert found.startswith(f"{path}: ")
    assert said in found


def test_numbers_of_players_are_those_in_their_names():
    rows = "a,c,3,4\na,d,0,5\nb,c,5,0\nb,d,1,1"
    swapped = parse_table(f"Player 2,Player 1,u1,u2\n{rows}")
    assert swapped.player_names == ("Player 2", "Player 1")
    np.testing.assert_array_equal(np.asarray(swapped.tensor)[1], [[3, 0], [5, 1]])
    said = "does not say whose payoffs these are"
    with pytest.raises(gh.InputError, match=said):
        parse_table(f"Team 7,Team 8,u1,u2\n{rows}")


def test_headings_of_a_frame_that_are_payoffs_are_none():
    frame = pd.read_csv(io.StringIO("2,5\n0,1"))
    with pytest.raises(gh.InputError, match="2, 5, look like payoffs: read the file with header"):
        gh.load_game(frame)


def test_there_are_thirty_unusual_tables_and_more():
    assert len(READ) + len(REFUSED) + len(SHEETS) + len(REFUSED_SHEETS) >= 80


def workbook(folder: Path, rows: list[list[Any]], *merged: str) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for area in merged:
        sheet.merge_cells(area)
    book.save(folder / "table.xlsx")
    return folder / "table.xlsx"


SHEETS: dict[str, tuple[list[list[Any]], tuple[str, ...], Any, tuple[str, ...]]] = {
    "numbers": ([[None, *W], ["work", 3, 0], ["rest", 5, 1.0]], (), DILEMMA, NOBODY),
    "numbers stored as text": (
        [[None, *W], ["work", "3", "0"], ["rest", 5, "1,0"]],
        (),
        DILEMMA,
        NOBODY,
    ),
    "pairs as text": (
        [["Ada \\ Ben", *W], ["work", "3; 4", "0; 2"], ["rest", "5; 0", "1; -1,5"]],
        (),
        SKEWED,
        ADA,
    ),
    "merged headings": (
        [[None, "work", None, "rest", None], ["work", 3, 4, 0, 2], ["rest", 5, 0, 1, -1.5]],
        ("B1:C1", "D1:E1"),
        SKEWED,
        NOBODY,
    ),
    "merged names of players": (
        [
            [None, None, "Ben", None],
            [None, None, *W],
            ["Ada", "work", "3;4", "0;2"],
            [None, "rest", "5;0", "1;-1.5"],
        ],
        ("C1:D1", "A3:A4", "A1:B2"),
        SKEWED,
        ADA,
    ),
    "not in the corner": (
        [[], [None, None, None, *W], [None, None, "work", 3, 0], [None, None, "rest", 5, 1]],
        (),
        DILEMMA,
        NOBODY,
    ),
}


@pytest.mark.parametrize("name", SHEETS)
def test_workbooks_are_read(tmp_path, name):
    rows, merged, payoffs, players = SHEETS[name]
    game = gh.load_game(workbook(tmp_path, rows, *merged))
    np.testing.assert_array_equal(game.tensor, np.array(payoffs, dtype=float))
    assert game.labels is not None
    assert (game.labels.players, game.labels.actions) == (players, (W, W))


REFUSED_SHEETS: dict[str, tuple[list[list[Any]], str]] = {
    "a formula without its value": (
        [[None, *W], ["work", "=1+2", 0], ["rest", 5, 1]],
        "row 2, column B: the formula =1+2 was ",
    ),
    "a date": (
        [[None, *W], ["work", 3, 0], ["rest", datetime.datetime(2026, 2, 1), 1]],
        "row 3, column B: is a date (2026-02-01), perhaps made of 1/2",
    ),
    "yes and no": (
        [[None, *W], ["work", True, 0], ["rest", 5, 1]],
        "row 2, column B: 'True' cannot",
    ),
    "an error": (
        [[None, *W], ["work", "#DIV/0!", 0], ["rest", 5, 1]],
        "row 2, column B: '#DIV/0!' is no fin",
    ),
    "a heading for two columns, not merged": (
        [[None, "work", None], ["work", 3, 4], ["rest", 5, 0]],
        "row 1, column C: is empty",
    ),
    "nothing": ([], "there is nothing in it"),
}


@pytest.mark.parametrize("name", REFUSED_SHEETS)
def test_workbooks_are_refused_in_one_line_that_names_the_place(tmp_path, name):
    rows, said = REFUSED_SHEETS[name]
    assert said in said_of(workbook(tmp_path, rows))


def test_one_of_several_sheets_is_named(tmp_path):
    path = workbook(tmp_path, [[None, *W], ["work", 3, 0], ["rest", 5, 1]])
    book = openpyxl.load_workbook(path)
    book.create_sheet("Empty")
    book.create_sheet("Notes")["B2"] = "made by Ada"
    book.save(path)
    assert "2 sheets hold something, Sheet, Notes: keep the one" in said_of(path)
    np.testing.assert_array_equal(read_table(path, sheet="Sheet").tensor, DILEMMA)
    assert "no sheet 'Other', only Sheet, Empty, Notes" in said_of(path, sheet="Other")


def test_files_that_are_no_tables_are_refused(tmp_path):
    assert "this is no .xlsx workbook" in said_of(written(tmp_path, "a,b", "table.xlsx"))
    assert ".ods files are not read" in said_of(written(tmp_path, "a,b", "table.ods"))
    assert "cannot be read" in said_of(tmp_path / "missing.csv")
    path = written(tmp_path, "a,b\n1,2", "table.csv")
    assert "only .xlsx files have sheets" in said_of(path, sheet="Sheet")


def test_too_many_payoffs_are_refused_before_they_are_read(tmp_path):
    counted = ",".join(map(str, range(720)))
    text = f",{counted}\n" + "\n".join(f"{k}" + ",1" * 720 for k in range(720))
    assert "1036800 payoffs, and more than 1000000 are not read" in said_of(written(tmp_path, text))


LONG = pd.DataFrame(
    {"Ada": ["work", "work", "rest", "rest"], "Ben": [*W, *W], "u1": [3, 0, 5, 1.0],
     "u2": [4, 2, 0, -1.5]}
)  # fmt: skip

FRAMES: dict[str, tuple[Any, Any, tuple[str, ...]]] = {
    "symmetric": (pd.DataFrame([[3, 0], [5, 1]], list(W), list(W)), DILEMMA, NOBODY),
    "profiles": (LONG, SKEWED, ADA),
    "profiles as index": (LONG.set_index(["Ada", "Ben"]), SKEWED, ADA),
    "pairs, axes named": (
        pd.DataFrame(
            [[(3, 4), (0, 2)], [(5, 0), (1, -1.5)]],
            pd.Index(W, name="Ada"),
            pd.Index(W, name="Ben"),
        ),
        SKEWED,
        ADA,
    ),
    "as pandas reads a file": (
        pd.read_csv(io.StringIO("Ada/Ben,work,rest\nwork,3;4,0;2\nrest,5;0,1;-1.5")),
        SKEWED,
        ADA,
    ),
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames_are_read(name):
    frame, payoffs, players = FRAMES[name]
    game = gh.load_game(frame)
    np.testing.assert_array_equal(game.tensor, payoffs)
    assert game.labels is not None
    assert (game.labels.players, game.labels.actions) == (players, (W, W))


def test_frames_are_refused_by_their_own_names():
    frame = pd.DataFrame([[3.0, None], [5, 1]], list(W), list(W))
    assert "the DataFrame: row 'work', column 'rest': is empty" in said_of(frame)
    assert "several levels" in said_of(LONG.pivot(index="Ada", columns="Ben", values=["u1", "u2"]))
    assert "no cells" in said_of(pd.DataFrame())


@pytest.mark.parametrize("seed", range(4))
def test_random_games_come_back_from_every_layout(tmp_path, seed):
    """Written by pandas, bit for bit: three players by profiles, two as pairs in three dialects."""
    game = random_game(seed, (2, 3, 2))
    tensor = np.asarray(game.tensor)
    index = pd.MultiIndex.from_product([list("ab"), list("abc"), list("ab")], names=list("XYZ"))
    frame = pd.DataFrame(tensor.reshape(3, -1).T, index, [f"payoff {x}" for x in "XYZ"])
    frame.sample(frac=1, random_state=seed).sort_index().to_csv(tmp_path / "long.csv")
    np.testing.assert_array_equal(gh.load_game(tmp_path / "long.csv").tensor, tensor)
    two = tensor[:2, :, :, 0]
    for between, mark, separator in (("; ", ",", "\t"), (", ", ".", ";"), ("|", ",", ";")):
        cells = [
            [
                between.join(repr(float(x)).replace(".", mark) for x in two[:, a, b])
                for b in range(3)
            ]
            for a in range(2)
        ]
        frame = pd.DataFrame(cells, list("ab"), list("xyz"))
        text = frame.to_csv(sep=separator)
        np.testing.assert_array_equal(parse_table(text).tensor, two)


def test_new_writes_a_study_of_a_table_that_can_be_computed(call, tmp_path):
    """It names the file, says how it was read, and what it plays is what the table says."""
    written(tmp_path, READ["both payoffs in a cell"][0])
    study = tmp_path / "studies" / "mine.toml"
    study.parent.mkdir()
    code, said, _ = call(
        "new", str(study), "--from", str(tmp_path / "table.csv"), "--cooperate", "rest"
    )
    assert code == 0
    assert said.startswith("table.csv, read as both players' payoffs in each cell")
    assert "As cooperation counts: rest." in said
    given = tomllib.loads(study.read_text("utf-8"))["game"]
    assert given == {"file": "../table.csv", "cooperate": "rest"}
    setting = check_study(study).base
    assert setting.title == "table"
    reversed_ = np.array(SKEWED)[:, ::-1, ::-1]
    np.testing.assert_array_equal(setting.game.tensor, reversed_)
    assert setting.game.labels is not None
    assert setting.game.labels.actions == (("rest", "work"),) * 2


def test_commands_take_tables_and_refuse_them_in_one_line(call, tmp_path):
    path = written(tmp_path, READ["three players"][0])
    code, said, _ = call("games", str(path))
    assert code == 0
    assert "table.csv, read as one row for each profile" in " ".join(said.split())
    written(tmp_path, REFUSED["a date"][0])
    for words in (
        ["thresholds", str(path)],
        ["new", str(tmp_path / "x.toml"), "--from", str(path)],
    ):
        code, _, said = call(*words)
        assert (code, len(said.splitlines())) == (2, 1)
        assert "row 3, column B: '02. Jan' looks like a date" in said


@pytest.mark.parametrize(
    ("text", "labels", "chosen"),
    [("share,trust", ["share", "rest"], ["share", "trust"]), ("1", ["a", "b"], 1),
     ("1", ["1"], "1"),
     ("now, or never", ["now, or never", "b"], "now, or never"), ("0,1", ["a"], [0, 1])],
)  # fmt: skip
def test_actions_that_cooperate_are_passed_on(tmp_path, text, labels, chosen):
    heads, rest = ["", *labels], len(labels) * ["1"]
    path = tmp_path / "table.tsv"
    path.write_text("\n".join("\t".join(row) for row in [heads, *([x, *rest] for x in labels)]))
    assert cooperating(text, path) == chosen
