from .mixture_proofs import certify_mixture as certify_mixture
from .mixtures import Mixture as Mixture
from .mixtures import mixed_equilibrium as mixed_equilibrium
from .restricted import extreme_equilibria as extreme_equilibria
from .restricted import symmetric_equilibria as symmetric_equilibria
