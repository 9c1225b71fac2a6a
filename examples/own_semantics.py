"""A semantics of one's own: two small policies, each reading the other's parameters.

Run it with:  python examples/own_semantics.py
"""

import jax
import jax.numpy as jnp

import glasshouse as gh
from glasshouse.semantics import Box, Custom

jax.config.update("jax_enable_x64", True)

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


game = gh.load_game("donation:b=3,c=1")
box = Box([-3.0, -3.0], [3.0, 3.0])
parametric = gh.ParametricGame(game, Custom(policies, (box, box)))

start = (jnp.array([0.0, 1.0]), jnp.array([0.0, 1.0]))
print("cooperation starts to change at rate", gh.first_order_margin(parametric, start))

end = gh.run(parametric, params=start, steps=4000, step_size=0.1)
print("payoffs at the end", parametric.payoffs(end.params))
for player in (0, 1):
    deviation = gh.best_deviation(parametric, end.params, player)
    print(f"player {player + 1} could gain {deviation.gain:.4f} ({deviation.method})")
