"""The channels by name; contract tests run over all of them."""

from typing import Any

from glasshouse import channels
from glasshouse._foundation.declared import check_declared, settings_of, study_name
from glasshouse._foundation.registry import Registry, exported_classes
from glasshouse.channels.base import AbstractChannel


def _check(cls: Any) -> None:
    check_declared(cls, "channel", {"meaning": str})
    if cls.in_studies:
        settings_of(cls)


CHANNELS: Registry[type[AbstractChannel]] = Registry(
    "channel",
    AbstractChannel,
    own=exported_classes(channels, AbstractChannel),
    check=_check,
    names=lambda cls: (cls.__name__.lower(), study_name(cls)),
)
