"""What is shown of equilibrium: who would leave alone, what is proved, and which there are."""

from typing import Any

import numpy as np

from glasshouse._foundation.digits import bracket
from glasshouse._foundation.precision import in_float64
from glasshouse.analysis.equilibria.find import find_equilibria
from glasshouse.analysis.equilibria.points import POINT_EPSILON, EquilibriumPoint
from glasshouse.analysis.equilibrium.certification import certify
from glasshouse.analysis.equilibrium.deviations import (
    best_deviation,
    boundary_tests,
    deviation_curve,
)
from glasshouse.errors import InputError
from glasshouse.explorer.building import rule_of, shown_game
from glasshouse.explorer.frames import CURVE_POINTS, left_from, rest_points_of
from glasshouse.explorer.protocol import Scene, answer

SHOWN_PROOF_BUDGET = 5_000
"""Boxes looked at for each player, before a certificate says "unknown"."""

EQUILIBRIA_BUDGET = 2_000
"""Pieces of the box looked at before the rest of it is left: about a second."""

MOST_EQUILIBRIA_SENT = 12
"""Equilibria that are sent; how many there are is said all the same."""


@in_float64
def deviation_frame(scene: Scene, number: int) -> bytes:
    """What one player would be paid if it alone changed its parameter, and the boundary test."""
    game, player = shown_game(scene), scene.leaver
    profile, said = _profile(scene)
    header: dict[str, Any] = {"number": number, "player": player, **said, "reason": ""}
    try:
        (test,) = boundary_tests([game])
        at_corner = said["place"] == "corner"
        found = test.deviations[player] if at_corner else best_deviation(game, profile, player)
        there = float(np.ravel(found.best)[0])
        grid = np.linspace(-scene.bound, scene.bound, CURVE_POINTS)
        points = np.array([*grid, profile[player], there])
        payoffs = deviation_curve(game, profile, player, points)
    except InputError as error:
        header["reason"] = " ".join(str(error).split())
        return answer("deviation", header, {})
    slack = test.tolerance * float(game.game.payoff_ranges[player])
    header |= {
        "now": (points[-2], payoffs[-2]),
        "best": (there, payoffs[-1]),
        "gain": found.gain,
        "gains": found.gain > slack,
        "method": found.method,
        "detail": found.detail,
        "boundary": {
            "passes": test.passes,
            "cooperative": test.cooperative,
            "gains": [deviation.gain for deviation in test.deviations],
            "reason": test.reason,
        },
    }
    curve = np.stack([points[:-2], payoffs[:-2]], axis=-1)
    return answer("deviation", header, {"curve": curve})


def proof_frame(scene: Scene, number: int) -> bytes:
    """What is proved of the best gains from that profile.

    At the corner ε is 0; a rest point is rounded to doubles, for which its ε stands.
    """
    game = shown_game(scene)
    profile, said = _profile(scene)
    slack = 0.0 if said["place"] == "corner" else POINT_EPSILON * float(_least_range(game))
    header: dict[str, Any] = {"number": number, **said, "epsilon": slack, "reason": ""}
    try:
        found = certify(game, profile, slack, budget=SHOWN_PROOF_BUDGET)
    except InputError as error:
        header["reason"] = " ".join(str(error).split())
        return answer("proof", header, {})
    header |= {
        "verdict": found.verdict,
        "gains": [_gain(bounds) for bounds in found.gains],
        "about": found.about,
        "method": found.method,
        "detail": found.detail,
        "advice": found.advice,
    }
    return answer("proof", header, {})


def equilibria_frame(scene: Scene, number: int) -> bytes:
    """The equilibria that are found, each certified, and what is known of how many there are."""
    header: dict[str, Any] = {"number": number, "reason": ""}
    try:
        found = find_equilibria(shown_game(scene), budget=EQUILIBRIA_BUDGET, rule=rule_of(scene))
    except InputError as error:
        header["reason"] = " ".join(str(error).split())
        return answer("equilibria", header, {})
    header |= {
        "count": found.count,
        "total": found.number,
        "points": [_equilibrium(point) for point in found.points[:MOST_EQUILIBRIA_SENT]],
        "more": max(0, len(found.points) - MOST_EQUILIBRIA_SENT),
        "continuum": [_equilibrium(point) for point in found.continuum[:MOST_EQUILIBRIA_SENT]],
        "left": len(found.left),
        "reasons": found.reasons,
        "method": found.method,
        "detail": found.detail,
    }
    return answer("equilibria", header, {})


def _profile(scene: Scene) -> tuple[tuple[float, float], dict[str, Any]]:
    """From where somebody would leave."""
    return left_from(scene, () if scene.near is None else rest_points_of(scene))


def _least_range(game: Any) -> np.ndarray:
    ranges = np.asarray(game.game.payoff_ranges)
    return ranges[ranges > 0].min()


def _gain(bounds: Any) -> dict[str, Any]:
    """Bounds as the library rounds them: outwards."""
    return {
        "between": bracket(bounds.lower, bounds.upper),
        "witness": bounds.witness[0],
        "witness_gain": bounds.witness_gain,
    }


def _equilibrium(point: EquilibriumPoint) -> dict[str, Any]:
    return {
        "params": [float(np.ravel(own)[0]) for own in point.params],
        "kind": point.kind,
        "payoffs": point.payoffs,
        "stable": point.stable,
        "epsilon": point.certificate.epsilon,
        "verdict": point.certificate.verdict,
        "isolated": point.enclosure is not None,
    }
