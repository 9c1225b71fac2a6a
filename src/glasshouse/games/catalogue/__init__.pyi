from .battle_of_the_sexes import battle_of_the_sexes as battle_of_the_sexes
from .chicken import chicken as chicken
from .deadlock import deadlock as deadlock
from .donation import donation as donation
from .matching_pennies import matching_pennies as matching_pennies
from .prisoners_dilemma import prisoners_dilemma as prisoners_dilemma
from .public_goods import public_goods as public_goods
from .stag_hunt import stag_hunt as stag_hunt
