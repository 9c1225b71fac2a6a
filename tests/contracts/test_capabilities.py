"""Every analysis says in one way what a game lacks; games that draw can be learned in."""

import functools
import re
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import glasshouse as gh
from glasshouse import analysis
from glasshouse.analysis.tracing.program import trace
from glasshouse.channels import AbstractAccess, Box, Full
from glasshouse.dynamics import Learning, Rest, Starts, learn, rest_residual
from glasshouse.errors import InputError
from glasshouse.parametric import (
    AbstractParametricGame,
    AbstractSampled,
    Layout,
    ParametricGame,
    Tied,
    capabilities,
    require,
    require_exact,
)
from glasshouse.parametric.capabilities import CAPABILITIES
from glasshouse.rules import Fixed, Gradient, Lola, Optimistic, PerPlayer
from glasshouse.theory import Access, Rise, knows

INSIDE = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), 3.0)(0.5)
CORNER = tuple(box.upper for box in INSIDE.spaces)
SHORT = Learning(starts=Starts(4), steps=3)

DENSE = ("game", "semantics", "channel", "centred", "midpoints")
METHODS = {
    None: ("payoffs", "selfish_gradients"),
    "observables": ("observables",),
    "scales": ("gradient_scales",),
    "checks": ("faults",),
    "dense": ("behaviours", "centred_payoffs"),
}


def inner(name):
    return property(lambda self: getattr(self.inside, name))


def passed_on(name):
    return lambda self, *arguments: getattr(self.inside, name)(*arguments)


@functools.cache
def game_without(*missing, drawn=False) -> Any:
    """A game of somebody's own with all capabilities but these."""
    has = [name for name in METHODS if name not in missing]
    bases = [CAPABILITIES[name][0] for name in has if name] + [AbstractSampled] * drawn
    properties = ["players", "layout", "spaces", *(DENSE if "dense" in has else ())]
    body = {name: inner(name) for name in properties}
    body |= {name: passed_on(name) for kind in has for name in METHODS[kind]}
    body |= {"estimate": property(lambda self: "the mean of 8 episodes")} if drawn else {}
    body |= {"__module__": __name__, "__annotations__": {"inside": ParametricGame}}
    kind: Any = type("Outsider", (AbstractParametricGame, *bases), body)
    return kind(INSIDE)


NEEDS = {
    "best_deviation": ("dense",),
    "boundary_test": ("dense", "scales", "observables"),
    "certify": ("dense",),
    "deviation_curve": ("dense",),
    "equilibrium_threshold": ("dense", "scales", "observables"),
    "cooperation": ("observables",),
    "first_movement": ("observables",),
    "first_order_margin": ("observables",),
    "generic_outcomes": ("observables",),
    "assess": ("observables",),
    "long_run_switch": ("observables",),
    "margin_by_reader": ("dense", "observables"),
    "mean_cooperation": ("observables",),
    "measured_first_movement": ("observables",),
    "phase_portrait": ("dense", "scales", "observables"),
    "player_thresholds": ("scales", "observables"),
    "predict": ("observables",),
    "reached_rest_points": ("observables",),
    "attraction": ("scales",),
    "certify_mixture": ("dense",),
    "existence": ("dense",),
    "find_equilibria": ("dense",),
    "mixed_equilibrium": ("dense",),
    "sensitivity": ("dense",),
    "sensitivity_path": ("dense",),
}
"""What public analyses need of a game, beside payoffs and selfish gradients."""

ELSEWHERE = {
    "base_game": "a base game",
    "branches": "families",
    "dominance": "a base game",
    "fair_leaders": "a base game",
    "feasible_set": "a base game",
    "manipulation": "games played in samples",
    "mixed_simulation": "a base game",
    "outcome_map": "families",
    "periods": "what all games have",
    "quasi_concavity_threshold": "families of what existence takes",
    "selection": "what all games have",
    "certified_threshold": "built-in families",
    "equilibrium_curve": "built-in families",
    "pure_equilibria": "a base game",
    "selfish_parts": "games that play episodes",
    "stackelberg": "a base game",
    "survey": "what it asks, whose errors become its notes",
    "turns": "payoffs of runs",
    "ways_to_be_transparent": "a base game",
    "welfare_optima": "a base game",
    "wilson_interval": "numbers",
}
"""Analyses that are about something else than a parametric game."""

PATH = tuple(np.linspace(-1.0, 1.0, 3) for _ in INSIDE.spaces)

