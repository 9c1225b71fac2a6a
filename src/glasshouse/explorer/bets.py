"""The cards of the story: what each asks the library, and which bet is right."""

import functools

import numpy as np

from glasshouse.analysis import (
    best_deviation,
    boundary_test,
    certify,
    cooperation,
    deviation_curve,
    first_movement,
    first_order_margin,
)
from glasshouse.channels import Full, OneSided
from glasshouse.dynamics import learn, run
from glasshouse.explorer.building import SETTLING_STEPS, family_of, shown_game, stage_game
from glasshouse.explorer.protocol import AskedRepetition, Scene
from glasshouse.explorer.remembering import DISCOUNT, PER_ROUND, memory_told
from glasshouse.explorer.told import (
    MAJORITY,
    SHARE_POINTS,
    SWITCH_TOLERANCE,
    UNTIL_REST,
    Band,
    Card,
    Fact,
    Finding,
    as_percent,
    band,
    ends_told,
    grid,
    proved_ray,
    rays,
    symmetric_scene,
)
from glasshouse.parametric import ParametricGame
from glasshouse.rules import Fixed, Gradient, PerPlayer
from glasshouse.theory import diagonal, tied_outcome

DIAL_POINTS = 61
"""Places of a dial that can be tried."""

READING_POINTS = 51
"""Couplings from 0 to 1 whose first movement can be tried."""

AS_LIKELY, HALF_CHANCE = 0.01, 0.5
"""Chances that differ by less are called alike; who tests with more, tests."""

HEAD_START = (31 / 60, 29 / 60)
"""Where the two begin whose ends are told, in units of the box: a tenth from the middle."""

BETS_ON_READING = {"any": 0.05, "quarter": 0.25, "half": 0.45}
"""Couplings that choices stand for: the nearest to what is found is right."""

BETS_ON_BOTH = {"first": 0.43, "more": 0.76, "never": np.inf}


UNMOVED = (((3.0, 0.0), (5.0, 1.0)), ((1.0, 1.0), (1.0, 1.0)))
"""The labs' payoffs, the other lab being paid 1 whatever happens: it has no reason to move."""


def lab_scene(kappa: float, **more: object) -> Scene:
    """The two labs of the story, who read each other alike."""
    given = {"title": "Two labs", "coupling": (kappa, kappa), **more}
    return symmetric_scene(R=3.0, S=0.0, T=5.0, P=1.0, **given)


def _dials(game: ParametricGame, other: float, bound: float) -> np.ndarray:
    """Of each place of the first dial: itself, both chances, what it pays."""
    dials = np.linspace(-bound, bound, DIAL_POINTS)
    pays = deviation_curve(game, (0.0, other), 0, dials)
    chances = [game.cooperation((float(t), other)) for t in dials]
    return np.column_stack([dials, chances, pays])


def _alone(scene: Scene) -> Finding:
    """One learner beside a lab that takes no notice."""
    game = shown_game(scene)
    line_up = PerPlayer((Gradient(), Fixed()))
    end = run(game, line_up, (0.0, 0.0), steps=SETTLING_STEPS, step_size=scene.step_size).params
    chance = float(game.cooperation(end)[0])
    paid = [float(game.payoffs(x)[0]) for x in ((0.0, 0.0), end, (scene.bound, 0.0))]
    facts = {
        "chance": as_percent(chance),
        "start_pay": Fact(paid[0]),
        "pay": Fact(paid[1]),
        "top_pay": Fact(paid[2]),
    }
    right = "up" if chance > 2 / 3 else "down" if chance < 1 / 3 else "middle"
    return Finding(facts, right, {"dial": _dials(game, 0.0, scene.bound)})


def _most(scene: Scene) -> tuple[str, dict[str, Fact], float]:
    """In what most runs from random starts end, and what they pay on average."""
    right, facts, pay = _counted(scene.model_copy(update={"starts": ()}).model_dump_json())
    return right, dict(facts), pay


