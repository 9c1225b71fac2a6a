"""`glasshouse certify`: proofs about the points of studies, as files."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from glasshouse._foundation.digits import plus_minus
from glasshouse._foundation.files import write_file, writing
from glasshouse.cli.options import (
    JsonOption,
    StudiesArgument,
    TrustOption,
    check_epsilon,
    print_json,
    print_table,
    say,
    study_folders,
)
from glasshouse.errors import InputError
from glasshouse.study.words.proof_lines import gain_bracket, how_reached, profile, verdict

if TYPE_CHECKING:
    from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold
    from glasshouse.analysis.proofs import CertifiedPoint
    from glasshouse.certificates.certificate import Certificate
    from glasshouse.study.setting import Prepared


def command(
    studies: StudiesArgument,
    epsilon: Annotated[
        float | None,
        typer.Option(
            metavar="E",
            help="Largest gain allowed, in units of payoff. "
            "Without it: analysis.certify of the study.",
            callback=check_epsilon,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder to make for the certificates; with several studies, each gets DIR/NAME. "
            "Without it: certificates/NAME.",
        ),
    ] = None,
    trust: TrustOption = False,
    as_json: JsonOption = False,
) -> None:
    """Prove or refute that points of studies are ε-equilibria; write the certificates.

    At each study's own values: the rest points that learning reaches and the
    cooperative corner; where the study sweeps its coupling, from which coupling
    on that corner is an equilibrium.
    """
    from glasshouse._foundation.results import plain
    from glasshouse.games.repeated import is_repeated
    from glasshouse.parametric.capabilities import ONCE
    from glasshouse.study.folder import check_new
    from glasshouse.study.questions import study_points
    from glasshouse.study.setting import check_study
    from glasshouse.study.spec.study import AnalysisSpec

    where = study_folders(studies, out, Path("certificates"))
    prepared = {folder: check_study(path, trust=trust) for path, folder in where.items()}
    for folder, study in prepared.items():  # all are checked before the first is computed
        if is_repeated(study.base.played):
            raise InputError(f"{study.base.title} cannot be certified: certificates are {ONCE}")
        check_new(folder)
    printed = {}
    for folder, study in prepared.items():
        allowed = study.study.analysis.certify if epsilon is None else epsilon
        allowed = AnalysisSpec().certify if allowed is False else allowed
        points, no_points = study_points(study.base, allowed)
        threshold, no_threshold = _threshold(study)
        notes = [note for note in (no_points, no_threshold) if note]
        found = list(_certificates(points, threshold))
        _write(folder, found)
        printed[str(folder)] = {
            "epsilon": allowed,
            "certificates": plain(points),
            "equilibrium": plain(threshold),
            "files": [named.file for named in found],
            "notes": notes,
        }
        if not as_json:
            say(study.base.title)
            say()
            _print(folder, found, notes, study.base.game.player_names)
    if as_json:
        print_json(printed)


class _Named(NamedTuple):
    """A certificate, what it is about, and its file."""

    file: str
    about: str
    proof: "Certificate"


def _threshold(prepared: "Prepared") -> "tuple[CertifiedThreshold | None, str]":
    """From which coupling on the corner is an equilibrium, or None and the reason."""
    from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold
    from glasshouse.study.questions import predict_study

    axes = prepared.study.axes
    if len(axes) != 1 or prepared.base.own_family(axes[0].key) is None:
        return (
            None,
            "no equilibrium threshold: the study does not sweep its coupling, and that alone",
        )
    predictions, reason = predict_study(prepared, certify=True)
    if predictions is None:
        return None, reason or "no equilibrium threshold: analysis.thresholds is off"
    found = predictions.equilibrium
    if isinstance(found, CertifiedThreshold):
        return found, ""
    if found is None:
        return None, f"no equilibrium threshold: {predictions.no_equilibrium_reason}"
    where = found.result if found.bracket is None else plus_minus(*found.bracket)
    return None, f"the equilibrium threshold is found numerically ({where}), but not proved"


def _certificates(
    points: "tuple[CertifiedPoint, ...]", threshold: "CertifiedThreshold | None"
) -> Iterator[_Named]:
    from glasshouse.analysis.proofs import threshold_files

    for point in points:
        where = profile(point.certificate)
        about = f"cooperative corner {where}"
        if point.reached is not None:
            corner = ", the cooperative corner" if point.corner else ""
            kind = "rest point" if point.reached.at_rest else "end of learning, not at rest,"
            about = f"{kind} {where}{corner}, {how_reached(point.reached)}"
        yield _Named(Path(point.file).name, about, point.certificate)
    bracket = None if threshold is None else threshold.bracket
    value = "" if bracket is None else f", threshold {plus_minus(*bracket)}"
    for file, proof in threshold_files(threshold).items():
        yield _Named(Path(file).name, f"cooperative corner{value}", proof)


def _write(folder: Path, certificates: list[_Named]) -> None:
    """Write certificates, each of which appears complete or not at all."""
    for file, _, proof in certificates:
        with writing(folder / file):
            folder.mkdir(parents=True, exist_ok=True)
            write_file(folder / file, proof.document.text().encode())


def _print(
    folder: Path, certificates: list[_Named], notes: list[str], names: Sequence[str]
) -> None:
    if certificates:
        rows = [
            (n.about, verdict(n.proof, names), gain_bracket(n.proof), n.file) for n in certificates
        ]
        print_table(rows, ("WHAT", "VERDICT", "BEST GAIN", "FILE"))
        check = f"glasshouse verify {shlex.quote(str(folder))}/*.json"
        say()
        say(f"Written to {folder}. Check them again with: {check}")
    for note in notes:
        say(f"Note: {note}.")
    say()
