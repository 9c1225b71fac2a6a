"""Rest points followed along an axis, and the special points where they come, go or change."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
