"""The folder that the sceptic's experiment leaves."""

import csv
import importlib.metadata
import io
from pathlib import Path

import numpy as np
from matplotlib import style

from glasshouse._foundation.files import write_file, writing
from glasshouse._foundation.random import how_drawn
from glasshouse.analysis.sceptic.findings import Findings, Measured, Trial
from glasshouse.plots._layout import new_figure
from glasshouse.plots._palette import TEXT
from glasshouse.plots.prediction import plot_predictions
from glasshouse.study.folder import as_json, check_new
from glasshouse.study.report.finished import StudyFigure

GROUPS = {
    ("interpreter", "independent"): "one network reads both, independent starts",
    ("interpreter", "equal"): "one network reads both, equal starts",
    ("policies", "independent"): "two networks, independent starts",
    ("policies", "equal"): "two networks, equal starts",
}
"""The groups by kind of semantics and of start, and what figures call them."""

COLUMNS = ("kind", "start", "seed", "predicted", "window", "outcome", "error_window",
           "error_outcome", "roots_predicted", "reason_window", "reason_outcome")  # fmt: skip


def write_experiment(findings: Findings, out: str | Path) -> None:
    """Write `findings.json`, `networks.csv` and the figures `predictions.svg` and `.png`.

    **Arguments:** `out`, a folder that does not exist yet or is empty.
    **Raises:** `InputError` when it holds something; `OutputError` when the machine does not let
    a file be written.
    """
    out = Path(out)
    check_new(out)
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    figure = experiment_figure(findings)
    names = ("glasshouse", "jax", "numpy", "scipy")
    made = {
        "versions": {name: importlib.metadata.version(name) for name in names},
        "random": how_drawn(findings.settings["seed"]),
    }
    write_file(out / "findings.json", as_json({**made, **findings.summary()}))
    write_file(out / "networks.csv", _table(findings.trials).encode())
    write_file(out / "predictions.svg", figure.svg().encode())
    write_file(out / "predictions.png", figure.png())


def experiment_figure(findings: Findings) -> StudyFigure:
    """Both scatter plots side by side: after the window, and at the end."""
    settings = findings.settings
    panels: dict[Measured, str] = {
        "window": f"after the window of {settings['window']} steps of {settings['step_size']:g}",
        "outcome": f"after {settings['steps']} steps of {settings['step_size']:g}",
    }
    with style.context("default"):
        figure = new_figure((8.6, 4.9))
        for ax, (what, when) in zip(figure.subplots(1, 2), panels.items(), strict=True):
            found = findings.agreement(what)
            title = (
                f"Mean cooperation {when}:\n{found.close.count} of {found.predicted} within 5 %, "
                f"{found.rough.count} within a factor of two"
            )
            groups = {label: _pairs(findings, *key, what) for key, label in GROUPS.items()}
            plot_predictions(groups, title, legend=False, ax=ax)
        entries = [ax.get_legend_handles_labels() for ax in figure.axes]
        shown = {
            label: handle
            for handles, labels in entries
            for handle, label in zip(handles, labels, strict=True)
        }
        figure.legend(
            shown.values(), shown, loc="outside lower center", ncols=2, frameon=False, fontsize=TEXT
        )
    alt = (
        "Two scatter plots of measured against predicted gains of "
        f"{len(findings.trials)} random networks, with the diagonal."
    )
    return StudyFigure("predictions", "Predicted and measured switches", alt, "", figure)


def _pairs(findings: Findings, kind: str, start: str, what: Measured) -> np.ndarray:
    """Predicted and measured gain of each network that has a prediction."""
    rows = [
        (trial.predicted[0], (trial.measured(what) or (np.nan,))[0])
        for trial in findings.trials
        if (trial.kind, trial.start) == (kind, start) and trial.predicted
    ]
    return np.array(rows).reshape(-1, 2)


def _table(trials: tuple[Trial, ...]) -> str:
    """One row per network; gains to full precision, empty where there is none."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for trial in trials:
        gains = [_first(x) for x in (trial.predicted, trial.window, trial.outcome)]
        errors = [trial.error("window"), trial.error("outcome")]
        writer.writerow(
            [
                trial.kind,
                trial.start,
                trial.seed,
                *gains,
                *(repr(x) if np.isfinite(x) else "" for x in errors),
                trial.roots,
                trial.reason("window"),
                trial.reason("outcome"),
            ]
        )
    return text.getvalue()


def _first(switches: tuple[float, ...] | None) -> str:
    return repr(switches[0]) if switches else ""
