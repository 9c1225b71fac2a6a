"""Everything exported can be read, and every result is plain data, ready for JSON."""

import csv
import dataclasses
import functools
import importlib
import io
import json
import math
import re
import tempfile
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import glasshouse
from glasshouse import LogisticFamily, NormalFormGame, ParametricGame, Tied, programs, run
from glasshouse._foundation.results import UNLESS_NONE, Readable, Result, plain
from glasshouse._foundation.tabular import MOST_EXPANDED, latex_text, number_text, shown_table
from glasshouse.analysis import (
    Audit,
    Estimate,
    Observed,
    OutcomeMap,
    Portrait,
    SearchedPoint,
    Share,
    Switch,
    Witness,
    assess,
    base_game,
    best_deviation,
    boundary_test,
    certified_threshold,
    certify,
    critical_coupling,
    dominance,
    equilibrium_curve,
    fair_leaders,
    find_equilibria,
    generic_outcomes,
    manipulation,
    mean_cooperation,
    mixed_simulation,
    outcome_map,
    periods,
    phase_portrait,
    player_thresholds,
    quasi_concavity_threshold,
    reached_rest_points,
    selfish_parts,
    sensitivity,
    sensitivity_path,
    stackelberg,
    survey,
    turns,
    ways_to_be_transparent,
)
from glasshouse.analysis.challenge import (
    Challenge,
    ChallengeFindings,
    ChallengeTrial,
    Forecast,
    Forecasts,
)
from glasshouse.analysis.equilibria import bound_game, mixed_equilibrium, mixing_branch
from glasshouse.analysis.finite import (
    DeviationPolytope,
    ReadableWelfare,
    SecuredWelfare,
    actions_needed,
    announced,
    correlated_equilibrium,
    needs_to_know,
    preferences,
    risk_averse_equilibria,
    shapley,
    sinks,
)
from glasshouse.certificates.checker import check
from glasshouse.channels import (
    Box,
    Decoupled,
    Distance,
    Full,
    Mask,
    Misreport,
    Noisy,
    OneSided,
    Probabilistic,
)
from glasshouse.dynamics import (
    RESULTS,
    Learning,
    Rest,
    Solution,
    Starts,
    Training,
    batch_map,
    ending,
    learn,
    train,
)
from glasshouse.families import (
    AffineFamily,
    Axis,
    GainFamily,
    LinearFamily,
    NetworkFamily,
    Setup,
)
from glasshouse.games import (
    GlobalPublicGoods,
    Labels,
    NeighbourhoodPublicGoods,
    OrdinalGame,
    PairwiseGame,
    Payoffs,
    RepeatedGame,
    Symmetric2x2,
    catalogue,
)
from glasshouse.games.random import random_game
from glasshouse.games.stochastic import (
    CoinGame,
    Collector,
    Commons,
    Episode,
    IteratedMatrix,
    TablePlayer,
    exact_league,
    transitions,
)
from glasshouse.interop import HostGame, parse_nfg, parse_table
from glasshouse.leagues import (
    MixedChoice,
    Strategy,
    alpha_rank,
    opening,
    play,
    rate,
    round_robin,
)
from glasshouse.parametric import DifferentiableGame, SampledParametricGame
from glasshouse.plots import Marker
from glasshouse.rules import Fixed, Gradient, Lola, PerPlayer, Transformed
from glasshouse.rules.registry import RULES, VIEWS
from glasshouse.rules.sampled import ActorCritic, NoisyCritic
from glasshouse.rules.sampled.opponents import OPPONENT_CRITICS
from glasshouse.semantics import (
    Affine,
    Custom,
    Interpreter,
    Linear,
    Logistic,
    Modules,
    Policies,
    Reading,
)
from glasshouse.semantics.policies import (
    GruPolicy,
    MirroredWeights,
    MlpPolicy,
    Opaque,
    PolicyPlayer,
    ProjectedWeights,
    Scripted,
    TablePolicy,
)
from glasshouse.semantics.registry import SEMANTICS
from glasshouse.study import (
    LeaguePoint,
    Predictions,
    Slice,
    Study,
    StudyLeague,
    compute,
    predict,
    prepare,
)
from glasshouse.study.drawing import SavedAnimation, SavedFigure
from glasshouse.study.questions import study_points
from glasshouse.study.sceptic import Experiment, Findings, Trial
from glasshouse.study.training import PreparedTraining, check_training
from glasshouse.theory import (
    AffineDiagonal,
    access_thresholds,
    corner_limits,
    diagonal,
    diagonal_rest_points,
    known,
    similarity_deviation,
    similarity_range,
    thresholds,
)

LONGEST, WIDEST = 40, 100

GAME = catalogue.prisoners_dilemma()
FAMILY = LogisticFamily(GAME, 3.0)


def coupling_of(setup):
    return setup.game.semantics.coupling


COUPLING = Axis("coupling", np.linspace(0.0, 1.0, 21), at=coupling_of)
PARAMETRIC = FAMILY(0.5)
CORNER = tuple(box.upper for box in PARAMETRIC.spaces)
PD = Symmetric2x2(T=5.0, R=3.0, P=1.0, S=0.0)
READING = Reading([0, 1, 3, 4], [1, 0, 2, 3], [0.5, 1 / 3, -1.0, 2.0], 5)
NETWORK = NetworkFamily(NeighbourhoodPublicGoods.example(), READING, 3.0)
STUDY = {
    "game": {"name": "stag_hunt"},
    "learning": {"starts": 10, "steps": 100},
    "sweep": {"semantics.coupling": [0.0, 0.5, 1.0]},
    "analysis": {"thresholds": False, "portrait": False, "tied": False, "boundary_test": False},
}


def learned(start: jax.Array) -> Solution:
    stop = Rest(every=10)
    return run(PARAMETRIC, params=(start, -start), steps=200, step_size=0.1, stop=stop, throw=False)


@functools.cache
def assessment():
    return assess([PARAMETRIC], learning=Learning(starts=Starts(8), steps=200))[0]


