"""What commands print on terminals of any width: prose is broken between words, no number is."""

import re

import pytest

from glasshouse.cli import layout
from glasshouse.cli.layout import table, wrapped

WIDTHS = (60, 80, 100, 140)

NUMBERS = re.compile(r"\[[-\d.e]+, [-\d.e]+\]|[-\d.e]+ ± [-\d.e]+|[-\d.]+(?:e[-+]?\d+)?")

HEADER = ("", "COUPLING", "ABOVE IT", "HOW OBTAINED")

each_width = pytest.mark.parametrize("width", WIDTHS)


@pytest.fixture
def terminal(monkeypatch):
    """Let the terminal have so many columns, or let there be none."""
    return lambda width: monkeypatch.setattr(layout, "terminal_width", lambda: width)


ROWS = [
    ("κ_½", "0.428571429", "cooperation rises from the neutral start", "closed form"),
    (
        "first movement",
        "0.42857142858 ± 4e-11",
        "cooperation starts to rise from the neutral start",
        "derivative: from the neutral start, at 64 values in [-0.9, 3], narrowed",
    ),
    (
        "measured",
        "0.4285715 ± 2e-07",
        "learners set out toward cooperation, in a short window",
        "learned: 8 steps of 0.00025 from the neutral start, 64 values in [-0.9, 3], narrowed; "
        "half the window moves it by 0, a quarter by 0 more",
    ),
    (
        "κ_eq",
        "0.8704675 ± 5e-07",
        "the cooperative corner is an equilibrium, proved for every coupling up to 3",
        "branch and bound in Arb arithmetic: at ε = 0, for all couplings up to 3",
    ),
]

PROSE = [
    "Prisoner's dilemma: moves above 0.4286, equilibrium above 0.8705",
    "First movement: from the neutral start selfish learners move toward cooperation above "
    "coupling 0 ± 8e-11 (predicted 0 in closed form; searched from -0.9 to 3); measured, in a "
    "window of 8 steps of 0.000416667, above coupling 0 ± 2e-07.",
    "Outcome (40 starts N(neutral, 1²), seed 0, 400 steps of 0.1): both cooperate (probability "
    "above ½) in at least half of the runs at coupling 0.75 to 1; some exploit others in at least "
    "one run at coupling -0.5 to 0.5.",
    "certified: no player gains more than 1e-06 (2e-07 of the payoff range); best gain "
    "[0, 2.53e-07] at κ = 0.9",
    *(text for row in ROWS for text in row),
]


@each_width
def test_prose_fits_and_breaks_no_number(terminal, width):
    terminal(width)
    for text in PROSE:
        lines = wrapped(text, "  ", "    ").split("\n")
        assert max(map(len, lines)) <= width
        assert " ".join(" ".join(lines).split()) == text
        for number in NUMBERS.findall(text):
            assert any(number in line for line in lines), number


@each_width
def test_tables_fit_and_break_no_number(terminal, width):
    terminal(width)
    lines = table(ROWS, HEADER).split("\n")
    assert max(map(len, lines)) <= width
    for number in NUMBERS.findall(" ".join(text for row in ROWS for text in row)):
        assert any(number in line for line in lines), number


def test_nothing_is_broken_where_nobody_watches(terminal):
    terminal(None)
    rows = [("a", "0.43 ± 1e-10", "word " * 60), ("b", "1", "short")]
    assert [line.split("  ")[0] for line in table(rows, ("", "X", "Y")).split("\n")] == [
        "",
        "a",
        "b",
    ]
    assert wrapped("word " * 60, "  ") == f"  {'word ' * 60}"


@pytest.mark.parametrize(
    "piece",
    ["0.43 ± 1e-10", "[0, 2.53e-07]", "95 %", "1000 steps", "60 starts", "κ = 0.5", "ε = 1e-06"],
)
def test_a_number_stays_with_its_unit(terminal, piece):
    for width in range(20, 60):
        terminal(width)
        lines = wrapped(f"some words stand before {piece} and some after it, too").split("\n")
        assert any(piece in line for line in lines), (width, lines)
        assert max(map(len, lines)) <= width


def test_columns_that_do_not_fit_become_paragraphs(terminal):
    terminal(60)
    rows = [("first movement", "0.42857142858 ± 4e-11", "it rises " * 9, "derivative " * 9)]
    lines = table(rows, ("", "COUPLING", "ABOVE IT", "HOW OBTAINED")).split("\n")
    assert lines[0] == "first movement"
    assert lines[1] == "  coupling: 0.42857142858 ± 4e-11"
    assert lines[2].startswith("  above it: it rises")


def test_run_leads_with_one_short_line_a_study(call, terminal, tmp_path):
    study = tmp_path / "study.toml"
    study.write_text(
        '[game]\nname = "donation"\n[learning]\nstarts = 4\nsteps = 20\n'
        "[sweep]\n[analysis]\nportrait = false\ncertify = false\nthresholds = false\n"
        "tied = false\noutcomes = false\nboundary_test = false\n"
    )
    terminal(60)
    code, out, _ = call("run", str(study), "--out", str(tmp_path / "o"))
    lines = out.splitlines()
    assert code == 0
    assert lines[0].startswith("Donation game at coupling κ = 0.5: ")
    assert len(lines[0]) <= 60
    assert lines[1] == "  mean cooperation rises"
    assert lines[2].startswith("  First movement: ")
    assert all(len(line) <= 60 or " " not in line.strip() for line in lines)
