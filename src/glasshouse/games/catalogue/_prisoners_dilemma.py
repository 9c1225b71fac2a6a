"""The prisoner's dilemma."""

from glasshouse.games.catalogue._entry import Payoffs, catalogue_game, check_condition, symmetric


@catalogue_game(
    title="Prisoner's dilemma",
    condition="T > R > P > S",
    source="Rapoport & Chammah 1965, Prisoner's Dilemma",
)
def prisoners_dilemma(T: float = 5.0, R: float = 3.0, P: float = 1.0, S: float = 0.0) -> Payoffs:
    """Defection dominates, yet both prefer mutual cooperation to mutual defection."""
    check_condition("prisoners_dilemma", T > R > P > S, "T > R > P > S", T=T, R=R, P=P, S=S)
    return symmetric(T, R, P, S, ("cooperate", "defect"))
