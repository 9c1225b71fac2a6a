"""The channels by name; contract tests run over all of them."""

from typing import Any

from glasshouse import channels
from glasshouse._foundation.declared import check_declared, names_of, study_settings
from glasshouse._foundation.registry import Registry, exported_classes
from glasshouse.channels.base import AbstractChannel


def _check(cls: Any) -> None:
    check_declared(cls, "channel", {"meaning": str})
    study_settings(cls)  # which refuses what studies could not write


CHANNELS: Registry[type[AbstractChannel]] = Registry(
    "channel",
    AbstractChannel,
    own=exported_classes(channels, AbstractChannel),
    check=_check,
    names=names_of,
)
