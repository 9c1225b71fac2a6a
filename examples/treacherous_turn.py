# %% [markdown]
# # The treacherous turn
#
# A learner that shapes another one may first make it better off and let it down later. How often
# does that happen in the iterated prisoner's dilemma, and does it depend on who reads whom? And
# what would the best possible shaper do: turn once, or invest and exploit again and again?

# %%
import itertools

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

import glasshouse as gh
from glasshouse.analysis import Share, turns
from glasshouse.dynamics import batch_map, repeat, stack
from glasshouse.games import RepeatedGame
from glasshouse.parametric import ParametricGame
from glasshouse.rules import Gradient, Lola, PerPlayer
from glasshouse.semantics import Logistic

stage = gh.NormalFormGame([[[-1.0, -3.0], [0.0, -2.0]], [[-1.0, 0.0], [-3.0, -2.0]]])

# %% [markdown]
# ## A LOLA shaper and a naive learner
#
# Payoffs are per round at every discount, and so are step sizes and the look-ahead of 25: at
# discount 0.96 that is a look-ahead of 1 in discounted sums. Steps of 25 jump. So everything is
# done a second time with ten times as many steps of a tenth of the size.

# %%
DISCOUNTS, RUNS = (0.0, 0.5, 0.8, 0.96), 100
READERS = {
    "nobody": [[0, 0], [0, 0]],
    "the shaper": [[0, 1], [0, 0]],
    "the learner": [[0, 0], [1, 0]],
    "both": [[0, 1], [1, 0]],
}
line_up = PerPlayer((Lola(look_ahead=25.0), Gradient()))


def meeting(discount, pattern):
    """The shaper, player 1, and the learner, one of them reading the other with coupling ½."""
    again = RepeatedGame(stage, discount)
    return ParametricGame(again, Logistic(again, coupling=0.5 * np.array(pattern), bound=8.0))


def hundred_steps(member, step_size):
    """What both are paid at every one of 100 steps, and where these lead."""
    game, start = member
    run = gh.run(game, line_up, start, steps=100, step_size=step_size, save="path", throw=False)
    return jax.vmap(game.payoffs)(run.path), run.params


def learned(step_size, hundreds, seed=16):  # nothing was tuned on this seed
    """What both are paid at 101 points of each run: (discounts, readers, runs, points, players)."""
    shape = (len(DISCOUNTS), len(READERS), RUNS)
    games = [meeting(g, pattern) for g in DISCOUNTS for pattern in READERS.values()]
    starts = np.random.default_rng(seed).normal(size=(2, RUNS, 5))
    params = tuple(np.tile(own, (len(games), 1)) for own in starts)
    paths = []
    for _ in range(hundreds):
        paid, params = batch_map(
            hundred_steps, (repeat(stack(games), RUNS), params), np.asarray(step_size)
        )
        paths.append(paid[:, bool(paths) :])  # a block begins where the last one ended
    return np.concatenate(paths, axis=1)[:, ::hundreds].reshape(*shape, 101, 2)


# %% [markdown]
# A run has a *treacherous turn* if the other's payoff rises by 0.2 over its first, then falls 0.2
# below its highest so far, and the shaper ends 0.1 above it. Beside the share of such runs: how
# often the other's payoff rises by 0.2 and falls again, on average, and what both end with.

# %%
shares = {}
for words, step_size, hundreds in (("100 steps of 25", 25.0, 1), ("1000 steps of 2.5", 2.5, 10)):
    paid = learned(step_size, hundreds)
    found = turns(paid)
    print(f"{words}\ndiscount  who reads    turns  interval    falls  shaper  learner")
    for (i, discount), (j, who) in itertools.product(enumerate(DISCOUNTS), enumerate(READERS)):
        share = shares[words, discount, who] = Share(int(found.treacherous[i, j].sum()), RUNS)
        (low, high), (first, second) = share.interval, paid[i, j, :, -1].mean(axis=0)
        falls = found.falls[i, j].mean()
        print(
            f"{discount:8} {who:>12}  {share.value:5.2f}  {low:.2f}-{high:.2f}  {falls:5.2f}"
            f"  {first:6.2f}  {second:7.2f}"
        )

# %% [markdown]
# ## The best shaper of a learner of one logit
#
# Now the learner cooperates with probability $s(\theta)$ whatever happened, and follows its own
# gradient in discounted sums, $\theta$ staying within a bound. The shaper knows this, chooses one
# of the 32 deterministic policies that remember the last round anew in each of 200 rounds of
# learning, and maximises the sum of what it is paid. What counts of the past is $\theta$ alone,
# so dynamic programming backwards over a grid of $\theta$ solves it.
#
# Beside it stands the best *one-time turn*: no round in which the learner's logit falls, until the
# shaper defects to the end.

# %%
POLICIES = np.array([*itertools.product((0.0, 1.0), repeat=5)])  # at the start, CC, CD, DC, DD
NAMES = ["".join("DC"[int(x)] for x in policy) for policy in POLICIES]
ALWAYS_DEFECT = 0


def against(pair, again):
    """What a policy and a learner with this logit are paid, and the learner's gradient."""
    policy, logit = pair

    def paid(x):
        return again.values([policy, jnp.full(5, jax.nn.sigmoid(x))])

    return paid(logit), jax.grad(lambda x: paid(x)[1])(logit)


