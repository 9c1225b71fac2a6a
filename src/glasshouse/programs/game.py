"""The game of choosing a program, for a base game of two players with two actions each."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from glasshouse.errors import InputError
from glasshouse.programs.agent import ModalAgent
from glasshouse.programs.encounters import program_table
from glasshouse.programs.formulas import COOPERATE

if TYPE_CHECKING:
    from glasshouse.games.normal_form import NormalFormGame


def program_game(game: "NormalFormGame", programs: Iterable[ModalAgent | str]) -> "NormalFormGame":
    """The game whose actions are programs, each of which then plays the base game.

    Definition: a pair of programs is paid what the base game pays for what they do to each other;
    "C" is each player's action 0, which counts as cooperation, "D" the other.

    **Arguments:** `game`, of two players with two actions each; `programs`, the same for both
    players, or names of registered ones.
    **Returns:** the game, its players as in the base game, its actions called as the programs.
    **Raises:** `InputError` for another game, and as in `encounter`.
    **Cost:** programs² encounters; exact.
    **Source:** Howard 1988; Tennenholtz 2004; Barasz et al. 2014, arXiv:1401.5577.

        import glasshouse as gh

        game = gh.load_game("prisoners_dilemma")
        found = gh.programs.program_game(game, ["CooperateBot", "DefectBot", "FairBot"])
        print(gh.analysis.pure_equilibria(found))  # ((1, 1), (2, 2))
    """
    from glasshouse.games.labels import Labels, default_labels
    from glasshouse.games.normal_form import NormalFormGame, check_normal_form

    game = check_normal_form(game, "programs need")
    if game.actions != (2, 2):
        raise InputError(
            f"programs do one of two things to one other, C or D, and {game.title} has "
            f"{'×'.join(map(str, game.actions))} actions: take a game of two players with two each"
        )
    table = program_table(programs)
    chosen = np.array([[int(x != COOPERATE) for x in own] for own in table.actions])
    payoffs = np.asarray(game.tensor)[:, chosen, chosen.T]
    labels = game.labels or default_labels(game.actions)
    names = tuple(program.name for program in table.programs)
    return NormalFormGame(
        payoffs,
        Labels(
            labels.players,
            (names, names),
            title=f"Programs that play: {game.title}",
            source=labels.source,
        ),
        player_axis=0,
    )
