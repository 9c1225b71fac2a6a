# %% [markdown]
# # Movement, outcome, equilibrium
#
# One game, four questions: where does learning start to go, where does it end if both players
# stay equal, where does it end if they start unequal, and does nobody gain by deviating? In the
# prisoner's dilemma with payoffs 5, 3, 1, 0 the four answers differ.

# %%
import glasshouse as gh
from glasshouse.plots import Marker, plot_coupling
from glasshouse.study import Study, compute, prepare

game = gh.load_game("prisoners_dilemma")
family = gh.LogisticFamily(game, bound=3.0)  # the game at every coupling, parameters in ±3

# %% [markdown]
# ## First movement
#
# From the neutral start, where both parameters are 0, cooperation rises above a coupling that has
# a closed form. Learning for a moment at many couplings finds the same one.

# %%
print(f"closed form  {gh.thresholds(game).neutral.value:.6f}")
print(f"measured     {gh.measured_first_movement(family).value:.6f}")

# %% [markdown]
# ## Outcomes
#
# A study answers all four questions at every point of a sweep. Tied players share one parameter;
# unequal starts are drawn from a normal distribution.

# %%
study = Study.model_validate(
    {
        "game": {"name": "prisoners_dilemma"},
        "learning": {"starts": 60, "steps": 3000},
        "sweep": {"semantics.coupling": {"start": 0.0, "stop": 1.2, "count": 25}},
        "analysis": {"portrait": False},
    }
)
result = compute(prepare(study))

print("coupling  movement  tied  both cooperate  one exploits  nobody  equilibrium")
for row in result.rows()[4::2]:
    print(
        f"{row['semantics.coupling']:8.2f}  {row['first_movement']:8}"
        f"  {row['tied_cooperation']:4.2f}  {row['cooperation_share']:14.2f}"
        f"  {row['exploitation_share']:12.2f}  {row['defection_share']:6.2f}"
        f"  {'passes' if row['boundary_passes'] else 'fails'}"
    )

# %% [markdown]
# At coupling 0.5 cooperation rises from the neutral start, tied players end in a mixture, and
# nearly all unequal starts end with one player exploiting the other.
#
# ## Equilibrium
#
# Even where learning ends in full cooperation, a jump may pay. The boundary test looks for the
# best one.

# %%
for coupling in (0.5, 0.8, 0.9):
    test = gh.boundary_test(family(coupling))
    best = test.deviations[0]
    print(f"coupling {coupling}: deviating from (3, 3) to {best.best:5.2f} gains {best.gain:.6f}")

equilibrium = gh.equilibrium_threshold(family).value
print(f"cooperation is an equilibrium from coupling {equilibrium:.6f} on")

# %% [markdown]
# ## All of it in a figure

# %%
columns = result.columns()
markers = [
    Marker(gh.thresholds(game).neutral.value, "first movement"),
    Marker(equilibrium, "equilibrium", "equilibrium"),
]
upper, _ = plot_coupling(columns["semantics.coupling"], columns, markers)
upper.figure.savefig("movement_outcome_equilibrium.svg")
