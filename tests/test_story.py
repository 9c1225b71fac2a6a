"""The story and the exercises: every number in them by another way, and every word in its place.

The other ways are formulas written out here, NumPy alone, and the tables of the documentation.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.explorers import heard, running, until, visiting

import glasshouse as gh
from glasshouse._foundation.precision import in_float64
from glasshouse.errors import InputError
from glasshouse.explorer.bets import CARDS, lab_scene
from glasshouse.explorer.building import shown_game
from glasshouse.explorer.content import page_file, page_files
from glasshouse.explorer.exercises import EXERCISES
from glasshouse.explorer.frames import portrait_frame
from glasshouse.explorer.protocol import Told, read_answer, read_question
from glasshouse.explorer.told import Card, Finding, symmetric_scene

WORDS: dict[str, Any] = json.loads(page_file("story.en.json"))
SCRIPTS = "".join(page_file(f"{name}.js") for name in ("story", "cards", "words", "exercises"))
NAMED = re.compile(r"\{(\w+)\}")
slow = pytest.mark.slow
BY_DAY = ("read", "much")
EVERY = [pytest.param(x, marks=() if x in BY_DAY else slow) for x in (*CARDS, *EXERCISES)]

A, B, V = -1.5, 3.5, 0.25
"""Own effect, effect of the other's testing, and p (1 - p), in the middle of 3, 0, 5, 1."""


@cache
def found(name: str) -> Finding:
    card: Card = (CARDS | EXERCISES)[name]
    return in_float64(card.find)(card.scene)


def fact(name: str, key: str) -> float:
    return float(found(name).facts[key].value)


def s(x: Any) -> Any:
    return 1 / (1 + np.exp(-np.asarray(x)))


def paid(p: Any, q: Any) -> Any:
    """Of 3, 0, 5, 1, to who tests with probability p."""
    return 3 * p * q + 5 * (1 - p) * q + (1 - p) * (1 - q)


def slope(t: float, other: float, kappa: float) -> float:
    """Of that pay along one's own dial."""
    p, q = s(t + kappa * other), s(other + kappa * t)
    own = q * (3 - 5) + (1 - q) * (0 - 1)
    return float(own * p * (1 - p) + kappa * (p * 3 + (1 - p) * (5 - 1)) * q * (1 - q))


def ends(kappa: float, starts: np.ndarray, steps: int = 20_000) -> np.ndarray:
    """Chances at which pairs of learners end, in NumPy: runs × players."""
    theta = np.clip(starts, -3, 3)
    for _ in range(steps):
        p = s(theta + kappa * theta[:, ::-1])
        q, v = p[:, ::-1], p * (1 - p)
        own, of_other = -2 * q - (1 - q), 3 * p + 4 * (1 - p)
        theta = np.clip(theta + 0.1 * (own * v + kappa * of_other * v[:, ::-1]), -3, 3)
    return s(theta + kappa * theta[:, ::-1])


def strings(x: Any) -> Iterator[str]:
    if isinstance(x, str):
        yield x
    else:
        for part in x.values() if isinstance(x, dict) else x:
            yield from strings(part)


# ---- words


def test_cards_and_exercises_say_what_they_have_and_no_more():
    told = {key: x for key, x in WORDS.items() if key != "exercises"}
    assert 2000 <= len(" ".join(strings(told)).split()) <= 3000
    assert list(WORDS["cards"]) == list(CARDS)
    assert list(WORDS["exercises"]["each"]) == list(EXERCISES)
    assert len(EXERCISES) == 10
    always = {"title", "text", "bet", "choices", "answers", "came"}
    drawn = {"portrait": {"figure"}, "bars": {"figure", "bars"}, "moves": {"figure", "rate"}}
    drawn |= {"shares": {"figure"}}
    more_said = {"pays": {"pairs"}} | {name: {"sandbox"} for name in ("alone", "much", "memory")}
    for name, card in CARDS.items():
        said = WORDS["cards"][name]
        more = {"next"} if name != list(CARDS)[-1] else set()
        more |= more_said.get(name, set())
        assert set(said) == always | more | drawn.get(card.after, set()), name
        assert (card.opens is not None) == ("sandbox" in said), "what differs there is said"
        assert set(said["choices"]) == set(card.choices)
        is_judged_anew = card.before == "payoffs"
        own = (
            {f"{x}Wrong" for x in card.choices} | {"unknown", "needless"}
            if is_judged_anew
            else set()
        )
        assert set(said["answers"]) == set(card.choices) | own
        assert len(set(strings(said["answers"]))) >= len(card.choices), "each bet has its own"
        if "next" in more:
            assert said["next"].endswith("?")
    for name in EXERCISES:
        assert set(WORDS["exercises"]["each"][name]) == {"title", "question", "answer"}


