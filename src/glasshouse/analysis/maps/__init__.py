"""Maps of outcomes over two axes and more, computed where they change."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
