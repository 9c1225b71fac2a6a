"""What a checker found."""

import dataclasses

from glasshouse._foundation.results import Result
from glasshouse.certificates.certificate import Certificate
from glasshouse.certificates.count.claim import EquilibriumCount
from glasshouse.certificates.mixture.certificate import MixtureCertificate


@dataclasses.dataclass(frozen=True, repr=False)
class Verification(Result):
    """What the checker found.

    **Arguments:** `accepted`, whether the file proves everything it claims; `complete`, whether it
    holds every probability of the semantics; `reason`, where it is not accepted, the first thing
    it does not prove, and where it is not complete, what was taken for granted; `certificate`,
    what it claims.
    """

    accepted: bool
    complete: bool
    reason: str
    certificate: Certificate | MixtureCertificate | EquilibriumCount
