"""The complete search: all equilibria of two players with one parameter each, proved to be all."""
