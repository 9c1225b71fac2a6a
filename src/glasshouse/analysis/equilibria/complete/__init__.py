"""The complete search: every equilibrium of two players with one parameter each, proved to be all."""
