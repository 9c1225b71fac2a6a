"""First movements, sensitivities and access where payoffs are drawn: estimates with errors."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
