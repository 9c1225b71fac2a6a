"""Gambit's strategic-form files (`.nfg`): every variant is read, the portable one is written."""

import codecs
import contextlib
import math
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from glasshouse._foundation.files import MACHINE, reason
from glasshouse.errors import InputError, OutputError
from glasshouse.games.labels import Labels, default_labels, distinct
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.interop.files import MOST_PAYOFFS_READ, MOST_PLAYERS_READ, file_bytes

_Part = TypeVar("_Part")

_BREAK = re.compile(r"\r\n|\r|\n")
_SPACE = re.compile(r"[ \t\r\n\v\f]*")
_TOKEN = re.compile(
    r'(?P<string>"[^"\\]*(?:\\.[^"\\]*)*")|(?P<mark>[{},])|(?P<word>[^ \t\r\n\v\f{},"]+)', re.DOTALL
)
_DECIMAL = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]-?[0-9]+)?")
_FRACTION = re.compile(r"(-?[0-9]+)/([0-9]+)")
_WHOLE = re.compile(r"[0-9]{1,18}")


def is_nfg(path: str | os.PathLike) -> bool:
    """Whether a file is meant for a .nfg file, by its suffix or by how it begins."""
    if Path(path).suffix.lower() == ".nfg":
        return True
    with contextlib.suppress(OSError, ValueError):  # of names that no file can have
        if not Path(path).is_file():  # a pipe or a device may never begin
            return False
    with contextlib.suppress(OSError, ValueError), open(path, "rb") as file:
        return file.read(16).removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"NFG")
    return False


def read_nfg(path: str | os.PathLike) -> NormalFormGame:
    """The game in a `.nfg` file.

    **Arguments:** `path`, a UTF-8 text file; see `parse_nfg` for what it may hold.
    **Raises:** `InputError` when the file cannot be read or is malformed.
    """
    name = os.fspath(path)
    data = file_bytes(path, ".nfg file").removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _place(data[: error.start].decode("utf-8"))
        raise InputError(
            f"{name}:{line}:{column}: found byte 0x{data[error.start]:02x}: "
            "the file must be UTF-8 text; save it again in that encoding"
        ) from error
    return parse_nfg(text, name)


def parse_nfg(text: str, name: str = "<text>") -> NormalFormGame:
    """The game written in `text`, in any of the four variants of Gambit's `.nfg` format.

    The header gives action counts or action names, the body payoffs or numbered outcomes.
    Title and names become the game's labels, numbered where they are blank or occur twice; the
    optional comment and the names of outcomes are not kept.

    **Arguments:** `text`, the content of a file; `name`, what errors call it.
    **Returns:** payoffs in the file's order of players and actions, each the float nearest to
    what is written.
    **Raises:** `InputError` with name, line and column when the text is malformed.
    **Cost:** time and memory linear in the text and in the payoffs it describes.
    """
    reader = _Reader(text, name)
    header = _header(reader)
    if reader.token.kind == "string":
        reader.take()
    if reader.token.kind == "{":
        payoffs = _outcome_body(reader, header)
    else:
        payoffs = np.array(_body(reader, header, len(header.players), "payoffs", _payoff))
    shape = (len(header.players), *header.counts)
    actions = header.actions or default_labels(header.counts).actions
    players, actions = distinct(header.players), tuple(map(distinct, actions))
    labels = Labels(players, actions, title=header.title)
    # A body lists player 1's actions fastest, which is Fortran's order of axes.
    tensor = np.ascontiguousarray(payoffs.reshape(shape, order="F"))
    return NormalFormGame(tensor, labels, player_axis=0)


def format_nfg(game: NormalFormGame, *, labels: bool | None = None) -> str:
    """The game as `.nfg` text that reads back to the same payoffs, bit for bit.

    Actions stand in the game's order, so that the one that counts as cooperation is the first when
    the file is read again.

    **Arguments:** `labels`, True for the dialect with names of actions, which OpenSpiel rejects;
    False for the portable one without; by default the first where some action has a name.
    **Returns:** a header with action counts or names, a blank line and a body of payoffs.
    **Raises:** `InputError` when a payoff is not finite.
    """
    tensor = np.asarray(game.tensor, dtype=np.float64)
    if not np.isfinite(tensor).all():
        raise InputError(
            "the game has a payoff that is not finite: a .nfg file holds finite numbers only, "
            "so replace it first"
        )
    names = game.labels or default_labels(game.actions)
    head = f"NFG 1 R {_quoted(names.title)} {_braced(map(_quoted, names.players))}"
    if labels is None:
        labels = names.actions != default_labels(game.actions).actions
    if labels:
        actions = "\n" + _braced(_braced(map(_quoted, row)) for row in names.actions)
    else:
        actions = " " + _braced(map(str, game.actions))
    body = " ".join(np.format_float_positional(x, trim="-") for x in tensor.ravel(order="F"))
    return f"{head}{actions}\n\n{body}\n"


