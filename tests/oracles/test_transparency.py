"""Ways to be transparent, against grids of deviations, closed forms, and a quantum game."""

import itertools
import math
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import glasshouse as gh
from glasshouse.analysis import ways_to_be_transparent
from glasshouse.analysis.transparency import EQUILIBRIUM
from glasshouse.errors import InputError
from glasshouse.games import Symmetric2x2
from glasshouse.games.random import random_game
from glasshouse.theory import affine_thresholds, similarity_range, thresholds

PD = Symmetric2x2(T=5.0, R=3.0, P=1.0, S=0.0)
DONATION = Symmetric2x2(T=3.0, R=2.0, P=0.0, S=-1.0)
STAG_HUNT = Symmetric2x2(T=3.0, R=4.0, P=2.0, S=0.0)
CHICKEN = Symmetric2x2(T=4.0, R=3.0, P=1.0, S=2.0)
PD4 = Symmetric2x2(T=4.0, R=3.5, P=2.0, S=0.0)
REVERSED = Symmetric2x2(T=0.0, R=1.0, P=0.0, S=3.0)
GAP = Symmetric2x2(T=1.0, R=1.1, P=3.0, S=1.0)


def game_of(payoffs):
    return gh.NormalFormGame(payoffs.tensor(), player_axis=0)


def rows_of(payoffs, **settings) -> list[Any]:
    return list(ways_to_be_transparent(game_of(payoffs), **settings).ways)


def movement(payoffs) -> Any:
    return thresholds(game_of(payoffs))


def movement_by_weight(payoffs) -> Any:
    return affine_thresholds(game_of(payoffs))


def paid(payoffs, own, other):
    T, R, P, S = payoffs
    return own * (other * R + (1 - other) * S) + (1 - own) * (other * T + (1 - other) * P)


GRID = np.linspace(0, 1, 1201)


def grounded(epsilon):
    """What somebody does, and what an ε-grounded FairBot then does, for all it can do."""
    return GRID, epsilon + (1 - epsilon) * GRID


def running_each_other(w):
    """The other keeps to 1; both run each other: two equations in two unknowns."""
    both = np.array([[1.0, -w], [-w, 1.0]])
    own, other = np.linalg.solve(both, (1 - w) * np.stack([GRID, np.ones_like(GRID)]))
    return own, other


def weighted(w):
    return (1 - w) * GRID + w, (1 - w) + w * GRID


def alike(level):
    """Deviations to all cutoffs, with the other's at `level`; noise is 1."""
    cutoffs = 2 * GRID
    apart = abs(cutoffs - level)
    return np.clip(cutoffs - apart, 0, 1), np.clip(level - apart, 0, 1)


def stays(payoffs, own, other, kept=1.0):
    """Whether nothing on the grid pays more than to keep to one's part."""
    return paid(payoffs, own, other).max() <= paid(payoffs, kept, kept) + 1e-9


def same_way(row, payoffs, deviations, values, kept: float | None = 1.0):
    """Whether a row says at each parameter what the grid of deviations finds there."""
    for value in values:
        if row.interval and min(abs(value - end) for end in row.interval) < 2e-3:
            continue
        inside = row.interval is not None and row.interval[0] <= value <= row.interval[1]
        level = value if kept is None else kept
        assert stays(payoffs, *deviations(value), kept=level) == inside, (payoffs, value, row)


KNOWN = {
    PD: {"ε": (0, 1 / 3), "w": (2 / 3, 1), "p": (0, 2 / 3), "κ": (1, math.inf), "weight": (0.4, 1)},
    DONATION: {
        "ε": (0, 2 / 3), "w": (1 / 3, 1), "p": (0, 1), "κ": (1, math.inf), "weight": (0.25, 1),
    },
    STAG_HUNT: {
        "ε": (0, 1), "w": (0, 1), "p": (0.5, 1), "κ": (-0.25, math.inf), "weight": (0, 1),
    },
    CHICKEN: {"ε": None, "w": None, "p": (0, 5 / 6), "κ": (1, math.inf), "weight": (0.5, 1)},
    PD4: {"ε": (0, 0.75), "p": (2 / 3, 1), "κ": (1, math.inf)},
}  # fmt: skip


