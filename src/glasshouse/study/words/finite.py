"""What is true of a finite game, in words: its answer first, and tables of ranges and profiles."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from glasshouse._foundation.tabular import ShownColumn, ShownTable
from glasshouse.games.payoff_table import short_number

if TYPE_CHECKING:
    from glasshouse.analysis.commitment import Commitment
    from glasshouse.games.normal_form import NormalFormGame
    from glasshouse.study.finite import FiniteFacts, ProfileFacts

MORE = 1e-9
"""Of the range of welfare: correlation that raises it by less raises it by rounding."""

UNLIKELY = 5e-4
"""Shares below this are shown as 0."""

MOST_TOLD = 8
"""As many are shown before the others are only counted."""


def finite_headline(facts: "FiniteFacts") -> str:
    """One sentence: what correlation is worth, and where better replies end."""
    said = [x for x in (_correlation(facts), _ending(facts)) if x]
    return f"{facts.game}: {'; '.join(said) or 'what is true of it is below'}."


def _correlation(facts: "FiniteFacts") -> str:
    welfare = facts.paid[0]
    if welfare.correlated is None:
        return ""
    most = welfare.correlated[1]
    if welfare.equilibria is None:
        return f"correlated equilibria reach a welfare of {short_number(most)}"
    own = welfare.equilibria[1]
    every = facts.base_game.mixed is not None
    if most - own <= MORE * max(1.0, abs(most)):
        paid = short_number(own)
        return f"correlation adds nothing to the best equilibrium, whose welfare is {paid}"
    kind = "equilibrium" if every else "pure equilibrium"
    return (
        f"correlation raises welfare to {short_number(most)}, from {short_number(own)} in the best "
        f"{kind}"
    )


def _ending(facts: "FiniteFacts") -> str:
    if facts.sinks is None:
        return ""
    found = facts.sinks.sinks
    single = [one for one in found if len(one.profiles) == 1]
    cycles = len(found) - len(single)
    if len(found) == 1:
        one = found[0].profiles
        if single:
            return f"better replies end in ({one[0]})"
        return f"better replies go on for ever among {len(one)} profiles"
    parts = [f"{len(single)} pure equilibri{'a' if len(single) > 1 else 'um'}"] if single else []
    parts += (
        [f"{cycles} set{'s' * (cycles > 1)} of profiles that they go round in"] if cycles else []
    )
    return f"better replies end in {' or '.join(parts)}"


def range_words(ends: tuple[float, float] | None) -> str:
    """ "2 to 7", "4" where both are the same, "–" where they are not known."""
    if ends is None:
        return "–"
    return " to ".join(dict.fromkeys(map(_short, ends)))


def _short(value: float) -> str:
    return f"{value + 0.0:.4g}"


def ranges_table(facts: "FiniteFacts") -> ShownTable:
    """What welfare and payoffs amount to, over equilibria of each kind."""
    kinds = {"equilibria": equilibria_called(facts), "correlated": "correlated", "coarse": "coarse"}
    columns = [ShownColumn("quantity", "")]
    columns += [ShownColumn(key, heading) for key, heading in kinds.items()]
    records = tuple(
        {"quantity": one.quantity, **{key: range_words(getattr(one, key)) for key in kinds}}
        for one in facts.paid
    )
    return ShownTable(tuple(columns), records)


def equilibria_called(facts: "FiniteFacts") -> str:
    """Of which equilibria ranges are: of all, or of pure ones where no others are sought."""
    return "equilibria" if facts.base_game.mixed is not None else "pure equilibria"


def matters_table(facts: "FiniteFacts", most: int | None = None) -> tuple[ShownTable, int]:
    """The profiles at which something is to be said, and how many more there are.

    **Arguments:** `most`, how many to show; all unless given.
    """
    told = [one for one in facts.profiles if _matters(one)]
    told.sort(key=lambda one: (not one.equilibrium, -(one.ends or 0), -(one.share or 0)))
    shown = told if most is None else told[:most]
    headings = {
        "profile": "profile",
        "pays": "pays",
        "equilibrium": "pure equilibrium",
        "ends": "better replies end",
        "share": "alpha-Rank",
        "told": "best correlated",
    }
    columns = tuple(ShownColumn(key, heading) for key, heading in headings.items())
    return ShownTable(columns, tuple(map(_record, shown))), len(told) - len(shown)


def _matters(one: "ProfileFacts") -> bool:
    shares = (one.ends, one.share, one.told)
    return one.equilibrium or any(x is not None and x >= UNLIKELY for x in shares)


def _record(one: "ProfileFacts") -> dict[str, Any]:
    return {
        "profile": one.profile,
        "pays": ", ".join(map(short_number, one.payoffs)),
        "equilibrium": "yes" if one.equilibrium else "no",
        "ends": "" if one.ends is None else _share(one.ends),
        "share": "" if one.share is None else _share(one.share),
        "told": "" if one.told is None else _share(one.told),
    }


def _share(value: float) -> str:
    return "0" if value < UNLIKELY else f"{value:.3f}"


def commitment_lines(game: "NormalFormGame", facts: "FiniteFacts") -> Iterator[str]:
    """What each player is paid who commits first, to what, and who had best lead."""
    leaders = facts.leaders
    if leaders is None:
        return
    for one in leaders.commitments:
        yield _commitment(game, one)
    paid = ", ".join(map(_short, leaders.payoffs))
    who = game.player_names
    sure = [k for k, x in enumerate(leaders.lottery) if x == 1]
    lottery = (
        f"{who[sure[0]]} leading"
        if sure
        else f"{who[0]} leading with probability {_short(leaders.lottery[0])}"
    )
    yield f"fairest: {lottery}, which pays {paid}"


def _commitment(game: "NormalFormGame", one: "Commitment") -> str:
    who, other = game.player_names[one.leader], game.player_names[1 - one.leader]
    names = game.action_names[one.leader]
    weights = [(name, x) for name, x in zip(names, one.strategy, strict=True) if x > 0]
    mixed = ", ".join(name if x == 1 else f"{_short(x)} {name}" for name, x in weights)
    reply = game.action_names[1 - one.leader][one.reply]
    goodwill = ", by goodwill" if one.tied else ""
    paid = _short(one.payoffs[one.leader])
    return f"{who} first: {mixed}; {other} replies {reply}{goodwill}; pays {who} {paid}"


def worth_lines(facts: "FiniteFacts") -> Iterator[str]:
    """What each player contributes to what all secure together."""
    if facts.shapley is None:
        return
    each = ", ".join(f"{one.name} {_short(one.value)}" for one in facts.shapley.values)
    yield f"{each} (Shapley; a group is worth {facts.shapley.characteristic})"


def needed_lines(game: "NormalFormGame", facts: "FiniteFacts") -> Iterator[str]:
    """Whose actions each must see, to reply as well as to all."""
    names = game.player_names
    for one in facts.needed:
        if not one.needed:
            yield f"{names[one.player]} needs to see nobody: one action is always best"
            continue
        whom = " and ".join(names[k] for k in one.needed)
        yield f"{names[one.player]} must see {whom}, or may lose up to {_short(one.loss)}"


def how_lines(facts: "FiniteFacts") -> Iterator[str]:
    """How it was found."""
    if facts.correlated is not None:
        confirmed = " confirmed in rational arithmetic" * (facts.correlated.method == "certified")
        yield f"correlated equilibria: linear programs{confirmed}"
    if facts.sinks is not None:
        yield f"better replies: {facts.sinks.detail}"
    if facts.alpha_rank is not None:
        found = facts.alpha_rank
        yield f"alpha-Rank: alpha {found.alpha:.4g}, populations of {found.population}"
    if facts.leaders is not None:
        how = facts.leaders.commitments[0].detail
        yield f"committing: {how}"
