"""Analyses compute in float64 whatever the caller's setting."""

from glasshouse._precision import in_float64 as in_float64
from glasshouse._precision import in_float64_unless_traced as in_float64_unless_traced
