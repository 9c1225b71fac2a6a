"""Certificates of all equilibria: their bounds against mpmath, and forged ones."""

import copy
import functools
import itertools
import json
import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx
from tests.certificates.exact import holds, mp, points_of, random_program

import glasshouse as gh
from glasshouse import NormalFormGame, ParametricGame
from glasshouse.analysis.equilibria.complete.candidates import largest_gain, newton
from glasshouse.analysis.equilibria.complete.floats import Floats
from glasshouse.certificates.builtin import joint_program
from glasshouse.certificates.count.checker import check_count
from glasshouse.certificates.count.claim import EquilibriumCount
from glasshouse.certificates.count.curvature import SECONDS, Curved
from glasshouse.certificates.count.document import CountDocument, read_count
from glasshouse.certificates.count.exclusion import face_of, has_no_inner_zero, pays_more
from glasshouse.certificates.count.isolation import (
    Isolation,
    Reply,
    check_isolation,
    has_zero,
    is_alone,
)
from glasshouse.certificates.count.joint import Joint
from glasshouse.certificates.count.newton import is_regular
from glasshouse.certificates.document import LogisticNumbers
from glasshouse.certificates.files import digest_of
from glasshouse.errors import InputError
from glasshouse.semantics import Logistic

PRECISION, DIGITS = 128, 50


@pytest.fixture(autouse=True)
def precise():
    with ctx.workprec(PRECISION), mp.workdps(DIGITS):
        yield


def symmetric(T, R, P, S):
    return np.array([[[R, S], [T, P]], [[R, T], [S, P]]], float)


# Bounds


def second_derivative(function, point, k, m):
    """By central differences at so many digits that 15 of them are left."""
    step = mp.mpf("1e-12")

    def at(a, b):
        moved = list(map(mp.mpf, point))
        moved[k] += a * step
        moved[m] += b * step
        return function(moved)[0]

    if k == m:
        return (at(1, 0) - 2 * at(0, 0) + at(-1, 0)) / step**2
    return (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * step**2)


@pytest.mark.parametrize("seed", range(12))
def test_second_derivatives_of_programs(seed):
    """At every point of a box they lie in the interval; at a point the interval is narrow."""
    rng = np.random.default_rng(seed)
    while True:
        program, function = random_program(rng, 2, int(rng.integers(3, 9)))
        if {x.primitive for x in program.instructions} <= set(SECONDS):
            break
    low = rng.uniform(-1.5, 1.0, 2)
    box = tuple((float(x), float(x + w)) for x, w in zip(low, rng.uniform(0, 1, 2), strict=True))
    register = program.outputs[0][0]
    curved = Curved(program)
    _, _, bends = curved.registers([(arb(a), arb(b)) for a, b in box])
    for point in points_of(rng, box, 4):
        _, _, sharp = curved.registers([(arb(x), arb(x)) for x in point])
        for k, m in ((0, 0), (0, 1), (1, 1)):
            true = second_derivative(function, point, k, m)
            size = mp.mpf("1e-12") * (1 + abs(true))
            for bend, slack in ((bends, 1), (sharp, 1)):
                low_end, high_end = bend[register].get((k, m), (arb(0), arb(0)))
                wide = low_end - arb(str(slack * size)), high_end + arb(str(slack * size))
                assert holds(wide, true)
            low_end, high_end = sharp[register].get((k, m), (arb(0), arb(0)))
            assert abs(high_end - low_end) <= arb(str(size))


@pytest.mark.parametrize("name", ["divide", "log", "exp", "softmax"])
def test_second_derivatives_of_single_primitives(name):
    """Those that random programs leave out, and shares of three."""
    from tests.certificates.exact import FUNCTIONS

    from glasshouse.certificates.primitives import PRIMITIVES

    rng = np.random.default_rng(5)
    size = PRIMITIVES[name].registers or 3
    for _ in range(20):
        point = list(map(float, rng.uniform(0.3, 2, size)))
        xs = [(arb(x), arb(x)) for x in point]
        found = SECONDS[name](xs, [], PRIMITIVES[name].value(xs, []))
        wide = [(arb(x - 0.1), arb(x + 0.1)) for x in point]
        around = SECONDS[name](wide, [], PRIMITIVES[name].value(wide, []))
        for k, m in itertools.combinations_with_replacement(range(size), 2):
            true = second_derivative(lambda x: [FUNCTIONS[name](x, [])], point, k, m)
            for bend, slack in ((found, arb("1e-12")), (around, arb("1e-12"))):
                low, high = bend.get((k, m), (arb(0), arb(0)))
                assert holds((low - slack, high + slack), true)
            low, high = found.get((k, m), (arb(0), arb(0)))
            assert abs(high - low) < arb("1e-12")


