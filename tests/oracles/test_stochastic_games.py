"""Games in steps against recursions in plain Python, written from their rules alone."""

import itertools
from collections import defaultdict

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from glasshouse.errors import InputError
from glasshouse.games import NormalFormGame, RepeatedGame, strategy
from glasshouse.games.stochastic import (
    CoinGame,
    Commons,
    IteratedMatrix,
    TablePlayer,
    exact_league,
    exact_payoffs,
    sampled_league,
    script,
    transitions,
)
from glasshouse.games.stochastic.coin import Board
from glasshouse.games.stochastic.exact import step_weights
from glasshouse.games.stochastic.sampling import _errors

MOVES = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0), "stay": (0, 0)}


class PlainCoins:
    """The Coin Game on dictionaries: a state is (place, place, coins by owner)."""

    def __init__(self, variant, grid, worths=(1.0, 1.0)):
        self.single, self.grid, self.worths = variant == "single", grid, worths
        self.cells = list(itertools.product(range(grid), repeat=2))
        self.moves = list(MOVES.values())[: 5 if variant == "double-stay" else 4]

    def starts(self):
        found = defaultdict(float)
        for a, b in itertools.product(self.cells, repeat=2):
            if not self.single:
                for coins in itertools.product(self.cells, repeat=2):
                    found[a, b, coins] += len(self.cells) ** -4
                continue
            free = [c for c in self.cells if c not in (a, b)]
            for c, owner in itertools.product(free, (0, 1)):
                coins = (c, None) if owner == 0 else (None, c)
                found[a, b, coins] += len(self.cells) ** -2 / len(free) / 2
        return found

    def after(self, state, moves):
        *places, coins = state
        n = self.grid
        places = [((r + x) % n, (c + y) % n) for (r, c), (x, y) in zip(places, moves, strict=True)]
        paid, taken = [0.0, 0.0], [False, False]
        for owner, coin in enumerate(coins):
            for player, place in enumerate(places):
                if coin is not None and place == coin:
                    taken[owner] = True
                    paid[player] += self.worths[owner]
                    if player != owner:
                        paid[owner] -= 2 * self.worths[owner]
        return paid, self.placed(places, coins, taken)

    def placed(self, places, coins, taken):
        if not any(taken):
            return [(1.0, (*places, coins))]
        if self.single:
            free = [c for c in self.cells if c not in places]
            flipped = [(None, c) if taken[0] else (c, None) for c in free]
            return [(1 / len(free), (*places, x)) for x in flipped]
        choices = [self.cells if gone else [c] for c, gone in zip(coins, taken, strict=True)]
        every = list(itertools.product(*choices))
        return [(1 / len(every), (*places, x)) for x in every]

    def far(self, here, move, there):
        off = [abs(h + m - t) % self.grid for h, m, t in zip(here, move, there, strict=True)]
        return sum(min(x, self.grid - x) for x in off)

    def mix(self, name, state, player):
        here, (mine, its) = state[player], state[2][:: 1 if player == 0 else -1]
        if name == "random":
            return [1 / len(self.moves)] * len(self.moves)
        if name == "alld":
            worth = [(min(self.far(here, m, c) for c in (mine, its) if c), 0) for m in self.moves]
        else:
            worth = [
                (self.far(here, m, mine) if mine else 0, -self.far(here, m, its) if its else 0)
                for m in self.moves
            ]
        best = worth.index(min(worth))
        return [float(k == best) for k in range(len(self.moves))]

    def payoffs(self, names, steps):
        reached, total = self.starts(), np.zeros(2)
        known = {}
        for _ in range(steps):
            further = defaultdict(float)
            for state, weight in reached.items():
                if state not in known:
                    known[state] = self.outcomes(state, names)
                paid, leads = known[state]
                total += weight * paid
                for p, other in leads:
                    further[other] += weight * p
            assert sum(further.values()) == pytest.approx(1.0, abs=1e-12)
            reached = further
        return total / steps

    def outcomes(self, state, names):
        """What is expected to be paid, and where it leads."""
        expected, leads = np.zeros(2), []
        mixes = [self.mix(name, state, k) for k, name in enumerate(names)]
        for (i, p), (j, q) in itertools.product(*(enumerate(mix) for mix in mixes)):
            if p * q:
                paid, cases = self.after(state, (self.moves[i], self.moves[j]))
                expected += p * q * np.array(paid)
                leads += [(p * q * share, other) for share, other in cases]
        return expected, leads


NAMES = ["allc", "alld", "random"]


@pytest.fixture(scope="module")
def league():
    return exact_league(CoinGame(), NAMES)


