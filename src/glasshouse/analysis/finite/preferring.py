"""Preferences over options, as a game: who wins most, on average, or against the best opponent."""

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import number, number_array, shown
from glasshouse._foundation.results import UNLESS_NONE, Result
from glasshouse.analysis.finite.optimum import LinearProgram, fractions_of, optimum
from glasshouse.analysis.finite.regularised import regularised_equilibrium
from glasshouse.errors import InputError
from glasshouse.games.normal_form import NormalFormGame, is_normal_form

COMPLEMENT = 1e-9
"""P(i over j) and P(j over i) sum to 1 within this, and those closer to ½ tie."""


@dataclasses.dataclass(frozen=True, repr=False)
class PreferenceScore(Result):
    """What one option is worth by each way of counting.

    **Arguments:** `option`; `minimax`, its weight in the mixture that no option is preferred to;
    `copeland`, how many others it beats, ties ½; `borda`, the mean probability of being preferred
    to another; `regularised`, its weight with entropy, None where no temperature is given.
    """

    option: str
    minimax: float
    copeland: float
    borda: float
    regularised: float | None = dataclasses.field(metadata={UNLESS_NONE: True})


@dataclasses.dataclass(frozen=True, repr=False)
class Preferences(Evidenced):
    """Which of several options is preferred, by four ways of counting.

    **Arguments:** `scores`, one for each option; `condorcet`, the option that beats all others, or
    None; `winners` by "minimax" (more than one where it mixes), "copeland" and "borda", all who
    tie; `only_one`, whether no other mixture is as good as the minimax winner, None where that was
    not decided; `temperature`, and `residual` of the regularised mixture; `method` of the minimax
    winner, "certified" where exact arithmetic confirmed it, else "numerical"; `detail`.
    """

    ROWS: ClassVar[str] = "scores"

    scores: tuple[PreferenceScore, ...]
    condorcet: str | None
    winners: dict[str, tuple[str, ...]]
    only_one: bool | None
    temperature: float | None
    residual: float | None
    method: str
    detail: str


def preferences(
    preferred: Any,
    names: Sequence[str] | None = None,
    *,
    temperature: Any = None,
    reference: Any = None,
) -> Preferences:
    """Which options win, when all that is known is how often each is preferred to each other.

    Definition: P[i, j] + P[j, i] = 1. The minimax winner is the mixture π with (P π')(π) >= ½ for
    every π': an optimal strategy of the zero-sum game P - ½. With a temperature τ also the fixed
    point π ∝ μ exp(P(· over π) / τ).

    **Arguments:** `preferred`, P, square; or a game in normal form of two players whose first one's
    payoffs are P, or P - ½; `names` of the options; `temperature` τ; `reference` μ, uniform unless
    given.
    **Raises:** `InputError` for what are no such probabilities.
    **Source:** Swamy et al. 2024, arXiv:2401.04056; Munos et al. 2024, arXiv:2312.00886.

        from glasshouse.analysis.finite import preferences

        found = preferences([[0.5, 0.9, 0.2], [0.1, 0.5, 0.6], [0.8, 0.4, 0.5]])
        print([round(score.minimax, 3) for score in found.scores])  # [0.125, 0.375, 0.5]
    """
    table, called = _table(preferred, names)
    count = len(table)
    weights, exact, only_one = _minimax(table)
    others = ~np.eye(count, dtype=bool)
    above = (table > 0.5 + COMPLEMENT) & others
    tied = (np.abs(table - 0.5) <= COMPLEMENT) & others
    copeland = above.sum(axis=1) + 0.5 * tied.sum(axis=1)
    borda = (table * others).sum(axis=1) / max(count - 1, 1)
    tau = None if temperature is None else number(temperature, "temperature", above=0.0)
    mixed, residual = _regularised(table, tau, reference)
    every = zip(called, weights, copeland, borda, mixed, strict=True)
    scores = tuple(
        PreferenceScore(name, float(w), float(c), float(b), m) for name, w, c, b, m in every
    )
    beats_all = [
        name for name, row in zip(called, above.sum(axis=1), strict=True) if row == count - 1
    ]
    return Preferences(
        scores=scores,
        condorcet=beats_all[0] if beats_all and count > 1 else None,
        winners={
            "minimax": tuple(x.option for x in scores if x.minimax > COMPLEMENT),
            "copeland": _best(scores, copeland),
            "borda": _best(scores, borda),
        },
        only_one=only_one,
        temperature=tau,
        residual=residual,
        method="certified" if exact else "numerical",
        detail="minimax winner by a linear program"
        + (", confirmed in rational arithmetic" if exact else "")
        + ("" if tau is None else "; regularised fixed point by Newton's method"),
    )