def payoffs_of(tables, coupling, x, y):
    """Both payoffs in NumPy."""
    p, q = 1 / (1 + np.exp(-(x + coupling * y))), 1 / (1 + np.exp(-(y + coupling * x)))
    return [
        u[0, 0] * p * q
        + u[0, 1] * p * (1 - q)
        + u[1, 0] * (1 - p) * q
        + u[1, 1] * (1 - p) * (1 - q)
        for u in tables
    ]


@pytest.mark.parametrize("seed", range(10))
def test_what_excludes_a_piece_is_true_all_over_it(seed):
    """Slopes by differences, better replies one by one, on random pieces of random games."""
    rng = np.random.default_rng(seed)
    tables, coupling = rng.uniform(-1, 1, (2, 2, 2)), float(rng.uniform(-0.5, 1.5))
    numbers = LogisticNumbers(coupling=((0.0, coupling), (coupling, 0.0)), own_weight=(1.0, 1.0))
    boxes = ((-3.0, 3.0), (-3.0, 3.0))
    joint = Joint(joint_program(numbers, (2, 2)), tables.tolist(), True)
    for _ in range(40):
        low, width = rng.uniform(-3, 2.5, 2), rng.uniform(0.01, 0.5, 2)
        piece = tuple((float(x), float(x + w)) for x, w in zip(low, width, strict=True))
        grid = [np.linspace(*values, 9) for values in piece]
        x, y = np.meshgrid(*grid, indexing="ij")
        h = 1e-5
        slopes = (
            (payoffs_of(tables, coupling, x + h, y)[0] - payoffs_of(tables, coupling, x - h, y)[0]),
            (payoffs_of(tables, coupling, x, y + h)[1] - payoffs_of(tables, coupling, x, y - h)[1]),
        )
        if face_of(joint, boxes, piece).region is None:
            assert any(np.all(s > -1e-9) or np.all(s < 1e-9) for s in slopes)
        if has_no_inner_zero(joint, boxes, piece):
            assert np.max(np.abs(slopes), axis=0).min() > 0
        for player in (0, 1):
            better = float(rng.uniform(-3, 3))
            if pays_more(joint, player, better, piece):
                at = (better, y) if player == 0 else (x, better)
                here = payoffs_of(tables, coupling, x, y)[player]
                assert np.all(payoffs_of(tables, coupling, *at)[player] > here - 1e-12)


@functools.cache
def game_of(name):
    game, coupling = HONEST_AND_OTHERS[name]
    numbers = LogisticNumbers(coupling=((0.0, coupling), (coupling, 0.0)), own_weight=(1.0, 1.0))
    program, payoffs = joint_program(numbers, (2, 2)), symmetric(*game).tolist()
    return Joint(program, payoffs, True), Floats(program, payoffs, BOXES)


@pytest.mark.parametrize(
    ("name", "point"),
    [
        ("edges", (3.0, -2.737170612720)),
        ("corners", (3.0, 3.0)),
        ("corners", (-3.0, -3.0)),
        ("indifferent", (math.log(2), math.log(2))),
        ("indifferent", (3.0, 3.0)),
        ("inside", (-1.3113446862, -1.3113446862)),
    ],
)
def test_no_piece_around_an_equilibrium_is_excluded(name, point):
    """Bounds among them, where "no zero here" is no reason."""
    joint, _ = game_of(name)
    rng = np.random.default_rng(7)
    for _ in range(60):
        below, above = 10.0 ** rng.uniform(-6, 0.5, (2, 2))
        piece = tuple(
            (float(max(x - a, -3)), float(min(x + b, 3)))
            for x, a, b in zip(point, below, above, strict=True)
        )
        face = face_of(joint, BOXES, piece)
        assert face.region is not None
        assert all(
            low - 1e-9 <= x <= high + 1e-9
            for x, (low, high) in zip(point, face.region, strict=True)
        )
        assert not has_no_inner_zero(joint, BOXES, face.region)
        assert not has_no_inner_zero(joint, BOXES, piece)
        for player in (0, 1):
            for better in (*rng.uniform(-3, 3, 4), point[player]):
                assert not pays_more(joint, player, float(better), piece)


