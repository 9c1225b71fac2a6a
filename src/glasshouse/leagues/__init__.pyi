from .league import League as League
from .meta import Choices as Choices
from .meta import Departure as Departure
from .meta import Leaving as Leaving
from .meta import MixedChoice as MixedChoice
from .play import play as play
from .shaping import Shaping as Shaping
from .strategy import Strategy as Strategy
