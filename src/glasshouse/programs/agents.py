"""The programs by name: each is one declaration."""

from glasshouse.programs.agent import modal

__all__ = [
    "CliqueBot",
    "CooperateBot",
    "DefectBot",
    "FairBot",
    "JustBot",
    "OptimisticBot",
    "PrudentBot",
]

FIVE_AUTHORS = "Barasz, Christiano, Fallenstein, Herreshoff, LaVictoire & Yudkowsky 2014"

CooperateBot = modal("⊤", "CooperateBot", short="CB", words="cooperates with everybody")
"""Cooperates with everybody: ⊤."""

DefectBot = modal("⊥", "DefectBot", short="DB", words="defects against everybody")
"""Defects against everybody: ⊥."""

CliqueBot = modal(
    "same",
    "CliqueBot",
    short="CQ",
    words="cooperates with its own source alone",
    source="McAfee 1984; Howard 1988; Tennenholtz 2004",
)
"""Cooperates with its own source alone: `same`."""

FairBot = modal(
    "□(X = C)",
    "FairBot",
    short="FB",
    words="cooperates with whoever provably cooperates with it",
    source=FIVE_AUTHORS,
)
"""Cooperates with whoever provably cooperates with it: □(X = C)."""

PrudentBot = modal(
    "□(X = C) ∧ □(¬□⊥ → X(DefectBot) = D)",
    "PrudentBot",
    short="PB",
    words="cooperates with whoever provably cooperates with it, and provably (in PA+1) defects "
    "against DefectBot",
    source=FIVE_AUTHORS,
)
"""As FairBot, but the other must provably, in PA+1, defect against DefectBot."""

JustBot = modal(
    "□(X(FairBot) = C)",
    "JustBot",
    short="JB",
    words="cooperates with whoever provably cooperates with FairBot",
    source=FIVE_AUTHORS,
)
"""Cooperates with whoever provably cooperates with FairBot: □(X(FairBot) = C)."""

OptimisticBot = modal(
    "¬□(X ≠ C)",
    "OptimisticBot",
    short="OB",
    words="cooperates with whoever does not provably defect against it",
    source=FIVE_AUTHORS,
)
"""Cooperates with whoever does not provably defect against it: ¬□(X ≠ C)."""
