"""Learners that do not see exactly where the others are."""

from typing import Any, ClassVar

import jax

from glasshouse.errors import InputError
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.base import APART, NEVER, AbstractDirection, Directions, check_direction
from glasshouse.rules.calculus import check_separate
from glasshouse.rules.lola import Lola
from glasshouse.rules.views import AbstractView, NoView

ONCE_FOR_A_RUN = 2**32 - 1
"""What is folded into a run's key for what is drawn once; steps fold in their number."""


class Seeing(AbstractDirection):
    """Every player learns by a rule as if the others were where it sees them.

    Definition: the direction of player i is that of `rule` at (θ_i, what i sees of θ_-i). What play
    reads of the parameters is another matter, and is the semantics'. Rest is judged without what is
    drawn anew at every step.

    **Arguments:** `rule`, one that gives a direction; `view`: `FullView()`, `NoisyView(…)`,
    `FittedView(…)`, `NoView()` or `GuessedView(…)`.
    **Raises:** `InputError` for anything else, where parameters are not apart, for a game in which
    that cannot be seen, and where a view that draws is given no key.
    **Cost:** that of the rule, once for each player, and of looking.
    **Source:** what LOLA supposes known, Foerster et al. 2018, section 4.
    """

    rule: AbstractDirection
    view: AbstractView

    words: ClassVar[str] = "limited sight"
    keeps_rest_points: ClassVar[bool] = False  # only where what is seen is right and the rule does
    needs: ClassVar[frozenset[str]] = frozenset({APART})
    formula: ClassVar[str] = "the rule's direction at (θ_i, what i sees of θ_-i)"
    cost: ClassVar[str] = "that of the other rule, once for each player"
    in_studies: ClassVar[bool] = False

    def __init__(self, rule: Any, view: Any):
        if not isinstance(view, AbstractView):
            raise InputError(
                f"view must say what players see, such as NoisyView(1.0), not {type(view).__name__}"
            )
        self.rule, self.view = check_direction(rule, "a learner of limited sight"), view

    def init(self, game: AbstractParametricGame, params: Params, key: RandomKey = None) -> Any:
        check_separate(game, self.words)
        if self.view.draws != NEVER and key is None:
            raise InputError(
                f"what {self.rule.words} sees ({self.view.words}) is drawn, and there is no key to "
                "draw with: learn and studies draw by their seed, run takes key=jax.random.key(0)"
            )
        lasting = None if key is None else jax.random.fold_in(key, ONCE_FOR_A_RUN)
        drawn = self.view.begin(game, params, lasting)
        seen = self.view.look(game, params, drawn)
        return [self.rule.init(game, each, key) for each in seen], drawn

    def direction(
        self, game: AbstractParametricGame, params: Params, state: Any, key: RandomKey = None
    ) -> tuple[Directions, Any]:
        own, drawn = state
        seen = self.view.look(game, params, drawn, key)
        found = [
            self.rule.direction(game, each, known, key)
            for each, known in zip(seen, own, strict=True)
        ]
        return tuple(d[i] for i, (d, _) in enumerate(found)), ([x for _, x in found], drawn)

    def resting_direction(
        self, game: AbstractParametricGame, params: Params, state: Any, key: RandomKey = None
    ) -> Directions:
        own, drawn = state
        seen = self.view.look(game, params, drawn)
        return tuple(
            self.rule.resting_direction(game, each, known, key)[i]
            for i, (each, known) in enumerate(zip(seen, own, strict=True))
        )

    @classmethod
    def example(cls) -> "Seeing":
        return cls(Lola(0.5), NoView())
