"""`glasshouse check`: four different things at one coupling."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from glasshouse._foundation.digits import share_ends
from glasshouse._foundation.results import few
from glasshouse.cli.options import (
    CooperateOption,
    GameOrStudyArgument,
    JsonOption,
    TrustOption,
    check_epsilon,
    print_json,
    print_table,
    say,
)
from glasshouse.cli.subject import Subject, is_study, of_game, of_study
from glasshouse.errors import InputError
from glasshouse.study.words.proof_lines import (
    end_kind,
    gain_bracket,
    how_reached,
    profile,
    verdict,
)

if TYPE_CHECKING:
    from glasshouse.analysis.assessment import Assessment, FirstMovement
    from glasshouse.analysis.equilibria.survey import Survey
    from glasshouse.analysis.equilibrium.pure_profiles import BaseGame
    from glasshouse.analysis.movement.switch import Switch
    from glasshouse.analysis.outcomes.generic import Outcomes, Share
    from glasshouse.analysis.proofs import CertifiedPoint, Judged, SearchedPoint
    from glasshouse.dynamics.learning import Learning
    from glasshouse.games.normal_form import NormalFormGame


SWITCHES = {
    "first_movement": "first movement turns",
    "measured_first_movement": "measured in a short window",
    "long_run_switch": "a long run stands higher",
}
"""Keys of the switches along the coupling, and what is asked about them."""


FOR_EXAMPLE = {"--coupling": "--coupling 0.5", "--bound": "--bound 3"}
"""What may be given, where a game comes without."""


def command(
    game: GameOrStudyArgument,
    coupling: Annotated[
        float | None, typer.Option(metavar="K", help="Weight of reading the others.")
    ] = None,
    bound: Annotated[
        float | None,
        typer.Option(metavar="M", help="Every parameter lies in [-M, M]; equilibria depend on it."),
    ] = None,
    cooperate: CooperateOption = None,
    starts: Annotated[
        int | None, typer.Option(help="Unequal starts to learn from, usually 1000.", min=1)
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Learning steps, usually 6000.", min=1)] = None,
    step_size: Annotated[
        float | None, typer.Option(help="Parameter units per step, usually 0.1.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the starts, usually 0.", min=0)] = None,
    epsilon: Annotated[
        float | None,
        typer.Option(
            metavar="E",
            help="Largest gain that certificates allow, in units of payoff, usually 1e-06.",
            callback=check_epsilon,
        ),
    ] = None,
    equilibria: Annotated[
        bool | None,
        typer.Option(
            "--equilibria/--no-equilibria",
            help="Search for all equilibria; usual for games of two players and two actions.",
            show_default=False,
        ),
    ] = None,
    mixed: Annotated[
        bool, typer.Option("--mixed", help="Search for an equilibrium in mixtures, too.")
    ] = False,
    trust: TrustOption = False,
    as_json: JsonOption = False,
) -> None:
    """First movement, tied and generic outcomes, boundary test, proofs and all equilibria.

    Of a game with --coupling and --bound, or of a study file at its own values: its semantics,
    access and rule.
    """
    options = {"--coupling": coupling, "--bound": bound, "--cooperate": cooperate}
    options |= {"--starts": starts, "--steps": steps, "--step-size": step_size, "--seed": seed}
    if is_study(game):
        subject = of_study(game, options, trust)
    elif coupling is None or bound is None:
        missing = [name for name in ("--coupling", "--bound") if options[name] is None]
        raise InputError(
            f"check needs {' and '.join(missing)} for a game, such as "
            f"{' '.join(FOR_EXAMPLE[name] for name in missing)}; a study file has its own"
        )
    else:
        learning = _learning(starts, steps, step_size, seed)
        subject = of_game(game, cooperate, bound, learning, coupling)
        small = subject.game.game.actions == (2, 2) and math.isfinite(bound)
        equilibria = small if equilibria is None else equilibria
    subject = _asking(subject, equilibria, mixed)
    _answer(subject, subject.analysis.certify if epsilon is None else epsilon, as_json)


def _asking(subject: Subject, equilibria: bool | None, mixed: bool) -> Subject:
    """The same, asked for all equilibria and for a mixed one as options say."""
    said = subject.analysis
    wanted = said.equilibria if equilibria is None else equilibria
    asked = {"equilibria": wanted, "mixed": mixed or said.mixed}
    return subject._replace(analysis=said.model_copy(update=asked))


def _answer(subject: Subject, epsilon: float | Literal[False], as_json: bool) -> None:
    from glasshouse._foundation.results import plain
    from glasshouse.analysis.assessment import assess
    from glasshouse.analysis.equilibria.survey import NOTHING_SURVEYED, survey
    from glasshouse.analysis.equilibrium.pure_profiles import base_game
    from glasshouse.analysis.predictions import learners_switches
    from glasshouse.analysis.proofs import judged_points
    from glasshouse.rules.base import check_direction
    from glasshouse.study.repeated import left_out_together

    game, learning, analysis = subject.game, subject.learning, subject.analysis
    rule = check_direction(learning.rule, "a first movement")
    observe = subject.observable or analysis.observe
    (found,) = assess([game], learning=learning, **analysis.wanted, observe=observe)
    judged = judged_points(game, learning, epsilon, **analysis.wanted)
    asked = {"equilibria": analysis.equilibria, "mixed": analysis.mixed}
    surveyed, missing = survey(game, learning, **asked)
    base = base_game(subject.stage)
    notes = left_out_together([*found.notes, judged.note, *missing])
    switches = {}
    if subject.observable is not None:
        notes.append(
            f"no switches are sought: they are about cooperation, and {subject.observable.words} "
            "is observed"
        )
    elif subject.family is None:
        notes.append("no switches are sought: this semantics has no coupling that is known")
    else:
        found_switches = learners_switches(subject.family, rule=rule)
        switches = dict(zip(SWITCHES, found_switches, strict=True))
    if as_json:
        proofs = {"epsilon": epsilon or None, "certificates": plain(judged.certified)}
        proofs |= {"searched": plain(judged.searched), "base_game": plain(base), "notes": notes}
        proofs |= (surveyed or NOTHING_SURVEYED).answers
        print_json({**subject.head, **found.to_dict(), **_switches_json(found, switches), **proofs})
        return
    say(subject.title)
    say()
    first, *others = _rows(found, subject)
    rows = [first, *_switch_rows(switches, subject.key), *others]
    rows += [*_proof_rows(judged, subject.names), *_survey_rows(surveyed, subject.names)]
    rows += _base_rows(base, subject.stage)
    print_table(rows, ("QUESTION", "ANSWER", "HOW OBTAINED"))
    for text in notes:
        say()
        say(f"Note: {text}.")


def _switches_json(found: "Assessment", switches: "Mapping[str, Switch]") -> dict[str, Any]:
    """The switches by name; that of first movement with how it is at the coupling asked about."""
    printed = {name: switch.to_dict() for name, switch in switches.items()}
    here = found.first_movement.to_dict()
    return {**printed, "first_movement": {**printed.get("first_movement", {}), **here}}


def _learning(
    starts: int | None, steps: int | None, step_size: float | None, seed: int | None
) -> "Learning":
    from glasshouse.dynamics.learning import Learning
    from glasshouse.dynamics.starts import Starts

    size = 0.1 if step_size is None else step_size
    drawn = Starts(starts or 1000, seed=seed or 0)
    return Learning(step_size=size, steps=steps or 6000, starts=drawn)


def _switch_rows(switches: "Mapping[str, Switch]", key: str) -> Iterator[tuple[str, str, str]]:
    from glasshouse.study.words.sentences import where_words

    for name, switch in switches.items():
        question = SWITCHES[name]
        how = f"{switch.method}: {switch.detail}"
        yield question, where_words(switch, key), how


def _proof_rows(judged: "Judged", names: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    from glasshouse.study.words.equilibria import params_words
    from glasshouse.study.words.verdicts import searched_words

    searched = {point.name: point for point in judged.searched}
    for point in sorted(judged.certified, key=lambda point: not point.corner):
        proof = point.certificate
        answer = f"{verdict(proof, names)}; best gain {gain_bracket(proof)}"
        if point.name in searched:
            answer += f"; {searched_words(searched[point.name], names)}"
        how = f"{proof.method}: {proof.detail}"
        yield from _point_rows("certificate", point, profile(proof), answer, how)
    proved = {point.name for point in judged.certified}
    for point in judged.searched:
        if point.name not in proved:
            how = "; ".join(dict.fromkeys(f"{x.method}: {x.detail}" for x in point.deviations))
            where, answer = params_words(point.params), searched_words(point, names)
            yield from _point_rows("search for deviations", point, where, answer, how)


def _point_rows(
    question: str, point: "CertifiedPoint | SearchedPoint", where: str, answer: str, how: str
) -> Iterator[tuple[str, str, str]]:
    paid = f"; pays {', '.join(f'{x:.6g}' for x in point.payoffs)}"
    if point.corner:
        yield question, f"the cooperative corner {where}: {answer}{paid}", how
        answer, how, paid = "the cooperative corner", "", ""
    if point.reached is not None:
        learned = f"{point.reached.method}: {point.reached.detail}"
        question = f"{end_kind(point.reached)} ({how_reached(point.reached)})"
        yield question, f"{where}: {answer}{paid}", "; ".join(filter(None, [learned, how]))


def _base_rows(base: "BaseGame", game: "NormalFormGame") -> Iterator[tuple[str, str, str]]:
    """The equilibria of the game before anybody reads anybody."""
    from glasshouse.study.words.base_game import NO_PURE, equilibrium_lines

    found = list(equilibrium_lines(game, base)) or [(NO_PURE, base.method)]
    for k, (line, how) in enumerate(found):
        yield "base game, nobody reads" if not k else "", line, how
    if base.mixed is None:
        yield "", base.mixed_detail, ""


def _survey_rows(surveyed: "Survey | None", names: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    from glasshouse.study.words.equilibria import (
        HOLDS,
        count_words,
        existence_words,
        mixture_words,
    )

    if surveyed is None:
        return
    if (found := surveyed.equilibria) is not None:
        yield "all equilibria", count_words(found), f"{found.method}: {found.detail}"
    if (theorems := surveyed.existence) is not None:
        open_ones = [x for x in theorems.hypotheses if not x.holds]
        said = [f"{x.name} {HOLDS[x.holds]}: {x.why}" for x in open_ones]
        why = "; ".join(said) or "all hypotheses hold"
        yield "existence", existence_words(theorems), why
    if (mixture := surveyed.mixture) is not None:
        yield (
            "mixed equilibrium",
            mixture_words(mixture, names),
            f"{mixture.method}: {mixture.detail}",
        )


def _rows(found: "Assessment", subject: Subject) -> list[tuple[str, str, str]]:
    names, seen = subject.names, subject.observable
    what = "cooperation" if seen is None else seen.words
    first = found.first_movement
    rows = [
        (
            "first movement",
            f"from the neutral start {what} {first.words}{_margin(first)}",
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
    return [*rows, *_outcome_rows(found.generic, names), *_boundary_rows(found, names)]


def _outcome_rows(generic: "Outcomes | None", names: Sequence[str]) -> list[tuple[str, str, str]]:
    if generic is None:
        return []
    how = f"{generic.method}: {generic.detail}; {generic.at_rest.value:.1%} at rest"
    seen = generic.observed
    rows = [] if seen is not None and seen.unit else _cooperation_rows(generic, names, how)
    if seen is not None:
        named = zip(names, seen.players, strict=True) if seen.players else [("", seen.mean)]
        each = ", ".join(f"{who} {x:.6g}".strip() for who, x in named)
        ends = f", from {seen.low:.6g} to {seen.high:.6g}" if seen.low is not None else ""
        how = f"{seen.formula}; {how}" if seen.unit else seen.formula
        rows.append((f"observed: {seen.words}", f"{each}; mean over runs{ends}", how))
    if generic.not_finite:
        rows.append(("", f"{generic.not_finite} runs left the reals and are not counted", ""))
    return rows


def _cooperation_rows(
    generic: "Outcomes", names: Sequence[str], how: str
) -> list[tuple[str, str, str]]:
    """In how many runs all, some and none cooperate."""
    everyone = "both cooperate" if len(generic.exploited) == 2 else "all cooperate"
    exploited = ", ".join(
        f"{who} {share.value:.3f}" for who, share in zip(names, generic.exploited, strict=True)
    )
    some = f"some exploit others {_share(generic.exploitation)}; exploited: {exploited}"
    return [
        ("generic outcomes", f"{everyone} {_share(generic.cooperation)}", how),
        ("", some, ""),
        ("", f"nobody cooperates {_share(generic.defection)}", ""),
    ]


def _margin(first: "FirstMovement") -> str:
    """How fast, with its sign, and 0 where rounding has the last word; nothing if not known."""
    if first.direction == "unknown":
        return ""
    return f" ({'0' if first.direction == 'rests' else f'{first.margin:+.6g}'} per time)"


def _boundary_rows(found: "Assessment", names: Sequence[str]) -> list[tuple[str, str, str]]:
    test = found.boundary
    if test is None:
        return []
    best = max(test.deviations, key=lambda deviation: deviation.gain)
    if not test.cooperative:
        answer = "does not apply: the corner of all upper bounds is not the cooperative one here"
    elif test.passes is None:
        answer = f"undecided: {test.reason}"
    elif test.passes:
        answer = "the cooperative corner passes: no gain above the tolerance was found"
    elif best.gain > 0:
        answer = (
            f"the cooperative corner is no equilibrium: {names[best.player]} gains "
            f"{best.gain:.6g} by moving to {few(best.best)}"
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
