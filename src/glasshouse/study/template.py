"""A commented study to start from, written from the models that read it."""

import math
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pydantic
import tomli_w

from glasshouse._foundation.files import MACHINE, reason, write_file
from glasshouse.errors import InputError, OutputError
from glasshouse.games.labels import label_or_index, on_one_line, said_actions
from glasshouse.games.registry import from_catalogue
from glasshouse.interop.load import is_game_file, is_path, load_game, parsed_name
from glasshouse.study.setting import prepare
from glasshouse.study.spec.access import ACCESS_SPECS
from glasshouse.study.spec.game import GameSpec
from glasshouse.study.spec.semantics import SEMANTICS_SPECS
from glasshouse.study.spec.study import AnalysisSpec, LearningSpec, Study
from glasshouse.study.spec.toml import parse_study

HEADER = """\
# A glasshouse study. Compute it with:  glasshouse run {name}
# Lines that begin with "# key = value" show defaults: remove the # to change them.
"""

SWEEP = """\
# Axes: numbers of this study by dotted key, each a range, both ends included, or a list of values.
[sweep]
"{key}" = {{ start = {start}, stop = {stop}, count = {count} }}
# {further}
"""

COMPARE = """\
# Learners to compare, in place of a sweep: take the # from all lines below, and empty [sweep].
# Each table holds keys of [learning] in place of those above; [comparison] says by what.
# [[compare]]
#   rule = "gradient"
# [[compare]]
#   name = "LOLA"
#   rule = "lola"
"""


def template(game: dict[str, Any], name: str = "study.toml", folder: Path = Path()) -> str:
    """The text of a study of `game` (the keys of `[game]`), every other key at its default.

    **Arguments:** `name` of the file, and the `folder` it will be in.
    **Raises:** `InputError` when the game's keys cannot be, or the game cannot be studied.
    """
    semantics = SEMANTICS_SPECS["logistic"]
    start, stop, count = semantics.RANGE or (0.0, 1.0, 2)
    key = f"semantics.{semantics.COUPLING}"
    further = '"learning.step_size" = [0.05, 0.1]'
    if "T" in game.get("parameters", {}):
        further = '"game.parameters.T" = [4.0, 5.0, 6.0]'
    sweep = {"key": key, "start": start, "stop": stop, "count": count, "further": further}
    sections = [
        HEADER.format(name=shlex.quote(on_one_line(name))),
        _section("game", GameSpec, game),
        _section("semantics", semantics, {"kind": "logistic", "coupling": 0.5, "bound": 3.0}),
        _section("access", ACCESS_SPECS["full"], {}),
        _section("learning", LearningSpec, {}),
        SWEEP.format(**sweep),
        _section("analysis", AnalysisSpec, {}),
        COMPARE,
    ]
    text = "\n".join(sections)
    prepare(parse_study(text).at({}), folder)
    return text


def game_table(text: str | Path, folder: Path) -> dict[str, Any]:
    """`[game]` for a name, a name with parameters, or a file, written relative to `folder`.

    **Arguments:** `text`, a file where it is a `Path`.

    **Raises:** `InputError` when there is no such game.
    """
    load_game(text)  # says what is wrong with it
    if is_path(text):
        file = Path(os.path.relpath(text, folder)).as_posix()
        try:
            file.encode()
        except UnicodeEncodeError as error:
            raise InputError(
                f"the path {file} cannot stand in a study, which is UTF-8: rename the file"
            ) from error
        return {"file": file}
    name, parameters = parsed_name(str(text))
    return {"name": name, "parameters": {**from_catalogue(name).defaults, **parameters}}


def cooperating(text: str | Sequence[str], game: str | Path | None) -> Any:
    """`cooperate` of `[game]`: an action, or a list of one for each player, after commas.

    **Arguments:** `text`, labels, else indices from 0, or one such text for each player; `game`,
    whose labels they are, or None.
    """
    labels = None if game is None else load_game(game).labels
    names = {name for own in labels.actions for name in own} if labels else set()
    given = [text] if isinstance(text, str) else list(text)
    if len(given) == 1:
        (only,) = given
        given = said_actions(only if only in names else only.strip(), names)
    chosen = [label_or_index(action, names) for action in given]
    return chosen if len(chosen) > 1 else chosen[0]


