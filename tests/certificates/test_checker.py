"""The checker accepts what is proved and nothing else: tampering, forgery, other formats."""

import copy
import json
import math
import subprocess
import sys
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from tests.certificates.oracle import Oracle
from tests.reference import Later

from glasshouse import LogisticFamily, NormalFormGame, ParametricGame, certify, verify
from glasshouse.certificates import Certificate, Document
from glasshouse.certificates.checker import check
from glasshouse.certificates.document import LogisticNumbers, digest_of, read_document
from glasshouse.channels import Box
from glasshouse.errors import InputError
from glasshouse.semantics import Affine, Custom, Logistic

PD = np.array([[3.0, 0.0], [5.0, 1.0]])
GAME = NormalFormGame(np.stack([PD, PD.T]))


def at(coupling: float, bound: float) -> ParametricGame:
    return LogisticFamily(GAME, bound)(coupling)


def reader_of_tanh() -> ParametricGame:
    def function(params, seen):
        p = [0.5 + 0.4 * jnp.tanh(params[i] + 0.5 * seen[i][1 - i]) for i in (0, 1)]
        return tuple(jnp.stack([x, 1 - x]) for x in p)

    return ParametricGame(GAME, Custom(function, [Box(-2.0, 2.0)] * 2))


def of_three_actions() -> Certificate:
    three = np.random.default_rng(3).uniform(-1, 1, size=(2, 3, 3)).round(2)
    game = ParametricGame(NormalFormGame(three), Logistic((3, 3), 0.4, 2.0))
    return certify(game, ([0.5, -0.3], [2.0, -2.0]), 0.4)


REST = math.log(2 / 11) / 1.3

CERTIFICATES = Later(
    {
        "certified": lambda: certify(at(0.9, 3.0), (3.0, 3.0), 0.0),
        "certified within ε": lambda: certify(at(0.5, 3.0), (3.0, -2.95235418), 1.0),
        "refuted": lambda: certify(at(0.5, 3.0), (3.0, 3.0), 1e-6),
        "saturated": lambda: certify(at(0.5, 20.0), (-20.0, -20.0), 1e-12),
        "unbounded": lambda: certify(at(0.3, math.inf), (REST, REST), 1e-6),
        "unknown": lambda: certify(at(0.8705, 3.0), (3.0, 3.0), 0.0, budget=15),
        "an interval": lambda: certify(at(1.0, 3.0), (3.0, 3.0), 0.0, couplings=(0.9, 1.5)),
        "three actions": of_three_actions,
    }
)
OTHERS = Later(
    {
        "affine": lambda: certify(ParametricGame(GAME, Affine((2, 2), 0.3)), (1.0, 1.0), 0.0),
        "custom": lambda: certify(reader_of_tanh(), (0.5, -0.5), 1e-3),
    }
)


def example(name: str) -> Certificate:
    return (CERTIFICATES if name in CERTIFICATES else OTHERS)[name]


@pytest.mark.parametrize("name", [*CERTIFICATES, *OTHERS])
def test_what_is_proved_is_accepted(name, tmp_path):
    certificate = example(name)
    path = tmp_path / "certificate.json"
    certificate.write(path)
    found = verify(path)
    assert found.accepted, found.reason
    assert found.certificate == certificate
    assert found.certificate.to_dict() == certificate.to_dict()
    json.dumps(certificate.to_dict(), allow_nan=False)


def test_verdicts_of_these_examples():
    verdicts = [certificate.verdict for certificate in CERTIFICATES.values()]
    assert [verdicts.count(v) for v in ("certified", "refuted", "unknown")] == [4, 3, 1]
    assert [c.about for c in OTHERS.values()] == ["the game", "this program"]


