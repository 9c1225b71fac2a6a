"""From what a page asks to the library's objects, and from games and studies to a first scene."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np
import pydantic

from glasshouse._foundation.declared import settings_of
from glasshouse.analysis.phase.plane import AbstractPlane, CoordinatePlane, Plane
from glasshouse.channels import Full, Noisy, OneSided, Probabilistic
from glasshouse.channels.base import AbstractChannel
from glasshouse.errors import InputError, unknown_name
from glasshouse.explorer.protocol import RANGES, STATES, AskedAccess, AskedRepetition, Scene
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.games.registry import CATALOGUE
from glasshouse.games.repeated import Played, RepeatedGame
from glasshouse.parametric import ParametricGame
from glasshouse.rules import Fixed
from glasshouse.rules.base import AbstractDirection, check_direction, drawn_by
from glasshouse.rules.registry import RULES
from glasshouse.semantics import Logistic
from glasshouse.study.spec.declared import classes, made

if TYPE_CHECKING:  # a first picture needs no studies, which take a second to load
    from glasshouse.families.family import LogisticFamily
    from glasshouse.study.setting import Setting
    from glasshouse.study.spec.study import Study

SIZE = (2, 2)
"""Actions of the players of games that are shown."""

BASIN_CELLS = 30
"""Starts along a side of the grid of basins; borders between them are bisected."""

SETTLING_STEPS = 20_000
"""Runs that have not come to rest in so many steps are called unsettled."""

GAMES_KEPT = 64
"""Games and rules that are kept, so that a slider's move does not make them anew."""

PAPER_CITED = "Todorov, ten Napel & Müller 2026"
"""Whose games are named as such."""

PAPERS_GAMES = {
    "prisoners_dilemma": ({}, "Prisoner's dilemma 5, 3, 1, 0"),
    "donation": ({}, "Donation game 3/1"),
    "stag_hunt": ({}, "Stag hunt 3, 4, 2, 0"),
    "prisoners_dilemma_mild": (
        {"T": 4.0, "R": 3.5, "P": 2.0, "S": 0.0},
        "Prisoner's dilemma 4, 3.5, 2, 0",
    ),
}
"""Of the catalogue by its defaults or with these numbers, and as pages call them: T, R, P, S."""

LOOK = "look_ahead"
"""The number of a rule that has a slider."""


class OfferedRule(NamedTuple):
    """A rule that pages may ask for."""

    name: str
    words: str
    formula: str
    looks_ahead: bool


@functools.cache
def offered_rules() -> dict[str, OfferedRule]:
    """The rules that give a direction, draw nothing, and need no number but a look-ahead."""
    found = {}
    for name, rule in classes(RULES).items():
        keys = settings_of(rule)
        try:
            instance = check_direction(made(rule, {}), "the explorer")
        except (InputError, TypeError, pydantic.ValidationError):
            continue
        if not drawn_by(instance) and rule is not Fixed:  # with which nothing would move
            found[name] = OfferedRule(name, instance.words, instance.formula, LOOK in keys)
    return found


def rule_of(scene: Scene) -> AbstractDirection:
    """The rule by which both learn.

    **Raises:** `InputError` for a name that pages are not offered.
    """
    return _rule(scene.rule, scene.look_ahead)


@functools.lru_cache(maxsize=GAMES_KEPT)
def _rule(name: str, look_ahead: float) -> AbstractDirection:
    offered = offered_rules()
    if name not in offered:
        raise unknown_name("rule", name, offered)
    numbers = {LOOK: look_ahead} if offered[name].looks_ahead else {}
    return made(classes(RULES)[name], numbers)


def channel_of(access: AskedAccess) -> AbstractChannel:
    """Who sees what."""
    if access.kind == "one_sided":
        return OneSided(tuple(sorted(set(access.readers))))
    if access.kind == "probabilistic":
        return Probabilistic(access.probability)
    return Noisy(access.scale) if access.kind == "noisy" else Full()


def stage_game(scene: Scene) -> NormalFormGame:
    """What is played in a round."""
    return NormalFormGame(np.array(scene.payoffs, dtype=np.float64), player_axis=0)


def played_game(scene: Scene) -> Played:
    """What is played: once, or round after round."""
    stage = stage_game(scene)
    return stage if scene.repeated is None else RepeatedGame(stage, scene.repeated.discount)


