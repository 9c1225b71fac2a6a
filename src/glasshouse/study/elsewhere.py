"""Names that were here in earlier versions: what is predicted and proved."""

from glasshouse.analysis.predictions import Predictions as Predictions
from glasshouse.analysis.predictions import Slice as Slice
from glasshouse.analysis.predictions import predict as predict
from glasshouse.analysis.proofs import CertifiedPoint as CertifiedPoint
