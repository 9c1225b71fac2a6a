from .base import AbstractNetworkGame as AbstractNetworkGame
from .pairwise import PairwiseGame as PairwiseGame
from .shared_goods import GlobalPublicGoods as GlobalPublicGoods
from .shared_goods import NeighbourhoodPublicGoods as NeighbourhoodPublicGoods
