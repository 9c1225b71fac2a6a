"""What files of proofs have in common: exact JSON, a digest, and one form for the same contents."""

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from glasshouse._foundation.files import MACHINE
from glasshouse.errors import InputError, OutputError


class Part(BaseModel):
    """A part of the file: frozen, and no key goes unnoticed."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def contents_of(text: str, name: str) -> dict[str, Any]:
    """What the text of a file holds: an object in which numbers are whole, or texts."""
    try:
        no_number: dict[str, Any] = {"parse_float": _no_number, "parse_constant": _no_number}
        contents = json.loads(text, object_pairs_hook=_without_repeats, **no_number)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is no JSON: {error}") from error
    return contents if isinstance(contents, dict) else {}


def digest_of(contents: dict[str, Any]) -> str:
    """The digest of a file's contents, which does not cover the digest itself."""
    covered = {key: value for key, value in contents.items() if key != "digest"}
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def laid_out(value: Any, levels: int, indent: str = "") -> str:
    """JSON with one key in a line on the outer levels, and everything inside in that line."""
    if not levels or not isinstance(value, dict):
        return json.dumps(value)
    entries = (
        f"{indent} {json.dumps(key)}: {laid_out(entry, levels - 1, indent + ' ')}"
        for key, entry in value.items()
    )
    return "{\n" + ",\n".join(entries) + f"\n{indent}}}"


def write_text(path: str | Path, text: str) -> None:
    """Write a file of a proof, or say why not."""
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        kind = OutputError if error.errno in MACHINE else InputError
        raise kind(f"cannot write {path}: {error}") from error


def _no_number(text: str) -> float:
    """Numbers with a point, an exponent or no value have no place in a certificate's JSON."""
    raise ValueError(f"{text:.20} is no exact number, such as '0x1.8000000000000p-1' for 0.75")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which no key stands twice: people would read the first, programs the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def first_of(error: Exception) -> str:
    """What is wrong first, and where."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg'].removeprefix('Value error, ')}"
