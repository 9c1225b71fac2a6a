"""Compute a training piece by piece into a folder, from which it goes on when interrupted."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from glasshouse._foundation.progress import progress
from glasshouse.dynamics.curves import Curves, TrainingPart, joined_curves
from glasshouse.dynamics.training import PARTS_OF_TRAINING, Training, training_parts
from glasshouse.study.folder import SUMMARY, RunFolder, as_json, check_out, sha256
from glasshouse.study.tables import export_tables
from glasshouse.study.training.result import TrainingResult, training_result
from glasshouse.study.training.setting import PreparedTraining, check_training

CURVES = "curves.parquet"
PLAYERS = "players.npz"
TRAINING_FOLDER, BESIDE_FOLDER = "pieces", "beside"


def train_study(
    path: str | Path,
    out: str | Path,
    warn: Callable[[str], None] = lambda message: None,
    *,
    trust: bool = False,
) -> TrainingResult:
    """Read the file of a training, check everything, train, and write the folder `out`.

    The folder holds `report.html`, `curves.parquet`, `players.npz` (the parameters at the end,
    seeds first), `summary.json`, the figure as SVG and PNG, `tables` as CSV and LaTeX, `study.toml`
    and `provenance.json`. An interrupted training goes on from its last finished piece, and comes
    to the same numbers.

    **Arguments, Raises:** as `run_study`.
    """
    prepared = check_training(path, trust=trust)
    check_out(Path(out), prepared.recipe)
    return write_training(prepared, Path(out), warn)


def write_training(
    prepared: PreparedTraining, out: Path, warn: Callable[[str], None] = lambda message: None
) -> TrainingResult:
    """Train into a folder that `check_out` has accepted."""
    folder = RunFolder(out, prepared.recipe, warn)
    with folder.opened(), progress(f"training {out.name}"):
        curves = _trained(folder, prepared, prepared.training, TRAINING_FOLDER)
        folders = [f"{BESIDE_FOLDER}_{k}" for k in range(len(prepared.beside))]
        beside = {
            name: _trained(folder, prepared, training, parts)
            for (name, training), parts in zip(prepared.beside.items(), folders, strict=True)
        }
        result = training_result(prepared, curves, beside)
        for parts in (TRAINING_FOLDER, *folders):
            folder.drop(parts)
        folder.table(CURVES, result.table)
        folder.write(PLAYERS, _arrays(jax.tree.leaves(result.curves.params)))
        from glasshouse.study.training.page import training_figure, training_html

        figure = training_figure(result)
        folder.write(f"{figure.name}.svg", figure.svg().encode())
        folder.write(f"{figure.name}.png", figure.png())
        export_tables(folder, result.tables)
        folder.write(SUMMARY, as_json(result.to_dict()))
        facts = {**folder.identity, "table": {CURVES: sha256(out / CURVES)}}
        folder.write("report.html", training_html(result, figure, facts).encode())
        folder.finish()
    return result


def _trained(
    folder: RunFolder, prepared: PreparedTraining, training: Training, parts: str
) -> Curves:
    """A whole training, finished pieces being read."""
    count = -(-training.records // -(-training.records // PARTS_OF_TRAINING))
    updates = training.updates * training.seeds
    with progress(f"{updates} updates in {count} pieces", count) as advance:

        def kept(
            name: str, compute: Callable[[], TrainingPart], like: TrainingPart
        ) -> TrainingPart:
            def read(content: bytes) -> TrainingPart:
                return _piece(content, like)

            found = folder.kept(f"{parts}/{name}.npz", compute, _written, read)
            advance()
            return found

        return joined_curves(list(training_parts(prepared.game, training, kept)), training)


def _written(piece: TrainingPart) -> bytes:
    names = sorted(piece.measured)
    measured = [piece.measured[name] for name in names]
    return _arrays([*jax.tree.leaves((piece.params, piece.state)), piece.updates, *measured])


def _piece(content: bytes, like: TrainingPart) -> TrainingPart:
    """What was written, with the structure of another piece of the same training."""
    with np.load(io.BytesIO(content), allow_pickle=False) as held:
        arrays: list[Any] = [held[f"arr_{k}"] for k in range(len(held.files))]
    structure = jax.tree.structure((like.params, like.state))
    end = structure.num_leaves
    params, state = jax.tree.unflatten(structure, arrays[:end])
    measured = dict(zip(sorted(like.measured), arrays[end + 1 :], strict=True))
    return TrainingPart(
        params, state, arrays[end], {name: measured[name] for name in like.measured}
    )


def _arrays(leaves: list[Any]) -> bytes:
    """Arrays in one file; the same ones give the same bytes."""
    with io.BytesIO() as file:
        np.savez(file, *map(np.asarray, leaves))
        return file.getvalue()
