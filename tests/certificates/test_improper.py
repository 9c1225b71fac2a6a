"""Probabilities that are none somewhere: whoever returns them gets no certificate."""

import json
from collections.abc import Callable
from pathlib import Path

import equinox as eqx
import jax
import jax.core
import jax.numpy as jnp
import numpy as np
import pytest
from tests.certificates.exact import mp

from glasshouse import NormalFormGame, ParametricGame, certify, run, verify
from glasshouse.certificates.builtin import Writer
from glasshouse.certificates.checker import check
from glasshouse.certificates.document import digest_of, read_document
from glasshouse.certificates.program import Instruction, Program
from glasshouse.certificates.search import best_gain
from glasshouse.certificates.totals import totals_of
from glasshouse.channels import Box
from glasshouse.errors import InputError
from glasshouse.games import Product
from glasshouse.semantics import AbstractSemantics, Custom, Logistic
from glasshouse.theory import diagonal

PD = np.array([[3.0, 0.0], [5.0, 1.0]])
DILEMMA = NormalFormGame(np.stack([PD, PD.T]))
THREE = NormalFormGame(np.random.default_rng(3).integers(-3, 4, size=(2, 3, 3)).astype(float))
s = jax.nn.sigmoid


def needle(t, place=-1.7, width=0.05):
    return jnp.maximum(0, 1 - jnp.abs(t - place) / width)


def everyone(one: Callable) -> Callable:
    return lambda params, seen: tuple(jnp.stack(one(t)) for t in params)


def only_second(one: Callable) -> Callable:
    """Only the second player's probabilities are none, and only where the first one moves."""
    return lambda params, seen: (
        jnp.stack([s(params[0]), s(-params[0])]),
        jnp.stack(one(seen[1][0])),
    )


def third(t, fault):
    p = jax.nn.softmax(jnp.stack([t, -t, 0 * t]))
    return p[0], p[1] * fault, p[2]


FAULTS: dict[str, tuple[Callable, NormalFormGame, str]] = {
    "the last loses": (
        everyone(lambda t: [s(t), (1 - s(t)) * (1 - 0.9 * needle(t))]),
        DILEMMA,
        "player 1 and of player 2",
    ),
    "the last gains": (
        everyone(lambda t: [s(t), (1 - s(t)) * (1 + 0.9 * needle(t))]),
        DILEMMA,
        "player 1 and of player 2",
    ),
    "the last is negative": (
        everyone(lambda t: [s(t), (1 - s(t)) * (1 - 1.9 * needle(t))]),
        DILEMMA,
        "player 1 and of player 2",
    ),
    "the middle loses": (
        everyone(lambda t: third(t, 1 - 0.9 * needle(t))),
        THREE,
        "player 1 and of player 2",
    ),
    "the other's": (
        only_second(lambda t: [s(t), (1 - s(t)) * (1 - 0.5 * needle(t))]),
        DILEMMA,
        "player 2 were",
    ),
    "a wave": (
        everyone(lambda t: [s(t), s(-t) + 3e-5 * (t + 3) * (3 - t) * t]),
        DILEMMA,
        "player 1 and of player 2",
    ),
    "a smooth bump": (
        everyone(lambda t: [s(t), s(-t) + 0.1 * jnp.exp(-(((t - 1.234) / 0.01) ** 2))]),
        DILEMMA,
        "player 1 and of player 2",
    ),
}


@pytest.mark.parametrize("what", FAULTS)
def test_nothing_is_certified_where_probabilities_are_none_somewhere(what, tmp_path):
    function, game, who = FAULTS[what]
    epsilon = 1e-3 if game is DILEMMA and what != "the other's" else 10.0
    parametric = ParametricGame(game, Custom(function, [Box(-3.0, 3.0)] * 2))
    found = certify(parametric, (-3.0, -3.0), epsilon, budget=100)
    assert found.verdict == "unknown"
    assert f"the probabilities of {who}" in found.advice.replace("were not", "were")
    found.write(tmp_path / "it.json")
    checked = verify(tmp_path / "it.json")
    assert (checked.accepted, checked.complete, checked.reason) == (True, True, "")
    assert checked.certificate == found


