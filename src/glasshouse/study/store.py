"""Run a study and write its folder: tables, figures, summary, report, provenance."""

import contextlib
import importlib
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from glasshouse._foundation.progress import progress
from glasshouse.analysis.continuation import Branches
from glasshouse.analysis.equilibrium.certified_thresholds import EquilibriumCurve
from glasshouse.analysis.equilibrium.pure_profiles import base_game
from glasshouse.analysis.maps.outcome_map import OutcomeMap
from glasshouse.analysis.outcomes.comparison import Comparison
from glasshouse.analysis.phase.portrait import Portrait, phase_portrait
from glasshouse.analysis.predictions import Predictions
from glasshouse.dynamics.learning import Learning, remembering
from glasshouse.errors import InputError
from glasshouse.study.comparing import comparison_notes, study_comparison
from glasshouse.study.folder import (
    SUMMARY,
    RunFolder,
    as_json,
    as_parquet,
    check_out,
    sha256,
)
from glasshouse.study.league import BLOCKS, RUNS, league_notes, study_league, study_runs
from glasshouse.study.maps.store import MAP, map_table, map_work, study_map
from glasshouse.study.parts import SweepWork, one_table, part_table, sweep_table
from glasshouse.study.questions import (
    predict_study,
    study_branches,
    study_curve,
    study_judged,
    study_slices,
    study_survey,
)
from glasshouse.study.recipe import recipe_of
from glasshouse.study.repeated import left_out_together, repeated_notes
from glasshouse.study.result import StudyResult
from glasshouse.study.setting import Prepared, check_study
from glasshouse.study.shards import ShardStore, ShardWork, Workers
from glasshouse.study.sweep import OwnValues, sweep_notes, sweep_parts
from glasshouse.study.tables import export_tables
from glasshouse.study.words.maps import map_notes

TABLE = "sweep.parquet"
REPORT = "glasshouse.study.report.page"


def run_study(
    path: str | Path,
    out: str | Path,
    warn: Callable[[str], None] = lambda message: None,
    *,
    trust: bool = False,
) -> StudyResult:
    """Read a study file, check everything, compute, and write the folder `out`.

    The folder holds `report.html`, `sweep.parquet`, `summary.json`, the figures as SVG and PNG,
    `tables` as CSV and LaTeX, the certificates that `glasshouse verify` checks, `study.toml` (every
    default written out; files it reads are copied beside it) and `provenance.json`. An interrupted
    run leaves finished tables and goes on when run again.

    **Arguments:** `path` of the TOML file; `out`, a folder that does not exist yet, or that an
    interrupted run of the same study has left; `warn`, called with one line when a table there has
    changed since it was written and is computed again; `trust`, whether a Python file that the
    study names may lie outside its folder.
    **Raises:** `InputError`, before anything is computed or written, when the study is wrong or
    `out` cannot be used; `OutputError` when the machine does not let a file be written.

        import tempfile
        from pathlib import Path

        from glasshouse.study import run_study

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "mine.toml"
            file.write_text('''
                game.name = "stag_hunt"
                sweep = {}
                learning.starts = 20
                analysis.portrait = false
            ''')
            print(run_study(file, Path(folder) / "out").base.first_movement.direction)  # rises
    """
    prepared = check_study(path, trust=trust)
    check_out(Path(out), recipe_of(prepared))
    return write_study(prepared, Path(out), warn)


def write_study(
    prepared: Prepared,
    out: Path,
    warn: Callable[[str], None] = lambda message: None,
    workers: Callable[[ShardWork], Workers] | None = None,
) -> StudyResult:
    """Compute a checked study part by part into a folder that `check_out` has accepted.

    **Arguments:** `workers`, who compute the pieces of the sweep or the map, from what there is to
    do; without them this process does.
    """
    recipe = recipe_of(prepared)
    folder, store = RunFolder(out, recipe, warn), ShardStore(out, recipe, warn)
    with folder.opened(), progress(f"study {out.name}"):
        result = _written(prepared, folder, store, workers)
        store.say_elsewhere()
        store.tidy()
        folder.finish()
    return result


def gathered(
    prepared: Prepared, folder: RunFolder, store: ShardStore, found: OutcomeMap
) -> StudyResult:
    """The study with as much of its map as was found, written into a run that can go on."""
    with folder.opened(), progress(f"study {folder.path.name}"):
        return _written(prepared, folder, store, found=found)


