"""What the tests of certificates compare with: payoffs, gains and functions at 50 digits.

Everything is written out from the definitions with mpmath; no program, no interval and no bound of
the library is used.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import mpmath
import numpy as np
from flint import arb, ctx, fmpz

from glasshouse.certificates.builtin import builtin_program
from glasshouse.certificates.document import AffineNumbers, LogisticNumbers
from glasshouse.certificates.gain import Gain
from glasshouse.certificates.primitives import PRIMITIVES
from glasshouse.certificates.program import Instruction, Machine, Program
from glasshouse.certificates.search import Bracket, best_gain

mp: Any = mpmath.mp
"""mpmath's working precision and functions, most of which it adds when it is imported."""

DIGITS = 50
PRECISION = 128
INF = math.inf


# Numbers and intervals


def interval(values: tuple[float, float]) -> tuple[arb, arb]:
    """A range of doubles as an interval."""
    return arb(values[0]), arb(values[1])


def ball(number: float | Fraction | mpmath.mpf) -> arb:
    """The same number as a ball, exactly (but for fractions that are no binary ones)."""
    if isinstance(number, mpmath.mpf) and mp.isfinite(number):
        sign, mantissa, exponent, bits = number._mpf_
        with ctx.workprec(max(bits, 1) + 8):
            return arb(fmpz((-1) ** sign * int(mantissa))) * arb(2) ** exponent
    if isinstance(number, Fraction):
        with ctx.workprec(number.numerator.bit_length() + 8):
            return arb(fmpz(number.numerator)) / arb(fmpz(number.denominator))
    return arb(float(number))


def fraction(exact: arb) -> Fraction:
    """The number an exact, finite ball holds."""
    mantissa, exponent = exact.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def holds(interval: tuple[arb, arb], number: Fraction | mpmath.mpf) -> bool:
    """Whether an interval has the number in it; a NaN end is unknown, so no bound."""
    low, high = interval
    value = ball(number)
    return not low > value and not high < value


def is_close(end: arb, number: mpmath.mpf, scale: mpmath.mpf | float = 0.0) -> bool:
    """Whether a ball agrees with a number to 1e-20 of its size, or of a scale that is larger."""
    if not mp.isfinite(number):
        return bool(end == ball(number))
    allowed = ball(max(abs(number), mp.mpf(scale)) * mp.mpf("1e-20"))
    return bool(abs(end - ball(number)) <= allowed)


# Programs


FUNCTIONS: dict[str, Callable[[list, Sequence[float]], Any]] = {
    "constant": lambda xs, c: mp.mpf(c[0]),
    "affine": lambda xs, c: (
        mp.mpf(c[0]) + mp.fsum(mp.mpf(d) * x for d, x in zip(c[1:], xs, strict=True) if d)
    ),
    "multiply": lambda xs, c: xs[0] * xs[1],
    "divide": lambda xs, c: xs[0] / xs[1],
    "power": lambda xs, c: xs[0] ** int(c[0]),
    "root": lambda xs, c: xs[0] ** mp.mpf(c[0]),
    "exp": lambda xs, c: mp.exp(xs[0]),
    "log": lambda xs, c: mp.log(xs[0]),
    "logistic": lambda xs, c: 1 / (1 + mp.exp(-xs[0])),
    "tanh": lambda xs, c: mp.tanh(xs[0]),
    "softmax": lambda xs, c: share(0, xs),
    "maximum": lambda xs, c: max(xs),
    "choice": lambda xs, c: xs[1] if xs[0] > 0 else xs[2],
    "erf": lambda xs, c: mp.erf(xs[0]),
    "sin": lambda xs, c: mp.sin(xs[0]),
    "cos": lambda xs, c: mp.cos(xs[0]),
    "xlogx": lambda xs, c: xs[0] * mp.log(xs[0]) if xs[0] else mp.mpf(0),
    "gelu": lambda xs, c: xs[0] * mp.erfc(-xs[0]) / 2,
}
"""What every primitive computes."""


POLES = ("divide", "log", "exp", "root", "xlogx", "choice")
"""Without a value somewhere, too large for mpmath, or with a jump."""


