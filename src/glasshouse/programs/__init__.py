"""Programs that read programs: modal agents, what they do to each other, which to choose."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