@functools.cache
def portrait() -> Portrait:
    return phase_portrait(
        PARAMETRIC, resolution=17, cells=4, trajectories=6, learning=Learning(steps=50)
    )


@functools.cache
def study():
    return compute(prepare(Study.model_validate(STUDY)))


def league_point() -> LeaguePoint:
    found, rated = league(), rate(np.arange(8.0).reshape(2, 2, 2) / 7)
    leaving = (found.leaving(found.entrants[0], found.entrants[0]),)
    return LeaguePoint({"semantics.coupling": 0.3}, found, rated, None, leaving, (), ("a note",))


def sceptic() -> Findings:
    seen = (0.5, 1.25), (0.75,), ()
    trials = tuple(Trial("policies", "equal", k, *seen, ((),), 2, False, True) for k in range(120))
    return Findings(Experiment().to_dict(), trials, 1e-7)


def challenge() -> ChallengeFindings:
    part = "mirrored-once-tied-p0.2-standard"
    forecast = Forecast(part, 7, True, 3 / 7, (0.2, 0.2), True, 0.296091, 1)
    trials = (ChallengeTrial(forecast, (0.3, None), 1e-5),) * 30
    return ChallengeFindings(Challenge(parts=(part,), windows=(5, 50)), 64 * "0", trials)


@functools.cache
def branches_of_the_dilemma():
    return glasshouse.branches(FAMILY, "coupling", (-3.0, -3.0), value=0.0, between=(0.0, 1.0))


def certified_corner():
    alone = {**STUDY, "analysis": {"outcomes": False, "tied": False}}
    (point,), _ = study_points(prepare(Study.model_validate(alone)).base)
    return point


@functools.cache
def predictions():
    return predict(FAMILY, certify=False)


@functools.cache
def surveyed():
    found, _ = survey(FAMILY(0.3), Learning(starts=Starts(8), steps=20))
    assert found is not None
    return found


def point_surveyed():
    found = surveyed().equilibria
    assert found is not None
    return found.points[0]


def quasi_concave():
    theorems = surveyed().existence
    assert theorems is not None
    return theorems["quasi-concave"]


@functools.cache
def mixture():
    return mixed_equilibrium(PARAMETRIC)


@functools.cache
def branch():
    return mixing_branch(FAMILY, [0.86, 0.88])


@functools.cache
def equilibria():
    return find_equilibria(PARAMETRIC)


@functools.cache
def refuted():
    return certify(PARAMETRIC, (3.0, 3.0), 1e-6)


@functools.cache
def reached():
    return reached_rest_points(PARAMETRIC, learning=Learning(starts=Starts(5), steps=200))


@functools.cache
def path_of_learning():
    return run(PARAMETRIC, steps=10, step_size=0.1, save="path")


@functools.cache
def bounds():
    return bound_game(GAME, 0.5, [1.0, 3.0])


@functools.cache
def league():
    learners = {"naive": Gradient(), "still": Fixed()}
    return play(learners, PARAMETRIC, learning=Learning(steps=20), seeds=5)


@functools.cache
def opened():
    learning = Learning(steps=20, starts=Starts(3))
    return opening(PARAMETRIC, [Gradient()], learning=learning)


@functools.cache
def masked_readers():
    game = ParametricGame(GAME, Linear((2, 2), 0.5, [1.0, 0.3], 2.0))
    return needs_to_know(game, 0, [[1.0, 1.0], [-1.0, 0.5]], starts=1)


def aumanns():
    return correlated_equilibrium(catalogue.chicken(T=7, R=6, P=0, S=2))


@functools.cache
def small_map() -> OutcomeMap:
    family = glasshouse.Family(
        glasshouse.Setup(PARAMETRIC, Learning(steps=20, starts=Starts(2))),
        glasshouse.Axis("κ", [0.1, 0.4, 0.9], at=lambda setup: setup.game.semantics.coupling),
        glasshouse.Axis("η", [0.1, 0.2], at=lambda setup: setup.learning.step_size),
    )
    return outcome_map(family, coarse=2)


def sampled_game() -> SampledParametricGame:
    game = IteratedMatrix.example()
    return SampledParametricGame(game, TablePolicy(game), episodes=4)


def prepared_training() -> PreparedTraining:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "study.toml"
        file.write_text('game.kind = "iterated"\ngame.stage.name = "chicken"\n')
        return check_training(file)


