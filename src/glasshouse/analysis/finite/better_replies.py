"""Sinks of better replies: where players end who leave any profile for what pays them more."""

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import HeldArray, number_array, shown
from glasshouse._foundation.results import Result
from glasshouse.analysis.equilibrium.pure_profiles import PAYOFF_ROUNDING
from glasshouse.analysis.finite.tables import finite_payoffs, named_profiles
from glasshouse.errors import InputError

if TYPE_CHECKING:
    from glasshouse.games.normal_form import NormalFormGame

LAWS = {
    "uniform": "each improving deviation of one player is as likely as any other",
    "gain": "each improving deviation of one player is as likely as what it gains is large",
}
"""How it is chosen among several improving deviations; the paper leaves it open."""


MOST_HITTING = 20_000_000
"""Profiles times sinks: 160 MB of probabilities."""


@dataclasses.dataclass(frozen=True, repr=False)
class Sink(Result):
    """Profiles that better replies lead between, and never out of.

    **Arguments:** `profiles`, their names; `probability` of ending there.
    """

    HEADINGS: ClassVar = {"profiles": "sink", "probability": "probability of ending there"}

    profiles: tuple[str, ...]
    probability: float


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Sinks(Evidenced):
    """The sinks of better replies, the likeliest first.

    **Arguments:** `sinks`; `law` of choosing among several better replies; `hitting`, from each
    profile the probability of ending in each sink, [action of each player, sink]; `method`,
    `detail`. Which sinks there are does not depend on the law; how likely they are does.
    """

    ROWS: ClassVar[str] = "sinks"

    sinks: tuple[Sink, ...]
    law: str
    hitting: HeldArray
    method: str
    detail: str


def sinks(game: "NormalFormGame", *, law: str = "uniform", prior: Any = None) -> Sinks:
    """Where better replies end, and how likely each of these places is.

    Definition: a graph on pure profiles with an edge to each profile that one player alone reaches
    and gains by, more than 1e-12 of its payoff range; its strongly connected components that no
    edge leaves are the sinks. Those of one profile are the pure equilibria, for who is indifferent
    stays.

    **Arguments:** `law` of the steps: "uniform" or "gain", in proportion to what the step gains;
    `prior`, the probability of each profile to start from, [action of each player], uniform unless
    given.
    **Raises:** `InputError` for another law or prior, and too many sinks to follow.
    **Cost:** linear in profiles and edges for the sinks; a sparse linear system for the rest.
    **Source:** Hakim et al. 2024, arXiv:2408.11146, whose law of steps is not in the public text.

        import glasshouse as gh
        from glasshouse.analysis.finite import sinks

        found = sinks(gh.load_game("prisoners_dilemma"))
        print([sink.profiles for sink in found.sinks])  # [('defect, defect',)]
    """
    if law not in LAWS:
        raise InputError(f"law={shown(law)} must be one of {', '.join(map(repr, LAWS))}")
    payoffs = finite_payoffs(game, "sinks need")
    start = _prior(prior, payoffs.shape[1:])
    steps = _steps(payoffs, law)
    members = _members(steps)
    if steps.shape[0] * len(members) > MOST_HITTING:
        raise InputError(
            f"{game.title} has {len(members)} sinks of {steps.shape[0]} profiles, which are too "
            "many to follow from each profile to each: leave actions out"
        )
    hitting = _hitting(steps, members)
    names, reached = named_profiles(game), np.minimum(start @ hitting, 1.0)
    order = sorted(range(len(members)), key=lambda k: (-reached[k], members[k][0]))
    table = hitting[:, order].reshape(*payoffs.shape[1:], len(order))
    table.setflags(write=False)
    found = tuple(Sink(tuple(names[p] for p in members[k]), float(reached[k])) for k in order)
    return Sinks(
        sinks=found,
        law=law,
        hitting=table,
        method="numerical",
        detail=f"graph of {len(names)} profiles; {LAWS[law]}; "
        + ("from each profile alike" if prior is None else "from the given profiles"),
    )


def _steps(payoffs: np.ndarray, law: str) -> Any:
    """The probability of each step between profiles; rows of profiles that nobody leaves are 0."""
    from scipy.sparse import csr_array, diags_array  # as long to import as a tenth of glasshouse

    count = payoffs[0].size
    number = np.arange(count).reshape(payoffs.shape[1:])
    starts, ends, gains = [], [], []
    for i, own in enumerate(payoffs):
        paid, at = np.moveaxis(own, i, -1), np.moveaxis(number, i, -1)
        gain = paid[..., None, :] - paid[..., :, None]
        better = gain > PAYOFF_ROUNDING * np.ptp(own)
        starts.append(np.broadcast_to(at[..., :, None], gain.shape)[better])
        ends.append(np.broadcast_to(at[..., None, :], gain.shape)[better])
        gains.append(gain[better])
    weights = np.concatenate(gains)
    if law == "uniform":
        weights = np.ones_like(weights)
    entries = (weights, (np.concatenate(starts), np.concatenate(ends)))
    graph = csr_array(entries, shape=(count, count))
    total = graph.sum(axis=1)
    return csr_array(diags_array(1 / np.where(total > 0, total, 1.0)) @ graph)


def _members(steps: Any) -> list[list[int]]:
    """The profiles of each sink, in order."""
    import networkx

    graph = networkx.from_scipy_sparse_array(steps, create_using=networkx.DiGraph)
    condensed = networkx.condensation(graph)
    found = [
        sorted(condensed.nodes[k]["members"]) for k in condensed if condensed.out_degree(k) == 0
    ]
    return sorted(found)


def _hitting(steps: Any, members: list[list[int]]) -> Float[np.ndarray, "profiles sinks"]:
    """From each profile the probability of ending in each sink: an absorbing chain."""
    from scipy.sparse import csc_array, eye_array
    from scipy.sparse.linalg import splu

    found = np.zeros((steps.shape[0], len(members)))
    for k, own in enumerate(members):
        found[own, k] = 1.0
    left = np.flatnonzero(found.sum(axis=1) == 0)
    if len(left):
        onward, ending = steps[left], steps[left] @ found
        system = csc_array(eye_array(len(left)) - onward[:, left])
        # Rounding may leave a probability a digit outside of them.
        found[left] = np.clip(splu(system).solve(ending), 0.0, 1.0)
    return found


def _prior(given: Any, shape: tuple[int, ...]) -> Float[np.ndarray, "profiles"]:
    if given is None:
        count = int(np.prod(shape))
        return np.full(count, 1 / count)
    prior = np.asarray(number_array(given, "prior", shapes=[shape]), dtype=float)
    if not (np.all(prior >= 0) and abs(prior.sum() - 1) <= 1e-9):
        raise InputError(
            f"prior sums to {prior.sum():g}: it must hold the probability of each profile"
        )
    return prior.ravel()