def test_the_fault_of_that_dilemma_can_be_gained_from():
    """Why it matters: a deviation there gains .885, which its certificate said nobody does."""
    function, game, _ = FAULTS["the last loses"]
    parametric = ParametricGame(game, Custom(function, [Box(-3.0, 3.0)] * 2))
    faults = parametric.faults((jnp.asarray(-1.7), jnp.asarray(-3.0)))
    assert faults is not None
    assert faults.tolist() == [True, False]
    assert certify(parametric, (-3.0, -3.0), 1e-6).verdict != "certified"


def certified_in(function: Callable, game: NormalFormGame, epsilon: float, bound: float = 3.0):
    boxes = [Box(-bound, bound)] * 2
    return certify(ParametricGame(game, Custom(function, boxes)), (-bound, -bound), epsilon)


def normed(x):
    return x / x.sum()


WHOLE: dict[str, tuple[Callable, NormalFormGame]] = {
    "the rest": (lambda t: [s(t), 1 - s(t)], DILEMMA),
    "a pair": (lambda t: [s(t), s(-t)], DILEMMA),
    "tanh": (lambda t: [0.5 + 0.5 * jnp.tanh(t), s(-2 * t)], DILEMMA),
    "x over its sum": (
        lambda t: normed(jnp.stack([1.1 + jnp.tanh(t), 1.1 - jnp.tanh(t) ** 2])),
        DILEMMA,
    ),
    "roots over their sum": (
        lambda t: normed(jnp.sqrt(jnp.stack([t + 3, 3 - t]))),
        DILEMMA,
    ),
    "an average": (
        lambda t: 0.9 * jnp.stack([s(t), 1 - s(t)]) + 0.1 * jnp.stack([s(-t), s(t)]),
        DILEMMA,
    ),
    "a tree": (lambda t: [s(t) * s(2 * t), s(t) * (1 - s(2 * t)), 1 - s(t)], THREE),
    "softmax": (lambda t: jax.nn.softmax(jnp.stack([t, -t, 0 * t])), THREE),
    "exp over its sum": (lambda t: normed(jnp.exp(jnp.stack([t, -t, 0.5 * t]))), THREE),
    "clip": (lambda t: [jnp.clip(t, 0.1, 0.9), 1 - jnp.clip(t, 0.1, 0.9)], DILEMMA),
    "32-bit weights": (
        lambda t: jnp.asarray(np.array([0.3, 0.6, 0.1], np.float32)) * (1 + 0 * t),
        THREE,
    ),
}


@pytest.mark.parametrize("what", WHOLE)
def test_what_sums_to_one_as_people_write_it_is_certified(what):
    one, game = WHOLE[what]
    found = certified_in(
        lambda params, seen: tuple(jnp.stack(list(one(t))) for t in params), game, 12.0
    )
    assert found.verdict == "certified"
    assert max(gain.upper for gain in found.gains) < 12


def test_weights_that_are_no_binary_fractions_cost_nothing_at_zero():
    """0.9 + 0.1 is not 1 in real numbers: what is missing is the same everywhere, and cancels."""
    function = everyone(lambda t: 0.9 * jnp.stack([s(t), s(-t)]) + 0.1 * jnp.stack([0.5, 0.5]))
    assert certified_in(function, DILEMMA, 0.0).verdict == "certified"


# Sums that are known only nearly


def nearly(first: float, second: float) -> Program:
    """p = s(t), and 1 - p but for up to `first` s(3 t) of it; the other's likewise of t."""
    w = Writer(1)
    outputs = []
    for offset, missing in ((0.0, first), (0.4, second)):
        p = w.write("logistic", (w.affine(offset, [(1.0, 0)]),))
        fault = w.write("logistic", (w.affine(0.0, [(3.0, 0)]),))
        outputs.append([p, w.affine(1.0, [(-1.0, p), (missing, fault)])])
    return w.finished(outputs)


