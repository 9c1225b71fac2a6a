"""What a report says of a study's map beside its figures: how much was computed, and the audit."""

from collections.abc import Iterator

from glasshouse.analysis.maps.outcome_map import OutcomeMap
from glasshouse.study.report.blocks import (
    ScrolledTable,
    element,
    number_markup,
    preformatted,
    quiet,
)

CODES = (
    "In map.parquet each cell has its shares, who is exploited, and the codes of its runs, two "
    "bytes for each start: bit i says that player i + 1 cooperates with probability above one half."
)


def map_blocks(found: OutcomeMap | None) -> Iterator[object]:
    """How the map was made, in a table, and where its cells are."""
    if found is None:
        return
    audit = found.audit
    rows = [
        ("Cells", number_markup(found.cells)),
        ("Computed", number_markup(int(found.computed.sum()))),
        ("Steps taken", number_markup(found.steps)),
        ("Steps of all runs of all cells", number_markup(found.steps_of_grid)),
    ]
    if audit is not None:
        rows += [
            ("Cells left out that were computed for control", number_markup(audit.cells)),
            ("of these wrong", number_markup(audit.wrong)),
            ("Largest share of cells left out that may be wrong", number_markup(audit.bound)),
        ]
    yield ScrolledTable.of("How the map was made", [("", "what"), ("", "n")], rows)
    yield quiet("{}. {}", f"{found.guarantee[:1].upper()}{found.guarantee[1:]}", CODES)
    yield element("p", "To look at cells, in the folder of this report:")
    yield preformatted('glasshouse query . "select * from map where exploitation_share > 0.5"')
