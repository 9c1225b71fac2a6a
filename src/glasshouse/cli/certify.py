"""`glasshouse certify`: proofs about the points of studies, as files."""

import dataclasses
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from glasshouse._foundation.digits import plus_minus
from glasshouse._foundation.files import write_file, writing
from glasshouse.cli.options import (
    JsonOption,
    TrustOption,
    check_epsilon,
    print_json,
    print_table,
    say,
    study_folders,
)
from glasshouse.cli.proof_lines import gain_bracket, how_reached, profile, verdict

if TYPE_CHECKING:
    from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold
    from glasshouse.certificates.certificate import Certificate
    from glasshouse.study.proofs import CertifiedPoint
    from glasshouse.study.setting import Prepared


def command(
    studies: Annotated[
        list[Path],
        typer.Argument(metavar="STUDY.toml", help="Study files.", show_default=False),
    ],
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
    from glasshouse.study.folder import check_new
    from glasshouse.study.proofs import certified_points
    from glasshouse.study.setting import check_study

    where = study_folders(studies, out, Path("certificates"))
    prepared = {
        folder: _at(check_study(path, trust=trust), epsilon) for path, folder in where.items()
    }
    for folder in prepared:  # all are checked before the first is computed
        check_new(folder)
    printed = {}
    for folder, study in prepared.items():
        points, no_points = certified_points(study.base)
        threshold, no_threshold = _threshold(study)
        notes = [note for note in (no_points, no_threshold) if note]
        found = list(_certificates(points, threshold))
        _write(folder, found)
        printed[str(folder)] = {
            "epsilon": study.study.analysis.certify,
            "certificates": plain(points),
            "equilibrium": plain(threshold),
            "files": [named.file for named in found],
            "notes": notes,
        }
        if not as_json:
            say(study.base.game.title)
            say()
            _print(folder, found, notes)
    if as_json:
        print_json(printed)


class _Named(NamedTuple):
    """A certificate, what it is about, and its file."""

    file: str
    about: str
    proof: "Certificate"


def _at(prepared: "Prepared", epsilon: float | None) -> "Prepared":
    """The study with this ε; where it turns certificates off, with the usual one."""
    from glasshouse.study.spec.study import AnalysisSpec

    analysis = prepared.study.analysis
    if epsilon is None:
        epsilon = analysis.certify
    if epsilon is False:
        epsilon = AnalysisSpec().certify
    update = {"analysis": analysis.model_copy(update={"certify": epsilon})}
    base = dataclasses.replace(prepared.base, study=prepared.base.study.model_copy(update=update))
    return dataclasses.replace(prepared, study=prepared.study.model_copy(update=update), base=base)


def _threshold(prepared: "Prepared") -> "tuple[CertifiedThreshold | None, str]":
    """From which coupling on the corner is an equilibrium, or None and the reason."""
    from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold
    from glasshouse.study.predictions import predict_study

    axes = prepared.study.axes
    if len(axes) != 1 or prepared.base.own_family(axes[0].key) is None:
        return (
            None,
            "no equilibrium threshold: the study does not sweep its coupling, and that alone",
        )
    predictions, reason = predict_study(prepared)
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
    from glasshouse.study.proofs import certificate_file

    for point in points:
        where = profile(point.certificate)
        about = f"cooperative corner {where}"
        if point.reached is not None:
            corner = ", the cooperative corner" if point.corner else ""
            about = f"rest point {where}{corner}, {how_reached(point.reached)}"
        yield _Named(Path(point.file).name, about, point.certificate)
    if threshold is None:
        return
    value = "" if threshold.bracket is None else f", threshold {plus_minus(*threshold.bracket)}"
    proofs = {"threshold_holds": threshold.certified, "threshold_fails": threshold.refuted}
    for name, proof in proofs.items():
        if proof is not None:
            yield _Named(Path(certificate_file(name)).name, f"cooperative corner{value}", proof)


def _write(folder: Path, certificates: list[_Named]) -> None:
    """Write certificates, each of which appears complete or not at all."""
    for file, _, proof in certificates:
        with writing(folder / file):
            folder.mkdir(parents=True, exist_ok=True)
            write_file(folder / file, proof.document.text().encode())


def _print(folder: Path, certificates: list[_Named], notes: list[str]) -> None:
    if certificates:
        rows = [(n.about, verdict(n.proof), gain_bracket(n.proof), n.file) for n in certificates]
        print_table(rows, ("WHAT", "VERDICT", "BEST GAIN", "FILE"))
        check = f"glasshouse verify {shlex.quote(str(folder))}/*.json"
        say()
        say(f"Written to {folder}. Check them again with: {check}")
    for note in notes:
        say(f"Note: {note}.")
    say()
