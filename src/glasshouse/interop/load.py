"""Games as people name them: by catalogue name, by name and parameters, or by file."""

import os
from pathlib import Path
from typing import Any

from glasshouse.errors import InputError
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.games.registry import CATALOGUE, from_catalogue
from glasshouse.games.tables import is_table
from glasshouse.interop.nfg import is_nfg, read_nfg
from glasshouse.interop.tables.read import read_frame, read_table
from glasshouse.interop.tables.sources import is_table_file


def load_game(source: Any) -> NormalFormGame:
    """The game that `source` names or holds.

    **Arguments:** `source`: a catalogue name (`stag_hunt`), a name with parameters
    (`donation:b=4,c=1`), the path of a Gambit `.nfg` file or of a table (.csv, .tsv, .txt, .xlsx;
    see `read_table`), a DataFrame laid out like such a table, or payoffs as `NormalFormGame` takes
    them, such as two DataFrames. A text is a path where it has a suffix or a separator of folders,
    as in `game.nfg` and `./game`; a catalogue name always means the catalogue's game.
    **Raises:** `InputError` for an unknown name (with the nearest one), a parameter that is not a
    number or breaks the game's condition, a file that cannot be read, and other payoffs.

        import glasshouse as gh

        game = gh.load_game("donation:b=4,c=1")
        print(game.payoff_ranges)  # [5. 5.]
    """
    if not isinstance(source, str | os.PathLike):
        if is_table(source):
            return read_frame(source)
        return source if isinstance(source, NormalFormGame) else NormalFormGame(source)
    if is_path(source):
        return read_game(source)
    name, parameters = parsed_name(str(source))
    return from_catalogue(name)(**parameters)


def read_game(path: str | os.PathLike) -> NormalFormGame:
    """The game in a file: a table where its suffix says so, else a Gambit `.nfg` file."""
    if is_table_file(path):
        return read_table(path)
    if not is_nfg(path):
        raise InputError(f"{os.fspath(path)} {_no_game(Path(path))}")
    return read_nfg(path)


def _no_game(path: Path) -> str:
    """What a path is that is neither a table nor a .nfg file, and what to give instead."""
    if path.suffix.lower() == ".toml":
        return "is a study, where a game is wanted: give the table or .nfg file that it names"
    try:
        there, folder = path.exists(), path.is_dir()
    except (OSError, ValueError):  # of names that no file can have
        there = folder = False
    if folder:
        found = "is a folder"
    else:
        found = "is neither a table nor a .nfg file" if there else "is no file"
    return (
        f"{found}: give a table (.csv, .tsv, .txt, .xlsx), a .nfg file, or a name that glasshouse "
        "games lists"
    )


def is_game_file(path: str | os.PathLike) -> bool:
    """Whether a file of that name would hold a game."""
    return is_table_file(path) or Path(path).suffix.lower() == ".nfg"


def is_path(source: str | os.PathLike) -> bool:
    """Whether this means a file, and not a game of the catalogue, whatever files there are."""
    if not isinstance(source, str):
        return True
    if source.partition(":")[0].strip() in CATALOGUE:
        return False
    separators = {os.sep, os.altsep or os.sep, "/"}
    return bool(separators & set(source)) or (":" not in source and bool(Path(source).suffix))


def parsed_name(text: str) -> tuple[str, dict[str, float]]:
    """A catalogue name and the parameters given with it, from `donation:b=4,c=1`."""
    name, _, settings = text.partition(":")
    if name.strip() not in CATALOGUE and os.path.isfile(text):
        raise InputError(
            f"'{text}' is no game of the catalogue, but a file: give its path, as ./{text}"
        )
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
