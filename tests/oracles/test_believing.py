"""Shaping by beliefs about types, against matrices of derivatives, and what beliefs are worth."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.oracles.test_rules import PENNIES, TANDEM, three_tensor
from tests.oracles.test_shaping import Dense, directed_by, random_games

import glasshouse as gh
from glasshouse.dynamics import rest_residual
from glasshouse.parametric import Tied
from glasshouse.rules import Believing, Fixed, Gradient, Lola, LookAhead, Momentum, PerPlayer
from glasshouse.rules.base import in_words

STEP, TYPE_STEP = 0.7, 0.5
BELIEFS = np.array([0.5, 0.3, 0.2])
TYPES = (Gradient(), Lola(TYPE_STEP), Fixed())


@eqx.filter_jit
def third(game, x):
    """∂H and the second derivatives of all payoffs."""

    def gradients(x):
        return jnp.stack(game.selfish_gradients(tuple(x)))

    return jax.jacfwd(jax.jacfwd(gradients))(x), jax.jacfwd(jax.jacfwd(game.payoffs))(x)


def types_of(dense):
    """Of naive ones, LOLA and who stands still: directions d, and ∂d_j/∂θ_i as matrices [j, i]."""
    xi, H, E, a = dense.xi, dense.H, dense.E, TYPE_STEP
    with jax.enable_x64(True):
        params = jnp.asarray(dense.params)
        T, P = (np.asarray(x) for x in third(dense.game, params))
    n = len(xi)
    lola, turn = xi.copy(), H.copy()
    for j in range(n):
        for k in set(range(n)) - {j}:
            lola[j] += a * (H[j, k] * xi[k] + H[k, j] * E[j, k])
            turn[j] += a * (
                T[j, k] * xi[k] + H[j, k] * H[k] + T[k, j] * E[j, k] + H[k, j] * P[j, k]
            )
    return [(xi, H), (lola, turn), (0 * xi, 0 * H)], P


def by_matrices(dense, exact):
    """∇_i of the payoff expected after the types' steps, by the chain rule."""
    types, P = types_of(dense)
    n = len(dense.xi)
    if not exact:
        d = np.sum([b * d for b, (d, _) in zip(BELIEFS, types, strict=True)], axis=0)
        turn = np.sum([b * x for b, (_, x) in zip(BELIEFS, types, strict=True)], axis=0)
        gained = [
            sum(d[j] * P[i, j, i] + turn[j, i] * dense.E[i, j] for j in range(n) if j != i)
            for i in range(n)
        ]
        return dense.xi + STEP * np.array(gained)
    found = np.zeros(n)
    for belief, (d, turn) in zip(BELIEFS, types, strict=True):
        for i in range(n):
            others = np.arange(n) != i
            E = dense.at(dense.params + STEP * d * others)[2]
            found[i] += belief * (E[i, i] + STEP * turn[others, i] @ E[i, others])
    return found


