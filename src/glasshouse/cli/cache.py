"""Compiled programs kept on disk, so that a command compiles only what is new to this machine."""

import contextlib
import hashlib
import os
import platform
import sys
import warnings
from pathlib import Path

import platformdirs

OFF_VARIABLE = "GLASSHOUSE_CACHE"
"""The environment variable that turns this off."""

FOLDER = "JAX_COMPILATION_CACHE_DIR"
"""Where JAX keeps programs; what the user has set is left as it is."""

SETTINGS = {
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": 0.1,
    "JAX_COMPILATION_CACHE_MAX_SIZE": 2**28,  # bytes; what was used longest ago goes first
}


def keep_programs(*, wanted: bool) -> None:
    """Let JAX keep compiled programs in the user's cache folder, or use none where not wanted.

    Numbers do not depend on it: what is read is the program that would be compiled, for this very
    processor. Where the folder cannot be written, nothing is kept and nothing is said.
    """
    if not wanted or os.environ.get(OFF_VARIABLE, "").lower() in ("off", "0", "no", "false"):
        _configure({"JAX_ENABLE_COMPILATION_CACHE": False})
        return
    if os.environ.get(FOLDER):
        return
    folder = platformdirs.user_cache_path("glasshouse", appauthor=False) / _processor()
    with contextlib.suppress(OSError):
        if not folder.is_absolute():  # nobody has a home here
            return
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK | os.X_OK):
            # A full disk, or a file that another process has removed, costs a compilation only.
            warnings.filterwarnings("ignore", message=".*persistent compilation cache")
            own = {name: value for name, value in SETTINGS.items() if name not in os.environ}
            _configure({FOLDER: str(folder), **own})


def _configure(settings: dict[str, str | float | bool]) -> None:
    """By the environment, which the processes started from here inherit; JAX may be running."""
    for name, value in settings.items():
        os.environ[name] = str(value)
    if "jax" in sys.modules:
        from jax import config

        for name, value in settings.items():
            config.update(name.lower(), value)


def _processor() -> str:
    """A name for what programs are compiled for: homes are shared by unlike machines."""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
        kept = sorted({x for x in lines if x.startswith(("flags", "Features", "model name"))})
        return hashlib.sha256("\n".join(kept).encode()).hexdigest()[:16]
    return "-".join(filter(None, (platform.machine(), platform.processor().replace(" ", "_"))))
