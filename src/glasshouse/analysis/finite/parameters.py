"""The finite game of choosing one of a few parameter vectors: facts of finite games apply to it."""

import itertools
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from glasshouse._foundation.numbers import shown
from glasshouse._foundation.precision import in_float64
from glasshouse.analysis.finite.tables import LARGEST_FINITE
from glasshouse.dynamics.batch import batch_map, stack
from glasshouse.dynamics.doors import check_params
from glasshouse.dynamics.starts import Starts, starting_points
from glasshouse.errors import InputError
from glasshouse.games.labels import Labels
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.parametric import AbstractParametricGame, Params, require_exact
from glasshouse.parametric.protocol import SEPARATE


@in_float64
def game_of_parameters(
    game: AbstractParametricGame,
    candidates: Starts | Sequence[Any],
    names: Sequence[Sequence[str]] | None = None,
) -> NormalFormGame:
    """The finite game in which each player chooses one of a few parameters.

    Definition: u_i(k_1, …, k_n) = U_i(θ_1^(k_1), …, θ_n^(k_n)), exactly.

    **Arguments:** `candidates`, for each player a list of parameters; or `Starts`, which draw as
    many for each player, brought into its box; `names` of them, for each player, "θ1", "θ2", …
    unless given: a number is called by its value.
    **Raises:** `InputError` for parameters outside of the boxes, games whose payoffs are drawn or
    whose players share parameters, and more than 20 000 profiles.
    **Cost:** one evaluation of the payoffs for each profile, together.

        import glasshouse as gh
        from glasshouse.analysis.finite import game_of_parameters

        game = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)(0.95)
        finite = game_of_parameters(game, [[-3.0, 0.0, 3.0]] * 2)
        print(gh.analysis.pure_equilibria(finite))  # ((2, 2),)
    """
    require_exact(game, "a finite game of parameters")
    if game.layout is not SEPARATE or len(game.spaces) != game.players:
        raise InputError(
            "a finite game of parameters needs players with parameters of their own, and this "
            f"{type(game).__name__} has {game.layout.value}: take the game that it is made of"
        )
    each = _drawn(game, candidates) if isinstance(candidates, Starts) else _given(game, candidates)
    counts = tuple(map(len, each))
    if int(np.prod(counts)) > LARGEST_FINITE:
        raise InputError(f"{shown(counts)} parameters make more than {LARGEST_FINITE} profiles")
    profiles = [check_params(game, profile) for profile in itertools.product(*each)]
    found = np.asarray(batch_map(_payoffs_at, stack(profiles), game))
    tensor = np.moveaxis(found.reshape(*counts, game.players), -1, 0)
    called = _named_candidates(each) if names is None else tuple(map(tuple, names))
    players = tuple(f"player {i + 1}" for i in range(game.players))
    return NormalFormGame(
        tensor, Labels(players, called, title="Choosing parameters"), player_axis=0
    )


def _payoffs_at(params: Params, game: AbstractParametricGame) -> Any:
    return game.payoffs(params)


def _drawn(game: AbstractParametricGame, starts: Starts) -> list[list[Any]]:
    drawn = starting_points([game], starts)
    return [
        [box.project(jax.tree.map(lambda x, k=k: x[k], own)) for k in range(starts.runs)]
        for box, own in zip(game.spaces, drawn, strict=True)
    ]


def _given(game: AbstractParametricGame, candidates: Any) -> list[list[Any]]:
    try:
        each = [list(own) for own in candidates]
    except TypeError:
        each = []
    if len(each) != game.players or not all(each):
        raise InputError(
            f"candidates={shown(candidates)} must be a list of parameters for each of "
            f"{game.players} players"
        )
    return each


def _named_candidates(each: list[list[Any]]) -> tuple[tuple[str, ...], ...]:
    """Numbers by their value where that tells them apart, others by their place."""
    found = []
    for own in each:
        numbers = (
            [f"{float(x):.4g}" if np.ndim(x) == 0 else "" for x in own]
            if all(not isinstance(x, dict | tuple | list) for x in own)
            else [""]
        )
        apart = len(set(numbers)) == len(own) and "" not in numbers
        found.append(tuple(numbers if apart else [f"θ{k + 1}" for k in range(len(own))]))
    return tuple(found)
