"""Whether each player's payoff is quasi-concave in its own parameters: proofs and witnesses."""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Numbers, Pair, Whole, number, pair, whole
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.random import Purpose, normals
from glasshouse._foundation.results import few
from glasshouse.analysis.equilibria.complete.search import pose
from glasshouse.analysis.equilibria.mixed.facing import bounds_of, params_from
from glasshouse.analysis.equilibria.witness import Witness
from glasshouse.analysis.equilibrium.certification import posed, semantics_numbers
from glasshouse.certificates import intervals as iv
from glasshouse.certificates.count.exclusion import sign_of
from glasshouse.certificates.count.joint import BOTH, Joint
from glasshouse.certificates.covers import Region, can_split, halves
from glasshouse.certificates.document import LogisticNumbers
from glasshouse.certificates.gain import Gain
from glasshouse.dynamics.batch import batch_map
from glasshouse.errors import InputError
from glasshouse.parametric.dense import DenseGame

SEGMENTS, ALONG = 256, 257
"""Segments of each player's box that are looked along for a witness, and points on each."""

EDGES = 64
"""On so many of them the others are at their bounds."""

FARTHEST_WITNESS = 20.0
"""How far from zero witnesses are sought where a box has no end."""

LEAST_DIP = 1e-9
"""A dip of less than this share of the payoffs' range is no candidate for a witness."""

HALFWAY_GRID = 2.0**-20
"""Ends of segments of several parameters are multiples of this, so that halfway is one exactly."""

CONCAVITY_BITS = 160
"""Bits of the proofs."""


class Concavity(NamedTuple):
    """Whether payoffs are quasi-concave, None where that is not decided; why; a witness."""

    holds: bool | None
    why: str
    witness: Witness | None = None


@dataclasses.dataclass(frozen=True, repr=False)
class ConcavityThreshold(Evidenced):
    """Between which strengths of reading payoffs stop being quasi-concave, or begin to be.

    **Arguments:** `holds`, where they are proved to be; `fails`, where `witness` shows that they
    are not; all None where the ends of the range searched do not differ; `method`, `detail`.
    """

    holds: float | None
    fails: float | None
    witness: Witness | None
    method: str
    detail: str

    @property
    def value(self) -> float | None:
        """The middle between both."""
        if self.holds is None or self.fails is None:
            return None
        return (self.holds + self.fails) / 2


def quasi_concavity(game: DenseGame, budget: int) -> Concavity:
    """Whether every player's payoff is quasi-concave in its own parameters, whatever others do."""
    if _reads_nobody(game):
        return Concavity(True, "nobody reads anybody: each payoff is monotone in its own parameter")
    dip = _dip(game)
    if dip is not None:
        return Concavity(False, _said_of(dip), dip)
    problem = pose(game)
    if isinstance(problem, str):
        return Concavity(None, f"no witness was found, and a proof is not tried: {problem}")
    with iv.precision(CONCAVITY_BITS):
        joint = Joint(problem.program.program(), problem.payoffs, problem.is_builtin)
        unproved = [p for p in BOTH if not _is_proved(joint, problem.boxes, p, budget)]
    if unproved:
        who = f"player {unproved[0] + 1}"
        return Concavity(None, f"no witness was found, and no proof for {who} in {budget} pieces")
    return Concavity(
        True, "where a payoff is level along its own parameter it bends down, or it never bends up"
    )


