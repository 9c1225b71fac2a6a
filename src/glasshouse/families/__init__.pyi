from .family import AbstractFamily as AbstractFamily
from .family import AffineFamily as AffineFamily
from .family import LogisticFamily as LogisticFamily
from .gain import GainFamily as GainFamily
from .linear import LinearFamily as LinearFamily
from .network import NetworkFamily as NetworkFamily
