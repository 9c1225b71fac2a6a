"""Ways to be transparent, side by side: under which of them both cooperate, and at which price."""

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from glasshouse._foundation.numbers import Numbers, number
from glasshouse._foundation.results import Result
from glasshouse.analysis.equilibrium.certified_thresholds import certified_threshold
from glasshouse.analysis.equilibrium.pure_profiles import pure_equilibria
from glasshouse.errors import InputError
from glasshouse.families.family import LogisticFamily
from glasshouse.games.normal_form import check_normal_form
from glasshouse.games.symmetric import Symmetric2x2
from glasshouse.games.transforms.mediation import mediated
from glasshouse.programs import modal, program_game
from glasshouse.theory.limits import DOWN_TO_MINUS_ONE, corner_limits
from glasshouse.theory.registry import Unknown, known
from glasshouse.theory.similarity import similarity_range
from glasshouse.theory.symmetric import SMALLEST_EFFECT, equilibrium_weights, thresholds

if TYPE_CHECKING:
    from glasshouse.games.normal_form import NormalFormGame

EQUILIBRIUM = "both cooperating is an equilibrium"

PROVABLY_TRIED = ("CooperateBot", "DefectBot", "FairBot", "PrudentBot")
"""Beside one that cooperates unprovably: together they pay whoever meets a FairBot or a PrudentBot
everything that any program could get from it, for neither ever cooperates with who defects."""

Holds = Literal["yes", "no", "in part", "unknown"]

Cooperating = tuple[float, float]
"""How likely oneself and the other cooperate."""


@dataclasses.dataclass(frozen=True, repr=False)
class TransparentWay(Result):
    """One way to be transparent, and whether both cooperate under it.

    **Arguments:** `way`; `who` is transparent, and how; `meaning`, what is said: that both
    cooperating is an equilibrium, or where learners move; `verdict`, "in part" where not from one
    parameter on, or never with certainty, as the `reason` says; `symbol` of the parameter, empty
    without one; it holds from `start` to `end` of it; `at`, the one that what follows is
    about: the least transparent, of similarity the level with most cooperation; `cooperation`, how
    likely each then cooperates; `payoff` of each; `forgone`, how much less that is than R; `least`,
    what a player is paid at worst that keeps to its part while the other does what it likes, None
    where that is not known; `evidence`: "closed form", "certified", "refuted", "unknown"; `reason`.
    """

    HEADINGS: ClassVar = {
        "way": "way",
        "who": "who",
        "meaning": "what is said",
        "verdict": "does it hold",
        "symbol": "parameter",
        "start": "from",
        "end": "to",
        "payoff": "pays",
        "forgone": "forgone",
        "least": "at worst",
        "evidence": "evidence",
    }

    way: str
    who: str
    meaning: str
    verdict: Holds
    symbol: str = ""
    start: float | None = None
    end: float | None = None
    at: float | None = None
    cooperation: float | None = None
    payoff: float | None = None
    forgone: float | None = None
    least: float | None = None
    evidence: str = "closed form"
    reason: str = ""

    @property
    def interval(self) -> tuple[float, float] | None:
        """The parameters at which it holds, None without any."""
        return None if self.start is None or self.end is None else (self.start, self.end)


@dataclasses.dataclass(frozen=True, repr=False)
class TransparentWays(Result):
    """All ways to be transparent in one game.

    **Arguments:** `title` of the game; `reward` R, what both are paid who cooperate; `ways`.
    """

    ROWS: ClassVar[str] = "ways"

    title: str
    reward: float
    ways: tuple[TransparentWay, ...]

    @property
    def verdicts(self) -> dict[str, Holds]:
        """Whether both cooperating is an equilibrium, by way and who."""
        said = (one for one in self.ways if one.meaning == EQUILIBRIUM)
        return {f"{one.way}: {one.who}": one.verdict for one in said}


