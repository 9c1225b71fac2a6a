from .find import find_equilibria as find_equilibria
from .points import Equilibria as Equilibria
from .points import EquilibriumPoint as EquilibriumPoint
from .restricted import extreme_equilibria as extreme_equilibria
from .restricted import symmetric_equilibria as symmetric_equilibria
