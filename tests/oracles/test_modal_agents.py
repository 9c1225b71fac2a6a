"""Modal agents against published facts, and against provability logic evaluated another way."""

import functools
import itertools
import random
import subprocess
import sys

import numpy as np
import pytest
from tests import outsiders

import glasshouse as gh
from glasshouse.analysis import Dominance, dominance
from glasshouse.cli.encoding import spelt
from glasshouse.errors import InputError
from glasshouse.programs import encounter, modal, program_game, program_table
from glasshouse.programs.formulas import (
    MEANINGS,
    Connected,
    Does,
    Negation,
    Provable,
    SameSource,
    Truth,
)
from glasshouse.programs.registry import MODAL_AGENTS
from glasshouse.programs.syntax import parse_formula

PD = gh.load_game("prisoners_dilemma")
C, D, FB, PB, JB, OB, CQ = (
    "CooperateBot",
    "DefectBot",
    "FairBot",
    "PrudentBot",
    "JustBot",
    "OptimisticBot",
    "CliqueBot",
)


def does(row, column):
    return encounter(row, column).actions[0]


@pytest.mark.parametrize(
    ("row", "wanted"),
    [(C, "CCCC"), (D, "DDDD"), (FB, "CDCC"), (PB, "DDCC"), (JB, "CDCC"), (CQ, "DDDD")],
)
def test_what_they_do_against_cooperators_defectors_fair_and_prudent_ones(row, wanted):
    assert "".join(does(row, column) for column in (C, D, FB, PB)) == wanted


def test_further_published_answers():
    cautious = modal("¬□⊥", "ConsistentBot")
    assert encounter(FB, cautious).actions == ("D", "C")  # it cooperates, yet unprovably
    assert encounter(OB, OB).actions == ("D", "D")
    assert encounter(CQ, CQ).actions == ("C", "C")
    assert encounter(CQ, modal("same", "Copy")).actions == ("C", "C")  # a name is no source


def test_in_pa_instead_of_pa_plus_one_the_prudent_defect_against_everybody_and_themselves():
    weak = modal("□(X = C) ∧ □(X(DefectBot) = D)", "WeakPrudentBot")
    assert {encounter(weak, other).actions[0] for other in (*MODAL_AGENTS.values(), weak)} == {"D"}


def test_two_worlds_are_not_enough():
    found = encounter(PB, C)
    assert found.worlds[:3] == ("CC", "CC", "DC")
    assert (found.since, found.stable) == ((2, 0), 2)
    assert "CooperateBot(DefectBot) = C" in found.read
    assert found.evidence.method == "closed_form"


def test_programs_meet_without_jax():
    code = (
        "import sys; from glasshouse.programs import encounter\n"
        "print(*encounter('PrudentBot', 'FairBot').actions, {'jax', 'scipy'} & set(sys.modules))"
    )
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "C C set()\n"


# Provability logic another way: by recursion over worlds, without formulas or a parser.

ATOMS = {
    "X = C": (0, "C", 0),
    "X = D": (0, "D", 0),
    "X(DefectBot) = C": (1, "C", 0),
    "X(DefectBot) = D": (1, "D", 0),
}
"""What is boxed: against whom the other does it, itself or DefectBot, what, from which world on."""

IN_PA_PLUS_ONE = {"¬□⊥ → X = C": (0, "C", 1), "¬□⊥ → X(DefectBot) = D": (1, "D", 1)}

BOTH = list(itertools.product((True, False), repeat=2))
BEYOND = 12
"""No two of these agents, nor those they speak of, have more than 11 boxes."""


def agents(boxed):
    """(first atom, second atom, in which of the four cases it cooperates), each function once."""
    for atoms in itertools.combinations(boxed, 2):
        for count in range(1, 4):
            for cases in itertools.combinations(BOTH, count):
                first = any(((not x, y) in cases) != ((x, y) in cases) for x, y in BOTH)
                second = any(((x, not y) in cases) != ((x, y) in cases) for x, y in BOTH)
                if first and second:
                    yield atoms, cases
    for atom in boxed:
        yield (atom, atom), ((True, True),)
        yield (atom, atom), ((False, False),)
    yield ("X = C", "X = C"), ()
    yield ("X = C", "X = C"), tuple(BOTH)