def ways_to_be_transparent(
    game: "NormalFormGame", *, bound: Numbers | None = None
) -> TransparentWays:
    """Under which ways to be transparent both cooperate, from which parameter on, at which price.

    Definition: programs that prove things of each other (FairBot, PrudentBot); that run each other,
    acting by themselves with probability ε, or handing on with weight w; players that see
    only how alike they are; a mediator that defects for who asks it alone; and parameters that are
    read, with coupling κ through the logistic or weight w through the affine semantics. Each is
    asked whether both cooperating is an equilibrium; of the coupling also where learners move.

    **Arguments:** `game`, symmetric with two actions each; action 0 is cooperation; `bound` M, of
    parameters, for a certified threshold beside the limit of large bounds.
    **Raises:** `InputError` for other games, and payoffs that overflow.
    **Cost:** milliseconds; with `bound` some thirty proofs, a second.
    **Source:** Barasz et al. 2014; Oesterheld 2019; Oesterheld et al. 2023; Monderer & Tennenholtz
    2009; Todorov, ten Napel & Müller 2026.

        import glasshouse as gh

        found = gh.analysis.ways_to_be_transparent(gh.load_game("prisoners_dilemma"))
        fair = next(one for one in found.ways if one.symbol == "ε")
        print(fair.verdict, round(fair.at, 4))  # yes 0.3333
    """
    game = check_normal_form(game, "ways to be transparent need")
    payoffs = Symmetric2x2.from_tensor(np.asarray(game.tensor, dtype=float))
    if payoffs is None:
        raise InputError(
            f"{game.title}: ways to be transparent are compared in symmetric games of two players "
            "with two actions each; programs, mediators and certificates answer for others, one "
            "by one"
        )
    if not 4 * payoffs.payoff_range < math.inf:
        raise InputError(f"{game.title}: payoffs overflow: rescale them")
    certified = []
    if bound is not None:
        certified.append(_at_bound(game, payoffs, number(bound, "bound", above=0.0)))
    ways = (
        _opaque(game, payoffs),
        *_provable(game, payoffs),
        _grounded(game, payoffs),
        _running_each_other(payoffs),
        _similar(game, payoffs),
        _mediator(game, payoffs),
        *_movement(game, payoffs),
        _coupled(game, payoffs),
        *certified,
        _weighted(payoffs),
    )
    return TransparentWays(game.title, payoffs.R, ways)


def _opaque(game: "NormalFormGame", payoffs: Symmetric2x2) -> TransparentWay:
    said = TransparentWay("none", "nobody is transparent", EQUILIBRIUM, "no")
    if (0, 0) not in pure_equilibria(game):
        return said
    return _reached(said, payoffs, least=min(payoffs.R, payoffs.S))


def _provable(game: "NormalFormGame", payoffs: Symmetric2x2) -> list[TransparentWay]:
    """FairBot and PrudentBot against everything that a program could do to them."""
    unprovable = modal("not box false", "ConsistentBot")
    choice = program_game(game, [*PROVABLY_TRIED, unprovable])
    stay, paid = pure_equilibria(choice), np.asarray(choice.tensor)[0]
    ways = []
    for name in ("FairBot", "PrudentBot"):
        k = PROVABLY_TRIED.index(name)
        said = TransparentWay("provability", f"both are {name}", EQUILIBRIUM, "no")
        least = float(paid[k].min())
        ways.append(_reached(said, payoffs, least=least) if (k, k) in stay else said)
    return ways


def _grounded(game: "NormalFormGame", payoffs: Symmetric2x2) -> TransparentWay:
    who = "both are ε-grounded FairBots"
    said = TransparentWay("simulation", who, EQUILIBRIUM, "no", "ε")
    found = known("largest epsilon", game)
    if isinstance(found, Unknown):
        return dataclasses.replace(said, verdict="unknown", evidence="unknown", reason=found.reason)
    if found.value is None:
        return said
    epsilon = found.value
    least = _lowest(payoffs, [(epsilon, 0.0), (1.0, 1.0)])
    return _reached(said, payoffs, (0.0, epsilon), epsilon, least=least)


