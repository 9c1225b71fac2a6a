from .batch import batch_map as batch_map
from .batch import repeat as repeat
from .batch import stack as stack
from .driver import run as run
from .rest import Rest as Rest
from .rest import rest_residual as rest_residual
from .solution import RESULTS as RESULTS
from .solution import Solution as Solution