@pytest.mark.parametrize("name", ["none", "edges", "mixed", "saddle"])
def test_zeros_of_slopes_that_are_no_equilibria_are_not_isolated(name):
    """Whatever is claimed of the players' replies: concave everywhere, or worse elsewhere."""
    joint, floats = game_of(name)
    start = np.stack(np.meshgrid(*[np.linspace(-2.9, 2.9, 25)] * 2)).reshape(2, -1)
    points, _ = newton(floats, start)
    points = np.unique(points.round(9), axis=1)
    points = points[:, (np.abs(points) < 2.99).all(axis=0)]
    wrong = [x for x in points.T if largest_gain(floats, (float(x[0]), float(x[1]))) > 1e-3]
    assert wrong
    for x, y in wrong:
        for size in (1e-7, 1e-5):
            inside = ((float(x - size), float(x + size)), (float(y - size), float(y + size)))
            ends = [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]
            for near in ((0, 5), *((k, k) for k in range(6))):
                reply = Reply(tuple(ends), near)
                for replies in ((reply, reply), (Reply((), (0, 0)), Reply((), (0, 0)))):
                    with pytest.raises(InputError):
                        check_isolation(joint, BOXES, Isolation((0, 0), inside, inside, replies))
    # That is because of the replies: everything else holds of some of them.
    inside = [
        ((float(x - 1e-6), float(x + 1e-6)), (float(y - 1e-6), float(y + 1e-6))) for x, y in wrong
    ]
    assert any(
        is_alone(joint, BOXES, (0, 0), box) and has_zero(joint, (0, 0), box) for box in inside
    )


@pytest.mark.parametrize("name", ["none", "edges", "corners", "mixed"])
def test_regions_with_two_zeros_of_slopes_are_no_regions_of_one(name):
    """On an edge, where the other's payoff has both a least and a largest value inside."""
    joint, _ = game_of(name)
    game, coupling = HONEST_AND_OTHERS[name]
    row, h = np.linspace(-3, 3, 601), 1e-5
    tables, met = symmetric(*game), 0
    for end in (-3.0, 3.0):
        rise, fall = (payoffs_of(tables, coupling, end, row + x)[1] for x in (h, -h))
        changes = np.flatnonzero(np.diff(np.sign(rise - fall)))
        for first, second in itertools.combinations(changes, 2):
            region = ((end, end), (float(row[first]), float(row[second + 1])))
            assert not is_regular(joint, (1, 0), region)
            met += 1
    assert met or name != "edges"


def test_regions_of_a_continuum_are_no_regions_of_one():
    """(7, 3, 1, 0) at κ = 1, where slopes are zero along θ_1 + θ_2 = ln 5."""
    joint, _ = game_of("continuum")
    for x, width in itertools.product((-0.5, 0.3, 1.7), (1e-6, 1e-2, 0.3)):
        y = math.log(5) - x
        region = ((x - width, x + width), (y - width, y + width))
        assert not is_alone(joint, BOXES, (0, 0), region)


# Files


@functools.cache
def document_of(game, coupling, budget=20_000):
    payoffs = symmetric(*game)
    parametric = ParametricGame(
        NormalFormGame(payoffs), Logistic((2, 2), coupling=coupling, bound=3.0)
    )
    proof = gh.find_equilibria(parametric, budget=budget).proof
    assert proof is not None
    return proof.document


BOXES = ((-3.0, 3.0), (-3.0, 3.0))

HONEST = {
    "none": ((5, 3, 1, 0), 0.5),
    "edges": ((5, 3, 1, 0), 0.6),
    "corners": ((4, 3.5, 2, 0), 0.6),
    "indifferent": ((3, 4, 2, 0), 0.0),
    "inside": ((5, 3, 1, 0), 0.3),
}
HONEST_AND_OTHERS = {
    **HONEST,
    "mixed": ((4, 3, 1, 2), 0.3),
    "saddle": ((3, 4, 2, 0), 0.3),
    "continuum": ((7, 3, 1, 0), 1.0),
}
NUMBER = {"none": 0, "edges": 2, "corners": 2, "indifferent": 3, "inside": 1}


def sealed(contents: dict[str, Any]) -> str:
    return json.dumps({**contents, "digest": digest_of(contents)})


def is_refused(contents: dict[str, Any]) -> bool:
    try:
        return not check_count(read_count(sealed(contents), "a forged file")).accepted
    except InputError:
        return True


@pytest.mark.parametrize("name", HONEST)
def test_honest_files_are_accepted_and_read_back_to_the_letter(name, tmp_path):
    document = document_of(*HONEST[name])
    path = tmp_path / "all.json"
    path.write_text(document.text())
    found = gh.verify(path)
    assert (found.accepted, found.complete, found.reason) == (True, True, "")
    assert isinstance(found.certificate, EquilibriumCount)
    assert (found.certificate.count, found.certificate.number) == ("exactly", NUMBER[name])
    assert read_count(path.read_text(), "it").text() == document.text()
    assert found.certificate.evidence.method.value == "certified"


