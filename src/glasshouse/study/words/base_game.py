"""The equilibria of a game before anybody reads anybody, in words: pure ones, then mixed ones."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from glasshouse.games.labels import called

if TYPE_CHECKING:
    from glasshouse.analysis.equilibrium.pure_profiles import BaseGame, MixedProfile
    from glasshouse.games.normal_form import NormalFormGame

MOST_SHOWN_OF_EACH = 6
"""Of pure and of mixed equilibria each, so many are listed."""


def equilibrium_lines(game: "NormalFormGame", base: "BaseGame") -> Iterator[tuple[str, str]]:
    """Each equilibrium with what it pays, and how it was found."""
    pure = list(zip(base.pure_equilibria, base.pure_equilibrium_payoffs, strict=True))
    how = f"{base.method}: {base.detail}"
    for profile, paid in pure[:MOST_SHOWN_OF_EACH]:
        played = (names[a] for names, a in zip(game.action_names, profile, strict=True))
        yield f"pure equilibrium ({', '.join(played)}) pays {_numbers(paid)}", how
        how = ""
    if len(pure) > MOST_SHOWN_OF_EACH:
        yield f"and {len(pure) - MOST_SHOWN_OF_EACH} more pure ones, {len(pure)} in all", ""
    how, mixed = base.mixed_detail, base.mixed or ()
    for mixture in mixed[:MOST_SHOWN_OF_EACH]:
        yield f"mixed equilibrium: {mixed_words(game, mixture)}", how
        how = ""
    if len(mixed) > MOST_SHOWN_OF_EACH:
        yield f"and {len(mixed) - MOST_SHOWN_OF_EACH} more mixed ones, {len(mixed)} in all", ""


def mixed_words(game: "NormalFormGame", mixture: "MixedProfile") -> str:
    """ "(0.5 heads, 0.5 tails; …) pays 0, 0"."""
    return f"{mixture_name(game, mixture)} pays {_numbers(mixture.payoffs)}"


def mixture_name(game: "NormalFormGame", mixture: "MixedProfile") -> str:
    """ "(0.5 heads, 0.5 tails; …)": all that is played, with its probability."""
    each = [_drawn(*pair) for pair in zip(game.action_names, mixture.weights, strict=True)]
    return f"({'; '.join(each)})"


NO_PURE = "no pure equilibrium; there is a mixed one, as in every finite game"
"""Of games whose mixed equilibria are not sought."""


def _drawn(names: Sequence[str], weights: Sequence[float]) -> str:
    named = called(names, "action")
    played = [(name, w) for name, w in zip(named, weights, strict=True) if w]
    return ", ".join(name if w == 1 else f"{w:.4g} {name}" for name, w in played)


def _numbers(payoffs: Sequence[float]) -> str:
    return ", ".join(f"{x:.6g}" for x in payoffs)