def random_program(
    rng: np.random.Generator, inputs: int, depth: int, players: int = 1
) -> tuple[Program, Callable[[Sequence], list]]:
    """A program of random instructions, and the same function with mpmath; it has no poles."""
    instructions: list[Instruction] = []
    safe = [name for name in PRIMITIVES if name not in POLES]
    for k in range(depth):
        name = str(rng.choice(safe))
        size = PRIMITIVES[name].registers
        size = int(rng.integers(1, 4)) if size is None else size
        numbers = {
            "constant": (float(rng.normal()),),
            "affine": tuple(map(float, rng.normal(size=size + 1))),
            "power": (float(rng.integers(1, 4)),),
        }.get(name, ())
        registers = tuple(int(r) for r in rng.integers(0, inputs + k, size=size))
        instructions.append(Instruction(name, registers, numbers))
    outputs = tuple((max(inputs + depth - 1 - i, 0),) for i in range(players))

    def function(point: Sequence) -> list:
        found = list(map(mp.mpf, point))
        for name, registers, numbers in instructions:
            found.append(FUNCTIONS[name]([found[r] for r in registers], numbers))
        return [found[register] for (register,) in outputs]

    return Program(inputs, tuple(instructions), outputs), function


# Games


class Case(NamedTuple):
    """A game with built-in semantics, a profile, and the player who deviates."""

    semantics: dict[str, Any]
    actions: tuple[int, ...]
    tables: list[Any]
    params: list[list[float]]
    player: int = 0
    swept: bool = False

    @property
    def profile(self) -> tuple[float, ...]:
        return tuple(self.params[self.player])

    def program(self) -> Program:
        numbers = {"logistic": LogisticNumbers, "affine": AffineNumbers}[self.semantics["kind"]]
        semantics = numbers.model_validate(self.semantics)
        return builtin_program(semantics, self.actions, self.params, self.player, self.swept)

    def bounds(self) -> Gain:
        return Gain(self.program(), self.tables[self.player], self.profile)

    def bracket(self, region: Sequence[tuple[float, float]], **settings: Any) -> Bracket:
        return best_gain(
            self.program(), self.tables[self.player], self.profile, tuple(region), **settings
        )

    def gain(self, deviation: Sequence[float]) -> mpmath.mpf:
        """The gain of a deviation (with the factor of all couplings, where that is swept)."""
        own = len(self.params[self.player])
        factor = deviation[own] if self.swept else 1.0
        staying = self.payoff(self.params, factor)
        moved = [list(map(float, theta)) for theta in self.params]
        moved[self.player] = list(deviation[:own])
        return self.payoff(moved, factor) - staying

    def payoff(self, params: Sequence[Sequence[float]], factor: float = 1.0) -> mpmath.mpf:
        table, total = self.tables[self.player], mp.mpf(0)
        mixes = PROBABILITIES[self.semantics["kind"]](self, params, factor)
        for profile in itertools.product(*map(range, self.actions)):
            number = mp.mpf(entry(table, profile))
            for mix, action in zip(mixes, profile, strict=True):
                number *= mix[action]
            total += number
        return total


def entry(table: Any, profile: Sequence[int]) -> float:
    for action in profile:
        table = table[action]
    return table


def logistic(case: Case, params: Sequence[Sequence[float]], factor: float) -> list[list]:
    """softmax of logits_i = ω_i θ_i + κ Σ_j κ_ij θ_j by index, the last action's being 0."""
    mixes = []
    for i, count in enumerate(case.actions):
        logits = [mp.mpf(0)] * count
        for a in range(count - 1):
            for j, theta in enumerate(params):
                weight = mp.mpf(case.semantics["coupling"][i][j]) * mp.mpf(factor)
                weight = mp.mpf(case.semantics["own_weight"][i]) if i == j else weight
                if a < len(theta) and weight:
                    logits[a] += weight * mp.mpf(theta[a])
        mixes.append([share(a, logits) for a in range(count)])
    return mixes


def share(a: int, logits: Sequence[mpmath.mpf]) -> mpmath.mpf:
    """e^x_a / Σ e^x_b, without overflow or cancellation."""
    return 1 / mp.fsum(mp.exp(x - logits[a]) if b != a else 1 for b, x in enumerate(logits))


