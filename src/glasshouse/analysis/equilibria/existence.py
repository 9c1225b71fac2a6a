"""Whether equilibria must exist: each hypothesis of the theorems for the game at hand."""

import dataclasses
import math
from collections.abc import Sequence

import jax
import numpy as np

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Whole, whole
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.results import (
    SHOWN_WHOLE,
    Result,
    few,
)
from glasshouse.analysis.equilibria.discontinuity import jump
from glasshouse.analysis.equilibria.quasi_concavity import (
    FARTHEST_WITNESS,
    Concavity,
    quasi_concavity,
)
from glasshouse.analysis.equilibria.witness import Witness
from glasshouse.analysis.equilibrium.certification import base_of, semantics_numbers
from glasshouse.analysis.outcomes.isolation import bounds
from glasshouse.analysis.tracing.float_check import where_all_differ
from glasshouse.analysis.tracing.program import trace_all
from glasshouse.certificates.count.joint import intervals_of
from glasshouse.certificates.document import ProgramOnly
from glasshouse.certificates.intervals import precision
from glasshouse.certificates.program import Machine
from glasshouse.errors import InputError
from glasshouse.games.labels import player_word
from glasshouse.parametric.dense import DenseGame

CONCAVITY_BUDGET = 20_000
"""Pieces of the boxes looked at for each player to show that payoffs are quasi-concave."""

CONTINUITY_BITS = 128
"""Bits with which it is shown that a semantics has a value everywhere."""


@dataclasses.dataclass(frozen=True, repr=False)
class Hypothesis(Result):
    """One hypothesis of a theorem, and whether a game meets it.

    **Arguments:** `name`: "compact", "convex", "continuous", "independent" or "quasi-concave";
    `holds`, None where it is not decided; `why`; `witness`, where quasi-concavity or continuity
    fails.
    """

    name: str
    holds: bool | None
    why: str = dataclasses.field(metadata={SHOWN_WHOLE: True})
    witness: Witness | None = None


@dataclasses.dataclass(frozen=True, repr=False)
class Existence(Evidenced):
    """What theorems say of a game's equilibria, hypothesis by hypothesis.

    **Arguments:** `hypotheses`; `mixed`, whether an equilibrium in mixed parameters must exist, and
    `pure`, one in parameters: True where all hypotheses hold, else None, since nothing follows
    from a hypothesis that fails; `method`; `detail`, what follows, in words.
    """

    hypotheses: tuple[Hypothesis, ...]
    mixed: bool | None
    pure: bool | None
    method: str
    detail: str

    def __getitem__(self, name: str) -> Hypothesis:
        """The hypothesis of that name."""
        found = {hypothesis.name: hypothesis for hypothesis in self.hypotheses}
        if name not in found:
            raise InputError(f"there is no hypothesis {name!r}: choose from {', '.join(found)}")
        return found[name]

    @property
    def _proved(self) -> str:
        return "certified" if self.pure or self.mixed else ""


@in_float64
def existence(game: DenseGame, *, budget: Whole = CONCAVITY_BUDGET) -> Existence:
    """Whether the theorems on existence apply to a game, and why or why not.

    Where boxes are compact, payoffs continuous and players mix independently, an equilibrium in
    mixed parameters exists. Where each player's payoff is also quasi-concave in its own parameters,
    whatever the others do, there is one in parameters. From a hypothesis that fails nothing
    follows; that a search finds an equilibrium is another matter.

    **Arguments:** `budget`, pieces looked at for each player to prove quasi-concavity, which is
    tried for two players with one bounded parameter each, and where nobody reads anybody.
    **Raises:** `InputError` for a game that is not given by its payoffs.
    **Cost:** a second or so; proofs of quasi-concavity more near a threshold.
    **Source:** Glicksberg 1952, Proc. AMS 3; Debreu 1952, PNAS 38; Fan 1952, PNAS 38.

        import glasshouse as gh

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        found = gh.existence(family(0.5))
        print(found.mixed, found.pure, found["quasi-concave"].holds)  # True None False
    """
    base_of(game)
    compact = _compact(game)
    continuous = continuity(game)
    concave = quasi_concavity(game, whole(budget, "budget"))
    hypotheses = (
        _quasi_concave(concave),
        continuous,
        compact,
        Hypothesis("convex", True, "boxes are convex"),
        Hypothesis("independent", True, "given all parameters, actions are drawn independently"),
    )
    mixed = True if compact.holds and continuous.holds else None
    pure = True if mixed and concave.holds else None  # mixed: its floats are its program
    return Existence(hypotheses, mixed, pure, "Arb arithmetic", _follows(mixed, pure, concave))


