"""The sceptic's experiment: do sensitivities at the start predict where learning switches?"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