def test_every_word_of_the_pages_is_used():
    for key, text in WORDS.items():
        if key in ("cards", "exercises"):
            continue
        assert re.search(rf"words\.{key}\b", SCRIPTS), key
        for part in text if isinstance(text, dict) else ():
            assert re.search(rf"words\.{key}(\.{part}\b|\[)", SCRIPTS), (key, part)
    for key in set(WORDS["exercises"]) - {"each"}:
        assert re.search(rf"said\.{key}\b", SCRIPTS), key
    for key in {key for said in WORDS["cards"].values() for key in said}:
        assert re.search(rf"said\.{key}\b", SCRIPTS), key


@pytest.mark.parametrize("name", EVERY)
def test_texts_name_numbers_that_were_found_and_all_of_them(name):
    facts = set(found(name).facts)
    if name in EXERCISES:
        named = set(NAMED.findall(" ".join(WORDS["exercises"]["each"][name]["answer"])))
    else:
        named = set(NAMED.findall(" ".join(strings(WORDS["cards"][name]))))
        captions = {"rays": "caption", "leaving": "only"}
        if CARDS[name].after in captions:
            named |= set(NAMED.findall(WORDS["rays"][captions[CARDS[name].after]]))
    assert named == facts
    if CARDS.get(name):
        assert found(name).right in CARDS[name].choices


# ---- bets


@slow
def test_alone_it_walks_down():
    down, half, up = s([-3.0, 0.0, 3.0])
    assert found("alone").right == "down"
    assert fact("alone", "chance") == pytest.approx(down, abs=1e-9)
    for key, p in (("pay", down), ("start_pay", half), ("top_pay", up)):
        assert fact("alone", key) == pytest.approx(paid(p, 0.5), abs=1e-9)
    rows = found("alone").arrays["dial"]
    np.testing.assert_allclose(rows[:, 1], s(rows[:, 0]), atol=1e-12)
    np.testing.assert_allclose(rows[:, 3], paid(s(rows[:, 0]), 0.5), atol=1e-12)


@slow
def test_two_of_them_both_skip():
    assert found("dilemma").right == "none"
    assert fact("dilemma", "none") == 1.0
    assert fact("dilemma", "pay") == pytest.approx(paid(s(-3.0), s(-3.0)), abs=1e-6)
    assert (fact("dilemma", "gain_if_tests"), fact("dilemma", "gain_if_skips")) == (5 - 3, 1 - 0)


def test_only_being_read_pulls_up():
    assert found("read").right == "read"
    for key, pull in (("neither", A), ("reads", A), ("read", A + B / 2)):
        assert fact("read", key) == pytest.approx(V * pull, abs=1e-12)
    assert found("read").more["bars"][-1]["value"] == pytest.approx(V * (A + B / 2), abs=1e-12)
    dial, own, other, pay = found("read").arrays["dial"].T
    np.testing.assert_allclose([own, other], [s(dial), s(dial / 2)], atol=1e-12)
    np.testing.assert_allclose(pay, paid(own, other), atol=1e-12)


def test_the_first_movement_turns_at_three_sevenths():
    assert found("much").right == "half"
    assert fact("much", "threshold") == pytest.approx(3 / 7, abs=1e-8)
    kappa, rate = found("much").arrays["moves"].T
    np.testing.assert_allclose(rate, V * (A + kappa * B), atol=1e-12)
    for key, at in (("any", 0.05), ("quarter", 0.25), ("half", 0.45)):
        assert fact("much", f"at_{key}") == at
        wanted = V * (A + at * B)
        assert fact("much", key) == pytest.approx(wanted, abs=1e-12)