def write_nfg(game: NormalFormGame, path: str | os.PathLike, *, labels: bool | None = None) -> None:
    """Write the game to a `.nfg` file, replacing what is there only once all is written.

    **Arguments:** `labels`, as for `format_nfg`.
    **Raises:** `InputError` when the path cannot be written, a name has no UTF-8 form, or a
    payoff is not finite; `OutputError` when the disk has no room.
    """
    text = format_nfg(game, labels=labels)
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(
            f"the game's title or a name contains {text[error.start]!r}, which UTF-8 cannot "
            "hold: rename it"
        ) from error
    try:
        _write_whole(Path(os.path.realpath(path)), data)
    except (OSError, ValueError) as error:
        said = f"{os.fspath(path)}: cannot be written ({reason(error)})"
        if isinstance(error, OSError) and error.errno in MACHINE:
            raise OutputError(said) from error
        raise InputError(
            f"{said}: give a file name in a folder that exists and may be written to"
        ) from error


class _Token(NamedTuple):
    kind: str  # "string", "word", "{", "}", "," or "end"
    text: str
    start: int


class _Reader:
    """The tokens of a text, one at a time, and errors that say where they are."""

    def __init__(self, text: str, name: str):
        self.text = text
        self.name = name
        self.token = self._scan(0)

    def take(self) -> _Token:
        """The current token, moving on to the next."""
        token = self.token
        self.token = self._scan(token.start + len(token.text))
        return token

    def expect(self, kind: str, rule: str) -> _Token:
        """The current token if it is of this kind, else an error that states the rule."""
        if self.token.kind != kind:
            raise self.error(rule)
        return self.take()

    def error(self, rule: str, token: _Token | None = None) -> InputError:
        """What breaks the rule, by default the current token, and where it is."""
        token = token or self.token
        line, column = _place(self.text[: token.start])
        shown = repr(token.text[:40]) + "…" * (len(token.text) > 40)
        found = "the end of the text" if token.kind == "end" else shown
        return InputError(f"{self.name}:{line}:{column}: found {found}: {rule}")

    def _scan(self, position: int) -> _Token:
        space = _SPACE.match(self.text, position)
        start = space.end() if space else position
        if start == len(self.text):
            return _Token("end", "", position)
        match = _TOKEN.match(self.text, start)
        if match is None:
            opening = _Token("string", self.text[start:], start)
            raise self.error("this string is never closed; add the missing '\"'", opening)
        text = match.group()
        return _Token(text if match.lastgroup == "mark" else str(match.lastgroup), text, start)


class _Header(NamedTuple):
    title: str
    players: tuple[str, ...]
    counts: tuple[int, ...]
    actions: tuple[tuple[str, ...], ...] | None


def _header(reader: _Reader) -> _Header:
    for words in (("NFG",), ("1",), ("R", "D")):
        if reader.token.text not in words:
            choice = " or ".join(words)
            raise reader.error(f"a .nfg file begins NFG 1 R; put {choice} here if it is one")
        reader.take()
    title = reader.expect("string", "the title comes next; put one in double quotes, even empty")
    players = _names(reader, "player", most=MOST_PLAYERS_READ)
    reader.expect("{", "the numbers or names of the actions come next; open them with '{'")
    if reader.token.kind == "{":
        actions = _per_player(reader, "{", len(players), lambda reader: _names(reader, "action"))
        counts = tuple(len(names) for names in actions)
    else:
        actions = None
        counts = _per_player(reader, "word", len(players), _count)
    return _Header(_unquoted(title), players, counts, actions)


def _names(reader: _Reader, of: str, most: int | None = None) -> tuple[str, ...]:
    reader.expect("{", f"a list of {of} names comes next; open it with '{{'")
    names = []
    while reader.token.kind == "string":
        if len(names) == most:
            raise reader.error(f"a game has at most {most} players; use a smaller game")
        names.append(_unquoted(reader.take()))
    if not names:
        raise reader.error(f"there must be at least one {of}; name it in double quotes")
    reader.expect("}", f"{of} names are in double quotes; quote this or close the list with '}}'")
    return tuple(names)


def _count(reader: _Reader) -> int:
    count = _whole(reader.token)
    if not count:
        raise reader.error("a number of actions is a whole number from 1; correct it")
    reader.take()
    return count


def _per_player(
    reader: _Reader, kind: str, players: int, parse: Callable[[_Reader], _Part]
) -> tuple[_Part, ...]:
    """What `parse` reads for each player, up to the closing brace."""
    parts = []
    while reader.token.kind == kind and len(parts) < players:
        parts.append(parse(reader))
    rule = f"actions are given once per player, in one form, {len(parts)} of {players} so far"
    if len(parts) < players:
        raise reader.error(f"{rule}; add the missing, separated by spaces")
    reader.expect("}", f"{rule}; close them with '}}' or add a player")
    return tuple(parts)


