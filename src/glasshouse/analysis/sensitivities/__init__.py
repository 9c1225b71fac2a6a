"""What being read is worth: sensitivities at a profile and along a path."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
