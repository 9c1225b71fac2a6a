# %% [markdown]
# # Two policies that read each other
#
# A semantics of one's own: each player is a small policy with a bias and an openness, and reads
# the bias of the other. The more open it is, the more it follows what it reads.

# %%
import jax
import jax.numpy as jnp

import glasshouse as gh
from glasshouse.channels import Box
from glasshouse.dynamics import Rest
from glasshouse.semantics import Custom

GAIN = 0.8  # how strongly each policy responds to what it reads


def policies(params, seen):
    """Cooperate more, the more the other's parameters say that it cooperates."""

    def policy(player):
        other = 1 - player
        bias, openness = params[player]
        read_bias, _ = seen[player][other]
        logit = bias + GAIN * jnp.tanh(openness) * read_bias
        return jnp.stack([jax.nn.sigmoid(logit), jax.nn.sigmoid(-logit)])

    return policy(0), policy(1)


box = Box([-3.0, -3.0], [3.0, 3.0])
semantics = Custom(policies, (box, box))
parametric = gh.ParametricGame(gh.load_game("stag_hunt"), semantics)

# %% [markdown]
# ## First movement
#
# Two open policies without a bias hunt. Each gains from being read, so cooperation starts to rise.

# %%
start = (jnp.array([0.0, 1.0]), jnp.array([0.0, 1.0]))
margin = gh.first_order_margin(parametric, start)
print(f"cooperation starts to change at rate {margin:.6f}")

# %% [markdown]
# ## Outcome
#
# Both learn both of their parameters, until they are at rest.

# %%
end = gh.run(parametric, params=start, steps=100_000, step_size=1.0, stop=Rest())
for player in (0, 1):
    bias, openness = end.params[player]
    cooperates = parametric.behaviours(end.params)[player][0]
    print(
        f"player {player + 1}: bias {bias:.3f}, openness {openness:.3f}, "
        f"cooperates with probability {cooperates:.3f}"
    )

# %% [markdown]
# Rest is no matter of course. In the donation game the same two, from the same start, still move
# after 100 000 steps, and no point that they pass is an outcome.

# %%
donation = gh.ParametricGame(gh.load_game("donation:b=3,c=1"), semantics)
chase = gh.run(donation, params=start, steps=100_000, step_size=0.1, stop=Rest(), throw=False)
print(f"donation game, after {chase.steps} steps: {chase.to_dict()['result']}")

# %% [markdown]
# ## Equilibrium
#
# Back to the hunt. With two parameters the best deviation is searched for: a positive gain refutes
# equilibrium, and no gain found is not a proof of one.

# %%
for player in (0, 1):
    deviation = gh.best_deviation(parametric, end.params, player)
    print(f"player {player + 1} could gain {deviation.gain:.4f} ({deviation.method})")
