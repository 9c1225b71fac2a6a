"""The folder of a run while it grows: finished tables, their hashes, and how to go on."""

import contextlib
import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import filelock
import jax
import pyarrow as pa
import pyarrow.parquet as pq

from glasshouse._random import described
from glasshouse.errors import InputError
from glasshouse.study.dotted import leaves
from glasshouse.study.setting import Prepared

SCHEMA_VERSION = 5
"""Of provenance, summary and table; raised when a key changes its meaning or goes away."""

PACKAGES = ("glasshouse", "jax", "jaxlib", "equinox", "optax", "numpy", "scipy", "pyarrow")
"""What the numbers depend on, and the pictures in part."""

PROVENANCE = "provenance.json"
LOCK = ".lock"


class RunFolder:
    """The folder that a study is computed into.

    Until everything is there, `provenance.json` says `"status": "interrupted"`, so that it is true
    however the run ends, and lists the finished tables with their hashes. Files appear complete
    or not at all.
    """

    def __init__(self, path: Path, prepared: Prepared, warn: Callable[[str], None]):
        self.path = path
        self._prepared = prepared
        self._warn = warn
        self._tables: dict[str, str] = {}
        self._outputs: dict[str, str] = {}
        self.identity = identity(prepared)

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Make the folder, or go on in the one an interrupted run of the same study has left.

        **Raises:** `InputError` when another run is at work in it, or it cannot be used.
        """
        lock = filelock.FileLock(self.path / LOCK, timeout=0)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except filelock.Timeout as error:
            raise InputError(f"another run is writing to {self.path}: wait for it") from error
        except OSError as error:
            raise InputError(
                f"output folder {self.path} cannot be made: {error.strerror}"
            ) from error
        try:
            recorded = _read_json(self.path / PROVENANCE)
            if recorded is not None:  # another run may have been here since it was checked
                _check_same(recorded, self.path, self.identity, self._prepared)
                self._tables = dict(recorded["tables"])
            self.write("study.toml", self._prepared.study.to_toml().encode())
            for name, content in self._prepared.inputs.items():  # study.toml says their names
                self.write(name, content)
            self._record()
            yield
        finally:
            with contextlib.suppress(OSError):  # before it is released: whoever takes it is alone
                (self.path / LOCK).unlink(missing_ok=True)
            lock.release()

    def write(self, name: str, content: bytes) -> None:
        """Write one of the files to be handed over, which may lie in a folder inside."""
        (self.path / name).parent.mkdir(exist_ok=True)
        write_file(self.path / name, content)
        self._outputs[name] = hashlib.sha256(content).hexdigest()

    def table(self, name: str, compute: Callable[[], pa.Table]) -> pa.Table:
        """The finished table of that name, computed and kept where there is none.

        A table whose content is not what was recorded is named in a warning and computed again.
        """
        file, digest = self.path / name, self._tables.get(name)
        if digest is not None and file.is_file():
            if sha256(file) == digest:
                return pq.read_table(file)
            self._warn(f"{file} is not what was recorded when it was written: computing it again")
        found = compute()
        file.parent.mkdir(exist_ok=True)
        sink = pa.BufferOutputStream()
        pq.write_table(found, sink)
        content = sink.getvalue().to_pybytes()
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

    def _record(self) -> None:
        self._write_provenance({"status": "interrupted", "tables": self._tables})

    def _write_provenance(self, state: dict[str, Any]) -> None:
        write_file(self.path / PROVENANCE, as_json({**state, **self.identity}))


def identity(prepared: Prepared) -> dict[str, Any]:
    """What the numbers of a study depend on: inputs, versions, machine."""
    return {
        "schema_version": SCHEMA_VERSION,
        "study": hashlib.sha256(prepared.study.to_toml().encode()).hexdigest(),
        "inputs": {
            name: hashlib.sha256(content).hexdigest() for name, content in prepared.inputs.items()
        },
        "seed": prepared.study.learning.seed,
        "random": described(prepared.study.learning.seed),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": jax.devices()[0].device_kind,
        "precision": "float64",
    }


def check_out(out: Path, prepared: Prepared) -> None:
    """Refuse an output folder that cannot be made, or is not an interrupted run of this study.

    **Raises:** `InputError` naming the folder, and what differs.
    """
    try:
        there = out.exists() or out.is_symlink()
    except OSError as error:
        raise InputError(f"output folder {out!s:.60} cannot be made: {error.strerror}") from error
    if not there:
        parent = _existing_parent(out)
        if not parent.is_dir() or not os.access(parent, os.W_OK):
            raise InputError(
                f"output folder {out} cannot be made: {parent} is not a writable folder"
            )
        return
    if not os.access(out, os.W_OK):
        raise InputError(f"output folder {out} cannot be written to: choose another --out")
    recorded = _read_json(out / PROVENANCE)
    if recorded is None:
        raise InputError(f"output folder {out} is already there: remove it or choose another --out")
    _check_same(recorded, out, identity(prepared), prepared)


def _check_same(
    recorded: dict[str, Any], out: Path, wanted: dict[str, Any], prepared: Prepared
) -> None:
    """Refuse a folder that is no interrupted run of this study, saying what it is."""
    different = _difference(recorded, out, wanted, prepared)
    if recorded.get("status") == "interrupted" and not different:
        return
    if different:
        what = f"holds a run of something else ({different})"
    else:
        what = f"already holds this study, complete: see {out / 'report.html'}"
    raise InputError(f"output folder {out} {what}; remove it or choose another --out")


def _difference(
    recorded: dict[str, Any], out: Path, wanted: dict[str, Any], prepared: Prepared
) -> str:
    """What differs from the run recorded, or nothing."""
    for key, value in json.loads(json.dumps(wanted)).items():
        if recorded.get(key) == value:
            continue
        if key == "study":
            return _study_difference(out, prepared)
        if isinstance(value, dict) and isinstance(recorded.get(key), dict):
            names = [name for name in value if recorded[key].get(name) != value[name]]
            return f"{key}: {names[0] if names else 'others'}"
        return f"{key} was {recorded.get(key)!r}, now {value!r}"
    return ""


def _study_difference(out: Path, prepared: Prepared) -> str:
    try:
        before = dict(leaves(tomllib.loads((out / "study.toml").read_text("utf-8"))))
    except (OSError, ValueError):
        return "its study.toml cannot be read"
    now = dict(leaves(prepared.study.resolved()))
    key = next((k for k in [*now, *before] if now.get(k) != before.get(k)), "study")
    return f"{key} was {before.get(key)!r}, now {now.get(key)!r}"


def as_json(content: dict[str, Any]) -> bytes:
    """JSON for people and programs; NaN and infinities are refused."""
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def write_file(path: Path, content: bytes) -> None:
    """Write a file under another name, then give it its own in one step."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _existing_parent(path: Path) -> Path:
    parent = path.absolute().parent
    while not parent.exists():
        parent = parent.parent
    return parent