EXAMPLES = {
    "NormalFormGame": lambda: GAME,
    "NormalFormGame of 8 players": lambda: catalogue.public_goods(n=8),
    "NormalFormGame with many actions": lambda: catalogue.travellers_dilemma(),
    "NormalFormGame with long names": lambda: NormalFormGame(
        np.zeros((2, 6, 6)), Labels(("a", "b"), (("x" * 99, *"12345"),) * 2, "t" * 200)
    ),
    "Labels": lambda: GAME.labels,
    "OrdinalGame": lambda: OrdinalGame(2, 3, 4),
    "Labels of 12 players": lambda: catalogue.public_goods(n=12).labels,
    "Product": lambda: PARAMETRIC.behaviours(CORNER),
    "RepeatedGame": lambda: RepeatedGame(GAME, 0.96, noise=0.05),
    "Box": lambda: Box([-1.0, -math.inf], [1 / 3, math.inf]),
    "Key": lambda: glasshouse.Key("κ, how much of it.", 0.5, symbol="κ", least=0),
    "Strength": lambda: glasshouse.Strength("coupling", 0.0, 1.2, 61),
    "CatalogueGame": lambda: catalogue.donation,
    "Payoffs": lambda: Payoffs(np.zeros((2, 2, 2)), ("a", "b")),
    "Full": Full,
    "Distance": Distance,
    "OneSided": lambda: OneSided((0,)),
    "Mask": lambda: Mask(np.arange(20) < 5),
    "Mask of two": lambda: Mask(({"w": np.array([True, False])}, {"w": np.array([False, True])})),
    "Probabilistic": lambda: Probabilistic(1 / 3),
    "Noisy": lambda: Noisy(1 / 3),
    "Misreport": lambda: Misreport(1 / 3),
    "Decoupled": Decoupled,
    "Linear": lambda: Linear((2, 2), 1 / 3, np.ones(20) / 20, 3.0),
    "Affine": lambda: Affine((2, 2), 1 / 3),
    "Logistic": lambda: Logistic((2, 2), 1 / 3, 3.0),
    "Logistic of 12 players": lambda: Logistic((2,) * 12, 0.3 * (1 - np.eye(12))),
    "Custom": lambda: Custom.example((2, 3)),
    "Reading": lambda: READING,
    "PairwiseGame": PairwiseGame.example,
    "GlobalPublicGoods": GlobalPublicGoods.example,
    "NeighbourhoodPublicGoods": NeighbourhoodPublicGoods.example,
    "NetworkParametricGame": lambda: NETWORK(0.5),
    "NetworkFamily": lambda: NETWORK,
    "PlayerThresholds": lambda: player_thresholds(NETWORK),
    "Policies": lambda: Policies.example((3, 3)),
    "Modules": lambda: Modules.example((2, 3)),
    "ParametricGame": lambda: PARAMETRIC,
    "Tied": lambda: Tied(PARAMETRIC),
    "DifferentiableGame": lambda: DifferentiableGame(jnp.stack, [Box(-1.0, 1.0)] * 2),
    "Gradient": Gradient,
    "PerPlayer": lambda: PerPlayer((Lola(0.5), Fixed()), (1.0, 0.25)),
    "Learning": lambda: Learning(Lola(0.5), steps=10),
    "Ends": lambda: learn([PARAMETRIC], Learning(starts=Starts(3), steps=10), mean_cooperation),
    "Transformed": lambda: Transformed(Gradient(), optax.chain(optax.scale_by_adam())),
    "Rest": Rest,
    "Solution": lambda: learned(jnp.asarray(0.4)),
    "Flow": lambda: glasshouse.flow(PARAMETRIC, params=(0.4, -0.4), time=5.0),
    "Ending": lambda: ending(path_of_learning()),
    "Solution of a batch": lambda: batch_map(learned, np.linspace(-1, 1, 5)),
    "Solution with its path": path_of_learning,
    "FirstMovement": lambda: assessment().first_movement,
    "TiedOutcome": lambda: assessment().tied,
    "Assessment": assessment,
    "Threshold": lambda: thresholds(GAME).neutral,
    "Thresholds": lambda: thresholds(GAME),
    "Switch": lambda: critical_coupling(FAMILY, learning=Learning(steps=10, step_size=None)),
    "Deviation": lambda: best_deviation(PARAMETRIC, CORNER, 0),
    "BoundaryTest": lambda: boundary_test(PARAMETRIC),
    "CornerLimits": lambda: corner_limits(GAME),
    "Known": lambda: known("thresholds", FAMILY),
    "Evidence": lambda: thresholds(GAME).evidence,
    "Unknown": lambda: known("diagonal", FAMILY),
    "LogisticDiagonal": lambda: diagonal(PARAMETRIC),
    "AffineDiagonal": lambda: AffineDiagonal(PD, 0.25),
    "RestPoint": lambda: diagonal_rest_points(diagonal(PARAMETRIC))[0],
    "LogisticFamily": lambda: FAMILY,
    "LogisticFamily under partial access": lambda: LogisticFamily(
        GAME, 3.0, channel=Probabilistic(1 / 3)
    ),
    "AffineFamily": lambda: AffineFamily(GAME),
    "Setup": lambda: Setup(PARAMETRIC, Learning(Lola(0.5))),
    "Axis": lambda: COUPLING,
    "FamilyPart": lambda: next(glasshouse.Family(Setup(PARAMETRIC), COUPLING).programs()),
    "LinearFamily": lambda: LinearFamily(GAME, np.ones(3), 3.0),
    "AccessThreshold": lambda: access_thresholds(GAME).kinds[1],
    "AccessThresholds": lambda: access_thresholds(GAME),
    "GainFamily": lambda: GainFamily(GAME, Interpreter.example((2, 2))),
    "GainFamily of policies": lambda: GainFamily(GAME, Policies.example((2, 2))),
    "Sensitivity": lambda: sensitivity(PARAMETRIC, CORNER),
    "Estimate": lambda: Estimate(0.5, 0.1),
    "SampledSensitivity": lambda: sensitivity(
        sampled_game(), sampled_game().neutral(), key=jax.random.key(0), episodes=64
    ),
    "SelfishParts": lambda: selfish_parts(
        sampled_game(), sampled_game().neutral(), key=jax.random.key(0), episodes=64
    ),
    "Sensitivity of 4 players": lambda: sensitivity(
        LogisticFamily(catalogue.public_goods(n=4), 3.0)(0.5), (0.1,) * 4
    ),
    "SensitivityPath": lambda: sensitivity_path(PARAMETRIC, (np.zeros(3), np.ones(3))),
    "Outcomes": lambda: generic_outcomes(
        [PARAMETRIC], learning=Learning(starts=Starts(7), steps=50)
    )[0],
    "Observed": lambda: Observed("lead", "lead over the mean", "U_i - mean", 0.0, (0.5, -0.5)),
    "Periods": lambda: periods(
        [PARAMETRIC], Learning(starts=Starts(7), steps=50, step_size=2.0), longest=4
    )[0],
    "Share": lambda: Share(1, 3),
    "Share of nothing": lambda: Share(0, 0),
    "Turns": lambda: turns(np.array([[[1.0, 0.0], [2.0, 3.0], [2.0, 1.0]]] * 3)),
    "Starts": lambda: Starts(profiles=tuple((k / 7, -k / 7) for k in range(60))),
    "Portrait": portrait,
    "PlaneRestPoint": lambda: portrait().rest_points[0],
    "FieldGrid": lambda: portrait().field,
    "Dominance": lambda: dominance(GAME)[0],
    "Commitment": lambda: stackelberg(GAME, 0),
    "FairLeaders": lambda: fair_leaders(GAME),
    "MixedSimulation": lambda: mixed_simulation(GAME, 0, 1 / 3),
    "TransparentWays": lambda: ways_to_be_transparent(GAME),
    "TransparentWay": lambda: ways_to_be_transparent(GAME).ways[4],
    "ModalAgent": lambda: programs.PrudentBot,
    "Encounter": lambda: programs.encounter("PrudentBot", "CooperateBot"),
    "ProgramTable": lambda: programs.program_table(["FairBot", "PrudentBot"]),
    "NestedSimulations": lambda: programs.nested_simulations((1, 2 / 3), (1 / 3, 0.5)),
    "MixedProfile": lambda: next(iter(base_game(catalogue.rock_paper_scissors()).mixed or [])),
    "BaseGame": lambda: base_game(catalogue.minimum_effort()),
    "Experiment": Experiment,
    "Trial": lambda: sceptic().trials[0],
    "Agreement": lambda: sceptic().agreement("window"),
    "Findings": sceptic,
    "Challenge": Challenge,
    "Forecast": lambda: challenge().trials[0].forecast,
    "Forecasts": lambda: Forecasts(
        challenge().settings, tuple(trial.forecast for trial in challenge().trials)
    ),
    "ChallengeTrial": lambda: challenge().trials[0],
    "Score": lambda: challenge().scores[0],
    "ChallengeFindings": challenge,
    "Certificate": refuted,
    "GainBounds": lambda: refuted().worst,
    "League": league,
    "Shaping": lambda: league().shaping,
    "Strategy": lambda: Strategy("gtft", generosity=0.5),
    "Choices": lambda: league().choices(),
    "Leaving": lambda: league().leaving("naive", "still"),
    "Departure": lambda: league().leaving("still", "still").departures[0],
    "MixedChoice": lambda: MixedChoice(({"naive": 1 / 3, "still": 2 / 3},) * 2, (1.0,) * 2, ()),
    "MixtureCertificate": lambda: mixture().certificate,
    "Mixture": lambda: mixture(),
    "MixingBranch": lambda: branch(),
    "MixingTurn": lambda: branch().turns[0],
    "BoundGame": lambda: bounds(),
    "BoundEquilibrium": lambda: bounds().equilibria[0],
    "Verification": lambda: check(refuted().document),
    "Equilibria": equilibria,
    "EquilibriumPoint": point_surveyed,
    "Attraction": lambda: point_surveyed().attraction,
    "Survey": surveyed,
    "Selection": lambda: surveyed().selection,
    "FeasibleSet": lambda: surveyed().feasible,
    "Existence": lambda: surveyed().existence,
    "Hypothesis": quasi_concave,
    "Witness": lambda: quasi_concave().witness,
    "Witness of a jump": lambda: Witness("jump", 0, (((0.3,), (1.0,)), ((0.25,), (1.0,))), 0.5),
    "ConcavityThreshold": lambda: quasi_concavity_threshold(FAMILY, tolerance=0.2),
    "EquilibriumCount": lambda: equilibria().proof,
    "Program": lambda: refuted().document.problem.programs[0].program(),
    "Branches": branches_of_the_dilemma,
    "FollowedPoint": lambda: branches_of_the_dilemma().points[-1],
    "SpecialPoint": lambda: branches_of_the_dilemma().specials[0],
    "CertifiedThreshold": lambda: certified_threshold(FAMILY, tolerance=0.1),
    "EquilibriumCurve": lambda: equilibrium_curve(FAMILY, (1.0, 2.0), tolerance=0.1),
    "ReachedRestPoints": reached,
    "ReachedPoint": lambda: reached()[0],
    "Marker": lambda: Marker(3 / 7, "$\\kappa_{1/2}$"),
    "Prepared": lambda: study().prepared,
    "Setting": lambda: study().prepared.base,
    "Predictions": predictions,
    "CertifiedPoint": certified_corner,
    "SearchedPoint": lambda: SearchedPoint(
        "corner", None, True, (0.9, 0.9), (3.0, 3.0), (3.0, 3.0), 1e-6, (), None, "no box"
    ),
    "Slice": lambda: Slice(1 / 3, 2 / 3, "nowhere", None, math.nan),
    "StudyResult": study,
    "LeaguePoint": league_point,
    "StudyLeague": lambda: StudyLeague({"semantics.coupling": (0.3,)}, (league_point(),)),
    "AlphaRank": lambda: alpha_rank(GAME, 0.02, 50, "several"),
    "Ratings": lambda: rate(np.arange(24.0).reshape(2, 2, 2, 3) / 7),
    "RatedEntrant": lambda: rate([[3, 0], [5, 1]]).entrants[0],
    "RoundRobin": lambda: round_robin(["tft", "alld"], RepeatedGame(GAME, 0.96)),
    "Episode": lambda: Episode(2),
    "IteratedMatrix": IteratedMatrix.example,
    "CoinGame": CoinGame.example,
    "Commons": Commons.example,
    "HostGame": HostGame.example,
    "TablePlayer": lambda: TablePlayer([[1 / 3, 2 / 3]] * 13),
    "Collector": lambda: Collector(CoinGame(), own=True),
    "Transitions": lambda: transitions(Commons()),
    "SampledParametricGame": sampled_game,
    "TablePolicy": lambda: TablePolicy(IteratedMatrix.example()),
    "MlpPolicy": lambda: MlpPolicy(IteratedMatrix.example()),
    "GruPolicy": lambda: GruPolicy(IteratedMatrix.example()),
    "PolicyPlayer": lambda: PolicyPlayer(TablePolicy(IteratedMatrix.example()), np.zeros((5, 1))),
    "Scripted": lambda: Scripted(IteratedMatrix.example(), "tft"),
    "Opaque": Opaque.example,
    "MirroredWeights": MirroredWeights.example,
    "ProjectedWeights": ProjectedWeights.example,
    "Training": Training,
    "Curves": lambda: train(sampled_game(), Training(updates=2, every=1, seeds=2)),
    "PreparedTraining": prepared_training,
    "OutcomeMap": small_map,
    "Audit": lambda: Audit(40, 1, 900, np.array([[3, 4]]), 1200),
    "Manipulation": lambda: manipulation(
        sampled_game(), Fixed(), betas=[1.0], critics=[NoisyCritic(0.5)], updates=2, seeds=2
    ),
    "Report": lambda: ActorCritic().init(sampled_game(), sampled_game().neutral()).report,
    "Critic": lambda: ActorCritic().init(sampled_game(), sampled_game().neutral()).critic,
    "StepLeague": lambda: exact_league(Commons(), ["restrain", "exploit"]),
    "CorrelatedEquilibrium": aumanns,
    "DeviationPrice": lambda: aumanns().prices[0],
    "DeviationPolytope": lambda: DeviationPolytope([1 - np.eye(3)], [1 / 3]),
    "Sinks": lambda: sinks(catalogue.matching_pennies()),
    "Sink": lambda: sinks(catalogue.rock_paper_scissors()).sinks[0],
    "Shapley": lambda: shapley(len, 3, characteristic="how many there are"),
    "ShapleyValue": lambda: shapley(len, 3, characteristic="how many there are").values[0],
    "ReadableWelfare": lambda: ReadableWelfare(PARAMETRIC, Learning(steps=10)),
    "NeedsToKnow": masked_readers,
    "SecuredWelfare": lambda: SecuredWelfare(catalogue.chicken()),
    "ActionsNeeded": lambda: actions_needed(catalogue.chicken())[0],
    "MaskLoss": lambda: masked_readers().losses[1],
    "Preferences": lambda: preferences([[0.5, 0.8], [0.2, 0.5]], temperature=1 / 3),
    "PreferenceScore": lambda: preferences([[0.5, 2 / 3], [1 / 3, 0.5]]).scores[0],
    "RiskAverseEquilibria": lambda: risk_averse_equilibria(GAME, 1 / 3),
    "RiskAversePoint": lambda: risk_averse_equilibria(catalogue.stag_hunt(), 0.1).points[1],
    "Announced": lambda: announced(catalogue.matching_pennies()),
    "Opening": opened,
    "OpeningPoint": lambda: opened().points[0],
    "OpeningPrice": lambda: opened().points[0].prices[0],
    "SimilarityRange": lambda: similarity_range(GAME),
    "SimilarityDeviation": lambda: similarity_deviation(GAME, 0.75),
    "SavedFigure": lambda: SavedFigure("f.pdf", "map", "a", "b", "c", 86.0, 60.0),
    "SavedAnimation": lambda: SavedAnimation(
        "f.html", "a", "b", "semantics.coupling", (0.0, 1.0), {"κ_D": 1 / 4}, {"nobody": (1.0,)}, 9
    ),
}
"""One of each exported class, whose name comes first, and some large ones."""

