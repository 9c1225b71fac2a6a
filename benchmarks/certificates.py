"""Certificates: milliseconds a proof takes, and boxes against ε and the distance to the threshold.

`python benchmarks/certificates.py`; the README in this folder says what each number means.
"""

import argparse
import json
import statistics
import time
from typing import Any

import numpy as np

from glasshouse import LogisticFamily, NormalFormGame, ParametricGame, best_deviation, certify
from glasshouse.certificates import Certificate
from glasshouse.games import catalogue
from glasshouse.semantics import Logistic

ONE_PARAMETER_MS, TWO_PARAMETERS_S = 50.0, 5.0
"""What is wanted, as medians."""

THRESHOLD = 0.870467371354
"""From here on (3, 3) is an equilibrium of the prisoner's dilemma."""

WIDTH = 1e-2
"""Of brackets on unbounded boxes, in units of payoff; payoffs are in ±1."""

AWAY = 1e-3
"""Random games whose verdict turns within this much of ε, in units of payoff, are left out."""


def main() -> None:
    options = parsed_options()
    report = {
        "one_parameter": random_games(options.games, 2, 1e-9, 3.0),
        "one_parameter_saturated": random_games(options.games, 2, 1e-9, 20.0),
        "two_parameters": random_games(options.games // 4, 3, 1e-3, 3.0),
        "unbounded": unbounded_games(options.games // 4),
        "boxes_by_epsilon": by_epsilon(),
        "boxes_by_distance": by_distance(),
        "saturated": saturated(),
    }
    print(json.dumps(report, indent=2) if options.json else as_text(report))


def parsed_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--games", type=int, default=200)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args()


def random_games(count: int, actions: int, epsilon: float, bound: float) -> dict[str, Any]:
    """Random games at profiles where everyone has been given its best deviation a few times.

    That makes about as many profiles equilibria as not. The search by derivatives, which proves
    nothing, is timed beside the proof where players have one parameter.
    """
    rng = np.random.default_rng(actions)
    proofs, searches, verdicts, boxes = [], [], [], []
    while len(proofs) < count:
        coupling = rng.uniform(-0.5, 1.5)
        game = ParametricGame(
            NormalFormGame(rng.uniform(-1, 1, size=(2, actions, actions))),
            Logistic((actions, actions), coupling, bound),
        )
        params = [rng.uniform(-bound, bound, size=(actions - 1,)).tolist() for _ in range(2)]
        for _ in range(rng.integers(0, 6)):
            found = certify(game, profile(params), epsilon, width=1e-3)
            params = [list(gain.witness) for gain in found.gains]
        begin = time.perf_counter()
        found = certify(game, profile(params), epsilon)
        seconds = time.perf_counter() - begin
        if 0 < found.worst.witness_gain < AWAY and found.verdict == "refuted":
            continue
        proofs.append(seconds)
        verdicts.append(found.verdict)
        boxes.append(pieces(found))
        if actions == 2:
            begin = time.perf_counter()
            for player in range(2):
                best_deviation(game, profile(params), player)
            searches.append(time.perf_counter() - begin)
    return {
        "median_ms": 1e3 * statistics.median(proofs),
        "slowest_ms": 1e3 * max(proofs),
        "median_pieces": statistics.median(boxes),
        "verdicts": {verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts))},
        "search_median_ms": 1e3 * statistics.median(searches) if searches else None,
    }


def unbounded_games(count: int) -> dict[str, Any]:
    """Random games with three actions and no bound at random profiles: brackets of 1e-2."""
    rng = np.random.default_rng(7)
    proofs, boxes, narrow = [], [], []
    for k in range(count):
        game = ParametricGame(
            NormalFormGame(rng.uniform(-1, 1, size=(2, 3, 3))),
            Logistic((3, 3), (-0.7, 0.3, 0.5, 1.0, 1.5)[k % 5], float("inf")),
        )
        params = rng.normal(size=(2, 2)).tolist()
        begin = time.perf_counter()
        found = certify(game, profile(params), 10.0, width=WIDTH)
        proofs.append(time.perf_counter() - begin)
        boxes.append(pieces(found))
        narrow.append(all(gain.upper - gain.lower <= WIDTH for gain in found.gains))
    return {
        "median_ms": 1e3 * statistics.median(proofs),
        "slowest_ms": 1e3 * max(proofs),
        "median_pieces": statistics.median(boxes),
        "verdicts": {"narrow": sum(narrow), "wide": narrow.count(False)},
    }


