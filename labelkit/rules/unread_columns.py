"""Find parameters with a default that have the name of a column: rules are called without them, whatever it holds.

>>> from labelkit.rules.python_rule import labeling_function
>>> @labeling_function
... def loved(text, likes=0): return 1 if likes > 5 else None
>>> list(unread_columns(loved, ["text", "likes"]))
['likes']
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterable, Iterator
from types import FunctionType

from labelkit._shared.user_errors import warn
from labelkit.rules.labeling_function import LabelingFunction
from labelkit.rules.row_rules import RowCall, plain_function


def unread_columns(lf: LabelingFunction[...], columns: Collection[str]) -> Iterator[str]:
    """Iterate over the columns whose names stand before a default in the functions of a rule."""
    for called in lf.functions:
        function = called if isinstance(called, RowCall) else plain_function(called)  # a row's defaults are no columns
        if isinstance(function, FunctionType):
            parameters = inspect.signature(function).parameters.values()
            yield from (one.name for one in parameters if one.default is not one.empty and one.name in columns)


def warn_of_unread_columns(lfs: Iterable[LabelingFunction[...]], columns: Collection[str]) -> None:
    """Warn of the columns that rules seem to read and do not, a line for each rule."""
    for lf in lfs:
        names = list(dict.fromkeys(unread_columns(lf, columns)))
        if names:
            shown = " and ".join(map(repr, names))
            warn(
                f"rule {lf.name!r} does not read the column{'s' * (len(names) > 1)} {shown}, since a parameter with a "
                f"default is no column. Hint: leave the default out ({names[0]}: int | None takes null, too), or "
                "rename the parameter",
                code="LK135",
            )
