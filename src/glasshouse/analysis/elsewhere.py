"""Names that were here in earlier versions: families, closed forms and starts."""

from glasshouse.dynamics.starts import Starts as Starts
from glasshouse.families.family import AbstractFamily as AbstractFamily
from glasshouse.families.family import AffineFamily as AffineFamily
from glasshouse.families.family import LogisticFamily as LogisticFamily
from glasshouse.families.gain import GainFamily as GainFamily
from glasshouse.families.linear import LinearFamily as LinearFamily
from glasshouse.families.network import NetworkFamily as NetworkFamily
from glasshouse.theory.access import AccessThreshold as AccessThreshold
from glasshouse.theory.access import AccessThresholds as AccessThresholds
from glasshouse.theory.access import access_threshold as access_threshold
from glasshouse.theory.access import access_thresholds as access_thresholds
from glasshouse.theory.diagonals import AbstractDiagonal as AbstractDiagonal
from glasshouse.theory.diagonals import AffineDiagonal as AffineDiagonal
from glasshouse.theory.diagonals import LogisticDiagonal as LogisticDiagonal
from glasshouse.theory.diagonals import RestPoint as RestPoint
from glasshouse.theory.diagonals import diagonal as diagonal
from glasshouse.theory.diagonals import diagonal_rest_points as diagonal_rest_points
from glasshouse.theory.diagonals import tied_outcome as tied_outcome
from glasshouse.theory.limits import CornerLimits as CornerLimits
from glasshouse.theory.limits import CouplingInterval as CouplingInterval
from glasshouse.theory.limits import corner_limits as corner_limits
from glasshouse.theory.limits import limit_gain as limit_gain
from glasshouse.theory.symmetric import Threshold as Threshold
from glasshouse.theory.symmetric import Thresholds as Thresholds
from glasshouse.theory.symmetric import affine_thresholds as affine_thresholds
from glasshouse.theory.symmetric import thresholds as thresholds
