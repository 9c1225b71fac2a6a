from .generic import Observed as Observed
from .generic import Outcomes as Outcomes
from .generic import Share as Share
from .generic import generic_outcomes as generic_outcomes
from .generic import wilson_interval as wilson_interval
from .reached import ReachedPoint as ReachedPoint
from .reached import ReachedRestPoints as ReachedRestPoints
from .reached import reached_rest_points as reached_rest_points