def test_what_is_left_is_no_count():
    """A search cut short says so, and its file proves what it does say."""
    document = document_of((5, 3, 1, 0), 0.6, 40)
    assert document.claim.count == "at least"
    assert check_count(document).accepted
    assert document.claim.left == document.proof.tree.split().count("?")
    document = document_of((5, 3, 1, 0), 0.5, 10)
    assert (document.claim.count, document.claim.number) == ("unknown", 0)
    assert check_count(document).accepted


def isolations(contents):
    return contents["proof"]["isolations"]


def any_reason(rng, count):
    kinds = [".", "!", f"{rng.integers(2)}:{float(rng.uniform(-3, 3)).hex()}"]
    return str(rng.choice([*kinds, *(f"#{k}" for k in range(count))]))


def fewer(contents, rng):
    """One equilibrium less: the pieces around it are said to be excluded."""
    gone = int(rng.integers(len(isolations(contents))))
    del isolations(contents)[gone]
    left = len(isolations(contents))
    tokens = []
    for token in contents["proof"]["tree"].split():
        number = int(token[1:]) if token.startswith("#") else -1
        if number == gone:
            tokens.append(any_reason(rng, left))
        else:
            tokens.append(f"#{number - (number > gone)}" if number >= 0 else token)
    contents["proof"]["tree"] = " ".join(tokens)
    contents["claim"]["number"] = left


def more(contents, rng):
    """An equilibrium that is there already, or a box where there is none."""
    if isolations(contents) and rng.random() < 0.5:
        copied = copy.deepcopy(isolations(contents)[int(rng.integers(len(isolations(contents))))])
        if rng.random() < 0.3:
            copied["around"][int(rng.integers(2))][0] = float(rng.uniform(-3, -2.9)).hex()
    else:
        x, y, w = rng.uniform(-2.5, 2.5), rng.uniform(-2.5, 2.5), rng.uniform(1e-6, 0.1)
        ends = [float(e).hex() for e in np.linspace(-3, 3, 7)]
        held = [int(rng.integers(-1, 2)) for _ in range(2)]
        box = [[float(z - w).hex(), float(z + w).hex()] for z in (x, y)]
        box = [
            [float(3 * h).hex()] * 2 if h else values for h, values in zip(held, box, strict=True)
        ]
        wide = [[float(z - 2 * w).hex(), float(z + 2 * w).hex()] for z in (x, y)]
        wide = [
            [float(min(3 * h, 3 * h - h * w)).hex(), float(max(3 * h, 3 * h - h * w)).hex()]
            if h
            else values
            for h, values in zip(held, wide, strict=True)
        ]
        reply = {"ends": ends, "near": [0, 5]}
        empty = {"ends": [], "near": [0, 0]}
        copied = {
            "held": held,
            "around": wide,
            "inside": box,
            "replies": [reply if rng.random() < 0.5 else empty for _ in range(2)],
        }
    isolations(contents).append(copied)
    contents["claim"]["number"] += 1


def elsewhere(contents, rng):
    """An equilibrium said to lie beside where it is."""
    chosen = isolations(contents)[int(rng.integers(len(isolations(contents))))]
    k = int(rng.integers(2))
    low, high = map(float.fromhex, chosen["inside"][k])
    away = float(rng.choice([-1, 1])) * (float(10.0 ** rng.uniform(-6, -2)) + (high - low))
    chosen["inside"][k] = [float(low + away).hex(), float(high + away).hex()]


def other_number(contents, rng):
    contents["claim"]["number"] = contents["claim"]["number"] + int(rng.choice([-1, 1, 2]))


def other_count(contents, rng):
    contents["claim"]["count"] = str(rng.choice(["at least", "unknown"]))


def left_and_counted(contents, rng):
    """Pieces in which nothing is known, and yet a count."""
    tokens = contents["proof"]["tree"].split()
    pieces = [k for k, token in enumerate(tokens) if "@" not in token]
    tokens[int(rng.choice(pieces))] = "?"
    contents["proof"]["tree"] = " ".join(tokens)


def dropped(contents, rng):
    """A branch that is not there."""
    tokens = contents["proof"]["tree"].split()
    del tokens[int(rng.integers(len(tokens)))]
    contents["proof"]["tree"] = " ".join(tokens)


