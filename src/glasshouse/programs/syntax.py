"""How formulas are read, in Unicode or ASCII, and what is said of a wrong one."""

import functools
import re
from typing import NamedTuple, NoReturn

from glasshouse.errors import InputError
from glasshouse.programs.formulas import (
    COOPERATE,
    DEFECT,
    ITSELF,
    OTHER,
    TIGHTNESS,
    Connected,
    Does,
    Formula,
    Negation,
    Provable,
    SameSource,
    Truth,
)

SPELLINGS = {
    "□": ("box", "[]"),
    "◇": ("dia", "<>"),
    "¬": ("not", "~", "!"),
    "∧": ("and", "&", "&&"),
    "∨": ("or", "|", "||"),
    "→": ("implies", "->", "=>"),
    "↔": ("iff", "<->", "<=>"),
    "⊥": ("false",),
    "⊤": ("true",),
    "≠": ("!=",),
    "=": ("==",),
    "(": (),
    ")": (),
}
"""Each symbol, and how it may be written without it."""

SAME_WORD = "same"

SYMBOL_OF = {written: symbol for symbol, ways in SPELLINGS.items() for written in (symbol, *ways)}

WORDS_OF_SYNTAX = {word for word in SYMBOL_OF if word.isalpha()} | {SAME_WORD, OTHER, ITSELF}
"""No program can be called so."""

_SIGNS = sorted((x for x in SYMBOL_OF if not x.isalpha()), key=len, reverse=True)
PIECE = re.compile(rf"(?P<word>[^\W\d]\w*)|(?P<sign>{'|'.join(map(re.escape, _SIGNS))})|\S")

MOST_NESTED = 60
"""Formulas inside of formulas are read to this depth."""

LONGEST_FORMULA = 300
"""Words and signs of a formula."""

FORMULA_WANTED = "a formula, such as □(X = C), ¬□⊥ or same"
END = "the end"


class Token(NamedTuple):
    """A piece of a formula: its `symbol` or word, as it is `written`, and `where` it begins."""

    symbol: str
    written: str
    where: int


@functools.lru_cache(maxsize=1024)
def parse_formula(text: str) -> Formula:
    """The formula that a text says.

    Definition: ⊥, ⊤, `same` (both sources are equal), `X = C`, `X ≠ C`, `X(NAME) = D` (what the
    other program does to this one, or to a named one), `self(…)`, `NAME(…)`; □ (provable), ◇ = ¬□¬,
    ¬, ∧, ∨, →, ↔, binding in this order; or box, dia, not, and, or, implies, iff, false, true, !=,
    or [], <>, ~, &, |, ->, <->. What somebody does must stand under a □ or ◇.

    **Raises:** `InputError` with line, column, and what was expected there.
    """
    reader = _Reader(text)
    found = reader.connected()
    if reader.next.symbol:
        reader.expected(f"∧, ∨, →, ↔ or {END}")
    return found


class _Reader:
    """Reads a formula from left to right."""

    def __init__(self, text: str):
        self.text = text
        self.tokens = _tokens(text)
        self.place = 0
        self.boxes = 0
        self.depth = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.place]

    def taken(self) -> Token:
        self.place += 1
        return self.tokens[self.place - 1]

    def take(self, symbol: str, wanted: str) -> None:
        if self.next.symbol != symbol:
            self.expected(wanted)
        self.place += 1

    def expected(self, wanted: str) -> NoReturn:
        found = repr(self.next.written) if self.next.symbol else END
        raise _wrong(self.text, self.next.where, f"expected {wanted}, but found {found}")

    def connected(self, least: int = 1) -> Formula:
        """Formulas between which connectives stand that bind at least so tightly."""
        self.depth += 1
        if self.depth > MOST_NESTED:
            raise _wrong(self.text, self.next.where, f"formulas nest deeper than {MOST_NESTED}")
        left = self.single()
        while (level := TIGHTNESS.get(self.next.symbol, 0)) >= least:
            connective = self.taken().symbol
            right = self.connected(level if connective == "→" else level + 1)
            left = Connected(connective, left, right)
        self.depth -= 1
        return left

    def single(self) -> Formula:
        symbol = self.next.symbol
        if symbol in ("¬", "□", "◇"):
            self.place += 1
            return self.prefixed(symbol)
        if symbol == "(":
            self.place += 1
            found = self.connected()
            self.take(")", "∧, ∨, →, ↔ or )")
            return found
        if symbol in ("⊥", "⊤", SAME_WORD):
            self.place += 1
            return SameSource() if symbol == SAME_WORD else Truth(symbol == "⊤")
        return self.does()

    def prefixed(self, symbol: str) -> Formula:
        self.boxes += symbol != "¬"
        inner = self.nested()
        self.boxes -= symbol != "¬"
        if symbol == "◇":
            return Negation(Provable(Negation(inner)))
        return Negation(inner) if symbol == "¬" else Provable(inner)

    def nested(self) -> Formula:
        """What a sign stands before, which binds more tightly than any connective."""
        return self.connected(max(TIGHTNESS.values()) + 1)

    def does(self) -> Formula:
        first = self.next
        who = self.program(FORMULA_WANTED)
        against = {OTHER: ITSELF, ITSELF: OTHER}.get(who)
        if self.next.symbol == "(":
            self.place += 1
            against = self.program(f"a program: {OTHER}, {ITSELF} or a name")
            self.take(")", ")")
        if against is None:
            self.expected(f"( and against whom, as {who}({OTHER}) = {COOPERATE}")
        if self.next.symbol not in ("=", "≠"):
            self.expected("= or ≠" if who in (OTHER, ITSELF) else "= or ≠ after a program")
        differs = self.taken().symbol == "≠"
        if self.next.symbol not in (COOPERATE, DEFECT):
            other = ", whatever a game calls them" if self.next.written.isidentifier() else ""
            self.expected(f"{COOPERATE} or {DEFECT}{other}")
        action = self.taken().symbol
        if differs:
            action = DEFECT if action == COOPERATE else COOPERATE
        atom = Does(who, against, action)
        if not self.boxes:
            raise _wrong(
                self.text,
                first.where,
                f"expected □ or ◇ before {atom}: a program acts on what it can prove, so write "
                f"□({atom})",
            )
        return atom

    def program(self, wanted: str) -> str:
        word = self.next.symbol
        if word in (COOPERATE, DEFECT) or not (word in (OTHER, ITSELF) or is_name(word)):
            self.expected(wanted)
        self.place += 1
        return word


def is_name(word: str) -> bool:
    """Whether a formula can call a program so."""
    return word.isidentifier() and word not in WORDS_OF_SYNTAX | {COOPERATE, DEFECT}


def _tokens(text: str) -> list[Token]:
    found = []
    for match in PIECE.finditer(text):
        written = match[0]
        if match.lastgroup is None:
            raise _wrong(text, match.start(), f"expected a word or a sign, but found {written!r}")
        found.append(Token(SYMBOL_OF.get(written, written), written, match.start()))
        if len(found) > LONGEST_FORMULA:
            raise _wrong(text, match.start(), f"at most {LONGEST_FORMULA} words and signs are read")
    return [*found, Token("", "", len(text))]


def _wrong(text: str, where: int, what: str) -> InputError:
    line = text.count("\n", 0, where) + 1
    column = where - (text.rfind("\n", 0, where) + 1) + 1
    shown = " ".join(text.split())
    return InputError(f"formula {shown!r:.60}, line {line}, column {column}: {what}")