@slow
def test_the_one_that_begins_higher_pays():
    """The lower one rests where its pay no longer grows: a zero of its slope, by bisection."""
    low, high = -3.0, -2.5
    assert slope(low, 3.0, 0.5) > 0 > slope(high, 3.0, 0.5)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle, 3.0, 0.5) > 0 else (low, middle)
    chances = s([3 + 0.5 * low, low + 0.5 * 3])
    assert found("pays").right == "one"
    assert [fact("pays", x) for x in ("trusting", "other")] == pytest.approx(chances, abs=1e-6)
    wanted = [paid(*chances), paid(*chances[::-1])]
    got = [fact("pays", x) for x in ("trusting_pay", "other_pay")]
    assert got == pytest.approx(wanted, abs=1e-5)
    assert wanted[0] < fact("pays", "unread_pay") == pytest.approx(paid(s(-3), s(-3)), abs=1e-6)
    assert fact("pays", "twins") == pytest.approx(2 / 3, abs=1e-12), "-[(S-P) + κ(T-P)] / (1+κ)D"
    assert (fact("pays", "mine"), fact("pays", "theirs")) == pytest.approx((0.1, -0.1), abs=1e-12)


@slow
def test_of_every_pair_that_a_reader_can_choose_one_of_two_sentences_is_true():
    """NumPy: twins settle at ⅔, of all others whoever starts higher tests with 82 %, for less."""
    units = np.stack(np.meshgrid(*[np.arange(61) / 60] * 2, indexing="ij"), -1).reshape(-1, 2)
    chances = ends(0.5, 6 * units - 3, 4000)
    twins = units[:, 0] == units[:, 1]
    np.testing.assert_allclose(chances[twins], 2 / 3, atol=1e-9)
    high, low = (fact("pays", x) for x in ("trusting", "other"))
    sides = np.sign(units[~twins] @ [1, -1])[:, None] * [1, -1]
    np.testing.assert_allclose(chances[~twins], np.where(sides > 0, high, low), atol=1e-6)
    assert paid(high, low) < fact("pays", "unread_pay") < paid(low, high)
    assert paid(2 / 3, 2 / 3) > fact("pays", "unread_pay")
    for start in ((0.5, 0.5), (0.0, 0.0), (7 / 60, 7 / 60), (0.25, 0.75), (1.0, 59 / 60)):
        card = CARDS["pays"]
        got = in_float64(card.find)(card.scene.model_copy(update={"starts": (start,)}))
        (wanted,) = ends(0.5, 6 * np.array([start]) - 3)
        keys = ("mine", "theirs", "trusting", "other", "trusting_pay", "other_pay")
        pays = paid(max(wanted), min(wanted)), paid(min(wanted), max(wanted))
        told = [*(6 * np.array(start) - 3), max(wanted), min(wanted), *pays]
        assert [got.facts[key].value for key in keys] == pytest.approx(told, abs=1e-5), start
        assert got.more["pair"] == ("twins" if start[0] == start[1] else "one")
        assert got.right == "one"


@slow
def test_shares_are_those_of_runs_in_numpy():
    """From other starts, 2026 by NumPy's own generator; README: exploits to 0.74, above both."""
    starts = np.random.default_rng(2026).normal(size=(100, 2))
    rows = found("both").arrays["shares"]
    for kappa in (0.3, 0.5, 0.6, 0.74, 0.76, 1.0):
        chances = ends(kappa, starts, 30_000)
        tests = (chances > 0.5).sum(axis=1)
        wanted = [np.mean(tests == count) for count in (2, 1, 0)]
        assert rows[np.isclose(rows[:, 0], kappa), 1:][0] == pytest.approx(wanted, abs=0.06), kappa
        alike = np.abs(np.diff(chances)) < 0.01
        assert (alike.mean() > 0.5) == (kappa >= fact("both", "alike") or kappa < 0.4)
    assert found("both").right == "more"
    assert fact("both", "alike") == 0.88
    assert (fact("both", "from"), fact("both", "one_to")) == (0.76, 0.74)
    high, low = ends(0.8, np.array([[0.1, -0.1]]))[0]
    got = [fact("both", x) for x in ("high", "low", "high_pay", "low_pay")]
    assert got == pytest.approx([high, low, paid(high, low), paid(low, high)], abs=1e-6)


