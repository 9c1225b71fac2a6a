"""Maps of manipulation: gains and losses by hand, half of the gain, and their figure."""

from typing import Any, cast

import numpy as np
import pytest
from tests.layout import faults

import glasshouse as gh
from glasshouse.analysis import Manipulation, manipulation
from glasshouse.analysis.manipulation import aligned_shaper
from glasshouse.errors import InputError
from glasshouse.games.stochastic import IteratedMatrix
from glasshouse.plots import plot_manipulation
from glasshouse.rules import Fixed, through_adam
from glasshouse.rules.sampled import (
    AdvantageAlignment,
    CoarseCritic,
    NoisyCritic,
    Reinforce,
)
from glasshouse.semantics.policies import TablePolicy

FEW = {"betas": [1.0, 2.0], "critics": [NoisyCritic(0.5)], "updates": 2, "seeds": 2}
BETAS, FIDELITIES = np.array([1.0, 2.0, 4.0]), np.array([1.0, 0.6, 0.0])


def made(gain, loss=None, spread=0.0):
    """A map with these gains [critic, β], of five seeds that differ by multiples of `spread`."""
    gain = np.asarray(gain, dtype=float)
    loss = -gain if loss is None else np.asarray(loss, dtype=float)
    selfish = np.arange(10.0).reshape(5, 2)
    each = np.stack([gain, -loss], axis=-1)[:, :, None] + spread * np.arange(-2, 3)[:, None]
    fidelity = np.broadcast_to(FIDELITIES[:, None], gain.shape)
    critics = tuple(map(NoisyCritic, FIDELITIES))
    return Manipulation(BETAS, critics, fidelity, selfish + each, selfish, (7, 8, 9, 10, 11), "")


def test_gains_are_differences_from_the_same_seed_with_errors_over_seeds():
    found = made([[1, 2, 4], [0.5, 1, 2], [0, 0, 0]], [[3, 2, 1]] * 3, spread=0.1)
    assert np.allclose(found.gain, [[1, 2, 4], [0.5, 1, 2], [0, 0, 0]])
    assert np.allclose(found.loss, [[3, 2, 1]] * 3)
    error = np.std([-0.2, -0.1, 0.0, 0.1, 0.2], ddof=1) / np.sqrt(5)
    assert np.allclose(found.gain_error, error)
    assert np.allclose(found.loss_error, error)
    assert [row["gain"] for row in found.rows][3:6] == pytest.approx([0.5, 1.0, 2.0])
    found.paid[1, 1, 2] = np.nan  # a seed that failed is in no mean
    assert found.gain[1, 1] == pytest.approx(1.0)


def test_half_of_the_gain_lies_on_the_line_between_critics():
    found = made([[1, 2, -1], [0.2, 1.5, 0], [0, 0, 0]])
    # Along √f: 1 → 0.5 between 1 and √.6, at the share .5/.8; 2 → 1 between √.6 and 0, at a third
    # of the way; no gain, none.
    root = np.sqrt(0.6)
    at = [(1 - (1 - root) * 0.5 / 0.8) ** 2, (root * 2 / 3) ** 2, np.nan]
    assert found.half_gain[:, 0] == pytest.approx(at, nan_ok=True)
    assert found.half_gain[:2, 1] == pytest.approx([0.0, 0.0])
    around = [[1, 0.6], [0.6, 0], [np.nan, np.nan]]
    assert found.half_gain_between == pytest.approx(np.array(around), nan_ok=True)
    # Gains rise by 1 with each β up to 2: half of them at β/2, which is a fidelity of ¼.
    assert found.half_gain_predicted == pytest.approx([0.25, 0.25, np.nan], nan_ok=True)
    # Five seeds that differ by ±.1, ±.2 in both alike: the jackknife's error, by hand.
    spread = made([[1, 2, 4], [0, 0, 0], [0, 0, 0]], spread=0.1)
    left = [np.delete(np.arange(-2, 3), k).mean() * 0.1 for k in range(5)]
    # From 1 + x to x, half of the former.
    by_hand = np.array([(1 - (1 - root) * (1 + x) / 2) ** 2 for x in left])
    error = np.sqrt(4 * np.mean((by_hand - by_hand.mean()) ** 2))
    assert spread.half_gain[0, 1] == pytest.approx(error)
    # A seed that failed with one critic is as if it had not been: there are four.
    spread.paid[1, 0, 2] = np.nan
    left = [np.delete([-2, -1, 1, 2], k).mean() * 0.1 for k in range(4)]
    by_hand = np.array([(1 - (1 - root) * (1 + x) / 2) ** 2 for x in left])
    error = np.sqrt(3 * np.mean((by_hand - by_hand.mean()) ** 2))
    assert spread.half_gain[0] == pytest.approx([(1 - (1 - root) / 2) ** 2, error])


