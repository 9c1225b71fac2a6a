from .base import AbstractNeural as AbstractNeural
from .interpreter import Interpreter as Interpreter
from .mirrored import Mirrored as Mirrored
from .modules import Modules as Modules
from .policies import Policies as Policies