def by_key(payoffs) -> dict[str, Any]:
    rows = rows_of(payoffs)
    found = {one.symbol: one for one in rows if one.meaning == EQUILIBRIUM and one.way != "weight"}
    return found | {"weight": rows[-1]}


@pytest.mark.parametrize("payoffs", KNOWN, ids=lambda x: str(tuple(x)))
def test_where_both_cooperating_is_an_equilibrium(payoffs):
    found = by_key(payoffs)
    for key, wanted in KNOWN[payoffs].items():
        level_only = key == "p" and wanted[1] < 1
        said = "no" if wanted is None else "in part" if level_only else "yes"
        assert found[key].verdict == said, key
        assert found[key].interval == (wanted and pytest.approx(wanted, abs=1e-12)), key
        assert found[key].at == (wanted and pytest.approx(wanted[key in "εp"], abs=1e-12)), key


def test_prices_of_the_dilemma():
    """By hand: what similarity pays at 2/3, and what each pays at worst."""
    found = by_key(PD)
    assert found["p"].cooperation == pytest.approx(2 / 3, abs=1e-15)
    assert found["p"].payoff == pytest.approx(4 / 9 * 3 + 2 / 9 * 5 + 1 / 9, abs=1e-12)
    assert found["p"].forgone == pytest.approx(4 / 9, abs=1e-12)
    assert found["ε"].least == pytest.approx(2 / 3, abs=1e-12)  # who defects: ε S + (1-ε) P
    assert found["weight"].least == pytest.approx(0.6 * 0.4 * 3 + 0.4 * 0.4 * 5 + 0.4 * 0.6)
    rows = rows_of(PD)
    assert [one.least for one in rows if one.way in ("provability", "mediation")] == [1.0] * 3
    assert all(one.forgone == 0 for one in rows if one.verdict == "yes" and one.payoff == 3)


def random_payoffs(count):
    for seed in range(count):
        yield Symmetric2x2(*np.random.default_rng(seed).integers(-9, 10, 4).astype(float))


@pytest.mark.parametrize("key", ["ε", "w", "p", "weight"])
def test_rows_against_all_deviations_on_a_grid(key):
    """Of random games and two odd ones: where nothing pays, and what is paid at worst."""
    deviations = {"ε": grounded, "w": running_each_other, "p": alike, "weight": weighted}[key]
    seen = set()
    for payoffs in (*random_payoffs(60), PD4, CHICKEN):
        row = by_key(payoffs)[key]
        seen.add(row.verdict)
        if row.verdict == "unknown" or (row.verdict == "in part" and key != "p"):
            continue
        kept = None if key == "p" else 1.0
        same_way(row, payoffs, deviations, np.linspace(0.01, 0.99, 29), kept)
        if row.verdict != "no":
            at = min(row.at, 1 - 1e-9) if key == "w" else row.at
            mine = deviations(at)[::-1]
            worst = paid(payoffs, *mine).min()
            assert row.least == pytest.approx(worst, abs=2e-4 * payoffs.payoff_range)
    assert {"yes", "no"} <= seen


def test_weights_at_which_it_is_an_equilibrium_only_in_part():
    for payoffs in (REVERSED, GAP):
        rows = by_key(payoffs)
        row = rows["weight"]
        assert row.verdict == "in part"
        end = row.interval[1]
        assert stays(payoffs, *weighted(end - 0.01))
        assert not stays(payoffs, *weighted(end + 0.01))
        run = rows["w"]
        if run.verdict == "in part":
            assert run.interval[1] == pytest.approx(end / (1 - end), abs=1e-12)
            assert not stays(payoffs, *running_each_other(run.interval[1] + 0.01))
        else:
            assert all(stays(payoffs, *running_each_other(w)) for w in np.linspace(0, 0.99, 30))
    assert by_key(GAP)["weight"].reason == "up to 0.0501323 and again from 0.949868"


def test_programs_and_mediators_ask_for_the_same():
    """Who leaves is met with defection, whatever it then does: R ≥ max(P, S)."""
    for payoffs in random_payoffs(60):
        rows = rows_of(payoffs)
        wanted = "yes" if max(payoffs.P, payoffs.S) <= payoffs.R else "no"
        found = [one for one in rows if one.way in ("provability", "mediation")]
        assert [one.verdict for one in found] == [wanted] * 3
        if wanted == "yes":
            worst = min(payoffs.T, payoffs.R, payoffs.P)
            assert [one.least for one in found] == [worst] * 3


