"""Similarity-based cooperation in closed form: which levels of it are equilibria."""

import dataclasses
import math
from typing import Any, ClassVar

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.results import Result
from glasshouse.errors import InputError
from glasshouse.games.normal_form import NormalFormGame, check_normal_form
from glasshouse.games.symmetric import Symmetric2x2


@dataclasses.dataclass(frozen=True, repr=False)
class SimilarityDeviation(Result):
    """The best deviation from a level of similarity-based cooperation.

    **Arguments:** `level` p of both; `gain`, at least 0; `own` and `other`, how likely each
    cooperates then.
    """

    level: float
    gain: float
    own: float
    other: float


@dataclasses.dataclass(frozen=True, repr=False)
class SimilarityRange(Evidenced):
    """At which levels similarity-based cooperation is an equilibrium.

    **Arguments:** `equilibria`, the interval of levels p above 0 from which no deviation gains,
    None where there is none (nobody ever cooperating is always one); `local`, the interval where no
    *small* deviation gains, which says too much where D > 0; `interaction` D; `method`, `detail`.
    """

    ROWS: ClassVar[str] = "ends"
    HEADINGS: ClassVar = {"gains": "who leaves", "low": "levels from", "high": "to"}

    equilibria: tuple[float, float] | None
    local: tuple[float, float] | None
    interaction: float
    method: str
    detail: str

    @property
    def ends(self) -> tuple[dict[str, Any], ...]:
        """Both intervals, as rows of a table."""
        said = {"gains nothing": self.equilibria, "gains nothing by a small step": self.local}
        none = (None, None)
        return tuple(
            {"gains": what, "low": (ends or none)[0], "high": (ends or none)[1]}
            for what, ends in said.items()
        )


def similarity_range(game: NormalFormGame) -> SimilarityRange:
    """The levels of cooperation that are equilibria where players see only how alike they are.

    Definition: p_i = clip((θ_i - |θ_1 - θ_2|)/N, 0, 1), θ_1 = θ_2 = p N. Lowering θ_i by s N leads
    to u(p - 2s, p - s), one's own cooperation first, down to u(0, p/2) and further; raising it, to
    u(p, p - s), however large the cutoff. No small deviation gains iff κ*(p) <= ½ and B(p) >= 0; no
    deviation gains iff also u(0, p/2) <= u(p, p) >= u(0, 0), which follows where
    D = R - S - T + P <= 0.

    **Arguments:** `game`, symmetric with two actions each; action 0 is cooperation.
    **Raises:** `InputError` for any other game.
    **Source:** the semantics of Oesterheld et al. 2023, arXiv:2211.14468, with uniform noise; the
    conditions follow from u being bilinear.

        import glasshouse as gh

        found = gh.theory.similarity_range(gh.load_game("prisoners_dilemma"))
        print([round(x, 4) for x in found.equilibria])  # [0.0, 0.6667]
    """
    payoffs = _symmetric(game)
    T, _, P, S = payoffs
    D = payoffs.interaction
    local = _where(2 * (S - P) + (T - P), 3 * D)
    rising = _where(T - P, D)
    small = _both(local, rising)
    whole = _both(small, _where(T + S - 2 * P, D))
    if D > 0:
        whole = _both(whole, _where(2 * (S - P) + (T - P), 2 * D))
    if whole is not None and whole[1] <= 0:
        whole = None
    return SimilarityRange(
        equilibria=whole,
        local=small,
        interaction=D,
        method="closed form",
        detail="symmetric game with two actions each; uniform noise; levels at cutoffs up to the "
        "largest noise, against any cutoff",
    )


def similarity_deviation(game: NormalFormGame, level: float) -> SimilarityDeviation:
    """The best deviation, to any cutoff, from both cooperating by similarity at one level.

    **Arguments, Raises:** as in `similarity_range`; `level` p in [0, 1].

        import glasshouse as gh

        found = gh.theory.similarity_deviation(gh.load_game("prisoners_dilemma"), 0.75)
        print(found.gain, found.own)  # 0.0078125 0.625
    """
    from glasshouse._foundation.numbers import number

    payoffs, p = _symmetric(game), number(level, "level", least=0.0, most=1.0)
    T, _, P, S = payoffs
    D = payoffs.interaction

    def paid(own: float, other: float) -> float:
        return P + (S - P) * own + (T - P) * other + D * own * other

    steps = [0.0, p / 2]
    slope = 2 * (S - P) + (T - P) + 3 * D * p  # of u(p - 2s, p - s) in s, with its sign changed
    if D < 0 and 0 < slope / (4 * D) < p / 2:
        steps.append(slope / (4 * D))
    tried = [(p - 2 * s, p - s) for s in steps] + [(0.0, 0.0), (p, 0.0)]
    own, other = max(tried, key=lambda pair: paid(*pair))
    gain = max(0.0, paid(own, other) - paid(p, p))
    return SimilarityDeviation(p, gain, own, other)


def _symmetric(game: NormalFormGame) -> Symmetric2x2:
    import numpy as np

    found = Symmetric2x2.from_tensor(
        np.asarray(check_normal_form(game, "similarity needs").tensor, dtype=float)
    )
    if found is None:
        raise InputError(
            f"{game.title}: levels of similarity need a symmetric game of two players with two "
            "actions each; certify answers for others, point by point"
        )
    return found


def _where(constant: float, slope: float) -> tuple[float, float] | None:
    """Where constant + slope · p >= 0 in [0, 1]."""
    zero = -constant / slope if slope else math.inf
    low, high = (zero, 1.0) if slope > 0 else (0.0, zero)
    if slope == 0:
        low, high = (0.0, 1.0) if constant >= 0 else (1.0, 0.0)
    return _both((0.0, 1.0), (low, high))


def _both(
    one: tuple[float, float] | None, other: tuple[float, float] | None
) -> tuple[float, float] | None:
    if one is None or other is None:
        return None
    low, high = max(one[0], other[0]), min(one[1], other[1])
    return (low, high) if low <= high else None
