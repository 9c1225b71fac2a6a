"""Mixed equilibria over parameters: a double oracle on the continuous game, polished and proved."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Numbers, Whole, whole
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.random import Seed
from glasshouse.analysis.equilibria.mixed.facing import (
    Atoms,
    Shares,
    bounds_of,
    expected,
    numbers_of,
    params_from,
    table_of,
)
from glasshouse.analysis.equilibria.mixed.merging import likely_supports, supported
from glasshouse.analysis.equilibria.mixed.mixture_proofs import certify_mixture
from glasshouse.analysis.equilibria.mixed.mutual import is_interchangeable
from glasshouse.analysis.equilibria.mixed.oracle import (
    REPLIES_BY_ASCENT,
    REPLIES_ON_A_LINE,
    best_replies,
)
from glasshouse.analysis.equilibria.mixed.restricted import MOST_STRATEGIES
from glasshouse.analysis.equilibria.mixed.restricted_games import Restricted, restricted_equilibria
from glasshouse.analysis.equilibrium.certification import checked_epsilon, posed
from glasshouse.certificates.certificate import Verdict
from glasshouse.certificates.mixture.certificate import MixtureCertificate
from glasshouse.dynamics.doors import check_params
from glasshouse.errors import InputError
from glasshouse.parametric import Params, require_exact
from glasshouse.parametric.dense import DenseGame

MOST_ROUNDS = 60
"""Of the double oracle, at most."""

MOST_ATOMS, MOST_ATOMS_BY_LP = 6, 40
"""Of a player in a restricted game; of more the oldest that are not used are left out."""

ROUNDING_OF_GAINS = 1e-12
"""Gains below this share of the payoff range are rounding."""

PROVABLE = 0.25
"""A mixture is taken when no gain above this share of ε is found."""


@dataclasses.dataclass(frozen=True, repr=False)
class Mixture(Evidenced):
    """An equilibrium in mixtures over parameters: one that was found, others may exist.

    **Arguments:** `atoms`, for every player the parameters it draws among, each a pytree, in
    ascending order; `weights`, for every player the probability of each (over their sum, which is 1
    but for rounding); `payoffs`, one per player; `epsilon`, what the certificate is about;
    `certificate`, which says whether the mixture is an ε-equilibrium: "certified", "refuted" or
    "unknown"; `symmetric`, whether all players mix in the same way; `start`, the profiles from
    which the search went out; `rounds`, how often best replies were added; `restricted`, how many
    extreme equilibria the last restricted game has, of which `chosen` says which one was taken;
    `method`, `detail`.
    """

    atoms: tuple[tuple[PyTree, ...], ...]
    weights: tuple[tuple[float, ...], ...]
    payoffs: tuple[float, ...]
    epsilon: float
    certificate: MixtureCertificate
    symmetric: bool
    start: tuple[Params, ...]
    rounds: int
    restricted: int
    chosen: str
    method: str
    detail: str

    @property
    def verdict(self) -> Verdict:
        """What is proved of it."""
        return self.certificate.verdict


@in_float64
def mixed_equilibrium(
    game: DenseGame,
    *,
    start: Params | Sequence[Params] | None = None,
    symmetric: bool | None = None,
    epsilon: Numbers = 1e-9,
    rounds: Whole = MOST_ROUNDS,
    key: Seed | None = None,
) -> Mixture:
    """A mixed equilibrium over parameters, found from `start`: each player draws among few atoms.

    A double oracle: the game restricted to a few parameters of each player is solved exactly, the
    equilibrium that pays most altogether is taken, everybody's best reply over its box is added,
    and so on. Atoms close together are merged, and Newton's method solves for the mixture. What
    comes out is proved or refuted by `certify_mixture`. It is one equilibrium: what others there
    are is not said.

    **Arguments:** `game`, of two players, or of more who are interchangeable; all boxes bounded;
    `start`, a profile or a list of profiles, the first atoms (None: the lower and the upper corner
    of the boxes); `symmetric`, whether all mix in the same way (None: where they are
    interchangeable); `epsilon`, that the certificate is about; `rounds`, at most; `key`, a seed,
    used where a player has several parameters.
    **Raises:** `InputError` for unbounded boxes, three players who are not interchangeable, or a
    start outside the boxes.
    **Cost:** a second or two, most of it compilation.

        import glasshouse as gh

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        found = gh.mixed_equilibrium(family(0.7))
        print(found.certificate.verdict, round(found.payoffs[0], 6))  # certified 2.383932
    """
    require_exact(game, "a mixed equilibrium", "dense")
    epsilon, rounds = checked_epsilon(epsilon), whole(rounds, "rounds")
    _check_boxes(game)
    symmetric = _checked_symmetry(game, symmetric)
    starts = _checked_starts(game, start, symmetric)
    posed(game, starts[0], None)  # whatever cannot be proved is refused before the search
    search = _DoubleOracle(game, symmetric, epsilon, 0 if key is None else key)
    atoms = [_unlike([numbers_of(profile)[i] for profile in starts]) for i in range(game.players)]
    atoms, shares, used, last = search.run(atoms, rounds)
    return _named(game, (atoms, shares), (used, last), starts, symmetric, epsilon)


class _DoubleOracle:
    """The search: restricted games grow by best replies until none gains."""

    def __init__(self, game: DenseGame, symmetric: bool, epsilon: float, seed: Seed):
        self.game, self.symmetric, self.seed = game, symmetric, seed
        scale = float(np.max(np.asarray(game.game.payoff_ranges)))
        self.enough = max(PROVABLE * epsilon, ROUNDING_OF_GAINS * scale)

    def run(self, atoms: Atoms, rounds: int) -> tuple[Atoms, Shares, int, Restricted]:
        """A mixture, after how many rounds, and the restricted game that led to it."""
        k = 0
        while True:
            k += 1
            last = restricted_equilibria(table_of(self.game, atoms), self.symmetric)
            raw = supported(atoms, last.chosen)
            reached, replies = self._reached(*raw)
            more = [_unlike([*own, reply]) for own, reply in zip(atoms, replies, strict=True)]
            stalled = all(len(x) == len(y) for x, y in zip(more, atoms, strict=True))
            if reached is not None or stalled or k == rounds:
                return *(reached or raw), k, last
            most = MOST_ATOMS_BY_LP if last.by_programming else MOST_ATOMS
            atoms = [_pruned(own, used, most) for own, used in zip(more, last.chosen, strict=True)]

    def _reached(
        self, atoms: Atoms, shares: Shares
    ) -> tuple[tuple[Atoms, Shares] | None, list[np.ndarray]]:
        """A mixture near a rough one against which nobody gains, if there is one, and the best
        replies to the last one looked at."""
        replies: list[np.ndarray] = []
        for mixture in likely_supports(self.game, atoms, shares, self.symmetric):
            replies, gain = self._replies(*mixture)
            if gain <= self.enough:
                return mixture, replies
        return None, replies

    def _replies(self, atoms: Atoms, shares: Shares) -> tuple[list[np.ndarray], float]:
        """Everyone's best reply, and the largest gain of any."""
        players = 1 if self.symmetric else len(atoms)
        replies, gains = best_replies(self.game, atoms, shares, self.seed, players), []
        for i, reply in enumerate(replies):
            own = np.concatenate([atoms[i], reply[None]])
            table = table_of(self.game, [*atoms[:i], own, *atoms[i + 1 :]])[i]
            paid = expected(table, shares, i)
            gains.append(float(paid[-1] - shares[i] @ paid[:-1]))
        if self.symmetric:
            replies *= len(atoms)
        return replies, max(gains)


