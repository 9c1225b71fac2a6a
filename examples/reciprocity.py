# %% [markdown]
# # Naive learners fail, shapers find reciprocity
#
# The iterated prisoner's dilemma, played by policies that remember the last round: five
# probabilities for each player. Nobody reads anybody here (the coupling is 0). What differs is
# how the players learn: by their own gradient, or as LOLA does, counting that a step of one's own
# moves what the other will learn.

# %%
import math

import numpy as np
from matplotlib.figure import Figure

import glasshouse as gh
from glasshouse.dynamics import Learning, Starts, learn
from glasshouse.games import RepeatedGame, is_tit_for_tat
from glasshouse.parametric import ParametricGame
from glasshouse.rules import Gradient, Lola
from glasshouse.semantics import Logistic

stage = gh.NormalFormGame([[[-1.0, -3.0], [0.0, -2.0]], [[-1.0, 0.0], [-3.0, -2.0]]])
again = RepeatedGame(stage, discount=0.96, unit="sum")
game = ParametricGame(again, Logistic(again, coupling=0.0, bound=math.inf))
states = ("start", "CC", "CD", "DC", "DD")


def observed(game, params):
    """What everyone is paid, and does in each state."""
    return game.payoffs(params), game.behaviours(params).distributions


def ends(rule, spread):
    """Everyone's payoff per round, and the probabilities of cooperating in each state."""
    starts = Starts(1000, spread=spread, seed=7)  # nothing was tuned on this seed
    learning = Learning(rule, step_size=1.0, steps=100, starts=starts)
    payoffs, policies = learn([game], learning, observed).observed
    return payoffs[0] * (1 - 0.96), np.stack([own[0, :, :, 0] for own in policies], axis=1)


# %% [markdown]
# ## Is it tit for tat?
#
# A share of tit for tat means little without its definition. *Strict* asks that all ten
# probabilities lie on tit for tat's side of ½. *POLA's* asks only that both players mostly defect
# after the other defected alone and after both did, and that they are paid as cooperators are.
# The start matters as much, so the spread of the starts stands beside each row.

# %%
print("rule   spread  payoff  cooperate  strict  POLA's")
policies = {}
for name, rule in (("naive", Gradient()), ("LOLA", Lola(look_ahead=1.0))):
    for spread in (0.1, 1.0, 2.0):
        payoffs, found = ends(rule, spread)
        shares = [np.mean(is_tit_for_tat(again, found, how)) for how in ("strict", "pola")]
        cooperate = np.mean(payoffs.mean(axis=1) > -1.2)
        numbers = f"{payoffs.mean():6.2f} {cooperate:10.2f} {shares[0]:7.2f} {shares[1]:7.2f}"
        print(f"{name:6} {spread:6}  {numbers}")
        if spread == 1.0:
            policies[name] = found

# %% [markdown]
# ## What they have learned
#
# The median naive learner defects after everything, the median shaper plays tit for tat. Single
# runs stray in this state or that, and so fall out under one definition and not the other.

# %%
figure = Figure(figsize=(6.3, 2.8), layout="constrained")
for ax, (name, found) in zip(figure.subplots(1, 2, sharey=True), policies.items(), strict=True):
    both = found.reshape(-1, len(states))
    ax.violinplot(both, positions=range(len(states)), showmedians=True, showextrema=False)
    ax.set(title=f"{name} learners", xlabel="state (own action first)", ylim=(-0.02, 1.02))
    ax.set_xticks(range(len(states)), states)
figure.axes[0].set_ylabel("probability of cooperating")
figure.savefig("reciprocity.svg")
