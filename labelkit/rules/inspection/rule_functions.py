"""List the Python functions of a rule, each with what it is the function of.

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

from labelkit.rules.labeling_function import Calls, Column, LabelingFunction


def functions_of_rule(
    lf: LabelingFunction[...],
) -> list[tuple[LabelingFunction[...] | Column, Callable[..., Any]]]:
    """List the Python functions of a rule: its own, and those of the columns that it reads, each with its owner."""
    called: list[tuple[LabelingFunction[...] | Column, Callable[..., Any]]] = []
    if isinstance(lf.body, Calls):
        called = [(lf, lf.body.function)]
    return [*called, *((column, column.function) for column in lf.derived)]
