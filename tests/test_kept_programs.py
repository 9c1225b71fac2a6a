"""What the command keeps of compiled programs: where, when not, and to what effect."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

COUNTED = """
import sys
import jax.monitoring
found = []
jax.monitoring.register_event_listener(lambda event, **about: found.append(event))
from glasshouse.cli.main import main
try:
    main()
finally:
    for name in ("cache_hits", "cache_misses"):
        print(name, found.count(f"/jax/compilation_cache/{name}"), file=sys.stderr)
"""

UNSET = ("JAX_COMPILATION_CACHE_DIR", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS")


def command(
    home: Path, *words: str, code: str = COUNTED, **variables: str
) -> subprocess.CompletedProcess:
    """A command in a process of its own, of somebody with this home."""
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    own = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "MPLCONFIGDIR": str(home)}
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        env={**kept, **own, **variables},
        capture_output=True,
        text=True,
        check=True,
    )


def programs(home: Path) -> list[Path]:
    return [path for path in (home / "cache").rglob("*-cache") if path.is_file()]


SMALL = ("thresholds", "prisoners_dilemma", "--json")


@pytest.mark.slow
def test_a_second_run_reads_what_the_first_has_compiled_and_says_the_same(tmp_path):
    first = command(tmp_path, *SMALL)
    kept = programs(tmp_path)
    assert kept
    assert "cache_hits 0" in first.stderr
    second = command(tmp_path, *SMALL)
    assert second.stdout == first.stdout
    assert f"cache_hits {len(kept)}" in second.stderr
    assert programs(tmp_path) == kept


ONE_PROGRAM = """
import sys
from glasshouse.cli.cache import keep_programs
keep_programs(wanted=sys.argv[1] == "kept")
import jax.monitoring
found = []
jax.monitoring.register_event_listener(lambda event, **about: found.append(event))
from glasshouse import ParametricGame
from glasshouse.dynamics import rest_residual
from glasshouse.games.registry import from_catalogue
from glasshouse.semantics import Logistic
game = from_catalogue("stag_hunt")()
game = ParametricGame(game, Logistic(game.actions, 0.5, 3.0))
print(rest_residual(game, (0.1, 0.2)), found.count("/jax/compilation_cache/cache_hits"))
"""


def test_one_program_is_compiled_once_for_two_processes(tmp_path):
    always = {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}  # however fast the machine is
    said = [
        command(tmp_path, word, code=ONE_PROGRAM, **always).stdout.split()
        for word in ("kept", "kept", "not")
    ]
    numbers, hits = zip(*said, strict=True)
    assert len(set(numbers)) == 1
    assert hits == ("0", str(len(programs(tmp_path))), "0")
    assert hits[1] != "0"


@pytest.mark.parametrize("off", ["--no-cache", "GLASSHOUSE_CACHE"])
def test_nothing_is_kept_where_nobody_wants_it(tmp_path, off):
    words = ("--no-cache",) if off.startswith("-") else ()
    variables = {} if words else {off: "off"}
    command(tmp_path, *words, "games", "--json", **variables)
    assert not (tmp_path / "cache").exists()


def test_a_folder_of_the_users_own_is_left_to_jax(tmp_path):
    own = tmp_path / "own"
    command(tmp_path, "games", "--json", JAX_COMPILATION_CACHE_DIR=str(own))
    assert not (tmp_path / "cache").exists()


def test_a_home_that_cannot_be_written_costs_nothing(tmp_path):
    (tmp_path / "cache").write_text("no folder")
    done = command(tmp_path, "games", "--json")
    assert done.stdout.startswith(("[", "{"))
    assert "arning" not in done.stderr
