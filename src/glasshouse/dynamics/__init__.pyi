from .batch import batch_map as batch_map
from .batch import stack as stack
from .rest import Rest as Rest
from .rest import rest_residual as rest_residual
from .run import run as run
from .solution import RESULTS as RESULTS
from .solution import Solution as Solution