def test_the_checker_does_without_jax(tmp_path):
    path = tmp_path / "certificate.json"
    CERTIFICATES["certified"].write(path)
    code = (
        "import sys\nfrom glasshouse import verify\n"
        f"assert verify({str(path)!r}).accepted\n"
        "assert 'jax' not in sys.modules and 'jaxlib' not in sys.modules\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_changed_digits_are_all_noticed(count):
    rng = np.random.default_rng(0)
    texts = [certificate.document.text() for certificate in CERTIFICATES.values()]
    for _ in range(count):
        text = texts[rng.integers(len(texts))]
        places = [k for k, character in enumerate(text) if character in "0123456789"]
        k = places[rng.integers(len(places))]
        digit = str(rng.choice([d for d in "0123456789" if d != text[k]]))
        with pytest.raises(InputError) as error:
            read_document(text[:k] + digit + text[k + 1 :], "it")
        assert "\n" not in str(error.value)


def leaves(value: Any, path: tuple = ()) -> list[tuple]:
    """Where every number, text and verdict of a file stands."""
    if isinstance(value, dict):
        return [p for key, entry in value.items() for p in leaves(entry, (*path, key))]
    if isinstance(value, list):
        return [p for k, entry in enumerate(value) for p in leaves(entry, (*path, k))]
    return [path]


def mutated(contents: dict[str, Any], path: tuple, rng: np.random.Generator) -> dict[str, Any]:
    contents = copy.deepcopy(contents)
    holder: Any = contents
    for key in path[:-1]:
        holder = holder[key]
    old = holder[path[-1]]
    if path[-1] == "verdict":
        new: Any = str(rng.choice(["certified", "refuted", "unknown"]))
    elif path[-1] == "cover":
        tokens = old.split()
        k = rng.integers(len(tokens))
        new = " ".join(
            [*tokens[:k], *(["."] if rng.uniform() < 0.5 else []), *tokens[k + 1 :]]
            if rng.uniform() < 0.5
            else [*tokens[:k], "0", ".", ".", *tokens[k + 1 :]]
        )
    elif path[-1] == "attained":
        new = (True, False, None)[rng.integers(3)]
    elif isinstance(old, bool) or old is None or path[-1] in ("format", "kind", "glasshouse"):
        new = old
    elif isinstance(old, int):
        new = int(old + rng.choice([-1, 1, 7]))
    elif path[0] == "problem" and path[1] == "programs" and isinstance(holder[path[-1]], str):
        new = str(rng.choice(["tanh", "exp", "logistic", "0x1.8000000000000p-1"]))
    else:
        number = float.fromhex(old)
        changes = [number + 0.5, -number, number * (1 + 1e-6), number - 1e-3, 0.0, number * 3, 1.0]
        new = float(rng.choice(changes)).hex()
    holder[path[-1]] = new
    return contents


def is_true(document: Document) -> bool:
    """Whether the oracle finds nothing wrong with what a file claims."""
    problem, claim = document.problem, document.claim
    assert isinstance(problem.semantics, LogisticNumbers)
    low, high = problem.couplings or (1.0, 1.0)
    worst = 0.0
    for player, gain in enumerate(claim.gains):
        oracle = Oracle(
            problem.payoffs,
            problem.semantics.coupling,
            problem.params,
            player,
            problem.semantics.own_weight,
        )
        own = len(problem.params[player])
        box = [(max(a, -60.0), min(b, 60.0)) for a, b in problem.boxes[player]]
        for point, least in ((gain.best, gain.lower), (gain.witness, gain.finite)):
            inside = zip(point[:own], problem.boxes[player], strict=True)
            if not all(a <= x <= b for x, (a, b) in inside):
                return False
            factor = point[own] if len(point) > own else 1.0
            if not low <= factor <= high or not oracle.gain(point[:own], factor) >= least:
                return False
        gains = [0.0]
        for factor in {low, high}:
            coupling = (np.array(problem.semantics.coupling) * factor).tolist()
            there = Oracle(
                problem.payoffs, coupling, problem.params, player, problem.semantics.own_weight
            )
            found = there.best(box, 301 if own == 1 else 31, rounds=3)
            gains.append(float(there.gain(found) * (1 - 1e-15)))
        if max(gains) > gain.upper:
            return False
        worst = max(worst, *gains)
        bounded = all(map(math.isfinite, (x for ends in problem.boxes[player] for x in ends)))
        if gain.attained is False and bounded:
            return False
    certified = all(gain.upper <= claim.epsilon for gain in claim.gains)
    refuted = any(gain.finite > claim.epsilon for gain in claim.gains)
    verdict = "certified" if certified else "refuted" if refuted else "unknown"
    return verdict == claim.verdict and not (certified and worst > claim.epsilon)


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_forgeries_are_accepted_only_where_they_are_true(count):
    """Contents changed and the digest made to fit: each claim accepted must be true."""
    rng = np.random.default_rng(1)
    originals = [json.loads(c.document.text()) for c in CERTIFICATES.values()]
    places = []
    for contents in originals:
        found = [p for p in leaves(contents) if p[0] not in ("digest", "schema_version")]
        inner = [p for p in found if p[:2] != ("problem", "programs")]
        places.append((found, inner))
    accepted = rejected = same = 0
    for _ in range(count):
        k = rng.integers(len(originals))
        found, inner = places[k]
        chosen = inner if rng.uniform() < 0.8 else found
        contents = mutated(originals[k], chosen[rng.integers(len(chosen))], rng)
        if rng.uniform() < 0.3:
            contents = mutated(contents, inner[rng.integers(len(inner))], rng)
        if contents == originals[k]:
            same += 1
            continue
        contents["digest"] = digest_of(contents)
        try:
            document = read_document(json.dumps(contents), "it")
            verdict = check(document).accepted
        except InputError:
            rejected += 1
            continue
        rejected += not verdict
        if verdict:
            accepted += 1
            assert is_true(document), document.claim
    assert rejected > 0.5 * count
    assert accepted > 0.03 * count


@pytest.mark.parametrize("name", ["certified", "refuted", "unbounded", "an interval"])
def test_a_claim_that_is_too_strong_is_rejected(name):
    document = CERTIFICATES[name].document
    gain = document.claim.gains[0]
    for change in (
        {"upper": gain.upper - 1e-6},
        {"lower": gain.lower + 1e-6, "finite": gain.finite},
        {"finite": gain.finite + 1e-6},
    ):
        gains = (gain.model_copy(update=change), *document.claim.gains[1:])
        claim = document.claim.model_copy(update={"gains": gains})
        assert not check(document.model_copy(update={"claim": claim})).accepted


def test_a_wrong_program_cannot_be_certified():
    """The program of a built-in semantics is rebuilt: a convenient one in the file is refused."""
    contents = json.loads(CERTIFICATES["refuted"].document.text())
    harmless = json.loads(CERTIFICATES["certified"].document.text())
    contents["problem"]["programs"] = harmless["problem"]["programs"]
    contents["claim"], contents["proofs"] = harmless["claim"], harmless["proofs"]
    contents["digest"] = digest_of(contents)
    found = check(read_document(json.dumps(contents), "it"))
    assert not found.accepted
    assert "program" in found.reason


def test_a_profile_that_is_no_probability_proves_nothing():
    """p = θ at θ = -5: a convenient place to gain from, in a file whose digest fits."""

    def function(params, seen):
        return (jnp.stack([params[0], 1 - params[0]]),)

    game = ParametricGame(NormalFormGame(np.array([[1.0, 0.0]])), Custom(function, [Box(0.0, 1.0)]))
    contents = json.loads(certify(game, (0.5,), 0.1).document.text())
    contents["problem"]["boxes"] = [[[(-10.0).hex(), (1.0).hex()]]]
    contents["problem"]["params"] = [[(-5.0).hex()]]
    gain = contents["claim"]["gains"][0]
    gain |= {"upper": "inf", "lower": (5.5).hex(), "finite": (5.5).hex(), "attained": None}
    gain |= {"best": [(0.5).hex()], "witness": [(0.5).hex()]}
    contents["digest"] = digest_of(contents)
    found = check(read_document(json.dumps(contents), "it"))
    assert not found.accepted


def test_a_key_that_stands_twice_is_noticed():
    text = CERTIFICATES["refuted"].document.text()
    forged = text.replace('"problem"', '"claim": {"verdict": "certified"}, "problem"', 1)
    with pytest.raises(InputError, match="twice"):
        read_document(forged, "it")


WRONG_FILES = {
    "is no JSON": lambda c: "{",
    "is no certificate": lambda c: json.dumps({"format": "something else"}),
    "schema version 3": lambda c: json.dumps({**c, "schema_version": 3}),
    "schema version None": lambda c: json.dumps(
        {k: v for k, v in c.items() if k != "schema_version"}
    ),
    "digest": lambda c: json.dumps({**c, "glasshouse": "9"}),
    "claim": lambda c: json.dumps({**c, "claim": {}}),
    "proofs": lambda c: json.dumps({**c, "proofs": c["proofs"][:1]}),
    "problem.params": lambda c: json.dumps(
        {**c, "problem": {**c["problem"], "params": [["1"], ["2"]]}}
    ),
    "extra": lambda c: json.dumps({**c, "extra": 1}),
    "lists inside": lambda c: json.dumps({**c, "problem": {**c["problem"], "payoffs": [[]]}}),
}


@pytest.mark.parametrize("said", WRONG_FILES)
def test_a_wrong_file_is_one_line(said, tmp_path):
    contents = json.loads(CERTIFICATES["certified"].document.text())
    path = tmp_path / "certificate.json"
    path.write_text(WRONG_FILES[said](contents))
    with pytest.raises(InputError, match=said) as error:
        verify(path)
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(InputError, match="cannot read"):
            verify(path)
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is no certificate, which is text"):
        verify(binary)


def test_a_certificate_that_cannot_be_written_says_so(tmp_path):
    with pytest.raises(InputError, match="cannot write"):
        CERTIFICATES["certified"].write(tmp_path / "missing" / "certificate.json")


def test_numbers_are_exact():
    """0.1 is written as the double it is, and read back as the same."""
    document = certify(at(0.1, 3.0), (0.1, -0.7), 0.3).document
    text = document.text()
    assert (0.1).hex() in text
    assert read_document(text, "it") == document