@pytest.mark.parametrize("signs", [(1, 1), (1, -1), (-1, 1), (-1, -1)])
@pytest.mark.parametrize("payoffs", [PD.tolist(), [[-1.0, 4.0], [4.0, -7.0]]])
def test_what_may_be_missing_is_added_to_the_gain(signs, payoffs):
    """Both in the payoff of the deviation and in that of staying, at 50 digits."""
    size = 4e-6
    program = nearly(signs[0] * size, signs[1] * size)
    middle = (max(map(max, payoffs)) + min(map(min, payoffs))) / 2

    def payoff(t, count_missing=True):
        sums = []
        for offset, sign in zip((0.0, 0.4), signs, strict=True):
            p = 1 / (1 + mp.exp(-mp.mpf(t) - mp.mpf(offset)))
            missing = sign * mp.mpf(size) / (1 + mp.exp(-3 * mp.mpf(t)))
            sums.append((p, 1 - p + (missing if count_missing else 0)))
        return sum(
            (mp.mpf(payoffs[a][b]) - middle) * sums[0][a] * sums[1][b]
            for a in (0, 1)
            for b in (0, 1)
        )

    for profile in (-2.0, 1.0):
        found = best_gain(
            program,
            payoffs,
            (profile,),
            ((-2.0, 2.0),),
            epsilon=0.0,
            width=1e-7,
            proper=False,
            budget=60,
        )
        with mp.workdps(50):
            gains = [payoff(t) - payoff(profile) for t in np.linspace(-2, 2, 81)]
            assert max(gains) <= mp.mpf(found.upper)
            assert mp.mpf(found.finite) <= payoff(found.witness[0]) - payoff(profile)
        # What is paid for it is of the order of what is missing.
        assert found.upper <= max(*gains, found.finite) + 60 * size
        assert found.improper == ()


def test_what_is_missing_at_the_profile_counts_where_nothing_else_is_gained():
    """Constant payoffs but for the total: to move where nothing is missing gains what was."""
    w = Writer(1)
    half = w.affine(0.5, [(0.0, 0)])
    other = w.affine(0.5, [(-4e-6, w.write("logistic", (0,)))])
    program = w.finished([[half, other]])
    payoffs = [-1.0, 1.0]  # moving away from 30 gains nearly 4e-6, the polynomial is flat
    found = best_gain(
        program, payoffs, (30.0,), ((-30.0, 30.0),), epsilon=1e-9, proper=False, budget=50
    )
    assert found.upper >= 3.99e-6
    assert (
        best_gain(program, payoffs, (30.0,), ((-30.0, 30.0),), epsilon=1e-9, proper=True).upper
        == 0.0
    )


def test_more_than_32_bits_can_miss_is_no_probability():
    for size, improper in ((8e-6, ()), (3e-5, (0, 1))):
        found = best_gain(
            nearly(size, size),
            PD.tolist(),
            (0.0,),
            ((-2.0, 2.0),),
            epsilon=99.0,
            proper=False,
            budget=300,
        )
        assert (found.improper, np.isinf(found.upper)) == (improper, bool(improper))


def test_totals_that_are_constant_and_wrong_are_no_probabilities():
    w = Writer(1)
    p = w.write("logistic", (0,))
    program = w.finished([[p, w.affine(0.9, [(-1.0, p)])], [p, w.affine(1.0, [(-1.0, p)])]])
    found = best_gain(program, PD.tolist(), (0.0,), ((-1.0, 1.0),), epsilon=9.0, proper=False)
    assert found.improper == (0,)
    assert found.upper == np.inf


# Functions without a value


