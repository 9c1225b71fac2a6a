"""Networks of players against dense games whose tensors are filled profile by profile."""

import itertools
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import networkx as nx
import numpy as np
import optax
import pytest

from glasshouse import (
    NetworkParametricGame,
    NormalFormGame,
    ParametricGame,
    first_order_margin,
    run,
)
from glasshouse.dynamics import Rest, rest_residual
from glasshouse.games import GlobalPublicGoods, NeighbourhoodPublicGoods, PairwiseGame
from glasshouse.rules import Gradient, Transformed
from glasshouse.semantics import Logistic, Reading

PLAYERS = 6


def pairwise_payoffs(graph, matrix, profile):
    """Totals over neighbours, as the definition says."""
    return [
        sum(
            graph[i][j].get("weight", 1.0) * matrix[profile[i]][profile[j]]
            for j in graph.neighbors(i)
        )
        for i in range(len(graph))
    ]


def public_goods_payoffs(groups, r, c, profile):
    """What the groups pay out to their members less what these pay in."""
    pots = [r * c * sum(profile[j] == 0 for j in group) / len(group) for group in groups]
    return [
        sum(
            pot - c * (profile[i] == 0)
            for pot, group in zip(pots, groups, strict=True)
            if i in group
        )
        for i in range(len(profile))
    ]


def tensor_of(payoffs, actions, players=PLAYERS):
    tensor = np.zeros((players, *(actions,) * players))
    for profile in itertools.product(range(actions), repeat=players):
        tensor[(slice(None), *profile)] = payoffs(profile)
    return tensor


def small_graph(seed):
    return nx.gnp_random_graph(PLAYERS, 0.5, seed=seed)


def weighted(graph, seed):
    rng = np.random.default_rng(seed)
    for one, other in graph.edges:
        graph[one][other]["weight"] = rng.uniform(-0.5, 1.5)
    return graph


def games(kind, seed):
    """A network game and the same game as a tensor."""
    graph, rng = small_graph(seed), np.random.default_rng(seed)
    if kind == "global":
        game = GlobalPublicGoods(PLAYERS, 2.5, 1.5)
        groups = [range(PLAYERS)]
        return game, tensor_of(lambda a: public_goods_payoffs(groups, 2.5, 1.5, a), 2)
    if kind == "neighbourhood":
        groups = [{i, *graph.neighbors(i)} for i in range(PLAYERS)]
        game = NeighbourhoodPublicGoods(graph, 2.2, 0.7)
        return game, tensor_of(lambda a: public_goods_payoffs(groups, 2.2, 0.7, a), 2)
    actions = int(kind[-1])
    matrix, graph = rng.normal(size=(actions, actions)), weighted(graph, seed)
    return PairwiseGame(matrix, graph), tensor_of(
        lambda a: pairwise_payoffs(graph, matrix, a), actions
    )


KINDS = ("global", "neighbourhood", "pairwise 2", "pairwise 3")
each_kind = pytest.mark.parametrize("kind", KINDS)
each_seed = pytest.mark.parametrize("seed", range(3))


def random_reading(seed, players=PLAYERS):
    graph = nx.gnp_random_graph(players, 0.5, seed=100 + seed, directed=True)
    return Reading.from_graph(weighted(graph, seed))


def both(kind, seed, coupling=0.8, bound=4.0):
    """The network and the dense parametric game, with own weights that differ."""
    game, tensor = games(kind, seed)
    reading = random_reading(seed)
    own_weight = np.random.default_rng(seed).uniform(0.5, 2.0, PLAYERS)
    network = NetworkParametricGame(game, reading, bound, own_weight, coupling)
    matrix = coupling * np.asarray(reading.matrix())
    semantics = Logistic((game.actions,) * PLAYERS, matrix, bound, own_weight)
    return network, ParametricGame(NormalFormGame(tensor), semantics)


def random_params(network, seed, spread=1.5):
    shape = jax.tree.leaves(network.spaces)[0].shape
    drawn = np.random.default_rng(seed).normal(0, spread, shape)
    return (jnp.asarray(np.clip(drawn, -3.5, 3.5)),)


def split(params):
    """Stacked params, one entry per player as dense games have them."""
    return tuple(params[0])