def _minimax(table: Float[np.ndarray, "options options"]) -> tuple[np.ndarray, bool, bool | None]:
    """The optimal strategy of P - ½, whether exactly so, and whether it is the only one."""
    count = len(table)
    # What i is preferred by, as the doubles above the diagonal say it: exactly antisymmetric.
    edge = fractions_of(np.triu(table, 1)) - fractions_of(np.triu(np.ones_like(table), 1) / 2)
    edge = edge - edge.T
    none = np.zeros(count, dtype=bool)
    one, zeros = fractions_of(np.ones((1, count))), fractions_of(np.zeros(count))
    program = LinearProgram(zeros, -edge.T, zeros, one, one[0, :1], none)
    found = optimum(program, "no mixture is optimal")
    weights = np.maximum(found.x, 0.0)
    least, most, decided = np.empty(count), np.empty(count), found.exact
    for k in range(count):
        for sign, ends in ((-1, least), (1, most)):
            objective = zeros.copy()
            objective[k] = one[0, 0] * sign
            end = optimum(program._replace(objective=objective), "no mixture is optimal")
            ends[k] = sign * end.value
            decided &= end.exact
    only_one = float(np.max(most - least)) <= COMPLEMENT
    return weights / weights.sum(), found.exact, only_one if decided else None


def _regularised(
    table: np.ndarray, tau: float | None, reference: Any
) -> tuple[list[float | None], float | None]:
    count = len(table)
    if tau is None:
        if reference is not None:
            raise InputError("reference is what a temperature leans to: give temperature, too")
        return [None] * count, None
    lean = np.full(count, 1 / count)
    if reference is not None:
        lean = np.asarray(number_array(reference, "reference", shapes=[(count,)]), dtype=float)
        if not (np.all(lean > 0) and abs(lean.sum() - 1) <= COMPLEMENT):
            raise InputError(
                f"reference={shown(lean.tolist())} must be positive probabilities that sum to 1"
            )
    mixed, _, residual = regularised_equilibrium(table - 0.5, tau, (lean, lean))
    return [float(x) for x in mixed], residual


def _best(scores: Sequence[PreferenceScore], values: np.ndarray) -> tuple[str, ...]:
    top = values.max() - COMPLEMENT
    return tuple(x.option for x, value in zip(scores, values, strict=True) if value >= top)


def _table(given: Any, names: Sequence[str] | None) -> tuple[np.ndarray, tuple[str, ...]]:
    called = names
    if is_normal_form(given):
        called = given.action_names[0] if names is None else names
        table = np.asarray(given.tensor[0], dtype=float)
        given = table + 0.5 if np.abs(np.diagonal(table)).max(initial=0.0) <= COMPLEMENT else table
    table = np.asarray(number_array(given, "preferred", shapes=None), dtype=float)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not table.size:
        raise InputError(f"preferred has shape {table.shape}: it must be square, [option, other]")
    wrong = np.argwhere(~(np.abs(table + table.T - 1) <= COMPLEMENT) | ~(table >= 0))
    if len(wrong):
        i, j = (int(k) for k in wrong[0])
        raise InputError(
            f"option {i + 1} is preferred to option {j + 1} with probability {table[i, j]:g}, and "
            f"the other way with {table[j, i]:g}: both must lie in [0, 1] and sum to 1"
        )
    options = (
        tuple(f"option {k + 1}" for k in range(len(table))) if called is None else tuple(called)
    )
    if len(set(options)) != len(table):
        raise InputError(f"names={shown(options)} must be {len(table)} different names")
    return table, options


def preference_game(preferred: Any, names: Sequence[str] | None = None) -> NormalFormGame:
    """The zero-sum game of proposing an option, whose payoffs are P - ½.

    **Arguments, Raises:** as in `preferences`.

        from glasshouse.analysis.finite import preference_game

        game = preference_game([[0.5, 0.75], [0.25, 0.5]])
        print(game.tensor[0].tolist())  # [[0.0, 0.25], [-0.25, 0.0]]
    """
    from glasshouse.games.labels import Labels

    table, called = _table(preferred, names)
    edge = np.triu(table - 0.5, 1)
    edge = edge - edge.T
    labels = Labels(("first", "second"), (called, called), title="Preferences")
    return NormalFormGame(np.stack([edge, -edge]), labels, player_axis=0)
