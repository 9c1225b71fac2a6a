"""`make help-pages`: renew what the reference takes from the code, between its markers.

`<!-- help: COMMAND -->` stands before what a command prints for --help, and `<!-- keys: NAME -->`
before a table of the keys of a table of study files; `<!-- end -->` stands after either.
"""

import functools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pydantic
import tomli_w

REFERENCE = Path(__file__).parent / "reference"
PAGES = (REFERENCE / "commands.md", REFERENCE / "study.md", REFERENCE / "training.md")

BLOCK = re.compile(r"(<!-- (help|keys):(.*?)-->\n).*?(<!-- end -->)", flags=re.DOTALL)


HELP = """
import contextlib, io, json, sys
from glasshouse.cli.main import main

found = {}
for command in sys.argv[1:]:
    sys.argv = ["glasshouse", *command.split(), "--help"]
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.suppress(SystemExit):
        main()
    found[command] = printed.getvalue()
print(json.dumps(found))
"""


@functools.cache
def helps() -> dict[str, str]:
    """What each command prints for --help, 80 columns wide and without colours: of one process,
    for most of the time of each is the library's import."""
    plain = {"COLUMNS": "80", "TERMINAL_WIDTH": "80", "TERM": "dumb", "NO_COLOR": "1"}
    names = ("PATH", "HOME", "SYSTEMROOT", "PYTHONPATH")  # the last says which glasshouse it is of
    kept = {name: os.environ[name] for name in names if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", HELP, *commands()],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env={**kept, **plain, "PYTHONUTF8": "1"},
        check=True,
    )
    return json.loads(done.stdout)


def help_text(command: str) -> str:
    """What `glasshouse COMMAND --help` prints."""
    lines = helps()[command].strip("\n").splitlines()
    text = "\n".join(line.rstrip() for line in lines)
    title = f"glasshouse {command}".strip()
    return f'```text title="{title} --help"\n{text}\n```\n'


def commands() -> list[str]:
    """The commands there are; the empty one is `glasshouse` itself."""
    from glasshouse.cli.main import app

    return ["", *(str(command.name) for command in app.registered_commands)]


def tables() -> dict[str, type[pydantic.BaseModel]]:
    """The tables of study files by the names they have on the page."""
    from glasshouse._foundation.declared import study_name
    from glasshouse.study.spec.access import ACCESS_SPECS
    from glasshouse.study.spec.axes import RangeSpec
    from glasshouse.study.spec.comparison import ComparisonSpec, EntrySpec, ReferenceSpec
    from glasshouse.study.spec.game import GameSpec, MediatedSpec, RepeatedSpec, SimulatedSpec
    from glasshouse.study.spec.league import EntrantSpec, LeagueSpec
    from glasshouse.study.spec.learning import LearningSpec
    from glasshouse.study.spec.map import MapSpec
    from glasshouse.study.spec.rules import PlayerSpec
    from glasshouse.study.spec.semantics import SEMANTICS_SPECS
    from glasshouse.study.spec.sight import SIGHT_SPECS
    from glasshouse.study.spec.stop import StopSpec
    from glasshouse.study.spec.study import AnalysisSpec
    from glasshouse.study.training.environments import ENVIRONMENT_SPECS
    from glasshouse.study.training.players import (
        POLICY_SPECS,
        BesideSpec,
        PlaysSpec,
        TrainedPlayerSpec,
    )
    from glasshouse.study.training.spec import (
        TRANSPARENCY_SPECS,
        MeetingsSpec,
        TrainingSpec,
    )

    own = (  # whatever is installed
        ("semantics", SEMANTICS_SPECS),
        ("access", ACCESS_SPECS),
        ("sees", SIGHT_SPECS),
        ("training game", ENVIRONMENT_SPECS),
        ("policy", POLICY_SPECS),
        ("transparency", TRANSPARENCY_SPECS),
    )
    kinds = {f"{of} {study_name(x.MADE)}": x for of, specs in own for x in specs.own()}
    rest = {
        "learning": LearningSpec,
        "player": PlayerSpec,
        "stop": StopSpec,
        "repeated": RepeatedSpec,
        "simulated": SimulatedSpec,
        "mediated": MediatedSpec,
        "range": RangeSpec,
        "analysis": AnalysisSpec,
        "comparison": ComparisonSpec,
        "compare": EntrySpec,
        "reference": ReferenceSpec,
        "league": LeagueSpec,
        "entrant": EntrantSpec,
        "map": MapSpec,
        "training learning": TrainingSpec,
        "training player": TrainedPlayerSpec,
        "training strategy": PlaysSpec,
        "training league": MeetingsSpec,
        "training beside": BesideSpec,
    }
    return {"game": GameSpec, **kinds, **rest}


INHERITING = ("compare", "entrant", "training learning", "training player", "training beside")
"""Tables that take the keys of rules, which are listed with [learning]."""

OF_ITS_OWN = {
    ("entrant", "start"),
    *(("training learning", key) for key in ("step_size", "seed", "tied", "players")),
    ("training player", "step_size"),
    ("training beside", "step_size"),
}
"""Keys that mean something else in a table than in [learning]."""


def keys(name: str) -> str:
    """Key, default and meaning of everything in one table."""
    rows = ["| key | default | meaning |", "|---|---|---|"]
    table = tables()[name]
    listed = tables()["learning"].model_fields if name in INHERITING else {}
    inherited = {key for key in listed if (name, key) not in OF_ITS_OWN}
    for key, field in table.model_fields.items():
        if key in inherited:  # which are listed once
            continue
        default = "" if field.is_required() or field.default is None else _toml(field.default)
        meaning = " ".join((field.description or "").split())  # a row is a line
        meaning = meaning.replace("[", "\\[").replace("*", "\\*")
        rows.append(f"| `{key}` | {default} | {meaning} |")
    return "\n".join(["", *rows, "", ""])


def renewed(page: str) -> str:
    """A page with every block as it should be now."""

    def block(match: re.Match) -> str:
        name = match[3].strip()
        return match[1] + (help_text(name) if match[2] == "help" else keys(name)) + match[4]

    return BLOCK.sub(block, page)


def missing() -> set[str]:
    """Commands and tables that no page has a block for, and blocks for what is not there."""
    text = "".join(page.read_text("utf-8") for page in PAGES)
    shown = {f"{kind}: {name.strip()}" for _, kind, name, _ in BLOCK.findall(text)}
    wanted = {f"help: {name}" for name in commands()} | {f"keys: {name}" for name in tables()}
    return shown ^ wanted


def _toml(value: object) -> str:
    if value == {}:
        return ""
    text = tomli_w.dumps({"x": value}) if not isinstance(value, list) else json.dumps(value)
    return f"`{text.removeprefix('x = ').strip()}`"


if __name__ == "__main__":
    if missing():
        sys.exit(
            f"these have no place in the reference, or are gone: {', '.join(sorted(missing()))}"
        )
    for path in PAGES:
        path.write_text(renewed(path.read_text("utf-8")), "utf-8")
