from .plane import FieldGrid as FieldGrid
from .portrait import Portrait as Portrait
from .portrait import phase_portrait as phase_portrait
from .rest_points import PlaneRestPoint as PlaneRestPoint