def shown_game(scene: Scene) -> ParametricGame:
    """The game in parameters; couplings are a matrix always, so that one program serves all."""
    again = scene.repeated
    access = tuple(scene.access.model_dump().items())
    made = _made(scene.payoffs, access, None if again is None else again.discount)
    first, second = scene.coupling
    numbers = [np.array([[0.0, first], [second, 0.0]]), np.array(scene.bound)]
    return made.structure.unflatten(
        numbers.pop(0) if k in made.places else leaf for k, leaf in enumerate(made.leaves)
    )


class _Made(NamedTuple):
    """A game in parameters without its coupling and bound, which stand at these places."""

    leaves: list[Any]
    structure: Any
    places: tuple[int, ...]


@functools.lru_cache(maxsize=GAMES_KEPT)
def _made(payoffs: Any, access: tuple, discount: float | None) -> _Made:
    """Made once for all couplings and bounds: checking it takes longer than a picture's numbers."""
    scene = Scene(payoffs=payoffs, access=AskedAccess(**dict(access)))
    if discount is not None:
        scene = scene.model_copy(update={"repeated": AskedRepetition(discount=discount)})
    game = played_game(scene)
    semantics = Logistic(game, np.zeros((2, 2)), 1.0)
    made = ParametricGame(game, semantics, channel_of(scene.access))
    leaves, structure = jax.tree.flatten(made)
    ours = (semantics.coupling, semantics.bound)
    places = [k for own in ours for k, leaf in enumerate(leaves) if leaf is own]
    assert len(places) == len(ours)
    assert places == sorted(places)
    return _Made(leaves, structure, tuple(places))


def plane_of(scene: Scene) -> AbstractPlane:
    """The plane that is drawn: of all parameters, or of two of a repeated game's ten."""
    game, rule = shown_game(scene), rule_of(scene)
    if scene.repeated is None:
        return Plane(game, rule)
    held = np.clip(np.array(scene.repeated.held), -scene.bound, scene.bound)
    places = [player * len(STATES) + state for player, state in scene.repeated.axes]
    return CoordinatePlane(game, rule, (held[0], held[1]), np.array(places))


def family_of(scene: Scene) -> "LogisticFamily":
    """The game at every coupling that both share."""
    from glasshouse.families.family import LogisticFamily

    return LogisticFamily(played_game(scene), scene.bound, channel=channel_of(scene.access))


def study_of(scene: Scene) -> "Study":
    """The same as a study, with a sweep of the coupling where both share one."""
    from glasshouse.study.spec.study import Study

    first, second = scene.coupling
    coupling: dict[str, Any] = {"coupling": first}
    sweep: dict[str, Any] = {}
    if first != second:
        coupling = {"coupling": 1.0, "pattern": [[0.0, first], [second, 0.0]]}
        sweep = {"sweep": {}}
    access = scene.access
    numbers = {
        "one_sided": {"readers": sorted(set(access.readers))},
        "probabilistic": {"probability": access.probability},
        "noisy": {"scale": access.scale},
    }
    looks = offered_rules()[scene.rule].looks_ahead
    title = {"title": scene.title} if scene.title else {}
    payoffs = [[list(row) for row in table] for table in scene.payoffs]
    again = scene.repeated
    repeated = {} if again is None else {"repeated": {"discount": again.discount}}
    return Study.model_validate(
        {
            "game": {"payoffs": payoffs, **title, **repeated},
            "semantics": {"kind": "logistic", "bound": scene.bound, **coupling},
            "access": {"kind": access.kind, **numbers.get(access.kind, {})},
            "learning": {
                "rule": scene.rule,
                "step_size": scene.step_size,
                **({LOOK: scene.look_ahead} if looks else {}),
            },
            **sweep,
        }
    )


class Preset(NamedTuple):
    """A game that pages offer: one of the paper's where `group` names it, or of the catalogue."""

    name: str
    label: str
    group: str
    title: str
    about: str
    source: str
    actions: tuple[Sequence[str], ...]
    payoffs: list


@functools.cache
def presets() -> tuple[Preset, ...]:
    """The paper's games, and those of the catalogue with two actions for each of two players."""
    found = []
    for name, (numbers, label) in PAPERS_GAMES.items():
        entry = CATALOGUE[name.removesuffix("_mild")]
        found.append(_preset(entry, entry(**numbers), name, label, PAPER_CITED))
    for entry in CATALOGUE.values():
        game = entry()
        if game.actions == SIZE and entry.name not in PAPERS_GAMES:
            found.append(_preset(entry, game, entry.name, entry.title, ""))
    return tuple(found)