def how_read(file: Path, cooperate: Any) -> str:
    """How a file's payoffs were read, and which actions count as cooperation."""
    game = load_game(file)
    source = game.labels.source if game.labels else ""
    if not source:
        return ""
    game = game if cooperate is None else game.cooperating(cooperate)
    names = dict.fromkeys(map(str, game.cooperative_actions))
    return f"{source}. As cooperation counts: {', '.join(names)}."


def payoff_rows(text: str) -> list[list[float]]:
    """The row player's payoffs from "3 0; 5 1": rows separated by semicolons.

    **Raises:** `InputError` for anything but a square table of finite numbers, two rows or more.
    """
    try:
        rows = [[float(x) for x in row.replace(",", " ").split()] for row in text.split(";")]
    except ValueError:
        rows = []
    if not rows or {len(row) for row in rows} != {len(rows)}:
        raise InputError(
            f"payoffs '{text:.60}' must be as many rows as columns of numbers, rows separated by "
            "semicolons: '3 0; 5 1' is R S; T P"
        )
    if not all(math.isfinite(x) for row in rows for x in row):
        raise InputError(f"payoffs '{text:.60}' must all be finite numbers")
    if len(rows) < 2:
        raise InputError(f"payoffs '{text:.60}' are of one action: give at least two actions")
    return rows


def write_template(path: Path, text: str) -> None:
    """Write a new study file; one that is there is left alone.

    **Raises:** `InputError` when the file exists or cannot be written; `OutputError` when the disk
    has no room.
    """
    if path.suffix.lower() != ".toml":
        named = path.name.strip(".") != ""
        name = shlex.quote(str(path.with_suffix(".toml") if named else path / "mine.toml"))
        source = f" --from {shlex.quote(str(path))}" if is_game_file(path) else ""
        raise InputError(
            f"{path} names no study to write, which is a .toml file: glasshouse new {name}{source}"
        )
    try:
        path.open("xb").close()  # whatever is there stays
    except FileExistsError as error:
        raise InputError(f"{path} is already there: remove it or choose another name") from error
    except OSError as error:
        kind = OutputError if error.errno in MACHINE else InputError
        raise kind(f"{path}: cannot be written: {reason(error)}") from error
    try:
        write_file(path, text.encode())
    except OutputError:
        path.unlink()
        raise


def _section(name: str, model: type[pydantic.BaseModel], given: dict[str, Any]) -> str:
    """One table: what every key means, then the value given or the default, commented out."""
    lines = [f"# {Study.model_fields[name].description}", f"[{name}]"]
    for key, field in model.model_fields.items():
        if key not in given and field.default is None and key not in EXAMPLES:
            continue  # it goes with another key, such as the axis of payoffs
        lines.append(f"# {' '.join(str(field.description).split())}")
        if key in given:
            lines.append(_assignment(key, given[key]))
        elif field.default is not None and not (key == "parameters" and not field.default):
            lines.append(f"# {_assignment(key, field.default)}")
        else:
            lines.append(f"# {key} = {EXAMPLES[key]}")
    return "\n".join(lines) + "\n"


EXAMPLES = {
    "name": '"prisoners_dilemma"',
    "parameters": "{ T = 5.0 }",
    "file": '"table.csv"',
    "payoffs": "[[3, 0], [5, 1]]",
    "cooperate": "0",
    "title": '"My game"',
    "repeated": "{ discount = 0.96 }",
    "stop": "{ tolerance = 1e-8 }",
    "pattern": "[[0, 1], [1, 0]]",
    "spread": "1.0",
}
"""Values to show for keys without a default."""


def _assignment(key: str, value: Any) -> str:
    if isinstance(value, dict):
        inside = ", ".join(_assignment(k, v) for k, v in value.items())
        return f"{key} = {{ {inside} }}"
    if isinstance(value, list):
        each = (_assignment("x", entry).removeprefix("x = ") for entry in value)
        return f"{key} = [{', '.join(each)}]"
    return tomli_w.dumps({key: value}).strip()


def schema() -> dict[str, Any]:
    """The JSON schema of study files, for editors."""
    found = Study.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}
