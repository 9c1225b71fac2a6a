"""Three actions on unbounded boxes: verdicts and brackets against a search of our own in NumPy.

The search knows finite deviations on a grid, and limits: both parameters far out, their difference
anything, and one of them far out alone. Nothing of the library is used in it.
"""

import copy
import json
import math
from typing import NamedTuple

import numpy as np
import pytest
from flint import ctx
from tests.certificates.exact import DIGITS, INF, PRECISION, interval, mp, points_of, random_case
from tests.certificates.test_checker import leaves, mutated
from tests.certificates.test_tracing import joined

import glasshouse as gh
from glasshouse.certificates.builtin import Writer
from glasshouse.certificates.charts import charted, conflicts, fold_of, unfolded
from glasshouse.certificates.checker import check
from glasshouse.certificates.covers import FOLD, Piece, folded, folded_pieces
from glasshouse.certificates.document import digest_of, read_document
from glasshouse.certificates.gain import Gain
from glasshouse.certificates.program import Machine
from glasshouse.errors import InputError
from glasshouse.games import NormalFormGame
from glasshouse.parametric import ParametricGame
from glasshouse.semantics import Logistic

COUPLINGS = (-0.7, 0.3, 0.5, 1.0, 1.5)
SEED = 20261127


class Drawn(NamedTuple):
    """A random game at a random profile."""

    payoffs: np.ndarray
    coupling: float
    params: np.ndarray

    def game(self) -> ParametricGame:
        return ParametricGame(
            NormalFormGame(self.payoffs, player_axis=0), Logistic((3, 3), self.coupling, INF)
        )

    def profile(self) -> tuple[list[float], ...]:
        return tuple(own.tolist() for own in self.params)

    def gains(self, player: int, deviations: np.ndarray) -> np.ndarray:
        table = self.payoffs[0] if player == 0 else self.payoffs[1].T
        other = self.params[1 - player]

        def payoff(own: np.ndarray) -> np.ndarray:
            p, q = (shares(x) for x in (own + self.coupling * other, other + self.coupling * own))
            return np.einsum("na,ab,nb->n", p, table, q)

        return payoff(deviations) - payoff(self.params[player][None])

    def best(self, player: int) -> float:
        """The largest gain that grids, narrowed where most is gained, come upon."""
        scale = max(1.0, 1 / abs(self.coupling))
        far, out = 2000 * scale, np.geomspace(12, 60 * scale, 25)
        line = np.concatenate([-out[::-1], np.linspace(-12, 12, 97), out])
        along, far_out = np.linspace(-60 * scale, 60 * scale, 6001), np.full(6001, far)
        starts = [
            np.stack(np.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2),
            *(
                np.stack(pair, -1)
                for pair in (
                    (far_out + along, far_out),
                    (-far_out + along, -far_out),
                    (far_out, along),
                    (-far_out, along),
                    (along, far_out),
                    (along, -far_out),
                )
            ),
            far * np.array([(a, b) for a in (-2, -1, 0, 1, 2) for b in (-2, -1, 0, 1, 2)]),
        ]
        return max(0.0, *(self._narrowed(player, points) for points in starts))

    def _narrowed(self, player: int, points: np.ndarray) -> float:
        order = np.argsort(-self.gains(player, points))
        cross = np.stack(np.meshgrid(*[np.linspace(-1, 1, 9)] * 2, indexing="ij"), -1)
        best = -math.inf
        for centre in points[order[:12:4]]:
            step = 1.0
            for _ in range(14):
                near = centre + step * cross.reshape(-1, 2)
                gains = self.gains(player, near)
                centre, step = near[np.argmax(gains)], step / 2
                best = max(best, float(gains.max()))
        return best