AGENTS = list(agents(ATOMS))
DEFECTS = AGENTS[-2]


@functools.cache
def acts(world, own, other):
    """Whether an agent cooperates with another at a world, by definition of □ at once."""
    atoms, cases = own
    boxes = []
    for atom in atoms:
        whom, action, least = (ATOMS | IN_PA_PLUS_ONE)[atom]
        met = (own, DEFECTS)[whom]
        boxes.append(
            all(acts(below, other, met) == (action == "C") for below in range(least, world))
        )
    return tuple(boxes) in cases


def written(own):
    atoms, cases = own
    signs = [[("" if x else "¬") + f"□({atom})" for x, atom in zip(case, atoms, strict=True)]
             for case in cases]  # fmt: skip
    return modal(" ∨ ".join(f"({' ∧ '.join(both)})" for both in signs) or "⊥")


@pytest.mark.parametrize(
    ("boxed", "count"), [(ATOMS, 70), (ATOMS | IN_PA_PLUS_ONE, 164)], ids=["pa", "pa+1"]
)
def test_all_pairs_of_agents_with_two_boxed_atoms_are_as_recursion_over_worlds_has_them(
    boxed, count
):
    found_agents = list(agents(boxed))
    assert len(found_agents) == count
    written_agents = [(own, written(own)) for own in found_agents]
    for (a, first), (b, second) in itertools.combinations_with_replacement(written_agents, 2):
        found = encounter(first, second)
        wanted = tuple(
            "CD"[not acts(world, a, b)] + "CD"[not acts(world, b, a)] for world in range(BEYOND)
        )
        assert wanted[: len(found.worlds)] == found.worlds
        assert set(wanted[found.stable :]) == {"".join(found.actions)}
        assert found.stable <= found.boxes


# The same of agents that speak of named others, of themselves, and of their source.

SPOKEN = {
    "X = C": ("X", "self", "C", 0),
    "X(FairBot) = C": ("X", FB, "C", 0),
    "FairBot(X) = C": (FB, "X", "C", 0),
    "self(PrudentBot) = D": ("self", PB, "D", 0),
    "¬□⊥ → X(CliqueBot) = D": ("X", CQ, "D", 1),
    "¬□⊥ → X(DefectBot) = D": ("X", D, "D", 1),
}
"""Who, against whom, does what, from which world on; `same` is the one atom without a box."""

ALONE = ((True, True),)
NAMED = {
    FB: (("X = C", "X = C"), ALONE),
    PB: (("X = C", "¬□⊥ → X(DefectBot) = D"), ALONE),
    CQ: (("same", "same"), ALONE),
    D: (("X = C", "X = C"), ()),
}

SPEAKERS = [*agents({**dict.fromkeys(["same", *SPOKEN])}), *NAMED.values()]
SPEAKERS = list(dict.fromkeys((atoms, tuple(cases)) for atoms, cases in SPEAKERS))
PLACE = {name: SPEAKERS.index(own) for name, own in NAMED.items()}


@functools.cache
def does_at(world, own, other):
    """Whether a speaker cooperates with another, both by their place, by definition of □."""
    atoms, cases = SPEAKERS[own]
    found = []
    for atom in atoms:
        if atom == "same":
            found.append(own == other)
            continue
        who, against, action, least = SPOKEN[atom]
        here = {"self": own, "X": other, **PLACE}
        worlds = range(least, world)
        found.append(all(does_at(w, here[who], here[against]) == (action == "C") for w in worlds))
    return tuple(found) in cases


def speaker(own):
    atoms, cases = own
    boxed = [atom if atom == "same" else f"□({atom})" for atom in dict.fromkeys(atoms)]
    signs = [
        " ∧ ".join(("" if x else "¬") + atom for x, atom in zip(case, boxed, strict=False))
        for case in cases
    ]
    if set(cases) == set(BOTH):
        return modal("⊤")
    return modal(" ∨ ".join(f"({both})" for both in signs) or "⊥")


def speaking_pairs(count):
    places = range(len(SPEAKERS))
    every = list(itertools.combinations_with_replacement(places, 2))
    return every if count is None else random.Random(0).sample(every, count)


