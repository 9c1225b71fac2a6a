"""Symmetric mixtures along the coupling, and where an atom's weight sets in or vanishes."""

import dataclasses
import itertools

import numpy as np
from jaxtyping import PyTree

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Numbers, number_array
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.results import Result
from glasshouse.analysis.equilibria.mixed.facing import Atoms, Shares, numbers_of
from glasshouse.analysis.equilibria.mixed.mixtures import Mixture, mixed_equilibrium
from glasshouse.analysis.equilibria.mixed.polish import polished
from glasshouse.errors import InputError
from glasshouse.families.family import AbstractDenseFamily

SECANTS = 40
"""Steps that find where a weight vanishes; each solves for the mixture at one coupling."""

FIRST_SECANT = 1e-2
"""The first step, as a share of the distance to the coupling where the atom is missing."""

FOUND = 1e-13
"""Couplings that differ by no more than this are one."""


@dataclasses.dataclass(frozen=True, repr=False)
class MixingTurn(Result):
    """A coupling at which an atom sets in or vanishes.

    **Arguments:** `coupling`, where its weight is 0; `atom`, the parameters that are played on one
    side of it only; `rest`, the atoms on both sides; `sets_in`, whether it is played above.
    """

    coupling: float
    atom: PyTree
    rest: tuple[PyTree, ...]
    sets_in: bool


@dataclasses.dataclass(frozen=True, repr=False)
class MixingBranch(Evidenced):
    """Symmetric mixtures at rising couplings, one found at each; others may exist.

    **Arguments:** `couplings`; `mixtures`, one for each, with its certificate; `turns`, the
    couplings between at which an atom sets in or vanishes; `method`, `detail`.
    """

    couplings: tuple[float, ...]
    mixtures: tuple[Mixture, ...]
    turns: tuple[MixingTurn, ...]
    method: str
    detail: str


@in_float64
def mixing_branch(
    family: AbstractDenseFamily, couplings: Numbers, *, epsilon: Numbers = 1e-9
) -> MixingBranch:
    """A symmetric mixed equilibrium at each of some couplings, and where their atoms change.

    Each is found as by `mixed_equilibrium`, starting from the corners and from the atoms at the
    coupling before. Where the next one has an atom more or fewer, the coupling at which the weight
    of that atom is zero is solved for between both: the conditions at the atoms hold there, and so
    does the mixture without it.

    **Arguments:** `family`, of a game whose players are interchangeable, bounded; `couplings`,
    rising; `epsilon`, that every certificate is about.
    **Raises:** `InputError` as `mixed_equilibrium` does, and for couplings that do not rise.
    **Cost:** a fraction of a second for each coupling after the first.

        import glasshouse as gh
        from glasshouse.analysis.equilibria import mixing_branch

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        (turn,) = mixing_branch(family, [0.8, 0.9]).turns
        print(round(turn.coupling, 9))  # 0.870467371
    """
    at = np.asarray(number_array(couplings, "couplings", shapes=None), float)
    if at.ndim != 1 or not at.size or np.any(np.diff(at) <= 0):
        raise InputError(f"couplings must be numbers that rise, but are {at.tolist()}")
    found: list[Mixture] = []
    for coupling in at:
        game, start = family(coupling), None
        if found:
            corners = [tuple(getattr(b, end) for b in game.spaces) for end in ("lower", "upper")]
            start = [*((atom,) * game.players for atom in found[-1].atoms[0]), *corners]
        found.append(mixed_equilibrium(game, start=start, symmetric=True, epsilon=epsilon))
    pairs = itertools.pairwise(zip(at.tolist(), found, strict=True))
    turns = [turn for pair in pairs if (turn := _turn_between(family, *pair)) is not None]
    return MixingBranch(
        couplings=tuple(at.tolist()),
        mixtures=tuple(found),
        turns=tuple(turns),
        method="numerical",
        detail="double oracle at each coupling; turns by secants on the weight of an atom",
    )


def _turn_between(
    family: AbstractDenseFamily, before: tuple[float, Mixture], after: tuple[float, Mixture]
) -> MixingTurn | None:
    """Where an atom that only one of two neighbours has sets in or vanishes, if that is between."""
    few, many = sorted((before, after), key=lambda pair: len(pair[1].atoms[0]))
    if len(few[1].atoms[0]) + 1 != len(many[1].atoms[0]):
        return None
    for k in range(len(many[1].atoms[0])):
        coupling, atoms = _where_weight_vanishes(family, many, few[0], k)
        if before[0] <= coupling <= after[0]:
            rest = tuple(x for j, x in enumerate(atoms) if j != k)
            return MixingTurn(coupling, atoms[k], rest, few[0] < many[0])
    return None


def _where_weight_vanishes(
    family: AbstractDenseFamily, many: tuple[float, Mixture], towards: float, k: int
) -> tuple[float, list]:
    """The coupling at which the weight of an atom is zero, by secants, and the atoms there."""
    players = family(many[0]).players
    atoms: Atoms = [np.array([numbers_of((atom,))[0] for atom in own]) for own in many[1].atoms]
    shares: Shares = [np.array(own) for own in many[1].weights]
    here, weight, farthest = many[0], shares[0][k], abs(towards - many[0])
    step = FIRST_SECANT * (towards - here)
    for _ in range(SECANTS):
        there = here + step
        atoms, shares, _ = polished(family(there), atoms, shares)
        atoms, shares = [atoms[0]] * players, [shares[0]] * players
        change = shares[0][k] - weight
        here, weight = there, shares[0][k]
        if abs(step) <= FOUND or change == 0:
            break
        step = float(np.clip(-weight * step / change, -farthest, farthest))
    readable = [float(x[0]) if len(x) == 1 else x for x in atoms[0]]
    return float(here), readable