HOLES: dict[str, Callable] = {
    "0 log of a square": lambda x: 0 * jnp.log((x - 1) ** 2),
    "0 log of what touches zero": lambda x: 0 * jnp.log(jnp.abs(x - 1)),
    "0 / a square": lambda x: 0 / (x - 1) ** 2,
    "a root's inverse": lambda x: 0 * jax.lax.rsqrt((x - 1) ** 2),
    "a negative power": lambda x: 0 * ((x - 1) ** 2) ** -0.3,
    "log of a root": lambda x: 0 * jnp.log(jnp.sqrt((x - 1) ** 2)),
    "logs that cancel": lambda x: jnp.log((x - 1) ** 2) - 2 * jnp.log(jnp.abs(x - 1)),
    "x log x": lambda x: 0.001 * (x - 1) ** 2 * jnp.log((x - 1) ** 2),
}


@pytest.mark.parametrize("what", HOLES)
def test_what_has_no_value_at_one_point_is_not_certified(what):
    """JAX gives NaN or an infinite number at 1, and there alone."""
    assert not np.isfinite(np.asarray(HOLES[what](jnp.asarray(1.0)))), "the test's own premise"

    def one(x):
        p = 0.5 - 0.1 * x + HOLES[what](x)
        return [p, 1 - p]

    boxes = [Box(-3.0, 3.0)] * 2
    found = certify(
        ParametricGame(DILEMMA, Custom(everyone(one), boxes)), (-3.0, -3.0), 10.0, budget=60
    )
    assert found.verdict == "unknown"


ROOTS: dict[str, Callable] = {
    "sqrt": jnp.sqrt,
    "a power": lambda x: x**0.3,
    "a root of a square": lambda x: jnp.sqrt(x * x),
    "a root of a root": lambda x: jnp.sqrt(jnp.sqrt(x)),
    "a product of roots": lambda x: jnp.sqrt(x) * x**1.5,
    "exp of a root": lambda x: jnp.exp(jnp.sqrt(x)) / 3,
}


@pytest.mark.parametrize("what", ROOTS)
def test_roots_have_a_value_at_zero(what):
    assert np.isfinite(np.asarray(ROOTS[what](jnp.asarray(0.0))))

    def function(params, seen):
        return tuple(jnp.stack([ROOTS[what](t), 1 - ROOTS[what](t)]) for t in params)

    game = ParametricGame(DILEMMA, Custom(function, [Box(0.0, 1.0)] * 2))
    profile = (0.0, 0.0)
    assert certify(game, profile, 6.0).verdict == "certified"


FIXED: dict[str, tuple[Callable, str | None]] = {
    "sqrt": (jnp.sqrt, None),
    "a power": (lambda y: y**0.5, None),
    "no power": (lambda y: y**0, None),
    "rsqrt": (jax.lax.rsqrt, "negative power of zero, in the JAX operation 'rsqrt'"),
    "log": (jnp.log, "logarithm of a number that is not positive, in the JAX operation 'log'"),
    "log1p": (lambda y: jnp.log1p(y - 1), "logarithm.*'log1p'"),
    "sqrt below": (lambda y: jnp.sqrt(y - 1), "root of a negative number, in the JAX op.*'sqrt'"),
    "division": (lambda y: 1 / y, "divides by zero, in the JAX operation 'div'"),
    "negative power": (lambda y: y**-2, "divides by zero, in the JAX operation 'integer_pow'"),
    "cast": (lambda y: (y + 1e30).astype(int), "1.00000e[+]30 a whole number of .*convert_element"),
    "short cast": (lambda y: (y - 129).astype(jnp.int8), "-129 a whole number of -128 to 127"),
    "unsigned cast": (lambda y: (y - 1).astype(jnp.uint8), "-1 a whole number of 0 to 255"),
    "huge cast": (lambda y: (y + 1e300).astype(int), "a whole number of"),
}


@pytest.mark.parametrize("what", FIXED)
def test_what_the_others_fixed_parameter_makes_undefined_is_named_as_written(what):
    """The first player reads the second one's, which is 0 at the profile."""
    read, message = FIXED[what]

    def function(params, seen):
        p = 0.4 + 0.1 * jnp.tanh(params[0]) + 0 * read(seen[0][1] ** 2)
        return jnp.stack([p, 1 - p]), jnp.stack([s(params[1]), s(-params[1])])

    game = ParametricGame(DILEMMA, Custom(function, [Box(-1.0, 1.0), Box(-1.0, 3.0)]))
    if message is None:
        assert certify(game, (0.0, 0.0), 9.0).verdict == "certified"
    else:
        with pytest.raises(InputError, match=message):
            certify(game, (0.0, 0.0), 9.0)


