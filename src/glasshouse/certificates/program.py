"""Straight-line programs: everyone's probabilities as functions of one player's parameters."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from flint import arb

from glasshouse._foundation.results import Readable
from glasshouse.certificates import intervals as iv
from glasshouse.certificates.intervals import Interval
from glasshouse.certificates.primitives import PRIMITIVES
from glasshouse.errors import InputError

Slopes = dict[int, Interval]
"""Derivatives by input; those left out are exactly zero."""

MOST_INSTRUCTIONS = 100_000
"""Longer programs are refused: one evaluation would take seconds."""

LARGEST_POWER = 1000
"""Exponents of the primitives "power" and "root" go up to here."""

PARTIAL = {"divide", "log", "root", "xlogx"}
"""Primitives that have no value for some of what their last register may hold."""

POSITIVE = {"exp", "logistic", "softmax"}
"""Those whose value is above zero whatever finite numbers they read."""


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
    every player the registers that hold the probabilities of all its actions. Where they leave
    out the last one's, it is what is left of 1.
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
        owners = [whole[0] for whole in wholes]  # each share is to belong to another summand
        one_whole = len({tuple(sorted(x)) for x in wholes}) <= 1
        return one_whole and all(wholes[0].count(x) >= owners.count(x) for x in owners)

    def leading(self) -> "Program":
        """The same without each player's last probability and whatever only that one needs."""
        return self.computing(tuple(registers[:-1] for registers in self.outputs))

    def computing(self, outputs: tuple[tuple[int, ...], ...]) -> "Program":
        """The same with other outputs, without whatever these do not need.

        What may have no value stays: it decides whether the program has any.
        """
        needed = {r for registers in outputs for r in registers}
        for k in reversed(range(len(self.instructions))):
            primitive, registers, _ = self.instructions[k]
            if primitive in PARTIAL or self.inputs + k in needed:
                needed |= {self.inputs + k, *registers}
        computed = range(self.inputs, self.inputs + len(self.instructions))
        kept = [*range(self.inputs), *(r for r in computed if r in needed)]
        new = {register: k for k, register in enumerate(kept)}
        instructions = (self.instructions[r - self.inputs] for r in kept[self.inputs :])
        renamed = tuple(
            x._replace(registers=tuple(new[r] for r in x.registers)) for x in instructions
        )
        return Program(self.inputs, renamed, tuple(tuple(new[r] for r in own) for own in outputs))

    def positive(self) -> set[int]:
        """Registers that for sure hold a number above zero wherever the inputs are finite."""
        found: set[int] = set()
        for k, (primitive, registers, numbers) in enumerate(self.instructions):
            signs = [r in found for r in registers]
            if primitive == "affine":
                factors = [(c, sign) for c, sign in zip(numbers[1:], signs, strict=True) if c]
                signs = [c > 0 and sign for c, sign in factors] + [numbers[0] >= 0]
                signs.append(numbers[0] > 0 or bool(factors))
            above = (
                primitive in POSITIVE
                or (primitive == "constant" and numbers[0] > 0)
                or (primitive == "maximum" and any(signs))
                or (primitive == "choice" and all(signs[1:]))
                or (primitive in ("affine", "multiply", "divide", "power", "root") and all(signs))
            )
            if above:
                found.add(self.inputs + k)
        return found

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
        positive = program.positive()
        self._partial = [
            (name, registers[-1])
            for name, registers, _ in program.instructions
            if name in PARTIAL and registers[-1] not in positive
        ]
        self._choices = [x[0] for name, x, _ in program.instructions if name == "choice"]
        self._held: list[Any] = [None] * program.inputs
        self._steps = []
        for k, (name, registers, numbers) in enumerate(program.instructions, program.inputs):
            primitive, numbers = PRIMITIVES[name], [arb(x) for x in numbers]
            known = [self._held[r] for r in registers]
            # What no input moves is computed once.
            is_fixed = all(x is not None for x in known)
            self._held.append(primitive.value(known, numbers) if is_fixed else None)
            if not is_fixed:
                self._steps.append((k, primitive, registers, numbers))

    def largest(self, inputs: Sequence[Interval]) -> float:
        """The largest number in any register, by size; infinite where one is unknown."""
        sizes = [float(end.abs_upper()) for x in self.held(inputs) for end in x]
        return math.inf if any(map(math.isnan, sizes)) else max(sizes, default=0.0)

    def is_defined(self, values: Sequence[Interval]) -> bool:
        """Whether for sure every instruction has a value, needed for an output or not: nothing is
        divided by zero, no logarithm taken of zero or less, no root of less than zero."""
        return all(
            values[r][0] > 0
            or (name in ("root", "xlogx") and values[r][0] >= 0)
            or (name == "divide" and values[r][1] < 0)
            for name, r in self._partial
        )

    def is_continuous(self, inputs: Sequence[Interval]) -> bool:
        """Whether for sure no instruction jumps on a box, every choice being the same all over."""
        if not self._choices:
            return True
        values = self.held(inputs)
        return all(values[r][0] > 0 or values[r][1] <= 0 for r in self._choices)

    def outputs(self, values: Sequence[Interval]) -> list[list[Interval]]:
        """Every player's probabilities, as the outputs name them, from what registers hold."""
        return [[values[r] for r in registers] for registers in self.program.outputs]

    def registers(self, inputs: Sequence[Interval]) -> tuple[list[Interval], list[Slopes]]:
        """What every register holds, and its derivatives by the inputs."""
        values = self._started(inputs)
        slopes: list[Slopes] = [{} for _ in values]
        for k in range(len(inputs)):
            slopes[k][k] = iv.UNIT
        for place, primitive, registers, numbers in self._steps:
            xs = [values[r] for r in registers]
            values[place] = primitive.value(xs, numbers)
            own = slopes[place]
            partials = primitive.partials(xs, numbers, values[place])
            for register, partial in zip(registers, partials, strict=True):
                for k, slope in slopes[register].items():
                    term = iv.multiply(partial, slope)
                    own[k] = iv.add(own[k], term) if k in own else term
        return values, slopes

    def _started(self, inputs: Sequence[Interval]) -> list[Interval]:
        """The inputs, and in all other registers what does not depend on them."""
        if len(inputs) != self.program.inputs:
            raise InputError(
                f"the program has {self.program.inputs} inputs, but {len(inputs)} were given"
            )
        return [*inputs, *self._held[len(inputs) :]]

    def values(self, inputs: Sequence[Interval]) -> list[list[Interval]]:
        """Every player's probabilities, as the outputs name them, on a box of inputs."""
        return self.outputs(self.held(inputs))

    def held(self, inputs: Sequence[Interval]) -> list[Interval]:
        """What every register holds."""
        values = self._started(inputs)
        for place, primitive, registers, numbers in self._steps:
            values[place] = primitive.value([values[r] for r in registers], numbers)
        return values


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
    if name == "root" and fits:
        fits = 0 < numbers[0] <= LARGEST_POWER
    if not fits:
        raise InputError(
            f"register {register}: {name} does not take {len(registers)} registers and the "
            f"numbers {numbers}"
        )
