"""A modal agent: a program that acts on what it can prove about the program it meets."""

import dataclasses
from typing import Any

from glasshouse._foundation.results import Result
from glasshouse.errors import InputError
from glasshouse.programs.syntax import parse_formula


@dataclasses.dataclass(frozen=True, repr=False)
class ModalAgent(Result):
    """A program that cooperates where its formula of provability logic holds.

    `modal` makes one. Two agents have the same source where their formulas are the same.

    **Arguments:** `name`; `formula`, in the spelling of this library; `short`, another name, for
    formulas and narrow tables; `words`, what it does, as "cooperates with …"; `source`.
    """

    name: str
    formula: str
    short: str = ""
    words: str = ""
    source: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What formulas and lists may call it."""
        return (self.name, self.short) if self.short else (self.name,)


def modal(
    formula: str, name: str = "", *, short: str = "", words: str = "", source: str = ""
) -> ModalAgent:
    """A program that cooperates where a formula holds.

    Definition: the formula speaks of what the other program X does: `X = C` (to this one),
    `X(FairBot) = C` (to a named one), each under a □, "it is provable that"; `same` says that both
    have one formula. □ may be written box, ¬ not, ∧ and, ∨ or, → implies, ⊥ false, ≠ !=. Provable
    in PA+1 is □(¬□⊥ → …).

    **Arguments:** `formula`; `name`, of which a formula can speak where it is one word, else the
    formula itself is the name; the others as in `ModalAgent`.
    **Raises:** `InputError` with line, column and what was expected.
    **Source:** Barasz et al. 2014, arXiv:1401.5577.

        from glasshouse.programs import encounter, modal

        wary = modal("box(X = C) and box(not box false implies X(DefectBot) = D)", "Wary")
        print(wary.formula)  # □(X = C) ∧ □(¬□⊥ → X(DefectBot) = D)
        print(encounter(wary, "CooperateBot").actions)  # ('D', 'C')
    """
    given: dict[str, Any] = {"formula": formula, "name": name, "short": short}
    for key, value in {**given, "words": words, "source": source}.items():
        if not isinstance(value, str):
            raise InputError(f"{key} of a program must be a text, but is {value!r:.60}")
    canonical = str(parse_formula(formula))
    parse_formula(canonical)  # which may be a little longer, and has to be read again
    return ModalAgent(" ".join(name.split()) or canonical, canonical, short, words, source)
