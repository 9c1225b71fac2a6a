"""Whether payoffs jump: a short segment on which no continuous function takes their values."""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from flint import arb

from glasshouse._foundation.random import Purpose, normals
from glasshouse.analysis.equilibria.mixed.facing import bounds_of, payoffs_at
from glasshouse.analysis.equilibria.witness import Witness
from glasshouse.analysis.equilibrium.certification import base_of
from glasshouse.certificates import intervals as iv
from glasshouse.certificates.covers import Region
from glasshouse.certificates.intervals import Interval
from glasshouse.certificates.payoff import Table
from glasshouse.certificates.program import Instruction, Machine, Program
from glasshouse.parametric.dense import DenseGame

BASES, POINTS_ON_LINE = 12, 9
"""Profiles through which lines are looked along, one for every parameter, and points on each."""

POINTS_LOOKED_AT = 1000
"""At so many points at most it is looked which comparisons hold."""

MOST_SEGMENTS = 16
"""So many segments are tried on which a comparison changes, of all comparisons in turn."""

MOST_TOGETHER = 6
"""Comparisons that may change on one short segment: all their combinations are looked at."""

LEAST_JUMP = 1e-9
"""A smaller jump, over the largest payoff, may come of numbers rounded to doubles: probabilities
written as 0.1 and 0.9 add up to 1 but for that."""

SPLITS = (0.5, 0.4375, 0.59375)
"""Where a segment is split: elsewhere where it is not known which way a comparison goes."""

SHORT = (2.0**-40, 2.0**-60)
"""Shares of the box at which segments are short enough to look at what they prove: at the first,
rounding seldom changes a comparison at the ends; at the second, one end may be the only point at
which something is equal. Doubles next to zero, which are shorter yet, computers take for zero."""


class Segment(NamedTuple):
    """Between two profiles, a comparison holding at the first only; `test`, its register."""

    test: int
    begin: np.ndarray
    end: np.ndarray


def jump(game: DenseGame, program: Program, region: Region) -> Witness | None:
    """A jump of some player's payoff, if one is met and proved.

    On a short segment some comparisons change. Whichever of them hold, payoffs lie in an interval;
    where these leave a gap with the payoff of one end below it and that of the other above, no
    continuous function takes these values. Branches that meet leave none.

    **Arguments:** `program`, everyone's probabilities as functions of everyone's parameters, in
    doubles the same function; `region`, in which it is looked. Inside `precision`.
    """
    machine, tests = Machine(program), _tests(program)
    for test, begin, end in _segments(machine, tests, region):
        for share in SHORT:
            begin, end = _narrowed(machine, test, begin, end, share * np.ptp(region, axis=1))
            outcomes = _outcomes(program, tests, machine, begin, end)
            found = _between(game, machine, outcomes, begin, end) if outcomes else None
            if found is not None:
                return found
    return None


def _between(
    game: DenseGame,
    machine: Machine,
    outcomes: list[list[list[Interval]]],
    begin: np.ndarray,
    end: np.ndarray,
) -> Witness | None:
    """A jump between two points, everyone's probabilities there being among the outcomes."""
    tables = np.asarray(base_of(game).tensor, np.float64).tolist()
    smallest = LEAST_JUMP * float(np.abs(tables).max())
    for player, table in enumerate(tables):
        ends = [_payoff(table, machine.values(_points(x))) for x in (begin, end)]
        gap = _gap([_payoff(table, values) for values in outcomes], *ends)
        if gap > smallest and _seen_in_floats(game, player, (begin, end), ends, gap):
            profiles = _by_player(game, begin), _by_player(game, end)
            return Witness("jump", player, profiles, gap)
    return None


def _tests(program: Program) -> list[int]:
    """The registers that are compared with zero, in choices."""
    read = (x.registers[0] for x in program.instructions if x.primitive == "choice")
    return list(dict.fromkeys(read))


