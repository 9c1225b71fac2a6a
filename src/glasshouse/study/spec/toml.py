"""From a TOML file to a study; every error names the file, the dotted key and the rule."""

import contextlib
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pydantic

from glasshouse._foundation.files import read_bytes, reason
from glasshouse.errors import InputError, nearest
from glasshouse.games.registry import CATALOGUE
from glasshouse.interop.load import is_game_file
from glasshouse.study.spec.access import ACCESS_SPECS
from glasshouse.study.spec.axes import RangeSpec
from glasshouse.study.spec.comparison import EntrySpec, ReferenceSpec
from glasshouse.study.spec.game import RepeatedSpec
from glasshouse.study.spec.hints import TABLES, example, in_its_table, nearest_key
from glasshouse.study.spec.league import EntrantSpec
from glasshouse.study.spec.plugins import load_plugins
from glasshouse.study.spec.rules import RuleTable
from glasshouse.study.spec.semantics import SEMANTICS_SPECS
from glasshouse.study.spec.sight import SIGHT_SPECS
from glasshouse.study.spec.stop import StopSpec
from glasshouse.study.spec.study import Study
from glasshouse.study.spec.values import Plugins, Section

TABLE_KINDS: dict[str, Mapping[str, Any]] = {"semantics": SEMANTICS_SPECS, "access": ACCESS_SPECS}
"""Tables of several kinds, and the model of each kind."""

PLUGINS = pydantic.TypeAdapter(Plugins)
"""What stands first in a study, for what follows may be what they register."""

MOST_STUDY_BYTES = 1_000_000
"""Of a study file, which is read in some two seconds then."""


def read_study(path: str | Path, *, trust: bool = False) -> Study:
    """The study in a TOML file; this runs the plugins that it names.

    **Arguments:** `trust`, whether these may lie outside the study's folder.
    **Raises:** `InputError`, one line naming the file, the key, the rule and what was found.
    """
    path = Path(path)
    text = study_text(path)
    try:
        return parse_study(text, path.parent, trust=trust)
    except InputError as error:
        raise InputError(f"{path}: {error}{_wanted(path)}") from error


def study_text(path: Path) -> str:
    """The text of a study file, its lines ended as Python does.

    **Raises:** `InputError` naming the file, and what to type where it is something else.
    """
    if said := _no_study(path):
        raise InputError(f"{path} {said}")
    larger = "put payoffs into a .nfg file, and name it in game.file"
    try:
        text = read_bytes(path, MOST_STUDY_BYTES, larger).decode("utf-8-sig")  # its mark is fine
    except InputError:
        raise
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text file in UTF-8 (byte {error.start})") from error
    except (OSError, ValueError) as error:
        said = f"cannot read the study file: {reason(error)}{_wanted(path)}"
        raise InputError(f"{path}: {said}") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _wanted(path: Path) -> str:
    """What is said of a file that is not called as studies are."""
    return "" if path.suffix.lower() == ".toml" else "; studies are .toml files"


def _no_study(path: Path) -> str:
    """What is named where a study is wanted, and what to type instead; nothing if it may be one."""
    if is_game_file(path):
        new = shlex.quote(path.with_suffix(".toml").name)
        from_it = f"glasshouse new {new} --from {shlex.quote(str(path))}"
        return f"is a game, where a study is wanted: write one by {from_it}"
    if path.is_dir():
        inside = path / "study.toml"
        found = f", such as {inside}" if inside.is_file() else " (.toml)"
        return f"is a folder: give a study file{found}"
    name = str(path).partition(":")[0]
    if name in CATALOGUE and not path.exists():
        new = f"glasshouse new {name}.toml --game {shlex.quote(str(path))}"
        return f"is a game, where a study is wanted: write one by {new}"
    return ""


def parse_study(text: str, folder: Path = Path(), *, trust: bool = False) -> Study:
    """The study in the text of a TOML file, its plugins relative to `folder`.

    **Raises:** `InputError` as in `read_study`, without a file name.
    """
    try:
        return _parsed(text, folder, trust)
    except RecursionError as error:
        raise InputError(
            "nested too deeply to be read: tables and lists of a study go a few levels deep"
        ) from error


def _parsed(text: str, folder: Path, trust: bool) -> Study:
    try:
        content = tomllib.loads(text)
    except ValueError as error:  # also for whole numbers of thousands of digits
        raise InputError(f"not valid TOML: {error}") from error
    game = content.get("game")
    if "policy" in content or (isinstance(game, dict) and "kind" in game):
        raise InputError("this is a training, of a game in steps: give it to glasshouse train")
    with contextlib.suppress(pydantic.ValidationError):  # the study says what is wrong with them
        load_plugins(PLUGINS.validate_python(content.get("plugins", [])), folder, trust=trust)
    try:
        return Study.model_validate(content)
    except pydantic.ValidationError as error:
        said = in_its_table(first_error(error, content), content)
        raise InputError(said) from error


@contextlib.contextmanager
def named(key: str) -> Iterator[None]:
    """Prefix an `InputError` with the study key it comes from, unless it names one below it."""
    try:
        yield
    except InputError as error:
        if str(error).startswith(f"key '{key}."):
            raise
        raise InputError(f"key '{key}': {error}") from error


