"""That probabilities add up to one, read from a program's text: never wrongly, and where it can."""

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import pytest
from flint import ctx
from tests.certificates.exact import FUNCTIONS, mp, random_program

from glasshouse.certificates.builtin import Writer
from glasshouse.certificates.program import Program
from glasshouse.certificates.totals import totals_of

DIGITS = 60


@pytest.fixture(autouse=True)
def precise():
    with ctx.workprec(256), mp.workdps(DIGITS):
        yield


class Text(Writer):
    """A program of the inputs x (register 0) and y (register 1), with shorthand."""

    def __init__(self):
        super().__init__(2)

    def plus(self, *terms: tuple[float, int], by: float = 0.0) -> int:
        return self.affine(by, terms)

    def rest(self, *registers: int) -> int:
        return self.affine(1.0, [(-1.0, r) for r in registers])

    def s(self, register: int) -> int:
        return self.write("logistic", (register,))

    def minus(self, register: int) -> int:
        return self.affine(0.0, [(-1.0, register)])

    def times(self, x: int, y: int) -> int:
        return self.write("multiply", (x, y))

    def shares(self, logits: Sequence[int]) -> list[int]:
        return [
            self.write("softmax", (logits[a], *logits[:a], *logits[a + 1 :]))
            for a in range(len(logits))
        ]

    def normed(self, parts: Sequence[int]) -> list[int]:
        whole = self.affine(0.0, [(1.0, part) for part in parts])
        return [self.write("divide", (part, whole)) for part in parts]


def mixed(t: Text) -> list[int]:
    """Two pairs, mixed with weights that depend on an input."""
    w, p, q = t.s(1), t.s(0), t.s(t.plus((3.0, 0), by=0.5))
    other = t.rest(w)
    first = t.plus((1.0, t.times(w, p)), (1.0, t.times(other, q)))
    second = t.plus((1.0, t.times(w, t.s(t.minus(0)))), (1.0, t.times(other, t.rest(q))))
    return [first, second]


def tree(t: Text) -> list[int]:
    """p q, p (1 - q), (1 - p) r and the rest of that."""
    p, q, r = t.s(0), t.s(1), t.write("root", (t.s(t.plus((1.0, 0), (1.0, 1))),), (0.5,))
    below = t.s(t.minus(0))
    return [t.times(p, q), t.times(p, t.rest(q)), t.times(below, r), t.times(below, t.rest(r))]


def views(t: Text) -> list[int]:
    """A softmax of three averaged over three views that are seen with probabilities."""
    logits = [
        [t.plus((1.0, 0), (c, 1)), t.plus((c, 0), by=1.0), t.plus((0.25, 1))]
        for c in (-1.0, 0.5, 2.0)
    ]
    each = [t.shares(own) for own in logits]
    return [
        t.plus(*((w, own[a]) for w, own in zip((0.5, 0.25, 0.25), each, strict=True)))
        for a in range(3)
    ]


def positive_part(t: Text, register: int) -> int:
    return t.write("maximum", (register, t.write("constant", (), (0.0,))))