def _pruned(atoms: np.ndarray, shares: np.ndarray, most: int) -> np.ndarray:
    """The atoms in use and the latest others; the last one is new."""
    used = [k for k, share in enumerate(shares) if share > 0]
    others = [k for k in range(len(atoms)) if k not in used]
    kept = sorted([*used, *others[max(0, len(others) - max(most - len(used), 1)) :]])
    return atoms[kept]


def _unlike(atoms: Sequence[np.ndarray]) -> np.ndarray:
    """Atoms without repetitions, in the order in which they came."""
    found = {tuple(atom.tolist()): atom for atom in reversed(atoms)}
    return np.array([found[x] for x in dict.fromkeys(tuple(a.tolist()) for a in atoms)])


def _check_boxes(game: DenseGame) -> None:
    for i, (low, high) in enumerate(zip(*bounds_of(game), strict=True)):
        if not (len(low) and np.all(np.isfinite(low)) and np.all(np.isfinite(high))):
            raise InputError(
                f"player {i + 1} has no parameter or an unbounded box: mixtures need finite "
                "bounds; set the semantics' bound"
            )


def _checked_symmetry(game: DenseGame, symmetric: bool | None) -> bool:
    fault = is_interchangeable(game) if symmetric is not False else ""
    if symmetric and fault:
        raise InputError(f"symmetric=True needs interchangeable players, but {fault}")
    chosen = symmetric is not False and not fault
    if game.players != 2 and not chosen:
        raise InputError(
            f"mixtures of {game.players} players are searched for only where all mix in the same "
            f"way{', but ' + fault if fault else ''}: leave symmetric out, or take two players"
        )
    return chosen


