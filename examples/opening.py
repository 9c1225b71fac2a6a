# %% [markdown]
# # Who would open?
#
# Transparency helps cooperation. But would anybody choose to be read? Before learning begins, each
# player opens or closes: who is open can be read by the other, who is closed looks neutral. Payoffs
# are what selfish learners then reach, from the same 200 starts, in the prisoner's dilemma.

# %%
from matplotlib.figure import Figure

import glasshouse as gh
from glasshouse import leagues
from glasshouse.dynamics import Learning, Starts
from glasshouse.families import Axis
from glasshouse.rules import Gradient, LookAhead

family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
coupling = Axis("κ", [0.3, 0.5, 0.7, 0.9], at=lambda setup: setup.game.semantics.coupling)
learning = Learning(steps=3000, starts=Starts(200, seed=1000))
learners = {"naive": Gradient(), "look-ahead": LookAhead(1.0)}
found = leagues.opening(family(0.5), learners, learning=learning, axes=[coupling])

print(" κ   learners                 both open   nobody   price of opening alone")
for point in found.points:
    (first, second), alone = point.learners, [one.price for one in point.prices]
    both, nobody = (sum(point.payoffs[k][k]) / 2 for k in (0, 1))
    pair = f"{first}, {second}"
    paid = f"{both:6.2f}    {nobody:6.2f}   {alone[0]:+.3f} {alone[1]:+.3f}"
    print(f"{point.at['κ']:.1f}  {pair:24} {paid}")

# %% [markdown]
# The equilibria of this game of opening, and what is known of leaving them: "gains" or "nobody
# gains" where that is told apart by three standard errors.

# %%
for point in found.points:
    print(f"{point.at['κ']:.1f}  {', '.join(point.learners)}: {point.equilibria}")

# %% [markdown]
# One dilemma becomes another, and which one depends on how strongly players read:
#
# - Up to κ = 0.5 opening is a **stag hunt**: both open is an equilibrium and pays both more, but
#   so is both closed, and who opens alone pays for it.
# - At 0.7 it is a **prisoner's dilemma** of its own: both open still pays more than twice what
#   nobody open does, yet whoever closes gains by it, for the other goes on cooperating with it.
# - At 0.9 it is **chicken**: opening alone now pays more than nobody opening, because being
#   answered makes even the lonely open one cooperate; but best is to read and not be read.
#
# So transparency helps both and yet need not be chosen: where it must hold, it has to be settled
# before, or enforced. What is said here is about these learners, starts and boxes (±3), not about
# all; ten times as many steps give the same equilibria.

# %%
figure = Figure(figsize=(5.5, 3.2), layout="constrained")
axes = figure.subplots()
for names, colour in ((("naive", "naive"), "#0072B2"), (("look-ahead", "look-ahead"), "#D55E00")):
    own = [one for one in found.points if one.learners == names]
    kappas = [one.at["κ"] for one in own]
    prices = [one.prices[0] for one in own]
    low = [one.price - one.interval[0] for one in prices]
    values = [one.price for one in prices]
    axes.errorbar(kappas, values, yerr=low, fmt="o-", color=colour, label=f"both {names[0]}")
axes.axhline(0.0, color="#666666", linewidth=0.8)
axes.set_xlabel("coupling κ (weight of what each reads)")
axes.set_ylabel("price of being the only one\nwho opens (per round)")
axes.spines[["top", "right"]].set_visible(False)
axes.legend(frameon=False)
figure.savefig("opening.svg")