# Floats that are another function


def absorbed(t):
    return (t + 1e17) - 1e17


def far(t):
    """0 at -3, 0 and 3, and up to 20 between."""
    return (3 - t) * (t + 3) * t**2


FLOATS: dict[str, tuple[Callable, float, str]] = {
    "absorbed": (lambda t: s(absorbed(t)), 1e-6, "-3 floats are not: they give player 1 the"),
    "absorbed by another scale": (
        lambda t: 0.5 + 0.1 * ((t * 1e-9 + 1e9) - 1e9) * 1e9,
        1e-6,
        "floats",
    ),
    "cancelling": (lambda t: 0.5 + 0.1 * ((1 + 1e-15 * t) - 1) * 1e15, 1e-6, "floats are not"),
    "overflowing": (lambda t: 1 / (1 + jnp.exp(400 * far(t)) / jnp.exp(397 * far(t))), 6.0, "NaN"),
}


@pytest.mark.parametrize("what", FLOATS)
def test_where_floats_are_another_function_nothing_is_said_of_them(what, tmp_path):
    one, epsilon, said = FLOATS[what]
    function = everyone(lambda t: [one(t), 1 - one(t)])
    found = certified_in(function, DILEMMA, epsilon)
    assert found.verdict == "unknown"
    assert said in found.advice
    found.write(tmp_path / "it.json")
    assert verify(tmp_path / "it.json").accepted
    assert verify(tmp_path / "it.json").certificate == found


def test_a_refutation_that_floats_do_not_see_is_none():
    """In real numbers moving away from cooperation gains; in floats nothing changes at all."""
    boxes = [Box(-3.0, 3.0)] * 2
    function = everyone(lambda t: [s(absorbed(t)), 1 - s(absorbed(t))])
    game = ParametricGame(DILEMMA, Custom(function, boxes))
    found = certify(game, (0.0, 0.0), 1e-3)
    assert found.verdict == "unknown"
    assert "floats" in found.advice
    assert found.worst.witness_gain > 1e-3  # of the program
    plain = everyone(lambda t: [s(t), 1 - s(t)])
    assert certify(ParametricGame(DILEMMA, Custom(plain, boxes)), (0.0, 0.0), 1e-3).verdict == (
        "refuted"
    )


def test_rounding_is_no_other_function():
    """Half of the digits are left: of 64 bits, and of 32 where the semantics computes in these."""
    short = everyone(
        lambda t: [s(t.astype(jnp.float32)).astype(t.dtype), 1 - s(t.astype(jnp.float32))]
    )
    assert certified_in(short, DILEMMA, 1e-3).verdict == "certified"
    lossy = everyone(lambda t: [s((t + 1e5) - 1e5), 1 - s((t + 1e5) - 1e5)])
    assert certified_in(lossy, DILEMMA, 1e-6).verdict == "certified"


def test_floats_are_said_to_differ_only_where_they_do():
    function = everyone(lambda t: [s(absorbed(t)), 1 - s(absorbed(t))])
    contents = json.loads(certified_in(function, DILEMMA, 1e-6).document.text())
    floats = contents["claim"]["floats"]
    assert floats["computed"] == (0.5).hex()
    for change in (
        {"at": [(0.0).hex()], "computed": (0.5).hex()},
        {"player": 2},
        {"owner": 7},
        {"action": 2},
        {"at": [(9.0).hex()]},
    ):
        changed = {**contents, "claim": {**contents["claim"], "floats": {**floats, **change}}}
        changed["digest"] = digest_of(changed)
        assert not check(read_document(json.dumps(changed), "it")).accepted
    honest = {**contents, "claim": {**contents["claim"], "floats": None}}
    honest["digest"] = digest_of(honest)
    found = check(read_document(json.dumps(honest), "it"))
    assert (found.accepted, found.reason) == (False, "the bounds do not make the profile unknown")


