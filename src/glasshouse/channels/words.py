"""Kinds of access in words."""

import functools
from typing import Any

import jax
import numpy as np

from glasshouse.channels.base import AbstractChannel
from glasshouse.channels.full import Full
from glasshouse.channels.misreport import Decoupled, Misreport
from glasshouse.channels.partial import Mask, OneSided
from glasshouse.channels.uncertain import Noisy, Probabilistic

MOST_NAMED = 12
"""As many players are named."""


@functools.singledispatch
def access_words(channel: AbstractChannel) -> str:
    """A channel in words, such as "seen with probability 0.7"."""
    return f"access by {type(channel).__name__}"


@access_words.register
def _(channel: Full) -> str:
    return "full access"


@access_words.register
def _(channel: OneSided) -> str:
    names = [str(i + 1) for i in sorted(channel.readers)]
    if len(names) > MOST_NAMED:
        more = len(names) - MOST_NAMED
        return f"only players {', '.join(names[:MOST_NAMED])} and {more} more read"
    if len(names) < 2:
        return f"only player {names[0]} reads" if names else "nobody reads"
    return f"only players {', '.join(names[:-1])} and {names[-1]} read"


@access_words.register
def _(channel: Mask) -> str:
    if not isinstance(channel.visible, tuple):
        return f"{_counted(channel.visible)} coordinates of each player visible"
    each = list(map(_counted, channel.visible))
    more = [f"… {len(each) - MOST_NAMED} more"] * (len(each) > MOST_NAMED)
    return f"coordinates visible, player by player: {', '.join([*each[:MOST_NAMED], *more])}"


@access_words.register
def _(channel: Probabilistic) -> str:
    return f"seen with probability {float(np.asarray(channel.probability)):.6g}"


@access_words.register
def _(channel: Noisy) -> str:
    return f"seen with noise of standard deviation {float(np.asarray(channel.scale)):.6g}"


@access_words.register
def _(channel: Misreport) -> str:
    return f"reports off by a learned offset of at most {float(np.asarray(channel.budget)):.6g}"


@access_words.register
def _(channel: Decoupled) -> str:
    return "reports learned apart from what is played"


def _counted(mask: Any) -> str:
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(mask)]
    return f"{sum(int(x.sum()) for x in leaves)} of {sum(x.size for x in leaves)}"
