from .experiment import Experiment as Experiment
from .experiment import run_experiment as run_experiment
from .findings import Agreement as Agreement
from .findings import Findings as Findings
from .findings import Trial as Trial
