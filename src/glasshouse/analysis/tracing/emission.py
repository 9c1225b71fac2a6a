"""Programs from expressions: nothing is rounded, and nothing is written without need.

Needed is what outputs read, and what decides whether the function has a value."""

import math
from collections.abc import Sequence
from fractions import Fraction

from glasshouse.analysis.tracing.atoms import ONE_ATOM, Atom, Expression
from glasshouse.analysis.tracing.expressions import Expressions
from glasshouse.certificates.builtin import Writer
from glasshouse.certificates.program import LARGEST_POWER, Instruction, Program

NOWHERE = -1
"""The register of the number one, which affine instructions add without reading it."""

Term = tuple[Fraction, int]
"""A factor and a register."""


def emitted(expressions: Expressions, outputs: Sequence[Sequence[Expression]]) -> Program:
    """The program that computes `outputs`, a list for every player."""
    emission = _Emission(expressions)
    emission.write([x for own in outputs for x in own])
    registers = [[emission.register(x) for x in own] for own in outputs]
    emission.guard()
    return emission.writer.finished(registers)


class _Emission:
    def __init__(self, expressions: Expressions):
        self.writer = Writer(len(expressions.inputs))
        self._expressions = expressions
        self._of_atom = {ONE_ATOM: NOWHERE}
        self._of_expression: dict[Expression, int] = {}
        self._of_instruction: dict[Instruction, int] = {}

    def write(self, wanted: Sequence[Expression]) -> None:
        """All atoms of these, each after those it reads itself."""
        waiting = self._unwritten(wanted)
        while waiting:
            atom = self._expressions.atoms[waiting[-1]]
            before = self._unwritten(self._operands(atom))
            waiting += before
            if not before:
                self._of_atom[waiting.pop()] = self._atom_register(atom)

    def guard(self) -> None:
        """Logarithms and quotients that were simplified away: they may have no value somewhere."""
        for operation, operand in self._expressions.guards:
            self.write([operand])
            register = self.register(operand)
            guarded = {
                step.registers[-1] for step in self._of_instruction if step.primitive == operation
            }
            if register not in guarded:
                one = [self._constant(Fraction(1))] if operation == "divide" else []
                self._write(operation, [*one, register], [0.5] if operation == "root" else [])

    def _unwritten(self, wanted: Sequence[Expression]) -> list[int]:
        atoms = [atom for x in wanted for _, atom in self._terms(x)]
        return [atom for atom in reversed(atoms) if atom not in self._of_atom]

    def register(self, expression: Expression) -> int:
        """Where the program holds an expression whose atoms are written."""
        if expression not in self._of_expression:
            self._of_expression[expression] = self._sum(expression)
        return self._of_expression[expression]

    def _operands(self, atom: Atom) -> list[Expression]:
        """What has to be written before an atom."""
        if atom.operation != "exp":
            return list(atom.operands)
        roots, rest = self._roots(atom.operands[0])
        return [*(x for x, _ in roots), rest]

    def _roots(self, x: Expression) -> tuple[list[tuple[Expression, Fraction]], Expression]:
        """e to the power x as a product: what is taken to which power, and the exponent left.

        x^½ is e to the power ½ log x, but has a value where x is zero.
        """
        roots, rest = [], []
        for atom, factor in x.terms:
            operation, operands, _ = self._expressions.atoms[atom]
            short = 0 < factor <= LARGEST_POWER and Fraction(float(factor)) == factor
            if operation == "log" and short and self._expressions.sign(operands[0]) < 2:
                roots.append((operands[0], factor))
            else:
                rest.append((atom, factor))
        return roots, Expression(tuple(rest))

    def _exponential(self, atom: Atom) -> int:
        roots, rest = self._roots(atom.operands[0])
        registers = [self._write("root", [self.register(x)], [float(c)]) for x, c in roots]
        if rest.terms:
            registers.append(self._write("exp", [self.register(rest)]))
        product = registers[0]
        for register in registers[1:]:
            product = self._write("multiply", (product, register))
        return product

    def _atom_register(self, atom: Atom) -> int:
        operation, operands, number = atom
        if operation == "exp":
            return self._exponential(atom)
        registers = [self.register(x) for x in operands]
        if number is None:
            if operation != "maximum":
                return self._write(operation, registers)
            largest = registers[0]
            for register in registers[1:]:
                largest = self._write("maximum", (largest, register))
            return largest
        if operation == "power":
            return self._write(operation, registers, (float(number),))
        return int(number) if operation == "input" else self._constant(number)

    def _sum(self, expression: Expression) -> int:
        # Where a denominator is no power of two, the sum of what has it is divided by it.
        by_divisor: dict[Fraction, list[Term]] = {Fraction(1): []}
        for factor, atom in self._terms(expression):
            divisor = _divisor(factor)
            by_divisor.setdefault(divisor, []).append((factor * divisor, self._of_atom[atom]))
        whole = by_divisor.pop(Fraction(1))
        for divisor, own in by_divisor.items():
            registers = (self._affine(own), self._constant(divisor))
            whole.append((Fraction(1), self._write("divide", registers)))
        return self._affine(whole)

    def _terms(self, expression: Expression) -> list[tuple[Fraction, int]]:
        """Factors and atoms that add up to an expression."""
        terms = [(factor, atom) for atom, factor in expression.terms]
        if len(terms) == 2 and terms[0] == (-terms[1][0], ONE_ATOM):
            operation, operands, _ = self._expressions.atoms[terms[1][1]]
            if operation == "logistic":
                # 1 - 1 / (1 + e^-x) would lose all digits where 1 / (1 + e^x) is small.
                minus = self._expressions.scale(Fraction(-1), operands[0])
                ((atom, _),) = self._expressions.logistic(minus).terms
                return [(terms[0][0], atom)]
        return terms

    def _constant(self, number: Fraction) -> int:
        return self.register(Expression(((ONE_ATOM, number),) if number else ()))

    def _affine(self, terms: Sequence[Term]) -> int:
        """Σ factor · register, no factor having an odd denominator."""
        constants, factors = [0.0], []
        for factor, register in terms:
            parts = doubles(factor)
            if register == NOWHERE:
                constants = parts
            else:
                factors += [(part, register) for part in parts]
        factors += [(part, self._write("constant", (), (1.0,))) for part in constants[1:]]
        if not factors:
            return self._write("constant", (), constants)
        if constants[0] == 0 and len(factors) == 1 and factors[0][0] == 1:
            return factors[0][1]
        numbers = (constants[0], *(factor for factor, _ in factors))
        return self._write("affine", [register for _, register in factors], numbers)

    def _write(
        self, primitive: str, registers: Sequence[int] = (), numbers: Sequence[float] = ()
    ) -> int:
        instruction = Instruction(primitive, tuple(registers), tuple(numbers))
        if instruction not in self._of_instruction:
            self._of_instruction[instruction] = self.writer.write(*instruction)
        return self._of_instruction[instruction]


def doubles(number: Fraction) -> list[float]:
    """Doubles of one sign whose sum is a number without an odd denominator, largest first."""
    parts = []
    while number or not parts:
        part = float(number)
        # Of one sign, so that a sum of intervals times them is as narrow as one product.
        if abs(Fraction(part)) > abs(number):
            part = math.nextafter(part, 0.0)
        parts.append(part)
        number -= Fraction(part)
    return parts


def _divisor(factor: Fraction) -> Fraction:
    """The odd part of the denominator, halved until it is at most 1 so that nothing grows."""
    odd = factor.denominator // (factor.denominator & -factor.denominator)
    return Fraction(odd, 1 << (odd - 1).bit_length())