def test_gains_along_the_root_of_fidelity_are_halved_where_the_prediction_says():
    """A shaper of √f β, its gains a straight line: half of them is left at a fidelity of ¼."""
    found = made(np.sqrt(FIDELITIES)[:, None] * BETAS)
    assert found.half_gain[:, 0] == pytest.approx([0.25] * 3)
    assert found.half_gain_predicted == pytest.approx([0.25] * 3)


def test_what_makes_no_map_is_refused_in_one_line():
    stage = gh.load_game("prisoners_dilemma")
    game = IteratedMatrix(stage, horizon=4)
    sampled = gh.SampledParametricGame(game, TablePolicy(game), episodes=4)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"betas": [2.0, 1.0]}, "rise"),
        ({"betas": [0.0, 1.0]}, "positive"),
        ({"critics": [NoisyCritic(1.0), CoarseCritic(2)]}, "one class"),
        ({"shaper": lambda beta, critic: through_adam(Reinforce())}, "does not report how well"),
        ({"victim": aligned_shaper(2.0, NoisyCritic(0.5)), **FEW}, "the shaper itself at beta = 2"),
    ]
    for wrong, said in cases:
        with pytest.raises(InputError, match=said) as error:
            manipulation(sampled, **{"victim": Fixed(), **wrong})
        assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="manipulation is learned from episodes of play"):
        manipulation(stage, Fixed())  # pyright: ignore[reportArgumentType]


def test_a_shaper_gains_by_what_it_knows_and_nothing_by_what_it_does_not():
    """Against another shaper that learns at a third of its pace; settings of the seeds 0 to 99."""
    rows = np.array([[-1.0, -3.0], [0.0, -2.0]])
    game = IteratedMatrix(gh.NormalFormGame([rows, rows.T]), horizon=32)
    sampled = gh.SampledParametricGame(game, TablePolicy(game), episodes=32)
    found = manipulation(
        sampled,
        through_adam(AdvantageAlignment(3.0)),
        betas=[2.0],
        critics=[NoisyCritic(1.0), NoisyCritic(0.0)],
        paces=(1.0, 1 / 3),
        seeds=6,
        first=1000,
    )
    assert found.gain[0, 0] > 5 * found.gain_error[0, 0]
    assert abs(found.gain[1, 0]) <= 2 * found.gain_error[1, 0]
    assert np.all(np.abs(found.fidelity[:, 0] - [1.0, 0.0]) < 0.01)


def test_the_map_is_laid_out_well_at_the_width_of_a_column():
    found = made([[1, 2, 4], [0.5, 1.2, 2], [0, 0.1, -0.1]], spread=0.1)
    ax = plot_manipulation(
        BETAS, FIDELITIES, found.gain, found.gain_error,
        half=found.half_gain[:, 0], predicted=found.half_gain_predicted,
    )  # fmt: skip
    assert not faults(cast(Any, ax.figure))
    line = next(x for x in ax.lines if "half" in str(x.get_label()))
    # Half of 1 is left at .6, the second row; of 2 where it falls from 1.2 to .1.
    assert np.asarray(line.get_ydata())[:2] == pytest.approx([1.0, 1 + (1.2 - 1.0) / 1.1])
    with pytest.raises(InputError, match="a row for each fidelity"):
        plot_manipulation(BETAS, FIDELITIES[:2], found.gain)
