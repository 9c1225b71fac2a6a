"""NetworkX graphs, or what has the same `nodes`, `edges` and `is_directed`, as arrays of edges."""

import difflib
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np

from glasshouse._foundation.numbers import number, shown
from glasshouse.errors import InputError

MOST_NODES_NAMED = 3
"""As many nodes are named in a message before it says how many more there are."""

MOST_COMPARED = 10_000
"""Among more names than this, none is looked for that resembles a wrong one."""


class Edges(NamedTuple):
    """The edges of a graph whose nodes have become players 0, 1, …, in the graph's own order.

    `names` are the nodes in player order; an undirected edge appears once.
    """

    first: np.ndarray
    second: np.ndarray
    weights: np.ndarray
    names: Sequence[Hashable]
    directed: bool


def edges_of(graph: Any, players: Sequence[Hashable] | None, weight: str | None) -> Edges:
    """The edges of a graph; `weight` names the attribute with their weights (missing: 1).

    **Arguments:** `players`, the nodes in player order, or None where the nodes are the whole
    numbers 0 to n-1.
    **Raises:** `InputError` naming the node, where the nodes are not the players, or the edge,
    where its weight is no finite number.
    **Cost:** linear in nodes and edges; half a million edges take about a second.
    """
    if not all(hasattr(graph, name) for name in ("nodes", "edges", "is_directed")):
        raise InputError(
            f"who meets or reads whom is given by a NetworkX graph, not by {type(graph).__name__}"
        )
    names = range(len(graph.nodes)) if players is None else _names(players)
    index = {name: k for k, name in enumerate(names)}
    _check_nodes(graph, names, index, players is None)
    key = "" if weight is None else weight
    triples = list(graph.edges(data=key, default=1.0)) if key else list(graph.edges)
    count = len(triples)
    first = np.fromiter((index[edge[0]] for edge in triples), np.int64, count)
    second = np.fromiter((index[edge[1]] for edge in triples), np.int64, count)
    weights = _weights([edge[2] for edge in triples], triples) if key else np.ones(count)
    return Edges(first, second, weights, names, bool(graph.is_directed()))


def both_ways(edges: Edges) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every undirected edge in both directions, sorted."""
    first = np.concatenate([edges.first, edges.second])
    second = np.concatenate([edges.second, edges.first])
    weights = np.concatenate([edges.weights, edges.weights])
    order = np.lexsort((second, first))
    return first[order], second[order], weights[order]


def numbered(players: np.ndarray) -> np.ndarray:
    """Players' numbers as they are stored: four bytes each, not to be changed."""
    array = players.astype(np.int32)
    array.setflags(write=False)
    return array


def check_pairs(
    first: np.ndarray, second: np.ndarray, names: Sequence[Hashable], verb: str, fix: str
) -> None:
    """Refuse pairs of a player with itself, and pairs that occur twice."""
    loops = np.flatnonzero(first == second)
    if loops.size:
        name = names[int(first[loops[0]])]
        raise InputError(f"node {name!r} {verb} itself: remove this edge{fix}")
    keys = np.sort(first * len(names) + second)
    twice = np.flatnonzero(keys[1:] == keys[:-1])
    if twice.size:
        one, other = (names[int(k)] for k in divmod(int(keys[twice[0]]), len(names)))
        raise InputError(
            f"node {one!r} {verb} node {other!r} by several parallel edges: give one edge with "
            "the sum of their weights"
        )


def undirected(edges: Edges, fix: str) -> Edges:
    """The edges themselves, of an undirected graph without loops."""
    if edges.directed:
        raise InputError(
            "who meets whom is given by an undirected graph, but this one is directed: use "
            "graph.to_undirected()"
        )
    low, high = np.minimum(edges.first, edges.second), np.maximum(edges.first, edges.second)
    check_pairs(low, high, edges.names, "meets", fix)
    return edges


def _names(players: Sequence[Hashable]) -> tuple[Hashable, ...]:
    try:
        names = tuple(players)
    except TypeError as error:
        raise InputError(
            f"players must be the nodes of the graph in order, but is {shown(players)}"
        ) from error
    for name in names:
        try:
            hash(name)
        except TypeError as error:
            raise InputError(
                f"players must be nodes of the graph, which {shown(name)} cannot be: give names, "
                "numbers or tuples"
            ) from error
    return names


def _check_nodes(graph: Any, names: Sequence, index: dict, numbered: bool) -> None:
    if len(names) < 2:
        raise InputError(f"a network needs at least two players, not {len(names)}")
    if len(index) < len(names):
        repeated = next(name for k, name in enumerate(names) if index[name] != k)
        raise InputError(f"players must have names of their own, but {repeated!r} occurs twice")
    extra = [node for node in graph.nodes if node not in index]
    nodes = set(graph.nodes)
    missing = [name for name in names if name not in nodes]
    if not extra and not missing:
        return
    kinds = ((extra, "too many"), (missing, "missing"))
    found = " and ".join(f"{_some(nodes)} {what}" for nodes, what in kinds if nodes)
    if numbered:
        raise InputError(
            f"without names of players the nodes must be 0 to {len(names) - 1}, but {found}: pass "
            "players=list(graph), or your own order of its nodes"
        )
    edge = next((e for e in graph.edges if e[0] not in index or e[1] not in index), None)
    where = f" (edge {edge[0]!r} to {edge[1]!r})" if edge else ""
    hint = _nearest(extra[0], names) if extra else "add_node takes players without edges, too"
    raise InputError(
        f"the nodes of the graph must be the {len(names)} players, but {found}{where}: {hint}"
    )


def _some(nodes: Sequence[Hashable]) -> str:
    shown = ", ".join(repr(node) for node in nodes[:MOST_NODES_NAMED])
    more = f" and {len(nodes) - MOST_NODES_NAMED} more" if len(nodes) > MOST_NODES_NAMED else ""
    return f"{shown}{more} {'is' if len(nodes) == 1 else 'are'}"


def _nearest(name: Hashable, names: Sequence[Hashable]) -> str:
    texts = {str(known): known for known in names[:MOST_COMPARED]}
    near = difflib.get_close_matches(str(name), texts, n=1, cutoff=0.5)
    if near:
        return f"for {name!r}, did you mean {texts[near[0]]!r}?"
    return f"rename {name!r}, or remove it from the graph"


def _weights(values: list, edges: list) -> np.ndarray:
    """Weights as floats; the first that is no finite number is refused."""
    if set(map(type, values)) <= {int, float}:  # which is quick, and usual
        try:
            array = np.array(values, dtype=np.float64)
        except OverflowError:  # the edge is named below
            array = np.array(np.nan)
        if np.all(np.isfinite(array)):
            return array
    for value, (one, other, *_) in zip(values, edges, strict=True):
        try:
            number(value, "weight")
        except InputError as error:
            raise InputError(
                f"the weight of the edge {one!r} to {other!r} is {shown(value)}: it must be a "
                "finite number"
            ) from error
    return np.array([number(value, "weight") for value in values])
