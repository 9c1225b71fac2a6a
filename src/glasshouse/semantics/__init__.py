"""What a parameter vector means: maps from everyone's parameters to mixed actions."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
