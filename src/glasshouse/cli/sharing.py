"""`glasshouse run --shard` and `--engine`: a study by many processes, and the pieces of one."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glasshouse.cli.options import complain, print_json, say
from glasshouse.errors import InputError

if TYPE_CHECKING:
    from glasshouse.study.setting import Prepared

ShardOption = Annotated[
    str | None,
    typer.Option(
        metavar="I/N",
        help="Compute only the pieces of the sweep, or of the map, that fall to process I of N, "
        "counted from 0, into shards; glasshouse run without it then goes on from these.",
    ),
]
EngineOption = Annotated[
    str,
    typer.Option(
        metavar="threads|dask|gpu",
        help="Who computes pieces of the sweep, or of the map: threads of this process; processes "
        "by Dask, one for each core, or those of --address; or threads, which must find a GPU.",
    ),
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        metavar="A", help="With --engine dask: the scheduler's address, as tcp://host:8786."
    ),
]


def compute_share(
    prepared: Mapping[Path, "Prepared"], shard: str, engine: str, quiet: bool
) -> None:
    """Compute this process's share of each study, and say how many pieces that were."""
    from glasshouse.study.folder import RunFolder
    from glasshouse.study.maps.store import map_work
    from glasshouse.study.parts import SweepWork
    from glasshouse.study.recipe import recipe_of
    from glasshouse.study.shards import ShardStore, computed_share

    index, of = _which(shard)
    if engine == "dask":
        raise InputError(
            f"--shard {shard} computes in this process, and --engine dask in others: leave one out"
        )
    found = {}
    for folder, study in prepared.items():
        recipe = recipe_of(study)
        RunFolder(folder, recipe, complain).join()
        store = ShardStore(folder, recipe, complain)
        work = SweepWork(study, store) if study.field is None else map_work(study, store)
        own, pieces = computed_share(work, index, of)
        found[str(folder)] = {"shard": index, "of": of, "pieces": own, "pieces_of_all": pieces}
        if not quiet:
            say(
                f"{folder.name}: of {pieces} {work.unit} {own} fell to this process, and are "
                f"in {folder / 'shards'}; when all processes are done, glasshouse run without "
                "--shard goes on from there",
                "",
                "  ",
            )
    if quiet:
        print_json(found)


def _which(shard: str) -> tuple[int, int]:
    """The number of a process and how many there are."""
    index, slash, of = shard.partition("/")
    if not (slash and index.strip().isdecimal() and of.strip().isdecimal()):
        raise InputError(f"--shard {shard!r:.40} must be as 0/8: which process, of how many")
    found = int(index), int(of)
    if not found[0] < found[1]:
        raise InputError(
            f"--shard {shard} counts processes from 0: of {found[1]} the last is "
            f"{found[1] - 1}/{found[1]}"
            if found[1]
            else f"--shard {shard} is of no process: give at least 1, as 0/1"
        )
    return found
