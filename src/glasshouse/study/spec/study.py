"""The study file as frozen, validated models: TOML in, TOML out."""

import math
from collections.abc import Set
from pathlib import Path
from typing import Annotated, Any

import tomli_w
from pydantic import (
    BeforeValidator,
    StrictBool,
    field_validator,
    model_validator,
)

from glasshouse._foundation.declared import settings_of
from glasshouse.games.registry import CATALOGUE
from glasshouse.parametric.measure import COOPERATION, check_name
from glasshouse.parametric.observable import is_in_place
from glasshouse.study.spec.access import ACCESS_SPECS, AccessSection, with_threshold
from glasshouse.study.spec.axes import AxisSpec, RangeSpec, SweepAxis, flat_axes
from glasshouse.study.spec.comparison import UNASKED, ComparisonSpec, EntrySpec, some
from glasshouse.study.spec.dotted import leaves, numeric_leaves, replaced
from glasshouse.study.spec.game import GameSpec
from glasshouse.study.spec.hints import nearest_key, not_at
from glasshouse.study.spec.league import LeagueSpec, with_its_starts
from glasshouse.study.spec.learning import LearningSpec
from glasshouse.study.spec.map import MapSpec
from glasshouse.study.spec.rules import OWN_RULES, ByRule
from glasshouse.study.spec.semantics import SEMANTICS_SPECS, SemanticsSection
from glasshouse.study.spec.values import (
    Epsilon,
    Plugins,
    Section,
)

LONGEST_SWEEP = 20_000
"""More points in a sweep than this are taken for a slip of the finger."""

LARGEST_MAP = 100_000_000
"""The same of cells of a map."""

NAMING_KEYS = ("access.readers.", "game.simulated.simulator", "game.mediated.")
"""Beginnings of keys whose numbers name somebody and measure nothing."""


class AnalysisSpec(Section):
    """What to find out."""

    thresholds: StrictBool = True
    """Where along the axis things switch: first movement, the long run, equilibrium."""
    tied: StrictBool = True
    """Where learning ends if all share one parameter that starts neutral."""
    outcomes: StrictBool = True
    """Where learning ends from the starts of [learning]."""
    cycles: StrictBool = False
    """Whether these runs end at rest, in a cycle of how many steps, in chaos, or in neither: what
    large steps do. Columns `corner_share`, `cycle_share`, `chaotic_share`, `moving_share`, `period`
    and `exponent`; over two swept numbers a figure."""
    boundary_test: StrictBool = True
    """Whether the cooperative corner is an equilibrium."""
    portrait: StrictBool = True
    """The phase portrait at the study's own values (two players with one parameter each)."""
    observe: str = COOPERATION
    """What is looked at: instead of cooperation "welfare", "payoff", "payoff of PLAYER" or
    "probability of ACTION"; beside it a registered observable, or one as "rate CD"."""
    certify: Epsilon = 1e-6
    """Prove whether rest points and the corner are ε-equilibria: ε in units of payoff, or false."""
    equilibria: StrictBool = False
    """All equilibria at the study's own values: which, how many, and whether any must exist."""
    mixed: StrictBool = False
    """An equilibrium in mixtures over parameters, at the study's own values."""
    branches: tuple[str, ...] = ()
    """Swept numbers of the semantics along which rest points are followed, by dotted key."""

    @property
    def asks_for_equilibria(self) -> bool:
        """Whether more is asked about equilibria than of points that learning reaches."""
        return self.equilibria or self.mixed or bool(self.branches)

    @property
    def wanted(self) -> dict[str, bool]:
        """About which points of the game to find something out, for analyses.

        Where something else than cooperation is looked at, its corner and tied learning are not.
        """
        meant = not is_in_place(self.observe)
        return {
            "tied": self.tied and meant,
            "outcomes": self.outcomes,
            "boundary": self.boundary_test and meant,
        }

    @field_validator("observe")
    @classmethod
    def _is_observed(cls, value: str) -> str:
        check_name(value)
        return value


