from .sentences import claims as claims
