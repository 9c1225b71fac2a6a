from .judged import PlaneRestPoint as PlaneRestPoint
from .plane import FieldGrid as FieldGrid
from .portrait import Portrait as Portrait
from .portrait import phase_portrait as phase_portrait
