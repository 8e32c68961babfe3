"""Say what to do about a fault, by what Python says of it and by the columns of the rule.

>>> from labelkit.rules.python_rule import labeling_function
>>> @labeling_function
... def known(text):
...     return 1 if author == "ann" else None
>>> fault = (0, 0, "NameError", "name 'author' is not defined (rules.py, line 4)")
>>> fault_hint([known], fault, ["text", "author"]).partition(";")[0]
'a parameter is a column: def known(text, author)'
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any, Final

from labelkit.rules.labeling_function import Calls, LabelingFunction
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.row_rules import RowCall

GOES_ON: Final = 'on_fault="record" (--on-fault record) goes on, and keeps a table of the faults'
"""The remedy of every fault that stops a run."""

_UNDEFINED: Final = re.compile(r"name '(\w+)' is not defined")
_NO_ATTRIBUTE: Final = re.compile(r"'(\w+)' object has no attribute '(\w+)'")
_ORDER: Final = re.compile(r"'[<>]=?' not supported between instances of '(\w+)' and '(\w+)'")


def fault_hint(
    lfs: LabelingFunctions | Sequence[LabelingFunction[...]], fault: tuple[int, int, str, str], columns: Collection[str]
) -> str:
    """Return the hint of an error for a fault.

    Parameters
    ----------
    lfs : LabelingFunctions or sequence of LabelingFunction
    fault : tuple of int, int, str and str
        The row, the place of the rule, the class of the exception, and its text.
    columns : collection of str
        Those of the corpus.

    Returns
    -------
    str
    """
    _, place, kind, message = fault
    lf = lfs[place]
    is_of_columns = isinstance(lf.body, Calls) and not lf.body.batch and not isinstance(lf.body.function, RowCall)
    remedy = _remedy(lf, kind, message, columns) if is_of_columns else None
    return GOES_ON if remedy is None else f"{remedy}; {GOES_ON}"


def _remedy(lf: LabelingFunction[...], kind: str, message: str, columns: Collection[str]) -> str | None:
    names = [parameter.name for parameter in lf.parameters]
    undefined, attribute, order = (one.match(message) for one in (_UNDEFINED, _NO_ATTRIBUTE, _ORDER))
    if kind == "NameError" and undefined is not None and undefined[1] in {*columns} - {*names}:
        return f"a parameter is a column: def {lf.name}({', '.join((*names, undefined[1]))})"
    if kind == "AttributeError" and attribute is not None:
        return _of_attribute(lf, attribute[1], attribute[2], columns)
    if kind == "TypeError" and message.startswith("string indices must be integers"):
        return f"a parameter is the value of its column, and no row: def {lf.name}({_listed(names, columns)})"
    if kind == "TypeError" and order is not None and order[1] == "str" and order[2] in ("int", "float"):
        return "it is text that is compared, as all is that CSV holds: float(...) of it, or annotate the column: float"
    return None


def _of_attribute(lf: LabelingFunction[...], owner: str, name: str, columns: Collection[str]) -> str | None:
    """Say what is meant by an attribute that a value does not have."""
    names = [parameter.name for parameter in lf.parameters]
    optional = [parameter.name for parameter in lf.parameters if parameter.optional]
    if owner == "NoneType" and optional:
        given = optional[0]
        return f"{given} may be None, as its annotation says: ask {given} is not None first, or annotate {given}: str"
    if owner != "str":
        return None
    if name == "contains":
        return 'ask: "word" in the text'
    if name == "str":
        return (
            f"one text is given, and no column: write what stands behind .str, or batch=True with {names[0]}: pd.Series"
        )
    if name in columns:
        return f"a parameter is the value of its column, and no row: def {lf.name}({_listed([name], columns)})"
    return None


def _listed(names: list[Any], columns: Collection[str]) -> str:
    return ", ".join(name for name in names if name in columns)
