"""Certificate files have one form: whatever else stands in one is refused, if sealed anew."""

import copy
import json
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.reference import Later

from glasshouse import LogisticFamily, NormalFormGame, ParametricGame, certify
from glasshouse.certificates.checker import check
from glasshouse.certificates.document import AffineNumbers, digest_of, read_document
from glasshouse.channels import Box
from glasshouse.errors import InputError
from glasshouse.semantics import Affine, Custom

PD = np.array([[3.0, 0.0], [5.0, 1.0]])
GAME = NormalFormGame(np.stack([PD, PD.T]))


def pairs(params, seen):
    p = [jax.nn.sigmoid(x) for x in params]
    return tuple(jnp.stack([x, 1 - x]) for x in p)


READER = Custom(pairs, [Box(-2.0, 2.0)] * 2)
FILES = Later(
    {
        "logistic": lambda: certify(LogisticFamily(GAME, 3.0)(0.9), (3.0, 3.0), 0.0),
        "affine": lambda: certify(ParametricGame(GAME, Affine((2, 2), 0.3)), (1.0, 0.0), 0.5),
        "program": lambda: certify(ParametricGame(GAME, READER), (0.0, 0.0), 1.0),
    }
)
TEXTS = Later({name: lambda name=name: FILES[name].document.text() for name in FILES})
ZERO, ONE = (0.0).hex(), (1.0).hex()


def at(*path: Any, value: Any) -> Callable[[dict], None]:
    def change(contents: dict) -> None:
        holder = contents
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = value

    return change


def less(*path: Any) -> Callable[[dict], None]:
    def change(contents: dict) -> None:
        holder = contents
        for key in path[:-1]:
            holder = holder[key]
        del holder[path[-1]]

    return change


GAIN, PROGRAM = ("claim", "gains", 0), ("problem", "programs", 0)

CHANGES: dict[str, tuple[str, Callable[[dict], None]]] = {
    "a coupling diagonal": (
        "logistic",
        at("problem", "semantics", "coupling", 1, 1, value=(0.25).hex()),
    ),
    "a tiny coupling diagonal": (
        "logistic",
        at("problem", "semantics", "coupling", 0, 0, value=(5e-324).hex()),
    ),
    "a signed zero": ("logistic", at("problem", "semantics", "coupling", 0, 0, value=(-0.0).hex())),
    "a whole number for an exact one": ("logistic", at("problem", "payoffs", 0, 0, 0, value=3)),
    "a truth value for an exact one": ("logistic", at("claim", "epsilon", value=False)),
    "decimal digits": ("logistic", at("problem", "payoffs", 0, 0, 0, value="3.0")),
    "a short form": ("logistic", at("problem", "payoffs", 0, 0, 0, value="0x1.8p+1")),
    "capital letters": (
        "logistic",
        at("problem", "payoffs", 0, 0, 0, value="0X1.8000000000000P+1"),
    ),
    "other digits": ("logistic", at("problem", "payoffs", 0, 0, 0, value="0x١.8000000000000p+1")),
    "a space": ("logistic", at("problem", "payoffs", 0, 0, 0, value=" 0x1.8000000000000p+1")),
    "a sum of exponents": (
        "logistic",
        at("problem", "payoffs", 0, 0, 0, value="0x1.8000000000000p+99999"),
    ),
    "no number": ("logistic", at("problem", "payoffs", 0, 0, 0, value="nan")),
    "an infinite payoff": ("logistic", at("problem", "payoffs", 0, 0, 0, value="inf")),
    "Infinity": ("logistic", at(*GAIN, "upper", value="Infinity")),
    "null": ("logistic", at(*GAIN, "upper", value=None)),
    "a truth value for a register": ("program", at(*PROGRAM, "outputs", 0, 0, value=True)),
    "a text for a register": ("program", at(*PROGRAM, "outputs", 0, 0, value="1")),
    "a register below zero": ("program", at(*PROGRAM, "outputs", 0, 0, value=-1)),
    "an object for a list": ("program", at(*PROGRAM, "outputs", 0, value={"0": 1, "1": 2})),
    "a text for a list": ("program", at("problem", "couplings", value="01")),
    "an output less": ("program", less(*PROGRAM, "outputs", 0, 1)),
    "a truth value for bits": ("logistic", at("proofs", 0, "precision", value=True)),
    "a text for bits": ("logistic", at("proofs", 0, "precision", value="128")),
    "one for true": ("logistic", at(*GAIN, "attained", value=1)),
    "a word for true": ("logistic", at(*GAIN, "attained", value="true")),
    "two spaces in a cover": ("logistic", at("proofs", 0, "cover", value="0  . .")),
    "other spaces in a cover": ("logistic", at("proofs", 0, "cover", value="0\u2003. .")),
    "other digits in a cover": ("logistic", at("proofs", 0, "cover", value="٠ . .")),
    "another verdict": ("logistic", at("claim", "verdict", value="Certified")),
    "an unknown key": ("logistic", at("claim", "trust", value="me")),
    "an unknown key inside": ("logistic", at(*GAIN, "note", value="")),
    "an unknown key of the semantics": ("affine", at("problem", "semantics", "bias", value=ZERO)),
    "no list of improper players": ("program", less(*GAIN, "improper")),
    "nothing about floats": ("program", less("claim", "floats")),
    "no kind": ("logistic", less("problem", "semantics", "kind")),
    "no couplings": ("logistic", less("problem", "couplings")),
    "no proofs": ("logistic", at("proofs", value=[])),
    "a version in words": ("logistic", at("schema_version", value="2")),
    "a true version": ("logistic", at("schema_version", value=True)),
}


