from .mediation import mediated as mediated
from .simulation import simulated as simulated
