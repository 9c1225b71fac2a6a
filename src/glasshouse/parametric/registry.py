"""The observables by name, all of them registered from elsewhere."""

from typing import Any

from glasshouse._foundation.declared import check_declared, settings_of, study_name
from glasshouse._foundation.registry import Registry
from glasshouse.errors import InputError
from glasshouse.parametric.measure import COOPERATION, AbstractMeasure


def _check(cls: Any) -> None:
    check_declared(cls, "observable", {"words": str, "formula": str})
    if settings_of(cls):
        raise InputError(f"observable {cls.__name__} takes settings, and studies give it none")
    if study_name(cls) == COOPERATION:
        raise InputError(f"the name {COOPERATION!r} is taken by what every game observes")


OBSERVABLES: Registry[type[AbstractMeasure]] = Registry(
    "observable",
    AbstractMeasure,
    own={},
    check=_check,
    names=lambda cls: (study_name(cls),),
)
