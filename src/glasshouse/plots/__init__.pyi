from .coupling import Marker as Marker
from .coupling import plot_coupling as plot_coupling
from .coupling import plot_outcome_shares as plot_outcome_shares
from .coupling import plot_tied_branch as plot_tied_branch
from .deviation import plot_deviation_curve as plot_deviation_curve
from .equilibrium import plot_equilibrium_thresholds as plot_equilibrium_thresholds
from .outcome_map import plot_outcome_map as plot_outcome_map
from .phase import plot_portrait as plot_portrait
