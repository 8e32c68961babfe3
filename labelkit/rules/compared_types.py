"""Tell of comparisons in the code of a Python rule that the type of a column decides, whatever it holds.

A file of CSV holds text, so ``likes == 0`` is never true there, and ``if is_public`` is true for "False" too. Nothing
fails: the rule abstains, or votes, on all rows. Declared rules that do so are refused (:mod:`labelkit.apply.plan`).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Iterator
from enum import Enum
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa

from labelkit._shared.arrow_kinds import is_number, is_text, value_type
from labelkit.corpus.all_missing import is_all_missing
from labelkit.exceptions import CorpusError
from labelkit.rules.expressions import leaves
from labelkit.rules.labeling_function import Cases, derived_columns
from labelkit.rules.oddities.compared_columns import (
    ComparedColumn,
    compared_columns,
    truths_asked,
    truths_asked_of_rows,
)
from labelkit.rules.oddities.never_missing import none_tests_of_rows

if TYPE_CHECKING:
    from labelkit.corpus.corpus import Batch, Corpus
    from labelkit.rules.labeling_function import LabelingFunction

LOOKED_AT: Final = 1_000
"""Rows of a column that are looked at."""

FALSE_WORDS: Final = frozenset({"false", "f", "no", "n", "0", "0.0"})
TRUE_WORDS: Final = frozenset({"true", "t", "yes", "y", "1", "1.0"})


class MisreadColumn(NamedTuple):
    """A column whose values are not of the type that a rule expects: its name, why this matters, and what to do."""

    column: str
    reason: str
    remedy: str


def compared_types(lf: LabelingFunction[...], corpus: Corpus, nones: Collection[str] = ()) -> Iterator[MisreadColumn]:
    """Find the comparisons in the code of a rule that the types of a corpus decide.

    Parameters
    ----------
    lf : LabelingFunction
    corpus : Corpus
        As it is opened for the rule, so that annotations have their effect.
    nones : collection of str
        The columns of which rows hold None where a value is missing; of others, they hold NaN.

    Yields
    ------
    MisreadColumn
    """
    for column, several in groupby(sorted(compared_columns(lf), key=_column), key=_column):
        kind = type_of(corpus, column)
        telling = [(one, values) for one in several if (values := _telling(one))]
        if kind is None or not telling:
            continue
        unlike = all(_is_never_equal(value, kind, one) for one, values in telling for value in values)
        if unlike and not is_all_missing(corpus, column):
            one, values = min(telling, key=lambda pair: pair[0].line)
            yield MisreadColumn(
                column,
                f"{one.shown} (line {one.line}) compares column {column!r}, which holds {_named(kind)}, with "
                f"{_shown(values[0])}: they are never equal",
                _remedy(column, kind, values[0]),
            )
    yield from _numbers_as_texts(lf, corpus)
    yield from _missing_in_rows(lf, corpus, nones)
    for column, line in truths_asked(lf):
        kind = type_of(corpus, column)
        word = _false_word(corpus, column) if kind is not None and is_text(kind) else None
        if word is not None:
            yield MisreadColumn(
                column,
                f"column {column!r} holds text, and {word!r} is true (line {line}), as all but empty text is",
                f"compare it: {column} == {word!r}",
            )


def _column(one: ComparedColumn) -> str:
    return one.column


def _telling(one: ComparedColumn) -> list[Any]:
    """Return the values that say which type the author expects: none of a test for what is empty."""
    return [value for value in one.values if value is not None and value != ""]


def _is_never_equal(value: Any, kind: pa.DataType, one: ComparedColumn) -> bool:  # noqa: PLR0911 - a table of kinds
    """Return whether a value differs from all of a type, as Python compares them; truths are numbers."""
    kind = value_type(kind)
    are_numbers = is_number(kind) or pa.types.is_boolean(kind)
    is_time, is_date = pa.types.is_timestamp(kind), pa.types.is_date(kind)
    if isinstance(value, list | tuple | bytes):
        return not one.is_batch and (are_numbers or is_time or is_date or is_text(kind))
    if isinstance(value, Enum) and not isinstance(value, str | int | float | dt.date):
        return not one.is_batch and type(value).__eq__ is object.__eq__
    if _is_nested(kind):
        return not one.is_batch and isinstance(value, str | int | float | dt.date)
    if isinstance(value, str):  # pandas and NumPy read the text beside a time
        return are_numbers or ((is_time or is_date) and not one.is_batch)
    if isinstance(value, int | float):
        return is_text(kind) or is_time or is_date
    if isinstance(value, dt.datetime):
        return are_numbers or is_text(kind) or (is_date and not one.is_batch)
    if isinstance(value, dt.date):
        return are_numbers or is_text(kind) or (is_time and not one.is_batch)
    return False


def _is_nested(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_struct(kind))


def _named(kind: pa.DataType) -> str:
    return "text" if is_text(kind) else str(kind)


def _shown(value: Any) -> str:
    if isinstance(value, dt.date | list | tuple):
        return f"a {type(value).__name__}"
    if isinstance(value, Enum):
        return str(value)
    return f"{value!r} ({type(value).__name__})"


def _remedy(column: str, kind: pa.DataType, value: Any) -> str:
    """Say how the column gets the type of the value, or the value that of the column."""
    name = next(kind.__name__ for kind in type(value).__mro__ if kind.__module__ in ("builtins", "datetime"))
    if isinstance(value, list | tuple):
        remedy = "compare it with their parts" if value else f"ask whether it is one of them: {column} in"
    elif isinstance(value, bytes):
        remedy = "compare it with text: without b before the quotes"
    elif isinstance(value, Enum) and not isinstance(value, str | int | float | dt.date):
        remedy = f"compare it with the value of the member: {type(value).__name__}.{value.name}.value"
    elif _is_nested(kind):
        remedy = "compare its parts, or ask what is in it"
    elif isinstance(value, dt.date) and pa.types.is_temporal(kind):
        remedy = f"compare {column}.date()" if pa.types.is_timestamp(kind) else "compare it with a date"
    elif isinstance(value, dt.date):
        remedy = f"compare {name}.fromisoformat({column})"
    elif isinstance(value, str) and pa.types.is_boolean(kind):
        remedy = "compare it with True or False"
    elif isinstance(value, str):
        other = "a date or time" if pa.types.is_temporal(kind) else "a number"
        remedy = f"compare it with {other}, or its text: str({column})"
    else:
        read = "it " if isinstance(value, bool) else f"{name}({column}), or "
        remedy = f"compare {read}with text: {str(value)!r}"
    return remedy


def _missing_in_rows(lf: LabelingFunction[...], corpus: Corpus, nones: Collection[str]) -> Iterator[MisreadColumn]:
    """Find fields of rows that are asked for None, or for their truth, and hold NaN where they are missing."""
    asked = {column: f": {test} (line {line})" for column, test, line in none_tests_of_rows(lf)}
    truths = {column: f", which is true (line {line})" for column, line in truths_asked_of_rows(lf)}
    for column, answer in {**truths, **asked}.items():
        if column not in nones and type_of(corpus, column) is not None and _lacks_values(corpus, column):
            reason = f"where column {column!r} is missing, as in some rows, a row holds NaN{answer}"
            yield MisreadColumn(column, reason, f"ask pandas.isna(x.{column}), where x is the row")


def _lacks_values(corpus: Corpus, column: str) -> bool:
    """Return whether a value is missing in the first rows of a column."""
    batch = _first_batch(corpus, column)
    return batch is not None and batch.table.column(0).null_count > 0


def _numbers_as_texts(lf: LabelingFunction[...], corpus: Corpus) -> Iterator[MisreadColumn]:
    """Find columns of numbers that are texts, and are compared with a text by ``<``: "9" is above "10"."""
    ordered = (one for one in compared_columns(lf, by_order=True) if isinstance(one.values[0], str))
    in_code = [(one.column, one.values[0], f"{one.shown} (line {one.line})", one.is_batch) for one in ordered]
    named: set[str] = set()
    for column, end, shown, is_batch in (*in_code, *_ends_of_ranges(lf)):
        kind, number = type_of(corpus, column), _as_number(end)
        if number is None or kind is None or not is_text(kind) or column in named:
            continue
        texts = _first_texts(corpus, column)
        pairs = [(text, read) for text in texts if (read := _as_number(text)) is not None]
        wrong = next((text for text, read in pairs if (text > end) != (read > number)), None)
        if wrong is not None and len(pairs) == len(texts):
            named.add(column)
            sign = ">" if wrong > end else "<="
            yield MisreadColumn(
                column,
                f"{shown} compares column {column!r} as text, letter by letter: {wrong!r} {sign} {end!r} is true",
                _remedy_of_order(column, end.strip(), is_batch=is_batch),
            )


def _remedy_of_order(column: str, end: str, *, is_batch: bool | None) -> str:
    if is_batch is None:
        return f"give numbers as ends: {end}"
    if is_batch:
        return f"compare numbers: pandas.to_numeric({column}) with {end}"
    return f"compare numbers: float({column}) with {end}"


def _ends_of_ranges(lf: LabelingFunction[...]) -> Iterator[tuple[str, str, str, None]]:
    """Iterate over the ends of ranges that are texts, with the column of the corpus and the condition."""
    derived = derived_columns(lf)
    wholes = [one for one, _ in lf.body.cases] if isinstance(lf.body, Cases) else [lf.body.when]
    for leaf in (leaf for whole in wholes if whole is not None for leaf in leaves(whole)):
        for end in leaf.test.ends:
            for column in leaf.columns:
                if isinstance(end, str) and column not in derived:
                    yield column, end, f"a range ({leaf.test.describe()})", None


def _as_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _false_word(corpus: Corpus, column: str) -> str | None:
    """Return a word for what is not true, if the first rows of a column hold such words and their opposites alone."""
    words = _first_texts(corpus, column)
    if not all(word.strip().lower() in FALSE_WORDS | TRUE_WORDS for word in words):
        return None
    return next((word for word in words if word.strip().lower() in FALSE_WORDS), None)


def _first_texts(corpus: Corpus, column: str) -> list[str]:
    """Return the distinct texts of the first rows of a column, without blank ones; none where rows are read once."""
    batch = _first_batch(corpus, column)
    texts = [] if batch is None else batch.table.column(0).drop_null().to_pylist()
    return [text for text in dict.fromkeys(texts) if text.strip()]


def _first_batch(corpus: Corpus, column: str) -> Batch | None:
    if not corpus.is_repeatable:
        return None
    try:
        return next(iter(corpus.batches([column], LOOKED_AT)), None)
    except CorpusError:  # a row that cannot be read
        return None


def type_of(corpus: Corpus, column: str) -> pa.DataType | None:
    """Return the type of a column; None if there is none of this name, or its values have no one type."""
    if not corpus.has_column(column):
        return None
    try:
        return corpus.column_type(column)
    except CorpusError:
        return None
