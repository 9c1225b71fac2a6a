"""Evidence as a value: by which method a result was found, with which settings, and how."""

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any

from glasshouse._foundation.results import Result


class Method(enum.StrEnum):
    """By what a result is known."""

    closed_form = "closed_form"
    derivative = "derivative"
    learned = "learned"
    numerical = "numerical"
    certified = "certified"
    refuted = "refuted"


@dataclasses.dataclass(frozen=True, repr=False)
class Evidence(Result):
    """By what a result is known.

    **Arguments:** `method`: closed_form, derivative, learned, numerical, certified or refuted;
    `settings` that it was found with, by name, as far as there are any; `text`, more in words.

        import glasshouse as gh

        print(gh.thresholds(gh.load_game("stag_hunt")).evidence.method.value)  # closed_form
    """

    method: Method
    settings: Mapping[str, Any]
    text: str


WORDS = {method.replace("_", " "): method for method in Method}
"""The methods by what results call them."""


class Evidenced(Result):
    """A result that says in `method`, and more in `detail`, how it was found."""

    @property
    def evidence(self) -> Evidence:
        """By what it is known: its method, settings and text as one value.

        A proof that decided nothing leaves what is known numerical.
        """
        said: Any = self
        method = WORDS.get(said.method)
        if method is None:  # by proof
            method = WORDS.get(self._proved, Method.numerical)
        text = getattr(self, "detail", "") or getattr(self, "conditions", "")
        return Evidence(method, dict(getattr(self, "settings", {})), text)

    @property
    def _proved(self) -> str:
        """What a proof shows: "certified", "refuted", or else nothing."""
        return getattr(self, "verdict", "")
