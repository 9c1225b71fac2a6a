"""Bounds in decimal digits, rounded so that what is said follows from what is proved."""

from glasshouse._foundation.digits import at_least, at_most, bracketed, exactly

__all__ = ["at_least", "at_most", "bracketed", "exactly"]
