"""The explorer in a notebook: the same page in a frame, which talks to the kernel."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
