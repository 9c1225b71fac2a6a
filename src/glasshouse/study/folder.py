"""The folder of a run while it grows: finished tables, their hashes, and how to go on."""

import contextlib
import hashlib
import json
import os
import shutil
import stat
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import filelock
import pyarrow as pa
import pyarrow.parquet as pq

from glasshouse._foundation.files import (
    MACHINE,
    UNFINISHED,
    read_bytes,
    reason,
    this_process,
    write_file,
    writing,
)
from glasshouse.errors import InputError, OutputError
from glasshouse.study.recipe import MACHINE_KEYS, Recipe
from glasshouse.study.spec.dotted import leaves

T = TypeVar("T")

PROVENANCE = "provenance.json"
SUMMARY = "summary.json"
STUDY = "study.toml"
LOCK = ".lock"

LONGEST_FILE_NAME = 255
"""Bytes of the name of a file, where the system does not say."""

MOST_RECORD_BYTES = 100_000_000
"""Of a record of a run; it has a line for each table."""


class RunFolder:
    """The folder that a study is computed into.

    Until everything is there, `provenance.json` says `"status": "interrupted"`, so that it is true
    however the run ends, and lists the finished tables with their hashes. Files appear complete
    or not at all.
    """

    def __init__(self, path: Path, recipe: Recipe, warn: Callable[[str], None]):
        self.path = path
        self._recipe = recipe
        self._warn = warn
        self._tables: dict[str, str] = {}
        self._outputs: dict[str, str] = {}
        self._writer = ""
        self.identity = recipe.identity

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Make the folder, or go on in the one an interrupted run of the same study has left.

        Nothing is written before the record that says whose folder it is, so that the run can go
        on from whatever moment it ends at.

        **Raises:** `InputError` when another run is at work in it, or it cannot be used;
        `OutputError` when the machine does not let a file be written, now or later.
        """
        lock = filelock.FileLock(self.path / LOCK, timeout=0)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except filelock.Timeout as error:
            raise InputError(f"another run is writing to {self.path}: wait for it") from error
        except OSError as error:
            kind = OutputError if error.errno in MACHINE else InputError
            raise kind(f"output folder {self.path} cannot be made: {reason(error)}") from error
        try:
            recorded = _recorded(self.path)
            if recorded is not None:  # another run may have been here since it was checked
                _check_same(recorded, self.path, self._recipe)
                self._tables = dict(recorded["tables"])
                self._say_elsewhere(recorded)
            self._record()
            self.write(STUDY, self._recipe.toml.encode())
            for name, content in self._recipe.inputs.items():  # study.toml says their names
                self.write(name, content)
            yield
        except OutputError as error:
            raise OutputError(
                f"{error}; what is finished is kept: run it again to go on"
            ) from error
        finally:
            with contextlib.suppress(OSError):  # before it is released: whoever takes it is alone
                (self.path / LOCK).unlink(missing_ok=True)
            lock.release()

    def join(self) -> None:
        """Make the folder, or find there a run of the same study, to write shards into it.

        Others may do so at the same time, and on other machines: what differs between these is no
        reason to refuse.

        **Raises:** `InputError` when it holds something else; `OutputError` when the machine does
        not let it be made.
        """
        recorded = None if check_usable(self.path) else _recorded(self.path)
        with writing(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        if recorded is None:
            if not _is_begun(self.path):
                recorded = _recorded(self.path)  # another process may have made it just now
            if recorded is None and not _is_begun(self.path):
                raise InputError(_there(self.path))
        different = "" if recorded is None else _difference(recorded, self.path, self._recipe)
        if different:
            raise InputError(
                f"output folder {self.path} holds a run of something else ({different}); choose "
                "another --out"
            )
        if recorded is None:
            self._writer = this_process()  # hundreds may begin at once
            self._record()
        files = {STUDY: self._recipe.toml.encode(), **self._recipe.inputs}
        for name, content in files.items():  # one may be missing where a process was killed
            if not (self.path / name).is_file():
                write_file(self.path / name, content, this_process())

    def write(self, name: str, content: bytes) -> None:
        """Write one of the files to be handed over, which may lie in a folder inside."""
        with writing(self.path / name):
            (self.path / name).parent.mkdir(exist_ok=True)
            write_file(self.path / name, content)
        self._outputs[name] = hashlib.sha256(content).hexdigest()

    def table(self, name: str, compute: Callable[[], pa.Table]) -> pa.Table:
        """The finished table of that name, computed and kept where there is none.

        A table whose content is not what was recorded is named in a warning and computed again.
        """
        return self.kept(name, compute, as_parquet, lambda x: pq.read_table(pa.BufferReader(x)))

    def kept(
        self,
        name: str,
        compute: Callable[[], T],
        written: Callable[[T], bytes],
        read: Callable[[bytes], T],
    ) -> T:
        """The same of anything that is `written` as bytes, and `read` from them."""
        file, digest = self.path / name, self._tables.get(name)
        if digest is not None and file.is_file():
            with contextlib.suppress(OSError):  # what cannot be read is not there
                content = file.read_bytes()
                if hashlib.sha256(content).hexdigest() == digest:
                    return read(content)
            self._warn(f"{file} is not what was recorded when it was written: computing it again")
        found = compute()
        content = written(found)
        with writing(file):
            file.parent.mkdir(exist_ok=True)
            write_file(file, content)
        self._tables[name] = hashlib.sha256(content).hexdigest()
        self._record()
        return found

    def drop(self, folder: str) -> None:
        """Remove a folder of tables that are no longer needed."""
        self._tables = {k: v for k, v in self._tables.items() if not k.startswith(f"{folder}/")}
        self._record()
        shutil.rmtree(self.path / folder, ignore_errors=True)

    def finish(self) -> None:
        """Say that everything is there."""
        outputs = {**self._outputs, **self._tables}
        self._write_provenance({"status": "complete", "outputs": dict(sorted(outputs.items()))})

    def _say_elsewhere(self, recorded: dict[str, Any]) -> None:
        """Warn of finished tables that another type of machine has computed."""
        now = json.loads(json.dumps(self.identity))
        other = [key for key in MACHINE_KEYS if recorded.get(key) != now[key]]
        if other and self._tables:
            key = other[0]
            self._warn(
                f"{', '.join(self._tables)} in {self.path} were computed elsewhere ({key} was "
                f"{recorded.get(key)!r:.60}, now {now[key]!r:.60}): numbers may differ by rounding"
            )

    def _record(self) -> None:
        self._write_provenance({"status": "interrupted", "tables": self._tables})

    def _write_provenance(self, state: dict[str, Any]) -> None:
        content = as_json({**state, **self.identity})
        write_file(self.path / PROVENANCE, content, self._writer)


def check_out(out: Path, recipe: Recipe) -> None:
    """Refuse an output folder that cannot be made, or is not an interrupted run of this study.

    **Raises:** `InputError` naming the folder, and what differs.
    """
    if check_usable(out):
        return
    recorded = _recorded(out)
    if recorded is not None:
        _check_same(recorded, out, recipe)
    elif not _is_begun(out):
        raise InputError(_there(out))


def _there(out: Path) -> str:
    return f"output folder {out} is already there: remove it or choose another --out"


def complete_record(out: Path, recipe: Recipe) -> dict[str, Any] | None:
    """What a folder records of a complete run of this study, here and by this version, or None.

    **Raises:** `InputError` when the record is damaged.
    """
    recorded = _recorded(out)
    if recorded is None or recorded["status"] != "complete":
        return None
    return None if _difference(recorded, out, recipe) else recorded


def finished(out: Path, recipe: Recipe) -> dict[str, Any] | None:
    """The summary of this study where the folder holds all of it as it was written, or None."""
    recorded = None if check_usable(out) else complete_record(out, recipe)
    if recorded is None or _changed(recorded, out):
        return None
    return json.loads((out / SUMMARY).read_text("utf-8"))


def check_new(out: Path) -> None:
    """Refuse an output folder that cannot be made, or holds something.

    **Raises:** `InputError` naming the folder.
    """
    if not check_usable(out) and not (out.is_dir() and not any(out.iterdir())):
        raise InputError(f"output folder {out} is already there: remove it or choose another --out")


def check_usable(out: Path) -> bool:
    """Whether an output folder is to be made, and can be; False where something is there.

    **Raises:** `InputError` where it can neither be made nor written to.
    """
    try:
        there = out.exists() or out.is_symlink()
        is_folder = out.is_dir()
        if is_folder:
            os.scandir(out).close()
    except (OSError, ValueError) as error:
        raise InputError(f"output folder {out!s:.60} cannot be used: {reason(error)}") from error
    if there:
        if is_folder and not os.access(out, os.W_OK):
            raise InputError(f"output folder {out} cannot be written to: choose another --out")
        return False
    parent = _existing_parent(out)
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise InputError(f"output folder {out} cannot be made: {parent} is not a writable folder")
    longest = os.pathconf(parent, "PC_NAME_MAX") if hasattr(os, "pathconf") else LONGEST_FILE_NAME
    for name in out.absolute().relative_to(parent).parts:
        if len(os.fsencode(name)) > longest:  # in a folder that is to be made, nothing else tells
            raise InputError(f"output folder {name!s:.60}… cannot be made: File name too long")
    return True


def _is_begun(out: Path) -> bool:
    """Whether a folder holds no more than a run that ended before its first record has left."""
    return out.is_dir() and all(
        (x.name == LOCK or (x.name[:1] == "." and x.name.endswith(UNFINISHED)))
        and stat.S_ISREG(x.lstat().st_mode)
        for x in list(out.iterdir())
    )


def _check_same(recorded: dict[str, Any], out: Path, recipe: Recipe) -> None:
    """Refuse a folder that is no interrupted run of this study, saying what it is."""
    different = _difference(recorded, out, recipe)
    if recorded["status"] == "interrupted" and not different:
        return
    if different:
        what = f"holds a run of something else ({different})"
    elif changed := _changed(recorded, out):
        what = f"holds this study, but its {changed} is not what was recorded"
    else:
        what = f"already holds this study, complete: see {out / 'report.html'}"
    raise InputError(f"output folder {out} {what}; remove it or choose another --out")


def _changed(recorded: dict[str, Any], out: Path) -> str:
    """The first file of a complete run that is not as it was written, or nothing."""
    outputs = recorded.get("outputs")
    if not isinstance(outputs, dict) or SUMMARY not in outputs:
        return SUMMARY
    for name, digest in outputs.items():
        try:
            same = sha256(out / name) == digest
        except OSError:
            same = False
        if not same:
            return name
    return ""


def _difference(recorded: dict[str, Any], out: Path, recipe: Recipe) -> str:
    """What differs from the run recorded, or nothing; of a shared one machines may."""
    for key, value in json.loads(json.dumps(recipe.identity)).items():
        if recorded.get(key) == value or (recipe.shared and key in MACHINE_KEYS):
            continue
        if key == "study":
            return _study_difference(out, recipe)
        if isinstance(value, dict) and isinstance(recorded.get(key), dict):
            names = [name for name in value if recorded[key].get(name) != value[name]]
            return f"{key}: {names[0] if names else 'others'}"
        return f"{key} was {recorded.get(key)!r:.60}, now {value!r}"
    return ""


def _study_difference(out: Path, recipe: Recipe) -> str:
    try:
        before = dict(leaves(tomllib.loads((out / STUDY).read_text("utf-8"))))
    except (OSError, ValueError, RecursionError):
        return "its study.toml cannot be read"
    now = dict(leaves(recipe.resolved))
    key = next((k for k in [*now, *before] if now.get(k) != before.get(k)), "study")
    return f"{key} was {before.get(key)!r:.60}, now {now.get(key)!r:.60}"


def as_json(content: dict[str, Any]) -> bytes:
    """JSON for people and programs; NaN and infinities are refused."""
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def as_parquet(table: pa.Table) -> bytes:
    """A table as the content of a Parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return sink.getvalue().to_pybytes()


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _recorded(out: Path) -> dict[str, Any] | None:
    """What the folder says about its run, or None where it says nothing.

    **Raises:** `InputError` when its record is damaged.
    """
    path = out / PROVENANCE
    if not path.exists() and not path.is_symlink():
        return None
    content: Any = None
    try:
        content = json.loads(
            read_bytes(path, MOST_RECORD_BYTES, "it is no record of a run").decode()
        )
        damage = _damage(content)
    except OSError as error:
        damage = f"it cannot be read: {reason(error)}"
    except (ValueError, RecursionError):
        damage = "it is no JSON"
    if damage:
        raise InputError(
            f"output folder {out} cannot be gone on with, its {PROVENANCE} is damaged ({damage}): "
            "remove it or choose another --out"
        )
    return content


def _damage(content: Any) -> str:
    """What is wrong with a record of a run, or nothing."""
    if not isinstance(content, dict):
        return "it is no object"
    status, tables = content.get("status"), content.get("tables")
    if status not in ("interrupted", "complete"):
        return f"its status is {status!r:.40}"
    if status == "interrupted" and not (
        isinstance(tables, dict) and all(isinstance(digest, str) for digest in tables.values())
    ):
        return "it does not list the finished tables with their hashes"
    return ""


def _existing_parent(path: Path) -> Path:
    parent = path.absolute().parent
    while not parent.exists():
        parent = parent.parent
    return parent
