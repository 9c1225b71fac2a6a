"""The programs of the semantics that glasshouse offers, from their numbers alone."""

from collections.abc import Sequence
from typing import Any

from glasshouse.certificates.program import Instruction, Program
from glasshouse.errors import InputError

Params = Sequence[Sequence[float]]
"""For every player its parameters, in order."""


def program_of(
    semantics: dict[str, Any], actions: Sequence[int], params: Params, player: int
) -> Program:
    """Everyone's probabilities as functions of what `player` does, all others staying put.

    **Arguments:** `semantics`, its `kind` and its numbers, as a certificate holds them: for
    "logistic" `coupling` (a row per reader, or None where the coupling is the last input) and
    `own_weight` (one per player), for "affine" `weight` (a number, or None); `actions`, how many
    each player has; `params`, everyone's.
    """
    writer = Writer(len(params[player]) + (_swept(semantics) is None))
    theta = [
        list(range(len(own))) if j == player else [writer.constant(x) for x in own]
        for j, own in enumerate(params)
    ]
    build = {"logistic": _logistic, "affine": _affine}[semantics["kind"]]
    return writer.finished(build(writer, semantics, actions, theta))


def _swept(semantics: dict[str, Any]) -> Any:
    return semantics["coupling" if semantics["kind"] == "logistic" else "weight"]


def _logistic(
    writer: "Writer", semantics: dict[str, Any], actions: Sequence[int], theta: list[list[int]]
) -> list[list[int]]:
    """logits_i = ω_i θ_i + Σ_j κ_ij θ_j by index, the last action's being 0; then softmax."""
    coupling, outputs = semantics["coupling"], []
    for i, count in enumerate(actions):
        logits = []
        for a in range(count - 1):
            read = [(j, own[a]) for j, own in enumerate(theta) if j != i and a < len(own)]
            if coupling is None:
                all_read = writer.affine(0.0, [(1.0, register) for _, register in read])
                reads = [(1.0, writer.write("multiply", (writer.inputs - 1, all_read)))]
            else:
                reads = [(coupling[i][j], register) for j, register in read]
            logits.append(writer.affine(0.0, [(semantics["own_weight"][i], theta[i][a]), *reads]))
        outputs.append(_probabilities(writer, logits))
    return outputs


def _probabilities(writer: "Writer", logits: list[int]) -> list[int]:
    if len(logits) == 1:
        return [writer.write("logistic", logits)]
    if logits:
        logits = [*logits, writer.constant(0.0)]
    return [
        writer.write("softmax", (logits[a], *logits[:a], *logits[a + 1 :]))
        for a in range(len(logits) - 1)
    ]


def _affine(
    writer: "Writer", semantics: dict[str, Any], actions: Sequence[int], theta: list[list[int]]
) -> list[list[int]]:
    """p_i = (1 - w) θ_i + w · mean of the others' θ_j."""
    given = semantics["weight"]
    weight = writer.inputs - 1 if given is None else writer.constant(given)
    keep = writer.affine(1.0, [(-1.0, weight)])
    outputs = []
    for i, (own,) in enumerate(theta):
        others = [(1.0, register) for j, (register,) in enumerate(theta) if j != i]
        mean = writer.write(
            "divide", (writer.affine(0.0, others), writer.constant(len(actions) - 1))
        )
        terms = [(1.0, writer.write("multiply", pair)) for pair in ((keep, own), (weight, mean))]
        outputs.append([writer.affine(0.0, terms)])
    return outputs


class Writer:
    """A program as it is written: each method appends one instruction and names its register."""

    def __init__(self, inputs: int):
        self.inputs = inputs
        self.instructions: list[Instruction] = []

    def write(
        self, primitive: str, registers: Sequence[int] = (), numbers: Sequence[float] = ()
    ) -> int:
        self.instructions.append(
            Instruction(primitive, tuple(registers), tuple(map(float, numbers)))
        )
        return self.inputs + len(self.instructions) - 1

    def constant(self, number: float) -> int:
        return self.write("constant", (), (number,))

    def affine(self, constant: float, terms: Sequence[tuple[float, int]]) -> int:
        """constant + Σ factor · register."""
        registers = [register for _, register in terms]
        return self.write("affine", registers, [constant, *(factor for factor, _ in terms)])

    def finished(self, outputs: Sequence[Sequence[int]]) -> Program:
        return Program(self.inputs, tuple(self.instructions), tuple(map(tuple, outputs)))
