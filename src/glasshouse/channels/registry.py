"""The channels by name; contract tests run over all of them."""

from glasshouse import channels
from glasshouse._foundation.registry import exported_classes
from glasshouse.channels.base import AbstractChannel

CHANNELS: dict[str, type[AbstractChannel]] = exported_classes(channels, AbstractChannel)
