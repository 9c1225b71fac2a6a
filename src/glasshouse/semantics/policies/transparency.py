"""What of the others' weights enters what a player does in games in steps."""

import abc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import AbstractDeclared, Key
from glasshouse._foundation.final import final_unless_abstract
from glasshouse._foundation.numbers import Numbers, finite_number
from glasshouse._foundation.results import described
from glasshouse.errors import InputError
from glasshouse.games.stochastic.base import Observation
from glasshouse.semantics.policies.base import AbstractPolicy


class AbstractTransparency(AbstractDeclared, eqx.Module):
    """How everybody's logits follow from all weights, of which players see what a channel shows."""

    words: ClassVar[str]
    """What it is called in sentences."""
    formula: ClassVar[str]
    reads: ClassVar[bool]
    """Whether one player's weights move another's logits."""

    __pdoc__ = described
    __init_subclass__ = final_unless_abstract

    @abc.abstractmethod
    def check(self, policies: Sequence[AbstractPolicy]) -> None:
        """Refuse policies that cannot be read so.

        **Raises:** `InputError` saying why.
        """

    @abc.abstractmethod
    def begin(self, policies: Sequence[AbstractPolicy]) -> PyTree:
        """What all remember at the beginning of an episode."""

    @abc.abstractmethod
    def read(self, weights: PyTree) -> PyTree:
        """What is read of another's weights, of which a channel shows these; once for all steps."""

    @abc.abstractmethod
    def logits(
        self,
        policies: Sequence[AbstractPolicy],
        params: Sequence[PyTree],
        read: Any,
        memory: PyTree,
        observation: Observation,
    ) -> tuple[Float[Array, "players logits"], PyTree]:
        """Everyone's logits, and what all remember from now on.

        **Arguments:** `read[i][j]`, what player i reads of player j's weights; `observation`, a row
        for each player.
        """

    @classmethod
    @abc.abstractmethod
    def example(cls) -> "AbstractTransparency":
        """An instance with typical settings, for tests and documentation."""


class Opaque(AbstractTransparency):
    """Nobody reads anybody's weights: each plays by its own."""

    words: ClassVar[str] = "nobody reads weights"
    study_name: ClassVar[str] = "opaque"
    listed: ClassVar[int] = 1
    formula: ClassVar[str] = "f(o_i; θ_i)"
    reads: ClassVar[bool] = False

    def check(self, policies: Sequence[AbstractPolicy]) -> None:
        return

    def begin(self, policies: Sequence[AbstractPolicy]) -> PyTree:
        return tuple(policy.begin() for policy in policies)

    def read(self, weights: PyTree) -> PyTree:
        return weights

    def logits(
        self,
        policies: Sequence[AbstractPolicy],
        params: Sequence[PyTree],
        read: Any,
        memory: PyTree,
        observation: Observation,
    ) -> tuple[Float[Array, "players logits"], PyTree]:
        found = [
            policy.logits(params[i], memory[i], observation.of(i))
            for i, policy in enumerate(policies)
        ]
        return jnp.stack([x for x, _ in found]), tuple(kept for _, kept in found)

    @classmethod
    def example(cls) -> "Opaque":
        return cls()


class AbstractMirrored(AbstractTransparency):
    """Everybody runs the others' policies, as it reads them, on its own situation with a weight.

    Definition: logits_i(o) = f(o; θ_i) + κ Σ_j≠i f(o; R θ_j), o what player i sees, R what is read.
    Policies with memory remember, in each reader, what that reader saw.
    """

    coupling: eqx.AbstractVar[Float[RealArray, ""]]

    reads: ClassVar[bool] = True

    def check(self, policies: Sequence[AbstractPolicy]) -> None:
        if len({policy.actions for policy in policies}) > 1:
            raise InputError("networks are read by players with as many actions")
        if not all(policy.learns for policy in policies):
            raise InputError(
                "players who read weights cannot meet those who have none, such as scripts: take "
                "Opaque(), or let all players have parameters"
            )
        for policy in policies:
            jax.eval_shape(self.read, policy.space.neutral())

    def begin(self, policies: Sequence[AbstractPolicy]) -> PyTree:
        return tuple(tuple(policy.begin() for policy in policies) for _ in policies)

    def logits(
        self,
        policies: Sequence[AbstractPolicy],
        params: Sequence[PyTree],
        read: Any,
        memory: PyTree,
        observation: Observation,
    ) -> tuple[Float[Array, "players logits"], PyTree]:
        rows, remembered = [], []
        for i in range(len(policies)):
            own = observation.of(i)
            weights = [params[j] if j == i else read[i][j] for j in range(len(policies))]
            found = [
                policy.logits(weights[j], memory[i][j], own) for j, policy in enumerate(policies)
            ]
            logits = [x for x, _ in found]
            weight = jnp.asarray(self.coupling, logits[0].dtype)
            others = [x for j, x in enumerate(logits) if j != i]
            rows.append(logits[i] + weight * sum(others[1:], start=others[0]))
            remembered.append(tuple(kept for _, kept in found))
        return jnp.stack(rows), tuple(remembered)


class MirroredWeights(AbstractMirrored):
    """Everybody runs the others' networks on its own situation, too, with a weight.

    Definition: logits_i(o) = f(o; θ_i) + κ Σ_j≠i f(o; θ_j), o what player i sees. Networks with
    memory remember, in each reader, what that reader saw.

    **Arguments:** `coupling` κ.
    """

    coupling: Float[RealArray, ""]

    words: ClassVar[str] = "mirrored weights"
    study_name: ClassVar[str] = "mirrored"
    listed: ClassVar[int] = 2
    formula: ClassVar[str] = "f(o_i; θ_i) + κ Σ_{j≠i} f(o_i; θ_j)"
    keys: ClassVar[Mapping[str, Key]] = {
        "coupling": Key("κ, the weight of the others' networks.", symbol="κ", axis="coupling κ")
    }

    def __init__(self, coupling: Numbers):
        self.coupling = finite_number(coupling, "coupling")

    def read(self, weights: PyTree) -> PyTree:
        return weights

    @classmethod
    def example(cls) -> "MirroredWeights":
        return cls(0.5)
