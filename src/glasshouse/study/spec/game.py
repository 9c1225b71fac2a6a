"""`[game]` of a study: what is played, and how often."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from glasshouse.errors import InputError
from glasshouse.games.normal_form import NormalFormGame, default_labels
from glasshouse.games.registry import from_catalogue
from glasshouse.games.repeated import PAYOFF_UNITS, Played, RepeatedGame
from glasshouse.games.transforms import mediated, simulated
from glasshouse.interop.load import read_game
from glasshouse.study.spec.values import (
    Cooperate,
    Number,
    Parameter,
    Payoffs,
    Section,
    as_tensor,
)

OFTEN = " (wrong more often than right)"
"""Said of errors that are likelier than none."""


class RepeatedSpec(Section):
    """Round after round, by players who remember the last one."""

    discount: Number
    """γ, from 0 to below 1: what the next round counts beside this one."""
    unit: Literal["step", "sum"] = "step"
    """Payoffs per round ("step") or discounted sums, 1/(1-γ) times as much: so are gradients."""
    noise: Number = Field(default=0.0)
    """With which probability another action is taken than was meant."""
    misperception: Number = Field(default=0.0)
    """With which probability a player takes another's last action for another one."""

    @property
    def said(self) -> str:
        """How it is repeated, in words."""
        unit = PAYOFF_UNITS[self.unit]
        errors = {"noise": self.noise, "misperception": self.misperception}
        given = "".join(f"; {name} {x:g}{OFTEN * (x > 0.5)}" for name, x in errors.items() if x)
        return (
            f"round after round, all remembering the last one; discount γ = {self.discount:g}; "
            f"all payoffs are {unit}; cooperation is its discounted rate{given}"
        )

    def build(self, stage: NormalFormGame) -> RepeatedGame:
        """The stage game played so.

        **Raises:** `InputError` for numbers that cannot be.
        """
        return RepeatedGame(stage, self.discount, self.unit, self.noise, self.misperception)


class SimulatedSpec(Section):
    """One player may look at what the other has chosen, at a price, and reply."""

    simulator: str | int
    """Who may: a player's name, or an index from 0."""
    cost: Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)]
    """What looking costs, in units of payoff."""
    ties: Literal["refuse", "each"] = "refuse"
    """Of replies that are equally good and pay the other differently: "refuse" them, or make an
    action of "each" way to reply."""

    def build(self, game: NormalFormGame) -> NormalFormGame:
        """The game with an action of simulating, the last one of who may.

        **Raises:** `InputError` for games and players that cannot be.
        """
        names, who = game.player_names, self.simulator
        if isinstance(who, str):
            if who not in names:
                raise InputError(
                    f"simulator={who!r:.60} is no player of {game.title}: {', '.join(names)}"
                )
            who = names.index(who)
        return simulated(game, who, self.cost, ties=self.ties)


class MediatedSpec(Section):
    """A mediator plays for whoever lets it."""

    together: Cooperate
    """What it plays where all let it: an action for all, or a list with one for each."""
    otherwise: Cooperate
    """What it plays for those who do, where some do not: likewise."""

    def build(self, game: NormalFormGame) -> NormalFormGame:
        """The game with an action of letting the mediator play, which is the first one.

        **Raises:** `InputError` for actions that are none.
        """
        both = (self.together, self.otherwise)
        plans = [x if isinstance(x, list) else [x] * game.players for x in both]
        return mediated(game, *plans)


class GameSpec(Section):
    """What is played: exactly one of a catalogue `name`, a `file` or a table of `payoffs`."""

    name: str | None = None
    """A game of the catalogue; `glasshouse games` lists them."""
    parameters: dict[str, Parameter] = Field(default={})
    """Parameters of the named game; those left out keep their defaults."""
    file: str | None = None
    """A table (.csv, .tsv, .txt, .xlsx) or a Gambit .nfg file, relative to the study."""
    payoffs: Payoffs | None = None
    """Rows of the row player in a symmetric game, or nested lists of shape (players, *actions)."""
    player_axis: Literal[0, -1] | None = None
    """Which axis of nested payoffs counts the players: 0, the first, or -1, the last; default 0."""
    cooperate: Cooperate | None = None
    """The action that counts as cooperation: a label, or an index from 0; default the first; or a
    list with one for each player."""
    simulated: SimulatedSpec | None = None
    """Let one player look at what the other has chosen: { simulator = 0, cost = 0.1 }."""
    mediated: MediatedSpec | None = None
    """Let a mediator play for who lets it: { together = "cooperate", otherwise = "defect" }; to let
    it is then what counts as cooperation."""

    repeated: RepeatedSpec | None = None
    """Play it again and again: { discount = 0.96, unit = "sum" }."""

    title: str | None = None
    """What to call it in the report and the figures; default its own name."""

    @model_validator(mode="after")
    def _one_source(self) -> "GameSpec":
        given = [key for key in ("name", "file", "payoffs") if getattr(self, key) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none of them"
            raise ValueError(f"give exactly one of name, file or payoffs, not {found}")
        if self.parameters and self.name is None:
            raise ValueError("parameters belong to a catalogue name")
        if self.player_axis is not None and self.payoffs is None:
            raise ValueError("player_axis belongs to payoffs")
        if self.simulated and self.mediated:
            raise ValueError("give one of simulated and mediated: they are two games")
        return self

    def build(self, folder: Path) -> NormalFormGame:
        """The game, files being relative to `folder`.

        **Raises:** `InputError` when there is no such game or its payoffs cannot be.
        """
        if self.name is not None:
            game = from_catalogue(self.name)(**self.parameters)
        elif self.file is not None:
            game = read_game(folder / self.file)
        else:
            game = NormalFormGame(as_tensor(self.payoffs or []), player_axis=self.player_axis)
        game = game if self.cooperate is None else game.cooperating(self.cooperate)
        for name in ("simulated", "mediated"):
            if (change := getattr(self, name)) is not None:
                try:
                    game = change.build(game)
                except InputError as error:
                    raise InputError(f"key 'game.{name}': {error}") from error
        if self.title:
            labels = game.labels or default_labels(game.actions)
            called = dataclasses.replace(labels, title=self.title)
            game = NormalFormGame(game.tensor, called, player_axis=0)
        return game

    def played(self, game: NormalFormGame) -> Played:
        """The game as it is played: once, or again and again."""
        played: Any = game if self.repeated is None else self.repeated.build(game)
        return played

    def files(self, folder: Path) -> dict[str, Path]:
        """What it reads beside the study, by name."""
        return {} if self.file is None else {Path(self.file).name: folder / self.file}
