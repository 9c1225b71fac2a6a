"""Certificates of mixtures: what is proved is true, and nothing else is accepted."""

import copy
import json
import math
import subprocess
import sys
from typing import Any

import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from tests.certificates.test_checker import leaves
from tests.reference import Later

from glasshouse import InputError, LogisticFamily, NormalFormGame, ParametricGame, load_game, verify
from glasshouse.analysis.equilibria import certify_mixture
from glasshouse.certificates.document import digest_of
from glasshouse.certificates.intervals import precision
from glasshouse.certificates.mixture.certificate import MixtureCertificate
from glasshouse.certificates.mixture.checker import check_mixture
from glasshouse.certificates.mixture.document import MixtureDocument, read_mixture
from glasshouse.certificates.mixture.facing import gain_against
from glasshouse.channels import Box
from glasshouse.cli.main import main
from glasshouse.semantics import Affine, Custom, Logistic

PD = LogisticFamily(load_game("prisoners_dilemma"), bound=3.0)
CHICKEN = NormalFormGame(np.array([[[3.0, 2.0], [4.0, 1.0]], [[3.0, 4.0], [2.0, 1.0]]]))
PENNIES = NormalFormGame(np.array([[[3.0, -1.0], [-1.0, 1.0]], [[-2.0, 1.0], [1.0, -1.0]]]))

AT_7 = (3.0, -2.3966006760107526), (0.5688008724991872, 0.43119912750081285)
"""Atoms and weights of the symmetric mixture of the prisoner's dilemma at κ = .7."""

PENNIES_MIXED = ((0.0, 1.0), (0.0, 1.0)), ((0.6, 0.4), (2 / 3, 1 / 3))
"""Of that game without reading: who plays the first action 2 times in 5 makes player 2 indifferent,
who does so once in 3 makes player 1."""


def reader_of_tanh() -> ParametricGame:
    def function(params, seen):
        p = [0.5 + 0.4 * jnp.tanh(params[i] + 0.5 * seen[i][1 - i]) for i in (0, 1)]
        return tuple(jnp.stack([x, 1 - x]) for x in p)

    return ParametricGame(CHICKEN, Custom(function, [Box(-2.0, 2.0)] * 2))


def alike(game, own, weights, epsilon, **settings) -> MixtureCertificate:
    """Of both players mixing in the same way."""
    return certify_mixture(game, (own, own), (weights, weights), epsilon, **settings)


def of_pennies() -> MixtureCertificate:
    return certify_mixture(ParametricGame(PENNIES, Affine((2, 2), 0.0)), *PENNIES_MIXED, 1e-12)


def of_three_actions() -> MixtureCertificate:
    tensor = np.random.default_rng(3).uniform(-1, 1, size=(2, 3, 3)).round(2)
    game = ParametricGame(NormalFormGame(tensor), Logistic((3, 3), 0.4, 2.0))
    atoms = ([0.5, -0.3], [1.0, 1.0]), ([2.0, -2.0], [0.0, 0.0])
    return certify_mixture(game, atoms, ((0.5, 0.5), (0.25, 0.75)), 1.5)


CERTIFICATES = Later(
    {
        "certified": lambda: alike(PD(0.7), *AT_7, 1e-9),
        "refuted": lambda: certify_mixture(
            PD(0.7), ((3.0, -2.4), (3.0,)), ((0.5, 0.5), (1.0,)), 1e-3
        ),
        "roughly": lambda: certify_mixture(
            PD(0.5), ((-3.0, 1.0), (0.5, 2.0, -2.0)), ((0.3, 0.7), (0.2, 0.3, 0.5)), 2.0
        ),
        "asymmetric": of_pennies,
        "unknown": lambda: alike(PD(0.7), *AT_7, 1e-12, budget=20),
    }
)
OTHERS = Later(
    {
        "custom": lambda: certify_mixture(
            reader_of_tanh(), ((-2.0, 2.0), (-1.0, 2.0)), ((0.25, 0.75), (0.5, 0.5)), 1.0
        ),
        "three actions": of_three_actions,
    }
)


def example(name: str) -> MixtureCertificate:
    return (CERTIFICATES if name in CERTIFICATES else OTHERS)[name]


