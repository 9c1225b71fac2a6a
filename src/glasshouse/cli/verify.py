"""`glasshouse verify`: whether certificate files prove what they claim."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glasshouse.cli.options import JsonOption, complain, print_json, say
from glasshouse.errors import InputError
from glasshouse.study.words.count_lines import count_lines
from glasshouse.study.words.mixture_lines import mixture_lines
from glasshouse.study.words.proof_lines import payoffs, subject, verdict

if TYPE_CHECKING:
    from glasshouse.certificates.certificate import Certificate
    from glasshouse.certificates.verification import Verification


REJECTED, UNREADABLE = 1, 2
"""Exit codes; the larger one counts."""


def command(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="Certificate files.", show_default=False),
    ],
    as_json: JsonOption = False,
) -> None:
    """Check whether certificate files prove what they claim, believing nothing in them.

    Exit code 1: a file does not prove what it claims. 2: one is no certificate,
    of another schema, or not as it was written. All others are checked as well.
    """
    from glasshouse.certificates.checker import verify

    found, unreadable = {}, False
    for path in files:
        try:
            found[str(path)] = verify(path)
        except InputError as error:
            complain(str(error))
            unreadable = True
            continue
        if not as_json:
            _print(path, found[str(path)])
    if as_json and found:
        print_json({name: _plain(verification) for name, verification in found.items()})
    rejected = not all(verification.accepted for verification in found.values())
    raise typer.Exit(UNREADABLE if unreadable else REJECTED if rejected else 0)


def _plain(verification: "Verification") -> dict[str, Any]:
    problem = verification.certificate.document.problem
    return {**verification.to_dict(), "problem": problem.model_dump(mode="json")}


def _print(path: Path, verification: "Verification") -> None:
    from glasshouse.certificates.certificate import Certificate
    from glasshouse.certificates.count.claim import EquilibriumCount

    certificate = verification.certificate
    claims = "" if verification.accepted else "claims "
    said = [] if verification.accepted else [f"reason: {verification.reason}"]
    if verification.accepted and not verification.complete:
        said.append(f"note: {verification.reason}")
    if isinstance(certificate, Certificate):
        said += _about_a_profile(certificate, claims)
    else:
        counted = isinstance(certificate, EquilibriumCount)
        first, *rest = count_lines(certificate) if counted else mixture_lines(certificate)
        said += [f"{claims}{first}", *rest]
    say(f"{path}: {'accepted' if verification.accepted else 'REJECTED'}")
    for line in said:
        say(line, "  ", "    ")


def _about_a_profile(certificate: "Certificate", claims: str) -> list[str]:
    said = [f"{claims}{verdict(certificate)}", subject(certificate), payoffs(certificate)]
    if certificate.worst.attained is False:
        who = f"player {certificate.worst.player + 1}"
        said.append(f"{claims}no deviation of {who} gains as much as some limit of deviations")
    return said
