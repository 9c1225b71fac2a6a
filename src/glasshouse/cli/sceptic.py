"""`glasshouse sceptic`: do sensitivities at the start predict where learning switches?"""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from glasshouse._foundation.digits import at_most
from glasshouse.cli.options import JsonOption, print_json, print_table, say


def command(
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder to make for figures and tables.")
    ] = Path("results/sceptic"),
    networks: Annotated[
        int, typer.Option(metavar="N", help="Random networks, a multiple of 4.")
    ] = 120,
    seed: Annotated[int, typer.Option(metavar="S", help="Network k has seed S + k.")] = 0,
    game: Annotated[
        str, typer.Option(metavar="NAME", help="A 2×2 game of the catalogue, its defaults.")
    ] = "prisoners_dilemma",
    rule: Annotated[
        str, typer.Option(metavar="NAME", help="By which rule networks learn, its defaults.")
    ] = "gradient",
    as_json: JsonOption = False,
) -> None:
    """Test on random networks whether sensitivities predict where learning switches.

    For each network, the gain κ predicted from sensitivities at the start is compared with the
    gains at which mean cooperation was measured to rise: after a window of learning fixed in
    advance, and at the end. The folder gets the figure, a table of all networks and the numbers.
    """
    from glasshouse.study.folder import check_new
    from glasshouse.study.sceptic import Experiment, run_experiment, write_experiment
    from glasshouse.study.sceptic.experiment import LEARNING

    check_new(out)
    learning = dataclasses.replace(LEARNING, rule=_rule(rule))
    findings = run_experiment(
        Experiment(networks=networks, seed=seed, game=game, learning=learning)
    )
    write_experiment(findings, out)
    if as_json:
        print_json(findings.summary())
        return
    header = ("gain κ of the switch", "predicted", "median error", "90 %", "within 5 %",
              "factor of two", "none measured", "constant*")  # fmt: skip
    print_table(_rows(findings), header)
    said = [] if rule == "gradient" else [f"learned by {findings.settings['rule']}"]
    said += ["* within a factor of two if all were predicted the median of what was measured"]
    for steps, share in findings.close_after().items():
        said.append(f"after {steps} steps: {share.count} of {share.runs} within 5 %")
    for what in ("window", "outcome"):
        for reason, count in findings.agreement(what).reasons.items():
            said.append(f"{what}, not within 5 %: {count} × {reason}")
    apart = at_most(findings.derivative_error, 2)
    said.append(f"derivative against the flow: at most {apart} apart")
    said += ["What it means: docs/background/sceptic.md", f"Figure: {out / 'predictions.png'}"]
    for line in said:
        say(line, "  ", "    ")


def _rule(name: str) -> Any:
    """The rule of that name, its numbers being those it has unless given."""
    from glasshouse.errors import InputError
    from glasshouse.rules.registry import RULES
    from glasshouse.study.spec.declared import classes, made

    found = classes(RULES)
    if name not in found:
        raise InputError(f"--rule {name!r:.40} must be one of {', '.join(found)}")
    return made(found[name], {})


def _rows(findings: Any) -> list[tuple[str, ...]]:
    from glasshouse.study.sceptic.folder import GROUPS

    rows = []
    for what in ("window", "outcome"):
        for label, key in (("all", (None, None)), *((x, k) for k, x in GROUPS.items())):
            found = findings.agreement(what, *key)
            rows.append(
                (
                    f"{what}: {label}",
                    f"{found.predicted} of {found.networks}",
                    _percent(found.median, found.predicted),
                    _percent(found.percentile_90, found.predicted),
                    f"{found.close.count} of {found.predicted}",
                    f"{found.rough.count} of {found.predicted}",
                    str(found.missing),
                    str(found.constant.count),
                )
            )
    return rows


def _percent(error: float | None, predicted: int) -> str:
    """An error; ∞ where as many networks have no measured switch, – without a prediction."""
    if not predicted:
        return "–"
    return "∞" if error is None else f"{100 * error:.3g} %"
