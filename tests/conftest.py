"""Settings every test shares: 64-bit numbers, reproducible examples, compiled programs, nights."""

import atexit
import gc
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

import jax
import pytest
from hypothesis import HealthCheck, settings

CACHE = "JAX_COMPILATION_CACHE_DIR"
SMALLEST = "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"
PLACES = "JAX_TRACEBACK_IN_LOCATIONS_LIMIT"
"""Programs need not name the places in the code where each operation was written: nobody reads
them here, they are stripped before a program is looked up, and pytest stands on deep stacks."""
MOST = 1_000_000_000
"""Bytes of compiled programs from which the next run begins with none."""


def compiled_folder() -> str:
    """Where compiled programs are kept from run to run: half of a run's time is compiling.

    `GLASSHOUSE_TEST_CACHE=` (empty) keeps none beyond the run; another value is the folder.
    Programs are for one kind of processor, so each machine of a shared home has its own.
    """
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    usual = Path(home, "glasshouse-tests", platform.node() or "here")
    wanted = os.environ.get("GLASSHOUSE_TEST_CACHE", str(usual))
    try:
        folder = Path(wanted or os.devnull).absolute()  # no folder is made of the latter
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="glasshouse-compiled-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    sizes = {file: file.stat().st_size for file in folder.glob("*-cache")}
    full = sum(sizes.values()) > MOST
    for file, size in sizes.items():
        if full or not size:  # empty where a process was killed
            file.unlink(missing_ok=True)
    return str(folder)


gc.set_threshold(200_000, 50, 1000)  # collecting tests makes a million objects, all to stay

if CACHE not in os.environ:  # the tests' other processes, and the programs they start, inherit it
    os.environ[CACHE] = compiled_folder()
os.environ.setdefault(SMALLEST, "0")
os.environ.setdefault(PLACES, "0")

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_compilation_cache_dir", os.environ[CACHE])
jax.config.update("jax_persistent_cache_min_compile_time_secs", float(os.environ[SMALLEST]))
jax.config.update("jax_traceback_in_locations_limit", int(os.environ[PLACES]))

settings.register_profile(
    "reproducible",
    derandomize=True,
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("by night", settings.get_profile("reproducible"), max_examples=40)
settings.load_profile("reproducible")


def pytest_configure(config):
    """By night more of what is drawn at random is tried; see `examples` in tests/reference.py."""
    if config.getoption("markexpr") != "not slow":
        settings.load_profile("by night")


BY_NIGHT = Path(__file__).parent / "by_night.txt"
"""Further tests that are slow, by the names that pytest gives them."""


TOGETHER = ("test_figures", "test_headlines", "test_report", "test_report_browser")
"""Files that look at the same studies (`tests/reports.py`): they come first, one after another, and
so one process runs them and computes these once."""


@pytest.hookimpl(tryfirst=True)  # before those marked slow are left out
def pytest_collection_modifyitems(items):
    lines = BY_NIGHT.read_text("utf-8").splitlines()
    names = {line for line in lines if not line.startswith("#")}
    starts = tuple(name.removesuffix("*") for name in names if name.endswith("*"))
    for item in items:
        name = item.nodeid
        if name in names or name.startswith(starts):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.path.stem not in TOGETHER)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish():
    """Thousands of tests and the modules are there to stay: garbage is not looked for in them.

    Tracing makes many objects and few cycles, so it need not be asked as often either.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture
def call(monkeypatch, capsys):
    """Run the command in this process: exit code, standard output, standard error."""
    from glasshouse.cli.main import main  # once type checks are in place

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["glasshouse", *words])
        with pytest.raises(SystemExit) as stop:
            main()
        printed = capsys.readouterr()
        return int(stop.value.code or 0), printed.out, printed.err

    return run


def pytest_terminal_summary(terminalreporter):
    """Counts that tests have recorded, which processes of their own could not print."""
    reports = [
        report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)
    ]
    found = [
        text
        for report in reports
        for name, text in report.user_properties
        if name == "printed at the end"
    ]
    for text in sorted(found):
        terminalreporter.write_line(text)
