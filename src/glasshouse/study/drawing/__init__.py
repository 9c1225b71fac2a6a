"""Single figures of a study for papers and slides, and its phase portrait in motion."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
