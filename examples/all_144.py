# %% [markdown]
# # All 144 games
#
# Every game of two players with two actions each and no ties, in the periodic table of Robinson
# and Goforth: where do learners end who read each other, and is it good for both together?

# %%
from collections import Counter

import numpy as np
from matplotlib.figure import Figure

import glasshouse as gh
from glasshouse.analysis import generic_outcomes, pure_equilibria, welfare_optima
from glasshouse.dynamics import Learning, Starts
from glasshouse.games import ordinal_games

games = ordinal_games()  # payoffs are the ranks 1 (worst) to 4 (best)
print(len(games), "games,", sum(game.is_symmetric for game in games), "of them symmetric")
counts = Counter(len(pure_equilibria(game.game)) for game in games)
print("pure equilibria:", ", ".join(f"{counts[k]} games with {k}" for k in range(3)))

# %% [markdown]
# A player's first action is the one with which the other can get its best payoff; it counts as
# cooperation here. So the outcomes of learning tell to which of the four profiles a run came
# nearest.

# %%
learning = Learning(steps=3000, starts=Starts(50))


def shares(coupling):
    """For each game the share of runs that end at a profile of largest welfare."""
    tables = [gh.NormalFormGame(game.payoffs, player_axis=0) for game in games]
    played = [gh.LogisticFamily(table, bound=3.0)(coupling) for table in tables]
    found = []
    for table, outcome in zip(tables, generic_outcomes(played, learning=learning), strict=True):
        row_gives, column_gives = outcome.exploited
        ends = [[outcome.cooperation, row_gives], [column_gives, outcome.defection]]
        found.append(sum(ends[row][column].value for row, column in welfare_optima(table)[0]))
    return np.array(found)


couplings = (0.0, 0.5, 0.8)
best = {coupling: shares(coupling) for coupling in couplings}
for coupling in couplings[1:]:
    more, fewer = (np.sum(sign * (best[coupling] - best[0.0]) > 0) for sign in (1, -1))
    print(f"coupling {coupling}: more runs end there in {more} games, and fewer in {fewer}")

# %% [markdown]
# ## As a periodic table
#
# Rows upwards by what the row player is paid, columns by what the column player is; layers 1 and 2
# below, 4 and 3 above. The dilemma stands in the lower left corner. `glasshouse atlas` draws
# the same with every coupling in each cell, and a section for each game.

# %%
figure = Figure(figsize=(9.0, 3.6), layout="constrained")
axes = figure.subplots(1, 3)
for ax, coupling in zip(axes, couplings, strict=True):
    table = np.zeros((12, 12))
    for game, share in zip(games, best[coupling], strict=True):
        place = [game.row - 1 + 6 * (game.layer >= 3), game.column - 1 + 6 * (game.layer in (2, 3))]
        table[tuple(place)] = share
    ax.imshow(table, origin="lower", vmin=0, vmax=1, cmap="cividis")
    ax.axhline(5.5, color="white", lw=1.5)
    ax.axvline(5.5, color="white", lw=1.5)
    ax.set_xticks([], [])
    ax.set_yticks([], [])
    ax.set_title(f"coupling {coupling:g}", fontsize=9)
figure.colorbar(
    axes[0].images[0], ax=axes, label="share of runs that end best for both together", shrink=0.8
)
figure.savefig("all_144.svg")
