"""A map in words: how runs end over all of it, how much was computed, and what may be wrong."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from glasshouse._foundation.digits import at_most
from glasshouse._foundation.results import plain
from glasshouse.analysis.maps.outcome_map import OutcomeMap
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.study.words.names import axis_name, in_words_and, upper
from glasshouse.study.words.page import planes_shown

MOST_PLACES = 3
"""Cells that an audit found wrong; so many are named."""

END_SHARES = ("cooperation_share", "exploitation_share", "defection_share")
"""The shares that all runs come to."""


class MapSlice(NamedTuple):
    """A plane of a map: `at` which values of the axes but two, in words; `place`, in its arrays."""

    at: str
    place: tuple[int, ...]


def map_slices(found: OutcomeMap) -> list[MapSlice]:
    """The planes to draw: the only one; of more, at the first, middle and last of other axes."""
    _, _, *others = found.axes.items()
    return [MapSlice(*plane) for plane in planes_shown(others)]


def map_brief(found: OutcomeMap) -> str:
    """The answer in one line: how runs end over the whole map, and what of it was computed."""
    return f"{_ends(found)}; {_computed(found)}"


def map_claims(result: Any) -> Iterator[str]:
    """How runs end, how much was computed, and what is promised of the rest."""
    found: OutcomeMap | None = result.map
    if found is None:
        return
    over = in_words_and([axis_name(key) for key in found.axes])
    yield f"Outcome, over {over}: {_ends(found)} ({found.detail}, in each of {found.cells} cells)."
    share = _percent(found.steps / found.steps_of_grid)
    yield f"Outcome, how the map was made: {_computed(found)}; {share} of the steps of all runs."
    resting, runs = found.resting
    yield (
        f"Outcome, at rest: {resting} of {runs} runs in computed cells came to rest, and others "
        "stand where the steps taken left them."
    )


def map_glances(found: OutcomeMap, game: NormalFormGame) -> Iterator[tuple[str, str, str, str]]:
    """How runs end, and how far the map can be trusted: about, question, answer, how."""
    how = f"learned, {found.codes.shape[-1]} runs a cell"
    yield "Outcomes", "How does learning end over the whole map?", _ends(found), how
    exploited = [
        f"{name} in {_share(found, f'exploited_share_player_{k + 1}')}"
        for k, name in enumerate(game.player_names)
    ]
    yield "Exploited", "Who cooperates while others do not?", ", ".join(exploited), how
    trusted = "How much was computed, and can the rest be wrong?"
    yield "The map", trusted, _computed(found), "audit of cells left out" if found.audit else "–"


def map_notes(found: OutcomeMap | None) -> Iterator[str]:
    """What a reader of the map should be warned of."""
    if found is None:
        return
    if not found.there.all():
        yield (
            f"{int((~found.there).sum())} of {found.cells} cells are in shards that are not there "
            "yet: the map is of the others"
        )
    elif not found.complete:
        yield (
            "cells along seams between pieces, or the audit, are still to be computed: glasshouse "
            "run goes on from here, and until then nothing is promised of the map"
        )
    lost = int(np.nansum(found.shares["not_finite"]))
    if lost:
        yield f"{lost} runs left the reals, and are in none of the shares"
    if found.audit is not None and found.audit.wrong:
        audit = found.audit
        values = [x[::-1] for x in audit.places[:MOST_PLACES].tolist()]
        named = [
            ", ".join(
                f"{axis_name(k)} = {x[n]:g}"
                for (k, x), n in zip(found.axes.items(), at, strict=True)
            )
            for at in values
        ]
        more = f", and {audit.wrong - MOST_PLACES} more" if audit.wrong > MOST_PLACES else ""
        yield (
            f"the audit found {audit.wrong} of {audit.cells} cells wrong, at "
            f"{'; '.join(named)}{more}, and what hangs together with them was computed then; "
            "others may be missed: lower map.coarse, or set map.adaptive = false"
        )


def map_summary(found: OutcomeMap) -> dict[str, Any]:
    """`map` of `summary.json`: how much was computed, and means over all cells of each share."""
    axes = {key: [float(x[0]), float(x[-1]), len(x)] for key, x in found.axes.items()}
    means = {name: plain(_mean(share)) for name, share in found.shares.items()}
    said = {"method": found.method, "detail": found.detail}
    return {"axes": axes, **found.facts, "means": means, **said}


def map_figure_words(found: OutcomeMap, part: MapSlice) -> tuple[str, str, str]:
    """Title, alternative text and caption of a plane of the map."""
    first, second = (axis_name(key) for key in list(found.axes)[:2])
    at = f" at {part.at}" if part.at else ""
    shares = {name: found.shares[name][part.place] for name in END_SHARES}
    means = {name: _percent(_mean(share)) for name, share in shares.items()}
    (low, high), (least, most) = ((x[0], x[-1]) for x in list(found.axes.values())[:2])
    alt = (
        f"Shares of runs over {first} from {low:.4g} to {high:.4g} and {second} from {least:.4g} "
        f"to {most:.4g}{at}: all cooperate in {means['cooperation_share']} of all runs, some "
        f"exploit others in {means['exploitation_share']}, nobody cooperates in "
        f"{means['defection_share']}."
    )
    caption = (
        f"Colours: share of the runs in a cell in which all cooperate in the end ({found.detail}). "
        "Hatched and outlined: more runs end with some exploiting others than with all, or none, "
        "cooperating. "
        f"{upper(_computed(found))}."
    )
    return f"Outcomes over {first} and {second}{at}", alt, caption


def marginal_words(found: OutcomeMap, key: str) -> tuple[str, str, str]:
    """Title, alternative text and caption of the shares along one axis, over all others."""
    name = axis_name(key)
    others = in_words_and([axis_name(other) for other in found.axes if other != key])
    share = marginals(found, key)["cooperation_share"]
    alt = (
        f"Shares of runs along {name}, over all values of {others}: all cooperate in "
        f"{_percent(float(share[0]))} at the least and {_percent(float(share[-1]))} at the largest."
    )
    caption = f"Means over all values of {others} on the map ({found.detail})."
    return f"Outcomes along {name}, over all else", alt, caption


def marginals(found: OutcomeMap, key: str) -> dict[str, np.ndarray]:
    """Means of each share along one axis, over all others."""
    names = list(found.axes)
    axis = len(names) - 1 - names.index(key)
    others = tuple(k for k in range(len(names)) if k != axis)
    return {
        name: np.nanmean(share, axis=others)
        for name, share in found.shares.items()
        if name != "not_finite"
    }


def _ends(found: OutcomeMap) -> str:
    everyone = "both" if found.players == 2 else "all"
    cooperate, exploit, defect = (_share(found, name) for name in END_SHARES)
    return (
        f"{everyone} cooperate in {cooperate} of the runs on the map, some exploit others in "
        f"{exploit}, nobody cooperates in {defect}"
    )


def _share(found: OutcomeMap, name: str) -> str:
    return _percent(_mean(found.shares[name]))


def _mean(share: np.ndarray) -> float:
    known = share[np.isfinite(share)]
    return float(known.mean()) if known.size else float("nan")


def _percent(share: float) -> str:
    if not np.isfinite(share):
        return "an unknown share"
    if 0 < share < 0.001 or 0.999 < share < 1:
        return "under 0.1 %" if share < 0.5 else "over 99.9 %"
    return f"{100 * share:.3g} %"


def _computed(found: OutcomeMap) -> str:
    """How much was computed, and what the audit says of the rest."""
    computed, cells = int(found.computed.sum()), found.cells
    if not found.there.all():
        return f"{int(found.there.sum())} of {cells} cells are there"
    if computed == cells:
        return f"all {cells} cells computed"
    said = f"{computed} of {cells} cells computed"
    audit = found.audit
    if not found.complete:
        return f"{said} so far"
    if audit is None:
        return f"{said}, the others not audited"
    return (
        f"{said}, and of the others at most {at_most(100 * audit.bound, 2)} % wrong (95 %; "
        f"{audit.wrong} of {audit.cells} audited{', and mended' if audit.wrong else ''})"
    )
