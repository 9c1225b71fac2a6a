"""Names that people brought, as figures show them: short, and never read as formulas."""

from collections.abc import Sequence

from glasshouse.games.labels import player_word, shortened_names


def in_figure(name: str) -> str:
    """A text in which Matplotlib finds no formula."""
    return name.replace("$", r"\$")


def names_in_figure(names: Sequence[str]) -> tuple[str, ...]:
    """Names short enough for labels and legends, still distinct."""
    return tuple(map(in_figure, shortened_names(names)))


def name_in_figure(player: int, names: Sequence[str] = ()) -> str:
    """What labels call a player, counted from 0: by name, else "player 1"."""
    return player_word(player, names_in_figure(names))
