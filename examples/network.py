# %% [markdown]
# # A club of 34
#
# The members of a karate club, whose friendships Zachary recorded in 1977, share public goods with
# their friends, and read each other's parameters along the same friendships. Nobody is like
# another, so everybody has a threshold of its own.

# %%
import networkx as nx
import numpy as np

import glasshouse as gh
from glasshouse.analysis import player_thresholds
from glasshouse.dynamics import Rest
from glasshouse.games import NeighbourhoodPublicGoods
from glasshouse.plots import plot_network
from glasshouse.semantics import Reading

club = nx.karate_club_graph()
game = NeighbourhoodPublicGoods(club, multiplier=3.0)
reading = Reading.from_graph(club, weight=None)  # all read their friends alike
family = gh.NetworkFamily(game, reading, bound=3.0)

# %% [markdown]
# ## Who starts to rise
#
# With everyone neutral, a player starts to raise its own parameter, and with it its cooperation,
# from that coupling on at which what its readers would return outweighs the cost. What a
# small group receives returns in larger parts, and a player with many friends is read by many.

# %%
found = player_thresholds(family)
order = np.argsort(found.values)
low, high = found.values[order[[0, -1]]]
print(f"{game.players} players start to rise one by one, from coupling {low:.3f} to {high:.3f}")
for place in (0, 10, 17, 25, 33):
    player = order[place]
    friends, triangles = club.degree[player], nx.triangles(club, player)
    print(
        f"player {player:2}, {friends:2} friends, {triangles:2} triangles: "
        f"from coupling {found.values[player]:.3f} on"
    )

# %% [markdown]
# ## Who ends up cooperating
#
# Those who start to rise are not those who end up cooperating: the motion of one changes what pays
# another. What follows is where selfish learning leads from the neutral start. It is an outcome of
# learning; whether it is an equilibrium, against large jumps too, is not tested here.

# %%
for coupling in (0.2, 0.3, 0.4, 0.5, 0.6):
    start = found.rising(coupling)
    parametric = family(coupling)
    solution = gh.run(parametric, steps=100_000, step_size=0.02, stop=Rest())
    end = np.asarray(parametric.cooperation(solution.params)) > 0.5
    print(
        f"coupling {coupling}: {start.sum():2} start to rise, {end.sum():2} end up cooperating, "
        f"{(start & ~end).sum():2} only start, {(end & ~start).sum()} only end"
    )

# %% [markdown]
# At coupling 0.4 player 33, who has most friends, has the lowest threshold: it starts to rise and
# ends up hardly ever cooperating. Player 13 starts to fall and ends up cooperating.

# %%
parametric = family(0.4)
solution = gh.run(parametric, steps=100_000, step_size=0.02, stop=Rest())
cooperation = parametric.cooperation(solution.params)
for player in (33, 13):
    threshold, probability = found.values[player], cooperation[player]
    print(f"player {player}: threshold {threshold:.3f}, cooperates in the end: {probability:.2f}")
ax = plot_network(reading, cooperation, names=range(34))
ax.figure.savefig("network.svg")