OF_THEIR_OWN = {cls.__name__: cls.example for own in (RULES, VIEWS) for cls in own.own.values()} | {
    cls.__name__: functools.partial(cls.example, (2, 2)) for cls in SEMANTICS.own.values()
}
OF_THEIR_OWN |= {cls.__name__: cls.example for cls in OPPONENT_CRITICS.values()}
EXAMPLES = {
    name: functools.cache(example) for name, example in {**OF_THEIR_OWN, **EXAMPLES}.items()
}

LONG = {  # seconds each; by day documents, summaries of studies and docstrings show most of these
    *("Ending", "Ends", "Flow", "Solution of a batch", "Periods", "Predictions", "Manipulation"),
    *("Sensitivity of 4 players", "SampledSensitivity", "ReachedRestPoints", "ReachedPoint"),
    *("Portrait", "PlaneRestPoint", "FieldGrid", "BoundGame", "BoundEquilibrium"),
    *("Branches", "FollowedPoint", "SpecialPoint", "MixingBranch", "MixingTurn"),
    *("MixtureCertificate", "Mixture", "Survey", "EquilibriumPoint", "Attraction", "Selection"),
    *("FeasibleSet", "Existence", "Hypothesis", "Witness"),
}


def each_of(names: Iterable[str]) -> pytest.MarkDecorator:
    """A test of the example of each name; those that take long are made by night."""
    slow = pytest.mark.slow
    return pytest.mark.parametrize(
        "name", [pytest.param(name, marks=slow if name in LONG else ()) for name in names]
    )


