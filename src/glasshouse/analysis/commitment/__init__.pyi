from .commitments import Commitment as Commitment
from .commitments import stackelberg as stackelberg
from .leaders import FairLeaders as FairLeaders
from .leaders import fair_leaders as fair_leaders
from .simulating import MixedSimulation as MixedSimulation
from .simulating import mixed_simulation as mixed_simulation
