"""A computed study, with what it says in words."""

import dataclasses
import textwrap
from typing import Any

import wadler_lindig as wl

from glasshouse._foundation.results import LINE_WIDTH, plain
from glasshouse._foundation.tabular import ShownTable
from glasshouse.analysis.continuation import Branches
from glasshouse.analysis.equilibria.survey import NOTHING_SURVEYED
from glasshouse.analysis.equilibrium.certified_thresholds import EquilibriumCurve
from glasshouse.study.computed import Computed
from glasshouse.study.recipe import SCHEMA_VERSION
from glasshouse.study.tables import study_tables, swept
from glasshouse.study.words.headlines import finding
from glasshouse.study.words.maps import map_summary
from glasshouse.study.words.sentences import claims
from glasshouse.study.words.titles import study_title


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class StudyResult(Computed):
    """A computed study.

    **Arguments:** `prepared`, the study and its games; `table`, one row per point of the sweep
    (columns in the reference, "What glasshouse writes"); `base`, what is true at the study's own
    values; `base_game`, pure equilibria and welfare without transparency; `predictions` along the
    only axis, or None; `slices`, where there are more, one per value of the second axis (and those
    after it, the second running fastest);
    `certificates`, whether points are ε-equilibria at the study's own values, proved; `searched`,
    those of which neither is, with what a search found; `curve`, the
    equilibrium threshold at several bounds, or None; `portrait`, or None; `notes`, why parts are
    missing, and warnings; `comparison` of learners, or None; `league`, who met whom, or None;
    `map` of outcomes, or None.
    """

    ROWS = "swept"
    SAYS = "claims"

    @property
    def swept(self) -> ShownTable:
        """The sweep, one row for each of its points."""
        return swept(self)

    @property
    def claims(self) -> list[str]:
        """What the study found, in words."""
        return claims(self)

    @property
    def tables(self) -> dict[str, ShownTable]:
        """All tables, by name: each has `dataframe()`, `csv()` and `latex()`."""
        return study_tables(self)

    def to_dict(self) -> dict[str, Any]:
        """The study's answers, ready for JSON, as in `summary.json`; the table is not among them.

        The keys are documented in the reference, "What is written".
        """
        setting, compared = self.prepared.base, plain(self.comparison) or {}
        rows = compared.pop("rows", None)
        return {
            "schema_version": SCHEMA_VERSION,
            "title": study_title(self.prepared),
            "headline": finding(self),
            "game": setting.played.to_dict(),
            "semantics": plain(setting.study.settings()["semantics"]),
            "access": plain(setting.study.settings()["access"]),
            "learning": setting.learning_written,
            "observe": plain(self.observable),
            "claims": claims(self),
            "axes": [axis.key for axis in self.axes],
            "predictions": plain(self.predictions),
            "slices": plain(self.slices),
            "certificates": plain(self.certificates),
            "searched": plain(self.searched),
            "equilibrium_curve": _curve(self.curve),
            "base_game": plain(self.base_game),
            "base": plain(self.base),
            **(self.survey or NOTHING_SURVEYED).answers,
            "branches": [_followed(found) for found in self.branches],
            "comparison": compared or None,
            "rows": rows,
            "league": None if self.league is None else self.league.to_dict(),
            "map": None if self.map is None else map_summary(self.map),
            "notes": list(self.notes),
        }

    def __pdoc__(self, **settings: Any) -> wl.AbstractDoc:
        swept = " × ".join(
            f"{axis.key} ({axis.values[0]:g} to {axis.values[-1]:g})" for axis in self.axes
        )
        head = f"StudyResult: {self.prepared.base.title}, {self.table.num_rows} points"
        said = [*claims(self), *(f"Note: {note}." for note in self.notes)]
        lines = textwrap.wrap(f"{head} along {swept}" if swept else head, LINE_WIDTH)
        for text in said:
            lines += textwrap.wrap(text, LINE_WIDTH, initial_indent="  ", subsequent_indent="    ")
        return wl.TextDoc("\n".join(lines))


def _followed(found: Branches) -> dict[str, Any]:
    """Branches without their points, which have a table of their own."""
    kept = found.to_dict()
    kept.pop("points")
    return {"arms": len(found.arms), **kept}


def _curve(curve: EquilibriumCurve | None) -> dict[str, Any] | None:
    if curve is None:
        return None
    return {
        "bounds": list(curve.bounds),
        "brackets": [plain(threshold.bracket) for threshold in curve.thresholds],
        "results": [threshold.result for threshold in curve.thresholds],
        "limits": plain(curve.limits),
    }
