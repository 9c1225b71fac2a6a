from .base import AbstractNeural as AbstractNeural
from .interpreter import Interpreter as Interpreter
from .policies import Policies as Policies
