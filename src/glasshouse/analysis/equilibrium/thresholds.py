"""The coupling from which the cooperative corner passes the boundary test, by trying couplings."""

import math
from typing import Any

import numpy as np

from glasshouse._foundation.numbers import Numbers, Pair, Whole
from glasshouse._foundation.precision import in_float64
from glasshouse.analysis.equilibrium.deviations import (
    NEEDED,
    TOO_SATURATED,
    BoundaryTest,
    boundary_tests,
)
from glasshouse.analysis.movement.couplings import SEARCH_POINTS, Family, range_searched, search_of
from glasshouse.analysis.movement.switch import Switch, find_switch
from glasshouse.errors import InputError


@in_float64
def equilibrium_threshold(
    family: Family,
    *,
    bracket: Pair | None = None,
    points: Whole = SEARCH_POINTS,
    tolerance: Numbers = 1e-9,
) -> Switch:
    """The smallest coupling from which the cooperative corner passes the boundary test.

    **Arguments:** `family(coupling)`, a game whose players have one bounded parameter each;
    `bracket`, couplings to search (default as in `critical_coupling`); `points`, couplings
    tried at once; `tolerance`, width of the final bracket.
    **Returns:** a `Switch`. A pass that begins and ends between two of the couplings tried first is
    not seen, and nothing is proved about the couplings between them.

        import glasshouse as gh

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        print(round(gh.equilibrium_threshold(family).value, 6))  # 0.870467
    """
    low, high = range_searched(family, bracket, "the boundary test", *NEEDED)

    def margins(couplings: np.ndarray) -> np.ndarray:
        games: Any = [family(float(k)) for k in couplings]
        tests = boundary_tests(games)
        saturated = [test.reason for test in tests if test.reason == TOO_SATURATED]
        if saturated:
            raise InputError(saturated[0])
        return np.array([_passes_clearly(test) for test in tests])

    detail = f"boundary test at {points} values in [{low:g}, {high:g}]"
    search = search_of(low, high, points, tolerance)
    settings = {"start": "the cooperative corner", "tolerance": search.tolerance}
    return find_switch(margins, search, 0.5, "numerical", detail, settings)


def _passes_clearly(test: BoundaryTest) -> float:
    """1 for a pass, -1 for a fail, 0 where rounding has the last word, NaN where undecided."""
    if test.passes is None:
        return math.nan
    if not test.passes:
        return -1.0
    gains = any(deviation.gain > 0 for deviation in test.deviations)
    return 0.0 if gains or min(test.slopes) <= test.tolerance else 1.0
