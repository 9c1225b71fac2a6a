"""Thresholds on networks: closed forms written down here, against learning and gradients."""

import math

import equinox as eqx
import jax.numpy as jnp
import networkx as nx
import numpy as np
import pytest

from glasshouse import (
    LogisticFamily,
    NormalFormGame,
    ParametricGame,
    critical_coupling,
    equilibrium_threshold,
    first_order_margin,
    run,
    thresholds,
)
from glasshouse.analysis import PlayerThresholds, first_movement_switch, player_thresholds
from glasshouse.channels import Box
from glasshouse.dynamics import Learning, batch_map, stack
from glasshouse.errors import InputError
from glasshouse.families import AffineFamily, GainFamily, NetworkFamily
from glasshouse.games import (
    GlobalPublicGoods,
    NeighbourhoodPublicGoods,
    PairwiseGame,
    catalogue,
)
from glasshouse.semantics import Custom, Interpreter, Reading

BOUND = 5.0
QUICK = {
    "learning": Learning(steps=200, step_size=None),
    "points": 17,
    "tolerance": 1e-5,
    "bracket": (0.0, 1.5),
}


def circulant(n, k):
    """Each of n players reads the next k, so that each is read by the k before it."""
    return nx.DiGraph([(i, (i + step) % n) for i in range(n) for step in range(1, k + 1)])


def public_goods(n, r, graph, own_weight=1.0):
    return NetworkFamily(GlobalPublicGoods(n, r), Reading.from_graph(graph), BOUND, own_weight)


def neighbourhood(graph, r, own_weight=1.0):
    game = NeighbourhoodPublicGoods(graph, r)
    return NetworkFamily(game, Reading.from_graph(graph), BOUND, own_weight)


def donation(graph, b, c):
    game = PairwiseGame(catalogue.donation(b=b, c=c), graph)
    return NetworkFamily(game, Reading.from_graph(graph), BOUND)


def regular_public_goods(k, t, r):
    """theory: (k+1)(k+1-r) / (2r(k+t)), k neighbours and t triangles at each node."""
    return (k + 1) * (k + 1 - r) / (2 * r * (k + t))


SQUARED_RING = nx.circulant_graph(8, [1, 2])  # k = 4; triangles {i, i+1, i+2}: 3 at each node

CLOSED = {
    "complete, n=4, r=2": (public_goods(4, 2.0, nx.complete_graph(4)), 1 / 3),
    "complete, n=10, r=3": (public_goods(10, 3.0, nx.complete_graph(10)), 7 / 27),
    "two readers each": (public_goods(7, 3.0, circulant(7, 2)), (7 - 3) / (3 * 2)),
    "three readers, own weight": (
        public_goods(7, 3.0, circulant(7, 3), 0.6),
        0.6 * (7 - 3) / (3 * 3),
    ),
    "ring, r=2": (neighbourhood(nx.cycle_graph(6), 2.0), 0.375),
    "K4, r=2": (neighbourhood(nx.complete_graph(4), 2.0), regular_public_goods(3, 3, 2.0)),
    "squared ring": (neighbourhood(SQUARED_RING, 3.0), regular_public_goods(4, 3, 3.0)),
    "ring, own weight": (neighbourhood(nx.cycle_graph(6), 2.0, 1.6), 1.6 * 0.375),
    "donation, Petersen": (donation(nx.petersen_graph(), 3.0, 1.0), 1 / 3),
    "donation, ring": (donation(nx.cycle_graph(5), 4.0, 3.0), 3 / 4),
}

each_closed = pytest.mark.parametrize("case", CLOSED)


@each_closed
def test_learning_switches_at_the_closed_form(case):
    family, expected = CLOSED[case]
    found = family.closed_form()
    assert found.neutral.value == pytest.approx(expected, rel=1e-12)
    assert found.method == "closed form"
    switch = critical_coupling(family, **QUICK)
    assert switch.result == "found"
    assert switch.holds == "above"
    assert switch.value == pytest.approx(expected, abs=1e-3)


@each_closed
def test_first_movement_switches_there_and_nowhere_else_in_the_default_range(case):
    family, expected = CLOSED[case]
    switch = first_movement_switch(family)
    assert switch.result == "found"
    assert switch.value == pytest.approx(expected, abs=1e-8)


