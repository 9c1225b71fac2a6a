"""The challenge: predictions are filed first, and then networks learn with the glass open."""

import math
from typing import Any, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.progress import progress
from glasshouse.analysis.challenge.networks import (
    STANDARD_GAME,
    even_threshold,
    networks_of,
    rates_of,
    stage_of,
)
from glasshouse.analysis.challenge.sampled import (
    forecasts_by_sampling,
    measured_by_sampling,
    tables_of,
)
from glasshouse.analysis.challenge.scores import ChallengeFindings, ChallengeTrial, first_switch
from glasshouse.analysis.challenge.settings import (
    SAMPLED,
    TIED_START,
    Challenge,
    Forecast,
    Forecasts,
    Part,
    part_of,
)
from glasshouse.analysis.movement.couplings import SMALLEST_RISE
from glasshouse.analysis.movement.first_order import SLOWEST_MOVEMENT, mean_cooperation
from glasshouse.analysis.sceptic.switches import Member, above, at_gain, margin_at, switches
from glasshouse.dynamics.batch import batch_map, repeat
from glasshouse.dynamics.driver import end_of
from glasshouse.parametric import Params, Tied
from glasshouse.rules.gradient import Gradient
from glasshouse.theory.diagonals import LogisticDiagonal, diagonal_rest_points

FINE_ROUNDS = 6
"""Times a predicted switch is narrowed: to 1e-7 of the spacing of the gains."""


@runtime_checkable
class Keeper(Protocol):
    """Who files forecasts, and keeps what was measured for those who go on after an interrupt."""

    def file(self, forecasts: Forecasts) -> None:
        """File what is predicted, before anybody learns."""

    def known(self, part: str) -> tuple[ChallengeTrial, ...] | None:
        """What was measured of a part under the same forecasts; None where nothing was."""

    def keep(self, part: str, trials: tuple[ChallengeTrial, ...]) -> None:
        """Keep what was measured of a part."""


@in_float64
def forecast_challenge(settings: Challenge = Challenge()) -> Forecasts:
    """Predict, from the start alone, from which gain on mean cooperation rises.

    Networks are trained where a part says so, with nobody reading; nobody learns with the glass
    open.

    **Returns:** `Forecasts`, with the hash under which they can be filed.
    """
    return _forecast(settings)[0]


@in_float64
def run_challenge(
    settings: Challenge = Challenge(), keeper: Keeper | None = None
) -> ChallengeFindings:
    """Predict and file, then let all networks learn at every gain, and measure.

    **Arguments:** `keeper`, who files the forecasts before anybody learns, and keeps parts.
    **Returns:** `ChallengeFindings`, one `ChallengeTrial` per pair of networks.
    **Cost:** parts × seeds × points × the longest window learning steps: for everything about an
    hour on two cores.
    """
    forecasts, networks = _forecast(settings)
    if keeper is not None:
        keeper.file(forecasts)
    trials: list[ChallengeTrial] = []
    with progress("the challenge", len(settings.parts)) as advance:
        for part in settings.parts:
            found = None if keeper is None else keeper.known(part)
            if found is None:
                drawn = part_of(part).game == SAMPLED
                measured = measured_by_sampling if drawn else _measured
                found = measured(part_of(part), networks[part], forecasts)
                if keeper is not None:
                    keeper.keep(part, found)
            trials.extend(found)
            advance()
    return ChallengeFindings(settings, forecasts.sha256, tuple(trials))


def _forecast(settings: Challenge) -> tuple[Forecasts, dict[str, Any]]:
    networks, forecasts = {}, []
    with progress("predicting", len(settings.parts)) as advance:
        for name in settings.parts:
            part = part_of(name)
            drawn = part.game == SAMPLED
            networks[name], trained = (tables_of if drawn else networks_of)(part, settings)
            predicted = forecasts_by_sampling if drawn else _forecasts
            forecasts.extend(predicted(part, networks[name], trained, settings))
            advance()
    return Forecasts(settings, tuple(forecasts)), networks


