"""A study cut down to one figure: numbers held, axes left, and nothing else computed."""

from collections.abc import Mapping

import pydantic

from glasshouse.errors import InputError
from glasshouse.study.drawing.kinds import FigureKind
from glasshouse.study.spec.dotted import numeric_leaves
from glasshouse.study.spec.hints import SYNONYMS, nearest_key
from glasshouse.study.spec.study import NAMING_KEYS, Study
from glasshouse.study.spec.toml import first_error

TITLED = ("game.", "semantics.", "access.", "learning.")
"""Numbers that titles may name; others set how something is computed."""

UNTITLED = ("learning.batch", "learning.seed", "learning.spread", "learning.starts", *NAMING_KEYS)


def held_keys(study: Study, at: Mapping[str, float]) -> dict[str, float]:
    """Numbers of a study by dotted keys, of which the last part is enough where it tells.

    **Raises:** `InputError` with the nearest key.
    """
    known = list(numeric_leaves(study.settings()))
    found: dict[str, float] = {}
    for name, value in at.items():
        key = _key(name, known)
        if key in found:
            raise InputError(f"{key} is held at two values, {found[key]:g} and {value:g}: give one")
        found[key] = value
    return found


def swept_key(study: Study, name: str) -> str:
    """The dotted key of a number of the study, from that or from its last part."""
    return _key(name, list(numeric_leaves(study.settings())))


def cut_down(study: Study, kind: FigureKind, at: Mapping[str, float]) -> Study:
    """The study of one figure: some numbers held, nothing asked that it does not show.

    **Raises:** `InputError` where a value cannot be, or axes are left that it is not drawn over.
    """
    held = held_keys(study, at)
    axes = {axis.key: list(axis.values) for axis in study.axes if axis.key not in held}
    own = study_at(study, held)
    analysis = kind.analysis(study.analysis)
    if kind.name == "branches":
        mine = [key for key, values in axes.items() if key.startswith("semantics.")][:1]
        axes = {key: axes[key] for key in mine}
        analysis = analysis.model_copy(update={"branches": tuple(mine)})
    if kind.axes == 0:
        numbers = numeric_leaves(own.settings())
        named = [key for key in (*axes, *held) if key.startswith(TITLED)]
        sweep = {key: [float(numbers[key])] for key in named if not key.startswith(UNTITLED)}
        if kind.name == "equilibrium":  # it is along the coupling, at whatever value
            sweep = {key: values for key, values in sweep.items() if key == "semantics.coupling"}
            sweep = sweep or {"semantics.coupling": [0.5]}
    elif len(axes) != kind.axes:
        raise _refused(kind, list(axes), bool(held))
    else:
        sweep = axes
    asked: dict[str, tuple[str, ...]] = {"comparison": ("comparison", "compare")}
    asked["league"] = ("league",)
    compared = {key: getattr(study, key) for key in asked.get(kind.name, ())}
    return own.model_copy(update={"sweep": sweep, "analysis": analysis, **compared})


def study_at(study: Study, held: Mapping[str, float]) -> Study:
    """The study without a sweep, some of its numbers held at other values."""
    try:
        return study.at(dict(held))
    except pydantic.ValidationError as error:
        where = ", ".join(f"{key} = {value:g}" for key, value in held.items())
        raise InputError(f"at {where}: {first_error(error)}") from error


def _key(name: str, known: list[str]) -> str:
    if name in known:
        return name
    last = SYNONYMS.get(name.lower(), name)
    same = [key for key in known if key.endswith(f".{last}")]
    if len(same) == 1:
        return same[0]
    if same:
        raise InputError(f"'{name}' could be {' or '.join(same)}: write the whole key")
    raise InputError(f"'{name}' is no number of this study: {nearest_key(name, known)}")


def _refused(kind: FigureKind, left: list[str], some_held: bool) -> InputError:
    wanted = {1: "one swept number", 2: "two swept numbers"}[kind.axes]
    has = f"this study sweeps {', '.join(left)}" if left else "this study sweeps none"
    has += ", the others being held" if some_held and left else ""
    if len(left) > kind.axes:
        key = left[-1]
        fix = f"hold the others, as by --at {key}=VALUE"
    else:
        fix = "add an axis to [sweep]" + (", or hold less with --at" if some_held else "")
    return InputError(f"a figure of kind {kind.name} is drawn over {wanted}, but {has}: {fix}")