def _preset(entry: Any, game: NormalFormGame, name: str, label: str, group: str) -> Preset:
    about = (entry.function.__doc__ or "").strip().split("\n")[0]
    tensor = np.asarray(game.tensor).tolist()
    return Preset(name, label, group, entry.title, about, entry.source, game.action_names, tensor)


def scene_of_game(game: NormalFormGame) -> Scene:
    """The first scene of a game.

    **Raises:** `InputError` for games of another size, or payoffs that no slider reaches.
    """
    return _scene(title=game.title, payoffs=_payoffs(game))


def scene_of_study(path: str, *, trust: bool = False) -> Scene:
    """The first scene of a study: its own values.

    **Raises:** `InputError` naming the key of what the explorer does not show.
    """
    from glasshouse.study.setting import check_study

    base = check_study(Path(path), trust=trust).base
    study, semantics = base.study, base.study.semantics.settings()
    _check_shown(path, base, semantics)
    pattern = semantics["pattern"]
    weights = semantics["coupling"] * np.array([[0, 1], [1, 0]] if pattern is None else pattern)
    access = study.access.settings()
    learning, again = study.learning, study.game.repeated
    look = getattr(learning, LOOK, None)
    return _scene(
        title=base.title,
        payoffs=_payoffs(base.game),
        **({"repeated": {"discount": float(again.discount)}} if again else {}),
        coupling=(float(weights[0, 1]), float(weights[1, 0])),
        bound=float(semantics["bound"]),
        step_size=float(learning.step_size),
        rule=learning.rule,
        **({} if look is None else {LOOK: float(look)}),
        access={
            "kind": study.access.kind,
            **{key: access[key] for key in ("readers", "probability", "scale") if key in access},
        },
    )


def _check_shown(path: str, base: "Setting", semantics: dict[str, Any]) -> None:
    """Refuse studies of what is not shown, by the key that says so."""
    study = base.study
    learning = study.learning
    written = learning.written().model_dump(exclude_none=True)
    usual = {key: said.default for key, said in settings_of(learning.made).items()}
    others = [
        f"learning.{key}"
        for key, default in usual.items()
        if key != LOOK and written.get(key, default) != default
    ]
    kinds = AskedAccess.model_fields["kind"].annotation
    shown = {
        **{f"game.repeated.{key}": value == usual for key, value, usual in _of_rounds(study)},
        "semantics.kind": study.semantics.kind == "logistic",
        "semantics.own_weight": semantics.get("own_weight", 1.0) == 1.0,
        "access.kind": study.access.kind in kinds.__args__,  # pyright: ignore
        "learning.players": learning.players is None,
        "learning.sees": learning.sees is None,
        "learning.tied": not learning.tied,
        "learning.rule": learning.rule in offered_rules(),
        **dict.fromkeys(others, False),
    }
    missing = [key for key, holds in shown.items() if not holds]
    if missing:
        raise InputError(
            f"{path}: key '{missing[0]}': the explorer does not show this; it shows games played "
            "once, or again with a discount up to 0.99 and no errors, under the logistic semantics "
            "with own weight 1, full, one_sided, probabilistic "
            "or noisy access, and one rule for both: change the key, or use glasshouse run"
        )


def _of_rounds(study: "Study") -> list[tuple[str, Any, Any]]:
    """Keys of a repeated game that are not shown, with their values and those that are."""
    again = study.game.repeated
    if again is None:
        return []
    fits = min(max(again.discount, RANGES["discount"][0]), RANGES["discount"][1])
    return [
        ("discount", again.discount, fits),
        ("unit", again.unit, "step"),
        ("noise", again.noise, 0.0),
        ("misperception", again.misperception, 0.0),
    ]


def _payoffs(game: NormalFormGame) -> list:
    if game.actions != SIZE:
        sizes = " × ".join(map(str, game.actions))
        raise InputError(
            f"{game.title} has {game.players} players with {sizes} actions, and the explorer shows "
            "two players with two actions each: try the prisoner's dilemma, which it opens "
            "without a name, or glasshouse run for this one"
        )
    return np.asarray(game.tensor, dtype=np.float64).tolist()


def _scene(**given: Any) -> Scene:
    try:
        return Scene.model_validate(given, strict=False)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = str(first["loc"][0])
        ends = RANGES.get(str(first["loc"][-1])) or RANGES.get(key)
        between = f" between {ends[0]:g} and {ends[1]:g}" if ends else ""
        raise InputError(
            f"the explorer shows {key}{between}, and not {first['input']!r:.40}: rescale it, or "
            "use glasshouse run"
        ) from error