def _checked_starts(game: DenseGame, start: Any, symmetric: bool) -> tuple[Params, ...]:
    if start is None:
        found = [tuple(getattr(box, end) for box in game.spaces) for end in ("lower", "upper")]
    else:
        found = [start] if isinstance(start, tuple) else list(start)
        if not 0 < len(found) <= MOST_STRATEGIES:
            raise InputError(
                f"start must be a profile or a list of at most {MOST_STRATEGIES} profiles, and one "
                f"at least, but has {len(found)}"
            )
    checked = tuple(check_params(game, profile) for profile in found)
    if symmetric:
        checked = tuple((own[0],) * game.players for own in checked)
    return tuple(jax.tree.map(np.asarray, profile) for profile in checked)


def _named(
    game: DenseGame,
    mixture: tuple[Atoms, Shares],
    found: tuple[int, Restricted],
    starts: tuple[Params, ...],
    symmetric: bool,
    epsilon: float,
) -> Mixture:
    """The mixture in the structure of params, with its certificate."""
    (atoms, shares), (rounds, last) = mixture, found
    for i, own in enumerate(atoms):
        order = np.lexsort(own.T[::-1])
        atoms[i], shares[i] = own[order], shares[i][order]
    first = [own[0] for own in atoms]
    named = tuple(
        tuple(
            _readable(params_from(np.concatenate([*first[:i], atom, *first[i + 1 :]]), game)[i])
            for atom in own
        )
        for i, own in enumerate(atoms)
    )
    weights = tuple(tuple(map(float, own)) for own in shares)
    certificate = certify_mixture(game, named, weights, epsilon)
    replied = REPLIES_ON_A_LINE if max(map(len, first)) == 1 else REPLIES_BY_ASCENT
    return Mixture(
        atoms=named,
        weights=weights,
        payoffs=tuple(0.5 * (low + high) for low, high in certificate.payoffs),
        epsilon=epsilon,
        certificate=certificate,
        symmetric=symmetric,
        start=starts,
        rounds=rounds,
        restricted=last.found,
        chosen=last.words,
        method="double oracle",
        detail=f"{rounds} rounds from {len(starts)} profiles; {last.words}; {replied}",
    )


def _readable(own: PyTree) -> PyTree:
    return jax.tree.map(lambda x: float(x) if np.ndim(x) == 0 else np.asarray(x), own)