@pytest.mark.parametrize("what", CHANGES)
def test_another_form_is_refused(what):
    name, change = CHANGES[what]
    contents = json.loads(TEXTS[name])
    change(contents)
    assert json.dumps(contents) != json.dumps(json.loads(TEXTS[name]))
    contents["digest"] = digest_of(contents)
    with pytest.raises(InputError) as error:
        read_document(json.dumps(contents), "it")
    assert "\n" not in str(error.value)


def test_a_weight_beyond_one_is_refused_exactly():
    weight, factor = 1 + 2**-52, 1 - 2**-53
    assert weight * factor == 1.0, "the test's own premise: floats do not see it"
    contents = json.loads(TEXTS["affine"])
    contents["problem"] |= {"couplings": [factor.hex()] * 2}
    contents["problem"]["semantics"] = AffineNumbers(weight=weight).model_dump(mode="json")
    contents["digest"] = digest_of(contents)
    with pytest.raises(InputError, match="weights and parameters must lie between 0 and 1"):
        read_document(json.dumps(contents), "it")


def test_registers_that_a_program_does_not_have_prove_nothing():
    contents = json.loads(TEXTS["program"])
    at(*PROGRAM, "outputs", 0, 0, value=10**30)(contents)
    contents["digest"] = digest_of(contents)
    found = check(read_document(json.dumps(contents), "it"))
    assert not found.accepted
    assert "registers that it does not have" in found.reason


RAW: dict[str, Callable[[str], str]] = {
    "a version with a point": lambda t: t.replace('"schema_version": 2', '"schema_version": 2.0'),
    "a version with an exponent": lambda t: t.replace(
        '"schema_version": 2', '"schema_version": 2e0'
    ),
    "a plain float": lambda t: t.replace(f'"{(3.0).hex()}"', "3.0", 1),
    "another float": lambda t: t.replace(f'"{(3.0).hex()}"', "0.3e1", 1),
    "NaN": lambda t: t.replace(f'"{(3.0).hex()}"', "NaN", 1),
    "Infinity": lambda t: t.replace(f'"{(3.0).hex()}"', "-Infinity", 1),
    "bits with a point": lambda t: t.replace('"precision": 128', '"precision": 128.0', 1),
    "a key twice": lambda t: t.replace('"verdict"', '"verdict": "unknown", "verdict"', 1),
    "a key twice inside": lambda t: t.replace('"lower"', '"lower": "", "lower"', 1),
    "a mark before it": lambda t: "\ufeff" + t,
    "more after it": lambda t: t + "{}",
    "a number of many digits": lambda t: t.replace(
        '"precision": 128', f'"precision": {"9" * 5000}'
    ),
    "many brackets": lambda t: "[" * 100_000,
}


@pytest.mark.parametrize("what", RAW)
def test_json_that_only_reads_the_same_is_refused(what):
    text = RAW[what](TEXTS["logistic"])
    assert text != TEXTS["logistic"]
    with pytest.raises(InputError) as error:
        read_document(text, "it")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_written_is_read_whatever_its_layout(name):
    """Order of keys and white space say nothing."""
    contents = json.loads(TEXTS[name])
    turned = json.dumps(dict(reversed(contents.items())), indent=3)
    for text in (TEXTS[name], turned):
        document = read_document(text, "it")
        assert document == FILES[name].document
        assert check(document).accepted
    assert copy.deepcopy(document) == document


def test_zeros_are_written_with_one_sign():
    """Couplings of -0 on the diagonal, a profile of -0: as real numbers these are 0."""
    game = LogisticFamily(GAME, 3.0)(-0.5)
    document = certify(game, (-0.0, 0.0), 9.0).document
    assert (-0.0).hex() not in document.text()
    assert read_document(document.text(), "it") == document
