from .elsewhere import Agreement as Agreement
from .elsewhere import Experiment as Experiment
from .elsewhere import Findings as Findings
from .elsewhere import Trial as Trial
from .elsewhere import run_experiment as run_experiment
from .folder import write_experiment as write_experiment