WHOLES: dict[str, Callable[[Text], list[int]]] = {
    "the rest": lambda t: [0, 1, t.rest(0, 1)],
    "a logistic pair": lambda t: [t.s(0), t.s(t.minus(0))],
    "an opposite pair": lambda t: [
        t.s(t.plus((2.0, 0), (-1.0, 1))),
        t.s(t.plus((1.0, 1), (-2.0, 0))),
    ],
    "softmax": lambda t: t.shares([0, 1, t.times(0, 1), t.write("constant", (), (0.3,))]),
    "softmax of equal logits": lambda t: t.shares([0, 1, 0, 0]),
    "softmax of two": lambda t: t.shares([0, 1]),
    "softmax of one": lambda t: t.shares([0]),
    "a mixture": mixed,
    "a tree": tree,
    "views": views,
    "normed": lambda t: t.normed([t.write("tanh", (0,)), 1, t.times(0, 1)]),
    "normed twice": lambda t: t.normed(
        t.normed([t.write("exp", (0,)), t.write("power", (1,), (2.0,))])
    ),
    "normed roots": lambda t: t.normed([t.write("root", (r,), (0.5,)) for r in (0, 1)]),
    "tanh and logistic": lambda t: [
        t.plus((0.5, t.write("tanh", (0,))), by=0.5),
        t.s(t.plus((-2.0, 0))),
    ],
    "exponentials": lambda t: [
        t.times(t.write("exp", (0,)), t.write("exp", (t.plus((-1.0, 0), (0.5, 1)),))),
        t.rest(t.write("exp", (t.plus((0.5, 1)),))),
    ],
    "clipped": lambda t: [
        t.minus(t.write("maximum", (t.minus(0), t.write("constant", (), (-1.0,))))),
        t.rest(t.plus((1.0, 0), (-1.0, positive_part(t, t.plus((1.0, 0), by=-1.0))))),
    ],
    "both parts": lambda t: [
        t.plus((1.0, positive_part(t, 0)), (-1.0, positive_part(t, t.minus(0)))),
        t.rest(0),
    ],
    "scaled parts": lambda t: [
        t.plus((0.5, positive_part(t, t.plus((4.0, 0), (2.0, 1))))),
        t.rest(positive_part(t, t.plus((2.0, 0), (1.0, 1)))),
    ],
    "a square": lambda t: [
        t.write("power", (t.s(0),), (2.0,)),
        t.plus((2.0, t.times(t.s(0), t.s(t.minus(0))))),
        t.write("power", (t.s(t.minus(0)),), (2.0,)),
    ],
    "a high power": lambda t: [
        t.write("power", (t.plus((1.0, 0), by=1.0),), (50.0,)),
        t.rest(t.write("power", (t.plus((1.0, 0), by=1.0),), (50.0,))),
    ],
    "one action": lambda t: [t.write("divide", (0, 0))],
}


@pytest.mark.parametrize("what", WHOLES)
def test_wholes_are_seen_whatever_they_are_made_of(what):
    text = Text()
    program = text.finished([WHOLES[what](text), []])
    assert totals_of(program) == [(1, 0), (0, 0)]
    for point in ((0.25, 0.75), (0.5, 3.0), (1.5, 0.125)):
        assert abs(total_at(program, point) - 1) < mp.mpf(10) ** (10 - DIGITS)


def total_at(program: Program, point: Sequence[float]):
    found = list(map(mp.mpf, point))
    for name, registers, numbers in program.instructions:
        found.append(FUNCTIONS[name]([found[r] for r in registers], numbers))
    return mp.fsum(found[r] for r in program.outputs[0])


NONE: dict[str, Callable[[Text], list[int]]] = {
    "another argument": lambda t: [t.s(0), t.s(t.plus((-1.0, 0), by=-(2.0**-50)))],
    "another factor": lambda t: [t.s(0), t.s(t.plus((-1.0 - 2.0**-52, 0)))],
    "another whole": lambda t: [*t.shares([0, 1, 0])[:2], t.shares([0, 1, 1])[2]],
    "a share twice": lambda t: [*t.shares([0, 1, t.times(0, 1)])[:2], t.shares([0, 1, 0])[0]],
    "one too many": lambda t: [*t.shares([0, 1]), t.s(0)],
    "a needle": lambda t: [
        0,
        t.plus((-1.0, 0), (0.5, positive_part(t, t.plus((-1e6, 0), by=1.0))), by=1.0),
    ],
    "a remainder of another sum": lambda t: [
        *t.normed([t.write("exp", (0,)), 1])[:1],
        t.normed([1, t.write("exp", (t.plus((1.0, 0), by=1e-9),))])[0],
    ],
    "the inverse of another": lambda t: [
        t.write("divide", (0, t.plus((1.0, 0), (1.0, 1)))),
        t.write("divide", (1, t.plus((1.0, 0), (-1.0, 1)))),
    ],
    "a root of a square": lambda t: [
        t.write("root", (t.write("power", (0,), (2.0,)),), (0.5,)),
        t.rest(0),
    ],
}


