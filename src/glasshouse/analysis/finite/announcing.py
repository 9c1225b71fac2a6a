"""Policies that are announced in turn: what is an equilibrium then need not be one of the game."""

import dataclasses
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Numbers, Whole, number, player_number
from glasshouse._foundation.results import UNLESS_NONE
from glasshouse.analysis.equilibrium.pure_profiles import PAYOFF_ROUNDING
from glasshouse.analysis.finite.regularised import regularised_equilibrium
from glasshouse.analysis.finite.securing import secured
from glasshouse.analysis.finite.tables import two_player_payoffs
from glasshouse.errors import InputError

if TYPE_CHECKING:
    from glasshouse.games.normal_form import NormalFormGame


@dataclasses.dataclass(frozen=True, repr=False)
class Announced(Evidenced):
    """What a player announces who moves first, and what the other replies.

    **Arguments:** `leader`, from 0; `announced`, the leader's mixture; `replies`, the follower's:
    without entropy every pure best reply, with entropy the only one; `value` to the leader, per
    round, without entropy; `exploitability`, for each reply, what both could gain together in the
    simultaneous game: 0 where the pair is one of its equilibria; `temperature`, 0 without entropy;
    `residual` of the fixed point; `method`, `detail`.
    """

    ROWS: ClassVar[str] = "rows"

    leader: int
    announced: tuple[float, ...]
    replies: tuple[tuple[float, ...], ...]
    value: float
    exploitability: tuple[float, ...]
    temperature: float
    residual: float | None = dataclasses.field(metadata={UNLESS_NONE: True})
    method: str
    detail: str

    @property
    def rows(self) -> tuple[dict, ...]:
        """Each reply, and how far the pair is from an equilibrium."""
        each = zip(self.replies, self.exploitability, strict=True)
        return tuple({"reply": list(reply), "exploitability": x} for reply, x in each)


def announced(
    game: "NormalFormGame", *, leader: Whole = 0, temperature: Numbers = 0.0
) -> Announced:
    """What an equilibrium looks like where one player announces its policy before the other moves.

    Definition: in a zero-sum game the leader announces x that maximises min_y x·A y. Then *any*
    best reply of the follower is an equilibrium of the announced game, and most are none of the
    simultaneous one. With entropy, max_x min_y x·A y + τ H(x) - τ H(y), the reply is unique, and
    announcing changes nothing: both play the logit quantal response equilibrium, which goes to a
    Nash equilibrium with τ.

    **Arguments:** `game` of two players whose payoffs sum to a constant; `leader`, from 0;
    `temperature` τ, 0 for none.
    **Raises:** `InputError` for another game: where payoffs do not sum to a constant, announcing is
    a commitment, which a Stackelberg equilibrium describes.
    **Source:** Sokota et al. 2023, arXiv:2301.09159.

        import glasshouse as gh
        from glasshouse.analysis.finite import announced

        found = announced(gh.load_game("matching_pennies"))
        print(found.announced, found.exploitability)  # (0.5, 0.5) (1.0, 1.0)
    """
    tables = two_player_payoffs(game, "announced policies need")
    first = player_number(leader, 2)
    own, other = tables[first], tables[1 - first]
    total = own + other.T
    same = PAYOFF_ROUNDING * max(float(np.ptp(own)), float(np.ptp(other)))
    # Sums of payoffs are rounded to the size of these, which may be far above their range.
    if np.ptp(total) > same + 4 * np.finfo(float).eps * float(np.abs(tables[0]).max()):
        raise InputError(
            f"announced policies need payoffs that sum to a constant, and those of {game.title} "
            f"sum to between {total.min():g} and {total.max():g}: there announcing is a commitment"
        )
    tau = number(temperature, "temperature", least=0.0)
    residual, exact = None, False
    if tau:
        x, y, residual = regularised_equilibrium(own, tau)
        replies = [y]
    else:
        x, _, exact = secured(own)
        paid = x @ own
        best = np.flatnonzero(paid <= paid.min() + same)
        replies = [np.eye(own.shape[1])[b] for b in best]
    return Announced(
        leader=first,
        announced=tuple(x.tolist()),
        replies=tuple(tuple(y.tolist()) for y in replies),
        value=float(x @ own @ replies[0]),
        exploitability=tuple(float((own @ y).max() - (x @ own).min()) for y in replies),
        temperature=tau,
        residual=residual,
        method="certified" if exact else "numerical",
        detail=f"entropy of temperature {tau:g}; fixed point by Newton's method"
        if tau
        else "the mixture that secures most, by a linear program"
        + (" confirmed in rational arithmetic" if exact else ""),
    )