DIGITS = 80


class Judge:
    """Gains against a mixture of two players with two actions, logistic semantics from its
    definition, at 80 digits; nothing of the library is used."""

    def __init__(self, document: MixtureDocument, player: int):
        problem = document.problem
        self.table = np.array(problem.payoffs, float)[player]
        self.semantics: Any = problem.semantics
        self.player = player
        self.own = [own[0] for own in problem.atoms[player]]
        self.others = [own[0] for own in problem.atoms[1 - player]]
        with mpmath.workdps(DIGITS):
            self.shares, self.their_shares = (
                [mpmath.mpf(x) / mpmath.fsum(own) for x in own]
                for own in (problem.weights[player], problem.weights[1 - player])
            )

    def _against(self, t, other):
        i, j = self.player, 1 - self.player
        at = {i: mpmath.mpf(t), j: mpmath.mpf(other)}
        if self.semantics.kind == "affine":
            w = self.semantics.weight
            p = [(1 - w) * at[k] + w * at[1 - k] for k in (0, 1)]
        else:
            p = [
                1
                / (
                    1
                    + mpmath.exp(
                        -(
                            self.semantics.own_weight[k] * at[k]
                            + self.semantics.coupling[k][1 - k] * at[1 - k]
                        )
                    )
                )
                for k in (0, 1)
            ]
        (a, b), (c, d) = self.table.tolist()
        return p[0] * (p[1] * a + (1 - p[1]) * b) + (1 - p[0]) * (p[1] * c + (1 - p[1]) * d)

    def paid(self, t) -> Any:
        with mpmath.workdps(DIGITS):
            return mpmath.fsum(
                w * self._against(t, x) for w, x in zip(self.their_shares, self.others, strict=True)
            )

    def stay(self) -> Any:
        with mpmath.workdps(DIGITS):
            return mpmath.fsum(w * self.paid(x) for w, x in zip(self.shares, self.own, strict=True))

    def gain(self, t) -> Any:
        with mpmath.workdps(DIGITS):
            return self.paid(t) - self.stay()


def is_true(document: MixtureDocument, points: int) -> bool:
    """Whether the judge finds nothing wrong with what a file claims."""
    claim, problem = document.claim, document.problem
    for player, gain in enumerate(claim.gains):
        judge = Judge(document, player)
        low, high = problem.boxes[player][0]
        gains = [judge.gain(t) for t in np.linspace(low, high, points)]
        ok = gain.payoff[0] <= judge.stay() <= gain.payoff[1] and max(gains) <= gain.upper
        ok = ok and (gain.lower == 0 or judge.gain(gain.best[0]) >= gain.lower)
        if not ok:
            return False
    certified = all(gain.upper <= claim.epsilon for gain in claim.gains)
    refuted = any(gain.lower > claim.epsilon for gain in claim.gains)
    return claim.verdict == ("certified" if certified else "refuted" if refuted else "unknown")


def test_verdicts_of_these_examples():
    verdicts = {name: example(name).verdict for name in (*CERTIFICATES, *OTHERS)}
    refuted = {"refuted": "refuted", "unknown": "unknown"}
    assert verdicts == {name: refuted.get(name, "certified") for name in verdicts}
    assert OTHERS["custom"].about == "this program"
    paid = [low for low, _ in CERTIFICATES["asymmetric"].payoffs]
    assert paid == pytest.approx([1 / 3, -0.2], abs=1e-12)


@pytest.mark.parametrize("name", [*CERTIFICATES, *OTHERS])
def test_what_is_proved_is_accepted(name, tmp_path):
    certificate = example(name)
    path = tmp_path / "mixture.json"
    certificate.write(path)
    found = verify(path)
    assert found.accepted, found.reason
    assert found.certificate == certificate
    json.dumps(certificate.to_dict(), allow_nan=False)


@pytest.mark.parametrize("name", CERTIFICATES)
def test_what_is_claimed_is_true_at_eighty_digits(name):
    assert is_true(CERTIFICATES[name].document, 200)


