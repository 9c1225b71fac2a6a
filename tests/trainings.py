"""The game and the file that tests of trainings begin with."""

import glasshouse as gh

STAGE = gh.NormalFormGame([[[-1.0, -3.0], [0.0, -2.0]], [[-1.0, 0.0], [-3.0, -2.0]]])
"""Each is paid -2, less 1 if it cooperates, and 2 more if the other does."""

BEGINNING = """
[game]
kind = "iterated"
horizon = 8
[game.stage]
payoffs = [[-1.0, -3.0], [0.0, -2.0]]
[learning]
updates = 40
every = 2
episodes = 16
seeds = 3
seed = 7
"""
"""Of a file, in whose table [learning] more may follow."""