@pytest.mark.parametrize("players", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_directions_are_what_matrices_give(players):
    game, tensors, weights, params = random_games(players, 10)
    if players == 3:
        tensors = np.concatenate([tensors, three_tensor()[None]])
        weights = np.concatenate([weights, np.zeros((1, 3, 3))])
        params = np.concatenate([params, [(0.3, -0.2, 0.1)]])

    def towards(tensor, weight, x):
        made, here = game(tensor, weight), tuple(x)
        rules = [Believing(TYPES, BELIEFS, STEP, exact) for exact in (False, True)]
        return [jnp.stack(rule.towards(made, here)) for rule in rules]

    with jax.enable_x64(True):
        found = jax.jit(jax.vmap(towards))(tensors, weights, params)
    for k, member in enumerate(zip(tensors, weights, params, strict=True)):
        dense = Dense(game(*member[:2]), member[2])
        for each, exact in zip(found, (False, True), strict=True):
            right = by_matrices(dense, exact)
            np.testing.assert_allclose(each[k], right, rtol=1e-10, atol=1e-12)


def test_whoever_is_certain_is_a_rule_known_before():
    """Of one type, and of several of which one is certain: with types readable nothing is lost."""
    pairs = [
        (Believing([Gradient()], look_ahead=0.7), Lola(0.7)),
        (Believing(weights=(1.0, 0.0), look_ahead=0.7), Lola(0.7)),
        (Believing(weights=(0.0, 1.0)), Believing(["lola"])),
        (Believing(["gradient"], look_ahead=0.7, exact=True), Lola(0.7, "exact", 1)),
        (Believing(["fixed"]), Gradient()),
        (Believing(look_ahead=0.0), Gradient()),
        (Believing([Momentum(0.5)], look_ahead=0.35), Lola(0.7)),  # ξ / (1 - ½) after a while
        (Believing(weights=(0.3, 0.7), believed_step_sizes=(0.0, 0.0)), Gradient()),
    ]
    found, right = (
        directed_by(list(rules), PENNIES, (0.3, -0.2)) for rules in zip(*pairs, strict=True)
    )
    np.testing.assert_allclose(found, right, rtol=0, atol=1e-14)


def test_among_shapers_of_some_order_it_is_one_of_the_next():
    believing = Believing([Lola(0.7, "exact", 1)], None, 0.7, exact=True)
    found = directed_by([believing, Lola(0.7, "exact", 2)], PENNIES, (0.3, -0.2))
    np.testing.assert_allclose(*found, rtol=0, atol=1e-14)


def test_to_first_order_the_expected_step_is_all_that_counts():
    """So that directions are means over types."""

    def towards(belief):
        rule = Believing(weights=jnp.stack([belief, 1 - belief]))
        return jnp.stack(rule.towards(PENNIES, (jnp.asarray(0.3), jnp.asarray(-0.2))))

    with jax.enable_x64(True):
        mixed, naive, shaper = jax.jit(jax.vmap(towards))(jnp.array([0.3, 1.0, 0.0]))
    assert np.abs(naive - shaper).min() > 1e-3
    np.testing.assert_allclose(mixed, 0.3 * naive + 0.7 * shaper, rtol=0, atol=1e-15)


def test_it_leaves_rest_points_of_selfish_learning():
    """In tandem, θ_1 + θ_2 = 1 rests; shapers of whomever expect to be given way."""
    rest = (0.75, 0.25)
    np.testing.assert_allclose(np.stack(TANDEM.selfish_gradients(rest)), 0, rtol=0, atol=1e-15)
    for belief in (0.0, 0.5, 1.0):
        rule = Believing(weights=(belief, 1 - belief), look_ahead=0.1)
        assert rest_residual(TANDEM, rest, rule) > 0.1
    assert rest_residual(TANDEM, rest, LookAhead(0.1)) < 1e-15


@eqx.filter_jit
def paid(line_up, starts):
    def end(start):
        run = gh.run(PENNIES, line_up, start, steps=20, step_size=1.0, throw=False)
        return PENNIES.payoffs(run.params)

    return jax.vmap(end)(starts)


@pytest.mark.slow  # by day directions say it
def test_who_reads_types_loses_nothing_and_who_does_not_may():
    """Against either true type, right certainty is the payoff of the rule that knows it."""
    starts = tuple(np.random.default_rng(3).normal(size=(2, 20)))
    with jax.enable_x64(True):
        for k, other in enumerate((Gradient(), Lola())):
            known, both = Believing(["gradient", "lola"][k : k + 1]), np.eye(2)
            right = paid(PerPlayer((known, other)), starts)
            reads, errs = (paid(PerPlayer((Believing(weights=b), other)), starts) for b in both)
            reads, errs = (reads, errs) if k == 0 else (errs, reads)
            np.testing.assert_allclose(reads, right, rtol=0, atol=1e-10)
            assert np.abs(errs - right).max() > 0.01


def test_each_says_its_numbers():
    assert in_words(Believing()) == (
        "shaping by beliefs (look-ahead 1, selfish gradients, LOLA (look-ahead 1), weights × 0.5, "
        "0.5)"
    )
    assert in_words(Believing(["fixed"], exact=True)) == (
        "shaping by beliefs (look-ahead 1, no learning, exact)"
    )


def test_what_it_cannot_be_is_said():
    for wrong, said in (
        (lambda: Believing(["lol"]), "'lol' is none: did you mean 'lola'"),
        (lambda: Believing([]), "types must be a list of rules or their names"),
        (lambda: Believing([3]), "a type needs a rule that gives a direction"),
        (lambda: Believing(weights=(1.0, 2.0)), "weights must sum to 1"),
        (lambda: Believing(weights=(1.0,)), r"each of 2 types, but has shape \(1,\)"),
        (lambda: Believing(weights=(2.0, -1.0)), "weights=-1 must be at least 0"),
        (lambda: Believing(look_ahead=-1.0), "look_ahead=-1 must be at least 0"),
        (lambda: Believing(["mirror"]).towards(PENNIES, (0.3, 0.1)), "."),
        (lambda: gh.run(Tied(PENNIES), Believing(), steps=1, step_size=0.1), "one entry for each"),
    ):
        with pytest.raises(gh.InputError, match=said):
            wrong()