def swallowed(contents, rng):
    """A cut, and all below and above it, said to be excluded: only where something is in it."""
    tokens = contents["proof"]["tree"].split()
    cuts = [k for k, token in enumerate(tokens) if "@" in token]
    while True:
        start = int(rng.choice(cuts))
        end, waiting = start, 1
        while waiting:
            waiting += 1 if "@" in tokens[end] else -1
            end += 1
        if any(token.startswith("#") for token in tokens[start:end]):
            break
    tokens[start:end] = [any_reason(rng, 0)]
    contents["proof"]["tree"] = " ".join(tokens)


def other_game(contents, rng):
    """The proof of one game for another, which has another number of equilibria."""
    coupling = float(rng.choice([0.3, 0.9, 1.1]) if contents["claim"]["number"] != 1 else 0.5)
    others = [["0x0.0p+0", coupling.hex()], [coupling.hex(), "0x0.0p+0"]]
    contents["problem"]["semantics"]["coupling"] = others
    if rng.random() < 0.5:
        numbers = LogisticNumbers(
            coupling=((0.0, coupling), (coupling, 0.0)), own_weight=(1.0, 1.0)
        )
        program = joint_program(numbers, (2, 2))
        contents["problem"]["program"]["instructions"] = [
            [name, list(registers), [float(c).hex() for c in numbers]]
            for name, registers, numbers in program.instructions
        ]


def other_payoffs(contents, rng):
    """A reward that makes it another game, with one equilibrium or three."""
    payoffs = contents["problem"]["payoffs"]
    payoffs[0][1][0] = payoffs[1][0][1] = float(rng.uniform(9, 20)).hex()


def other_box(contents, rng):
    """A box that holds more, or less, than what was looked at."""
    boxes = contents["problem"]["boxes"]
    k, end = int(rng.integers(2)), int(rng.integers(2))
    boxes[k][end] = float((-1, 1)[end] * rng.uniform(0.1, 2.9)).hex()


def without_reply(contents, rng):
    """Somebody said to be indifferent who is not."""
    chosen = isolations(contents)[int(rng.integers(len(isolations(contents))))]
    player = chosen["replies"][int(rng.integers(2))]
    player["ends"], player["near"] = [], [0, 0]


ON_ALL = (more, other_number, other_count, left_and_counted, dropped)
ON_FOUND = (fewer, elsewhere, swallowed)
FORGERIES = [
    *itertools.product(ON_ALL, HONEST),
    *itertools.product(ON_FOUND, ("edges", "corners", "indifferent", "inside")),
    *itertools.product((without_reply,), ("edges", "corners", "inside")),
    *itertools.product((other_game,), ("none", "edges")),
    *itertools.product((other_box,), ("edges", "corners")),
    (other_payoffs, "corners"),
]


def forge(seed: int) -> tuple[str, dict[str, Any]]:
    rng = np.random.default_rng(seed)
    change, name = FORGERIES[seed % len(FORGERIES)]
    contents = json.loads(document_of(*HONEST[name]).text())
    contents = copy.deepcopy(contents)
    change(contents, rng)
    return f"{change.__name__} of {name}", contents


@pytest.mark.parametrize("seed", range(len(FORGERIES)))
def test_forged_files_are_refused(seed):
    said, contents = forge(seed)
    assert is_refused(contents), said


@pytest.mark.slow
def test_five_hundred_forged_files_are_refused():
    accepted = [
        said for said, contents in map(forge, range(1000, 1500)) if not is_refused(contents)
    ]
    assert accepted == []


def test_files_have_one_form_and_their_own_digest():
    contents = json.loads(document_of(*HONEST["none"]).text())
    with pytest.raises(InputError, match="its digest belongs to other contents"):
        read_count(json.dumps({**contents, "glasshouse": "0"}), "it")
    upper = copy.deepcopy(contents)
    upper["problem"]["boxes"][0][0] = "-0X1.8p+1"
    with pytest.raises(InputError, match="no valid certificate"):
        read_count(sealed(upper), "it")
    with pytest.raises(InputError, match="schema version 2"):
        read_count(sealed({**contents, "schema_version": 2}), "it")


def test_the_checker_needs_neither_jax_nor_the_search(tmp_path):
    path = tmp_path / "all.json"
    path.write_text(document_of(*HONEST["edges"]).text())
    code = (
        "import sys, glasshouse.certificates as c; "
        f"assert c.verify({str(path)!r}).accepted; "
        "names = set(sys.modules); "
        "assert 'jax' not in names and not any('glasshouse.analysis.' in x for x in names)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_documents_of_other_sizes_are_refused():
    document = document_of(*HONEST["none"])
    assert isinstance(document, CountDocument)
    contents = json.loads(document.text())
    contents["problem"]["payoffs"] = [contents["problem"]["payoffs"][0]] * 3
    with pytest.raises(InputError, match="two players"):
        read_count(sealed(contents), "it")