each_example = each_of(EXAMPLES)


def exported() -> dict[str, Any]:
    """All that the package's `__init__.pyi` files name."""
    root, found = Path(next(iter(glasshouse.__path__))), {}
    for stub in root.rglob("__init__.pyi"):
        module = ".".join(("glasshouse", *stub.parent.relative_to(root).parts))
        package = importlib.import_module(module)
        found |= {name: getattr(package, name) for name in package.__all__}
    return found


CLASSES = {
    name: value
    for name, value in exported().items()
    if isinstance(value, type)
    and dataclasses.is_dataclass(value)
    and not name.startswith("Abstract")
}


def test_every_exported_dataclass_has_an_example():
    assert {"Assessment", "NormalFormGame", "Solution", "StudyResult"} <= set(CLASSES)
    assert {name.split()[0] for name in EXAMPLES} == set(CLASSES)


@each_example
def test_an_example_is_of_its_class(name):
    assert type(EXAMPLES[name]()) is CLASSES[name.split()[0]]


def check_readable(text: str, name: str) -> None:
    lines = text.splitlines()
    assert re.match(rf"{name}[(:]", text), text
    assert len(lines) < LONGEST
    assert max(map(len, lines)) < WIDEST
    assert not re.search(r"0x[0-9a-f]{4}|Trace|<[a-z]", text), text


@each_example
def test_everything_exported_can_be_read(name):
    text = repr(EXAMPLES[name]())
    check_readable(text, name.split()[0])
    if "Marker" not in name:
        assert not re.search(r"\.0*[1-9]\d{6}", text), "rounded"


@pytest.mark.parametrize("name", [n for n, x in exported().items() if dataclasses.is_dataclass(x)])
def test_instances_exported_can_be_read(name):
    value = exported()[name]
    if not isinstance(value, type):
        check_readable(repr(value), type(value).__name__)


def test_no_class_keeps_the_representation_that_dataclasses_write():
    own = {name for name, cls in CLASSES.items() if issubclass(cls, Readable)}
    assert not {name for name in own if "__repr__" in vars(CLASSES[name])}
    assert {n for n, c in CLASSES.items() if c.__module__.startswith("glasshouse.analysis")} <= own


