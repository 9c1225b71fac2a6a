from .affine import Affine as Affine
from .base import AbstractSemantics as AbstractSemantics
from .base import Box as Box
from .channel import Full as Full
from .custom import Custom as Custom
from .logistic import Logistic as Logistic
