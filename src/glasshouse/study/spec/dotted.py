"""Values inside nested tables, by dotted key."""

from collections.abc import Callable, Iterator
from typing import Any


def numeric_leaves(tables: dict[str, Any]) -> dict[str, int | float]:
    """All numbers in nested dictionaries and lists: "game.parameters.T", "game.payoffs.0.1", …."""
    return {
        key: value
        for key, value in leaves(tables)
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def leaves(content: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Everything that is neither a dictionary nor a list, with its dotted key."""
    if isinstance(content, dict):
        entries = content.items()
    elif isinstance(content, list | tuple):
        entries = enumerate(content)
    else:
        yield prefix, content
        return
    for key, entry in entries:
        yield from leaves(entry, f"{prefix}.{key}" if prefix else str(key))


def replaced(tables: dict[str, Any], key: str, value: float | int | str) -> dict[str, Any]:
    """A copy with the number or word at a dotted key replaced; whole numbers stay whole where they
    were."""
    first, _, rest = key.partition(".")
    return {**tables, first: _replaced(tables[first], rest, value)}


def _replaced(content: Any, key: str, value: float | int | str) -> Any:
    if not key:
        whole = isinstance(content, int) and not isinstance(value, str) and value == int(value)
        return int(value) if whole else value
    first, _, rest = key.partition(".")
    if isinstance(content, dict):
        return {**content, first: _replaced(content[first], rest, value)}
    at = int(first)
    return [_replaced(entry, rest, value) if k == at else entry for k, entry in enumerate(content)]


def flat(
    tables: dict[str, Any], of: str, is_table: Callable[[object], bool], prefix: str = ""
) -> dict[str, Any]:
    """Entries of nested tables by dotted key: without quotes such a key is a nested table in TOML.

    **Raises:** `ValueError` where a key of the section `of` is there with quotes and without.
    """
    found: dict[str, Any] = {}
    for key, entry in tables.items():
        name = f"{prefix}{key}"
        inside = flat(entry, of, is_table, f"{name}.") if is_table(entry) else {name: entry}
        if twice := sorted(set(found) & set(inside)):
            raise ValueError(f"{of} names {twice[0]} twice")
        found.update(inside)
    return found