def close(found, expected, rtol=1e-11):
    return np.allclose(found, np.stack(expected), rtol=rtol, atol=1e-13)


@each_kind
@each_seed
def test_a_network_is_the_dense_game(kind, seed):
    network, dense = both(kind, seed)
    params = random_params(network, seed)
    assert close(network.payoffs(params), dense.payoffs(split(params)))
    assert close(network.cooperation(params), dense.cooperation(split(params)))
    gradients = dense.selfish_gradients(split(params))
    assert close(network.selfish_gradients(params)[0], gradients)
    assert close(network.gradient_scales(params)[0], dense.gradient_scales(split(params)))
    assert float(rest_residual(network, params)) == pytest.approx(
        float(rest_residual(dense, split(params))), rel=1e-10
    )
    margins = first_order_margin(network, params), first_order_margin(dense, split(params))
    assert margins[0] == pytest.approx(margins[1], rel=1e-10)


@each_kind
def test_learning_takes_the_same_path_as_in_the_dense_game(kind):
    network, dense = both(kind, 3)
    params = random_params(network, 3)
    rule = Transformed(Gradient(), optax.scale_by_adam()) if kind == "global" else Gradient()
    settings = {"steps": 30, "step_size": 0.1, "save": "path"}
    found = run(network, rule, params, **settings)
    expected = run(dense, rule, split(params), **settings)
    (path,), paths = jax.tree.leaves(found.path), jax.tree.leaves(expected.path)
    assert np.allclose(path, np.stack(paths, axis=1), atol=1e-10)


def test_learning_comes_to_rest_when_it_does_in_the_dense_game():
    network, dense = both("neighbourhood", 3)
    params, stop = random_params(network, 3), Rest(tolerance=1e-6, every=50)
    found, expected = (
        run(game, params=start, steps=20_000, step_size=0.1, stop=stop, throw=False)
        for game, start in ((network, params), (dense, split(params)))
    )
    assert int(found.steps) == int(expected.steps) < 20_000
    assert close(found.params[0], expected.params, rtol=1e-6)


@each_kind
@each_seed
def test_gradients_are_differences_of_payoffs(kind, seed):
    network, _ = both(kind, seed)
    params = random_params(network, seed)
    (gradients,) = network.selfish_gradients(params)
    h, payoffs = 1e-5, jax.jit(lambda own: network.payoffs((own,)))
    for place in np.ndindex(params[0].shape):
        up, down = (payoffs(params[0].at[place].add(s * h)) for s in (1, -1))
        slope = float(up[place[0]] - down[place[0]]) / (2 * h)
        assert float(gradients[place]) == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("theta", [10.0, 30.0, 100.0, -100.0])
