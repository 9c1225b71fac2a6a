# %% [markdown]
# # Who must read whom
#
# Being read gives the incentive to cooperate; reading gives none. This page takes that apart: who
# reads whom, how much of it is seen, and whether what is shown is what is played. Three different
# things are asked throughout: which way learners *set out*, where they *end*, and what is an
# *equilibrium*.

# %%
import math

import numpy as np
from matplotlib.figure import Figure

import glasshouse as gh
from glasshouse.analysis import certify, generic_outcomes
from glasshouse.channels import Full, Mask, Noisy, OneSided, Probabilistic
from glasshouse.dynamics import Learning, Rest, Starts
from glasshouse.families import LinearFamily
from glasshouse.theory import access_threshold, access_thresholds

# %% [markdown]
# ## Being read, and reading
#
# In a donation game (benefit 3, cost 1) player 1 reads player 2, and nobody reads player 1. At
# the neutral start, what each player gains by raising its own parameter is:

# %%
donation = gh.load_game("donation")
one_sided = gh.LogisticFamily(donation, 3.0, channel=OneSided(readers=(0,)))

for coupling in (0.0, 0.2, 0.5, 1.0):
    reader, read = one_sided(coupling).selfish_gradients((0.0, 0.0))
    print(f"coupling {coupling}: who reads {float(reader):+.3f}, who is read {float(read):+.3f}")

# %% [markdown]
# How strongly player 1 reads changes nothing for player 1 itself. It gives player 2 a reason to
# cooperate: to be answered in kind, from coupling 1/3 on.
#
# The reader's *behaviour* moves anyway, because it follows what it reads. From coupling
# $(1+\sqrt{13})/6$ on it cooperates more, although its own parameter falls:

# %%
print(f"(1 + √13) / 6 = {(1 + math.sqrt(13)) / 6:.4f}")
for coupling in (0.75, 0.76, 0.77, 0.78):
    game = one_sided(coupling)
    end = gh.run(game, steps=20, step_size=0.01).params
    probability = float(game.cooperation(end)[0])
    print(
        f"coupling {coupling}: θ of the reader {float(end[0]):+.5f}, p - ½ {probability - 0.5:+.6f}"
    )

# %% [markdown]
# ## What partial access does to first movement
#
# From which coupling on does mean cooperation start to rise in the prisoner's dilemma? Everything
# here is in closed form; κ* is the threshold when everybody sees everything.

# %%
dilemma = gh.load_game("prisoners_dilemma")
print(access_thresholds(dilemma))

# %% [markdown]
# - Being seen only now and then costs as much as being read more weakly: κ*/λ.
# - Noise in what is read costs nothing where learning starts: it moves behaviour both ways alike.
# - With two players, one-sided access costs as much as hiding half of the coordinates.
# - Where players may misreport, *less* coupling is needed: showing more good will than one plays
#   pays, and the others follow what they are shown. Where reports are learned apart from play, what
#   is shown rises and what is played falls; the others follow the former from √κ* on.
# - Quantised and delayed access have no such threshold. Small changes of a parameter are not seen
#   at once, so learning never feels being read, however strong the coupling.
#
# Measured, by learning at many couplings for a window so short that halving it changes nothing; of
# the 8 coordinates some are visible, all weighing the same:

# %%
direction = np.ones(8) / 8


def logistic(channel):
    return gh.LogisticFamily(dilemma, 3.0, channel=channel)


def compared(family):
    """First movement in closed form, and measured."""
    switch = gh.measured_first_movement(family, bracket=(0.0, 4.0), tolerance=1e-4)
    return family.closed_form().neutral.value, switch.value


def masked(count):
    return LinearFamily(dilemma, direction, 3.0, Mask(np.arange(8) < count))


panels = {
    "probability λ of being seen": {
        x: compared(logistic(Probabilistic(x))) for x in np.linspace(0.25, 1.0, 4)
    },
    "share f of coordinates visible": {n / 8: compared(masked(n)) for n in (2, 4, 6, 8)},
    "noise σ (parameter units)": {x: compared(logistic(Noisy(x))) for x in np.linspace(0, 3, 4)},
}
for label, points in panels.items():
    error = max(abs(measured - predicted) for predicted, measured in points.values())
    print(f"{label}: largest difference {error:.0e}")
