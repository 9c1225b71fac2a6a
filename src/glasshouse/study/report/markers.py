"""What is marked along an axis of a study, and what that axis stands for."""

from typing import Any

from glasshouse._foundation.declared import settings_of
from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold
from glasshouse.analysis.movement.switch import Switch
from glasshouse.analysis.predictions import Predictions
from glasshouse.plots.coupling import Marker
from glasshouse.semantics.registry import GIVEN
from glasshouse.study.spec.study import Study
from glasshouse.theory.symmetric import Thresholds

MOST_SWITCHES = 3
"""What switches more often is not marked: many lines would be a smear."""

MATHTEXT = {"κ": "\\kappa", "λ": "\\lambda", "σ": "\\sigma", "ω": "\\omega", "α": "\\alpha"}
"""Letters that figures set in formulas."""


def owner_of(study: Study, key: str) -> Any:
    """The class that has the number of this key; None for what is no class's own."""
    made = {
        "semantics": study.semantics.MADE,
        "access": study.access.MADE,
        "learning": study.learning.made,
    }
    return made.get(key.partition(".")[0])


def symbol_of(study: Study) -> str:
    """What formulas call the strength of reading along which thresholds are."""
    section = study.semantics
    key = settings_of(section.MADE, GIVEN).get(section.COUPLING or "")
    letter = "x" if key is None or not key.symbol else key.symbol
    return MATHTEXT.get(letter, letter)


def markers_of(predictions: Predictions | None, symbol: str) -> tuple[list[Marker], list[str]]:
    """What to mark along an axis: closed forms where there are any, or else what was found.

    **Returns:** the markers, and in words what switches too often to be marked.
    """
    if predictions is None:
        return [], []
    closed = predictions.closed_form
    found = [] if closed is None else _threshold_markers(closed, symbol)
    switches: list[tuple[Switch, str, str]] = []
    if not found:
        switches = [
            (predictions.first_movement, "first movement", "first order"),
            (predictions.long_run_switch, "long run", "long run"),
        ]
    equilibrium = predictions.equilibrium
    if isinstance(equilibrium, CertifiedThreshold):
        if equilibrium.value is not None:
            within = equilibrium.bracket
            found.append(Marker(equilibrium.value, "equilibrium", "equilibrium", within))
    elif equilibrium is not None:
        switches.append((equilibrium, "equilibrium", "equilibrium"))
    unmarked = []
    for switch, label, kind in switches:
        if switch.value is None and len(switch.brackets) > MOST_SWITCHES:
            unmarked.append(
                f"the {len(switch.brackets)} switches of “{label}”, too many to tell apart"
            )
        else:
            found += _switch_markers(switch, label, kind)
    return found, unmarked


def _threshold_markers(closed: Thresholds, symbol: str) -> list[Marker]:
    named = ((closed.defection, "D"), (closed.neutral, "{1/2}"), (closed.cooperation, "C"))
    return [
        Marker(threshold.value, f"${symbol}_{index}$")
        for threshold, index in named
        if threshold.value is not None
    ]


def _switch_markers(switch: Switch, label: str, kind: str) -> list[Marker]:
    """One line per switch; several are all marked, so that none passes for the only one."""
    if switch.value is not None:
        return [Marker(switch.value, label, kind, switch.bracket)]
    return [Marker((ends[0] + ends[1]) / 2, label, kind, ends) for ends in switch.brackets]
