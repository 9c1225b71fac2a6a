"""The program of a semantics, written down for proofs."""
