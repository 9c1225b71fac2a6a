"""Errors that are no defects: input to correct, and output that the machine does not take."""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """What the caller gave cannot be used; the message says what, why, and what to change.

    The command line prints the message alone and exits with code 2. Any exception but this and
    `OutputError` is a defect of the library and keeps its traceback.
    """


class OutputError(OSError):
    """What was computed cannot be written: no room on the disk, a limit, a permission lost.

    The command line prints the message alone and exits with code 1. What was written before is
    complete, and a study goes on from there when it is run again.
    """


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint at the known name nearest to `name`, or at all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    return f"did you mean '{near[0]}'?" if near else f"choose one of: {', '.join(names)}"


def unknown_name(kind: str, name: str, known: Iterable[str]) -> InputError:
    """An `InputError` for a name that is not among `known`, suggesting the nearest one."""
    return InputError(f"unknown {kind} '{name}': {nearest(name, known)}")


def near_miss(name: str, known: Iterable[str]) -> str:
    """ ": did you mean 'x'?", to go on with; nothing where no name is near, capitals aside."""
    found = nearest(name.lower(), known)
    return f": {found}" if found.startswith("did you mean") else ""
