"""`[map]` of a study: outcomes over all axes of its sweep, computed where they change."""

from typing import Annotated, Any

from pydantic import Field, StrictBool

from glasshouse.study.spec.values import Section


class MapSpec(Section):
    """Outcomes over the axes of [sweep], two or more."""

    adaptive: StrictBool = True
    """Whether to compute only cells along the boundaries between outcomes, and a lattice; false for
    all cells."""
    coarse: Annotated[int, Field(ge=2, le=256, strict=True)] = 8
    """Values between points of the lattice, along each of the first two axes."""
    audit: Annotated[int, Field(ge=0, le=10_000_000, strict=True)] = 3000
    """Cells that were left out to compute for control."""
    seed: Annotated[int, Field(ge=0, lt=2**32, strict=True)] = 0
    """Of which cells these are."""
    piece: Annotated[int, Field(ge=16, le=4096, strict=True)] = 256
    """Cells along a side of a piece, which one process computes: fewer make more pieces, and cost
    more."""

    def written(self) -> dict[str, Any]:
        """What has an effect, with every default."""
        return self.model_dump(include=None if self.adaptive else {"adaptive", "piece"})