def shares(logits: np.ndarray) -> np.ndarray:
    full = np.concatenate([logits, np.zeros((len(logits), 1))], axis=1)
    powers = np.exp(full - full.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def drawn(seed: int) -> Drawn:
    rng = np.random.default_rng([SEED, seed])
    payoffs, params = rng.uniform(-1, 1, size=(2, 3, 3)), rng.normal(size=(2, 2))
    return Drawn(payoffs, COUPLINGS[seed % len(COUPLINGS)], params)


class Outcome(NamedTuple):
    unknown: int
    wide: int
    folds: int


def judged(case: Drawn) -> Outcome:
    """Below and above what the search finds; no verdict and no bound may be wrong."""
    found = [case.best(player) for player in range(2)]
    best, unknown = max(found), 0
    for factor, wrong in ((0.8, "certified"), (1.2, "refuted")):
        width = 0.01 * best if factor > 1 else None
        certificate = gh.certify(case.game(), case.profile(), factor * best, width=width)
        assert certificate.verdict != wrong, case
        unknown += certificate.verdict == "unknown"
        for gain, most in zip(certificate.gains, found, strict=True):
            assert gain.upper >= most - 1e-9, case
            witness = case.gains(gain.player, np.array([gain.witness]))[0]
            assert gain.witness_gain <= witness + 1e-9, case
            assert gain.lower <= most + 1e-4, case  # our own search is no proof
    wide = any(gain.upper - gain.lower > 0.01 * best * (1 + 1e-9) for gain in certificate.gains)
    folds = sum(proof.cover.count(FOLD) for proof in certificate.document.proofs)
    return Outcome(unknown, wide, folds)


@pytest.mark.parametrize("seed", range(5))
def test_unbounded_boxes_of_three_actions_are_decided(seed):
    found = judged(drawn(seed))
    assert found.unknown == 0
    assert not found.wide


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_hardly_any_of_two_hundred_is_left_unknown(block):
    found = [judged(drawn(seed)) for seed in range(20 * block, 20 * block + 20)]
    assert sum(x.unknown for x in found) <= 0.03 * 40
    assert sum(x.wide for x in found) <= 2
    assert sum(x.folds for x in found) > 0


def without_the_last(coupling: float) -> Drawn:
    """The last action is bad and the others are to differ: the best is where it is never played."""
    first = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [-5.0, -5.0, -5.0]])
    return Drawn(np.stack([first, first.T]), coupling, np.array([[0.1, -0.2], [0.3, 0.4]]))


@pytest.mark.parametrize("coupling", [0.5, pytest.param(1.0, marks=pytest.mark.slow)])
def test_the_best_may_be_a_limit_in_which_only_a_difference_counts(coupling, tmp_path):
    case = without_the_last(coupling)
    best = case.best(0)
    certificate = gh.certify(case.game(), case.profile(), 1.001 * best, width=1e-3)
    gain = certificate.gains[0]
    assert certificate.verdict == "certified"
    assert gain.lower == pytest.approx(best, abs=1e-3)
    assert FOLD in certificate.document.proofs[0].cover
    certificate.write(tmp_path / "file.json")
    assert gh.verify(tmp_path / "file.json").accepted


def forged(case: Drawn, count: int) -> tuple[int, int]:
    """Claims and covers changed: how many are accepted, each of them true, and how many not."""
    best = [case.best(player) for player in range(2)]
    document = gh.certify(case.game(), case.profile(), 1.1 * best[0], budget=90).document
    contents, rng = json.loads(document.text()), np.random.default_rng(5)
    assert any(FOLD in proof["cover"] for proof in contents["proofs"])
    covers = [("proofs", player, "cover") for player in range(2)]
    places = [p for p in leaves(contents) if p[0] == "claim"] + 12 * covers
    accepted = rejected = 0
    for _ in range(count):
        place = places[rng.integers(len(places))]
        changed = mutated(contents, place, rng)
        if place in covers and rng.random() < 0.7:
            changed = with_another_token(contents, place[1], rng)
        if rng.random() < 0.5:
            changed = mutated(changed, ("claim", "gains", int(rng.integers(2)), "upper"), rng)
        if changed == contents:
            continue
        changed["digest"] = digest_of(changed)
        try:
            found = read_document(json.dumps(changed), "it")
        except InputError:
            rejected += 1
            continue
        if not check(found).accepted:
            rejected += 1
            continue
        accepted += 1
        for player, gain in enumerate(found.claim.gains):
            assert gain.upper >= best[player] - 1e-9
            gains = case.gains(player, np.array([gain.witness]))
            assert gain.finite <= max(0.0, gains[0]) + 1e-9
    return accepted, rejected


def with_another_token(contents: dict, player: int, rng: np.random.Generator) -> dict:
    """The same with one split that is another one, or none."""
    changed = copy.deepcopy(contents)
    tokens = changed["proofs"][player]["cover"].split()
    folds = [k for k, token in enumerate(tokens) if FOLD in token]
    k = rng.choice(folds) if folds and rng.random() < 0.5 else rng.integers(len(tokens))
    tokens[k] = str(rng.choice(["0", "1", "0&1", "1&0", "0&0", "0&2", "."]))
    changed["proofs"][player]["cover"] = " ".join(tokens)
    return changed


