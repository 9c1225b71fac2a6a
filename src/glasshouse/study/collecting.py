"""A study with a map from the shards that are there, whoever has computed them."""

from collections.abc import Callable
from pathlib import Path

from glasshouse.analysis.maps.outcome_map import OutcomeMap
from glasshouse.errors import InputError
from glasshouse.study.folder import STUDY, RunFolder
from glasshouse.study.maps.store import map_so_far, map_work
from glasshouse.study.recipe import recipe_of
from glasshouse.study.result import StudyResult
from glasshouse.study.setting import Prepared, check_study
from glasshouse.study.shards import SHARDS, ShardStore
from glasshouse.study.store import gathered


def collect(
    folder: str | Path,
    warn: Callable[[str], None] = lambda message: None,
    *,
    trust: bool = False,
) -> StudyResult:
    """Tables, figures and report of a map from the shards in a folder; nothing is computed.

    The folder stays one that `run_study` goes on in, until it has computed what is missing.

    **Arguments:** `folder`, with the `study.toml` that `glasshouse run` has written there; `warn`,
    called with a line for each shard that cannot be used; `trust`, as in `check_study`.
    **Raises:** `InputError` where there is no such study, or it has no map; `OutputError` when the
    machine does not let a file be written.
    """
    folder = Path(folder)
    prepared = _prepared(folder, trust)
    recipe = recipe_of(prepared)
    run, store = RunFolder(folder, recipe, warn), ShardStore(folder, recipe, warn)
    run.join()
    return gathered(prepared, run, store, _so_far(prepared, store))


def read_map(
    folder: str | Path,
    warn: Callable[[str], None] = lambda message: None,
    *,
    trust: bool = False,
) -> OutcomeMap:
    """The map of a study from the shards in its folder, finished or not; nothing is written.

    Cells of which nothing is known are False in `there`. `to_xarray()` makes a dataset of it.

    **Arguments:** as of `collect`.
    **Raises:** `InputError` where there is no study with a map, or no shard of it and of this
    version.
    """
    prepared = _prepared(Path(folder), trust)
    return _so_far(prepared, ShardStore(Path(folder), recipe_of(prepared), warn))


def _prepared(folder: Path, trust: bool) -> Prepared:
    if not (folder / STUDY).is_file():
        raise InputError(
            f"{folder} holds no {STUDY}: name a folder that glasshouse run computes a study into"
        )
    prepared = check_study(folder / STUDY, trust=trust)
    if prepared.field is None:
        raise InputError(
            f"{folder / STUDY} has no [map], and only maps are shown in part: glasshouse run "
            "computes what is missing of a sweep"
        )
    return prepared


def _so_far(prepared: Prepared, store: ShardStore) -> OutcomeMap:
    found = map_so_far(prepared, map_work(prepared, store))
    store.say_elsewhere()
    if not found.there.any():
        folder = store.study_folder
        raise InputError(
            f"{folder / SHARDS} has no shard of this study and version: compute some by "
            f"glasshouse run {folder / STUDY} --shard 0/1 --out {folder}"
        )
    return found
