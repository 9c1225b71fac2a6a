"""What is said where a command was not typed as it must be."""

import contextlib
from typing import Any

import typer

OF_NUMBERS = {"float_parsing": "a number, such as 0.5", "int_parsing": "a whole number, such as 10"}
"""What options want that are numbers, by the kind of the error."""


def usage_words(error: typer.TyperException) -> str:
    """What is wrong, and what to type: with all that is needed where something is missing."""
    command: Any = getattr(error, "ctx", None)
    path = command.command_path if command is not None else "glasshouse"
    said = error.format_message().rstrip(". ").replace(": Value error, ", ": ")
    if command is not None and said.startswith("Missing "):
        return f"{said}: {path} {_needed(command.command)} (see {path} --help)"
    if (wanted := _no_number(error)) is not None:
        option = said.partition(":")[0]
        return f"{option}: {wanted} (see {path} --help)"
    return f"{said} (see {path} --help)"


def _needed(command: Any) -> str:
    """What a command cannot do without: "STUDY --kind KIND --out FILE"."""
    needed = [param for param in command.params if param.required]
    arguments = [x.metavar for x in needed if x.param_type_name == "argument"]
    options = [
        f"{x.opts[0]} {x.metavar or x.name.upper()}"
        for x in needed
        if x.param_type_name == "option"
    ]
    return " ".join([*arguments, *options])


def _no_number(error: typer.TyperException) -> str | None:
    """What was given in place of a number; None where that is not what is wrong."""
    cause: Any = error.__cause__
    with contextlib.suppress(AttributeError, IndexError, KeyError):
        first = cause.errors()[0]
        given, wanted = str(first["input"]), OF_NUMBERS[first["type"]]
        whole, comma, part = given.partition(",")
        if comma and whole.lstrip("+-").isdecimal() and part.isdecimal():
            wanted += f"; decimals stand after a point: {whole}.{part}"
        return f"{given!r:.60} is not {wanted}"
    return None
