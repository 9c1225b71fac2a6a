from .coupling import Marker as Marker
from .coupling import plot_coupling as plot_coupling
from .coupling import plot_outcome_shares as plot_outcome_shares
from .coupling import plot_tied_branch as plot_tied_branch
