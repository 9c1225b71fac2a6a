"""`[semantics]` of networks of one's own: kind = "modules"."""

import functools
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, field_validator

from glasshouse.errors import InputError
from glasshouse.families.gain import GainFamily
from glasshouse.games.repeated import Played
from glasshouse.parametric import ParametricGame
from glasshouse.semantics.base import AbstractSemantics
from glasshouse.semantics.neural.initialisers import drawn_networks
from glasshouse.semantics.neural.modules import Modules
from glasshouse.study.spec.imported import code_file, load_function
from glasshouse.study.spec.semantics import (
    Said,
    SemanticsSection,
    built_with,
    check_call,
    check_states,
    in_two_parts,
    with_numbers,
)

BY_PLACE = ("networks", "seen", "gain")
"""What the function is given by place."""


_neutral = functools.lru_cache(maxsize=16)(drawn_networks)
"""The networks that count as neutral, drawn once for all points of a sweep."""


def _data(value: object) -> Any:
    places = value if isinstance(value, list | tuple) else [value]
    for place in places:
        if not isinstance(place, str) or not place or Path(place).name != place:
            raise ValueError(f"must name files beside the study, but has {place!r:.60}")
    return list(places)


DataFiles = Annotated[list[str], BeforeValidator(_data)]
"""Names of files in the folder of a study."""


class ModulesSection(SemanticsSection):
    """Networks of yours: play(networks, seen, gain) says who reads what, and what all do."""

    CODE: ClassVar[str | None] = "function"

    _has_two_parts = field_validator("function", check_fields=False)(in_two_parts)

    def build(self, game: Played, folder: Path) -> AbstractSemantics:
        """The semantics for this game's players.

        **Raises:** `InputError` when a function cannot be found or does not work.
        """
        own = self.settings()
        reference = own["function"]
        try:
            play = load_function(reference, folder)
            check_call(reference, play, own["parameters"], BY_PLACE)
        except InputError as error:
            raise InputError(f"key 'semantics.function': {error}") from error
        place = reference.rpartition(":")[0]
        try:
            makers = [load_function(f"{place}:{name}", folder) for name in own["initialise"]]
            if len(makers) not in (1, game.players):
                raise InputError(
                    f"names {len(makers)} functions: give one for each of {game.players} players, "
                    "or one for all"
                )
            hash(tuple(makers))
        except (InputError, TypeError) as error:  # TypeError: an object that holds arrays
            raise InputError(f"key 'semantics.initialise': {error}") from error
        makers = tuple(makers) * (game.players // len(makers))
        bound = with_numbers(play, own["parameters"])
        settings = (own["gain"], own["bound"])

        def made() -> Modules:
            return Modules(_neutral(makers, own["networks"]), bound, *settings, initialise=makers)

        try:
            semantics = built_with(reference, play, made)
            check_states(reference, semantics, game)
        except InputError as error:
            raise InputError(f"key 'semantics.function': {error}") from error
        return semantics

    def family(self, game: Played, built: ParametricGame) -> GainFamily:
        """The game at every gain."""
        semantics: Any = built.semantics  # with a gain, as this builds it
        return GainFamily(game, semantics, built.channel)

    def files(self, folder: Path) -> dict[str, Path]:
        """The source of the functions and of what they import, and their data, by name.

        **Raises:** `InputError` for data that is not there.
        """
        own = self.settings()
        data = {name: folder / name for name in own["data"]}
        for name, path in data.items():
            if not path.is_file():
                raise InputError(f"key 'semantics.data': there is no file {name} beside the study")
        return {**code_file(own["function"], folder), **data}

    def said(self, game: Played, spaces: tuple[Any, ...]) -> Said:
        """What it does, for the report."""
        own = self.settings()
        numbers = own["parameters"]
        given = "".join(f", {name} = {{parameters.{name}}}" for name in numbers)
        each = [box.size for box in spaces]
        sizes = f"{each[0]}" if len(set(each)) == 1 else " and ".join(map(str, each))
        bound = "unbounded" if own["bound"] == float("inf") else "in [−{bound}, {bound}]"
        return (
            f"everybody is a network, made by `{'`, `'.join(own['initialise'])}`; what they read "
            f"and play is `{own['function']}` with κ = {{gain}}{given}; {sizes} weights per player "
            f"{bound}; where this report says neutral, it means the networks drawn by seed "
            "{networks}"
        ), {**own, **{f"parameters.{name}": x for name, x in numbers.items()}}
