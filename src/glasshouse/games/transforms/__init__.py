"""Games made of games: one player simulates the other, or a mediator plays for who asks it to."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