def test_the_coin_game_by_enumeration_is_a_recursion_over_dictionaries(league):
    """1458 states, 50 steps; the published figures are these, rounded."""
    plain = PlainCoins("single", 3)
    for one, other in [("allc", "allc"), ("allc", "alld"), ("alld", "random"), ("random", "allc")]:
        assert np.allclose(
            league.of(one, other), plain.payoffs((one, other), 50), rtol=0, atol=1e-12
        )
    assert transitions(CoinGame()).moves.shape == (1458 * 16, 1458)
    assert league.of("allc", "allc") == pytest.approx((0.3486, 0.3486), abs=5e-5)
    assert league.of("allc", "alld") == pytest.approx((-0.265995, 0.636887), abs=5e-7)
    assert league.of("alld", "random") == pytest.approx((0.531121, -0.531121), abs=5e-7)
    assert league.of("alld", "alld") == pytest.approx((0.0, 0.0), abs=1e-12)
    assert league.of("allc", "random") == pytest.approx((0.0590, 0.1141), abs=5e-5)


def test_seats_are_alike_in_the_whole_league(league):
    assert np.allclose(league.payoffs, league.payoffs.transpose(1, 0, 2)[..., ::-1], atol=1e-12)
    assert league.method == "numerical"
    assert "1458 states" in league.detail


@pytest.mark.parametrize("variant", ["double", "double-stay"])
def test_two_coins_of_unequal_worth_are_such_a_recursion_too(variant):
    game, plain = CoinGame(variant, 2, worths=(1.0, 0.5)), PlainCoins(variant, 2, (1.0, 0.5))
    found = exact_league(game, NAMES, horizon=6)
    for one, other in [("allc", "alld"), ("alld", "random")]:
        assert np.allclose(found.of(one, other), plain.payoffs((one, other), 6), rtol=0, atol=1e-12)


def test_nobody_does_better_together_than_who_collects_its_own(league):
    """In the game of one coin, which is then always on somebody's shortest way."""
    best = transitions(CoinGame()).ceiling(step_weights(CoinGame(), None, 1.0))
    assert best == pytest.approx(league.of("allc", "allc")[0], abs=1e-12)


def test_the_league_in_samples_is_within_four_standard_errors(league):
    found = sampled_league(CoinGame(), NAMES, seeds=6, episodes=30, seed=1)
    apart = np.abs(found.payoffs - league.payoffs)
    assert (apart <= 4 * found.errors + 1e-12).all()
    assert 0 < found.errors.max() < 0.02
    assert found.by_seed.shape == (3, 3, 6, 6, 2)
    assert np.array_equal(found.payoffs, found.by_seed.mean(axis=(2, 3)))


