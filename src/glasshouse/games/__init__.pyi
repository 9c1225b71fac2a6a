from .base import AbstractGame as AbstractGame
from .base import Product as Product
from .normal_form import Labels as Labels
from .normal_form import NormalFormGame as NormalFormGame
from .random import random_game as random_game
from .symmetric import Symmetric2x2 as Symmetric2x2
