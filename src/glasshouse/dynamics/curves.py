"""What a training came to: its parts, and the curves of all seeds."""

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from glasshouse._foundation.results import Result
from glasshouse._foundation.seeds import band_of_seeds
from glasshouse.parametric import Params
from glasshouse.rules.sampled.report import Report, cautions_of, reports

if TYPE_CHECKING:
    from glasshouse.dynamics.training import Training


class TrainingPart(NamedTuple):
    """A part of a training, and all that is needed to go on from its end.

    **Arguments:** `params` and `state` at its end, seeds first; `updates` taken before each
    record; `measured`, by name: records, seeds, players.
    """

    params: Params
    state: Any
    updates: Int[np.ndarray, "records"]
    measured: dict[str, Float[np.ndarray, "records seeds players"]]


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Curves(Result):
    """What training came to, seed by seed.

    **Arguments:** `updates` taken before each record, the first 0; `measured`, by name: "payoff",
    discounted per step, "reward", the mean of a step, and how often a step has each event of the
    game; a seed whose parameters left the reals is NaN from then on; `params` at the end, seeds
    first; `seeds`, their numbers; `detail`, how it was trained, in words; `cautions`, what the rule
    gives reason to be warned of; `reports` of what it noted of its critics, seeds first, one for
    each rule that keeps any.
    """

    updates: Int[np.ndarray, "records"]
    measured: dict[str, Float[np.ndarray, "records seeds players"]]
    params: Params
    seeds: tuple[int, ...]
    detail: str
    cautions: tuple[str, ...] = ()
    reports: tuple[Report, ...] = ()

    @property
    def failed(self) -> tuple[int, ...]:
        """The seeds whose parameters left the reals."""
        lost = np.isnan(self.measured["payoff"][-1]).any(axis=-1)
        return tuple(seed for seed, is_lost in zip(self.seeds, lost, strict=True) if is_lost)

    def band(self, name: str) -> Float[np.ndarray, "records players 3"]:
        """The mean over the seeds that did not fail, and a standard error below and above it."""
        return band_of_seeds(self.measured[name])


def joined_curves(parts: list[TrainingPart], training: "Training") -> Curves:
    """The curves of a whole training."""
    names = parts[0].measured
    measured = {name: np.concatenate([part.measured[name] for part in parts]) for name in names}
    seeds = tuple(range(training.first, training.first + training.seeds))
    updates = np.concatenate([part.updates for part in parts])
    end = parts[-1]
    said = tuple(
        dict.fromkeys(caution.words for caution in cautions_of(training.learner, end.state))
    )
    noted = tuple(reports(end.state))
    return Curves(updates, measured, end.params, seeds, training.in_words, said, noted)