def _written(
    prepared: Prepared,
    folder: RunFolder,
    store: ShardStore,
    workers: Callable[[ShardWork], Workers] | None = None,
    found: OutcomeMap | None = None,
) -> StudyResult:
    """A study computed, and all its files but the record that everything is there.

    **Arguments:** `found`, as much as there is of its map, if nothing of it is to be computed.
    """
    out = folder.path
    with _begun(prepared, REPORT) as beside:
        own = OwnValues(prepared)
        sweep = SweepWork(prepared, store, own)
        table = folder.table(
            TABLE, lambda: sweep_table(sweep, None if workers is None else workers(sweep))
        )
        store.drop(map(sweep.key, sweep.pieces), last=prepared.field is None)
        met = None
        if prepared.study.league is not None:
            met = folder.table(RUNS, lambda: study_runs(prepared, folder.table))
            folder.drop(BLOCKS)
        drawn = found
        if prepared.field is not None:
            if drawn is None:
                work = map_work(prepared, store)
                drawn = study_map(prepared, work, None if workers is None else workers(work))
            folder.write(MAP, as_parquet(map_table(drawn)))
        result = _complete(prepared, table, own, beside, met, drawn)
        for name, certificate in result.certificate_files.items():
            folder.write(name, certificate.document.text().encode())
        from glasshouse.study.report.figures import study_figures  # what `_begun` has loaded
        from glasshouse.study.report.page import report_html

        figures = study_figures(result)
        for figure in figures:
            folder.write(f"{figure.name}.svg", figure.svg().encode())
            folder.write(f"{figure.name}.png", figure.png())
        for k, followed in enumerate(result.branches, start=1):
            folder.write(f"branches_{k}.parquet", as_parquet(pa.table(followed.to_columns())))
        export_tables(folder, result.tables)
        folder.write(SUMMARY, as_json(result.to_dict()))
        tables = [TABLE, *([] if met is None else [RUNS]), *([] if drawn is None else [MAP])]
        facts = {**folder.identity, "table": {name: sha256(out / name) for name in tables}}
        folder.write("report.html", report_html(result, figures, facts).encode())
    return result


def compute(prepared: Prepared, table: pa.Table | None = None) -> StudyResult:
    """Compute a study without writing anything.

    **Arguments:** `table`, of its sweep where that is known already.
    **Cost:** points × starts × steps learning steps, and a few hundred thousand more.
    """
    own = OwnValues(prepared)
    with _begun(prepared) as beside:
        if table is None:
            table = one_table([part_table(prepared, x, own) for x in sweep_parts(prepared)])
        met = None
        if prepared.study.league is not None:
            met = study_runs(prepared, lambda name, block: block())
        drawn = None
        if prepared.field is not None:
            with tempfile.TemporaryDirectory() as shards:
                store = ShardStore(Path(shards), recipe_of(prepared), lambda message: None)
                drawn = study_map(prepared, map_work(prepared, store))
        return _complete(prepared, table, own, beside, met, drawn)


class _Beside(NamedTuple):
    """What a thread of its own computes, since nothing else of a study depends on it."""

    portrait: Future[tuple[Portrait | None, str]]
    curve: Future[EquilibriumCurve | None]
    predictions: Future[tuple[Predictions | None, str]]
    comparison: Future[Comparison | None]
    branches: Future[tuple[tuple[Branches, ...], tuple[str, ...]]]


@contextlib.contextmanager
def _begun(prepared: Prepared, *modules: str) -> Iterator[_Beside]:
    """Begin with what can be computed beside the rest, which leaves a core idle: one compiles while
    the other proves.

    Inside, what the study's own game learns in the sweep is not learned again for its rest points.

    **Arguments:** `modules`, which will be needed, and are loaded after that.
    """
    pool = ThreadPoolExecutor(1)
    try:
        with remembering(prepared.base.parametric):
            beside = _Beside(
                pool.submit(_portrait, prepared),
                pool.submit(study_curve, prepared),
                pool.submit(predict_study, prepared),
                pool.submit(study_comparison, prepared),
                pool.submit(study_branches, prepared),
            )
            for name in modules:
                pool.submit(importlib.import_module, name)
            yield beside
    finally:  # what waits is dropped; what is under way ends before the process does
        pool.shutdown(wait=False, cancel_futures=True)


def _complete(
    prepared: Prepared,
    table: pa.Table,
    own: OwnValues,
    beside: _Beside,
    met: pa.Table | None,
    drawn: OutcomeMap | None,
) -> StudyResult:
    """What else a study asks for, beside the tables of its sweep and of who has `met` whom."""
    base = own.assessment()
    judged = study_judged(prepared.base)
    predictions, no_predictions = beside.predictions.result()
    portrait, no_portrait = beside.portrait.result()
    compared = beside.comparison.result()
    surveyed, no_survey = study_survey(prepared.base)
    followed, no_branches = beside.branches.result()
    league = None if met is None else study_league(prepared, met)
    reasons = (no_predictions, judged.note, no_portrait, *comparison_notes(compared))
    reasons = (*reasons, *no_survey, *no_branches, *league_notes(league))
    notes = (*base.notes, *reasons, *sweep_notes(prepared, table))
    notes = (*left_out_together(notes), *repeated_notes(prepared, table), *map_notes(drawn))
    return StudyResult(
        prepared=prepared,
        table=table,
        base=base,
        base_game=base_game(prepared.base.steady),
        predictions=predictions,
        slices=study_slices(prepared, table),
        certificates=judged.certified,
        searched=judged.searched,
        curve=beside.curve.result(),
        portrait=portrait,
        notes=notes,
        comparison=compared,
        survey=surveyed,
        branches=followed,
        league=league,
        map=drawn,
    )


def _portrait(prepared: Prepared) -> tuple[Portrait | None, str]:
    if not prepared.study.analysis.portrait:
        return None, ""
    try:
        rule = prepared.base.learning.rule
        return phase_portrait(prepared.base.parametric, learning=Learning(rule)), ""
    except InputError as error:
        return None, f"no phase portrait: {error}"
