"""What all certificate files have in common: strict JSON, one form only, and a digest."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from glasshouse.errors import InputError

OTHER_FORM = "is not as certificates are written: the same contents have one form only"


class FilePart(BaseModel):
    """A part of a file: frozen, and no key goes unnoticed."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


Part = TypeVar("Part", bound=FilePart)


def parsed(text: str, name: str) -> dict[str, Any]:
    """The object that a file's text is, its numbers still as they are written."""
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


def validated(
    kind: type[Part], contents: dict[str, Any], versions: Sequence[int], name: str
) -> Part:
    """A document of this kind with the digest that belongs to it, or an `InputError`."""
    version = contents.get("schema_version")
    if type(version) is not int or version not in versions:
        read = f"version{'s' * (len(versions) > 1)} {' and '.join(map(str, versions))}"
        raise InputError(
            f"{name} has schema version {version!r:.20}, but this glasshouse reads {read}: check "
            "it with the glasshouse that wrote it"
        )
    try:
        document = kind.model_validate(contents)
    except (ValidationError, RecursionError) as error:
        raise InputError(f"{name} is no valid certificate: {_first_fault(error)}") from error
    if contents.get("digest", "") != digest_of(contents):
        raise InputError(f"{name} is not as it was written: its digest belongs to other contents")
    return document


def in_lines(value: Any, levels: int, indent: str = "") -> str:
    """JSON with one key in a line on the outer levels, and everything inside in that line."""
    if not levels or not isinstance(value, dict):
        return json.dumps(value)
    entries = (
        f"{indent} {json.dumps(key)}: {in_lines(entry, levels - 1, indent + ' ')}"
        for key, entry in value.items()
    )
    return "{\n" + ",\n".join(entries) + f"\n{indent}}}"


def _first_fault(error: Exception) -> str:
    """What is wrong with a file, the first thing only."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg'].removeprefix('Value error, ')}"


def _no_number(text: str) -> float:
    """Numbers with a point, an exponent or no value have no place in a certificate's JSON."""
    raise ValueError(f"{text:.20} is no exact number, such as '0x1.8000000000000p-1' for 0.75")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which no key stands twice: people would read the first, programs the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found
