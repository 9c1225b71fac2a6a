from .outcome_map import OutcomeMap as OutcomeMap
from .outcome_map import outcome_map as outcome_map
from .pieces import Audit as Audit
