"""One figure of a study, computed and drawn for a page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from matplotlib import style

from glasshouse.analysis.equilibria import mixing_branch
from glasshouse.errors import InputError
from glasshouse.plots._page import on_page
from glasshouse.plots.mixing import plot_mixing_branch
from glasshouse.study.drawing.held import cut_down
from glasshouse.study.drawing.kinds import FigureKind, figure_kind
from glasshouse.study.drawing.pages import page_of
from glasshouse.study.report.figures import study_figures
from glasshouse.study.report.finished import StudyFigure, finished_figure
from glasshouse.study.setting import Prepared, prepare
from glasshouse.study.spec.study import Study
from glasshouse.study.store import compute
from glasshouse.study.words.names import upper


def draw_figure(
    study: Study,
    kind: str,
    *,
    folder: Path = Path(),
    at: Mapping[str, float] | None = None,
    width: str | None = None,
    height: str | None = None,
    style: str = "paper",
    trust: bool = False,
    table: pa.Table | None = None,
) -> StudyFigure:
    """A figure of a study at its size on paper; no more is computed than it shows.

    **Arguments:** `kind`, a name in `FIGURE_KINDS`; `folder` of the files that the study names;
    `at`, numbers of the study by dotted key (the last part is enough where it tells), held at
    these values; `width` and `height`, as "86mm", "3.4in", "single" or "double", by default the
    style's width and the height that what is drawn needs; `style`, "paper", "report", "slides",
    or a style file of Matplotlib; `trust`, as in `check_study`; `table`, of the study's sweep where
    that is known already.
    **Raises:** `InputError` for what cannot be, and where the study has no such figure.

        from glasshouse.study import Study
        from glasshouse.study.drawing import draw_figure

        study = Study.model_validate({"game": {"name": "stag_hunt"}})
        figure = draw_figure(study, "deviation", at={"coupling": 0.8}, width="86mm")
        print(figure.title)  # Leaving the cooperative corner alone at coupling = 0.8
    """
    asked = figure_kind(kind)
    page, styles = page_of(style, width, height)
    prepared = prepare(cut_down(study, asked, at or {}), folder, trust=trust)
    with on_page(page):
        if asked.name == "mixing":
            return _mixing(prepared, styles)
        result = compute(prepared, table if asked.axes else None)
        found = [x for x in study_figures(result, styles) if _is_of(x, asked)]
    if not found:
        why = next((note for note in result.notes if _is_reason(note, asked)), None)
        said = f": {why.partition(': ')[2] or why}" if why else ""
        raise InputError(f"this study has no figure of kind {kind}{said}; {asked.otherwise}")
    return found[0]


def _is_of(figure: StudyFigure, kind: FigureKind) -> bool:
    name, number = figure.name, figure.name.rpartition("_")[2]
    return name == kind.figure or (number.isdecimal() and name == f"{kind.figure}_{number}")


def _is_reason(note: str, kind: FigureKind) -> bool:
    """Whether a note says why something of this kind is missing."""
    return note.startswith("no ") or kind.name in note


def _mixing(prepared: Prepared, styles: tuple[Any, ...]) -> StudyFigure:
    """Symmetric mixtures along the coupling, which no report shows."""
    (axis,) = prepared.study.axes
    family: Any = prepared.base.own_family(axis.key)
    if family is None:
        raise InputError(
            "a figure of kind mixing runs along the strength of reading, such as "
            f"semantics.coupling, but this study sweeps {axis.key}"
        )
    found = mixing_branch(family, axis.values)
    with style.context(["default", *styles]):
        figure = finished_figure(plot_mixing_branch(found))
    proved = sum(mixture.verdict == "certified" for mixture in found.mixtures)
    last = found.mixtures[-1]
    atoms = ", ".join(
        f"{float(atom):.4g} with probability {share:.3g}"
        for atom, share in zip(last.atoms[0], last.weights[0], strict=True)
    )
    alt = (
        f"Atoms of a symmetric equilibrium in mixed parameters at {len(found.mixtures)} couplings, "
        f"{proved} of them certified. At {axis.values[-1]:g}: {atoms}."
    )
    caption = (
        "Each mark is a parameter that is played, its area growing with its probability; filled "
        f"marks are certified. Dashed lines: where an atom sets in or vanishes. "
        f"{upper(found.detail)}."
    )
    title = f"A symmetric equilibrium in mixed parameters, {prepared.base.title}"
    return StudyFigure("mixing", title, alt, caption, figure)
