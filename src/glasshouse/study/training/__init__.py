"""Studies of players that are trained in samples: what they say, how they are computed and told."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
