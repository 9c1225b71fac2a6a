# %% [markdown]
# # What shaping costs in noise
#
# LOLA needs a second derivative, χ; advantage alignment replaces it by a first one. In a game whose
# exact values are known, how noisy is each when it is estimated from play? At the start, in the
# middle and at the end of a training. See docs/background/alignment.md.

# %%
import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

import glasshouse as gh
from glasshouse.dynamics import Training, train
from glasshouse.games.stochastic import IteratedMatrix
from glasshouse.rules.sampled import (
    AdvantageAlignment,
    alignment_term,
    dice,
    discounted_returns,
    loaded_dice,
)
from glasshouse.semantics.policies import TablePolicy

SEEDS, FIRST = 3, 1000
POINTS = {"start": 0, "middle": 150, "end": 600}  # updates of a training
HORIZON, EPISODES, BATCHES, DISCOUNT = 32, 128, 100, 0.96

row = np.array([[-1.0, -3.0], [0.0, -2.0]])
stage = gh.NormalFormGame([row, row.T])
iterated = IteratedMatrix(stage, horizon=HORIZON, discount=DISCOUNT, ending="ended")
game = gh.SampledParametricGame(
    iterated, TablePolicy(iterated), episodes=EPISODES, precision="double"
)
PAID = jnp.asarray([row.ravel(), row.T.ravel()])

# %% [markdown]
# ## What is exact
#
# Five situations: the start, and CC, CD, DC, DD of the last round, as player 1 sees them. Values
# come from the last round backwards, χ by differentiating them twice. What alignment expects comes
# forwards: how likely each situation is, and what player 1 has gained on the way there.

# %%
FRAME = np.array([0, 1, 3, 2, 4])  # player 2 sees CD where player 1 sees DC


def joint(one, other):
    """The probability of CC, CD, DC, DD in each situation."""
    p, q = jax.nn.sigmoid(one[:, 0]), jax.nn.sigmoid(other[FRAME, 0])
    return jnp.stack([p * q, p * (1 - q), (1 - p) * q, (1 - p) * (1 - q)], axis=-1)


def values(one, other):
    """What both are still to be paid at each step in each situation, discounted."""
    chances, found = joint(one, other), [jnp.zeros((2, 5))]
    for _ in range(HORIZON):
        found.append(jnp.einsum("sa,pa->ps", chances, PAID + DISCOUNT * found[-1][:, 1:]))
    return jnp.stack(found[::-1])


def chi(one, other):
    """How player 1 shapes what player 2 learns: (∂²V₂/∂θ₁∂θ₂) ∂V₁/∂θ₂."""
    towards = jax.grad(lambda x: values(one, x)[0, 0, 0])(other)

    def learned(x):
        return jnp.sum(jax.grad(lambda y: values(x, y)[0, 1, 0])(other) * towards)

    return jax.grad(learned)(one)


def advantages(known):
    """How much better than expected each joint action was: steps, players, situations, actions."""
    return PAID[:, None] + DISCOUNT * known[1:, :, None, 1:] - known[:-1, ..., None]


def alignment(one, other):
    """E Σ_t γ (Σ_{k<t} γ^{t-k} A¹_k) A²_t ∇ log π₁(a_t)."""
    chances, gains = jax.lax.stop_gradient((joint(one, other), advantages(values(one, other))))
    logs = jax.nn.log_sigmoid(one * jnp.array([1.0, 1.0, -1.0, -1.0]))  # log π₁, C or D
    likely, gained, total = jnp.eye(5)[0], jnp.zeros(5), 0.0
    for own, theirs in gains:
        total += DISCOUNT * jnp.sum(gained[:, None] * chances * theirs * logs)
        onward = DISCOUNT * (gained[:, None] + likely[:, None] * own) * chances
        likely = jnp.pad((likely[:, None] * chances).sum(0), (1, 0))
        gained = jnp.pad(onward.sum(0), (1, 0))
    return total


@jax.jit
def exactly(one, other):
    """Each direction of player 1."""
    return {
        "gradient": jax.grad(lambda x: values(x, other)[0, 0, 0])(one),
        "χ": chi(one, other),
        "alignment": jax.grad(alignment)(one, other),
    }


# %% [markdown]
# ## What is estimated
#
# Every estimate is of one batch of 128 episodes. χ is a product, of which each factor takes one
# half of them, or it would be biased. The critic is exact: what is left is the noise of play.


# %%
KINDS = {
    "χ, DiCE": lambda logs, paid, expected: dice(logs, paid, DISCOUNT),
    "χ, DiCE with baseline": lambda logs, paid, expected: dice(logs, paid, DISCOUNT, expected),
    "χ, Loaded DiCE": lambda logs, paid, expected: loaded_dice(
        logs, discounted_returns(paid, DISCOUNT) - expected, DISCOUNT
    ),
    "χ, Loaded DiCE, λ .95": lambda logs, paid, expected: loaded_dice(
        logs, discounted_returns(paid, DISCOUNT) - expected, DISCOUNT, 0.95
    ),
}


