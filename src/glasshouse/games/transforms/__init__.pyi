from .mediation import mediated as mediated
from .restriction import restricted as restricted
from .simulation import simulated as simulated
