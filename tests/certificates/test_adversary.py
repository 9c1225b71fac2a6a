"""A seeded search for false verdicts: random programs on boxes, and random whole certificates.

By day a few are tried; `make nightly` tries ten thousand programs and a thousand certificates, and
prints what became of them.
"""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from flint import arb, ctx
from tests.certificates.adversary import best_known, random_attack, random_profile
from tests.certificates.exact import FUNCTIONS, INF, ball, mp, points_of

from glasshouse import NormalFormGame, ParametricGame, certify, verify
from glasshouse.certificates.primitives import PRIMITIVES
from glasshouse.certificates.program import PARTIAL, Instruction, Machine, Program
from glasshouse.certificates.totals import totals_of
from glasshouse.channels import Box
from glasshouse.errors import InputError
from glasshouse.semantics import Custom

PRECISION, DIGITS = 160, 60

PRINTED = "printed at the end"
"""What a test records under this name is printed after all tests, whichever process ran it."""

ROUNDING = mp.mpf("1e-35")
"""Of the largest number met: what 60 digits and 160 bits may be wrong by, many times over."""


@pytest.fixture(autouse=True)
def precise():
    with ctx.workprec(PRECISION), mp.workdps(DIGITS):
        yield


# Programs on boxes


def any_program(rng: np.random.Generator) -> Program:
    """Of all primitives, those without a value somewhere more often than others."""
    names = [*PRIMITIVES, *sorted(PARTIAL)]
    instructions: list[Instruction] = []
    for k in range(int(rng.integers(1, 10))):
        name = str(rng.choice(names))
        size = PRIMITIVES[name].registers
        size = int(rng.integers(1, 4)) if size is None else size
        scale = float(rng.choice([1.0, 1.0, 1e-3, 30.0]))
        numbers = {
            "constant": lambda: (float(rng.choice([0.0, 1.0, 1e-12, rng.normal()])),),
            "affine": lambda n=size, c=scale: tuple(
                map(float, c * rng.normal(size=n + 1).round(1))
            ),
            "power": lambda: (float(rng.integers(1, 6)),),
            "root": lambda: (float(rng.choice([0.5, 1.0, 1.5, 0.3])),),
        }.get(name, tuple)()
        registers = tuple(int(r) for r in rng.integers(0, 2 + k, size=size))
        instructions.append(Instruction(name, registers, numbers))
    last = 1 + len(instructions)
    outputs = ((last, int(rng.integers(0, last + 1))), (int(rng.integers(0, last + 1)),))
    return Program(2, tuple(instructions), outputs)


def any_box(rng: np.random.Generator) -> list[tuple[float, float]]:
    box = []
    for _ in range(2):
        centre = float(rng.choice([0.0, 1.0, rng.normal() * 2]))
        width = float(rng.choice([0.0, 1e-9, 0.1, 3.0]))
        low = float(rng.choice([centre, centre - width, -INF], p=[0.4, 0.55, 0.05]))
        box.append((low, float(rng.choice([centre + width, INF], p=[0.95, 0.05]))))
    return box


def computed(program: Program, point: tuple[float, ...]) -> list | None:
    """What every register holds at a point, None where some instruction has no value."""
    found = list(map(mp.mpf, point))
    for name, registers, numbers in program.instructions:
        xs = [found[r] for r in registers]
        low = name == "log" and xs[0] <= 0
        if low or (name in ("root", "xlogx") and xs[0] < 0) or (name == "divide" and xs[1] == 0):
            return None
        found.append(FUNCTIONS[name](xs, numbers))
        if not mp.isfinite(found[-1]) or abs(found[-1]) > mp.mpf(10) ** 12:
            raise OverflowError
    return found


def attack_program(rng: np.random.Generator, counts: Counter) -> None:
    program, box = any_program(rng), any_box(rng)
    machine = Machine(program)
    values, slopes = machine.registers([(arb(low), arb(high)) for low, high in box])
    defined, totals = machine.is_defined(values), totals_of(program)
    counts["defined" if defined else "not known to be defined"] += 1
    counts["totals"] += sum(total is not None for total in totals)
    before = None
    for point in points_of(rng, box, 5):
        try:
            found = computed(program, point)
        except OverflowError:
            continue
        assert found is not None or not defined, (program, box, point)
        if found is None:
            counts["points without a value"] += 1
            continue
        counts["points"] += 1
        wrong = ball(ROUNDING * max(1, *map(abs, found)))
        for (low, high), number in zip(values, map(ball, found), strict=True):
            assert not low > number + wrong, (program, box, point)
            assert not high < number - wrong, (program, box, point)
        for total, own in zip(totals, program.outputs, strict=True):
            if total is not None:
                middle, off = (mp.mpf(x.numerator) / x.denominator for x in total)
                missing = abs(mp.fsum(found[r] for r in own) - middle)
                assert missing <= off + ROUNDING * max(1, *map(abs, found)), (program, point)
        if before is not None and defined:
            assert_between(program, slopes, before, (point, found), wrong)
            counts["differences"] += 1
        before = point, found


