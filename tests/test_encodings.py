"""Output in encodings that lack our symbols, and files whose encoding is theirs alone."""

import ast
import codecs
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import glasshouse
from glasshouse._foundation import progress as bars
from glasshouse.cli.encoding import prepare_streams, spelt
from glasshouse.cli.main import app, main
from glasshouse.errors import InputError
from glasshouse.interop.nfg import read_nfg
from glasshouse.study import read_study

SOURCES = sorted(Path(next(iter(glasshouse.__path__))).rglob("*.py"))
ENCODINGS = ("cp1252", "latin-1", "cp437", "ascii")
STUDY = """
[game]
name = "prisoners_dilemma"
[learning]
starts = 4
steps = 20
[sweep]
"semantics.coupling" = [0.9]
[analysis]
thresholds = false
portrait = false
tied = false
boundary_test = false
"""

COMMANDS = ["", *(str(command.name) for command in app.registered_commands)]
CHECK = "check prisoners_dilemma --coupling 0.5 --bound 3 --starts 50"
CALLS = {
    "games": 0,
    "games stag_hunt": 0,
    "games public_goods": 0,
    "games --json": 0,
    "schema": 0,
    CHECK: 0,
    "games no_such_game": 2,
    "run κ–missing.toml": 2,
    "certify κ–missing.toml": 2,
    "verify κ–missing.json": 2,
    "new κ/missing.toml": 2,
    "sceptic --networks 3 --out κ": 2,
    "league κ–missing.toml": 2,
    "rate κ.csv": 2,
    "programs prisoners_dilemma": 0,
    "programs prisoners_dilemma --programs □(κ=C": 2,
    "thresholds κ": 2,
    "no_such_command": 2,
}
"""What people call, and its exit code."""

SLOW_CALLS = {
    "thresholds prisoners_dilemma": 0,
    "run {study} --out {out}": 0,
    "certify {study} --out {out}": 0,
    "sceptic --networks 4 --out {out}": 0,
}


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def printed(monkeypatch, encoding: str, words: list[str]) -> tuple[int, bytes, bytes]:
    """Exit code, and the bytes of standard output and error."""
    out, err = io.BytesIO(), io.BytesIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "argv", ["glasshouse", *words])
        patch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding))
        patch.setattr(sys, "stderr", io.TextIOWrapper(err, encoding))
        with pytest.raises(SystemExit) as stop:
            main()
        sys.stdout.flush()
        sys.stderr.flush()
        return int(stop.value.code or 0), out.getvalue(), err.getvalue()


def assert_prints(monkeypatch, encoding: str, words: list[str], wanted: int) -> None:
    code, out, err = printed(monkeypatch, encoding, words)
    said = err.decode(encoding)
    assert code == wanted, said
    assert out or err
    for text in (out.decode(encoding), said):
        assert "?" not in text
        assert "\\u" not in text or "--json" in words or "schema" in words
    if code:
        assert said.startswith("glasshouse: ")
        assert said.count("\n") == 1


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_command_prints_its_help(monkeypatch, encoding):
    for command in COMMANDS:
        assert_prints(monkeypatch, encoding, [*command.split(), "--help"], 0)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("call", CALLS)
def test_every_command_prints_what_it_finds_or_what_is_wrong(monkeypatch, tmp_path, encoding, call):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "κ").write_text("a file, not a folder")
    assert_prints(monkeypatch, encoding, call.split(), CALLS[call])


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("call", SLOW_CALLS)
def test_commands_that_take_longer_print_what_they_find(monkeypatch, tmp_path, encoding, call):
    (tmp_path / "study.toml").write_text(STUDY)
    words = call.format(study=tmp_path / "study.toml", out=tmp_path / "out").split()
    assert_prints(monkeypatch, encoding, words, 0)