def shown_fields(value: Any) -> list[str]:
    """What is neither hidden from people nor from plain data, as a certificate's proof is."""
    return [
        field.name
        for field in dataclasses.fields(value)
        if field.repr
        and (UNLESS_NONE not in field.metadata or getattr(value, field.name) is not None)
    ]


def numbers(value: Any) -> list[Any]:
    """All numbers in a value, in order; None where one is not finite or missing."""
    if isinstance(value, Share):
        return numbers([value.value, *value.interval, value.count])
    if isinstance(value, Switch):  # the ends of its bracket have names of their own, too
        own = [x for n in shown_fields(value)[1:] for x in numbers(getattr(value, n))]
        return [*numbers([value.value, value.lower, value.upper]), *own]
    if isinstance(value, Predictions):  # an earlier name is kept for scripts
        own = [x for n in shown_fields(value) for x in numbers(getattr(value, n))]
        return [*own, *numbers(value.long_run_switch)]
    if isinstance(value, NormalFormGame):
        return [value.players, *numbers(np.asarray(value.tensor))]
    if dataclasses.is_dataclass(value):
        return [x for name in shown_fields(value) for x in numbers(getattr(value, name))]
    if isinstance(value, dict):
        return [x for entry in value.values() for x in numbers(entry)]
    if isinstance(value, list | tuple):
        return [x for entry in value for x in numbers(entry)]
    if isinstance(value, np.ndarray | np.generic | jax.Array):
        return [x for entry in np.asarray(value).ravel().tolist() for x in numbers(entry)]
    if isinstance(value, complex):
        return [value.real, value.imag]
    if isinstance(value, str) or callable(value):
        return []
    return [None if value is None or not math.isfinite(value) else value]


OTHER_NAMES = {Switch: {"lower", "upper"}, Predictions: {"measured"}}
"""Keys of plain data beside the fields."""

RESULTS_OF_ALL_KINDS = [name for name in EXAMPLES if issubclass(CLASSES[name.split()[0]], Result)]
OTHERS = ("Logistic", "Affine", "Box")


@each_of([*RESULTS_OF_ALL_KINDS, *OTHERS])
def test_results_are_plain_data_with_all_their_numbers(name):
    value = EXAMPLES[name]()
    found = value.to_dict()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    if name != "StudyResult":
        assert numbers(found) == numbers(value)
        wanted = set(shown_fields(value))
        wanted |= OTHER_NAMES.get(type(value), set())
        assert {*found, "kind"} == {*wanted, "kind"} or isinstance(value, Share)


WITH_METHOD = [
    name
    for name in EXAMPLES
    if "method" in {f.name for f in dataclasses.fields(CLASSES[name.split()[0]])}
    and name != "Evidence"
]


@each_of(WITH_METHOD)
def test_results_that_name_a_method_say_by_what_they_are_known(name):
    value = EXAMPLES[name]()
    found = value.evidence
    assert isinstance(found, glasshouse.Evidence)
    assert found.method in (value.method.replace(" ", "_"), "certified", "refuted", "numerical")
    assert dict(found.settings) == dict(getattr(value, "settings", {}))
    json.dumps(found.to_dict(), allow_nan=False)
    if hasattr(value, "verdict"):
        assert found.method.name == value.verdict


def test_the_evidence_of_proofs_is_what_they_show():
    proved, refuted = (certify(PARAMETRIC, (3.0, 3.0), e).evidence for e in (10.0, 1e-6))
    assert (proved.method.name, refuted.method.name) == ("certified", "refuted")
    assert certified_threshold(FAMILY, tolerance=0.1).evidence.method.name == "certified"
    assert thresholds(GAME).evidence.to_dict()["method"] == "closed_form"


def test_a_share_is_given_with_its_interval():
    """1 of 3: Wilson's interval is (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)."""
    z, p, n = 1.959963984540054, 1 / 3, 3
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2)
    low, high = ((middle + sign * half) / (1 + z * z / n) for sign in (-1, 1))
    found = Share(1, 3).to_dict()
    assert found == {
        "share": 1 / 3,
        "low": pytest.approx(low),
        "high": pytest.approx(high),
        "count": 1,
    }
    assert Share(0, 0).to_dict()["share"] is None


def test_a_game_as_plain_data():
    assert GAME.to_dict() == {
        "title": "Prisoner's dilemma",
        "source": catalogue.prisoners_dilemma.source,
        "players": 2,
        "player_names": ["player 1", "player 2"],
        "actions": [["cooperate", "defect"]] * 2,
        "cooperate": ["cooperate"] * 2,
        "payoffs": [[[3.0, 0.0], [5.0, 1.0]], [[3.0, 5.0], [0.0, 1.0]]],
    }
    unnamed = NormalFormGame(jnp.zeros((2, 2, 3))).to_dict()
    assert (unnamed["title"], unnamed["actions"]) == ("2×3 game", [2, 3])
    json.dumps(unnamed, allow_nan=False)


def test_semantics_as_plain_data():
    assert Logistic((2, 2), 0.5).to_dict() == {
        "kind": "logistic",
        "coupling": 0.5,
        "bound": None,
        "own_weight": 1.0,
        "actions": [2, 2],
    }
    custom = Custom.example((2, 2)).to_dict()
    assert custom["kind"] == "custom"
    assert custom["function"] == "glasshouse.semantics.custom:_tanh_readers"
    assert custom["boxes"] == [{"lower": [-3.0, -3.0], "upper": [3.0, 3.0]}] * 2


def test_solutions_as_plain_data():
    """At κ = ½ the diagonal rests where 3-p of cooperation 2/3 leads: θ = log 2 / 1.5."""
    solution = run(PARAMETRIC, steps=20_000, step_size=0.1, stop=Rest())
    found = json.loads(json.dumps(solution.to_dict(), allow_nan=False))
    assert found["result"] == "converged"
    assert found["message"] == RESULTS[RESULTS.converged]
    assert found["params"] == [pytest.approx(math.log(2) / 1.5, abs=1e-6)] * 2
    assert found["steps"] == int(solution.steps)
    batch = batch_map(learned, np.array([0.0, 0.5, 99.0])).to_dict()
    assert batch["result"] == ["steps_exhausted", "steps_exhausted", "start_outside_box"]
    assert batch["message"][2].startswith("The start lies outside")
    assert len(batch["params"][0]) == len(batch["residual"]) == 3


