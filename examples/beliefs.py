# %% [markdown]
# # Wrong beliefs about the other's learning
#
# A shaper takes the derivative of what the other will learn. For that it must believe something:
# how large the other's step is, and by which rule it is taken. What is right belief worth, and who
# gains when belief is wrong? See docs/background/beliefs.md.

# %%
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

import glasshouse as gh
from glasshouse.dynamics import batch_map
from glasshouse.games import RepeatedGame
from glasshouse.parametric import ParametricGame
from glasshouse.rules import Believing, Gradient, Lola, PerPlayer, Sos
from glasshouse.semantics import Logistic

SEED, RUNS = 2026, 200  # what was tried out, was tried on other seeds


def iterated(rows):
    """A symmetric game of two actions, for ever, in discounted sums; nobody reads anybody."""
    table = np.array(rows, dtype=float)
    again = RepeatedGame(gh.NormalFormGame([table, table.T]), 0.96, "sum")
    return ParametricGame(again, Logistic(again, coupling=0.0, bound=8.0))


GAMES = {
    "prisoner's dilemma": iterated([[-1, -3], [0, -2]]),
    "chicken": iterated([[0, -1], [1, -4]]),
}


def halfway(member, line_up, game, pace):
    """Where one pair is after 50 steps, of 1 for player 1 and of `pace` for player 2, and what both
    are then paid per round."""
    rule = PerPlayer(line_up, jnp.stack([jnp.ones(()), pace]))
    run = gh.run(game, rule, member, steps=50, step_size=1.0, throw=False)
    return run.params, game.payoffs(run.params) * 0.04


def paid(game, *halves):
    """What both are paid at the end of all runs, from the same starts whoever meets.

    A half is a line-up and the step of player 2 in it; one alone stands for both."""
    params = tuple(np.random.default_rng(SEED).normal(size=(2, RUNS, 5)))
    (line_up, pace), (then, later) = halves if len(halves) == 2 else halves * 2
    params, _ = batch_map(halfway, params, line_up, game, np.asarray(pace))
    _, payoffs = batch_map(halfway, params, then, game, np.asarray(later))
    return np.asarray(payoffs)


def told(runs, right):
    """Payoffs of both, and what they gain over `right` from the same starts, ± standard error."""
    gained = runs - right
    errors = gained.std(axis=0, ddof=1) / np.sqrt(RUNS)
    pairs = zip(runs.mean(axis=0), gained.mean(axis=0), errors, strict=True)
    return "   ".join(f"{x:6.3f} ({gain:+.3f} ± {error:.3f})" for x, gain, error in pairs)


HEAD = "payoff of player 1 (over right)   of player 2 (over right)"

# %% [markdown]
# ## How large is the other's step?
#
# Player 1 believes it to be so many times what it is. The other is naive, or a LOLA learner that is
# right about player 1's step of 1.


# %%
def shaper(rule, factor):
    """Player 1, who believes player 2 to take steps of this size."""
    return rule(1.0, believed_step_sizes=np.array([1.0, factor]))


print(f"game, player 1 against player 2, believed step: {HEAD}")
for name, game in GAMES.items():
    for rule in (Lola, Sos):
        for other, words in ((Gradient(), "naive"), (Lola(1.0), "LOLA")):
            right = paid(game, ((shaper(rule, 1.0), other), 1.0))
            for factor in (0.0, 0.25, 0.5, 1.0, 2.0, 4.0):
                runs = paid(game, ((shaper(rule, factor), other), 1.0))
                print(f"{name}, {rule.words} against {words}, × {factor:<4}: {told(runs, right)}")

# %% [markdown]
# ## Who sandbags
#
# Player 2 takes steps of ¼ for 50 steps, and of 1 from then on. Player 1, a LOLA learner, is
# deceived if it goes on to believe in ¼, and sees through it if its belief follows. Bluffing is the
# other way round: steps of 4 first. What they gain is over being open: steps of 1 in both halves,
# rightly believed; and, deceived, over being seen through.

# %%
print(f"game, player 2, its steps: {HEAD}")
for name, game in GAMES.items():
    for other, words in ((Gradient(), "naive"), (Lola(1.0), "LOLA")):
        first = {k: (shaper(Lola, k), other) for k in (0.25, 1.0, 4.0)}
        openly = paid(game, (first[1.0], 1.0))
        for way, k in (("sandbags", 0.25), ("bluffs", 4.0)):
            begin = (first[k], k)
            deceived, seen = (paid(game, begin, (first[x], 1.0)) for x in (k, 1.0))
            print(f"{name}, {words}, {way}, deceiving, over being open: {told(deceived, openly)}")
            print(f"{name}, {words}, {way}, seen through, over open:    {told(seen, openly)}")
            print(f"{name}, {words}, {way}, deceiving, over seen:       {told(deceived, seen)}")

# %% [markdown]
# ## How does the other learn?
#
# Player 1 believes that the other is naive with probability b, and LOLA otherwise, and ascends what
# it is paid after the expected step. If it could read which, b would be 1 or 0, and right.

# %%
BELIEFS, ends = (0.0, 0.25, 0.5, 0.75, 1.0), {}
print(f"game, player 2, b: {HEAD}")
for name, game in GAMES.items():
    for other, words, truth in ((Gradient(), "naive", 1.0), (Lola(1.0), "LOLA", 0.0)):
        line_ups = [(Believing(weights=np.array([b, 1 - b])), other) for b in BELIEFS]
        found = [paid(game, (line_up, 1.0)) for line_up in line_ups]
        for b, runs in zip(BELIEFS, found, strict=True):
            print(f"{name}, {words}, b = {b:<4}: {told(runs, found[BELIEFS.index(truth)])}")
        ends[name, words] = np.array(found)[..., 0]

# %%
figure = Figure(figsize=(7.0, 3.0), layout="constrained")
for ax, name in zip(figure.subplots(1, 2), GAMES, strict=True):
    for words, colour in (("naive", "#D55E00"), ("LOLA", "#0072B2")):
        runs = ends[name, words]
        bars = 1.96 * runs.std(axis=1, ddof=1) / np.sqrt(RUNS)
        label = f"the other is {words}"
        ax.errorbar(BELIEFS, runs.mean(axis=1), bars, fmt="o-", ms=4, color=colour, label=label)
    ax.set(title=name, xlabel="believed probability of naive")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False)
figure.axes[0].set_ylabel("payoff per round of player 1")
figure.savefig("beliefs.svg")
