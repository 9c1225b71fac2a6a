# %% [markdown]
# # What a shaper gains by knowing the other
#
# Advantage alignment needs to know what its actions are worth to the other. How much does it gain
# by that, and how well must it know? Player 1 shapes with strength β, and sees the other's
# advantages through noise that leaves the share f of their variance. Gains are over a selfish
# learner in its place, from the same seeds. See docs/background/manipulation.md.

# %%
import numpy as np
from matplotlib.figure import Figure

import glasshouse as gh
from glasshouse.analysis import manipulation
from glasshouse.games.stochastic import IteratedMatrix
from glasshouse.plots import plot_manipulation
from glasshouse.rules.sampled import NoisyCritic, QLearning
from glasshouse.semantics.policies import TablePolicy

SEEDS, BETAS, FIDELITIES = 4, (1.0, 2.0, 3.0, 5.0), (1.0, 0.5, 0.25, 0.1, 0.03, 0.0)
STEP_SIZE, EPSILON = 0.06, 0.1  # the page has ten seeds, and others than this one

stage = gh.NormalFormGame([[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]])
game = IteratedMatrix(stage, horizon=32, discount=0.96)
greedy = TablePolicy(game, bound=np.log((2 - EPSILON) / EPSILON))
sampled = gh.SampledParametricGame(game, [TablePolicy(game), greedy], episodes=32)

# %% [markdown]
# ## A map against a learner that breaks the rule's assumption
#
# The other learns by Q-learning and does what it values most, but for one draw in ten: it does not
# follow advantages step by step, as the rule supposes, but jumps.

# %%
found = manipulation(
    sampled,
    QLearning(rate=0.1, temperature=1e-3),
    betas=BETAS,
    critics=[NoisyCritic(f) for f in FIDELITIES],
    paces=(1.0, 1 / STEP_SIZE),
    step_size=STEP_SIZE,
    seeds=SEEDS,
    first=1000,
)
print("gain of the shaper, a row for each critic, a column for each β")
print(found.gain.round(2), "±", found.gain_error.max().round(2))
print("loss of the other")
print(found.loss.round(2), "±", found.loss_error.max().round(2))
print("fidelity, measured:", found.fidelity.mean(axis=1).round(2))

# %%
figure = Figure(figsize=(4.8, 3.4), layout="constrained")
plot_manipulation(
    found.betas,
    found.fidelity.mean(axis=1),
    found.gain,
    found.gain_error,
    half=found.half_gain[:, 0],
    predicted=found.half_gain_predicted,
    ax=figure.subplots(),
)
figure.savefig("manipulation.svg")

# %% [markdown]
# Who does not know what the other gains, gains nothing. Hatched is what two standard errors do not
# tell from 0.