ARGUMENTS = {
    "best_deviation": lambda game: (game, CORNER, 0),
    "attraction": lambda game: (game, CORNER),
    "certify": lambda game: (game, CORNER, 1e-3),
    "certify_mixture": lambda game: (game, ((3.0,), (3.0,)), ((1.0,), (1.0,)), 1e-3),
    "deviation_curve": lambda game: (game, CORNER, 0, [0.0]),
    "cooperation": lambda game: (game, CORNER),
    "first_order_margin": lambda game: (game, CORNER),
    "generic_outcomes": lambda game: ([game],),
    "assess": lambda game: ([game],),
    "margin_by_reader": lambda game: (game, CORNER),
    "mean_cooperation": lambda game: (game, CORNER),
    "sensitivity": lambda game: (game, CORNER),
    "sensitivity_path": lambda game: (game, PATH),
    "trace": lambda game: (game, CORNER, 0),
}
FAMILIES = {
    "equilibrium_threshold",
    "first_movement",
    "long_run_switch",
    "measured_first_movement",
    "player_thresholds",
    "predict",
}


def call(name, game):
    function: Any = trace if name == "trace" else getattr(analysis, name)
    if name in FAMILIES:
        return function(lambda coupling: game)
    return function(*ARGUMENTS.get(name, lambda game: (game,))(game))


def test_every_public_analysis_says_what_it_needs():
    functions = {
        name
        for name in dir(analysis)
        if callable(getattr(analysis, name)) and not isinstance(getattr(analysis, name), type)
        if getattr(analysis, name).__module__.startswith("glasshouse.analysis")
        if getattr(analysis, name).__name__ == name  # no earlier name of another
    }
    assert functions == {*NEEDS, *ELSEWHERE}


@pytest.mark.parametrize(
    ("name", "capability"),
    [(name, capability) for name, needed in NEEDS.items() for capability in needed]
    + [("trace", "dense")],
)
def test_a_capability_that_a_game_lacks_gives_the_one_error(name, capability):
    game = game_without(capability)
    assert capabilities(game) == {"observables", "scales", "checks", "dense"} - {capability}
    words = re.escape(CAPABILITIES[capability][1])
    with pytest.raises(InputError, match=f"^.+ needs {words}, and Outsider has none$"):
        call(name, game)


EXACT = [*NEEDS.keys() - {"cooperation", "mean_cooperation"}, "trace"]


@pytest.mark.parametrize("name", sorted(EXACT))
def test_what_needs_exact_payoffs_refuses_those_that_are_drawn(name):
    game = game_without(drawn=True)
    said = "needs exact payoffs, and Outsider has none: each is the mean of 8 episodes"
    with pytest.raises(InputError, match=f"^.+ {said}"):
        call(name, game)


def test_what_is_no_game_gets_one_error_too():
    with pytest.raises(InputError, match="the boundary test needs a parametric game, not float"):
        require(3.0, "dense", "the boundary test")
    with pytest.raises(InputError, match="the boundary test needs a parametric game, not float"):
        require_exact(3.0, "the boundary test")


def test_a_game_made_of_one_that_can_says_so():
    with pytest.raises(InputError, match=r"and Tied has none: take its \.game$"):
        call("boundary_test", Tied(INSIDE))


@pytest.mark.parametrize("name", ["best_deviation", "boundary_test", "sensitivity"])
def test_a_dense_game_of_ones_own_is_analysed_like_the_built_in_one(name):
    assert repr(call(name, game_without())) == repr(call(name, INSIDE))


@pytest.mark.parametrize("missing", [(), ("checks",)])
def test_no_certificate_and_no_closed_form_of_a_game_of_ones_own(missing):
    """It has all that a logistic game has, and may yet pay something else."""
    game = game_without(*missing)
    with pytest.raises(InputError, match=r"a certificate needs .*, and Outsider has none"):
        gh.certify(game, CORNER, 1e-3)
    for question in ("thresholds", "diagonal", "access", "corner limits"):
        found = gh.known(question, game)
        assert isinstance(found, gh.Unknown)
        assert "Outsider" in found.reason


class Drawn(AbstractParametricGame, AbstractSampled):
    """U_i = -(θ_i - 1)² + noise · θ_i · z, with z drawn from the key."""

    noise: Any

    @property
    def players(self):
        return 2

    @property
    def layout(self):
        return Layout.separate

    @property
    def spaces(self):
        return (Box(-3.0, 3.0),) * 2

    @property
    def estimate(self):
        return "one draw"

    def payoffs(self, params, key: Any = None):
        z = jax.random.normal(key, (2,))
        theta = jnp.stack(params)
        return -((theta - 1) ** 2) + self.noise * theta * z

    def selfish_gradients(self, params, key: Any = None):
        z = jax.random.normal(key, (2,))
        return tuple(-2 * (x - 1) + self.noise * z[i] for i, x in enumerate(params))


DRAWN = Drawn(np.asarray(0.5))
STARTS = Starts(5, seed=1)