def test_plain_values():
    assert plain((1, np.float32(0.5), math.nan, -math.inf, True, None)) == [
        1,
        0.5,
        None,
        None,
        True,
        None,
    ]
    assert plain({1: jnp.array([[1.0, math.inf]]), "z": 1 - 2j}) == {
        "1": [[1.0, None]],
        "z": {"real": 1.0, "imag": -2.0},
    }
    assert plain(PD) == {"T": 5.0, "R": 3.0, "P": 1.0, "S": 0.0}
    assert plain(Path("a") / "b") == str(Path("a") / "b")
    with pytest.raises(TypeError, match="object has no plain form"):
        plain([object()])


def test_the_study_as_plain_data_has_the_numbers_of_its_parts():
    found = study().to_dict()
    assert found["game"] == catalogue.stag_hunt().to_dict()
    assert found["axes"] == ["semantics.coupling"]
    assert found["base"] == study().base.to_dict()
    assert found["base_game"]["pure_equilibria"] == [[0, 0], [1, 1]]
    assert found["predictions"] is None


MODULES = [name for name in EXAMPLES if issubclass(CLASSES[name.split()[0]], eqx.Module)]


@each_of(MODULES)
def test_modules_can_be_read_while_traced_batched_and_without_numbers(name):
    value = EXAMPLES[name]()
    arrays, rest = eqx.partition(value, eqx.is_array)
    texts = []

    def read(arrays):
        texts.append(repr(eqx.combine(arrays, rest)))
        return arrays

    assert not jax.make_jaxpr(read)(arrays).eqns, "reading computes nothing"
    batch = jax.tree.map(lambda x: np.stack([x, x, x]), arrays)
    if jax.tree.leaves(batch):
        jax.vmap(read)(batch)
    texts.append(repr(eqx.combine(batch, rest)))
    texts.append(repr(jax.eval_shape(lambda: jax.tree.map(jnp.asarray, arrays))))
    for other in (None, True, "leaf"):
        texts.append(repr(jax.tree.map(lambda _, other=other: other, value)))
    gone = jax.tree.map(lambda x: jnp.array(x, copy=True), arrays)
    jax.tree.map(lambda x: x.delete(), gone)
    texts.append(repr(eqx.combine(gone, rest)))
    for text in texts:
        check_readable(text, name.split()[0])


def test_a_batch_of_games_is_not_taken_for_a_game_of_more_players():
    named = parse_nfg('NFG 1 R "A" { "a" } { 3 }\n\n1 2 3\n')
    batch = jax.tree.map(lambda x: np.stack([x, x]), named)  # shape (2, 1, 3)
    assert repr(batch) == "NormalFormGame(title='A', tensor=[[[1.0, 2.0, 3.0]], [[1.0, 2.0, 3.0]]])"


def test_a_batch_of_solutions_says_how_many_ended_how():
    text = repr(batch_map(learned, np.array([0.0, 0.5, 99.0])))
    assert text.startswith("Solution(\n  batch=(3,),\n")
    assert "result={'steps_exhausted': 2, 'start_outside_box': 1}" in text


def shown(text: str) -> str:
    return text.strip("\n")


def test_how_games_are_shown():
    assert repr(GAME) == shown("""
NormalFormGame: Prisoner's dilemma, player 1 by rows, player 2 by columns
           cooperate  defect
cooperate       3, 3    0, 5
defect          5, 0    1, 1
""")
    thirds = NormalFormGame(np.array([[[1 / 3, -0.0, 1e9]], [[2, 2.5, 12345678]]]))
    assert repr(thirds) == shown("""
NormalFormGame: 1×3 game, player 1 by rows, player 2 by columns
             1       2                   3
1  0.333333, 2  0, 2.5  1e+09, 1.23457e+07
""")
    assert repr(catalogue.public_goods(n=3)) == (
        "NormalFormGame: Public goods, 3 players with 2 actions each: contribute, keep"
    )
    assert repr(NormalFormGame(np.zeros((3, 2, 3, 2)))) == (
        "NormalFormGame: 2×3×2 game, 3 players with 2×3×2 actions"
    )
    named = parse_nfg('NFG 1 R "A\nB" { "a" } { 3 }\n\n1 2 3\n')
    assert repr(named) == "NormalFormGame: A B, 1 player with 3 actions: 1, 2, 3"


def test_how_parametric_games_are_shown():
    game = ParametricGame(GAME, Affine((2, 2), 1 / 3))
    assert repr(game) == shown("""
ParametricGame(
  game=NormalFormGame(
    tensor=[[[3.0, 0.0], [5.0, 1.0]], [[3.0, 5.0], [0.0, 1.0]]]),
  semantics=Affine(weight=0.333333, actions=(2, 2)),
  channel=Full()
)
""")
    assert repr(catalogue.donation) == shown("""
CatalogueGame(
  name='donation',
  title='Donation game',
  parameters={'b': 3.0, 'c': 1.0},
  condition='b > c > 0'
)
""")
    transformed = Transformed(Gradient(), optax.trace(0.9))
    assert repr(transformed) == "Transformed(rule=Gradient(), transformation=trace)"
    assert repr(Box(-3.0, 3.0)) == "Box(lower=-3.0, upper=3.0)"


@dataclasses.dataclass(frozen=True, repr=False)
class Inner(Result):
    number: float
    text: str = "said at such length that inside of something else it is cut"


@dataclasses.dataclass(frozen=True, repr=False)
class Outer(Result):
    inner: Inner
    many: tuple[int, ...]
    array: np.ndarray
    text: str


