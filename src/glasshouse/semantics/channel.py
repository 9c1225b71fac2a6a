"""Channels: what each player sees of the others' parameters."""

from typing import Any

import equinox as eqx
from jaxtyping import PyTree

from glasshouse._results import described


class Full(eqx.Module):
    """Everybody sees everybody's parameters as they are."""

    __pdoc__ = described

    def look(self, params: tuple[PyTree, ...], state: Any) -> tuple[Any, Any]:
        """What reader i sees of owner j, as `seen[i][j]`, and the channel's next state.

        **Arguments:** `params`, one pytree per player; `state`, unused: this channel has none.
        """
        return (params,) * len(params), state