def _running_each_other(payoffs: Symmetric2x2) -> TransparentWay:
    """By the affine semantics, whose weight is then w/(1+w), below ½ as nobody runs for ever."""
    who = "both run each other with probability w, and choose what they else do"
    said = TransparentWay("simulation", who, EQUILIBRIUM, "no", "w")
    runs = [
        (low / (1 - low), 1.0 if high >= 0.5 else high / (1 - high))
        for low, high in equilibrium_weights(payoffs)
        if 1 - 2 * low > SMALLEST_EFFECT
    ]
    return _by_weights(said, payoffs, runs, lambda w: w / (1 + w))


def _similar(game: "NormalFormGame", payoffs: Symmetric2x2) -> TransparentWay:
    who = "both cooperate with the alike, at one level p"
    said = TransparentWay("similarity", who, EQUILIBRIUM, "no", "p")
    found = similarity_range(game).equilibria
    if found is None or found[1] <= 0:
        return said
    p = found[1]
    away = [(p, p), (p / 2, 0.0), (0.0, 0.0)]
    above = [(p, p), (0.0, p)]
    least = min(_lowest(payoffs, away), _lowest(payoffs, above))
    shown = _reached(said, payoffs, found, p, p, least)
    if p >= 1 - SMALLEST_EFFECT:
        return shown
    reason = f"not with certainty, up to p = {p:.6g}"
    return dataclasses.replace(shown, verdict="in part", reason=reason)


def _mediator(game: "NormalFormGame", payoffs: Symmetric2x2) -> TransparentWay:
    who = "both let it play; it defects for who asks it alone"
    said = TransparentWay("mediation", who, EQUILIBRIUM, "no")
    choice = mediated(game, [0, 0], [1, 1])
    if (0, 0) not in pure_equilibria(choice):
        return said
    return _reached(said, payoffs, least=float(np.asarray(choice.tensor)[0, 0].min()))


def _movement(game: "NormalFormGame", payoffs: Symmetric2x2) -> list[TransparentWay]:
    """Where learners move: the thresholds of the coupling, none of which is an equilibrium's."""
    found, ways = thresholds(game), []
    kinds = (found.defection, found.neutral, found.cooperation)
    symbols = ("κ > κ_D", "κ > κ_½", "κ > κ_C")
    for p, symbol, kind in zip((0.0, 0.5, 1.0), symbols, kinds, strict=True):
        said = TransparentWay("coupling", "both read each other", kind.meaning, "no", symbol)
        if kind.value is not None:
            ends = {"start": kind.value, "end": math.inf, "at": kind.value}
            ways.append(dataclasses.replace(said, verdict="yes", **ends))
        else:
            verdict = _without_threshold(payoffs, p)
            ways.append(dataclasses.replace(said, verdict=verdict, reason=kind.reason))
    return ways


def _without_threshold(payoffs: Symmetric2x2, p: float) -> Holds:
    """What holds of A + κB > 0 for κ > -1 where that does not turn true at one κ of these."""
    own, other = payoffs.own_effect(p), payoffs.other_effect(p)
    scale = SMALLEST_EFFECT * payoffs.payoff_range
    if abs(other) <= scale:
        return "unknown" if abs(own) <= scale else "yes" if own > 0 else "no"
    if other > 0:
        return "yes"
    return "in part" if own > other else "no"


def _coupled(game: "NormalFormGame", payoffs: Symmetric2x2) -> TransparentWay:
    who = "both read each other; bounds on parameters grow"
    said = TransparentWay("coupling", who, EQUILIBRIUM, "no", "κ")
    found = corner_limits(game).threshold
    if found.value is not None:
        return _reached(said, payoffs, (found.value, math.inf), found.value)
    if found.reason == DOWN_TO_MINUS_ONE:
        return dataclasses.replace(_reached(said, payoffs, (-1.0, math.inf)), reason=found.reason)
    return dataclasses.replace(said, reason=found.reason)