@pytest.mark.parametrize("what", NONE)
def test_what_is_no_whole_is_not_taken_for_one(what):
    text = Text()
    program = text.finished([NONE[what](text)])
    (found,) = totals_of(program)
    for point in ((0.25, 0.75), (-0.5, 3.0), (1.5, -0.125), (0.0, 0.5)):
        if found is not None:
            assert abs(total_at(program, point) - as_mp(found[0])) <= as_mp(found[1])
    assert found is None or found[1] > 0


def as_mp(number: Fraction):
    return mp.mpf(number.numerator) / number.denominator


def test_constants_that_do_not_add_up_are_told_exactly():
    text = Text()
    weights = [0.1, 0.2, 0.7]  # whose sum in real numbers is not 1
    program = text.finished([[text.write("constant", (), (w,)) for w in weights]])
    assert totals_of(program) == [(sum(map(Fraction, weights)), 0)]
    assert 0 < abs(sum(map(Fraction, weights)) - 1) < Fraction(1, 10**15)


def test_weights_that_nearly_add_up_bound_what_is_missing():
    text = Text()
    p = text.s(0)
    parts = [text.plus((0.3, p)), text.plus((0.7, p)), text.s(text.minus(0))]
    ((total, missing),) = totals_of(text.finished([parts]))  # type: ignore[misc]
    exact = abs(Fraction(0.3) + Fraction(0.7) - 1)
    assert (total, missing) == (1, exact)
    assert exact > 0


@pytest.mark.parametrize("seed", range(3))
def test_totals_of_random_programs_are_those_at_points(seed):
    """Random functions made wholes in random ways, and as many that are none."""
    rng, told = np.random.default_rng(seed), 0
    for _ in range(60):
        base, _ = random_program(rng, 2, int(rng.integers(1, 9)))
        text = Text()
        text.instructions = list(base.instructions)
        registers = [int(r) for r in rng.integers(0, 2 + len(base.instructions), size=3)]
        ways = [
            lambda t, r: t.shares(r),
            lambda t, r: [*r, t.rest(*r)],
            lambda t, r: t.normed(r),
            lambda t, r: [t.s(r[0]), t.s(t.minus(r[0]))],
            lambda t, r: [t.times(r[0], r[1]), t.times(r[0], t.rest(r[1])), t.rest(r[0])],
        ]
        k = int(rng.integers(len(ways)))
        own = ways[k](text, registers)
        spoilt = rng.random() < 0.5
        if spoilt:
            own[-1] = text.plus((1.0, own[-1]), (2.0**-40, text.s(registers[2])))
        program = text.finished([own])
        (found,) = totals_of(program)
        told += found is not None and found[1] == 0 and not spoilt
        for point in rng.normal(size=(4, 2)):
            try:
                total = total_at(program, point.tolist())
            except ZeroDivisionError:
                continue
            if found is not None and mp.isfinite(total):
                size = mp.mpf(10) ** (15 - DIGITS) * max(abs(total), 1)
                wide = abs(total) < 1e20  # mpmath has digits left
                assert not wide or abs(total - as_mp(found[0])) <= as_mp(found[1]) + size
    assert told > 15


def test_long_programs_are_looked_at_no_longer_than_is_of_use():
    """Products of many sums are not multiplied out: nothing is said of them but what is plain."""
    text = Text()
    product = text.plus((1.0, 0), (1.0, 1), by=1.0)
    for k in range(24):
        factor = text.plus((1.0, text.s(text.plus((float(k), 0)))), (1.0, 1))
        product = text.times(product, factor)
    program = text.finished([[product, text.rest(product)], [product, product]])
    assert totals_of(program)[0] == (1, 0)
    assert totals_of(program)[1] is None
