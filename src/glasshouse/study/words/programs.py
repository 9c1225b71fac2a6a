"""The game of choosing a program, in words: its answer first, and who dominates whom."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from glasshouse.games.payoff_table import short_number
from glasshouse.programs.formulas import COOPERATE

if TYPE_CHECKING:
    from glasshouse.analysis.equilibrium.dominated import Dominance
    from glasshouse.analysis.equilibrium.pure_profiles import BaseGame
    from glasshouse.games.normal_form import NormalFormGame
    from glasshouse.programs import ProgramTable

MOST_DOMINANCES = 4
"""As many are said before the others are only counted."""


def programs_headline(game: "NormalFormGame", table: "ProgramTable", facts: "BaseGame") -> str:
    """One sentence: whether both cooperate in an equilibrium of these programs, and in which."""
    found = facts.pure_equilibria
    if not found:
        return f"{game.title}: these programs have no pure equilibrium."
    both = [
        k for k, (i, j) in enumerate(found)
        if table.actions[i][j] == table.actions[j][i] == COOPERATE
    ]  # fmt: skip
    done = _both_do(game)
    count = f"{len(found)} pure equilibri{'a' if len(found) > 1 else 'um'} of these programs"
    if not both:
        return f"{game.title}: both {done} in no pure equilibrium of these programs."
    first = both[0]
    pair = ", ".join(table.programs[k].name for k in found[first])
    paid = ", ".join(map(short_number, facts.pure_equilibrium_payoffs[first]))
    if len(found) == 1:
        only = f"the only {count.removeprefix('1 ')}"
        return f"{game.title}: both {done} in {only}, ({pair}), which pays {paid}."
    where = f"{len(both)} of {count}, as in ({pair}), which pays {paid}"
    return f"{game.title}: both {done} in {where}."


def _both_do(game: "NormalFormGame") -> str:
    """What "both" do where both do C, in the words of the game."""
    own = set(game.cooperative_actions)
    if own == {"cooperate"}:
        return "cooperate"
    return f"do {COOPERATE} ({own.pop()})" if len(own) == 1 else f"do {COOPERATE}"


def dominance_lines(
    game: "NormalFormGame", found: Sequence["Dominance"], most: int = MOST_DOMINANCES
) -> Iterator[str]:
    """ "PrudentBot weakly dominates FairBot", and for whom if not for both; `most` of them."""
    players: dict[tuple[str, str, bool], list[int]] = {}
    for one in found:
        names = game.action_names[one.player]
        players.setdefault((names[one.by], names[one.action], one.strict), []).append(one.player)
    for k, ((by, action, strict), whose) in enumerate(players.items()):
        if k == most:
            yield f"and {len(players) - k} more, {len(players)} in all"
            return
        how = "strictly" if strict else "weakly"
        alone = "" if len(whose) == game.players else f" for {game.player_names[whose[0]]}"
        yield f"{by} {how} dominates {action}{alone}"