# Files of version 1


OLD = sorted((Path(__file__).parent / "version_1").glob("*.json"))


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_files_of_version_1_say_whether_they_hold_every_probability(path):
    found = verify(path)
    assert found.accepted
    assert found.complete == (not path.stem.startswith("program"))
    assert ("not read" in found.reason) == (not found.complete)
    assert json.loads(found.certificate.document.text()) == json.loads(path.read_text())


def test_what_was_left_out_in_version_1_cannot_be_smuggled_into_version_2():
    (path,) = (path for path in OLD if path.stem == "program_needle")
    contents = json.loads(path.read_text())
    contents["schema_version"] = 2
    contents["digest"] = digest_of(contents)
    with pytest.raises(InputError, match="outputs for"):
        read_document(json.dumps(contents), "it")
    for key in ("floats", "improper"):
        contents = json.loads(path.read_text())
        holder = contents["claim"] if key == "floats" else contents["claim"]["gains"][0]
        holder[key] = None if key == "floats" else []
        contents["digest"] = digest_of(contents)
        with pytest.raises(InputError, match="one form"):
            read_document(json.dumps(contents), "it")


def test_there_are_old_files_of_every_kind():
    kinds = {json.loads(path.read_text())["problem"]["semantics"]["kind"] for path in OLD}
    assert kinds == {"logistic", "affine", "program"}
    assert len(OLD) >= 8


class Unguarded:
    """Before the others, it keeps their refusal from being asked."""

    def __init_subclass__(cls, **settings): ...


class Reversed(Unguarded, Logistic):
    """Looks like the logistic semantics to `isinstance`, and plays the other action."""

    def behaviours(self, params, seen):
        found = Logistic.behaviours(self, params, seen)
        return Product(tuple(tuple(reversed(own)) for own in found.distributions))


def test_a_class_derived_from_a_built_in_semantics_is_read_and_not_taken_for_it():
    """Parameters are for defection here: defecting alone gains, so (-3, -3) is no equilibrium."""
    game = ParametricGame(
        DILEMMA, Reversed((2, 2), np.array(0.0), np.array(3.0), np.array(1.0), reading=None)
    )
    low, high = certify(game, (-3.0, -3.0), 1e-6), certify(game, (3.0, 3.0), 1e-6)
    assert (low.verdict, high.verdict) == ("refuted", "certified")
    assert low.about == high.about == "this program"


def test_a_function_that_notices_being_traced_gets_no_verdict():
    def one(t):
        p = s(t) if isinstance(t, jax.core.Tracer) else s(-t)
        return [p, 1 - p]

    game = ParametricGame(DILEMMA, Custom(everyone(one), [Box(-3.0, 3.0)] * 2))
    found = certify(game, (-3.0, -3.0), 1e-6)
    assert found.verdict == "unknown"
    assert "floats are not" in found.advice


@pytest.mark.parametrize("asked", ["isfinite", "isnan", "logsumexp"])
def test_questions_that_only_floats_can_answer_are_refused(asked):
    """Where e^x overflows the function goes another way, which real numbers do not show."""

    def one(t):
        e = jnp.exp(720 - 1e6 * (t - 1.7) ** 2)
        if asked == "logsumexp":  # asks, too, but of a number that stays finite
            p = jnp.exp(-t - jax.nn.logsumexp(jnp.stack([t, -t])))
        else:
            p = jnp.where({"isfinite": ~jnp.isfinite(e), "isnan": jnp.isnan(e)}[asked], 0, s(t))
        return [p, 1 - p]

    game = ParametricGame(DILEMMA, Custom(everyone(one), [Box(-3.0, 3.0)] * 2))
    if asked == "logsumexp":
        assert certify(game, (3.0, 3.0), 1e-6).verdict == "certified"
    else:
        with pytest.raises(InputError, match="decides by comparing computed numbers"):
            certify(game, (-3.0, -3.0), 1e-6)


