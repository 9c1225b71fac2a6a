"""All that is computed for an atlas, as `atlas.json` holds it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from glasshouse._foundation.progress import progress
from glasshouse._foundation.results import plain
from glasshouse.games.ordinal import LAYERS, ORDINAL_ACTIONS, ORDINAL_SOURCE, OrdinalGame
from glasshouse.games.ordinal import ordinal_games as all_games
from glasshouse.study.atlas.learned import (
    LearnedShares,
    corner_ranges,
    learned_shares,
    shaping_shares,
)
from glasshouse.study.atlas.quantities import (
    PROFILES,
    BaseFacts,
    base_facts,
    closed_forms,
    quantity_of,
    rises_between,
    target_profiles,
)
from glasshouse.study.atlas.settings import LOOK_AHEADS, AtlasSettings

CONVENTION = (
    "Payoffs are the ranks 1 (worst) to 4 (best). A player's first action is the one with which "
    "the other can get its 4: up and right, where the row player's 4 stands in the right column "
    "and the column player's in the upper row. Layer 1: the 4s lie across; 2: in one column; 3: in "
    "one cell; 4: in one row. Rows (columns) 1 to 6 of a layer follow by swaps of the row (column) "
    "player's ranks 1 and 2, then 2 and 3, in turn; 6 leads back to 1. Swaps of 3 and 4 lead to "
    "other layers. Players' parameters are coupled by action: first with first."
)


def atlas_content(
    settings: AtlasSettings, games: Sequence[OrdinalGame] | None = None
) -> dict[str, Any]:
    """Facts, thresholds, outcomes and equilibrium ranges of all games, and the atlas of shaping.

    **Arguments:** `games`, of all 144 those wanted, by default all.
    **Cost:** games × couplings × runs × steps learning steps, a minute or two for all on two cores.
    """
    chosen = all_games() if games is None else tuple(games)
    facts = [base_facts(game) for game in chosen]
    symmetric = [game for game in chosen if game.is_symmetric]
    ranges, shaped = [None] * len(chosen), None
    with progress("drawing an atlas"):
        shares = _by_layer(chosen, settings)
        if settings.corners:
            ranges = corner_ranges(chosen, np.linspace(0.0, 1.0, settings.corners))
        if settings.shaping and symmetric:
            shaped = shaping_shares(symmetric, settings)
    entries = [
        _entry(game, fact, ended, settled, corners, settings)
        for game, fact, ended, settled, corners in zip(
            chosen, facts, shares.ended, shares.settled, ranges, strict=True
        )
    ]
    return plain(
        {
            "title": "Atlas of the strict ordinal 2 × 2 games",
            "convention": CONVENTION,
            "source": ORDINAL_SOURCE,
            "counts": _counts(chosen, facts),
            "families": _families(chosen),
            "couplings": settings.grid,
            "profiles": [[ORDINAL_ACTIONS[a] for a in profile] for profile in PROFILES],
            "places": PROFILES,
            "games": entries,
            "shaping": _shaping(symmetric, shaped, settings),
        }
    )


def _by_layer(games: Sequence[OrdinalGame], settings: AtlasSettings) -> LearnedShares:
    """A layer at a time, which bounds the memory in use."""
    found = []
    layers = [[game for game in games if game.layer == layer] for layer in sorted(LAYERS.values())]
    with progress("layers", len(layers)) as advance:
        for layer in layers:
            if layer:
                found.append(learned_shares(layer, settings.grid, settings.learning()))
            advance()
    return LearnedShares(*(np.concatenate(counts) for counts in zip(*found, strict=True)))


def _entry(
    game: OrdinalGame,
    facts: BaseFacts,
    ended: np.ndarray,
    settled: np.ndarray,
    corners: list[list[tuple[float, float]]] | None,
    settings: AtlasSettings,
) -> dict[str, Any]:
    targets = target_profiles(game, facts)
    share = ended[:, [PROFILES.index(p) for p in targets]].sum(axis=1) / settings.runs
    return {
        "index": game.index,
        "layer": game.layer,
        "row": game.row,
        "column": game.column,
        "name": game.name,
        "short": game.short,
        "payoffs": game.payoffs,
        "symmetric": game.is_symmetric,
        "reflected": game.reflected.index,
        "swaps": {
            f"{'RC'[player]}{ranks}": game.swapped(player, ranks).index
            for player in (0, 1)
            for ranks in (12, 23, 34)
        },
        "base": facts.to_dict(),
        "quantity": quantity_of(game),
        "target_profiles": targets,
        "first_movement": {"rises": rises_between(game), "thresholds": closed_forms(game)},
        "long_run": {"most_runs": _stretches(share > 0.5, settings.grid)},
        "shares": (ended / settings.runs).T,
        "settled": (settled / settings.runs).T,
        "equilibrium_ranges": corners,
    }


def _stretches(holds: np.ndarray, grid: np.ndarray) -> list[tuple[float, float]]:
    """From which to which coupling of the grid something holds."""
    edges = np.diff(np.concatenate([[0], holds.astype(int), [0]]))
    begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return [(float(grid[a]), float(grid[b])) for a, b in zip(begins, ends, strict=True)]


def _counts(games: Sequence[OrdinalGame], facts: Sequence[BaseFacts]) -> dict[str, Any]:
    equilibria = Counter(len(fact.base.pure_equilibria) for fact in facts)
    dominant = Counter(sum(a is not None for a in fact.dominant) for fact in facts)
    return {
        "games": len(games),
        "up_to_swapping_players": len(_families(games)),
        "symmetric": sum(game.is_symmetric for game in games),
        "pure_equilibria": [equilibria[k] for k in range(3)],
        "players_with_dominant_action": [dominant[k] for k in range(3)],
        "only_equilibrium_is_inferior": sum(fact.inferior for fact in facts),
    }


def _families(games: Sequence[OrdinalGame]) -> list[list[str]]:
    """Games that are the same but for who is who."""
    pairs = dict.fromkeys(tuple(sorted({game, game.reflected})) for game in games)
    return [[game.index for game in pair] for pair in pairs]


def _shaping(
    games: Sequence[OrdinalGame], found: LearnedShares | None, settings: AtlasSettings
) -> dict[str, Any]:
    """Shares by game, look-ahead, coupling and profile."""
    games, found = (games, found) if found else ((), LearnedShares(np.empty(0), np.empty(0)))
    return {
        "rule": "LOLA",
        "look_aheads": LOOK_AHEADS,
        "couplings": settings.shaping_grid,
        "games": [
            {
                "index": game.index,
                "shares": ended / settings.runs,
                "settled": settled / settings.runs,
            }
            for game, ended, settled in zip(games, *found, strict=True)
        ],
    }