@pytest.mark.parametrize("count", [400, None], ids=["some", "all"])
def test_agents_that_speak_of_named_others_are_as_recursion_over_worlds_has_them(count):
    said = [speaker(own) for own in SPEAKERS]
    assert len({one.formula for one in said}) == len(said) == 226
    assert {said[PLACE[name]].formula for name in NAMED} == {
        MODAL_AGENTS[name].formula for name in NAMED
    }
    for a, b in speaking_pairs(count):
        found = encounter(said[a], said[b])
        assert found.stable <= found.boxes
        beyond = range(found.stable + 3)
        wanted = ["CD"[not does_at(w, a, b)] + "CD"[not does_at(w, b, a)] for w in beyond]
        assert tuple(wanted[: len(found.worlds)]) == found.worlds
        assert set(wanted[found.stable :]) == {"".join(found.actions)}


def test_the_fair_and_the_prudent_are_never_exploited():
    others = [*map(written, AGENTS), *MODAL_AGENTS.values()]
    met = {encounter(row, other).actions for row in (FB, PB) for other in others}
    assert met == {("C", "C"), ("D", "C"), ("D", "D")}


def test_the_order_of_programs_changes_nothing():
    names = list(MODAL_AGENTS)
    known = {}
    for order in (names, names[::-1], names[3:] + names[:3]):
        for one in program_table(order).encounters:
            assert known.setdefault((one.row, one.column), one) == one
    assert len(known) == len(names) ** 2
    for (row, column), one in known.items():
        assert known[column, row].actions == one.actions[::-1]


def test_evaluation_goes_on_as_long_as_anything_changes():
    """□ⁿ⊥ is false from world n on, so that who waits for it does something else until then."""
    deep = 17
    found = encounter(modal("□" * deep + "⊥", "Waits"), C)
    assert found.worlds == ("CC",) * deep + ("DC",)
    assert (found.stable, found.actions) == (deep, ("D", "C"))


def test_in_the_dilemma_the_prudent_weakly_dominate_the_fair():
    choice = program_game(PD, [C, D, FB, PB])
    assert choice.action_names == ((C, D, FB, PB),) * 2
    row = [[3, 0, 3, 0], [5, 1, 1, 1], [3, 1, 3, 3], [5, 1, 3, 3]]
    assert np.array_equal(choice.tensor, np.stack([row, np.transpose(row)]))
    found = dominance(choice)
    assert Dominance(0, 2, 3, strict=False) in found
    assert Dominance(1, 2, 3, strict=False) in found
    assert not [x for x in found if x.strict]
    assert gh.analysis.pure_equilibria(choice)[0] == (1, 1)
    assert {(2, 2), (2, 3), (3, 2), (3, 3)} < set(gh.analysis.pure_equilibria(choice))


def test_seven_programs_have_mixed_equilibria_that_nobody_leaves():
    """The dilemma, all seven: every one found against all pure deviations."""
    choice = program_game(PD, MODAL_AGENTS)
    facts = gh.analysis.base_game(choice)
    assert facts.mixed
    row, column = np.asarray(choice.tensor)
    for one in facts.mixed:
        x, y = map(np.array, one.weights)
        paid = x @ row @ y, x @ column @ y
        assert one.payoffs == pytest.approx(paid, abs=1e-12)
        assert (row @ y).max() <= paid[0] + 1e-12
        assert (x @ column).max() <= paid[1] + 1e-12
        assert min(max(own) for own in one.weights) < 1


def test_actions_and_players_keep_their_meaning_in_any_game():
    """A game in which all payoffs differ, so that a mistaken entry is seen."""
    game = gh.NormalFormGame([[[1, 2], [3, 4]], [[5, 6], [7, 8]]], player_axis=0)
    found = np.asarray(program_game(game, [D, C]).tensor)
    assert np.array_equal(found, np.asarray(game.tensor)[:, ::-1, ::-1])
    with pytest.raises(InputError, match=r"two things.*3×3"):
        program_game(gh.load_game("rock_paper_scissors"), [C, D])


def random_formula(draw, depth, boxed=False):
    kind = draw.choice(["atom", "sign", "sign", "sign", "connective"])
    if depth == 0 or kind == "atom":
        some = [Truth(True), Truth(False), SameSource()]
        who, against = draw.choice([("X", "self"), ("self", "X"), ("X", "FairBot"), ("FB", "X")])
        return Does(who, against, draw.choice("CD")) if boxed else draw.choice(some)
    if kind == "sign":
        sign = draw.choice([Negation, Provable])
        return sign(random_formula(draw, depth - 1, boxed or sign is Provable))
    sides = [random_formula(draw, depth - 1, boxed) for _ in range(2)]
    return Connected(draw.choice(list(MEANINGS)), *sides)


