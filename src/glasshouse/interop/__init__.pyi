from .load import load_game as load_game
from .nashpy import from_nashpy as from_nashpy
from .nashpy import to_nashpy as to_nashpy
from .nfg import format_nfg as format_nfg
from .nfg import parse_nfg as parse_nfg
from .nfg import read_nfg as read_nfg
from .nfg import write_nfg as write_nfg