def profile(params: list[list[float]]) -> tuple:
    return tuple(own[0] if len(own) == 1 else own for own in params)


def pieces(certificate: Certificate) -> int:
    return sum(proof.cover.count(".") for proof in certificate.document.proofs)


def by_epsilon() -> dict[str, int]:
    """At an interior best response of the prisoner's dilemma, where all is flat."""
    game = LogisticFamily(catalogue.prisoners_dilemma(), 3.0)(0.5)
    best = certify(game, (3.0, 3.0), 0.0, width=1e-15).gains[0].witness[0]
    other = ParametricGame(game.game, Logistic((2, 2), [[0, 0.5], [0.5, 0]], 3.0))
    counts = {}
    for exponent in range(1, 13, 1):
        found = certify(other, (best, 3.0), 10.0**-exponent, budget=1_000_000)
        counts[f"1e-{exponent:02d}"] = found.document.proofs[0].cover.count(".")
    return counts


def by_distance() -> dict[str, int]:
    """At the cooperative corner of the prisoner's dilemma, ε = 0, ever closer to the threshold."""
    family = LogisticFamily(catalogue.prisoners_dilemma(), 3.0)
    counts = {}
    for exponent in range(1, 11):
        above = certify(family(THRESHOLD + 10.0**-exponent), (3.0, 3.0), 0.0)
        assert above.verdict == "certified"
        counts[f"1e-{exponent:02d}"] = pieces(above)
    return counts


def saturated() -> dict[str, str]:
    """M = 20 at ε = 0: verdicts and pieces."""
    family = LogisticFamily(catalogue.prisoners_dilemma(), 20.0)
    found = {}
    for coupling in (0.5, 0.97, 1.0, 1.1):
        for corner in ((20.0, 20.0), (-20.0, -20.0)):
            certificate = certify(family(coupling), corner, 0.0)
            found[f"κ={coupling:g} at {corner}"] = f"{certificate.verdict}, {pieces(certificate)}"
    return found


def as_text(report: dict[str, Any]) -> str:
    one, two = report["one_parameter"], report["two_parameters"]
    flat = report["one_parameter_saturated"]
    lines = [
        "                              median      slowest   pieces   verdicts",
        *(
            f"{name:28s} {r['median_ms']:8.1f} ms {r['slowest_ms']:8.1f} ms "
            f"{r['median_pieces']:6.0f}   {r['verdicts']}"
            for name, r in (
                ("one parameter, ε = 1e-9", one),
                ("the same, saturated (M = 20)", flat),
                ("two parameters, ε = 1e-3", two),
                ("the same, unbounded boxes", report["unbounded"]),
            )
        ),
        f"wanted: medians below {ONE_PARAMETER_MS:g} ms and {TWO_PARAMETERS_S:g} s",
        f"a proof takes {one['median_ms'] / one['search_median_ms']:.2f} times as long as the "
        f"search by derivatives ({one['search_median_ms']:.1f} ms), once both are compiled",
        "",
        "pieces of the cover by ε, at an interior best response:",
        "  " + "  ".join(f"{k}: {v}" for k, v in report["boxes_by_epsilon"].items()),
        "pieces by distance to the equilibrium threshold, ε = 0:",
        "  " + "  ".join(f"{k}: {v}" for k, v in report["boxes_by_distance"].items()),
        "saturated, M = 20, ε = 0:",
        *(f"  {k}: {v}" for k, v in report["saturated"].items()),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
