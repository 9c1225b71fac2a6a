"""What a command loads, in a process of its own."""

import json
import subprocess
import sys
from typing import NamedTuple

PROGRAM = """
import json, sys
from glasshouse.cli.main import main
sys.argv = ["glasshouse", *sys.argv[1:]]
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
print(json.dumps(list(sys.modules)), file=sys.stderr)
"""


class Loaded(NamedTuple):
    """What a command printed, and the modules that it has loaded."""

    out: str
    modules: frozenset[str]


def loaded_by(*words: str) -> Loaded:
    """Run a command that has to succeed."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return Loaded(done.stdout, frozenset(json.loads(done.stderr.splitlines()[-1])))
