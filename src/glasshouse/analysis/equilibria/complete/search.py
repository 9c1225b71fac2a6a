"""The complete search: two players with one bounded parameter each."""

import importlib.metadata
import math

import jax
import numpy as np

from glasshouse.analysis.equilibria.complete.candidates import Candidate, candidates
from glasshouse.analysis.equilibria.complete.continuum import along_a_continuum
from glasshouse.analysis.equilibria.complete.exclusion import Exclusion, Grown
from glasshouse.analysis.equilibria.complete.floats import Floats
from glasshouse.analysis.equilibria.complete.indifference import certified_corners, indifferent
from glasshouse.analysis.equilibria.complete.isolating import isolated
from glasshouse.analysis.equilibria.points import (
    POINT_EPSILON,
    Equilibria,
    EquilibriumPoint,
    point_at,
)
from glasshouse.analysis.equilibrium.certification import (
    base_of,
    certify,
    semantics_numbers,
)
from glasshouse.analysis.outcomes.isolation import bounds, in_a_row
from glasshouse.analysis.tracing.float_check import where_all_differ
from glasshouse.analysis.tracing.program import trace_all
from glasshouse.certificates.builtin import joint_program
from glasshouse.certificates.count.claim import EquilibriumCount, claimed, count_of
from glasshouse.certificates.count.document import (
    CountDocument,
    CountProblem,
    CountProof,
    IsolationText,
)
from glasshouse.certificates.count.isolation import Isolation, meet
from glasshouse.certificates.count.joint import Joint
from glasshouse.certificates.count.tree import LEFT
from glasshouse.certificates.covers import Region
from glasshouse.certificates.document import ProgramOnly, ProgramText
from glasshouse.certificates.intervals import precision
from glasshouse.certificates.search import needed_precision
from glasshouse.errors import InputError
from glasshouse.parametric import Params
from glasshouse.parametric.dense import DenseGame, check_current

MOST_CANDIDATES = 40
"""Of more, such as along a continuum, only those are isolated whose Jacobian is not singular."""

BESIDE_A_CONTINUUM = 500
"""Pieces looked at at most where there is a continuum, which no search exhausts."""

BY_EXCLUSION = "interval exclusion in Arb arithmetic"


def pose(game: DenseGame) -> CountProblem | str:
    """The game in exact numbers, or why its equilibria cannot be counted by this search."""
    base_of(game)
    if len(game.spaces) != 2:
        return f"this game has {len(game.spaces)} players"
    for player, box in enumerate(game.spaces, start=1):
        low, high = in_a_row((box.lower,)).tolist(), in_a_row((box.upper,)).tolist()
        if len(low) != 1:
            return f"player {player} has {len(low)}"
        if not -math.inf < low[0] < high[0] < math.inf:
            return f"that of player {player} lies in [{low[0]:g}, {high[0]:g}]"
    try:
        problem = _problem(game)
        Joint(problem.program.program(), problem.payoffs, problem.is_builtin)
    except InputError as error:
        return str(error)
    return problem


def complete(game: DenseGame, problem: CountProblem, budget: int) -> Equilibria:
    """All equilibria of a game that `pose` has made a problem of."""
    program, boxes = problem.program.program(), problem.boxes
    if not problem.is_builtin:
        at = where_all_differ(game, program, boxes)
        if at is not None:
            return _about_floats(at, boxes)
    floats = Floats(program, problem.payoffs, boxes)
    middle = tuple(low + (high - low) / 2 for low, high in boxes)
    bits = needed_precision(program, boxes, middle, 0.0)
    with precision(bits):
        joint = Joint(program, problem.payoffs, problem.is_builtin)
        met = candidates(floats)
        isolations = _isolations(joint, boxes, met)
        row = along_a_continuum(joint, floats, met)
        level = list(indifferent(joint, boxes))
        budget = min(budget, BESIDE_A_CONTINUUM) if row or level else budget
        grown = Exclusion(joint, floats, isolations).run(budget)
    proof = _proof(problem, grown, bits)
    epsilon = POINT_EPSILON * floats.scale
    points = [_point(game, x.inside, x.inside, epsilon) for x in grown.isolations]
    if proof.count != "exactly":
        listed = [in_a_row(point.params) for point in points]
        points += [
            point
            for point in certified_corners(game, boxes, epsilon)
            if not any(np.array_equal(in_a_row(point.params), x) for x in listed)
        ]
    continuum = [_point(game, ((x, x), (y, y)), None, epsilon) for x, y in row]
    return Equilibria(
        points=tuple(points),
        count=proof.count,
        number=proof.number,
        continuum=tuple(x for x in continuum if x.certificate.verdict == "certified"),
        left=proof.left,
        method=BY_EXCLUSION,
        detail="; ".join([proof.detail, *level]),
        proof=proof,
        reasons=tuple(level),
    )


def _problem(game: DenseGame) -> CountProblem:
    """The game in exact numbers."""
    base, semantics = base_of(game), semantics_numbers(game)
    check_current(game)
    if isinstance(semantics, ProgramOnly):
        program = trace_all(game)
    else:
        program = joint_program(semantics, base.actions)
    first, second = zip(*(bound.tolist() for bound in bounds(game)), strict=True)
    return CountProblem(
        payoffs=np.asarray(base.tensor, dtype=np.float64).tolist(),
        semantics=semantics,
        boxes=(first, second),
        program=ProgramText.of(program),
    )


def _about_floats(at: tuple[float, ...], boxes: Region) -> Equilibria:
    """Nothing is said of a semantics whose floats are not the program that proofs are about."""
    where = ", ".join(f"{x:g}" for x in at)
    return Equilibria(
        points=(),
        count="unknown",
        number=0,
        continuum=(),
        left=(boxes,),
        method=BY_EXCLUSION,
        detail=f"floats give other probabilities than the program in real numbers at {where}",
        proof=None,
    )


def _isolations(joint: Joint, boxes: Region, met: list[Candidate]) -> list[Isolation]:
    """Of all candidates those that are proved to be equilibria, no two of them the same."""
    tried = met if len(met) <= MOST_CANDIDATES else [x for x in met if x.regular]
    found: list[Isolation] = []
    for candidate in tried:
        proof = isolated(joint, boxes, candidate)
        if proof is not None and not any(meet(proof.inside, x.inside) for x in found):
            found.append(proof)
    return found


def _proof(problem: CountProblem, grown: Grown, bits: int) -> EquilibriumCount:
    document = CountDocument(
        glasshouse=importlib.metadata.version("glasshouse"),
        problem=problem,
        claim=claimed(len(grown.isolations), grown.tree.count(LEFT)),
        proof=CountProof(
            precision=bits,
            isolations=tuple(map(IsolationText.of, grown.isolations)),
            tree=" ".join(grown.tree),
        ),
    )
    return count_of(document.sealed())


def _point(
    game: DenseGame, inside: Region, enclosure: Region | None, epsilon: float
) -> EquilibriumPoint:
    """The middle of a small box as a point that people can use."""
    params = _params(game, [low + (high - low) / 2 for low, high in inside])
    return point_at(game, params, certify(game, params, epsilon), enclosure)


def _params(game: DenseGame, numbers: list[float]) -> Params:
    """One number for each player, in the shapes of the boxes."""
    return tuple(
        jax.tree.map(lambda low, x=x: np.full(np.shape(low), x), box.lower)
        for box, x in zip(game.spaces, numbers, strict=True)
    )
