"""Graphs as readings and as games: what is taken, and what is refused in one clear line."""

import itertools
import math
from fractions import Fraction

import jax
import jax.numpy as jnp
import networkx as nx
import numpy as np
import pytest

from glasshouse import NetworkParametricGame, NormalFormGame, ParametricGame
from glasshouse.errors import InputError
from glasshouse.games import (
    GlobalPublicGoods,
    NeighbourhoodPublicGoods,
    PairwiseGame,
    catalogue,
)
from glasshouse.semantics import Logistic, Reading

NAMES = ("ann", "bob", "cyd")


def reads(*edges) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(NAMES)
    graph.add_edges_from(edges)
    return graph


def test_an_edge_from_i_to_j_is_the_weight_with_which_i_reads_j():
    graph = reads(("cyd", "ann", {"weight": -0.5}), ("ann", "bob"))
    reading = Reading.from_graph(graph, NAMES)
    assert np.array_equal(reading.matrix(), [[0, 1, 0], [0, 0, 0], [-0.5, 0, 0]])
    assert reading.players == 3
    ones = Reading.from_graph(graph, NAMES, weight=None)
    assert np.array_equal(ones.matrix(), [[0, 1, 0], [0, 0, 0], [1, 0, 0]])


def test_another_attribute_can_hold_the_weights():
    graph = reads(("ann", "bob", {"weight": 5, "trust": Fraction(1, 4)}))
    assert Reading.from_graph(graph, NAMES, weight="trust").matrix()[0, 1] == 0.25


def test_in_undirected_graphs_both_read_each_other():
    graph = nx.Graph([(0, 1), (1, 2)])
    graph[1][2]["weight"] = 3
    expected = [[0, 1, 0], [1, 0, 3], [0, 3, 0]]
    assert np.array_equal(Reading.from_graph(graph).matrix(), expected)


@pytest.mark.parametrize("seed", range(3))
def test_the_matrix_is_that_of_networkx_and_entries_are_sorted(seed):
    rng = np.random.default_rng(seed)
    graph = nx.gnp_random_graph(12, 0.4, seed=seed, directed=True)
    for one, other in graph.edges:
        graph[one][other]["weight"] = rng.normal()
    reading = Reading.from_graph(graph)
    assert np.array_equal(reading.matrix(), nx.to_numpy_array(graph, nodelist=range(12)))
    pairs = list(zip(reading.readers.tolist(), reading.owners.tolist(), strict=True))
    assert pairs == sorted(pairs)
    assert np.array_equal(reading.scaled(-2.0).matrix(), -2.0 * reading.matrix())
    shuffled = rng.permutation(len(pairs))
    arrays = (x[shuffled] for x in (reading.readers, reading.owners, reading.weights))
    assert np.array_equal(Reading(*arrays, players=12).matrix(), reading.matrix())


def test_the_matrix_of_traced_weights():
    def corner(weight):
        return Reading([1, 0], [0, 2], jnp.stack([weight, 2 * weight]), 3).matrix()

    expected = [[0, 0, 6], [3, 0, 0], [0, 0, 0]]
    assert np.array_equal(jax.jit(corner)(3.0), expected)


def test_names_of_a_catalogue_game_are_players_of_a_graph():
    game = catalogue.public_goods(n=3)
    assert game.labels is not None
    graph = nx.relabel_nodes(
        nx.DiGraph([(0, 2), (1, 0), (2, 1)]), {k: f"player {k + 1}" for k in range(3)}
    )
    coupling = Reading.from_graph(graph, game.labels.players).matrix()
    parametric = ParametricGame(game, Logistic(game.actions, coupling))
    changed = jax.jacobian(parametric.cooperation)((jnp.asarray(0.0),) * 3)
    assert np.allclose(np.stack(changed, axis=1), 0.25 * (np.eye(3) + coupling))


WITH_UNKNOWN = reads(("ann", "bop"))
PARALLEL = nx.MultiDiGraph([("ann", "bob"), ("bob", "cyd"), ("ann", "bob")])
SHORT = nx.DiGraph([("ann", "bob")])

REFUSED = {
    "unknown player": (WITH_UNKNOWN, NAMES, "'bop' is too many.*edge 'ann' to 'bop'.*'bob'"),
    "nothing like it": (reads(("ann", "q17")), NAMES, "rename 'q17', or remove it"),
    "missing player": (SHORT, NAMES, "'cyd' is missing.*add_node"),
    "missing and unknown": (nx.path_graph(5), range(1, 6), "0 is too many and 5 is missing"),
    "many": (nx.path_graph(9), ("a", "b"), "0, 1, 2 and 6 more are too many and 'a', 'b' are"),
    "names, none given": (reads(), None, r"nodes must be 0 to 2.*players=list\(graph\)"),
    "a name twice": (reads(), ("ann", "bob", "bob"), "'bob' occurs twice"),
    "self-loop": (reads(("bob", "bob")), NAMES, "node 'bob' reads itself.*own_weight"),
    "parallel edges": (PARALLEL, NAMES, "node 'ann' reads node 'bob' by several parallel edges"),
    "one player": (nx.empty_graph(1), None, "at least two players, not 1"),
    "nodes that cannot be": (reads(), ("ann", ("bob", [1])), r"which \('bob', \[1\]\)"),
    "no graph": ([(0, 1)], None, "NetworkX graph, not by list"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_graphs_that_do_not_fit_the_players_are_refused(case):
    graph, players, message = REFUSED[case]
    with pytest.raises(InputError, match=message) as error:
        Reading.from_graph(graph, players)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("weight", [math.nan, math.inf, "much", None, True, 1j, [1.0]])
def test_weights_that_are_no_finite_numbers_are_refused_with_their_edge(weight):
    graph = reads(("ann", "bob", {"weight": 1}), ("bob", "cyd", {"weight": weight}))
    with pytest.raises(InputError, match="edge 'bob' to 'cyd' is"):
        Reading.from_graph(graph, NAMES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0], [3], [1.0], 3), "owners name player 3.*0 to 2"),
        (([-1], [0], [1.0], 3), "readers name player -1"),
        (([0, 1], [1], [1.0], 3), r"shapes \(2,\), \(1,\) and \(1,\)"),
        (([0], [1], [1e51], 3), "at most 1e"),
        (([0.5], [1], [1.0], 3), "readers must be numbers of players"),
        (([0, 0], [1, 1], [1.0, 2.0], 3), "parallel"),
        (([1], [1], [1.0], 3), "reads itself"),
        (([], [], [], 1), "players=1 must be a whole number from 2 on"),
        (([0], [1], [1.0], True), "players=True must be a whole number"),
        (([0], [1], [1.0], np.array(2.0)), "must be a whole number"),
        (([0], [1], ["much"], 2), "weights must be numbers in a rectangular array"),
    ],
)
def test_entries_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Reading(*arguments)