def test_the_checker_of_mixtures_does_without_jax_and_without_the_search(tmp_path):
    path = tmp_path / "mixture.json"
    OTHERS["custom"].write(path)
    code = (
        "import sys\nfrom glasshouse import verify\n"
        f"assert verify({str(path)!r}).accepted\n"
        "assert 'jax' not in sys.modules and 'scipy' not in sys.modules\n"
        "assert 'glasshouse.certificates.mixture.search' not in sys.modules\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", [*CERTIFICATES, *OTHERS])
def test_no_point_of_a_box_gains_more_than_the_bound(name):
    """On random boxes, however small: the bound is no less than the gain at any of their points."""
    problem = example(name).document.problem
    rng = np.random.default_rng(4)
    with precision(160):
        for player in (0, 1):
            gain, region = gain_against(problem, player), problem.region(player)
            for _ in range(25):
                width = rng.choice([1.0, 0.1, 1e-3, 1e-6])
                box = tuple(
                    (low + (high - low) * a, low + (high - low) * min(a + width * rng.uniform(), 1))
                    for (low, high), a in zip(region, rng.uniform(size=len(region)), strict=True)
                )
                bound = gain.bound(box)
                for share in (*rng.uniform(size=4), 0.0, 1.0):
                    point = [min(low + (high - low) * share, high) for low, high in box]
                    assert not gain.at(point)[0] > bound.upper


