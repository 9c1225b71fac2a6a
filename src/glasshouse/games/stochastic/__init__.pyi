from .base import AbstractStochasticGame as AbstractStochasticGame
from .iterated import IteratedMatrix as IteratedMatrix
