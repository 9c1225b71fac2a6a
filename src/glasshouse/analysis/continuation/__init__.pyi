from .follow import branches as branches
from .result import Branches as Branches
from .result import FollowedPoint as FollowedPoint
from .result import SpecialPoint as SpecialPoint
