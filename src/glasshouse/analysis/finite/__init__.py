"""What is true of a finite game, whatever its actions are: moves, programs, or parameters."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