@slow
def test_from_the_top_only_a_jump_pays():
    dials = np.linspace(-3, 3, 600_001)
    pays = paid(s(dials + 0.8 * 3), s(3 + 0.8 * dials))
    best = int(pays.argmax())
    assert found("stable").right == "jump"
    assert fact("stable", "jump") == pytest.approx(dials[best], abs=1e-4)
    assert fact("stable", "gain") == pytest.approx(pays[best] - pays[-1], abs=1e-9)
    assert fact("stable", "gain") == pytest.approx(0.134310712263, abs=1e-10)
    assert fact("stable", "little_pay") == pytest.approx(pays[550_000], abs=1e-9)
    assert fact("stable", "little_pay") < fact("stable", "now")
    assert fact("stable", "threshold") == pytest.approx(0.870467371354, abs=1e-6)
    assert slope(3.0, 3.0, 0.8) > 0, "so learners stay there"
    assert found("stable").more["verdict"] == "refuted", "as its text says"


@slow
def test_at_six_tenths_one_of_three_holds():
    starts = np.random.default_rng(7).normal(size=(50, 2))
    assert found("three").right == "one"
    assert 0.6 > 3 / 7 == pytest.approx(fact("three", "first"), abs=1e-8)
    assert fact("three", "both") == np.mean((ends(0.6, starts) > 0.5).all(axis=1)) == 0
    dials = np.linspace(-3, 3, 600_001)
    pays = paid(s(dials + 0.6 * 3), s(3 + 0.6 * dials))
    assert fact("three", "gain") == pytest.approx(pays.max() - pays[-1], abs=1e-9)


SIDES = [0, 1, 3, 2, 4]
"""The states of one player as the other one calls them."""


def rates(
    theta: np.ndarray, kappa: float, seen: list[int] | slice = slice(None)
) -> tuple[np.ndarray, np.ndarray]:
    """Discounted pay per round and rate of testing of player 1, in NumPy; γ = 0.96.

    `theta` is [..., player, state], states being start, CC, CD, DC, DD, one's own action first;
    `seen`, which of the other's dials is read in each.
    """
    p = s(theta + kappa * theta[..., ::-1, :][..., seen])
    mine, other = p[..., 0, :], p[..., 1, SIDES]
    joint = np.stack([mine * other, mine * (1 - other), (1 - mine) * other], axis=-1)
    joint = np.concatenate([joint, 1 - joint.sum(-1, keepdims=True)], axis=-1)
    left = np.eye(4) - 0.96 * np.swapaxes(joint[..., 1:, :], -1, -2)
    time = 0.04 * np.linalg.solve(left, joint[..., 0, :, None])[..., 0]
    return time @ np.array([3.0, 0.0, 5.0, 1.0]), time[..., 0] + time[..., 1]


def remembering(theta: np.ndarray, kappa: float, **how: Any) -> np.ndarray:
    """How many of two test more often than not after 1500 steps of ½ for sums over rounds.

    Of pairs that start at `theta` and follow central differences of their pay.
    """
    theta = np.clip(theta, -3, 3)
    nudges = np.concatenate([np.eye(5), -np.eye(5)]) * 1e-5
    for _ in range(1500):
        gradients = []
        for own in (theta, theta[:, ::-1]):
            moved = np.repeat(own[None], 10, axis=0)
            moved[:, :, 0] += nudges[:, None]
            pays = rates(moved, kappa, **how)[0] / 0.04
            gradients.append((pays[:5] - pays[5:]).T / 2e-5)
        theta = np.clip(theta + 0.5 * np.stack(gradients, axis=1), -3, 3)
    both = [rates(own, kappa, **how)[1] > 0.5 for own in (theta, theta[:, ::-1])]
    return np.sum(both, axis=0)


@slow
@pytest.mark.parametrize(("kappa", "key"), [(0.0, "memory"), (0.5, "together")])
def test_memory_and_reading_bring_what_runs_in_numpy_bring(kappa, key):
    tests = remembering(np.random.default_rng(3).normal(size=(100, 2, 5)), kappa)
    assert found("memory").right == "none"
    assert np.mean(tests == 2) == pytest.approx(fact("memory", key), abs=0.1)
    if key == "together":
        assert np.mean(tests == 0) == pytest.approx(fact("memory", "fallen"), abs=0.1)
    assert fact("memory", "keeps") == pytest.approx(3, abs=1e-12)
    assert fact("memory", "breaks") == pytest.approx(0.04 * 5 + 0.96 * 1, abs=1e-12)
    assert fact("memory", "rounds") == pytest.approx(sum(0.96**k for k in range(2000)), abs=1e-9)


