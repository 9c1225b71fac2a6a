"""The observables by name, all of them registered from elsewhere."""

from typing import Any

from glasshouse._foundation.declared import study_name, study_settings
from glasshouse._foundation.registry import Registry, declared_classes
from glasshouse.errors import InputError
from glasshouse.parametric.measure import COOPERATION, AbstractMeasure


def _takes_nothing(cls: Any) -> None:
    if study_settings(cls):
        raise InputError(f"observable {cls.__name__} takes settings, and studies give it none")
    if study_name(cls) == COOPERATION:
        raise InputError(f"the name {COOPERATION!r} is taken by what every game observes")


OBSERVABLES: Registry[type[AbstractMeasure]] = declared_classes(
    "observable",
    "observables",
    AbstractMeasure,
    says={"words": str, "formula": str},
    names=lambda cls: (study_name(cls),),
    further=_takes_nothing,
)