class Study(Section):
    """One game, one semantics, who sees what, one way to learn, and a sweep over their numbers.

    Build it from a file with `read_study`, or from the sections in Python.
    """

    plugins: Plugins = ()
    """Python files beside the study, or modules, that register what it names; run when checked."""
    game: GameSpec
    """What is played."""
    semantics: Annotated[SemanticsSection, SEMANTICS_SPECS] = SEMANTICS_SPECS["logistic"](
        kind="logistic"
    )
    """What a parameter means."""
    access: Annotated[AccessSection, ACCESS_SPECS, BeforeValidator(with_threshold)] = ACCESS_SPECS[
        "full"
    ](kind="full")
    """Who sees what of whose parameters."""
    learning: Annotated[LearningSpec, ByRule()] = LearningSpec()
    """How players learn, and from where."""
    sweep: Annotated[dict[str, AxisSpec] | None, BeforeValidator(flat_axes)] = None
    """Axes by dotted key, any number; default the semantics' coupling; {} for no sweep."""
    analysis: AnalysisSpec = AnalysisSpec()
    """What to find out; of a comparison, a league or a map, nothing else unless asked for."""
    comparison: ComparisonSpec | None = None
    """What learners are compared by; default mean payoffs."""
    compare: Annotated[tuple[Annotated[EntrySpec, ByRule()], ...], BeforeValidator(some)] = ()
    """Learners to compare, a table for each."""
    league: LeagueSpec | None = None
    """Learners and strategies that meet each other."""
    map: MapSpec | None = None
    """Outcomes over the axes of [sweep], two or more, as a map; all else is at the own values."""

    @model_validator(mode="before")
    @classmethod
    def _comparison_alone_unless_said(cls, data: Any) -> Any:
        is_map = isinstance(data, dict) and data.get("map") is not None
        if not isinstance(data, dict) or not (data.get("compare") or data.get("league") or is_map):
            return data
        if isinstance(league := data.get("league"), dict | LeagueSpec):
            data = with_its_starts(data, league)
        analysis = data.get("analysis", {})
        if isinstance(analysis, dict):
            analysis = {**UNASKED, **analysis}
        return {**({} if is_map else {"sweep": {}}), **data, "analysis": analysis}

    @model_validator(mode="after")
    def _comparison_is_possible(self) -> "Study":
        if self.comparison is not None and not self.compare:
            raise ValueError("key 'comparison' needs learners to compare: add [[compare]] tables")
        own = dict(leaves(self.settings())) if any(x.at for x in self.compare) else {}
        known = [key for key in own if not key.startswith(("learning.", "game.name"))]
        for k, entry in enumerate(self.compare):
            for key, value in entry.at.items():
                if key not in known:
                    hint = not_at(key, value) or (
                        f"names no key of this study: {nearest_key(key, known)}"
                    )
                    raise ValueError(f"key 'compare.{k}.at' {hint}")
                if isinstance(own[key], str) != isinstance(value, str):
                    raise ValueError(
                        f"key 'compare.{k}.at.{key}' must be such as {own[key]!r}, but is {value!r}"
                    )
        return self

    @model_validator(mode="after")
    def _league_is_possible(self) -> "Study":
        if self.league is None:
            return self
        learning, lists = self.learning, "and the entrants of [league] say who learns how"
        if self.compare:
            raise ValueError("[[compare]] and [league] are two questions: write one study for each")
        if learning.players is not None:
            raise ValueError(f"key 'learning.players' is given, {lists}: leave it out")
        if learning.rule != "gradient":
            raise ValueError(
                f"key 'learning.rule' is {learning.rule!r}, {lists}: leave it out, and add "
                f'{{ rule = "{learning.rule}" }} to them'
            )
        if learning.tied:
            raise ValueError(
                "key 'learning.tied': a league is of two who learn apart: leave it out"
            )
        return self

    @model_validator(mode="after")
    def _map_is_possible(self) -> "Study":
        if self.map is None:
            return self
        for name in ("compare", "league"):
            if getattr(self, name):
                raise ValueError(f"[map] and [{name}] are two questions: write one study for each")
        if len(self.swept) < 2:
            raise ValueError(
                f"key 'map' needs two axes or more, and [sweep] has {len(self.swept)}: add one, or "
                "leave [map] out"
            )
        if is_in_place(self.analysis.observe):
            raise ValueError(
                f"key 'analysis.observe' is {self.analysis.observe!r:.60}, and a map shows who "
                "cooperates: leave one of them out"
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _logistic_unless_said(cls, data: Any) -> Any:
        semantics = data.get("semantics") if isinstance(data, dict) else None
        if isinstance(semantics, dict) and "kind" not in semantics:
            return {**data, "semantics": {**semantics, "kind": "logistic"}}
        return data

    @model_validator(mode="after")
    def _sweep_is_possible(self) -> "Study":
        leaves = numeric_leaves(self.settings())
        for axis in self.swept:
            if axis.key.startswith(NAMING_KEYS) and axis.key in leaves:
                raise ValueError(f"key 'sweep.{axis.key}' names a player: write one study for each")
            if axis.key not in leaves:
                hint = self._of_another_rule(axis.key) or nearest_key(
                    axis.key, [key for key in leaves if not key.startswith(NAMING_KEYS)]
                )
                raise ValueError(f"key 'sweep.{axis.key}' is no number of this study: {hint}")
        points = math.prod(len(axis.values) for axis in self.swept)
        if self.map is not None and points > LARGEST_MAP:
            raise ValueError(f"the map has {points} cells: at most {LARGEST_MAP} are computed")
        if self.map is None and points > LONGEST_SWEEP:
            hint = "; add [map] for a map of outcomes" if len(self.swept) > 1 else ""
            raise ValueError(
                f"sweep has {points} points: at most {LONGEST_SWEEP} are computed{hint}"
            )
        return self

    def _of_another_rule(self, key: str) -> str:
        """Which rules have the number that the study's own has not; nothing for other keys."""
        table, _, name = key.rpartition(".")
        having = [rule for rule, made in OWN_RULES.items() if name in settings_of(made)]
        if table != "learning" or self.learning.players is not None or not having:
            return ""
        *most, last = map(repr, having)
        names = f"{', '.join(most)} and {last}" if most else last
        verb = "have" if most else "has"
        return f"the rule {self.learning.rule!r} has no {name}, which {names} {verb}"

    @property
    def axes(self) -> tuple[SweepAxis, ...]:
        """What is swept point by point: nothing where the sweep is a map."""
        return () if self.map is not None else self.swept

    @property
    def swept(self) -> tuple[SweepAxis, ...]:
        """All axes of [sweep]."""
        return tuple(
            SweepAxis(key, tuple(a.values().tolist() if isinstance(a, RangeSpec) else a))
            for key, a in self._swept().items()
        )

    def _swept(self) -> "dict[str, RangeSpec | list[float]]":
        """`[sweep]`; a study without it sweeps its semantics' own coupling."""
        if self.sweep is not None:
            return dict(self.sweep)
        own, usual = self.semantics.COUPLING, self.semantics.RANGE
        if own is None or usual is None:
            return {}
        start, stop, count = usual
        return {f"semantics.{own}": RangeSpec(start=start, stop=stop, count=count)}

    def settings(self, without: Set[str] = frozenset()) -> dict[str, Any]:
        """Everything but the sweep and the tables `without`, with every default written out."""
        learning = self.learning.written()
        if learning.spread is None:
            learning = learning.model_copy(update={"spread": self.semantics.SPREAD})
        written = self.model_copy(update={"learning": learning}).model_dump(
            exclude_none=True, exclude={"sweep", "comparison", "compare", "league", "map", *without}
        )
        if not self.plugins:
            written.pop("plugins", None)
        entry = CATALOGUE.get(self.game.name or "")
        if entry is not None:
            defaults, given = entry.defaults, self.game.parameters
            whole = {key for key, default in defaults.items() if isinstance(default, int)}
            written["game"]["parameters"] = {
                **defaults,
                **{k: int(v) if k in whole and v == int(v) else float(v) for k, v in given.items()},
            }
        return written

    def compared(self, k: int) -> "Study":
        """The study of one of the learners to compare, at its own values.

        **Raises:** `pydantic.ValidationError` for a value its key cannot take.
        """
        entry, settings = self.compare[k], self.settings()
        for key, value in entry.at.items():
            settings = replaced(settings, key, value)
        learning = entry.over(self.learning)
        return Study.model_validate({**settings, "learning": learning, "sweep": {}})

    def at(self, values: dict[str, float]) -> "Study":
        """The study without a sweep, its numbers at these dotted keys replaced.

        **Raises:** `pydantic.ValidationError` for a value its key cannot take.
        """
        # A table of payoffs may be long, and a sweep of many points leaves it as it is.
        as_it_is = self.game.payoffs is not None and not any(key[:5] == "game." for key in values)
        settings = self.settings(without={"game"} if as_it_is else set())
        for key, value in values.items():
            settings = replaced(settings, key, value)
        if as_it_is:
            settings["game"] = self.game
        return Study.model_validate({**settings, "sweep": {}})

    def resolved(self) -> dict[str, Any]:
        """The study with every default written out, ready for TOML; files by their names."""
        written = self.settings()
        if self.game.file is not None:
            written["game"]["file"] = Path(self.game.file).name
        if self.plugins:
            written["plugins"] = [Path(p).name if p[-3:] == ".py" else p for p in self.plugins]
        function = written["semantics"].get("function")
        if function is not None and function.rpartition(":")[0].endswith(".py"):
            written["semantics"]["function"] = Path(function).name
        written["sweep"] = {
            key: a.model_dump() if isinstance(a, RangeSpec) else list(a)
            for key, a in self._swept().items()
        }
        if self.compare:
            written["comparison"] = (self.comparison or ComparisonSpec()).written()
            written["compare"] = [entry.given() for entry in self.compare]
        if self.league is not None:
            written["league"] = self.league.written()
        if self.map is not None:
            written["map"] = self.map.written()
        return written

    def to_toml(self) -> str:
        """The resolved study as the text of a study file."""
        return tomli_w.dumps(self.resolved())