def test_three_triangles_are_counted_at_every_node():
    for graph in (SQUARED_RING, nx.complete_graph(4)):
        for node in graph:
            near = graph.subgraph(graph.neighbors(node))
            assert near.number_of_edges() == 3


@pytest.mark.parametrize("name", ["prisoners_dilemma", "stag_hunt", "chicken", "donation"])
def test_pairwise_games_on_regular_graphs_have_the_thresholds_of_two_players(name):
    """Everyone reads k others and plays with k: A and B are k times those of the 2×2 game."""
    game, graph = getattr(catalogue, name)(), nx.petersen_graph()
    weights = nx.Graph((i, j, {"weight": 2.5}) for i, j in graph.edges)
    family = NetworkFamily(PairwiseGame(game, weights), Reading.from_graph(graph), BOUND)
    found, expected = family.closed_form(), thresholds(game)
    # Two players' couplings end at -1, those of three neighbours at -1/3.
    for end in ("defection", "neutral", "cooperation"):
        value = getattr(expected, end).value
        if value > -1 / 3 + 1e-9:
            assert getattr(found, end).value == pytest.approx(value, rel=1e-12, abs=1e-12)
        else:
            assert "holds at every coupling above -0.333333" in getattr(found, end).reason
    if found.regime != "not classified":
        assert found.regime == expected.regime


@pytest.mark.parametrize("offset", [-0.02, 0.02])
def test_thresholds_at_the_ends_decide_there(offset):
    """Prisoner's dilemma on a ring: next to mutual defection (cooperation) all rise or all fall."""
    graph = nx.cycle_graph(5)
    game = PairwiseGame(catalogue.prisoners_dilemma(), graph)
    family = NetworkFamily(game, Reading.from_graph(graph), math.inf)
    found = family.closed_form()
    for threshold, theta in ((found.defection, -12.0), (found.cooperation, 12.0)):
        assert threshold.value is not None
        at = family(threshold.value + offset)
        assert first_order_margin(at, (np.full(5, theta),)) * offset > 0


def star_with_reading():
    return neighbourhood(nx.star_graph(4), 3.0)


