"""Harmony."""

from glasshouse.games.catalogue._entry import Payoffs, catalogue_game, check_condition, symmetric


@catalogue_game(
    title="Harmony",
    condition="R > T, R > S > P",
    source="Licht 1999, Games commissions play, Yale Journal of International Law 24",
)
def harmony(T: float = 3.0, R: float = 4.0, P: float = 1.0, S: float = 2.0) -> Payoffs:
    """Cooperation dominates and mutual cooperation is best for both: nothing to solve."""
    check_condition("harmony", R > T and R > S > P, "R > T and R > S > P", T=T, R=R, P=P, S=S)
    return symmetric(T, R, P, S, ("cooperate", "defect"))
