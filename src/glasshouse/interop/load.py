"""Games as people name them: by catalogue name, by name and parameters, or by file."""

import os

from glasshouse.errors import InputError
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.games.registry import from_catalogue
from glasshouse.interop.nfg import read_nfg


def load_game(text: str) -> NormalFormGame:
    """The game that `text` names.

    **Arguments:** `text`: a catalogue name (`stag_hunt`), a name with parameters
    (`donation:b=4,c=1`), or the path of a Gambit `.nfg` file.
    **Raises:** `InputError` for an unknown name (with the nearest one), a parameter that is not a
    number or breaks the game's condition, or a file that cannot be read.
    """
    if text.endswith(".nfg") or os.path.isfile(text):
        return read_nfg(text)
    name, parameters = parsed_name(text)
    return from_catalogue(name)(**parameters)


def parsed_name(text: str) -> tuple[str, dict[str, float]]:
    """A catalogue name and the parameters given with it, from `donation:b=4,c=1`.

    **Raises:** `InputError` for an unknown name, or a parameter that is not a number.
    """
    name, _, settings = text.partition(":")
    from_catalogue(name.strip())
    given = [_parameter(name, item) for item in settings.split(",") if item.strip()]
    if len(dict(given)) < len(given):
        raise InputError(f"{name}: a parameter is given twice in '{settings}'")
    return name.strip(), dict(given)


def _parameter(game: str, item: str) -> tuple[str, float]:
    name, _, value = item.partition("=")
    try:
        number = float(value)
    except ValueError:
        raise InputError(
            f"{game}: cannot read parameter '{item.strip()}': write NAME=NUMBER, separated by "
            "commas, as in donation:b=3,c=1"
        ) from None
    return name.strip(), number
