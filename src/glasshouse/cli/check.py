"""`glasshouse check`: four different things at one coupling."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glasshouse._digits import share_ends
from glasshouse.cli.options import (
    BoundOption,
    CooperateOption,
    GameArgument,
    JsonOption,
    check_epsilon,
    named_game,
    print_json,
    print_table,
    say,
)
from glasshouse.cli.verdicts import gain_bracket, how_reached, profile, verdict

if TYPE_CHECKING:
    from glasshouse.analysis.assessment import Assessment, FirstMovement
    from glasshouse.analysis.outcomes import Share
    from glasshouse.analysis.switch import Switch
    from glasshouse.dynamics.learning import Learning
    from glasshouse.games.normal_form import NormalFormGame
    from glasshouse.parametric import ParametricGame
    from glasshouse.study.proofs import CertifiedPoint

NAME = "check"

SWITCHES = {
    "first_movement": "first movement turns",
    "measured_first_movement": "measured in a short window",
    "long_run_switch": "a long run stands higher",
}
"""Keys of the switches along the coupling, and what is asked about them."""


def command(
    game: GameArgument,
    coupling: Annotated[float, typer.Option(metavar="K", help="Weight of reading the others.")],
    bound: BoundOption,
    cooperate: CooperateOption = None,
    starts: Annotated[int, typer.Option(help="Unequal starts to learn from.", min=1)] = 1000,
    steps: Annotated[int, typer.Option(help="Learning steps.", min=1)] = 6000,
    step_size: Annotated[float, typer.Option(help="Parameter units per step.")] = 0.1,
    seed: Annotated[int, typer.Option(help="Of the starts.", min=0)] = 0,
    epsilon: Annotated[
        float,
        typer.Option(
            metavar="E",
            help="Largest gain that certificates allow, in units of payoff.",
            callback=check_epsilon,
        ),
    ] = 1e-6,
    as_json: JsonOption = False,
) -> None:
    """First movement, tied and generic outcomes, boundary test and proofs at one coupling."""
    from glasshouse._results import plain
    from glasshouse.analysis.assessment import assess
    from glasshouse.analysis.family import LogisticFamily
    from glasshouse.dynamics.learning import Learning
    from glasshouse.dynamics.starts import Starts
    from glasshouse.study.predictions import learners_switches

    family = LogisticFamily(named_game(game, cooperate), bound)
    parametric = family(coupling)
    learning = Learning(step_size=step_size, steps=steps, starts=Starts(starts, seed=seed))
    found = assess([parametric], learning=learning)[0]
    points, note = _proofs(family.game, parametric, learning, epsilon)
    notes = [*found.notes, note] if note else list(found.notes)
    switches = dict(zip(SWITCHES, learners_switches(family), strict=True))
    if as_json:
        head = {"game": family.game.to_dict(), "bound": plain(bound), "coupling": coupling}
        proofs = {"epsilon": epsilon, "certificates": plain(points), "notes": notes}
        print_json({**head, **found.to_dict(), **_switches_json(found, switches), **proofs})
        return
    say(f"{family.game.title} at coupling {coupling:g}, parameters in ±{bound:g}")
    say()
    first, *others = _rows(found)
    rows = [first, *_switch_rows(switches), *others, *_proof_rows(points)]
    print_table(rows, ("QUESTION", "ANSWER", "HOW OBTAINED"))
    for text in notes:
        say()
        say(f"Note: {text}.")


def _switches_json(found: "Assessment", switches: "Mapping[str, Switch]") -> dict[str, Any]:
    """The switches by name; that of first movement with how it is at the coupling asked about."""
    printed = {name: switch.to_dict() for name, switch in switches.items()}
    here = found.first_movement.to_dict()
    return {**printed, "first_movement": {**printed["first_movement"], **here}}


def _switch_rows(switches: "Mapping[str, Switch]") -> Iterator[tuple[str, str, str]]:
    from glasshouse.study.sentences import where_words

    for question, switch in zip(SWITCHES.values(), switches.values(), strict=True):
        how = f"{switch.method}: {switch.detail}"
        yield question, where_words(switch, "semantics.coupling"), how


def _proofs(
    game: "NormalFormGame",
    parametric: "ParametricGame",
    learning: "Learning",
    epsilon: float,
) -> "tuple[tuple[CertifiedPoint, ...], str]":
    """Certificates of the points that a study of this would certify, and why there are none."""
    from glasshouse._results import plain
    from glasshouse.study.proofs import certified_points
    from glasshouse.study.setting import Setting
    from glasshouse.study.spec import AnalysisSpec, GameSpec, Study

    study = Study(game=GameSpec(payoffs=plain(game.tensor)), analysis=AnalysisSpec(certify=epsilon))
    return certified_points(Setting({}, study, game, parametric, learning))


def _proof_rows(points: "Sequence[CertifiedPoint]") -> Iterator[tuple[str, str, str]]:
    for point in sorted(points, key=lambda point: not point.corner):
        proof = point.certificate
        answer = f"{verdict(proof)}; best gain {gain_bracket(proof)}"
        how = f"{proof.method}: {proof.detail}"
        if point.corner:
            yield "certificate", f"the cooperative corner {profile(proof)}: {answer}", how
            answer, how = "the cooperative corner", ""
        if point.reached is not None:
            learned = f"{point.reached.method}: {point.reached.detail}"
            question = f"rest point reached ({how_reached(point.reached)})"
            yield question, f"{profile(proof)}: {answer}", "; ".join(filter(None, [learned, how]))


def _rows(found: "Assessment") -> list[tuple[str, str, str]]:
    first = found.first_movement
    rows = [
        (
            "first movement",
            f"from the neutral start cooperation {first.direction} ({_margin(first)} per time)",
            f"{first.method}: {first.detail}",
        )
    ]
    if found.tied is not None:
        tied = found.tied
        predicted = "" if tied.predicted is None else f", predicted {tied.predicted:.6f}"
        rest = "" if tied.converged else " and has not come to rest"
        answer = f"cooperation ends at {tied.cooperation:.6f}{rest}{predicted}"
        rows.append(("tied outcome", answer, f"{tied.method}: {tied.detail}"))
    for point in found.rest_points or ():
        stability = _stability(point.attracts_along, point.attracts)
        answer = f"p = {point.p:.6f} ({point.kind}): {stability}"
        rows.append(("diagonal rest point", answer, point.method))
    generic = found.generic
    assert generic is not None  # asked for above
    how = f"{generic.method}: {generic.detail}; {generic.at_rest.value:.1%} at rest"
    everyone = "both cooperate" if len(generic.exploited) == 2 else "all cooperate"
    rows.append(("generic outcomes", f"{everyone} {_share(generic.cooperation)}", how))
    exploited = ", ".join(
        f"player {i + 1} {share.value:.3f}" for i, share in enumerate(generic.exploited)
    )
    some = f"some exploit others {_share(generic.exploitation)}; exploited: {exploited}"
    rows.append(("", some, ""))
    rows.append(("", f"nobody cooperates {_share(generic.defection)}", ""))
    if generic.not_finite:
        rows.append(("", f"{generic.not_finite} runs left the reals and are not counted", ""))
    if found.boundary is not None:
        rows.extend(_boundary_rows(found))
    return rows


def _margin(first: "FirstMovement") -> str:
    """With its sign, and 0 where rounding has the last word."""
    return "0" if first.direction == "rests" else f"{first.margin:+.6g}"


def _boundary_rows(found: "Assessment") -> list[tuple[str, str, str]]:
    test = found.boundary
    assert test is not None
    best = max(test.deviations, key=lambda deviation: deviation.gain)
    if not test.cooperative:
        answer = "does not apply: the corner of all upper bounds is not the cooperative one here"
    elif test.passes is None:
        answer = f"undecided: {test.reason}"
    elif test.passes:
        answer = "the cooperative corner passes: no gain above the tolerance was found"
    elif best.gain > 0:
        answer = (
            f"the cooperative corner is no equilibrium: player {best.player + 1} gains "
            f"{best.gain:.6g} by moving to {float(best.best):.6g}"
        )
    else:
        answer = "the cooperative corner is no equilibrium: a gradient points into the box"
    how = f"{test.method}: {test.detail}, tolerance {test.tolerance:g} of the payoff range"
    return [("boundary test", answer, how)]


def _stability(along: bool, everywhere: bool | None) -> str:
    if everywhere:
        return "attracts all nearby starts"
    if everywhere is None:
        return "attracts equal starts; a limit, which unequal ones may leave"
    return "attracts equal starts only" if along else "repels"


def _share(share: "Share") -> str:
    return "{:.3f} [{}, {}]".format(share.value, *share_ends(*share.interval))
