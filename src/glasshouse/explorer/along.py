"""What is shown of the coupling that both share: where something switches along it."""

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from glasshouse.explorer.building import family_of, rule_of
from glasshouse.explorer.protocol import Scene, answer

if TYPE_CHECKING:  # what comes after a first picture is loaded after it
    from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold
    from glasshouse.analysis.movement.switch import Switch
    from glasshouse.theory.symmetric import Thresholds

SWITCHES_KEPT = 256
"""Scenes whose switches are remembered."""


def first_switch_frame(scene: Scene, number: int) -> bytes:
    """What is known at once: the closed form, and first movement by its derivative."""
    return answer("switches", {"number": number, "complete": False, **_first(_alone(scene))}, {})


def switches_frame(scene: Scene, number: int) -> bytes:
    """All switches of the coupling that both share."""
    return answer("switches", {"number": number, "complete": True, **_all(_alone(scene))}, {})


def _alone(scene: Scene) -> str:
    """What switches depend on, written down, by which they are remembered."""
    numbers = {"coupling": (0.0, 0.0), "starts": (), "title": "", "step_size": 1.0}
    left_out = {**numbers, "leaver": 0, "near": None}
    return scene.model_copy(update=left_out).model_dump_json()


@functools.lru_cache(maxsize=SWITCHES_KEPT)
def _first(written: str) -> dict[str, Any]:
    scene = Scene.model_validate_json(written)
    family, rule = family_of(scene), rule_of(scene)
    from glasshouse.analysis.movement.couplings import first_movement
    from glasshouse.analysis.predictions import closed_form_along

    closed, reason = closed_form_along(family, rule)
    moves = first_movement(family, rule=rule, tolerance=1e-9)
    return {**_closed(closed, reason), "first": _switch(moves)}


@functools.lru_cache(maxsize=SWITCHES_KEPT)
def _all(written: str) -> dict[str, Any]:
    scene = Scene.model_validate_json(written)
    family, rule = family_of(scene), rule_of(scene)
    from glasshouse.analysis.predictions import predict

    found = predict(family, rule=rule)
    return {
        **_closed(found.closed_form, found.reason),
        "first": _switch(found.first_movement),
        "measured": _switch(found.measured_first_movement),
        "long": _switch(found.long_run_switch),
        "equilibrium": _switch(found.equilibrium),
        "no_equilibrium": found.no_equilibrium_reason,
    }


def _closed(closed: "Thresholds | None", reason: str) -> dict[str, Any]:
    if closed is None:
        return {"closed": None, "reason": reason}
    return {"closed": {**closed.to_dict(), "words": closed.explanation}, "reason": ""}


def _switch(found: "Switch | CertifiedThreshold | None") -> dict[str, Any] | None:
    """A switch, or a threshold with its proofs, in the same keys."""
    if found is None:
        return None
    searched = getattr(found, "searched", None)
    if searched is None:
        searched = (getattr(found, "lowest", np.nan), getattr(found, "highest", np.nan))
    return {
        "value": found.value,
        "bracket": found.bracket,
        "holds": found.holds,
        "result": found.result,
        "searched": searched,
        "method": found.method,
        "detail": found.detail,
        "proved": hasattr(found, "certified"),
    }