def test_forged_covers_that_fold_prove_no_more_than_is_true():
    accepted, rejected = forged(without_the_last(0.5), 30)
    assert accepted > 0
    assert rejected > 10


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_five_hundred_forged_covers_prove_no_more_than_is_true(seed):
    accepted, rejected = forged(drawn(seed), 100)
    assert accepted > 0
    assert rejected > 40


# Other coordinates


def test_a_program_in_other_coordinates_is_the_same_function():
    rng = np.random.default_rng(1)
    corner = ((0.0, INF), (0.0, INF))
    cover = ["0&1", "0&1", ".", ".", "1&0", ".", "."]
    for _ in range(10):
        case = random_case(rng, "logistic", (3, 3))
        program = case.program()
        with ctx.workprec(PRECISION), mp.workdps(DIGITS):
            for region, chart in folded_pieces(corner, cover):
                other, same = Machine(charted(program, chart or unfolded(2))), Machine(program)
                for at in points_of(rng, region, 5):
                    assert chart is not None
                    point = [sum(c * x for c, x in zip(row, at, strict=True)) for row in chart]
                    if any(abs(x) > 300 for x in point):
                        continue
                    found = other.values([interval((x, x)) for x in at])
                    expected = same.values([interval((x, x)) for x in point])
                    for x, y in zip(joined(found), joined(expected), strict=True):
                        assert abs(x[0] - y[0]) < 1e-12


def test_bounds_on_folded_pieces_hold_at_their_points():
    rng = np.random.default_rng(2)
    for _ in range(12):
        case = random_case(rng, "logistic", (3, 3))
        corner = tuple((0.5, INF) if rng.random() < 0.5 else (-INF, -0.25) for _ in range(2))
        with ctx.workprec(PRECISION), mp.workdps(DIGITS):
            gain: Gain = case.bounds()
            for region, chart in folded(Piece(corner), 0, 1):
                assert chart is not None
                for narrower in (region, tuple(_end(values, rng) for values in region)):
                    bound = gain.seen_from(chart).bound(narrower)
                    for at in points_of(rng, narrower, 6):
                        point = [
                            mp.fsum(c * mp.mpf(x) for c, x in zip(row, at, strict=True))
                            for row in chart
                        ]
                        assert not bound.upper < float(case.gain(point)) - 1e-12


def _end(values, rng):
    """A part of a range, half of the time far out."""
    start = next(filter(math.isfinite, values))
    a, b = sorted(start + (1 if math.isinf(values[1]) else -1) * x for x in rng.uniform(0, 5, 2))
    return (a, b) if rng.random() < 0.5 else (b, INF) if math.isinf(values[1]) else (-INF, a)


def test_corners_are_folded_where_a_difference_is_read():
    case = random_case(np.random.default_rng(3), "logistic", (3, 3))
    found = conflicts(charted(case.program(), unfolded(2)))
    assert fold_of(((0.0, INF), (0.0, INF)), found) == (0, 1)
    assert fold_of(((-INF, 0.0), (-INF, 1.0)), found) == (0, 1)
    assert fold_of(((-INF, 0.0), (0.0, INF)), found) is None
    assert fold_of(((0.0, 1.0), (0.0, INF)), found) is None
    first, _ = folded(Piece(((0.0, INF), (0.0, INF))), 0, 1)
    assert first.chart is not None
    assert fold_of(first.region, conflicts(charted(case.program(), first.chart))) is None


def test_a_last_share_that_rounding_makes_negative_is_not_taken_for_none():
    """Where 1e-9 too much is given to others, what the last action costs is a gain of 8e-4."""
    tiny = 4e-10
    writer = Writer(1)
    square = writer.write("power", (0,), (2.0,))
    both = [writer.affine(0.5, [(tiny, square)]) for _ in range(2)]
    outputs = [[*both, writer.affine(0.0, [(-2 * tiny, square)])]]
    with ctx.workprec(PRECISION):
        gain = Gain(writer.finished(outputs), [0.0, 0.0, -1e6], [0.0], proper=False)
        assert float(gain.at([1.0])[0]) == pytest.approx(8e-4)
        assert gain.bound(((-1.0, 1.0),)).upper >= gain.at([1.0])[0]


def test_claims_about_couplings_do_not_fold():
    case = random_case(np.random.default_rng(4), "logistic", (3, 3), swept=True)
    with pytest.raises(InputError, match="interval of couplings"):
        case.bounds().seen_from(unfolded(3))