def test_saturation_costs_no_digits(theta):
    """On a ring all play p = s(3θ); u' = v (M_0 - M_1 and what both readers add), v = p (1-p)."""
    R, S, T, P, k = 3.0, 0.0, 5.0, 1.0, 0.25
    ring = nx.cycle_graph(5)
    game = NetworkParametricGame(PairwiseGame([[R, S], [T, P]], ring), Reading.from_graph(ring))
    game = eqx.tree_at(lambda g: g.coupling, game, jnp.asarray(k))
    (gradients,) = game.selfish_gradients((jnp.full(5, theta),))
    small = math.exp(-abs(theta * (1 + 2 * k)))  # of the rarer action, as 1 + small is 1
    p = 1.0 if theta > 0 else 0.0
    own, other = p * (R - T) + (1 - p) * (S - P), p * (R - S) + (1 - p) * (T - P)
    expected = 2 * small * (own + k * other)
    tolerance = 3 * math.exp(-abs(theta) * 1.5) + 1e-12
    assert np.allclose(gradients, expected, rtol=tolerance, atol=0.0)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_renumbering_players_renumbers_everything(kind):
    order = np.random.default_rng(5).permutation(PLAYERS)
    graph, reads = weighted(small_graph(1), 1), nx.gnp_random_graph(PLAYERS, 0.4, 7, directed=True)
    weighted(reads, 2)
    matrix = np.random.default_rng(0).normal(size=(int(kind[-1]) if kind[-1].isdigit() else 2,) * 2)

    def network(names):
        if kind == "neighbourhood":
            game = NeighbourhoodPublicGoods(graph, 2.0, players=names)
        else:
            game = PairwiseGame(matrix, graph, names)
        return NetworkParametricGame(game, Reading.from_graph(reads, names), coupling=0.6)

    straight, renumbered = network(range(PLAYERS)), network(order.tolist())
    (theta,) = random_params(straight, 4)
    found = renumbered.selfish_gradients((theta[order],))[0]
    assert np.allclose(found, straight.selfish_gradients((theta,))[0][order], rtol=1e-12)
    assert np.allclose(
        renumbered.payoffs((theta[order],)), straight.payoffs((theta,))[order], rtol=1e-12
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("chunk", [1, 7, 10_000])
def test_shared_groups_are_counted_pair_by_pair(seed, chunk, monkeypatch):
    """Stars and other hubs included; any pair, neighbours or not; whatever fits into memory."""
    monkeypatch.setattr("glasshouse.games.network.shared_goods.MEMBERS_TOGETHER", chunk)
    graph = nx.gnp_random_graph(12, 0.2, seed=seed)
    graph.add_edges_from((0, k) for k in range(1, 12))
    groups = [{i, *graph.neighbors(i)} for i in graph]
    pairs = np.array(list(itertools.permutations(range(12), 2)))
    found = NeighbourhoodPublicGoods(graph, 2.0).meetings(pairs[:, 0], pairs[:, 1])
    for (i, j), value in zip(pairs.tolist(), found, strict=True):
        expected = sum(1 / len(group) for group in groups if i in group and j in group)
        assert value == pytest.approx(expected, abs=1e-14)


def test_couplings_params_payoffs_and_weights_can_be_mapped_over():
    network, _ = both("pairwise 3", 0)
    params, couplings, base = random_params(network, 0), jnp.linspace(-0.5, 1.5, 5), network.game
    assert isinstance(base, PairwiseGame)

    def gradients(coupling, factor):
        reading = network.reading.scaled(factor)
        game = eqx.tree_at(lambda g: g.table, base, factor * base.table)
        own = network.own_weight
        other = NetworkParametricGame(game, reading, 4.0, own, coupling)
        return other.selfish_gradients(params)[0]

    found = jax.vmap(gradients)(couplings, 1 + couplings**2)
    for k, coupling in enumerate(couplings):
        assert np.allclose(found[k], gradients(coupling, 1 + coupling**2), rtol=1e-10, atol=1e-14)


def jaxprs(jaxpr):
    """A program and all programs inside of it."""
    yield jaxpr
    for equation in jaxpr.eqns:
        for value in jax.tree.leaves(equation.params, is_leaf=lambda x: hasattr(x, "eqns")):
            inner = getattr(value, "jaxpr", value)
            if hasattr(inner, "eqns"):
                yield from jaxprs(inner)


@pytest.mark.parametrize("kind", ["star", "regular"])
@pytest.mark.parametrize("game", ["neighbourhood", "pairwise"])
def test_nothing_larger_than_the_edges_is_held_or_created(kind, game):
    """A hub's neighbours are all pairs to each other, of which nothing may be made."""
    players = 2000
    graph = nx.star_graph(players - 1) if kind == "star" else nx.random_regular_graph(4, players, 0)
    edges, actions = graph.number_of_edges(), 2 if game == "neighbourhood" else 3
    made = NeighbourhoodPublicGoods(graph, 2.0)
    if game == "pairwise":
        made = PairwiseGame(np.eye(3), graph)
    network = NetworkParametricGame(made, Reading.from_graph(graph), bound=3.0)
    most = 2 * (edges + players) * actions
    held = [x.size for x in jax.tree.leaves(network)]
    assert max(held) <= most
    assert sum(held) <= 5 * most

    def everything(network, params):
        solution = run(network, params=params, steps=7, step_size=0.1, throw=False)
        return solution, network.payoffs(params), network.gradient_scales(params)

    arrays, rest = eqx.partition(network, eqx.is_array)
    program = jax.make_jaxpr(lambda arrays, p: everything(eqx.combine(arrays, rest), p))(
        arrays, random_params(network, 0)
    )
    sizes = [
        variable.aval.size
        for part in jaxprs(program.jaxpr)
        for equation in part.eqns
        for variable in equation.outvars
    ]
    assert len(sizes) > 100
    assert max(sizes) <= most
