"""The programs of the semantics that glasshouse offers, from their numbers alone."""

from collections.abc import Sequence

from glasshouse.certificates.document import AffineNumbers, LogisticNumbers, Problem, Semantics
from glasshouse.certificates.program import Instruction, Program


def program_of(problem: Problem, player: int) -> Program:
    """Everyone's probabilities as functions of what `player` does, all others staying put.

    Where the problem is about an interval of couplings, one more input, the last, is a factor of
    them all.
    """
    return builtin_program(
        problem.semantics, problem.actions, problem.params, player, problem.couplings is not None
    )


def builtin_program(
    semantics: Semantics,
    actions: Sequence[int],
    params: Sequence[Sequence[float]],
    player: int,
    swept: bool = False,
) -> Program:
    """The same from its parts; `swept`, whether the couplings' factor is an input."""
    writer = Writer(len(params[player]) + swept)
    factor = len(params[player]) if swept else None
    theta = [
        list(range(len(own))) if j == player else [writer.constant(x) for x in own]
        for j, own in enumerate(params)
    ]
    return _finished(writer, semantics, actions, theta, factor)


def joint_program(semantics: Semantics, actions: Sequence[int]) -> Program:
    """Everyone's probabilities as functions of all parameters, one player's after the other's."""
    counts = [count - 1 for count in actions]
    starts = [sum(counts[:j]) for j in range(len(counts))]
    theta = [list(range(a, a + count)) for a, count in zip(starts, counts, strict=True)]
    return _finished(Writer(sum(counts)), semantics, actions, theta, None)


def _finished(
    writer: "Writer",
    semantics: Semantics,
    actions: Sequence[int],
    theta: list[list[int]],
    factor: int | None,
) -> Program:
    if isinstance(semantics, LogisticNumbers):
        return writer.finished(_logistic(writer, semantics, actions, theta, factor))
    assert isinstance(semantics, AffineNumbers)
    return writer.finished(_affine(writer, semantics, theta, factor))


def _logistic(
    writer: "Writer",
    semantics: LogisticNumbers,
    actions: Sequence[int],
    theta: list[list[int]],
    factor: int | None,
) -> list[list[int]]:
    """logits_i = ω_i θ_i + Σ_j κ_ij θ_j by index, the last action's being 0; then softmax."""
    outputs = []
    for i, count in enumerate(actions):
        logits = []
        for a in range(count - 1):
            own = (semantics.own_weight[i], theta[i][a])
            read = [
                (semantics.coupling[i][j], other[a])
                for j, other in enumerate(theta)
                if j != i and a < len(other)
            ]
            if factor is not None:
                read = [(1.0, writer.write("multiply", (factor, writer.affine(0.0, read))))]
            logits.append(writer.affine(0.0, [own, *read]))
        outputs.append(_probabilities(writer, logits))
    return outputs


def _probabilities(writer: "Writer", logits: list[int]) -> list[int]:
    if len(logits) == 1:
        both = logits[0], writer.affine(0.0, [(-1.0, logits[0])])
        return [writer.write("logistic", (logit,)) for logit in both]
    logits = [*logits, writer.constant(0.0)]
    return [
        writer.write("softmax", (logits[a], *logits[:a], *logits[a + 1 :]))
        for a in range(len(logits))
    ]


def _affine(
    writer: "Writer", semantics: AffineNumbers, theta: list[list[int]], factor: int | None
) -> list[list[int]]:
    """p_i = (1 - w) θ_i + w · mean of the others' θ_j."""
    weight = writer.constant(semantics.weight)
    if factor is not None:
        weight = writer.write("multiply", (factor, weight))
    keep = writer.affine(1.0, [(-1.0, weight)])
    outputs = []
    for i, (own,) in enumerate(theta):
        others = [(1.0, register) for j, (register,) in enumerate(theta) if j != i]
        total, count = writer.affine(0.0, others), writer.constant(float(len(theta) - 1))
        mean = writer.write("divide", (total, count))
        terms = [(1.0, writer.write("multiply", pair)) for pair in ((keep, own), (weight, mean))]
        p = writer.affine(0.0, terms)
        outputs.append([p, writer.affine(1.0, [(-1.0, p)])])
    return outputs


class Writer:
    """A program as it is written: each method appends one instruction and names its register."""

    def __init__(self, inputs: int):
        self.inputs = inputs
        self.instructions: list[Instruction] = []

    def write(
        self, primitive: str, registers: Sequence[int] = (), numbers: Sequence[float] = ()
    ) -> int:
        instruction = Instruction(primitive, tuple(registers), tuple(map(float, numbers)))
        self.instructions.append(instruction)
        return self.inputs + len(self.instructions) - 1

    def constant(self, number: float) -> int:
        return self.write("constant", (), (number,))

    def affine(self, constant: float, terms: Sequence[tuple[float, int]]) -> int:
        """constant + Σ factor · register."""
        registers = [register for _, register in terms]
        return self.write("affine", registers, [constant, *(factor for factor, _ in terms)])

    def finished(self, outputs: Sequence[Sequence[int]]) -> Program:
        return Program(self.inputs, tuple(self.instructions), tuple(map(tuple, outputs)))
