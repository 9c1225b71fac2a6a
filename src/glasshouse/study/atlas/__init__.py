"""The atlas: all strict ordinal games of two players with two actions each, under transparency."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
