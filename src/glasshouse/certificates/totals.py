"""What a player's probabilities add up to, proved from the text of a program alone.

Every register gets a normal form: a polynomial, with exact rational coefficients, in atoms, which
are what is no polynomial. Equal forms are equal functions wherever the program has a value. What
makes probabilities sum to one is built into the forms: s(-x) is 1 - s(x), the last share of a
softmax is 1 less all others, tanh x is 2 s(2 x) - 1, the larger of x and y is y + the positive part
of x - y. Quotients are atoms to the power -1, of which sums are freed by multiplication.
"""

import math
from fractions import Fraction

from glasshouse.certificates import polynomials as poly
from glasshouse.certificates.polynomials import NO_FACTORS, Monomial, Polynomial, TooLongError
from glasshouse.certificates.program import Instruction, Program

LARGEST_EXPANDED = 8
"""Sums to higher powers than this are not multiplied out."""

SHARES = {"logistic", "softmax"}
"""Atoms whose value lies between 0 and 1."""

Number = Fraction | int


def totals_of(program: Program) -> list[tuple[Fraction, Fraction] | None]:
    """For every player the total of its outputs and by how much at most it may differ.

    None where the text does not tell, which proves nothing for or against.
    """
    forms = _Forms(program)
    found: list[tuple[Fraction, Fraction] | None] = []
    for registers in program.outputs:
        try:
            total = poly.combined((Fraction(1), forms.of(register)) for register in registers)
            found.append(forms.bounded(total))
        except TooLongError:
            found.append(None)
    return found


