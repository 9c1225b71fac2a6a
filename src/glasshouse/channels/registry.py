"""The channels by name; contract tests run over all of them."""

from glasshouse import channels
from glasshouse._foundation.registry import Registry, declared_classes
from glasshouse.channels.base import AbstractChannel

CHANNELS: Registry[type[AbstractChannel]] = declared_classes(
    "channel", "channels", AbstractChannel, channels, says={"meaning": str}
)
