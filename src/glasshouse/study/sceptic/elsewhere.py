"""Names that were here in earlier versions: the experiment itself."""

from glasshouse.analysis.sceptic.experiment import Experiment as Experiment
from glasshouse.analysis.sceptic.experiment import run_experiment as run_experiment
from glasshouse.analysis.sceptic.findings import Agreement as Agreement
from glasshouse.analysis.sceptic.findings import Findings as Findings
from glasshouse.analysis.sceptic.findings import Trial as Trial