def _forecasts(
    part: Part, networks: Any, trained: np.ndarray, settings: Challenge
) -> list[Forecast]:
    rates = rates_of(networks)
    seeds = range(settings.seed, settings.seed + settings.seeds)
    stages = [stage_of(part, seed) for seed in seeds]
    ranges = np.array([SLOWEST_MOVEMENT * np.max(stage.payoff_ranges) for stage in stages])

    def rises(gains: np.ndarray) -> np.ndarray:
        members = repeat(networks, gains.shape[1]), gains.reshape(-1)
        margins = batch_map(margin_at, members, Gradient()).reshape(gains.shape)
        return above(margins, ranges[:, None], gains.shape)

    found = switches(rises, settings.seeds, settings.gains, FINE_ROUNDS)
    return [
        Forecast(
            part=part.name,
            seed=seed,
            symmetric=part.standard or seed % 2 == 0,
            threshold=even_threshold(stages[k]),
            rates=tuple(rates[k].tolist()),
            trained=bool(trained[k]),
            predicted=switch.rises[0] if (switch := found[k]) and switch.rises else None,
            roots=switch.changes if switch else 0,
        )
        for k, seed in enumerate(seeds)
    ]


def _measured(part: Part, networks: Any, forecasts: Forecasts) -> tuple[ChallengeTrial, ...]:
    settings, all_of_part = forecasts.settings, forecasts.of(part.name)
    chosen = np.flatnonzero([forecast.trained for forecast in all_of_part])
    if not len(chosen):
        return ()
    if len(chosen) < settings.seeds:
        networks = jax.tree.map(lambda x: x[chosen] if eqx.is_array(x) else x, networks)
    gains = np.tile(settings.gains, len(chosen))
    members = repeat(networks, settings.points), gains
    step_size = np.asarray(settings.step_size)
    tied = part.start == TIED_START
    start, after = batch_map(_path, members, settings.windows, step_size, tied)
    shape = (len(chosen), settings.points)
    changes = (after - start[:, None]).reshape(*shape, -1)
    changes = np.where(np.abs(changes) <= SMALLEST_RISE, 0.0, changes)
    ends = after[:, -1].reshape(shape)
    return tuple(
        ChallengeTrial(
            all_of_part[k],
            tuple(first_switch(settings.gains, changes[row, :, w]) for w in range(after.shape[1])),
            _off_diagram(settings.gains, ends[row], tied) if part.standard else None,
        )
        for row, k in enumerate(chosen)
    )


def _path(
    member: Member, windows: tuple[int, ...], step_size: RealArray, tied: bool
) -> tuple[RealArray, Float[RealArray, "windows"]]:
    """Mean cooperation at the start and after every window of one run of selfish learning."""
    game, start = at_gain(member)
    if tied:
        game, start = Tied(game), start[:1]
    block = math.gcd(*windows)
    counts = np.diff((0, *windows)) // block

    def onward(_: Any, params: Params) -> Params:
        return end_of(game, Gradient(), params, step_size, None, None, block)[0]

    def window(params: Params, count: Array) -> tuple[Params, RealArray]:
        end = jax.lax.fori_loop(0, count, onward, params)
        return end, mean_cooperation(game, end)

    _, after = jax.lax.scan(window, start, jnp.asarray(counts))
    return mean_cooperation(game, start), after


def _off_diagram(gains: np.ndarray, ends: np.ndarray, tied: bool) -> float | None:
    """How far ends lie from the interior rest point, where that attracts them."""
    apart = []
    for gain, end in zip(gains, ends, strict=True):
        for point in diagonal_rest_points(LogisticDiagonal(STANDARD_GAME, float(gain))):
            attracts = point.attracts_along if tied else point.attracts
            if point.kind == "interior" and attracts:
                apart.append(abs(float(end) - point.p))
    return max(apart, default=None)
