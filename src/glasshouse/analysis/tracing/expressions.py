"""Exact expressions in one player's parameters, brought to a form whose interval bounds are tight.

An expression is a sum of factors times atoms, all factors exact fractions, so that what cancels
is gone before anything is bounded. Atoms are what is not a sum: products, exponentials, shares of
exponentials; equal ones are one. Where two expressions are equal, so are they as numbers: nothing
is ever rounded here.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Literal

from glasshouse.analysis.tracing.atoms import (
    EXACT_ONE,
    EXACT_ZERO,
    ONE_ATOM,
    Atom,
    Expression,
    UndefinedError,
    fits,
    of_atom,
    split,
)
from glasshouse.certificates.program import LARGEST_POWER


class Expressions:
    """All expressions of one program.

    **Arguments:** `inputs`, how many inputs the program has; `self.inputs` are these.
    """

    def __init__(self, inputs: int):
        self.atoms: list[Atom] = []
        self._known: dict[Atom, int] = {}
        self._signs: list[int] = []
        self._shares: dict[Expression, dict[Expression, Expression]] = {}
        # Simplifying must not make a function defined where it was not: 0 · log x is not 0.
        self.guards: dict[tuple[Literal["divide", "log", "root"], Expression], None] = {}
        self.atom("number", (), Fraction(1))
        self.inputs = [self.atom("input", (), Fraction(k)) for k in range(inputs)]

    def add(self, *parts: Expression) -> Expression:
        return self.combine((Fraction(1), part) for part in parts)

    def subtract(self, x: Expression, y: Expression) -> Expression:
        return self.combine([(Fraction(1), x), (Fraction(-1), y)])

    def scale(self, factor: Fraction, x: Expression) -> Expression:
        return self.combine([(factor, x)])

    def combine(self, parts: Iterable[tuple[Fraction, Expression]]) -> Expression:
        """Σ factor · expression."""
        sums: dict[int, Fraction] = {}
        for factor, expression in parts:
            for atom, own in expression.terms:
                product = factor * own
                if not fits(product):
                    kept = (self._number(factor), Expression(((atom, own),)))
                    atom, product = self._new("multiply", kept), Fraction(1)
                total = sums.get(atom, Fraction(0)) + product
                if not fits(total):
                    kept = (self._number(product), Expression(((atom, Fraction(1)),)))
                    atom, total = self._new("multiply", kept), Fraction(1)
                    total += sums.get(atom, Fraction(0))
                sums[atom] = total
        return Expression(tuple(sorted((k, c) for k, c in sums.items() if c)))

    def multiply(self, x: Expression, y: Expression) -> Expression:
        (c, x), (d, y) = split(x), split(y)
        return self.scale(c, self.scale(d, self._product(x, y)))

    def divide(self, x: Expression, y: Expression) -> Expression:
        (c, x), (d, y) = split(x), split(y)
        if d == 0:
            raise UndefinedError("divides by zero")
        if self.sign(y) < 2:
            self.guards["divide", y] = None
        return self.scale(c, self._over(self._quotient(x, y), d))

    def power(self, x: Expression, exponent: int) -> Expression:
        """x to a whole power."""
        if exponent < 0:
            return self.divide(EXACT_ONE, self.power(x, -exponent))
        if exponent > LARGEST_POWER:
            raise UndefinedError(f"takes a power above {LARGEST_POWER}")
        if exponent < 2:
            return x if exponent else EXACT_ONE
        factor, x = split(x)
        return self.multiply(self._number_to(factor, exponent), self._power(x, exponent))

    def exp(self, x: Expression) -> Expression:
        if not x.terms:
            return EXACT_ONE
        for atom, factor in x.terms:
            if self.atoms[atom].operation == "log" and abs(factor) == 1:
                rest = self.combine([(Fraction(1), x), (-factor, of_atom(atom))])
                found = self._exp_and_log(rest, self.atoms[atom].operands[0], factor)
                if found is not None:
                    return found
        return self.atom("exp", (x,))

    def log(self, x: Expression) -> Expression:
        if x.number is not None and x.number <= 0:
            raise UndefinedError("takes the logarithm of a number that is not positive")
        if self.sign(x) < 2:
            self.guards["log", x] = None
        return self._logarithm(x)

    def root(self, x: Expression, exponent: Fraction) -> Expression:
        """x to a fractional power, which has a value at zero where the power is positive."""
        number = x.number
        if number is not None and number < 0:
            raise UndefinedError("takes a root of a negative number")
        if number == 0 and exponent < 0:
            raise UndefinedError("takes a negative power of zero")
        if number == 0:
            return EXACT_ZERO
        if self.sign(x) < (2 if exponent < 0 else 1):
            self.guards["log" if exponent < 0 else "root", x] = None
        return self.exp(self.scale(exponent, self._logarithm(x)))

    def real_power(self, x: Expression, y: Expression) -> Expression:
        """x to the power y."""
        if y.number is not None:
            whole = y.number.denominator == 1
            return self.power(x, int(y.number)) if whole else self.root(x, y.number)
        if x.number is not None and x.number <= 0:
            raise UndefinedError("takes a power of a number that is not positive")
        return self.exp(self.multiply(y, self.log(x)))

    def _logarithm(self, x: Expression) -> Expression:
        if x == EXACT_ONE:
            return EXACT_ZERO
        powers = self._exponentials(x)
        if x.number is not None or powers is None:
            return self.atom("log", (x,))
        # The common part of the exponents, with what was subtracted to keep floats from
        # overflowing, comes out of the logarithm.
        common = self._common(list(powers))
        rest = self.combine((c, self.exp(self.subtract(a, common))) for a, c in powers.items())
        return self.add(common, EXACT_ZERO if rest == EXACT_ONE else self.atom("log", (rest,)))

    def tanh(self, x: Expression) -> Expression:
        return self.atom("tanh", (x,)) if x.terms else EXACT_ZERO

    def logistic(self, x: Expression) -> Expression:
        return self.atom("logistic", (x,)) if x.terms else self.scale(Fraction(1, 2), EXACT_ONE)

    def maximum(self, *xs: Expression) -> Expression:
        operands: list[Expression] = []
        for x in xs:
            own = self.single(x)
            operands += own.operands if own is not None and own.operation == "maximum" else [x]
        # Of operands that differ by a number only, the larger one is left.
        largest: dict[Expression, Fraction] = {}
        for x in operands:
            constant = dict(x.terms).get(ONE_ATOM, Fraction(0))
            moving = Expression(tuple(term for term in x.terms if term[0] != ONE_ATOM))
            largest[moving] = max(constant, largest.get(moving, constant))
        left = [self.add(x, self.scale(c, EXACT_ONE)) for x, c in largest.items()]
        if any(x.number is None and self.sign(x) for x in left):
            left = [x for x in left if x.number is None or x.number > 0]
        left.sort(key=lambda x: x.terms)
        return left[0] if len(left) == 1 else self.atom("maximum", tuple(left))

    def minimum(self, *xs: Expression) -> Expression:
        return self.scale(Fraction(-1), self.maximum(*(self.scale(Fraction(-1), x) for x in xs)))

    def absolute(self, x: Expression) -> Expression:
        if self.sign(x):
            return x
        # The zero changes no value, but tells intervals around zero that none is negative.
        return self.maximum(x, self.scale(Fraction(-1), x), EXACT_ZERO)

    def sign(self, x: Expression) -> int:
        """2 where it is known to be positive, 1 where not negative, 0 where nothing is known."""
        if any(c < 0 or not self._signs[atom] for atom, c in x.terms):
            return 0
        return max((self._signs[atom] for atom, _ in x.terms), default=1)

    def _may_be_infinite(self, x: Expression) -> bool:
        """Whether it has the logarithm of what may be zero in it, which only roots have."""
        logs = (self.atoms[atom] for atom, _ in x.terms if self.atoms[atom].operation == "log")
        read = (own.operands[0] for own in logs)
        return any(self.sign(y) < 2 and ("log", y) not in self.guards for y in read)

    def _exp_and_log(self, x: Expression, y: Expression, factor: Fraction) -> Expression | None:
        """e^(x ± log y), where that is simpler."""
        powers = self._exponentials(y)
        if powers is None or min(powers.values()) <= 0:
            return None
        if len(powers) > 1 and factor == 1:
            # Products of many sums are not multiplied out.
            if any(self.atoms[atom].operation == "log" for atom, _ in x.terms):
                return None
            return self.combine((c, self.exp(self.add(x, a))) for a, c in powers.items())
        if len(powers) > 1:
            return self._share(self.exp(x), y)
        return self.multiply(self.exp(x), y) if factor == 1 else self.divide(self.exp(x), y)

    def _product(self, x: Expression, y: Expression) -> Expression:
        if EXACT_ONE in (x, y):
            return y if x == EXACT_ONE else x
        (base, n), (other, m) = self._as_power(x), self._as_power(y)
        if base == other and n + m <= LARGEST_POWER:
            return self._power(base, n + m)
        for a, b in ((x, y), (y, x)):
            own, next_to = self.single(a), self.single(b)
            if own is None or own.operation != "exp" or next_to is None:
                continue
            if next_to.operation == "exp":
                return self.exp(self.add(own.operands[0], next_to.operands[0]))
            quotient = self._as_quotient(next_to)
            share = quotient and self._share(self.multiply(a, quotient[0]), quotient[1])
            if share:
                return share
        return self.atom("multiply", tuple(sorted((x, y), key=lambda z: z.terms)))

    def _quotient(self, x: Expression, y: Expression) -> Expression:
        if y == EXACT_ONE:
            return x
        below = self.single(y)
        if below is not None and below.operation == "exp":
            return self.multiply(x, self.exp(self.scale(Fraction(-1), below.operands[0])))
        share = self._share(x, y)
        return self.atom("divide", (x, y)) if share is None else share

    def _over(self, x: Expression, number: Fraction) -> Expression:
        if fits(1 / number):
            return self.scale(1 / number, x)
        return self.atom("divide", (x, self._number(number)))

    def _power(self, x: Expression, exponent: int) -> Expression:
        own = self.single(x)
        if x == EXACT_ONE:
            return x
        if own is not None and own.operation == "exp":
            return self.exp(self.scale(Fraction(exponent), own.operands[0]))
        base, already = self._as_power(x)
        if already * exponent > LARGEST_POWER:
            base, already = x, 1
        return self.atom("power", (base,), Fraction(already * exponent))

    def _number_to(self, factor: Fraction, exponent: int) -> Expression:
        if fits(factor**exponent):
            return self.scale(factor**exponent, EXACT_ONE)
        return self.atom("power", (self._number(factor),), Fraction(exponent))

    def _share(self, x: Expression, y: Expression) -> Expression | None:
        """x / y where both are sums of exponentials and x has no others than y."""
        above, below = self._exponentials(x), self._exponentials(y)
        if (
            above is None
            or below is None
            or min(below.values()) <= 0
            or not above.keys() <= below.keys()
        ):
            return None
        if y not in self._shares:
            logits = {
                a: a if c == 1 else self.add(a, self.log(self.scale(c, EXACT_ONE)))
                for a, c in below.items()
            }
            common = self._common(list(logits.values()))
            self._shares[y] = {a: self.subtract(logit, common) for a, logit in logits.items()}
        shares = (
            self._over(self.scale(c, self._softmax(self._shares[y], a)), below[a])
            for a, c in above.items()
        )
        return self.add(*shares)

    def _softmax(self, logits: dict[Expression, Expression], of: Expression) -> Expression:
        own = logits[of]
        others = sorted((x for a, x in logits.items() if a != of), key=lambda x: x.terms)
        if not others:
            return EXACT_ONE
        if len(others) == 1:
            return self.logistic(self.subtract(own, others[0]))
        return self.atom("softmax", (own, *others))

    def _common(self, xs: Sequence[Expression]) -> Expression:
        """What more than half of the expressions have in common, atom by atom."""
        counts = Counter(term for x in xs for term in x.terms)
        return Expression(tuple(sorted(term for term, n in counts.items() if 2 * n > len(xs))))

    def _exponentials(self, x: Expression) -> dict[Expression, Fraction] | None:
        """Factors by exponent, where it is a sum of exponentials; a number is one of zero."""
        found = {}
        for atom, factor in x.terms:
            own = self.atoms[atom]
            if atom != ONE_ATOM and own.operation != "exp":
                return None
            if any(map(self._may_be_infinite, own.operands)):
                return None
            found[own.operands[0] if own.operands else EXACT_ZERO] = factor
        return found or None

    def _as_quotient(self, atom: Atom) -> tuple[Expression, Expression] | None:
        """The exponential above and the sum of exponentials below, where it is one of these."""
        if atom.operation == "divide":
            return atom.operands[0], atom.operands[1]
        if atom.operation in ("logistic", "softmax"):
            logits = (*atom.operands, EXACT_ZERO)[: max(2, len(atom.operands))]
            powers = [self.exp(x) for x in logits]
            return powers[0], self.add(*powers)
        return None

    def _as_power(self, x: Expression) -> tuple[Expression, int]:
        own = self.single(x)
        if own is not None and own.operation == "power" and own.number is not None:
            return own.operands[0], int(own.number)
        return x, 1

    def single(self, x: Expression) -> Atom | None:
        """The atom that the expression is, if it is one."""
        return self.atoms[x.terms[0][0]] if len(x.terms) == 1 and x.terms[0][1] == 1 else None

    def _number(self, number: Fraction) -> Expression:
        """A number that is not multiplied out."""
        return self.atom("number", (), number)

    def atom(
        self, operation: str, operands: tuple[Expression, ...], number: Fraction | None = None
    ) -> Expression:
        return of_atom(self._new(operation, operands, number))

    def _new(
        self, operation: str, operands: tuple[Expression, ...], number: Fraction | None = None
    ) -> int:
        atom = Atom(operation, operands, number)
        if atom not in self._known:
            self._known[atom] = len(self.atoms)
            self.atoms.append(atom)
            self._signs.append(self._sign_of(atom))
        return self._known[atom]

    def _sign_of(self, atom: Atom) -> int:
        signs = [self.sign(x) for x in atom.operands]
        if atom.operation == "exp" and any(map(self._may_be_infinite, atom.operands)):
            return 1  # a root, which is zero where what it is taken of is
        if atom.operation in ("exp", "logistic", "softmax"):
            return 2
        if atom.operation == "maximum":
            return max(signs)
        if atom.operation == "choice":
            return min(signs[1:])
        if atom.operation == "number" and atom.number is not None:
            return 2 if atom.number > 0 else 0
        if atom.operation == "power" and atom.number is not None:
            return signs[0] or int(atom.number % 2 == 0)
        return min(signs) if atom.operation in ("multiply", "divide") else 0
