"""Straight-line programs: everyone's probabilities as functions of one player's parameters."""

import dataclasses
import math
from collections.abc import Sequence
from typing import NamedTuple

from flint import arb

from glasshouse._results import Readable
from glasshouse.certificates import intervals as iv
from glasshouse.certificates.intervals import Interval
from glasshouse.certificates.primitives import PRIMITIVES
from glasshouse.errors import InputError

Slopes = dict[int, Interval]
"""Derivatives by input; those left out are exactly zero."""

MOST_INSTRUCTIONS = 100_000
"""Longer programs are refused: one evaluation would take seconds."""

LARGEST_POWER = 1000
"""Exponents of the primitive "power" go up to here."""


class Instruction(NamedTuple):
    """One step of a program: a primitive, the registers it reads, the numbers it is given."""

    primitive: str
    registers: tuple[int, ...] = ()
    numbers: tuple[float, ...] = ()


@dataclasses.dataclass(frozen=True, repr=False)
class Program(Readable):
    """Everyone's probabilities as functions of the inputs, one instruction after the other.

    Register k holds input k for k < `inputs`, and what instruction k - `inputs` computes beyond.

    **Arguments:** `inputs`, how many: the parameters of the player who deviates, in order, then
    the coupling where the claim is about an interval of couplings; `instructions`; `outputs`, for
    every player the registers that hold the probabilities of all its actions but the last, whose
    probability is what is left of 1.
    **Raises:** `InputError` for an unknown primitive, a register that is read before it is
    written, or numbers that a primitive does not take.
    """

    inputs: int
    instructions: tuple[Instruction, ...]
    outputs: tuple[tuple[int, ...], ...]

    def __post_init__(self):
        if len(self.instructions) > MOST_INSTRUCTIONS:
            raise InputError(
                f"a program of {len(self.instructions)} instructions is too long to prove "
                f"anything about: at most {MOST_INSTRUCTIONS} are taken"
            )
        for k, instruction in enumerate(self.instructions):
            _check(instruction, self.inputs + k)
        known = self.inputs + len(self.instructions)
        if not all(0 <= r < known for registers in self.outputs for r in registers):
            raise InputError("the program's outputs name registers that it does not have")

    def shares_one(self, player: int) -> bool:
        """Whether a player's probabilities are for sure shares of one whole: none is negative, and
        they do not exceed 1 together."""
        wholes = []
        for register in self.outputs[player]:
            k = register - self.inputs
            if k < 0 or self.instructions[k].primitive != "softmax":
                return False
            wholes.append(self.instructions[k].registers)
        return len({tuple(sorted(x)) for x in wholes}) <= 1 and _distinct_owners(wholes)

    def logit(self, register: int) -> int | None:
        """The register whose logistic function this one holds, or None."""
        k = register - self.inputs
        if k < 0 or self.instructions[k].primitive != "logistic":
            return None
        return self.instructions[k].registers[0]


class Machine:
    """A program ready to be evaluated on boxes, at the working precision of its making."""

    def __init__(self, program: Program):
        self.program = program
        self._partial = [
            (name == "log", registers[-1])
            for name, registers, _ in program.instructions
            if name in ("divide", "log")
        ]
        self._steps = [
            (PRIMITIVES[name], registers, [arb(x) for x in numbers])
            for name, registers, numbers in program.instructions
        ]

    def largest(self, inputs: Sequence[Interval]) -> float:
        """The largest number in any register, by size; infinite where one is unknown."""
        sizes = [float(end.abs_upper()) for x in self.held(inputs) for end in x]
        return math.inf if any(map(math.isnan, sizes)) else max(sizes, default=0.0)

    def is_defined(self, values: Sequence[Interval]) -> bool:
        """Whether for sure nothing is divided by zero, and no logarithm taken of less."""
        return all(
            values[r][0] >= 0 if is_log else (values[r][0] > 0 or values[r][1] < 0)
            for is_log, r in self._partial
        )

    def outputs(self, values: Sequence[Interval]) -> list[list[Interval]]:
        """Every player's probabilities but the last, from what all registers hold."""
        return [[values[r] for r in registers] for registers in self.program.outputs]

    def registers(self, inputs: Sequence[Interval]) -> tuple[list[Interval], list[Slopes]]:
        """What every register holds, and its derivatives by the inputs."""
        self._check(inputs)
        values = list(inputs)
        slopes: list[Slopes] = [{k: iv.UNIT} for k in range(len(values))]
        for primitive, registers, numbers in self._steps:
            xs = [values[r] for r in registers]
            value = primitive.value(xs, numbers)
            own: Slopes = {}
            if any(slopes[r] for r in registers):
                partials = primitive.partials(xs, numbers, value)
                for register, partial in zip(registers, partials, strict=True):
                    for k, slope in slopes[register].items():
                        term = iv.multiply(partial, slope)
                        own[k] = iv.add(own[k], term) if k in own else term
            values.append(value)
            slopes.append(own)
        return values, slopes

    def _check(self, inputs: Sequence[Interval]) -> None:
        if len(inputs) != self.program.inputs:
            raise InputError(
                f"the program has {self.program.inputs} inputs, but {len(inputs)} were given"
            )

    def values(self, inputs: Sequence[Interval]) -> list[list[Interval]]:
        """Every player's probabilities but the last on a box of inputs."""
        return self.outputs(self.held(inputs))

    def held(self, inputs: Sequence[Interval]) -> list[Interval]:
        """What every register holds."""
        self._check(inputs)
        values = list(inputs)
        for primitive, registers, numbers in self._steps:
            values.append(primitive.value([values[r] for r in registers], numbers))
        return values


def _distinct_owners(wholes: list[tuple[int, ...]]) -> bool:
    """Whether each share belongs to another summand of the whole."""
    owners = [whole[0] for whole in wholes]
    return all(wholes[0].count(owner) >= owners.count(owner) for owner in owners)


def _check(instruction: Instruction, register: int) -> None:
    name, registers, numbers = instruction
    if name not in PRIMITIVES:
        raise InputError(f"there is no primitive {name!r}: choose from {', '.join(PRIMITIVES)}")
    if not all(0 <= r < register for r in registers):
        raise InputError(f"register {register} reads {registers}, which are not all before it")
    if not all(map(math.isfinite, numbers)):
        raise InputError(f"register {register} is given {numbers}: numbers must be finite")
    primitive = PRIMITIVES[name]
    fits = {
        "affine": len(numbers) == len(registers) + 1,
        "softmax": len(registers) >= 1 and not numbers,
    }.get(name, (len(registers), len(numbers)) == (primitive.registers, primitive.numbers))
    if name == "power" and fits:
        fits = numbers[0] == int(numbers[0]) and 1 <= numbers[0] <= LARGEST_POWER
    if not fits:
        raise InputError(
            f"register {register}: {name} does not take {len(registers)} registers and the "
            f"numbers {numbers}"
        )