@functools.lru_cache(maxsize=64)
def _counted(written: str) -> tuple[str, dict[str, Fact], float]:
    """The same once, wherever a reader lets a pair start."""
    scene = Scene.model_validate_json(written)
    (found,) = ends_told(scene, [scene.coupling[0]])
    shares = {"both": found.cooperation, "one": found.exploitation, "none": found.defection}
    facts: dict[str, Fact] = {name: as_percent(share.value) for name, share in shares.items()}
    facts["runs"] = Fact(found.cooperation.runs, 0)
    return max(shares, key=lambda name: shares[name].value), facts, float(np.mean(found.payoffs))


def _dilemma(scene: Scene) -> Finding:
    right, facts, pay = _most(scene)
    table = np.array(stage_game(scene).tensor)[0]
    gains = table[1] - table[0]
    facts |= {"gain_if_tests": Fact(gains[0], 0), "gain_if_skips": Fact(gains[1], 0)}
    top = shown_game(scene).payoffs((scene.bound, scene.bound))
    facts |= {"pay": Fact(pay), "top_pay": Fact(float(top[0]))}
    return Finding(facts, right, more={"table": table})


def _read(scene: Scene) -> Finding:
    """The pull on the first dial: when it reads, when it is read, both, neither."""
    ways = {
        "both": Full(),
        "reads": OneSided((0,)),
        "read": OneSided((1,)),
        "neither": OneSided(()),
    }
    semantics = shown_game(scene).semantics
    pulls = {}
    for name, channel in ways.items():
        game = ParametricGame(stage_game(scene), semantics, channel)
        pulls[name] = float(game.selfish_gradients((0.0, 0.0))[0])
    facts = {name: Fact(pull, 3) for name, pull in pulls.items() if name != "both"}
    alone = {name for name in ("reads", "read") if pulls[name] > 0}
    right = "either" if len(alone) == 2 else alone.pop() if alone else "neither"
    bars = [{"name": name, "value": pulls[name]} for name in ("neither", "reads", "read", "both")]
    dial = _dials(shown_game(scene), 0.0, scene.bound)
    return Finding(facts, right, {"dial": dial}, {"bars": bars})


def _nearest(value: float, bets: dict[str, float]) -> str:
    """The choice that stands for the nearest coupling; infinite is what is not found."""
    if not np.isfinite(value):
        return next(name for name, bet in bets.items() if not np.isfinite(bet))
    return min(bets, key=lambda name: abs(bets[name] - value))


def _much(scene: Scene) -> Finding:
    """From which coupling both set out to test more, and the pull on their dials at others."""
    family = family_of(scene)

    def pull(kappa: float) -> float:
        return float(family(kappa).selfish_gradients((0.0, 0.0))[0])

    switch = first_movement(family, tolerance=SWITCH_TOLERANCE)
    value = np.inf if switch.value is None else switch.value
    couplings = np.linspace(0.0, 1.0, READING_POINTS).round(6)
    moves = np.column_stack([couplings, [pull(float(x)) for x in couplings]])
    facts = {"threshold": Fact(value, 4)}
    facts |= {name: Fact(pull(bet), 3) for name, bet in BETS_ON_READING.items()}
    facts |= {f"at_{name}": Fact(bet) for name, bet in BETS_ON_READING.items()}
    ray = {"value": value, "holds": switch.holds, "searched": switch.searched}
    return Finding(facts, _nearest(value, BETS_ON_READING), {"moves": moves}, {"ray": ray})


def _begun(scene: Scene) -> tuple[float, float]:
    """Where the two dials begin whose ends are told."""
    first, second = (scene.bound * (2 * unit - 1) for unit in (scene.starts or (HEAD_START,))[0])
    return first, second


