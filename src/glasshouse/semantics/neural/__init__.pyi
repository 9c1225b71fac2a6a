from .base import AbstractNeural as AbstractNeural
from .interpreter import Interpreter as Interpreter
from .mirrored import Mirrored as Mirrored
from .policies import Policies as Policies
