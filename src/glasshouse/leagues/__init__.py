"""Learners and strategies that meet each other: what they are paid, ratings, which to choose."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
