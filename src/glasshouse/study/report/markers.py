"""What figures along an axis mark: thresholds in closed form, and switches that were found."""

from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold
from glasshouse.analysis.movement.switch import Switch
from glasshouse.analysis.predictions import Predictions
from glasshouse.plots.coupling import Marker
from glasshouse.theory.symmetric import Thresholds

MOST_SWITCHES = 3
"""What switches more often is not marked: many lines would be a smear."""


def markers(predictions: Predictions | None, symbol: str) -> tuple[list[Marker], list[str]]:
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
