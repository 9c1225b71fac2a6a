"""Games in steps with a state that moves by actions and by chance, played in samples or exactly."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