def dilemmas(sign):
    """Random games T > R > P, T > S with κ_C < 1, of which D has this sign."""
    for seed in range(800):
        T, R, P, S = np.random.default_rng(seed).uniform(-3, 3, 4)
        D = R - S - T + P
        if T > R > max(P, S) and T - R < R - S and sign * D > 0:
            yield Symmetric2x2(T, R, P, S)


def with_gifts(payoffs, share):
    own = payoffs.tensor()
    return gh.NormalFormGame((1 - share) * own + share * own[::-1], player_axis=0)


def test_thresholds_that_are_the_same_number():
    """κ_C where D ≤ 0; its weight κ_C/(1+κ_C) = (T-R)/(T-S), which gifts have, too."""
    checked = 0
    for payoffs in itertools.islice(dilemmas(-1), 25):
        T, R, _, S = payoffs
        rows, kappa = by_key(payoffs), movement(payoffs).cooperation.value
        assert kappa == pytest.approx((T - R) / (R - S), rel=1e-12)
        assert 1 - rows["ε"].at == pytest.approx(kappa, abs=1e-12)
        assert rows["w"].at == pytest.approx(kappa, abs=1e-12)
        weight = rows["weight"].at
        assert weight == pytest.approx(kappa / (1 + kappa), abs=1e-12)
        assert weight == pytest.approx((T - R) / (T - S), abs=1e-12)
        moves = movement_by_weight(payoffs).cooperation.value
        assert weight == pytest.approx(moves, abs=1e-12)
        for share, holds in ((weight - 1e-6, False), (weight + 1e-6, True)):
            assert ((0, 0) in gh.analysis.pure_equilibria(with_gifts(payoffs, share))) == holds
        checked += 1
    assert checked == 25


def test_defection_stays_up_to_the_other_end():
    """κ_D/(1+κ_D) = (P-S)/(T-S): of gifts always, of the affine weight where D ≤ 0."""
    for payoffs in (PD, DONATION, PD4):
        T, R, P, S = payoffs
        weights = movement_by_weight(payoffs)
        end, start = weights.defection.value, weights.cooperation.value
        assert (end, start) == pytest.approx(((P - S) / (T - S), (T - R) / (T - S)), abs=1e-12)
        for step in (-0.01, 0.01):
            found = gh.analysis.pure_equilibria(with_gifts(payoffs, end + step))
            assert ((1, 1) in found) == (step < 0)
            found = gh.analysis.pure_equilibria(with_gifts(payoffs, start + step))
            assert ((0, 0) in found) == (step > 0)
            w = end + step
            kept = stays(payoffs, (1 - w) * GRID, w * GRID, kept=0.0)
            assert kept == (step < 0 and payoffs.interaction <= 0)


def test_where_cooperation_feeds_on_itself_they_differ():
    """For D > 0 a far deviation decides: movement keeps its number, equilibrium needs more."""
    for payoffs in itertools.islice(dilemmas(1), 25):
        rows, found = by_key(payoffs), movement_by_weight(payoffs).cooperation.value
        kappa = movement(payoffs).cooperation.value
        assert found == pytest.approx(kappa / (1 + kappa), abs=1e-12)
        assert rows["weight"].at > found + 1e-9
        T, R, P, _ = payoffs
        assert rows["ε"].at == pytest.approx(min(1, (R - P) / (T - P)), abs=1e-12)
        assert 1 - rows["ε"].at > kappa + 1e-9