def test_formulas_are_read_as_they_are_written_in_unicode_and_in_ascii():
    draw = random.Random(5)
    for _ in range(300):
        formula = random_formula(draw, 4)
        assert parse_formula(str(formula)) == formula
        assert parse_formula(spelt(str(formula))) == formula


def test_the_longest_formulas_are_followed():
    long = modal("dia box (" * 19 + "true" + ")" * 19, "Deep")
    wide = modal("true" + " and true" * 149, "Wide")
    assert encounter(long, wide).actions == ("C", "C")
    assert encounter(modal("dia " * 59 + "true", "Hopes"), wide).stable == 59


def test_spellings_mean_the_same():
    wanted = parse_formula("□(X = C) ∧ ¬□⊥ → ◇(X(FairBot) ≠ D) ∨ ⊤ ↔ same")
    ways = (
        "box(X == C) and not box false implies dia(X(FairBot) != D) or true iff same",
        "[](X(self)=C) & ~[]false -> <>(X(FairBot)!=D) | true <-> same",
        "((box(X=C)) && (!box(false)) => (<>(X(FairBot)=C) || true)) <=> same",
    )
    assert [parse_formula(text) for text in ways] == [wanted] * 3


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("box(X = )", (1, 9), "expected C or D, but found '\\)'"),
        ("box(X = C", (1, 10), "expected .* or \\), but found the end"),
        ("", (1, 1), "expected a formula.*found the end"),
        ("box(X = C) and\n  not", (2, 6), "expected a formula.*found the end"),
        ("X = C", (1, 1), "expected □ or ◇ before X = C"),
        ("box false X", (1, 11), "expected ∧, ∨, →, ↔ or the end, but found 'X'"),
        ("box(FairBot = C)", (1, 13), "expected \\( and against whom, as FairBot\\(X\\) = C"),
        ("box(X(box) = C)", (1, 7), "expected a program"),
        ("box(X C)", (1, 7), "expected = or ≠"),
        ("box(X = C) $ true", (1, 12), "expected a word or a sign"),
        ("(" * 99, (1, 61), "deeper than 60"),
        ("true" + " and true" * 150, (1, 1351), "at most 300 words and signs are read"),
    ],
)
def test_a_wrong_formula_is_told_by_line_column_and_what_was_expected(text, where, what):
    line, column = where
    with pytest.raises(InputError, match=f"line {line}, column {column}: .*{what}") as caught:
        modal(text)
    assert "\n" not in str(caught.value)


def test_programs_of_ones_own_are_registered_and_spoken_of():
    own = modal("□(X(Grim) = C)", "Grimly", words="asks what is done to Grim")
    with pytest.raises(InputError, match="Grimly speaks of Grim, which is neither listed nor"):
        encounter(own, C)
    grim = modal("□⊥", "Grim", words="defects as soon as it can")
    assert encounter(own, C, [grim]).actions == ("C", "C")
    with outsiders.as_before():
        gh.register(grim)
        assert encounter(own, "Grim").actions == ("D", "D")
        assert program_table(["Grim", own]).actions[1][0] == "D"
        with pytest.raises(InputError, match="'FairBot' is taken by the program"):
            gh.register(modal("⊤", "FairBot", words="says so"))
    with pytest.raises(InputError, match="does not say words"):
        gh.register(modal("⊤", "Silent"))
    with pytest.raises(InputError, match="one word of letters"):
        gh.register(modal("⊤", words="has no name"))


@pytest.mark.parametrize(
    ("programs", "words"),
    [
        ([FB, FB], "FairBot is listed twice"),
        ([], "no program is listed"),
        ("FairBot", "must be a list"),
        (["FairBott"], "unknown program 'FairBott': did you mean 'FairBot'"),
        ([modal("⊤", "FairBot")], "FairBot would mean two programs"),
        ([3], "3 is no program"),
    ],
)
def test_wrong_lists_of_programs_are_refused(programs, words):
    with pytest.raises(InputError, match=words):
        program_game(PD, programs)
