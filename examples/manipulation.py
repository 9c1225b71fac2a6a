# %% [markdown]
# # What a shaper gains by knowing the other
#
# Advantage alignment needs to know what its actions are worth to the other. How much does it gain
# by that, and how well must it know? Player 1 shapes with strength β, and sees the other's
# advantages through noise that leaves the share f of their variance. Gains are over a selfish
# learner in its place, from the same seeds. See docs/background/manipulation.md.

# %%
from matplotlib.figure import Figure

import glasshouse as gh
from glasshouse.analysis import manipulation
from glasshouse.games.stochastic import IteratedMatrix
from glasshouse.plots import plot_manipulation
from glasshouse.rules import through_adam
from glasshouse.rules.sampled import AdvantageAlignment, NoisyCritic
from glasshouse.semantics.policies import TablePolicy

SEEDS, BETAS = 3, (1.0, 2.0, 5.0)  # the page has 10 seeds and six β, which take five minutes

stage = gh.NormalFormGame([[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]])
game = IteratedMatrix(stage, horizon=32, discount=0.96)
sampled = gh.SampledParametricGame(game, TablePolicy(game), episodes=32)

# %% [markdown]
# ## A map against another shaper
#
# The other is aligned, too, knows all, and learns at a third of the pace.

# %%
found = manipulation(
    sampled,
    through_adam(AdvantageAlignment(3.0)),
    betas=BETAS,
    critics=[NoisyCritic(f) for f in (1.0, 0.9, 0.7, 0.5, 0.0)],
    paces=(1.0, 1 / 3),
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
