"""Equilibria in mixtures over parameters: found, proved, and followed along a coupling."""
