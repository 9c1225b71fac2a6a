"""Where the study of a figure comes from: a file, the folder of its results, or a game."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from glasshouse.errors import InputError
from glasshouse.study.folder import complete_record, sha256
from glasshouse.study.recipe import recipe_of
from glasshouse.study.setting import check_study
from glasshouse.study.spec.study import Study
from glasshouse.study.spec.toml import read_study
from glasshouse.study.store import TABLE
from glasshouse.study.template import cooperating, game_table


class Source(NamedTuple):
    """A study, the `folder` of the files it names, and that of its finished results, if any."""

    study: Study
    folder: Path
    results: Path | None = None


def study_source(
    text: str, *, trust: bool = False, cooperate: Sequence[str] | None = None
) -> Source:
    """The study of a `.toml` file, of a folder that `glasshouse run` has written, or of a game.

    **Arguments:** `cooperate`, which action of a game counts as cooperation, or of each player.
    **Raises:** `InputError` when there is none, and for `cooperate` of a study.
    """
    path = Path(text)
    if cooperate and (path.suffix.lower() == ".toml" or path.is_dir()):
        raise InputError(
            "--cooperate belongs to a game named on the command line: a study says it itself, so "
            f"write cooperate under [game] in {text}"
        )
    if path.suffix.lower() == ".toml":
        return Source(read_study(path, trust=trust), path.parent)
    if path.is_dir():
        file = path / "study.toml"
        if not file.is_file():
            raise InputError(
                f"{text}: this folder holds no study.toml, as glasshouse run writes it"
            )
        return Source(read_study(file, trust=trust), path, path)
    game = game_table(text, Path())
    if cooperate:
        game["cooperate"] = cooperating(cooperate, text)
    return Source(Study.model_validate({"game": game}), Path())


def finished_table(source: Source, *, trust: bool = False) -> pa.Table | None:
    """The table of the sweep where a finished run of this version on this machine has left it."""
    if source.results is None:
        return None
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        prepared = check_study(source.results / "study.toml", trust=trust)
        recorded = complete_record(source.results, recipe_of(prepared))
        file = source.results / TABLE
        if recorded is not None and recorded["outputs"][TABLE] == sha256(file):
            return pq.read_table(file)
    return None
