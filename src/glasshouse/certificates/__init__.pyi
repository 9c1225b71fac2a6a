from .program import Program as Program