def test_verify_says_what_is_claimed_of_a_mixture(tmp_path, capsys, monkeypatch):
    def printed(*words, code):
        monkeypatch.setattr(sys, "argv", ["glasshouse", "verify", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == code
        return capsys.readouterr().out

    names = {"certified": 0, "refuted": 0, "forged": 1}
    CERTIFICATES["certified"].write(tmp_path / "certified.json")
    CERTIFICATES["refuted"].write(tmp_path / "refuted.json")
    contents = json.loads(CERTIFICATES["certified"].document.text())
    contents["claim"]["gains"][0]["upper"] = (1e-12).hex()
    contents["digest"] = digest_of(contents)
    (tmp_path / "forged.json").write_text(json.dumps(contents))
    said = {
        name: " ".join(printed(tmp_path / f"{name}.json", code=code).split())
        for name, code in names.items()
    }
    assert "accepted certified: no player gains more than 1e-09 by any" in said["certified"]
    assert "player 1 plays 3 with probability 0.568801; -2.3966" in said["certified"]
    assert "pays at least 2.38393, 2.38393" in said["certified"]
    assert "accepted refuted: player 1 gains at least" in said["refuted"]
    assert "REJECTED reason: player 1: the cover does not prove" in said["forged"]
    (found,) = json.loads(printed("--json", tmp_path / "certified.json", code=0)).values()
    assert found["certificate"]["verdict"] == "certified"


FORGED = 50


def forged(contents, path, rng):
    contents = copy.deepcopy(contents)
    holder = contents
    for key in path[:-1]:
        holder = holder[key]
    old = holder[path[-1]]
    if path[-1] == "verdict":
        new = str(rng.choice(["certified", "refuted", "unknown"]))
    elif path[-1] == "cover":
        tokens = old.split()
        k = rng.integers(len(tokens))
        dropped = [*tokens[:k], *([".", "."] if rng.uniform() < 0.5 else ["."])]
        new = " ".join([*dropped, *tokens[k + 1 :]])
    elif path[-1] in ("format", "kind", "glasshouse", "precision") or not isinstance(old, str):
        new = old
    else:
        number = float.fromhex(old)
        changes = [number + 0.5, -number, number * (1 + 1e-6), number - 1e-3, 0.0, number * 3, 1.0]
        new = (float(rng.choice(changes)) + 0.0).hex()
    holder[path[-1]] = new
    return contents


def play_forgeries(count: int, seed: int) -> tuple[int, int]:
    rng = np.random.default_rng(seed)
    originals = [json.loads(c.document.text()) for c in CERTIFICATES.values()]
    accepted = rejected = 0
    while accepted + rejected < count:
        original = originals[rng.integers(len(originals))]
        places = [p for p in leaves(original) if p[0] not in ("digest", "schema_version")]
        contents = forged(original, places[rng.integers(len(places))], rng)
        if rng.uniform() < 0.3:
            contents = forged(contents, places[rng.integers(len(places))], rng)
        if contents == original:
            continue
        contents["digest"] = digest_of(contents)
        try:
            document = read_mixture(json.dumps(contents), "it")
        except InputError:
            rejected += 1
            continue
        if check_mixture(document).accepted:
            accepted += 1
            assert is_true(document, 100), document.claim
        else:
            rejected += 1
    return accepted, rejected


def test_forgeries_are_accepted_only_where_they_are_true():
    """Contents changed and the digest made to fit: each claim accepted must be true."""
    accepted, rejected = play_forgeries(FORGED, 1)
    assert rejected > FORGED / 2
    assert accepted > 0


@pytest.mark.slow
def test_of_many_forgeries_only_true_ones_are_accepted():
    accepted, rejected = play_forgeries(700, 2)
    assert rejected > 500
    assert accepted > 10


def test_changed_digits_are_all_noticed():
    rng = np.random.default_rng(0)
    texts = [certificate.document.text() for certificate in CERTIFICATES.values()]
    for _ in range(200):
        text = texts[rng.integers(len(texts))]
        places = [k for k, character in enumerate(text) if character in "0123456789"]
        k = places[rng.integers(len(places))]
        digit = str(rng.choice([d for d in "0123456789" if d != text[k]]))
        with pytest.raises(InputError):
            read_mixture(text[:k] + digit + text[k + 1 :], "it")


@pytest.mark.parametrize("name", ["certified", "refuted", "asymmetric"])
def test_a_claim_about_a_mixture_that_is_too_strong_is_rejected(name):
    document = CERTIFICATES[name].document
    gain = document.claim.gains[0]
    middle = 0.5 * sum(gain.payoff)
    for change in (
        {"upper": max(gain.upper - 1e-6, 0.0) if name == "refuted" else gain.upper / 1e3},
        {"lower": gain.lower + 1e-6},
        {"payoff": (middle + 1e-9, middle + 2e-9)},
    ):
        if change.get("upper") == gain.upper:
            continue  # zero, which no mixture's bound is below
        gains = (gain.model_copy(update=change), *document.claim.gains[1:])
        claim = document.claim.model_copy(update={"gains": gains})
        assert not check_mixture(document.model_copy(update={"claim": claim})).accepted, change


def test_floats_that_are_another_function_prove_nothing():
    """1e20 + x - 1e20 is x in real numbers, and not in floats."""

    def function(params, seen):
        lost = [(1e20 + params[i]) - 1e20 for i in (0, 1)]
        return tuple(jnp.stack([0.5 + 0.1 * x, 0.5 - 0.1 * x]) for x in lost)

    game = ParametricGame(CHICKEN, Custom(function, [Box(-2.0, 2.0)] * 2))
    found = alike(game, (-2.0, 2.0), (0.5, 0.5), 3.0)
    assert found.verdict == "unknown"
    assert found.document.claim.floats is not None
    assert check_mixture(found.document).accepted
    assert "floats" in found.advice


@pytest.mark.parametrize(
    ("atoms", "weights", "words"),
    [
        (((3.0, 4.0), (3.0,)), ((0.5, 0.5), (1.0,)), "box"),
        (((3.0, 3.0), (3.0,)), ((0.5, 0.5), (1.0,)), "must differ"),
        (((3.0, 1.0), (3.0,)), ((0.5, 0.6), (1.0,)), "add up to 1.1"),
        (((3.0, 1.0), (3.0,)), ((1.5, -0.5), (1.0,)), "above zero"),
        (((3.0, 1.0),), ((0.5, 0.5),), "2 players"),
    ],
)
def test_mixtures_that_are_none_are_refused(atoms, weights, words):
    with pytest.raises(InputError, match=words):
        certify_mixture(PD(0.7), atoms, weights, 1e-6)


def test_unbounded_boxes_are_refused():
    with pytest.raises(InputError, match="unbounded"):
        certify_mixture(
            LogisticFamily(load_game("prisoners_dilemma"), math.inf)(0.5),
            ((0.0,), (0.0,)), ((1.0,), (1.0,)), 1e-6,
        )  # fmt: skip
