# %% [markdown]
# # Five ways to be transparent
#
# Programs can prove things of each other, run each other, see how alike they are, let a mediator
# play, or read each other's parameters. Under which of these do both cooperate in equilibrium, from
# which parameter on, and at which price?

# %%
from collections import Counter

import numpy as np
from matplotlib.figure import Figure

import glasshouse as gh
from glasshouse.analysis import ways_to_be_transparent
from glasshouse.analysis.transparency import EQUILIBRIUM
from glasshouse.games.random import random_game

GAMES = {
    "prisoner's dilemma": gh.load_game("prisoners_dilemma"),
    "donation": gh.load_game("donation"),
    "stag hunt": gh.load_game("stag_hunt"),
    "chicken": gh.load_game("chicken"),
    "(4, 3.5, 2, 0)": gh.load_game("prisoners_dilemma:T=4,R=3.5,P=2,S=0"),
}


def number(value):
    return "-" if value is None else f"{value:.3g}"


def where(way):
    if way.interval is None:
        return way.reason
    low, high = way.interval
    return f"{way.symbol} from {low:.3g} to {high:.3g}"


for title, game in GAMES.items():
    found = ways_to_be_transparent(game)
    print(f"{title}: both cooperating pays {found.reward:g}; is it an equilibrium?")
    for way in found.ways:
        if way.meaning == EQUILIBRIUM:
            paid = f"pays {number(way.payoff):5} at worst {number(way.least):6}"
            print(f"  {way.way:12} {way.verdict:8} {paid} {where(way)}")

# %% [markdown]
# ## Random games
#
# Of 200 random symmetric games, call that action cooperation of which both doing it pays more. In
# how many is both cooperating an equilibrium, by each way, where without transparency it is none?


# %%
def cooperative(game):
    """The same game, its first action that of which both doing it pays more."""
    payoffs = np.asarray(game.tensor)
    better = payoffs[0, 0, 0] >= payoffs[0, 1, 1]
    return game if better else gh.NormalFormGame(payoffs[:, ::-1, ::-1], player_axis=0)


counts, tempted = Counter(), 0
for seed in range(1000, 1200):
    game = cooperative(random_game(seed, symmetric=True))
    verdicts = ways_to_be_transparent(game).verdicts
    if verdicts["none: nobody is transparent"] == "no":
        tempted += 1
        counts.update(name for name, verdict in verdicts.items() if verdict == "yes")

names = list(ways_to_be_transparent(GAMES["chicken"]).verdicts)
print(f"of {tempted} games in which cooperating is none by itself, it is one in")
for name in names:
    print(f"  {counts[name]:3}  {name}")

# %% [markdown]
# Proofs and mediators answer defection with defection, and so does strong enough reading: they come
# to the same games, those in which who leaves loses by it. Programs that run each other must stop
# some time, and players that see only how alike they are follow by half: they come to fewer. In the
# rest, being exploited pays more than cooperating does, and none of these ways helps.

# %%
figure = Figure(figsize=(7.5, 3.4), layout="constrained")
axes = figure.subplots()
names.reverse()
axes.barh(range(len(names)), [counts[name] for name in names], color="#0072B2")
axes.set_yticks(range(len(names)), [name.replace(": ", ":\n", 1) for name in names], fontsize=6)
axes.axvline(tempted, color="#666666", linewidth=0.8)
axes.set_xlabel(f"in how many of {tempted} games it is an equilibrium")
axes.spines[["top", "right"]].set_visible(False)
figure.savefig("five_ways.svg")