def _compact(game: DenseGame) -> Hypothesis:
    for player, box in enumerate(game.spaces, start=1):
        ends = [np.ravel(np.asarray(x)) for x in jax.tree.leaves((box.lower, box.upper))]
        if not all(np.isfinite(x).all() for x in ends):
            return Hypothesis(
                "compact", False, f"the box of player {player} is not bounded: set a finite bound"
            )
    return Hypothesis("compact", True, "all boxes are closed and bounded")


@in_float64
def continuity(game: DenseGame) -> Hypothesis:
    """Whether payoffs are continuous: every step of the semantics' program is, wherever it has a
    value and makes no choice; a choice may jump, which is shown by a witness."""
    if not isinstance(semantics_numbers(game), ProgramOnly):
        return Hypothesis("continuous", True, "the semantics is a composition of smooth functions")
    try:
        program = trace_all(game)
    except InputError as reason:
        return Hypothesis("continuous", None, f"the semantics was not read: {reason}")
    region = tuple(zip(*(bound.tolist() for bound in bounds(game)), strict=True))
    looked = tuple(map(_with_ends, region))
    where = where_all_differ(game, program, looked)
    if where is not None:
        return Hypothesis(
            "continuous", None, f"floats are another function than its program, at {few(where)}"
        )
    with precision(CONTINUITY_BITS):
        machine, box = Machine(program), intervals_of(looked)
        if not machine.is_continuous(box):
            return _jumping(jump(game, program, looked), base_of(game).player_names)
        defined = machine.is_defined(machine.held(box))
    if looked != region:
        return Hypothesis("continuous", None, "not shown on boxes without bounds")
    if not defined:
        return Hypothesis(
            "continuous", None, "a division, logarithm or root may have no value somewhere"
        )
    return Hypothesis("continuous", True, "every step of its program is continuous everywhere")


def _with_ends(side: tuple[float, float]) -> tuple[float, float]:
    """A range of a parameter, cut off where it has no end."""
    low, high = side
    low = low if math.isfinite(low) else min(high, 0.0) - FARTHEST_WITNESS
    return low, high if math.isfinite(high) else max(low, 0.0) + FARTHEST_WITNESS


def _jumping(found: Witness | None, names: Sequence[str]) -> Hypothesis:
    if found is None:
        why = "it chooses between branches, which may not meet; no jump was found"
        return Hypothesis("continuous", None, why)
    at, who = ", ".join(map(few, found.profiles[0])), player_word(found.player, names)
    why = f"the payoff of {who} jumps by some {found.amount:.6g} near ({at})"
    return Hypothesis("continuous", False, why, found)


def _quasi_concave(found: Concavity) -> Hypothesis:
    return Hypothesis("quasi-concave", found.holds, found.why, found.witness)


def _follows(mixed: bool | None, pure: bool | None, concave: Concavity) -> str:
    if pure:
        return "an equilibrium in parameters exists (Debreu, Fan, Glicksberg)"
    if mixed:
        why = "payoffs are not quasi-concave"
        if concave.holds is None:
            why = "it is not known whether payoffs are quasi-concave"
        return (
            "an equilibrium in mixed parameters exists (Glicksberg); whether one in parameters "
            f"does, does not follow, since {why}"
        )
    return "nothing follows: a hypothesis fails or is not decided; equilibria may exist or not"