def test_hamiltons_rule_in_all_of_them():
    """Donation of b at cost c: κ_D = κ_½ = κ_C = w = 1 - ε = c/b, and c/(b+c) of weights."""
    for b, c in ((3.0, 1.0), (2.0, 1.5), (7.0, 0.5)):
        payoffs = Symmetric2x2(T=b, R=b - c, P=0.0, S=-c)
        found, rows = movement(payoffs), by_key(payoffs)
        three = [x.value for x in (found.defection, found.neutral, found.cooperation)]
        assert three == pytest.approx([c / b] * 3, abs=1e-12)
        assert (1 - rows["ε"].at, rows["w"].at) == pytest.approx((c / b, c / b), abs=1e-12)
        assert rows["weight"].at == pytest.approx(c / (b + c), abs=1e-12)
        assert rows["p"].verdict == ("yes" if c / b <= 0.5 else "no")
        known = np.linspace(0, 1, 1001)  # a defector among discriminators, known with this chance
        stable = known[(1 - known) * b <= b - c + 1e-12]
        assert stable[0] == pytest.approx(c / b, abs=1e-3)


def test_similarity_asks_for_a_half_at_its_edge():
    for payoffs in (PD, Symmetric2x2(T=1.2, R=1.0, P=0.1, S=-0.3)):
        local = similarity_range(game_of(payoffs)).local
        assert local is not None
        edge = local[1]
        at_edge = -payoffs.own_effect(edge) / payoffs.other_effect(edge)
        assert at_edge == pytest.approx(0.5, abs=1e-12) or (edge == 1 and at_edge <= 0.5)


FLIP = np.array([[0.0, 1.0], [-1.0, 0.0]])


def strategy(theta, phase):
    """U(θ, φ) of Eisert, Wilkens and Lewenstein; (0, 0) cooperates, (π, 0) defects."""
    half = theta / 2
    turned = np.exp(1j * phase)
    return np.array([[turned * np.cos(half), np.sin(half)], [-np.sin(half), np.cos(half) / turned]])


def quantum_payoff(payoffs, gamma, one, other):
    """What the first is paid: |J†(U₁ ⊗ U₂) J |CC⟩|², entangled by γ."""
    return payoff_of_moves(payoffs, gamma, strategy(*one), strategy(*other))


def payoff_of_moves(payoffs, gamma, one, other):
    entangled = np.cos(gamma / 2) * np.eye(4) + 1j * np.sin(gamma / 2) * np.kron(FLIP, FLIP)
    state = entangled.conj().T @ np.kron(one, other) @ entangled[:, 0]
    T, R, P, S = payoffs
    return float(np.abs(state) ** 2 @ np.array([R, S, T, P]))


def quantum_stays(payoffs, gamma, kept):
    now = quantum_payoff(payoffs, gamma, kept, kept)
    thetas, phases = np.linspace(0, math.pi, 13), np.linspace(0, math.pi / 2, 13)
    tried = itertools.product(thetas, phases)
    return all(quantum_payoff(payoffs, gamma, one, kept) <= now + 1e-9 for one in tried)


@pytest.mark.parametrize("payoffs", [PD, DONATION, PD4], ids=lambda x: str(tuple(x)))
def test_entanglement_is_such_a_weight(payoffs):
    """Of the quantum game Q, Q is an equilibrium from sin²γ = (T-R)/(T-S) on, whatever D is, and
    D, D up to (P-S)/(T-S): the weights at which movement turns at the ends of the diagonal."""
    found = movement_by_weight(payoffs)
    quantum, defect = (0.0, math.pi / 2), (math.pi, 0.0)
    for step in (-1e-3, 1e-3):
        gamma = math.asin(math.sqrt(found.cooperation.value + step))
        assert quantum_stays(payoffs, gamma, quantum) == (step > 0)
        gamma = math.asin(math.sqrt(found.defection.value + step))
        assert quantum_stays(payoffs, gamma, defect) == (step < 0)
    weight = by_key(payoffs)["weight"].at
    same = weight == pytest.approx(found.cooperation.value, abs=1e-12)
    assert same == (payoffs.interaction <= 0)


def test_with_all_unitary_moves_someone_exploits_the_quantum_player():
    """At full entanglement a move outside of U(θ, φ) is paid T against Q."""
    outside, quantum = np.array([[0, 1j], [1j, 0]]), strategy(0.0, math.pi / 2)
    assert payoff_of_moves(PD, math.pi / 2, outside, quantum) == pytest.approx(5.0, abs=1e-12)
    assert payoff_of_moves(PD, math.pi / 2, quantum, quantum) == pytest.approx(3.0, abs=1e-12)