@slow
def test_what_is_said_of_shares_of_memory_is_so():
    """Reading alone; how uncertain; and that other starts and ways of reading give others."""
    once = ends(0.5, np.random.default_rng(4).normal(size=(100, 2)))
    assert fact("memory", "reading") == np.mean((once > 0.5).all(axis=1)) == 0
    half = []  # Wilson's interval: its middle and half its width
    for share, runs in ((0.0, 128), (fact("memory", "together"), 128), (0.0, 256)):
        w = 1.959963984540054**2 / runs
        middle = (share + w / 2) / (1 + w)
        width = np.sqrt(w * share * (1 - share) + w * w / 4) / (1 + w)
        half.append(max(abs(middle + width - share), abs(middle - width - share)))
    assert fact("memory", "margin") == np.ceil(100 * max(half)) == 9
    assert (fact("memory", "runs"), fact("memory", "once")) == (128, 256)
    starts, together = (
        np.random.default_rng(11).normal(size=(100, 2, 5)),
        fact("memory", "together"),
    )
    assert np.mean(remembering(2 * starts, 0.5) == 2) > together + 0.05
    assert np.mean(remembering(starts, 0.5, seen=SIDES) == 2) < together - 0.2


def test_to_answer_pays_only_beside_somebody_who_answers():
    """Tit for tat against skipping always, and all that do not answer; in NumPy."""
    far = 40.0  # of a dial: chances of 0 and 1
    answers, skips = far * np.array([1, 1, -1, 1, -1]), np.full(5, -far)
    assert rates(np.array([answers, answers]), 0.0)[0] > rates(np.array([skips, answers]), 0.0)[0]
    for chance in np.linspace(-far, far, 9):
        other = np.full(5, chance)
        assert rates(np.array([skips, other]), 0.0)[0] > rates(np.array([answers, other]), 0.0)[0]


@slow
def test_longer_dials_hold_the_other_up():
    """At -κM one's own chance is ½, and the other's dial still reads (1 - κ²) M; in NumPy."""
    for bound in (1, 3, 5):
        coin = s(np.array([-0.8 * bound + 0.8 * bound, bound - 0.8**2 * bound]))
        assert fact("bounds", f"coin{bound}") == pytest.approx(coin[1], abs=1e-12)
        assert coin[0] == 0.5
        kappa, dials = fact("bounds", f"bound{bound}"), np.linspace(-bound, bound, 200_001)
        for nearby, gains in ((kappa - 1e-3, True), (kappa + 1e-3, False)):
            pays = paid(s(dials + nearby * bound), s(bound + nearby * dials))
            assert (pays.max() > pays[-1] + 1e-9) == gains
        slope_there = paid(*s(np.array([1e-6, 3e-6 / 7]))) - paid(*s(np.array([-1e-6, -3e-6 / 7])))
        assert slope_there == pytest.approx(0, abs=1e-12)
    assert fact("bounds", "first") == pytest.approx(3 / 7, abs=1e-8)


# ---- what links of cards open


def portrait_of(name: str) -> tuple[dict[str, Any], np.ndarray]:
    """A card's link in the sandbox: the reader's run alone of its paths."""
    card = CARDS[name]
    header, arrays = read_answer(portrait_frame(card.opens or card.scene, 1))
    (own,) = header["lengths"][header["samples"] :]
    return header, arrays["paths"][-own:]


@slow
def test_the_first_card_opens_its_own_learner():
    """Beside a lab that cannot gain and so stands still: the same walk to the same end."""
    header, path = portrait_of("alone")
    np.testing.assert_array_equal(path[:, 1], 0)
    np.testing.assert_allclose(path[[0, -1], 0], [0, -3], atol=1e-6)
    theta = [0.0]
    for _ in range(600):
        p = s(theta[-1])
        theta.append(max(-3.0, theta[-1] + 0.1 * A * p * (1 - p)))
    nearest = np.abs(path[:, :1] - np.array(theta)).min(axis=1)
    np.testing.assert_allclose(nearest, 0, atol=1e-5)
    assert header["steps"] == 600


