"""Programs in other coordinates, in which corners at infinity are told apart.

Where both logits go to infinity, the odds of two actions are e to the power of their difference,
which intervals of both say nothing about. In coordinates of which the difference is one
(`covers.folded`), they do: all sums of coordinates are collected, so that what cancels is gone.
"""

from collections.abc import Iterator
from fractions import Fraction

from glasshouse.certificates.builtin import Writer
from glasshouse.certificates.covers import Chart, Region, towards
from glasshouse.certificates.program import Instruction, Program
from glasshouse.errors import InputError

Sum = dict[int, Fraction]
"""Factors by register of the new program."""

CONSTANT = -1
"""Stands for the number one among the registers of a sum."""

LONGEST_FACTOR = 1000
"""Of a factor above and below its line: longer ones are not collected."""

Conflict = tuple[int, int, int]
"""Two inputs, and the sign of the product of their factors in some sum."""


def unfolded(inputs: int) -> Chart:
    """The chart in which coordinates are the parameters."""
    return tuple(tuple(int(a == b) for b in range(inputs)) for a in range(inputs))


def charted(program: Program, chart: Chart) -> Program:
    """The same functions of a chart's coordinates.

    Every sum is a sum of coordinates and of what is no sum, each once; a softmax reads how far the
    other logits are above its own.
    """
    if len(chart) != program.inputs or any(len(row) != program.inputs for row in chart):
        raise InputError(f"a chart of {len(chart)} parameters is none of {program.inputs} inputs")
    return _Rewriting(program, chart).result()


def conflicts(program: Program) -> frozenset[Conflict]:
    """Pairs of inputs that some sum of a charted program adds or subtracts."""
    found = set()
    for primitive, registers, numbers in program.instructions:
        if primitive == "affine":
            own: Sum = {}
            for r, c in zip(registers, numbers[1:], strict=True):
                own[r] = own.get(r, Fraction(0)) + Fraction(c)
            known = [(r, c) for r, c in sorted(own.items()) if r < program.inputs and c]
            found |= {
                (j, k, 1 if (c > 0) == (d > 0) else -1)
                for n, (j, c) in enumerate(known)
                for k, d in known[n + 1 :]
            }
    return frozenset(found)


def fold_of(region: Region, found: frozenset[Conflict]) -> tuple[int, int] | None:
    """Two coordinates of which some sum goes to infinity less infinity, if there are such."""
    ways = [towards(values) for values in region]
    return min(((j, k) for j, k, sign in found if ways[j] * ways[k] * sign < 0), default=None)


class _Rewriting:
    def __init__(self, program: Program, chart: Chart):
        self._program, self._writer = program, Writer(program.inputs)
        self._sums: list[Sum] = [{j: Fraction(c) for j, c in enumerate(row) if c} for row in chart]
        self._written: dict[tuple, int] = {}

    def result(self) -> Program:
        for instruction in self._program.instructions:
            self._sums.append(self._rewritten(instruction))
        return self._writer.finished(
            [[self._register(self._sums[r]) for r in own] for own in self._program.outputs]
        )

    def _rewritten(self, instruction: Instruction) -> Sum:
        primitive, registers, numbers = instruction
        read = [self._sums[r] for r in registers]
        if primitive == "constant":
            return _added([(Fraction(numbers[0]), {CONSTANT: Fraction(1)})])
        if primitive == "affine":
            terms = zip(map(Fraction, numbers[1:]), read, strict=True)
            return _added([(Fraction(numbers[0]), {CONSTANT: Fraction(1)}), *terms])
        if primitive == "softmax":
            read = [_added([(Fraction(1), x), (Fraction(-1), read[0])]) for x in read]
        own = self._writer.write(primitive, [self._register(x) for x in read], numbers)
        return {own: Fraction(1)}

    def _register(self, total: Sum) -> int:
        """Where a sum is held."""
        key = tuple(sorted(total.items()))
        if key not in self._written:
            self._written[key] = self._sum(dict(key))
        return self._written[key]

    def _sum(self, total: Sum) -> int:
        constants = list(_doubles(total.pop(CONSTANT, Fraction(0))))
        terms = [(part, register) for register, c in total.items() for part in _doubles(c)]
        if not constants and len(terms) == 1 and terms[0][0] == 1:
            return terms[0][1]
        if not terms and len(constants) < 2:
            return self._writer.constant(*(constants or [0.0]))
        one = [self._writer.constant(1.0)] if len(constants) > 1 else []
        terms += [(part, one[0]) for part in constants[1:]]
        return self._writer.affine(constants[0] if constants else 0.0, terms)


def _added(parts: list[tuple[Fraction, Sum]]) -> Sum:
    """Σ factor · sum."""
    total: Sum = {}
    for factor, own in parts:
        for register, c in own.items():
            total[register] = total.get(register, Fraction(0)) + factor * c
    return {register: c for register, c in total.items() if c}


def _doubles(number: Fraction) -> Iterator[float]:
    """Doubles that add up to a number that has no odd denominator."""
    bits = max(number.numerator.bit_length(), number.denominator.bit_length())
    while number:
        part = float(number) if bits <= LONGEST_FACTOR else 0.0
        if part == 0:
            raise InputError("the program's sums are too fine to be collected")
        yield part
        number -= Fraction(part)
