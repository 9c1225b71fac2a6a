"""Games in parameters: the protocol, what a game can say of itself, and the games."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
