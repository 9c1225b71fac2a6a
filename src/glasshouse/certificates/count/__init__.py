"""Proofs of how many equilibria a game of two parameters has."""
