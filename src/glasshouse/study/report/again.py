"""How to compute a report again: its study, and with what it was made."""

from collections.abc import Iterator, Mapping
from typing import Any

from glasshouse.study.report.blocks import Facts, code, element

MOST_LETTERS = 20_000
"""Of the study file, so much is shown."""


def again(command: str, toml: str, made: Mapping[str, Any]) -> Iterator[object]:
    """What to type, what it was made with, and the study.

    **Arguments:** `command`, the one that computes such studies; `made`, the provenance.
    """
    yield element("pre", f"glasshouse {command} study.toml")
    yield element(
        "p",
        "The folder of this report holds ",
        code("study.toml"),
        ", with every default written out, and all files it reads. With the versions below, the "
        "same study gives the same table.",
    )
    yield Facts(tuple(_made(made)))
    if len(toml) > MOST_LETTERS:  # a study may list a hundred thousand starts
        toml = f"{toml[:MOST_LETTERS]}\n… the rest is in the file study.toml beside this report"
    yield element("details", element("summary", "study.toml"), element("pre", toml))


def _made(made: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    """The provenance; what is missing in it is left out."""
    if "seed" in made:
        drawn = "; starts are drawn by {generator}, normal numbers by {normal}"
        yield "Seed", f"{made['seed']}{drawn.format(**made['random']) if 'random' in made else ''}"
    if "versions" in made:
        versions = [f"{name} {version}" for name, version in made["versions"].items()]
        versions += [f"Python {made['python']}"] if "python" in made else []
        yield "Versions", ", ".join(versions)
    if "device" in made:
        names = ("device", "precision", "platform")
        yield "Computed on", ", ".join(made[name] for name in names if name in made)
    digests = {"study.toml": made["study"]} if "study" in made else {}
    for name, digest in [*digests.items(), *made.get("inputs", {}).items(),
                         *made.get("table", {}).items()]:  # fmt: skip
        yield f"SHA-256 of {name}", code(digest), "hash"
