from .claim import EquilibriumCount as EquilibriumCount
from .document import CountDocument as CountDocument