def estimates(one, other, key):
    """Each direction of player 1, from one batch."""
    played, known = game.estimates((one, other), key), values(one, other)
    where = jnp.concatenate([played.observations.situations, played.last.situations[None]])
    steps = jnp.arange(HORIZON + 1)[:, None]
    expected = known[steps, :, where[..., 0]]
    half = jnp.arange(EPISODES) < EPISODES // 2

    def mean(kind, x, y, player, these):
        logs = game.log_probabilities((x, y), played)
        paid = KINDS[kind](logs, played.rewards, expected[:-1])[:, player]
        return jnp.sum(jnp.where(these, paid, 0.0)) / jnp.sum(these)

    def gradient(kind):
        return jax.grad(lambda x: mean(kind, x, other, 0, half | True))(one)

    def shaping(kind):
        towards = jax.grad(lambda y: mean(kind, one, y, 0, ~half))(other)

        def learned(x):
            return jnp.sum(jax.grad(lambda y: mean(kind, x, y, 1, half))(other) * towards)

        return jax.grad(learned)(one)

    errors = played.rewards + DISCOUNT * expected[1:] - expected[:-1]
    added = alignment_term(errors, errors, DISCOUNT)
    return {
        "gradient, DiCE": gradient("χ, DiCE"),
        "gradient, Loaded DiCE": gradient("χ, Loaded DiCE"),
        **{kind: shaping(kind) for kind in KINDS},
        "alignment": game.scores((one, other), played, added)[0],
    }


# %% [markdown]
# ## How noisy
#
# Relative variance: that of one batch, summed over the five logits, over the squared length of what
# is exact; at 1 a batch is as much noise as signal. Beside it the cosine of a batch with exact χ,
# which is what matters to a learner. Points are of trainings by advantage alignment, β = 3.


# %%
@jax.jit
def noise(one, other, key):
    """Relative variances, how far means are from what is exact over how far noise takes them (1 is
    what is expected of no bias), and cosines with χ."""
    right = exactly(one, other)
    batches = jax.lax.map(lambda k: estimates(one, other, k), jax.random.split(key, BATCHES))
    found = {}
    for name, each in batches.items():
        true = right[name.partition(",")[0]]
        variance = each.var(axis=0, ddof=1).sum()
        away = jnp.linalg.norm(each.mean(axis=0) - true) / jnp.sqrt(variance / BATCHES)
        lengths = jnp.linalg.norm(each, axis=(1, 2)) * jnp.linalg.norm(right["χ"])
        cosine = jnp.mean((each * right["χ"]).sum(axis=(1, 2)) / lengths)
        found[name] = variance / (true**2).sum(), away, cosine
    return found


def trained(updates):
    """Everybody's tables after so many updates, seeds first."""
    if not updates:
        drawn = [game.policies[0].initials(FIRST + k, 2) for k in range(SEEDS)]
        return np.moveaxis(np.stack(drawn), 1, 0)
    how = Training(
        AdvantageAlignment(3.0), 0.02, updates, every=updates, seeds=SEEDS, first=FIRST, adam=True
    )
    learning = IteratedMatrix(stage, horizon=HORIZON, discount=DISCOUNT)
    return train(gh.SampledParametricGame(learning, game.policies), how).params


table = {}
with jax.enable_x64(True):
    for point, updates in POINTS.items():
        tables = [jnp.asarray(x) for x in trained(updates)]
        runs = [noise(tables[0][k], tables[1][k], jax.random.key(k)) for k in range(SEEDS)]
        table[point] = {
            name: np.array([[float(x) for x in run[name]] for run in runs]) for name in runs[0]
        }

NAMES = ["gradient, DiCE", "gradient, Loaded DiCE", *KINDS, "alignment"]
print("relative variance of a batch of 128 episodes, median of 3 trainings (cosine with χ)")
for name in NAMES:
    cells = []
    for point in POINTS:
        variance, _, cosine = np.median(table[point][name], axis=0)
        cells.append(f"{point} {variance:8.2g} ({cosine:+.2f})")
    away = np.sqrt(np.mean([table[point][name][:, 1] ** 2 for point in POINTS]))
    print(f"{name:22}", *cells, f"error of means over noise {away:.1f}")

# %%
figure = Figure(figsize=(6.0, 3.4), layout="constrained")
ax = figure.subplots()
colours = ["#999999", "#000000", "#D55E00", "#E69F00", "#0072B2", "#56B4E9", "#009E73"]
for name, colour in zip(NAMES, colours, strict=True):
    medians = [np.median(table[point][name][:, 0]) for point in POINTS]
    ax.plot(list(POINTS), medians, "o-", color=colour, label=name)
ax.set(yscale="log", ylabel="relative variance of a batch", xlabel="of a training")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
figure.savefig("sampled_variance.svg")
