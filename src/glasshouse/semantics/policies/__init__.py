"""Policies for games in steps: what a player does wherever it finds itself, from its parameters."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
