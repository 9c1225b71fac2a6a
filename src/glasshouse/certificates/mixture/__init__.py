"""Proofs about mixtures of parameters: what no deviation gains against them, without JAX."""
