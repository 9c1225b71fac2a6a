# %% [markdown]
# # Mixing over programs
#
# Between defection and cooperation the prisoner's dilemma has couplings at which no pair of
# parameters is an equilibrium. There is one in *mixed* parameters: each player draws its program
# at random, from two, before the other reads it.

# %%
import numpy as np

import glasshouse as gh
from glasshouse.analysis.equilibria import bound_game, mixing_branch
from glasshouse.plots import plot_mixing_branch

game = gh.load_game("prisoners_dilemma")
family = gh.LogisticFamily(game, bound=3.0)

for coupling in (0.5, 0.7, 0.8, 0.85):
    found = gh.mixed_equilibrium(family(coupling))
    (low, high), (_, share) = found.atoms[0], found.weights[0]
    print(
        f"coupling {coupling}: {high:.0f} with probability {share:.6f}, else {low:.6f}; "
        f"pays {found.payoffs[0]:.6f}, {found.verdict} at {found.epsilon:g}"
    )

# %% [markdown]
# Two programs at every coupling: full cooperation, and one that exploits who cooperates. Along the
# coupling, one symmetric mixture after the other, each with a certificate of its own:

# %%
branch = mixing_branch(family, np.linspace(0.2, 0.95, 51))
print({mixture.verdict for mixture in branch.mixtures})
for turn in branch.turns:
    does = "sets in" if turn.sets_in else "vanishes"
    print(f"at coupling {turn.coupling:.9f} weight on {turn.atom:.6g} {does}")
ax = plot_mixing_branch(branch)
ax.figure.savefig("mixing.svg")

# %% [markdown]
# ## How expressive a program would you choose?
#
# A bound M says how far parameters may go, and so how sure a program can be of what it does. Let
# both players choose their bounds first, see them, and then play the game with these boxes.

# %%
bounds = [1.0, 2.0, 3.0, 5.0]
for coupling in (0.5, 0.7, 0.9):
    choice = bound_game(game, coupling, bounds)
    print(f"coupling {coupling}, row's payoffs, all cells {choice.verdict}:")
    for bound, row in zip(bounds, choice.payoffs[0], strict=True):
        print(f"  M = {bound:.0f}: " + " ".join(f"{payoff:.4f}" for payoff in row))
    for equilibrium in choice.equilibria:
        chosen = [bounds[int(np.argmax(own))] for own in equilibrium.weights]
        assert all(max(own) == 1.0 for own in equilibrium.weights)
        print(f"  equilibrium: {chosen}, no other choice gains more than {equilibrium.regret:.1g}")

# %% [markdown]
# At couplings 0.5 and 0.7 both choose the *least* expressive programs. Who cannot defect for sure
# cannot exploit much, and so need not be guarded against. At 0.9 the bound may be 3, where
# cooperating is an equilibrium still, and not 5, where it is none.
