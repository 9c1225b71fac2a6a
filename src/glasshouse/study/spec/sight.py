"""`sees` of a study's learners: what each sees of the others' parameters when it learns."""

from glasshouse.rules.registry import VIEWS
from glasshouse.rules.views import AbstractView
from glasshouse.study.spec.declared import Declared, Kinds, made


class SightSection(Declared):
    """What a learner sees of the others, by a class that says what it takes."""

    def build(self) -> AbstractView:
        """The view."""
        return made(self.MADE, self.settings())


SIGHT_SPECS: Kinds[SightSection] = Kinds(
    VIEWS, SightSection, frozenset(), "How a learner sees the others"
)
"""The tables of all kinds by name, registered ones too."""
