"""The challenge: does the switch predicted at the start hold for networks in all sorts of games?"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
