"""What an atlas says of a game, in words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from glasshouse.games.ordinal import ORDINAL_ACTIONS
from glasshouse.study.atlas.pictures import class_shares
from glasshouse.study.words.names import upper

PLAYERS_SAID = ("row player", "column player")

COMPARED_AT = 0.5
"""The coupling at which headlines look beside 0."""


def profile_said(profile: Sequence[int]) -> str:
    """ "(first, second)": the row player's action, then the column player's."""
    return f"({', '.join(ORDINAL_ACTIONS[a] for a in profile)})"


def facts_said(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The base game's facts, each with its name."""
    base = entry["base"]
    yield "Pure equilibria", _equilibria(base)
    for mixed in base["mixed_equilibria"]:
        weights = ", ".join(f"{own[0]:.4g}" for own in mixed["weights"])
        paid = ", ".join(f"{x:.4g}" for x in mixed["payoffs"])
        yield "Mixed equilibrium", f"first with probability {weights}; pays {paid}"
    yield "Dominant actions", _dominant(base["dominant_actions"])
    yield "Efficient", ", ".join(map(profile_said, base["efficient"]))
    yield "Largest welfare", ", ".join(map(profile_said, base["welfare_optima"]))


def _equilibria(base: Mapping[str, Any]) -> str:
    pairs = zip(base["pure_equilibria"], base["pure_equilibrium_payoffs"], strict=True)
    said = "; ".join(f"{profile_said(p)} pays {a:g}, {b:g}" for p, (a, b) in pairs) or "none"
    worse = base["only_equilibrium_is_inferior"]
    return f"{said}{', and both prefer another profile' if worse else ''}"


def _dominant(actions: Sequence[int | None]) -> str:
    pairs = zip(PLAYERS_SAID, actions, strict=True)
    return "; ".join(f"{who}: {ORDINAL_ACTIONS[a]}" for who, a in pairs if a is not None) or "none"


def transparency_said(
    entry: Mapping[str, Any], profiles: Sequence[Sequence[int]]
) -> Iterator[tuple[str, str]]:
    """What transparency does: first movement, long run and equilibria, each with its name."""
    quantity = entry["quantity"]
    yield "Asked about", asked(entry)
    yield "First movement", f"{quantity} rises from the neutral start {_at(entry)}"
    thresholds = entry["first_movement"]["thresholds"]
    if thresholds is not None:
        yield "In closed form", "; ".join(_threshold(*x) for x in zip(SYMBOLS, thresholds.values()))  # noqa: B905
    targets = " or ".join(map(profile_said, entry["target_profiles"]))
    yield (
        "Long run",
        f"most runs end nearest to {targets} {_between(entry['long_run']['most_runs'])}",
    )
    corners = entry["equilibrium_ranges"]
    for profile, ranges in zip(profiles, corners or (), strict=corners is not None):
        if ranges:
            yield f"Equilibrium {profile_said(profile)}", _between(ranges)
    if corners is not None and not any(corners):
        yield "Equilibrium", "no corner is one at any coupling looked at"


SYMBOLS = ("κ_D", "κ_½", "κ_C")
"""Of the thresholds where nobody cooperates, at ½ and where everybody does."""


def _threshold(symbol: str, found: Mapping[str, Any]) -> str:
    value = found["value"]
    if value is None:
        return f"no {symbol}: {found['reason']}"
    return f"{symbol} = {value:.6g}"


def asked(entry: Mapping[str, Any]) -> str:
    """The quantity of a game, and why it is this one."""
    if entry["quantity"] == "cooperation":
        return "cooperation, which is to play first"
    if entry["symmetric"]:
        return "welfare: that the other plays first pays neither on average"
    return "welfare: the game is not symmetric"


def _at(entry: Mapping[str, Any]) -> str:
    return _between(entry["first_movement"]["rises"], open_=True)


def _between(ranges: Sequence[Sequence[float]], *, open_: bool = False) -> str:
    if not ranges:
        return "at no coupling from 0 to 1"
    if len(ranges) == 1 and list(ranges[0]) == [0.0, 1.0]:
        return "at every coupling between 0 and 1" if open_ else "at every coupling from 0 to 1"
    joint = "between {} and {}" if open_ else "from {} to {}"
    said = " and ".join(joint.format(f"{a:.5g}", f"{b:.5g}") for a, b in ranges)
    return f"at couplings {said}"


def alternative(
    entry: Mapping[str, Any], couplings: Sequence[float], profiles: Sequence[Sequence[int]]
) -> str:
    """What a game's picture shows."""
    best = class_shares(entry, profiles)["best"]
    places = (0, len(couplings) // 2, len(couplings) - 1)
    shares = ", ".join(f"{best[k]:.0%} at κ = {couplings[k]:g}" for k in places)
    return f"{upper(entry['name'])}: of runs, settled at a profile of largest welfare {shares}"


def atlas_headline(content: Mapping[str, Any]) -> str:
    """In how many games reading each other leads more runs to a profile of largest welfare."""
    couplings, games = content["couplings"], content["games"]
    half = min(range(len(couplings)), key=lambda k: abs(couplings[k] - COMPARED_AT))
    best = [_best(content, entry) for entry in games]
    more, fewer = (sum(sign * (x[half] - x[0]) > 0 for x in best) for sign in (1, -1))
    worse = [
        shares
        for entry, shares in zip(games, best, strict=True)
        if entry["base"]["only_equilibrium_is_inferior"]
    ]
    reached = sum(max(shares) > 0.5 for shares in worse)
    which = f"all {reached}" if reached == len(worse) else f"{reached} of the {len(worse)}"
    return (
        f"in {which} games whose only equilibrium is such that both prefer "
        "another profile, most runs end nearest to a profile of largest welfare at some coupling; "
        f"of all {len(games)} games, more runs do at κ = {couplings[half]:g} than where nobody "
        f"reads anybody in {more}, and fewer in {fewer}"
    )


def _best(content: Mapping[str, Any], entry: Mapping[str, Any]) -> list[float]:
    """The share of runs that end nearest to one of the profiles of largest welfare."""
    optima = [content["places"].index(profile) for profile in entry["base"]["welfare_optima"]]
    return [sum(column) for column in zip(*(entry["shares"][k] for k in optima), strict=True)]