def affine(case: Case, params: Sequence[Sequence[float]], factor: float) -> list[list]:
    """p_i = (1 - w) θ_i + w · mean of the others' θ_j."""
    weight, mixes = mp.mpf(case.semantics["weight"]) * mp.mpf(factor), []
    for i, (own,) in enumerate(params):
        others = [mp.mpf(other) for j, (other,) in enumerate(params) if j != i]
        p = (1 - weight) * mp.mpf(own) + weight * mp.fsum(others) / len(others)
        mixes.append([p, 1 - p])
    return mixes


PROBABILITIES = {"logistic": logistic, "affine": affine}


def two_by_two(
    payoffs: Sequence[float],
    coupling: float | Sequence[float],
    profile: Sequence[float],
    other: Sequence[float] | None = None,
    **settings: Any,
) -> Case:
    """A 2×2 game from the row player's payoffs T, R, P, S (and the other's: the same)."""
    T, R, P, S = payoffs
    t, r, p, s = other or payoffs
    first, second = coupling if isinstance(coupling, Sequence) else (coupling, coupling)
    return Case(
        {"kind": "logistic", "coupling": [[0.0, first], [second, 0.0]], "own_weight": [1.0, 1.0]},
        (2, 2),
        [[[R, S], [T, P]], [[r, t], [s, p]]],
        [[x] for x in profile],
        **settings,
    )


def random_case(
    rng: np.random.Generator,
    kind: str,
    actions: tuple[int, ...],
    *,
    spread: float = 3.0,
    swept: bool = False,
) -> Case:
    """A random game, its couplings of either sign, at a random profile."""
    players = len(actions)
    tables = [random_table(rng, actions) for _ in actions]
    if kind == "affine":
        semantics: dict[str, Any] = {"kind": kind, "weight": float(rng.uniform(0, 1))}
        params = [[float(rng.uniform(0, 1))] for _ in actions]
    else:
        coupling = rng.uniform(-1, 2, size=(players, players))
        np.fill_diagonal(coupling, 0.0)
        own = rng.choice([1.0, 1.0, 0.5, -1.0], size=players)
        semantics = {"kind": kind, "coupling": coupling.tolist(), "own_weight": own.tolist()}
        params = [rng.uniform(-spread, spread, size=m - 1).tolist() for m in actions]
    return Case(semantics, actions, tables, params, int(rng.integers(players)), swept)


def random_table(rng: np.random.Generator, actions: tuple[int, ...]) -> Any:
    """Payoffs that are sometimes whole numbers, with ties, and sometimes anything."""
    if rng.random() < 0.5:
        return rng.integers(-3, 6, size=actions).astype(float).tolist()
    return rng.normal(scale=3.0, size=actions).tolist()


# Boxes


def points_of(
    rng: np.random.Generator, region: Sequence[tuple[float, float]], count: int
) -> Iterator[tuple[float, ...]]:
    """Finite points of a region: anywhere, on its faces, and far out where it has no end."""
    for _ in range(count):
        yield tuple(point_in(rng, *values) for values in region)


def point_in(rng: np.random.Generator, low: float, high: float) -> float:
    """A finite number of a range, at its ends now and then."""
    if low == high:
        return low
    finite = [x for x in (low, high) if math.isfinite(x)]
    if finite and rng.random() < 0.25:
        return float(rng.choice(finite))
    if len(finite) == 2:
        return min(max(low + (high - low) * float(rng.random()), low), high)
    far = float(10.0 ** rng.uniform(-2, 2.5))
    if finite:
        return low + far if math.isfinite(low) else high - far
    return far * float(rng.choice([-1.0, 1.0]))


# What programs compute


def outputs_of(machine: Machine, box: Sequence[tuple[arb, arb]]) -> tuple[list, list]:
    """Every player's probabilities but the last, and their derivatives by the inputs."""
    values, slopes = machine.registers(box)
    outputs = machine.program.outputs
    return (
        [[values[r] for r in registers] for registers in outputs],
        [[slopes[r] for r in registers] for registers in outputs],
    )
