# %% [markdown]
# # Where rest points come and go
#
# All rest points of a prisoner's dilemma between opaque players (coupling 0) and players who read
# each other fully: which attract learners, and where they appear, split and vanish.

# %%
import glasshouse as gh
from glasshouse.plots import Marker, plot_branches

dilemma = gh.load_game("prisoners_dilemma")
family = gh.LogisticFamily(dilemma, bound=3.0)
found = gh.branches(family, "coupling", between=(0.0, 1.2))
print(found)

# %% [markdown]
# Equal players leave the corner (-3, -3) at 0.257, and at the pitchfork their branch stops to
# attract. One exploits the other on the branches that begin at the collisions at 0.361 and end in
# the folds at 0.880. From 0.663 on (3, 3) attracts, which says nothing about large deviations: a
# certificate proves from where on it is an equilibrium.

# %%
proof = gh.certified_threshold(family)
assert proof.bracket is not None
first = proof.bracket[1]
print(f"(3, 3) is an equilibrium from {first:.6f} on, proved up to {proof.highest:g}")

# %% [markdown]
# Solid lines attract, dashed ones do not. Upright lines are the thresholds of movement along the
# diagonal, dotted, and of equilibrium; the wide band is where (3, 3) is proved to be one.

# %%
thresholds = gh.thresholds(dilemma)
names = {"defection": "\\kappa_D", "neutral": "\\kappa_{1/2}", "cooperation": "\\kappa_C"}
markers = [Marker(getattr(thresholds, key).value, f"${name}$") for key, name in names.items()]
markers.append(Marker(first, "$\\kappa_M$", "equilibrium"))
ax = plot_branches(found, thresholds=markers, certified=[((first, 1.2), (3.0, 3.0))])
ax.figure.savefig("branches.svg")
