"""`glasshouse verify`: whether certificate files prove what they claim."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glasshouse.cli.options import JsonOption, complain, print_json, say
from glasshouse.errors import InputError
from glasshouse.study.words.count_lines import count_lines
from glasshouse.study.words.mixture_lines import mixture_lines
from glasshouse.study.words.proof_lines import profile_lines

if TYPE_CHECKING:
    from glasshouse.certificates.verification import Verification


SAID_OF: dict[str, Callable[[Any], list[str]]] = {
    "glasshouse certificate": profile_lines,
    "glasshouse certificate of all equilibria": count_lines,
    "glasshouse certificate of a mixture": mixture_lines,
}
"""What is said of each kind of certificate, by the format of its file."""

REJECTED, UNREAD = 1, 2
"""Exit codes; the larger one counts."""


def command(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="Certificate files.", show_default=False),
    ],
    as_json: JsonOption = False,
) -> None:
    """Check whether certificate files prove what they claim, believing nothing in them.

    Exit code 1: a file does not prove what it claims, is no certificate, of another
    schema, or not as it was written. 2: one cannot be read. All others are checked
    as well.
    """
    from glasshouse.certificates.checker import content_of, verified

    found, unread = {}, False
    for path in files:
        name = str(path)
        try:
            content = content_of(path)
        except InputError as error:
            complain(str(error))
            unread = True
            continue
        try:
            found[name] = verified(content, name)
        except InputError as error:
            found[name] = _NoCertificate(str(error))
        if not as_json:
            _print(name, found[name])
    if as_json:
        print_json({name: _plain(verification) for name, verification in found.items()})
    rejected = not all(verification.accepted for verification in found.values())
    raise typer.Exit(UNREAD if unread else REJECTED if rejected else 0)


@dataclasses.dataclass(frozen=True)
class _NoCertificate:
    """A file that was read, but from which no claim could be."""

    reason: str
    accepted: bool = False
    complete: bool = False
    certificate: None = None


def _plain(verification: "Verification | _NoCertificate") -> dict[str, Any]:
    if verification.certificate is None:
        return {**dataclasses.asdict(verification), "problem": None}
    problem = verification.certificate.document.problem
    return {**verification.to_dict(), "problem": problem.model_dump(mode="json")}


def _print(name: str, verification: "Verification | _NoCertificate") -> None:
    certificate = verification.certificate
    claims = "" if verification.accepted else "claims "
    said: list[str] = [] if verification.accepted else [f"reason: {verification.reason}"]
    if verification.accepted and not verification.complete:
        said.append(f"note: {verification.reason}")
    if certificate is not None:
        first, *others = SAID_OF[certificate.document.format](certificate)
        said += [f"{claims}{first}", *others]
    say(f"{name}: {'accepted' if verification.accepted else 'REJECTED'}")
    for line in said:
        say(line, "  ", "    ")
