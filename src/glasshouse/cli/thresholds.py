"""`glasshouse thresholds`: where things switch, predicted and measured."""

from typing import TYPE_CHECKING

import typer

from glasshouse.cli.options import (
    BoundOption,
    CooperateOption,
    GameArgument,
    JsonOption,
    named_game,
    print_json,
    print_table,
)
from glasshouse.cli.verdicts import plus_minus

if TYPE_CHECKING:
    from glasshouse.analysis.certified_thresholds import CertifiedThreshold
    from glasshouse.analysis.couplings import Switch
    from glasshouse.analysis.family import LogisticFamily
    from glasshouse.study.result import Predictions

NAME = "thresholds"


def command(
    game: GameArgument,
    bound: BoundOption = 3.0,
    cooperate: CooperateOption = None,
    as_json: JsonOption = False,
) -> None:
    """From which couplings on cooperation rises, attracts, and is an equilibrium."""
    from glasshouse._results import plain
    from glasshouse.analysis.family import LogisticFamily
    from glasshouse.study.predictions import predict

    family = LogisticFamily(named_game(game, cooperate), bound)
    predictions = predict(family)
    if as_json:
        print_json({"game": family.game.to_dict(), "bound": plain(bound), **predictions.to_dict()})
        return
    typer.echo(f"{family.game.title}, logistic semantics, parameters in ±{bound:g}\n")
    print_table(_rows(predictions), ("", "COUPLING", "ABOVE IT", "HOW OBTAINED"))
    closed = predictions.closed_form
    typer.echo()
    if closed is None:
        typer.echo(f"No closed form: {predictions.reason}.")
    else:
        typer.echo(f"Regime: {closed.regime}. {closed.explanation}.")
        limits = _limits(family)
        if limits is not None:
            typer.echo(limits)
    if predictions.equilibrium is None:
        typer.echo(f"No equilibrium threshold: {predictions.no_equilibrium_reason}.")
    typer.echo(
        "First movement, outcome and equilibrium are three different things; see glasshouse check."
    )


def _limits(family: "LogisticFamily") -> str | None:
    """What becomes of the cooperative corner as the bound grows."""
    from glasshouse.analysis.limits import corner_limits
    from glasshouse.errors import InputError

    try:
        limits = corner_limits(family.game)
    except InputError:
        return None
    value = limits.threshold.value
    tends = f"κ_eq tends to {value:.9g}" if value is not None else "κ_eq has no limit"
    return (
        f"As the bound grows {tends}; in the limit nothing is gained by leaving the corner "
        f"({limits.method}): {limits.statement}."
    )


def _rows(predictions: "Predictions") -> list[tuple[str, str, str, str]]:
    from glasshouse.analysis.certified_thresholds import CertifiedThreshold

    rows = []
    closed = predictions.closed_form
    if closed is not None:
        for symbol, threshold in (
            ("κ_D", closed.defection),
            ("κ_½", closed.neutral),
            ("κ_C", closed.cooperation),
        ):
            value = "none" if threshold.value is None else f"{threshold.value:.9g}"
            how = threshold.reason or closed.method
            rows.append((symbol, value, threshold.meaning, how))
    if closed is None:
        meaning = "cooperation starts to rise from the neutral start"
        rows.append(_switch("", predictions.first_movement, meaning))
    meaning = "cooperation stands higher after learning than at the neutral start"
    rows.append(_switch("κ̂", predictions.measured, meaning))
    equilibrium = predictions.equilibrium
    if isinstance(equilibrium, CertifiedThreshold):
        rows.append(_certified(equilibrium))
    elif equilibrium is not None:
        meaning = "the cooperative corner passes the boundary test"
        rows.append(_switch("κ_eq", equilibrium, meaning))
    return rows


def _certified(threshold: "CertifiedThreshold") -> tuple[str, str, str, str]:
    low, high = f"{threshold.lowest:g}", f"{threshold.highest:g}"
    meaning = f"the cooperative corner is an equilibrium, proved for every coupling up to {high}"
    how = f"{threshold.method}: {threshold.detail}"
    if threshold.result == "found":
        assert threshold.bracket is not None
        return "κ_eq", plus_minus(*threshold.bracket), meaning, how
    said = {
        "everywhere": f"holds everywhere, which is proved from {low} to {high}",
        "nowhere": f"refuted at the highest coupling, {high}",
        "unknown": "not decided within the budget",
    }
    return "κ_eq", "none", meaning, f"{said[threshold.result]}; {how}"


def _switch(symbol: str, switch: "Switch", meaning: str) -> tuple[str, str, str, str]:
    how = f"{switch.method}: {switch.detail}"
    if switch.value is None:
        return symbol, "none", meaning, f"{switch.result}, holds {switch.holds}; {how}"
    below = " (below it, not above)" if switch.holds == "below" else ""
    return symbol, f"{switch.value:.9g}", meaning + below, how
