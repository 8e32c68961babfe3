"""List the Python functions of a rule.

>>> from labelkit.rules.python_rule import labeling_function
>>> @labeling_function
... def short(text: str) -> int:
...     return 0 if len(text) < 9 else -1
>>> [function.__name__ for _, function in functions_of_rule(short)]
['short']
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labelkit.rules.labeling_function import Calls, Column, LabelingFunction, derived_columns


def functions_of_rule(
    lf: LabelingFunction[...],
) -> list[tuple[LabelingFunction[...] | Column, Callable[..., Any]]]:
    """List the Python functions of a rule: its own, and those of the columns that it reads, each with its owner."""
    functions: list[tuple[LabelingFunction[...] | Column, Callable[..., Any]]] = []
    if isinstance(lf.body, Calls):
        functions.append((lf, lf.body.function))
    todo: list[LabelingFunction[...] | Column] = [lf]
    for owner in todo:
        for column in derived_columns(owner).values():
            if all(column is not other for other in todo):
                todo.append(column)
                functions.append((column, column.function))
    return functions
