from .base import AbstractDirection as AbstractDirection
from .base import AbstractRule as AbstractRule
from .fixed import Fixed as Fixed
from .gradient import Gradient as Gradient
from .lola import Lola as Lola
from .optimistic import Optimistic as Optimistic
from .per_player import PerPlayer as PerPlayer
from .transformed import Transformed as Transformed
