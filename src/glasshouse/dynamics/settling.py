"""Learning in which runs that have come to rest are left alone, so that it takes fewer steps."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.random import key_of
from glasshouse.dynamics.batch import batch_map, repeat, stack, taken_from
from glasshouse.dynamics.driver import some_blocks
from glasshouse.dynamics.learning import Ends, Learning, Observe, begun, payoff_range
from glasshouse.dynamics.rest import Rest
from glasshouse.errors import InputError
from glasshouse.parametric import AbstractParametricGame, Params, Tied
from glasshouse.parametric.capabilities import listed
from glasshouse.rules.base import ANEW, AbstractRule, drawn_by, in_words

LONGER = 2
"""How much longer runs go on until they are looked at again: few looks, few steps in vain."""


def stopping(learning: Learning) -> Learning:
    """The same, until rest where no stop criterion is given.

    **Raises:** `InputError` for rules that never rest.
    """
    if learning.stop is not None:
        return learning
    if ANEW in drawn_by(learning.rule):
        raise InputError(
            f"{in_words(learning.rule)} draws at every step, and so never rests: runs cannot be "
            "stopped early"
        )
    return dataclasses.replace(learning, stop=Rest())


@in_float64
def settle(
    games: Sequence[AbstractParametricGame], learning: Learning, observe: Observe | None = None
) -> Ends:
    """What `learn` finds, with every run stopped soon after it rests under the rule's own residual.

    A run that passes a saddle so near that it rests there to the tolerance is left there, too.

    Runs are looked at after `stop.every` steps, twice, four times as many, and so on; those that
    rest, and those that left the reals, are left where they stand, and the others go on together.
    When a run is looked at depends on nothing but the learning, so that its end does not depend on
    which others there are, but for rounding.

    **Arguments:** as of `learn`; `learning.stop` None stands for `Rest()`.
    **Returns:** `Ends` whose `residuals` are those at which runs stopped.
    **Raises:** `InputError` as `learn`, and for rules that never rest.

        import glasshouse as gh
        from glasshouse.dynamics import Learning, Starts, settle

        family = gh.LogisticFamily(gh.load_game("stag_hunt"), bound=3.0)
        ends = settle([family(0.9)], Learning(starts=Starts(10)))
        print(ends.steps.max() < 6000)  # True
    """
    games, learning = listed(games, "settle"), stopping(learning)
    played = [Tied(game) for game in games] if learning.tied else games
    size, members = begun(played, learning)
    params, residuals, steps, observed = jax.tree.map(
        lambda x: (
            x.reshape(len(games), learning.starts.runs, *x.shape[1:]) if eqx.is_array(x) else x
        ),
        _settled(members, learning, size, observe),
    )
    detail = f"{learning.starts}, {learning.taken(size)}"
    return Ends(params, residuals, steps, observed, detail)


@in_float64
def settle_from(
    game: AbstractParametricGame, starts: Params, learning: Learning, observe: Observe | None = None
) -> Ends:
    """The same in one game, from starts that are given as arrays; those of `learning` are not used.

    **Arguments:** `starts`, a profile whose arrays have one more axis in front, that of the runs,
    inside the boxes.
    **Raises:** `InputError` for rules that draw.
    """
    learning = stopping(learning)
    if drawn_by(learning.rule):
        raise InputError(
            f"{in_words(learning.rule)} draws: settle it from the library's own starts"
        )
    count = len(jax.tree.leaves(starts)[0])
    size = learning.step_size_for(payoff_range(game) if learning.step_size is None else 1.0)
    members = (repeat(stack([game]), count), starts, None)
    found = _settled(members, learning, size, observe)
    return Ends(*found, f"{count} given starts, {learning.taken(size)}")


def _settled(
    members: tuple[Any, Params, Any], learning: Learning, size: float, observe: Observe | None
) -> tuple[Params, np.ndarray, np.ndarray, PyTree]:
    """Where runs stop, with which residuals, after how many steps, and what is observed there."""
    stop = learning.stop
    assert stop is not None
    settings = (learning.rule, np.asarray(size))
    state = batch_map(_opened, members, learning.rule, shrinking=True)
    carry = (*state, np.zeros(len(jax.tree.leaves(members[1])[0]), dtype=int))
    moving, found = np.arange(len(carry[-1])), None
    for length, times in _stretches(learning.steps, stop.every):
        held = taken_from((members[0], members[2], carry), moving)
        went = (*settings, observe, length, np.asarray(times))
        new = batch_map(_gone_on, held, *went, shrinking=True)
        found = _written(found, new, moving)
        carry, residuals = found[0], new[1]
        moving = moving[~np.asarray(stop.met(residuals)) & ~np.isnan(residuals)]
        if not len(moving):
            break
    assert found is not None  # there is a step at least
    (params, _, steps), residuals, observed = found
    return params, residuals, steps, observed


def _stretches(steps: int, every: int) -> list[tuple[int, int]]:
    """After how many blocks of how many steps runs are looked at, one after the other."""
    blocks, rest = divmod(steps, every)
    found, times = [], 1
    while blocks:
        found.append((every, min(times, blocks)))
        blocks -= found[-1][1]
        times *= LONGER
    return [*found, (rest, 1)] if rest else found


def _written(before: PyTree, new: PyTree, rows: np.ndarray) -> PyTree:
    """What was found, these rows of it anew."""
    if before is None:
        return jax.tree.map(lambda x: np.array(x) if eqx.is_array(x) else x, new)
    for whole, part in zip(jax.tree.leaves(before), jax.tree.leaves(new), strict=True):
        if eqx.is_array(whole):
            whole[rows] = part
    return before


def _opened(
    member: tuple[AbstractParametricGame, Params, RealArray | None], rule: AbstractRule
) -> tuple[Params, Any]:
    game, start, data = member
    start = tuple(box.project(x) for box, x in zip(game.spaces, start, strict=True))
    start = jax.tree.map(lambda x: jnp.asarray(x, dtype=float), start)
    return start, rule.init(game, start, None if data is None else key_of(data))


def _gone_on(
    member: tuple[AbstractParametricGame, RealArray | None, tuple[Params, Any, Array]],
    rule: AbstractRule,
    step_size: RealArray,
    observe: Observe | None,
    length: int,
    times: Array,
) -> tuple[tuple[Params, Any, Array], RealArray, PyTree]:
    game, data, carry = member
    key = None if data is None else key_of(data)
    carry, residual = some_blocks(game, rule, carry, step_size, key, length, times)
    return carry, residual, None if observe is None else observe(game, carry[0])