def test_words_for_symbols_stand_between_single_spaces(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    monkeypatch.setattr(sys, "stdout", stream)
    prepare_streams()
    print("□(X = C) ∧ ¬□⊥, or ∧, ∨ and →", file=sys.stdout)
    assert stream.buffer.getvalue() == b"[](X = C) and not []false, or and, or and ->\n"  # type: ignore[attr-defined]


def test_symbols_are_spelt(monkeypatch):
    code, out, _ = printed(monkeypatch, "ascii", ["games", "prisoners_dilemma"])
    assert code == 0
    rows = [line.split()[0] for line in out.decode("ascii").splitlines() if "kappa_" in line]
    assert rows[:3] == ["kappa_D", "kappa_1/2", "kappa_C"]
    assert spelt("κ = ½ ± 1e-3") == "kappa = 1/2 +/- 1e-3"
    assert spelt("ωθ + Σκ ≥ 10⁻¹² … Müller—é") == (
        "omega theta + Sigma kappa >= 10^-12 ... Muller--e"
    )
    assert spelt("╭─│╰━█") == "+-|+-#"


def test_what_the_encoding_has_stays_as_it_is(monkeypatch):
    _, out, _ = printed(monkeypatch, "cp437", ["certify", "--help"])
    assert "ε-equilibria" in out.decode("cp437")
    for encoding in ("utf-8", "utf-16"):
        _, out, _ = printed(monkeypatch, encoding, ["games", "prisoners_dilemma"])
        assert "κ_½" in out.decode(encoding)


def test_columns_stay_straight(monkeypatch):
    _, out, _ = printed(monkeypatch, "ascii", ["games", "prisoners_dilemma"])
    lines = out.decode("ascii").splitlines()
    head = next(line for line in lines if "COUPLING" in line and "ABOVE IT" in line)
    rows = [line for line in lines if line.startswith("kappa_")]
    assert {line[head.index("ABOVE IT") - 1] for line in rows} == {" "}
    assert all(line[head.index("ABOVE IT")].isalpha() for line in rows)


def test_every_symbol_of_the_sources_has_a_spelling():
    symbols = {x for path in SOURCES for x in path.read_text("utf-8") if ord(x) > 127}
    assert len(symbols) > 50
    spellings = {x: spelt(x) for x in symbols}
    assert not {x: word for x, word in spellings.items() if set(word) & set("?\\")}
    assert all(word.isascii() for word in spellings.values())


@pytest.mark.parametrize("words", [["games", "--json"], ["schema"]])
def test_json_is_the_same_in_every_encoding(monkeypatch, words):
    wanted = json.loads(printed(monkeypatch, "utf-8", words)[1].decode("utf-8"))
    for encoding in ENCODINGS:
        assert json.loads(printed(monkeypatch, encoding, words)[1].decode(encoding)) == wanted


@pytest.mark.parametrize("encoding", ["utf-8", *ENCODINGS])
def test_file_names_that_are_no_text_are_shown(monkeypatch, tmp_path, encoding):
    monkeypatch.chdir(tmp_path)
    for words in (["run"], ["verify"], ["games"], ["new", "x.toml", "--game"]):
        code, _, err = printed(monkeypatch, encoding, [*words, "odd\udcff.nfg"])
        assert code == 2
        assert "odd\\xff.nfg" in err.decode(encoding)
    (tmp_path / "odd\udcff.nfg").write_text('NFG 1 R "" { "a" "b" } { 2 2 } 1 1 0 5 5 0 3 3')
    code, _, err = printed(monkeypatch, encoding, ["new", "x.toml", "--game", "odd\udcff.nfg"])
    assert code == 2
    assert "rename the file" in err.decode(encoding)
    assert not (tmp_path / "x.toml").exists()


def test_bars_are_drawn_in_ascii(monkeypatch):
    shown = io.BytesIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", Terminal(shown, "ascii"))
        patch.setattr(bars, "DELAY", 0.0)
        prepare_streams()
        with bars.progress("gains at every κ", 2) as advance:
            advance()
            display: Any = bars._shown
            assert display is not None
            display.start()
            display.refresh()
        sys.stderr.flush()
        text = shown.getvalue().decode("ascii")
    assert "gains at every kappa" in text
    assert "50%" in text


def test_files_are_utf_8_with_or_without_a_mark(tmp_path):
    for mark in (b"", codecs.BOM_UTF8):
        study, game = tmp_path / "study.toml", tmp_path / "game.nfg"
        study.write_bytes(mark + '[game]\nname = "donation"\ntitle = "Müller κ"\n'.encode())
        game.write_bytes(mark + 'NFG 1 R "Müller κ" { "a" "b" } { 2 2 } 1 1 0 5 5 0 3 3'.encode())
        assert read_study(study).game.title == "Müller κ"
        labels = read_nfg(game).labels
        assert labels is not None
        assert labels.title == "Müller κ"
    study.write_bytes('[game]\nname = "donation"\ntitle = "Müller"\n'.encode("latin-1"))
    with pytest.raises(InputError, match="UTF-8"):
        read_study(study)


def test_no_file_is_opened_in_the_encoding_of_the_locale():
    sources = [source.read_text("utf-8") for source in SOURCES]
    trees = [ast.parse(text) for text in sources if re.search(r"open|read_text|write_text", text)]
    for node in (node for tree in trees for node in ast.walk(tree)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        given = [*node.args, *(k.value for k in node.keywords if k.arg in ("encoding", "mode"))]
        texts = [x.value for x in given if isinstance(x, ast.Constant) and isinstance(x.value, str)]
        if name in ("read_text", "write_text"):
            assert any(text.startswith("utf-8") for text in texts), ast.unparse(node)
        if name == "open" and ast.unparse(node.func) != "os.open":
            assert any("b" in text or text.startswith("utf-8") for text in texts), ast.unparse(node)
