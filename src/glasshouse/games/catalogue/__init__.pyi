from ._battle_of_the_sexes import battle_of_the_sexes as battle_of_the_sexes
from ._chicken import chicken as chicken
from ._deadlock import deadlock as deadlock
from ._donation import donation as donation
from ._matching_pennies import matching_pennies as matching_pennies
from ._prisoners_dilemma import prisoners_dilemma as prisoners_dilemma
from ._public_goods import public_goods as public_goods
from ._stag_hunt import stag_hunt as stag_hunt