def tables(discount, logits):
    """The same for all policies and logits: what either is paid, and the gradient in sums."""
    pairs = (np.repeat(POLICIES, len(logits), axis=0), np.tile(logits, len(POLICIES)))
    paid, gradient = batch_map(against, pairs, RepeatedGame(stage, discount))
    return np.stack([*paid.T, gradient / (1 - discount)]).reshape(3, len(POLICIES), -1)


def planned(table, logits, step_size, rounds, start=0.0, once=False):
    """Round by round: which policy, and what both are paid."""
    own, other, gradient = table
    after = np.clip(logits + step_size * gradient, logits[0], logits[-1])
    places = np.interp(after, logits, np.arange(len(logits)))
    left = np.minimum(places.astype(int), len(logits) - 2)
    weight = places - left
    to_come, plan = np.zeros(len(logits)), []
    defecting = to_come
    for _ in range(rounds):  # backwards: what is best with so many rounds to go
        worth = own + (1 - weight) * to_come[left] + weight * to_come[left + 1]
        if once:
            defecting = own[0] + np.interp(after[0], logits, defecting)
            worth = np.where(gradient >= -1e-9, worth, -1e9)
            worth[ALWAYS_DEFECT] = defecting
        to_come = worth.max(axis=0)
        plan.append(worth)
    logit, policy, done = start, None, []
    for worth in reversed(plan):
        k = min(int(np.searchsorted(logits, logit, side="right")), len(logits) - 1) - 1
        share = (logit - logits[k]) / (logits[k + 1] - logits[k])
        if not (once and policy == ALWAYS_DEFECT):
            policy = int(np.argmax((1 - share) * worth[:, k] + share * worth[:, k + 1]))
        here = [(1 - share) * x[policy, k] + share * x[policy, k + 1] for x in (own, other, after)]
        done.append((policy, *here[:2]))
        logit = here[2]
    return np.array(done)


# %%
CASES = {g: [(6.0, 1.0, 0.0), (12.0, 1.0, 0.0), (6.0, 0.1, 0.0)] for g in (0.8, 0.9, 0.96)}
CASES = {0.5: [(6.0, 1.0, 0.0), (6.0, 1.0, 1.0)], **CASES}
coarse, plans = np.linspace(-12, 12, 961), {}
print("discount  bound  step  start    best  learner  turn  falls  one turn  best plan begins")
for discount, cases in CASES.items():
    table = tables(discount, coarse)
    for bound, step_size, start in cases:
        logits = np.linspace(-bound, bound, 1921)
        finer = np.array([[np.interp(logits, coarse, y) for y in rows] for rows in table])
        best, one = (planned(finer, logits, step_size, 200, start, x) for x in (False, True))
        plans[discount, bound, step_size, start] = best
        stretches = [(int(k), len([*g])) for k, g in itertools.groupby(best[:, 0])]
        begins = ", ".join(f"{count} {NAMES[k]}" for k, count in stretches[:4])
        found = turns(best[:, 1:])
        print(
            f"{discount:8}  {bound:5g} {step_size:5}  {start:5g}  {best[:, 1].mean():6.3f}"
            f"  {best[:, 2].mean():7.3f}  {('no', 'yes')[int(found.treacherous)]:>4}"
            f"  {found.falls:5}  {one[:, 1].mean():8.3f}  {begins}"
        )

# %% [markdown]
# "12 CCDDD" are 12 rounds of the policy that cooperates at the start and after CC, its own action
# first, and defects otherwise. Cycles are worth much where the bound lets the learner be lifted
# only so far that always defecting brings it down again within the 200 rounds.

# %%
COLOURS = ("0.5", "#0072B2", "#D55E00", "#009E73")
figure = Figure(figsize=(7.0, 5.4), layout="constrained")
above, below = figure.subplots(2, 2, sharey="row")
for ax, words in zip(above, ("100 steps of 25", "1000 steps of 2.5"), strict=True):
    for j, (who, colour) in enumerate(zip(READERS, COLOURS, strict=True)):
        found = [shares[words, discount, who] for discount in DISCOUNTS]
        values = np.array([share.value for share in found])
        bars = np.abs(np.array([share.interval for share in found]).T - values)
        x = np.arange(len(DISCOUNTS)) + 0.08 * (j - 1.5)
        ax.errorbar(x, values, bars, fmt="o-", ms=4, lw=1, color=colour, label=who)
    ax.set_xticks(range(len(DISCOUNTS)), DISCOUNTS)
    ax.set(title=words, xlabel="discount γ", ylim=(0, 1))
above[0].set_ylabel("runs with a treacherous turn")
above[0].legend(title="who reads", frameon=False)
for ax, bound in zip(below, (6.0, 12.0), strict=True):
    plan = plans[0.96, bound, 1.0, 0.0]
    ax.plot(plan[:, 2], color="#D55E00", lw=1, label="learner")
    ax.plot(plan[:, 1], color="#0072B2", lw=1, label="shaper")
    ax.set(title=f"best plan, γ = 0.96, θ within ±{bound:g}", xlabel="round of learning")
below[0].set_ylabel("payoff per round")
below[0].legend(frameon=False, loc="center right")
figure.savefig("treacherous_turn.svg")
