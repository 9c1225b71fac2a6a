"""Files that others bring: how large they may be, and what is said where one cannot be read."""

import os

from glasshouse._foundation.files import read_bytes, reason
from glasshouse.errors import InputError

MOST_FILE_BYTES = 32_000_000
MOST_PAYOFFS_READ = 1_000_000
"""What is read in some seconds."""

MOST_PLAYERS_READ = 63
"""NumPy arrays have at most 64 axes, and the payoffs have one axis more than players."""


def file_bytes(path: str | os.PathLike, what: str) -> bytes:
    """The content of a file that is not too large.

    **Arguments:** `what` it should be: ".nfg file".
    **Raises:** `InputError` when it is too large or cannot be read.
    """
    try:
        return read_bytes(path, MOST_FILE_BYTES, "use a smaller game")
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(
            f"{os.fspath(path)}: cannot be read ({reason(error)}): give the path of a {what}"
        ) from error