predicted, measured = compared(logistic(OneSided((0,))))
print(f"only player 1 reads: predicted {predicted:.5f}, measured {measured:.5f}")

# %%
figure = Figure(figsize=(7.0, 2.6), layout="constrained")
axes = figure.subplots(1, 3, sharey=True)
curves = (
    [access_threshold(Probabilistic(x), dilemma).value for x in np.linspace(0.25, 1, 151)],
    [
        access_threshold(Mask(np.arange(800) < n), dilemma, np.ones(800)).value
        for n in range(200, 801, 4)
    ],
    [3 / 7] * 151,
)
for ax, curve, (label, points) in zip(axes, curves, panels.items(), strict=True):
    ax.plot(np.linspace(min(points), max(points), 151), curve, color="#D55E00", label="predicted")
    ax.plot(list(points), [y for _, y in points.values()], "o", color="#0072B2", label="measured")
    ax.set_xlabel(label)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("coupling κ from which\ncooperation rises first")
axes[0].set_ylim(0.0, 1.8)
axes[2].legend(frameon=False)
figure.savefig("who_must_read_whom.svg")

# %% [markdown]
# ## Where learning ends: who exploits whom
#
# First movement is about the neutral start. From unequal starts, one player may end cooperating
# while the other does not. Shares of 200 runs from starts drawn from N(0, 1), each until its
# players are at rest, parameters in ±3:

# %%
channels = {
    "full access": Full(),
    "only player 1 reads": OneSided((0,)),
    "seen with probability 0.7": Probabilistic(0.7),
}
couplings = (0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
learning = Learning(steps=100_000, stop=Rest(), starts=Starts(200))
print(f"{'':26}  κ    both  1 exploited  2 exploited  nobody")
for name, channel in channels.items():
    family = logistic(channel)
    games = [family(coupling) for coupling in couplings]
    found = generic_outcomes(games, learning=learning)
    for coupling, outcome in zip(couplings, found, strict=True):
        shares = (outcome.cooperation, *outcome.exploited, outcome.defection)
        both, first, second, nobody = (share.value for share in shares)
        shown = f"{both:.2f}     {first:.2f}         {second:.2f}      {nobody:.2f}"
        print(f"{name:26} {coupling:.1f}  {shown}")

# %% [markdown]
# - Where all see all, it is chance who ends up exploited: both have the incentive to cooperate,
#   and the one that began a little more cooperative is left with it.
# - Where only player 1 reads, **the one who is read is exploited by the one who reads**, in none
#   of these runs the other way round: player 2 cooperates because it is answered, and player 1,
#   whom nobody answers, does not. In none of them do both cooperate, although mean cooperation
#   rises first from 0.683 on.
# - Being seen with probability 0.7 delays cooperation by all to a larger coupling.
#
# ## And equilibrium
#
# Neither question says whether somebody could gain by changing its parameters *alone and far*. At
# coupling 0.95, everybody at the upper ends of its parameters:

# %%
for name, channel in channels.items():
    game = logistic(channel)(0.95)
    corner = tuple(box.upper for box in game.spaces)
    proof = certify(game, corner, 1e-6)
    cooperating = float(game.cooperation(corner).mean())
    gain = proof.worst
    print(
        f"{name}: all cooperate with probability {cooperating:.3f}; {proof.verdict}, "
        f"player {gain.player + 1} can gain at least {gain.lower:.3g}"
    )

# %% [markdown]
# The corner is an equilibrium, proved, where the other surely sees who leaves it. It is none where
# one is seen with probability 0.7 only, or where only one player reads: defecting is then answered
# too rarely, or by one player only. So what learners reach at coupling 1 in the table above need
# not be an equilibrium.
#
# A study answers the same questions for one channel, or along one of its numbers, with the keys of
# `[access]`: [Choose who sees what](../how-to/access.md) explains them.