@slow
def test_the_fourth_card_opens_a_run_from_the_middle():
    _, path = portrait_of("much")
    np.testing.assert_array_equal(path[0], [0, 0])
    assert path[1, 0] == path[1, 1] > 0, "both set out towards testing at ½"


@slow
def test_the_card_about_memory_opens_its_own_steps():
    """Steps of 12.5 for pay per round are ½ for the sum, which is 1 / (1 - γ) times it."""
    opens = CARDS["memory"].opens
    assert opens is not None
    assert opens.repeated is not None
    assert opens.repeated.discount == 0.96
    assert opens.coupling == (0.0, 0.0)
    theta = tuple(np.random.default_rng(5).normal(size=(2, 5)))
    stage = gh.load_game("prisoners_dilemma")
    sums = gh.LogisticFamily(gh.games.RepeatedGame(stage, 0.96, "sum"), 3.0)(0.0)
    a = gh.run(sums, params=theta, steps=20, step_size=fact("memory", "step"))
    b = gh.run(shown_game(opens), params=theta, steps=20, step_size=opens.step_size)
    np.testing.assert_allclose(b.params, a.params, atol=1e-9)
    assert opens.step_size == fact("memory", "size") == 12.5


@slow
def test_of_ones_own_payoffs_it_says_whether_the_top_holds():
    """At a corner small steps pay below (T-R)/(R-S), which is 4 of the second game."""
    assert found("own").right == "yes"
    card = CARDS["own"]
    never = in_float64(card.find)(symmetric_scene(R=1.0, S=0.0, T=5.0, P=3.0))
    assert never.right == "no"
    assert never.more["rays"]["outcome"]["holds"] == "nowhere"


EXPECTED = [
    ("favours", {"first": 1 / 3, "equilibrium": 0.694207256032}, 1e-6),
    ("glimpses", {"full": 3 / 7, "half": 6 / 7}, 1e-6),
    ("noise", {"full": 3 / 7, "noisy": 3 / 7}, 1e-6),
    ("one-reads", {"reader": V * A, "read": V * (A + B / 2), "first": (46**0.5 - 2) / 7}, 1e-6),
    ("hunt", {"first": 0.2, "both": 0.74, "one": 0.0, "none": 0.26}, 0.03),
    ("all-at-once", {"both": 0.30, "one": 0.27, "none": 0.43}, 0.06),
    ("bounds", {"bound1": 0.60496511, "bound3": 0.87046737, "bound5": 0.93635719}, 1e-6),
    ("fine", {"with_first": 1 / 3, "with_equilibrium": 0.694207256, "without_first": 3 / 7}, 1e-6),
    ("road", {"first": 0.0, "one": 1.0, "equilibrium": 0.989856393}, 1e-6),
]
"""Closed forms (one reads: 3.5 κ² + 2 κ - 3 = 0) and the tables of docs/background; shares there
are of other starts."""


@slow
@pytest.mark.parametrize(("name", "wanted", "tolerance"), EXPECTED)
def test_answers_of_exercises(name, wanted, tolerance):
    got = {key: fact(name, key) for key in wanted}
    assert got == pytest.approx(wanted, abs=tolerance)


@slow
def test_who_changes_places_changes_pay():
    runs = [[fact("swapped", f"{run}{player}_pay") for player in (1, 2)] for run in "ab"]
    assert runs[0] == pytest.approx(runs[1][::-1], abs=1e-9)
    assert runs[0][0] < runs[0][1], "the one that starts higher is exploited"


# ---- asking