class _Forms:
    """Normal forms of the registers of a program."""

    def __init__(self, program: Program):
        self._program = program
        self._atoms: dict[tuple, int] = {}
        self._kinds: list[str] = []
        self._bases: dict[int, Polynomial] = {}
        """What atoms stand for that are powers of sums."""
        self._known: dict[int, Polynomial] = {}

    def of(self, register: int) -> Polynomial:
        """The normal form of what a register holds."""
        waiting = [register]
        while waiting:
            top = waiting[-1]
            before = [r for r in self._reads(top) if r not in self._known]
            if before and top not in self._known:
                waiting += before
                continue
            waiting.pop()
            if top not in self._known:
                self._known[top] = self._form(top)
        return self._known[register]

    def bounded(self, total: Polynomial) -> tuple[Fraction, Fraction] | None:
        """The number that a sum is, and by how much it may differ."""
        number = self._as_number(total)
        if number is not None:
            return number, Fraction(0)
        rest = {monomial: c for monomial, c in total.items() if monomial}
        shares = all(
            self._kinds[atom] in SHARES and exponent > 0
            for monomial in rest
            for atom, exponent in monomial
        )
        if not shares:
            return None
        return Fraction(1), abs(total.get(NO_FACTORS, Fraction(0)) - 1) + sum(
            map(abs, rest.values())
        )

    def _as_number(self, x: Polynomial) -> Fraction | None:
        """The number it is wherever it has a value, None where that is not seen."""
        one = poly.constant(1)
        for atom in sorted(self._bases, reverse=True):
            # Where a base stands below, the program has a value only where that is not zero.
            lowest = min(dict(monomial).get(atom, 0) for monomial in (*x, *one))
            times = max(0, math.ceil(-lowest))
            x, one = self._freed(x, atom, times), self._freed(one, atom, times)
        ratio = x.get(max(one), Fraction(0)) / poly.leading(one)
        return ratio if not poly.combined([(Fraction(1), x), (-ratio, one)]) else None

    def _freed(self, x: Polynomial, atom: int, times: int) -> Polynomial:
        """x times an atom's base to a power, whole powers of that atom being multiplied out."""
        parts = []
        for monomial, coefficient in x.items():
            exponents = dict(monomial)
            exponent = exponents.pop(atom, 0) + times
            whole = math.floor(exponent)
            if exponent != whole:
                exponents[atom] = exponent - whole
            rest: Polynomial = {tuple(sorted(exponents.items())): coefficient}
            parts.append(
                (Fraction(1), poly.product(rest, poly.whole_power(self._bases[atom], whole)))
            )
        return poly.combined(parts)

    def _reads(self, register: int) -> tuple[int, ...]:
        k = register - self._program.inputs
        return () if k < 0 else self._program.instructions[k].registers

    def _form(self, register: int) -> Polynomial:
        k = register - self._program.inputs
        if k < 0:
            return self._atom("input", register)
        instruction = self._program.instructions[k]
        try:
            return getattr(self, instruction.primitive)(instruction)  # one method for each
        except TooLongError:
            return self._atom("register", register)  # by any other name the same function

    def _atom(self, kind: str, *key: object) -> Polynomial:
        return {((self._number(kind, *key), 1),): Fraction(1)}

    def _number(self, kind: str, *key: object) -> int:
        atom = self._atoms.setdefault((kind, *key), len(self._atoms))
        if atom == len(self._kinds):
            self._kinds.append(kind)
        return atom

    def _power_of(self, base: Polynomial, exponent: Number) -> Polynomial:
        """An atom for a sum, to a power."""
        atom = self._number("sum", poly.frozen(base))
        self._bases[atom] = base
        return {((atom, exponent),): Fraction(1)}

    # The normal form of what each primitive computes

    def _operands(self, instruction: Instruction) -> list[Polynomial]:
        return [self._known[r] for r in instruction.registers]

    def constant(self, instruction: Instruction) -> Polynomial:
        return poly.constant(Fraction(instruction.numbers[0]))

    def affine(self, instruction: Instruction) -> Polynomial:
        first, *factors = map(Fraction, instruction.numbers)
        terms = zip(factors, self._operands(instruction), strict=True)
        return poly.combined([(first, poly.constant(1)), *terms])

    def multiply(self, instruction: Instruction) -> Polynomial:
        return poly.product(*self._operands(instruction))

    def divide(self, instruction: Instruction) -> Polynomial:
        above, below = self._operands(instruction)
        if not below:
            return self._atom("nothing", instruction)  # it has no value anywhere
        return poly.product(above, self._reciprocal(below))

    def power(self, instruction: Instruction) -> Polynomial:
        (x,), exponent = self._operands(instruction), int(instruction.numbers[0])
        if len(x) == 1:
            ((monomial, c),) = x.items()
            return poly.scaled(
                c**exponent, {tuple((a, e * exponent) for a, e in monomial): Fraction(1)}
            )
        if exponent <= LARGEST_EXPANDED or poly.is_constant(x):
            return poly.whole_power(x, exponent)
        return self._power_of(x, exponent)

    def root(self, instruction: Instruction) -> Polynomial:
        (x,), exponent = self._operands(instruction), Fraction(instruction.numbers[0])
        if not x or x == poly.constant(1):
            return x
        return self._power_of(x, exponent)

    def exp(self, instruction: Instruction) -> Polynomial:
        (x,) = self._operands(instruction)
        found = poly.constant(1)
        for monomial, factor in x.items():
            # e^(c x) is (e^x)^c, so that e^x e^-x is 1 and e^x e^y is e^(x + y).
            power: Monomial = ((self._number("exp", monomial), factor),)
            found = poly.product(found, {power: Fraction(1)})
        return found

    def log(self, instruction: Instruction) -> Polynomial:
        (x,) = self._operands(instruction)
        return {} if x == poly.constant(1) else self._atom("log", poly.frozen(x))

    def logistic(self, instruction: Instruction) -> Polynomial:
        return self._logistic(*self._operands(instruction))

    def tanh(self, instruction: Instruction) -> Polynomial:
        (x,) = self._operands(instruction)
        return poly.combined(
            [(Fraction(2), self._logistic(poly.scaled(Fraction(2), x))), _MINUS_ONE]
        )

    def softmax(self, instruction: Instruction) -> Polynomial:
        own, *others = self._operands(instruction)
        if len(others) == 1:
            return self._logistic(poly.combined([(Fraction(1), own), (Fraction(-1), others[0])]))
        logits = sorted(map(poly.frozen, (own, *others)))
        *first, last = sorted(set(logits))
        if poly.frozen(own) != last:
            return self._atom("softmax", tuple(logits), poly.frozen(own))
        shares = (
            (Fraction(-logits.count(x)), self._atom("softmax", tuple(logits), x)) for x in first
        )
        rest = poly.combined([(Fraction(1), poly.constant(1)), *shares])
        return poly.scaled(Fraction(1, logits.count(last)), rest)

    def maximum(self, instruction: Instruction) -> Polynomial:
        x, y = self._operands(instruction)
        difference = poly.combined([(Fraction(1), x), (Fraction(-1), y)])
        return poly.combined([(Fraction(1), y), (Fraction(1), self._positive_part(difference))])

    def choice(self, instruction: Instruction) -> Polynomial:
        """z + (y - z) times 1 where x is above zero and 0 elsewhere."""
        x, y, z = self._operands(instruction)
        if poly.is_constant(x):
            return y if x.get(NO_FACTORS, Fraction(0)) > 0 else z
        unit = poly.scaled(1 / abs(poly.leading(x)), x)
        which = self._atom("above zero", poly.frozen(unit))
        difference = poly.combined([(Fraction(1), y), (Fraction(-1), z)])
        return poly.combined([(Fraction(1), z), (Fraction(1), poly.product(which, difference))])

    def erf(self, instruction: Instruction) -> Polynomial:
        return self._odd("erf", *self._operands(instruction))

    def sin(self, instruction: Instruction) -> Polynomial:
        return self._odd("sin", *self._operands(instruction))

    def cos(self, instruction: Instruction) -> Polynomial:
        (x,) = self._operands(instruction)
        if not x:
            return poly.constant(1)
        sign = Fraction(1 if poly.leading(x) > 0 else -1)
        return self._atom("cos", poly.frozen(poly.scaled(sign, x)))

    def xlogx(self, instruction: Instruction) -> Polynomial:
        (x,) = self._operands(instruction)
        return {} if not x or x == poly.constant(1) else self._atom("xlogx", poly.frozen(x))

    def gelu(self, instruction: Instruction) -> Polynomial:
        (x,) = self._operands(instruction)
        half, erf = poly.scaled(Fraction(1, 2), x), self._odd("erf", x)
        return poly.combined([(Fraction(1), half), (Fraction(1), poly.product(half, erf))])

    def _odd(self, name: str, x: Polynomial) -> Polynomial:
        """An odd function: of -x it is minus that of x."""
        if not x:
            return {}
        sign = Fraction(1 if poly.leading(x) > 0 else -1)
        return poly.scaled(sign, self._atom(name, poly.frozen(poly.scaled(sign, x))))

    def _logistic(self, x: Polynomial) -> Polynomial:
        if not x:
            return poly.constant(Fraction(1, 2))
        if poly.leading(x) > 0:
            return self._atom("logistic", poly.frozen(x))
        other = self._atom("logistic", poly.frozen(poly.scaled(Fraction(-1), x)))
        return poly.combined([(Fraction(1), poly.constant(1)), (Fraction(-1), other)])

    def _positive_part(self, x: Polynomial) -> Polynomial:
        if poly.is_constant(x):
            return poly.constant(max(Fraction(0), x.get(NO_FACTORS, Fraction(0))))
        factor = poly.leading(x)
        unit = poly.scaled(1 / factor, x)
        part = self._atom("positive part", poly.frozen(unit))
        # The larger of -x and 0 is that of x and 0, less x.
        other = (Fraction(-1), unit) if factor < 0 else (Fraction(0), {})
        return poly.scaled(abs(factor), poly.combined([(Fraction(1), part), other]))

    def _reciprocal(self, x: Polynomial) -> Polynomial:
        if len(x) == 1:
            ((monomial, c),) = x.items()
            return {poly.inverse(monomial): 1 / c}
        factor = poly.leading(x)
        return poly.scaled(1 / factor, self._power_of(poly.scaled(1 / factor, x), -1))


_MINUS_ONE = (Fraction(-1), poly.constant(1))
