# %% [markdown]
# # What the headline says, and what is true
#
# *Above a threshold of transparency, selfish learners naturally converge to cooperation.* So one
# hears it told. For which starts, games and couplings does it hold? The threshold is κ_½, above
# which cooperation rises from the neutral start: a statement about where learning sets out to,
# which the headline turns into one about where it ends.

# %%
import numpy as np
from matplotlib.figure import Figure

import glasshouse as gh
from glasshouse.analysis import generic_outcomes
from glasshouse.dynamics import Learning, Rest, Starts
from glasshouse.theory import diagonal, tied_outcome

games = {
    "prisoner's dilemma (5, 3, 1, 0)": "prisoners_dilemma",
    "large temptation (7, 3, 1, 0)": "prisoners_dilemma:T=7,R=3,P=1,S=0",
    "small temptation (4, 3.5, 2, 0)": "prisoners_dilemma:T=4,R=3.5,P=2,S=0",
    "donation game, b = 3, c = 1": "donation:b=3,c=1",
    "stag hunt (3, 4, 2, 0)": "stag_hunt:T=3,R=4,P=2,S=0",
}
families = {name: gh.LogisticFamily(gh.load_game(text), bound=3.0) for name, text in games.items()}
neutral = {name: family.closed_form().neutral.value for name, family in families.items()}
for name, value in neutral.items():
    print(f"{name:32} κ_½ = {value:.4f}")

# %% [markdown]
# ## Equal players: nearly
#
# If all start alike and stay alike, sharing one parameter, where they end has a closed form. Here
# is how often they cooperate in the end, at multiples of κ_½, within ±3:

# %%
multiples = (0.5, 0.9, 1.1, 1.5)
print(f"{'κ / κ_½':32}" + "".join(f"{m:8}" for m in multiples))
for name, family in families.items():
    ends = [tied_outcome(diagonal(family(m * neutral[name]))) for m in multiples]
    print(f"{name:32}" + "".join(f"{end:8.2f}" for end in ends))

# %% [markdown]
# With a large or middling temptation there is no switch at κ_½, but a mixture that shifts from
# defection to cooperation, which it reaches at κ_C only. Otherwise the headline holds.
#
# ## Unequal players: hardly
#
# Nobody starts exactly alike. Of 1000 pairs that start from N(0, 1), each learning until it rests,
# so many end as the headline says: nobody cooperating below κ_½, both above it. A player
# cooperates if it does so with probability above one half.

# %%
learning = Learning(steps=100_000, stop=Rest(), starts=Starts(1000))


def ends_at(name, many):
    """Shares in which both cooperate, one exploits the other, nobody cooperates."""
    found = generic_outcomes([families[name](m * neutral[name]) for m in many], learning=learning)
    assert min(outcome.at_rest.value for outcome in found) > 0.99
    return np.array([[x.cooperation.value, x.exploitation.value, x.defection.value] for x in found])


print(f"{'κ / κ_½':32}" + "".join(f"{m:8}" for m in multiples))
for name in games:
    both, _, nobody = ends_at(name, multiples).T
    agree = np.where(np.array(multiples) > 1, both, nobody)
    print(f"{name:32}" + "".join(f"{share:8.1%}" for share in agree))

# %% [markdown]
# Below the threshold the headline is nearly right where there is much to gain by exploiting. Above
# it, it fails there: at 1.1 and at 1.5 times κ_½ hardly a pair, or none, ends with both
# cooperating; one ends exploiting the other, though neither planned to. Where little is gained by
# exploiting, and in the stag hunt, the start decides, on both sides of the threshold.
#
# ## Where it does hold
#
# From some multiple on all pairs do end with both cooperating. How far that is from the threshold
# differs from game to game:

# %%
grid = np.arange(0.25, 3.0, 0.1)
shares = {name: ends_at(name, grid) for name in games}
for name, found in shares.items():
    held = found[:, 0] >= 0.99
    after = np.flatnonzero(~held)  # it holds from the point after the last of these on
    first = after[-1] + 1 if len(after) else 0
    where = f"from {grid[first]:.2f} κ_½ on" if held[-1] else f"nowhere up to {grid[-1]:.2f} κ_½"
    print(f"{name:32} both cooperate in 99 of 100 pairs {where}")

# %%
figure = Figure(figsize=(7.0, 3.4), layout="constrained")
ax = figure.subplots()
styles = ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1))]
colours = ["#0072B2", "#D55E00", "#009E73", "#56B4E9", "#999999"]
for (name, found), style, colour in zip(shares.items(), styles, colours, strict=True):
    ax.plot(grid, found[:, 0], ls=style, color=colour, label=name)
ax.axvline(1.0, color="0.6", lw=1)
ax.annotate("$κ_{1/2}$", (1.0, 1.03), xycoords=("data", "axes fraction"), ha="center", color="0.4")
ax.set_xlabel("coupling as a multiple of $κ_{1/2}$")
ax.set_ylabel("share of pairs in which\nboth cooperate in the end")
ax.spines[["top", "right"]].set_visible(False)
figure.legend(*ax.get_legend_handles_labels(), loc="outside right center", frameon=False)
figure.savefig("headline.svg")

# %% [markdown]
# ## And even there
#
# Both cooperating with probability above one half need not be both cooperating for sure. In the
# prisoner's dilemma at coupling 0.8, which is 1.87 κ_½:

# %%
family = families["prisoner's dilemma (5, 3, 1, 0)"]
game = family(0.8)
solution = gh.run(game, params=(0.3, -0.2), steps=100_000, step_size=0.1, stop=Rest())
print("they cooperate with probability", np.round(game.cooperation(solution.params), 2))
print("and are paid", np.round(game.payoffs(solution.params), 2), "where full cooperation pays 3")
for place, params in (("there", solution.params), ("at full cooperation", (3.0, 3.0))):
    proof = gh.certify(game, params, epsilon=1e-6)
    print(f"an equilibrium {place}: {proof.verdict}")
print(f"at full cooperation from coupling {gh.certified_threshold(family).bracket[1]:.4f} on")

# %% [markdown]
# So the sentence to write is: *above κ_½ selfish learners that start at the neutral profile set out
# toward cooperation*. Where yours end depends on their starts, the game and the coupling;
# `glasshouse run` and `glasshouse check` say so for each, and say apart what is an equilibrium.
