"""Find the parameters of rules that get sets, or the items of sets in their order, from derived columns."""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType
from typing import Any, TypeAlias

from labelkit.rules.inspection._set_order import SetOrder

ColumnFunctions: TypeAlias = Mapping[FunctionType, Mapping[str, Any]]
"""Of each function, the functions of the derived columns that it gets, by the names of its parameters."""


def parameters_of_sets(order: SetOrder, function: Any, columns: ColumnFunctions) -> frozenset[str]:
    """Return the parameters of a function that get what a derived column makes of sets."""
    makers = columns.get(function, {}) if isinstance(function, FunctionType) else {}
    sets = {name: parameters_of_sets(order, by, columns) for name, by in makers.items()}
    return frozenset(name for name, by in makers.items() if order.is_column_of(by, sets[name]))