@in_float64
def quasi_concavity_threshold(
    family: Callable[[float], DenseGame],
    *,
    bracket: Pair = (0.0, 0.5),
    tolerance: Numbers = 1e-3,
    budget: Whole = 20_000,
) -> ConcavityThreshold:
    """Where along the strength of reading payoffs stop being quasi-concave, between two proofs.

    By bisection, so that further changes between the ends are not seen: in the prisoner's dilemma
    payoffs are quasi-concave again from some coupling on.

    **Arguments:** `family`, of two players with one bounded parameter each; `bracket`, low and
    high, payoffs being quasi-concave at one of both and not at the other; `tolerance`, the width
    wanted, which is not reached where neither a proof nor a witness is found between.
    **Raises:** `InputError` for other games.
    **Cost:** a second or two; half a minute for digits, as proofs take longer near the threshold.

        import glasshouse as gh
        from glasshouse.analysis import quasi_concavity_threshold

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        print(round(quasi_concavity_threshold(family).value, 2))  # 0.09
    """
    if not callable(family):
        raise InputError(
            f"a threshold needs a family, such as LogisticFamily, not {type(family).__name__}: of "
            "one game ask existence"
        )
    low, high = pair(bracket, "bracket")
    tolerance, budget = number(tolerance, "tolerance", above=0.0), whole(budget, "budget")
    method = "bisection between proofs in Arb arithmetic"
    ends = {x: quasi_concavity(family(x), budget) for x in (low, high)}
    if {found.holds for found in ends.values()} != {True, False}:
        said = " and ".join(f"at {x:g} {_said(found)}" for x, found in ends.items())
        tip = "; a bracket is needed whose ends differ, and they may switch more than once inside"
        return ConcavityThreshold(None, None, None, method, said + tip)
    holds = next(x for x, found in ends.items() if found.holds)
    fails, witness = next((x, found.witness) for x, found in ends.items() if not found.holds)
    detail = f"to {tolerance:g}"
    while abs(fails - holds) > tolerance:
        middle = (holds + fails) / 2
        found = quasi_concavity(family(middle), budget)
        if found.holds is None:
            detail = f"undecided at {middle:.6g}: {found.why}"
            break
        if found.holds:
            holds = middle
        else:
            fails, witness = middle, found.witness
    return ConcavityThreshold(holds, fails, witness, method, detail)


def _said_of(dip: Witness) -> str:
    x, y, z = (few(profile[dip.player]) for profile in dip.profiles)
    others = [
        f"player {j + 1} is at {few(own)}"
        for j, own in enumerate(dip.profiles[0])
        if j != dip.player
    ]
    where = f" while {' and '.join(others)}" if len(others) == 1 else ""
    return f"player {dip.player + 1} is paid less at {y} than at {x} and at {z}{where}"


def _said(found: Concavity) -> str:
    verdict = {True: "they are quasi-concave", False: "they are not", None: "undecided"}
    return f"{verdict[found.holds]} ({found.why})"


def _reads_nobody(game: DenseGame) -> bool:
    """Whether the numbers of a semantics of two actions each say that nobody reads anybody."""
    numbers = semantics_numbers(game)
    if not isinstance(numbers, LogisticNumbers) or set(game.game.actions) != {2}:
        return False
    return not any(weight for row in numbers.coupling for weight in row)


def _is_proved(joint: Joint, boxes: Region, player: int, budget: int) -> bool:
    """Whether a player's payoff, whatever the other does, has no minimum inside its range.

    On each piece its slope has one sign, or it bends down: then the slope never goes from below
    zero to above. Where it never bends up, slopes of zero do not matter.
    """
    if joint.bends(boxes, player)[player][1] <= 0:
        return joint.view(boxes).proper
    waiting = [boxes]
    for _ in range(budget):
        if not waiting:
            return True
        region = waiting.pop()
        view = joint.view(region)
        falls = view.proper and joint.bends(region, player)[player][1] < 0
        if falls or (view.proper and sign_of(view.slopes[player][player])):
            continue
        widths = [
            (high - low) / (end[1] - end[0]) for (low, high), end in zip(region, boxes, strict=True)
        ]
        axis = int(np.argmax(widths))
        if not can_split(region[axis]):
            return False
        first, second = halves(region, axis)
        waiting += [(second[0], second[1]), (first[0], first[1])]
    return False


def _dip(game: DenseGame) -> Witness | None:
    """A dip on a segment on which a player's payoff is not quasi-concave, shown in Arb."""
    lower, upper = bounds_of(game)
    low, high = (np.concatenate(x) for x in (lower, upper))
    low = np.where(np.isfinite(low), low, np.minimum(high, 0.0) - FARTHEST_WITNESS)
    high = np.where(np.isfinite(high), high, np.maximum(low, 0.0) + FARTHEST_WITNESS)
    for player in range(len(game.spaces)):
        ranges = float(np.asarray(game.game.payoff_ranges)[player])
        begins, ends = _segments(game, player, low, high)
        paid = batch_map(_along, (begins, ends), game, np.asarray(player), _shares(game, player))
        before = np.maximum.accumulate(paid, axis=1)
        after = np.maximum.accumulate(paid[:, ::-1], axis=1)[:, ::-1]
        dips = np.minimum(before, after) - paid
        for line in np.argsort(-dips.max(axis=1))[:4]:
            if dips[line].max() > LEAST_DIP * ranges:
                segment = np.stack([begins[line], ends[line]])
                dip = _shown(game, player, segment, paid[line], (low, high))
                if dip is not None:
                    return dip
    return None


