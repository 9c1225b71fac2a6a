from .base import AbstractRule as AbstractRule
from .gradient import Gradient as Gradient
from .transformed import Transformed as Transformed