def _ended(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Chances and pays of these two in the end."""
    game = shown_game(scene)
    end = run(game, params=_begun(scene), steps=SETTLING_STEPS, step_size=scene.step_size).params
    return np.asarray(game.cooperation(end)), np.asarray(game.payoffs(end))


def _pays(scene: Scene) -> Finding:
    """Where two end who begin where the reader lets them, if not almost alike."""
    right, facts, _ = _most(scene)
    begun, (chances, paid) = _begun(scene), _ended(scene)
    high, low = np.argsort(chances)[::-1]
    twins = tied_outcome(diagonal(family_of(scene)(scene.coupling[0])))
    *_, unread = _most(scene.model_copy(update={"coupling": (0.0, 0.0)}))
    facts |= {
        "mine": Fact(begun[0], 1),
        "theirs": Fact(begun[1], 1),
        "trusting": as_percent(chances[high]),
        "other": as_percent(chances[low]),
        "trusting_pay": Fact(float(paid[high])),
        "other_pay": Fact(float(paid[low])),
        "twins": as_percent(twins),
        "unread_pay": Fact(unread),
    }
    return Finding(facts, right, more={"pair": _kind_of_pair(chances)})


def _kind_of_pair(chances: np.ndarray) -> str:
    """Which of the sentences about a pair is true of its end."""
    return "twins" if np.ptp(chances) < AS_LIKELY else "one"


def _both(scene: Scene) -> Finding:
    """Shares of the three outcomes along the coupling."""
    couplings = grid(SHARE_POINTS)
    found = ends_told(scene, couplings)
    shares = np.array(
        [[x.cooperation.value, x.exploitation.value, x.defection.value] for x in found]
    )
    both, one = (band(couplings, shares[:, k] > MAJORITY) for k in (0, 1))
    lasts = bool((shares[couplings >= both.first, 0] > MAJORITY).all())
    value = both.first if lasts else np.inf
    there = int(np.searchsorted(couplings, 0.8))
    unequal = _unequal(scene, float(couplings[there]))
    facts = {
        "runs": Fact(found[0].cooperation.runs, 0),
        "steps": Fact(SETTLING_STEPS, 0),
        "from": Fact(both.first),
        "alike": Fact(_alike(scene, couplings).first),
        "one_from": Fact(one.first),
        "one_to": Fact(one.last),
        "there": Fact(couplings[there], 1),
        "half_one": as_percent(shares[int(np.searchsorted(couplings, 0.5)), 1]),
        **unequal,
    }
    rows = np.column_stack([couplings, shares])
    return Finding(facts, _nearest(value, BETS_ON_BOTH), {"shares": rows})


def _alike(scene: Scene, couplings: np.ndarray) -> Band:
    """Where most pairs end with chances that differ by less than a hundredth, both testing."""
    family = family_of(scene)
    chances = learn([family(float(x)) for x in couplings], UNTIL_REST, cooperation).observed
    alike = np.ptp(chances, axis=-1) < AS_LIKELY
    return band(couplings, (alike & (np.min(chances, axis=-1) > HALF_CHANCE)).mean(-1) > MAJORITY)


def _unequal(scene: Scene, kappa: float) -> dict[str, Fact]:
    """How the two who begin almost alike end, at this coupling."""
    there = scene.model_copy(update={"coupling": (kappa, kappa), "starts": (HEAD_START,)})
    (higher, lower), (chances, paid) = _begun(there), _ended(there)
    return {
        "higher": Fact(higher, 1),
        "lower": Fact(lower, 1),
        "high": as_percent(max(chances)),
        "low": as_percent(min(chances)),
        "high_pay": Fact(paid[int(np.argmax(chances))]),
        "low_pay": Fact(paid[int(np.argmin(chances))]),
    }


def _step(points: int) -> Fact:
    """By how much the couplings differ at which outcomes are counted."""
    return Fact(float(np.diff(grid(points))[0]))


def _stable(scene: Scene) -> Finding:
    """Whether one gains by leaving the top, a little or at once; and whether that is proved."""
    game = shown_game(scene)
    corner = (scene.bound, scene.bound)
    test = boundary_test(game)
    found = best_deviation(game, corner, 0)
    proof = certify(game, corner, 0.0)
    little = (scene.bound - 0.5, scene.bound)
    there = float(np.ravel(found.best)[0])
    now = float(game.payoffs(corner)[0])
    gains = found.gain > test.tolerance * float(game.game.payoff_ranges[0])
    right = "nothing" if not gains else "jump" if test.slopes[0] >= 0 else "little"
    along = proved_ray(scene)
    facts = {
        "chance": as_percent(game.cooperation(corner)[0]),
        "now": Fact(now, 4),
        "little": Fact(little[0], 1),
        "little_pay": Fact(float(game.payoffs(little)[0]), 4),
        "jump": Fact(there),
        "gain": Fact(found.gain, 4),
        "jump_pay": Fact(now + found.gain, 4),
        "threshold": Fact(along["equilibrium"]["value"], 4),
        "highest": Fact(along["equilibrium"]["searched"][1], 0),
    }
    more = {"rays": along, "verdict": proof.verdict, "best": (there, now + found.gain)}
    return Finding(facts, right, {"dial": _dials(game, scene.bound, scene.bound)}, more)


def _three(scene: Scene) -> Finding:
    """Which of the three hold at one coupling."""
    kappa, game, along = scene.coupling[0], shown_game(scene), rays(scene, SHARE_POINTS)
    (found,) = ends_told(scene, [kappa])
    test = boundary_test(game)
    margin = first_order_margin(game, game.neutral())
    holds = (margin > 0, found.cooperation.value > MAJORITY, bool(test.passes))
    names = {(True, False, False): "one", (True, True, False): "two", (True, True, True): "three"}
    facts = {
        "first": Fact(along["first"]["value"]),
        "outcome": Fact(along["outcome"]["value"]),
        "equilibrium": Fact(along["equilibrium"]["value"]),
        "both": as_percent(found.cooperation.value),
        "one": as_percent(found.exploitation.value),
        "gain": Fact(test.deviations[0].gain),
        "step": _step(SHARE_POINTS),
    }
    return Finding(facts, names.get(holds, "none"), more={"rays": along})


def _own(scene: Scene) -> Finding:
    """The three, of a reader's own payoffs; at strength 0 nobody reads."""
    along = rays(scene, SHARE_POINTS)
    holds = along["equilibrium"]["holds"]
    right = {"above": "yes", "everywhere": "yes", "nowhere": "no"}.get(holds, "")
    more = {"rays": along, "needless": holds == "everywhere"}
    return Finding({"step": _step(SHARE_POINTS)}, right, more=more)


ONE_LEARNS = Scene(title="One lab", payoffs=UNMOVED, coupling=(0.0, 0.0), starts=((0.5, 0.5),))
FROM_MIDDLE = lab_scene(0.5, starts=((0.5, 0.5),))
REMEMBERED = lab_scene(0.0, step_size=PER_ROUND, repeated=AskedRepetition(discount=DISCOUNT))
"""What links of cards open whose own scene is not all of their case."""

CARDS = {
    card.name: card
    for card in (
        Card(
            "alone",
            lab_scene(0.0),
            _alone,
            ("up", "middle", "down"),
            "dial",
            "curve",
            opens=ONE_LEARNS,
        ),
        Card("dilemma", lab_scene(0.0), _dilemma, ("both", "one", "none"), "table", "portrait"),
        Card("read", lab_scene(0.5), _read, ("reads", "read", "either"), "dial", "bars"),
        Card(
            "much",
            lab_scene(0.5),
            _much,
            ("any", "quarter", "half"),
            "",
            "moves",
            opens=FROM_MIDDLE,
        ),
        Card(
            "pays",
            lab_scene(0.5, starts=(HEAD_START,)),
            _pays,
            ("both", "none", "one"),
            "starts",
            "portrait",
            takes=True,
        ),
        Card("both", lab_scene(0.8), _both, ("first", "more", "never"), "", "shares"),
        Card("stable", lab_scene(0.8), _stable, ("nothing", "little", "jump"), "", "leaving"),
        Card("three", lab_scene(0.6), _three, ("one", "two", "three"), "", "rays"),
        Card(
            "memory",
            lab_scene(0.5),
            memory_told,
            ("most", "half", "none"),
            "",
            "bars",
            opens=REMEMBERED,
        ),
        Card("own", lab_scene(0.5), _own, ("yes", "no"), "payoffs", "rays", takes=True),
    )
}
"""In the order in which they are told."""
