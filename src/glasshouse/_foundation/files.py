"""Files on their way in and out: read up to a size, written whole, and refused in one sentence."""

import contextlib
import errno
import os
import platform
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from glasshouse.errors import InputError, OutputError

UNFINISHED = ".partial"
"""How the name ends of a file that is being written; it begins with a dot."""

MACHINE = frozenset(
    getattr(errno, name)
    for name in ("ENOSPC", "EDQUOT", "EFBIG", "EIO", "ENXIO", "ESTALE", "EMFILE", "ENFILE")
    if hasattr(errno, name)
)
"""Errors of the machine, which no other name for the file would mend."""


def read_bytes(path: str | os.PathLike, most: int, advice: str) -> bytes:
    """The content of a regular file of at most `most` bytes.

    A pipe or a device is refused: it may never end, nor begin.

    **Arguments:** `advice`, what to do instead with what is larger.
    **Raises:** `InputError` when it is larger; `OSError` when it cannot be read; `ValueError` when
    no file can have that name.
    """
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # for a folder, open says it best
        raise OSError(errno.EINVAL, "not a regular file")
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read(most + 1) if size <= most else b""
    size = max(size, len(content))
    if size > most:
        raise InputError(
            f"{os.fspath(path)}: has {size} bytes, and more than {most} are not read: {advice}"
        )
    return content


def this_process() -> str:
    """A name that nobody else has at the same time, on any machine that shares a disk."""
    return f".{platform.node()[:50]}.{os.getpid()}.{secrets.token_hex(4)}"


def write_file(path: Path, content: bytes, writer: str = "") -> None:
    """Write a file under another name, then give it its own in one step.

    **Arguments:** `writer`, where several may write the same file at the same time: `this_process`.
    **Raises:** `OutputError` when the machine does not let it; what was there is still there.
    """
    partial = path.with_name(
        f".{path.name[:50]}{writer}{UNFINISHED}"
    )  # a longer name may be too long
    with writing(path):
        try:
            partial.unlink(missing_ok=True)  # of a process that was killed, or a link
            with open(partial, "xb") as file:
                file.write(content)
            partial.replace(path)
        except OSError:
            with contextlib.suppress(OSError):  # where the disk is full, it takes room
                partial.unlink()
            raise


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the machine answers while `path` is written into one sentence."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {reason(error)}") from error


def reason(error: OSError | ValueError) -> str:
    """What an error of the operating system says, without the name of the file."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