def _segments(machine: Machine, tests: Sequence[int], region: Region) -> Iterator[Segment]:
    """Segments at whose ends a comparison goes different ways, those of each in turn."""
    found: dict[int, list[Segment]] = {test: [] for test in tests}
    looked = 0
    for line in _lines(region):
        looked += len(line)
        truths = [_truths(machine, tests, x) for x in line]
        for (x, first), (y, second) in itertools.pairwise(zip(line, truths, strict=True)):
            for test in tests:
                if {first[test], second[test]} == {True, False}:
                    ends = (x, y) if first[test] else (y, x)
                    found[test].append(Segment(test, *ends))
        if looked > POINTS_LOOKED_AT:
            break
    spread = [_spread(own, MOST_SEGMENTS // len(tests) + 1) for own in found.values()]
    in_turn = itertools.chain(*itertools.zip_longest(*spread))
    yield from itertools.islice(filter(None, in_turn), MOST_SEGMENTS)


def _spread(found: Sequence[Segment], most: int) -> list[Segment]:
    """So many of them, from the first to the last."""
    count = min(len(found), most)
    return [found[k * len(found) // count] for k in range(count)]


def _lines(region: Region) -> Iterator[list[np.ndarray]]:
    """Points along lines on which one parameter moves, and then between profiles."""
    low, high = np.array(region).T
    drawn = normals(0, Purpose.DIRECTIONS, BASES, len(low))
    bases = low + (high - low) * (0.5 + 0.5 * np.tanh(drawn))
    shares = np.linspace(0.0, 1.0, POINTS_ON_LINE)
    for base in bases:
        for k in range(len(low)):
            line = np.repeat(base[None], POINTS_ON_LINE, axis=0)
            line[:, k] = np.clip(low[k] + shares * (high[k] - low[k]), low[k], high[k])
            yield list(line)
    for x, y in itertools.pairwise(bases):
        yield list(np.clip(x + shares[:, None] * (y - x), low, high))


def _truths(machine: Machine, tests: Sequence[int], point: np.ndarray) -> dict[int, bool | None]:
    values = machine.held(_points(point))
    return {
        test: True if values[test][0] > 0 else False if values[test][1] <= 0 else None
        for test in tests
    }


def _narrowed(
    machine: Machine, test: int, begin: np.ndarray, end: np.ndarray, short: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Two points as close as they come in doubles, a comparison holding at the first only."""
    while (np.abs(end - begin) > short).any():
        for share in SPLITS:
            middle = begin + share * (end - begin)
            if (middle == begin).all() or (middle == end).all():
                continue
            holds = _truths(machine, [test], middle)[test]
            if holds is not None:
                begin, end = (middle, end) if holds else (begin, middle)
                break
        else:
            break
    return begin, end


def _outcomes(
    program: Program, tests: Sequence[int], machine: Machine, begin: np.ndarray, end: np.ndarray
) -> list[list[list[Interval]]]:
    """Everyone's probabilities on the box around both points, for each way in which comparisons
    that are open there may go; none where they are too many or have no value somewhere."""
    low, high = np.minimum(begin, end).tolist(), np.maximum(begin, end).tolist()
    box = [(arb(x), arb(y)) for x, y in zip(low, high, strict=True)]
    values = machine.held(box)
    still = [test for test in tests if not (values[test][0] > 0 or values[test][1] <= 0)]
    if len(still) > MOST_TOGETHER:
        return []
    found = []
    for holds in itertools.product((True, False), repeat=len(still)):
        forced = Machine(_forced(program, dict(zip(still, holds, strict=True))))
        values = forced.held(box)
        if not forced.is_defined(values):
            return []
        found.append(forced.outputs(values))
    return found


def _forced(program: Program, holds: dict[int, bool]) -> Program:
    """The same where it is known which way some comparisons go."""
    steps = []
    for step in program.instructions:
        if step.primitive == "choice" and step.registers[0] in holds:
            test, then, other = step.registers
            step = Instruction("affine", (then if holds[test] else other,), (0.0, 1.0))
        steps.append(step)
    return Program(program.inputs, tuple(steps), program.outputs)


def _payoff(table: Table, vectors: Sequence[Sequence[Interval]]) -> Interval:
    """A player's payoff at probabilities of all actions."""
    if not vectors:
        return iv.point(table)
    terms = [
        iv.multiply(share, _payoff(row, vectors[1:]))
        for share, row in zip(vectors[0], table, strict=True)
    ]
    total = iv.NOTHING
    for term in terms:
        total = iv.add(total, term)
    return total


def _gap(outcomes: Sequence[Interval], begin: Interval, end: Interval) -> float:
    """The widest gap between intervals with one end below and the other above it, 0 where none."""
    if not all(x.is_finite() for pair in (*outcomes, begin, end) for x in pair):
        return 0.0
    outcomes = [(x[0].lower(), x[1].upper()) for x in outcomes]  # exact, so that ends compare
    widest = 0.0
    for _, ceiling in outcomes:
        above = [x for x in outcomes if x[0] > ceiling]
        if not all(x[1] <= ceiling or x[0] > ceiling for x in outcomes) or not above:
            continue
        floor = iv.hull(tuple(x[0] for x in above))[0]
        apart = (begin[1] < floor and end[0] > ceiling) or (end[1] < floor and begin[0] > ceiling)
        if apart:
            widest = max(widest, math.nextafter(float((floor - ceiling).lower()), 0.0))
    return widest


def _seen_in_floats(
    game: DenseGame,
    player: int,
    points: tuple[np.ndarray, np.ndarray],
    payoffs: Sequence[Interval],
    gap: float,
) -> bool:
    """Whether floats, too, give these payoffs at both points: the jump is one of what is played."""
    shown = payoffs_at(game, np.stack(points))[:, player]
    proved = float(payoffs[1][0].mid()) - float(payoffs[0][0].mid())
    return abs(float(shown[1] - shown[0]) - proved) < gap / 4


def _points(point: np.ndarray) -> list[Interval]:
    return [iv.point(x) for x in point.tolist()]


def _by_player(game: DenseGame, point: np.ndarray) -> tuple[tuple[float, ...], ...]:
    ends = np.cumsum([len(own) for own in bounds_of(game)[0]])[:-1]
    return tuple(tuple(own.tolist()) for own in np.split(point, ends))