def first_error(
    error: pydantic.ValidationError,
    content: Any = None,
    whole: type[Section] = Study,
    kinds: Mapping[str, Mapping[str, Any]] = TABLE_KINDS,
) -> str:
    """The most telling validation error: dotted key, the rule, what was found, the near miss.

    **Arguments:** `content` that was validated, which says whose keys there might have been;
    `whole`, the model of the file; `kinds`, its tables of several kinds.
    """
    first = min(error.errors(), key=_how_telling)
    parts = _without_tags(first["loc"], kinds)
    key = ".".join(map(str, parts))
    kind, found = first["type"], first.get("input")
    if kind == "extra_forbidden":
        hint = nearest_key(str(parts[-1]), _keys(first["loc"][:-1], content, whole, kinds))
        inside = nearest_key(str(parts[-1]), RepeatedSpec.model_fields)
        if parts[:-1] == ["game"] and inside.startswith("did you") and not hint.startswith("did"):
            hint = f"it belongs into {TABLES['repeated']}"
        return f"unknown key '{key}': {hint}"
    if kind == "missing":
        return f"key '{key}' is missing"
    if kind == "union_tag_not_found" and isinstance(found, dict):
        return f"key '{key}.kind' is missing: choose {', '.join(_kinds(key, kinds))}"
    if kind == "union_tag_invalid":
        named = str(found.get("kind") if isinstance(found, dict) else found)
        what = {"semantics": "a semantics"}.get(key, f"a kind of {key}")
        return f"key '{key}.kind' must name {what}: {nearest(named, _kinds(key, kinds))}"
    if kind == "value_error":
        prefix = f"key '{key}': " if key else ""
        return prefix + first["msg"].removeprefix("Value error, ")
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return f"key '{key}' must be a table, but is {found!r:.60}{example(key)}"
    if kind in ("tuple_type", "list_type"):
        return f"key '{key}' must be a list, but is {found!r:.60}{example(key)}"
    if kind == "too_short":
        counts = first.get("ctx", {})
        least, given = counts.get("min_length"), counts.get("actual_length")
        each = "one table for each player" if parts[-1] == "players" else "not fewer"
        return f"key '{key}' lists {given}, but must list at least {least}, {each}{example(key)}"
    rule = first["msg"].removeprefix("Input should be ")
    return f"key '{key}' must be {rule}, but is {found!r:.60}{first.get('ctx', {}).get('near', '')}"


def _kinds(key: str, kinds: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """What may stand under `kind` in a table."""
    return SIGHT_SPECS if key.endswith("sees") else kinds[key.rpartition(".")[2]]


def _how_telling(error: Any) -> int:
    """A wrong rule comes before its keys, and a key that nobody knows before what others hold."""
    if error["loc"] and error["loc"][-1] == "rule":
        return 0
    return 1 if error["type"] == "extra_forbidden" else 2


def _without_tags(
    parts: tuple[int | str, ...], kinds: Mapping[str, Mapping[str, Any]]
) -> list[int | str]:
    """The location without the names pydantic gives to the members of a union."""
    kept = list(parts)
    for name, of_name in {**kinds, "sees": SIGHT_SPECS}.items():
        tag = kept.index(name) + 1 if name in kept[:-1] else len(kept)
        if tag < len(kept) and kept[tag] in of_name:
            del kept[tag]
    if kept[:1] == ["sweep"] and len(kept) > 2 and kept[2] in ("range", "values"):
        del kept[2]
    return kept


def _keys(
    parent: tuple[int | str, ...],
    content: Any,
    whole: type[Section],
    kinds: Mapping[str, Mapping[str, Any]],
) -> list[str]:
    """The keys a section may have."""
    section: Any = whole
    if parent[:1] == ("learning",):
        if "policy" in parent:
            return list(kinds["policy"][str(parent[parent.index("policy") + 1])].model_fields)
        return _learning_keys(parent, content, _table_of(whole.model_fields["learning"].annotation))
    if parent[:1] == ("compare",):
        return _compared_keys(parent, content)
    if parent[:2] == ("league", "entrants"):
        return _learning_keys(parent, content, EntrantSpec)
    inside = parent
    if parent[:1] == ("sweep",):
        section, inside = RangeSpec, ()
    elif parent and parent[0] in kinds:
        section, inside = kinds[str(parent[0])][str(parent[1])], parent[2:]
    for part in inside:
        section = _table_of(section.model_fields[str(part)].annotation)
    return list(section.model_fields)


def _table_of(annotation: Any) -> Any:
    """The model of a table that may be left out."""
    return next(x for x in (*get_args(annotation), annotation) if x is not type(None))


def _compared_keys(parent: tuple[int | str, ...], content: Any) -> list[str]:
    """The same of a table of `[[compare]]`, or one in it."""
    if parent[2:3] == ("reference",):
        return list(ReferenceSpec.model_fields)
    tables: Any = content
    return _learning_keys(parent[1:], None if tables is None else tables["compare"], EntrySpec)


def _learning_keys(
    parent: tuple[int | str, ...], content: Any, whole: type[RuleTable]
) -> list[str]:
    """The same of `[learning]` or a table in it, which depend on the rule that it names.

    **Arguments:** `whole`, what is not a table in it.
    """
    if parent[1:2] == ("stop",):
        return list(StopSpec.model_fields)
    if "sees" in parent:
        return list(SIGHT_SPECS[str(parent[parent.index("sees") + 1])].model_fields)
    table: Any = content
    for part in parent if content is not None else ():
        table = table[part]  # which was found to hold what nobody knows
    if parent[1:2] == ("players",):
        whole = _table_of(get_args(_table_of(whole.model_fields["players"].annotation))[0])
    return whole.keys_with(table.get("rule", "gradient") if isinstance(table, dict) else None)
