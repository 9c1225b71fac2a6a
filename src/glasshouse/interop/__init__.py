"""Games to and from other programs: Gambit's `.nfg` files and Nashpy's objects."""

from glasshouse.interop.nashpy import from_nashpy, to_nashpy
from glasshouse.interop.nfg import format_nfg, parse_nfg, read_nfg, write_nfg

__all__ = [
    "format_nfg",
    "from_nashpy",
    "parse_nfg",
    "read_nfg",
    "to_nashpy",
    "write_nfg",
]
