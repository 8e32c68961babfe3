"""Find columns that hold values of another type than a rule expects: comparisons are false without an error.

Files of text (CSV, JSON, Excel) are read as the annotations say. Other corpora have types of their own, which stay.

>>> from labelkit.corpus import open_corpus
>>> from labelkit.rules.python_rule import labeling_function
>>> @labeling_function
... def agent(user: str): return 1 if user == "7" else None
>>> [one.reason for one in misread_columns(agent, open_corpus(pa.table({"user": [7, 8]})))]
["its parameter 'user' is annotated str, and the column holds int64: they are never equal, and no error says so"]
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from types import FunctionType
from typing import Any, Final, TypeAlias, get_origin
from weakref import WeakKeyDictionary

import pyarrow as pa

from labelkit._shared.arrow_kinds import is_bytes, is_list, is_text
from labelkit._shared.user_errors import warn
from labelkit.corpus import Corpus
from labelkit.corpus.all_missing import is_all_missing
from labelkit.rules.compared_types import MisreadColumn, compared_types, type_of
from labelkit.rules.labeling_function import Calls, Column, LabelingFunction, derived_columns
from labelkit.rules.oddities.compared_columns import may_compare
from labelkit.rules.parameters import Parameter
from labelkit.rules.row_rules import plain_function
from labelkit.rules.unread_columns import warn_of_unread_columns

CODE: Final = "LK928"

LONGEST_TYPE: Final = 60
"""Characters of the type of a column that a message shows."""


def misread_columns(lf: LabelingFunction[...], corpus: Corpus, nones: Collection[str] = ()) -> Iterator[MisreadColumn]:
    """Find the columns of a corpus that a rule, or a derived column of it, reads as a type that they do not hold.

    An annotation says which type that is, or else what the code compares the column with. Annotations of batch
    functions name containers, and are not looked at. A column without a value is of any type.

    Parameters
    ----------
    lf : LabelingFunction
    corpus : Corpus
    nones : collection of str
        As :func:`labelkit.rules.compared_types.compared_types` takes it.

    Yields
    ------
    MisreadColumn
    """
    by_annotation: set[str] = set()
    for reader, parameter in {parameter.name: (reader, parameter) for reader, parameter in _parameters(lf)}.values():
        annotated = get_origin(parameter.annotation) or parameter.annotation
        held = _TYPES.get(annotated) if isinstance(annotated, type) else None
        kind = None if held is None else type_of(corpus, parameter.name)
        if held is None or kind is None or any(is_kind(kind) for is_kind in (pa.types.is_null, *held)):
            continue
        is_time_of_day = annotated is dt.date and pa.types.is_timestamp(kind)  # a datetime is a date, too
        if is_time_of_day and not may_compare(lf, parameter.name):
            continue
        if not is_all_missing(corpus, parameter.name):
            by_annotation.add(parameter.name)
            reason = _reason(reader, parameter.name, annotated, kind)
            yield MisreadColumn(parameter.name, reason, _remedy(parameter.name, kind))
    yield from (one for one in compared_types(lf, corpus, nones) if one.column not in by_annotation)


_TOLD: Final[WeakKeyDictionary[Any, set[tuple[str, str]]]] = WeakKeyDictionary()
"""The columns, with the reasons, of which was warned already, of each function."""


def warn_of_columns(lfs: Iterable[LabelingFunction[...]], corpus: Corpus, nones: Collection[str] = ()) -> None:
    """Warn of the columns of a corpus that rules seem to read and do not, and of those that they misread."""
    lfs = list(lfs)
    warn_of_unread_columns(lfs, corpus.column_names)
    for lf in lfs:
        for one in misread_columns(lf, corpus, nones):
            if _is_new(lf, one):
                warn(f"rule {lf.name!r}: {one.reason}. Hint: {one.remedy}", code=CODE)


def told_misread_columns(lf: LabelingFunction[...], corpus: Corpus) -> list[MisreadColumn]:
    """Return the misread columns of a rule, which are told in another way than by a warning."""
    misread = list(misread_columns(lf, corpus))
    for one in misread:
        _is_new(lf, one)
    return misread


def _is_new(lf: LabelingFunction[...], one: MisreadColumn) -> bool:
    functions = [one for one in map(plain_function, lf.functions) if isinstance(one, FunctionType)]
    before = _TOLD.setdefault(functions[0] if functions else lf, set())
    is_new = one[:2] not in before
    before.add(one[:2])
    return is_new


def _parameters(
    reader: LabelingFunction[...] | Column,
) -> Iterator[tuple[LabelingFunction[...] | Column, Parameter]]:
    """Iterate over the columns of the corpus that are read one value at a time, each with its reader."""
    derived = derived_columns(reader)
    is_batch = reader.batch if isinstance(reader, Column) else isinstance(reader.body, Calls) and reader.body.batch
    for parameter in reader.parameters:
        if parameter.name in derived:
            yield from _parameters(derived[parameter.name])
        elif not is_batch:
            yield reader, parameter


def _reason(reader: LabelingFunction[...] | Column, column: str, annotated: type, kind: pa.DataType) -> str:
    is_column = isinstance(reader, Column)
    owner = f"the parameter {column!r} of its column {reader.name!r}" if is_column else f"its parameter {column!r}"
    shown = str(kind) if len(str(kind)) < LONGEST_TYPE else f"{str(kind)[:LONGEST_TYPE]}..."
    name = annotated.__name__
    return f"{owner} is annotated {name}, and the column holds {shown}: they are never equal, and no error says so"


def _remedy(name: str, kind: pa.DataType) -> str:
    word = next((word for is_kind, word in _WORDS if is_kind(kind)), None)
    if word is None:
        return f"leave the annotation of {name} out, and convert the value in the rule"
    return f"annotate {name}: {word}, and compare it with such values, or convert it in the rule"


_Test: TypeAlias = Callable[[pa.DataType], bool]

_NUMBERS: Final[tuple[_Test, ...]] = (
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_boolean,
    pa.types.is_decimal,
)

_TYPES: Final[Mapping[type, tuple[_Test, ...]]] = {
    str: (is_text,),
    bytes: (is_bytes,),
    bool: _NUMBERS,
    int: _NUMBERS,
    float: _NUMBERS,
    Decimal: _NUMBERS,
    dt.datetime: (pa.types.is_timestamp,),
    dt.date: (pa.types.is_date,),
    dt.time: (pa.types.is_time,),
    dt.timedelta: (pa.types.is_duration,),
    list: (is_list,),
    dict: (pa.types.is_struct, pa.types.is_map),
}
"""Annotations, with the types of Arrow whose values compare with theirs."""

_WORDS: Final[tuple[tuple[_Test, str], ...]] = (
    (is_text, "str"),
    (is_bytes, "bytes"),
    (pa.types.is_boolean, "bool"),
    (pa.types.is_integer, "int"),
    (pa.types.is_floating, "float"),
    (pa.types.is_decimal, "Decimal"),
    (pa.types.is_timestamp, "datetime"),
    (pa.types.is_date, "date"),
    (pa.types.is_time, "time"),
    (pa.types.is_duration, "timedelta"),
    (is_list, "list"),
    (pa.types.is_struct, "dict"),
)
"""Types of Arrow, with the annotation that names their values."""
