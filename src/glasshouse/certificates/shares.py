"""Everyone's last probabilities, and with them ranges of shares that add up to one."""

import copy
from collections.abc import Sequence

from flint import arb

from glasshouse.certificates import intervals as iv
from glasshouse.certificates.charts import charted
from glasshouse.certificates.covers import Chart, Region
from glasshouse.certificates.intervals import Interval
from glasshouse.certificates.payoff import Vectors
from glasshouse.certificates.program import Machine, Program


class LastShares:
    """Everyone's last probabilities, from the program where it has them.

    **Arguments:** `proper`, whether outputs are probabilities by construction: of others rounding
    may make one negative, which no bound may overlook.
    """

    def __init__(self, program: Program, actions: Sequence[int], proper: bool):
        self._proper = proper
        last = tuple(own[m - 1 :] for own, m in zip(program.outputs, actions, strict=True))
        self._machine = Machine(program.computing(last))

    def seen_from(self, chart: Chart) -> "LastShares":
        """The same in a chart's coordinates."""
        other = copy.copy(self)
        other._machine = Machine(charted(self._machine.program, chart))
        return other

    def with_last(
        self, region: Region, vectors: Vectors, totals: Sequence[arb]
    ) -> list[list[Interval]] | None:
        """The probabilities of all actions, none below zero; None where that is not known."""
        lasts = self._machine.values([(arb(low), arb(high)) for low, high in region])
        shares = []
        for own, last, total in zip(vectors, lasts, totals, strict=True):
            low, high = iv.ZERO, total
            for p in own:
                low, high = low + p[1], high - p[0]
            low = total - low
            if last:
                low, high = low.max(last[0][0]), high.min(last[0][1])
            shares.append([*own, (low.max(iv.ZERO) if self._proper else low, high)])
        known = all(p[0] >= 0 and p[1].is_finite() for own in shares for p in own)
        return shares if known else None
