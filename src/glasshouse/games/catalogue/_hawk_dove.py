"""Hawk and dove."""

from glasshouse.games.catalogue._entry import Payoffs, catalogue_game, check_condition, symmetric


@catalogue_game(
    title="Hawk–dove",
    condition="C > V > 0",
    source="Maynard Smith & Price 1973, The logic of animal conflict, Nature 246",
)
def hawk_dove(V: float = 2.0, C: float = 4.0) -> Payoffs:
    """Two contest a resource worth V: doves share it, a hawk takes it from a dove, hawks fight.

    A fight is won by either with probability one half and costs the loser C. Where all play
    hawk with probability V/C, neither action does better.
    """
    check_condition("hawk_dove", C > V > 0, "C > V > 0", V=V, C=C)
    return symmetric(T=V, R=V / 2, P=(V - C) / 2, S=0.0, actions=("dove", "hawk"))