REFUSED = {
    "a star": (star_with_reading(), "own cooperation pays players differently.*node number"),
    "unequal readers": (public_goods(4, 2.0, nx.path_graph(4)), "readers cooperate.*differently"),
    "own weights": (
        NetworkFamily(
            GlobalPublicGoods(3, 2.0), Reading.from_graph(nx.complete_graph(3)), 3.0, np.arange(3.0)
        ),
        "one positive own weight",
    ),
    "three actions": (
        NetworkFamily(
            PairwiseGame(np.eye(3), nx.cycle_graph(3)), Reading.from_graph(nx.cycle_graph(3)), 3.0
        ),
        "two actions, not 3",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_where_players_are_not_alike_there_is_no_closed_form(case):
    family, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        family.closed_form()


def test_alike_in_being_read_but_not_in_reading_leaves_the_neutral_threshold():
    """All are read by one other, but one reads nobody and another two: (n-r)/r at p = ½ alone."""
    graph = nx.DiGraph([(0, 1), (0, 2), (1, 3), (2, 0)])
    family = public_goods(4, 2.0, graph)
    found = family.closed_form()
    assert found.neutral.value == pytest.approx((4 - 2) / 2)
    assert found.defection.value is None
    assert "different total weights" in found.cooperation.reason
    assert first_movement_switch(family).value == pytest.approx(1.0, abs=1e-8)


def test_without_readers_and_with_harm_there_is_a_reason_instead_of_a_value():
    nobody = NetworkFamily(GlobalPublicGoods(4, 2.0), Reading([0], [1], [0.0], 4), BOUND)
    assert "at no coupling" in nobody.closed_form().neutral.reason
    graph = nx.cycle_graph(4)
    harmful = PairwiseGame([[1.0, 2.0], [0.0, 3.0]], graph)  # A(½) = 0, B(½) = -2
    found = NetworkFamily(harmful, Reading.from_graph(graph), BOUND).closed_form()
    assert "the inequality reverses, below 0" in found.neutral.reason


def test_what_needs_a_game_in_normal_form_refuses_networks():
    family = CLOSED["ring, r=2"][0]
    with pytest.raises(InputError, match="and NetworkParametricGame has none"):
        equilibrium_threshold(family)


# Thresholds for each player

AUDIENCES = np.array(
    [
        [0, 1, 0, 0, 0],
        [1, 0, 1, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 0.5, 1, 0, 0],
        [1, 0, 0.5, 2, 0],
    ]
)
"""Player i reads j with entry [i, j]; read in all with 4, 2.5, 2.5, 2 and 0."""

OWN_WEIGHTS = np.array([1.0, 0.5, 1.5, 2.0, 1.0])


def digraph():
    r = 2.0
    return r, LogisticFamily(catalogue.public_goods(n=5, r=r), BOUND, AUDIENCES, OWN_WEIGHTS)


def test_players_with_different_audiences_have_thresholds_of_their_own():
    """theory: player i's gradient is positive iff who read it sum to more than ω_i (n-r)/r."""
    r, family = digraph()
    found = player_thresholds(family)
    expected = OWN_WEIGHTS[:4] * (5 - r) / (r * AUDIENCES.sum(axis=0)[:4])
    assert np.allclose(found.values[:4], expected, rtol=1e-12)
    assert math.isnan(found.values[4])
    assert found.threshold(4).reason == "nobody reads it: at no coupling"
    assert found.threshold(0).value == pytest.approx(expected[0])
    assert found.readers is not None
    assert found.readers.tolist() == [4, 3, 3, 1, 0]


@pytest.mark.parametrize(
    ("n", "r"),
    [
        (3, 1.5),
        (4, 2.0),
        pytest.param(6, 2.0, marks=pytest.mark.slow),
        pytest.param(7, 3.0, marks=pytest.mark.slow),
    ],
)
def test_reading_the_mean_of_the_others_takes_a_coupling_that_hardly_falls_with_them(n, r):
    """Public goods: summed reading (n-r)/(r(n-1)), with n(n-1) links; of the mean (n-r)/r, with
    one published number and n links to it."""
    game, everybody = catalogue.public_goods(n=n, r=r), 1 - np.eye(n)
    for pattern, expected in (
        (everybody, (n - r) / (r * (n - 1))),
        (everybody / (n - 1), (n - r) / r),
    ):
        found = player_thresholds(LogisticFamily(game, BOUND, pattern))
        assert np.allclose(found.values, expected, rtol=1e-12)


@pytest.mark.parametrize("blind", [0, 1, 2])
def test_who_reads_nobody_raises_the_threshold_of_those_who_do(blind):
    """k of n players read nobody and never give: (n-r)/(r(n-1-k)), .4, .5, 2/3 for n = 6, r = 2, at
    any common mix of the others."""
    n, r = 6, 2.0
    pattern = 1 - np.eye(n)
    pattern[n - blind :] = 0.0
    family = LogisticFamily(catalogue.public_goods(n=n, r=r), BOUND, pattern)
    expected = (n - r) / (r * (n - 1 - blind))
    assert np.isclose(expected, [0.4, 0.5, 2 / 3][blind])
    compiled = eqx.filter_jit(lambda game, params: game.selfish_gradients(params))
    for mix in (-1.0, 0.0, 0.7):
        params = tuple(np.array(-BOUND if i >= n - blind else mix) for i in range(n))
        for coupling, rises in ((expected - 1e-6, False), (expected + 1e-6, True)):
            slopes = np.array(compiled(family(coupling), params))[: n - blind]
            assert np.all((slopes > 0) == rises)


def test_learning_moves_each_player_from_its_own_threshold_on():
    """Three small steps at couplings 4e-4 apart."""
    r, family = digraph()
    couplings, read = np.arange(0.0, 2.0, 4e-4), AUDIENCES.sum(axis=0)
    games = stack([family(float(coupling)) for coupling in couplings])
    ends = batch_map(after_three_steps, games)
    for player in range(4):
        expected = OWN_WEIGHTS[player] * (5 - r) / (r * read[player])
        rises = ends[:, player] > 0
        assert np.array_equal(rises, np.sort(rises)), "one switch"
        assert couplings[int(rises.argmax())] == pytest.approx(expected, abs=1e-3)
    assert np.all(ends[:, 4] < 0), "nobody reads the last one"


def after_three_steps(game):
    return jnp.stack(run(game, steps=3, step_size=0.001).params)


def test_the_digraph_on_the_network_path_has_the_same_thresholds():
    r, family = digraph()
    reading = Reading.from_graph(nx.from_numpy_array(AUDIENCES, create_using=nx.DiGraph))
    network = NetworkFamily(GlobalPublicGoods(5, r), reading, BOUND, OWN_WEIGHTS)
    found, expected = player_thresholds(network), player_thresholds(family)
    for name in ("values", "own", "read", "readers"):
        assert np.allclose(getattr(found, name), getattr(expected, name), equal_nan=True)
    assert network.lowest == pytest.approx(0.9 * max(-OWN_WEIGHTS[:4] / AUDIENCES.sum(0)[:4]))


@pytest.mark.parametrize("seed", range(4))
def test_thresholds_are_where_gradients_turn(seed):
    """On random graphs, harmful readings included; own incentives may be positive, too."""
    rng = np.random.default_rng(seed)
    graph = nx.gnp_random_graph(15, 0.3, seed=seed)
    reads = nx.gnp_random_graph(15, 0.2, seed=50 + seed, directed=True)
    for one, other in reads.edges:
        reads[one][other]["weight"] = rng.normal(0.3, 1.0)
    game = PairwiseGame(rng.normal(size=(2, 2)), graph)
    own_weight = rng.uniform(0.5, 2.0, 15)
    family = NetworkFamily(game, Reading.from_graph(reads), BOUND, own_weight)
    found = player_thresholds(family)

    compiled = eqx.filter_jit(lambda game: game.selfish_gradients((jnp.zeros(15),))[0])

    def gradients(coupling):
        return np.asarray(compiled(family(coupling)))

    kinds = set()
    for player in range(15):
        threshold = found.threshold(player)
        if threshold.value is not None:
            kinds.add("above")
            assert gradients(threshold.value - 1e-6)[player] < 0
            assert gradients(threshold.value + 1e-6)[player] > 0
        elif "reverses, below" in threshold.reason:
            kinds.add("below")
            at = float(threshold.reason.split()[-1])
            assert gradients(at - 1e-3 * max(1, abs(at)))[player] > 0
            assert gradients(at + 1e-3 * max(1, abs(at)))[player] < 0
        else:
            kinds.add("neither")
            assert np.sign(gradients(-1.7))[player] == np.sign(gradients(2.3))[player]
    assert {"above", "below"} <= kinds
    for coupling in (-0.4, 0.9):
        assert np.array_equal(found.rising(coupling), gradients(coupling) > 1e-13)


def affine_family():
    return AffineFamily(catalogue.donation(b=3.0, c=1.0))


def own_weight_falling(coupling):
    return LogisticFamily(catalogue.donation(), BOUND, own_weight=1 - coupling / 2)(coupling)


def network_own_weight_falling(coupling):
    return public_goods(4, 2.0, nx.complete_graph(4), own_weight=1 - coupling / 2)(coupling)


def start_moving(coupling):
    """Gradients are affine in the coupling, but so is the behaviour at θ = 0."""
    semantics = Custom(
        lambda params, seen: [
            jnp.stack([0.5 + 0.1 * (x + coupling), 0.5 - 0.1 * (x + coupling)]) for x in params
        ],
        [Box(-1.0, 1.0), Box(-1.0, 1.0)],
    )
    return ParametricGame(NormalFormGame([[[3, 0], [0, 1]], [[3, 0], [0, 1]]]), semantics)


@pytest.mark.parametrize(
    "family", [affine_family(), own_weight_falling, network_own_weight_falling, start_moving]
)
def test_couplings_that_change_the_weight_of_ones_own_parameter_are_refused(family):
    """Gradients are affine in the coupling here; but what it adds is not from readers alone."""
    with pytest.raises(InputError, match=r"only how others are read, but at 0\.5 .* number 0"):
        player_thresholds(family)


def test_what_reads_through_a_network_has_thresholds_for_each_player():
    """f(x) = Σ x: the logistic semantics; donation c/b for both."""
    semantics = Interpreter((2, 2), lambda x: jnp.sum(x, keepdims=True), 0.0, 1, 5.0)
    found = player_thresholds(GainFamily(catalogue.donation(b=3.0, c=1.0), semantics))
    assert np.allclose(found.values, 1 / 3, rtol=1e-12)


@pytest.fixture(scope="module")
def of_donation() -> PlayerThresholds:
    return player_thresholds(LogisticFamily(catalogue.donation(), BOUND))


@pytest.mark.parametrize("player", [True, np.array(1.5), -1, 2])
def test_thresholds_of_players_that_are_none_are_refused(of_donation, player):
    found = of_donation
    with pytest.raises(InputError, match=r"player.*(whole number|0 to 1)"):
        found.threshold(player)
    assert found.threshold(np.int64(1)) == found.threshold(1)


@pytest.mark.parametrize(
    "bend",
    [
        lambda k: k * (1 - k),
        lambda k: k * (k - 0.5) * (k - 1),  # which a check at ½ alone does not see
    ],
)
def test_couplings_bent_by_a_millionth_are_refused(bend):
    straight = LogisticFamily(catalogue.donation(), BOUND)
    with pytest.raises(InputError, match="is not affine in the coupling"):
        player_thresholds(lambda coupling: straight(coupling + 1e-6 * bend(coupling)))


def test_gradients_that_are_not_affine_in_the_coupling_are_refused():
    family = LogisticFamily(catalogue.donation(), BOUND)
    with pytest.raises(InputError, match="player number 0 is not affine"):
        player_thresholds(lambda coupling: family(coupling**2))
    with pytest.raises(InputError, match="one parameter each"):
        player_thresholds(LogisticFamily(NormalFormGame(np.zeros((2, 3, 3))), BOUND))
    with pytest.raises(InputError, match="there is no player 2: choose a whole number from 0 to 1"):
        player_thresholds(family).threshold(2)


def test_many_players_have_thresholds_in_arrays():
    """On a ring of rings' size no matter: 20 000 players, each with the ring's 0.375."""
    found = player_thresholds(neighbourhood(nx.cycle_graph(20_000), 2.0))
    assert np.allclose(found.values, 0.375)
    assert len(repr(found).splitlines()) < 15


def test_readings_with_a_negative_total_have_no_closed_form():
    """A ring of 6 with weight 1 along it and -8 across: above 1/3 mean cooperation falls again."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(6))
    for i in range(6):
        graph.add_edge(i, (i + 1) % 6, weight=1.0)
        graph.add_edge(i, (i - 1) % 6, weight=1.0)
        graph.add_edge(i, (i + 3) % 6, weight=-8.0)
    game = PairwiseGame(catalogue.donation(b=3.0, c=1.0), nx.cycle_graph(6))
    family = NetworkFamily(game, Reading.from_graph(graph), bound=3.0)
    margins = [first_order_margin(family(k), family(k).neutral()) for k in (0.1, 0.2, 0.3, 0.5)]
    assert np.sign(margins).tolist() == [-1, 1, 1, -1]
    with pytest.raises(InputError, match="node number 0 reads with -6 in all"):
        family.closed_form()
    # Raising all parameters raises cooperation up to 1/6, which the default search stays below.
    assert family.highest == pytest.approx(0.9 / 6)
    for coupling, sign in ((family.highest, 1), (0.2, -1)):
        everybody = float(family(coupling).cooperation((jnp.ones(6),)).mean())
        assert np.sign(everybody - 0.5) == sign


def signed(n, weights):
    """Each of n players reads the next ones with these weights."""
    edges = [(i, (i + k) % n, w) for i in range(n) for k, w in enumerate(weights, 1)]
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(edges)
    return graph


@pytest.mark.parametrize("weights", [(1.0, -0.4), (-0.5, 2.0, -0.25), (3.0, 0.5, -2.0)])
def test_signed_weights_with_positive_totals_keep_the_closed_form(weights):
    """ω (n-r)/(r k), k the total: there mean cooperation starts to rise, from every diagonal."""
    family = public_goods(7, 3.0, signed(7, weights), 0.8)
    expected = 0.8 * (7 - 3.0) / (3.0 * sum(weights))
    found = family.closed_form()
    for threshold in (found.defection, found.neutral, found.cooperation):
        assert threshold.value == pytest.approx(expected, rel=1e-12)
    assert family.highest == 3.0
    for coupling in np.linspace(family.lowest, 5.0, 41):
        for theta in (-2.0, 0.0, 1.0):
            margin = first_order_margin(family(float(coupling)), (np.full(7, theta),))
            assert np.sign(margin) == np.sign(coupling - expected)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_totals_that_cancel_but_for_rounding_are_none(sign):
    family = public_goods(7, 3.0, signed(7, [sign * 0.1, sign * 0.2, sign * -0.3]))
    assert "at no coupling" in family.closed_form().neutral.reason
    assert (family.lowest, family.highest) == pytest.approx((-2.7, 3.0))