def test_cards_are_asked_for_by_name_and_others_refused():
    with running() as server, visiting(server) as page:
        assert heard(page)[0]["kind"] == "hello"
        page.send(json.dumps({"number": 1, "card": "contents"}))
        header, _ = until(page, "contents")
        assert [x["name"] for x in header["story"]] == list(CARDS)
        assert [x["name"] for x in header["exercises"]] == list(EXERCISES)
        page.send(json.dumps({"number": 2, "card": "red"}))
        header, _ = heard(page)
        assert header["kind"] == "error"
        assert "unknown card 'red': did you mean 'read'" in header["message"]
        mine = lab_scene(0.3).model_dump()
        page.send(json.dumps({"number": 3, "card": "read", "scene": mine}))
        header, arrays = until(page, "told", number=3)
        assert header["right"] == found("read").right
        assert header["scene"]["coupling"] == [0.5, 0.5], "it takes no other scene"
        np.testing.assert_array_equal(arrays["dial"], found("read").arrays["dial"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"number": 1, "card": "x", "path": "/etc"}', "unknown key 'path'"),
        ('{"number": 1, "card": 5}', "card"),
        (json.dumps({"number": 1, "card": "x" * 41}), "at most 40"),
        ('{"number": 1, "card": "own", "scene": {"payoffs": []}}', r"scene\.payoffs"),
        ('{"number": -1, "card": "own"}', "number"),
    ],
)
def test_what_names_no_card_is_refused(text, said):
    with pytest.raises(InputError, match=said):
        read_question(text)


def test_a_title_that_names_a_card_is_no_card():
    scene = lab_scene(0.5).model_dump()
    for title in ("card", '"card":', '\\"card\\": 1'):
        asked = read_question(json.dumps({"number": 1, "scene": {**scene, "title": title}}))
        assert not isinstance(asked, Told)


# ---- languages


def test_a_folder_of_translations_is_listed_and_nothing_else_of_it_read(tmp_path):
    assert json.loads(page_files()["/languages.json"][0]) == {"texts": ["en"], "story": ["en"]}
    for name in ("story.qaa.json", "texts.pt-BR.json", "main.js", "other.json", "story.EN.json"):
        (tmp_path / name).write_text("{}")
    files = page_files(tmp_path)
    listed = json.loads(files["/languages.json"][0])
    assert listed == {"texts": ["en", "pt-BR"], "story": ["en", "qaa"]}
    assert set(files) - set(page_files()) == {"/story.qaa.json", "/texts.pt-BR.json"}
    assert files["/main.js"] == page_files()["/main.js"]
    (tmp_path / "story.qaa.json").write_text("{")
    with pytest.raises(InputError, match="is not valid JSON"):
        page_files(tmp_path)
    with pytest.raises(InputError, match=r"there is no texts\.xx\.json or story\.xx\.json"):
        page_files(Path(tmp_path / "none"))


@pytest.mark.parametrize(
    ("pays", "needless", "first"),
    [
        ((2.0, 3.0, 0.0, 2.0), True, "everywhere"),
        pytest.param((4.0, 3.0, 0.0, 2.0), False, "everywhere", marks=slow),
        pytest.param((3.0, 4.0, 2.0, 0.0), True, "above", marks=slow),
        pytest.param((1.0, 1.0, 1.0, 1.0), True, "nowhere", marks=slow),
        pytest.param((5.0, 3.0, 1.0, 0.0), False, "above", marks=slow),
    ],
)
def test_no_strength_below_zero_is_told_and_what_needs_no_reading_is(pays, needless, first):
    """At 0 the top is an equilibrium where a cooperator's pay there is the best of its dials'."""
    T, R, P, S = pays
    scene = symmetric_scene(R=R, S=S, T=T, P=P, coupling=(0.5, 0.5)).model_dump()
    with running() as server, visiting(server) as page:
        page.send(json.dumps({"number": 1, "card": "own", "scene": scene}))
        header, _ = until(page, "told")
    dials, q = s(np.linspace(-3, 3, 2001)), s(3.0)
    pay = dials * (R * q + S * (1 - q)) + (1 - dials) * (T * q + P * (1 - q))
    assert bool(pay[-1] >= pay.max() - 1e-12) is needless is header["needless"]
    along = header["rays"]
    assert along["first"]["holds"] == first
    assert (along["equilibrium"]["holds"] == "everywhere") is needless
    for ray in along.values():
        assert ray["value"] is None or ray["value"] >= 0
        assert ray["searched"][0] == 0
    pull = (R + S - T - P) / 2
    assert (first == "everywhere") == (pull > 0)


@slow
def test_the_border_of_the_first_movement_is_not_that_of_exploitation():
    """Of most pairs it may come before that from the middle, as a card says."""
    assert fact("both", "one_from") == 0.42 < fact("much", "threshold")