def test_payoffs_exchanged_after_a_game_was_made_get_no_verdict():
    game = ParametricGame(DILEMMA, Logistic((2, 2), 0.5, 3.0))
    hunt = np.array([[[4.0, 0.0], [3.0, 3.0]], [[4.0, 3.0], [0.0, 3.0]]])
    edited = eqx.tree_at(lambda g: g.game.tensor, game, hunt)
    for asked in (lambda: certify(edited, (3.0, 3.0), 1e-6), lambda: diagonal(edited)):
        with pytest.raises(InputError, match="make the ParametricGame anew"):
            asked()


class Many(AbstractSemantics):
    """Says that everybody has two actions, and gives more or fewer probabilities."""

    given: int = eqx.field(static=True)
    actions: tuple[int, ...] = eqx.field(static=True)

    def __init__(self, given: int):
        self.given, self.actions = given, (2, 2)

    @property
    def spaces(self):
        return (Box(-3.0, 3.0),) * 2

    def behaviours(self, params, seen):
        return Product((jnp.ones(self.given) / self.given,) * 2)

    @classmethod
    def example(cls, actions):
        return cls(3)


@pytest.mark.parametrize("given", [1, 3])
def test_other_numbers_of_probabilities_than_of_actions_are_refused(given):
    game = ParametricGame(DILEMMA, Many(given))
    for asked in (
        lambda: certify(game, (0.0, 0.0), 1e-6),
        lambda: run(game, steps=3, step_size=0.1),
    ):
        with pytest.raises(InputError, match=rf"Many gives players \({given}, {given}\)"):
            asked()


@pytest.mark.parametrize(
    ("short", "slope", "offset"),
    [(jnp.float16, 0.06, 1.5 * 2.0**49), (jnp.float32, 2e-4, 1.5 * 2.0**41)],
)
def test_a_short_float_somewhere_excuses_no_difference_that_matters(short, slope, offset):
    """In real numbers all that depends on t cancels; in floats moving to 1 gains .09, or 3e-4."""

    def one(t):
        lost = (slope * t + offset) - offset
        p = 0.5 - slope / 2 * t + lost + 0 * t.astype(short)
        return [p, 1 - p]

    game = ParametricGame(DILEMMA, Custom(everyone(one), [Box(-1.0, 1.0)] * 2))
    found = certify(game, (-1.0, -1.0), 1e-6)
    assert found.verdict == "unknown"
    assert "floats are not" in found.advice


def test_the_profile_and_its_neighbour_gain_no_less_than_what_is_missing():
    """A box of two doubles that cannot be split, the total missing 9e-6 only at the other one."""
    program = Program(
        1,
        (
            Instruction("affine", (0,), (-1.0, 1.0)),
            Instruction("affine", (1,), (-1e4, 1e20)),
            Instruction("logistic", (2,)),
            Instruction("constant", (), (0.5,)),
            Instruction("affine", (4, 1), (0.0, 1.0, 1e-12)),
            Instruction("affine", (4, 3, 1), (0.0, 1.0, 9e-6, -1e-12)),
        ),
        ((5, 6), (4, 4)),
    )
    region = ((1.0, float(np.nextafter(1.0, 2.0))),)
    payoffs = [[0.0, 0.0], [1e9, 1e9]]
    found = best_gain(program, payoffs, (1.0,), region, epsilon=1e-3, proper=False)
    assert found.upper >= 4.5e3


def test_powers_without_end_are_not_multiplied_out():
    """Five times to the 1000th: by name the same function, and nothing that takes time."""
    steps = [Instruction("root", (0,), (1.0,))]
    steps += [Instruction("power", (k,), (1000.0,)) for k in range(1, 6)]
    program = Program(1, tuple(steps), ((6, 6), (6, 6)))
    assert totals_of(program) == [None, None]
