"""What an atlas is computed with."""

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.numbers import whole
from glasshouse.dynamics.learning import Learning
from glasshouse.dynamics.starts import Starts
from glasshouse.rules import AbstractRule, Gradient

STEP_SIZE, BOUND = 0.1, 3.0
"""Steps, in parameter units per unit of gradient; and every parameter lies in [-3, 3]."""

LOOK_AHEADS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0)
"""Of LOLA, in the atlas of symmetric games; 0 is selfish learning."""


@dataclasses.dataclass(frozen=True)
class AtlasSettings:
    """How many couplings from 0 to below 1, starts N(0, 1) and steps there are, and their seed.

    **Arguments:** `shaping`, how many such couplings the atlas of shaping has; `corners`, at how
    many from 0 to 1 corners are tested before the ends of their ranges are narrowed; of both 0
    leaves that out.
    **Raises:** `InputError` for numbers that cannot be.
    """

    couplings: int = 50
    runs: int = 200
    steps: int = 6000
    shaping: int = 10
    corners: int = 26
    seed: int = 0

    def __post_init__(self):
        for name, least, most in (
            ("couplings", 3, 1001),
            ("runs", 1, 100_000),
            ("steps", 1, 10_000_000),
            ("shaping", 0, 1001),
            ("corners", 0, 1001),
            ("seed", 0, 2**32 - 1),
        ):
            found = whole(getattr(self, name), name, least=least, most=most)
            object.__setattr__(self, name, found)

    @property
    def grid(self) -> Float[np.ndarray, "couplings"]:
        """The couplings, from 0 to below 1, where both always play alike."""
        return np.arange(self.couplings) / self.couplings

    @property
    def shaping_grid(self) -> Float[np.ndarray, "couplings"]:
        """Those of the atlas of shaping."""
        return np.arange(self.shaping) / self.shaping

    def learning(self, rule: AbstractRule = Gradient()) -> Learning:
        """How players learn."""
        starts = Starts(self.runs, seed=self.seed)
        return Learning(rule, STEP_SIZE, self.steps, starts=starts)

    def to_dict(self) -> dict[str, Any]:
        """All of it, as `atlas.json` says it."""
        more = {"step_size": STEP_SIZE, "bound": BOUND, "look_aheads": list(LOOK_AHEADS)}
        return {**dataclasses.asdict(self), **more}