@pytest.mark.parametrize("common", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize("itself", [0.0, 3.0])
def test_errors_over_seeds_are_those_of_crossed_effects(common, itself):
    """Against the variance of the mean in a model whose effects are known: those of a seed's two
    players go together or against each other, and they may get on with each other alone."""
    draw = np.random.default_rng(8).normal
    means, claimed = [], []
    for _ in range(3000):
        seeds = draw(size=8) * 0.3
        rows, columns = seeds + draw(size=8) * 0.1, common * seeds + draw(size=8) * 0.2
        cells = rows[:, None] + columns[None] + draw(size=(8, 8)) * 0.5 + itself * np.eye(8)
        means.append(cells.mean())
        claimed.append(_errors(np.stack([cells, cells], axis=-1))[0] ** 2)
    assert np.mean(claimed) == pytest.approx(np.var(means), rel=0.1)


@pytest.fixture(scope="module")
def walked():
    """Boards before and after a step, actions, rewards and events, of random walks."""
    game = CoinGame(memory=True)

    def step(board, key):
        one, two = jax.random.split(key)
        actions = jax.random.randint(one, (2,), 0, 4)
        moved, paid, events = game.step(board, actions, two)
        return moved, (board, actions, moved, paid, events)

    def walk(key):
        keys = jax.random.split(key, 41)
        return jax.lax.scan(step, game.reset(keys[0]), keys[1:])[1]

    found = jax.jit(jax.vmap(walk))(jax.random.split(jax.random.key(0), 256))
    return jax.tree.map(lambda x: np.asarray(x).reshape(-1, *x.shape[2:]), found)


def test_a_single_coin_never_lies_under_a_player_and_turns_when_it_is_taken(walked):
    before, _, after, paid, _ = walked
    for board in (before, after):
        assert (board.coins != board.players).all()
    assert (before.players[:, 0] == before.players[:, 1]).any()  # players may share a cell
    taken = (after.players == before.coins).any(axis=1)
    assert 0.1 < taken.mean() < 0.5
    assert np.array_equal(before.colour != after.colour, taken)
    assert ((before.coins != after.coins).ravel() <= taken).all()
    assert set(np.unique(paid)) == {-2.0, -1.0, 0.0, 1.0}
    assert np.array_equal((paid != 0).any(axis=1), taken)


def test_events_say_who_took_what_and_memory_keeps_it(walked):
    before, _, after, paid, events = walked
    own, others, lost = (events[x] for x in ("own coin", "other's coin", "lost a coin"))
    assert np.array_equal(paid, own + others - 2 * lost)
    assert np.array_equal(lost, others[:, ::-1])
    for colour in (0, 1):
        takers = own[:, colour] * (1 + colour) + others[:, 1 - colour] * (2 - colour)
        wanted = np.where(takers > 0, takers, before.last[:, colour])
        assert np.array_equal(after.last[:, colour], wanted)


def swapped(board, single):
    bits = board.last[:, ::-1]
    return Board(
        board.players[:, ::-1],
        board.coins if single else board.coins[:, ::-1],
        1 - board.colour if single else board.colour,
        bits // 2 + 2 * (bits % 2),
    )


@pytest.mark.parametrize(
    "game",
    [CoinGame(memory=True), CoinGame("double-stay", 2, memory=True, egocentric=False)],
    ids=["single", "double-stay"],
)
def test_seats_swap_everything(game):
    """What player 2 sees and gets is what player 1 does with seats and colours exchanged."""
    draw = np.random.default_rng(4)
    boards = jax.vmap(game.state_at)(draw.integers(0, game.states, 400).astype(np.int32))
    boards = jax.tree.map(np.asarray, boards)
    actions = draw.integers(0, game.actions[0], (400, 2)).astype(np.int32)
    uniforms = draw.random((400, game.draws[1]))
    mirrored = swapped(boards, game.variant == "single")

    @jax.jit
    @jax.vmap
    def stepped(board, actions, uniforms):
        return game.observe(board), game.advance(board, actions, uniforms)

    seen, (after, paid, events) = stepped(boards, actions, uniforms)
    reverse = slice(None, None, -1)
    seen2, (after2, paid2, events2) = stepped(mirrored, actions[:, reverse], uniforms[:, reverse])
    assert np.array_equal(seen.features[:, reverse], seen2.features)
    assert np.array_equal(seen.situations[:, reverse], seen2.situations)
    assert np.array_equal(paid[:, reverse], paid2)
    assert all(np.array_equal(events[name][:, reverse], events2[name]) for name in events)
    again = swapped(jax.tree.map(np.asarray, after), game.variant == "single")
    assert all(np.array_equal(x, y) for x, y in zip(after2, again, strict=True))


@pytest.mark.parametrize(
    ("ties", "mine", "its"),
    [("first", [1, 0, 0, 0], [0, 1, 0, 0]), ("vertical", [0, 0, 1, 0], [0, 0, 0, 1]),
     ("even", [0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5])],
)  # fmt: skip
def test_rules_of_ties_decide_between_moves_that_are_as_good(ties, mine, its):
    """On a grid of five the own coin is up and left of one, and then the other's is."""
    game = CoinGame(grid=5)
    player = script("allc", game, ties=ties)
    for colour, wanted in ((0, mine), (1, its)):
        board = Board(jnp.array([12, 0]), jnp.array([6]), jnp.array(colour), jnp.zeros(2, int))
        found, _ = player.log_mix((), game.observe(board).of(0))
        assert np.exp(found).tolist() == pytest.approx(wanted, abs=1e-12)


def plain_commons(efforts, steps, players, takes=(0.8, 3.2), growth=0.5):
    reached, total = {12: 1.0}, np.zeros(players)
    demand = np.array([takes[e] / players for e in efforts])
    for _ in range(steps):
        further = defaultdict(float)
        for stock, weight in reached.items():
            got = min(stock, demand.sum())
            total += weight * demand * got / demand.sum()
            left = stock - got
            grown = min(12.0, left + growth * left * (1 - left / 12))
            down = int(np.floor(grown))
            further[down + 1] += weight * (grown - down)
            further[down] += weight * (1 - grown + down)
        reached = further
    return total / steps, reached


@pytest.mark.parametrize("efforts", [(0, 0), (1, 1), (0, 1), (1, 0, 0)])
def test_a_commons_by_enumeration_is_such_a_recursion(efforts):
    game = Commons(len(efforts))
    names = [("restrain", "exploit")[e] for e in efforts]
    wanted, _ = plain_commons(efforts, 50, len(efforts))
    assert np.allclose(exact_payoffs(game, names), wanted, rtol=0, atol=1e-12)


def test_greed_destroys_a_commons_and_restraint_keeps_it():
    """A prisoner's dilemma between the two, with and without the game's discount."""
    assert plain_commons((0, 0), 50, 2)[1].get(0, 0.0) == 0.0
    assert plain_commons((1, 1), 50, 2)[1][0] > 0.999
    for discount in (1.0, 0.96):
        found = exact_league(Commons(), ["restrain", "exploit"], discount=discount)
        (R, S), (T, P) = found.payoffs[..., 0]
        assert T > R > P > S


def test_an_iterated_game_over_many_steps_is_the_repeated_game():
    stage = NormalFormGame([[[-1.0, -3.0], [0.0, -2.0]], [[-1.0, 0.0], [-3.0, -2.0]]])
    repeated = RepeatedGame(stage, 0.8)
    names = ["tft", "grim", "wsls", "alld", "gtft"]
    found = exact_league(IteratedMatrix(stage), names, horizon=200, discount=0.8)
    for one, other in [("tft", "alld"), ("gtft", "wsls"), ("grim", "gtft"), ("wsls", "alld")]:
        wanted = repeated.values([strategy(one, repeated), strategy(other, repeated)])
        assert np.allclose(found.of(one, other), wanted, rtol=0, atol=1e-12)


def test_of_three_actions_tit_for_tat_plays_the_first_and_then_the_others_last():
    """By hand: the row is paid 1 at first, a against c, and then what both do alike pays."""
    rows = np.array([[3.0, 0.0, 1.0], [5.0, 1.0, 0.0], [2.0, 1.5, -1.0]])
    game = IteratedMatrix(NormalFormGame([rows, rows.T]), horizon=4)
    last = np.eye(3)[np.full(game.situations, 2)]
    found = exact_payoffs(game, ["tft", TablePlayer(last)])
    np.testing.assert_allclose(found, [(1 - 3) / 4, (2 - 3) / 4], atol=1e-12)
    with pytest.raises(InputError, match="give a row of probabilities for each of 10 situations"):
        script("wsls", game)


def test_a_list_of_players_has_one_for_each_seed():
    stage = NormalFormGame([[[-1.0, -3.0], [0.0, -2.0]], [[-1.0, 0.0], [-3.0, -2.0]]])
    game = IteratedMatrix(stage, horizon=5)
    rows = [np.tile(row, (5, 1)) for row in ([1.0, 0.0], [0.0, 1.0])]
    found = sampled_league(game, {"mixed": [TablePlayer(x) for x in rows]}, seeds=2, episodes=3)
    wanted = np.array([[[-1.0, -1.0], [-3.0, 0.0]], [[0.0, -3.0], [-2.0, -2.0]]])
    assert np.allclose(found.by_seed[0, 0], wanted, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: CoinGame("triple"), "variant='triple'.*single, double, double-stay"),
        (lambda: CoinGame(horizon=0), "horizon=0 must be a whole number from 1 to"),
        (lambda: CoinGame(grid=1), "grid=1 must be a whole number from 2 to 16"),
        (lambda: CoinGame(worths=(1.0, np.nan)), "worths must be finite"),
        (lambda: CoinGame(worths=(1.0, -1.0)), "worths=-1 must be at least 0"),
        (lambda: CoinGame(rewards=[[1.0, np.inf], [0.0, 1.0]]), "2 × 2 finite numbers"),
        (lambda: CoinGame(ending="over"), "ending='over' must be"),
        (lambda: Commons(takes=(2.0, 1.0)), "the restrained one the smaller"),
        (lambda: Commons(growth=-1.0), "growth must be finite and at least 0"),
        (lambda: script("allc", Commons()), "no script 'allc' of commons-v0.*restrain, exploit"),
        (lambda: script("allc", CoinGame(), tie="even"), "no setting 'tie': it takes ties"),
        (lambda: script("alld", CoinGame(), ties="last"), "ties='last' must be one of first"),
        (lambda: exact_league(CoinGame(grid=16), ["allc"]), "are not counted|cases of states"),
        (lambda: exact_league(Commons(3), ["restrain"]), "exact payoffs of a line-up"),
        (lambda: exact_league(CoinGame(), {"me": 3}), "me is a int: give a player"),
        (lambda: exact_league(CoinGame(), ["allc"], horizon=0), "horizon=0 must be"),
        (lambda: exact_payoffs(CoinGame(), ["allc"]), "has 2 players, not 1"),
        (lambda: TablePlayer([[0.5, 0.6]]), "row 0 of mixes"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_line(build, words):
    with pytest.raises(InputError, match=words) as caught:
        build()
    assert "\n" not in str(caught.value)
