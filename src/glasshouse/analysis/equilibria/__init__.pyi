from .find import find_equilibria as find_equilibria
from .mixture_proofs import certify_mixture as certify_mixture
from .mixtures import Mixture as Mixture
from .mixtures import mixed_equilibrium as mixed_equilibrium
from .points import Equilibria as Equilibria
from .points import EquilibriumPoint as EquilibriumPoint
from .restricted import extreme_equilibria as extreme_equilibria
from .restricted import symmetric_equilibria as symmetric_equilibria