def test_whole_numbers_of_numpy_are_whole_numbers():
    reading = Reading([0], [1], [1.0], np.int64(3))
    game = GlobalPublicGoods(np.int32(3), 2.0)
    assert [type(x.players) for x in (reading, game)] == [int, int]
    assert NetworkParametricGame(game, reading).payoffs((jnp.zeros(3),)).shape == (3,)


def test_a_matrix_too_large_to_fill_is_refused():
    with pytest.raises(InputError, match="NetworkParametricGame"):
        Reading([0], [1], [1.0], 20_000).matrix()


@pytest.mark.parametrize("make", [lambda g: PairwiseGame(np.eye(2), g), NeighbourhoodPublicGoods])
@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (nx.path_graph(3, create_using=nx.DiGraph), "to_undirected"),
        (nx.Graph([(0, 1), (1, 1)]), "node 1 meets itself"),
        (nx.MultiGraph([(0, 1), (1, 0)]), "parallel"),
        (nx.Graph([(0, 2)]), "2 is too many and 1 is missing"),
    ],
)
def test_graphs_on_which_nobody_can_play_are_refused(make, graph, message):
    arguments = () if "lambda" in str(make) else (2.0,)
    with pytest.raises(InputError, match=message):
        make(graph, *arguments)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PairwiseGame([[1, 2, 3], [1, 2, 3]], nx.path_graph(2)), "square matrix"),
        (lambda: PairwiseGame([[1, math.nan], [0, 1]], nx.path_graph(2)), "finite"),
        (lambda: PairwiseGame([[1e100, 0], [0, 1]], nx.star_graph(3)), "rescale"),
        (lambda: PairwiseGame(catalogue.matching_pennies(), nx.path_graph(2)), "equal roles"),
        (lambda: PairwiseGame(catalogue.public_goods(), nx.path_graph(2)), "two players"),
        (lambda: GlobalPublicGoods(1, 2.0), "players=1"),
        (lambda: GlobalPublicGoods(True, 2.0), "players=True must be a whole number"),
        (lambda: GlobalPublicGoods(np.array(3.0), 2.0), "must be a whole number"),
        (lambda: GlobalPublicGoods(3, -2.0), "multiplier must be positive"),
        (lambda: GlobalPublicGoods(3, 2.0, math.inf), "cost must be positive"),
        (lambda: GlobalPublicGoods(3, [2.0, 3.0]), "single number"),
    ],
)
def test_payoffs_that_cannot_be_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bound": 0.0}, "bound must be positive"),
        ({"bound": math.nan}, "bound must be positive"),
        ({"own_weight": [1.0, 2.0]}, r"own_weight has shape \(2,\)"),
        ({"own_weight": math.inf}, "own_weight must be finite"),
        ({"coupling": math.nan}, "coupling must be finite"),
        ({"coupling": [1.0]}, "coupling has shape"),
        ({"coupling": "half"}, "coupling must be a number"),
    ],
)
def test_settings_of_a_network_that_cannot_be_are_refused(settings, message):
    reading = Reading.from_graph(nx.path_graph(3))
    with pytest.raises(InputError, match=message):
        NetworkParametricGame(GlobalPublicGoods(3, 2.0), reading, **settings)
    with pytest.raises(InputError, match="4 players, but the reading is for 3"):
        NetworkParametricGame(GlobalPublicGoods(4, 2.0), reading)


def test_the_order_of_players_is_the_one_given():
    graph = nx.Graph([("ann", "bob"), ("bob", "cyd")])
    mixes = jnp.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    for order in itertools.permutations(range(3)):
        game = NeighbourhoodPublicGoods(graph, 2.0, players=[NAMES[k] for k in order])
        straight = NeighbourhoodPublicGoods(graph, 2.0, players=NAMES)
        found = game.payoffs(mixes[np.array(order)])
        assert np.allclose(found, straight.payoffs(mixes)[np.array(order)])


def test_a_game_or_its_matrix_make_the_same_pairwise_game():
    graph = nx.cycle_graph(4)
    named = PairwiseGame(catalogue.stag_hunt(), graph)
    plain = PairwiseGame(NormalFormGame(catalogue.stag_hunt().tensor), graph)
    matrix = PairwiseGame([[4, 0], [3, 2]], graph)
    assert np.array_equal(named.table, matrix.table)
    assert np.array_equal(plain.table, matrix.table)
