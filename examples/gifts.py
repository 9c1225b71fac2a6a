# %% [markdown]
# # Gifts against glass
#
# There is another way to make another's good one's own: give away a share $w$ of whatever one is
# paid. Who sees through the other at coupling $\kappa$ and who gives $w = \kappa / (1 + \kappa)$
# away set out alike. Do they end alike, and are the ends equilibria?

# %%
import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import brentq

import glasshouse as gh
from glasshouse.analysis import first_order_margin, generic_outcomes, pure_equilibria
from glasshouse.dynamics import Learning, Rest, Starts

dilemma = gh.load_game("prisoners_dilemma")


def with_gifts(share):
    """The same game, of which each hands on this share of its payoff."""
    own = np.asarray(dilemma.tensor)
    return gh.NormalFormGame((1 - share) * own + share * own[::-1])


def learned_with_gifts(share):
    """Nobody reads anybody, but everybody gives."""
    return gh.LogisticFamily(with_gifts(share), bound=3.0)(0.0)


# %% [markdown]
# ## The same first movement
#
# With $A < 0$ what cooperating costs a player and $B > 0$ what it brings the other, seeing adds
# $\kappa B$ to the slope and giving turns it into $(1 - w) A + w B$: the same sign if
# $w = \kappa / (1 + \kappa)$. So the share from which cooperation starts to rise, with both at $p$:

# %%
found = gh.thresholds(dilemma)
for p, seen in ((0.001, found.defection), (0.5, found.neutral), (0.999, found.cooperation)):
    logit = float(np.log(p / (1 - p)))

    def margin(share, logit=logit):
        return first_order_margin(gh.LogisticFamily(with_gifts(share), 9.0)(0.0), (logit, logit))

    share = brentq(margin, 0.05, 0.6)
    print(f"p = {p}: from share {share:.4f}; by the coupling, {seen.value / (1 + seen.value):.4f}")

# %% [markdown]
# (At $p$ = 0 and 1 themselves nothing moves; the thresholds there are 0.2 and 0.4.)
#
# ## Other ends
#
# 1000 pairs start from N(0, 1) and learn until they rest, within ±3:

# %%
learning = Learning(steps=100_000, stop=Rest(), starts=Starts(1000, seed=2026))
shares = np.round(np.arange(0.1, 0.501, 0.025), 3)
glass = gh.LogisticFamily(dilemma, bound=3.0)
ends = {
    "gifts": generic_outcomes([learned_with_gifts(w) for w in shares], learning=learning),
    "glass": generic_outcomes([glass(w / (1 - w)) for w in shares], learning=learning),
}
assert all(outcome.at_rest.value == 1 for found in ends.values() for outcome in found)
print("share given    gifts: both  one  nobody    glass: both  one  nobody")
for k, w in enumerate(shares):
    row = [
        f"{x.value:6.2f}"
        for name in ends
        for x in (ends[name][k].cooperation, ends[name][k].exploitation, ends[name][k].defection)
    ]
    print(f"{w:11.3f}    ", *row[:3], "      ", *row[3:])

# %% [markdown]
# ## Other equilibria
#
# Gifts change the payoffs, and leave a game like any other: its equilibria are known exactly.
# Glass leaves the payoffs and changes what a deviation does; there, cooperation must be worth more
# than moving one's parameter to anywhere else within its bounds.

# %%
names = [f"({'CD'[i]}, {'CD'[j]})" for i in range(2) for j in range(2)]
for w in (0.15, 0.3, 0.35, 0.45, 0.48):
    profiles = [tuple(map(int, profile)) for profile in pure_equilibria(with_gifts(w))]
    told = " and ".join(names[2 * i + j] for i, j in profiles)
    game = glass(w / (1 - w))
    counted = gh.find_equilibria(game)
    mixes = [np.round(game.cooperation(point.params), 2).tolist() for point in counted.points]
    print(f"share {w}: gifts, pure: {told}; glass: {counted.count} {counted.number} {mixes or ''}")
low, high = gh.certified_threshold(glass).bracket
print(f"both cooperating is an equilibrium of glass from share {high / (1 + high):.4f} on,")
print("and of gifts from share 0.4 on, where what one keeps of T is no more than R")

# %%
figure = Figure(figsize=(7.0, 3.3), layout="constrained")
axes = figure.subplots(1, 2, sharey=True)
for ax, (name, outcomes) in zip(axes, ends.items(), strict=True):
    for kind, style, colour, label in (
        ("cooperation", "-", "#0072B2", "both cooperate"),
        ("exploitation", "--", "#D55E00", "one exploits the other"),
        ("defection", ":", "#555555", "nobody cooperates"),
    ):
        ax.plot(
            shares, [getattr(x, kind).value for x in outcomes], style, color=colour, label=label
        )
    ax.axvline(0.3, color="0.7", lw=1, label="the first movement turns")
    ax.set_title(name)
    ax.set_xlabel(f"share given away w{' = κ / (1 + κ)' if name == 'glass' else ''}")
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("share of pairs")
figure.legend(
    *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False
)
figure.savefig("gifts.svg")
