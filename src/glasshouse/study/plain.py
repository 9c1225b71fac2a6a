"""Results as plain dictionaries, ready for JSON."""

import dataclasses
import math
from typing import Any

import numpy as np

from glasshouse.analysis.outcomes import Share


def plain(value: Any) -> Any:
    """`value` as dictionaries, lists, numbers and strings; NaN and infinities become null."""
    if isinstance(value, Share):
        low, high = value.interval
        return {"share": value.value, "low": low, "high": high, "count": value.count}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
