"""The folder that the challenge leaves, and goes on in."""

import csv
import dataclasses
import importlib.metadata
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from glasshouse._foundation.files import read_bytes, reason, write_file, writing
from glasshouse._foundation.random import how_drawn
from glasshouse.analysis.challenge.scores import ChallengeFindings, ChallengeTrial
from glasshouse.analysis.challenge.settings import Challenge, Forecast, Forecasts
from glasshouse.errors import InputError
from glasshouse.study.challenge.figure import challenge_figure
from glasshouse.study.folder import as_json, check_new, check_usable

FORECASTS = "forecasts.json"
PARTS_FOLDER = "parts"

MOST_BYTES = 100_000_000
"""Of a file of the folder."""

SCORE_COLUMNS = ("part", "steps", "pairs", "neither", "right", "of", "close", "constant",
                 "by_constant", "by_threshold", "correlation", "added")  # fmt: skip


class ChallengeFolder:
    """Files forecasts before anybody learns, and keeps every finished part.

    A folder with the same forecasts goes on where it was interrupted: give it as `keeper` to
    `run_challenge`, then `write` what was found.

    **Arguments:** `path`, a folder that is not there yet, is empty, or was left by the same
    challenge.
    **Raises:** `InputError` for any other folder; `OutputError` when the machine does not let a
    file be written.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self._forecasts: Forecasts | None = None
        if check_usable(self.path) or not (self.path / FORECASTS).is_file():
            check_new(self.path)

    def check(self, settings: Challenge) -> None:
        """Refuse a folder where forecasts under other settings were filed, or make a new one.

        **Raises:** `InputError` before anything is computed; `OutputError` where none can be made.
        """
        file = self.path / FORECASTS
        if file.is_file() and _read(file).get("settings") != settings.to_dict():
            raise InputError(self._other())
        with writing(self.path):
            self.path.mkdir(parents=True, exist_ok=True)

    def file(self, forecasts: Forecasts) -> None:
        """Write `forecasts.json`, with the hash of what is predicted.

        **Raises:** `InputError` when other forecasts were filed here.
        """
        file = self.path / FORECASTS
        if file.is_file():
            held, filed = _read(file), json.loads(as_json(forecasts.filed()))
            if held.get("sha256") != forecasts.sha256:
                raise InputError(self._other())
            if changed := sorted(key for key in filed if held.get(key) != filed[key]):
                raise InputError(
                    f"{file}: {' and '.join(changed)} are not what was filed under its hash; "
                    "choose another folder"
                )
        else:
            with writing(self.path):
                (self.path / PARTS_FOLDER).mkdir(parents=True, exist_ok=True)
            write_file(file, as_json({**_made(forecasts), **forecasts.filed()}))
        self._forecasts = forecasts

    def known(self, part: str) -> tuple[ChallengeTrial, ...] | None:
        """What a part's file says, where it was measured under the same forecasts."""
        forecasts, file = self._filed(), self._part(part)
        if not file.is_file():
            return None
        content = _read(file)
        if content.get("sha256") != forecasts.sha256:
            return None
        by_seed = {f.seed: f for f in forecasts.of(part) if f.trained}
        try:
            held = {x["seed"]: (tuple(x["measured"]), x["off_diagram"]) for x in content["trials"]}
        except (KeyError, TypeError):
            held = None
        if held is None or held.keys() != by_seed.keys():
            raise InputError(
                f"{file} does not hold what was measured of each pair of networks; remove it, and "
                "the part is computed again"
            )
        return tuple(ChallengeTrial(by_seed[seed], *found) for seed, found in held.items())

    def keep(self, part: str, trials: tuple[ChallengeTrial, ...]) -> None:
        """Write a part's file."""
        rows = [
            {"seed": t.forecast.seed, "measured": t.measured, "off_diagram": t.off_diagram}
            for t in trials
        ]
        write_file(self._part(part), as_json({"sha256": self._filed().sha256, "trials": rows}))

    def write(self, findings: ChallengeFindings) -> None:
        """Write `findings.json`, `scores.csv`, `networks.csv`, and `challenge.svg` and `.png`."""
        forecasts = self._filed()
        figure = challenge_figure(findings)
        write_file(self.path / "findings.json", as_json({**_made(forecasts), **findings.summary()}))
        write_file(self.path / "scores.csv", _scores(findings).encode())
        write_file(self.path / "networks.csv", _networks(findings).encode())
        write_file(self.path / "challenge.svg", figure.svg().encode())
        write_file(self.path / "challenge.png", figure.png())

    def _other(self) -> str:
        return (
            f"{self.path} holds a challenge with other settings or forecasts: choose another --out"
        )

    def _filed(self) -> Forecasts:
        if self._forecasts is None:
            raise InputError("file the forecasts first: run the challenge into this folder")
        return self._forecasts

    def _part(self, name: str) -> Path:
        return self.path / PARTS_FOLDER / f"{name}.json"


def _made(forecasts: Forecasts) -> dict[str, Any]:
    names = ("glasshouse", "jax", "numpy", "scipy")
    return {
        "versions": {name: importlib.metadata.version(name) for name in names},
        "random": how_drawn(forecasts.settings.seed),
    }


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(read_bytes(file, MOST_BYTES, "choose another --out"))
    except OSError as error:
        raise InputError(f"{file} cannot be read: {reason(error)}") from error
    except ValueError as error:
        raise InputError(f"{file} is no JSON: remove it, or choose another --out") from error
    if not isinstance(content, dict):
        raise InputError(f"{file} is no record of a challenge: choose another --out")
    return content


def _scores(findings: ChallengeFindings) -> str:
    """One row per part and window."""
    rows = []
    for score in findings.scores:
        counts = (score.right.count, score.right.runs, score.close.count)
        simpler = (score.constant, score.by_constant.count, score.by_threshold.count)
        which = (score.part, score.steps, score.pairs, score.neither)
        rows.append((*which, *counts, *simpler, score.correlation, score.added))
    return _csv(SCORE_COLUMNS, rows)


def _networks(findings: ChallengeFindings) -> str:
    """One row per pair of networks; gains to full precision, empty where there is none."""
    names = [field.name for field in dataclasses.fields(Forecast) if field.name != "rates"]
    windows = [f"measured_{steps}" for steps in findings.settings.windows]
    columns = (*names, "rate_1", "rate_2", *windows, "off_diagram")
    rows = (
        (
            *(getattr(trial.forecast, name) for name in names),
            *trial.forecast.rates,
            *trial.measured,
            trial.off_diagram,
        )
        for trial in findings.trials
    )
    return _csv(columns, rows)


def _csv(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if x is None else repr(x) if isinstance(x, float) else x for x in row])
    return text.getvalue()
