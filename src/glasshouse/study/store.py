"""Write a computed study into one folder, all or nothing."""

import datetime
import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import tempfile
from pathlib import Path
from typing import Any

import jax
import matplotlib as mpl
import numpy as np
import pyarrow.parquet as pq
import tomli_w

from glasshouse.errors import InputError
from glasshouse.plots.coupling import Marker, plot_coupling
from glasshouse.study.plain import plain
from glasshouse.study.spec import Prepared, Study, read_study
from glasshouse.study.sweep import StudyResult, compute, table

SCHEMA_VERSION = 1
"""Of `summary.json` and the table; raised when a key changes its meaning or goes away."""

PACKAGES = ("glasshouse", "jax", "jaxlib", "equinox", "optax", "numpy", "pyarrow", "matplotlib")


def run_study(path: str | Path, out: str | Path) -> StudyResult:
    """Read a study file, check everything, compute, and write the folder `out`.

    The folder holds `study.toml` (every default written out; a game file is copied beside it),
    `sweep.parquet`, `summary.json`, `coupling.svg`, `coupling.png` and `provenance.json`. It
    appears complete or not at all.

    **Arguments:** `path` of the TOML file; `out`, a folder that does not exist yet.
    **Raises:** `InputError`, before anything is computed or written, when the study is wrong or
    `out` exists or cannot be made.
    """
    path, out = Path(path), Path(out)
    study, prepared = check_study(path)
    check_out(out)
    result = compute(study, prepared)
    inputs = [path] if study.game.file is None else [path, path.parent / study.game.file]
    write_result(result, out, inputs)
    return result


def check_study(path: Path) -> tuple[Study, Prepared]:
    """The study in a file and all it needs, checked before anything is computed.

    **Raises:** `InputError` naming the file and the key.
    """
    study = read_study(path)
    try:
        return study, study.prepare(path.parent)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def check_out(out: Path) -> None:
    """Refuse an output folder that exists or cannot be made.

    **Raises:** `InputError` naming the folder.
    """
    try:
        there = out.exists() or out.is_symlink()
    except OSError as error:
        raise InputError(f"output folder {out!s:.60} cannot be made: {error.strerror}") from error
    if there:
        raise InputError(f"output folder {out} is already there: remove it or choose another --out")
    parent = _existing_parent(out)
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise InputError(f"output folder {out} cannot be made: {parent} is not a writable folder")


def write_result(result: StudyResult, out: Path, inputs: list[Path]) -> None:
    """Write a result into the new folder `out`.

    **Arguments:** `inputs`, the study file and then the files it reads, which are copied; all
    are hashed into the provenance.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        (partial / "study.toml").write_text(tomli_w.dumps(result.study.resolved()), "utf-8")
        for path in inputs[1:]:  # the study written out refers to them by name
            shutil.copyfile(path, partial / path.name)
        pq.write_table(table(result.rows()), partial / "sweep.parquet")
        _write_json(partial / "summary.json", summary(result))
        _write_figure(result, partial)
        _write_json(partial / "provenance.json", _provenance(result, partial, inputs))
        partial.chmod(0o755)
        partial.rename(out)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def summary(result: StudyResult) -> dict[str, Any]:
    """The study's answers as a dictionary; the keys are documented in `docs/output.md`."""
    game = result.family.game
    return {
        "schema_version": SCHEMA_VERSION,
        "game": game_summary(game),
        "bound": plain(result.family.bound),
        "claims": result.claims(),
        **plain(result.predictions),
        "assessments": plain(result.assessments),
    }


def game_summary(game: Any) -> dict[str, Any]:
    """A game's title, source, players, actions and payoffs."""
    labels = game.labels
    return {
        "title": game.title,
        "source": labels.source if labels else "",
        "players": game.players,
        "actions": list(labels.actions) if labels else list(game.actions),
        "payoffs": plain(np.asarray(game.tensor)),
    }


def markers(result: StudyResult) -> list[Marker]:
    """The thresholds to mark in the figure."""
    found = []
    closed = result.predictions.closed_form
    if closed is not None:
        for threshold, label in (
            (closed.defection, "$\\kappa_D$"),
            (closed.neutral, "$\\kappa_{1/2}$"),
            (closed.cooperation, "$\\kappa_C$"),
        ):
            if threshold.value is not None:
                found.append(Marker(threshold.value, label))
    elif result.predictions.measured.value is not None:
        found.append(Marker(result.predictions.measured.value, "$\\hat\\kappa$"))
    equilibrium = result.predictions.equilibrium
    if equilibrium is not None and equilibrium.value is not None:
        found.append(Marker(equilibrium.value, "equilibrium threshold", "equilibrium"))
    return found


def _write_figure(result: StudyResult, folder: Path) -> None:
    generic = result.assessments[0].generic
    caption = (
        f"unequal starts: {generic.detail}; parameters in ±{result.family.bound:g}; bands: 95 % "
        "Wilson intervals"
    )
    # Text stays text, and neither random identifiers nor the date enter the file.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "glasshouse"}):
        figure = plot_coupling(
            result.assessments, markers(result), result.family.game.title, caption
        )
        figure.savefig(folder / "coupling.svg", metadata={"Date": None})
        figure.savefig(folder / "coupling.png", dpi=200)


def _provenance(result: StudyResult, folder: Path, inputs: list[Path]) -> dict[str, Any]:
    written = sorted(p for p in folder.iterdir() if p.is_file())
    return {
        "schema_version": SCHEMA_VERSION,
        "status": "complete",
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seed": result.study.learning.seed,
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": jax.devices()[0].device_kind,
        "precision": "float64",
        "inputs": {p.name: _sha256(p) for p in inputs},
        "outputs": {p.name: _sha256(p) for p in written},
    }


def _existing_parent(path: Path) -> Path:
    parent = path.absolute().parent
    while not parent.exists():
        parent = parent.parent
    return parent


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(
        json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", "utf-8"
    )
