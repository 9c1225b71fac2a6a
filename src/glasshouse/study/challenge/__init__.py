"""The folder of the challenge: forecasts filed before anybody learns, tables and the figure."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