def test_how_results_are_shown():
    inner = Inner(1 / 3)
    assert repr(Inner(2.0, "")) == "Inner(number=2.0, text='')"
    text = "one line is not enough for this, which goes on and on, until it ends"
    outer = Outer(inner, tuple(range(66)), np.zeros((3, 4)), f"{text}, and on")
    assert repr(outer) == shown("""
Outer(
  inner=Inner(number=0.333333, text='said at such length that inside of something el…'),
  many=(0, 1, 2, 3, 4, 5, 6, 7, … 58 more),
  array=array of shape (3, 4),
  text='one line is not enough for this, which goes on and on, until it ends, '
       'and on'
)
""")
    assert outer.to_dict()["inner"] == {"number": 1 / 3, "text": inner.text}
    assert outer.to_dict()["array"] == [[0.0] * 4] * 3


def leaves(value: Any) -> list[Any]:
    """All scalars in plain data."""
    if isinstance(value, dict | list):
        entries = value.values() if isinstance(value, dict) else value
        return [x for entry in entries for x in leaves(entry)]
    return [value]


def read_latex(text: str) -> list[list[float | str]]:
    """The cells of a `tabular`, numbers as such; anything but plain cells is an error."""
    found = re.fullmatch(r"\\begin\{tabular\}\{([lr]*)\}\n(.*)\\end\{tabular\}\n", text, re.DOTALL)
    assert found is not None
    lines = found[2].splitlines()
    assert lines[0] == lines[-1] == r"\hline"
    rows = []
    for line in lines:
        if line == r"\hline":
            continue
        assert line.endswith(r" \\")
        cells = re.split(r"(?<!\\) ?& ", line.removesuffix(r" \\"))
        assert len(cells) == len(found[1]), line
        rows.append([latex_value(cell) for cell in cells])
    return rows


def latex_value(cell: str) -> float | str:
    number = re.fullmatch(r"\$(-?\d+(?:\.\d+)?)(?:\\times 10\^\{(-?\d+)\})?\$", cell)
    if number is not None:
        return float(f"{number[1]}e{number[2] or 0}")
    cell = re.sub(r"\$\\[A-Za-z]+_\{[A-Za-z0-9/]+\}\$", "", cell)  # a letter with an index
    left = re.sub(r"\\[&%$#_{}]|\\[a-z]+\{\}|\$(\\[a-z]+|-|\^\{\d\})(\{\d\}){0,2}\$", "", cell)
    assert not re.search(r"[\\&%$#_{}~^<>|]", left.replace("~", "")), cell
    assert not re.search(r"[α-ωΑ-Ω×±≤≥∞]", left), cell
    return cell


@each_of(RESULTS_OF_ALL_KINDS)
def test_results_leave_as_tables_with_the_same_numbers(name):
    """CSV has every float64 as it is, and a frame the same; LaTeX has what is shown."""
    value = EXAMPLES[name]()
    header, *rows = csv.reader(io.StringIO(value.to_csv()))
    table = value.as_table
    assert len(set(header)) == len(header)
    assert len(rows) == len(table.records)
    if not value.ROWS:
        wanted = [x for x in leaves(value.to_dict()) if isinstance(x, float)]
        found = {cell for row in rows for cell in row}
        if len(wanted) < MOST_EXPANDED:
            assert {repr(x) for x in wanted} <= found
    for row, record in zip(rows, table.records, strict=True):
        for key, cell in zip(header, row, strict=True):
            held = record.get(key)
            if isinstance(held, float):
                assert float(cell) == held or (math.isnan(held) and cell == "nan")
            else:
                assert cell == ("" if held is None else str(held))
    frame = value.to_dataframe()
    assert list(frame.columns) == header
    shown = read_latex(value.to_latex())
    numbers_shown = [x for row in shown for x in row if isinstance(x, float)]
    written = [
        number_text(x, column.key)
        for record in table.records
        for column in table.columns
        if isinstance(x := record.get(column.key), int | float) and not isinstance(x, bool)
    ]
    assert numbers_shown == [float(text) for text in written if text[-1] not in "∞–"]


class Balanced(HTMLParser):
    """Tags that are closed in order, and no others than those of tables and texts."""

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        assert tag in {"table", "caption", "thead", "tbody", "tr", "th", "td", "data", "p", "b"}
        assert all(name in ("style", "value") and "url" not in str(value) for name, value in attrs)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@each_of([*RESULTS_OF_ALL_KINDS, "NormalFormGame"])
def test_notebooks_show_results_as_tables(name):
    shown = Balanced(EXAMPLES[name]()._repr_html_())
    assert shown.text


def test_what_has_names_inside_is_shown_under_each():
    shown = shown_table([{"at": {"κ": 0.5}, "at_rest": 1}] * 2, {"at": "at", "x": "x"})
    assert [column.heading for column in shown.columns] == ["at κ"]


def test_letters_with_an_index_are_mathematics_in_latex():
    found = latex_text("κ > κ_½, a_b and θ_1 < κ_C")
    assert found == (
        r"$\kappa$ \textgreater{} $\kappa_{1/2}$, a\_b and $\theta_{1}$ \textless{} $\kappa_{C}$"
    )


def test_what_others_named_is_no_html_and_no_latex():
    labels = Labels(("<b>A</b>", "B & C_{1}"), (("<script>", r"\input{x}"), ("50 %", "κ")))
    game = NormalFormGame(np.arange(8.0).reshape(2, 2, 2), labels, player_axis=0)
    html = game._repr_html_()
    assert html is not None
    assert {"<script>", r"\input{x}", "50 %", "κ"} <= set(Balanced(html).text.split("\n")) | {
        name for name in (*labels.actions[0], *labels.actions[1]) if name in Balanced(html).text
    }
    assert len(read_latex(game.to_latex())) == 5
    assert r"\input" not in game.to_latex()


@pytest.mark.parametrize("actions", [(2, 2), (3, 2), (2, 2, 3)])
def test_games_leave_as_tables_and_come_back(actions):
    game = random_game(3, actions)
    frame = glasshouse.load_game(game.to_dataframe())
    text = parse_table(game.to_csv())
    for other in (frame, text):
        np.testing.assert_array_equal(other.tensor, game.tensor)