def _outcome_body(reader: _Reader, header: _Header) -> np.ndarray:
    reader.expect("{", "the list of outcomes comes next; open it with '{'")
    outcomes = [[0.0] * len(header.players)]
    while reader.token.kind == "{":
        outcomes.append(_outcome(reader, len(header.players)))
    reader.expect("}", "each outcome is in braces; add '{' or close the list of them with '}'")
    chosen = _body(
        reader, header, 1, "outcome numbers", lambda reader: _index(reader, len(outcomes))
    )
    return np.array(outcomes)[chosen].ravel()


def _outcome(reader: _Reader, players: int) -> list[float]:
    reader.expect("{", "an outcome is in braces; add '{'")
    reader.expect("string", "an outcome begins with its name; put one in double quotes, even empty")
    payoffs = []
    while len(payoffs) < players:
        if payoffs and reader.token.kind == ",":
            reader.take()
        if reader.token.kind != "word":
            rule = f"an outcome has one payoff per player, {len(payoffs)} of {players} so far"
            raise reader.error(f"{rule}; add the missing")
        payoffs.append(_payoff(reader))
    reader.expect("}", f"an outcome has one payoff per player, {players} here; close it with '}}'")
    return payoffs


def _index(reader: _Reader, outcomes: int) -> int:
    index = _whole(reader.token)
    if index is None or index >= outcomes:
        rule = f"outcomes are numbered from 1, {outcomes - 1} listed, and 0 stands for none"
        raise reader.error(f"{rule}; correct it or list the outcome")
    reader.take()
    return index


def _body(
    reader: _Reader, header: _Header, each: int, what: str, parse: Callable[[_Reader], _Part]
) -> list[_Part]:
    """What `parse` reads `each` times for every action profile, up to the end of the text."""
    needed = each * math.prod(header.counts)
    game = f"a {len(header.players)}-player {'×'.join(map(str, header.counts))} game"
    vast = needed // each * len(header.players) > MOST_PAYOFFS_READ
    if vast and len(reader.text) - reader.token.start >= 2 * needed - 1:  # else some are missing
        rule = f"{game} has more than {MOST_PAYOFFS_READ} payoffs, which are not read"
        raise reader.error(f"{rule}; use a smaller game")
    parts = []
    while reader.token.kind == "word" and len(parts) < needed:
        parts.append(parse(reader))
    if reader.token.kind == ",":
        raise reader.error(f"spaces alone separate {what} in a body; remove the comma")
    total = needed if needed < 10**12 else "more than 10^12"
    rule = f"{game} has {total} {what}"
    if len(parts) < needed:
        raise reader.error(f"{rule}, {len(parts)} so far; add the missing or correct the header")
    reader.expect("end", f"{rule} and nothing after them; remove this or correct the header")
    return parts


def _payoff(reader: _Reader) -> float:
    """The payoff at the current token, rounded once to the nearest float."""
    text = reader.token.text
    fraction = _FRACTION.fullmatch(text)
    if fraction is None and _DECIMAL.fullmatch(text) is None:
        rule = "a payoff is a finite decimal or fraction without '+', such as -2.5, 2.5e1 or 1/3"
        raise reader.error(f"{rule}; write it so")
    try:
        value = int(fraction[1]) / int(fraction[2]) if fraction else float(text)
    except ZeroDivisionError as error:
        raise reader.error("a denominator must not be 0; correct it") from error
    except OverflowError:
        value = math.inf
    except ValueError as error:
        raise reader.error("a fraction has at most 4300 digits a side; shorten it") from error
    if math.isinf(value):
        raise reader.error("payoffs lie between -1.8e308 and 1.8e308; rescale them")
    reader.take()
    return value


def _whole(token: _Token) -> int | None:
    return int(token.text) if _WHOLE.fullmatch(token.text) else None


def _unquoted(token: _Token) -> str:
    return re.sub(r'\\([\\"])', r"\1", token.text[1:-1])


def _quoted(name: str) -> str:
    # Gambit and OpenSpiel show a doubled backslash as it stands, so only those are doubled
    # that would otherwise escape what follows.
    escaped = re.sub(
        r'\\+(?="|\Z)|\\{2,}|"', lambda found: re.sub(r'([\\"])', r"\\\1", found[0]), name
    )
    return f'"{escaped}"'


def _braced(parts: Iterable[str]) -> str:
    return f"{{ {' '.join(parts)} }}"


def _place(before: str) -> tuple[int, int]:
    """Line and column, from 1, of the character after `before`."""
    ends = [found.end() for found in _BREAK.finditer(before)]
    return len(ends) + 1, len(before) - (ends[-1] if ends else 0) + 1


def _write_whole(target: Path, data: bytes) -> None:
    if target.exists() and not target.is_file():
        # A file renamed over a pipe or a device would take its place.
        target.write_bytes(data)
        return
    temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
        if target.exists():
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
