"""`glasshouse thresholds`: where things switch, predicted and found."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glasshouse._foundation.digits import plus_minus
from glasshouse.cli.options import (
    CooperateOption,
    GameOrStudyArgument,
    JsonOption,
    TrustOption,
    print_json,
    print_table,
    say,
)
from glasshouse.cli.subject import is_study, of_game, of_study
from glasshouse.errors import InputError

if TYPE_CHECKING:
    from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold
    from glasshouse.analysis.movement.switch import Switch
    from glasshouse.analysis.predictions import Predictions
    from glasshouse.theory.symmetric import Threshold, Thresholds


AT_START = "cooperation starts to rise from the neutral start"
MEASURED = "learners set out toward cooperation, in a short window"
AFTER_LONG_RUN = "cooperation stands above its start after a long run"
"""What holds above a switch."""


def command(
    game: GameOrStudyArgument,
    bound: Annotated[
        float | None,
        typer.Option(
            metavar="M",
            help="Every parameter lies in [-M, M]; equilibria depend on it. Usually 3.",
        ),
    ] = None,
    cooperate: CooperateOption = None,
    trust: TrustOption = False,
    as_json: JsonOption = False,
) -> None:
    """From which couplings on cooperation rises, attracts, and is an equilibrium.

    Of a game under the logistic semantics, or of a study file: its semantics, access and rule.
    """
    from glasshouse.analysis.predictions import predict
    from glasshouse.dynamics.learning import Learning
    from glasshouse.rules.base import check_direction
    from glasshouse.study.words.names import upper

    if is_study(game):
        subject = of_study(game, {"--bound": bound, "--cooperate": cooperate}, trust)
    else:
        subject = of_game(game, cooperate, 3.0 if bound is None else bound, Learning())
    family = subject.family
    if family is None:
        raise InputError(
            f"{game}: this semantics has no coupling that is known; sweep one of its numbers in a "
            "study instead"
        )
    rule = check_direction(subject.learning.rule, "a first movement")
    certify = subject.analysis.certify is not False
    predictions = predict(family, subject.key, certify=certify, rule=rule)
    if as_json:
        print_json({**subject.head, **predictions.to_dict()})
        return
    say(subject.title)
    say()
    strength = subject.key.removeprefix("semantics.").upper()
    print_table(_rows(predictions), ("", strength, "ABOVE IT", "HOW OBTAINED"))
    closed = predictions.closed_form
    say()
    if closed is None:
        say(f"No closed form: {predictions.reason}.")
    else:
        say(f"Regime: {closed.regime}. {upper(closed.explanation)}.")
        if "bound" in subject.head:  # a game named here, and no study
            _say_limits(subject.game.game)
    if predictions.equilibrium is None:
        say(f"No equilibrium threshold: {predictions.no_equilibrium_reason}.")
    say("First movement, outcome and equilibrium are three different things; see glasshouse check.")


def _say_limits(game: Any) -> None:
    """What becomes of the cooperative corner as the bound grows, where that is known."""
    from glasshouse.theory.limits import corner_limits

    try:
        limits = corner_limits(game)
    except InputError:
        return
    value = limits.threshold.value
    tends = f"κ_eq tends to {value:.9g}" if value is not None else "κ_eq has no limit"
    say(
        f"As the bound grows {tends}; in the limit nothing is gained by leaving the corner "
        f"({limits.method}): {limits.statement}."
    )


def _rows(predictions: "Predictions") -> list[tuple[str, str, str, str]]:
    from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold

    rows = []
    closed = predictions.closed_form
    if closed is not None:
        for symbol, value, threshold in closed_rows(closed):
            rows.append((symbol, value, threshold.meaning, threshold.reason or closed.method))
    for symbol, switch, meaning in (
        ("first movement", predictions.first_movement, AT_START),
        ("measured", predictions.measured_first_movement, MEASURED),
        ("long run", predictions.long_run_switch, AFTER_LONG_RUN),
    ):
        rows.append(switch_row(symbol, switch, meaning))
    equilibrium = predictions.equilibrium
    if isinstance(equilibrium, CertifiedThreshold):
        rows.append(_certified(equilibrium))
    elif equilibrium is not None:
        meaning = "the cooperative corner passes the boundary test"
        rows.append(switch_row("κ_eq", equilibrium, meaning))
    return rows


def closed_rows(closed: "Thresholds") -> Iterator[tuple[str, str, "Threshold"]]:
    """Thresholds in closed form: symbol, value in words, and the threshold itself."""
    named = {"κ_D": closed.defection, "κ_½": closed.neutral, "κ_C": closed.cooperation}
    for symbol, threshold in named.items():
        value = threshold.value
        yield symbol, "none" if value is None else f"{value:.9g}", threshold


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


def switch_row(symbol: str, switch: "Switch", meaning: str) -> tuple[str, str, str, str]:
    """What a table says of a switch: its name, where it is, what it means, how it was obtained."""
    how = f"{switch.method}: {switch.detail}"
    if switch.bracket is None:
        from glasshouse.study.words.sentences import switch_words

        return symbol, "none", meaning, f"{switch_words(switch)}; {how}"
    below = " (below it, not above)" if switch.holds == "below" else ""
    return symbol, plus_minus(*switch.bracket), meaning + below, how