def _at_bound(game: "NormalFormGame", payoffs: Symmetric2x2, bound: float) -> TransparentWay:
    who = f"both read each other; parameters up to {bound:g}"
    said = TransparentWay("coupling", who, EQUILIBRIUM, "no", "κ")
    found = certified_threshold(LogisticFamily(game, bound=bound), tolerance=1e-3)
    top, unfinished = found.highest, "the proofs did not finish"
    if found.result == "unknown":
        return dataclasses.replace(said, verdict="unknown", evidence="unknown", reason=unfinished)
    if found.result == "nowhere":
        reason = f"not at κ = {top:g}, and no larger one was tried"
        return dataclasses.replace(said, evidence="refuted", reason=reason)
    low = found.lowest if found.bracket is None else found.bracket[1]
    cooperation = 1 / (1 + math.exp(-(1 + low) * bound))
    shown = _reached(said, payoffs, (low, top), low, cooperation)
    return dataclasses.replace(shown, evidence="certified", reason=f"proved up to κ = {top:g}")


def _weighted(payoffs: Symmetric2x2) -> TransparentWay:
    who = "both read each other, through the affine semantics"
    said = TransparentWay("weight", who, EQUILIBRIUM, "no", "w")
    return _by_weights(said, payoffs, equilibrium_weights(payoffs), lambda w: w)


def _by_weights(
    said: TransparentWay,
    payoffs: Symmetric2x2,
    found: Sequence[tuple[float, float]],
    weight: Callable[[float], float],
) -> TransparentWay:
    """Where both cooperating is an equilibrium at these; `weight`, that of the affine semantics."""
    if not found:
        return said
    at, end = found[0]
    least = _lowest(payoffs, [(1 - weight(at), weight(at)), (1.0, 1.0)])
    shown = _reached(said, payoffs, found[0], at, least=least)
    if end == 1:
        return shown
    again = f" and again from {found[1][0]:.6g}" if len(found) == 2 else ""
    return dataclasses.replace(shown, verdict="in part", reason=f"up to {end:.6g}{again}")


def _reached(
    said: TransparentWay,
    payoffs: Symmetric2x2,
    interval: tuple[float, float] | None = None,
    at: float | None = None,
    cooperation: float = 1.0,
    least: float | None = None,
) -> TransparentWay:
    """The same way, under which both cooperate with this probability."""
    paid = _paid(payoffs, (cooperation, cooperation))
    return dataclasses.replace(
        said,
        verdict="yes",
        start=interval and interval[0],
        end=interval and interval[1],
        at=at,
        cooperation=cooperation,
        payoff=paid,
        forgone=payoffs.R - paid,
        least=least,
    )


def _paid(payoffs: Symmetric2x2, point: Cooperating) -> float:
    T, R, P, S = payoffs
    own, other = point
    cooperating, defecting = other * R + (1 - other) * S, other * T + (1 - other) * P
    return own * cooperating + (1 - own) * defecting


def _lowest(payoffs: Symmetric2x2, path: Sequence[Cooperating]) -> float:
    """The least payoff along straight pieces, on each of which it is quadratic."""
    found = [_paid(payoffs, point) for point in path]
    for (own, other), (own_end, other_end) in itertools.pairwise(path):
        steps = (own_end - own, other_end - other)
        bend = payoffs.interaction * steps[0] * steps[1]
        slope = payoffs.own_effect(other) * steps[0] + payoffs.other_effect(own) * steps[1]
        if bend > 0 and 0 < -slope < 2 * bend:
            x = -slope / (2 * bend)
            found.append(_paid(payoffs, (own + x * steps[0], other + x * steps[1])))
    return min(found)