def test_movement_is_said_as_movement():
    rows = rows_of(PD)
    moves = {one.symbol: one.at for one in rows if one.meaning != EQUILIBRIUM}
    assert moves == pytest.approx({"κ > κ_D": 1 / 4, "κ > κ_½": 3 / 7, "κ > κ_C": 2 / 3})
    kappas = np.linspace(-0.9, 3, 40)
    for payoffs in random_payoffs(60):
        rows = rows_of(payoffs)
        moves = [one for one in rows if one.meaning != EQUILIBRIUM]
        for p, row in zip((0.0, 0.5, 1.0), moves, strict=True):
            slopes = payoffs.own_effect(p) + kappas * payoffs.other_effect(p)
            if row.verdict == "yes":
                low = row.at if row.at is not None else -1.0
                assert np.array_equal(slopes > 1e-12, kappas > low + 1e-12)
            elif row.verdict == "no":
                assert np.all(slopes < 1e-12)
            elif row.verdict == "in part":
                below = -payoffs.own_effect(p) / payoffs.other_effect(p)
                assert below > -1
                assert np.array_equal(slopes > 1e-12, kappas < below - 1e-12)
            else:
                assert np.all(slopes == 0)


def test_a_certified_row_at_a_bound():
    """The threshold of theory at M = 3, and what saturation costs there."""
    found = rows_of(PD, bound=3.0)[-2]
    assert found.evidence == "certified"
    assert 0 <= found.at - 0.870467371354 <= 1e-3
    p = 1 / (1 + math.exp(-(1 + found.at) * 3))
    assert found.payoff == pytest.approx(paid(PD, p, p), abs=1e-12)
    assert 0 < found.forgone < 0.02


def holds_on_a_grid(payoffs):
    """By which ways both cooperating is an equilibrium where T > R, without the library."""
    _, R, P, S = payoffs
    return {
        "are FairBot": max(P, S) <= R,
        "ε-grounded": stays(payoffs, *grounded(1e-3)),
        "run each other": stays(payoffs, *running_each_other(1 - 1e-4)),
        "similarity": stays(payoffs, *alike(1.0)),
        "mediation": max(P, S) <= R,
        "grow": R > S,
        "affine": stays(payoffs, *weighted(1 - 1e-4)),
    }


def test_counts_of_random_games_on_the_page():
    """In how many of 200 random games each way helps: the library, a loop, and the page."""
    tempted, mine, found = 0, Counter(), Counter()
    for seed in range(1000, 1200):
        (a, b), (c, d) = np.asarray(random_game(seed, symmetric=True).tensor)[0].tolist()
        R, S, T, P = (a, b, c, d) if a >= d else (d, c, b, a)
        if T <= R:
            continue
        tempted += 1
        payoffs = Symmetric2x2(T, R, P, S)
        seen = holds_on_a_grid(payoffs)
        mine.update(name for name, holds in seen.items() if holds)
        verdicts = ways_to_be_transparent(game_of(payoffs)).verdicts
        assert verdicts["none: nobody is transparent"] == "no"
        yes = [way for way, verdict in verdicts.items() if verdict == "yes"]
        found.update(name for name in seen for way in yes if name in way)
    assert found == mine
    page = (Path(__file__).parents[2] / "docs/background/transparent.md").read_text("utf-8")
    assert f"In {tempted} of them" in page
    table = re.findall(r"^\| ([^|]+) \| (\d+) \|$", page, flags=re.MULTILINE)
    assert len(table) == 8
    for way, count in table:
        (name,) = [name for name in (*mine, "PrudentBot") if name in way]
        assert int(count) == mine[name if name != "PrudentBot" else "are FairBot"]


def test_what_is_not_compared_is_refused():
    for game in (gh.load_game("battle_of_the_sexes"), gh.load_game("rock_paper_scissors")):
        with pytest.raises(InputError, match="symmetric games of two players with two actions"):
            ways_to_be_transparent(game)
    with pytest.raises(InputError, match="rescale"):
        ways_to_be_transparent(game_of(Symmetric2x2(T=6e307, R=0.0, P=0.0, S=-6e307)))
    with pytest.raises(InputError, match="bound"):
        ways_to_be_transparent(game_of(PD), bound=-1)