def assert_between(program: Program, slopes: list, one: tuple, other: tuple, wrong: arb) -> None:
    """The mean-value theorem, for every register."""
    for register, own in enumerate(slopes):
        low, high = -2 * wrong, 2 * wrong
        for k, (a, b) in own.items():
            step = arb(other[0][k]) - arb(one[0][k])
            low, high = (
                (low + a * step, high + b * step)
                if step >= 0
                else (low + b * step, high + a * step)
            )
        change = ball(other[1][register] - one[1][register])
        assert not change < low - wrong, (program, register, one, other)
        assert not change > high + wrong, (program, register, one, other)


def attack_programs(seed: int, count: int) -> Counter:
    rng, counts = np.random.default_rng([seed, 1]), Counter()
    for _ in range(count):
        attack_program(rng, counts)
        counts["programs"] += 1
    return counts


def test_what_is_said_of_random_programs_on_boxes_is_true():
    counts = attack_programs(0, 100)
    assert counts["points"] > 200
    assert min(counts["defined"], counts["not known to be defined"], counts["differences"]) > 20


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
def test_what_is_said_of_ten_thousand_programs_is_true(seed, record_property):
    counts = attack_programs(seed, 1000)
    record_property(PRINTED, f"programs on boxes, seed {seed}: {said(counts)}")
    assert counts["programs"] == 1000


def said(counts: Counter) -> str:
    return ", ".join(f"{what} {number}" for what, number in sorted(counts.items()))


# Whole verdicts


def attack_verdict(rng: np.random.Generator, counts: Counter, path: Path, budget: int) -> None:
    attack = random_attack(rng)
    profile = random_profile(rng, attack)
    best = [best_known(attack, profile, player) for player in (0, 1)]
    largest = max(0.0, *map(float, best))
    choices = [0.0, largest * (1 - 1e-6), largest * (1 + 1e-6) + 1e-9, 1e-3, 0.5]
    epsilon = float(rng.choice(choices))
    proper = all(
        attack.is_proper(attack.moved(profile, player, t))
        for player in (0, 1)
        for t in attack.deviations(profile, player, 21)
    )
    kind = "improper" if not proper else "proper" if attack.fault is None else "with a needle"
    try:
        semantics = Custom(attack.function, [Box(-attack.bound, attack.bound)] * 2)
        game = ParametricGame(NormalFormGame(attack.tables), semantics)
        found = certify(game, profile, epsilon, budget=budget)
    except InputError:
        counts[f"{kind}: refused"] += 1
        assert not proper, attack
        return
    counts[f"{kind}: {found.verdict}"] += 1
    found.write(path)
    checked = verify(path)
    assert checked.accepted, (attack, profile, epsilon, checked.reason)
    assert checked.complete
    case = (attack, profile, epsilon)
    if found.verdict == "certified":
        assert proper, case
        assert max(best) <= epsilon, case
    for player, gain in enumerate(found.gains):
        assert best[player] <= gain.upper, case
        for point, least in ((gain.best, gain.lower), (gain.witness, gain.witness_gain)):
            moved = attack.moved(profile, player, point[0])
            assert attack.is_proper(moved) or least == 0, case
            if least > 0:
                assert attack.payoff(player, moved) - attack.payoff(player, profile) >= least, case
    if found.verdict == "refuted":
        assert found.worst.witness_gain > epsilon, case
        assert all(map(math.isfinite, found.worst.witness)), case


def attack_verdicts(seed: int, count: int, path: Path, budget: int = 200) -> Counter:
    rng, counts = np.random.default_rng([seed, 2]), Counter()
    for _ in range(count):
        attack_verdict(rng, counts, path / "it.json", budget)
        counts["verdicts"] += 1
    return counts


def assert_told(counts: Counter, count: int) -> None:
    """Most of what can be decided is, so that the search is one."""
    certified = sum(n for what, n in counts.items() if what.endswith("certified"))
    refuted = sum(n for what, n in counts.items() if what.endswith("refuted"))
    assert certified > 0.08 * count, counts
    assert refuted > 0.15 * count, counts
    assert sum(n for what, n in counts.items() if what.startswith("improper")) > 0.05 * count, (
        counts
    )


def test_no_random_verdict_is_false(tmp_path):
    counts = attack_verdicts(0, 8, tmp_path, budget=40)
    assert counts["verdicts"] == 8
    assert len(counts) > 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
def test_none_of_a_thousand_verdicts_is_false(seed, record_property, tmp_path):
    counts = attack_verdicts(seed, 100, tmp_path)
    record_property(PRINTED, f"verdicts, seed {seed}: {said(counts)}")
    assert_told(counts, 100)
