"""When the runs of a study stop before all steps are taken."""

from typing import Annotated

from pydantic import Field

from glasshouse.dynamics.rest import Rest
from glasshouse.study.spec.values import Number, Section


class StopSpec(Section):
    """A table inside of [learning]: stop where players are at rest."""

    tolerance: Annotated[Number, Field(gt=0, lt=1)] = 1e-8
    """Players rest where directions are below this share of what they could be."""
    every: Annotated[int, Field(ge=1, le=10_000_000, strict=True)] = 100
    """Steps between two checks."""

    def build(self) -> Rest:
        """The criterion."""
        return Rest(self.tolerance, self.every)
