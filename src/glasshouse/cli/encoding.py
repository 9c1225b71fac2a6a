"""Standard output and error in whatever encoding they have: what it lacks is spelt in ASCII."""

import codecs
import io
import sys
import unicodedata
from encodings import ascii as ascii_codec

SPELT = {
    "∂": "d", "∇": "grad ", "√": "sqrt ", "∞": "inf", "±": "+/-", "×": "x", "·": "*", "÷": "/",
    "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "≡": "==", "∈": " in ", "∋": " has ", "∝": "~",
    "→": "->", "←": "<-", "↔": "<->", "⇒": "=>", "↦": "->", "⟨": "<", "⟩": ">", "‖": "|",
    "−": "-", "–": "-", "—": "--", "‐": "-", "‑": "-", "…": "...", "•": "*", "∏": "prod ",
    "∑": "sum ", "‘": "'", "’": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "½": "1/2", "¼": "1/4", "¾": "3/4", "°": " deg", "¬": "not ", "∧": " and ", "∨": " or ",
    "□": "[]", "◇": "<>", "⊥": "false", "⊤": "true", "★": "*", "✓": "yes", "✗": "no",
    "ß": "ss", "æ": "ae", "ø": "o", "Æ": "AE", "Ø": "O", "ł": "l", "Ł": "L", "µ": "micro",
    "¢": "c", "£": "GBP", "¥": "JPY", "€": "EUR", "₹": "INR", "﹣": "-", "－": "-",
}  # fmt: skip
"""What is spelt otherwise than by name or by taking accents away."""

FRAMES = range(0x2500, 0x25A0)
"""Lines, corners and blocks, of tables, frames and bars."""

SPINNERS = range(0x2800, 0x2900)
"""Braille patterns, of which spinners are made."""

POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")

ASCII = "glasshouse-ascii"
"""ASCII by a name of our own: its own one Typer takes for a mistake, and writes UTF-8."""


def prepare_streams() -> None:
    """Let standard output and error spell what their encoding lacks, and never fail on a text.

    File names that are not in the system's encoding appear with `\\x..` for each odd byte.
    """
    codecs.register_error("glasshouse", _in_place)
    codecs.register(_own_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            is_ascii = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding=ASCII if is_ascii else None, errors="glasshouse")


def output_encoding() -> str:
    """That of standard output; where it is closed, one that takes everything."""
    return getattr(sys.stdout, "encoding", None) or "utf-8"


def fitting(text: str) -> str:
    """`text` as standard output will show it, to be laid out in columns."""
    encoding = output_encoding()
    codecs.register_error("glasshouse", _in_place)
    return text.encode(encoding, "glasshouse").decode(encoding)


def spelt(text: str) -> str:
    """`text` in ASCII: κ as kappa, ± as +/-, é as e; what has no such form as an escape."""
    words, before = [], ""
    for character in text:
        word = _word(character)
        # Two symbols in a row are two factors.
        if word[:1].isalpha() and len(word) > 1 and before[-1:].isalpha() and len(before) > 1:
            word = f" {word}"
        if word[:1] == before[:1] == "^":  # one power of several characters
            word, before = word[1:], word
        else:
            before = word
        words.append(word)
    return "".join(words)


def _word(character: str) -> str:
    code = ord(character)
    if code < 0x80:
        return character
    if character in SPELT:
        return SPELT[character]
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is none of its encoding
        return f"\\x{code - 0xDC00:02x}"
    if code in FRAMES:
        return _frame(character)
    if code in SPINNERS:
        return "."
    if character.translate(POWERS) != character:
        return f"^{character.translate(POWERS)}"
    name = unicodedata.name(character, "").replace("LAMDA", "LAMBDA").split()
    if name[:1] == ["GREEK"] and "LETTER" in name:
        letter = name[name.index("LETTER") + 1].lower()
        return letter.capitalize() if "CAPITAL" in name else letter
    if unicodedata.category(character) in ("Mn", "Cf"):  # accents, and marks of no width
        return ""
    plain = unicodedata.normalize("NFKD", character).translate(POWERS)
    if plain != character:
        return "".join(map(_word, plain))
    return character.encode("ascii", "backslashreplace").decode()


def _frame(character: str) -> str:
    name = unicodedata.name(character, "")
    if "BLOCK" in name or "SHADE" in name or "SQUARE" in name:
        return "#"
    if "VERTICAL" in name and "HORIZONTAL" not in name and " AND " not in name:
        return "|"
    if ("HORIZONTAL" in name or "LEFT" in name or "RIGHT" in name) and " AND " not in name:
        return "-"
    return "+"


def _in_place(error: UnicodeError) -> tuple[str, int]:
    """The handler of what an encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = spelt(error.object[error.start : error.end])
    if error.object[: error.start][-1:].isspace():  # words that symbols stand for bring spaces
        text = text.lstrip(" ")
    if error.object[error.end :][:1] in {" ", ",", ".", ";", ":", ")"}:
        text = text.rstrip(" ")
    return text, error.end


def _own_ascii(name: str) -> codecs.CodecInfo | None:
    if name.replace("_", "-") != ASCII:
        return None
    plain = codecs.lookup("ascii")
    return codecs.CodecInfo(
        plain.encode,
        plain.decode,
        streamreader=plain.streamreader,
        streamwriter=plain.streamwriter,
        incrementalencoder=ascii_codec.IncrementalEncoder,
        incrementaldecoder=ascii_codec.IncrementalDecoder,
        name=ASCII,
    )
