from .alpha_rank import AlphaRank as AlphaRank
from .alpha_rank import alpha_rank as alpha_rank
from .rating import RatedEntrant as RatedEntrant
from .rating import Ratings as Ratings
from .rating import rate as rate
from .tournament import RoundRobin as RoundRobin
from .tournament import round_robin as round_robin
