"""`glasshouse challenge`: does the predicted switch hold for networks in all sorts of games?"""

from pathlib import Path
from typing import Annotated, Any

import typer

from glasshouse.cli.options import JsonOption, print_json, print_table, say


def command(
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Folder to make, or to go on in, for tables and figure."),
    ] = Path("results/challenge"),
    seeds: Annotated[int, typer.Option(metavar="N", help="Pairs of networks in each part.")] = 24,
    seed: Annotated[int, typer.Option(metavar="S", help="Pair k has seed S + k.")] = 1000,
    part: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORDS",
            help="Only parts with all of these words, joined by hyphens, as mirrored-once-p0.2: "
            "mirrored, interpreter (one network reads both) or policies (two networks); once, "
            "repeated or sampled; independent, equal or tied; random, p0.2, p0.05 or p0.01; "
            "standard. May be given several times.",
            show_default=False,
        ),
    ] = None,
    steps: Annotated[
        int,
        typer.Option(metavar="N", help="Measure after windows of 5, 50, 500, 3000 up to N steps."),
    ] = 20_000,
    as_json: JsonOption = False,
) -> None:
    """Test whether the predicted switch holds for networks in games of all sorts.

    Mirrored networks and unmirrored ones, one-shot and repeated games, random and trained starts,
    payoffs that vary with the seed: predictions are filed in the folder before anybody learns.
    All of it takes an hour or more on two cores. Interrupted and given again with the same options,
    it trains and predicts anew, and goes on after the parts that are finished.
    """
    from glasshouse.analysis.challenge import Challenge, run_challenge
    from glasshouse.analysis.challenge.settings import parts_with
    from glasshouse.study.challenge import ChallengeFolder

    folder = ChallengeFolder(out)
    named = [name for words in part or () for name in parts_with(words)]
    usual = Challenge()
    settings = Challenge(
        seeds=seeds,
        seed=seed,
        parts=tuple(dict.fromkeys(named)) or usual.parts,
        windows=(*(w for w in usual.windows if w < steps), steps),
    )
    folder.check(settings)
    findings = run_challenge(settings, folder)
    folder.write(findings)
    if as_json:
        print_json(findings.summary())
        return
    header = ("part", "steps", "factor of two", "within 5 %", "neither", "constant*", "κ_½**",
              "correlation", "added")  # fmt: skip
    print_table([_row(score) for score in findings.scores], header)
    lines = [
        "* right in hindsight, by the best number for all; ** right by the game's own κ_½",
        "correlation of the logarithms; added: of both over κ_½, what networks add to payoffs",
    ]
    for name, apart in findings.summary()["off_diagram"].items():
        if apart is not None:
            lines.append(f"{name}: ends at most {apart:.2g} off the closed-form diagram")
    lines += [
        f"forecasts filed before learning: {out / 'forecasts.json'}, SHA-256 {findings.sha256}",
        "What it means: docs/background/challenge.md",
        f"Figure: {out / 'challenge.png'}",
    ]
    for line in lines:
        say(line, "  ", "    ")


def _row(score: Any) -> tuple[str, ...]:
    def shown(value: float | None) -> str:
        return "–" if value is None else f"{value:.2f}"

    return (
        score.part,
        str(score.steps),
        f"{score.right.count} of {score.right.runs}",
        str(score.close.count),
        str(score.neither),
        str(score.by_constant.count),
        str(score.by_threshold.count),
        shown(score.correlation),
        shown(score.added),
    )