def _segments(
    game: DenseGame, player: int, low: np.ndarray, high: np.ndarray
) -> tuple[Float[np.ndarray, "lines n"], Float[np.ndarray, "lines n"]]:
    """Ends of segments along which one player moves: across its box, or between random points."""
    own = _own(game, player)
    drawn = normals(player, Purpose.DIRECTIONS, SEGMENTS, 2 * len(low))
    shares = 0.5 + 0.5 * np.tanh(1.5 * drawn)  # all over the box, and near its bounds
    shares[:EDGES, : len(low)] = np.sign(drawn[:EDGES, : len(low)]) > 0
    begins = low + (high - low) * shares[:, : len(low)]
    ends = begins.copy()
    begins[:, own] = low[own] + (high[own] - low[own]) * shares[:, : len(low)][::-1, own]
    ends[:, own] = low[own] + (high[own] - low[own]) * shares[:, len(low) :][:, own]
    if own.stop - own.start == 1:
        begins[:, own], ends[:, own] = low[own], high[own]
    return begins, ends


def _along(
    segment: tuple[Array, Array], game: DenseGame, player: Array, shares: Array
) -> Float[Array, "points"]:
    begin, end = segment
    profiles = begin + jnp.asarray(shares)[:, None] * (end - begin)
    return jax.vmap(lambda x: game.centred_payoffs(params_from(x, game))[player])(profiles)


def _shown(
    game: DenseGame,
    player: int,
    segment: Float[np.ndarray, "2 n"],
    paid: np.ndarray,
    box: tuple[np.ndarray, np.ndarray],
) -> Witness | None:
    """The deepest dip on a segment, if Arb confirms it."""
    begin, end = segment
    own = _own(game, player)
    several = own.stop - own.start > 1
    left, middle, right = _deepest(paid, halfway=several)
    shares = _shares(game, player)
    low, high = box
    x, y, z = (np.clip(begin + shares[k] * (end - begin), low, high) for k in (left, middle, right))
    if several:  # so that the point halfway is one exactly, and all lie inside
        lowest, highest = np.ceil(low / HALFWAY_GRID), np.floor(high / HALFWAY_GRID)
        x, z = (
            np.clip(np.round(point / HALFWAY_GRID), lowest, highest) * HALFWAY_GRID
            for point in (x, z)
        )
        y = (x + z) / 2
    if not all(np.all((low <= point) & (point <= high)) for point in (x, y, z)):
        return None
    try:
        problem, _ = posed(game, params_from(y, game), None)
    except InputError:  # rounded out of the box, or a semantics that no program computes
        return None
    left_end, between, right_end = (tuple(map(float, point[own])) for point in (x, y, z))
    with iv.precision(CONCAVITY_BITS):
        program = problem.programs[player].program()
        gain = Gain(program, problem.payoffs[player], between, problem.is_builtin)
        dip = min(float(gain.at(end)[0].lower()) for end in (left_end, right_end))
    before, after = problem.params[:player], problem.params[player + 1 :]
    profiles = tuple((*before, point, *after) for point in (left_end, between, right_end))
    return Witness("dip", player, profiles, dip) if dip > 0 else None


def _deepest(paid: np.ndarray, halfway: bool) -> tuple[int, int, int]:
    """Places of three points in order, the middle one paid most below the lower of the others."""
    count = len(paid)
    most, best = -np.inf, (0, 0, 0)
    for middle in range(1, count - 1):
        if halfway:
            reach = np.arange(1, min(middle, count - 1 - middle) + 1)
            heights = np.minimum(paid[middle - reach], paid[middle + reach])
            step = int(reach[np.argmax(heights)])
            left, right = middle - step, middle + step
        else:
            left, right = int(np.argmax(paid[:middle])), middle + int(np.argmax(paid[middle:]))
        dip = min(paid[left], paid[right]) - paid[middle]
        if dip > most:
            most, best = dip, (left, middle, right)
    return best


def _shares(game: DenseGame, player: int) -> Float[np.ndarray, "points"]:
    """Where points lie on a segment: closer to each other near its ends, which are bounds where
    there is one parameter; evenly where there are several."""
    own, even = _own(game, player), np.linspace(0.0, 1.0, ALONG)
    return even if own.stop - own.start > 1 else 0.5 - 0.5 * np.cos(np.pi * even)


def _own(game: DenseGame, player: int) -> slice:
    """Where a player's numbers stand among everyone's."""
    sizes = [len(x) for x in bounds_of(game)[0]]
    return slice(sum(sizes[:player]), sum(sizes[: player + 1]))