@pytest.mark.parametrize(
    "rule", [Gradient(), Optimistic(), PerPlayer((Gradient(), Fixed()))], ids=lambda r: r.words
)
def test_learning_in_a_game_that_draws(rule):
    key = jax.random.key(3)
    settings = {"steps": 40, "step_size": 0.1, "key": key}
    one, again = (gh.run(DRAWN, rule, (0.0, 0.0), **settings) for _ in range(2))
    assert np.array_equal(one.params, again.params)
    other = gh.run(DRAWN, rule, (0.0, 0.0), **{**settings, "key": jax.random.key(4)})
    assert not np.array_equal(one.params, other.params)
    assert abs(float(one.params[0]) - 1) < 0.6
    stopped = gh.run(DRAWN, rule, stop=Rest(every=10), throw=False, **settings)
    assert np.isfinite(stopped.residual)
    assert float(rest_residual(DRAWN, (1.0, 1.0), rule, key)) > 0


def test_many_runs_draw_by_the_seed_of_learning():
    learning = Learning(steps=30, starts=STARTS)
    first, again = (learn([DRAWN, DRAWN], learning) for _ in range(2))
    other = learn([DRAWN, DRAWN], Learning(steps=30, starts=STARTS, seed=1))
    assert np.array_equal(first.params, again.params)
    assert not np.array_equal(first.params, other.params)
    by_game = np.asarray(first.params[0])
    assert np.array_equal(by_game[0], by_game[1])  # the same draws in every game
    assert len(np.unique(by_game[0])) == 5
    assert np.all(np.isfinite(first.residuals))
    together = learn([DRAWN], Learning(steps=30, starts=STARTS, tied=True))
    assert np.all(np.isfinite(together.residuals))
    quiet = learn([Drawn(np.asarray(0.0))], Learning(steps=200, starts=STARTS))
    assert np.asarray(quiet.params) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(
    "play",
    [
        lambda: gh.run(DRAWN, steps=3, step_size=0.1),
        lambda: gh.run(Tied(DRAWN), steps=3, step_size=0.1),
        lambda: rest_residual(DRAWN, (0.0, 0.0)),
    ],
)
def test_without_a_key_nothing_is_drawn(play):
    with pytest.raises(InputError, match=r"are drawn: .* needs a key, such as key=jax"):
        play()


@pytest.mark.parametrize("rule", [Lola(0.5), PerPlayer((Lola(0.5), Gradient()))], ids=str)
def test_second_derivatives_of_what_is_drawn_are_refused(rule):
    with pytest.raises(InputError, match="LOLA needs second derivatives of exact payoffs"):
        gh.run(DRAWN, rule, steps=3, step_size=0.1, key=jax.random.key(0))


def test_exact_games_take_a_key_and_draw_nothing():
    settings = {"steps": 5, "step_size": 0.1}
    with_key = gh.run(INSIDE, params=(0.1, 0.2), key=jax.random.key(0), **settings)
    without = gh.run(INSIDE, params=(0.1, 0.2), **settings)
    assert np.array_equal(with_key.params, without.params)


def test_who_adds_a_class_adds_what_is_known_of_it():
    class Glimpse(AbstractAccess):
        """Full access by another name, of which nothing is known before somebody says it."""

        is_full = has_one_switch = True

        def check(self, boxes):
            return

        def look(self, params, boxes):
            return Full().look(params, boxes)

        @classmethod
        def example(cls, boxes):
            return cls()

    family = gh.LogisticFamily(gh.load_game("stag_hunt"), 3.0, channel=Glimpse())
    assert Glimpse().words == "access by Glimpse"
    with pytest.raises(InputError, match="no closed form is known for access by Glimpse"):
        family.closed_form()
    with pytest.raises(InputError, match="full access, not"):
        gh.certified_threshold(family)
    for question in ("diagonal", "corner limits"):
        assert isinstance(gh.known(question, family(0.5)), gh.Unknown)

    @knows("access", Access, channel=Glimpse)
    def _(access):
        A, B, _ = access.effects
        return gh.Known(Rise(A, B, 0.0, -1.0, "κ*"), "none", "by hand")

    expected = gh.thresholds(gh.load_game("stag_hunt")).neutral.value
    assert family.closed_form().neutral.value == expected
    with pytest.raises(InputError, match="Glimpse about 'access' is registered already"):
        knows("access", Access, channel=Glimpse)(lambda access: gh.Unknown(""))
    with pytest.raises(InputError, match="concrete classes"):
        knows("access", Access, channel=AbstractAccess)
    with pytest.raises(InputError, match="nothing is known about 'weather': ask about one of"):
        gh.known("weather", family)
