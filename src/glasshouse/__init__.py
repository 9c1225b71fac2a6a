"""Games between agents who can read each other's parameters.

Start with `load_game` and `LogisticFamily`, or the README. The folders, in the order in which data
flows: `games`, `programs`, `channels`, `semantics`, `parametric`, `rules`, `dynamics`, `theory`,
`families`, `analysis`, `leagues`, `plots`, `study`, `cli`; `certificates` and `interop` beside.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
