"""`[learning]` of a study: by which rule, in how many steps of which size, and from where."""

from typing import Annotated, Literal, cast

from pydantic import Field, StrictBool

from glasshouse.dynamics.learning import Learning
from glasshouse.dynamics.starts import Starts
from glasshouse.study.spec.rules import ByRule, LineUpSection, PlayerSpec
from glasshouse.study.spec.stop import StopSpec
from glasshouse.study.spec.values import Positive, Start


class LearningSpec(LineUpSection):
    """How players learn, and from where."""

    players: Annotated[tuple[Annotated[PlayerSpec, ByRule()], ...], Field(min_length=2)] | None = (
        None
    )
    """A line-up in place of `rule`: one table for each player."""
    step_size: Positive = 0.1
    """Parameter units per step and unit of gradient."""
    steps: Annotated[int, Field(ge=1, le=10_000_000, strict=True)] = 6000
    """Learning steps of every run from `start`; long runs of thresholds and portraits have own."""
    stop: StopSpec | None = None
    """Stop runs where players rest under their rule, as { tolerance = 1e-8 }; default all steps."""
    start: Start = "normal"
    """"normal", "grid", "neutral", "initial" (networks' own initialisers), or a list of starts,
    each one number per player."""
    starts: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] = 200
    """How many: draws for "normal" and "initial"; for "grid" a whole power, such as 15² = 225 for
    two players."""
    spread: Positive | None = None
    """Standard deviation of "normal" starts about the neutral one; default 1, affine 0.2."""
    seed: Annotated[int, Field(ge=0, lt=2**32, strict=True)] = 0
    """Of drawn starts, and of what learners see: the same seed, the same numbers, however many and
    with any JAX setting."""
    tied: StrictBool = False
    """Whether all players share one parameter, each contributing its own selfish gradient."""
    batch: Annotated[int, Field(ge=1, le=100_000_000, strict=True)] = 100_000
    """Most trajectories in memory at once; a table is written after each batch."""

    def build(self, spread: float) -> Learning:
        """How players learn, `spread` being the semantics' own unless given."""
        rule = self.build_learners(self.step_size)
        starts = self._starts(spread)
        stop = None if self.stop is None else self.stop.build()
        return Learning(rule, self.step_size, self.steps, stop, starts, self.tied, self.seed)

    def _starts(self, spread: float) -> Starts:
        spread = spread if self.spread is None else self.spread
        if isinstance(self.start, str):
            kind = cast(Literal["normal", "grid", "neutral", "initial"], self.start)
            return Starts(self.starts, spread, self.seed, kind=kind)
        profiles = tuple(tuple(map(float, profile)) for profile in self.start)
        return Starts(profiles=profiles, kind="given")
