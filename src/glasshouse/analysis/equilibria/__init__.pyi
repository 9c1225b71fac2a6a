from .restricted import extreme_equilibria as extreme_equilibria
from .restricted import symmetric_equilibria as symmetric_equilibria
