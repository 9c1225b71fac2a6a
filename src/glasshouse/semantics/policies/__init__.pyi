from .base import AbstractPolicy as AbstractPolicy
from .network import GruPolicy as GruPolicy
from .network import MlpPolicy as MlpPolicy
from .player import PolicyPlayer as PolicyPlayer
from .table import TablePolicy as TablePolicy
from .transparency import AbstractTransparency as AbstractTransparency
from .transparency import MirroredWeights as MirroredWeights
from .transparency import Opaque as Opaque
